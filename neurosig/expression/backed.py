"""An AnnData on disk, read row block by row block: what h5ad files and zarr stores share.

A `Place` says where something is and opens it for one read. Nothing stays open between two reads:
threads and processes share an expression without care, and a file that was moved or replaced is
noticed. h5py and zarr offer the same few words (keys, slices, attributes), so one reader does for
both; `h5ad_file` and `zarr_store` hold the places.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ExpressionError, NeurosigError, count
from neurosig.expression.base import (
    Block,
    Expression,
    csr_block,
    is_canonical,
    refuse_shape,
)
from neurosig.expression.matrix_choice import choose_matrix, refuse_number_type
from neurosig.expression.unreadable import unreadable


class Place(Protocol):
    """Where a group or an array is on disk."""

    @property
    def path(self) -> Path:
        """The file or store."""

    @property
    def kind(self) -> str:
        """What the file is called in a message."""

    def open(self) -> AbstractContextManager[Any]:
        """The group or array, open for reading."""

    def at(self, key: str) -> "Place":
        """Another place in the same file."""


@contextmanager
def reading(place: Place) -> Iterator[Any]:
    """Open a place and say clearly what is wrong if it cannot be read."""
    try:
        with place.open() as stored:
            yield stored
    except NeurosigError:
        raise
    # RuntimeError and ValueError are what decompression of a damaged piece raises.
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise unreadable(place.path, place.kind, error) from error


def open_anndata(
    root: Place, layer: str | None, *, use_raw: bool, origin: Mapping[str, str]
) -> Expression:
    """One matrix of an AnnData on disk; only the names are read here.

    Raises
    ------
    ParameterError
        If `layer` and `use_raw` are both given.
    ExpressionError
        If the matrix is not there or cannot be read by rows.
    ResourceError
        If the file is missing, damaged or of another kind.
    """
    with reading(root) as group:
        key, source = choose_matrix(
            layer,
            use_raw=use_raw,
            layers=list(group["layers"]) if "layers" in group else [],
            has_raw=_holds(group, "raw"),
            has_x=_holds(group, "X"),
        )
        obs_names = _names(group["obs"])
        var_names = _names(group["raw/var" if use_raw else "var"])
    return stored_expression(root.at(key), obs_names, var_names, {**origin, "source": source})


def _holds(group: Any, key: str) -> bool:
    # In a zarr store anndata writes down what is None.
    return key in group and group[key].attrs.get("encoding-type") != "null"


def _names(frame: Any) -> Iterable[Any]:
    from anndata.io import read_elem

    names: Iterable[Any] = read_elem(frame[frame.attrs["_index"]])
    return names


def stored_expression(
    place: Place, obs_names: Iterable[Any], var_names: Iterable[Any], origin: Mapping[str, str]
) -> Expression:
    """The matrix at a place on disk as an `Expression`.

    Raises
    ------
    ExpressionError
        If it is stored by columns, is no matrix or does not hold real numbers.
    ResourceError
        If it cannot be read.
    """
    with reading(place) as stored:
        is_array = hasattr(stored, "dtype")
        encoding = "array" if is_array else str(stored.attrs.get("encoding-type", "unknown"))
    if encoding == "csc_matrix":
        raise ExpressionError(
            f"The matrix in {place.path.name!r} is stored by columns (CSC)",
            "Each row lies scattered over the whole file: it cannot be read block by block",
            "Read it into memory (read_expression without backed=True), or write it by rows once: "
            "adata.X = adata.X.tocsr(); adata.write_h5ad(...)",
        )
    if encoding not in {"array", "csr_matrix"}:
        raise ExpressionError(
            f"The matrix in {place.path.name!r} cannot be read block by block",
            f"It is stored as {encoding}",
            "Read it with anndata and write it again as an array or a CSR matrix",
        )
    make = StoredArray if is_array else StoredCsr
    return make(place, obs_names, var_names, origin)


class StoredArray(Expression):
    """A dense matrix on disk, in whatever number type it is stored."""

    is_sparse = False

    def __init__(
        self,
        place: Place,
        obs_names: Iterable[Any],
        var_names: Iterable[Any],
        origin: Mapping[str, str],
    ) -> None:
        super().__init__(obs_names, var_names, origin)
        self._place = place
        with reading(place) as stored:
            refuse_shape(tuple(stored.shape), self.shape)
            refuse_number_type(stored.dtype)

    def block(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`, read now."""
        with reading(self._place) as stored:
            rows = stored[start:stop]
        return Block(start, np.require(rows, np.float64, ["C", "W"]))


class StoredCsr(Expression):
    """A CSR matrix on disk; of its parts only `indptr` (8 bytes a row) stays in memory."""

    is_sparse = True

    def __init__(
        self,
        place: Place,
        obs_names: Iterable[Any],
        var_names: Iterable[Any],
        origin: Mapping[str, str],
    ) -> None:
        super().__init__(obs_names, var_names, origin)
        self._place = place
        with reading(place) as group:
            refuse_shape(tuple(int(n) for n in group.attrs["shape"]), self.shape)
            refuse_number_type(group["data"].dtype)
            sizes = int(group["data"].shape[0]), int(group["indices"].shape[0])
            self._indptr: NDArray[np.int64] = np.asarray(group["indptr"][:], dtype=np.int64)
            self._check_parts(*sizes)

    def _check_parts(self, n_values: int, n_indices: int) -> None:
        ends = self._indptr
        is_whole = (
            len(ends) == self.n_obs + 1
            and n_values == n_indices == ends[-1]
            and ends[0] == 0
            and bool(np.all(np.diff(ends) >= 0))
        )
        if not is_whole:
            raise ValueError(
                f"its parts do not fit: {n_values:,} values, {n_indices:,} column numbers and row "
                f"ends up to {int(ends.max(initial=0)):,}, for {count(self.n_obs, 'row')}"
            )

    def _row_bytes(self) -> NDArray[np.int64]:
        return 12 * np.diff(self._indptr) + 4

    def block(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`, read now, as canonical CSR."""
        ends = self._indptr[start : stop + 1]
        with reading(self._place) as group:
            values = np.asarray(group["data"][ends[0] : ends[-1]], dtype=np.float64)
            indices = np.asarray(group["indices"][ends[0] : ends[-1]], dtype=np.int32)
            # Compiled kernels trust column numbers.
            if len(indices) and not (indices.min() >= 0 and indices.max() < self.n_vars):
                raise ValueError(f"a column number is not between 0 and {self.n_vars - 1:,}")
        indptr = (ends - ends[0]).astype(np.int32)
        canonical = is_canonical(values, indices, indptr, self.n_vars)
        return Block(start, csr_block(values, indices, indptr, self.n_vars, is_canonical=canonical))
