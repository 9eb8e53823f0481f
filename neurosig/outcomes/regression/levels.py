"""Outcomes with several levels: reading them, and refusing those that are too few."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, TooFewEventsError, count, examples
from neurosig.outcomes.clinic.clean import find_column, level_text, matching, texts_of
from neurosig.outcomes.clinic.level_order import levels_of
from neurosig.outcomes.model_rows import SEPARATION, TOO_FEW_EVENTS
from neurosig.outcomes.regression.kind import NO_FINITE_ESTIMATE
from neurosig.outcomes.regression.separation import growing_direction

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
FEWEST_LEVELS = 3


def known_levels(cohort: "Cohort", column: str, kind: str) -> tuple[list[str | None], Counter[str]]:
    """The cells of a column, and the rows of each level in order; fewer than three are refused.

    Raises
    ------
    ClinicalError
        The column does not exist or has fewer than three levels.
    """
    values = find_column(cohort.data, column)
    cells, counts = texts_of(values), level_counts(values)
    if len(counts) < FEWEST_LEVELS:
        raise ClinicalError(
            f"The outcome {column!r} has {count(len(counts), 'level')}; a model of kind {kind!r} "
            f"needs {FEWEST_LEVELS} or more",
            levels_text(counts),
            'Use kind="logistic" for two levels',
            levels=dict(counts),
        )
    return cells, counts


def level_counts(values: "pd.Series[Any]") -> Counter[str]:
    """The rows of each level, in the order of the levels."""
    counts = Counter(cell for cell in texts_of(values) if cell is not None)
    return Counter({level: counts[level] for level in levels_of(values)})


def levels_text(counts: Counter[str]) -> str:
    """The levels with their rows, as evidence of an error."""
    shown = [f"{level!r} ({n:,})" for level, n in counts.most_common()]
    return f"Its levels: {examples(shown, 10, quoted=False)}"


def coded(cells: list[str | None], levels: tuple[str, ...]) -> FloatArray:
    """The place of each cell among the levels, NaN where unknown."""
    places = {level: float(i) for i, level in enumerate(levels)}
    return np.array([np.nan if cell is None else places[cell] for cell in cells])


def level_named(wanted: str | float, counts: Counter[str], column: str, option: str) -> str:
    """The level of that name.

    Raises
    ------
    ClinicalError
        The column has no such level.
    """
    name = level_text(wanted)
    by_fold = {level.casefold(): level for level in counts}
    if name in counts or name.casefold() in by_fold:
        return name if name in counts else by_fold[name.casefold()]
    raise ClinicalError(
        f"{wanted!r} is not a level of {column!r}",
        levels_text(counts),
        f"Name one of them in {option}",
        levels=dict(counts),
    )


def refuse_few(column: str, y: FloatArray, levels: tuple[str, ...], k: int) -> None:
    """Refuse a level without rows, or whose rows are no more than the parameters.

    Raises
    ------
    TooFewEventsError
        The rarest level has no more rows than the model has terms.
    """
    n_rows = np.bincount(y.astype(np.int64), minlength=len(levels))
    rarest = int(n_rows.argmin())
    if n_rows[rarest] <= k:
        counts = [f"{level!r} ({n})" for level, n in zip(levels, n_rows, strict=True)]
        raise TooFewEventsError(
            f"The level {levels[rarest]!r} of {column!r} has too few rows for this model",
            f"{count(int(n_rows[rarest]), 'row')} for {count(k, 'parameter')}; on the rows used: "
            f"{examples(counts, 10, quoted=False)}",
            "Join levels that belong together, or adjust for fewer covariates",
            n_events=int(n_rows[rarest]),
            n_params=k,
        )


def no_maximum(y: FloatArray, n_levels: int, rows: FloatArray) -> tuple[str, str] | None:
    """Status and message where a likelihood of levels has no maximum; rows: its growing ones."""
    if np.unique(y).size < n_levels:
        return TOO_FEW_EVENTS, "a level has no rows with a score"
    if growing_direction(rows) is not None:
        return SEPARATION, f"{NO_FINITE_ESTIMATE}the terms separate levels"
    return None


def n_rarest(y: FloatArray, n_levels: int) -> int:
    """Rows of the rarest level."""
    return int(np.bincount(y.astype(np.int64), minlength=n_levels).min())


def two_levels(cohort: "Cohort", outcome: str, positive: str | float | None) -> FloatArray:
    """A column of two levels as 1 (positive), 0 and NaN.

    Raises
    ------
    ClinicalError
        It has other than two levels, or `positive` is not said or not one of them.
    """
    cells = texts_of(find_column(cohort.data, outcome))
    counts = Counter(cell for cell in cells if cell is not None)
    evidence = levels_text(counts)
    say = f"Say it, as in positive={min(counts, key=counts.__getitem__, default='yes')!r}"
    if len(counts) != 2:
        raise ClinicalError(
            f"A logistic model needs an outcome with two levels; {outcome!r} has {len(counts)}",
            evidence,
            "Use cohort.where(...) to keep two levels, or a linear model for a number",
            levels=dict(counts),
        )
    if positive is None:
        raise ClinicalError(
            f"It is not said which level of {outcome!r} is the positive one",
            evidence,
            say,
            levels=dict(counts),
        )
    hits = matching(cells, positive)
    missing = np.array([cell is None for cell in cells], dtype=np.bool_)
    if not hits.any() or hits[~missing].all():
        raise ClinicalError(
            f"{positive!r} is not one level of {outcome!r}",
            evidence,
            say,
            levels=dict(counts),
        )
    return np.where(missing, np.nan, hits.astype(np.float64))
