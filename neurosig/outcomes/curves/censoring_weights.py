"""Inverse-probability-of-censoring weights, and what estimating them adds to a variance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CensoringCurve:
    """Kaplan-Meier curve G of the time to censoring; at one time events leave before censorings.

    time: (k,) distinct times with censorings; n_censored, n_at_risk: (k,) at them, the events of
    the same time no longer at risk; survival: (k,) G just after.
    """

    time: FloatArray
    n_censored: FloatArray
    n_at_risk: FloatArray
    survival: FloatArray

    @classmethod
    def of(cls, time: FloatArray, is_censored: NDArray[np.bool_]) -> "CensoringCurve":
        """Estimate G from the times (close ones merged) and who was censored.

        >>> times = np.array([1.0, 2, 2, 3])
        >>> curve = CensoringCurve.of(times, np.array([False, False, True, False]))
        >>> curve.before(times).tolist(), curve.at(times).tolist()  # two at risk, one censored
        ([1.0, 1.0, 1.0, 0.5], [1.0, 0.5, 0.5, 0.5])
        """
        censored_at, n_censored = np.unique(time[is_censored], return_counts=True)
        later = time.size - np.searchsorted(np.sort(time), censored_at, side="right")
        n_at_risk = later + n_censored
        survival = np.cumprod(1 - n_censored / n_at_risk)
        return cls(censored_at, n_censored.astype(float), n_at_risk.astype(float), survival)

    def at(self, times: FloatArray) -> FloatArray:
        """G(t): the probability to be uncensored after t."""
        return self._step(np.searchsorted(self.time, times, side="right"))

    def before(self, times: FloatArray) -> FloatArray:
        """G(t-): the probability to be uncensored up to t."""
        return self._step(np.searchsorted(self.time, times, side="left"))

    def _step(self, place: NDArray[np.intp]) -> FloatArray:
        return np.concatenate(([1.0], self.survival))[place]

    def influence(
        self, mass: FloatArray, time: FloatArray, is_censored: NDArray[np.bool_], horizon: float
    ) -> FloatArray:
        """Derivative, by the case weight of each row, of a sum of weighted terms through G alone.

        A sum of terms mass_i = a_i / G(min(T_i, horizon)-) changes with row j's case weight by
        -sum_i mass_i dlog G / dw_j. With c_k of y_k censored at time t_k <= horizon and A_k the
        mass of the rows beyond t_k, a row censored at t_k adds A_k / y_k, and every row that
        outlives t_k takes A_k c_k / (y_k (y_k - c_k)).

        mass, time, is_censored: (n,).
        """
        order = np.argsort(time, kind="stable")
        above = np.concatenate((np.cumsum(mass[order][::-1])[::-1], [0.0]))
        beyond = above[np.searchsorted(time[order], self.time, side="right")]
        beyond = np.where(self.time <= horizon, beyond, 0.0)
        left = np.maximum(self.n_at_risk - self.n_censored, 1.0)  # where 0 are left, so is A_k
        taken = np.concatenate(
            ([0.0], np.cumsum(beyond * self.n_censored / (self.n_at_risk * left)))
        )
        change = -taken[np.searchsorted(self.time, time, side="left")]
        own = np.searchsorted(self.time, time[is_censored])
        change[is_censored] += (beyond / self.n_at_risk)[own]
        return np.asarray(change, dtype=np.float64)


def horizon_weights(
    curve: CensoringCurve, time: FloatArray, event: FloatArray, horizons: FloatArray
) -> FloatArray:
    """Weights (n, m) of what is known at each of m horizons; somebody has to be left after them.

    1 / G(T-) for an event of any kind up to the horizon, 1 / G(horizon) for rows beyond it, 0 for
    rows censored before it: their state is unknown.
    """
    by_event = np.where(event > 0, 1.0 / curve.before(time), 0.0)
    return np.where(time[:, None] > horizons, 1.0 / curve.at(horizons), by_event[:, None])
