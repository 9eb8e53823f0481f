"""Pooled effects against metafor 3.8-1 (rma; scripts/31_models.R)."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from neurosig.outcomes.pooling.random_effects import pool_effects

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


@pytest.mark.parametrize("method", ["FE", "DL"])
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
