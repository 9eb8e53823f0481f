"""An expression matrix with its genes chosen and put into a given order."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.expression.base import BLOCK_BYTES, Block, Expression, csr_block


class WithGenes(Expression):
    """The genes `var_names` of another expression matrix, in this order.

    A gene that the other matrix lacks is zero everywhere: for genes that no result depends on.

    Examples
    --------
    >>> from neurosig.expression.base import DenseExpression
    >>> x = DenseExpression(np.array([[1.0, 2.0, 3.0]]), ["s1"], ["NGF", "BDNF", "TH"], {})
    >>> WithGenes(x, pd.Index(["TH", "ABSENT", "NGF"])).block(0, 1).data.tolist()
    [[3.0, 0.0, 1.0]]
    """

    def __init__(self, whole: Expression, var_names: pd.Index) -> None:
        super().__init__(whole.obs_names, var_names, whole.origin)
        self.is_sparse = whole.is_sparse
        self._whole = whole
        self._sources: NDArray[np.int64] = np.asarray(
            whole.var_names.get_indexer(self.var_names), dtype=np.int64
        )

    def bounds(self, max_bytes: int = BLOCK_BYTES) -> list[tuple[int, int]]:
        """Where the blocks of the other matrix start and stop."""
        return self._whole.bounds(max_bytes)

    def block(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`."""
        data = self._whole.block(start, stop).data
        is_there = self._sources >= 0
        if isinstance(data, np.ndarray):
            rows = np.zeros((len(data), self.n_vars))
            rows[:, is_there] = data[:, self._sources[is_there]]
            return Block(start, rows)
        targets = np.full(self._whole.n_vars, -1, dtype=np.int32)
        targets[self._sources[is_there]] = np.flatnonzero(is_there)
        columns = targets[data.indices]
        is_kept = columns >= 0
        kept_before = np.concatenate(([0], np.cumsum(is_kept)))
        return Block(
            start,
            csr_block(
                data.data[is_kept],
                columns[is_kept],
                kept_before[data.indptr],
                self.n_vars,
                is_canonical=False,
            ),
        )
