"""Patients in several rows: intervals of follow-up with values of their own."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ClinicalWarning, count, examples
from neurosig.outcomes.clinic.clean import (
    clean_table,
    find_column,
    is_cleaned,
    numbers_of,
    refuse_duplicate_columns,
    texts_of,
)
from neurosig.outcomes.clinic.cohort_inputs import refuse_infinite_scores

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

INTERVAL: Final = "interval"
"""Name of the index of a cohort of intervals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """The columns of a table of intervals."""

    id: str
    start: str
    stop: str
    event: str


def checked_intervals(
    intervals: pd.DataFrame, columns: Intervals, signatures: Sequence[str]
) -> pd.DataFrame:
    """The cleaned table, its scores as numbers, a row named like "patient 2" per interval.

    Raises
    ------
    ClinicalError
        A column is missing, a score is no number or infinite, an id is missing, or intervals
        overlap.
    """
    table = intervals if is_cleaned(intervals) else clean_table(intervals).data
    refuse_duplicate_columns(table, "table of intervals")
    ids = pd.Series(texts_of(find_column(table, columns.id)), dtype="object")
    if not len(ids) or ids.isna().any():
        raise ClinicalError(
            f"Rows of the intervals have no {columns.id!r}",
            f"{count(int(ids.isna().sum()), 'row')} of {len(ids):,}",
            "Name the patient of every interval",
            column=columns.id,
        )
    scores = {name: numbers_of(find_column(table, name)) for name in signatures}
    start = numbers_of(find_column(table, columns.start))
    stop = numbers_of(find_column(table, columns.stop))
    _refuse_overlaps(ids, start, stop)
    number = ids.groupby(ids, sort=False).cumcount() + 1
    index = pd.Index([f"{i} {n}" for i, n in zip(ids, number, strict=True)], name=INTERVAL)
    clinic = table.drop(columns=list(signatures)).set_axis(index)
    values = pd.DataFrame(scores, index=index)
    refuse_infinite_scores(values, index)
    return pd.concat([clinic, values], axis=1)


@dataclass(frozen=True, eq=False)
class PatientRows:
    """Of which patient each row is, and how long it lasts, where patients have several rows.

    patients: (n,) codes; length: (n,) time at risk.
    """

    patients: NDArray[np.int64]
    length: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Patients."""
        return int(np.unique(self.patients).size)

    def at(self, rows: NDArray[np.bool_]) -> "PatientRows":
        """The same for some of the rows."""
        return PatientRows(self.patients[rows], self.length[rows])

    def means(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each patient's mean of (n, S) columns over the time of his rows, (n_patients, S).

        It does not depend on where follow-up is cut, and is the value itself where that is
        constant.

        >>> rows = PatientRows(np.array([0, 0, 1]), np.array([3.0, 1.0, 2.0]))
        >>> rows.means(np.array([[1.0], [3.0], [5.0]])).tolist()
        [[1.5], [5.0]]
        """
        codes = np.unique(self.patients, return_inverse=True)[1]
        total = np.bincount(codes, weights=self.length)
        first = np.unique(codes, return_index=True)[1]
        base = columns[first][codes]  # so that a constant has exactly its own mean
        sums = np.zeros((total.size, columns.shape[1]))
        np.add.at(sums, codes, (columns - base) * self.length[:, None])
        return np.asarray(columns[first] + sums / total[:, None])


def patient_rows(cohort: "Cohort") -> PatientRows | None:
    """Of a cohort in which a patient has several rows, else None."""
    if cohort.patients is None or cohort.patients.is_unique:
        return None
    codes = pd.factorize(cohort.patients)[0].astype(np.int64)
    return PatientRows(codes, np.asarray(cohort.time) - np.asarray(cohort.entry))


def of_patients(columns: NDArray[np.float64], patients: PatientRows | None) -> NDArray[np.float64]:
    """Columns (n, S) as means of the patients, or as they are where each row is one."""
    return columns if patients is None else patients.means(columns)


def _refuse_overlaps(
    ids: "pd.Series[str]", start: NDArray[np.float64], stop: NDArray[np.float64]
) -> None:
    rows = pd.DataFrame({"id": ids.to_numpy(), "start": start, "stop": stop})
    rows = rows.dropna().sort_values(["id", "start"], kind="stable")
    earlier = rows.groupby("id")["stop"].shift()
    wrong = rows["start"] < earlier
    if wrong.any():
        shown = [
            f"{i} (from {s:g}, the one before ends at {e:g})"
            for i, s, e in zip(rows["id"][wrong], rows["start"][wrong], earlier[wrong], strict=True)
        ]
        raise ClinicalError(
            "Intervals of one patient overlap",
            f"{count(len(shown), 'interval')}: {examples(shown)}".replace("'", ""),
            "Let each interval start when or after the one before it stops",
        )


def warn_of_recurrent_events(
    data: pd.DataFrame, event: NDArray[np.float64] | None, columns: Intervals
) -> None:
    """Say when a patient has more than one event, or rows after one."""
    if event is None:
        return
    rows = pd.DataFrame(
        {"id": texts_of(data[columns.id]), "stop": numbers_of(data[columns.stop]), "event": event}
    ).sort_values(["id", "stop"], kind="stable")
    so_far = rows.groupby("id")["event"].cumsum() - rows["event"]
    after = rows["id"][so_far > 0].unique()
    if len(after):
        warnings.warn(
            ClinicalWarning(
                "Patients have rows after an event",
                f"{count(len(after), 'patient')}: {examples(after)}",
                f"If events recur: CoxModel(cluster={columns.id!r}); if not, end their rows with "
                "the event",
            ),
            stacklevel=3,
        )
