"""Endpoints: which columns are time and event, how the event is coded, and what was understood."""

import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig._params import Help, check
from neurosig.errors import ClinicalWarning, EndpointError, ParameterError, count, examples
from neurosig.outcomes.clinic.causes import cause_levels, cause_texts, coding_text
from neurosig.outcomes.clinic.clean import find_column, matching, numbers_of, texts_of
from neurosig.outcomes.clinic.event_words import word_meaning
from neurosig.outcomes.clinic.follow_up import Unit, describe_follow_up
from neurosig.outcomes.clinic.plausible_times import refuse_dates, warn_of_other_unit
from neurosig.outcomes.clinic.tcga_cdr import recommended_endpoint
from neurosig.outcomes.clinic.vital_columns import warn_of_contradicted_status

_INVERTED_NAME: Final = re.compile(
    r"(?<![a-z])(cnsr|cens|censor|censored|censoring|alive|living|survived|survivors?|lost"
    r"|(no|not|non|without)[ _.-]\w+|\w*free(?=[ _.-]?(status)?$))(?![a-z])"
)
_MANY_ROWS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A time-to-event endpoint: the two columns, the unit of time and the coding of the event.

    The event is understood without `event_values` when it is coded 0/1, true/false or in known
    words (dead/alive, deceased/living, died/survived, yes/no, event/censored, cBioPortal's
    `1:DECEASED`), whatever their case. Everything else has to be said: 1/2 and 0/1/2 mean different
    things in different files, and in a column `CNSR` 0 is the event. Any column named after those
    without the event (censored, alive, disease_free, not_dead) needs `event_values`.

    Where causes compete, `causes` says which value is which, that of interest first:
    causes={"cancer": 1, "other": 2}. Then an event is one of the first cause and the others count
    as censored, as a Cox model of the cause-specific hazard wants it; `cumulative_incidence`,
    `gray_test` and `fine_gray` take all of them. Values that no cause names have to be 0, a word
    for censored, or named as the cause "censored".

    Raises
    ------
    ParameterError
        A field has a value that is not allowed, or `causes` and `event_values` are both given.

    Examples
    --------
    >>> import pandas as pd
    >>> clinical = pd.DataFrame(
    ...     {"months": [12, 30, 48, 60], "status": ["Dead", "alive", "DEAD", "Alive"]},
    ...     index=["p1", "p2", "p3", "p4"],
    ... )
    >>> survival = Endpoint(time="months", event="status", unit="months").read(clinical)
    >>> survival.echo
    '2 events / 4, median follow-up 5.0 years'
    >>> survival.coding
    "'Dead', 'DEAD' = event; 'alive', 'Alive' = censored"
    """

    time: Annotated[str, Help("column with the time to event or last contact")]
    event: Annotated[str, Help("column that says whether the event happened")]
    unit: Annotated[Unit, Help("unit of the time column")] = "days"
    event_values: Annotated[
        tuple[str | bool | int | float, ...] | None,
        Help("values of the event column that mean the event; all others are censored"),
    ] = None
    causes: Annotated[
        tuple[str, ...] | Mapping[str, str | int | float] | None,
        Help("competing causes, that of interest first, each as name=value of the event column"),
    ] = None
    entry: Annotated[
        str | None, Help("column with the time at which observation began, where not at 0")
    ] = None
    name: Annotated[str, Help("name in tables and figures; by default the event column's")] = ""
    reason: Annotated[str, Help("why this endpoint; shown where its events are")] = ""

    def __post_init__(self) -> None:
        declared: object = self.event_values
        if isinstance(declared, list):
            object.__setattr__(self, "event_values", tuple(declared))
        if self.causes is not None:
            object.__setattr__(self, "causes", cause_texts(self.causes))
        check(self)
        if self.causes is not None and self.event_values is not None:
            raise ParameterError(
                "An endpoint has either causes or event_values",
                f"causes: {', '.join(self.cause_texts)}; event_values: "
                f"{examples(self.event_values)}",
                "Leave out event_values: an event is the first of the causes",
            )
        if not self.name:
            object.__setattr__(self, "name", self.event)

    @classmethod
    def recommended(cls, cancer: str) -> "Endpoint":
        """The endpoint that the TCGA Clinical Data Resource recommends for a cancer, and why.

        The columns are those of the resource, in days; `reason` has the numbers and the source.

        Raises
        ------
        ParameterError
            If there is no TCGA cancer of that abbreviation.

        References
        ----------
        Liu J et al. (2018) Cell 173:400-416, doi:10.1016/j.cell.2018.02.052.

        Examples
        --------
        >>> endpoint = Endpoint.recommended("PRAD")
        >>> endpoint.time, endpoint.event, endpoint.unit
        ('PFI.time', 'PFI', 'days')
        >>> endpoint.reason
        'PRAD: 93 progressions / 500, 10 deaths / 500; PFI goes before OS, since follow-up ...
        """
        name, reason = recommended_endpoint(cancer)
        return cls(time=f"{name}.time", event=name, unit="days", name=name, reason=reason)

    @property
    def outcome(self) -> tuple[str, str]:
        """The columns that a model of the endpoint explains."""
        return self.time, self.event

    @property
    def cause_texts(self) -> tuple[str, ...]:
        """The causes as "name=value", none where the endpoint has no causes."""
        return cause_texts(self.causes) if self.causes else ()

    def read(self, clinical: pd.DataFrame) -> "SurvivalTimes":
        """Read time and event of every row; what is unknown is NaN, what is impossible raises.

        Raises
        ------
        EndpointError
            A column is missing; times are negative, infinite, texts or dates (also as numbers);
            the coding of the event is ambiguous or unknown; no row has both time and event; there
            is no event; an entry is not before its time.

        Warns
        -----
        ClinicalWarning
            Rows without time or event, times of zero, no censored row, a follow-up or a column name
            that does not fit the unit; patients alive with a day of death, or dead with a last
            contact alone.
        """
        times = find_column(clinical, self.time, EndpointError)
        events = find_column(clinical, self.event, EndpointError)
        ids = pd.Index([str(value) for value in clinical.index])
        time = numbers_of(times, error=EndpointError)
        _refuse_impossible_times(self, time, ids)
        refuse_dates(self.time, time)
        cells = texts_of(events)
        codes = _event_codes(self, cells)
        cause = np.array([np.nan if c is None else float(codes[c]) for c in cells])
        event = np.where(np.isnan(cause), np.nan, cause == 1)
        coding = coding_text(self, cells, codes)
        entry = None if self.entry is None else _read_entry(self, clinical, time, ids)
        survival = SurvivalTimes(self, time, event, ids, coding, cause, entry)
        _refuse_no_events(survival)
        _warn_of_lost_rows_and_zeros(survival)
        _warn_of_events_alone(survival)
        warn_of_other_unit(self.time, self.unit, time[survival.is_known], n_frames=1)
        if self.causes is None:
            warn_of_contradicted_status(clinical, self.time, self.event, event, ids)
        return survival


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalTimes:
    """Time and event (1, 0) of every row, NaN where unknown, and how the event was understood.

    cause: 1 the event, 2 and up the competing causes, 0 censored; entry: the start of observation,
    None where the endpoint has none.
    """

    endpoint: Endpoint
    time: NDArray[np.float64]
    event: NDArray[np.float64]
    ids: pd.Index
    coding: str
    cause: NDArray[np.float64]
    entry: NDArray[np.float64] | None = None

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """The rows whose time and event are both known."""
        return ~(np.isnan(self.time) | np.isnan(self.event))

    @property
    def n_events(self) -> int:
        """Events among the rows whose time is known too."""
        return int(self.event[self.is_known].sum())

    @property
    def echo(self) -> str:
        """What was understood, in one line."""
        return describe_follow_up(self.time, self.cause, self.endpoint.unit, entry=self.entry)


def _refuse_impossible_times(endpoint: Endpoint, time: NDArray[np.float64], ids: pd.Index) -> None:
    for is_wrong, what in ((time < 0, "negative"), (np.isinf(time), "infinite")):
        if is_wrong.any():
            wrong = [f"{i} ({t:g})" for i, t in zip(ids[is_wrong], time[is_wrong], strict=True)]
            raise EndpointError(
                f"The column {endpoint.time!r} holds {what} times",
                f"{count(len(wrong), 'row')}: {examples(wrong)}",
                "Correct these rows, or set their time to missing if it is not known",
                column=endpoint.time,
                ids=tuple(ids[is_wrong][:5]),
            )


def _read_entry(
    endpoint: Endpoint, clinical: pd.DataFrame, time: NDArray[np.float64], ids: pd.Index
) -> NDArray[np.float64]:
    name = str(endpoint.entry)
    entry = numbers_of(find_column(clinical, name, EndpointError), error=EndpointError)
    wrong = np.isinf(entry) | (entry >= time)
    if wrong.any():
        shown = [
            f"{i} ({e:g}, {t:g})"
            for i, e, t in zip(ids[wrong], entry[wrong], time[wrong], strict=True)
        ]
        raise EndpointError(
            f"Rows enter ({name!r}) when or after their time ({endpoint.time!r}) has ended",
            f"{count(len(shown), 'row')}: {examples(shown)}".replace("'", ""),
            "Both count from the same origin in the same unit: correct or remove these rows",
            column=name,
        )
    return entry


def _event_codes(endpoint: Endpoint, cells: Sequence[str | None]) -> Mapping[str, int]:
    """1 for the levels of the event column that are the event, above for competing causes, or 0."""
    levels = list(dict.fromkeys(c for c in cells if c is not None))
    return cause_levels(endpoint, levels) if endpoint.causes else _levels(endpoint, cells, levels)


def _levels(endpoint: Endpoint, cells: Sequence[str | None], levels: list[str]) -> dict[str, bool]:
    """Whether each level of the event column is an event."""
    if endpoint.event_values is not None:
        return _declared_levels(endpoint, levels)
    if _INVERTED_NAME.search(endpoint.event.casefold()):
        raise EndpointError(
            f"The name of the column {endpoint.event!r} speaks of censoring or survival, so that "
            "its values may be the wrong way round (in CDISC's CNSR 0 is the event)",
            f"Its values are {_counts(cells)}",
            f"Say which value is the event: {_said('0')}",
            column=endpoint.event,
        )
    numbers = _whole_numbers(levels)
    if numbers is not None:
        return _numbered_levels(endpoint, cells, numbers)
    known = {level: word_meaning(level) for level in levels}
    unknown = [level for level, meaning in known.items() if meaning is None]
    if unknown:
        raise EndpointError(
            f"The column {endpoint.event!r} has values whose meaning is not known",
            f"{count(len(unknown), 'value')}: {examples(unknown)}; all: {_counts(cells)}",
            f"Say which mean the event: {_said(unknown[0])}",
            column=endpoint.event,
            values=tuple(unknown),
        )
    return {level: bool(meaning) for level, meaning in known.items()}


def _said(value: str) -> str:
    """How to say that a value is the event: in Python, as an option, in a configuration."""
    return f'Endpoint(..., event_values=("{value}",)), --event-value or event_values: ["{value}"]'


def _declared_levels(endpoint: Endpoint, levels: list[str]) -> dict[str, bool]:
    is_event = dict.fromkeys(levels, False)
    absent = []
    for value in endpoint.event_values or ():
        hits = [lv for lv, hit in zip(levels, matching(levels, value), strict=True) if hit]
        is_event |= dict.fromkeys(hits, True)
        if not hits:
            absent.append(value)
    if absent or not endpoint.event_values:
        raise EndpointError(
            f"event_values {examples(absent)} do not occur in the column {endpoint.event!r}",
            f"Its values are {examples(levels)}",
            "Name the values that mean the event as the column has them",
            column=endpoint.event,
        )
    return is_event


def _whole_numbers(levels: Sequence[str]) -> dict[str, float] | None:
    try:
        return {level: float(level) for level in levels}
    except ValueError:
        return None


def _numbered_levels(
    endpoint: Endpoint, cells: Sequence[str | None], numbers: dict[str, float]
) -> dict[str, bool]:
    values = set(numbers.values())
    if values <= {0.0, 1.0}:
        return {level: number == 1.0 for level, number in numbers.items()}
    if values == {1.0, 2.0}:
        what = "is coded 1/2, which could mean 2 = event or 1 = event"
        remedy = f"If 2 is the event (as in R's lung data): {_said('2')}"
    elif values == {0.0, 1.0, 2.0}:
        what = "is coded 0/1/2, which is a competing event or three states"
        remedy = (
            f"Choose the event: {_said('1')} counts 2 as censored, giving both counts both as "
            'events; or name competing causes: causes={"name of 1": 1, "name of 2": 2}'
        )
    else:
        what = "is not coded 0/1"
        remedy = f"Say which values mean the event: {_said(next(iter(numbers)))}"
    raise EndpointError(
        f"The column {endpoint.event!r} {what}",
        f"Its values are {_counts(cells)}",
        remedy,
        column=endpoint.event,
        values=tuple(numbers),
    )


def _counts(cells: Sequence[str | None]) -> str:
    counted: Counter[Any] = Counter(c for c in cells if c is not None)
    return examples(f"{value} ({n:,} rows)" for value, n in counted.most_common()).replace("'", "")


def _refuse_no_events(survival: SurvivalTimes) -> None:
    endpoint, known = survival.endpoint, survival.is_known
    if not known.any():
        raise EndpointError(
            f"No row has both a time ({endpoint.time!r}) and an event ({endpoint.event!r})",
            f"Of {count(len(known), 'row')}, {int(np.isnan(survival.time).sum()):,} lack the time "
            f"and {int(np.isnan(survival.event).sum()):,} the event",
            "Name other columns",
        )
    if survival.n_events == 0:
        raise EndpointError(
            f"Nobody had the event: every known row of {endpoint.event!r} is censored",
            f"{count(int(known.sum()), 'row')}; {survival.coding}",
            "Choose another endpoint, or say which values mean the event with event_values",
            column=endpoint.event,
        )


def _warn_of_lost_rows_and_zeros(survival: SurvivalTimes) -> None:
    endpoint, known = survival.endpoint, survival.is_known
    if not known.all():
        _warn(
            f"Rows without {endpoint.time!r} or {endpoint.event!r} are left out of "
            f"{endpoint.name!r}",
            f"{int((~known).sum()):,} of {count(len(known), 'row')}: "
            f"{examples(survival.ids[~known])}",
            "The row flow counts them",
        )
    is_zero = known & (survival.time == 0)
    if is_zero.any():
        n_events = int(survival.event[is_zero].sum())
        _warn(
            f"Times of zero in {endpoint.time!r} are kept",
            f"{count(int(is_zero.sum()), 'row')}, {count(n_events, 'event')} among them: "
            f"{examples(survival.ids[is_zero])}",
            "Check whether these patients were followed at all",
        )


def _warn_of_events_alone(survival: SurvivalTimes) -> None:
    n_known = int(survival.is_known.sum())
    if survival.n_events == n_known >= _MANY_ROWS:
        _warn(
            f"Every known row of {survival.endpoint.event!r} is an event, none is censored",
            f"{count(n_known, 'row')}; {survival.coding}",
            "Check that the coding is not the wrong way round and that the survivors are there",
        )


def _warn(what: str, evidence: str, remedy: str) -> None:
    warnings.warn(ClinicalWarning(what, evidence, remedy), stacklevel=4)
