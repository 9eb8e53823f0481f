"""The log-rank test and its weighted relatives."""

import warnings
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import ClinicalWarning, SmallSampleWarning, TooFewEventsError, count, examples
from neurosig.outcomes.curves.rank_weights import RankWeights, Weighting
from neurosig.outcomes.curves.survival_sample import SurvivalSample, survival_sample

FloatArray = NDArray[np.float64]

FEW_LATE_EVENTS: Final = 2.0
_NO_VARIANCE: Final = 1e-10
"""An eigenvalue of a correlation matrix that is rounding error alone."""


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
    weighting: Weighting = "logrank",
    rho: float = 0.0,
    gamma: float = 0.0,
    entry: ArrayLike | None = None,
) -> LogRank:
    """Log-rank test of equal survival in k groups, optionally weighted and within strata.

        chi2 = (O - E)' V^- (O - E),  df = rank V
        O - E = sum_t w(t) (d(t) - d_all(t) n(t) / n_all(t))

    d, n: (k,) events and rows at risk of each group at an event time; V: (k, k) the hypergeometric
    covariance, with weights w^2, summed over event times and strata. Its rank is k - 1, less where
    groups never meet: one that was never at risk at an event, or groups of different strata, which
    are compared within each stratum only. The unweighted test is best
    where hazards are proportional. Choose weights before looking at the curves: of several
    weights, the one with the smallest p is not a test.

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
    weighting
        w(t): "logrank" (1), "gehan" (all rows at risk; depends on the censoring), "tarone-ware"
        (its square root) or "fleming-harrington" (S(t-)^rho (1 - S(t-))^gamma, S the pooled
        Kaplan-Meier curve of the stratum).
    rho, gamma
        Exponents of the Fleming-Harrington weights: rho=1 is for early, gamma=1 for late
        differences.
    entry
        (n,) delayed entry, as in `kaplan_meier`.

    Returns
    -------
    LogRank
        `statistic` (chi2), `df`, `p_value`, and `table` with the columns `group, n, observed,
        expected`, the last two weighted. Without two groups that can be compared statistic and
        p-value are NaN.

    Raises
    ------
    TooFewEventsError
        There is no event.
    EndpointError
        As in `kaplan_meier`.
    ParameterError
        `weighting`, `rho` or `gamma` has a value that is not allowed, or they contradict each
        other.

    Warns
    -----
    ClinicalWarning
        There is one group only, or rows with a missing value are left out.
    SmallSampleWarning
        Weights for late events (gamma) and a group that expects fewer than 2 of them, each counted
        by its weight relative to the largest.

    References
    ----------
    Mantel N (1966) Cancer Chemother Rep 50:163-170; Peto R, Peto J (1972) J R Stat Soc A
    135:185-207, doi:10.2307/2344317; Gehan EA (1965) Biometrika 52:203-223,
    doi:10.1093/biomet/52.1-2.203; Tarone RE, Ware J (1977) Biometrika 64:156-160,
    doi:10.1093/biomet/64.1.156; Harrington DP, Fleming TR (1982) Biometrika 69:553-566,
    doi:10.1093/biomet/69.3.553.

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
    weights = RankWeights(weighting, rho, gamma)
    sample = survival_sample(time, event, groups, strata, entry=entry)
    sums = rank_sums(sample, weights)
    k = len(sample.names)
    table = sums.table(sample)
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
    warn_of_few_late(sums, sample.names, weights)
    return _logrank_result(sums, table)


@dataclass(frozen=True, eq=False)
class RankSums:
    """Weighted observed and expected events per group (k,), and their covariance (k, k).

    largest_weight: of an event time.
    """

    observed: FloatArray
    expected: FloatArray
    covariance: FloatArray
    largest_weight: float

    def table(self, sample: SurvivalSample) -> pd.DataFrame:
        """One row per group: group, n, observed, expected."""
        return pd.DataFrame(
            {
                "group": pd.Series(list(sample.names), dtype=object),
                "n": np.bincount(sample.code, minlength=len(sample.names)),
                "observed": self.observed,
                "expected": self.expected,
            }
        )


def rank_sums(sample: SurvivalSample, weights: RankWeights) -> RankSums:
    """Sum over event times and strata.

    Raises
    ------
    TooFewEventsError
        There is no event.
    """
    if not sample.event.any():
        raise TooFewEventsError(
            "A log-rank test needs events",
            f"All {count(sample.event.size, 'row')} are censored",
            "Check the coding of the event, or choose another endpoint",
        )
    parts = [_stratum_sums(sample, weights, code) for code in np.unique(sample.stratum)]
    observed, expected, covariance, largest = zip(*parts, strict=True)
    return RankSums(
        np.sum(observed, axis=0), np.sum(expected, axis=0), np.sum(covariance, axis=0), max(largest)
    )


def warn_of_few_late(sums: RankSums, names: Sequence[Hashable], weights: RankWeights) -> None:
    """Where weights for late events leave a group hardly any: the chi-square is not reached."""
    if not weights.gamma or not sums.largest_weight > 0:
        return
    expected = sums.expected / sums.largest_weight
    few = np.flatnonzero((expected > 0) & (expected < FEW_LATE_EVENTS))
    if few.size:
        groups = examples([names[int(g)] for g in few])
        warnings.warn(
            SmallSampleWarning(
                f"Weights for late events leave few of them in {groups}",
                f"{expected[few].min():.2g} events are expected there, each counted by its weight; "
                f"below {FEW_LATE_EVENTS:.0f} tests at 5 % reject a true null hypothesis in 8 to "
                "16 % (one simulation)",
                "Use the unweighted test, or join groups",
            ),
            stacklevel=3,
        )


def _stratum_sums(
    sample: SurvivalSample, weights: RankWeights, stratum: int
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Observed, expected and covariance of the events of each group, and the largest weight."""
    inside, k = sample.stratum == stratum, len(sample.names)
    time, event, code = sample.time[inside], sample.event[inside], sample.code[inside]
    entry = sample.entry[inside]
    event_times = np.unique(time[event > 0])
    died, at_risk = np.zeros((event_times.size, k)), np.zeros((event_times.size, k))
    for g in range(k):
        member = code == g
        entered = np.searchsorted(np.sort(entry[member]), event_times, side="left")
        at_risk[:, g] = entered - np.searchsorted(np.sort(time[member]), event_times, side="left")
        deaths = time[member & (event > 0)]
        died[:, g] = np.bincount(np.searchsorted(event_times, deaths), minlength=event_times.size)
    n, d = at_risk.sum(axis=1), died.sum(axis=1)
    weight = weights.at(n, d)
    share = at_risk / n[:, None]
    spread = weight**2 * d * (n - d) / np.maximum(n - 1, 1)
    outer = np.einsum("t,ti,tj->ij", spread, share, share)
    covariance = np.diag(spread @ share) - outer
    largest = float(weight.max(initial=0.0))
    return weight @ died, (weight * d) @ share, covariance, largest


def _logrank_result(sums: RankSums, table: pd.DataFrame) -> LogRank:
    """The statistic over the differences between groups that vary."""
    from scipy import special

    scale = np.sqrt(np.diagonal(sums.covariance))
    varies = scale > 0
    scale = scale[varies]
    values, vectors = np.linalg.eigh(
        sums.covariance[np.ix_(varies, varies)] / np.outer(scale, scale)
    )
    kept = values > _NO_VARIANCE
    if not kept.any():
        return LogRank(float("nan"), 0, float("nan"), table)
    difference = (sums.observed - sums.expected)[varies] / scale
    statistic = float(np.sum((vectors[:, kept].T @ difference) ** 2 / values[kept]))
    df = int(kept.sum())
    return LogRank(statistic, df, float(special.chdtrc(df, statistic)), table)
