"""Effects of the same signature pooled over cohorts."""

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import examples
from neurosig.keys import OK, SCORE_TERM, Pooled, Result
from neurosig.outcomes.model_rows import NOT_CONVERGED
from neurosig.outcomes.pooling.effect_tables import Effects, Tables, effects_of
from neurosig.outcomes.pooling.heterogeneity import Method
from neurosig.outcomes.pooling.random_effects import (
    FEW_COHORTS,
    PooledEffect,
    check_method,
    is_narrow,
    pool_many,
)
from neurosig.outcomes.results import Results, declare_family, ordered, wald

FloatArray = NDArray[np.float64]

POOLED = "pooled"
SINGLE_COHORT = "single_cohort"
NO_COHORT = "no_cohort"
NO_VARIANCE = 'the variance between cohorts did not converge; method="DL" needs no iterations'
FIRTH_MODEL = "Firth's penalty"
_ESTIMATOR = {
    "REML": "REML",
    "DL": "DerSimonian-Laird",
    "PM": "Paule-Mandel",
    "ML": "maximum likelihood",
    "HE": "Hedges",
    "SJ": "Sidik-Jonkman",
}
COLUMN_OF = {  # fields of PooledEffect that have another name in tables
    "q": Pooled.Q_HETEROGENEITY,
    "q_p_value": Pooled.P_HETEROGENEITY,
}
EFFECT_OF = {  # estimates, and what they are called on the scale of the effect
    Result.ESTIMATE: Result.EFFECT,
    Result.CI_LOW: Result.EFFECT_LOW,
    Result.CI_HIGH: Result.EFFECT_HIGH,
    Pooled.ESTIMATE_COMMON: Pooled.EFFECT_COMMON,
    Pooled.CI_LOW_COMMON: Pooled.EFFECT_LOW_COMMON,
    Pooled.CI_HIGH_COMMON: Pooled.EFFECT_HIGH_COMMON,
    Pooled.CI_LOW_WIDER: Pooled.EFFECT_LOW_WIDER,
    Pooled.CI_HIGH_WIDER: Pooled.EFFECT_HIGH_WIDER,
    Pooled.PREDICTION_LOW: Pooled.EFFECT_PREDICTION_LOW,
    Pooled.PREDICTION_HIGH: Pooled.EFFECT_PREDICTION_HIGH,
}
_OPTIONAL = (
    Result.DF,
    Pooled.Q_SCALE,
    Pooled.TAU2_LOW,
    Pooled.TAU2_HIGH,
    Pooled.I2_LOW,
    Pooled.I2_HIGH,
    Pooled.H2_LOW,
    Pooled.H2_HIGH,
    Pooled.PREDICTION_LOW,
    Pooled.PREDICTION_HIGH,
    Pooled.ESTIMATE_COMMON,
    Pooled.CI_LOW_COMMON,
    Pooled.CI_HIGH_COMMON,
    Pooled.P_VALUE_COMMON,
    Pooled.CI_LOW_WIDER,
    Pooled.CI_HIGH_WIDER,
    Pooled.P_VALUE_WIDER,
)


