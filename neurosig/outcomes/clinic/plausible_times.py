"""Whether numbers can be follow-up in the unit that was said: dates, other units, long lives."""

import re
import warnings
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ClinicalWarning, EndpointError, count, examples
from neurosig.outcomes.clinic.follow_up import DAYS_PER, DAYS_PER_YEAR, Unit

FloatArray = NDArray[np.float64]

LONGEST_MEDIAN_YEARS: Final = 60.0
LONGEST_YEARS: Final = 100.0
"""Of one patient; a life, and no follow-up."""
SHORTEST_MEDIAN_DAYS: Final = 2.0
_FIRST_SECOND: Final = 1e8
"""Since 1970: 1973 in seconds. In days, 270,000 years."""
_UNIT_WORD: Final = re.compile(r"(?<![a-z])(day|week|month|year|mo|yr)s?(?![a-z])")
_UNIT_OF: Final[dict[str, Unit]] = {
    "day": "days",
    "week": "weeks",
    "month": "months",
    "mo": "months",
    "year": "years",
    "yr": "years",
}


def refuse_dates(column: str, time: FloatArray) -> None:
    """Refuse times that are dates written as numbers: 20150314, or seconds since 1970.

    Raises
    ------
    EndpointError
        All known times read so.

    Examples
    --------
    >>> refuse_dates("os", np.array([20150314.0, 20161201.0]))
    Traceback (most recent call last):
    neurosig.errors.EndpointError: The column 'os' holds dates where times are needed. All 2 ...
    """
    known = time[np.isfinite(time)]
    if not known.size:
        return
    if _are_calendar_dates(known):
        what = "read as year, month and day"
    elif known.min() >= _FIRST_SECOND:
        what = "are as large as seconds since 1970"
    else:
        return
    raise EndpointError(
        f"The column {column!r} holds dates where times are needed",
        f"All {count(known.size, 'value')} {what}: {examples(f'{t:.0f}' for t in known)}",
        "Give the time from diagnosis or surgery to the event or the last contact",
        column=column,
    )


def warn_of_other_unit(column: str, unit: Unit, time: FloatArray, n_frames: int) -> None:
    """Warn of times that are no follow-up in their unit, or whose column names another unit.

    time: of rows with time and event. n_frames: between here and the caller of the public verb.

    Warns
    -----
    ClinicalWarning
        Their median is below 2 days or above 60 years, or one of them above 100 years; the name of
        the column has another unit.
    """
    evidence = _unlikely(unit, time)
    found = _UNIT_WORD.findall(column.casefold())
    named = {_UNIT_OF[word] for word in found}
    if not evidence and named and unit not in named:
        evidence = f"Its name speaks of {' and '.join(sorted(named))}"
    if evidence:
        warnings.warn(
            ClinicalWarning(
                f"The times of {column!r} do not look like {unit}",
                evidence,
                'Give the unit of the column, such as Endpoint(..., unit="months")',
            ),
            stacklevel=n_frames + 2,
        )


def _unlikely(unit: Unit, time: FloatArray) -> str:
    """Why the times are no follow-up in that unit; "" where they can be."""
    median, longest = float(np.median(time)), float(time.max())
    days, years = median * DAYS_PER[unit], longest * DAYS_PER[unit] / DAYS_PER_YEAR
    if days < SHORTEST_MEDIAN_DAYS:
        return f"Their median is {median:g}, which would be {days:.2g} days"
    if days > LONGEST_MEDIAN_YEARS * DAYS_PER_YEAR:
        return f"Their median is {median:g}, which would be {days / DAYS_PER_YEAR:.0f} years"
    if years > LONGEST_YEARS:
        return f"The longest is {longest:g}, which would be {years:.0f} years"
    return ""


def _are_calendar_dates(times: FloatArray) -> bool:
    """Whether all numbers are such as 20150314, from 1900 to 2099."""
    if not np.all(times == np.floor(times)):
        return False
    year, rest = np.divmod(times, 10_000)
    month, day = np.divmod(rest, 100)
    is_date = (year >= 1900) & (year < 2100) & (month >= 1) & (month <= 12)
    return bool(np.all(is_date & (day >= 1) & (day <= 31)))
