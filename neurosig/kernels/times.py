"""Follow-up times made ready for risk sets: close times merged, rows put in order."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

TIME_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))
"""Times this close (about 1.5e-8, absolute or relative to the mean time) count as one."""


class RiskSets(NamedTuple):
    """The order in which rows enter the risk sets.

    order: (n,) rows by stratum, within it from the last time to the first
    start: (n_groups + 1,) first place in `order` of each group of equal times, and the end
    opens: (n_groups,) whether the group is the first of its stratum
    time: (n_groups,) the time of the group
    leaves: (n,) for each place in `order`, the first group before whose time the row was not yet
        under observation (delayed entry); n_groups where it is in all that follow
    """

    order: NDArray[np.int64]
    start: NDArray[np.int64]
    opens: NDArray[np.bool_]
    time: NDArray[np.float64]
    leaves: NDArray[np.int64]


def merge_close_times(time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give times that differ by rounding alone the same value.

    Two neighbours among the sorted distinct times are merged when their difference, or their
    difference over the mean time, is at most 1.5e-8: the rule R's survival package documents as
    `timefix`. Otherwise 0.1 + 0.2 and 0.3 would be two event times and break a tie.

    >>> merge_close_times(np.array([0.3, 0.1 + 0.2, 1.0])).tolist()
    [0.3, 0.3, 1.0]
    """
    distinct = np.unique(time)
    if distinct.size < 2:
        return time.copy()
    gaps = np.diff(distinct)
    limit = TIME_TOLERANCE * max(1.0, float(np.mean(np.abs(distinct))))
    first = distinct[np.concatenate(([True], gaps > limit))]
    return np.asarray(first[np.searchsorted(first, time, side="right") - 1], dtype=np.float64)


def risk_sets(
    time: NDArray[np.float64],
    strata: NDArray[np.int64] | None = None,
    entry: NDArray[np.float64] | None = None,
) -> RiskSets:
    """Order rows so that a running sum over them is the sum over the risk set.

    time: (n,) finite; strata: (n,) integer codes, None for one stratum; entry: (n,) start of
    observation before `time`: a row is at risk at t if entry < t <= time.
    """
    n = time.size
    both = merge_close_times(time if entry is None else np.concatenate([time, entry]))
    merged = both[:n]
    stratum = np.zeros(n, dtype=np.int64) if strata is None else strata
    order = np.lexsort((-merged, stratum))
    new_stratum = np.diff(stratum[order], prepend=stratum[order[:1]] - 1) != 0
    new_time = np.diff(merged[order], prepend=np.inf) != 0
    first = np.flatnonzero(new_stratum | new_time)
    opens, group_time = new_stratum[first], merged[order][first]
    leaves = np.full(n, first.size, dtype=np.int64)
    if entry is not None:
        leaves = _leaving_groups(both[n:][order], np.append(first, n), opens, group_time)
    return RiskSets(
        order=order.astype(np.int64),
        start=np.append(first, n).astype(np.int64),
        opens=opens,
        time=group_time,
        leaves=leaves,
    )


def _leaving_groups(
    entry: NDArray[np.float64],
    start: NDArray[np.int64],
    opens: NDArray[np.bool_],
    time: NDArray[np.float64],
) -> NDArray[np.int64]:
    """The first group of its stratum whose time is not after a row's entry."""
    leaves = np.full(entry.size, time.size, dtype=np.int64)
    bounds = np.append(np.flatnonzero(opens), time.size)
    for low, high in pairwise(bounds):
        rows = slice(start[low], start[high])
        place = low + np.searchsorted(-time[low:high], -entry[rows], side="left")
        leaves[rows] = np.where(place < high, place, time.size)
    return leaves
