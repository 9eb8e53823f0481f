"""Cox regression of an endpoint on signature scores."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import (
    ClinicalError,
    EndpointError,
    SmallSampleWarning,
    TooFewEventsError,
    count,
)
from neurosig.keys import Result
from neurosig.outcomes.arguments import check_count, check_option
from neurosig.outcomes.clinic.causes import competing_causes
from neurosig.outcomes.clinic.intervals import patient_rows
from neurosig.outcomes.clusters import FEW_CLUSTERS
from neurosig.outcomes.cox.batch import (
    MIN_EVENTS,
    CoxTask,
    CoxTermFits,
    fit_all,
)
from neurosig.outcomes.cox.changing_hazards import COLUMNS as CHANGING
from neurosig.outcomes.cox.options import Cases, CoxModel
from neurosig.outcomes.cox.score_leverage import warn_of_leverage
from neurosig.outcomes.cox.words import model_text, notes_of, warn_of_fits
from neurosig.outcomes.given_cohorts import refuse_no_cohort
from neurosig.outcomes.imputation.imputed import Imputed
from neurosig.outcomes.interactions import Pair, Products, add_interactions, at_references
from neurosig.outcomes.lost_rows import explained
from neurosig.outcomes.model_rows import (
    Scale,
    TermLike,
    check_covariates,
    check_scale,
    effect_scales,
    model_rows,
)
from neurosig.outcomes.results import (
    ModelText,
    Results,
    benjamini_hochberg,
    declare_family,
    on_score_rows,
    ordered,
    tidy,
)

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]

_EFRON = CoxModel()


def cox(
    cohort: "Cohort | Imputed",
    *,
    signatures: str | Sequence[str] = "all",
    adjust: Sequence[TermLike] = (),
    strata: Sequence[str] = (),
    interactions: Sequence[Pair] = (),
    scale: Scale = "sd",
    model: CoxModel = _EFRON,
    confidence: float = 0.95,
    unadjusted: bool = False,
    allow_loss: bool = False,
    n_jobs: int = 1,
) -> Results:
    """Hazard ratio of each signature's score, one Cox model per signature.

        hazard(t | x, z) = h_s(t) exp(beta x + gamma' z)

    x: the score over its standard deviation (n - 1) on the rows of the fit (with intervals: of the
    patients' means over time, wherever follow-up is cut), or as it is with scale="none"; z: the
    columns of `adjust`; h_s: baseline hazard of stratum s. Times closer than 1.5e-8 (relative to
    their mean) count as equal. Complete cases only: `row_flow` counts losses. With an entry
    (`Endpoint.entry`, `Cohort.from_intervals`) a row is at risk after it only.

    Parameters
    ----------
    cohort, signatures
        A cohort with an endpoint, or imputations of one (`impute`), whose fits are pooled; which
        of its scores.
    adjust, strata
        Covariates, each a column or a `Term`; columns whose levels have their own baselines.
    interactions
        Pairs of terms whose product is added, such as ("score", "age"). Numbers are centred in a
        product: the row of a term is its effect at the average of the other. Categories are not:
        the row of the score is its effect at their reference level, which `model` names.
    scale, model, confidence
        Unit of the score; ties, weights, robust errors and penalties; coverage of the intervals.
    unadjusted, allow_loss
        Add the models without `adjust` on the same rows; accept the loss of over half of the rows.
    n_jobs
        Threads over signatures. The result does not depend on it.

    Returns
    -------
    Results
        `table`: a row per signature and term. `estimate` is beta, `effect` the hazard ratio;
        `p_value` is Wald's, `p_lr` of the likelihood-ratio test that drops the score (without
        robust errors, penalty and interactions), `p_ph` and `p_ph_global` of the score test of
        proportional hazards (km) for the row's column and for all of them. Where p_ph of the score
        is below 0.05 its row has the hazard ratios before and after `split_time`, the median event
        time, and `rmst_effect`, the difference in mean survival time up to `rmst_tau` per unit of
        the score.
        Where the score separates the events, estimate, interval and p-value are Firth's, which
        `model` says; a covariate that does has a status, and the score's estimate is finite.
        q-values are over the score rows of this call, and over those of each interaction;
        unadjusted models are a family of their own. What cannot be fitted has a status: no_score,
        constant, collinear, too_few_events, separation, not_converged.

    Raises
    ------
    EndpointError, TooFewEventsError
        No endpoint; no event, fewer than two, or not more events than parameters.
    ClinicalError
        A covariate is constant or collinear with others, or costs more than half of the rows; a
        weight is not above 0; there are no more clusters than parameters.
    ParameterError, UnknownSignatureError
        An option has a value that is not allowed; the cohort has no such score.

    Warns
    -----
    SmallSampleWarning
        Fewer than 10 events per parameter, sandwich errors of fewer than 30 clusters, or with fewer
        than 10 effective rows or clusters behind a score, a jackknife that is not defined, an
        rmst_effect with fewer than 5 degrees of freedom, or an estimate that would be infinite.
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
    if isinstance(cohort, Imputed):
        return cohort.pooled(cox, locals())
    task = cox_task(
        cohort,
        signatures=signatures,
        adjust=adjust,
        strata=strata,
        interactions=interactions,
        scale=scale,
        model=model,
        confidence=confidence,
        allow_loss=allow_loss,
        n_jobs=n_jobs,
    )
    rows, endpoint = task.rows, task.endpoint
    tasks = [task]
    if unadjusted and rows.names:
        crude = replace(rows, covariates=rows.covariates[:, :0], names=(), adjusted_for=())
        tasks.append(replace(task, rows=crude, products=Products()))
    tables = []
    for one in tasks:
        family = f"score rows of {cohort.name}, {endpoint}"
        if len(tasks) > 1:
            family += ", adjusted" if one.rows.names else ", unadjusted"
        table = declare_family(cox_table(one, cohort.name), family)
        tables.append(_interaction_families(table, one.products, cohort.name, endpoint))
    table = tables[0] if len(tables) == 1 else ordered(pd.concat(tables, ignore_index=True))
    warn_of_leverage(task, tables[0])
    warn_of_fits(tables[0])  # the models asked for; the crude ones only stand beside them
    return Results(table=table, row_flow=rows.row_flow, notes=notes_of(task, table))


def cox_task(
    cohort: "Cohort",
    *,
    signatures: str | Sequence[str],
    adjust: Sequence[TermLike],
    strata: Sequence[str],
    interactions: Sequence[Pair],
    scale: Scale,
    model: CoxModel,
    confidence: float = 0.95,
    allow_loss: bool = False,
    n_jobs: int = 1,
    together: Sequence[Sequence[str]] | None = None,
    apart: NDArray[np.int64] | None = None,
) -> CoxTask:
    """Check what `cox` was given and gather the rows it uses; parameters and errors are its.

    together, apart: as in `model_rows`.
    """
    refuse_no_cohort(cohort, "This analysis")
    check_option("model", model, CoxModel)
    check_count("n_jobs", n_jobs, 1, 1)
    check_scale(scale, confidence)
    if cohort.time is None or cohort.event is None or cohort.endpoint is None:
        raise EndpointError(
            f"The cohort {cohort.name!r} has no endpoint",
            "A Cox model needs a time and an event",
            'Join it with endpoint=ns.Endpoint(time="...", event="...")',
        )
    time, event = np.asarray(cohort.time), np.asarray(cohort.event)
    known = np.isfinite(time) & np.isfinite(event)
    cases = Cases.of(cohort, model)
    rows = model_rows(
        cohort,
        known,
        cohort.row_flow,
        outcome=cohort.endpoint.outcome,
        signatures=signatures,
        adjust=adjust,
        strata=strata,
        allow_loss=allow_loss,
        needed=cases.needed(known, cohort.data.index),
        together=together,
        apart=apart,
        patients=patient_rows(cohort),
    )
    rows, products = add_interactions(rows, interactions)
    if products.names:
        products = at_references(products, rows, cohort.data[rows.rows])
    task = CoxTask(
        endpoint=cohort.endpoint.name or cohort.endpoint.event,
        time_unit=cohort.endpoint.unit,
        time=time[rows.rows],
        event=event[rows.rows],
        rows=rows,
        products=products,
        cases=cases.at(rows.rows),
        model=model,
        scale=scale,
        confidence=confidence,
        n_jobs=n_jobs,
        competing=competing_causes(cohort.endpoint),
    )
    check_events(cohort.name, task.event, n_params=len(task.terms))
    check_covariates(rows)
    _check_clusters(task)
    return task


def cox_table(task: CoxTask, cohort: str) -> pd.DataFrame:
    """Fit all signatures of a task: a row per signature and term, without q-values."""
    fits = fit_all(task)
    text = ModelText(
        cohort=cohort,
        endpoint=task.endpoint,
        model=model_text(task),
        adjusted_for=", ".join(task.rows.adjusted_for),
        effect_scales=_scales(task),
        confidence=task.confidence,
        is_ratio=True,
    )
    table = explained(_with_profiles(tidy(fits, text), fits), task.rows.withheld)
    if fits.p_ph is not None:
        table[Result.P_PH] = fits.p_ph_columns.ravel()
        table[Result.P_PH_GLOBAL] = on_score_rows(fits.p_ph_global, len(fits.terms))
    for name, values in zip(CHANGING, fits.changing.T, strict=True):
        if np.isfinite(values).any():
            table[name] = on_score_rows(values, len(fits.terms))
    return table


def _scales(task: CoxTask) -> tuple[str, ...]:
    scales = effect_scales(task.rows, "HR", task.scale)
    among = task.products.among_covariates
    of_covariates = (
        "ratio of HRs" if name in among else scale
        for name, scale in zip(task.rows.terms, scales, strict=True)
    )
    unit = "SD" if task.scale == "sd" else "unit"
    return (*of_covariates, *(f"ratio of HRs per {unit}" for _ in task.products.names))


def _with_profiles(table: pd.DataFrame, fits: CoxTermFits) -> pd.DataFrame:
    """Rows of Firth's fits with intervals and p-values of their profile likelihood."""
    from scipy import special

    if not fits.is_firth.any():
        return table
    at = np.repeat(fits.is_firth, len(fits.terms))
    low, high = fits.profile_interval[fits.is_firth].reshape(-1, 2).T
    p_value = fits.profile_p[fits.is_firth].ravel()
    table.loc[at, Result.CI_LOW], table.loc[at, Result.CI_HIGH] = low, high
    with np.errstate(over="ignore"):
        table.loc[at, Result.EFFECT_LOW] = np.exp(low)
        table.loc[at, Result.EFFECT_HIGH] = np.exp(high)
    table.loc[at, Result.P_VALUE] = p_value
    sign = np.sign(table.loc[at, Result.ESTIMATE])
    table.loc[at, Result.STATISTIC] = sign * np.sqrt(special.chdtri(1, p_value))
    table.loc[at, Result.MODEL] += ", Firth's penalty"
    return table


def _interaction_families(
    table: pd.DataFrame, products: Products, cohort: str, endpoint: str
) -> pd.DataFrame:
    if not products.names:
        return table
    for name in products.names:
        of_name = (table[Result.TERM] == name) & table[Result.P_VALUE].notna()
        p_values = table.loc[of_name, Result.P_VALUE].to_numpy(dtype=np.float64)
        table.loc[of_name, Result.Q_VALUE] = benjamini_hochberg(p_values)
        table.loc[of_name, Result.FAMILY] = f"{len(p_values)} {name} rows of {cohort}, {endpoint}"
    return ordered(table)


def check_events(name: str, event: FloatArray, n_params: int) -> None:
    """Refuse no events, fewer than two, or not more than parameters."""
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


def _check_clusters(task: CoxTask) -> None:
    """Refuse no more clusters than parameters; warn where few are summed in a sandwich."""
    n_clusters, k = task.n_clusters, len(task.terms)
    if n_clusters is None or n_clusters >= FEW_CLUSTERS:
        return
    if n_clusters <= k:
        raise ClinicalError(
            f"The column {task.model.cluster!r} has too few clusters for robust errors",
            f"{count(n_clusters, 'cluster')} in the rows used for {count(k, 'parameter')}; the "
            "variance between clusters needs more clusters than parameters",
            "Use the column in strata instead of cluster, or adjust for fewer covariates",
            n_clusters=n_clusters,
            n_params=k,
        )
    if task.has_jackknife:
        return
    warnings.warn(
        SmallSampleWarning(
            f"Robust errors of {count(n_clusters, 'cluster')} are too small",
            f"Below {FEW_CLUSTERS} clusters in {task.model.cluster!r}; tests at 5 % reject a true "
            "null hypothesis in about 48 % with 2, 20 % with 5, 7.5 % with 30 (one simulation)",
            "Leave cluster_errors out for those of a jackknife, or use the column in strata",
        ),
        stacklevel=4,
    )
