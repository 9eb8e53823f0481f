"""One function over the blocks of an expression matrix, in threads, with progress."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurosig._progress import progress
from neurosig.errors import count
from neurosig.expression.base import Block, Expression
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
    expression: Expression,
    sets: CompiledSignatures,
    method: Method,
    cohort: Any,
    *,
    n_jobs: int,
    title: str | None = None,
) -> NDArray[np.float64]:
    """Scores (n_obs, n_signatures) before `Method.finish`, block by block."""
    values = np.empty((expression.n_obs, sets.n_signatures))
    title = title or f"{method.spec.name}: {count(expression.n_obs, 'observation')}"

    def task(block: Block) -> NDArray[np.float64]:
        return method.score_block(block, sets, cohort)

    for rows, scores in run_blocks(expression, task, n_jobs=n_jobs, title=title):
        values[rows] = scores
    return values
