"""Concordance index of a risk with times to an event (arrays)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import TooFewEventsError, count
from neurosig.kernels.comparable_pairs import PairCounts, count_pairs
from neurosig.kernels.times import merge_close_times
from neurosig.outcomes.curves.censoring_weights import CensoringCurve

FloatArray = NDArray[np.float64]
Kind = Literal["harrell", "uno"]


@dataclass(frozen=True, eq=False)
class PairConcordance:
    """A concordance index, its counts and influence.

    influence: (n,) derivative of the index by the case weight of each row; the variance is the sum
    of squares (infinitesimal jackknife), the covariance of two indices on the same rows the sum of
    products.
    """

    index: float
    counts: PairCounts
    influence: FloatArray

    @property
    def std_error(self) -> float:
        """Infinitesimal jackknife; the weights of Uno's index count as known."""
        return float(np.sqrt(self.influence @ self.influence))


def pair_concordance(
    time: FloatArray,
    event: FloatArray,
    risk: FloatArray,
    *,
    kind: Kind = "harrell",
    tau: float | None = None,
    strata: NDArray[np.int64] | None = None,
) -> PairConcordance:
    """Share of comparable pairs in which the higher risk has the earlier event.

        C = sum w_i [1(r_i > r_j) + 1/2 1(r_i = r_j)] / sum w_i  over pairs i, j comparable at T_i

    Comparable: i has an event (up to tau) and j outlives it, or is censored at the same time; two
    events at one time are not. w_i = 1 (Harrell) or G(T_i-)^-2 (Uno; G: Kaplan-Meier curve of
    censoring), which does not depend on the censoring. Only pairs within a stratum are compared,
    which has its own G.

    Raises
    ------
    TooFewEventsError
        No pair is comparable.

    References
    ----------
    Harrell FE et al. (1996) Stat Med 15:361-387, doi:10.1002/(SICI)1097-0258(19960229)15:4<361::
    AID-SIM168>3.0.CO;2-4; Uno H et al. (2011) Stat Med 30:1105-1117, doi:10.1002/sim.4154.

    Examples
    --------
    >>> time, event = np.array([1.0, 2, 3, 4]), np.array([1.0, 0, 1, 0])
    >>> risk = np.array([2.0, 9, 1, 1])  # pairs 1-2 discordant, 1-3 and 1-4 concordant, 3-4 tied
    >>> pair_concordance(time, event, risk).index  # 2.5 of 4 pairs
    0.625
    """
    merged = merge_close_times(time)
    weight = np.ones(time.size)
    if kind == "uno":
        for rows in _rows_of(strata, time.size):
            curve = CensoringCurve.of(merged[rows], event[rows] == 0)
            weight[rows] = curve.before(merged[rows]) ** -2.0
    if tau is not None:
        weight = np.where(merged <= tau, weight, 0.0)
    counts = count_pairs(merged, event, risk, weight, strata)
    total = counts.concordant + counts.discordant + counts.tied_risk
    if total == 0:
        raise TooFewEventsError(
            "No two patients can be compared",
            f"{count(int(event.sum()), 'event')} in {count(time.size, 'row')}"
            + (f" up to {tau:g}" if tau is not None else "")
            + "; nobody is known to outlive one of them",
            "Choose an endpoint with more events, or a later tau",
            n_events=int(event.sum()),
        )
    index = (counts.concordant + counts.tied_risk / 2) / total
    return PairConcordance(index, counts, (counts.agreed - index * counts.compared) / total)


def _rows_of(strata: NDArray[np.int64] | None, n: int) -> list[NDArray[np.bool_]]:
    """The rows of each stratum."""
    if strata is None:
        return [np.ones(n, dtype=np.bool_)]
    return [strata == code for code in np.unique(strata)]
