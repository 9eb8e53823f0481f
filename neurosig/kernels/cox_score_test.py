"""The score test of one more column in a fitted Cox model, for many columns without iteration.

At the estimate gamma of the model with the covariates z alone, and with coefficient 0 for the
column x, each event time has the terms j = 0 .. d - 1 of partial_likelihood.py. With the weights
w_ij = exp(gamma' z_i) (1 - f_j [i dies then]) / (S0 - f_j D0) of the rows at risk,

    U     sum over events of x   - sum_j mean_j,           mean_j = sum_i w_ij x_i
    I_xx  sum_i h_i x_i^2        - sum_j mean_j^2,         h_i = sum_j w_ij
    I_xz  sum_i h_i x_i z_i      - sum_j mean_j zmean_j
    z     U / sqrt(I_xx - I_xz I_zz^-1 I_xz')

What does not depend on x is found once; a column then costs one pass over its rows.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.cox import Ties
from neurosig.kernels.jit import jit
from neurosig.kernels.times import risk_sets

FloatArray = NDArray[np.float64]
_NO_INFORMATION = 1e-10  # share of the information of x that the covariates leave


class ScoreTestTerms(NamedTuple):
    """What the test of any column needs of the fitted model; rows in the order of `order`.

    order: (n,) rows of the data; start, opens: the groups of equal times, as in `RiskSets`;
    event, risk, held: (n,) events, exp(gamma' z), h; z: (n, p) centred covariates;
    first: (n_groups + 1,) first term of each group; weight, share, denominator: (n_terms,) how
    often a term counts, f and S0 - f D0; z_mean: (n_terms, p); inverse: (p, p) of I_zz.
    """

    order: NDArray[np.int64]
    start: NDArray[np.int64]
    opens: NDArray[np.bool_]
    event: FloatArray
    risk: FloatArray
    held: FloatArray
    z: FloatArray
    first: NDArray[np.int64]
    weight: FloatArray
    share: FloatArray
    denominator: FloatArray
    z_mean: FloatArray
    inverse: FloatArray


def score_test_terms(
    time: FloatArray,
    event: FloatArray,
    covariates: FloatArray,
    coef: FloatArray,
    *,
    strata: NDArray[np.int64] | None = None,
    ties: Ties = "efron",
) -> ScoreTestTerms:
    """Prepare the test in the model with `covariates` (n, p), fitted as `coef` (p,)."""
    sets = risk_sets(time, strata)
    events = event[sets.order]
    z = covariates[sets.order] - covariates.mean(axis=0)
    eta = z @ coef
    risk = np.exp(eta - eta.max(initial=-np.inf)) if eta.size else np.ones(0)
    n_deaths = np.add.reduceat(events, sets.start[:-1]).astype(np.int64)
    n_terms = n_deaths if ties == "efron" else np.minimum(n_deaths, 1)
    first = np.concatenate(([0], np.cumsum(n_terms)))
    of_group = np.repeat(np.arange(n_deaths.size), n_terms)
    place = np.arange(first[-1]) - first[of_group]
    share = place / np.maximum(n_deaths[of_group], 1)
    weight = np.ones(place.size) if ties == "efron" else n_deaths[of_group].astype(np.float64)
    denominator = np.zeros(place.size)
    z_mean, held = np.zeros((place.size, z.shape[1])), np.zeros(time.size)
    _fill_terms(
        sets.start,
        sets.opens,
        events,
        risk,
        z,
        first,
        weight,
        share,
        denominator,
        z_mean,
        held,
    )
    information = (z * held[:, None]).T @ z - (z_mean * weight[:, None]).T @ z_mean
    inverse = np.linalg.inv(information) if z.shape[1] else np.zeros((0, 0))
    return ScoreTestTerms(
        order=sets.order,
        start=sets.start,
        opens=sets.opens,
        event=events,
        risk=risk,
        held=held,
        z=np.ascontiguousarray(z),
        first=first,
        weight=weight,
        share=share,
        denominator=denominator,
        z_mean=z_mean,
        inverse=inverse,
    )


@jit
def _fill_terms(
    start: NDArray[np.int64],
    opens: NDArray[np.bool_],
    event: FloatArray,
    risk: FloatArray,
    z: FloatArray,
    first: NDArray[np.int64],
    weight: FloatArray,
    share: FloatArray,
    denominator: FloatArray,
    z_mean: FloatArray,
    held: FloatArray,
) -> None:
    """Fill the denominators and means of the terms, and h of the rows."""
    p = z.shape[1]
    s0, s1 = 0.0, np.zeros(p)
    d1 = np.zeros(p)
    for g in range(start.size - 1):
        if opens[g]:
            s0 = 0.0
            s1[:] = 0.0
        d0 = 0.0
        d1[:] = 0.0
        for i in range(start[g], start[g + 1]):
            s0 += risk[i]
            s1 += risk[i] * z[i]
            if event[i] > 0.0:
                d0 += risk[i]
                d1 += risk[i] * z[i]
        for t in range(first[g], first[g + 1]):
            denominator[t] = s0 - share[t] * d0
            for a in range(p):
                z_mean[t, a] = (s1[a] - share[t] * d1[a]) / denominator[t]
    hazard = 0.0  # over the event times of the stratum up to that of the group
    for g in range(start.size - 2, -1, -1):
        own, of_deaths = 0.0, 0.0
        for t in range(first[g], first[g + 1]):
            own += weight[t] / denominator[t]
            of_deaths += weight[t] * share[t] / denominator[t]
        hazard += own
        for i in range(start[g], start[g + 1]):
            held[i] = risk[i] * (hazard - (of_deaths if event[i] > 0.0 else 0.0))
        if opens[g]:
            hazard = 0.0


def score_test_z(terms: ScoreTestTerms, columns: FloatArray) -> FloatArray:
    """Signed root of the score statistic of each of the C columns (n, C): (C,).

    NaN for a column with a missing value, and for one that is constant or determined by the
    covariates: it has no information.

    Examples
    --------
    By hand: at both events half of the rows at risk have x = 1. U = (1 - 1/2) + (1 - 1/2) = 1 and
    I = 1/4 + 1/4, so z = 1 / sqrt(1/2).

    >>> time, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 0.0, 1.0, 0.0])
    >>> terms = score_test_terms(time, event, np.empty((4, 0)), np.empty(0))
    >>> score_test_z(terms, np.array([[1.0], [0.0], [1.0], [0.0]])).round(4).tolist()
    [1.4142]
    """
    rows = np.ascontiguousarray(columns[terms.order].T, dtype=np.float64)
    found = np.empty(len(rows))
    _score_rows(
        rows,
        terms.start,
        terms.opens,
        terms.event,
        terms.risk,
        terms.held,
        terms.z,
        terms.first,
        terms.weight,
        terms.share,
        terms.denominator,
        terms.z_mean,
        terms.inverse,
        found,
    )
    return found


@jit
def _score_rows(
    rows: FloatArray,
    start: NDArray[np.int64],
    opens: NDArray[np.bool_],
    event: FloatArray,
    risk: FloatArray,
    held: FloatArray,
    z: FloatArray,
    first: NDArray[np.int64],
    weight: FloatArray,
    share: FloatArray,
    denominator: FloatArray,
    z_mean: FloatArray,
    inverse: FloatArray,
    found: FloatArray,
) -> None:
    n, p = z.shape
    x, cross = np.empty(n), np.zeros(p)
    for c in range(rows.shape[0]):
        mean, largest = 0.0, 0.0
        for i in range(n):
            mean += rows[c, i]
            largest = max(largest, abs(rows[c, i]))
        mean /= n
        raw, information, gradient, s1 = 0.0, 0.0, 0.0, 0.0
        cross[:] = 0.0
        for i in range(n):
            x[i] = rows[c, i] - mean
            raw += held[i] * x[i] * x[i]
            for a in range(p):
                cross[a] += held[i] * x[i] * z[i, a]
        for g in range(start.size - 1):
            if opens[g]:
                s1 = 0.0
            d1 = 0.0
            for i in range(start[g], start[g + 1]):
                s1 += risk[i] * x[i]
                if event[i] > 0.0:
                    d1 += risk[i] * x[i]
                    gradient += x[i]
            for t in range(first[g], first[g + 1]):
                at_term = (s1 - share[t] * d1) / denominator[t]
                gradient -= weight[t] * at_term
                information -= weight[t] * at_term * at_term
                for a in range(p):
                    cross[a] -= weight[t] * at_term * z_mean[t, a]
        information += raw
        for a in range(p):
            for b in range(p):
                information -= cross[a] * inverse[a, b] * cross[b]
        enough = information > _NO_INFORMATION * raw and raw > (1e-13 * largest) ** 2
        found[c] = gradient / np.sqrt(information) if enough else np.nan
