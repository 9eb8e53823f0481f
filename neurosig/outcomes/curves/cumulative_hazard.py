"""Cumulative hazard curves: Nelson-Aalen, and Fleming-Harrington's way with ties."""

from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.outcomes.arguments import check_choice
from neurosig.outcomes.curves.curve_intervals import check_confidence
from neurosig.outcomes.curves.risk_counts import RiskCounts, risk_counts
from neurosig.outcomes.curves.survival_sample import survival_sample

FloatArray = NDArray[np.float64]
HazardTies = Literal["together", "one-by-one"]
HazardInterval = Literal["log", "plain"]


def nelson_aalen(
    time: ArrayLike,
    event: ArrayLike,
    *,
    groups: ArrayLike | pd.Series | None = None,
    ties: HazardTies = "together",
    interval: HazardInterval = "log",
    confidence: float = 0.95,
    entry: ArrayLike | None = None,
) -> pd.DataFrame:
    """Cumulative hazard with pointwise confidence intervals, one row per group and time.

        H(t) = sum_{t_i <= t} d_i / n_i,    se(H)^2 = sum_{t_i <= t} d_i / n_i^2

    d_i events and n_i rows at risk at t_i (Nelson-Aalen). With ties="one-by-one" the d_i events of
    one time leave the risk set one after the other (Fleming and Harrington): 1/n + 1/(n-1) + ...
    and its squares. exp(-H) is the survival that belongs to it.

    Parameters
    ----------
    time, event, groups, entry
        As in `kaplan_meier`.
    ties
        How events at one time count: "together" or "one-by-one".
    interval
        Scale of the interval: "log" (H exp(-+ z se / H), never below 0) or "plain", cut at 0.
    confidence
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        Columns `group, time, n_risk, n_event, n_censor, cumulative_hazard, std_error, ci_low,
        ci_high`; one row per group and distinct time. NaN limits on the log scale while H is 0.

    Raises
    ------
    EndpointError
        As in `kaplan_meier`.
    ParameterError
        `ties`, `interval` or `confidence` has a value that is not allowed.

    Warns
    -----
    ClinicalWarning
        Rows with a missing time, event, group or entry are left out.

    References
    ----------
    Nelson W (1972) Technometrics 14:945-966, doi:10.1080/00401706.1972.10488991; Aalen O (1978)
    Ann Stat 6:701-726, doi:10.1214/aos/1176344247; Fleming TR, Harrington DP (1984) Commun Stat
    Theory Methods 13:2469-2486, doi:10.1080/03610928408828837.

    Examples
    --------
    By hand: two of four have the event at 1, one of the two left at 2.

    >>> curve = nelson_aalen([1, 1, 2, 3], [1, 1, 1, 0])
    >>> curve["cumulative_hazard"].tolist()  # 2/4, 2/4 + 1/2
    [0.5, 1.0, 1.0]
    >>> tied = nelson_aalen([1, 1, 2, 3], [1, 1, 1, 0], ties="one-by-one")
    >>> tied["cumulative_hazard"].round(4).tolist()  # 1/4 + 1/3, and 1/2
    [0.5833, 1.0833, 1.0833]
    """
    _check_options(ties, interval)
    check_confidence(confidence)
    sample = survival_sample(time, event, groups, entry=entry)
    curves = []
    for code, name in enumerate(sample.names):
        counts = risk_counts(sample, sample.code == code)
        hazard, std_error = _hazard(counts, ties)
        low, high = _limits(hazard, std_error, interval, confidence)
        columns = {
            "group": pd.Series([name] * hazard.size, dtype=object),
            "time": counts.time,
            "n_risk": counts.n_risk.astype(np.int64),
            "n_event": counts.n_event.astype(np.int64),
            "n_censor": counts.n_censor.astype(np.int64),
            "cumulative_hazard": hazard,
            "std_error": std_error,
            "ci_low": low,
            "ci_high": high,
        }
        curves.append(pd.DataFrame(columns))
    return pd.concat(curves, ignore_index=True)


def _check_options(ties: str, interval: str) -> None:
    for name, value, allowed in (
        ("ties", ties, get_args(HazardTies)),
        ("interval", interval, get_args(HazardInterval)),
    ):
        check_choice(name, value, allowed, allowed[0])


def _hazard(counts: RiskCounts, ties: HazardTies) -> tuple[FloatArray, FloatArray]:
    n, d = counts.n_risk, counts.n_event
    if ties == "together":
        return np.cumsum(d / n), np.sqrt(np.cumsum(d / n**2))
    left = [n_i - np.arange(d_i) for n_i, d_i in zip(n, d, strict=True)]
    hazard = np.cumsum([np.sum(1.0 / still) for still in left])
    return hazard, np.sqrt(np.cumsum([np.sum(1.0 / still**2) for still in left]))


def _limits(
    hazard: FloatArray, std_error: FloatArray, interval: HazardInterval, confidence: float
) -> tuple[FloatArray, FloatArray]:
    from scipy import special

    z = float(special.ndtri(0.5 + confidence / 2))
    if interval == "plain":
        return np.maximum(hazard - z * std_error, 0.0), hazard + z * std_error
    positive = np.where(hazard > 0, hazard, np.nan)
    width = z * std_error / positive
    return positive * np.exp(-width), positive * np.exp(width)
