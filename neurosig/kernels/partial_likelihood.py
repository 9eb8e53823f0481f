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

from neurosig.kernels.exponential import scaled_exp
from neurosig.kernels.jit import jit

FloatArray = NDArray[np.float64]

_WIDEST_ETA = 600.0
_SMALL_REST = 1e-6


class RiskRows(NamedTuple):
    """Rows in the order of their risk sets, see `times.RiskSets`.

    event, weight, offset: (n,); start, opens: of the groups of equal times; leaves: (n,) the group
    before which a row leaves; leaving: (m,) places of the rows that do, in the order of leaving;
    n_left: (n_groups,) how many have left before the group; efron: the treatment of ties; n_deaths,
    death_weight: (n_groups,) events of the group and the sum of their weights.
    """

    event: FloatArray
    weight: FloatArray
    offset: FloatArray
    start: NDArray[np.int64]
    opens: NDArray[np.bool_]
    leaves: NDArray[np.int64]
    leaving: NDArray[np.int64]
    n_left: NDArray[np.int64]
    efron: bool
    n_deaths: NDArray[np.int64]
    death_weight: FloatArray


@jit
def linear_predictor(x: FloatArray, beta: FloatArray, offset: FloatArray) -> FloatArray:
    """The offset plus x beta."""
    n, k = x.shape
    eta = offset.copy()
    first = k // 4 * 4
    for a in range(0, first, 4):  # four at a time, whose coefficients stay in registers
        b0, b1, b2, b3 = beta[a], beta[a + 1], beta[a + 2], beta[a + 3]
        for i in range(n):
            total = eta[i] + x[i, a] * b0
            total += x[i, a + 1] * b1
            total += x[i, a + 2] * b2
            eta[i] = total + x[i, a + 3] * b3
    for a in range(first, k):
        for i in range(n):
            eta[i] += x[i, a] * beta[a]
    return eta


@jit
def mirror(matrix: FloatArray) -> None:
    """Copy the lower triangle to the upper."""
    for a in range(matrix.shape[0]):
        for b in range(a):
            matrix[b, a] = matrix[a, b]


@jit
def scaled_risks(eta: FloatArray, weight: FloatArray, risk: FloatArray) -> float:
    """Fill weight exp(eta - top) and return top, the largest eta; -inf where some underflow."""
    top, lowest = -np.inf, np.inf
    for i in range(eta.size):
        top, lowest = max(top, eta[i]), min(lowest, eta[i])
    if not top - lowest < _WIDEST_ETA:
        return -np.inf
    scaled_exp(eta, top, weight, risk)
    return top


@jit
def _lifted(top: float, eta: FloatArray, s0: FloatArray, s1: FloatArray, s2: FloatArray) -> float:
    """Bring the sums to a top that none of these eta exceeds, and return it."""
    new = max(top, np.max(eta))
    s0 *= np.exp(top - new)
    s1 *= np.exp(top - new)
    s2 *= np.exp(top - new)
    return float(new)


@jit
def leave(
    x: FloatArray,
    risk: FloatArray,
    rows: RiskRows,
    g: int,
    sums: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    """Take the rows that leave before group g out of the sums.

    Where they were nearly all of a sum, what is left of it would be rounding error: then the rows
    that stay are summed again.
    """
    s0, s1, s2 = sums
    before, sign = s0[0], -1.0
    places = rows.leaving[rows.n_left[g - 1] if g > 0 else 0 : rows.n_left[g]]
    for attempt in range(2):
        for i in places:
            s0[0] += sign * risk[i]
            for a in range(x.shape[1]):
                s1[a] += sign * risk[i] * x[i, a]
                for b in range(a + 1):
                    s2[a, b] += sign * risk[i] * x[i, a] * x[i, b]
        if attempt == 1 or s0[0] > _SMALL_REST * before:
            return
        first = g
        while not rows.opens[first]:
            first -= 1
        stays = rows.leaves[rows.start[first] : rows.start[g]] > g
        places = rows.start[first] + np.flatnonzero(stays)
        s0[:], s1[:], s2[:, :], sign = 0.0, 0.0, 0.0, 1.0


@jit
def derivatives(
    x: FloatArray,
    beta: FloatArray,
    rows: RiskRows,
    factor: FloatArray,
    gradient: FloatArray,
    information: FloatArray,
) -> float:
    """Log-likelihood; gradient and information are filled, each event time with its factor.

    The sums are kept over exp(top), which no eta exceeds. In the loop over rows nothing is called
    and no array is made: either would take longer than the arithmetic.
    """
    k, event, weight = x.shape[1], rows.event, rows.weight
    eta = linear_predictor(x, beta, rows.offset)
    risk = np.empty(eta.size)
    top = scaled_risks(eta, weight, risk)
    is_wide = top == -np.inf  # then top is the largest eta so far
    s0, s1, s2 = np.zeros(1), np.zeros(k), np.zeros((k, k))
    d1, d2, mean = np.zeros(k), np.zeros((k, k)), np.zeros(k)
    gradient[:], information[:, :] = 0.0, 0.0
    loglik = 0.0
    for g in range(rows.start.size - 1):
        low, high = rows.start[g], rows.start[g + 1]
        if rows.opens[g]:
            s0[:], s1[:], s2[:, :] = 0.0, 0.0, 0.0
            top = -np.inf if is_wide else top
        elif rows.n_left[g] > rows.n_left[g - 1]:
            if is_wide:
                risk[:low] = weight[:low] * np.exp(eta[:low] - top)
            leave(x, risk, rows, g, (s0, s1, s2))
        if is_wide:
            top = _lifted(top, eta[low:high], s0, s1, s2)
            risk[low:high] = weight[low:high] * np.exp(eta[low:high] - top)
        n_deaths, d0, d_weight = 0, 0.0, 0.0
        d1[:], d2[:, :] = 0.0, 0.0
        for i in range(low, high):
            s0[0] += risk[i]
            is_death = event[i] > 0.0
            if is_death:
                n_deaths, d_weight = n_deaths + 1, d_weight + weight[i]
                d0 += risk[i]
                loglik += factor[g] * weight[i] * eta[i]
            for a in range(k):
                risk_x = risk[i] * x[i, a]
                s1[a] += risk_x
                if is_death:
                    d1[a] += risk_x
                    gradient[a] += factor[g] * weight[i] * x[i, a]
                for b in range(a + 1):
                    s2[a, b] += risk_x * x[i, b]
                    if is_death:
                        d2[a, b] += risk_x * x[i, b]
        n_terms = n_deaths if rows.efron else min(n_deaths, 1)
        for j in range(n_terms):
            f = j / n_deaths  # 0 in the one term that Breslow has
            v = factor[g] * d_weight / n_terms
            denominator = s0[0] - f * d0
            share = 1.0 / denominator
            loglik -= v * (np.log(denominator) + top)
            for a in range(k):
                mean[a] = (s1[a] - f * d1[a]) * share
                gradient[a] -= v * mean[a]
                for b in range(a + 1):
                    second = (s2[a, b] - f * d2[a, b]) * share
                    information[a, b] += v * (second - mean[a] * mean[b])
    mirror(information)
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
