"""One pass over an expression: a function of each block, with progress."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from neurosig._progress import progress
from neurosig.expression.base import Block, Expression

T = TypeVar("T")


def run_blocks(
    expression: Expression,
    task: Callable[[Block], T],
    *,
    n_jobs: int = 1,
    title: str = "",
) -> Iterator[tuple[int, T]]:
    """Position of the first row of each block and what the task makes of it, in order.

    The task runs in `n_jobs` threads; for a dask array with an active `dask.distributed.Client`, on
    the workers of that, where each chunk is a block and only the results travel. So a task has to
    be a function that pickles: one of a module, or a `functools.partial` of it. A bar with the
    title shows on a terminal after two seconds.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosig.expression.memory import in_memory
    >>> expression = in_memory(np.array([[1.0, 2.0], [3.0, 4.0]]), ["s1", "s2"], ["A", "B"], {})
    >>> [(start, sums.tolist()) for start, sums in run_blocks(expression, lambda b: b.data.sum(1))]
    [(0, [3.0, 7.0])]
    """
    bounds = expression.bounds()
    results = expression.each_block(task, bounds, n_jobs)
    for (start, _), result in zip(
        bounds, progress(results, total=len(bounds), title=title), strict=True
    ):
        yield start, result