def meta(
    tables: Tables,
    *,
    method: Method = "REML",
    knha: bool = True,
    endpoint: str | None = None,
    confidence: float = 0.95,
) -> Results:
    """Pool each signature's score effect over the cohorts of one endpoint.

    Parameters
    ----------
    tables
        Results of `cox` or `regress`, one per cohort or already one below the other. Only rows of
        the score that went through are pooled; cohorts left out are named in `message`.
    method
        Estimator of the variance between cohorts: "REML", "DL" (DerSimonian-Laird), "PM"
        (Paule-Mandel), "ML", "HE" (Hedges), "SJ" (Sidik-Jonkman), or "FE" for the common effect.
    knha
        Hartung-Knapp standard errors and t distribution.
    endpoint
        Endpoints are never mixed: with several in the input, this has to pick one.
    confidence
        Coverage of all intervals.

    Returns
    -------
    Results
        `table`: one row per signature with the cohort "pooled", the cohorts used, tau2, I2
        (percent) and H2 with Q-profile intervals, Cochran's Q and its p-value, and the
        Hartung-Knapp factor `q_scale`; the prediction interval from 5 cohorts on. With fewer the
        heterogeneity is hardly estimable; then the common-effect result (`*_common`) and the wider
        of the Hartung-Knapp and normal intervals (`*_wider`) stand beside it, and q is over the
        p-values of that wider interval (`p_value_wider`): two estimates that agree by chance make
        a Hartung-Knapp p-value small. A signature with one cohort has that cohort's own result,
        interval and p-value, and the status "single_cohort", one with none "no_cohort"; where REML
        or ML do not converge it is "not_converged". q-values are over the pooled rows alone.

    Raises
    ------
    ClinicalError
        Several endpoints, effect scales, reference levels of what modifies the score, or ridge
        penalties; several rows of a signature in one cohort.
    ParameterError
        A column is missing, or an option has a value that is not allowed.

    Warns
    -----
    ClinicalWarning
        Fits of a cohort did not go through and are left out; cohorts adjust for different
        covariates, which `adjusted_for` then lists with their cohorts.

    References
    ----------
    As `pool_effects`; Jackson D et al. (2017) Stat Med 36:3923-3934, doi:10.1002/sim.7411, for
    narrow Hartung-Knapp intervals.

    Examples
    --------
    >>> one = pd.DataFrame({"endpoint": "OS", "signature": ["NGF"], "term": "score", "status": "ok",
    ...                     "estimate": 0.0, "std_error": 0.5, "effect_scale": "HR per SD"})
    >>> tables = [one.assign(cohort="A"), one.assign(cohort="B", estimate=1.0)]
    >>> row = meta(tables, method="DL").table.iloc[0]  # by hand: Q = 2, tau2 = (2 - 1) / 4
    >>> float(row["estimate"]), float(row["tau2"]), float(row["std_error"])
    (0.5, 0.25, 0.5)
    """
    check_method(method, confidence)
    effects = effects_of(tables, endpoint)
    table = pd.DataFrame({Result.SIGNATURE: effects.signatures})
    table[Pooled.N_COHORTS] = effects.used.sum(axis=1)
    table[Pooled.COHORTS] = effects.names(effects.used)
    for column in (Result.N, Result.N_EVENTS):
        if column in effects.rows.columns:
            table[column] = effects.counts(column).sum(axis=1)
    if Result.ADJUSTED_FOR in effects.rows.columns:
        table[Result.ADJUSTED_FOR] = effects.adjustments()
    table[Result.STATUS] = np.select(
        [table[Pooled.N_COHORTS] > 1, table[Pooled.N_COHORTS] == 1], [OK, SINGLE_COHORT], NO_COHORT
    )
    table = table.assign(**_numbers(effects, method, confidence, knha=knha))
    is_lost = (table[Result.STATUS] == OK) & table[Pooled.TAU2].isna()
    table.loc[is_lost, Result.STATUS] = NOT_CONVERGED
    _fill_unpooled(table, effects, confidence)
    table[Result.MESSAGE] = _messages(table, effects)
    model_of = {
        OK: model_words(method, knha=knha),
        SINGLE_COHORT: "one cohort, as it was fitted",
        NOT_CONVERGED: model_words(method, knha=knha),
        NO_COHORT: "",
    }
    table[Result.MODEL] = table[Result.STATUS].map(model_of)
    table = dressed(table, effects, confidence)
    return _with_family(table, effects)


