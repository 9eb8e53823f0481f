"""Traces and values of imputations, as data and as a drawing."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig import pl
from neurosig.errors import ParameterError


@pytest.fixture(scope="module")
def imputed():
    rng = np.random.default_rng(0)
    ids = [f"p{i}" for i in range(150)]
    scores = pd.DataFrame({"NGF": rng.normal(size=150)}, ids)
    clinic = pd.DataFrame(
        {
            "pain": rng.choice(["yes", "no"], 150),
            "age": rng.normal(60, 9, 150),
            "grade": rng.choice(["G1", "G2", "G3"], 150),
        },
        ids,
    )
    clinic.loc[ids[:15], "age"] = np.nan
    clinic.loc[ids[10:30], "grade"] = np.nan
    return ns.impute(ns.Cohort.join(scores, clinic), ["age", "grade"], outcome="pain", m=20)


@pytest.fixture(scope="module")
def data(imputed):
    return pl.imputation_data(imputed)


def test_shares_of_observed_and_of_imputed_values_are_those_of_the_cohorts(imputed, data):
    shares = data[data["part"] != "trace"].groupby(["column", "part"])["y"].sum()
    np.testing.assert_allclose(shares, 1)
    drawn = data[(data["column"] == "grade") & (data["part"] == "imputed")].set_index("level")["y"]
    grades = pd.concat([c.data["grade"][10:30] for c in imputed.cohorts])
    for level in ("G1", "G2", "G3"):
        assert drawn[level] == pytest.approx((grades == level).mean())
    trace = data[(data["column"] == "age") & (data["part"] == "trace")]
    assert trace.groupby("chain").size().tolist() == [10] * 20


def test_every_column_has_a_panel_of_traces_and_one_of_values(data, tmp_path):
    figure = pl.imputation_figure(data)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["age", "", "grade", ""]
    assert [len(axes.lines) for axes in figure.axes] == [20, 1, 20, 1]
    assert [t.get_text() for t in figure.axes[3].get_xticklabels()] == ["G1", "G2", "G3"]
    svg, csv = pl.save_figure(figure, data, tmp_path / "imputation")
    assert svg.stat().st_size > 1000
    assert len(pd.read_csv(csv)) == len(data)
    assert "age, grade over 10 rounds in 20 chains" in pl.imputation_alt(data)


def test_what_holds_no_imputations_is_refused():
    with pytest.raises(ParameterError, match="holds no imputations"):
        pl.imputation_data(pd.DataFrame())
