"""Judging a frozen model in another cohort."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import (
    ClinicalWarning,
    EndpointError,
    TooFewEventsError,
    count,
    examples,
)
from neurosig.keys import Result
from neurosig.outcomes.arguments import check_option
from neurosig.outcomes.clinic.causes import refuse_competing_causes
from neurosig.outcomes.delayed_entry import refuse_delayed_entry
from neurosig.outcomes.given_cohorts import refuse_no_cohort
from neurosig.outcomes.lost_rows import check_loss, what_is_lacking
from neurosig.outcomes.model_rows import check_scale, joined_flow
from neurosig.outcomes.pooling.frozen_model import FrozenModel
from neurosig.outcomes.pooling.joined_cohorts import endpoint_name
from neurosig.outcomes.pooling.validation_measures import Validation, measures
from neurosig.outcomes.prediction.prediction_rows import MIN_EVENTS, in_front
from neurosig.outcomes.prediction.risk_model import SurvivalData
from neurosig.outcomes.results import Results
from neurosig.outcomes.row_flow import FlowStep, flow_table

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
FAR = 1.0
"""Standard deviations of the training cohort between the means of scores that call for a word."""
OTHER_SPREAD = 3.0
"""Times that the standard deviation of a score is that of the training cohort, or its inverse."""
_ONE_VALUE = 1e-9  # a spread that is rounding error: such a score has a status of its own
MOSTLY_OUTSIDE = 0.5
"""Share of the patients with a covariate outside of its range in the training cohort."""


def validate(
    model: FrozenModel,
    cohort: "Cohort",
    *,
    times: Sequence[float] = (),
    confidence: float = 0.95,
    other_endpoint: bool = False,
    allow_loss: bool = False,
) -> Results:
    """How well a model of one cohort does in another; nothing of it is fitted again.

    Parameters
    ----------
    model
        What `train` returned or `FrozenModel.load` read.
    cohort
        Another cohort, with scores made in the same way, the covariates of the model, and the
        endpoint in the same unit.
    times
        Horizons for AUC, Brier score and the observed beside the predicted risk, within the
        follow-up of both cohorts.
    confidence
        Coverage of the intervals.
    other_endpoint
        Accept an endpoint of another name, such as relapse-free for overall survival: a model of
        one says little about the risk of the other, whatever its discrimination.
    allow_loss
        Accept that more than half of the rows lack a score or covariate.

    Returns
    -------
    Results
        `table`: a row per measure.

        - Harrell C, Uno C: of the frozen linear predictor (0.5: chance)
        - calibration slope: its coefficient in a Cox model; 1 is as predicted, below it predictions
          are too extreme; the p-value is of a slope of 1
        - calibration in the large: `effect` is observed over expected events, up to the last event
          time of training, whose baseline predicts nothing beyond; the p-value is of a ratio of 1
        - HR per frozen SD: of each score, in a Cox model of the model's terms fitted here
        - high against low risk by the frozen cut: hazard ratio, with the log-rank test
        - at each time AUC, Brier and the observed risk beside the mean `predicted` one

        Intervals hold the model as given: they say how well it is known in these patients.

    Raises
    ------
    EndpointError
        The cohort has no endpoint, one of another name or unit, or rows that enter late.
    UnknownSignatureError, ClinicalError
        A score or covariate of the model is missing or was made in another way; the endpoint has
        competing causes; too many rows are incomplete.
    TooFewEventsError
        Fewer than two events.
    ParameterError
        A time lies outside the follow-up of the training cohort.

    Warns
    -----
    ClinicalWarning
        More than 5 % of the rows lost; the cohort looks like the training cohort; its scores lie
        more than one standard deviation of the training cohort from there (another platform?), or
        depend on its other patients; it is not known how scores were made; all patients fall on one
        side of the cut.

    References
    ----------
    Royston P, Altman DG (2013) BMC Med Res Methodol 13:33, doi:10.1186/1471-2288-13-33; Crowson CS,
    Atkinson EJ, Therneau TM (2016) Stat Methods Med Res 25:1692-1706,
    doi:10.1177/0962280213497434 (calibration by offsets).

    Examples
    --------
    >>> import neurosig as ns
    >>> rng = np.random.default_rng(1)
    >>> def made(name, n):
    ...     score = rng.normal(size=n)
    ...     clinic = pd.DataFrame({"days": np.ceil(rng.exponential(900 * np.exp(-score)))})
    ...     clinic["dead"] = [1.0, 1.0, 1.0, 0.0] * (n // 4)
    ...     end = ns.Endpoint(time="days", event="dead")
    ...     return ns.Cohort.join(pd.DataFrame({"NGF": score}), clinic, end, name=name)
    >>> model = ns.train(made("A", 200), "NGF")
    >>> table = ns.validate(model, made("B", 100)).table.set_index("measure")
    >>> table["n"].tolist(), bool(table.loc["Harrell C", "ci_low"] > 0.6)
    ([100, 100, 100, 100, 100], True)
    """
    check_option("model", model, FrozenModel)
    check_scale("none", confidence)
    _check_cohort(model, cohort, other_endpoint=other_endpoint)
    horizons = model.check_times(times)
    rows = _rows(model, cohort, allow_loss=allow_loss)
    _warn_of_scores(model, cohort, rows.data)
    _warn_of_ranges(model, cohort)
    found = Validation(model, rows.data, confidence)
    table = pd.DataFrame(measures(found, horizons))
    shared: dict[str, Any] = {
        Result.COHORT: cohort.name,
        Result.ENDPOINT: endpoint_name(cohort.endpoint),
        Result.SIGNATURE: " + ".join(model.signatures),
        Result.CI_LEVEL: confidence,
        Result.N: rows.data.time.size,
        Result.N_EVENTS: int(rows.data.event.sum()),
        Result.ADJUSTED_FOR: ", ".join(model.covariates),
        Result.MODEL: f"Cox model trained in {model.cohort} ({model.endpoint}), frozen",
    }
    table = table.assign(**shared)
    one_sided = table[table[Result.STATUS].eq("one_group")]
    if len(one_sided):
        warnings.warn(
            ClinicalWarning(
                f"The frozen cut puts all patients of {cohort.name!r} into one group",
                str(one_sided[Result.MESSAGE].iloc[0]),
                "The comparison is skipped; look at the scale of the scores in both cohorts",
            ),
            stacklevel=2,
        )
    return Results(table=in_front(table), row_flow=rows.row_flow, notes=_notes(model, cohort))


@dataclass(frozen=True, eq=False)
class _Rows:
    """The complete rows of the validation cohort, and how they came about."""

    data: SurvivalData
    row_flow: pd.DataFrame


def _check_cohort(model: FrozenModel, cohort: "Cohort", *, other_endpoint: bool) -> None:
    """Refuse a cohort in which the predictions would mean something else."""
    refuse_no_cohort(cohort, "A validation")
    if cohort.time is None or cohort.event is None or cohort.endpoint is None:
        raise EndpointError(
            f"The cohort {cohort.name!r} has no endpoint",
            "Predictions need a time and an event to be compared with; without, use model.predict",
            'Join it with endpoint=ns.Endpoint(time="...", event="...")',
        )
    if cohort.endpoint.unit != model.unit:
        raise EndpointError(
            f"The times of {cohort.name!r} are in {cohort.endpoint.unit}, those of the model in "
            f"{model.unit}",
            f"The baseline hazard of {model.cohort!r} is by {model.unit}",
            f"Convert the times to {model.unit} and join the cohort again",
        )
    name = endpoint_name(cohort.endpoint)
    if name != model.endpoint and not other_endpoint:
        raise EndpointError(
            f"The endpoint of {cohort.name!r} is {name!r}, that of the model {model.endpoint!r}",
            f"Risks of {model.endpoint!r} are not risks of {name!r}",
            "Choose the same endpoint, or accept it with other_endpoint=True",
        )
    refuse_delayed_entry(cohort, "A validation")
    refuse_competing_causes(cohort, "A validation (its calibration)")
    model.check_scores(cohort)


def _rows(model: FrozenModel, cohort: "Cohort", *, allow_loss: bool) -> _Rows:
    """The rows with outcome, scores and covariates, every loss counted."""
    time, event = np.asarray(cohort.time), np.asarray(cohort.event)
    used = np.isfinite(time) & np.isfinite(event)
    n_known, steps = int(used.sum()), []
    x = model.design(cohort.data)
    columns: dict[str, tuple[str, ...]] = {name: (name,) for name in model.signatures}
    columns |= {term.column: term.names for term in model.terms}
    for label, names in columns.items():
        has = np.isfinite(x[:, [model.names.index(name) for name in names]]).all(axis=1)
        lost = cohort.data.index[used & ~has]
        steps.append(FlowStep.losing(f"{label} known", int(used.sum()), lost, f"no {label}"))
        used &= has
    flow = flow_table(steps)
    check_loss(n_known, int(used.sum()), allow_loss=allow_loss, lacking=what_is_lacking(flow))
    n_events = int(event[used].sum())
    if n_events < MIN_EVENTS:
        raise TooFewEventsError(
            f"The cohort {cohort.name!r} has {count(n_events, 'event')} on the rows used",
            f"{count(int(used.sum()), 'row')}; at least {MIN_EVENTS} events are needed",
            "Check the coding of the event column, or choose another cohort",
            n_events=n_events,
        )
    data = SurvivalData(time[used], event[used], x[used])
    return _Rows(data, joined_flow([cohort.row_flow, flow]))


def _warn_of_scores(model: FrozenModel, cohort: "Cohort", data: SurvivalData) -> None:
    """Say where scores may not be what the model was trained on, or the patients its own."""
    scores = data.x[:, : len(model.scores)]
    shift, width = scores.mean(axis=0), scores.std(axis=0, ddof=1)
    is_same = np.allclose(shift, 0, atol=1e-9) and np.allclose(width, 1, atol=1e-9)
    own, trained = cohort.scoring, model.scoring
    if np.abs(shift).max() > FAR:
        far = [
            f"{name} by {by:.1f}"
            for name, by in zip(model.signatures, shift, strict=True)
            if abs(by) > FAR
        ]
        warnings.warn(
            ClinicalWarning(
                f"The scores of {cohort.name!r} lie far from those of the training cohort",
                f"In its standard deviations, on average: {examples(far, quoted=False)}",
                "Where that is the platform and not the patients, the order of patients can be "
                "judged here, but neither calibration nor the cut",
            ),
            stacklevel=3,
        )
    other = [
        f"{name} {by:.2g} times"
        for name, by in zip(model.signatures, width, strict=True)
        if by > OTHER_SPREAD or _ONE_VALUE < by < 1 / OTHER_SPREAD
    ]
    if other:
        warnings.warn(
            ClinicalWarning(
                f"The scores of {cohort.name!r} vary unlike those of the training cohort",
                f"Their standard deviation is that of training: {examples(other, quoted=False)}",
                "Score both cohorts by one method and on one scale; differences of risk are "
                "exaggerated or lost otherwise",
            ),
            stacklevel=3,
        )
    what = ""
    if is_same:
        what = f"The scores of {cohort.name!r} have exactly the mean and SD of the training cohort"
        evidence = "It looks like the patients the model was trained on: then this is no validation"
        remedy = "Validate in other patients; scores are not to be standardised before either"
    elif trained is not None and own is None:
        what = f"It is not known how the scores of {cohort.name!r} were made"
        evidence = f"The model was trained on {trained.method} scores"
        remedy = "Join the cohort with what ns.score returned instead of a table"
    elif own is not None and own.scope == "cohort" and not own.is_applied:
        what = f"{own.method} scores of {cohort.name!r} depend on its other patients"
        evidence = "They were made by the statistics of this cohort, not of the training cohort"
        remedy = "Score it by scores.cohort_stats.score(...) of the training cohort"
    if what:
        warnings.warn(ClinicalWarning(what, evidence, remedy), stacklevel=3)


def _warn_of_ranges(model: FrozenModel, cohort: "Cohort") -> None:
    """Say where most patients have a covariate outside of what the model has seen."""
    numbers = [term for term in model.terms if not term.levels]
    shares = {term.column: term.share_outside(cohort.data) for term in numbers}
    outside = {name: share for name, share in shares.items() if share > MOSTLY_OUTSIDE}
    unknown = [term.column for term in numbers if not term.quartiles]
    if outside:
        told = [f"{name} of {share:.0%} of the patients" for name, share in outside.items()]
        warnings.warn(
            ClinicalWarning(
                f"Covariates of {cohort.name!r} lie outside of the range of the training cohort",
                examples(told, quoted=False),
                "Check units and coding; predictions there are extrapolations",
            ),
            stacklevel=3,
        )
    if unknown:
        warnings.warn(
            ClinicalWarning(
                "Units and coding of covariates were not compared",
                f"The saved model does not say what {examples(unknown)} were in training",
                "Train and save it again",
            ),
            stacklevel=3,
        )


def _notes(model: FrozenModel, cohort: "Cohort") -> tuple[str, ...]:
    scores = ", ".join(f"{s.signature} {s.mean:.4g} ({s.sd:.4g})" for s in model.scores)
    notes = [
        f"Frozen in {model.cohort} ({count(model.n, 'patient')}, "
        f"{count(model.n_events, 'event')}): mean (SD) {scores}; coefficients, baseline hazard"
        + (f", cut ({model.cut_kind})" if model.cut is not None else "")
    ]
    name = endpoint_name(cohort.endpoint)
    if name != model.endpoint:
        notes.append(f"Trained for {model.endpoint}, validated for {name}: another endpoint")
    if model.scoring is None or cohort.scoring is None:
        notes.append("How the scores were made was not compared: a cohort does not say")
    return tuple(notes)
