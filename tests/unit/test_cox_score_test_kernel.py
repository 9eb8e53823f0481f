"""The kernel of the score test against its definition, risk set by risk set."""

import numpy as np
import pytest

from neurosig.kernels.cox import cox_fit_batch
from neurosig.kernels.cox_score_test import score_test_terms, score_test_z


def _by_definition(time, event, z, gamma, x, strata, ties) -> float:
    """U / sqrt(I_xx - I_xz I_zz^-1 I_zx), each sum written out over the rows at risk."""
    design = np.column_stack([x, z])
    risk = np.exp(z @ gamma)
    k = design.shape[1]
    gradient, information = np.zeros(k), np.zeros((k, k))
    for stratum in np.unique(strata):
        inside = strata == stratum
        for t in np.unique(time[inside & (event > 0)]):
            at_risk = inside & (time >= t)
            dies = inside & (time == t) & (event > 0)
            d = int(dies.sum())
            gradient += design[dies].sum(axis=0)
            for j in range(d):
                f = j / d if ties == "efron" else 0.0
                w = risk * at_risk - f * risk * dies
                mean = w @ design / w.sum()
                gradient -= mean
                second = (design * w[:, None]).T @ design / w.sum()
                information += second - np.outer(mean, mean)
    left = information[0, 0]
    if k > 1:
        left -= information[0, 1:] @ np.linalg.solve(information[1:, 1:], information[1:, 0])
    return float(gradient[0] / np.sqrt(left))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("n_covariates", [0, 1, 3])
@pytest.mark.parametrize("n_strata", [1, 3])
def test_the_kernel_equals_its_definition(ties, n_covariates, n_strata):
    rng = np.random.default_rng(7)
    time = rng.integers(1, 12, 60).astype(float)
    event = (rng.random(60) < 0.6).astype(float)
    z, x = rng.normal(2, 1, (60, n_covariates)), rng.normal(5, 2, (60, 4))
    strata = rng.integers(0, n_strata, 60)
    gamma = rng.normal(0, 0.3, n_covariates)
    terms = score_test_terms(time, event, z, gamma, strata=strata, ties=ties)
    found = score_test_z(terms, x)
    expected = [_by_definition(time, event, z, gamma, column, strata, ties) for column in x.T]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_without_covariates_it_is_the_score_statistic_of_the_cox_fit():
    rng = np.random.default_rng(3)
    time, event = rng.exponential(size=50), (rng.random(50) < 0.7).astype(float)
    x = rng.normal(size=(50, 3))
    fit = cox_fit_batch(time, event, x)
    terms = score_test_terms(time, event, np.empty((50, 0)), np.empty(0))
    np.testing.assert_allclose(score_test_z(terms, x) ** 2, fit.score_statistic, rtol=1e-10)


def test_its_sign_and_size_follow_the_wald_test():
    """The correlation with Wald's z over 200 scores of real strength is all but 1."""
    rng = np.random.default_rng(4)
    hazard = rng.normal(size=300)
    time = rng.exponential(np.exp(-hazard))
    event = (rng.random(300) < 0.6).astype(float)
    x = hazard[:, None] * rng.uniform(-0.5, 0.5, 200) + rng.normal(size=(300, 200))
    fit = cox_fit_batch(time, event, x)
    wald = fit.coef[:, 0] / np.sqrt(fit.covariance[:, 0, 0])
    terms = score_test_terms(time, event, np.empty((300, 0)), np.empty(0))
    assert np.corrcoef(wald, score_test_z(terms, x))[0, 1] > 0.999


def test_a_column_without_information_has_no_z():
    rng = np.random.default_rng(5)
    time, event = rng.exponential(size=30), np.ones(30)
    z = rng.normal(size=(30, 2))
    terms = score_test_terms(time, event, z, np.array([0.2, -0.1]))
    missing = np.where(np.arange(30) == 3, np.nan, 1.0 * np.arange(30))
    columns = np.column_stack([np.full(30, 7.3), z[:, 0] - 3 * z[:, 1] + 2, missing, time])
    found = score_test_z(terms, columns)
    assert np.isnan(found[:3]).all()
    assert np.isfinite(found[3])


def test_a_z_does_not_depend_on_the_unit_of_the_score_or_on_other_columns():
    rng = np.random.default_rng(6)
    time, event = rng.exponential(size=40), np.ones(40)
    x = rng.normal(size=(40, 2))
    terms = score_test_terms(time, event, np.empty((40, 0)), np.empty(0))
    alone = score_test_z(terms, x[:, 1:])
    assert score_test_z(terms, x)[1] == alone[0]
    np.testing.assert_allclose(score_test_z(terms, 1e6 + 1e-3 * x[:, 1:]), alone, rtol=1e-5)
