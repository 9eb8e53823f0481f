"""What methods see of expression data: observations x genes, row block by row block.

An `Expression` has unique text names on both sides and yields float64 blocks of bounded memory.
The matrix behind it stays in the type and the storage it came in; only the block being worked on
is converted. A new kind of storage is a subclass with `block` and, where rows differ in size,
`_row_bytes`.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from neurosig.errors import DuplicateGenesError, ExpressionError, count, examples

BLOCK_BYTES = 16 * 2**20
"""Memory of one block if nothing else is asked for."""

T = TypeVar("T")

BlockData: TypeAlias = "NDArray[np.float64] | sparse.csr_matrix[np.float64]"


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive observations of an `Expression`.

    Attributes
    ----------
    start
        Position of the first row in the whole matrix.
    data
        (n_obs, n_genes) float64: either a C-contiguous array or a canonical CSR matrix (int32
        indices, sorted, no duplicates, no stored zeros). It may share memory with the input, so
        nobody writes into it.
    """

    start: int
    data: BlockData

    @property
    def n_obs(self) -> int:
        """Number of rows."""
        return int(self.data.shape[0])

    @property
    def stop(self) -> int:
        """Position after the last row in the whole matrix."""
        return self.start + self.n_obs

    @property
    def is_sparse(self) -> bool:
        """Whether `data` is a CSR matrix."""
        return not isinstance(self.data, np.ndarray)