def model_words(method: Method, *, knha: bool) -> str:
    """The model in words.

    >>> model_words("PM", knha=True), model_words("FE", knha=False)
    ('random effects (Paule-Mandel, Hartung-Knapp)', 'common effect')
    """
    words = [_ESTIMATOR[method]] if method in _ESTIMATOR else []
    words += ["Hartung-Knapp"] if knha else []
    kind = "common effect" if method == "FE" else "random effects"
    return f"{kind} ({', '.join(words)})" if words else kind


def columns_of(pooled: PooledEffect[FloatArray]) -> dict[str, FloatArray]:
    """The numbers of pooled effects under the names they have in tables."""
    names = [f.name for f in fields(pooled) if f.name != "k"]
    return {COLUMN_OF.get(name, name): getattr(pooled, name) for name in names}


def dressed(table: pd.DataFrame, effects: Effects, confidence: float) -> pd.DataFrame:
    """The table with effects beside estimates and what all rows share, without empty columns."""
    empty = [name for name in _OPTIONAL if name in table and table[name].isna().all()]
    table = table.drop(columns=empty)
    for source, target in EFFECT_OF.items():
        if source in table.columns:
            table[target] = effects.on_effect_scale(table[source])
    shared: dict[str, Any] = {
        Result.COHORT: POOLED,
        Result.ENDPOINT: effects.endpoint,
        Result.TERM: SCORE_TERM,
        Result.CI_LEVEL: confidence,
        Result.EFFECT_SCALE: effects.scale,
    }
    return table.assign(**shared)


def _numbers(
    effects: Effects, method: Method, confidence: float, *, knha: bool
) -> dict[str, FloatArray]:
    """The columns of numbers, NaN in rows of fewer than two cohorts."""
    n_cohorts = effects.used.sum(axis=1)
    pooled = np.flatnonzero(n_cohorts > 1)
    few = np.flatnonzero((n_cohorts > 1) & (n_cohorts < FEW_COHORTS))

    def over(rows: NDArray[np.int64], method: Method, *, knha: bool) -> PooledEffect[FloatArray]:
        y, se = effects.estimate[rows], effects.std_error[rows]
        return pool_many(y, se, method=method, knha=knha, confidence=confidence)

    found = [(pooled, columns_of(over(pooled, method, knha=knha)))]
    common = over(few, "FE", knha=False)
    both = [over(few, method, knha=use) for use in (True, False)]
    widths = [np.nan_to_num(one.ci_high - one.ci_low) for one in both]
    is_normal = widths[1] > widths[0]
    beside = {
        Pooled.ESTIMATE_COMMON: common.estimate,
        Pooled.CI_LOW_COMMON: common.ci_low,
        Pooled.CI_HIGH_COMMON: common.ci_high,
        Pooled.P_VALUE_COMMON: common.p_value,
        Pooled.CI_LOW_WIDER: np.where(is_normal, both[1].ci_low, both[0].ci_low),
        Pooled.CI_HIGH_WIDER: np.where(is_normal, both[1].ci_high, both[0].ci_high),
        Pooled.P_VALUE_WIDER: np.where(is_normal, both[1].p_value, both[0].p_value),
    }
    found.append((few, beside))
    filled: dict[str, FloatArray] = {}
    for rows, columns in found:
        for name, values in columns.items():
            filled[name] = np.full(n_cohorts.size, np.nan)
            filled[name][rows] = values
    return filled


def _messages(table: pd.DataFrame, effects: Effects) -> list[str]:
    """What a reader of each row has to know."""
    own = table.get(Result.MESSAGE, pd.Series("", index=table.index)).tolist()
    factors = table.get(Pooled.Q_SCALE, pd.Series(np.nan, index=table.index)).tolist()
    narrow = [
        f"Hartung-Knapp factor {factor:.2g} below 1: the standard error is smaller than the "
        "normal one"
        if is_narrow(factor)
        else ""
        for factor in factors
    ]
    left_out = [f"left out: {lost}" if lost else "" for lost in effects.left_out()]
    return ["; ".join(filter(None, parts)) for parts in zip(own, narrow, left_out, strict=True)]


