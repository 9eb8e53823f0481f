"""Cox regression of an endpoint on signature scores."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig._params import Help, check
from neurosig.errors import (
    EndpointError,
    ProportionalHazardsWarning,
    SmallSampleWarning,
    TooFewEventsError,
    count,
    examples,
)
from neurosig.kernels.cox import NOT_CONVERGED as CODE_NOT_CONVERGED
from neurosig.kernels.cox import SINGULAR, CoxFits
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.outcomes.model_rows import (
    COLLINEAR,
    CONSTANT,
    NO_SCORE,
    NOT_CONVERGED,
    SEPARATION,
    TOO_FEW_EVENTS,
    ModelRows,
    Scale,
    SharedRows,
    TermLike,
    check_covariates,
    check_scale,
    effect_scales,
    model_rows,
    patterns,
    spread,
)
from neurosig.outcomes.proportional_hazards import CoxData, score_ph_p_values
from neurosig.outcomes.results import ModelText, Results, TermFits, declare_family, tidy

if TYPE_CHECKING:
    from neurosig.outcomes.cohort import Cohort

FloatArray = NDArray[np.float64]

MIN_EVENTS = 2
FEW_EVENTS_PER_PARAM = 10
PH_ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class CoxModel:
    """How a Cox model treats the data.

    Parameters
    ----------
    ties
        Whether events at one time leave the risk set bit by bit ("efron") or not ("breslow").

    References
    ----------
    Efron B (1977) J Am Stat Assoc 72:557-565, doi:10.1080/01621459.1977.10480613; Breslow N (1974)
    Biometrics 30:89-99, doi:10.2307/2529620.

    Examples
    --------
    >>> CoxModel().ties  # `cox` has an example of both
    'efron'
    """

    ties: Annotated[
        Literal["efron", "breslow"], Help("approximation for events at the same time")
    ] = "efron"

    def __post_init__(self) -> None:
        check(self)


_EFRON = CoxModel()


def cox(
    cohort: "Cohort",
    *,
    signatures: str | Sequence[str] = "all",
    adjust: Sequence[TermLike] = (),
    strata: Sequence[str] = (),
    scale: Scale = "sd",
    model: CoxModel = _EFRON,
    confidence: float = 0.95,
    unadjusted: bool = False,
    allow_loss: bool = False,
    n_jobs: int = 1,
) -> Results:
    """Hazard ratio of each signature's score, one Cox model per signature.

        hazard(t | x, z) = h_s(t) exp(beta x + gamma' z)

    x: the score over its standard deviation (n - 1) on the rows of the fit, or as it is with
    scale="none"; z: the columns of `adjust`; h_s: baseline hazard of stratum s. Times closer than
    1.5e-8 (relative to their mean) count as equal. Complete cases only: `row_flow` counts losses.

    Parameters
    ----------
    cohort, signatures
        A cohort with an endpoint, and which of its scores.
    adjust, strata
        Covariates, each a column or a `Term`; columns whose levels have their own baselines.
    scale, model, confidence
        Unit of the score, treatment of ties, coverage of the intervals.
    unadjusted, allow_loss
        Add the models without `adjust` on the same rows; accept the loss of over half of the rows.
    n_jobs
        Threads over signatures. The result does not depend on it.

    Returns
    -------
    Results
        `table`: a row per signature and term. `estimate` is beta, `effect` the hazard ratio;
        `p_value` is Wald's, `p_lr` of the likelihood-ratio test that drops the score, `p_ph` of
        the score test of its proportional hazards (km). q-values are over the score rows of this
        call; unadjusted models are a family of their own. What cannot be fitted has a status:
        no_score, constant, collinear, too_few_events, separation, not_converged.

    Raises
    ------
    EndpointError, TooFewEventsError
        No endpoint; no event, fewer than two, or not more events than parameters.
    ClinicalError
        A covariate is constant or collinear with others, or costs more than half of the rows.
    ParameterError, UnknownSignatureError
        An option has a value that is not allowed; the cohort has no such score.

    Warns
    -----
    SmallSampleWarning
        Fewer than 10 events per parameter, or an infinite estimate.
    ProportionalHazardsWarning
        p_ph below 0.05.
    ClinicalWarning
        More than 5 % of the rows lost, or strata with one level.

    References
    ----------
    Cox DR (1972) J R Stat Soc B 34:187-220, doi:10.1111/j.2517-6161.1972.tb00899.x.

    Examples
    --------
    Weeks of remission, 6-MP and placebo (Freireich 1963, doi:10.1182/blood.V21.6.699.699).

    >>> import neurosig as ns
    >>> drug = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    >>> placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    >>> clinic = pd.DataFrame({"t": drug + placebo, "e": list("111010100110001100000" + "1" * 21)})
    >>> scores = pd.DataFrame({"placebo": [0] * 21 + [1] * 21})
    >>> cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="t", event="e", unit="weeks"))
    >>> fits = [cox(cohort, scale="none", model=CoxModel(ties=t)) for t in ("efron", "breslow")]
    >>> [round(float(fit.table["estimate"][0]), 3) for fit in fits]  # R; Kleinbaum and Klein
    [1.572, 1.509]
    """
    check_scale(scale, confidence)
    if cohort.time is None or cohort.event is None or cohort.endpoint is None:
        raise EndpointError(
            f"The cohort {cohort.name!r} has no endpoint",
            "A Cox model needs a time and an event",
            'Join it with endpoint=ns.Endpoint(time="...", event="...")',
        )
    known = np.isfinite(cohort.time) & np.isfinite(cohort.event)
    rows = model_rows(
        cohort,
        known,
        cohort.row_flow,
        signatures=signatures,
        adjust=adjust,
        strata=strata,
        allow_loss=allow_loss,
    )
    time, event = cohort.time[rows.rows], cohort.event[rows.rows]
    _check_events(cohort.name, event, n_params=1 + len(rows.names))
    check_covariates(rows)
    designs = [rows]
    if unadjusted and rows.names:
        designs.append(replace(rows, covariates=rows.covariates[:, :0], names=(), adjusted_for=()))
    endpoint = cohort.endpoint.name or cohort.endpoint.event
    tables = []
    for design in designs:
        fits = _fit(time, event, design, scale=scale, ties=model.ties, n_jobs=n_jobs)
        text = ModelText(
            cohort=cohort.name,
            endpoint=endpoint,
            model=_model_text(model, design),
            adjusted_for=", ".join(design.adjusted_for),
            effect_scales=effect_scales(design, "HR", scale),
            confidence=confidence,
            is_ratio=True,
        )
        family = f"score rows of {cohort.name}, {endpoint}"
        if len(designs) > 1:
            family += ", adjusted" if design.names else ", unadjusted"
        tables.append(declare_family(tidy(fits, text), family))
    table = pd.concat(tables, ignore_index=True)
    _warn(tables[0])  # the models asked for; the crude ones only stand beside them
    return Results(table=table, row_flow=rows.row_flow, notes=_notes(scale, table))


class _CoxTermFits(TermFits):
    """Cox fits always have events, likelihood-ratio and proportional-hazards tests."""

    n_events: NDArray[np.int64]
    p_lr: FloatArray
    p_ph: FloatArray


def _check_events(name: str, event: FloatArray, n_params: int) -> None:
    n_events = int(event.sum())
    if n_events == 0:
        raise TooFewEventsError(
            f"The cohort {name!r} has no events on the rows used",
            f"All {count(event.size, 'row')} are censored",
            "Check the coding of the event column, or choose another endpoint",
            n_events=0,
            n=event.size,
        )
    if n_events < MIN_EVENTS or n_events <= n_params:
        raise TooFewEventsError(
            f"The cohort {name!r} has too few events for this model",
            f"{count(n_events, 'event')} in {count(event.size, 'row')} for "
            f"{count(n_params, 'parameter')}; more events than parameters are needed, and at "
            f"least {MIN_EVENTS}",
            "Adjust for fewer covariates or choose an endpoint with more events",
            n_events=n_events,
            n_params=n_params,
        )


def _fit(
    time: FloatArray,
    event: FloatArray,
    rows: ModelRows,
    *,
    scale: Scale,
    ties: Literal["efron", "breslow"],
    n_jobs: int,
) -> _CoxTermFits:
    """Fit all signatures, those known on the same rows together."""
    n_scores, k = rows.scores.shape[1], 1 + len(rows.names)
    fits = _CoxTermFits(
        signatures=rows.signatures,
        terms=rows.terms,
        estimate=np.full((n_scores, k), np.nan),
        std_error=np.full((n_scores, k), np.nan),
        status=np.full((n_scores, k), OK, dtype=object),
        message=np.full((n_scores, k), "", dtype=object),
        n=np.zeros(n_scores, dtype=np.int64),
        n_events=np.zeros(n_scores, dtype=np.int64),
        p_lr=np.full(n_scores, np.nan),
        p_ph=np.full(n_scores, np.nan),
    )
    for shared in patterns(rows.scores):
        known = shared.known
        data = CoxData(
            time=time[known],
            event=event[known],
            scores=rows.scores[np.ix_(known, shared.members)],
            covariates=rows.covariates[known],
            strata=None if rows.strata is None else rows.strata[known],
            ties=ties,
            n_jobs=n_jobs,
        )
        _fit_shared(fits, shared, data, scale)
    return fits


def _fit_shared(fits: _CoxTermFits, shared: SharedRows, data: CoxData, scale: Scale) -> None:
    """Fill the rows of the signatures that share their rows."""
    from scipy import special

    members, k = shared.members, len(fits.terms)
    n, n_events = data.time.size, int(data.event.sum())
    fits.n[members] = n
    fits.n_events[members] = n_events
    if n == 0:
        _fail(fits, members, NO_SCORE, "the signature has no score on any row used")
        return
    if n_events < MIN_EVENTS or n_events <= k:
        _fail(fits, members, TOO_FEW_EVENTS, f"{n_events} events for {k} parameters")
        return
    sd = spread(data.scores)
    _fail(fits, members[sd == 0], CONSTANT, "the score is the same on all rows used")
    members, varies, sd = members[sd > 0], sd > 0, sd[sd > 0]
    if not members.size:
        return
    data = replace(data, scores=data.scores[:, varies])
    fitted = data.fit()
    unit = sd if scale == "sd" else np.ones_like(sd)
    fits.estimate[members] = fitted.coef
    fits.std_error[members] = np.sqrt(np.diagonal(fitted.covariance, axis1=1, axis2=2))
    fits.estimate[members, 0] *= unit
    fits.std_error[members, 0] *= unit
    lr = 2 * (fitted.loglik - _loglik_without_score(data, fitted))
    fits.p_lr[members] = special.chdtrc(1, np.maximum(lr, 0.0))
    fits.p_ph[members] = score_ph_p_values(data, fitted)
    _mark_failures(fits, members, fitted)


def _mark_failures(fits: _CoxTermFits, members: NDArray[np.int64], fitted: CoxFits) -> None:
    singular, stuck = fitted.code == SINGULAR, fitted.code == CODE_NOT_CONVERGED
    _fail(fits, members[singular], COLLINEAR, "the score is determined by covariates or strata")
    p_lr = fits.p_lr[members]
    _fail(fits, members[stuck], NOT_CONVERGED, "Newton's iterations did not converge")
    monotone = fitted.infinite.any(axis=1) & ~singular
    fits.p_lr[members[monotone]] = p_lr[monotone]  # the likelihood itself has a limit
    for s, j in zip(*np.nonzero(fitted.infinite & ~singular[:, None]), strict=True):
        direction = "+" if fitted.coef[s, j] > 0 else "-"
        row = members[s]
        fits.status[row, j] = SEPARATION
        fits.message[row, j] = (
            f"the likelihood grows without end: the estimate is {direction}infinite, a Wald test "
            "does not exist"
        )
        fits.estimate[row, j] = fits.std_error[row, j] = np.nan


def _fail(fits: _CoxTermFits, members: NDArray[np.int64], status: str, message: str) -> None:
    fits.estimate[members] = fits.std_error[members] = np.nan
    fits.status[members] = status
    fits.message[members] = message
    fits.p_lr[members] = fits.p_ph[members] = np.nan


def _loglik_without_score(data: CoxData, fitted: CoxFits) -> FloatArray:
    if not data.covariates.shape[1]:
        return fitted.loglik_null
    reduced = replace(data, scores=data.covariates[:, :1], covariates=data.covariates[:, 1:])
    return np.full(fitted.loglik.size, reduced.fit().loglik[0])


def _model_text(model: CoxModel, rows: ModelRows) -> str:
    text = f"Cox regression, {model.ties.capitalize()} ties"
    return text + (f", stratified by {', '.join(rows.stratified_by)}" if rows.stratified_by else "")


def _notes(scale: Scale, table: pd.DataFrame) -> tuple[str, ...]:
    unit = (
        "Scores are divided by their standard deviation (n - 1) over the rows of each fit"
        if scale == "sd"
        else "Scores are used as they are"
    )
    failed = table.loc[
        (table[Result.TERM] == SCORE_TERM) & (table[Result.STATUS] != OK), Result.STATUS
    ].value_counts()
    counts = ", ".join(f"{status} ({n})" for status, n in failed.items())
    return (unit, f"Not fitted: {counts}") if counts else (unit,)


def _warn(table: pd.DataFrame) -> None:
    """At most one warning of each kind per call."""
    scores = table[table[Result.TERM] == SCORE_TERM]
    fitted = scores[scores[Result.STATUS].isin([OK, SEPARATION])]
    per_param = fitted[Result.EVENTS_PER_PARAM]
    few = per_param < FEW_EVENTS_PER_PARAM
    if few.any():
        warnings.warn(
            SmallSampleWarning(
                f"As few as {per_param.min():.1f} events per parameter",
                f"{count(int(few.sum()), 'fit')} of {len(fitted)} below {FEW_EVENTS_PER_PARAM}",
                "Read the estimates as unstable; adjust for fewer covariates",
            ),
            stacklevel=3,
        )
    separated = table[table[Result.STATUS] == SEPARATION]
    if len(separated):
        pairs = (separated[Result.SIGNATURE] + " (" + separated[Result.TERM] + ")").unique()
        warnings.warn(
            SmallSampleWarning(
                "Estimates are infinite: a term separates the events perfectly",
                f"{count(len(pairs), 'row')}: {examples(pairs)}",
                "These rows have no Wald test; p_lr remains valid. Penalised (Firth) fits are not "
                "part of this version",
            ),
            stacklevel=3,
        )
    suspect = scores[scores[Result.P_PH] < PH_ALPHA]
    if len(suspect):
        warnings.warn(
            ProportionalHazardsWarning(
                f"The hazard ratio seems to change with time for "
                f"{count(suspect[Result.SIGNATURE].nunique(), 'signature')}",
                f"p_ph < {PH_ALPHA} for {examples(suspect[Result.SIGNATURE].unique())}, of "
                f"{len(fitted)} fits tested",
                "Read such a hazard ratio as an average over follow-up and look at the survival "
                "curves",
            ),
            stacklevel=3,
        )
