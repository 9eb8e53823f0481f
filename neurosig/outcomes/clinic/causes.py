"""Causes of events that compete: how an endpoint codes them, and the cause of each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, EndpointError, ParameterError, examples
from neurosig.outcomes.clinic.clean import find_column, matching, texts_of
from neurosig.outcomes.clinic.event_words import word_meaning

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort
    from neurosig.outcomes.clinic.endpoint import Endpoint

CENSORED_NAME: Final = "censored"
"""The name that means no cause: its values are censored."""


@dataclass(frozen=True, slots=True, eq=False)
class Causes:
    """Names of the causes, the first being that of interest, and the cause of each row.

    code: (n,) 0 = censored, 1 to len(names) = the cause, NaN = unknown.
    """

    names: tuple[str, ...]
    code: NDArray[np.float64]

    def states(self, cause: str) -> NDArray[np.float64]:
        """0 = censored, 1 = this cause, 2 = another one, NaN = unknown; per row.

        Raises
        ------
        ParameterError
            There is no such cause.
        """
        if cause not in self.names:
            raise ParameterError(
                f"There is no cause {cause!r}",
                f"The endpoint names {examples(self.names)}",
                "Choose one of them",
            )
        number = self.names.index(cause) + 1
        states = np.where(self.code == 0, 0.0, np.where(self.code == number, 1.0, 2.0))
        return np.where(np.isnan(self.code), np.nan, states)


def cause_texts(causes: object) -> tuple[str, ...]:
    """Causes as "name=value" texts, from a mapping or from such texts.

    Raises
    ------
    ParameterError
        A text is not of that form, or there is no cause besides "censored".

    Examples
    --------
    >>> cause_texts({"cancer": 1, "other": 2})
    ('cancer=1', 'other=2')
    """
    if isinstance(causes, Mapping):
        texts = tuple(f"{name}={value}" for name, value in causes.items())
    else:
        texts = tuple(str(text) for text in causes) if isinstance(causes, list | tuple) else ()
    pairs = [text.partition("=") for text in texts]
    wrong = [
        text
        for text, (name, sign, value) in zip(texts, pairs, strict=True)
        if not (name.strip() and sign and value.strip())
    ]
    if wrong or all(name.strip() == CENSORED_NAME for name, _, _ in pairs):
        raise ParameterError(
            f"causes cannot be {causes!r}",
            f"Not of the form name=value: {examples(wrong)}" if wrong else "No cause is named",
            'Such as causes={"cancer": 1, "other": 2}, or --cause cancer=1 --cause other=2',
        )
    return tuple(f"{name.strip()}={value.strip()}" for name, _, value in pairs)


def cause_names(texts: Sequence[str]) -> tuple[str, ...]:
    """The causes named, each once, in order; "censored" is none of them."""
    names = dict.fromkeys(text.partition("=")[0] for text in texts)
    return tuple(name for name in names if name != CENSORED_NAME)


def competing_causes(endpoint: "Endpoint | None") -> tuple[str, ...]:
    """The causes that compete with the event of an endpoint, none where it names no others."""
    return () if endpoint is None else cause_names(endpoint.cause_texts)[1:]


def refuse_competing_causes(cohort: "Cohort", what: str) -> None:
    """Refuse a cohort in which events of other causes would count as censored.

    A risk by a time is 1 minus the survival only where nothing else ends it: with competitors
    censored, 1 - Kaplan-Meier is above the share of patients who have the event.

    Raises
    ------
    ClinicalError
        The endpoint names causes that compete with its event.
    """
    others = competing_causes(cohort.endpoint)
    if not others:
        return
    raise ClinicalError(
        f"{what} would take competing causes of {cohort.name!r} for censored",
        f"Competing: {examples(others)}; the risk by a time would come out too high",
        "Use an all-cause endpoint (without causes), or ns.fine_gray and ns.cumulative_incidence",
        competing=others,
    )


def cause_levels(endpoint: "Endpoint", levels: Sequence[str]) -> dict[str, int]:
    """The number of the cause of each level of the event column, 0 = censored.

    A level that no cause names has to be 0, a word for censored, or named under "censored".

    Raises
    ------
    EndpointError
        A value does not occur, belongs to two causes, or a level is not covered.
    """
    texts = endpoint.cause_texts
    names = cause_names(texts)
    numbers: dict[str, int] = {}
    for text in texts:
        name, _, value = text.partition("=")
        number = 0 if name == CENSORED_NAME else names.index(name) + 1
        hits = [lv for lv, hit in zip(levels, matching(levels, value), strict=True) if hit]
        if not hits and number:
            raise EndpointError(
                f"The cause {name!r} is coded {value!r}, which does not occur in the column "
                f"{endpoint.event!r}",
                f"Its values are {examples(levels)}",
                "Name the values as the column has them",
                column=endpoint.event,
            )
        twice = [lv for lv in hits if numbers.get(lv, number) != number]
        if twice:
            raise EndpointError(
                f"The value {twice[0]!r} of the column {endpoint.event!r} belongs to two causes",
                f"causes: {', '.join(texts)}",
                "Give each value to one cause",
                column=endpoint.event,
            )
        numbers |= dict.fromkeys(hits, number)
    left = [level for level in levels if level not in numbers]
    unclear = [level for level in left if not _means_censored(level)]
    if unclear:
        raise EndpointError(
            f"The column {endpoint.event!r} has values that no cause names",
            f"{examples(unclear)}; causes: {', '.join(texts)}",
            f'Name their cause, or say that they are censored: causes={{..., "{CENSORED_NAME}": '
            f'"{unclear[0]}"}}',
            column=endpoint.event,
            values=tuple(unclear),
        )
    return numbers | dict.fromkeys(left, 0)


def coding_text(endpoint: "Endpoint", cells: Sequence[str | None], codes: Mapping[str, int]) -> str:
    """How the values of the event column were understood; codes: the number of each, 0 censored."""
    used = list(dict.fromkeys(c for c in cells if c is not None))
    groups = {
        "event": [c for c in used if codes[c] == 1],
        "competing": [c for c in used if codes[c] > 1],
        "censored": [c for c in used if codes[c] == 0],
    }
    text = "; ".join(f"{examples(levels)} = {word}" for word, levels in groups.items() if levels)
    own, *others = cause_names(endpoint.cause_texts) or ("",)
    if not own:
        return text
    pairs = [cause.partition("=") for cause in endpoint.cause_texts]
    coded = [f"{name} ({value})" for name, _, value in pairs if name not in (own, CENSORED_NAME)]
    return f"{text}; the event is {own}" + (f", competing: {', '.join(coded)}" if others else "")


def cohort_causes(cohort: "Cohort") -> Causes:
    """The cause of each row of a cohort whose endpoint names causes.

    Raises
    ------
    EndpointError
        The cohort has no endpoint, or its endpoint names no causes.
    """
    endpoint = cohort.endpoint
    if endpoint is None or not endpoint.causes:
        raise EndpointError(
            f"The endpoint of the cohort {cohort.name!r} names no causes",
            "Competing risks need to know which value of the event column is which cause",
            'Join it with ns.Endpoint(..., causes={"cancer": 1, "other": 2})',
        )
    cells = texts_of(find_column(cohort.data, endpoint.event, EndpointError))
    levels = list(dict.fromkeys(cell for cell in cells if cell is not None))
    numbers = cause_levels(endpoint, levels)
    code = np.array([np.nan if cell is None else float(numbers[cell]) for cell in cells])
    return Causes(cause_names(endpoint.cause_texts), code)


def _means_censored(level: str) -> bool:
    try:
        return float(level) == 0
    except ValueError:
        return word_meaning(level) is False
