"""One function over the blocks of an expression matrix, in threads, with progress."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurosig._progress import progress
from neurosig.errors import count
from neurosig.expression.base import Block, Expression
from neurosig.expression.checks import rows_of_one_value
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.methods.base import Method

T = TypeVar("T")
BYTES_AT_ONCE = 16 * 2**20


def run_blocks(
    expression: Expression, task: Callable[[Block], T], *, n_jobs: int, title: str
) -> Iterator[tuple[slice, T]]:
    """What `task` makes of each block, in order, with the rows of the block."""

    def run(bounds: tuple[int, int]) -> tuple[slice, T]:
        return slice(*bounds), task(expression.block(*bounds))

    bounds = expression.bounds(BYTES_AT_ONCE)
    with ThreadPoolExecutor(max_workers=n_jobs) as pool:
        yield from progress(pool.map(run, bounds), total=len(bounds), title=title)


def score_blocks(
    expression: Expression, sets: CompiledSignatures, method: Method, cohort: Any, *, n_jobs: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores before `Method.finish`, and in which observations all genes have one value."""
    values = np.empty((expression.n_obs, method.n_columns(sets)))
    is_flat = np.empty(expression.n_obs, dtype=np.bool_)
    title = f"{method.spec.name}: {count(expression.n_obs, 'observation')}"

    def task(block: Block) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        return method.score_block(block, sets, cohort), rows_of_one_value(block)

    for rows, (scores, flat) in run_blocks(expression, task, n_jobs=n_jobs, title=title):
        values[rows], is_flat[rows] = scores, flat
    return values, is_flat
