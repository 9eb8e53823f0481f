"""Regression of the restricted mean on pseudo-values against R, by brute force on 90 made-up rows.

restricted_mean/make.R (R 4.2.2, survival 3.5-3, sandwich 3.0-2) leaves each row out of survfit in
turn, takes vcovHC(type = "HC2") of lm and the degrees of freedom from the whole n x n matrices. The
score is log-normal, times are tied, and at the later horizon an arm has hardly any rows left.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.cox.changing_hazards import Reported, changing_hazards
from neurosig.outcomes.curves.pseudo_means import least_squares, pseudo_means
from neurosig.outcomes.curves.restricted_mean_regression import rmst_regression
from neurosig.outcomes.curves.restricted_times import default_tau

FOLDER = Path(__file__).parent / "restricted_mean"
TOLERANCE = 1e-10  # 15 digits of sums of 90 numbers below a hundred


def table(name):
    return pd.read_csv(FOLDER / f"{name}.csv")


@pytest.mark.parametrize(
    ("tau", "arms"), [(tau, arms) for tau in (20, 53) for arms in (False, True)]
)
def test_pseudo_values_are_those_of_leaving_each_row_out(tau, arms):
    data, expected = table("data"), table("pseudo").query("tau == @tau and arms == @arms")
    groups = data["arm"].to_numpy() if arms else None
    time, event = data["time"].to_numpy(float), data["event"].to_numpy(float)
    assert len(expected) == 90
    np.testing.assert_allclose(
        pseudo_means(time, event, tau, groups), expected["y"], atol=TOLERANCE
    )


@pytest.mark.parametrize("effect", ["difference", "ratio"])
@pytest.mark.parametrize("adjust", [False, True])
@pytest.mark.parametrize(
    ("tau", "arms"), [(tau, arms) for tau in (20, 53) for arms in (False, True)]
)
def test_estimates_errors_and_degrees_of_freedom_equal_r(tau, arms, adjust, effect):
    data = table("data")
    expected = table("regression").query(
        "tau == @tau and arms == @arms and adjust == @adjust and effect == @effect"
    )
    columns = ["score", "age", "arm"] if adjust else ["score"]
    ours = rmst_regression(
        data["time"],
        data["event"],
        data[columns],
        tau=tau,
        effect=effect,
        arms=data["arm"] if arms else None,
    )
    assert len(ours) == len(expected) == len(columns) + 1
    for name in ("estimate", "std_error", "df", "p_value"):
        np.testing.assert_allclose(ours[name], expected[name], rtol=1e-8, atol=TOLERANCE)


def test_cox_models_whose_hazards_change_have_the_same_effect():
    data = table("data")
    batch = CoxData(
        time=data["time"].to_numpy(float),
        event=data["event"].to_numpy(float),
        scores=np.column_stack([data["age"], 2.0 * data["score"]]),
        covariates=data[["arm"]].to_numpy(float),
    )
    found = changing_hazards(batch, Reported(unit=np.array([1.0, 0.5]), confidence=0.9))
    tau = default_tau(batch.time, batch.event)
    for row, name, times in ((0, "age", 1.0), (1, "score", 4.0)):
        reference = rmst_regression(
            data["time"], data["event"], data[[name, "arm"]], tau=tau, confidence=0.9
        ).iloc[1]
        assert found.loc[row, "rmst_tau"] == tau
        for ours, theirs in (("rmst_effect", "estimate"), ("rmst_low", "ci_low")):
            assert found.loc[row, ours] == pytest.approx(reference[theirs] / times, rel=1e-10)
        assert found.loc[row, "rmst_p_value"] == pytest.approx(reference["p_value"], rel=1e-9)


def test_a_design_without_full_rank_has_no_effect_and_its_neighbours_have():
    rng = np.random.default_rng(3)
    x, one = rng.normal(size=40), np.ones(40)
    designs = np.stack([np.column_stack(pair) for pair in ((x, one), (one, one), (1e-12 * x, one))])
    fit = least_squares(rng.normal(size=40), designs, 1)
    assert np.isnan([fit.coef[1, 0], fit.std_error[1, 0], fit.df[1, 0], fit.leverage[1]]).all()
    assert fit.coef[2, 0] * 1e-12 == pytest.approx(fit.coef[0, 0])  # a unit is no rank
    assert fit.df[2, 0] == pytest.approx(fit.df[0, 0])
