"""Log-rank tests across groups that have an order, and between each two of them."""

import warnings
from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import (
    ClinicalError,
    ParameterError,
    SmallSampleWarning,
    count,
    examples,
)
from neurosig.keys import Result
from neurosig.outcomes.arguments import is_number, number_list
from neurosig.outcomes.curves.rank_tests import LogRank, logrank, rank_sums, warn_of_few_late
from neurosig.outcomes.curves.rank_weights import RankWeights, Weighting
from neurosig.outcomes.curves.survival_sample import survival_sample
from neurosig.outcomes.results import one_family

FloatArray = NDArray[np.float64]


def logrank_trend(
    time: ArrayLike,
    event: ArrayLike,
    groups: ArrayLike | pd.Series,
    *,
    scores: Mapping[Hashable, float] | Sequence[float] | None = None,
    strata: ArrayLike | pd.Series | None = None,
    weighting: Weighting = "logrank",
    rho: float = 0.0,
    gamma: float = 0.0,
    entry: ArrayLike | None = None,
) -> LogRank:
    """Log-rank test for a trend over ordered groups.

        chi2 = (c' (O - E))^2 / (c' V c),  df = 1

    c: (k,) scores of the groups, 1 to k in their order unless given; O, E, V as in `logrank`. For
    a score that was cut into groups the Cox model of the score itself is the better test.

    Parameters
    ----------
    time, event, groups, strata, weighting, rho, gamma, entry
        As in `logrank`. More than two groups need an order: numbers, or an ordered categorical.
    scores
        One number per group: {group: score}, or a list in the order that the groups have.

    Returns
    -------
    LogRank
        `statistic`, `df` = 1, `p_value`, and `table` with a further column `score`.

    Raises
    ------
    ParameterError
        `scores` do not fit the groups or are all equal, more than two groups have no order, or a
        weight option is not allowed.
    EndpointError, TooFewEventsError
        As in `logrank`.

    Warns
    -----
    SmallSampleWarning
        As in `logrank`.

    References
    ----------
    Tarone RE (1975) Biometrika 62:679-690, doi:10.1093/biomet/62.3.679.

    Examples
    --------
    With two groups it is the log-rank test: 1.85^2 / 0.6775.

    >>> test = logrank_trend([1, 2, 3, 4, 5, 6], [1] * 6, ["a", "a", "a", "b", "b", "b"])
    >>> round(test.statistic, 4), test.df
    (5.0517, 1)
    """
    from scipy import special

    weights = RankWeights(weighting, rho, gamma)
    sample = survival_sample(time, event, groups, strata, entry=entry)
    k = len(sample.names)
    c = _trend_scores(scores, groups, sample.names)
    if c.shape != (k,) or np.unique(c).size < 2 or not np.isfinite(c).all():
        raise ParameterError(
            f"scores cannot be {examples(c.tolist())}",
            f"There are {count(k, 'group')}: {examples(sample.names)}",
            "Give one number per group, not all equal, in the order of the groups",
        )
    sums = rank_sums(sample, weights)
    warn_of_few_late(sums, sample.names, weights)
    variance = float(c @ sums.covariance @ c)
    table = sums.table(sample)
    table.insert(1, "score", c)
    if variance <= 0:
        return LogRank(float("nan"), 1, float("nan"), table)
    statistic = float(c @ (sums.observed - sums.expected)) ** 2 / variance
    return LogRank(statistic, 1, float(special.chdtrc(1, statistic)), table)


def _trend_scores(
    scores: "Mapping[Hashable, float] | pd.Series[float] | Sequence[float] | None",
    groups: ArrayLike | pd.Series,
    names: tuple[Hashable, ...],
) -> FloatArray:
    """The score of each group, 1 to k in their order unless given.

    Raises
    ------
    ParameterError
        More than two groups of words have no order, or a group has no score.
    """
    if isinstance(scores, pd.Series):
        scores = scores.to_dict()
    if isinstance(scores, Mapping):
        without = [name for name in names if name not in scores]
        if without:
            raise ParameterError(
                f"The group {without[0]!r} has no score",
                f"Groups: {examples(names)}; scores of {examples(scores)}",
                "Give one number for each group",
            )
        return number_list("scores", [scores[name] for name in names])
    dtype = pd.Series(groups).dtype
    is_ordered = isinstance(dtype, pd.CategoricalDtype) and bool(dtype.ordered)
    values = np.array([name for name in names if is_number(name)], dtype=np.float64)
    in_order = values.size == len(names) and bool(np.all(np.diff(values) > 0))
    if len(names) > 2 and not (is_ordered or in_order):
        raise ParameterError(
            "A trend needs groups in an order",
            f"The groups {examples(names)} are words, or categories without an order",
            f"Give scores={{{names[0]!r}: 1, ...}}, or the groups as pd.Categorical(groups, "
            "[lowest, ..., highest], ordered=True)",
        )
    return np.arange(1.0, len(names) + 1) if scores is None else number_list("scores", scores)


