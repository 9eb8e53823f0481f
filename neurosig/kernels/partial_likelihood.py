"""Pieces of a Cox fit for one design: the partial likelihood and the linear algebra of a step.

With r = exp(offset + x b), w the case weights, S0, S1, S2 the sums of w r, w r x and w r x x' over
the risk set of an event time, D0, D1, D2 the same sums over its d deaths, v the mean weight of
these deaths and f = j / d, the terms j = 0 .. d-1 of that time are (Efron; Breslow has f = 0)

    loglik       sum over deaths of w log(r) - v sum_j log(S0 - f D0)
    mean_j       (S1 - f D1) / (S0 - f D0)
    gradient     sum over deaths of w x      - v sum_j mean_j
    information  v sum_j (S2 - f D2) / (S0 - f D0) - mean_j mean_j'

Rows join the sums from the last time to the first, and leave them where they were not yet under
observation (delayed entry).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit

FloatArray = NDArray[np.float64]


class RiskRows(NamedTuple):
    """Rows in the order of their risk sets, see `times.RiskSets`.

    event, weight, offset: (n,); start, opens: of the groups of equal times; leaving: (m,) places of
    the rows that leave, in the order of leaving; n_left: (n_groups,) how many have left before the
    group; efron: the treatment of ties.
    """

    event: FloatArray
    weight: FloatArray
    offset: FloatArray
    start: NDArray[np.int64]
    opens: NDArray[np.bool_]
    leaving: NDArray[np.int64]
    n_left: NDArray[np.int64]
    efron: bool


@jit
def linear_predictor(x: FloatArray, beta: FloatArray, offset: FloatArray) -> FloatArray:
    """The offset plus x beta."""
    eta = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        total = offset[i]
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
def _add(x: FloatArray, i: int, risk: float, s1: FloatArray, s2: FloatArray) -> None:
    """Add row i, with its risk, to the sums of x and x x'; a negative risk takes it out."""
    for a in range(x.shape[1]):
        risk_x = risk * x[i, a]
        s1[a] += risk_x
        for b in range(a + 1):
            s2[a, b] += risk_x * x[i, b]


@jit
def _subtract(
    at_risk: tuple[float, FloatArray, FloatArray],
    dying: tuple[float, FloatArray, FloatArray],
    f: float,
    weight: float,
    gradient: FloatArray,
    information: FloatArray,
) -> float:
    """Take one term from the gradient and add it to the information; its log is returned."""
    s0, s1, s2 = at_risk
    d0, d1, d2 = dying
    denominator = s0 - f * d0
    mean = (s1 - f * d1) / denominator
    for a in range(mean.size):
        gradient[a] -= weight * mean[a]
        for b in range(a + 1):
            second = (s2[a, b] - f * d2[a, b]) / denominator
            information[a, b] += weight * (second - mean[a] * mean[b])
    return float(weight * np.log(denominator))


@jit
def derivatives(
    x: FloatArray,
    beta: FloatArray,
    rows: RiskRows,
    factor: FloatArray,
    gradient: FloatArray,
    information: FloatArray,
) -> float:
    """Log-likelihood; gradient and information are filled, each event time with its factor."""
    k = x.shape[1]
    eta = linear_predictor(x, beta, rows.offset)
    top = (
        -np.inf
    )  # largest eta of the risk set: the sums are kept over exp(top), which none exceeds
    s0, s1, s2 = 0.0, np.zeros(k), np.zeros((k, k))
    d1, d2 = np.zeros(k), np.zeros((k, k))
    gradient[:], information[:, :] = 0.0, 0.0
    loglik, left, n_at_risk = 0.0, 0, 0
    for g in range(rows.start.size - 1):
        if rows.opens[g]:
            n_at_risk = 0
        while left < rows.n_left[g]:
            i = rows.leaving[left]
            left, n_at_risk = left + 1, n_at_risk - 1
            risk = rows.weight[i] * np.exp(eta[i] - top)
            s0 -= risk
            _add(x, i, -risk, s1, s2)
        if n_at_risk == 0:  # no rounding error stays behind
            s0, top = 0.0, -np.inf
            s1[:], s2[:, :] = 0.0, 0.0
        n_deaths, d0, d_weight = 0, 0.0, 0.0
        n_at_risk += rows.start[g + 1] - rows.start[g]
        for i in range(rows.start[g], rows.start[g + 1]):
            if eta[i] > top:
                shrink = np.exp(top - eta[i])
                top = eta[i]
                s0 *= shrink
                s1 *= shrink
                s2 *= shrink
                d0 *= shrink
                d1 *= shrink
                d2 *= shrink
            w = rows.weight[i]
            risk = w * np.exp(eta[i] - top)
            s0 += risk
            _add(x, i, risk, s1, s2)
            if rows.event[i] > 0.0:
                if n_deaths == 0:
                    d1[:], d2[:, :] = 0.0, 0.0
                n_deaths, d_weight = n_deaths + 1, d_weight + w
                d0 += risk
                loglik += factor[g] * w * eta[i]
                _add(x, i, risk, d1, d2)
                for a in range(k):
                    gradient[a] += factor[g] * w * x[i, a]
        if n_deaths > 0:
            weight = factor[g] * d_weight
            n_terms = n_deaths if rows.efron else 1
            at_risk, dying = (s0, s1, s2), (d0, d1, d2)
            loglik -= weight * top
            for j in range(n_terms):
                f = j / n_deaths  # 0 in the one term that Breslow has
                loglik -= _subtract(at_risk, dying, f, weight / n_terms, gradient, information)
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
