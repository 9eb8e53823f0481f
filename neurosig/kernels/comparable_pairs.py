"""Pairs of patients in which the one with the earlier event has the higher risk."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit

FloatArray = NDArray[np.float64]


class PairCounts(NamedTuple):
    """Weighted numbers of pairs, and each row's share in them.

    concordant, discordant, tied_risk: comparable pairs by the order of their risks; tied_time,
    tied_both: pairs of events at one time, with different and with equal risks, not comparable.
    agreed, compared: (n,) over the pairs a row is part of, the weight of the concordant ones plus
    half of those tied in risk, and of all comparable ones.
    """

    concordant: float
    discordant: float
    tied_risk: float
    tied_time: float
    tied_both: float
    agreed: FloatArray
    compared: FloatArray


@jit
def _count_ordered(
    time: FloatArray,
    event: FloatArray,
    risk: FloatArray,
    stratum: NDArray[np.int64],
    weight: FloatArray,
    counts: FloatArray,
    agreed: FloatArray,
    compared: FloatArray,
) -> None:
    n = time.size
    for i in range(n):
        w = weight[i]
        if event[i] == 0.0 or w == 0.0:
            continue
        for j in range(i + 1, n):
            if stratum[j] != stratum[i]:
                break
            if time[j] == time[i] and event[j] != 0.0:
                counts[4 if risk[i] == risk[j] else 3] += w
                continue
            share = 0.5
            if risk[i] > risk[j]:
                share = 1.0
                counts[0] += w
            elif risk[i] < risk[j]:
                share = 0.0
                counts[1] += w
            else:
                counts[2] += w
            agreed[i] += share * w
            agreed[j] += share * w
            compared[i] += w
            compared[j] += w


def count_pairs(
    time: FloatArray,
    event: FloatArray,
    risk: FloatArray,
    weight: FloatArray,
    stratum: NDArray[np.int64] | None = None,
) -> PairCounts:
    """Compare every event with all rows of its stratum that outlived it.

    A pair (i, j) is comparable if i has an event and time[i] < time[j], or the times are equal and
    j is censored; it counts weight[i]. time, event (0 or 1), risk, weight: (n,); stratum: (n,).

    >>> counts = count_pairs(np.array([1.0, 2, 3]), np.array([1.0, 1, 0]), np.array([3.0, 1, 2]),
    ...                      np.ones(3))
    >>> counts.concordant, counts.discordant, counts.compared.tolist()
    (2.0, 1.0, [2.0, 2.0, 2.0])
    """
    strata = np.zeros(time.size, dtype=np.int64) if stratum is None else stratum
    order = np.lexsort((-event, time, strata))
    counts, agreed, compared = np.zeros(5), np.zeros(time.size), np.zeros(time.size)
    _count_ordered(
        time[order],
        event[order],
        risk[order],
        strata[order],
        weight[order],
        counts,
        agreed,
        compared,
    )
    back = np.argsort(order, kind="stable")
    concordant, discordant, tied_risk, tied_time, tied_both = counts.tolist()
    return PairCounts(
        concordant, discordant, tied_risk, tied_time, tied_both, agreed[back], compared[back]
    )
