"""How long patients were followed, in words."""

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import count

Unit = Literal["days", "weeks", "months", "years"]

DAYS_PER_YEAR: Final = 365.25
DAYS_PER: Final = {"days": 1.0, "weeks": 7.0, "months": DAYS_PER_YEAR / 12, "years": DAYS_PER_YEAR}

UNLIKELY_RATIO: Final = 20.0
"""Between the follow-ups of two cohorts; a month for a day is 30.4."""


def mixed_units(median_days: Mapping[str, float]) -> str:
    """What speaks for cohorts whose times are in different units; "" where nothing does.

    median_days: median follow-up of each cohort, converted from the unit it was declared in.

    >>> mixed_units({"alpha": 1400.0, "beta": 900.0})
    ''
    >>> mixed_units({"alpha": 1400.0, "beta": 46.0}).partition(": ")[0]
    'beta was followed 46 days and alpha 1,400, 30 times as long'
    """
    known = {name: days for name, days in median_days.items() if days > 0}
    if not known:
        return ""
    short, long = min(known, key=lambda name: known[name]), max(known, key=lambda name: known[name])
    ratio = known[long] / known[short]
    if ratio < UNLIKELY_RATIO:
        return ""
    return (
        f"{short} was followed {known[short]:,.0f} days and {long} {known[long]:,.0f}, "
        f"{ratio:.0f} times as long: one of them may be in months where days are declared. Check "
        "the unit of both endpoints."
    )


def median_follow_up(
    time: NDArray[np.float64],
    event: NDArray[np.float64],
    entry: NDArray[np.float64] | None = None,
) -> float:
    """Median follow-up by the reverse Kaplan-Meier method, in the unit of `time`.

    The Kaplan-Meier curve of the time to censoring, an event of any cause ending the observation of
    it: S(t) = prod_{t_j <= t} (1 - c_j / n_j), c_j censored at t_j and n_j at risk just before t_j,
    which is after their entry. event: 0 = censored, 1 and up = an event of that cause.
    The median is the first time at which S is below 1/2; where S is exactly 1/2 over an interval,
    its middle, as R's `survfit` has it. NaN where S does not get there.

    References
    ----------
    Schemper M, Smith TL. A note on quantifying follow-up in studies of failure time. Control Clin
    Trials 1996;17:343-346. doi:10.1016/0197-2456(96)00075-X

    Examples
    --------
    Censored at 2, 4 and 6, an event at 3: S is 3/4 from 2, 3/8 from 4.

    >>> float(median_follow_up(np.array([2.0, 3.0, 4.0, 6.0]), np.array([0.0, 1.0, 0.0, 0.0])))
    4.0
    """
    known = ~(np.isnan(time) | np.isnan(event))
    if entry is not None:
        known &= ~np.isnan(entry)
    distinct, position = np.unique(time[known], return_inverse=True)
    n_here = np.bincount(position, minlength=len(distinct))
    is_censored = (event[known] == 0).astype(np.float64)
    n_censored = np.bincount(position, weights=is_censored, minlength=len(distinct))
    n_at_risk = n_here[::-1].cumsum()[::-1]
    if entry is not None:
        started = np.sort(entry[known])
        n_at_risk -= len(started) - np.searchsorted(started, distinct, side="left")
    curve = np.cumprod(1.0 - n_censored / n_at_risk)
    steps = np.flatnonzero(n_censored > 0)
    # The product of fractions can miss 1/2 by rounding; R compares with the same kind of slack.
    below = steps[curve[steps] < 0.5 + 1e-9]
    if not len(below):
        return float("nan")
    first = int(below[0])
    if abs(curve[first] - 0.5) <= 1e-9 and len(below) > 1:
        return float((distinct[first] + distinct[below[1]]) / 2)
    return float(distinct[first])


def describe_follow_up(
    time: NDArray[np.float64],
    event: NDArray[np.float64],
    unit: Unit = "days",
    *,
    entry: NDArray[np.float64] | None = None,
    patients: "pd.Series[str] | None" = None,
) -> str:
    """Say events, rows and median follow-up (reverse Kaplan-Meier) in one line.

    The events counted are those coded 1; others are competing ones, which end a follow-up too.
    Where `patients` have several rows, patients are counted, and followed from their first entry
    to their last time. A month is 30.4375 days and a year 365.25.

    >>> describe_follow_up(np.array([365.25, 730.5, 730.5]), np.array([1.0, 0.0, 0.0]))
    '1 event / 3, median follow-up 2.0 years'
    """
    known = ~(np.isnan(time) | np.isnan(event))
    n_events = int((event[known] == 1).sum())
    if patients is not None:
        time, event, entry = _one_row_each(time, event, entry, patients)
        known = ~(np.isnan(time) | np.isnan(event))
    start = f"{count(n_events, 'event')} / {int(known.sum()):,}"
    median = median_follow_up(time, event, entry)
    if np.isnan(median):
        return f"{start}, median follow-up not reached"
    days = median * DAYS_PER[unit]
    if days < DAYS_PER_YEAR / 2:
        return f"{start}, median follow-up {days:.0f} days"
    return f"{start}, median follow-up {days / DAYS_PER_YEAR:.1f} years"


def _one_row_each(
    time: NDArray[np.float64],
    event: NDArray[np.float64],
    entry: NDArray[np.float64] | None,
    patients: "pd.Series[str]",
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
    """The last known row of each patient, entered when the first was."""
    rows = pd.DataFrame({"id": patients.to_numpy(), "time": time, "event": event})
    rows["entry"] = np.nan if entry is None else entry
    rows = rows.dropna(subset=["time", "event"]).sort_values("time", kind="stable")
    first = rows.groupby("id", sort=False)["entry"].min()
    last = rows.drop_duplicates("id", keep="last")
    started = None if entry is None else first.loc[last["id"]].to_numpy(dtype=np.float64)
    return last["time"].to_numpy(), last["event"].to_numpy(), started
