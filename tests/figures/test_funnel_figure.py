"""Funnel and leave-one-out figures, as data and as drawings."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig import pl
from neurosig.errors import InputError


def effects(n_cohorts):
    y = 0.3 + 0.1 * np.cos(np.arange(n_cohorts))
    se = np.linspace(0.1, 0.4, n_cohorts)
    return pd.DataFrame(
        {
            "cohort": [f"c{i}" for i in range(n_cohorts)],
            "endpoint": "OS",
            "signature": "AXON",
            "term": "score",
            "estimate": y,
            "std_error": se,
            "effect": np.exp(y),
            "effect_low": np.exp(y - 1.96 * se),
            "effect_high": np.exp(y + 1.96 * se),
            "ci_level": 0.95,
            "p_value": 0.1,
            "effect_scale": "HR per SD",
            "n": 100,
            "n_events": 40,
            "status": "ok",
        }
    )


@pytest.fixture
def funnel():
    table = effects(12)
    pooled, egger = ns.meta(table).table, ns.egger_test(table).table
    return pl.funnel_data(table, pooled, egger, signature="AXON")


def test_every_cohort_is_in_the_data_with_the_pooled_effect_and_eggers_test(funnel):
    assert funnel["kind"].value_counts().to_dict() == {"cohort": 12, "pooled": 1, "egger": 1}
    table = effects(12)
    pooled = funnel[funnel["kind"] == "pooled"].iloc[0]
    assert pooled["estimate"] == ns.meta(table).table["estimate"].iloc[0]
    np.testing.assert_array_equal(funnel["estimate"][:12], table["estimate"])


def test_a_cohort_of_another_endpoint_or_without_an_estimate_is_not_in_the_funnel():
    table = effects(12)
    pooled = ns.meta(table).table
    more = pd.concat([table, table.head(1).assign(endpoint="RFS", cohort="R")])
    failed = table.head(1).assign(status="constant", cohort="F", estimate=np.nan)
    data = pl.funnel_data(pd.concat([more, failed]), pooled, signature="AXON")
    assert set(data.loc[data["kind"] == "cohort", "label"]) == set(table["cohort"])


def test_fewer_than_ten_cohorts_are_refused():
    table = effects(9)
    with pytest.raises(InputError, match=r"needs 10 cohorts.*9 cohorts with an estimate"):
        pl.funnel_data(table, ns.meta(table).table, signature="AXON")
    with pytest.raises(InputError, match="'std_error'"):
        pl.funnel_data(table.drop(columns="std_error"), table, signature="AXON")


def test_points_and_lines_are_where_the_numbers_are(funnel):
    axes = pl.funnel_figure(funnel).axes[0]
    points = next(line for line in axes.lines if line.get_linestyle() == "None")
    np.testing.assert_allclose(points.get_xdata(), np.exp(effects(12)["estimate"]))
    np.testing.assert_allclose(points.get_ydata(), effects(12)["std_error"])
    middle = funnel.loc[funnel["kind"] == "pooled", "estimate"].iloc[0]
    sides = [line for line in axes.lines if len(line.get_xdata()) == 50]
    for line, sign in zip(sides, (-1, 1), strict=True):
        # at a standard error of s the funnel is 1.96 s wide on either side
        expected = np.exp(middle + sign * 1.959964 * line.get_ydata())
        np.testing.assert_allclose(line.get_xdata(), expected, rtol=1e-6)
    assert axes.get_ylim()[0] > axes.get_ylim()[1] == 0  # precise cohorts on top
    assert axes.get_title(loc="right").startswith("Egger's test: p")


def test_the_words_of_the_funnel_name_its_numbers(funnel):
    words = pl.funnel_alt(funnel, "AXON")
    assert words.startswith("Funnel plot of AXON: HR per SD of 12 cohorts")
    assert "Egger's test: p" in words


def test_a_difference_is_drawn_on_its_own_scale():
    table = effects(10).assign(effect_scale="difference per SD")
    table = table.assign(effect=table["estimate"], effect_low=-1.0, effect_high=1.0)
    data = pl.funnel_data(table, ns.meta(table).table, signature="AXON")
    axes = pl.funnel_figure(data).axes[0]
    assert axes.get_xscale() == "linear"
    assert axes.get_xlabel() == "Difference per SD"


def test_the_rows_without_each_cohort_are_drawn_as_a_forest(tmp_path):
    table = effects(6)
    omitted, pooled = ns.leave_one_out(table).table, ns.meta(table).table
    data = pl.leave_one_out_data(omitted, pooled, signature="AXON")
    assert data["kind"].tolist() == ["omitted"] * 6 + ["pooled"]
    assert data["label"].tolist()[:6] == table["cohort"].tolist()
    axes = pl.leave_one_out_figure(data).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert "Omitted" in texts
    assert "c3" in texts
    assert "q" not in texts
    assert "one cohort omitted at a time" in pl.leave_one_out_alt(data, "AXON")
    for name in ("a", "b"):
        pl.save_figure(pl.leave_one_out_figure(data), data, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_table_of_pooled_effects_is_no_table_of_omitted_cohorts():
    with pytest.raises(InputError, match="lacks 'omitted'"):
        pl.leave_one_out_data(ns.meta(effects(6)).table, signature="AXON")
