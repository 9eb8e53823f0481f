"""Gray's test of equal cumulative incidence of a cause in groups."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import ClinicalError, ParameterError, TooFewEventsError, count, examples
from neurosig.outcomes.arguments import is_number
from neurosig.outcomes.competing.incidence import CauseSample, cause_sample
from neurosig.outcomes.curves.risk_counts import product_limit

FloatArray = NDArray[np.float64]
_CERTAIN = 1.0 - 1e-12  # an incidence of 1 but for rounding


@dataclass(frozen=True, eq=False)
class GrayTest:
    """Result of Gray's test; `table` has one row per group: group, n, n_events, n_competing, score.

    score: weighted events of the cause minus those expected; positive where there are more.
    """

    statistic: float
    df: int
    p_value: float
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class _Stratum:
    """Counts of one stratum, (m, k) at the m times with an event, and curves per group.

    n: at risk; own, other: events of the cause and of all others; before, after: survival of any
    cause before and after each time; incidence: cumulative incidence before each time.
    """

    n: FloatArray
    own: FloatArray
    other: FloatArray
    before: FloatArray
    after: FloatArray
    incidence: FloatArray


def gray_test(
    time: ArrayLike,
    cause: ArrayLike,
    groups: ArrayLike | pd.Series,
    *,
    of: int = 1,
    rho: float = 0.0,
    strata: ArrayLike | pd.Series | None = None,
) -> GrayTest:
    """Gray's test of equal cumulative incidence of one cause in k groups.

        z_g = sum_t W(t) (d_1g - R_g d_1 / R),   W = (1 - F_0(t-))^rho
        R_g = n_g (1 - F_1g(t-)) / S_g(t-),      chi2 = z' V^- z,  df = k - 1

    d_1: events of the cause; n_g at risk in group g; S_g, F_1g: survival of any cause and
    cumulative incidence of the cause in g; R_g: the risk set of the subdistribution hazard, those
    lost to other causes kept in it; F_0: pooled cumulative incidence; V sums the variances of the
    martingales of the cause and of its competitors. Summed over strata.

    Parameters
    ----------
    time, cause, groups
        As in `cumulative_incidence`.
    of
        The cause to compare.
    rho
        Exponent of the weights; above 0 early differences count more.
    strata
        (n,) stratum of each row: groups are compared within strata only.

    Returns
    -------
    GrayTest
        `statistic` (chi2), `df`, `p_value` and `table`. Without a comparison within any stratum
        they are NaN.

    Raises
    ------
    ClinicalError
        There is one group only.
    TooFewEventsError
        There is no event of this cause.
    ParameterError
        `rho` is not a number.
    EndpointError
        As in `cumulative_incidence`.

    Warns
    -----
    ClinicalWarning
        Rows with a missing value are left out.

    References
    ----------
    Gray RJ (1988) Ann Stat 16:1141-1154, doi:10.1214/aos/1176350951.

    Examples
    --------
    By hand: at 1 one of "a" (3 of 6), at 2 one of "a" (2 of 5): the score is 2 - 3/6 - 2/5.

    >>> test = gray_test([1, 2, 3, 4, 5, 6], [1, 1, 0, 0, 0, 0], list("aaabbb"))
    >>> float(test.table["score"].round(10).iloc[0])
    1.1
    """
    if not (is_number(rho) and np.isfinite(rho)):
        raise ParameterError(f"rho cannot be {rho!r}", "It is an exponent", "The default is 0")
    causes = cause_sample(time, cause, groups, strata)
    sample, k = causes.sample, len(causes.sample.names)
    own = causes.cause == of
    if k < 2:
        raise ClinicalError(
            f"Gray's test compares groups, and there is only {sample.names[0]!r}",
            f"All {count(sample.time.size, 'row')} are in it",
            "Choose a variable with at least two levels",
        )
    if not own.any():
        raise TooFewEventsError(
            f"Nobody had an event of the cause {of!r}",
            f"The causes are {examples(causes.codes)}",
            "Name one of them: gray_test(..., of=...)",
        )
    score, covariance = np.zeros(k), np.zeros((k, k))
    for code in np.unique(sample.stratum):
        inside = sample.stratum == code
        if not own[inside].any():  # then it says nothing of the cause
            continue
        part = _stratum(causes, inside, of)
        score += _score(part, rho)
        covariance += _covariance(part, rho)
    table = pd.DataFrame(
        {
            "group": pd.Series(list(sample.names), dtype=object),
            "n": np.bincount(sample.code, minlength=k),
            "n_events": np.bincount(sample.code[own], minlength=k),
            "n_competing": np.bincount(sample.code[(causes.cause > 0) & ~own], minlength=k),
            "score": score,
        }
    )
    return _result(score, covariance, table)


def _stratum(causes: CauseSample, inside: NDArray[np.bool_], of: int) -> _Stratum:
    sample, k = causes.sample, len(causes.sample.names)
    time, code, cause = sample.time[inside], sample.code[inside], causes.cause[inside]
    at = np.unique(time[cause > 0])
    n, own, other = (np.zeros((at.size, k)) for _ in range(3))
    for g in range(k):
        member = code == g
        n[:, g] = member.sum() - np.searchsorted(np.sort(time[member]), at, side="left")
        for events, hit in ((own, cause == of), (other, (cause > 0) & (cause != of))):
            place = np.searchsorted(at, time[member & hit])
            events[:, g] = np.bincount(place, minlength=at.size)
    still = np.maximum(n, 1.0)
    after = product_limit(own + other, still)
    before = np.vstack((np.ones((1, k)), after))[:-1]
    incidence = np.cumsum(before * own / still, axis=0)
    return _Stratum(n, own, other, before, after, np.vstack((np.zeros((1, k)), incidence))[:-1])


def _inflated(part: _Stratum) -> FloatArray:
    """Rows at risk over S(t-): those who would be at risk without other causes."""
    return np.divide(part.n, part.before, out=np.zeros_like(part.n), where=part.n > 0)


def _pooled(part: _Stratum) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Increments of the pooled cumulative incidence, and the curve before and after each time."""
    total = _inflated(part).sum(axis=1)
    steps = part.own.sum(axis=1) / total
    after = np.cumsum(steps)
    return steps, np.concatenate(([0.0], after[:-1])), after


