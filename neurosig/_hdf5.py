"""AnnData files that are either whole or not there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from neurosig import _atomic

if TYPE_CHECKING:
    from anndata import AnnData

_COMPLAINT: Final = "file write failed"


def write_h5ad(path: Path, adata: "AnnData") -> None:
    """Write an h5ad file atomically.

    Raises
    ------
    ResourceError
        The disk is full, or the place cannot be written to.
    """
    with _one_complaint():
        _atomic.write_with(path, adata.write_h5ad)


@contextmanager
def _one_complaint() -> Iterator[None]:
    """Let a failed write be heard of by its exception alone.

    Where HDF5 could not write, each object that is still open is closed while the exception is on
    its way, fails again, and prints a traceback of its own.
    """
    said, ignored = sys.excepthook, sys.unraisablehook

    def say(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if _COMPLAINT not in str(error):
            said(kind, error, traceback)

    def ignore(unraisable: Any) -> None:
        if _COMPLAINT not in str(unraisable.exc_value):
            ignored(unraisable)

    sys.excepthook, sys.unraisablehook = say, ignore
    try:
        yield
    finally:
        sys.excepthook, sys.unraisablehook = said, ignored
