"""AnnData files that are either whole or not there."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurosig import _atomic

if TYPE_CHECKING:
    from anndata import AnnData


def write_h5ad(path: Path, adata: "AnnData") -> None:
    """Write an h5ad file atomically, as `AnnData.write_h5ad` does.

    Raises
    ------
    ResourceError
        The disk is full, or the place cannot be written to.
    """
    import h5py  # type: ignore[import-untyped]
    from anndata.io import write_elem

    adata.strings_to_categoricals()
    if adata.raw is not None:
        adata.strings_to_categoricals(adata.raw.var)
    with _atomic.replacing(path) as temporary, temporary.open("r+b", buffering=0) as opened:
        storage = _PatientFile(opened)
        try:
            with h5py.File(storage, "w") as file:
                write_elem(file, "/", adata)
        finally:
            storage.raise_failure()


class _PatientFile(io.RawIOBase):
    """A file that HDF5 is never told of a failed write, which is raised afterwards.

    HDF5 does not get over a file that it could not finish: it tries again at every later chance, to
    the end of the process, which then crashes. After the first failure nothing more is written, and
    what would be read is zeros.
    """

    def __init__(self, file: io.FileIO) -> None:
        super().__init__()
        self._file = file
        self._failure: OSError | None = None

    def raise_failure(self) -> None:
        """Raise what went wrong first, if anything did."""
        if self._failure is not None:
            raise self._failure

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def writable(self) -> bool:
        """Whether it can be written: yes."""
        return True

    def seekable(self) -> bool:
        """Whether it has positions: yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The position."""
        return self._file.tell()

    def truncate(self, size: int | None = None) -> int:
        """Set the length."""
        return self._tried(partial(self._file.truncate, size), size or 0)

    def flush(self) -> None:
        """Nothing is buffered here."""

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; behind the end with zeros."""
        view = memoryview(buffer).cast("B")
        content = self._file.read(len(view))
        view[:] = content.ljust(len(view), b"\0")
        return len(view)

    def write(self, data: Any) -> int:
        """Write bytes, or note why they cannot be written."""
        left = memoryview(data).cast("B")
        size = left.nbytes
        while left and self._failure is None:
            left = left[self._tried(partial(self._file.write, left), left.nbytes) :]
        return size

    def _tried(self, step: Callable[[], int], otherwise: int) -> int:
        """The result of a step, or of one that is left out since an earlier one failed."""
        if self._failure is None:
            try:
                return step()
            except OSError as error:
                self._failure = error
        return otherwise
