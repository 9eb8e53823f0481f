"""Newton's method for one Cox model, from where the covariates alone have led."""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.cox_starts import Start, derivatives_at, start_at
from neurosig.kernels.cox_sums import Columns, shared_columns, weighted_derivatives
from neurosig.kernels.jit import jit
from neurosig.kernels.partial_likelihood import RiskRows, cholesky, invert, solve

FloatArray = NDArray[np.float64]

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
def maximise(
    columns: Columns,
    rows: RiskRows,
    ridge: FloatArray,
    starts: tuple[Start, Start],
    beta: FloatArray,
    covariance: FloatArray,
    infinite: NDArray[np.bool_],
    numbers: FloatArray,
    weighted: tuple[FloatArray, FloatArray],
) -> tuple[int, int]:
    """Maximise; `numbers` gets loglik at zero, loglik, score statistic; code and iterations.

    starts: at zero, and at the estimates of the covariates alone where that is usable; weighted:
    gets gradient (P, k) and information (P, k, k) of each weighting at a finite maximum.
    """
    gradients, informations = np.zeros((1, beta.size)), np.zeros((1, beta.size, beta.size))
    gradient, information, lower = gradients[0], informations[0], np.zeros_like(informations[0])
    step, trial = np.zeros_like(beta), np.zeros_like(beta)
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
        beta += step  # to the maximum, whose covariance is asked for
        numbers[1] = weighted_derivatives(columns, beta, rows, weighted[0], weighted[1])
        information[:, :] = weighted[1][0] + np.diag(ridge)
        cholesky(information, lower, 1e-14)
    invert(lower, covariance)
    return code, n_iter


def starts_of(shared: Columns, rows: RiskRows, ridge: FloatArray) -> tuple[Start, Start]:
    """Zero, and the estimates of the covariates alone; the second is not usable without any.

    A score that says little is then one step away, whatever the covariates say.
    """
    k = shared.x.shape[1]
    null, warm = start_at(shared, np.zeros(k), rows), np.zeros(k)
    none = null._replace(usable=False)
    if k == 1 or not null.usable or ridge.any():
        return null, none
    alone = shared_columns(shared.x[:, 1:], shared.factors[:1], rows)
    without = start_at(alone, np.zeros(k - 1), rows)._replace(usable=False)
    out = np.zeros((k - 1, k - 1)), np.zeros(k - 1, dtype=np.bool_), np.zeros(3)
    weighted = np.zeros((1, k - 1)), np.zeros((1, k - 1, k - 1))
    code, _ = maximise(alone, rows, ridge[1:], (without, without), warm[1:], *out, weighted)
    if code != CONVERGED or out[1].any():
        return null, none
    return null, start_at(shared, warm, rows)
