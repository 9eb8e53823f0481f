"""Tables of one model on m completed cohorts, pooled to one table."""

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import FitError, NeurosigWarning, ProportionalHazardsWarning, count, examples
from neurosig.keys import OK, SCORE_TERM, Imputation, Result
from neurosig.outcomes.imputation.pooled_variances import pool_variances
from neurosig.outcomes.imputation.rubin import p_value_error, pool_estimates
from neurosig.outcomes.results import (
    BY_LIKELIHOOD_RATIO,
    Results,
    benjamini_hochberg,
    ordered,
    wald,
)

FloatArray = NDArray[np.float64]
CompleteDf = Literal["events", "rows"]

PH_ALPHA: Final = 0.05
FIRTH: Final = "Firth's penalty"
_KEY: Final = (Result.SIGNATURE, Result.LEVEL, Result.TERM, Result.ADJUSTED_FOR)
_MEDIANS: Final = (Result.P_PH, Result.P_PH_GLOBAL, Result.P_PROPORTIONAL)
_NOT_POOLED: Final = (
    Result.P_LR,
    Result.SPLIT_TIME,
    Result.EFFECT_EARLY,
    Result.EFFECT_EARLY_LOW,
    Result.EFFECT_EARLY_HIGH,
    Result.EFFECT_LATE,
    Result.EFFECT_LATE_LOW,
    Result.EFFECT_LATE_HIGH,
    Result.RMST_TAU,
    Result.RMST_EFFECT,
    Result.RMST_LOW,
    Result.RMST_HIGH,
    Result.RMST_P_VALUE,
)
_SIZE: Final = re.compile(r"^\d+ ")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True, eq=False)
class FitsOfImputations:
    """The results of one model on each completed cohort, and how often each warning came."""

    results: tuple[Results, ...]
    warned: tuple[tuple[type[NeurosigWarning], str, int], ...]


def fit_each(fits: Sequence[Callable[[], Results]]) -> FitsOfImputations:
    """Run the fits; warnings that differ in their numbers alone are one."""
    results: list[Results] = []
    first: dict[tuple[type[NeurosigWarning], str], str] = {}
    times: dict[tuple[type[NeurosigWarning], str], int] = {}
    for fit in fits:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            results.append(fit())
        kinds = set()
        for warning in caught:
            if not isinstance(warning.message, NeurosigWarning):
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
                continue
            kind = type(warning.message), _NUMBER.sub("#", str(warning.message))
            first.setdefault(kind, str(warning.message))
            kinds.add(kind)
        for kind in kinds:
            times[kind] = times.get(kind, 0) + 1
    told = tuple((kind[0], text, times[kind]) for kind, text in first.items())
    return FitsOfImputations(tuple(results), told)


