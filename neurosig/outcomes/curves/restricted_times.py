"""Regression of the restricted mean survival time, weighted for censoring."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ClinicalError
from neurosig.kernels.times import merge_close_times

FloatArray = NDArray[np.float64]

AT_RISK_AT_TAU = 0.10


@dataclass(frozen=True, eq=False)
class RmstRegression:
    """Coefficients (k,) in units of time, and their covariance (k, k); (S, ...) of S designs."""

    coef: FloatArray
    covariance: FloatArray


def default_tau(time: FloatArray, event: FloatArray) -> float:
    """The last event time at which at least 10 % of the rows are still at risk.

    >>> default_tau(np.arange(1.0, 21.0), np.ones(20))
    19.0
    """
    merged = merge_close_times(time)
    in_order = np.sort(merged)
    at_risk = time.size - np.searchsorted(in_order, merged, side="left")
    usable = (event > 0) & (at_risk >= AT_RISK_AT_TAU * time.size)
    return float(merged[usable].max()) if usable.any() else float(merged.max())


@dataclass(frozen=True, eq=False)
class _Group:
    """One curve of censoring: rows, the place of each among the times, and their risk sets."""

    rows: NDArray[np.int64]
    place: NDArray[np.int64]
    at_risk: FloatArray
    censored: FloatArray
    lost: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: NDArray[np.int64], limited: FloatArray, known: NDArray[np.bool_]) -> "_Group":
        times, place = np.unique(limited[rows], return_inverse=True)
        n_at = np.bincount(place, minlength=times.size)
        censored = np.bincount(place, weights=~known[rows], minlength=times.size)
        at_risk = np.cumsum(n_at[::-1])[::-1]
        as_float = (at_risk.astype(np.float64), censored.astype(np.float64))
        return cls(rows, place, *as_float, ~known[rows])

    def still_uncensored(self) -> FloatArray:
        """Kaplan-Meier curve of the censoring at each row's own time; 1 for rows that are lost."""
        curve = np.cumprod(1.0 - self.censored / self.at_risk)[self.place]
        return np.where(self.lost, 1.0, curve)

    def influence(self, score: FloatArray) -> FloatArray:
        """Each row's part in the sum of scores, with its part in the estimate of G.

        score: (..., n, k), of any number of regressions.
        """
        order = np.argsort(self.place, kind="stable")
        first = np.searchsorted(self.place[order], np.arange(self.at_risk.size))
        at_time = np.add.reduceat(score[..., order, :], first, axis=-2)
        later = np.cumsum(at_time[..., ::-1, :], axis=-2)[..., ::-1, :]  # rows at risk at each time
        of_own = later[..., self.place, :] * (self.lost / self.at_risk[self.place])[:, None]
        of_others = np.cumsum(later * (self.censored / self.at_risk**2)[:, None], axis=-2)
        return np.asarray(score + of_own - of_others[..., self.place, :])


@dataclass(frozen=True, eq=False)
class Restricted:
    """Times cut at tau with their weights, for any number of regressions; all arrays are (n,).

        limited_i = min(t_i, tau),   weight_i = d_i / G(limited_i)

    d_i: the event came, or the row was still followed at tau; G: Kaplan-Meier curve of censoring,
    in each group of its own.

    References
    ----------
    Tian L, Zhao L, Wei LJ (2014) Biostatistics 15:222-233, doi:10.1093/biostatistics/kxt050, as in
    R's survRM2.
    """

    limited: FloatArray
    weight: FloatArray
    groups: tuple[_Group, ...]

    @classmethod
    def of(
        cls,
        time: FloatArray,
        event: FloatArray,
        tau: float,
        groups: NDArray[np.int64] | None = None,
    ) -> "Restricted":
        """Cut and weight (n,) times in the unit of tau and events (1 = event, 0 = censored).

        groups: (n,) codes of groups with censoring of their own; None for one.

        Raises
        ------
        ClinicalError
            tau lies beyond the last time of a group.
        """
        codes = np.zeros(time.size, dtype=np.int64) if groups is None else groups
        merged = merge_close_times(time)
        limited = np.minimum(merged, tau)
        known = (event > 0) | (limited >= tau)
        weight = np.zeros(time.size)
        parts = []
        for code in np.unique(codes):
            rows = np.flatnonzero(codes == code)
            if merged[rows].max() < tau:
                raise ClinicalError(
                    f"The horizon tau = {tau:g} lies beyond the follow-up",
                    f"The last time is {merged[rows].max():g}",
                    "Choose an earlier tau",
                )
            part = _Group.of(rows, limited, known)
            weight[rows] = known[rows] / part.still_uncensored()
            parts.append(part)
        return cls(limited, weight, tuple(parts))

    def regress(self, design: FloatArray) -> RmstRegression:
        """Weighted least squares on one design, (n, k) with the intercept, or on several (S, n, k).

            minimise sum_i weight_i (limited_i - x_i b)^2

        A coefficient is the difference in mean survival time up to tau per unit of x; no
        proportional hazards are needed, but censoring may not depend on x beyond the groups. The
        covariance takes into account that G is estimated.

        Examples
        --------
        By hand: without censoring before tau the weights are 1, and the coefficient of a group is
        the difference of the means of min(t, 4): (1 + 4) / 2 - (3 + 4) / 2 = -1.

        >>> time, event = np.array([1.0, 5.0, 3.0, 6.0]), np.array([1.0, 0.0, 1.0, 0.0])
        >>> design = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
        >>> Restricted.of(time, event, tau=4.0).regress(design).coef.round(6).tolist()
        [3.5, -1.0]
        """
        weighted = design * self.weight[:, None]
        moments = _transposed(weighted) @ self.limited[:, None]
        coef = np.linalg.solve(_transposed(design) @ weighted, moments)[..., 0]
        mean = (design @ coef[..., None])[..., 0]
        return RmstRegression(
            np.asarray(coef, dtype=np.float64), self.covariance(design, mean, np.ones_like(mean))
        )

    def covariance(self, design: FloatArray, mean: FloatArray, slope: FloatArray) -> FloatArray:
        """Sandwich (k, k) of the coefficients that give these means.

        slope: (n,) derivative of the mean with respect to the linear predictor.
        """
        score = design * (self.weight * (self.limited - mean))[..., None]
        meat: FloatArray | float = 0.0
        for part in self.groups:
            influence = part.influence(score[..., part.rows, :])
            meat = meat + _transposed(influence) @ influence
        bread = np.linalg.inv(_transposed(design) @ (design * slope[..., None]))
        return np.asarray(bread @ meat @ bread)


def _transposed(matrices: FloatArray) -> FloatArray:
    return np.swapaxes(matrices, -1, -2)
