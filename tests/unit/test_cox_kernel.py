"""The batched Cox kernel against slow arithmetic, statsmodels and published numbers."""

import numpy as np
import pytest

from neurosig.kernels.cox import CONVERGED, SINGULAR, CoxOptions, cox_fit_batch, risk_rows
from neurosig.kernels.firth import firth_derivatives
from neurosig.kernels.partial_likelihood import derivatives
from neurosig.kernels.times import merge_close_times, risk_sets
from neurosig.outcomes.cox.proportional_hazards import ph_test

# Freireich et al. 1963, doi:10.1182/blood.V21.6.699.699: weeks of remission, 6-MP and placebo
SIX_MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
SIX_MP_EVENT = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TIME = np.array(SIX_MP + PLACEBO, dtype=float)
EVENT = np.array(SIX_MP_EVENT + [1] * 21, dtype=float)
TREATMENT = np.array([[0.0]] * 21 + [[1.0]] * 21)


@pytest.fixture
def tied():
    """120 rows with many ties, two strata, three scores and two covariates."""
    rng = np.random.default_rng(7)
    time = np.ceil(rng.exponential(10, 120))
    event = (rng.random(120) < 0.7).astype(float)
    return (
        time,
        event,
        rng.normal(size=(120, 3)),
        rng.normal(size=(120, 2)),
        rng.integers(0, 2, 120),
    )


def slow_loglik(beta, x, time, event, strata, ties):
    """The partial likelihood as the textbooks write it, one event time at a time."""
    eta, total = x @ beta, 0.0
    for stratum in np.unique(strata):
        for t in np.unique(time[(event == 1) & (strata == stratum)]):
            dead = (time == t) & (event == 1) & (strata == stratum)
            risk = np.exp(eta[(time >= t) & (strata == stratum)]).sum()
            total += eta[dead].sum()
            for j in range(dead.sum()):
                share = j / dead.sum() if ties == "efron" else 0.0
                total -= np.log(risk - share * np.exp(eta[dead]).sum())
    return total


