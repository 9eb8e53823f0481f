"""Interactions of two scores and mediation against R, and against statsmodels' simulation.

interplay/make.R (R 4.2.2, survival 3.5-3, base R otherwise) and interplay/make_statsmodels.py hold
every call. R's numbers are derived in another way than ours: limits of regions by uniroot,
gradients numerically, counterfactual means by integrate() for each row.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import NeurosigWarning

FOLDER = Path(__file__).parent / "interplay"
PAIR = ("nerve", "vessel")
MODELS = {
    "cox": {},
    "cox_adjusted": {"adjust": ["age"], "strata": ["centre"]},
    "cox_breslow": {"adjust": ["age"], "model": ns.CoxModel(ties="breslow")},
    "cox_cluster": {
        "model": ns.CoxModel(weights="weight", cluster="site", cluster_errors="sandwich")
    },
    "logistic": {
        "adjust": ["age"], "model": "logistic", "outcome": "invasion", "positive": "yes",
    },
    "linear": {"adjust": ["age"], "model": "linear", "outcome": "growth"},
}  # fmt: skip
FIT = 1e-8  # where R's coxph stops: 2.6e-9
NUMERIC = 2e-7  # gradients of R's side are differences: 4.4e-8


def table(name):
    return pd.read_csv(FOLDER / f"{name}.csv")


def joined(data):
    endpoint = ns.Endpoint(time="time", event="event", unit="months")
    return ns.Cohort.join(data[list(PAIR)], data.drop(columns=list(PAIR)), endpoint)


@pytest.fixture(scope="module")
def cohort():
    return joined(table("data"))


@pytest.fixture(scope="module")
def found(cohort):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        return {
            name: ns.interplay(cohort, PAIR, at=(-1, 0, 1.5), **options)
            for name, options in MODELS.items()
        }


@pytest.mark.parametrize("model", MODELS)
def test_the_product_of_two_scores_equals_r(found, model):
    expected = table("products").set_index("model").loc[model]
    row = found[model].products.iloc[0]
    for ours, theirs in {
        "estimate": "estimate", "std_error": "se", "p_value": "p", "p_lr": "p_lr",
        "correlation": "r", "vif": "vif", "reri": "reri",
        "estimate_with_squares": "estimate_squares", "p_with_squares": "p_squares",
    }.items():  # fmt: skip
        if np.isfinite(expected[theirs]):
            assert row[ours] == pytest.approx(expected[theirs], abs=FIT, rel=FIT), ours
    assert ("p_lr" in row) == np.isfinite(expected["p_lr"])
    if model != "linear":
        half = 1.959963984540054 * expected["reri_se"]
        assert row["reri_low"] == pytest.approx(expected["reri"] - half, abs=1e-5)
        assert row["reri_high"] == pytest.approx(expected["reri"] + half, abs=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_simple_slopes_equal_linear_combinations_in_r(found, model):
    expected = table("slopes").query("model == @model")
    ours = found[model].slopes
    assert len(ours) == len(expected) == 6
    assert (
        ours["slope_of"].tolist() == expected["of"].map(dict(zip("ab", PAIR, strict=True))).tolist()
    )
    for mine, theirs in (
        ("moderator_at", "at"), ("estimate", "estimate"), ("std_error", "se"), ("p_value", "p")
    ):  # fmt: skip
        np.testing.assert_allclose(ours[mine], expected[theirs], atol=FIT, rtol=0)


@pytest.mark.parametrize("model", MODELS)
def test_regions_of_slopes_end_where_uniroot_finds_their_limits(found, model):
    expected = table("regions").query("model == @model")
    ours = found[model].regions
    assert len(ours) == len(expected)
    assert ours["band"].tolist() == expected["band"].tolist()
    np.testing.assert_allclose(ours["low"], expected["low"], atol=1e-6, rtol=0)
    np.testing.assert_allclose(ours["high"], expected["high"], atol=1e-6, rtol=0)
    signs = ours["slope"].map({"above zero": 1, "below zero": -1, "": 0})
    assert signs.tolist() == expected["sign"].tolist()


@pytest.mark.parametrize("model", ["cox", "cox_adjusted", "logistic", "linear"])
def test_predictions_of_the_four_corners_equal_r(cohort, model):
    expected = table("corners").query("model == @model")
    times = {"times": [10, 30, 60]} if model.startswith("cox") else {}
    ours = ns.interplay_corners(cohort, PAIR, **times, **MODELS[model]).table
    assert ours["first_at"].tolist() == expected["a"].tolist()
    assert ours["second_at"].tolist() == expected["b"].tolist()
    for mine, theirs in (
        ("estimate", "estimate"), ("std_error", "se"), ("ci_low", "low"), ("ci_high", "high")
    ):  # fmt: skip
        np.testing.assert_allclose(ours[mine], expected[theirs], atol=NUMERIC, rtol=0)


FEW = ns.Bootstrap(n_resamples=20)
LOGISTIC = {"model": "logistic", "outcome": "invasion", "positive": "yes"}
MEANS = {
    "survival": {"horizon": 30},
    "survival_product": {"horizon": 30, "interaction": True},
    "rmst": {"tau": 50},
    "rmst_product": {"tau": 50, "interaction": True},
    "logistic": LOGISTIC,
    "logistic_product": {**LOGISTIC, "interaction": True},
}


def mediation(cohort, **options):
    given = {"adjust": ["age"], "bootstrap": FEW} | options
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        return ns.mediation(cohort, exposure="nerve", mediator="vessel", **given)


def worlds(name):
    row = table("means").set_index("case").loc[name]
    return row[["q00", "q10", "q01", "q11"]].to_numpy(dtype=float)


@pytest.mark.parametrize("case", MEANS)
def test_counterfactual_means_equal_adaptive_integration_in_r(cohort, case):
    means = mediation(cohort, **MEANS[case]).means["estimate"]
    relative = 1e-8  # where coxph stops, the spline of the restricted mean: 1.7e-9
    np.testing.assert_allclose(means, worlds(case), rtol=relative, atol=0)


def test_means_over_the_residuals_equal_r(cohort):
    data = table("data")
    few = mediation(joined(data.head(150)), errors="empirical", interaction=True, **LOGISTIC).means[
        "estimate"
    ]
    np.testing.assert_allclose(few, worlds("logistic_residuals_few"), rtol=1e-7, atol=0)
    # 240 residuals in 200 groups: not exact, nearer than the normal errors are
    grouped = mediation(cohort, errors="empirical", interaction=True, horizon=30).means["estimate"]
    np.testing.assert_allclose(grouped, worlds("survival_residuals"), rtol=1e-4, atol=0)
    normal = mediation(cohort, interaction=True, horizon=30).means["estimate"]
    assert np.abs(normal - worlds("survival_residuals")).max() > 1e-4


@pytest.mark.parametrize("case", ["linear", "linear_product"])
def test_linear_effects_equal_products_of_coefficients(cohort, case):
    expected = table("linear").set_index("case").loc[case]
    found = mediation(
        cohort, model="linear", outcome="growth", interaction=case.endswith("product")
    )
    ours = found.table.set_index("term")["estimate"]
    for effect, value in expected.items():
        assert ours[effect] == pytest.approx(value, abs=1e-12)
    assert ours["total"] == pytest.approx(
        expected["pure_direct"] + expected["total_indirect"], abs=1e-12
    )


def test_the_indirect_effect_under_correlated_errors_equals_maximum_likelihood(cohort):
    expected = table("rho")
    found = mediation(cohort, model="linear", outcome="growth")
    assert found.rho_zero == pytest.approx(expected["rho"].iloc[-1], abs=1e-12)
    assert abs(expected["indirect"].iloc[-1]) < 1e-6
    ours = found.sensitivity.set_index("rho")["total_indirect"]
    for rho, value in expected.iloc[:-1].to_numpy():
        assert ours[rho] == pytest.approx(value, abs=1e-6)  # where optim stops


def test_bootstrap_intervals_agree_with_a_bootstrap_in_r(cohort):
    expected = table("bootstrap").set_index("effect")
    found = mediation(cohort, horizon=30, bootstrap=ns.Bootstrap(n_resamples=1000))
    ours = found.table[found.table["measure"] == "survival difference"].set_index("term")
    for effect, row in expected.iterrows():
        # both have simulation error: 2.2 % of a standard deviation each, percentiles 0.09 of it
        assert ours["std_error"][effect] == pytest.approx(row["sd"], rel=0.10)
        for mine, theirs in (("ci_low", "low"), ("ci_high", "high")):
            assert ours[mine][effect] == pytest.approx(row[theirs], abs=0.35 * row["sd"])


@pytest.mark.parametrize("case", ["linear", "logistic"])
def test_effects_agree_with_the_simulation_of_statsmodels(cohort, case):
    expected = table("statsmodels").query("case == @case").set_index("effect")
    options = LOGISTIC if case == "logistic" else {"model": "linear", "outcome": "growth"}
    found = mediation(cohort, **options).table.groupby("measure", sort=False)
    ours = next(iter(found))[1].set_index("term")["estimate"]
    for effect, row in expected.iterrows():
        # 4,000 draws of the coefficients: an error of the mean of 1/63 of their spread
        spread = (row["high"] - row["low"]) / 3.92
        assert ours[effect] == pytest.approx(row["estimate"], abs=0.12 * spread)
