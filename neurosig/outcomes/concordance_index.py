"""Concordance of scores with an endpoint, and the comparison of two models that are not nested."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import FitError, ParameterError, examples
from neurosig.keys import OK, SCORE_TERM, Performance, Result
from neurosig.outcomes.design import Term
from neurosig.outcomes.model_rows import NO_SCORE, TOO_FEW_EVENTS, TermLike, check_scale
from neurosig.outcomes.optimism import Resampling, correct_optimism
from neurosig.outcomes.pair_concordance import Kind, PairConcordance, pair_concordance
from neurosig.outcomes.performance import COX_MODEL, HARRELL, UNO, note
from neurosig.outcomes.prediction_rows import in_front, prediction_rows
from neurosig.outcomes.results import Results, wald
from neurosig.outcomes.risk_model import RiskModel, SurvivalData

if TYPE_CHECKING:
    from neurosig.outcomes.cohort import Cohort

FloatArray = NDArray[np.float64]
_DEFAULT = Resampling()
_NAMES = {"harrell": HARRELL, "uno": UNO}


def concordance(
    cohort: "Cohort",
    *,
    signatures: str | Sequence[str] = "all",
    strata: Sequence[str] = (),
    kind: Kind = "harrell",
    tau: float | None = None,
    confidence: float = 0.95,
) -> Results:
    """Concordance index of each score as it is: nothing is fitted, so nothing is optimistic.

        C = share of comparable pairs in which the higher score has the earlier event

    0.5: chance; below it, a high score goes with late events. Ties in the score count one half.
    Harrell's index depends on the censoring, Uno's (weights 1 / G(T-)^2) does not. The standard
    error is the infinitesimal jackknife of R's survival, the interval is on the logit scale.

    Parameters
    ----------
    cohort, signatures
        As in `cox`.
    strata
        Columns within whose levels patients are compared.
    kind, tau
        "harrell" or "uno"; only events up to tau count, which keeps Uno's weights small.
    confidence
        Coverage of the intervals.

    Returns
    -------
    Results
        `table`: a row per signature, `estimate` is C.

    Raises
    ------
    EndpointError, TooFewEventsError, UnknownSignatureError
        As in `cox`.
    ParameterError
        kind, tau or confidence has a value that is not allowed.

    References
    ----------
    Harrell FE et al. (1996) Stat Med 15:361-387; Uno H et al. (2011) Stat Med 30:1105-1117,
    doi:10.1002/sim.4154.

    Examples
    --------
    >>> import neurosig as ns
    >>> clinic = pd.DataFrame({"days": [1, 2, 3, 4], "dead": [1, 0, 1, 0]})
    >>> scores = pd.DataFrame({"NGF": [2.0, 9.0, 1.0, 1.0]})
    >>> cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="days", event="dead"))
    >>> float(ns.concordance(cohort).table["estimate"][0])  # 2.5 of 4 pairs
    0.625
    """
    _check(kind, tau, confidence)
    prepared = prediction_rows(cohort, signatures, (), strata=strata, allow_loss=False)
    rows = []
    for s, signature in enumerate(prepared.rows.signatures):
        score = prepared.rows.scores[:, s]
        known = np.isfinite(score)
        row = _row(signature, known, prepared.event)
        codes = prepared.rows.strata
        try:
            found = pair_concordance(
                prepared.time[known],
                prepared.event[known],
                score[known],
                kind=kind,
                tau=tau,
                strata=None if codes is None else codes[known],
            )
        except FitError as error:
            row[Result.STATUS] = TOO_FEW_EVENTS if known.any() else NO_SCORE
            row[Result.MESSAGE] = f"{error.what}: {error.evidence}"
        else:
            row |= _index_row(found, confidence)
        rows.append(row)
    of = f", within {', '.join(prepared.rows.stratified_by)}" if prepared.rows.stratified_by else ""
    shared = {
        Result.COHORT: cohort.name,
        Result.ENDPOINT: prepared.endpoint,
        Result.TERM: SCORE_TERM,
        Performance.MEASURE: _NAMES[kind],
        Performance.TIME: np.nan if tau is None else tau,
        Result.CI_LEVEL: confidence,
        Result.ADJUSTED_FOR: "",
        Result.MODEL: f"score as it is{of}",
    }
    table = pd.DataFrame([{**shared, **row} for row in rows])
    return Results(table=in_front(table), row_flow=prepared.rows.row_flow)


def _row(signature: str, known: NDArray[np.bool_], event: FloatArray) -> dict[str, object]:
    missing = (Result.ESTIMATE, Result.STD_ERROR, Result.CI_LOW, Result.CI_HIGH)
    return {
        Result.SIGNATURE: signature,
        **dict.fromkeys(missing, np.nan),
        Result.N: int(known.sum()),
        Result.N_EVENTS: int(event[known].sum()),
        Result.STATUS: OK,
        Result.MESSAGE: "",
    }


def _index_row(found: PairConcordance, confidence: float) -> dict[str, object]:
    from scipy import special

    c, se = found.index, found.std_error
    low = high = np.nan
    if 0 < c < 1:
        half = float(special.ndtri(0.5 + confidence / 2)) * se / (c * (1 - c))
        low, high = (float(special.expit(special.logit(c) + h)) for h in (-half, half))
    return {
        Result.ESTIMATE: c,
        Result.STD_ERROR: se,
        Result.CI_LOW: low,
        Result.CI_HIGH: high,
    }


def _check(kind: str, tau: float | None, confidence: float) -> None:
    check_scale("none", confidence)
    if kind not in _NAMES:
        raise ParameterError(
            f"kind cannot be {kind!r}", f"Allowed: {examples(_NAMES)}", "The default is 'harrell'"
        )
    if tau is not None and not tau > 0:
        raise ParameterError(
            f"tau cannot be {tau!r}", "Only events up to it count", "Give a time within follow-up"
        )


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
    _check(kind, tau, resampling.confidence)
    models = _terms(first), _terms(second)
    _refuse_nested(*models)
    union = list(dict.fromkeys((*models[0], *models[1])))
    prepared = prediction_rows(
        cohort, cohort.signatures[:1], union, allow_loss=allow_loss, may_be_collinear=True
    )
    names = prepared.rows.names
    columns = [
        np.array([j for j, name in enumerate(names) if _belongs(name, terms)]) for terms in models
    ]
    data = SurvivalData(prepared.time, prepared.event, prepared.rows.covariates)

    def fit(rows: SurvivalData) -> tuple[RiskModel, RiskModel]:
        a, b = (RiskModel.fit(SurvivalData(rows.time, rows.event, rows.x[:, c])) for c in columns)
        return a, b

    def indices(
        fitted: tuple[RiskModel, RiskModel], rows: SurvivalData
    ) -> tuple[PairConcordance, PairConcordance]:
        a, b = (
            pair_concordance(
                rows.time, rows.event, model.linear_predictor(rows.x[:, c]), kind=kind, tau=tau
            )
            for model, c in zip(fitted, columns, strict=True)
        )
        return a, b

    def evaluate(fitted: tuple[RiskModel, RiskModel], rows: SurvivalData) -> FloatArray:
        a, b = indices(fitted, rows)
        return np.array([a.index, b.index, a.index - b.index])

    corrected = correct_optimism(data, fit, evaluate, resampling)
    a, b = indices(fit(data), data)
    influence = np.column_stack([a.influence, b.influence, a.influence - b.influence])
    std_error = np.sqrt(np.sum(influence**2, axis=0))
    z, p, _ = wald(corrected.apparent[2:], std_error[2:], resampling.confidence)
    texts = [" + ".join(term.label for term in terms) for terms in models]
    table = pd.DataFrame(
        {
            Result.COHORT: cohort.name,
            Result.ENDPOINT: prepared.endpoint,
            Result.SIGNATURE: [*texts, " vs ".join(texts)],
            Result.TERM: ["first", "second", "difference"],
            Performance.MEASURE: _NAMES[kind],
            Performance.TIME: np.nan if tau is None else tau,
            Result.ESTIMATE: corrected.value,
            Performance.APPARENT: corrected.apparent,
            Performance.OPTIMISM: corrected.optimism,
            Result.STD_ERROR: std_error,
            Result.CI_LOW: corrected.low,
            Result.CI_HIGH: corrected.high,
            Result.CI_LEVEL: resampling.confidence,
            Result.STATISTIC: [np.nan, np.nan, z[0]],
            Result.P_VALUE: [np.nan, np.nan, p[0]],
            Result.N: data.time.size,
            Result.N_EVENTS: int(data.event.sum()),
            Result.N_PARAMS: [*map(len, columns), len(names)],
            Result.MODEL: COX_MODEL,
            Result.STATUS: OK,
            Result.MESSAGE: "",
            Performance.N_RESAMPLES: corrected.n_resamples,
        }
    )
    return Results(
        table=in_front(table), row_flow=prepared.rows.row_flow, notes=(note(resampling),)
    )


def _terms(terms: TermLike | Sequence[TermLike]) -> list[Term]:
    if isinstance(terms, str | Mapping | Term):
        return [Term.of(terms)]
    return [Term.of(term) for term in terms]


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
