"""Causal mediation: how much of a score's effect on an outcome runs through another score."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ParameterError
from neurosig.genesets.signature import SignaturesLike
from neurosig.keys import Interplay, Performance, Result
from neurosig.outcomes.arguments import check_option
from neurosig.outcomes.clinic.causes import refuse_competing_causes
from neurosig.outcomes.delayed_entry import refuse_delayed_entry
from neurosig.outcomes.given_cohorts import refuse_no_cohort
from neurosig.outcomes.interplay.bootstrap import Bootstrap, draw
from neurosig.outcomes.interplay.counterfactual import WORLDS, Errors, GFormula, MediationData
from neurosig.outcomes.interplay.mediation_checks import (
    check_scores,
    check_size,
    check_times,
    checked_formula,
    mediation_data,
    warn_of_data,
)
from neurosig.outcomes.interplay.mediation_effects import (
    EffectText,
    Measure,
    effect_rows,
    measures,
)
from neurosig.outcomes.interplay.mediation_paths import mediation_paths
from neurosig.outcomes.interplay.outcome_rows import (
    Kind,
    OutcomeModel,
    OutcomeRows,
    outcome_rows,
)
from neurosig.outcomes.interplay.sensitivity import correlated_errors, residual_correlation
from neurosig.outcomes.model_rows import TermLike
from neurosig.outcomes.results import Results, ordered

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]

_RHO: Final = np.round(np.arange(-0.95, 0.951, 0.05), 2)
_DEFAULT = Bootstrap()


@dataclass(frozen=True, eq=False)
class Mediation(Results):
    """A mediation: effects, and what they are made of.

    table: a row per effect and scale; means: the four counterfactual means; paths: coefficients of
    both models; sensitivity: the indirect effect by the correlation rho of the models' errors
    (linear models without a product), rho_zero where it vanishes.
    """

    means: pd.DataFrame = field(default_factory=pd.DataFrame)
    paths: pd.DataFrame = field(default_factory=pd.DataFrame)
    sensitivity: pd.DataFrame = field(default_factory=pd.DataFrame)
    rho_zero: float = float("nan")


def mediation(
    cohort: "Cohort",
    *,
    exposure: str,
    mediator: str,
    model: Kind = "cox",
    outcome: str | None = None,
    positive: str | float | None = None,
    adjust: Sequence[TermLike] = (),
    contrast: tuple[float, float] = (-1.0, 1.0),
    horizon: float | None = None,
    tau: float | None = None,
    interaction: bool = False,
    errors: Errors = "normal",
    bootstrap: Bootstrap = _DEFAULT,
    signatures: SignaturesLike | None = None,
    allow_loss: bool = False,
) -> Mediation:
    """Natural direct and indirect effects of a score, through another score, on an outcome.

        M = a0 + a1 X + a2' C + error
        eta = b1 X + b2 M (+ b3 X M) + b4' C
        Q(x, x*) = mean_i E[ g(eta(x, M, c_i)) | X = x*, c_i ]

    X: the exposure, M: the mediator, both centred and per standard deviation (n - 1); C: the
    columns of `adjust`; g: survival at the horizon or the restricted mean to tau of the Cox model,
    the probability of the logistic, the mean of the linear one. With x0 and x1 the contrast:

        total            Q(x1, x1) - Q(x0, x0)
        pure_direct      Q(x1, x0) - Q(x0, x0)        total_indirect   Q(x1, x1) - Q(x1, x0)
        total_direct     Q(x1, x1) - Q(x0, x1)        pure_indirect    Q(x0, x1) - Q(x0, x0)

    total = pure_direct + total_indirect = total_direct + pure_indirect. The expectation over the
    mediator is computed by quadrature, so that the estimate holds no simulation noise.

    Parameters
    ----------
    cohort, adjust, allow_loss
        As in `cox`.
    exposure, mediator
        Scores of the cohort.
    model, outcome, positive
        "cox" for the endpoint of the cohort; "logistic" or "linear" for a clinical column.
    contrast
        Two levels of the exposure, in standard deviations from its mean.
    horizon, tau
        Of a Cox model, at least one: when survival is compared, and up to when its mean is, in the
        unit of the endpoint.
    interaction
        Add the product of exposure and mediator to the outcome model.
    errors
        The mediator's errors are "normal", or as the residuals are ("empirical": all of them up to
        200 rows, above that the means of 200 groups of residuals in order).
    bootstrap
        Samples, seed, coverage and kind of the intervals.
    signatures
        As in `interplay`.

    Returns
    -------
    Mediation
        `table`: a row per effect and scale. Differences of survival, restricted mean, probability
        or mean; ratios (`estimate` is their logarithm, `effect` the ratio) of risks and odds.
        `p_value` is the bootstrap's. `proportion_mediated` is total_indirect / total, and withheld
        with the status "withheld" where the interval of the total effect holds zero or direct and
        indirect effect have opposite signs. `e_value`: how strong an unmeasured confounder would
        have to be to explain the effect, `e_value_limit`: to move its interval to no effect.
        `notes` are the assumptions under which the numbers are effects.

    Raises
    ------
    EndpointError, TooFewEventsError, FitError
        No endpoint, or rows that enter late; not more events than parameters; models without fit.
    ClinicalError
        The scores are one score in two units; competing causes; as in `cox` and `regress`.
    ParameterError, UnknownSignatureError
        Exposure and mediator are one score or have the same genes; a time lies outside the
        follow-up; the contrast is none; no such score.

    Warns
    -----
    ScoreWarning
        The scores share 10 % of the smaller signature's genes, or correlate by 0.8 or more.
    SmallSampleWarning
        Fewer than 10 events per parameter; fewer than 10 % of the rows at risk at the time asked.
    ProportionalHazardsWarning
        The lowest p_ph of the k terms of the outcome model is below 0.05 / k.
    ClinicalWarning
        Residuals of the mediator are skewed while its errors are taken as normal.

    References
    ----------
    Effects: Robins JM, Greenland S (1992) Epidemiology 3:143-155,
    doi:10.1097/00001648-199203000-00013; identification: Imai K, Keele L, Yamamoto T (2010) Stat
    Sci 25:51-71, doi:10.1214/10-STS321; survival: Lange T, Hansen JV (2011) Epidemiology
    22:575-581, doi:10.1097/EDE.0b013e31821c680c, and Wang W, Albert JM (2017) Stat Med
    36:3955-3968, doi:10.1002/sim.7403.

    Examples
    --------
    The vessel score rises by 0.5 per unit of the nerve score, and size is nerve + 2 vessel: per
    unit of the nerve score the direct effect is 1, the indirect one 1.

    >>> import neurosig as ns
    >>> nerve = np.repeat([-1.0, 0, 1], 4) * 1.1
    >>> vessel = 0.5 * nerve + np.tile([1.0, 1, -1, -1], 3)
    >>> size = nerve + 2 * vessel + np.tile([0.1, -0.1, 0.1, -0.1], 3)
    >>> scores = pd.DataFrame({"nerve": nerve, "vessel": vessel})
    >>> cohort = ns.Cohort.join(scores, pd.DataFrame({"size": size}))
    >>> found = ns.mediation(cohort, exposure="nerve", mediator="vessel", model="linear",
    ...                      outcome="size", contrast=(0, 1), bootstrap=ns.Bootstrap(seed=3))
    >>> effects = found.table.set_index("term")["estimate"] / nerve.std(ddof=1)  # per unit
    >>> effects[["total", "pure_direct", "total_indirect"]].round(6).tolist()
    [2.0, 1.0, 1.0]
    """
    if not isinstance(model, str):
        raise ParameterError(
            "A mediation has no options of a Cox model",
            f"model is {model!r}; it uses Efron's ties, without weights and clusters",
            'Use model="cox"',
        )
    refuse_no_cohort(cohort, "A mediation")
    check_option("bootstrap", bootstrap, Bootstrap)
    how = OutcomeModel.of(model, outcome, positive)
    formula = checked_formula(
        how.kind, contrast, horizon, tau, interaction=interaction, errors=errors
    )
    genes = check_scores(exposure, mediator, signatures)
    if how.kind == "cox":
        refuse_delayed_entry(cohort, "A mediation")
        refuse_competing_causes(cohort, "A mediation")
    rows = outcome_rows(
        cohort,
        (exposure, mediator),
        how,
        adjust=adjust,
        confidence=bootstrap.confidence,
        allow_loss=allow_loss,
    )
    data = mediation_data(rows, exposure, mediator)
    k = 2 + bool(interaction) + len(rows.rows.names)
    limiting = check_size(rows, data, k)
    check_times(rows, data, formula)
    warn_of_data(rows, data, formula, genes=genes, per_param=limiting / k)
    draws = draw(lambda chosen: formula.means(data.take(chosen)), data.y.size, bootstrap)
    unit = "" if rows.task is None else rows.task.time_unit
    scales = measures(how.kind, horizon, tau, unit)
    text = _text(rows, data, (exposure, mediator), formula, bootstrap, k=k, limiting=limiting)
    table = pd.concat([effect_rows(one, draws, text) for one in scales], ignore_index=True)
    has_rho = how.kind == "linear" and not interaction
    rho_zero = residual_correlation(data) if has_rho else float("nan")
    step = contrast[1] - contrast[0]
    return Mediation(
        table=_in_order(table),
        row_flow=rows.rows.row_flow,
        notes=_notes(rows, exposure, mediator, formula, rho_zero),
        means=_means(scales, draws.estimate, draws.interval(bootstrap.confidence), formula),
        paths=mediation_paths(
            data,
            rows.rows.names,
            (exposure, mediator),
            interaction=interaction,
            confidence=bootstrap.confidence,
        ),
        sensitivity=pd.DataFrame(
            {"rho": _RHO, "total_indirect": correlated_errors(data, step, _RHO)} if has_rho else {}
        ),
        rho_zero=rho_zero,
    )


def _text(
    rows: OutcomeRows,
    data: MediationData,
    scores: tuple[str, str],
    formula: GFormula,
    bootstrap: Bootstrap,
    *,
    k: int,
    limiting: int,
) -> EffectText:
    low, high = formula.contrast
    product = " with exposure x mediator" if formula.interaction else ""
    errors = "normal errors" if formula.errors == "normal" else "errors as the residuals"
    kind = "percentile" if bootstrap.interval == "percentile" else "BCa"
    last: dict[str, object] = {Result.N: data.y.size, Result.N_PARAMS: k}
    if rows.kind != "linear":
        last |= {Result.N_EVENTS: int(data.y.sum()), Result.EVENTS_PER_PARAM: limiting / k}
    return EffectText(
        first={
            Result.COHORT: rows.cohort,
            Result.ENDPOINT: rows.label,
            Result.SIGNATURE: scores[0],
            Interplay.MEDIATOR: scores[1],
            "contrast": f"{low:g} to {high:g} SD",
        },
        last=last
        | {
            Result.ADJUSTED_FOR: ", ".join(rows.rows.adjusted_for),
            Result.MODEL: f"{rows.words}{product}; mediator linear, {errors}; g-formula, {kind} "
            "bootstrap",
        },
        confidence=bootstrap.confidence,
        outcome_sd=float(np.std(data.y, ddof=1)),
    )


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """The fixed order, with what a row is in front; columns without any value left out."""
    front = [Interplay.MEDIATOR, "contrast", Result.TERM, Performance.MEASURE, Performance.TIME]
    table = ordered(table)
    table = table.drop(columns=[c for c in table if c != Result.MESSAGE and table[c].isna().all()])
    front = [name for name in front if name in table.columns]
    rest = [name for name in table.columns if name not in front]
    place = rest.index(Result.SIGNATURE) + 1
    return table[[*rest[:place], *front, *rest[place:]]]


def _means(
    scales: list[Measure],
    estimate: FloatArray,
    interval: tuple[FloatArray, FloatArray],
    formula: GFormula,
) -> pd.DataFrame:
    """A row per scale that is a difference and per world."""
    names = {
        "survival difference": "survival",
        "RMST difference": "RMST",
        "risk difference": "probability",
        "mean difference": "mean",
    }
    rows = []
    for one in scales:
        if one.is_ratio:
            continue
        for w, (of_outcome, of_mediator) in enumerate(WORLDS):
            at = 4 * one.place + w
            rows.append(
                {
                    "quantity": names[one.name],
                    Performance.TIME: one.time,
                    "exposure_at": formula.contrast[of_outcome],
                    "mediator_as_at": formula.contrast[of_mediator],
                    Result.ESTIMATE: estimate[at],
                    Result.CI_LOW: interval[0][at],
                    Result.CI_HIGH: interval[1][at],
                }
            )
    return pd.DataFrame(rows)


def _notes(
    rows: OutcomeRows, exposure: str, mediator: str, formula: GFormula, rho_zero: float
) -> tuple[str, ...]:
    """The assumptions, and what the numbers are."""
    given = ", ".join(rows.rows.adjusted_for) or "nothing"
    form = {
        "cox": "proportional hazards, censoring that does not depend on what is not in the model",
        "logistic": "a logistic outcome model",
        "linear": "a linear outcome model",
    }[rows.kind]
    product = "with" if formula.interaction else "without"
    notes = [
        f"One biopsy: {exposure} and {mediator} were measured at one time in the same tissue; "
        "nothing in the data shows which of them came first",
        "Mixed cells: scores of bulk tissue also follow the shares of its cells, which move both",
        "No unmeasured confounding is assumed of exposure and outcome, exposure and mediator, "
        f"mediator and outcome, given {given}; and no confounder of mediator and outcome that "
        "the exposure changes",
        f"Model form: mediator linear in the exposure, {form}, {product} exposure x mediator",
        "Where one of these fails the numbers are associations, not effects",
    ]
    if np.isfinite(rho_zero):
        notes.append(
            f"The indirect effect is zero if the errors of both models correlate by {rho_zero:.2f}"
        )
    return tuple(notes)
