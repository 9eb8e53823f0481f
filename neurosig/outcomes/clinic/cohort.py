"""A cohort: scores and clinic of the same observations, and how the rows came about."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import AlignmentError, ClinicalError, count, examples
from neurosig.outcomes.clinic.causes import cohort_causes
from neurosig.outcomes.clinic.clean import (
    clean_table,
    find_column,
    is_cleaned,
    matching,
    refuse_duplicate_columns,
    texts_of,
)
from neurosig.outcomes.clinic.cohort_inputs import (
    HasScores,
    one_row_per_id,
    refuse_shared_names,
    score_table,
    with_better_column,
)
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.clinic.follow_up import Unit, describe_follow_up
from neurosig.outcomes.clinic.identifiers import align, text_ids
from neurosig.outcomes.clinic.intervals import (
    Intervals,
    checked_intervals,
    warn_of_recurrent_events,
)
from neurosig.outcomes.clinic.scoring_record import ScoringRecord
from neurosig.outcomes.given_columns import array_of, row_series
from neurosig.outcomes.row_flow import COLUMNS, FlowStep, flow_table

TIME_KNOWN: Final = "time known"
EVENT_KNOWN: Final = "event known"


@dataclass(frozen=True, eq=False)
class Cohort:
    """Scores and clinical columns of the observations that have both.

    Attributes
    ----------
    name : str
        Name in the result tables.
    data : DataFrame
        One row per matched observation, indexed by its id: the clinical columns, cleaned, then one
        column per signature.
    signatures : tuple of str
        The score columns of `data`.
    endpoint : Endpoint, optional
        The endpoint that was read.
    time, event : Series of float64, optional
        Indexed as `data`; NaN where unknown. Arrays are taken by position.
    entry : Series of float64, optional
        Start of observation of each row, where the endpoint has one.
    patients : Series, optional
        The patient of each row, where a patient can have several (`from_intervals`).
    coding : str
        How the event column was understood, such as "'1' = event; '0' = censored".
    row_flow : DataFrame
        Rows in, lost and out of each step, with the reason and up to five ids. The steps
        "time known" and "event known" count what the endpoint loses; `data` keeps these rows.
    scoring : ScoringRecord, optional
        How the scores were made, where they came from `score`.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"NGF": [0.1, 0.4, 0.2]}, index=["p1", "p2", "p3"])
    >>> clinical = pd.DataFrame(
    ...     {"time": [400, 900, 700], "dead": ["yes", "no", "no"]}, index=["p2", "p1", "p9"]
    ... )
    >>> cohort = Cohort.join(scores, clinical, Endpoint(time="time", event="dead"))
    >>> cohort.echo
    '1 event / 2, median follow-up 2.5 years'
    >>> cohort.row_flow[["step", "n_in", "n_lost", "n_out"]].values.tolist()[1]
    ['scores matched to clinic', 3, 1, 2]
    """

    name: str
    data: pd.DataFrame
    signatures: tuple[str, ...]
    endpoint: Endpoint | None = None
    time: pd.Series | None = None
    event: pd.Series | None = None
    coding: str = ""
    row_flow: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS)))
    entry: pd.Series | None = None
    patients: pd.Series | None = None
    scoring: ScoringRecord | None = None

    def __post_init__(self) -> None:
        for name in ("time", "event", "entry"):
            if (values := getattr(self, name)) is not None:
                object.__setattr__(self, name, row_series(name, values, self.data.index))

    @classmethod
    def from_intervals(
        cls,
        intervals: pd.DataFrame,
        *,
        id: str,
        start: str,
        stop: str,
        event: str,
        signatures: Sequence[str],
        unit: Unit = "days",
        event_values: tuple[str | bool | int | float, ...] | None = None,
        name: str = "cohort",
    ) -> "Cohort":
        """A cohort of patients in several rows each, with values that hold from start to stop.

        A row is at risk at t if start < t <= stop, so a value that changes (a score measured
        again, a treatment that begins) is a new row.

        Parameters
        ----------
        intervals
            One row per patient and interval, cleaned with `clean_table`.
        id, start, stop, event
            Columns: the patient, the limits of the interval, whether it ended with the event.
        signatures
            The score columns.
        unit, event_values
            As in `Endpoint`.
        name
            Name in the result tables.

        Returns
        -------
        Cohort
            One row per interval. `cox` uses it; what takes a row for a patient (curves, landmarks,
            regressions of a clinical variable, measures of predictions) refuses it where a patient
            has several.

        Raises
        ------
        ClinicalError
            A column is missing, a score is no number or infinite, an id is missing, or intervals of
            a patient overlap.
        EndpointError
            See `Endpoint.read`; an interval does not start before it stops.

        Warns
        -----
        ClinicalWarning
            A patient has several events (use `CoxModel(cluster=id)`), or is followed on after one.

        References
        ----------
        Andersen PK, Gill RD (1982) Ann Stat 10:1100-1120, doi:10.1214/aos/1176345976.

        Examples
        --------
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"patient": ["a", "a", "b"], "from": [0, 10, 0], "to": [10, 25, 30],
        ...                      "dead": [0, 1, 0], "NGF": [0.2, 0.9, 0.4]})
        >>> cohort = Cohort.from_intervals(rows, id="patient", start="from", stop="to",
        ...                                event="dead", signatures=["NGF"])
        >>> cohort.entry.tolist(), cohort.time.tolist()
        ([0.0, 10.0, 0.0], [10.0, 25.0, 30.0])
        """
        columns = Intervals(id=id, start=start, stop=stop, event=event)
        data = checked_intervals(intervals, columns, signatures)
        endpoint = Endpoint(
            time=stop, event=event, unit=unit, event_values=event_values, entry=start
        )
        patients = pd.Series(texts_of(data[id]), index=data.index, name=id, dtype="object")
        cohort = cls(name, data, tuple(signatures), patients=patients)._with_endpoint(endpoint)
        warn_of_recurrent_events(cohort.data, np.asarray(cohort.event), columns)
        return cohort

    @classmethod
    def join(
        cls,
        scores: HasScores | pd.DataFrame,
        clinical: pd.DataFrame,
        endpoint: Endpoint | None = None,
        *,
        on: str | None = None,
        name: str = "cohort",
        duplicates: Literal["error", "first"] = "error",
    ) -> "Cohort":
        """Join scores and clinic by id, read the endpoint, and count every row that is lost.

        Ids are compared as they are, or as TCGA barcodes cut to the coarser of both sides' levels
        where that matches more.

        Parameters
        ----------
        scores
            What `score` returns, or a table of observations x signatures.
        clinical
            One row per patient or sample; cleaned with `clean_table` unless `read_clinical` did.
        endpoint
            Time, event and their coding; without it the cohort has none, as `regress` needs none.
        on
            Column of the clinical table that holds the ids; by default its index.
        name
            Name in the result tables.
        duplicates
            What to do when a clinical id occurs more than once: "error", or keep its "first" row.

        Returns
        -------
        Cohort
            The observations that have both, in the order of the scores; rows without time or event
            are kept, and `row_flow` counts them.

        Raises
        ------
        AlignmentError
            Ids are repeated or missing, no id matches, or cut barcodes collide.
        ClinicalError
            Column names are repeated or occur on both sides, or a score is infinite or
            not a number.
        EndpointError
            See `Endpoint.read`.
        ParameterError
            `scores` is no table of scores, or `duplicates` has a value that is not allowed.

        Warns
        -----
        ClinicalWarning
            Ids were matched by a rule, normal tissue is mixed with tumour, rows lack time or event.

        References
        ----------
        Parts of a barcode: NCI Genomic Data Commons, "TCGA Barcode" and "Sample Type Codes".

        Examples
        --------
        By hand: p1 and p2 are on both sides; p9 has no score and p3 no clinical row.

        >>> import pandas as pd
        >>> scores = pd.DataFrame({"NGF": [0.1, 0.4, 0.2]}, index=["p1", "p2", "p3"])
        >>> clinical = pd.DataFrame({"patient": ["p2", "p1", "p9"], "age": [61, 48, 70]})
        >>> cohort = Cohort.join(scores, clinical, on="patient")
        >>> cohort.data[["age", "NGF"]].to_numpy().tolist()
        [[48.0, 0.1], [61.0, 0.4]]
        >>> cohort.row_flow[["n_in", "n_lost", "n_out", "examples"]].to_numpy().tolist()
        [[3, 1, 2, 'p9'], [3, 1, 2, 'p3']]
        """
        table = score_table(scores)
        clinic = clinical if is_cleaned(clinical) else clean_table(clinical).data
        refuse_duplicate_columns(clinic)
        refuse_shared_names(table, clinic)
        clinic, first_step = one_row_per_id(clinic, on, duplicates)
        score_ids = text_ids(table.index, "scores")
        clinical_ids = list(clinic.index)
        try:
            alignment = align(score_ids, clinical_ids)
        except AlignmentError as error:
            raise with_better_column(error, score_ids, clinical, on) from error
        rows = pd.Index(score_ids)[alignment.score_positions]
        matched = clinic.iloc[alignment.clinical_positions].set_axis(rows)
        values = table.iloc[alignment.score_positions].set_axis(rows)
        data = pd.concat([matched, values], axis=1)
        data.index.name = "observation"
        unmatched_clinic = np.delete(np.array(clinical_ids, object), alignment.clinical_positions)
        unmatched_scores = np.delete(np.array(score_ids, object), alignment.score_positions)
        steps = [
            *first_step,
            FlowStep.losing("clinic matched to scores", len(clinic), unmatched_clinic, "no score"),
            FlowStep.losing(
                "scores matched to clinic",
                len(table),
                unmatched_scores,
                f"no clinical row ({alignment.rule})",
            ),
        ]
        made = ScoringRecord.of(scores)
        names = tuple(map(str, table.columns))
        cohort = cls(name, data, names, row_flow=flow_table(steps), scoring=made)
        return cohort if endpoint is None else cohort._with_endpoint(endpoint)

    @property
    def scores(self) -> pd.DataFrame:
        """The score columns: observations x signatures."""
        return self.data[list(self.signatures)]

    @property
    def echo(self) -> str:
        """Rows, or events and median follow-up of the patients, in one line."""
        if self.endpoint is None or self.time is None or self.event is None:
            return count(len(self.data), "row")
        return describe_follow_up(
            np.asarray(self.time),
            np.asarray(self.cause if self.endpoint.causes else self.event),
            self.endpoint.unit,
            entry=array_of(self.entry),
            patients=self.patients,
        )

    @property
    def cause(self) -> pd.Series:
        """The cause of each row of `data`, as `cumulative_incidence` and `gray_test` take it.

        0 = censored, 1 = the event, 2 and up = the competing causes in the order of the endpoint,
        NaN where unknown.

        Raises
        ------
        EndpointError
            The cohort has no endpoint, or its endpoint names no causes.
        """
        return row_series("cause", cohort_causes(self).code, self.data.index)

    @property
    def join_flow(self) -> pd.DataFrame:
        """The row flow up to the rows of `data`, without what the endpoint loses."""
        is_join = ~self.row_flow["step"].isin([TIME_KNOWN, EVENT_KNOWN])
        return self.row_flow[is_join].reset_index(drop=True)

    def where(self, column: str, values: str | float | Sequence[str | float]) -> "Cohort":
        """Keep the rows whose column has one of the values; recorded in the row flow.

        Values are compared as text, whatever the case, or as numbers: "1" finds 1.0 and "01".

        Raises
        ------
        ClinicalError
            The column does not exist, or one of the values does not occur in it.
        """
        cells = texts_of(find_column(self.data, column))
        wanted: list[Any] = [values] if np.ndim(values) == 0 else list(np.asarray(values, object))
        hits = [matching(cells, value) for value in wanted]
        absent = [value for value, hit in zip(wanted, hits, strict=True) if not hit.any()]
        if absent or not wanted:
            present = dict.fromkeys(c for c in cells if c is not None)
            raise ClinicalError(
                f"The values {examples(absent)} do not occur in the column {column!r}",
                f"It has {examples(present)}",
                "Name values as the column has them",
                column=column,
            )
        kept = np.logical_or.reduce(hits)
        return self.subset(kept, f"{column} is not {' or '.join(map(str, wanted))}")

    def subset(self, mask: NDArray[np.bool_], reason: str) -> "Cohort":
        """Keep the rows where the mask is True; the reason goes into the row flow.

        Raises
        ------
        ClinicalError
            The mask does not fit the rows, or no row is left.
        """
        kept = np.asarray(mask)
        if kept.dtype != np.bool_ or kept.shape != (len(self.data),):
            raise ClinicalError(
                "The mask does not fit the cohort",
                f"It holds {kept.dtype} in shape {kept.shape}, the cohort has "
                f"{count(len(self.data), 'row')}",
                "Give one True or False per row of cohort.data",
            )
        if not kept.any():
            raise ClinicalError(
                "No row of the cohort is left", f"Reason: {reason}", "Choose another condition"
            )
        step = FlowStep.losing("kept", len(kept), self.data.index[~kept], reason)
        flow = pd.concat([self.join_flow, flow_table([step])], ignore_index=True)
        part = replace(
            self,
            data=self.data[kept],
            time=None if self.time is None else self.time[kept],
            event=None if self.event is None else self.event[kept],
            entry=None if self.entry is None else self.entry[kept],
            patients=None if self.patients is None else self.patients[kept],
            row_flow=flow,
        )
        return part._with_endpoint_steps()

    def _with_endpoint(self, endpoint: Endpoint) -> "Cohort":
        survival = endpoint.read(self.data.drop(columns=list(self.signatures)))
        rows = {"time": survival.time, "event": survival.event, "entry": survival.entry}
        read: dict[str, Any] = {
            name: None if values is None else row_series(name, values, self.data.index)
            for name, values in rows.items()
        }
        cohort = replace(self, endpoint=endpoint, coding=survival.coding, **read)
        return cohort._with_endpoint_steps()

    def _with_endpoint_steps(self) -> "Cohort":
        if self.time is None or self.event is None:
            return self
        has_time, has_event = (np.isfinite(np.asarray(v)) for v in (self.time, self.event))
        ids = self.data.index
        no_time, no_event = ids[~has_time], ids[has_time & ~has_event]
        steps = [
            FlowStep.losing(TIME_KNOWN, len(ids), no_time, "no time"),
            FlowStep.losing(EVENT_KNOWN, int(has_time.sum()), no_event, "no event"),
        ]
        flow = pd.concat([self.join_flow, flow_table(steps)], ignore_index=True)
        return replace(self, row_flow=flow)
