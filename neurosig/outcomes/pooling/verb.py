"""Effects of the same signature pooled over cohorts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ParameterError, count, examples
from neurosig.keys import OK, SCORE_TERM, Pooled, Result
from neurosig.outcomes.pooling.random_effects import Method, is_narrow, pool_effects
from neurosig.outcomes.results import Results, declare_family, ordered, wald

FloatArray = NDArray[np.float64]

POOLED = "pooled"
SINGLE_COHORT = "single_cohort"
NO_COHORT = "no_cohort"
FIRTH_MODEL = "Firth's penalty"
FEW_COHORTS = 5
_MODEL_TEXT = {
    "REML": "random effects (REML)",
    "DL": "random effects (DerSimonian-Laird)",
    "FE": "common effect",
}
_FEW_COHORT_COLUMNS = (
    Pooled.CI_LOW_WIDER,
    Pooled.CI_HIGH_WIDER,
    Pooled.ESTIMATE_COMMON,
    Pooled.CI_LOW_COMMON,
    Pooled.CI_HIGH_COMMON,
)
_NEEDED = (
    Result.COHORT,
    Result.ENDPOINT,
    Result.SIGNATURE,
    Result.TERM,
    Result.ESTIMATE,
    Result.STD_ERROR,
    Result.EFFECT_SCALE,
    Result.STATUS,
)


def meta(
    tables: Results | pd.DataFrame | Sequence[Results | pd.DataFrame],
    *,
    method: Method = "REML",
    knha: bool = True,
    endpoint: str | None = None,
    confidence: float = 0.95,
) -> Results:
    """Pool each signature's score effect over the cohorts of one endpoint.

    tables: results of `cox` or `regress`, one per cohort or already one below the other. Only rows
    of the score that went through are pooled. Endpoints are never mixed: with several in the
    input, `endpoint` has to pick one.

    The table has one row per signature with the cohort "pooled", and further the cohorts used,
    tau2, I2 (percent), Cochran's Q and its p-value, and the Hartung-Knapp factor `q_scale`. With
    fewer than 5 cohorts the heterogeneity is hardly estimable; then the common-effect result
    (`*_common`) and the wider of the Hartung-Knapp and normal intervals (`*_wider`) stand beside
    it, and q is over the p-values of that wider interval (`p_value_wider`): two estimates that
    agree by chance make a Hartung-Knapp p-value small. A signature with one cohort has that
    cohort's own result, interval and p-value, and the status "single_cohort", one with none
    "no_cohort". q-values are over the pooled rows alone.

    Raises
    ------
    ClinicalError
        Several endpoints or effect scales, or several rows of a signature in one cohort.
    ParameterError
        A column is missing, or an option has a value that is not allowed.

    References
    ----------
    As `pool_effects`; Jackson D et al. (2017) Stat Med 36:3923-3934, doi:10.1002/sim.7411, for
    narrow Hartung-Knapp intervals.
    """
    rows = _usable(tables, endpoint)
    endpoints = list(rows[Result.ENDPOINT].unique())
    records = [
        _record(name, group, method, knha, confidence)
        for name, group in rows.groupby(Result.SIGNATURE, sort=False)
    ]
    model = _MODEL_TEXT[method][:-1] + ", Hartung-Knapp)" if knha else _MODEL_TEXT[method]
    if knha and method == "FE":
        model = "common effect (Hartung-Knapp)"
    table = pd.DataFrame(records).assign(
        **{
            Result.COHORT: POOLED,
            Result.ENDPOINT: endpoints[0],
            Result.TERM: SCORE_TERM,
            Result.CI_LEVEL: confidence,
            Result.EFFECT_SCALE: rows[Result.EFFECT_SCALE].iloc[0],
        }
    )
    model_of = {OK: model, SINGLE_COHORT: "one cohort, as it was fitted", NO_COHORT: ""}
    table[Result.MODEL] = table[Result.STATUS].map(model_of)
    is_ratio = not str(rows[Result.EFFECT_SCALE].iloc[0]).startswith("difference")
    for source, target in (
        (Result.ESTIMATE, Result.EFFECT),
        (Result.CI_LOW, Result.EFFECT_LOW),
        (Result.CI_HIGH, Result.EFFECT_HIGH),
        (Pooled.ESTIMATE_COMMON, Pooled.EFFECT_COMMON),
        (Pooled.CI_LOW_COMMON, Pooled.EFFECT_LOW_COMMON),
        (Pooled.CI_HIGH_COMMON, Pooled.EFFECT_HIGH_COMMON),
        (Pooled.CI_LOW_WIDER, Pooled.EFFECT_LOW_WIDER),
        (Pooled.CI_HIGH_WIDER, Pooled.EFFECT_HIGH_WIDER),
    ):
        if source in table.columns:
            table[target] = np.exp(table[source]) if is_ratio else table[source]
    optional = [Result.DF, Pooled.Q_SCALE, *_FEW_COHORT_COLUMNS]
    table = table.drop(columns=[c for c in optional if c in table and table[c].isna().all()])
    family = f"pooled score rows ({endpoints[0]})"
    notes = [f"Pooled within one endpoint: {endpoints[0]}"]
    p_values = table[Result.P_VALUE]
    if Pooled.P_VALUE_WIDER in table.columns:
        family += ", p of the wider interval"
        p_values = table[Pooled.P_VALUE_WIDER].fillna(p_values)
        notes.append("With few cohorts q is over the p-values of the wider interval")
    notes.extend(_firth_notes(rows, table))
    return Results(
        table=declare_family(ordered(table), family, p_values=p_values), notes=tuple(notes)
    )


def _usable(
    tables: Results | pd.DataFrame | Sequence[Results | pd.DataFrame], endpoint: str | None
) -> pd.DataFrame:
    """The score rows of one endpoint, checked."""
    listed = [tables] if isinstance(tables, Results | pd.DataFrame) else list(tables)
    frames = [item.table if isinstance(item, Results) else item for item in listed]
    for frame in frames:
        missing = [name for name in _NEEDED if name not in frame.columns]
        if missing:
            raise ParameterError(
                f"A result table without the column {missing[0]!r} cannot be pooled",
                f"It has {examples(frame.columns)}",
                "Give tables of ns.cox or ns.regress",
            )
    if not any(len(frame) for frame in frames):
        raise ParameterError(
            "There is nothing to pool",
            f"{count(len(frames), 'table')} without rows",
            "Give result tables of at least two cohorts",
        )
    rows = pd.concat(frames, ignore_index=True)
    rows = rows[rows[Result.TERM] == SCORE_TERM]
    rows = _one_endpoint(rows, endpoint)
    scales = list(rows[Result.EFFECT_SCALE].unique())
    if len(scales) > 1:
        raise ClinicalError(
            "Effects on different scales cannot be pooled",
            f"The tables hold {examples(scales)}",
            "Make all tables with the same model and scale",
        )
    keys = [Result.COHORT, Result.SIGNATURE]
    repeated = rows[rows.duplicated(keys, keep=False)]
    if len(repeated):
        pairs = (repeated[Result.SIGNATURE] + " in " + repeated[Result.COHORT]).unique()
        raise ClinicalError(
            "A signature occurs more than once in a cohort",
            f"{count(len(pairs), 'pair')}: {examples(pairs)}",
            'Keep one model per cohort, as in table[table["adjusted_for"] == ""], and give cohorts '
            "different names",
        )
    return rows


def _one_endpoint(rows: pd.DataFrame, endpoint: str | None) -> pd.DataFrame:
    present = list(rows[Result.ENDPOINT].unique())
    if endpoint is None and len(present) > 1:
        cohorts = rows.groupby(Result.ENDPOINT, sort=False)[Result.COHORT].unique()
        raise ClinicalError(
            "Different endpoints are not pooled",
            "; ".join(f"{name}: {examples(list(used))}" for name, used in cohorts.items()),
            f"Pick one, as in endpoint={present[0]!r}, and pool each by itself",
            endpoints=tuple(present),
        )
    if endpoint is not None and endpoint not in present:
        raise ClinicalError(
            f"No table has the endpoint {endpoint!r}",
            f"There are {examples(present)}",
            "Pick one of these",
            endpoints=tuple(present),
        )
    return rows if endpoint is None else rows[rows[Result.ENDPOINT] == endpoint]


def _record(
    signature: object, rows: pd.DataFrame, method: Method, knha: bool, confidence: float
) -> dict[str, object]:
    """The row of one signature."""
    good = rows[
        (rows[Result.STATUS] == OK)
        & np.isfinite(rows[Result.ESTIMATE])
        & (rows[Result.STD_ERROR] > 0)
    ]
    record: dict[str, object] = {
        Result.SIGNATURE: signature,
        Pooled.N_COHORTS: len(good),
        Pooled.COHORTS: ", ".join(good[Result.COHORT].astype(str)),
        Result.STATUS: OK,
        Result.MESSAGE: "",
    }
    for column in (Result.N, Result.N_EVENTS):
        if column in good.columns:
            record[column] = int(good[column].sum())
    if Result.ADJUSTED_FOR in good.columns:
        record[Result.ADJUSTED_FOR] = "; ".join(good[Result.ADJUSTED_FOR].astype(str).unique())
    y = good[Result.ESTIMATE].to_numpy(dtype=np.float64)
    se = good[Result.STD_ERROR].to_numpy(dtype=np.float64)
    if y.size < 2:
        return record | _single(good, confidence)
    pooled = pool_effects(y, se, method=method, knha=knha, confidence=confidence)
    record |= {
        Result.ESTIMATE: pooled.estimate,
        Result.STD_ERROR: pooled.std_error,
        Result.CI_LOW: pooled.ci_low,
        Result.CI_HIGH: pooled.ci_high,
        Result.STATISTIC: pooled.statistic,
        Result.DF: pooled.df,
        Result.P_VALUE: pooled.p_value,
        Pooled.TAU2: pooled.tau2,
        Pooled.I2: pooled.i2,
        Pooled.Q_HETEROGENEITY: pooled.q,
        Pooled.P_HETEROGENEITY: pooled.q_p_value,
        Pooled.Q_SCALE: pooled.q_scale,
    }
    if is_narrow(pooled.q_scale):
        record[Result.MESSAGE] = (
            f"Hartung-Knapp factor {pooled.q_scale:.2g} below 1: the standard error is smaller "
            "than the normal one"
        )
    if pooled.k < FEW_COHORTS:
        record |= _few_cohorts(y, se, method, confidence)
    return record


def _few_cohorts(
    y: FloatArray, se: FloatArray, method: Method, confidence: float
) -> dict[str, object]:
    """The common effect, and the wider of the Hartung-Knapp and the normal interval."""
    common = pool_effects(y, se, method="FE", knha=False, confidence=confidence)
    both = [
        pool_effects(y, se, method=method, knha=knha, confidence=confidence)
        for knha in (True, False)
    ]
    wider = max(both, key=lambda pooled: np.nan_to_num(pooled.ci_high - pooled.ci_low))
    return {
        Pooled.CI_LOW_WIDER: wider.ci_low,
        Pooled.CI_HIGH_WIDER: wider.ci_high,
        Pooled.ESTIMATE_COMMON: common.estimate,
        Pooled.CI_LOW_COMMON: common.ci_low,
        Pooled.CI_HIGH_COMMON: common.ci_high,
        Pooled.P_VALUE_COMMON: common.p_value,
        Pooled.P_VALUE_WIDER: wider.p_value,
    }


def _single(rows: pd.DataFrame, confidence: float) -> dict[str, object]:
    """One cohort's own result as its table has it, or none.

    Its interval and p-value may be of a profile likelihood (Firth) or a t distribution. Where the
    table lacks them, or has intervals of another coverage, they are Wald's.
    """
    names = (Result.ESTIMATE, Result.STD_ERROR, Result.CI_LOW, Result.CI_HIGH, Result.STATISTIC)
    if rows.empty:
        empty = dict.fromkeys((*names, Result.P_VALUE), float("nan"))
        return empty | {Result.STATUS: NO_COHORT, Result.MESSAGE: "no cohort has a usable fit"}
    row = rows.iloc[0]
    y, se = (rows[name].to_numpy(dtype=np.float64) for name in names[:2])
    statistic, p_value, half = wald(y, se, confidence)
    values = (y[0], se[0], y[0] - half[0], y[0] + half[0], statistic[0], p_value[0])
    single: dict[str, object] = dict(zip((*names, Result.P_VALUE), map(float, values), strict=True))
    message = "one cohort only: not pooled, no heterogeneity"
    own = [Result.STATISTIC, Result.P_VALUE]
    if Result.CI_LEVEL not in rows or np.isclose(float(row[Result.CI_LEVEL]), confidence):
        own += [Result.CI_LOW, Result.CI_HIGH]
    elif _is_firth(rows).any():
        message += f"; its interval is Wald's, the cohort's is at {row[Result.CI_LEVEL]:g}"
    single |= {name: float(row[name]) for name in own if name in rows and pd.notna(row[name])}
    return single | {Result.STATUS: SINGLE_COHORT, Result.MESSAGE: message}


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
