"""Restricted mean survival time: per group, and contrasts between groups."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import ParameterError
from neurosig.keys import Result
from neurosig.outcomes.arguments import is_number, shown
from neurosig.outcomes.curves.curve_intervals import check_confidence
from neurosig.outcomes.curves.risk_counts import RiskCounts, product_limit, risk_counts
from neurosig.outcomes.curves.survival_sample import survival_sample
from neurosig.outcomes.results import one_family, wald

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rmst:
    """Restricted means up to `tau`, in the unit of the times.

    groups: one row per group: group, n, n_events (up to tau), rmst, std_error, ci_low, ci_high
    and the restricted mean time lost, rmtl, rmtl_low, rmtl_high.
    contrasts: for each pair of groups the rows "difference" and "ratio" of the restricted means and
    "lost_ratio" of the times lost: contrast, group, reference, estimate, std_error (of the log for
    ratios), ci_low, ci_high, statistic, p_value.
    """

    tau: float
    groups: pd.DataFrame
    contrasts: pd.DataFrame


def rmst(
    time: ArrayLike,
    event: ArrayLike,
    *,
    tau: float,
    groups: ArrayLike | pd.Series | None = None,
    confidence: float = 0.95,
    entry: ArrayLike | None = None,
) -> Rmst:
    """Restricted mean survival time up to tau, with difference and ratio between groups.

        RMST = integral_0^tau S(t) dt
        var  = sum_{t_i <= tau} A_i^2 d_i / (n_i (n_i - d_i)),   A_i = integral_{t_i}^tau S(t) dt

    S: Kaplan-Meier; d_i events and n_i rows at risk at t_i. It needs no proportional hazards and
    reads in the unit of the times: the mean time alive during the first tau. Contrasts are Wald
    tests of the difference, and of the logarithm of the ratio of means and of mean times lost
    (tau - RMST). State tau before looking at the curves.

    Parameters
    ----------
    time, event, groups, entry
        As in `kaplan_meier`.
    tau
        Horizon, in the unit of `time`; every group has to be followed that long, unless its curve
        is at 0 by then.
    confidence
        Coverage of the intervals.

    Returns
    -------
    Rmst
        `.groups` and `.contrasts`, the latter with the first of the two groups as reference, the
        rows and events (up to tau) of both, and q-values over the pairs of groups, for each kind
        of contrast by itself.

    Raises
    ------
    ParameterError
        `tau` is not above 0 or beyond the follow-up of a group; `confidence` is not allowed.
    EndpointError
        As in `kaplan_meier`.

    Warns
    -----
    ClinicalWarning
        Rows with a missing time, event, group or entry are left out.

    References
    ----------
    Uno H et al. (2014) J Clin Oncol 32:2380-2385, doi:10.1200/JCO.2014.55.2208; Royston P, Parmar
    MKB (2013) BMC Med Res Methodol 13:152, doi:10.1186/1471-2288-13-152.

    Examples
    --------
    By hand: S is 1 up to 1, 3/4 up to 2 and 1/2 up to 3.

    >>> result = rmst([1, 2, 3, 4], [1, 1, 0, 1], tau=3)
    >>> float(result.groups["rmst"].iloc[0])
    2.25
    """
    check_confidence(confidence)
    check_tau(tau)
    sample = survival_sample(time, event, groups, entry=entry)
    records = []
    for code, name in enumerate(sample.names):
        inside = sample.code == code
        counts = risk_counts(sample, inside)
        _check_followed(name, counts, tau)
        area, variance = _area(counts, tau)
        n_events = int(counts.n_event[counts.time <= tau].sum())
        records.append((name, int(inside.sum()), n_events, area, np.sqrt(variance)))
    table = pd.DataFrame(records, columns=["group", "n", "n_events", "rmst", "std_error"])
    half = wald(np.array(table["rmst"]), np.array(table["std_error"]), confidence)[2]
    table = table.assign(
        ci_low=table["rmst"] - half,
        ci_high=table["rmst"] + half,
        rmtl=tau - table["rmst"],
        rmtl_low=tau - table["rmst"] - half,
        rmtl_high=tau - table["rmst"] + half,
    )
    return Rmst(float(tau), table, _contrasts(table, float(tau), confidence))


def check_tau(tau: object) -> None:
    """Refuse what is no time above 0.

    Raises
    ------
    ParameterError
        It is none.
    """
    if not (is_number(tau) and 0 < float(tau) < np.inf):  # type: ignore[arg-type]
        raise ParameterError(
            f"tau cannot be {shown(tau)}",
            "It is the time up to which the mean is taken, above 0",
            "Choose it before looking at the curves, such as tau=1826 for five years in days",
        )


def _check_followed(name: object, counts: RiskCounts, tau: float) -> None:
    last = counts.time[-1]
    if last < tau and counts.n_event[-1] < counts.n_risk[-1]:
        raise ParameterError(
            f"tau={tau:g} is beyond the follow-up of the group {name!r}",
            f"Its last time is {last:g} and is censored: the curve is not known after it",
            f"Choose tau of at most {last:g}",
        )


def _area(counts: RiskCounts, tau: float) -> tuple[float, float]:
    """Area under the curve up to tau and its variance."""
    n, d = counts.n_risk, counts.n_event
    survival = product_limit(d, n)
    before = counts.time <= tau
    edges = np.concatenate(([0.0], counts.time[before], [tau]))
    pieces = np.diff(edges) * np.concatenate(([1.0], survival[before]))
    to_come = pieces.sum() - np.cumsum(pieces)[:-1]  # from each time to tau
    with np.errstate(divide="ignore", invalid="ignore"):
        term = np.where(n > d, d / (n * (n - d)), 0.0)[before]  # no area follows the last event
    return float(pieces.sum()), float(np.sum(to_come**2 * term))


def _contrasts(table: pd.DataFrame, tau: float, confidence: float) -> pd.DataFrame:
    rows = []
    for first, second in combinations(range(len(table)), 2):
        reference, group = table.iloc[first], table.iloc[second]
        se = np.array([reference["std_error"], group["std_error"]], dtype=np.float64)
        counts = [int(group[name] + reference[name]) for name in ("n", "n_events")]
        means = np.array([reference["rmst"], group["rmst"]], dtype=np.float64)
        for contrast, values in (
            ("difference", means),
            ("ratio", means),
            ("lost_ratio", tau - means),
        ):
            is_ratio = contrast != "difference"
            with np.errstate(divide="ignore", invalid="ignore"):
                estimate = np.log(values[1] / values[0]) if is_ratio else values[1] - values[0]
                error = np.sqrt(np.sum((se / values) ** 2 if is_ratio else se**2))
            statistic, p_value, half = wald(np.array([estimate]), np.array([error]), confidence)
            limits = np.array([estimate, estimate - half[0], estimate + half[0]])
            shown = np.exp(limits) if is_ratio else limits
            names = (contrast, group["group"], reference["group"], *counts)
            rows.append((*names, shown[0], error, shown[1], shown[2], statistic[0], p_value[0]))
    front = ["contrast", "group", "reference", "n", "n_events"]
    numbers = ["estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value"]
    table = pd.DataFrame(rows, columns=[*front, *numbers])
    kinds = [
        one_family(of_kind, f"{kind} rows of pairs of groups")
        for kind, of_kind in table.groupby("contrast", sort=False)
    ]
    table = pd.concat(kinds).sort_index() if kinds else table.assign(q_value=[], family=[])
    table[Result.MODEL] = f"restricted means up to {tau:g}"
    return table[[*front, *numbers, Result.Q_VALUE, Result.FAMILY, Result.MODEL]]
