"""The result table of pairs of scores: Wald's tests, and what else is known of each product."""

from typing import Any, Final, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import FitError
from neurosig.genesets.signature import SignatureCollection
from neurosig.keys import OK, Interplay, Result
from neurosig.outcomes.cox.proportional_hazards import ph_p_values
from neurosig.outcomes.interplay.model_fits import Fitted
from neurosig.outcomes.interplay.outcome_rows import OutcomeRows
from neurosig.outcomes.interplay.pair_model import (
    N_PAIR_TERMS,
    PairModel,
    refit,
    with_squares,
    without_product,
)
from neurosig.outcomes.interplay.shared_genes import shared_genes
from neurosig.outcomes.model_rows import effect_scales
from neurosig.outcomes.results import (
    ModelText,
    TermFits,
    benjamini_hochberg,
    ordered,
    tidy,
    wald,
)

FloatArray = NDArray[np.float64]

TERMS: Final = (Interplay.FIRST, Interplay.SECOND, Interplay.PRODUCT)


def pair_table(
    outcome: OutcomeRows,
    pairs: list[tuple[str, str]],
    models: dict[tuple[str, str], PairModel],
    failures: dict[tuple[str, str], FitError],
    confidence: float,
) -> pd.DataFrame:
    """A row per pair and term, Wald's tests included."""
    terms = (*TERMS, *outcome.rows.names)
    k, n_pairs = len(terms), len(pairs)
    estimate, error = np.full((2, n_pairs, k), np.nan)
    n, n_events, limiting, df = np.zeros((4, n_pairs))
    status, message = np.full((n_pairs, k), OK, object), np.full((n_pairs, k), "", object)
    for row, pair in enumerate(pairs):
        both = np.column_stack([outcome.column(name) for name in pair])
        known = np.asarray(np.isfinite(both).all(axis=1))
        n[row], n_events[row] = outcome.n(known), outcome.n_events(known) or 0
        limiting[row], df[row] = outcome.limiting(known), np.nan
        if pair in failures:
            status[row] = str(failures[pair].facts["status"])
            message[row] = str(failures[pair])
            continue
        message[row], fitted = models[pair].message, models[pair].fitted
        estimate[row] = fitted.coef[:k]
        error[row] = np.sqrt(np.diagonal(fitted.covariance))[:k]
        df[row] = fitted.df
    counts_events = outcome.kind != "linear"
    fits = TermFits(
        signatures=tuple(map(" x ".join, pairs)),
        terms=terms,
        estimate=estimate,
        std_error=error,
        status=status,
        message=message,
        n=n.astype(np.int64),
        n_events=n_events.astype(np.int64) if counts_events else None,
        n_limiting=limiting.astype(np.int64) if counts_events else None,
        df=df if np.isfinite(df).any() else None,
    )
    table = tidy(fits, _text(outcome, confidence))
    for place, name in ((0, Interplay.FIRST), (1, Interplay.SECOND)):
        table[name] = np.repeat([pair[place] for pair in pairs], k)
    return table


def _text(outcome: OutcomeRows, confidence: float) -> ModelText:
    ratio = outcome.ratio
    of_product = "difference" if ratio == "difference" else f"ratio of {ratio}s"
    return ModelText(
        cohort=outcome.cohort,
        endpoint=outcome.label,
        model=f"{outcome.words}, product of two scores",
        adjusted_for=", ".join(outcome.rows.adjusted_for),
        effect_scales=(
            f"{ratio} per SD at the mean of second",
            f"{ratio} per SD at the mean of first",
            f"{of_product} per SD x SD",
            *effect_scales(outcome.rows, ratio, "sd")[1:],
        ),
        confidence=confidence,
        is_ratio=ratio != "difference",
    )


