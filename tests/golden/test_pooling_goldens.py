"""Pooled effects against metafor 3.8-1 (rma; scripts/31_models.R)."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from neurosig.outcomes.pooling.omitted_cohorts import leave_one_out
from neurosig.outcomes.pooling.random_effects import pool_effects
from neurosig.outcomes.pooling.small_studies import egger_regression

pytestmark = pytest.mark.data


NAMES = {
    "estimate": "b",
    "std_error": "se",
    "statistic": "stat",
    "p_value": "p",
    "ci_low": "ci.lb",
    "ci_high": "ci.ub",
    "tau2": "tau2",
    "i2": "I2",
    "h2": "H2",
    "q": "Q",
    "q_p_value": "Qp",
}


def _studies(goldens):
    return pd.read_csv(goldens / "inputs" / "meta_loghr.csv")


def _expected(goldens, method, test):
    table = pd.read_csv(goldens / "expected" / "metafor_rma.csv")
    return table[(table["method"] == method) & (table["test"] == test)].iloc[0]


LIMITS = {
    "prediction_low": "pi.lb",
    "prediction_high": "pi.ub",
    "tau2_low": "tau2.lb",
    "tau2_high": "tau2.ub",
}
CLOSED_FORM_OR_SAME_STEPS = ["DL", "HE", "SJ", "ML", "REML"]


@pytest.mark.parametrize("method", ["FE", "DL", "HE", "SJ", "ML"])
@pytest.mark.parametrize("test", ["z", "knha"])
def test_a_pooled_effect_equals_rma(goldens, method, test):
    studies, expected = _studies(goldens), _expected(goldens, method, test)
    ours = pool_effects(studies["loghr"], studies["se"], method=method, knha=test == "knha")
    for name, theirs in NAMES.items():
        np.testing.assert_allclose(
            getattr(ours, name), expected[theirs], rtol=1e-10, atol=1e-15, err_msg=name
        )


@pytest.mark.parametrize("test", ["z", "knha"])
def test_a_reml_effect_equals_rma(goldens, test):
    studies, expected = _studies(goldens), _expected(goldens, "REML", test)
    ours = pool_effects(studies["loghr"], studies["se"], method="REML", knha=test == "knha")
    for name, theirs in NAMES.items():
        np.testing.assert_allclose(
            getattr(ours, name), expected[theirs], rtol=1e-10, atol=1e-15, err_msg=name
        )


@pytest.mark.parametrize("test", ["z", "knha"])
def test_a_paule_mandel_effect_equals_rma(goldens, test):
    # metafor's root finder stops at 1.2e-4 of an interval, here within 1e-6 of the root; ours is
    # the root, and the exact one of metafor is compared in test_pooling_tables.py
    studies, expected = _studies(goldens), _expected(goldens, "PM", test)
    ours = pool_effects(studies["loghr"], studies["se"], method="PM", knha=test == "knha")
    assert ours.tau2 == pytest.approx(expected["tau2"], abs=1e-5)
    for name in ("estimate", "std_error", "ci_low", "ci_high"):
        assert getattr(ours, name) == pytest.approx(expected[NAMES[name]], abs=1e-4)


def test_empirical_bayes_is_paule_mandel_by_another_iteration(goldens):
    studies, expected = _studies(goldens), _expected(goldens, "EB", "z")
    ours = pool_effects(studies["loghr"], studies["se"], method="PM", knha=False)
    assert ours.tau2 == pytest.approx(expected["tau2"], abs=1e-5)  # its last step is below 1e-5


@pytest.mark.parametrize("method", CLOSED_FORM_OR_SAME_STEPS)
@pytest.mark.parametrize("test", ["z", "knha"])
def test_prediction_and_q_profile_intervals_equal_predict_and_confint(goldens, method, test):
    studies, expected = _studies(goldens), _expected(goldens, method, test)
    ours = pool_effects(studies["loghr"], studies["se"], method=method, knha=test == "knha")
    for name, theirs in LIMITS.items():
        # confint finds tau2 with a root finder's tolerance of 1.2e-4 (its default)
        tolerance = 1e-5 if name.startswith("tau2") else 1e-12
        assert getattr(ours, name) == pytest.approx(expected[theirs], abs=tolerance)


def test_leaving_each_cohort_out_equals_leave1out(goldens):
    studies = _studies(goldens)
    expected = pd.read_csv(goldens / "expected" / "metafor_leave1out_REML.csv")
    table = pd.DataFrame(
        {
            "cohort": studies["study"],
            "endpoint": "OS",
            "signature": "AGE",
            "term": "score",
            "estimate": studies["loghr"],
            "std_error": studies["se"],
            "effect_scale": "HR per SD",
            "status": "ok",
        }
    )
    ours = leave_one_out(table, knha=False).table
    assert ours["omitted"].tolist() == studies["study"].tolist()
    names = {
        "estimate": "estimate",
        "std_error": "se",
        "statistic": "zval",
        "p_value": "pval",
        "ci_low": "ci.lb",
        "ci_high": "ci.ub",
        "q_heterogeneity": "Q",
        "p_heterogeneity": "Qp",
        "tau2": "tau2",
        "i2": "I2",
        "h2": "H2",
    }
    for name, theirs in names.items():
        np.testing.assert_allclose(ours[name], expected[theirs], rtol=1e-9, err_msg=name)


def test_the_regression_on_the_standard_error_equals_regtest(goldens):
    studies = _studies(goldens)
    expected = pd.read_csv(goldens / "expected" / "metafor_egger.csv").iloc[0]
    y, se = (studies[name].to_numpy()[None, :] for name in ("loghr", "se"))
    ours = egger_regression(y, se, 0.95)  # nine studies: ns.egger_test refuses them
    assert ours["statistic"][0] == pytest.approx(expected["z"], rel=1e-10)
    assert ours["p_value"][0] == pytest.approx(expected["p"], rel=1e-10)


def test_the_reml_variance_maximises_the_restricted_likelihood(goldens):
    studies = _studies(goldens)
    y, variance = studies["loghr"].to_numpy(), studies["se"].to_numpy() ** 2

    def minus_loglik(tau2):  # Viechtbauer 2005, doi:10.3102/10769986030003261, equation 12
        w = 1 / (variance + tau2)
        mu = np.sum(w * y) / np.sum(w)
        return 0.5 * (np.sum(np.log(variance + tau2)) + np.log(w.sum()) + np.sum(w * (y - mu) ** 2))

    options = {"xatol": 1e-13}
    best = minimize_scalar(minus_loglik, bounds=(0, 0.1), method="bounded", options=options)
    ours = pool_effects(y, studies["se"], method="REML")
    # metafor stops at a step below 1e-5, here 3.6e-7 from the maximum, and so do we.
    np.testing.assert_allclose(ours.tau2, best.x, atol=1e-6, rtol=0)
