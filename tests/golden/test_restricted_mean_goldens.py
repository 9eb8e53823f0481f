"""Restricted mean survival time against R: survRM2 1.0.4 and survival 3.5-3.

Goldens: expected/rmst2_lung_*, surv_km_lung_rmean_table (calls in scripts/30_survival.R).
"""

import numpy as np
import pandas as pd
import pytest

from neurosig.outcomes.curves.restricted_mean import rmst
from neurosig.outcomes.curves.restricted_mean_regression import rmst_regression

pytestmark = pytest.mark.data

TOLERANCE = 1e-8  # sums of a few hundred products on both sides; days, so relative to hundreds


@pytest.fixture
def lung(goldens):
    table = pd.read_csv(goldens / "inputs" / "surv_lung.csv")
    return table[["time", "status", "sex", "age"]].dropna()


@pytest.mark.parametrize("tau", [365, 700])
def test_means_and_contrasts_equal_survrm2(goldens, lung, tau):
    ours = rmst(lung["time"], lung["status"] == 2, tau=tau, groups=lung["sex"])
    arms = pd.read_csv(goldens / "expected" / f"rmst2_lung_arms_tau{tau}.csv").set_index("q")
    for group, arm in ((1, "0"), (2, "1")):
        row = ours.groups.set_index("group").loc[group]
        expected = arms.loc[f"arm{arm}"]
        np.testing.assert_allclose(
            row[["rmst", "std_error", "ci_low", "ci_high"]].astype(float), expected, atol=TOLERANCE
        )
        lost = arms.loc[f"rmtl{arm}"].drop("se")
        np.testing.assert_allclose(
            row[["rmtl", "rmtl_low", "rmtl_high"]].astype(float), lost, atol=TOLERANCE
        )
    contrasts = pd.read_csv(goldens / "expected" / f"rmst2_lung_contrasts_tau{tau}.csv")
    assert ours.contrasts["contrast"].tolist() == ["difference", "ratio", "lost_ratio"]
    for name, theirs in (
        ("estimate", "Est."),
        ("ci_low", "lower .95"),
        ("ci_high", "upper .95"),
        ("p_value", "p"),
    ):
        np.testing.assert_allclose(ours.contrasts[name], contrasts[theirs], atol=TOLERANCE)


@pytest.mark.parametrize("tau", [365, 700])
def test_means_equal_those_of_survfit(goldens, lung, tau):
    table = pd.read_csv(goldens / "expected" / "surv_km_lung_rmean_table.csv")
    expected = table[table["rmean"] == str(tau)]  # the second column of that name is rmean.1
    ours = rmst(lung["time"], lung["status"] == 2, tau=tau, groups=lung["sex"]).groups
    assert len(expected) == 2
    np.testing.assert_allclose(ours["rmst"], expected["rmean.1"], atol=TOLERANCE)
    np.testing.assert_allclose(ours["std_error"], expected["se(rmean)"], atol=TOLERANCE)


@pytest.mark.parametrize("effect", ["difference", "ratio"])
def test_adjusted_effects_equal_survrm2(goldens, lung, effect):
    covariates = pd.DataFrame({"arm": lung["sex"] - 1, "age": lung["age"]})
    ours = rmst_regression(
        lung["time"],
        lung["status"] == 2,
        covariates,
        tau=365,
        effect=effect,
        method="ipcw",
        arms=lung["sex"],
    )
    expected = pd.read_csv(goldens / "expected" / f"rmst2_lung_adjusted_RMST.{effect}.csv")
    assert ours["term"].tolist() == expected["term"].tolist()
    for name, theirs in (
        ("estimate", "coef"),
        ("std_error", "se(coef)"),
        ("statistic", "z"),
        ("p_value", "p"),
        ("effect_low", "lower .95"),
        ("effect_high", "upper .95"),
    ):
        np.testing.assert_allclose(ours[name], expected[theirs], rtol=TOLERANCE, atol=TOLERANCE)
