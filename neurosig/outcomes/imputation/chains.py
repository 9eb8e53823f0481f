"""Chained equations: each incomplete column is drawn given all others, round after round."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from neurosig._params import Help, Range, check
from neurosig.outcomes.imputation.category_draws import impute_multinomial, impute_ordinal
from neurosig.outcomes.imputation.incomplete import Column
from neurosig.outcomes.imputation.number_draws import impute_matched, impute_normal

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedEquations:
    """How missing values are drawn.

    Parameters
    ----------
    n_iterations
        Rounds over the incomplete columns before the values are kept.
    n_donors
        Rows that predictive mean matching chooses from.
    impute_scores
        Impute missing scores too. By default rows without one are left out and counted: a score is
        missing because its genes are, which the clinic cannot replace.
    allow_missing
        Impute columns that miss more than half of their values.

    Raises
    ------
    ParameterError
        A field has a value that is not allowed.

    Examples
    --------
    >>> ChainedEquations().n_iterations, ChainedEquations(n_donors=10).n_donors
    (10, 10)
    """

    n_iterations: Annotated[int, Help("rounds of chained equations"), Range(low=1)] = 10
    n_donors: Annotated[int, Help("donors of predictive mean matching"), Range(low=1)] = 5
    impute_scores: Annotated[bool, Help("impute missing scores too")] = False
    allow_missing: Annotated[bool, Help("impute columns that are over half missing")] = False

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """One completed data set and how it came about.

    values: of each column, in the order given; trace: (n_iterations, n_columns, 2) mean and SD of
    the imputed values after each round, NaN for complete columns.
    """

    values: tuple[FloatArray, ...]
    trace: FloatArray


def run_chain(
    columns: Sequence[Column], outcome: FloatArray, options: ChainedEquations, rng: Generator
) -> Chain:
    """Run one chain.

    Missing values start as random observed ones. In a round the columns are visited from the one
    that misses least; each is modelled on the outcome and on all others as they then are.

    outcome: (n, q) what predicts and is never imputed.

    References
    ----------
    Van Buuren S, Groothuis-Oudshoorn K (2011) J Stat Softw 45(3), doi:10.18637/jss.v045.i03.
    """
    current = [_started(column, rng) for column in columns]
    n_missing = [int(column.is_missing.sum()) for column in columns]
    visits = sorted((j for j, n in enumerate(n_missing) if n), key=lambda j: n_missing[j])
    blocks = [column.predictors(values) for column, values in zip(columns, current, strict=True)]
    trace = np.full((options.n_iterations, len(columns), 2), np.nan)
    for number in range(options.n_iterations):
        for j in visits:
            column = columns[j]
            missing = column.is_missing
            others = [block for i, block in enumerate(blocks) if i != j]
            x = standardised(np.hstack([outcome, *others]))
            drawn = _drawn(column, x, options, rng)
            current[j][missing] = drawn
            blocks[j] = column.predictors(current[j])
            spread = drawn.std(ddof=1) if drawn.size > 1 else np.nan
            trace[number, j] = drawn.mean(), spread
    return Chain(tuple(current), trace)


def standardised(x: FloatArray) -> FloatArray:
    """The columns that vary, with mean 0 and SD 1.

    >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0]])).tolist()
    [[-1.0], [1.0]]
    """
    centred = x - x.mean(axis=0)
    size = centred.std(axis=0)
    varies = size > 1e-12 * np.maximum(np.abs(x).max(axis=0), 1e-300)
    return np.asarray(centred[:, varies] / size[varies])


def _started(column: Column, rng: Generator) -> FloatArray:
    values = column.values.copy()
    missing = column.is_missing
    values[missing] = rng.choice(values[~missing], int(missing.sum()))
    return values


def _drawn(column: Column, x: FloatArray, options: ChainedEquations, rng: Generator) -> FloatArray:
    missing = column.is_missing
    known, wanted, values = x[~missing], x[missing], column.values[~missing]
    if column.levels:
        draw = impute_ordinal if column.method == "ordinal" else impute_multinomial
        levels = draw(known, values.astype(np.int64), wanted, len(column.levels), rng)
        return levels.astype(np.float64)
    inside, outside = (np.column_stack([np.ones(len(part)), part]) for part in (known, wanted))
    if column.method == "normal":
        return impute_normal(inside, values, outside, rng)
    return impute_matched(inside, values, outside, rng, options.n_donors)
