"""The rows a predictive model is fitted on and judged by, and the rows of its result table."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import (
    EndpointError,
    FitError,
    ParameterError,
    SeparationError,
    SmallSampleWarning,
    TooFewEventsError,
    count,
    examples,
)
from neurosig.keys import OK, SCORE_TERM, Performance, Result
from neurosig.outcomes.arguments import number_list, shown
from neurosig.outcomes.delayed_entry import refuse_delayed_entry
from neurosig.outcomes.given_cohorts import refuse_no_cohort
from neurosig.outcomes.lost_rows import NO_SCORE, why_no_score
from neurosig.outcomes.model_rows import (
    CONSTANT,
    NOT_CONVERGED,
    SEPARATION,
    TOO_FEW_EVENTS,
    ModelRows,
    TermLike,
    check_covariates,
    choose_signatures,
    model_rows,
    spread,
)
from neurosig.outcomes.prediction.optimism import Corrected
from neurosig.outcomes.prediction.risk_model import SurvivalData
from neurosig.outcomes.results import ordered

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
MIN_EVENTS = 2
_FRONT = (
    Result.COHORT,
    Result.ENDPOINT,
    Result.SIGNATURE,
    Result.TERM,
    Performance.MEASURE,
    Performance.TIME,
    Performance.GROUP,
    Performance.GROUP_N,
    Performance.GROUP_EVENTS,
    Performance.THRESHOLD,
    Performance.PREDICTED,
    Result.ESTIMATE,
    Performance.APPARENT,
    Performance.OPTIMISM,
)


@dataclass(frozen=True, eq=False)
class PredictionRows:
    """Complete cases of a cohort with an endpoint, for models with one signature each."""

    cohort: "Cohort"
    rows: ModelRows
    time: FloatArray
    event: FloatArray

    @property
    def endpoint(self) -> str:
        """Its name, or the event column's."""
        endpoint = self.cohort.endpoint
        return "" if endpoint is None else endpoint.name or endpoint.event

    @property
    def n_base(self) -> int:
        """Columns of the design that belong to the covariates; the score's comes after them."""
        return len(self.rows.names)

    def data(self, s: int) -> SurvivalData:
        """Covariates, then the score of signature s per standard deviation, on its known rows.

        Raises
        ------
        FitError
            The score is missing or constant, or events are too few; facts["status"] says which.
        """
        score = self.rows.scores[:, s]
        known = np.isfinite(score)
        sd = float(spread(score[known][:, None])[0]) if known.any() else 0.0
        n_events = int(self.event[known].sum())
        if not known.any():
            raise _unfit(NO_SCORE, why_no_score(self.rows.signatures[s], self.rows.withheld))
        if n_events < MIN_EVENTS or n_events <= self.n_base + 1:
            raise _unfit(TOO_FEW_EVENTS, f"{n_events} events for {self.n_base + 1} parameters")
        if sd == 0:
            raise _unfit(CONSTANT, "The score is the same on all rows used")
        x = np.column_stack([self.rows.covariates[known], score[known] / sd])
        return SurvivalData(self.time[known], self.event[known], x)


def prediction_rows(
    cohort: "Cohort",
    signatures: str | Sequence[str],
    adjust: Sequence[TermLike],
    *,
    allow_loss: bool,
    strata: Sequence[str] = (),
    may_be_collinear: bool = False,
    together: bool = False,
) -> PredictionRows:
    """Complete cases over endpoint, covariates and strata.

    may_be_collinear: the covariates belong to several models; together: the scores to one.

    Raises
    ------
    EndpointError, TooFewEventsError
        The cohort has no endpoint; fewer than two events.
    ClinicalError
        See `cox`.
    """
    refuse_no_cohort(cohort, "A measure of predictions")
    if cohort.time is None or cohort.event is None or cohort.endpoint is None:
        raise EndpointError(
            f"The cohort {cohort.name!r} has no endpoint",
            "Predictions need a time and an event to be compared with",
            'Join it with endpoint=ns.Endpoint(time="...", event="...")',
        )
    refuse_delayed_entry(cohort, "A measure of predictions")
    time, event = np.asarray(cohort.time), np.asarray(cohort.event)
    known = np.isfinite(time) & np.isfinite(event)
    rows = model_rows(
        cohort,
        known,
        cohort.row_flow,
        outcome=cohort.endpoint.outcome,
        signatures=signatures,
        adjust=adjust,
        strata=strata,
        allow_loss=allow_loss,
        together=[choose_signatures(cohort, signatures)] if together else None,
    )
    time, event = time[rows.rows], event[rows.rows]
    if event.sum() < MIN_EVENTS:
        raise TooFewEventsError(
            f"The cohort {cohort.name!r} has {count(int(event.sum()), 'event')} on the rows used",
            f"{count(event.size, 'row')}; at least {MIN_EVENTS} events are needed",
            "Check the coding of the event column, or choose another endpoint",
            n_events=int(event.sum()),
        )
    if not may_be_collinear:
        check_covariates(rows)
    return PredictionRows(cohort, rows, time, event)


def check_times(times: float | Sequence[float], prepared: PredictionRows) -> FloatArray:
    """Horizons in order, each with an event before it and patients left after it.

    Raises
    ------
    ParameterError
        There is none, or one lies outside the follow-up.
    """
    return _within_follow_up("times", np.unique(number_list("times", times)), prepared)


