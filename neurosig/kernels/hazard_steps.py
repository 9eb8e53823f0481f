"""The steps of the baseline hazard at given coefficients, and what residuals are made of.

In the notation of partial_likelihood.py the cumulative hazard grows at an event time by

    step   sum_j v / (S0 - f D0)          spread   sum_j v / (S0 - f D0)^2
    moment sum_j v mean_j / (S0 - f D0)

A row that dies there has itself only been exposed to the part 1 - f of each term: `late` and
`late_moment` are the sums of f times the terms, which its residuals get back.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit
from neurosig.kernels.partial_likelihood import RiskRows, leave, linear_predictor
from neurosig.kernels.times import RiskSets

FloatArray = NDArray[np.float64]


class HazardSteps(NamedTuple):
    """One entry per group of equal times, in the order of the risk sets.

    step, spread, late: (n_groups,); moment, late_moment, mean: (n_groups, k), `mean` the average
    of mean_j over the terms; n_deaths, n_at_risk: (n_groups,) rows.
    """

    step: FloatArray
    spread: FloatArray
    late: FloatArray
    moment: FloatArray
    late_moment: FloatArray
    mean: FloatArray
    n_deaths: NDArray[np.int64]
    n_at_risk: NDArray[np.int64]


@jit
def _fill(x: FloatArray, eta: FloatArray, rows: RiskRows, out: HazardSteps) -> None:
    k, n_at_risk = x.shape[1], 0
    s0, s1, s2 = np.zeros(1), np.zeros(k), np.zeros((k, k))
    risk = rows.weight * np.exp(eta)
    for g in range(rows.start.size - 1):
        if rows.opens[g]:
            n_at_risk, s0[:], s1[:] = 0, 0.0, 0.0
        elif rows.n_left[g] > rows.n_left[g - 1]:
            leave(x, risk, rows, g, (s0, s1, s2))
            n_at_risk -= rows.n_left[g] - rows.n_left[g - 1]
        n_deaths, d0, d1, d_weight = 0, 0.0, np.zeros(k), 0.0
        for i in range(rows.start[g], rows.start[g + 1]):
            s0 += risk[i]
            s1 += risk[i] * x[i]
            n_at_risk += 1
            if rows.event[i] > 0.0:
                n_deaths += 1
                d0 += risk[i]
                d1 += risk[i] * x[i]
                d_weight += rows.weight[i]
        out.n_deaths[g], out.n_at_risk[g] = n_deaths, n_at_risk
        n_terms = n_deaths if rows.efron else min(n_deaths, 1)
        for j in range(n_terms):
            f = j / n_deaths
            denominator = s0[0] - f * d0
            part = d_weight / n_terms / denominator
            out.step[g] += part
            out.spread[g] += part / denominator
            out.late[g] += f * part
            for a in range(k):
                mean = (s1[a] - f * d1[a]) / denominator
                out.moment[g, a] += part * mean
                out.late_moment[g, a] += f * part * mean
                out.mean[g, a] += mean / n_terms


def hazard_steps(x: FloatArray, coef: FloatArray, rows: RiskRows) -> HazardSteps:
    """The steps at the coefficients; x: (n, k) in the order of the risk sets.

    >>> from neurosig.kernels.cox import risk_rows
    >>> from neurosig.kernels.times import risk_sets
    >>> rows = risk_rows(risk_sets(np.array([1.0, 2.0, 2.0])), np.array([1.0, 1.0, 1.0]))
    >>> hazard_steps(np.zeros((3, 1)), np.zeros(1), rows).step.tolist()  # 1/2 + 1/1, then 1/3
    [1.5, 0.3333333333333333]
    """
    n_groups, k = rows.start.size - 1, x.shape[1]
    steps = HazardSteps(
        *np.zeros((3, n_groups)), *np.zeros((3, n_groups, k)), *np.zeros((2, n_groups), np.int64)
    )
    _fill(x, linear_predictor(x, coef, rows.offset), rows, steps)
    return steps


def cumulated(sets: RiskSets, values: FloatArray) -> FloatArray:
    """Sums over the groups of a stratum up to each group's time; values: (n_groups, ...)."""
    total = np.empty_like(values)
    bounds = np.append(np.flatnonzero(sets.opens), sets.time.size)
    for low, high in pairwise(bounds):
        total[low:high] = np.cumsum(values[low:high][::-1], axis=0)[::-1]
    return total


def exposure(sets: RiskSets, values: FloatArray) -> FloatArray:
    """Per row, in the order of the risk sets: the sum of `values` over its time at risk."""
    total = cumulated(sets, values)
    group = np.repeat(np.arange(sets.time.size), np.diff(sets.start))
    before = np.concatenate([total, np.zeros_like(total[:1])])[sets.leaves]
    return np.asarray(total[group] - before)


def score_residuals(
    x: FloatArray, coef: FloatArray, sets: RiskSets, rows: RiskRows, steps: HazardSteps
) -> FloatArray:
    """Score residuals (n, k) in the order of the risk sets, not multiplied by the weights.

        event (x - mean at its time) - r (x H - M),  H and M the row's exposure to step and moment

    with the late parts given back to rows with the event. Their weighted sum is the gradient.

    References
    ----------
    Lin DY, Wei LJ (1989) J Am Stat Assoc 84:1074-1078, doi:10.1080/01621459.1989.10478874.
    """
    group = np.repeat(np.arange(sets.time.size), np.diff(sets.start))
    event = rows.event[:, None]
    hazard = exposure(sets, steps.step)[:, None] - event * steps.late[group][:, None]
    moment = exposure(sets, steps.moment) - event * steps.late_moment[group]
    risk = np.exp(linear_predictor(x, coef, rows.offset))[:, None]
    return np.asarray(event * (x - steps.mean[group]) - risk * (x * hazard - moment))


def martingale_residuals(
    x: FloatArray, coef: FloatArray, sets: RiskSets, rows: RiskRows, steps: HazardSteps
) -> FloatArray:
    """Event minus expected events, (n,) in the order of the risk sets."""
    group = np.repeat(np.arange(sets.time.size), np.diff(sets.start))
    hazard = exposure(sets, steps.step) - rows.event * steps.late[group]
    risk = np.exp(linear_predictor(x, coef, rows.offset))
    return np.asarray(rows.event - risk * hazard)
