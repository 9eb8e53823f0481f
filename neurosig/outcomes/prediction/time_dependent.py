"""AUC and Brier score at a time, with inverse-probability-of-censoring weights (arrays)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import TooFewEventsError, count
from neurosig.kernels.times import merge_close_times
from neurosig.outcomes.curves.censoring_weights import CensoringCurve, horizon_weights

FloatArray = NDArray[np.float64]
Controls = Literal["survivors", "all others"]


@dataclass(frozen=True, eq=False)
class Estimate:
    """A value with the derivative by each row's case weight, whose squares sum to its variance."""

    value: float
    influence: FloatArray

    @property
    def std_error(self) -> float:
        """Infinitesimal jackknife with n / (n - 1), the estimation of the weights included."""
        n = self.influence.size
        return float(np.sqrt(n / (n - 1) * (self.influence @ self.influence)))


def time_dependent_auc(
    time: FloatArray,
    event: FloatArray,
    marker: FloatArray,
    horizon: float,
    *,
    cause: int = 1,
    controls: Controls = "survivors",
) -> Estimate:
    """Cumulative/dynamic AUC: a patient with the event by the horizon against one without.

        AUC(t) = sum_ij w_i v_j [1(m_i > m_j) + 1/2 1(m_i = m_j)] / (sum w_i sum v_j)

    Cases i have the event by t, w_i = 1 / G(T_i-); controls j live on, v_j = 1 / G(t). `event` is 0
    (censored), 1 or the number of a cause; with controls="all others" patients who had another
    cause by t are controls too, v_j = 1 / G(T_j-). 0.5 is chance. An event at t itself is a case
    (R's timeROC leaves it out, riskRegression does not).

    Raises
    ------
    TooFewEventsError
        Nobody has had the event by the horizon, or nobody is left after it.

    References
    ----------
    Blanche P et al. (2013) Stat Med 32:5381-5397, doi:10.1002/sim.5958; Uno H et al. (2007) J Am
    Stat Assoc 102:527-537, doi:10.1198/016214507000000149.

    Examples
    --------
    >>> time, event = np.array([1.0, 2, 3, 4]), np.array([1.0, 1, 0, 0])
    >>> time_dependent_auc(time, event, np.array([3.0, 1, 2, 1]), 2.5).value  # 2 + 0.5 of 4 pairs
    0.625
    """
    merged = merge_close_times(time)
    is_censored = event == 0
    is_case = (merged <= horizon) & (event == cause)
    is_control = merged > horizon
    if controls == "all others":
        is_control |= (merged <= horizon) & ~is_censored & ~is_case
    _refuse_one_sided(is_case, merged > horizon, horizon)
    curve = CensoringCurve.of(merged, is_censored)
    weight = horizon_weights(curve, merged, event, np.array([horizon]))[:, 0]
    w, v = weight[is_case], weight[is_control]
    agreed = np.zeros(time.size)
    below, tied = _weight_below(marker[is_control], v, marker[is_case])
    agreed[is_case] = w * (below + tied / 2)
    below, tied = _weight_below(-marker[is_case], w, -marker[is_control])
    agreed[is_control] = v * (below + tied / 2)
    total = float(w.sum() * v.sum())
    value = float(agreed[is_case].sum() / total)
    compared = np.zeros(time.size)
    compared[is_case], compared[is_control] = w * v.sum(), v * w.sum()
    own = agreed - value * compared
    through = curve.influence(own, merged, is_censored, horizon)
    return Estimate(value, (own + through) / total)


def _weight_below(
    values: FloatArray, weight: FloatArray, at: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weight of the values below each of `at`, and of those equal to it."""
    order = np.argsort(values, kind="stable")
    summed = np.concatenate(([0.0], np.cumsum(weight[order])))
    below = summed[np.searchsorted(values[order], at, side="left")]
    return below, summed[np.searchsorted(values[order], at, side="right")] - below


def _refuse_one_sided(
    is_case: NDArray[np.bool_], is_control: NDArray[np.bool_], horizon: float
) -> None:
    n_cases, n_controls = int(is_case.sum()), int(is_control.sum())
    if n_cases and n_controls:
        return
    raise TooFewEventsError(
        f"Nobody {'is left after' if n_cases else 'has had the event by'} time {horizon:g}",
        f"{count(n_cases, 'event')} by then, {count(n_controls, 'patient')} without",
        "Choose a time within the follow-up",
        n_cases=n_cases,
        n_controls=n_controls,
    )


def brier_scores(
    time: FloatArray, event: FloatArray, risk: FloatArray, horizons: FloatArray
) -> FloatArray:
    """Weighted mean squared error of predicted risks at each horizon, (m,).

        Brier(t) = 1/n sum_i w_i(t) (1(T_i <= t) - risk_i(t))^2

    w_i = 1 / G(T_i-) for events by t, 1 / G(t) for rows beyond it, else 0. event: (n,) 0 or 1;
    risk: (n, m) probability of the event by each of the m horizons.
    0 is perfect; 0.25 is what a risk of one half for all has without censoring.

    Raises
    ------
    TooFewEventsError
        Nobody is left after a horizon.

    References
    ----------
    Graf E et al. (1999) Stat Med 18:2529-2545, doi:10.1002/(SICI)1097-0258(19990915/30)18:17/18
    <2529::AID-SIM274>3.0.CO;2-5; Gerds TA, Schumacher M (2006) Biom J 48:1029-1040,
    doi:10.1002/bimj.200610301.

    Examples
    --------
    >>> time, event = np.array([1.0, 2, 3]), np.array([1.0, 0, 1])
    >>> scores = brier_scores(time, event, np.array([[0.5], [0.5], [0.2]]), np.array([2.0]))
    >>> round(float(scores[0]), 4)  # (0.25 + 0.04 / 0.5) / 3
    0.11
    """
    return np.asarray(_weighted_errors(merge_close_times(time), event, risk, horizons).mean(axis=0))


def brier_estimate(
    time: FloatArray, event: FloatArray, risk: FloatArray, horizon: float
) -> Estimate:
    """The Brier score of risks (n,) at one horizon, with its influence."""
    merged = merge_close_times(time)
    errors = _weighted_errors(merged, event, risk[:, None], np.array([horizon]))[:, 0]
    curve = CensoringCurve.of(merged, event == 0)
    through = curve.influence(errors, merged, event == 0, horizon)
    value = float(errors.mean())
    return Estimate(value, (errors - value + through) / time.size)


def _weighted_errors(
    time: FloatArray, event: FloatArray, risk: FloatArray, horizons: FloatArray
) -> FloatArray:
    last = float(horizons.max())
    if last >= time.max():
        _refuse_one_sided(event > 0, time > last, last)
    weight = horizon_weights(CensoringCurve.of(time, event == 0), time, event, horizons)
    return np.asarray(weight * ((time[:, None] <= horizons) - risk) ** 2)


def integrated(values: FloatArray, times: FloatArray) -> float:
    """Mean over time up to the last of a curve that is 0 before the first time.

    The curve keeps its value from one time to the next: sum values_i (t_{i+1} - t_i) / t_last.

    >>> round(integrated(np.array([0.1, 0.2, 0.3]), np.array([1.0, 2.0, 4.0])), 4)  # 0.5 / 4
    0.125
    """
    return float(values[:-1] @ np.diff(times) / times[-1])