def with_checks(
    table: pd.DataFrame,
    outcome: OutcomeRows,
    models: dict[tuple[str, str], PairModel],
    known: SignatureCollection,
    confidence: float,
) -> pd.DataFrame:
    """The rows of the products with what else is known of their pairs."""
    k = N_PAIR_TERMS + len(outcome.rows.names)
    columns: dict[str, list[Any]] = {}
    for pair in zip(table[Interplay.FIRST][::k], table[Interplay.SECOND][::k], strict=True):
        values: dict[str, object] = {}
        both = shared_genes(known, *pair)
        if both is not None:
            values[Interplay.N_SHARED] = float(len(both.genes))
            values[Interplay.SHARED] = ";".join(both.genes)
        if pair in models:
            values |= _checks(models[pair], outcome, confidence)
        for name in _CHECKS:
            columns.setdefault(name, []).append(values.get(name, "" if name in _TEXTS else np.nan))
        ph = np.full(k, np.nan)
        cox = models[pair].cox if pair in models else None
        if cox is not None:
            ph = ph_p_values(*cox).columns[0]
        columns.setdefault(Result.P_PH, []).append(ph)
    p_ph = np.concatenate(cast("list[FloatArray]", columns.pop(Result.P_PH)))
    if outcome.kind == "cox":
        table[Result.P_PH] = p_ph
    is_product = table[Result.TERM] == Interplay.PRODUCT
    for name, values_of in columns.items():
        if any(v != "" and pd.notna(v) for v in values_of):
            table[name] = "" if name in _TEXTS else np.nan
            table.loc[is_product, name] = values_of
    return ordered(table)


_TEXTS: Final = (Interplay.SHARED,)
_CHECKS: Final = (
    Result.P_LR,
    Interplay.CORRELATION,
    Interplay.VIF,
    Interplay.N_SHARED,
    Interplay.SHARED,
    Interplay.ESTIMATE_WITH_SQUARES,
    Interplay.P_WITH_SQUARES,
    Interplay.RERI,
    Interplay.RERI_LOW,
    Interplay.RERI_HIGH,
)


def _checks(model: PairModel, outcome: OutcomeRows, confidence: float) -> dict[str, object]:
    values: dict[str, object] = {
        Interplay.CORRELATION: model.correlation,
        Interplay.VIF: model.variance_inflation(),
    }
    if outcome.kind != "linear" and (outcome.task is None or outcome.task.is_plain):
        reduced = _or_none(model, outcome, without_product(model))
        if reduced is not None:
            values[Result.P_LR] = _p_of_ratio(2 * (model.fitted.loglik - reduced.loglik))
    wider = _or_none(model, outcome, with_squares(model))
    if wider is not None:
        error = np.sqrt(wider.covariance[2, 2])
        df = None if np.isinf(wider.df) else np.array([wider.df])
        _, p_value, _ = wald(wider.coef[2:3], np.array([error]), confidence, df)
        values[Interplay.ESTIMATE_WITH_SQUARES] = float(wider.coef[2])
        values[Interplay.P_WITH_SQUARES] = float(p_value[0])
    if outcome.kind != "linear":
        reri, error = model.reri()
        half = model.critical(confidence, "pointwise") * error
        values[Interplay.RERI] = reri
        values[Interplay.RERI_LOW], values[Interplay.RERI_HIGH] = reri - half, reri + half
    return values


def _or_none(model: PairModel, outcome: OutcomeRows, x: FloatArray) -> Fitted | None:
    try:
        return refit(model, outcome, x)
    except FitError:
        return None


def _p_of_ratio(statistic: float) -> float:
    from scipy import special

    return float(special.chdtrc(1, max(statistic, 0.0)))


def with_family(table: pd.DataFrame, family: str) -> pd.DataFrame:
    """The table with q-values over its products, and the scores of a pair behind its name."""
    member = (table[Result.TERM] == Interplay.PRODUCT) & (table[Result.STATUS] == OK)
    p_values = table.loc[member, Result.P_VALUE].to_numpy(dtype=np.float64)
    table = table.copy()
    table[Result.Q_VALUE], table[Result.FAMILY] = np.nan, ""
    table.loc[member, Result.Q_VALUE] = benjamini_hochberg(p_values)
    table.loc[member, Result.FAMILY] = f"{len(p_values)} {family}"
    table = ordered(table)
    front = [Interplay.FIRST, Interplay.SECOND]
    names = [name for name in table.columns if name not in front]
    place = names.index(Result.SIGNATURE) + 1
    return table[[*names[:place], *front, *names[place:]]]
