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

from neurosig.kernels.cox_sums import (
    Columns,
    Start,
    derivatives_at,
    own_copy,
    set_first,
    shared_columns,
    start_at,
    weighted_derivatives,
)
from neurosig.kernels.jit import jit
from neurosig.kernels.partial_likelihood import (
    RiskRows,
    cholesky,
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
# In units of standard deviations of x. Newton's error is about the square of such a step.
_SMALL_STEP = 1e-6
# In the same units. At a finite maximum the step after convergence is about
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


class CoxOptions(NamedTuple):
    """What a row may have besides time and event, and a ridge.

    entry: (n,) start of observation; weights: (n,) above 0; offset: (n,) added to x beta;
    ridge: (k,) the penalty ridge[a] (sd[a] beta[a])^2 / 2 is subtracted from the log-likelihood.
    """

    entry: FloatArray | None = None
    weights: FloatArray | None = None
    offset: FloatArray | None = None
    ridge: FloatArray | None = None


PLAIN = CoxOptions()


class WeightedScore(NamedTuple):
    """Gradient (S, 2k) and information (S, 2k, 2k) of the design (x, g(t) x) at (coef, 0)."""

    gradient: FloatArray
    information: FloatArray


@jit
def _penalised(
    columns: Columns,
    beta: FloatArray,
    rows: RiskRows,
    ridge: FloatArray,
    gradient: FloatArray,
    information: FloatArray,
) -> tuple[float, float]:
    """Log-likelihood and penalty; the derivatives (1, k) and (1, k, k) are of their difference."""
    loglik = weighted_derivatives(columns, beta, rows, gradient, information)
    penalty = 0.0
    for a in range(beta.size):
        penalty += ridge[a] * beta[a] * beta[a] / 2.0
        gradient[0, a] -= ridge[a] * beta[a]
        information[0, a, a] += ridge[a]
    return loglik, penalty


@jit
def _first_step(
    columns: Columns,
    rows: RiskRows,
    ridge: FloatArray,
    null: Start,
    step: FloatArray,
    numbers: FloatArray,
) -> bool:
    """Fill the first step from zero; False where the information is singular."""
    k = columns.x.shape[1]
    gradients, informations, lower = np.zeros((1, k)), np.zeros((1, k, k)), np.zeros((k, k))
    gradient, information = gradients[0], informations[0]
    if null.usable:
        numbers[0] = null.loglik
        derivatives_at(null, columns, rows, gradient, information)
    else:
        numbers[0] = weighted_derivatives(columns, null.beta, rows, gradients, informations)
    for a in range(k):
        if not information[a, a] > _SINGULAR_PIVOT:
            return False
    if not cholesky(information, lower, _SINGULAR_PIVOT):
        return False
    solve(lower, gradient, step)
    numbers[2] = np.sum(gradient * step)
    if ridge.any():
        for a in range(k):
            information[a, a] += ridge[a]
        cholesky(information, lower, _SINGULAR_PIVOT)
        solve(lower, gradient, step)
    return True


@jit
def _warm_step(
    columns: Columns, rows: RiskRows, warm: Start, beta: FloatArray, trial: FloatArray
) -> bool:
    """Start from the estimates of the covariates alone: fill beta and the first trial."""
    k = columns.x.shape[1]
    gradient, information, lower = np.zeros(k), np.zeros((k, k)), np.zeros((k, k))
    derivatives_at(warm, columns, rows, gradient, information)
    if not cholesky(information, lower, _SINGULAR_PIVOT):
        return False
    solve(lower, gradient, trial)
    beta[:] = warm.beta
    trial += warm.beta
    return True


@jit
def _newton(
    columns: Columns,
    rows: RiskRows,
    ridge: FloatArray,
    starts: tuple[Start, Start],
    beta: FloatArray,
    covariance: FloatArray,
    infinite: NDArray[np.bool_],
    numbers: FloatArray,
) -> tuple[int, int]:
    """Maximise; `numbers` gets loglik at zero, loglik, score statistic; code and iterations.

    starts: at zero, and at the estimates of the covariates alone where that is usable.
    """
    k = columns.x.shape[1]
    gradients, informations = np.zeros((1, k)), np.zeros((1, k, k))
    gradient, information = gradients[0], informations[0]
    step, trial, lower = np.zeros(k), np.zeros(k), np.zeros((k, k))
    beta[:] = 0.0
    if not _first_step(columns, rows, ridge, starts[0], trial, numbers):
        return SINGULAR, 0
    best = numbers[0]
    if starts[1].usable and _warm_step(columns, rows, starts[1], beta, trial):
        best = starts[1].loglik
    code, halved, n_iter = NOT_CONVERGED, False, 0
    while n_iter < _MAX_ITERATIONS:
        n_iter += 1
        loglik, penalty = _penalised(columns, trial, rows, ridge, gradients, informations)
        new = loglik - penalty
        change = abs(new - best)
        is_finite = np.isfinite(new)
        if is_finite and change <= _LOGLIK_TOLERANCE * max(abs(new), 1.0) and not halved:
            code = CONVERGED
            break
        if not is_finite or new < best:
            halved = True
            trial[:] = (trial + beta) / 2.0
            if change <= 1e-14 * max(abs(best), 1.0):  # nothing left to gain on this line
                code = CONVERGED
                loglik, penalty = _penalised(columns, trial, rows, ridge, gradients, informations)
                break
            continue
        halved, best = False, new
        beta[:] = trial
        numbers[1] = loglik
        if not cholesky(information, lower, 1e-14):
            break
        solve(lower, gradient, step)
        if np.max(np.abs(step)) <= _SMALL_STEP:
            code = CONVERGED
            break
        trial[:] = beta + step
    if code == CONVERGED:
        beta[:] = trial
        numbers[1] = loglik
    if code == NOT_CONVERGED or not cholesky(information, lower, 1e-14):
        infinite[:] = np.abs(beta) > _INFINITE_COEFFICIENT
        return NOT_CONVERGED, n_iter
    solve(lower, gradient, step)
    infinite[:] = np.abs(step) > _INFINITE_STEP
    if not infinite.any():
        beta += step
        numbers[1], penalty = _penalised(columns, beta, rows, ridge, gradients, informations)
        cholesky(information, lower, 1e-14)
    invert(lower, covariance)
    return code, n_iter


@jit
def _block(scores: FloatArray, order: NDArray[np.int64], low: int, high: int) -> FloatArray:
    """The scores low .. high-1 as rows, in the order of the risk sets."""
    block = np.empty((high - low, order.size))
    for i in range(order.size):
        row = order[i]
        for s in range(low, high):
            block[s - low, i] = scores[row, s]
    return block


@jit
def _fit_range(
    scores: FloatArray,
    order: NDArray[np.int64],
    shared: Columns,
    sd: FloatArray,
    rows: RiskRows,
    ridge: FloatArray,
    starts: tuple[Start, Start],
    low: int,
    high: int,
    out: _FitArrays,
) -> None:
    """Fit the scores low .. high-1; `shared` holds the standardised covariates from column 1 on."""
    coef, covariance, infinite, numbers, codes, n_iters = out
    columns, scale = own_copy(shared), sd.copy()
    k = columns.x.shape[1]
    block = _block(scores, order, low, high)
    for s in range(low, high):
        scale[0] = standardise(block[s - low], columns.x[:, 0])
        set_first(columns, rows)
        codes[s], n_iters[s] = _newton(
            columns, rows, ridge, starts, coef[s], covariance[s], infinite[s], numbers[s]
        )
        if scale[0] > 0.0:
            for a in range(k):
                coef[s, a] /= scale[a]
                for b in range(k):
                    covariance[s, a, b] /= scale[a] * scale[b]


@jit
def _weighted_range(
    scores: FloatArray,
    order: NDArray[np.int64],
    shared: Columns,
    coef: FloatArray,
    rows: RiskRows,
    low: int,
    high: int,
    out: tuple[FloatArray, FloatArray],
) -> None:
    """Gradient and information of (x, g(t) x): the same sums with weights 1, g and g^2."""
    gradient, information = out
    columns = own_copy(shared)
    n, k = columns.x.shape
    part, square = np.zeros((3, k)), np.zeros((3, k, k))
    block = _block(scores, order, low, high)
    for s in range(low, high):
        mean = np.sum(block[s - low]) / n
        for i in range(n):
            columns.x[i, 0] = block[s - low, i] - mean
        set_first(columns, rows)
        weighted_derivatives(columns, coef[s], rows, part, square)
        gradient[s, :k], gradient[s, k:] = part[0], part[1]
        information[s, :k, :k] = square[0]
        information[s, :k, k:] = square[1]
        information[s, k:, :k] = square[1]
        information[s, k:, k:] = square[2]


def cox_fit_batch(
    time: FloatArray,
    event: FloatArray,
    scores: FloatArray,
    covariates: FloatArray | None = None,
    *,
    strata: NDArray[np.int64] | None = None,
    ties: Ties = "efron",
    options: CoxOptions = PLAIN,
    n_jobs: int = 1,
) -> CoxFits:
    """Fit one Cox model per column of `scores`, each with the same covariates.

    Newton-Raphson with step halving from the estimates of the covariates alone, stopped as R's
    coxph when the log-likelihood changes by less than 1e-9 of itself, or when a step is less than
    1e-6 standard deviations, and one step more. Columns are centred and scaled
    inside; coefficients come back in the units of the columns. With a ridge the covariance is the
    inverse of the penalised information, and the log-likelihood is without the penalty.

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
    sets = risk_sets(time, strata, options.entry)
    rows = risk_rows(sets, event, ties=ties, options=options)
    columns, x = np.ascontiguousarray(scores, dtype=np.float64), _design(sets, covariates)
    sd = np.ones(x.shape[1])
    for j in range(1, x.shape[1]):
        sd[j] = standardise(x[:, j].copy(), x[:, j]) or 1.0
    n_scores, k = columns.shape[1], x.shape[1]
    coef, covariance = np.full((n_scores, k), np.nan), np.full((n_scores, k, k), np.nan)
    infinite, numbers = np.zeros((n_scores, k), dtype=np.bool_), np.full((n_scores, 3), np.nan)
    codes, n_iter = np.zeros(n_scores, dtype=np.int64), np.zeros(n_scores, dtype=np.int64)
    out = (coef, covariance, infinite, numbers, codes, n_iter)
    shared = shared_columns(x, np.ones((1, sets.time.size)), rows)
    ridge = np.zeros(k) if options.ridge is None else options.ridge

    starts = _starts(shared, rows, ridge)

    def fit(low: int, high: int) -> None:
        _fit_range(columns, sets.order, shared, sd, rows, ridge, starts, low, high, out)

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
    options: CoxOptions = PLAIN,
    n_jobs: int = 1,
) -> WeightedScore:
    """Gradient and information of the design extended by g(t) x, at the fitted coefficients.

    coef: (S, k) as `cox_fit_batch` returns it; time_function: g, from (merged) times to weights.
    """
    sets = risk_sets(time, strata, options.entry)
    rows = risk_rows(sets, event, ties=ties, options=options)
    columns, x = np.ascontiguousarray(scores, dtype=np.float64), _design(sets, covariates)
    for j in range(1, x.shape[1]):
        x[:, j] -= x[:, j].mean()
    n_scores, k = columns.shape[1], x.shape[1]
    out = (np.zeros((n_scores, 2 * k)), np.zeros((n_scores, 2 * k, 2 * k)))
    weight = np.asarray(time_function(sets.time), dtype=np.float64)
    shared = shared_columns(x, np.stack([weight**0, weight, weight**2]), rows)

    def accumulate(low: int, high: int) -> None:
        _weighted_range(columns, sets.order, shared, coef, rows, low, high, out)

    _in_threads(accumulate, n_scores, n_jobs)
    return WeightedScore(*out)


def _starts(shared: Columns, rows: RiskRows, ridge: FloatArray) -> tuple[Start, Start]:
    """Zero, and the estimates of the covariates alone; the second is not usable without any.

    A score that says little is then one step away, whatever the covariates say.
    """
    k = shared.x.shape[1]
    null, warm = start_at(shared, np.zeros(k), rows), np.zeros(k)
    none = null._replace(usable=False)
    if k == 1 or not null.usable or ridge.any():
        return null, none
    alone = shared_columns(shared.x[:, 1:], shared.factors, rows)
    without = start_at(alone, np.zeros(k - 1), rows)._replace(usable=False)
    out = np.zeros((k - 1, k - 1)), np.zeros(k - 1, dtype=np.bool_), np.zeros(3)
    code, _ = _newton(alone, rows, ridge[1:], (without, without), warm[1:], *out)
    if code != CONVERGED or out[1].any():
        return null, none
    return null, start_at(shared, warm, rows)


def risk_rows(
    sets: RiskSets, event: FloatArray, *, ties: Ties = "efron", options: CoxOptions = PLAIN
) -> RiskRows:
    """The rows in the order of the risk sets."""
    n, n_groups = event.size, sets.time.size
    weights = np.ones(n) if options.weights is None else options.weights
    offset = np.zeros(n) if options.offset is None else options.offset
    leaving = np.argsort(sets.leaves, kind="stable")[: int(np.sum(sets.leaves < n_groups))]
    return RiskRows(
        event=np.ascontiguousarray(event[sets.order], dtype=np.float64),
        weight=np.ascontiguousarray(weights[sets.order], dtype=np.float64),
        offset=np.ascontiguousarray(offset[sets.order], dtype=np.float64),
        start=sets.start,
        opens=sets.opens,
        leaves=sets.leaves,
        leaving=leaving.astype(np.int64),
        n_left=np.searchsorted(sets.leaves[leaving], np.arange(n_groups), side="right"),
        efron=ties == "efron",
        n_deaths=np.add.reduceat(event[sets.order] > 0, sets.start[:-1]).astype(np.int64),
        death_weight=np.add.reduceat((event * weights)[sets.order], sets.start[:-1]),
    )


def _design(sets: RiskSets, covariates: FloatArray | None) -> FloatArray:
    """The design in the order of the risk sets, its first column empty."""
    if covariates is None:
        return np.zeros((sets.order.size, 1))
    return np.column_stack([np.zeros(sets.order.size), covariates[sets.order]])


def _in_threads(task: Callable[[int, int], None], n_scores: int, n_jobs: int) -> None:
    ranges = [(low, min(low + _CHUNK, n_scores)) for low in range(0, n_scores, _CHUNK)]
    if n_jobs <= 1 or len(ranges) <= 1:
        for low, high in ranges:
            task(low, high)
        return
    with ThreadPoolExecutor(max_workers=n_jobs) as pool:
        list(pool.map(lambda bounds: task(*bounds), ranges))