def check_time(time: float, prepared: PredictionRows) -> float:
    """One horizon, with an event before it and patients left after it.

    Raises
    ------
    ParameterError
        It lies outside the follow-up, or there are several.
    """
    horizons = np.unique(number_list("time", time))
    if horizons.size > 1:
        raise ParameterError(
            f"time cannot be {shown(time)}",
            f"{count(horizons.size, 'time')}, and one table is of one",
            "Call it for each",
        )
    return float(_within_follow_up("time", horizons, prepared)[0])


def _within_follow_up(name: str, horizons: FloatArray, prepared: PredictionRows) -> FloatArray:
    first, last = prepared.time[prepared.event > 0].min(), prepared.time.max()
    outside = horizons[~((horizons >= first) & (horizons < last))]
    if outside.size or not horizons.size:
        unit = "" if prepared.cohort.endpoint is None else f" {prepared.cohort.endpoint.unit}"
        raise ParameterError(
            f"{name} cannot be {examples(map(float, outside))}"
            if outside.size
            else f"{name} is empty",
            f"The first event is at {first:g}, the last patient leaves at {last:g}{unit}",
            "Give times between them, in the unit of the endpoint",
        )
    return horizons


def performance_table(
    prepared: PredictionRows,
    labels: pd.DataFrame,
    correct: Callable[[SurvivalData], tuple[Corrected, Mapping[str, object]]],
    *,
    model: str,
    confidence: float,
) -> pd.DataFrame:
    """One block of rows per signature: the labels with values, or with the reason for none.

    correct: from the data of a signature to its statistics, one per label, and further columns.
    """
    blocks, separated = [], dict[str, str]()
    for s, signature in enumerate(prepared.rows.signatures):
        known = np.isfinite(prepared.rows.scores[:, s])
        n_events, k = int(prepared.event[known].sum()), prepared.n_base + 1
        block: dict[str, object] = {
            Result.COHORT: prepared.cohort.name,
            Result.ENDPOINT: prepared.endpoint,
            Result.SIGNATURE: signature,
            Result.TERM: SCORE_TERM,
            **{str(name): labels[name].to_numpy() for name in labels.columns},
            Result.CI_LEVEL: confidence,
            Result.N: int(known.sum()),
            Result.N_EVENTS: n_events,
            Result.N_PARAMS: k,
            Result.EVENTS_PER_PARAM: n_events / k,
            Result.ADJUSTED_FOR: ", ".join(prepared.rows.adjusted_for),
            Result.MODEL: model,
            Result.STATUS: OK,
            Result.MESSAGE: "",
        }
        try:
            corrected, further = correct(prepared.data(s))
        except FitError as error:
            why = _why(error, (*prepared.rows.names, SCORE_TERM))
            block |= _empty(_status(error), why)
            if isinstance(error, SeparationError):
                separated[signature] = why
        else:
            block |= _filled(corrected) | dict(further)
        blocks.append(pd.DataFrame(block, index=range(len(labels))))
    if separated:
        warnings.warn(
            SmallSampleWarning(
                "Models without finite coefficients predict nothing: a term separates the events",
                "; ".join(f"{name}: {why}" for name, why in list(separated.items())[:3])
                + f" ({count(len(separated), 'signature')})",
                "Join rare levels, or leave the term out",
            ),
            stacklevel=3,
        )
    return in_front(pd.concat(blocks, ignore_index=True))


def _why(error: FitError, terms: tuple[str, ...]) -> str:
    """The message of a model without a fit; terms: of the columns of its data."""
    why = ": ".join(filter(None, (error.what, error.evidence)))
    infinite = np.flatnonzero(np.asarray(error.facts.get("infinite", ())))
    if not infinite.size or infinite.max() >= len(terms):
        return why
    return f"{why}: {examples([terms[j] for j in infinite])}"


def in_front(table: pd.DataFrame) -> pd.DataFrame:
    """The table in the fixed order, what a row is and its values first."""
    table = ordered(table)
    front = [name for name in _FRONT if name in table.columns]
    return table[front + [name for name in table.columns if name not in front]]


def _unfit(status: str, why: str) -> FitError:
    return FitError(why, status=status)


def _status(error: FitError) -> str:
    if "status" in error.facts:
        return str(error.facts["status"])
    if isinstance(error, SeparationError):
        return SEPARATION
    return TOO_FEW_EVENTS if isinstance(error, TooFewEventsError) else NOT_CONVERGED


def _filled(corrected: Corrected) -> dict[str, object]:
    return {
        Result.ESTIMATE: corrected.value,
        Performance.APPARENT: corrected.apparent,
        Performance.OPTIMISM: corrected.optimism,
        Result.CI_LOW: corrected.low,
        Result.CI_HIGH: corrected.high,
        Performance.N_RESAMPLES: corrected.n_resamples,
        Result.MESSAGE: corrected.messages(),
    }


def _empty(status: str, message: str) -> dict[str, object]:
    numbers: Iterable[str] = (
        Result.ESTIMATE,
        Performance.APPARENT,
        Performance.OPTIMISM,
        Result.CI_LOW,
        Result.CI_HIGH,
    )
    return {
        **dict.fromkeys(numbers, np.nan),
        Performance.N_RESAMPLES: 0,
        Result.STATUS: status,
        Result.MESSAGE: message,
    }
