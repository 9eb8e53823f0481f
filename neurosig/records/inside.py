"""Records inside files: h5ad and zarr (AnnData with scores), npz (statistics of a cohort)."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from neurosig.keys import UNS

_HDF5_START: Final = b"\x89HDF\r\n\x1a\n"
_ZIP_START: Final = b"PK"
_LAYOUT: Final = "layout.npy"


def records_inside(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Name and content of each record that a file holds; none for a file of another kind."""
    if path.is_dir():
        return _of_zarr(path)
    with path.open("rb") as file:
        start = file.read(len(_HDF5_START))
    if start == _HDF5_START:
        return _of_hdf5(path)
    return _of_npz(path) if start.startswith(_ZIP_START) else []


def _of_hdf5(path: Path) -> list[tuple[str, dict[str, Any]]]:
    import h5py  # type: ignore[import-untyped]

    try:
        with h5py.File(path, "r") as file:
            return _of_group(file.get(f"uns/{UNS}"))
    except (OSError, RuntimeError, KeyError):  # what a damaged file raises hangs on the place
        return []


def _of_zarr(path: Path) -> list[tuple[str, dict[str, Any]]]:
    if not any((path / name).is_file() for name in (".zgroup", "zarr.json")):
        return []
    import zarr

    try:
        return _of_group(zarr.open_group(path, mode="r").get(f"uns/{UNS}"))
    except (OSError, ValueError, KeyError):
        return []


def _of_group(group: Any) -> list[tuple[str, dict[str, Any]]]:
    """Each `<key>/provenance` of a group of HDF5 or zarr."""
    found = []
    for key in group if group is not None else ():
        stored = group[key]
        text = stored.get("provenance") if hasattr(stored, "get") else stored
        record = _parsed(None if text is None else text[()])
        if record is not None:
            found.append((f"uns/{UNS}/{key}", record))
    return found


def _of_npz(path: Path) -> list[tuple[str, dict[str, Any]]]:
    import numpy as np

    try:
        with zipfile.ZipFile(path) as stored, stored.open(_LAYOUT) as file:
            layout = json.loads(str(np.lib.format.read_array(file, allow_pickle=False)))
        record = _plain(layout["items"]["provenance"])
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError):
        return []
    return [("provenance", record)] if isinstance(record, dict) else []


def _plain(layout: Any) -> Any:
    """Mappings, lists, numbers and texts of a layout of `neurosig._array_file`."""
    if not isinstance(layout, Mapping):
        return layout
    if "items" in layout:
        return {key: _plain(value) for key, value in layout["items"].items()}
    listed = next((layout[kind] for kind in ("list", "tuple") if kind in layout), None)
    return [_plain(value) for value in listed] if listed is not None else dict(layout)


def _parsed(text: Any) -> dict[str, Any] | None:
    try:
        content = json.loads(text.decode() if isinstance(text, bytes) else str(text))
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
