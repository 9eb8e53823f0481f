"""Training a prognostic model in one cohort."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ParameterError, count, examples
from neurosig.outcomes.chance.searched_cutpoint import maxstat
from neurosig.outcomes.clinic.causes import refuse_competing_causes
from neurosig.outcomes.cox.verb import check_events
from neurosig.outcomes.given_cohorts import refuse_no_cohort
from neurosig.outcomes.model_rows import TermLike, as_terms, spread, warn_of_few_events
from neurosig.outcomes.pooling.frozen_model import CutKind, FrozenModel
from neurosig.outcomes.pooling.frozen_terms import FrozenScore, FrozenTerm
from neurosig.outcomes.prediction.prediction_rows import PredictionRows, prediction_rows
from neurosig.outcomes.prediction.risk_model import RiskModel, SurvivalData

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]


def train(
    cohort: "Cohort",
    signatures: str | Sequence[str],
    *,
    adjust: Sequence[TermLike] = (),
    cut: CutKind | None = None,
    minprop: float = 0.25,
    allow_loss: bool = False,
) -> FrozenModel:
    """Fit one Cox model to a cohort and freeze all that it learnt, to validate it in others.

    Frozen are the mean and standard deviation of each score, levels and knots of the covariates,
    coefficients, baseline hazard (Efron) and the cut. How well the model does here says little: it
    was made to do so. See `validate`, and `discrimination` for values corrected for optimism.

    Parameters
    ----------
    cohort, adjust, allow_loss
        As in `cox`.
    signatures
        One signature, or several that enter the model together; "all" for every one.
    cut
        Where the linear predictor divides patients into low and high risk: at its "median", or
        where the log-rank statistic is largest ("maxstat", whose search other cohorts have to
        confirm).
    minprop
        Smallest share of patients in either group of the searched cut.

    Returns
    -------
    FrozenModel
        With `predict`, `validate`, `save` and `load`.

    Raises
    ------
    EndpointError, TooFewEventsError, ClinicalError, UnknownSignatureError, ParameterError
        As in `cox`; rows enter late, or the endpoint has competing causes, which a risk by a time
        would count as censored.
    SeparationError, ConvergenceError
        The model has no finite coefficients.

    Warns
    -----
    SmallSampleWarning
        Fewer than 10 events per parameter.
    ClinicalWarning
        More than 5 % of the rows lost.

    References
    ----------
    Altman DG, Royston P (2000) Stat Med 19:453-473, doi:10.1002/(SICI)1097-0258(20000229)19:4<453::
    AID-SIM350>3.0.CO;2-5; Collins GS et al. (2024) BMJ 385:e078378, doi:10.1136/bmj-2023-078378.

    Examples
    --------
    `FrozenModel` has an example.
    """
    if cut not in (None, "median", "maxstat"):
        raise ParameterError(
            f"cut cannot be {cut!r}", "Allowed: 'median', 'maxstat'", "None is no cut"
        )
    refuse_no_cohort(cohort, "Training a frozen model")
    prepared = prediction_rows(cohort, signatures, adjust, allow_loss=allow_loss, together=True)
    refuse_competing_causes(cohort, "A model that predicts")
    known = np.asarray(np.isfinite(prepared.rows.scores).all(axis=1))
    scores = _frozen_scores(prepared, known)
    covariates = prepared.rows.covariates[known]
    standardised = [
        score.standardised(prepared.rows.scores[known, s]) for s, score in enumerate(scores)
    ]
    data = SurvivalData(
        prepared.time[known],
        prepared.event[known],
        np.column_stack([*standardised, covariates]),
    )
    check_events(cohort.name, data.event, n_params=data.x.shape[1])
    used = cohort.data.loc[prepared.rows.rows].loc[known]
    frozen = tuple(FrozenTerm.of(used, term) for term in as_terms(adjust))
    fitted = RiskModel.fit(data)
    n_events = int(data.event.sum())
    warn_of_few_events(pd.Series([n_events / data.x.shape[1]]))
    return FrozenModel(
        cohort=cohort.name,
        endpoint=prepared.endpoint,
        unit=cohort.endpoint.unit if cohort.endpoint else "",
        n=data.time.size,
        n_events=n_events,
        scores=scores,
        terms=frozen,
        coef=fitted.coef,
        centre=fitted.centre,
        event_time=fitted.event_time,
        hazard=fitted.hazard,
        follow_up=float(data.time.max()),
        cut=_cut(fitted, data, cut, minprop),
        cut_kind=cut,
        scoring=cohort.scoring,
    )


def _frozen_scores(prepared: PredictionRows, known: NDArray[np.bool_]) -> tuple[FrozenScore, ...]:
    """Mean and standard deviation of each score on the rows used.

    Raises
    ------
    ClinicalError
        No row has all scores, or one is the same everywhere.
    """
    names, values = prepared.rows.signatures, prepared.rows.scores[known]
    sd = spread(values)
    constant = [name for name, one in zip(names, sd, strict=True) if not one > 0]
    if constant:
        raise ClinicalError(
            f"The score of {constant[0]!r} cannot be standardised",
            f"It has one value, or none, on {count(int(known.sum()), 'row')} with all scores; so "
            f"has {examples(constant)}",
            "Leave it out of the model",
            signatures=tuple(constant),
        )
    means = values.mean(axis=0)
    return tuple(
        FrozenScore(signature=name, mean=float(mean), sd=float(one))
        for name, mean, one in zip(names, means, sd, strict=True)
    )


def _cut(
    fitted: RiskModel, data: SurvivalData, kind: CutKind | None, minprop: float
) -> float | None:
    if kind is None:
        return None
    predictor = fitted.linear_predictor(data.x)
    if kind == "median":
        return float(np.median(predictor))
    found = maxstat(
        data.time,
        data.event,
        predictor,
        minprop=minprop,
        n_permutations=1,  # of what it finds only the cut is used
        n_bootstrap=1,
        n_folds=2,
        n_repeats=1,
    )
    return found.cut
