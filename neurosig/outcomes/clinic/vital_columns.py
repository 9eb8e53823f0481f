"""Columns of days to death and to last contact that contradict the status of an endpoint."""

import re
import warnings
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ClinicalWarning, count, examples
from neurosig.outcomes.clinic.clean import numbers_of

_OF_LIFE: Final = re.compile(r"(?<![a-z])(os|vital|dead|death|died|deceased)(?![a-z])")
_DEATH: Final = re.compile(r"(days_to_death|death_days_to)")
_CONTACT: Final = re.compile(r"(days_to_last_follow_?up|last_contact_days_to|days_to_last_contact)")


def warn_of_contradicted_status(
    clinical: pd.DataFrame, time: str, event: str, is_event: NDArray[np.float64], ids: pd.Index
) -> None:
    """Warn of patients who are alive with a day of death, or dead with a last contact alone.

    Looks at the columns of TCGA and GDC tables, and only where the event column is named after
    death or survival. is_event: (n,) 1 event, 0 censored, NaN unknown. Nothing is changed: the
    event column is followed, which the warning says.
    """
    if not _OF_LIFE.search(event.casefold().replace("_", " ")):
        return
    death, contact = _days(clinical, _DEATH), _days(clinical, _CONTACT)
    if death is None:
        return
    alive = (is_event == 0) & np.isfinite(death[1])
    if alive.any():
        _warn(
            f"Rows are alive in {event!r} and have a day of death in {death[0]!r}",
            f"{count(int(alive.sum()), 'row')}: {examples(ids[alive])}",
            f"{event!r} is followed, they count as censored; correct it where the day is right",
        )
    if contact is None or time == death[0]:
        return
    dead = (is_event == 1) & np.isnan(death[1]) & np.isfinite(contact[1])
    if dead.any():
        _warn(
            f"Rows are dead in {event!r}, have no {death[0]!r} and only {contact[0]!r}",
            f"{count(int(dead.sum()), 'row')}: {examples(ids[dead])}",
            f"Their time is that of {time!r}; if it is the last contact, they lived longer",
        )


def _days(
    clinical: pd.DataFrame, names: "re.Pattern[str]"
) -> tuple[str, NDArray[np.float64]] | None:
    """The first column of such a name that holds numbers."""
    for column in map(str, clinical.columns):
        if not names.fullmatch(re.sub(r"[.\s-]+", "_", column.casefold())):
            continue
        values: pd.Series[Any] = clinical[column]
        try:
            return column, numbers_of(values)
        except ClinicalError:  # a text column of that name says nothing about days
            continue
    return None


def _warn(what: str, evidence: str, remedy: str) -> None:
    warnings.warn(ClinicalWarning(what, evidence, remedy), stacklevel=5)