def pool_tables(tables: Sequence[pd.DataFrame], complete_df: CompleteDf) -> pd.DataFrame:
    """Pool the tables of one model row by row.

    The degrees of freedom on complete data are those of the table, else the events
    (`complete_df="events"`) or the rows (and one more for the intercept) less the parameters.
    A row is pooled where it went through in every table; p-values of assumptions (p_ph,
    p_proportional) are medians over the imputations, variances as `pool_variances` says.

    Raises
    ------
    FitError
        The tables have different rows.
    """
    first = tables[0]
    names = [name for name in _KEY if name in first]
    keys = [list(map(tuple, table[names].astype(str).to_numpy())) for table in tables]
    different = next((i for i, key in enumerate(keys) if key != keys[0]), None)
    if different is not None:
        raise FitError(
            "The models of the imputations do not have the same terms",
            f"Imputation 1 has {count(len(keys[0]), 'row')}, imputation {different + 1} "
            f"{len(keys[different])}: {examples(sorted(set(keys[0]) ^ set(keys[different])))}",
            "Join rare levels of the imputed columns",
        )
    estimates = _stack(tables, Result.ESTIMATE)
    variances = _stack(tables, Result.STD_ERROR) ** 2
    v = np.maximum(_complete_df(tables, complete_df), 1.0)
    pool = pool_estimates(estimates, variances, v)
    std_error = np.sqrt(pool.total)
    confidence = float(first[Result.CI_LEVEL].iloc[0])
    statistic, p_value, half_width = wald(pool.estimate, std_error, confidence, pool.df)
    low, high = pool.estimate - half_width, pool.estimate + half_width
    effect = np.asarray if _is_difference(first) else _ratio
    statuses = np.array([table[Result.STATUS].to_numpy(dtype=object) for table in tables])
    status, message = _joined_status(statuses, tables)
    columns: dict[str, Any] = {
        Result.ESTIMATE: pool.estimate,
        Result.STD_ERROR: std_error,
        Result.CI_LOW: low,
        Result.CI_HIGH: high,
        Result.STATISTIC: statistic,
        Result.DF: pool.df,
        Result.P_VALUE: p_value,
        Result.EFFECT: effect(pool.estimate),
        Result.EFFECT_LOW: effect(low),
        Result.EFFECT_HIGH: effect(high),
        Result.MODEL: _models(tables),
        Result.STATUS: status,
        Result.MESSAGE: message,
        Imputation.N_IMPUTATIONS: pool.m,
        Imputation.FMI: pool.fmi,
        Imputation.RIV: pool.riv,
        Imputation.RELATIVE_EFFICIENCY: pool.relative_efficiency,
        Imputation.MC_ERROR: pool.mc_error,
        Imputation.MC_ERROR_P: p_value_error(estimates, variances, v),
    }
    for name in _MEDIANS:
        if name in first:
            columns[name] = np.median(_stack(tables, name), axis=0)
    columns |= pool_variances(tables)
    table = first.drop(columns=[name for name in _NOT_POOLED if name in first]).assign(**columns)
    return ordered(_families(table, tables))


def notes_of_pooling(results: Sequence[Results], table: pd.DataFrame) -> tuple[str, ...]:
    """What a reader of a pooled table has to know."""
    m, fmi = len(results), table[Imputation.FMI].max()
    notes = [
        f"Pooled over {m} imputations by Rubin's rules, with Barnard and Rubin's degrees of "
        f"freedom; the largest fraction of missing information is {fmi:.2f}",
        "The likelihood-ratio test is left out: for one coefficient the pooled Wald test is the "
        "test to use",
    ]
    if table[Result.MODEL].str.contains(FIRTH, regex=False).any():
        notes.append(
            "Where Firth's penalty was used, its estimates and variances are pooled; intervals and "
            "p-values are Wald's then, not of the profile likelihood"
        )
    if Result.P_PROPORTIONAL in table:
        notes.append("p_proportional is the median of the imputations' p-values")
    if Result.SD_RESIDUAL in table:
        notes.append("sd_group, sd_residual and icc are of variances averaged over imputations")
    for name in (Result.DISPERSION, Result.THETA):
        if name in table:
            notes.append(f"{name} is the mean over the imputations")
    if Result.P_PH in table:
        notes.append(
            "p_ph is the median of the imputations' p-values; hazard ratios by period and the "
            "restricted mean are not pooled"
        )
    shared = [
        note
        for note in results[0].notes
        if all(note in other.notes for other in results)
        and "rmst_effect" not in note
        and "effect_early" not in note
    ]
    return (*notes, *shared)


def warn_of_pooled(fits: FitsOfImputations, table: pd.DataFrame, n_frames: int = 4) -> None:
    """Give each warning of the fits once; that of changing hazards by the median p-value."""
    m = len(fits.results)
    for kind, text, n in fits.warned:
        if kind is ProportionalHazardsWarning:
            continue
        often = "" if n == m else f"In {n} of {m} imputations."
        warnings.warn(kind(text, often), stacklevel=n_frames)
    if Result.P_PH not in table:
        return
    scores = table[(table[Result.TERM] == SCORE_TERM) & (table[Result.P_PH] < PH_ALPHA)]
    if len(scores):
        names = scores[Result.SIGNATURE].unique()
        warnings.warn(
            ProportionalHazardsWarning(
                f"The hazard ratio seems to change with time for {count(len(names), 'signature')}",
                f"The median p_ph of {m} imputations is below {PH_ALPHA} for {examples(names)}",
                "Read such a hazard ratio as an average over follow-up, and look at the models of "
                "single completed cohorts",
            ),
            stacklevel=n_frames,
        )


