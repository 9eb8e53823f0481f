"""Places in a zarr store."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from neurosig.errors import MissingDependencyError


@dataclass(frozen=True, slots=True)
class ZarrPlace:
    """A group or array of a zarr store: a folder, or any other store that zarr knows.

    It is looked up for each read. zarr takes a piece that is not there for zeros, so an array
    opened once would go on and give zeros after its store was moved.
    """

    store: Any
    key: str = ""
    kind: ClassVar[str] = "a zarr store"

    @property
    def path(self) -> Path:
        """The folder, or the name of a store that is none."""
        root = getattr(self.store, "root", self.store)  # `root` is the folder of a local store
        return Path(str(getattr(self.store, "path", root)))

    @contextmanager
    def open(self) -> Iterator[Any]:
        """The group or array, open for reading."""
        try:
            import zarr
        except ImportError as error:
            raise MissingDependencyError(
                "zarr is not installed",
                "A zarr store cannot be read without it",
                "pip install zarr",
            ) from error
        yield zarr.open(store=self.store, path=self.key, mode="r")

    def at(self, key: str) -> "ZarrPlace":
        """Another place in the same store."""
        return replace(self, key=key)


def zarr_place_of(stored: Any) -> ZarrPlace:
    """The place of a zarr group or array."""
    return ZarrPlace(stored.store, str(stored.path))
