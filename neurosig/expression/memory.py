"""Matrices in memory; those stored by columns are read by rows without a copy of the whole."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurosig.expression.base import (
    Block,
    DenseExpression,
    Expression,
    SparseExpression,
    csr_block,
    is_canonical,
    refuse_shape,
)

_COUNTED_AT_ONCE = 2**20


class CscExpression(Expression):
    """A CSC matrix in memory whose row numbers ascend in each column.

    Where a block's rows start and stop in each column is found by bisection, so that a pass costs
    what the values cost, however many blocks it has.

    Examples
    --------
    >>> counts = sparse.csc_matrix(np.array([[0, 4], [2, 0]], dtype=np.float32))
    >>> expression = CscExpression(counts, ["c1", "c2"], ["NGF", "BDNF"], {})
    >>> block = expression.block(1, 2)
    >>> block.data.indices.tolist(), block.data.data.tolist(), str(block.data.dtype)
    ([0], [2.0], 'float64')
    """

    is_sparse = True

    def __init__(
        self,
        matrix: Any,
        obs_names: Iterable[Any],
        var_names: Iterable[Any],
        origin: Mapping[str, str],
    ) -> None:
        super().__init__(obs_names, var_names, origin)
        refuse_shape(matrix.shape, self.shape)
        self._csc = matrix
        self._n_stored = np.zeros(self.n_obs, dtype=np.int64)
        for low in range(0, len(matrix.indices), _COUNTED_AT_ONCE):
            rows = matrix.indices[low : low + _COUNTED_AT_ONCE]
            self._n_stored += np.bincount(rows, minlength=self.n_obs)

    def _row_bytes(self) -> NDArray[np.int64]:
        return 12 * self._n_stored + 4

    def block(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`, as canonical CSR."""
        first, last = self._first_from(start), self._first_from(stop)
        n_values = last - first
        ends = np.concatenate(([0], np.cumsum(n_values)))
        places = np.arange(ends[-1]) + np.repeat(first - ends[:-1], n_values)
        rows = self._csc.indices[places] - start
        part = sparse.csc_matrix(
            (self._csc.data[places], rows, ends), shape=(stop - start, self.n_vars)
        ).tocsr()
        return Block(start, csr_block(part.data, part.indices, part.indptr, self.n_vars))

    def _first_from(self, row: int) -> NDArray[np.int64]:
        """The place in each column of its first value in this row or a later one."""
        low = self._csc.indptr[:-1].astype(np.int64)
        high = self._csc.indptr[1:].astype(np.int64)
        while (is_open := low < high).any():
            middle = (low + high) // 2
            is_before = np.zeros(len(low), dtype=np.bool_)
            is_before[is_open] = self._csc.indices[middle[is_open]] < row
            low = np.where(is_open & is_before, middle + 1, low)
            high = np.where(is_open & ~is_before, middle, high)
        found: NDArray[np.int64] = low
        return found


def in_memory(
    matrix: Any,
    obs_names: Iterable[Any],
    var_names: Iterable[Any],
    origin: Mapping[str, str],
) -> Expression:
    """An array or a scipy sparse matrix of observations x genes as an `Expression`."""
    make: type[DenseExpression | SparseExpression | CscExpression] = DenseExpression
    if sparse.issparse(matrix):
        make = CscExpression if _is_by_columns(matrix) else SparseExpression
    return make(matrix, obs_names, var_names, origin)


def _is_by_columns(matrix: Any) -> bool:
    """Whether a sparse matrix is CSC with ascending row numbers, each once, in every column."""
    return matrix.format == "csc" and is_canonical(
        matrix.data, matrix.indices, matrix.indptr, matrix.shape[0]
    )
