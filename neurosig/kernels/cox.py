"""Cox models for many scores that share time, event, strata and covariates.

For one score the design is x = (score, covariates), n x k; partial_likelihood.py has the formulas.
Every sum runs over the rows in one order, so the numbers do not depend, to the bit, on the number
of threads or on which other scores are in the batch.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit
from neurosig.kernels.partial_likelihood import (
    cholesky,
    derivatives,
    invert,
    solve,
    standardise,
)
from neurosig.kernels.times import RiskSets, risk_sets

FloatArray = NDArray[np.float64]
Ties = Literal["efron", "breslow"]
_FitArrays = tuple[
    FloatArray, FloatArray, NDArray[np.bool_], FloatArray, NDArray[np.int64], NDArray[np.int64]
]

CONVERGED, NOT_CONVERGED, SINGULAR = 0, 1, 2
_LOGLIK_TOLERANCE = 1e-9
_MAX_ITERATIONS = 50
# In units of standard deviations of x. At a finite maximum the step after convergence is about
# 1e-8; along a monotone likelihood Newton's method keeps stepping by about 1 / (gap in x).
_INFINITE_STEP = 1e-3
# A coefficient this large per standard deviation, in a fit that breaks down: no hazard ratio is
# exp(30) per SD, the likelihood is flat in that direction.
_INFINITE_COEFFICIENT = 30.0
_SINGULAR_PIVOT = 1e-10
_CHUNK = 64


class CoxFits(NamedTuple):
    """Fits of S scores with k = 1 + n_covariates coefficients, the score's first.

    coef: (S, k) log hazard ratios; covariance: (S, k, k) inverse information;
    loglik_null, loglik, score_statistic: (S,) at zero, at the maximum, and Rao's test of all k;
    n_iter: (S,); code: (S,) CONVERGED, NOT_CONVERGED or SINGULAR;
    infinite: (S, k) coefficients that run off to infinity (monotone likelihood).
    """

    coef: FloatArray
    covariance: FloatArray
    loglik_null: FloatArray
    loglik: FloatArray
    score_statistic: FloatArray
    n_iter: NDArray[np.int64]
    code: NDArray[np.int64]
    infinite: NDArray[np.bool_]


class WeightedScore(NamedTuple):
    """Gradient (S, 2k) and information (S, 2k, 2k) of the design (x, g(t) x) at (coef, 0)."""

    gradient: FloatArray
    information: FloatArray


@jit
def _newton(
    x: FloatArray,
    event: FloatArray,
    start: NDArray[np.int64],
    opens: NDArray[np.bool_],
    efron: bool,
    beta: FloatArray,
    covariance: FloatArray,
    infinite: NDArray[np.bool_],
    numbers: FloatArray,
) -> tuple[int, int]:
    """Maximise; `numbers` gets loglik at zero, loglik, score statistic; code and iterations."""
    k = x.shape[1]
    one = np.ones(start.size - 1)
    gradient, step, trial = np.zeros(k), np.zeros(k), np.zeros(k)
    information, lower = np.zeros((k, k)), np.zeros((k, k))
    beta[:] = 0.0
    loglik = derivatives(x, beta, event, start, opens, one, efron, gradient, information)
    numbers[0] = loglik
    for a in range(k):
        if not information[a, a] > _SINGULAR_PIVOT:
            return SINGULAR, 0
    if not cholesky(information, lower, _SINGULAR_PIVOT):
        return SINGULAR, 0
    solve(lower, gradient, step)
    numbers[2] = np.sum(gradient * step)
    trial[:] = step
    code, halved, n_iter = NOT_CONVERGED, False, 0
    while n_iter < _MAX_ITERATIONS:
        n_iter += 1
        new = derivatives(x, trial, event, start, opens, one, efron, gradient, information)
        change = abs(new - loglik)
        is_finite = np.isfinite(new)
        if is_finite and change <= _LOGLIK_TOLERANCE * max(abs(new), 1.0) and not halved:
            code = CONVERGED
            break
        if not is_finite or new < loglik:
            halved = True
            trial[:] = (trial + beta) / 2.0
            if change <= 1e-14 * max(abs(loglik), 1.0):  # nothing left to gain on this line
                code = CONVERGED
                new = derivatives(x, trial, event, start, opens, one, efron, gradient, information)
                break
            continue
        halved = False
        loglik = new
        beta[:] = trial
        if not cholesky(information, lower, 1e-14):
            break
        solve(lower, gradient, step)
        trial[:] = beta + step
    if code == CONVERGED:
        beta[:] = trial
        loglik = new
    numbers[1] = loglik
    if code == NOT_CONVERGED or not cholesky(information, lower, 1e-14):
        infinite[:] = np.abs(beta) > _INFINITE_COEFFICIENT
        return NOT_CONVERGED, n_iter
    solve(lower, gradient, step)
    infinite[:] = np.abs(step) > _INFINITE_STEP
    if not infinite.any():
        beta += step
        numbers[1] = derivatives(x, beta, event, start, opens, one, efron, gradient, information)
        cholesky(information, lower, 1e-14)
    invert(lower, covariance)
    return code, n_iter


@jit
def _fit_range(
    scores: FloatArray,
    x: FloatArray,
    sd: FloatArray,
    event: FloatArray,
    start: NDArray[np.int64],
    opens: NDArray[np.bool_],
    efron: bool,
    low: int,
    high: int,
    out: _FitArrays,
) -> None:
    """Fit the scores low .. high-1; x holds the standardised covariates from column 1 on."""
    coef, covariance, infinite, numbers, codes, n_iters = out
    design, scale = x.copy(), sd.copy()
    k = x.shape[1]
    for s in range(low, high):
        scale[0] = standardise(scores[s], design[:, 0])
        codes[s], n_iters[s] = _newton(
            design, event, start, opens, efron, coef[s], covariance[s], infinite[s], numbers[s]
        )
        if scale[0] > 0.0:
            for a in range(k):
                coef[s, a] /= scale[a]
                for b in range(k):
                    covariance[s, a, b] /= scale[a] * scale[b]


@jit
def _weighted_range(
    scores: FloatArray,
    x: FloatArray,
    coef: FloatArray,
    event: FloatArray,
    start: NDArray[np.int64],
    opens: NDArray[np.bool_],
    efron: bool,
    weight: FloatArray,
    low: int,
    high: int,
    out: tuple[FloatArray, FloatArray],
) -> None:
    """Gradient and information of (x, g(t) x): the same sums with weights 1, g and g^2."""
    gradient, information = out
    design = x.copy()
    k = x.shape[1]
    part, square = np.zeros(k), np.zeros((k, k))
    for s in range(low, high):
        mean = np.sum(scores[s]) / scores.shape[1]
        for i in range(x.shape[0]):
            design[i, 0] = scores[s, i] - mean
        for power in range(3):
            factor = weight**power
            derivatives(design, coef[s], event, start, opens, factor, efron, part, square)
            if power < 2:
                gradient[s, power * k : (power + 1) * k] = part
            if power == 0:
                information[s, :k, :k] = square
            elif power == 1:
                information[s, :k, k:] = square
                information[s, k:, :k] = square
            else:
                information[s, k:, k:] = square


def cox_fit_batch(
    time: FloatArray,
    event: FloatArray,
    scores: FloatArray,
    covariates: FloatArray | None = None,
    *,
    strata: NDArray[np.int64] | None = None,
    ties: Ties = "efron",
    n_jobs: int = 1,
) -> CoxFits:
    """Fit one Cox model per column of `scores`, each with the same covariates.

    Newton-Raphson from zero with step halving, stopped as R's coxph when the log-likelihood
    changes by less than 1e-9 of itself, and one step more. Columns are centred and scaled
    inside; coefficients come back in the units of the columns.

    time, event (0 or 1): (n,); scores: (n, S); covariates: (n, p); strata: (n,) integer codes.

    References
    ----------
    Efron B (1977) J Am Stat Assoc 72:557-565, doi:10.1080/01621459.1977.10480613.
    Breslow N (1974) Biometrics 30:89-99, doi:10.2307/2529620.

    Examples
    --------
    >>> time = np.array([1.0, 2, 3, 4, 5, 6])
    >>> event = np.array([1.0, 1, 0, 1, 1, 0])
    >>> score = np.array([[2.0], [1], [3], [0], [2], [1]])
    >>> fits = cox_fit_batch(time, event, score)
    >>> round(float(fits.coef[0, 0]), 4), int(fits.code[0])
    (-0.1406, 0)
    """
    sets = risk_sets(time, strata)
    columns, x = _ordered(sets, scores, covariates)
    sd = np.ones(x.shape[1])
    for j in range(1, x.shape[1]):
        sd[j] = standardise(x[:, j].copy(), x[:, j]) or 1.0
    n_scores, k = columns.shape[0], x.shape[1]
    coef, covariance = np.full((n_scores, k), np.nan), np.full((n_scores, k, k), np.nan)
    infinite, numbers = np.zeros((n_scores, k), dtype=np.bool_), np.full((n_scores, 3), np.nan)
    codes, n_iter = np.zeros(n_scores, dtype=np.int64), np.zeros(n_scores, dtype=np.int64)
    out = (coef, covariance, infinite, numbers, codes, n_iter)
    events = event[sets.order]

    def fit(low: int, high: int) -> None:
        _fit_range(columns, x, sd, events, sets.start, sets.opens, ties == "efron", low, high, out)

    _in_threads(fit, n_scores, n_jobs)
    coef[codes == SINGULAR] = np.nan
    return CoxFits(
        coef, covariance, numbers[:, 0], numbers[:, 1], numbers[:, 2], n_iter, codes, infinite
    )


def cox_weighted_score(
    time: FloatArray,
    event: FloatArray,
    scores: FloatArray,
    coef: FloatArray,
    time_function: Callable[[FloatArray], FloatArray],
    *,
    covariates: FloatArray | None = None,
    strata: NDArray[np.int64] | None = None,
    ties: Ties = "efron",
    n_jobs: int = 1,
) -> WeightedScore:
    """Gradient and information of the design extended by g(t) x, at the fitted coefficients.

    coef: (S, k) as `cox_fit_batch` returns it; time_function: g, from (merged) times to weights.
    """
    sets = risk_sets(time, strata)
    columns, x = _ordered(sets, scores, covariates)
    for j in range(1, x.shape[1]):
        x[:, j] -= x[:, j].mean()
    n_scores, k = columns.shape[0], x.shape[1]
    out = (np.zeros((n_scores, 2 * k)), np.zeros((n_scores, 2 * k, 2 * k)))
    weight = np.ascontiguousarray(time_function(sets.time), dtype=np.float64)
    events, efron = event[sets.order], ties == "efron"

    def accumulate(low: int, high: int) -> None:
        _weighted_range(
            columns, x, coef, events, sets.start, sets.opens, efron, weight, low, high, out
        )

    _in_threads(accumulate, n_scores, n_jobs)
    return WeightedScore(*out)


def _ordered(
    sets: RiskSets, scores: FloatArray, covariates: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Scores as rows, and the design with an empty first column, both in risk-set order."""
    n_covariates = 0 if covariates is None else covariates.shape[1]
    x = np.zeros((scores.shape[0], 1 + n_covariates))
    if covariates is not None:
        x[:, 1:] = covariates[sets.order]
    return np.ascontiguousarray(scores[sets.order].T, dtype=np.float64), x


def _in_threads(task: Callable[[int, int], None], n_scores: int, n_jobs: int) -> None:
    ranges = [(low, min(low + _CHUNK, n_scores)) for low in range(0, n_scores, _CHUNK)]
    if n_jobs <= 1 or len(ranges) <= 1:
        for low, high in ranges:
            task(low, high)
        return
    with ThreadPoolExecutor(max_workers=n_jobs) as pool:
        list(pool.map(lambda bounds: task(*bounds), ranges))
