"""Survival curves, their quantiles and the numbers at risk."""

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import EndpointError, ParameterError
from neurosig.kernels.times import TIME_TOLERANCE
from neurosig.outcomes.arguments import check_share, number_list, shown
from neurosig.outcomes.curves.curve_intervals import Interval, check_interval, probability_interval
from neurosig.outcomes.curves.risk_counts import RiskCounts, product_limit, risk_counts
from neurosig.outcomes.curves.survival_sample import survival_sample
from neurosig.outcomes.delayed_entry import refuse_intervals

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
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
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> pd.DataFrame:
    """Kaplan-Meier curves with pointwise confidence intervals, one row per group and time.

        S(t) = prod_{t_i <= t} (1 - d_i / n_i)
        se(S) = S sqrt(sum_{t_i <= t} d_i / (n_i (n_i - d_i)))          (Greenwood)

    d_i events and n_i rows at risk at t_i. Intervals on the scale log(-log S) by default ("log"
    is the default of R's survfit), cut at 0 and 1. Where S is 1 or 0 the log-log, logit and arcsin
    intervals do not exist and are NaN; at S = 0 the others do not either.

    With weights, d_i and n_i are sums of weights and the standard error is the infinitesimal
    jackknife, which is right for sampling weights (Greenwood's would take a weight of 2 for two
    patients):

        se(S)^2 = sum_k (w_k dS / dw_k)^2

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
        Scale of the interval: "log-log", "log", "logit", "arcsin" or "plain" (S itself).
    confidence
        Coverage of the intervals.
    entry
        (n,) time at which observation of the row began (delayed entry): it is at risk at t where
        entry < t <= time. Early risk sets can be very small then; look at `n_risk`.
    weights
        (n,) above 0, such as inverse probabilities of sampling.

    Returns
    -------
    DataFrame
        Columns `group, time, n_risk, n_event, n_censor, survival, std_error, ci_low, ci_high`; one
        row per group and distinct time, censorings included. Counts are sums of weights where
        there are weights.

    Raises
    ------
    EndpointError
        A time is negative or infinite, an event is neither 0 nor 1, a row enters at or after its
        time, a weight is not above 0, lengths differ, or no row is known.
    ParameterError
        `interval` or `confidence` has a value that is not allowed.

    Warns
    -----
    ClinicalWarning
        Rows with a missing time, event or group are left out.

    References
    ----------
    Kaplan EL, Meier P (1958) J Am Stat Assoc 53:457-481, doi:10.1080/01621459.1958.10501452;
    Kalbfleisch JD, Prentice RL (1980), section 1.3, for the log-log interval; Borgan O, Liestoel K
    (1990) Scand J Stat 17:35-41, for the arcsin interval; Efron B (1982), The Jackknife, the
    Bootstrap and Other Resampling Plans, doi:10.1137/1.9781611970319, for the jackknife.

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
    check_interval(interval, confidence)
    sample = survival_sample(time, event, groups, entry=entry, weights=weights)
    curves = []
    for code, name in enumerate(sample.names):
        inside = sample.code == code
        counts = risk_counts(sample, inside)
        if weights is None:
            survival, std_error = _greenwood(counts)
        else:
            survival, std_error = _jackknife(counts, sample.event[inside], sample.weight[inside])
        low, high = probability_interval(survival, std_error, interval, confidence)
        rows = {
            "time": counts.time,
            "n_risk": counts.n_risk,
            "n_event": counts.n_event,
            "n_censor": counts.n_censor,
            "survival": survival,
            "std_error": std_error,
            "ci_low": low,
            "ci_high": high,
        }
        table = pd.DataFrame(rows)
        if weights is None:
            whole = ["n_risk", "n_event", "n_censor"]
            table[whole] = table[whole].astype(np.int64)
        table.insert(0, "group", pd.Series([name] * len(table), dtype=object))
        curves.append(table)
    return pd.concat(curves, ignore_index=True)


def survival_quantile(curves: pd.DataFrame, probability: float = 0.5) -> pd.DataFrame:
    """Time by which a share `probability` of each group had the event; 0.5 is the median.

    The first time at which S(t) <= 1 - probability; where S equals it exactly, the middle between
    that time and the next at which S is smaller. The limits are read in the same way off the
    confidence curves (Brookmeyer and Crowley); NaN where a curve does not come down that far.

    Parameters
    ----------
    curves
        A table of `kaplan_meier`, whose interval is the one used.
    probability
        Share of patients with the event.

    Returns
    -------
    DataFrame
        Columns `group, probability, time, ci_low, ci_high`.

    Raises
    ------
    ParameterError
        `curves` is no such table, or `probability` is not between 0 and 1.

    References
    ----------
    Brookmeyer R, Crowley J (1982) Biometrics 38:29-41, doi:10.2307/2530286.

    Examples
    --------
    >>> four_deaths = kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1], interval="log")
    >>> survival_quantile(four_deaths)["time"].tolist()
    [2.5]
    """
    check_share("probability", probability, "a share of the group", 0.5)
    needed = ["group", "time", "survival", "ci_low", "ci_high"]
    if not isinstance(curves, pd.DataFrame) or not set(needed) <= set(curves.columns):
        raise ParameterError(
            f"curves cannot be {shown(curves)}",
            f"It needs the columns {', '.join(needed)}",
            "Give a table of ns.kaplan_meier",
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
    entry: ArrayLike | None = None,
) -> pd.DataFrame:
    """Rows at risk at the given times, with the events and censorings up to each.

    Parameters
    ----------
    time, event, groups, entry
        As in `kaplan_meier`.
    times
        (m,) times to count at, in the unit of `time`.

    Returns
    -------
    DataFrame
        Columns `group, time, n_risk, n_event, n_censor`, one row per group and time. `n_risk`
        counts the rows with follow-up of at least t that entered before t, or at t = 0;
        `n_event` and `n_censor` count up to and including t.

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
    sample, wanted = survival_sample(time, event, groups, entry=entry), number_list("times", times)
    rows = []
    for code, name in enumerate(sample.names):
        inside = sample.code == code
        at, died, entered = sample.time[inside], sample.event[inside] > 0, sample.entry[inside]
        for t in wanted:
            gone = at <= t
            n_event, n_censor = int((gone & died).sum()), int((gone & ~died).sum())
            has_entered = entered <= t if t == 0 else entered < t
            rows.append((name, float(t), int((has_entered & (at >= t)).sum()), n_event, n_censor))
    return pd.DataFrame(rows, columns=["group", "time", "n_risk", "n_event", "n_censor"])


