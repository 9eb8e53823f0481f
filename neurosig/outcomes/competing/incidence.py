"""Cumulative incidence with competing risks: the Aalen-Johansen estimator."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import EndpointError, ParameterError, count, examples
from neurosig.outcomes.arguments import check_choice, name_list
from neurosig.outcomes.curves.curve_intervals import Interval, check_interval, probability_interval
from neurosig.outcomes.curves.risk_counts import RiskCounts, product_limit, risk_counts, summed
from neurosig.outcomes.curves.survival_sample import SurvivalSample, survival_sample
from neurosig.outcomes.given_columns import number_column, refuse_other_rows

FloatArray = NDArray[np.float64]
IncidenceVariance = Literal["aalen", "jackknife"]

_CODING: Final = (
    "Code 0 = censored and the causes 1, 2, ..., or take cohort.cause of a cohort joined with "
    "ns.Endpoint(..., causes=...)"
)


@dataclass(frozen=True, eq=False)
class CauseSample:
    """A survival sample whose event is any cause, and the cause of each row (0 = censored)."""

    sample: SurvivalSample
    cause: NDArray[np.int64]
    codes: tuple[int, ...]


def cumulative_incidence(
    time: ArrayLike,
    cause: ArrayLike,
    *,
    groups: ArrayLike | pd.Series | None = None,
    names: Sequence[str] | None = None,
    interval: Interval = "log-log",
    confidence: float = 0.95,
    variance: IncidenceVariance = "aalen",
) -> pd.DataFrame:
    """Cumulative incidence of each cause where causes compete, one row per group, cause and time.

        F_c(t) = sum_{t_i <= t} S(t_i-) d_ci / n_i

    S: Kaplan-Meier of any cause; d_ci events of cause c and n_i rows at risk at t_i. One minus the
    Kaplan-Meier curve of one cause, with the others censored, is larger: it speaks of a world in
    which nobody dies of anything else.

    Parameters
    ----------
    time
        (n,) follow-up in any unit, not negative, of rows observed from 0: delayed entry cannot be
        taken into account.
    cause
        (n,) whole numbers: 0 = censored, 1, 2, ... = the causes; `Cohort.cause` has them.
    groups
        (n,) group of each row, as in `kaplan_meier`.
    names
        Names of the causes 1, 2, ... for the table; by default the numbers.
    interval
        Scale of the interval, of F itself: "log-log", "log", "logit", "arcsin" or "plain".
    confidence
        Coverage of the intervals.
    variance
        "aalen" (Aalen 1978, as cmprsk's cuminc) or "jackknife" (infinitesimal jackknife, as the
        multi-state curves of R's survfit); they differ by about 1/n.

    Returns
    -------
    DataFrame
        Columns `group, cause, time, n_risk, n_event, incidence, std_error, ci_low, ci_high`; one
        row per group, cause and distinct time. `n_event` counts that cause at that time. Where F
        is 0 only the plain interval exists.

    Raises
    ------
    EndpointError
        A cause is not a whole number of at least 0, nobody has an event, or as in `kaplan_meier`.
    ParameterError
        `interval`, `confidence`, `variance` or `names` has a value that is not allowed.

    Warns
    -----
    ClinicalWarning
        Rows with a missing time, cause or group are left out.

    References
    ----------
    Aalen OO, Johansen S (1978) Scand J Stat 5:141-150; Aalen O (1978) Ann Stat 6:534-545,
    doi:10.1214/aos/1176344198; Gray RJ (1988) Ann Stat 16:1141-1154, doi:10.1214/aos/1176350951.

    Examples
    --------
    By hand: cause 1 takes 1/4 at 1; at 3 half of the two left, who are half of all: 1/4 + 1/4.

    >>> table = cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 0])
    >>> table.loc[table["cause"] == 1, "incidence"].tolist()
    [0.25, 0.25, 0.5, 0.5]
    """
    check_interval(interval, confidence)
    check_choice("variance", variance, get_args(IncidenceVariance), "aalen")
    causes = cause_sample(time, cause, groups)
    labels = _labels(causes.codes, names)
    tables = []
    for code, name in enumerate(causes.sample.names):
        inside = causes.sample.code == code
        counts = risk_counts(causes.sample, inside)
        for number, label in zip(causes.codes, labels, strict=True):
            hit = (causes.cause[inside] == number).astype(np.float64)
            curve = incidence_curve(counts, hit)
            std_error = (
                aalen_error(counts, curve)
                if variance == "aalen"
                else _jackknife_error(counts, hit, causes.sample.event[inside], curve)
            )
            low, high = probability_interval(curve.incidence, std_error, interval, confidence)
            columns = {
                "group": pd.Series([name] * counts.time.size, dtype=object),
                "cause": pd.Series([label] * counts.time.size, dtype=object),
                "time": counts.time,
                "n_risk": counts.n_risk.astype(np.int64),
                "n_event": curve.n_event.astype(np.int64),
                "incidence": curve.incidence,
                "std_error": std_error,
                "ci_low": low,
                "ci_high": high,
            }
            tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def cause_sample(
    time: ArrayLike,
    cause: ArrayLike,
    groups: ArrayLike | pd.Series | None = None,
    strata: ArrayLike | pd.Series | None = None,
) -> CauseSample:
    """Read and check times and causes; rows with a missing value are left out with a warning.

    Raises
    ------
    EndpointError
        A cause is not a whole number of at least 0, nobody has an event, or as in
        `survival_sample`.
    """
    refuse_other_rows({"time": time, "cause": cause, "groups": groups, "strata": strata})
    causes = number_column("cause", cause, _CODING)
    is_known = ~np.isnan(causes)
    wrong = is_known & ((causes < 0) | np.isinf(causes) | (causes != np.round(causes)))
    if wrong.any():
        raise EndpointError(
            f"A cause cannot be {causes[wrong][0]:g}",
            f"{count(int(wrong.sum()), 'row')}: {examples(np.unique(causes[wrong]))}",
            _CODING,
        )
    if not (causes[is_known] > 0).any():
        raise EndpointError(
            "Nobody had an event of any cause",
            f"All {count(int(is_known.sum()), 'known row')} are 0, censored",
            "Check the coding of the causes",
        )
    event = np.where(is_known, (causes > 0).astype(np.float64), np.nan)
    sample = survival_sample(time, event, groups, strata)
    known = causes[sample.known].astype(np.int64)
    codes = tuple(int(code) for code in np.unique(causes[is_known]) if code > 0)
    return CauseSample(sample, known, codes)


@dataclass(frozen=True, eq=False)
class IncidenceCurve:
    """Curves of one cause at the times of some counts, all (m,).

    n_event: events of the cause; before, after: survival of any cause just before and after;
    incidence: the cumulative incidence.
    """

    n_event: FloatArray
    before: FloatArray
    after: FloatArray
    incidence: FloatArray


def incidence_curve(counts: RiskCounts, hit: FloatArray) -> IncidenceCurve:
    """The curve of one cause; hit: (n,) 1 for the rows with an event of this cause."""
    n_event = summed(counts.place, hit, counts.time.size)
    after = product_limit(counts.n_event, counts.n_risk)
    before = np.concatenate(([1.0], after[:-1]))
    return IncidenceCurve(n_event, before, after, np.cumsum(before * n_event / counts.n_risk))


def aalen_error(counts: RiskCounts, curve: IncidenceCurve) -> FloatArray:
    """Standard error from the martingales of the cause (1) and of all others (2).

    var F(t) = sum_{u <= t} S(u-)^2 ((1 - r(u, t))^2 v_1(u) + r(u, t)^2 v_2(u))
    r(u, t) = (F(t) - F(u)) / S(u),   v_c = d_c / n^2 (1 - (d_c - 1) / (n - 1))
    """
    n, own = counts.n_risk, curve.n_event
    others = counts.n_event - own
    base = curve.before**2 / n**2

    def spread(d: FloatArray) -> FloatArray:
        return base * d * (1.0 - np.maximum(d - 1.0, 0.0) / np.maximum(n - 1.0, 1.0))

    v1, v2 = spread(own), spread(others)
    slope = np.divide(1.0, curve.after, out=np.zeros(n.size), where=curve.after > 0)
    start = curve.incidence * slope  # r(u, t) = F(t) slope(u) - start(u)
    total = np.cumsum((1.0 + start) ** 2 * v1 + start**2 * v2)
    linear = np.cumsum(slope * ((1.0 + start) * v1 + start * v2))
    square = np.cumsum(slope**2 * (v1 + v2))
    f = curve.incidence
    return np.sqrt(np.maximum(total - 2 * f * linear + f**2 * square, 0.0))


def _jackknife_error(
    counts: RiskCounts, hit: FloatArray, event: FloatArray, curve: IncidenceCurve
) -> FloatArray:
    """Standard error from the derivative of the curve with respect to the weight of each row."""
    n, d, own = counts.n_risk, counts.n_event, curve.n_event
    of_survival, of_incidence = np.zeros(hit.size), np.zeros(hit.size)
    errors = np.empty(n.size)
    for j in range(n.size):
        at_risk = (counts.place >= j) & (counts.entered <= j)
        here = counts.place == j
        hazard, hazard_own = d[j] / n[j], own[j] / n[j]
        of_incidence += of_survival * hazard_own
        of_incidence += curve.before[j] * (here * hit - at_risk * hazard_own) / n[j]
        of_survival *= 1.0 - hazard
        of_survival -= curve.before[j] * (here * event - at_risk * hazard) / n[j]
        errors[j] = np.sqrt(np.sum(of_incidence**2))
    return errors


def _labels(codes: tuple[int, ...], names: Sequence[str] | None) -> list[object]:
    if names is None:
        return list(codes)
    listed = name_list("names", names)
    if isinstance(names, str) or len(listed) < max(codes):
        raise ParameterError(
            f"names cannot be {names!r}",
            f"The causes are numbered up to {max(codes)}",
            "Give the name of each cause 1, 2, ... in order",
        )
    return [listed[code - 1] for code in codes]