@pytest.mark.parametrize(("ties", "beta"), [("breslow", 1.5092), ("efron", 1.5721)])
def test_the_remission_data_give_the_published_coefficients(ties, beta):
    # Kleinbaum and Klein, Survival Analysis: 1.509 (Breslow); R's documentation: 1.572 (Efron)
    fit = cox_fit_batch(TIME, EVENT, TREATMENT, ties=ties)
    assert fit.coef[0, 0] == pytest.approx(beta, abs=5e-5)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_fits_equal_statsmodels_with_covariates_and_strata(tied, ties):
    from statsmodels.duration.hazard_regression import PHReg

    time, event, scores, covariates, strata = tied
    fits = cox_fit_batch(time, event, scores, covariates, strata=strata, ties=ties)
    for s in range(scores.shape[1]):
        design = np.column_stack([scores[:, s], covariates])
        oracle = PHReg(time, design, status=event, strata=strata, ties=ties).fit()
        # statsmodels stops earlier than we do: its own error is about 1e-8
        np.testing.assert_allclose(fits.coef[s], oracle.params, atol=1e-7)
        np.testing.assert_allclose(fits.loglik[s], oracle.llf, rtol=1e-10)
        np.testing.assert_allclose(np.diag(fits.covariance[s]) ** 0.5, oracle.bse, atol=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_likelihood_and_curvature_equal_slow_arithmetic(tied, ties):
    time, event, scores, covariates, strata = tied
    fit = cox_fit_batch(time, event, scores[:, :1], covariates, strata=strata, ties=ties)
    design = np.column_stack([scores[:, 0], covariates])

    def loglik(beta):
        return slow_loglik(beta, design, time, event, strata, ties)

    assert fit.loglik_null[0] == pytest.approx(loglik(np.zeros(3)), rel=1e-12)
    assert fit.loglik[0] == pytest.approx(loglik(fit.coef[0]), rel=1e-12)
    step = 1e-4 * np.eye(3)
    best = fit.coef[0]
    gradient = [(loglik(best + h) - loglik(best - h)) / 2e-4 for h in step]
    np.testing.assert_allclose(gradient, 0, atol=1e-6)  # central differences of step 1e-4
    hessian = [
        [
            (
                loglik(best + a + b)
                - loglik(best + a - b)
                - loglik(best - a + b)
                + loglik(best - a - b)
            )
            / 4e-8
            for a in step
        ]
        for b in step
    ]
    np.testing.assert_allclose(fit.covariance[0], np.linalg.inv(-np.array(hessian)), rtol=1e-3)


def test_results_are_equal_to_the_bit_across_threads_and_batches():
    rng = np.random.default_rng(3)
    time, event = np.ceil(rng.exponential(20, 90)), (rng.random(90) < 0.6).astype(float)
    scores, covariates = rng.normal(size=(90, 200)), rng.normal(size=(90, 1))
    one = cox_fit_batch(time, event, scores, covariates)
    two = cox_fit_batch(time, event, scores, covariates, n_jobs=2)
    alone = cox_fit_batch(time, event, scores[:, 150:151].copy(), covariates)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    assert alone.coef[0].tobytes() == one.coef[150].tobytes()
    assert alone.covariance[0].tobytes() == one.covariance[150].tobytes()


def test_a_shifted_and_stretched_score_gives_the_same_fit():
    rng = np.random.default_rng(1)
    score = rng.normal(size=(42, 1))
    plain = cox_fit_batch(TIME, EVENT, score)
    huge = cox_fit_batch(TIME, EVENT, score * 1e8 + 1e9)
    assert huge.coef[0, 0] * 1e8 == pytest.approx(plain.coef[0, 0], rel=1e-6)
    assert huge.loglik[0] == pytest.approx(plain.loglik[0], rel=1e-10)


def test_a_constant_score_is_singular():
    fit = cox_fit_batch(TIME, EVENT, np.full((42, 1), 3.3))
    assert fit.code[0] == SINGULAR
    assert np.isnan(fit.coef).all()


def test_a_score_that_repeats_a_covariate_is_singular():
    fit = cox_fit_batch(TIME, EVENT, TREATMENT * 2 + 1, TREATMENT)
    assert fit.code[0] == SINGULAR


def test_a_score_that_orders_all_events_runs_off_to_infinity():
    time = np.arange(1.0, 21.0)
    fit = cox_fit_batch(time, np.ones(20), -time[:, None])
    assert fit.infinite[0, 0]


def test_only_the_separating_column_is_infinite():
    rng = np.random.default_rng(5)
    score = rng.normal(size=(42, 1))
    immune = np.zeros((42, 1))
    immune[[3, 5, 7, 8]] = 1.0  # censored rows only: the coefficient goes to minus infinity
    fit = cox_fit_batch(TIME, EVENT, score, immune)
    assert fit.infinite[0].tolist() == [False, True]
    without = np.setdiff1d(np.arange(42), [3, 5, 7, 8])
    # At minus infinity these rows leave every risk set, so the rest is the fit without them
    rest = cox_fit_batch(TIME[without], EVENT[without], score[without])
    assert fit.coef[0, 0] == pytest.approx(rest.coef[0, 0], abs=1e-4)
    assert fit.code[0] == CONVERGED


def test_times_that_differ_by_rounding_are_one_time():
    time = np.array([0.3, 0.1 + 0.2, 0.5, 0.7])
    assert merge_close_times(time).tolist() == [0.3, 0.3, 0.5, 0.7]
    score = np.array([[1.0], [0.0], [0.5], [2.0]])
    exact = cox_fit_batch(np.array([0.3, 0.3, 0.5, 0.7]), np.ones(4), score)
    rounded = cox_fit_batch(time, np.ones(4), score)
    assert rounded.coef[0, 0] == exact.coef[0, 0]


def test_risk_sets_open_a_stratum_at_its_last_time():
    sets = risk_sets(np.array([1.0, 3.0, 2.0, 3.0]), np.array([0, 0, 1, 0]))
    assert sets.order.tolist() == [1, 3, 0, 2]
    assert sets.start.tolist() == [0, 2, 3, 4]
    assert sets.opens.tolist() == [True, False, True]
    assert sets.time.tolist() == [3.0, 1.0, 2.0]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("width", [1.0, 15.0, 400.0])
def test_the_likelihood_holds_for_wide_predictors_late_entries_and_weights(ties, width):
    # with width 15 a row that leaves was nearly all of its risk set; 400 is beyond exp of a double
    rng = np.random.default_rng(8)
    n = 60
    time = np.ceil(rng.exponential(12, n)) + 1
    entry = np.where(rng.random(n) < 0.6, np.floor(time * rng.random(n)), 0.0)
    event, weight = (rng.random(n) < 0.7).astype(float), rng.choice([0.5, 1.0, 3.0], n)
    strata, x = rng.integers(0, 2, n), rng.normal(size=(n, 1))
    options = CoxOptions(entry=entry, weights=weight)
    sets = risk_sets(time, strata, entry)
    rows = risk_rows(sets, event, ties=ties, options=options)
    gradient, information = np.zeros(1), np.zeros((1, 1))
    beta = np.array([width])
    ours = derivatives(x[sets.order], beta, rows, np.ones(sets.time.size), gradient, information)

    eta = x[:, 0] * width
    total, slope = 0.0, 0.0
    for s in (0, 1):
        for t in np.unique(time[(event == 1) & (strata == s)]):
            at_risk = (entry < t) & (time >= t) & (strata == s)
            dead = at_risk & (time == t) & (event == 1)
            top = eta[at_risk].max()
            risk = np.where(at_risk, weight * np.exp(np.where(at_risk, eta - top, 0.0)), 0.0)
            total += (weight * eta)[dead].sum()
            slope += (weight * x[:, 0])[dead].sum()
            for j in range(dead.sum()):
                kept = risk * np.where(dead & (ties == "efron"), 1 - j / dead.sum(), 1.0)
                mean_weight = weight[dead].mean()
                total -= mean_weight * (np.log(kept.sum()) + top)
                slope -= mean_weight * (kept @ x[:, 0]) / kept.sum()
    assert ours == pytest.approx(total, rel=1e-9)
    assert gradient[0] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_gradient_of_firths_likelihood_is_its_slope(tied, ties):
    time, event, scores, covariates, strata = tied
    entry = np.where(time > 4, 2.0, 0.0)
    sets = risk_sets(time, strata, entry)
    rows = risk_rows(sets, event, ties=ties, options=CoxOptions(entry=entry))
    x = np.column_stack([scores[:, :1], covariates])[sets.order]
    gradient, information = np.zeros(3), np.zeros((3, 3))
    beta = np.array([0.3, -0.2, 0.1])
    firth_derivatives(x, beta, rows, gradient, information)
    for j, h in enumerate(1e-5 * np.eye(3)):
        up, down = (
            firth_derivatives(x, beta + sign * h, rows, np.zeros(3), np.zeros((3, 3)))
            for sign in (1, -1)
        )
        assert gradient[j] == pytest.approx((up - down) / 2e-5, abs=1e-6)


def test_the_proportional_hazards_test_is_the_score_test_of_x_times_time():
    # The model with x and t x written out; its gradient and curvature at (beta, 0) by differences
    rng = np.random.default_rng(11)
    time = rng.permutation(np.arange(1.0, 31.0))
    event = (rng.random(30) < 0.8).astype(float)
    x = rng.normal(size=30)
    beta = cox_fit_batch(time, event, x[:, None]).coef[0, 0]

    def loglik(b, theta):
        total = 0.0
        for t in time[event == 1]:
            eta = x * (b + theta * (t - 15.0) / 10)
            total += eta[time == t][0] - np.log(np.exp(eta[time >= t]).sum())
        return total

    h = 1e-4
    directions = np.array([[h, 0], [0, h]])
    point = np.array([beta, 0.0])
    u = [(loglik(*(point + d)) - loglik(*(point - d))) / (2 * h) for d in directions]
    v = [
        [
            -(
                loglik(*(point + a + b))
                - loglik(*(point + a - b))
                - loglik(*(point - a + b))
                + loglik(*(point - a - b))
            )
            / (4 * h * h)
            for a in directions
        ]
        for b in directions
    ]
    expected = u @ np.linalg.solve(v, u)
    table = ph_test(time, event, x[:, None], names=["x"], transform="identity")
    assert table["chisq"][0] == pytest.approx(expected, rel=1e-4)
    assert table["chisq"][1] == pytest.approx(table["chisq"][0], rel=1e-12)  # one term is all
