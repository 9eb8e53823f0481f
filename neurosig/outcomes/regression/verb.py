"""Regression of a clinical variable on signature scores."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neurosig.outcomes.arguments import check_option
from neurosig.outcomes.imputation.imputed import Imputed
from neurosig.outcomes.lost_rows import explained
from neurosig.outcomes.model_rows import (
    Scale,
    TermLike,
    as_terms,
    check_covariates,
    check_scale,
    choose_signatures,
    joined_flow,
    model_rows,
)
from neurosig.outcomes.regression.case_columns import check_clusters, read_cases, with_slope
from neurosig.outcomes.regression.fit_table import fit_table
from neurosig.outcomes.regression.fitting import Task, fit_all
from neurosig.outcomes.regression.kind import Cases, Kind
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.outcome_column import refuse_outcome_as_score
from neurosig.outcomes.regression.registry import find_kind
from neurosig.outcomes.regression.repeated_rows import refuse_repeats
from neurosig.outcomes.regression.words import notes_of, warn_of_fits, warn_of_unknown
from neurosig.outcomes.results import Results, declare_family
from neurosig.outcomes.row_flow import FlowStep, flow_table

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

_PLAIN = RegressionModel()


def regress(
    cohort: "Cohort | Imputed",
    *,
    outcome: str,
    kind: str = "logistic",
    positive: str | float | None = None,
    signatures: str | Sequence[str] = "all",
    adjust: Sequence[TermLike] = (),
    scale: Scale = "sd",
    model: RegressionModel = _PLAIN,
    confidence: float = 0.95,
    allow_loss: bool = False,
) -> Results:
    """Effect of each signature's score on a clinical variable, one model per signature.

        logistic           log odds(outcome = positive) = a + beta x + gamma' z
        linear             outcome = a + beta x + gamma' z + e
        ordinal            logit P(outcome <= l) = a_l - beta x - gamma' z (or probit, cloglog)
        multinomial        log P(outcome = l) / P(outcome = reference) = a_l + beta_l x + gamma_l' z
        poisson            log E(outcome) = log(exposure) + a + beta x + gamma' z
        negative_binomial  the same with the variance mean + mean^2 / theta
        mixed              outcome = a + beta x + gamma' z + b_group + e

    x: the score over its standard deviation (n - 1) on the rows of the fit, or as it is with
    scale="none"; z: the columns of `adjust`. Before every fit but those of numbers a linear
    programme looks for separation, under which estimates are infinite. Logistic models then have
    Firth's penalty by default; others have the status "separation" and no estimate.

    Parameters
    ----------
    cohort, signatures, adjust, scale, confidence, allow_loss
        As in `cox`, imputations too (`impute(outcome=...)`); an endpoint is not needed.
    outcome, kind, positive
        The clinical column, its model, and for a logistic one the level that counts as 1.
    model
        Errors, intervals, penalty; link and order of an ordinal outcome, reference of a
        multinomial one, exposure of counts, groups of a mixed model.

    Returns
    -------
    Results
        `table`: a row per signature, term, and level of a multinomial outcome. `effect` is the
        odds ratio, the rate ratio or the difference; `p_value` is Wald's (normal, or t with `df`
        degrees of freedom: of linear and mixed models, and of CR2 errors of clusters), or of the
        penalised likelihood ratio with Firth's penalty, which `model` says. `p_lr`:
        likelihood-ratio test that drops the score (from all levels at once; none with robust
        errors). `p_proportional` (ordinal): the term's effect is the same at
        every threshold. `dispersion` (poisson): Pearson's chi-square over its degrees of freedom.
        `theta`, `sd_group`, `sd_residual`, `icc`: variances. `n_events` counts the positive level,
        levels other than the lowest or the reference, or events; `events_per_param` uses what
        limits a model: the rarer or rarest level, Harrell's effective rows (ordinal). What cannot
        be fitted has a status as in `cox`, "leverage", or "perfect_fit" (the terms determine the
        outcome, so that errors would be rounding).

    Raises
    ------
    ClinicalError
        The outcome is missing, constant, infinite, not a number or a count, or has other levels
        than the kind needs; `positive`, the order or the reference is not stated; a covariate is
        constant or collinear; rows share a donor or patient that the model does not know of; groups
        cannot be told from residuals.
    TooFewEventsError, FitError
        Too few rows: of a level, or of all.
    ParameterError, UnknownSignatureError, EndpointError
        An option has a value that is not allowed, or does not belong to the kind; the outcome is
        a term too; no such score; patients in several rows.

    Warns
    -----
    SmallSampleWarning
        Fewer than 10 rows of what limits the model per parameter, separation, or few clusters or
        groups.
    AssumptionWarning
        Effects that differ between thresholds, overdispersed counts, groups without variance.
    ClinicalWarning
        More than 5 % of the rows without the outcome, or lost to covariates.

    References
    ----------
    Separation: Konis K (2007) DPhil thesis, University of Oxford, chapter 4. Ordinal: McCullagh P
    (1980) J R Stat Soc B 42:109-142, doi:10.1111/j.2517-6161.1980.tb01109.x. `RegressionModel`
    and docs/regression.md have others.

    Examples
    --------
    >>> import pandas as pd
    >>> from neurosig.outcomes.clinic.cohort import Cohort
    >>> clinical = pd.DataFrame({"invasion": list("y" * 15 + "n" * 5 + "y" * 5 + "n" * 15)})
    >>> cohort = Cohort.join(pd.DataFrame({"NGF": [1] * 20 + [0] * 20}), clinical)
    >>> table = regress(cohort, outcome="invasion", positive="y", scale="none").table
    >>> table[["effect", "std_error"]].round(4).values.tolist()  # 15 * 15 / (5 * 5), sqrt(8 / 15)
    [[9.0, 0.7303]]
    """
    if isinstance(cohort, Imputed):
        return cohort.pooled(regress, locals(), "rows")
    check_option("model", model, RegressionModel)
    check_scale(scale, confidence)
    chosen = find_kind(kind, positive, model)
    refuse_repeats(
        cohort,
        "A regression of a clinical variable",
        cluster=model.cluster,
        group=model.group,
        allow_repeats=model.allow_repeats,
    )
    terms = as_terms(adjust)
    refuse_outcome_as_score(outcome, choose_signatures(cohort, signatures))
    read = chosen.read(cohort, outcome, positive, model)
    known = np.isfinite(read.values)
    warn_of_unknown(outcome, known)
    lost = cohort.data.index[~known]
    step = FlowStep.losing(f"{outcome} known", known.size, lost, f"no {outcome}")
    cases, needed = read_cases(cohort, model, known)
    rows = model_rows(
        cohort,
        known,
        joined_flow([cohort.join_flow, flow_table([step])]),
        outcome=[outcome],
        signatures=signatures,
        adjust=terms,
        allow_loss=allow_loss,
        needed=needed,
    )
    task = Task(
        kind=chosen,
        model=_with_cluster_errors(chosen, model, cases.at(rows.rows)),
        outcome=read,
        y=read.values[rows.rows],
        rows=rows,
        cases=with_slope(cases.at(rows.rows), rows, model),
        scale=scale,
        confidence=confidence,
    )
    k = len(rows.terms)
    chosen.refuse(read, task.y, rows, task.cases)
    chosen.check_rows(outcome, task.y, rows, chosen.n_needed(k, model))
    check_covariates(rows)
    is_corrected = task.model.cluster_errors != "CR1"
    check_clusters(task.cases.cluster, k, model.cluster, is_corrected=is_corrected)
    table = explained(fit_table(task, fit_all(task), cohort.name), rows.withheld)
    table = declare_family(table, f"score rows of {cohort.name}, {read.label}")
    warn_of_fits(table, task)
    return Results(table=table, row_flow=rows.row_flow, notes=notes_of(table, task))


def _with_cluster_errors(kind: Kind, model: RegressionModel, cases: Cases) -> RegressionModel:
    """The same with the kind of errors that clusters have, where the default leaves it open."""
    if cases.cluster is None:
        return model
    n_clusters = np.unique(cases.cluster).size
    return replace(model, cluster_errors=kind.errors_of_clusters(model, n_clusters))
