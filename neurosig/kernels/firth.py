"""Firth's penalised partial likelihood: loglik + log(det(information)) / 2.

Its gradient adds, to that of the likelihood, half of the trace of information^-1 times the
derivative of the information, which is a sum of third central moments within the risk sets:

    sum over terms of v sum_i p_i ((x_i - mean)' information^-1 (x_i - mean)) (x_i - mean) / 2

with p_i = w r (1 - f [i dies]) / (S0 - f D0) in the notation of partial_likelihood.py. Written out
with V = information^-1, q_i = x_i' V x_i and means E over the p_i it is

    E[q x] - E[q] mean - 2 (E[x x'] V mean) + 2 (mean' V mean) mean

whose sums grow from one event time to the next, so that a fit takes a time that is linear in n. In
these differences rounding errors are as large as V times 1e-16: where linear predictors are far
apart V may be large, and the sum is made of each risk set by itself.
"""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit
from neurosig.kernels.partial_likelihood import (
    RiskRows,
    cholesky,
    derivatives,
    invert,
    linear_predictor,
)

FloatArray = NDArray[np.float64]

_NARROW_ETA = 10.0  # with which V is some 1e4 at most, its rounding error in a moment 1e-12


@jit
def firth_derivatives(
    x: FloatArray,
    beta: FloatArray,
    rows: RiskRows,
    gradient: FloatArray,
    information: FloatArray,
) -> float:
    """Penalised log-likelihood (-inf where the information is singular); both arrays are filled.

    `information` is that of the likelihood itself, whose inverse is the covariance.
    """
    k = x.shape[1]
    one = np.ones(rows.start.size - 1)
    loglik = derivatives(x, beta, rows, one, gradient, information)
    lower, inverse = np.zeros((k, k)), np.zeros((k, k))
    if not cholesky(information, lower, 1e-14):
        return -np.inf
    invert(lower, inverse)
    for a in range(k):
        loglik += np.log(lower[a, a])
    eta = linear_predictor(x, beta, rows.offset)
    if rows.leaving.size == 0 and np.ptp(eta) < _NARROW_ETA:
        _add_of_growing_sums(x, eta, rows, inverse, gradient)
    else:
        _add_of_each_risk_set(x, eta, rows, inverse, gradient)
    return loglik


@jit
def _add_of_growing_sums(
    x: FloatArray, eta: FloatArray, rows: RiskRows, inverse: FloatArray, gradient: FloatArray
) -> None:
    """Add half of the third moments; rows join the sums and do not leave them.

    The columns of a sum: 1, q, x, q x and the lower triangle of x x'.
    """
    k = x.shape[1]
    risk = rows.weight * np.exp(eta - eta.max())
    size = 2 + 2 * k + k * (k + 1) // 2
    row, every, dying, moment = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    second, turned = np.zeros((k, k)), np.zeros(k)
    for g in range(rows.start.size - 1):
        if rows.opens[g]:
            every[:] = 0.0
        dying[:] = 0.0
        for i in range(rows.start[g], rows.start[g + 1]):
            square, place = 0.0, 2 + 2 * k
            for a in range(k):
                for b in range(a + 1):
                    twice = x[i, a] * x[i, b]
                    row[place] = twice
                    square += (inverse[a, b] if a == b else 2.0 * inverse[a, b]) * twice
                    place += 1
            row[0], row[1] = 1.0, square
            for a in range(k):
                row[2 + a] = x[i, a]
                row[2 + k + a] = square * x[i, a]
            for c in range(size):
                every[c] += risk[i] * row[c]
            if rows.event[i] > 0.0:
                for c in range(size):
                    dying[c] += risk[i] * row[c]
        n_deaths = rows.n_deaths[g]
        n_terms = n_deaths if rows.efron else min(n_deaths, 1)
        for j in range(n_terms):
            f = j / n_deaths
            total = every[0] - f * dying[0]
            for c in range(size):
                moment[c] = (every[c] - f * dying[c]) / total
            mean, place = moment[2 : 2 + k], 2 + 2 * k
            for a in range(k):
                for b in range(a + 1):
                    second[a, b] = second[b, a] = moment[place]
                    place += 1
            of_mean = 0.0
            for a in range(k):
                turned[a] = 0.0
                for b in range(k):
                    turned[a] += inverse[a, b] * mean[b]
                of_mean += mean[a] * turned[a]
            half = rows.death_weight[g] / n_terms / 2.0
            for a in range(k):
                third = moment[2 + k + a] + (2.0 * of_mean - moment[1]) * mean[a]
                for b in range(k):
                    third -= 2.0 * second[a, b] * turned[b]
                gradient[a] += half * third


@jit
def _add_of_each_risk_set(
    x: FloatArray, eta: FloatArray, rows: RiskRows, inverse: FloatArray, gradient: FloatArray
) -> None:
    """Add half of the third moments, each about the mean of its own risk set."""
    n, k = x.shape
    is_at_risk = np.zeros(n, dtype=np.bool_)
    left, first = 0, 0
    mean, third = np.zeros(k), np.zeros(k)
    for g in range(rows.start.size - 1):
        if rows.opens[g]:
            first = rows.start[g]
        while left < rows.n_left[g]:
            is_at_risk[rows.leaving[left]] = False
            left += 1
        is_at_risk[rows.start[g] : rows.start[g + 1]] = True
        n_deaths, d_weight = 0, 0.0
        for i in range(rows.start[g], rows.start[g + 1]):
            if rows.event[i] > 0.0:
                n_deaths += 1
                d_weight += rows.weight[i]
        if n_deaths == 0:
            continue
        top = -np.inf
        for i in range(first, rows.start[g + 1]):
            if is_at_risk[i]:
                top = max(top, eta[i])
        n_terms = n_deaths if rows.efron else 1
        for j in range(n_terms):
            f = j / n_deaths
            total = 0.0
            mean[:] = 0.0
            third[:] = 0.0
            for i in range(first, rows.start[g + 1]):
                if is_at_risk[i]:
                    p = rows.weight[i] * np.exp(eta[i] - top)
                    if i >= rows.start[g] and rows.event[i] > 0.0:
                        p *= 1.0 - f
                    total += p
                    mean += p * x[i]
            mean /= total
            for i in range(first, rows.start[g + 1]):
                if is_at_risk[i]:
                    p = rows.weight[i] * np.exp(eta[i] - top)
                    if i >= rows.start[g] and rows.event[i] > 0.0:
                        p *= 1.0 - f
                    square = 0.0
                    for a in range(k):
                        for b in range(k):
                            square += (x[i, a] - mean[a]) * inverse[a, b] * (x[i, b] - mean[b])
                    third += p * square * (x[i] - mean)
            gradient += d_weight / n_terms * third / total / 2.0