def _is_difference(table: pd.DataFrame) -> bool:
    """Whether effects are the estimates themselves, and not their exponentials."""
    fitted = table[[Result.ESTIMATE, Result.EFFECT]].dropna()
    return bool((fitted[Result.ESTIMATE] == fitted[Result.EFFECT]).all())


def _ratio(estimate: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):  # a ratio above 1e308 is infinite
        return np.asarray(np.exp(estimate))


def _stack(tables: Sequence[pd.DataFrame], name: str) -> FloatArray:
    return np.array([table[name].to_numpy(dtype=np.float64) for table in tables])


def _complete_df(tables: Sequence[pd.DataFrame], complete_df: CompleteDf) -> FloatArray:
    first = tables[0]
    if Result.DF in first:  # of mixed models it depends on the imputed values: the fewest
        return np.asarray(np.fmin.reduce(_stack(tables, Result.DF)))
    n_params = first[Result.N_PARAMS].to_numpy(dtype=np.float64)
    if complete_df == "events":
        return np.asarray(first[Result.N_EVENTS].to_numpy(dtype=np.float64) - n_params)
    n_equations = first[Result.LEVEL].nunique() if Result.LEVEL in first else 1
    n = first[Result.N].to_numpy(dtype=np.float64)
    return np.asarray(n - n_params - n_equations)  # an intercept in each


def _joined_status(
    statuses: NDArray[np.object_], tables: Sequence[pd.DataFrame]
) -> tuple[list[str], list[str]]:
    """The first status that is not ok, and the messages, each with how many imputations say it.

    Where a row went through in all, one that Firth's penalty was needed for says what is pooled.
    """
    status, message = [], []
    m = len(tables)
    texts = np.array([table[Result.MESSAGE].to_numpy(dtype=object) for table in tables])
    models = np.array([table[Result.MODEL].to_numpy(dtype=object) for table in tables])
    for row in range(statuses.shape[1]):
        bad = np.flatnonzero(statuses[:, row] != OK)
        status.append(str(statuses[bad[0] if bad.size else 0, row]))
        said = pd.Series([text for text in texts[bad if bad.size else slice(None), row] if text])
        told = [
            text if n == m else f"in {n} of {m} imputations: {text}"
            for text, n in said.value_counts(sort=False).items()
        ]
        if not bad.size and any(FIRTH in model for model in models[:, row]):
            told.append("interval and p-value are Wald's of the pooled estimate")
        message.append("; ".join(map(str, told)))
    return status, message


def _models(tables: Sequence[pd.DataFrame]) -> list[str]:
    """The model of each row; where imputations differ (Firth's penalty), how often each came."""
    names = []
    for row in zip(*(table[Result.MODEL] for table in tables), strict=True):
        counts = pd.Series(row).value_counts()
        text = str(counts.index[0])
        if len(counts) > 1:
            text = "; ".join(f"{model} (in {n} imputations)" for model, n in counts.items())
        names.append(f"{text}, {len(tables)} imputations")
    return names


def _families(table: pd.DataFrame, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """q-values over the pooled p-values of the families that the fits declared.

    Likelihood-ratio tests are not pooled; such a family is one of the pooled Wald tests.
    """
    if Result.FAMILY not in table:
        return table
    every = np.array([one[Result.FAMILY].to_numpy(dtype=object) for one in tables])
    names = [_SIZE.sub("", max(column, key=len)) for column in every.T]
    declared = np.array([name.removesuffix(BY_LIKELIHOOD_RATIO) for name in names], dtype=object)
    p = table[Result.P_VALUE].to_numpy(dtype=np.float64)
    tested = (table[Result.STATUS] == OK).to_numpy() & np.isfinite(p)
    q, family = np.full(len(table), np.nan), np.full(len(table), "", dtype=object)
    for name in dict.fromkeys(declared[declared != ""]):
        inside = (declared == name) & tested
        q[inside] = benjamini_hochberg(p[inside])
        family[inside] = f"{int(inside.sum())} {name}"
    return table.assign(**{Result.Q_VALUE: q, Result.FAMILY: family})
