"""dask arrays: computed chunk by chunk when a block is taken."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

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
from neurosig.expression.dask_workers import active_client, in_order
from neurosig.expression.matrix_choice import refuse_number_type

T = TypeVar("T")


class DaskExpression(Expression):
    """A dask array whose chunks are arrays or scipy sparse matrices.

    A block is one chunk of rows, the least that dask computes: a chunk larger than `max_bytes` is
    not split, as each part would compute the whole again. Columns in several chunks are brought
    together as a block is taken. The scheduler is dask's choice: its threads, or a
    `dask.distributed.Client` if one is active, whose workers then also do the work on the chunks.

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
        first, last = self._chunks_of(start, stop)
        low, high = int(self._ends[first]), int(self._ends[last])
        kept = self._partly_used
        if kept is None or (kept.start, kept.stop) != (low, high):
            kept = self._partly_used = None  # before another one takes its memory
            kept = Block(low, self._computed(first, last))
        if (start, stop) == (low, high):
            self._partly_used = None
            return kept
        self._partly_used = kept
        return Block(start, kept.data[start - low : stop - low])

    def _computed(self, first: int, last: int) -> BlockData:
        return _block_data(self._array.blocks[first:last].compute(), self.n_vars)

    def each_block(
        self, task: Callable[[Block], T], bounds: Sequence[tuple[int, int]], n_jobs: int = 1
    ) -> Iterator[T]:
        """What the task makes of the rows between each of the bounds, in order.

        If a `dask.distributed.Client` is active, its workers compute the chunks and run the task on
        them: only what the task returns travels, and `n_jobs` has no part. What a worker that is
        lost was doing is done again by another one.
        """
        client = active_client()
        if client is None:
            yield from super().each_block(task, bounds, n_jobs)
            return
        import dask

        pieces = self._array.to_delayed()
        work = dask.delayed(_worked_on, pure=False)
        sent = dask.delayed(task, traverse=False, pure=False)
        planned = []
        for start, stop in bounds:
            first, last = self._chunks_of(start, stop)
            offset = start - int(self._ends[first])
            rows = pieces[first:last].tolist()
            planned.append(
                work(
                    sent,
                    rows,
                    offset=offset,
                    n_rows=stop - start,
                    start=start,
                    n_vars=self.n_vars,
                )
            )
        yield from in_order(client, planned)

    def _chunks_of(self, start: int, stop: int) -> tuple[int, int]:
        """The first chunk of rows that holds the rows, and the one after the last."""
        first = int(np.searchsorted(self._ends, start, side="right")) - 1
        return first, int(np.searchsorted(self._ends, stop, side="left"))

    def __getstate__(self) -> dict[str, Any]:
        # Without the rows kept: they would travel to every worker.
        return {**super().__getstate__(), "_partly_used": None}


def in_chunks(stored: Expression, n_rows: int) -> DaskExpression:
    """An expression whose blocks of `n_rows` rows are taken where dask computes them.

    Only what `stored` knows of itself travels to a worker: for a file, its place and the names.

    >>> import pandas as pd
    >>> from neurosig.expression.adapters import as_expression
    >>> table = pd.DataFrame({"NGF": [1.0, 2.0, 3.0]}, index=list("abc"))
    >>> in_chunks(as_expression(table), 2).bounds()
    [(0, 2), (2, 3)]
    """
    import dask.array as da

    ends = [*range(n_rows, stored.n_obs, n_rows), stored.n_obs]
    sizes = tuple(int(n) for n in np.diff([0, *ends]))
    array = da.map_blocks(
        _rows_at,
        stored,
        chunks=(sizes, (stored.n_vars,)),
        dtype=np.float64,
        meta=sparse.csr_matrix((0, 0)) if stored.is_sparse else np.empty((0, 0)),
    )
    return DaskExpression(array, stored.obs_names, stored.var_names, stored.origin)


def _rows_at(stored: Expression, block_info: Any = None) -> BlockData:
    """The rows of the block that dask is at."""
    start, stop = block_info[None]["array-location"][0]
    return stored.block(start, stop).data


def _worked_on(
    task: Callable[[Block], T],
    pieces: list[list[Any]],
    *,
    offset: int,
    n_rows: int,
    start: int,
    n_vars: int,
) -> T:
    """Run a task on rows of chunks that were computed where this runs."""
    columns_joined = [_stacked(row, sparse.hstack, np.hstack) for row in pieces]
    rows = _stacked(columns_joined, sparse.vstack, np.vstack)
    if n_rows < rows.shape[0]:
        rows = _sliceable(rows)[offset : offset + n_rows]
    return task(Block(start, _block_data(rows, n_vars)))


def _sliceable(rows: Any) -> Any:
    return rows.tocsr(copy=False) if sparse.issparse(rows) else rows  # type: ignore[attr-defined]


def _stacked(parts: list[Any], sparse_stack: Callable[..., Any], stack: Callable[..., Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    return sparse_stack(parts, format="csr") if sparse.issparse(parts[0]) else stack(parts)


def _block_data(rows: Any, n_vars: int) -> BlockData:
    if sparse.issparse(rows):
        parts = _csr_parts(rows)
        canonical = is_canonical(*parts, n_vars)
        return csr_block(*parts, n_vars, is_canonical=canonical)
    if isinstance(rows, np.ndarray):
        return np.require(rows, np.float64, ["C", "W"])
    raise ExpressionError(
        "A chunk of the dask array is of a kind that cannot be used",
        f"It is a {type(rows).__module__}.{type(rows).__name__}, neither an array nor a sparse "
        "matrix of scipy",
        "Convert the chunks: adata.X = adata.X.map_blocks(numpy.asarray)",
    )


def _csr_parts(rows: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    csr = _sliceable(rows)
    return csr.data, csr.indices, csr.indptr