def pairwise_logrank(
    time: ArrayLike,
    event: ArrayLike,
    groups: ArrayLike | pd.Series,
    *,
    strata: ArrayLike | pd.Series | None = None,
    weighting: Weighting = "logrank",
    rho: float = 0.0,
    gamma: float = 0.0,
    entry: ArrayLike | None = None,
) -> pd.DataFrame:
    """Log-rank test between each two groups, on the rows of these two alone.

    Parameters
    ----------
    time, event, groups, strata, weighting, rho, gamma, entry
        As in `logrank`.

    Returns
    -------
    DataFrame
        One row per pair: `group, reference, n, n_events, observed, expected` (the last two of
        `group`), `statistic, p_value, q_value, family, model, status`; q-values are
        Benjamini-Hochberg over the pairs. A pair that is never at risk together, or one without
        an event has no test and says so in `status`.

    Raises
    ------
    EndpointError, ParameterError
        As in `logrank`.
    ClinicalError
        There is one group only.

    Warns
    -----
    ClinicalWarning
        Rows with a missing value are left out.
    SmallSampleWarning
        As in `logrank`, for all pairs together.

    References
    ----------
    Benjamini Y, Hochberg Y (1995) J R Stat Soc B 57:289-300,
    doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> table = pairwise_logrank([1, 2, 3, 4, 5, 6], [1] * 6, ["a", "a", "a", "b", "b", "b"])
    >>> table[["group", "reference"]].iloc[0].tolist(), float(table["statistic"].round(4).iloc[0])
    (['b', 'a'], 5.0517)
    """
    sample = survival_sample(time, event, groups, strata, entry=entry)
    if len(sample.names) < 2:
        raise ClinicalError(
            f"There is no pair of groups: all rows are in {sample.names[0]!r}",
            count(sample.time.size, "row"),
            "Choose a variable with at least two levels",
        )
    model = RankWeights(weighting, rho, gamma).words + (
        " within strata" if strata is not None else ""
    )
    rows, told = [], list[str]()
    for first, second in combinations(range(len(sample.names)), 2):
        pair = np.isin(sample.code, (first, second))
        n_events = int(sample.event[pair].sum())
        names = (sample.names[second], sample.names[first], int(pair.sum()), n_events)
        if not sample.event[pair].any():
            rows.append((*names, *([float("nan")] * 4), "no events"))
            continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            test = logrank(
                sample.time[pair],
                sample.event[pair],
                sample.code[pair],
                strata=sample.stratum[pair],
                weighting=weighting,
                rho=rho,
                gamma=gamma,
                entry=None if entry is None else sample.entry[pair],
            )
        told += [str(warning.message) for warning in caught]
        later = test.table.iloc[1]
        sums = (float(later["observed"]), float(later["expected"]))
        status = "not comparable" if np.isnan(test.p_value) else "ok"
        rows.append((*names, *sums, test.statistic, test.p_value, status))
    if told:
        warnings.warn(
            SmallSampleWarning(
                f"Weights for late events leave few of them in {count(len(told), 'pair')} of "
                f"{len(rows)}",
                "Fewer than 2 events are expected in a group, each counted by its weight",
                "Use the unweighted test, or join groups",
            ),
            stacklevel=2,
        )
    columns = ["group", "reference", "n", "n_events", "observed", "expected", "statistic"]
    table = pd.DataFrame(rows, columns=[*columns, "p_value", "status"])
    table = one_family(table, "pairs of groups").assign(**{Result.MODEL: model})
    last = ["p_value", Result.Q_VALUE, Result.FAMILY, Result.MODEL, "status"]
    return table[[*columns, *last]]
