"""dask arrays: computed chunk by chunk when a block is taken."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurosig.errors import ExpressionError
from neurosig.expression.base import (
    BLOCK_BYTES,
    Block,
    BlockData,
    Expression,
    csr_block,
    is_canonical,
    refuse_shape,
)
from neurosig.expression.matrix_choice import refuse_number_type


class DaskExpression(Expression):
    """A dask array whose chunks are arrays or scipy sparse matrices.

    A block is one chunk of rows, the least that dask computes: a chunk larger than `max_bytes` is
    not split, as each part would compute the whole again. Columns in several chunks are brought
    together as a block is taken. The scheduler is dask's choice: its threads, or a
    `dask.distributed.Client` if one is active.

    Raises
    ------
    ExpressionError
        If the chunks are of unknown size, or hold no real numbers.
    """

    def __init__(
        self,
        array: Any,
        obs_names: Iterable[Any],
        var_names: Iterable[Any],
        origin: Mapping[str, str],
    ) -> None:
        super().__init__(obs_names, var_names, origin)
        refuse_number_type(array.dtype)
        if any(np.isnan(n) for n in array.shape):
            raise ExpressionError(
                "The dask array does not know how many rows its chunks have",
                f"Its chunks are {array.chunks}",
                "Let it count them: adata.X = adata.X.compute_chunk_sizes()",
            )
        refuse_shape(array.shape, self.shape)
        self._array = array
        self._ends = np.concatenate(([0], np.cumsum(array.chunks[0], dtype=np.int64)))
        self._partly_used: Block | None = None
        # An empty chunk that dask keeps to know the type: there is no public way to ask.
        self.is_sparse = not isinstance(array._meta, np.ndarray)

    def bounds(self, max_bytes: int = BLOCK_BYTES) -> list[tuple[int, int]]:  # noqa: ARG002
        """Where the chunks start and stop, whatever their size."""
        ends = np.unique(self._ends).tolist()
        return list(pairwise(ends))

    def block(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`: the chunks that hold them are computed.

        A chunk that was used in part is kept until another one is asked for, as its other rows
        are likely to be asked for next.
        """
        first = int(np.searchsorted(self._ends, start, side="right")) - 1
        last = int(np.searchsorted(self._ends, stop, side="left"))
        low, high = int(self._ends[first]), int(self._ends[last])
        kept = self._partly_used
        if kept is None or (kept.start, kept.stop) != (low, high):
            kept = Block(low, self._computed(first, last))
        if (start, stop) == (low, high):
            self._partly_used = None
            return kept
        self._partly_used = kept
        return Block(start, kept.data[start - low : stop - low])

    def _computed(self, first: int, last: int) -> BlockData:
        rows = self._array.blocks[first:last].compute()
        if sparse.issparse(rows):
            parts = _csr_parts(rows)
            canonical = is_canonical(*parts, self.n_vars)
            return csr_block(*parts, self.n_vars, is_canonical=canonical)
        if isinstance(rows, np.ndarray):
            return np.require(rows, np.float64, ["C", "W"])
        raise ExpressionError(
            "A chunk of the dask array is of a kind that cannot be used",
            f"It is a {type(rows).__module__}.{type(rows).__name__}, neither an array nor a sparse "
            "matrix of scipy",
            "Convert the chunks: adata.X = adata.X.map_blocks(numpy.asarray)",
        )

    def __getstate__(self) -> dict[str, Any]:
        # Without the rows kept: they would travel to every worker.
        return {**super().__getstate__(), "_partly_used": None}


def _csr_parts(rows: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    csr = rows.tocsr(copy=False)
    return csr.data, csr.indices, csr.indptr
