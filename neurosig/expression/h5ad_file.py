"""Places in an h5ad file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from neurosig.errors import ResourceError


@dataclass(frozen=True, slots=True)
class H5adPlace:
    """A group or data set of an h5ad file.

    It is opened by its path for each read: an open handle could not be sent to another process
    and would outlive the file it belongs to.
    """

    path: Path
    key: str = "/"
    kind: ClassVar[str] = "h5ad"

    @contextmanager
    def open(self) -> Iterator[Any]:
        """The group or data set, open for reading."""
        import h5py  # type: ignore[import-untyped]  # it has no types

        with h5py.File(self.path, "r") as file:
            yield file[self.key]

    def at(self, key: str) -> "H5adPlace":
        """Another place in the same file."""
        return replace(self, key=key)


def h5ad_place_of(stored: Any) -> H5adPlace:
    """The place of an open h5py group or data set; ResourceError if its file was closed."""
    if not stored:
        raise ResourceError(
            "The file behind the matrix was closed",
            f"The matrix is a {stored!r}",
            'Open it again, or use anndata.read_h5ad(path, backed="r"), which keeps the path',
        )
    return H5adPlace(Path(stored.file.filename).resolve(), str(stored.name))
