"""Pieces of a Cox fit for one design: the partial likelihood and the linear algebra of a step.

With S0, S1, S2 the sums of exp(x b), x exp(x b) and x x' exp(x b) over the risk set of an event
time, D0, D1, D2 the same sums over its d deaths and f = j / d, the terms j = 0 .. d-1 of that time
are (Efron; Breslow has f = 0)

    loglik       sum over deaths of x b - sum_j log(S0 - f D0)
    mean_j       (S1 - f D1) / (S0 - f D0)
    gradient     sum over deaths of x   - sum_j mean_j
    information  sum_j (S2 - f D2) / (S0 - f D0) - mean_j mean_j'
"""

import math

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit

FloatArray = NDArray[np.float64]


@jit
def _linear_predictor(x: FloatArray, beta: FloatArray) -> FloatArray:
    eta = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        total = 0.0
        for a in range(x.shape[1]):
            total += x[i, a] * beta[a]
        eta[i] = total
    return eta


@jit
def _mirror(matrix: FloatArray) -> None:
    """Copy the lower triangle to the upper."""
    for a in range(matrix.shape[0]):
        for b in range(a):
            matrix[b, a] = matrix[a, b]


@jit
def derivatives(
    x: FloatArray,
    beta: FloatArray,
    event: FloatArray,
    start: NDArray[np.int64],
    opens: NDArray[np.bool_],
    weight: FloatArray,
    efron: bool,
    gradient: FloatArray,
    information: FloatArray,
) -> float:
    """Log-likelihood; gradient and information are filled, each event time with its weight."""
    k = x.shape[1]
    eta = _linear_predictor(x, beta)
    top = (
        -np.inf
    )  # largest eta of the risk set: the sums are kept over exp(top), which none exceeds
    s0, s1, s2 = 0.0, np.zeros(k), np.zeros((k, k))
    d1, d2, mean = np.zeros(k), np.zeros((k, k)), np.zeros(k)
    gradient[:] = 0.0
    information[:, :] = 0.0
    loglik = 0.0
    for g in range(start.size - 1):
        if opens[g]:
            s0, top = 0.0, -np.inf
            s1[:], s2[:, :] = 0.0, 0.0
        n_deaths, d0 = 0, 0.0
        for i in range(start[g], start[g + 1]):
            if eta[i] > top:
                shrink = np.exp(top - eta[i])
                top = eta[i]
                s0 *= shrink
                s1 *= shrink
                s2 *= shrink
                d0 *= shrink
                d1 *= shrink
                d2 *= shrink
            risk = np.exp(eta[i] - top)
            s0 += risk
            is_death = event[i] > 0.0
            if is_death:
                if n_deaths == 0:
                    d1[:], d2[:, :] = 0.0, 0.0
                n_deaths += 1
                d0 += risk
                loglik += weight[g] * eta[i]
            for a in range(k):
                risk_x = risk * x[i, a]
                s1[a] += risk_x
                if is_death:
                    d1[a] += risk_x
                    gradient[a] += weight[g] * x[i, a]
                for b in range(a + 1):
                    product = risk_x * x[i, b]
                    s2[a, b] += product
                    if is_death:
                        d2[a, b] += product
        n_terms = n_deaths if efron else min(n_deaths, 1)
        for j in range(n_terms):
            f = j / n_deaths  # 0 in the one term that Breslow has
            w = weight[g] if efron else weight[g] * n_deaths
            denominator = s0 - f * d0
            loglik -= w * (np.log(denominator) + top)
            for a in range(k):
                mean[a] = (s1[a] - f * d1[a]) / denominator
                gradient[a] -= w * mean[a]
                for b in range(a + 1):
                    second = (s2[a, b] - f * d2[a, b]) / denominator
                    information[a, b] += w * (second - mean[a] * mean[b])
    _mirror(information)
    return loglik


@jit
def cholesky(matrix: FloatArray, lower: FloatArray, tolerance: float) -> bool:
    """Fill `lower` with the Cholesky factor; False when a pivot is (relatively) zero."""
    k = matrix.shape[0]
    lower[:, :] = 0.0
    for a in range(k):
        for b in range(a + 1):
            total = matrix[a, b]
            for c in range(b):
                total -= lower[a, c] * lower[b, c]
            if a == b:
                if not total > tolerance * matrix[a, a]:
                    return False
                lower[a, a] = np.sqrt(total)
            else:
                lower[a, b] = total / lower[b, b]
    return True


@jit
def solve(lower: FloatArray, right: FloatArray, solution: FloatArray) -> None:
    """Solve lower lower' solution = right."""
    k = right.size
    for a in range(k):
        total = right[a]
        for c in range(a):
            total -= lower[a, c] * solution[c]
        solution[a] = total / lower[a, a]
    for a in range(k - 1, -1, -1):
        total = solution[a]
        for c in range(a + 1, k):
            total -= lower[c, a] * solution[c]
        solution[a] = total / lower[a, a]


@jit
def invert(lower: FloatArray, inverse: FloatArray) -> None:
    """Fill `inverse` with (lower lower')^-1."""
    k = lower.shape[0]
    unit, column = np.zeros(k), np.zeros(k)
    for a in range(k):
        unit[:] = 0.0
        unit[a] = 1.0
        solve(lower, unit, column)
        inverse[a, :] = column


@jit
def standardise(values: FloatArray, column: FloatArray) -> float:
    """Fill `column` with the centred, SD-scaled values; the SD is returned (0 when constant)."""
    n = values.size
    mean = 0.0
    for i in range(n):
        mean += values[i]
    mean /= n
    square, largest = 0.0, 0.0
    for i in range(n):
        square += (values[i] - mean) ** 2
        largest = max(largest, abs(values[i]))
    sd = math.sqrt(square / max(n - 1, 1))
    if not sd > 1e-13 * largest:
        sd = 0.0
    for i in range(n):
        column[i] = (values[i] - mean) / sd if sd > 0.0 else 0.0
    return sd
