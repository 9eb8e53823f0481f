"""How many rows are at risk, have the event or are censored at each time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosig.outcomes.curves.survival_sample import SurvivalSample

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RiskCounts:
    """Counts at the m distinct end times of some rows, as sums of their weights.

    time, n_risk, n_event, n_censor: (m,); place: (n,) where the time of each row is among them;
    entered: (n,) how many of the times lie at or before the entry of each row.
    """

    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    n_censor: FloatArray
    place: NDArray[np.int64]
    entered: NDArray[np.int64]


def summed(place: NDArray[np.int64], values: FloatArray, size: int) -> FloatArray:
    """Sum of the values that fall on each of `size` places: (n,) to (size,)."""
    return np.bincount(place, weights=values, minlength=size).astype(np.float64)


def product_limit(n_event: FloatArray, n_risk: FloatArray) -> FloatArray:
    """Kaplan-Meier at each of m times, along the first axis."""
    return np.asarray(np.cumprod(1.0 - n_event / n_risk, axis=0), dtype=np.float64)


def risk_counts(sample: SurvivalSample, inside: NDArray[np.bool_]) -> RiskCounts:
    """Count the rows `inside`; a row is at risk at t where entry < t <= time."""
    time, event = sample.time[inside], sample.event[inside]
    entry, weight = sample.entry[inside], sample.weight[inside]
    at, place = np.unique(time, return_inverse=True)
    n_event, n_censor = (
        summed(place, weight * event, at.size),
        summed(place, weight * (1 - event), at.size),
    )
    entered = np.searchsorted(at, entry, side="right")
    n_entered = np.cumsum(summed(entered, weight, at.size + 1)[: at.size])
    n_left = np.concatenate(([0.0], np.cumsum(n_event + n_censor)[:-1]))
    return RiskCounts(
        time=at,
        n_risk=n_entered - n_left,
        n_event=n_event,
        n_censor=n_censor,
        place=place.astype(np.int64),
        entered=entered.astype(np.int64),
    )
