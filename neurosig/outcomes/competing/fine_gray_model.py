"""Fine-Gray regression of the cumulative incidence of a cause on signature scores."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import (
    EndpointError,
    SmallSampleWarning,
    TooFewEventsError,
    count,
    examples,
)
from neurosig.kernels.times import merge_close_times
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.outcomes.clinic.causes import cohort_causes
from neurosig.outcomes.competing.subdistribution import OWN, fit_subdistribution
from neurosig.outcomes.delayed_entry import refuse_delayed_entry
from neurosig.outcomes.given_cohorts import refuse_no_cohort
from neurosig.outcomes.imputation.imputed import Imputed
from neurosig.outcomes.lost_rows import NO_SCORE, explained
from neurosig.outcomes.model_rows import (
    COLLINEAR,
    CONSTANT,
    NOT_CONVERGED,
    NOT_ENDED,
    SEPARATION,
    TOO_FEW_EVENTS,
    ModelRows,
    Scale,
    TermLike,
    check_covariates,
    check_scale,
    effect_scales,
    model_rows,
    spread,
    warn_of_few_events,
)
from neurosig.outcomes.results import (
    BY_LIKELIHOOD_RATIO,
    ModelText,
    Results,
    TermFits,
    declare_family,
    tidy,
)

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]

MIN_EVENTS: Final = 2


class _CauseFits(TermFits):
    """Fits of one cause always have events and a likelihood-ratio test."""

    n_events: NDArray[np.int64]
    p_lr: FloatArray


def fine_gray(
    cohort: "Cohort | Imputed",
    *,
    cause: str | None = None,
    signatures: str | Sequence[str] = "all",
    adjust: Sequence[TermLike] = (),
    censoring_by: str | None = None,
    scale: Scale = "sd",
    confidence: float = 0.95,
    allow_loss: bool = False,
) -> Results:
    """Subdistribution hazard ratio of each signature's score, one Fine-Gray model per signature.

        F(t | x, z) = 1 - exp(-H_0(t) exp(beta x + gamma' z))

    F: cumulative incidence of the cause; x: the score over its standard deviation (n - 1) on the
    rows of the fit, or as it is with scale="none"; z: the columns of `adjust`; H_0: baseline. Rows
    with a competing event stay in the risk set with the weight G(t-) / G(T-), G the Kaplan-Meier
    curve of the censoring. The ratio says in which direction a score moves the incidence of the
    cause, not how strongly it drives it: a score that prevents the competing event raises it too.
    Read it beside `cox` of the same endpoint, the cause-specific hazard.

    Parameters
    ----------
    cohort
        A cohort whose endpoint names its causes: Endpoint(..., causes={"cancer": 1, "other": 2});
        or imputations of one (`impute`), whose fits are pooled.
    cause
        The cause to model, by default the first.
    signatures, adjust
        Which scores of the cohort; covariates, each a column or a `Term`.
    censoring_by
        Column whose levels are censored differently: G is estimated within each.
    scale, confidence
        Unit of the score, coverage of the intervals.
    allow_loss
        Accept the loss of over half of the rows.

    Returns
    -------
    Results
        `table`: a row per signature and term. `estimate` is beta, `effect` the subdistribution
        hazard ratio, `std_error` robust with the part of the estimated weights, `n_events` counts
        the cause; `p_value` is Wald's, as `crr` gives it, `p_lr` that of the likelihood ratio of
        the weighted partial likelihood (approximate, as it is no true likelihood). q-values are
        over `p_lr` of the score rows of this call, which `family` says: with a skewed score and
        few events Wald's test rejects too often (docs/calibration.md). Of pooled imputations,
        which have no `p_lr`, they are over `p_value`. What cannot be fitted has a status: no_score,
        constant, collinear, too_few_events, separation, not_converged.

    Raises
    ------
    EndpointError, TooFewEventsError
        The endpoint names no causes; not more events of the cause than parameters.
    ParameterError, UnknownSignatureError
        There is no such cause, or an option has a value that is not allowed; no such score.
    ClinicalError
        A covariate is constant or collinear with others, or costs more than half of the rows.

    Warns
    -----
    SmallSampleWarning
        Fewer than 10 events of the cause per parameter, or an infinite estimate.
    ClinicalWarning
        More than 5 % of the rows are lost.

    References
    ----------
    Fine JP, Gray RJ (1999) J Am Stat Assoc 94:496-509, doi:10.1080/01621459.1999.10474144. Ties by
    Breslow's formula as in cmprsk's crr. R's survival::finegray with coxph takes Efron's and its
    weights change between other times: coefficients differ by 4e-5 to 3e-4 on its mgus2 data.

    Examples
    --------
    Weeks of remission, 6-MP and placebo (Freireich 1963, doi:10.1182/blood.V21.6.699.699). Where
    nothing competes it is Cox's model with Breslow ties, 1.509 in Kleinbaum and Klein.

    >>> import neurosig as ns
    >>> drug = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    >>> placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    >>> clinic = pd.DataFrame({"t": drug + placebo, "e": list("111010100110001100000" + "1" * 21)})
    >>> scores = pd.DataFrame({"placebo": [0] * 21 + [1] * 21})
    >>> endpoint = ns.Endpoint(time="t", event="e", unit="weeks", causes={"relapse": 1})
    >>> cohort = ns.Cohort.join(scores, clinic, endpoint)
    >>> float(fine_gray(cohort, scale="none").table["estimate"].iloc[0].round(3))
    1.509
    """
    if isinstance(cohort, Imputed):
        return cohort.pooled(fine_gray, locals())
    refuse_no_cohort(cohort, "A Fine-Gray model")
    check_scale(scale, confidence)
    if cohort.time is None or cohort.endpoint is None:
        raise EndpointError(
            f"The cohort {cohort.name!r} has no endpoint",
            "A Fine-Gray model needs a time and causes",
            'Join it with endpoint=ns.Endpoint(..., causes={"cancer": 1, "other": 2})',
        )
    refuse_delayed_entry(cohort, "A Fine-Gray model")
    causes = cohort_causes(cohort)
    chosen = causes.names[0] if cause is None else cause
    states = causes.states(chosen)
    all_times = np.asarray(cohort.time)
    known = np.isfinite(all_times) & np.isfinite(states)
    rows = model_rows(
        cohort,
        known,
        cohort.row_flow,
        outcome=cohort.endpoint.outcome,
        signatures=signatures,
        adjust=adjust,
        strata=() if censoring_by is None else (censoring_by,),
        allow_loss=allow_loss,
    )
    time = merge_close_times(all_times[rows.rows])
    state = states[rows.rows].astype(np.int64)
    _check_events(cohort.name, chosen, state, n_params=1 + len(rows.names))
    check_covariates(replace(rows, strata=None))  # there is one baseline
    fits = _fit(time, state, rows, scale)
    others = [name for name in causes.names if name != chosen]
    text = ModelText(
        cohort=cohort.name,
        endpoint=f"{cohort.endpoint.name}: {chosen}",
        model=_model_text(others, rows),
        adjusted_for=", ".join(rows.adjusted_for),
        effect_scales=effect_scales(rows, "SHR", scale),
        confidence=confidence,
        is_ratio=True,
    )
    family = f"score rows of {cohort.name}, {text.endpoint}, Fine-Gray{BY_LIKELIHOOD_RATIO}"
    table = explained(tidy(fits, text), rows.withheld)
    table = declare_family(table, family, p_values=table[Result.P_LR])
    _warn(table)
    return Results(table=table, row_flow=rows.row_flow, notes=_notes(scale, chosen, others))


def _check_events(name: str, cause: str, state: NDArray[np.int64], n_params: int) -> None:
    n_events = int((state == OWN).sum())
    if n_events < MIN_EVENTS or n_events <= n_params:
        raise TooFewEventsError(
            f"The cohort {name!r} has too few events of the cause {cause!r} for this model",
            f"{count(n_events, 'event')} in {count(state.size, 'row')} for "
            f"{count(n_params, 'parameter')}; more events than parameters are needed, and at "
            f"least {MIN_EVENTS}",
            "Adjust for fewer covariates or choose another cause",
            n_events=n_events,
            n_params=n_params,
        )


def _fit(time: FloatArray, state: NDArray[np.int64], rows: ModelRows, scale: Scale) -> _CauseFits:
    """Fit the signatures one after the other."""
    n_scores, k = rows.scores.shape[1], len(rows.terms)
    fits = _CauseFits(
        signatures=rows.signatures,
        terms=rows.terms,
        estimate=np.full((n_scores, k), np.nan),
        std_error=np.full((n_scores, k), np.nan),
        status=np.full((n_scores, k), OK, dtype=object),
        message=np.full((n_scores, k), "", dtype=object),
        n=np.zeros(n_scores, dtype=np.int64),
        n_events=np.zeros(n_scores, dtype=np.int64),
        p_lr=np.full(n_scores, np.nan),
    )
    for s in range(n_scores):
        known = np.isfinite(rows.scores[:, s])
        fits.n[s], fits.n_events[s] = known.sum(), (state[known] == OWN).sum()
        groups = None if rows.strata is None else rows.strata[known]
        matrix = np.column_stack((rows.scores[known, s], rows.covariates[known]))
        status, message = _fit_one(fits, s, (time[known], state[known], groups), matrix, scale)
        if status == OK:  # but for terms at the limit, which `_fit_one` has marked
            continue
        fits.status[s], fits.message[s] = status, message
        fits.estimate[s] = fits.std_error[s] = fits.p_lr[s] = np.nan
    return fits


def _fit_one(
    fits: _CauseFits,
    s: int,
    outcome: tuple[FloatArray, NDArray[np.int64], NDArray[np.int64] | None],
    matrix: FloatArray,
    scale: Scale,
) -> tuple[str, str]:
    """Fill the row of one signature; returns the status and message of the model."""
    from scipy import special

    k, n_events = len(fits.terms), int(fits.n_events[s])
    if not fits.n[s]:
        return NO_SCORE, ""
    if n_events < MIN_EVENTS or n_events <= k:
        return TOO_FEW_EVENTS, f"{n_events} events of the cause for {k} parameters"
    sd = spread(matrix[:, :1])[0]
    if sd == 0:
        return CONSTANT, "the score is the same on all rows used"
    time, state, groups = outcome
    matrix = np.column_stack((matrix[:, 0] / sd, matrix[:, 1:]))
    centred = matrix - matrix.mean(axis=0)
    if np.linalg.matrix_rank(centred / np.maximum(spread(matrix), 1e-300)) < k:
        return COLLINEAR, "the score is determined by the covariates"
    try:
        fit = fit_subdistribution(time, state, matrix, groups)
        reduced = fit.loglik_null
        if k > 1:
            reduced = fit_subdistribution(time, state, matrix[:, 1:], groups).loglik
    except np.linalg.LinAlgError:
        return SEPARATION, "the likelihood grows without end: the information vanished"
    if not fit.converged:
        return NOT_CONVERGED, NOT_ENDED
    unit = np.ones(k)
    unit[0] = 1.0 if scale == "sd" else 1.0 / sd
    fits.estimate[s] = fit.coef * unit
    fits.std_error[s] = np.sqrt(np.diag(fit.covariance)) * unit
    fits.p_lr[s] = special.chdtrc(1, max(2 * (fit.loglik - reduced), 0.0))
    for j in np.flatnonzero(fit.infinite):
        direction = "+" if fit.coef[j] > 0 else "-"
        fits.status[s, j] = SEPARATION
        fits.message[s, j] = (
            f"the likelihood grows without end: the estimate is {direction}infinite, a Wald test "
            "does not exist"
        )
        fits.estimate[s, j] = fits.std_error[s, j] = np.nan
    return OK, ""


def _model_text(others: Sequence[str], rows: ModelRows) -> str:
    text = "Fine-Gray regression, Breslow ties"
    if others:
        text += f", competing: {', '.join(others)}"
    return text + (f", censoring by {', '.join(rows.stratified_by)}" if rows.stratified_by else "")


def _notes(scale: Scale, cause: str, others: Sequence[str]) -> tuple[str, ...]:
    unit = (
        "Scores are divided by their standard deviation (n - 1) over the rows of each fit"
        if scale == "sd"
        else "Scores are used as they are"
    )
    competing = ", ".join(others) or "nothing"
    return unit, f"Subdistribution hazard of {cause}; competing: {competing}"


def _warn(table: pd.DataFrame) -> None:
    scores = table[table[Result.TERM] == SCORE_TERM]
    fitted = scores[scores[Result.STATUS] == OK]
    warn_of_few_events(fitted[Result.EVENTS_PER_PARAM], "events of the cause")
    separated = table[table[Result.STATUS] == SEPARATION]
    if len(separated):
        warnings.warn(
            SmallSampleWarning(
                "Estimates are infinite: a term separates the events perfectly",
                f"{examples(separated[Result.TERM].unique())} in "
                f"{count(separated[Result.SIGNATURE].nunique(), 'signature')}",
                "These rows have no Wald test, the others are those of the limit; join rare levels "
                "or leave the term out",
            ),
            stacklevel=3,
        )
