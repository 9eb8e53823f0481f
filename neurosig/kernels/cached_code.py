"""What is in the cache of compiled functions, and clearing it."""

import importlib
import os
import pickle
import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

State = Literal["usable", "stale", "damaged", "not compiled", "never kept"]
_ENDINGS: Final = ("*.nbi", "*.nbc", "*.nbi.tmp.*", "*.nbc.tmp.*")


@dataclass(frozen=True, slots=True)
class CachedFunction:
    """The cache of one compiled function.

    Attributes
    ----------
    name
        Module and function.
    folder
        Where its code is kept; None if it is nowhere.
    state
        "usable"; "stale", if numba or a source is not what it was (it is compiled again);
        "damaged", if a file cannot be read (it is compiled again); "not compiled" so far; "never
        kept", if no folder can be written to.
    n_entries
        Types of arguments that it was compiled for.
    """

    name: str
    folder: Path | None
    state: State
    n_entries: int = 0


def cached_functions() -> list[CachedFunction]:
    """All compiled functions of neurosig with the state of their cache."""
    return [_state_of(name, function) for name, function in _functions()]


def leftover_files() -> list[Path]:
    """Files in the folders of the cache that belong to no function as it is now."""
    wanted: dict[Path, set[str]] = {}
    for _, function in _functions():
        if (file := _cache_file(function)) is not None:
            base = file._index_name.removesuffix(".nbi")
            wanted.setdefault(Path(file._cache_path), set()).add(base)
    return [
        path
        for folder, bases in wanted.items()
        for path in _files(folder)
        if not _belongs(path.name, bases)
    ]


def clear_cache() -> int:
    """Delete the cache of all compiled functions; how many files were deleted."""
    folders = {function.folder for function in cached_functions() if function.folder is not None}
    n_deleted = 0
    for path in [path for folder in sorted(folders) for path in _files(folder)]:
        with suppress(FileNotFoundError):  # of another process that clears it, too
            path.unlink()
            n_deleted += 1
    return n_deleted


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or in the first above it that there is."""
    place = next(p for p in (folder, *folder.parents) if p.exists())
    return place.is_dir() and os.access(place, os.W_OK)


def _functions() -> Iterator[tuple[str, Any]]:
    package = importlib.import_module("neurosig.kernels")
    for info in pkgutil.iter_modules(package.__path__, "neurosig.kernels."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            function = getattr(value, "py_func", None)
            if function is not None and function.__module__ == info.name:
                yield f"{info.name.removeprefix('neurosig.kernels.')}.{name}", value


def _cache_file(function: Any) -> Any:
    return getattr(function._cache, "_cache_file", None)  # numba's for "no cache" has none


def _state_of(name: str, function: Any) -> CachedFunction:
    file = _cache_file(function)
    if file is None:
        return CachedFunction(name, None, "never kept")
    folder = Path(file._cache_path)
    try:
        with Path(file._index_path).open("rb") as index:
            if pickle.load(index) != file._version:  # noqa: S301  # numba reads it as well
                return CachedFunction(name, folder, "stale")
            stamp, entries = pickle.load(index)  # noqa: S301
        if stamp != file._source_stamp:
            return CachedFunction(name, folder, "stale", len(entries))
        for data_name in entries.values():
            pickle.loads((folder / data_name).read_bytes())  # noqa: S301
    except FileNotFoundError as error:
        is_index = Path(str(error.filename)) == Path(file._index_path)
        return CachedFunction(name, folder, "not compiled" if is_index else "damaged")
    except Exception:  # noqa: BLE001  # unpickling a damaged file raises whatever it likes
        return CachedFunction(name, folder, "damaged")
    return CachedFunction(name, folder, "usable" if entries else "not compiled", len(entries))


def _files(folder: Path) -> list[Path]:
    return sorted({path for ending in _ENDINGS for path in folder.glob(ending)})


def _belongs(name: str, bases: set[str]) -> bool:
    """Whether a file is the index or an entry of one of the functions."""
    if ".tmp." in name:
        return False
    stem = name.removesuffix(".nbi") if name.endswith(".nbi") else name.rsplit(".", 2)[0]
    return stem in bases
