"""An expression matrix with its genes chosen and put into a given order."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.expression.base import Block, Expression, csr_block
from neurosig.expression.derived import Derived

T = TypeVar("T")


class WithGenes(Derived):
    """The genes `var_names` of another expression matrix, in this order.

    A gene that the other matrix lacks is zero everywhere: for genes that no result depends on.

    Examples
    --------
    >>> from neurosig.expression.memory import in_memory
    >>> x = in_memory(np.array([[1.0, 2.0, 3.0]]), ["s1"], ["NGF", "BDNF", "TH"], {})
    >>> WithGenes(x, pd.Index(["TH", "ABSENT", "NGF"])).block(0, 1).data.tolist()
    [[3.0, 0.0, 1.0]]
    """

    def __init__(self, parent: Expression, var_names: pd.Index) -> None:
        super().__init__(parent, parent.origin)
        self.var_names = var_names
        self._sources: NDArray[np.int64] = np.asarray(
            parent.var_names.get_indexer(var_names), dtype=np.int64
        )

    def block(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`."""
        return _chosen(self._sources, self._parent.block(start, stop))

    def each_block(
        self, task: Callable[[Block], T], bounds: Sequence[tuple[int, int]], n_jobs: int = 1
    ) -> Iterator[T]:
        """What the task makes of each block; genes are chosen where the task runs."""
        return self._parent.each_block(partial(_on_chosen, self._sources, task), bounds, n_jobs)


def _on_chosen(sources: NDArray[np.int64], task: Callable[[Block], T], block: Block) -> T:
    return task(_chosen(sources, block))


def _chosen(sources: NDArray[np.int64], block: Block) -> Block:
    data, is_there = block.data, sources >= 0
    if isinstance(data, np.ndarray):
        rows = np.zeros((len(data), len(sources)))
        rows[:, is_there] = data[:, sources[is_there]]
        return Block(block.start, rows)
    targets = np.full(data.shape[1], -1, dtype=np.int32)
    targets[sources[is_there]] = np.flatnonzero(is_there)
    columns = targets[data.indices]
    is_kept = columns >= 0
    kept_before = np.concatenate(([0], np.cumsum(is_kept)))
    parts = (data.data[is_kept], columns[is_kept], kept_before[data.indptr])
    return Block(block.start, csr_block(*parts, len(sources), is_canonical=False))
