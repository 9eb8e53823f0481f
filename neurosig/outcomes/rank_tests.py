"""The log-rank test."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import ClinicalWarning, TooFewEventsError, count
from neurosig.outcomes.survival_sample import survival_sample

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LogRank:
    """Result of a log-rank test; `table` has one row per group: group, n, observed, expected."""

    statistic: float
    df: int
    p_value: float
    table: pd.DataFrame


def logrank(
    time: ArrayLike,
    event: ArrayLike,
    groups: ArrayLike | pd.Series,
    *,
    strata: ArrayLike | pd.Series | None = None,
) -> LogRank:
    """Log-rank test of equal survival in k groups, optionally within strata.

        chi2 = (O - E)' V^- (O - E),  df = k - 1

    O, E: (k,) observed and expected events; V: (k, k) their hypergeometric covariance, summed over
    event times and strata.

    Parameters
    ----------
    time
        (n,) follow-up in any unit, not negative.
    event
        (n,) 1 = event, 0 = censored.
    groups
        (n,) group of each row; categories keep their order, others are sorted.
    strata
        (n,) stratum of each row: groups are compared within strata only.

    Returns
    -------
    LogRank
        `statistic` (chi2), `df`, `p_value`, and `table` with the columns `group, n, observed,
        expected`. Groups that were never at risk at an event do not count into `df`; without two
        groups that can be compared statistic and p-value are NaN.

    Raises
    ------
    TooFewEventsError
        There is no event.
    EndpointError
        As in `kaplan_meier`.

    Warns
    -----
    ClinicalWarning
        There is one group only, or rows with a missing value are left out.

    References
    ----------
    Mantel N (1966) Cancer Chemother Rep 50:163-170; Peto R, Peto J (1972) J R Stat Soc A
    135:185-207, doi:10.2307/2344317.

    Examples
    --------
    Weeks of remission, 6-MP and placebo (Freireich 1963, doi:10.1182/blood.V21.6.699.699).
    Kleinbaum and Klein, Survival Analysis, chapter 2: chi2 = 16.79, expected 19.25 and 10.75.

    >>> six_mp = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    >>> placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    >>> relapse = [int(digit) for digit in "111010100110001100000" + "1" * 21]
    >>> test = logrank(six_mp + placebo, relapse, ["6-MP"] * 21 + ["placebo"] * 21)
    >>> round(test.statistic, 2), test.df
    (16.79, 1)
    >>> test.table["observed"].tolist(), test.table["expected"].round(2).tolist()
    ([9.0, 21.0], [19.25, 10.75])
    """
    sample = survival_sample(time, event, groups, strata)
    if not sample.event.any():
        raise TooFewEventsError(
            "A log-rank test needs events",
            f"All {count(sample.event.size, 'row')} are censored",
            "Check the coding of the event, or choose another endpoint",
        )
    k = len(sample.names)
    observed, expected, covariance = np.zeros(k), np.zeros(k), np.zeros((k, k))
    for stratum in np.unique(sample.stratum):
        inside = sample.stratum == stratum
        o, e, v = _logrank_sums(sample.time[inside], sample.event[inside], sample.code[inside], k)
        observed, expected, covariance = observed + o, expected + e, covariance + v
    table = pd.DataFrame(
        {
            "group": pd.Series(list(sample.names), dtype=object),
            "n": np.bincount(sample.code, minlength=k),
            "observed": observed,
            "expected": expected,
        }
    )
    if k < 2:
        warnings.warn(
            ClinicalWarning(
                f"A log-rank test compares groups, and there is only {sample.names[0]!r}",
                f"All {count(sample.time.size, 'row')} are in it",
                "The test is skipped; choose a variable with at least two levels",
            ),
            stacklevel=2,
        )
        return LogRank(float("nan"), 0, float("nan"), table)
    return _logrank_result(observed, expected, covariance, table)


def _logrank_sums(
    time: FloatArray, event: FloatArray, code: NDArray[np.int64], k: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observed, expected and covariance of the events of each group within one stratum."""
    event_times = np.unique(time[event > 0])
    died, at_risk = np.zeros((event_times.size, k)), np.zeros((event_times.size, k))
    for g in range(k):
        group_time = np.sort(time[code == g])
        at_risk[:, g] = group_time.size - np.searchsorted(group_time, event_times, side="left")
        deaths = time[(code == g) & (event > 0)]
        died[:, g] = np.bincount(np.searchsorted(event_times, deaths), minlength=event_times.size)
    n, d = at_risk.sum(axis=1), died.sum(axis=1)
    share = at_risk / n[:, None]
    spread = d * (n - d) / np.maximum(n - 1, 1)
    outer = np.einsum("t,ti,tj->ij", spread, share, share)
    covariance = np.diag(spread @ share) - outer
    return died.sum(axis=0), d @ share, covariance


def _logrank_result(
    observed: FloatArray, expected: FloatArray, covariance: FloatArray, table: pd.DataFrame
) -> LogRank:
    """The statistic over the groups that were ever at risk at an event."""
    from scipy import special

    used = np.flatnonzero(expected > 0)
    free = used[:-1]
    difference = (observed - expected)[free]
    if not free.size or np.linalg.matrix_rank(covariance[np.ix_(free, free)]) < free.size:
        return LogRank(float("nan"), int(free.size), float("nan"), table)
    solved = np.linalg.solve(covariance[np.ix_(free, free)], difference)
    statistic = float(difference @ solved)
    return LogRank(statistic, free.size, float(special.chdtrc(free.size, statistic)), table)
