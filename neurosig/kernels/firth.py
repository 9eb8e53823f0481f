"""Firth's penalised partial likelihood: loglik + log(det(information)) / 2.

Its gradient adds, to that of the likelihood, half of the trace of information^-1 times the
derivative of the information, which is a sum of third central moments within the risk sets:

    sum over terms of v sum_i p_i ((x_i - mean)' information^-1 (x_i - mean)) (x_i - mean) / 2

with p_i = w r (1 - f [i dies]) / (S0 - f D0) in the notation of partial_likelihood.py.
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
    n, k = x.shape
    one = np.ones(rows.start.size - 1)
    loglik = derivatives(x, beta, rows, one, gradient, information)
    lower, inverse = np.zeros((k, k)), np.zeros((k, k))
    if not cholesky(information, lower, 1e-14):
        return -np.inf
    invert(lower, inverse)
    for a in range(k):
        loglik += np.log(lower[a, a])
    eta = linear_predictor(x, beta, rows.offset)
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
    return loglik
