"""Comparison of the concordance of two models that are not nested."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ParameterError
from neurosig.keys import OK, Performance, Result
from neurosig.outcomes.arguments import check_option
from neurosig.outcomes.design import Term
from neurosig.outcomes.given_cohorts import refuse_no_cohort
from neurosig.outcomes.model_rows import TermLike, as_terms
from neurosig.outcomes.prediction.concordance_index import CONCORDANCE_NAMES, check_concordance
from neurosig.outcomes.prediction.optimism import Corrected, Resampling, correct_optimism
from neurosig.outcomes.prediction.pair_concordance import Kind, PairConcordance, pair_concordance
from neurosig.outcomes.prediction.performance import COX_MODEL, note
from neurosig.outcomes.prediction.prediction_rows import in_front, prediction_rows
from neurosig.outcomes.prediction.risk_model import RiskModel, SurvivalData
from neurosig.outcomes.results import Results, wald

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
_DEFAULT = Resampling()


def compare_concordance(
    cohort: "Cohort",
    first: TermLike | Sequence[TermLike],
    second: TermLike | Sequence[TermLike],
    *,
    kind: Kind = "harrell",
    tau: float | None = None,
    resampling: Resampling = _DEFAULT,
    allow_loss: bool = False,
) -> Results:
    """Compare the concordance of two Cox models that are not nested, on the same rows.

        z = (C1 - C2) / sqrt(sum_i (d1_i - d2_i)^2),  d: influence of row i on each C

    The test is R's (`concordance(fit1, fit2)`), on the apparent difference, the linear predictors
    taken as given. For a model and the same model with more terms that test is not valid: there
    the likelihood-ratio test of `added_value` is.

    Parameters
    ----------
    cohort, allow_loss
        As in `cox`.
    first, second
        Terms of the two models: signatures and columns of the clinical table.
    kind, tau, resampling
        As in `concordance` and `discrimination`.

    Returns
    -------
    Results
        `table`: rows `first`, `second` and `difference`, apparent and corrected for optimism;
        `std_error` is of the apparent value, the p-value of the difference.

    Raises
    ------
    EndpointError, TooFewEventsError, ClinicalError
        As in `cox`.
    ConvergenceError, SeparationError
        A model has no finite coefficients.
    ParameterError
        A model is empty, or the models are nested.

    References
    ----------
    Therneau T, Atkinson E (2023) "Concordance", vignette of R's survival package.

    Examples
    --------
    >>> import neurosig as ns
    >>> rng = np.random.default_rng(1)
    >>> scores = pd.DataFrame(rng.normal(size=(100, 2)), columns=["NGF", "SCHWANN"])
    >>> days = np.ceil(rng.exponential(900 * np.exp(-scores["NGF"])))
    >>> clinic = pd.DataFrame({"days": days, "dead": 1.0}).assign(dead=[1.0, 1.0, 1.0, 0.0] * 25)
    >>> cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="days", event="dead"))
    >>> table = ns.compare_concordance(cohort, ["NGF"], ["SCHWANN"]).table
    >>> table["term"].tolist(), bool(table["p_value"][2] < 0.001)
    (['first', 'second', 'difference'], True)
    """
    refuse_no_cohort(cohort, "A comparison of predictions")
    check_option("resampling", resampling, Resampling)
    check_concordance(kind, tau, resampling.confidence)
    models = as_terms(first, "first"), as_terms(second, "second")
    _refuse_nested(*models)
    union = list(dict.fromkeys((*models[0], *models[1])))
    prepared = prediction_rows(
        cohort, cohort.signatures[:1], union, allow_loss=allow_loss, may_be_collinear=True
    )
    names = prepared.rows.names
    columns = tuple([j for j, n in enumerate(names) if _belongs(n, terms)] for terms in models)
    data = SurvivalData(prepared.time, prepared.event, prepared.rows.covariates)

    def fit(rows: SurvivalData) -> list[RiskModel]:
        return [RiskModel.fit(SurvivalData(rows.time, rows.event, rows.x[:, c])) for c in columns]

    def indices(fitted: list[RiskModel], rows: SurvivalData) -> list[PairConcordance]:
        scores = [m.linear_predictor(rows.x[:, c]) for m, c in zip(fitted, columns, strict=True)]
        return [pair_concordance(rows.time, rows.event, r, kind=kind, tau=tau) for r in scores]

    def evaluate(fitted: list[RiskModel], rows: SurvivalData) -> FloatArray:
        a, b = indices(fitted, rows)
        return np.array([a.index, b.index, a.index - b.index])

    corrected = correct_optimism(data, fit, evaluate, resampling)
    a, b = indices(fit(data), data)
    influence = np.column_stack([a.influence, b.influence, a.influence - b.influence])
    std_error = np.sqrt(np.sum(influence**2, axis=0))
    texts = [" + ".join(term.label for term in terms) for terms in models]
    shared = {
        Result.COHORT: cohort.name,
        Result.ENDPOINT: prepared.endpoint,
        Performance.MEASURE: CONCORDANCE_NAMES[kind],
        Performance.TIME: np.nan if tau is None else tau,
        Result.CI_LEVEL: resampling.confidence,
        Result.N: data.time.size,
        Result.N_EVENTS: int(data.event.sum()),
        Result.MODEL: COX_MODEL,
        Result.STATUS: OK,
    }
    own: dict[str, object] = {
        Result.SIGNATURE: [*texts, " vs ".join(texts)],
        Result.TERM: ["first", "second", "difference"],
        Result.N_PARAMS: [*map(len, columns), len(names)],
    }
    table = pd.DataFrame(shared | own | _numbers(corrected, std_error))
    family = f"1 comparison of {cohort.name}, {prepared.endpoint}"
    table[Result.EVENTS_PER_PARAM] = table[Result.N_EVENTS] / table[Result.N_PARAMS]
    table[Result.Q_VALUE], table[Result.FAMILY] = table[Result.P_VALUE], ["", "", family]
    return Results(
        table=in_front(table), row_flow=prepared.rows.row_flow, notes=(note(resampling),)
    )


def _numbers(corrected: Corrected, std_error: FloatArray) -> dict[str, object]:
    z, p, _ = wald(corrected.apparent[2:], std_error[2:], 0.95)
    return {
        Result.ESTIMATE: corrected.value,
        Performance.APPARENT: corrected.apparent,
        Performance.OPTIMISM: corrected.optimism,
        Result.STD_ERROR: std_error,
        Result.CI_LOW: corrected.low,
        Result.CI_HIGH: corrected.high,
        Result.STATISTIC: [np.nan, np.nan, z[0]],
        Result.P_VALUE: [np.nan, np.nan, p[0]],
        Result.MESSAGE: corrected.messages(),
        Performance.N_RESAMPLES: corrected.n_resamples,
    }


def _belongs(name: str, terms: Sequence[Term]) -> bool:
    return any(name == term.label or name.startswith(f"{term.column}[") for term in terms)


def _refuse_nested(first: Sequence[Term], second: Sequence[Term]) -> None:
    texts = [" + ".join(term.label for term in terms) for terms in (first, second)]
    if not first or not second:
        raise ParameterError(
            "A model has no terms",
            f"first: {texts[0] or 'none'}; second: {texts[1] or 'none'}",
            'compare_concordance(cohort, ["NGF"], ["stage"])',
        )
    if set(first) <= set(second) or set(second) <= set(first):
        raise ParameterError(
            f"The models {texts[0]!r} and {texts[1]!r} are nested",
            "A test of the difference in C is not valid for nested models",
            "Use added_value, which has the likelihood-ratio test",
        )