def _fill_unpooled(table: pd.DataFrame, effects: Effects, confidence: float) -> None:
    """Rows of one cohort as its table has them, and the reason for rows of none."""
    messages = np.full(len(table), "", dtype=object)
    messages[table[Result.STATUS] == NO_COHORT] = "no cohort has a usable fit"
    messages[table[Result.STATUS] == NOT_CONVERGED] = NO_VARIANCE
    for s in np.flatnonzero(table[Result.STATUS] == SINGLE_COHORT).tolist():
        place = effects.place[s, effects.used[s]]
        numbers, messages[s] = _single(effects.rows.iloc[place], confidence)
        table.loc[s, list(numbers)] = list(numbers.values())
    table[Result.MESSAGE] = messages


def _single(rows: pd.DataFrame, confidence: float) -> tuple[dict[str, float], str]:
    """One cohort's own result as its table has it, and what to know of it.

    Its interval and p-value may be of a profile likelihood (Firth) or a t distribution. Where the
    table lacks them, or has intervals of another coverage, they are Wald's.
    """
    names = (Result.ESTIMATE, Result.STD_ERROR, Result.CI_LOW, Result.CI_HIGH, Result.STATISTIC)
    row = rows.iloc[0]
    y, se = (rows[name].to_numpy(dtype=np.float64) for name in names[:2])
    statistic, p_value, half = wald(y, se, confidence)
    values = (y[0], se[0], y[0] - half[0], y[0] + half[0], statistic[0], p_value[0])
    single = dict(zip((*names, Result.P_VALUE), map(float, values), strict=True))
    message = "one cohort only: not pooled, no heterogeneity"
    own = [Result.STATISTIC, Result.P_VALUE]
    if Result.CI_LEVEL not in rows or np.isclose(float(row[Result.CI_LEVEL]), confidence):
        own += [Result.CI_LOW, Result.CI_HIGH]
    elif _is_firth(rows).any():
        message += f"; its interval is Wald's, the cohort's is at {row[Result.CI_LEVEL]:g}"
    single |= {name: float(row[name]) for name in own if name in rows and pd.notna(row[name])}
    return single, message


def _with_family(table: pd.DataFrame, effects: Effects) -> Results:
    """The table with q-values over its pooled rows, and its notes."""
    family = f"pooled score rows ({effects.endpoint})"
    notes = [f"Pooled within one endpoint: {effects.endpoint}"]
    p_values = table[Result.P_VALUE]
    if Pooled.P_VALUE_WIDER in table.columns:
        family += ", p of the wider interval"
        p_values = table[Pooled.P_VALUE_WIDER].fillna(p_values)
        notes.append("With few cohorts q is over the p-values of the wider interval")
    notes.extend(_firth_notes(effects.rows, table))
    table = declare_family(ordered(table), family, p_values=p_values)
    return Results(table=table, notes=tuple(notes))


def _is_firth(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Rows whose intervals and p-values are of a penalised profile likelihood."""
    if Result.MODEL not in rows:
        return pd.Series(data=False, index=rows.index)
    return rows[Result.MODEL].astype(str).str.contains(FIRTH_MODEL, regex=False)


def _firth_notes(rows: pd.DataFrame, table: pd.DataFrame) -> tuple[str, ...]:
    """Which cohorts went into pooled rows with Firth's estimate, weighted by its Wald error."""
    pooled = table.loc[table[Result.STATUS] == OK, Result.SIGNATURE]
    weighted = rows[
        _is_firth(rows) & (rows[Result.STATUS] == OK) & rows[Result.SIGNATURE].isin(pooled)
    ]
    if weighted.empty:
        return ()
    cohorts = [str(name) for name in weighted[Result.COHORT].unique()]
    return (
        f"Firth's estimates of {examples(cohorts, quoted=False)} are weighted by their Wald "
        "standard errors: where events are separated, their profile intervals are wider on one "
        "side",
    )
