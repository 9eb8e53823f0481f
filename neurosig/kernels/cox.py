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

from neurosig.kernels.cox_newton import CONVERGED, NOT_CONVERGED, SINGULAR, maximise, starts_of
from neurosig.kernels.cox_starts import Start
from neurosig.kernels.cox_sums import (
    Columns,
    own_copy,
    set_first,
    shared_columns,
    weighted_derivatives,
)
from neurosig.kernels.jit import jit
from neurosig.kernels.partial_likelihood import RiskRows, standardise
from neurosig.kernels.times import RiskSets, risk_sets

__all__ = [
    "CONVERGED",
    "NOT_CONVERGED",
    "PLAIN",
    "SINGULAR",
    "CoxFits",
    "CoxOptions",
    "Ties",
    "WeightedScore",
    "cox_fit_batch",
    "cox_weighted_score",
    "risk_rows",
]

FloatArray = NDArray[np.float64]
Ties = Literal["efron", "breslow"]
_FitArrays = tuple[
    FloatArray,
    FloatArray,
    NDArray[np.bool_],
    FloatArray,
    NDArray[np.int64],
    NDArray[np.int64],
    FloatArray,
    FloatArray,
]

_CHUNK = 64


class CoxFits(NamedTuple):
    """Fits of S scores with k = 1 + n_covariates coefficients, the score's first.

    coef: (S, k) log hazard ratios; covariance: (S, k, k) inverse information;
    loglik_null, loglik, score_statistic: (S,) at zero, at the maximum, and Rao's test of all k;
    n_iter: (S,); code: (S,) CONVERGED, NOT_CONVERGED or SINGULAR;
    infinite: (S, k) coefficients that run off to infinity (monotone likelihood); weighted: of a fit
    with a function of time, for standardised columns; it holds where the estimates are finite.
    """

    coef: FloatArray
    covariance: FloatArray
    loglik_null: FloatArray
    loglik: FloatArray
    score_statistic: FloatArray
    n_iter: NDArray[np.int64]
    code: NDArray[np.int64]
    infinite: NDArray[np.bool_]
    weighted: "WeightedScore | None" = None


class CoxOptions(NamedTuple):
    """What a row may have besides time and event, and a ridge.

    entry: (n,) start of observation; weights: (n,) above 0; offset: (n,) added to x beta;
    ridge: (k,) or (S, k); the penalty ridge[a] (sd[a] beta[a])^2 / 2 is subtracted from the
    log-likelihood.
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
def _put_blocks(
    part: FloatArray, square: FloatArray, gradient: FloatArray, information: FloatArray
) -> None:
    """Join the sums with weights 1, g and g^2 to those of the design (x, g(t) x)."""
    k = part.shape[1]
    gradient[:k], gradient[k:] = part[0], part[1]
    information[:k, :k] = square[0]
    information[:k, k:] = square[1]
    information[k:, :k] = square[1]
    information[k:, k:] = square[2]


@jit
def _block(scores: FloatArray, order: NDArray[np.int64], low: int, high: int) -> FloatArray:
    """The scores (S, n) low .. high-1, in the order of the risk sets."""
    block = np.empty((high - low, order.size))
    for s in range(low, high):
        for i in range(order.size):
            block[s - low, i] = scores[s, order[i]]
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
    coef, covariance, infinite, numbers, codes, n_iters, gradient, information = out
    columns, scale = own_copy(shared), sd.copy()
    k, n_weightings = columns.x.shape[1], columns.factors.shape[0]
    weighted = np.zeros((n_weightings, k)), np.zeros((n_weightings, k, k))
    block = _block(scores, order, low, high)
    for s in range(low, high):
        scale[0] = standardise(block[s - low], columns.x[:, 0])
        set_first(columns, rows)
        codes[s], n_iters[s] = maximise(
            columns,
            rows,
            ridge[s],
            starts,
            coef[s],
            covariance[s],
            infinite[s],
            numbers[s],
            weighted,
        )
        if n_weightings == 3:
            _put_blocks(weighted[0], weighted[1], gradient[s], information[s])
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
        _put_blocks(part, square, gradient[s], information[s])


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
    time_function: Callable[[FloatArray], FloatArray] | None = None,
) -> CoxFits:
    """Fit one Cox model per column of `scores`, each with the same covariates.

    Newton-Raphson with step halving from the estimates of the covariates alone, stopped as R's
    coxph when the log-likelihood changes by less than 1e-9 of itself, or when a step is less than
    1e-6 standard deviations, and one step more. Columns are centred and scaled
    inside; coefficients come back in the units of the columns. With a ridge the covariance is the
    inverse of the penalised information, and the log-likelihood is without the penalty.

    time, event (0 or 1): (n,); scores: (n, S); covariates: (n, p); strata: (n,) integer codes;
    time_function: as in `cox_weighted_score`, whose sums then come with the last step.

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
    columns, x = np.ascontiguousarray(scores.T, dtype=np.float64), _design(sets, covariates)
    sd = np.ones(x.shape[1])
    for j in range(1, x.shape[1]):
        sd[j] = standardise(x[:, j].copy(), x[:, j]) or 1.0
    n_scores, k = columns.shape[0], x.shape[1]
    coef, covariance = np.full((n_scores, k), np.nan), np.full((n_scores, k, k), np.nan)
    infinite, numbers = np.zeros((n_scores, k), dtype=np.bool_), np.full((n_scores, 3), np.nan)
    codes, n_iter = np.zeros(n_scores, dtype=np.int64), np.zeros(n_scores, dtype=np.int64)
    n_wide = 0 if time_function is None else 2 * k
    weighted = WeightedScore(np.zeros((n_scores, n_wide)), np.zeros((n_scores, n_wide, n_wide)))
    out = (coef, covariance, infinite, numbers, codes, n_iter, *weighted)
    shared = shared_columns(x, _factors(sets, time_function), rows)
    ridge = np.zeros((n_scores, k))
    if options.ridge is not None:
        ridge[:] = options.ridge
    starts = starts_of(shared, rows, ridge.max(axis=0, initial=0.0))

    def fit(low: int, high: int) -> None:
        _fit_range(columns, sets.order, shared, sd, rows, ridge, starts, low, high, out)

    _in_threads(fit, n_scores, n_jobs)
    coef[codes == SINGULAR] = np.nan
    return CoxFits(
        coef,
        covariance,
        numbers[:, 0],
        numbers[:, 1],
        numbers[:, 2],
        n_iter,
        codes,
        infinite,
        None if time_function is None else weighted,
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
    columns, x = np.ascontiguousarray(scores.T, dtype=np.float64), _design(sets, covariates)
    for j in range(1, x.shape[1]):
        x[:, j] -= x[:, j].mean()
    n_scores, k = columns.shape[0], x.shape[1]
    out = (np.zeros((n_scores, 2 * k)), np.zeros((n_scores, 2 * k, 2 * k)))
    shared = shared_columns(x, _factors(sets, time_function), rows)

    def accumulate(low: int, high: int) -> None:
        _weighted_range(columns, sets.order, shared, coef, rows, low, high, out)

    _in_threads(accumulate, n_scores, n_jobs)
    return WeightedScore(*out)


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


def _factors(
    sets: RiskSets, time_function: Callable[[FloatArray], FloatArray] | None
) -> FloatArray:
    """The weightings of the groups: 1, and with a function of time g and g^2 too."""
    one = np.ones((1, sets.time.size))
    if time_function is None:
        return one
    g = np.asarray(time_function(sets.time), dtype=np.float64)
    return np.vstack([one, g, g**2])


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