class Expression(ABC):
    """Expression of genes (columns) in observations (rows) with unique names on both sides.

    Attributes
    ----------
    obs_names, var_names
        Names of observations and genes, as text.
    origin
        Where the numbers come from, as text for the provenance (source, layer, file, sha256,
        orientation, transform; only what applies).

    Raises
    ------
    ExpressionError
        If there are no observations or no genes, or a name is missing or not unique among the
        observations.
    DuplicateGenesError
        If a gene name occurs more than once.
    """

    obs_names: pd.Index
    var_names: pd.Index
    origin: Mapping[str, str]
    is_sparse: bool

    def __init__(
        self, obs_names: Iterable[Any], var_names: Iterable[Any], origin: Mapping[str, str]
    ) -> None:
        notes = dict(origin)
        self.obs_names = _text_names(obs_names, "observation", notes)
        self.var_names = _text_names(var_names, "gene", notes)
        self.origin = MappingProxyType(notes)
        _refuse_duplicates(self.obs_names, self.var_names)

    def __getstate__(self) -> dict[str, Any]:
        # A read-only view of a mapping cannot be pickled, and workers get expressions pickled.
        return {**self.__dict__, "origin": dict(self.origin)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, origin=MappingProxyType(state["origin"]))

    @property
    def n_obs(self) -> int:
        """Number of observations."""
        return len(self.obs_names)

    @property
    def n_vars(self) -> int:
        """Number of genes."""
        return len(self.var_names)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of observations and of genes."""
        return self.n_obs, self.n_vars

    @abstractmethod
    def block(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`."""

    def _row_bytes(self) -> NDArray[np.int64]:
        """Memory that each row takes in a block; one number if it is the same for all."""
        return np.array([8 * self.n_vars], dtype=np.int64)

    def bounds(self, max_bytes: int = BLOCK_BYTES) -> list[tuple[int, int]]:
        """Where the blocks start and stop: as many rows as fit in `max_bytes`, at least one."""
        row_bytes = np.broadcast_to(self._row_bytes(), (self.n_obs,))
        ends = np.concatenate(([0], np.cumsum(row_bytes, dtype=np.int64)))
        stops, start = [], 0
        while start < self.n_obs:
            last = int(np.searchsorted(ends, ends[start] + max_bytes, side="right")) - 1
            stops.append((start, max(last, start + 1)))
            start = stops[-1][1]
        return stops

    def blocks(self, max_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
        """The rows in order, in blocks that take at most `max_bytes` (one row at the least)."""
        for start, stop in self.bounds(max_bytes):
            yield self.block(start, stop)

    def each_block(
        self, task: "Callable[[Block], T]", bounds: Sequence[tuple[int, int]], n_jobs: int = 1
    ) -> Iterator[T]:
        """What the task makes of the rows between each of the bounds, in the order of the bounds.

        Rows are taken and worked on in `n_jobs` threads, unless a storage brings workers of its
        own. At most two blocks a thread are under way, so that results do not pile up where they
        are used more slowly than made. The first exception of a task ends the pass.
        """
        if n_jobs == 1:
            yield from (task(self.block(*rows)) for rows in bounds)
            return
        under_way: deque[Future[T]] = deque()
        with ThreadPoolExecutor(max_workers=n_jobs) as pool:
            try:
                for rows in bounds:
                    if len(under_way) == 2 * n_jobs:
                        yield under_way.popleft().result()
                    under_way.append(pool.submit(self._worked_on, task, rows))
                while under_way:
                    yield under_way.popleft().result()
            finally:
                for future in under_way:
                    future.cancel()

    def _worked_on(self, task: "Callable[[Block], T]", rows: tuple[int, int]) -> T:
        return task(self.block(*rows))

    def to_frame(self) -> pd.DataFrame:
        """All values as a table of observations x genes; this fills the whole matrix."""
        values = np.empty(self.shape, dtype=np.float64)
        for block in self.blocks():
            rows = block.data if isinstance(block.data, np.ndarray) else block.data.toarray()
            values[block.start : block.stop] = rows
        return pd.DataFrame(values, index=self.obs_names, columns=self.var_names)

    def __repr__(self) -> str:
        storage = "sparse" if self.is_sparse else "dense"
        return f"<{storage} expression of {self.n_vars:,} genes in {self.n_obs:,} observations>"


class DenseExpression(Expression):
    """An array in memory, in whatever number type it came.

    Examples
    --------
    >>> counts = np.array([[1, 0], [2, 5], [3, 3]])
    >>> expression = DenseExpression(counts, ["s1", "s2", "s3"], ["NGF", "BDNF"], {})
    >>> [(b.start, b.stop, b.data.tolist()) for b in expression.blocks(max_bytes=32)]
    [(0, 2, [[1.0, 0.0], [2.0, 5.0]]), (2, 3, [[3.0, 3.0]])]
    """

    is_sparse = False

    def __init__(
        self,
        values: NDArray[Any],
        obs_names: Iterable[Any],
        var_names: Iterable[Any],
        origin: Mapping[str, str],
    ) -> None:
        super().__init__(obs_names, var_names, origin)
        refuse_shape(values.shape, self.shape)
        self._values = np.asarray(values)  # a plain array also from a view of an AnnData

    def block(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`, without a copy where they are float64 rows."""
        # Writable on purpose: compiled kernels take one kind of array, pandas 3 hands out both.
        rows = np.require(self._values[start:stop], dtype=np.float64, requirements=["C", "W"])
        return Block(start, rows)


class SparseExpression(Expression):
    """A CSR matrix in memory; another kind of sparse matrix is turned into CSR once.

    Examples
    --------
    >>> counts = sparse.csr_matrix(np.array([[0, 4], [2, 0]], dtype=np.float32))
    >>> expression = SparseExpression(counts, ["c1", "c2"], ["NGF", "BDNF"], {})
    >>> block = next(expression.blocks())
    >>> block.data.indices.tolist(), block.data.data.tolist(), str(block.data.dtype)
    ([1, 0], [4.0, 2.0], 'float64')
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
        self._csr = matrix.tocsr(copy=False)
        parts = (self._csr.data, self._csr.indices, self._csr.indptr)
        self._is_canonical = is_canonical(*parts, self.n_vars)

    def _row_bytes(self) -> NDArray[np.int64]:
        n_stored: NDArray[np.int64] = np.diff(self._csr.indptr).astype(np.int64)
        return 12 * n_stored + 4  # a float64 and an int32 per value, an int32 per row

    def block(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`, as canonical CSR."""
        low, high = int(self._csr.indptr[start]), int(self._csr.indptr[stop])
        rows = csr_block(
            self._csr.data[low:high],
            self._csr.indices[low:high],
            self._csr.indptr[start : stop + 1] - low,
            self.n_vars,
            is_canonical=self._is_canonical,
        )
        return Block(start, rows)


def csr_block(
    values: NDArray[Any],
    indices: NDArray[Any],
    indptr: NDArray[Any],
    n_vars: int,
    *,
    is_canonical: bool = True,
) -> "sparse.csr_matrix[np.float64]":
    """The parts of a CSR matrix as a block has it: float64, int32, canonical, no stored zeros.

    The parts are shared where they fit and never changed.
    """
    rows = sparse.csr_matrix((len(indptr) - 1, n_vars), dtype=np.float64)
    rows.data = np.require(values, np.float64, ["C", "W"])
    rows.indices = np.require(indices, np.int32, ["C", "W"])
    rows.indptr = np.require(indptr, np.int32, ["C", "W"])
    if not (is_canonical and np.all(values)):
        rows = rows.copy()
        rows.has_canonical_format = rows.has_sorted_indices = False
        rows.sum_duplicates()
        rows.eliminate_zeros()
    return rows


def is_canonical(
    values: NDArray[Any], indices: NDArray[Any], indptr: NDArray[Any], n_vars: int
) -> bool:
    """Whether the columns of each row of a CSR matrix are sorted and without duplicates."""
    # Asked of a new header: scipy remembers the answer on the object it is asked of.
    header = sparse.csr_matrix((values, indices, indptr), (len(indptr) - 1, n_vars))
    return bool(header.has_canonical_format)


def _text_names(names: Iterable[Any], what: str, notes: dict[str, str]) -> pd.Index:
    given = list(names)
    if set(map(type, given)) == {str} and all(map(str.strip, given)):
        plain: pd.Index = pd.Index(given, dtype="str")
        return plain
    missing = [i for i, name in enumerate(given) if _is_blank(name)]
    if missing:
        raise ExpressionError(
            f"{count(len(missing), f'{what} name')} of {len(given):,} "
            f"{'is' if len(missing) == 1 else 'are'} empty",
            f"Positions (from 0): {examples(missing)}",
            f"Give every {what} a name",
            positions=tuple(missing),
        )
    if not given:
        raise ExpressionError(
            f"The expression matrix has no {what}s",
            "Its other side does not matter then",
            "Check the file or the filter that made it",
        )
    kinds = sorted({type(name).__name__ for name in given if not isinstance(name, str)})
    if kinds:
        notes[f"{what}_names"] = f"made text from {', '.join(kinds)}"
    return pd.Index([str(name) for name in given], dtype="str")


def _is_blank(name: Any) -> bool:
    return not name.strip() if isinstance(name, str) else bool(pd.isna(name))


def _refuse_duplicates(obs_names: pd.Index, var_names: pd.Index) -> None:
    if not var_names.is_unique:
        repeats = _repeats(var_names)
        raise DuplicateGenesError(
            f"{count(len(repeats), 'gene name')} {'occurs' if len(repeats) == 1 else 'occur'} "
            "more than once",
            f"Of {len(var_names):,} genes: {_times(repeats)}",
            "Combine them by a rule you state: expression.T.groupby(level=0).mean().T for a table, "
            "adata[:, ~adata.var_names.duplicated()] to keep the first of each in an AnnData, "
            'duplicates="mean" in read_expression',
            duplicates=repeats,
        )
    if not obs_names.is_unique:
        repeats = _repeats(obs_names)
        raise ExpressionError(
            f"{count(len(repeats), 'observation name')} "
            f"{'occurs' if len(repeats) == 1 else 'occur'} more than once",
            f"Of {len(obs_names):,} observations: {_times(repeats)}",
            "Keep one of each, for instance expression.groupby(level=0).mean() if they are "
            "replicates, or rename them",
            duplicates=repeats,
        )


def _repeats(names: pd.Index) -> dict[str, int]:
    counts = names[names.duplicated(keep=False)].value_counts(sort=False)
    return {str(name): int(n) for name, n in counts.items()}


def _times(repeats: Mapping[str, int]) -> str:
    return examples((f"{name!r} {n} times" for name, n in repeats.items()), quoted=False)


def refuse_shape(shape: tuple[int, ...], names: tuple[int, int]) -> None:
    """Raise ExpressionError unless there is one name per row and per column."""
    if shape != names:
        raise ExpressionError(
            f"The matrix is {' x '.join(map(str, shape))} but has names for "
            f"{names[0]} observations and {names[1]} genes",
            "",
            "Give one name per row and per column",
        )
