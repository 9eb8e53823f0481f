"""Survival curves, their quantiles and the numbers at risk."""

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import EndpointError, ParameterError
from neurosig.kernels.times import TIME_TOLERANCE
from neurosig.outcomes.survival_sample import survival_sample

if TYPE_CHECKING:
    from neurosig.outcomes.cohort import Cohort

FloatArray = NDArray[np.float64]
Interval = Literal["log-log", "log", "plain"]
Cut = Literal["median", "tertiles", "quartiles"]

_CUT_LABELS: dict[str, tuple[str, ...]] = {
    "median": ("low", "high"),
    "tertiles": ("low", "middle", "high"),
    "quartiles": ("Q1 (lowest)", "Q2", "Q3", "Q4 (highest)"),
}


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    groups: ArrayLike | pd.Series | None = None,
    interval: Interval = "log-log",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Kaplan-Meier curves with pointwise confidence intervals, one row per group and time.

        S(t) = prod_{t_i <= t} (1 - d_i / n_i)
        se(S) = S sqrt(sum_{t_i <= t} d_i / (n_i (n_i - d_i)))          (Greenwood)

    d_i events and n_i rows at risk at t_i. Intervals on the scale log(-log S) by default ("log"
    is the default of R's survfit), cut at 0 and 1. Where S is 1 or 0 the log-log interval does
    not exist and is NaN; at S = 0 the others do not either.

    Parameters
    ----------
    time
        (n,) follow-up in any unit, not negative.
    event
        (n,) 1 = event, 0 = censored.
    groups
        (n,) group of each row, for one curve each: categories in their order, others sorted.
        Without it there is one curve, of the group "all".
    interval
        Scale of the interval: "log-log", "log" or "plain" (S itself).
    confidence
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        Columns `group, time, n_risk, n_event, n_censor, survival, std_error, ci_low, ci_high`; one
        row per group and distinct time, censorings included.

    Raises
    ------
    EndpointError
        A time is negative or infinite, an event is neither 0 nor 1, lengths differ, or no row is
        known.
    ParameterError
        `interval` or `confidence` has a value that is not allowed.

    Warns
    -----
    ClinicalWarning
        Rows with a missing time, event or group are left out.

    References
    ----------
    Kaplan EL, Meier P (1958) J Am Stat Assoc 53:457-481, doi:10.1080/01621459.1958.10501452;
    Kalbfleisch JD, Prentice RL (1980), section 1.3, for the log-log interval.

    Examples
    --------
    Weeks of remission under 6-MP (Freireich 1963, doi:10.1182/blood.V21.6.699.699); the curve is
    table 4.1 of Cox and Oakes (1984), Analysis of Survival Data.

    >>> weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    >>> relapse = [int(digit) for digit in "111010100110001100000"]
    >>> curve = kaplan_meier(weeks, relapse)
    >>> drops = curve[curve["n_event"] > 0]
    >>> drops["time"].tolist(), drops["n_risk"].tolist()
    ([6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0], [21, 17, 15, 12, 11, 7, 6])
    >>> drops["survival"].round(3).tolist()
    [0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448]
    >>> float(curve["std_error"].iloc[0].round(4))  # 18 / 21 * sqrt(3 / (21 * 18))
    0.0764
    """
    _check_options(interval, confidence)
    sample = survival_sample(time, event, groups)
    curves = []
    for code, name in enumerate(sample.names):
        inside = sample.code == code
        curve = _curve(sample.time[inside], sample.event[inside])
        low, high = _interval(curve, interval, confidence)
        table = pd.DataFrame(curve).assign(ci_low=low, ci_high=high)
        counts = ["n_risk", "n_event", "n_censor"]
        table[counts] = table[counts].astype(np.int64)
        table.insert(0, "group", pd.Series([name] * len(table), dtype=object))
        curves.append(table.drop(columns="se_log"))
    return pd.concat(curves, ignore_index=True)


def survival_quantile(curves: pd.DataFrame, probability: float = 0.5) -> pd.DataFrame:
    """Time by which a share `probability` of each group had the event; 0.5 is the median.

    The first time at which S(t) <= 1 - probability; where S equals it exactly, the middle between
    that time and the next at which S is smaller. The limits are read in the same way off the
    confidence curves (Brookmeyer and Crowley); NaN where a curve does not come down that far.

    curves: a table of `kaplan_meier`, whose interval is the one used. Columns: `group,
    probability, time, ci_low, ci_high`.

    References
    ----------
    Brookmeyer R, Crowley J (1982) Biometrics 38:29-41, doi:10.2307/2530286.

    Examples
    --------
    >>> four_deaths = kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1], interval="log")
    >>> survival_quantile(four_deaths)["time"].tolist()
    [2.5]
    """
    if not 0 < probability < 1:
        raise ParameterError(
            f"probability cannot be {probability!r}",
            "It is a share of the group, above 0 and below 1",
            "The default is 0.5, the median",
        )
    rows = []
    for name, curve in curves.groupby("group", sort=False):
        at = curve["time"].to_numpy(dtype=np.float64)
        crossings = (
            _crossing(at, curve[column].to_numpy(dtype=np.float64), 1 - probability)
            for column in ("survival", "ci_low", "ci_high")
        )
        rows.append((name, probability, *crossings))
    return pd.DataFrame(rows, columns=["group", "probability", "time", "ci_low", "ci_high"])


def at_risk_table(
    time: ArrayLike,
    event: ArrayLike,
    times: ArrayLike,
    *,
    groups: ArrayLike | pd.Series | None = None,
) -> pd.DataFrame:
    """Rows at risk at the given times, with the events and censorings up to each.

    Parameters
    ----------
    time, event, groups
        As in `kaplan_meier`.
    times
        (m,) times to count at, in the unit of `time`.

    Returns
    -------
    DataFrame
        Columns `group, time, n_risk, n_event, n_censor`, one row per group and time. `n_risk`
        counts the rows with follow-up of at least t; `n_event` and `n_censor` count up to and
        including t.

    Raises
    ------
    EndpointError
        As in `kaplan_meier`.

    Warns
    -----
    ClinicalWarning
        Rows with a missing time, event or group are left out.

    References
    ----------
    Pocock SJ, Clayton TC, Altman DG (2002) Lancet 359:1686-1689,
    doi:10.1016/S0140-6736(02)08594-X, for showing it below survival curves.

    Examples
    --------
    By hand: four rows reach time 2; until then two events (1, 2) and a censoring (2).

    >>> table = at_risk_table([1, 2, 2, 3, 4], [1, 1, 0, 1, 0], [0, 2, 3.5])
    >>> table[["n_risk", "n_event", "n_censor"]].to_numpy().tolist()
    [[5, 0, 0], [4, 2, 1], [1, 3, 1]]
    """
    sample = survival_sample(time, event, groups)
    rows = []
    for code, name in enumerate(sample.names):
        at, died = sample.time[sample.code == code], sample.event[sample.code == code] > 0
        for t in np.asarray(times, dtype=np.float64):
            gone = at <= t
            n_event, n_censor = int((gone & died).sum()), int((gone & ~died).sum())
            rows.append((name, float(t), int((at >= t).sum()), n_event, n_censor))
    return pd.DataFrame(rows, columns=["group", "time", "n_risk", "n_event", "n_censor"])


def km_groups(cohort: "Cohort", signature: str, cut: Cut = "median") -> pd.DataFrame:
    """Groups of a score for drawing survival curves: for display only.

    Cutting a score throws information away; the test to print next to such curves is the one of
    the continuous score (`cox`). Quantiles are over the rows with score, time and event; a score
    equal to a cut point falls into the lower group.

    Parameters
    ----------
    cohort
        A cohort with an endpoint.
    signature
        The score column to cut.
    cut
        "median" (low, high), "tertiles" (low, middle, high) or "quartiles" (Q1 to Q4).

    Returns
    -------
    DataFrame
        Columns `time, event, score, group`, indexed by observation, only rows with all of them;
        `group` is an ordered categorical and `attrs["note"]` is a sentence for the figure.

    Raises
    ------
    EndpointError
        The cohort has no endpoint.
    UnknownSignatureError
        The cohort has no such score.
    ParameterError
        `cut` is not one of the three.

    References
    ----------
    Royston P, Altman DG, Sauerbrei W (2006) Stat Med 25:127-141, doi:10.1002/sim.2331.

    Examples
    --------
    >>> import neurosig as ns
    >>> ids = ["p1", "p2", "p3"]
    >>> clinical = pd.DataFrame({"days": [900, 400, 700], "dead": [0, 1, 1]}, index=ids)
    >>> scores = pd.DataFrame({"NGF": [0.5, 2.0, 1.0]}, index=ids)
    >>> cohort = ns.Cohort.join(scores, clinical, ns.Endpoint(time="days", event="dead"))
    >>> km_groups(cohort, "NGF")["group"].tolist()  # the median, 1.0, is p3's: low
    ['low', 'high', 'low']
    """
    from neurosig.outcomes.model_rows import choose_signatures

    if cut not in _CUT_LABELS:
        raise ParameterError(
            f"cut cannot be {cut!r}",
            f"Allowed: {', '.join(get_args(Cut))}",
            "The default is 'median'",
        )
    if cohort.time is None or cohort.event is None:
        raise EndpointError(
            f"The cohort {cohort.name!r} has no endpoint",
            "Survival curves need a time and an event",
            'Join it with endpoint=ns.Endpoint(time="...", event="...")',
        )
    if cohort.entry is not None:
        raise EndpointError(
            f"The curves of {cohort.name!r} would ignore that its rows enter late",
            f"The endpoint has the entry {cohort.endpoint.entry if cohort.endpoint else ''!r}",
            "Use ns.cox, which takes delayed entry into account",
        )
    (name,) = choose_signatures(cohort, signature)
    score = cohort.data[name].to_numpy(dtype=np.float64)
    known = np.isfinite(cohort.time) & np.isfinite(cohort.event) & np.isfinite(score)
    labels = _CUT_LABELS[cut]
    inner = np.linspace(0, 1, len(labels) + 1)[1:-1]
    bounds = np.quantile(score[known], inner) if known.any() else inner
    codes = np.searchsorted(bounds, score[known], side="left")
    table = pd.DataFrame(
        {
            "time": cohort.time[known],
            "event": cohort.event[known],
            "score": score[known],
            "group": pd.Categorical([labels[c] for c in codes], list(labels), ordered=True),
        },
        index=cohort.data.index[known],
    )
    table.attrs["note"] = f"Groups cut at the {cut} of the score, for display only"
    return table


def _check_options(interval: str, confidence: float) -> None:
    if interval not in get_args(Interval):
        raise ParameterError(
            f"interval cannot be {interval!r}",
            f"Allowed: {', '.join(get_args(Interval))}",
            "The default is 'log-log'",
        )
    if not 0 < confidence < 1:
        raise ParameterError(
            f"confidence cannot be {confidence!r}",
            "It is the coverage of the intervals, above 0 and below 1",
            "The default is 0.95",
        )


def _curve(time: FloatArray, event: FloatArray) -> dict[str, FloatArray]:
    at, place = np.unique(time, return_inverse=True)
    n_event = np.bincount(place, weights=event).astype(np.int64)
    n_gone = np.bincount(place)
    n_risk = time.size - np.concatenate(([0], np.cumsum(n_gone)[:-1]))
    survival = np.cumprod(1.0 - n_event / n_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        se_log = np.sqrt(np.cumsum(n_event / (n_risk * (n_risk - n_event))))
        std_error = survival * se_log
    return {
        "time": at,
        "n_risk": n_risk.astype(np.float64),
        "n_event": n_event.astype(np.float64),
        "n_censor": (n_gone - n_event).astype(np.float64),
        "survival": survival,
        "std_error": std_error,
        "se_log": se_log,
    }


def _interval(
    curve: dict[str, FloatArray], interval: Interval, confidence: float
) -> tuple[FloatArray, FloatArray]:
    from scipy import special

    z = float(special.ndtri(0.5 + confidence / 2))
    survival, se_log = curve["survival"], curve["se_log"]
    with np.errstate(divide="ignore", invalid="ignore"):
        if interval == "plain":
            low, high = survival - z * curve["std_error"], survival + z * curve["std_error"]
        elif interval == "log":
            low, high = survival * np.exp(-z * se_log), survival * np.exp(z * se_log)
            low, high = (np.where(survival > 0, bound, np.nan) for bound in (low, high))
        else:
            inside = np.where((survival > 0) & (survival < 1), survival, np.nan)
            centre, width = np.log(-np.log(inside)), z * se_log / np.log(inside)
            low, high = np.exp(-np.exp(centre - width)), np.exp(-np.exp(centre + width))
    return np.maximum(low, 0.0), np.minimum(high, 1.0)


def _crossing(at: FloatArray, curve: FloatArray, level: float) -> float:
    """First time a falling step curve reaches the level, the middle of a stretch exactly on it."""
    reached = np.flatnonzero(curve <= level + TIME_TOLERANCE)
    if not reached.size:
        return float("nan")
    first = reached[0]
    below = np.flatnonzero(curve < level - TIME_TOLERANCE)
    if abs(curve[first] - level) <= TIME_TOLERANCE and below.size:
        return float((at[first] + at[below[0]]) / 2)
    return float(at[first])
