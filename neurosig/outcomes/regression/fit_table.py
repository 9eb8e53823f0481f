"""The fits of all signatures as the tidy table."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.keys import Result
from neurosig.outcomes.model_rows import effect_scales
from neurosig.outcomes.regression.fitting import Task
from neurosig.outcomes.regression.kind import Fit
from neurosig.outcomes.results import ModelText, TermFits, ordered, tidy

FloatArray = NDArray[np.float64]


def fit_table(task: Task, fits: Sequence[Fit], cohort: str) -> pd.DataFrame:
    """One row per signature, level with coefficients of its own, and term; no q-values yet."""
    n_equations = len(task.equations)
    text = ModelText(
        cohort=cohort,
        endpoint=task.outcome.label,
        model=task.kind.describe(task.model),
        adjusted_for=", ".join(task.rows.adjusted_for),
        effect_scales=effect_scales(task.rows, task.kind.effect(task.model), task.scale)
        * n_equations,
        confidence=task.confidence,
        is_ratio=task.kind.is_ratio(task.model),
    )
    terms = task.rows.terms
    table = tidy(_term_fits(task, fits), text)
    if task.equations != ("",):
        levels = np.repeat(np.asarray(task.equations, dtype=object), len(terms))
        table[Result.LEVEL] = np.tile(levels, len(fits))
    _with_profiles(table, fits, is_ratio=text.is_ratio)
    _with_facts(table, fits, n_rows=n_equations * len(terms), n_terms=len(terms))
    methods = np.repeat([fit.method for fit in fits], n_equations * len(terms))
    table[Result.MODEL] = table[Result.MODEL] + methods
    return ordered(table)


def _term_fits(task: Task, fits: Sequence[Fit]) -> TermFits:
    known = np.isfinite(task.rows.scores)
    n_columns = fits[0].estimate.size
    counts = [task.kind.counts(task.y[here], len(task.outcome.levels)) for here in known.T]
    events = [c[0] for c in counts if c is not None]
    limiting = [c[1] for c in counts if c is not None]
    statuses = [fit.statuses or (fit.status,) * n_columns for fit in fits]
    none = np.full(n_columns, np.nan)
    has_df = task.kind.has_df or any(fit.df is not None for fit in fits)
    has_lr = any(np.isfinite(fit.p_lr) for fit in fits)
    return TermFits(
        signatures=task.rows.signatures,
        terms=task.rows.terms * len(task.equations),
        estimate=np.array([fit.estimate for fit in fits]),
        std_error=np.array([fit.std_error for fit in fits]),
        status=np.array(statuses, dtype=object),
        message=np.array([[fit.message] * n_columns for fit in fits], dtype=object),
        n=known.sum(axis=0).astype(np.int64),
        n_events=np.array(events, dtype=np.int64) if events else None,
        n_limiting=np.array(limiting, dtype=np.float64) if limiting else None,
        df=np.array([none if fit.df is None else fit.df for fit in fits]) if has_df else None,
        p_lr=np.array([fit.p_lr for fit in fits]) if has_lr else None,
    )


def _with_profiles(table: pd.DataFrame, fits: Sequence[Fit], *, is_ratio: bool) -> None:
    """Intervals and p-values of profile likelihoods instead of Wald's, where there are any."""
    from scipy import special

    for s, fit in enumerate(fits):
        if fit.interval is None:
            continue
        at = slice(s * fit.estimate.size, (s + 1) * fit.estimate.size - 1)
        low, high = fit.interval.T
        table.loc[at, [Result.CI_LOW, Result.CI_HIGH]] = fit.interval
        with np.errstate(over="ignore"):
            table.loc[at, Result.EFFECT_LOW] = np.exp(low) if is_ratio else low
            table.loc[at, Result.EFFECT_HIGH] = np.exp(high) if is_ratio else high
        if fit.p_value is not None:
            table.loc[at, Result.P_VALUE] = fit.p_value
            roots = np.sqrt(special.chdtri(1, fit.p_value))
            table.loc[at, Result.STATISTIC] = np.sign(fit.estimate) * roots


def _with_facts(table: pd.DataFrame, fits: Sequence[Fit], *, n_rows: int, n_terms: int) -> None:
    """Add the further columns.

    An array has a value for each row of the signature, a number one for the rows of the score; the
    test of the score in all levels stands in each of its rows too.
    """
    names = dict.fromkeys(name for fit in fits for name in fit.facts)
    for name in names:
        column = np.full((len(fits), n_rows), np.nan)
        for s, fit in enumerate(fits):
            value = fit.facts.get(name, np.nan)
            if isinstance(value, np.ndarray):
                column[s] = value
            else:
                column[s, ::n_terms] = value
        table[name] = column.ravel()
    if Result.P_LR in table:
        column = np.full((len(fits), n_rows), np.nan)
        column[:, ::n_terms] = np.array([fit.p_lr for fit in fits])[:, None]
        table[Result.P_LR] = column.ravel()
