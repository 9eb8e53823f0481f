"""How long patients were followed, in words."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import count

Unit = Literal["days", "weeks", "months", "years"]

DAYS_PER_YEAR: Final = 365.25
DAYS_PER: Final = {"days": 1.0, "weeks": 7.0, "months": DAYS_PER_YEAR / 12, "years": DAYS_PER_YEAR}


def median_follow_up(time: NDArray[np.float64], event: NDArray[np.float64]) -> float:
    """Median follow-up by the reverse Kaplan-Meier method, in the unit of `time`.

    The Kaplan-Meier curve of the time to censoring, an event ending the observation of it:
    S(t) = prod_{t_j <= t} (1 - c_j / n_j), c_j censored at t_j and n_j at risk just before t_j.
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
    distinct, position = np.unique(time[known], return_inverse=True)
    n_here = np.bincount(position, minlength=len(distinct))
    n_censored = np.bincount(position, weights=1.0 - event[known], minlength=len(distinct))
    n_at_risk = n_here[::-1].cumsum()[::-1]
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
    time: NDArray[np.float64], event: NDArray[np.float64], unit: Unit = "days"
) -> str:
    """Say events, rows and median follow-up (reverse Kaplan-Meier) in one line.

    A month is 30.4375 days and a year 365.25.

    >>> describe_follow_up(np.array([365.25, 730.5, 730.5]), np.array([1.0, 0.0, 0.0]))
    '1 event / 3, median follow-up 2.0 years'
    """
    known = ~(np.isnan(time) | np.isnan(event))
    n_events = int(event[known].sum())
    start = f"{count(n_events, 'event')} / {int(known.sum()):,}"
    median = median_follow_up(time, event)
    if np.isnan(median):
        return f"{start}, median follow-up not reached"
    days = median * DAYS_PER[unit]
    if days < DAYS_PER_YEAR / 2:
        return f"{start}, median follow-up {days:.0f} days"
    return f"{start}, median follow-up {days / DAYS_PER_YEAR:.1f} years"