def _weights(pool_before: FloatArray, rho: float) -> FloatArray:
    """(1 - F(t-))^rho of the pooled curve, 0 after its end."""
    left = 1.0 - pool_before
    return np.power(left, rho, out=np.zeros_like(left), where=pool_before < _CERTAIN)


def _score(part: _Stratum, rho: float) -> FloatArray:
    weight = _weights(_pooled(part)[1], rho)
    risk = _inflated(part) * (1.0 - part.incidence)
    expected = part.own.sum(axis=1)[:, None] * risk / risk.sum(axis=1, keepdims=True)
    return np.asarray(weight @ (part.own - expected), dtype=np.float64)


def _covariance(part: _Stratum, rho: float) -> FloatArray:
    """Variance of the scores: the predictable variation of the martingales they are sums of.

    a[t, i, g] = W (R_i 1(i = g) - R_i R_g / R) with R = n / S(t-), c its integral over the pooled
    subdistribution hazard. Per time and group g the cause adds v_1 (a + q_1 e)(a + q_1 e)' and its
    competitors v_2 q_2^2 e e', with e = c(end) - c(t).
    """
    steps, pool_before, pool_after = _pooled(part)
    size = _inflated(part)
    total = size.sum(axis=1)
    weight = _weights(pool_before, rho)
    share = size[:, :, None] * size[:, None, :] / total[:, None, None]
    k = size.shape[1]
    a = weight[:, None, None] * (size[:, :, None] * np.eye(k) - share)
    # the curve ends at 1 after a group has died out: then one is left, and a is 0
    hazard = np.divide(
        steps, 1.0 - pool_before, out=np.zeros_like(steps), where=pool_before < _CERTAIN
    )
    c = np.cumsum(a * hazard[:, None, None], axis=0)
    to_come = c[-1] - c
    alive, present = part.after > 0, part.n > 0
    ratio = np.divide(
        (1.0 - pool_after)[:, None], part.after, out=np.zeros_like(part.after), where=alive
    )
    n_own = part.own.sum(axis=1)[:, None]
    still = np.where(present, part.n, 1.0)
    own_ties = 1.0 - np.maximum(n_own - 1.0, 0.0) / np.maximum(
        total[:, None] * part.before - 1.0, np.finfo(np.float64).tiny
    )
    v1 = np.where(present & (n_own > 0), own_ties * part.before * steps[:, None] / still, 0.0)
    other_ties = 1.0 - np.maximum(part.other - 1.0, 0.0) / np.maximum(part.n - 1.0, 1.0)
    v2 = np.where(alive, other_ties * part.before**2 * part.other / still**2, 0.0)
    first = a + (1.0 - ratio)[:, None, :] * to_come
    second = ratio[:, None, :] * to_come
    return np.asarray(
        np.einsum("tg,tig,tjg->ij", v1, first, first)
        + np.einsum("tg,tig,tjg->ij", v2, second, second)
    )


def _result(score: FloatArray, covariance: FloatArray, table: pd.DataFrame) -> GrayTest:
    from scipy import special

    used = np.flatnonzero(np.diag(covariance) > 0)
    free = used[:-1]
    inner = covariance[np.ix_(free, free)]
    if not free.size or np.linalg.matrix_rank(inner) < free.size:
        return GrayTest(float("nan"), int(free.size), float("nan"), table)
    statistic = float(score[free] @ np.linalg.solve(inner, score[free]))
    return GrayTest(statistic, free.size, float(special.chdtrc(free.size, statistic)), table)