def km_groups(cohort: "Cohort", signature: str, cut: Cut = "median") -> pd.DataFrame:
    """Groups of a score for drawing survival curves: for display only.

    Cutting a score throws information away; the test to print next to such curves is the one of
    the continuous score (`cox`). Quantiles are over the rows with score, time, event and, where
    the endpoint has one, entry; a score equal to a cut point falls into the lower group.

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
        Columns `time, event, score, group`, and before them `entry` where the endpoint has one,
        indexed by observation, only rows with all of them;
        `group` is an ordered categorical and `attrs["note"]` is a sentence for the figure.

    Raises
    ------
    EndpointError
        The cohort has no endpoint, or patients in several rows.
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
    refuse_intervals(cohort, "A curve")
    (name,) = choose_signatures(cohort, signature)
    score = cohort.data[name].to_numpy(dtype=np.float64)
    known = np.isfinite(cohort.time) & np.isfinite(cohort.event) & np.isfinite(score)
    if cohort.entry is not None:
        known &= np.isfinite(cohort.entry)
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
    if cohort.entry is not None:
        table.insert(0, "entry", cohort.entry[known])
    table.attrs["note"] = f"Groups cut at the {cut} of the score, for display only"
    return table


def _greenwood(counts: RiskCounts) -> tuple[FloatArray, FloatArray]:
    """Survival and its standard error by Greenwood's formula; NaN where nobody is left."""
    n, d = counts.n_risk, counts.n_event
    survival = product_limit(d, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return survival, survival * np.sqrt(np.cumsum(d / (n * (n - d))))


def _jackknife(
    counts: RiskCounts, event: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Survival and its infinitesimal jackknife standard error, for weighted rows.

    d log S(t) / d w_k = - sum_{t_i <= t} (dN_ki - Y_ki d_i / n_i) / (n_i - d_i)
    """
    n, d = counts.n_risk, counts.n_event
    left = np.where(n - d > TIME_TOLERANCE * n, n - d, np.inf)  # nobody left: S is 0 from there on
    survival = np.where(np.isinf(left), 0.0, 1.0 - d / n).cumprod()
    hazard = np.concatenate(([0.0], np.cumsum(d / (n * left))))
    variance = np.empty(n.size)
    for j in range(n.size):
        last = np.minimum(counts.place, j)
        at_risk = np.where(counts.entered <= last, hazard[last + 1] - hazard[counts.entered], 0.0)
        own = np.where(counts.place <= j, event / left[counts.place], 0.0)
        variance[j] = np.sum((weight * (own - at_risk)) ** 2)
    return survival, survival * np.sqrt(variance)


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
