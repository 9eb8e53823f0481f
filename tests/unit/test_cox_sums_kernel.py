"""The two passes over the rows against the sums kept row by row, and what all scores share."""

import numpy as np
import pytest

from neurosig.kernels.cox import CONVERGED, CoxOptions, cox_fit_batch, risk_rows
from neurosig.kernels.cox_starts import derivatives_at, start_at
from neurosig.kernels.cox_sums import set_first, shared_columns, weighted_derivatives
from neurosig.kernels.exponential import scaled_exp
from neurosig.kernels.partial_likelihood import derivatives
from neurosig.kernels.times import risk_sets


def rows_of(ties, k, *, tied=True):
    """90 rows in two strata, with weights and offsets; a design of k columns in their order."""
    rng = np.random.default_rng(k)
    time = rng.exponential(10, 90)
    time = np.ceil(time) if tied else time
    options = CoxOptions(weights=rng.choice([0.5, 1.0, 2.0], 90), offset=rng.normal(0, 0.3, 90))
    sets = risk_sets(time, rng.integers(0, 2, 90))
    rows = risk_rows(sets, (rng.random(90) < 0.7).astype(float), ties=ties, options=options)
    return sets, rows, rng.normal(size=(90, k)), rng.normal(0, 0.4, k)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("k", [1, 2, 4, 6, 9])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_two_passes_give_the_derivatives_of_each_weighting(ties, k, tied):
    sets, rows, x, beta = rows_of(ties, k, tied=tied)
    g = sets.time - 8.0
    factors = np.stack([np.ones_like(g), g, g**2])
    gradient, information = np.zeros((3, k)), np.zeros((3, k, k))
    columns = shared_columns(x, factors, rows)
    loglik = weighted_derivatives(columns, beta, rows, gradient, information)
    for p in range(3):
        slope, curvature = np.zeros(k), np.zeros((k, k))
        slow = derivatives(x, beta, rows, factors[p], slope, curvature)
        np.testing.assert_allclose(gradient[p], slope, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(information[p], curvature, rtol=1e-10, atol=1e-10)
        if p == 0:
            assert loglik == pytest.approx(slow, rel=1e-13)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_score_at_a_shared_start_has_the_derivatives_of_its_whole_design(ties):
    _, rows, x, beta = rows_of(ties, 3)
    beta[0] = 0.0
    empty = x.copy()
    empty[:, 0] = 0.0
    shared = shared_columns(empty, np.ones((1, rows.opens.size)), rows)
    start = start_at(shared, beta, rows)
    shared.x[:, 0] = x[:, 0]
    set_first(shared, rows)
    gradient, information = np.zeros(3), np.zeros((3, 3))
    derivatives_at(start, shared, rows, gradient, information)
    slope, curvature = np.zeros(3), np.zeros((3, 3))
    slow = derivatives(x, beta, rows, np.ones(rows.opens.size), slope, curvature)
    assert start.loglik == pytest.approx(slow, rel=1e-13)
    np.testing.assert_allclose(gradient, slope, atol=1e-11)
    np.testing.assert_allclose(information, curvature, atol=1e-11)


def test_hundreds_of_events_at_one_time_do_not_run_out_of_range():
    # the product of 1 - f phi over 2,000 terms is far below the smallest number
    event = np.ones(2_000)
    rows = risk_rows(risk_sets(np.ones(2_000)), event)
    columns = shared_columns(np.zeros((2_000, 1)), np.ones((1, 1)), rows)
    loglik = weighted_derivatives(columns, np.zeros(1), rows, np.zeros((1, 1)), np.zeros((1, 1, 1)))
    from scipy.special import gammaln

    assert loglik == pytest.approx(-gammaln(2_001), rel=1e-12)  # 1 / 2000!


def test_the_exponential_is_that_of_the_library():
    rng = np.random.default_rng(0)
    values, factor = rng.uniform(-600, 0, 50_000), rng.choice([0.25, 1.0, 2.0], 50_000)
    out = np.empty(50_000)
    scaled_exp(values, 0.0, factor, out)
    # one bit of a double is 2.2e-16; the library itself may be half a bit off
    np.testing.assert_allclose(out, factor * np.exp(values), rtol=4e-16)


def test_covariates_with_large_effects_do_not_move_the_fit_of_a_score():
    rng = np.random.default_rng(4)
    covariates = rng.normal(size=(200, 2))
    time = np.ceil(rng.exponential(30 * np.exp(-2 * covariates[:, 0])) * 4)
    event, score = (rng.random(200) < 0.7).astype(float), rng.normal(size=(200, 1))
    fit = cox_fit_batch(time, event, score, covariates)
    swapped = cox_fit_batch(
        time, event, covariates[:, :1], np.column_stack([covariates[:, 1], score])
    )
    assert fit.code[0] == CONVERGED
    np.testing.assert_allclose(fit.coef[0], swapped.coef[0, [2, 0, 1]], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(fit.loglik, swapped.loglik, rtol=1e-14)
