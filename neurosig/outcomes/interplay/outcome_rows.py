"""The rows, scores and outcome of a model with two scores, whatever the kind of outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ParameterError, count
from neurosig.outcomes.cox.batch import CoxTask
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.verb import cox_task
from neurosig.outcomes.cox.words import model_text
from neurosig.outcomes.design import Term
from neurosig.outcomes.given_cohorts import refuse_no_cohort
from neurosig.outcomes.model_rows import (
    ModelRows,
    TermLike,
    as_terms,
    check_covariates,
    check_scale,
    joined_flow,
    model_rows,
    spread,
)
from neurosig.outcomes.regression.levels import two_levels
from neurosig.outcomes.regression.outcome_column import finite_numbers, refuse_outcome_as_score
from neurosig.outcomes.regression.repeated_rows import refuse_repeats
from neurosig.outcomes.regression.words import warn_of_unknown
from neurosig.outcomes.row_flow import FlowStep, flow_table

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
Kind = Literal["cox", "logistic", "linear"]


@dataclass(frozen=True, kw_only=True)
class OutcomeModel:
    """What is modelled and how, as both verbs take it.

    kind; outcome, positive: the clinical column and its level, for a logistic or linear model;
    cox: how a Cox model treats the data.
    """

    kind: Kind
    outcome: str | None = None
    positive: str | float | None = None
    cox: CoxModel = CoxModel()  # noqa: RUF009  # frozen

    @classmethod
    def of(
        cls, model: Kind | CoxModel, outcome: str | None, positive: str | float | None
    ) -> "OutcomeModel":
        """Check that what was said fits together.

        Raises
        ------
        ParameterError
            It does not.
        """
        kind: Kind = "cox" if isinstance(model, CoxModel) else model
        options = model if isinstance(model, CoxModel) else CoxModel()
        if options.penalty is not None or options.firth is True:
            name = "penalty" if options.penalty is not None else "firth"
            raise ParameterError(
                f"A model of two scores has no {name}",
                f"{name}={getattr(options, name)!r}; slopes need the likelihood's covariance",
                "Use CoxModel() here",
            )
        if kind not in get_args(Kind):
            raise ParameterError(
                f"model cannot be {kind!r}",
                f"Allowed: {', '.join(get_args(Kind))}, or a CoxModel",
                "The default is 'cox', of the cohort's endpoint",
            )
        if (kind == "cox") != (outcome is None):
            raise ParameterError(
                "A Cox model takes the endpoint of the cohort, other models a clinical column",
                f"model={kind!r}, outcome={outcome!r}",
                'Leave out outcome, or say model="logistic" or "linear"'
                if kind == "cox"
                else 'Name the column, as in outcome="grade"',
            )
        if positive is not None and kind != "logistic":
            raise ParameterError(
                f"A {kind} model has no positive level",
                f"positive is {positive!r}",
                'Remove it, or use model="logistic"',
            )
        return cls(kind=kind, outcome=outcome, positive=positive, cox=options)


@dataclass(frozen=True, eq=False, kw_only=True)
class OutcomeRows:
    """Complete cases: y (n,) is the number, or 1 and 0 (for a Cox model the event).

    task: times, strata and options of a Cox model, else None.
    """

    kind: Kind
    cohort: str
    label: str
    rows: ModelRows
    y: FloatArray
    task: CoxTask | None = None

    @property
    def words(self) -> str:
        """The model in words."""
        if self.task is not None:
            return model_text(self.task)
        return f"{self.kind} regression"

    @property
    def ratio(self) -> str:
        """What an effect is: HR, OR or difference."""
        return {"cox": "HR", "logistic": "OR", "linear": "difference"}[self.kind]

    def column(self, name: str) -> FloatArray:
        """The score of that name on all rows."""
        return self.rows.scores[:, self.rows.signatures.index(name)]

    def spread(self, scores: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
        """Standard deviations (n - 1) of scores (n_known, 2)."""
        return spread(scores) if self.task is None else self.task.spread(scores, known)

    def limiting(self, known: NDArray[np.bool_]) -> int:
        """What limits the number of parameters: events, rows of the rarer level, or rows."""
        n, n_positive = int(known.sum()), int(self.y[known].sum()) if self.kind != "linear" else 0
        if self.kind == "linear":
            return n
        return n_positive if self.kind == "cox" else min(n_positive, n - n_positive)

    def n(self, known: NDArray[np.bool_]) -> int:
        """Patients, or rows where each is one."""
        patients = self.rows.patients_at(known)
        return int(known.sum()) if patients is None else patients.n

    def n_events(self, known: NDArray[np.bool_]) -> int | None:
        """Events, or rows of the positive level."""
        return None if self.kind == "linear" else int(self.y[known].sum())


def outcome_rows(
    cohort: "Cohort",
    scores: Sequence[str],
    model: OutcomeModel,
    *,
    adjust: Sequence[TermLike] = (),
    strata: Sequence[str] = (),
    confidence: float = 0.95,
    allow_loss: bool = False,
    together: Sequence[Sequence[str]] | None = None,
) -> OutcomeRows:
    """Complete cases over outcome and covariates; rows without one of the scores are kept.

    together: the scores that one model needs; by default all of them.

    Raises
    ------
    EndpointError, TooFewEventsError, ClinicalError, UnknownSignatureError, ParameterError
        As in `cox` and `regress`.
    """
    refuse_no_cohort(cohort, "A model of two scores")
    check_scale("sd", confidence)
    terms = as_terms(adjust)
    both = [term.column for term in terms if term.column in scores]
    if both:
        raise ParameterError(
            f"{both[0]!r} is one of the scores of the model and cannot be a covariate too",
            f"Scores: {', '.join(scores)}",
            "Remove it from adjust",
        )
    models = [list(scores)] if together is None else together
    if model.kind == "cox":
        task = cox_task(
            cohort,
            signatures=list(scores),
            adjust=adjust,
            strata=strata,
            interactions=(),
            scale="sd",
            model=model.cox,
            confidence=confidence,
            allow_loss=allow_loss,
            together=models,
        )
        return OutcomeRows(
            kind="cox",
            cohort=cohort.name,
            label=task.endpoint,
            rows=task.rows,
            y=task.event,
            task=task,
        )
    if len(strata):
        raise ParameterError(
            f"A {model.kind} model has no strata",
            f"strata is {strata!r}",
            "Add the columns to adjust",
        )
    return _clinical(cohort, scores, model, terms, allow_loss=allow_loss, together=models)


def _clinical(
    cohort: "Cohort",
    scores: Sequence[str],
    model: OutcomeModel,
    adjust: Sequence[Term],
    *,
    allow_loss: bool,
    together: Sequence[Sequence[str]],
) -> OutcomeRows:
    refuse_repeats(cohort, "A regression of a clinical variable", has_options=False)
    outcome = str(model.outcome)
    refuse_outcome_as_score(outcome, scores)
    is_logistic = model.kind == "logistic"
    values = (
        two_levels(cohort, outcome, model.positive)
        if is_logistic
        else finite_numbers(cohort, outcome)
    )
    known = np.isfinite(values)
    warn_of_unknown(outcome, known, n_frames=4)
    lost = cohort.data.index[~known]
    step = FlowStep.losing(f"{outcome} known", known.size, lost, f"no {outcome}")
    rows = model_rows(
        cohort,
        known,
        joined_flow([cohort.join_flow, flow_table([step])]),
        outcome=[outcome],
        signatures=list(scores),
        adjust=adjust,
        allow_loss=allow_loss,
        together=together,
    )
    check_covariates(rows)
    y = values[rows.rows]
    if y.size == 0 or np.ptp(y) == 0:
        raise ClinicalError(
            f"The outcome {outcome!r} is constant on the rows used",
            f"{count(y.size, 'row')} with all covariates",
            "Choose another outcome or fewer covariates",
        )
    return OutcomeRows(
        kind=model.kind,
        cohort=cohort.name,
        label=f"{outcome} = {model.positive}" if is_logistic else outcome,
        rows=rows,
        y=y,
    )
