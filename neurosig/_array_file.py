"""Dataclasses of arrays, numbers and texts in one file, without pickle.

A file is a zip of .npy arrays (NumPy's npz) and of one JSON text that says how they go together.
A dataclass is made again from its fields, and only a class of the packages that the reader names.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from neurosig import _atomic
from neurosig.errors import ResourceError

_LAYOUT = "layout"
_CLASS = "class"


def write_arrays(path: Path, content: Any) -> None:
    """Write a tree of dataclasses, mappings, lists, arrays, numbers, texts and None."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    layout = json.dumps(_taken_apart(content, "content", arrays))

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:  # given a name, NumPy appends an ending to it
            np.savez(file, allow_pickle=False, **{_LAYOUT: np.array(layout)}, **arrays)

    _atomic.write_with(path, write)


def read_arrays(path: Path, *, packages: tuple[str, ...]) -> Any:
    """Read what `write_arrays` wrote; dataclasses come from the named packages alone.

    Raises
    ------
    ResourceError
        The file is missing, damaged, of another kind, or asks for another class.
    """
    try:
        # Opened here: given a name, NumPy leaves a damaged file open.
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as stored:
            layout = json.loads(str(stored[_LAYOUT]))
            return _put_together(layout, stored, packages)
    except (
        OSError,
        EOFError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        ImportError,
    ) as error:
        raise ResourceError(
            f"{str(path)!r} cannot be read as a file of arrays",
            f"{type(error).__name__}: {error}",
            "Give a file that this version of neurosig wrote, and copy it again if it was cut "
            "short",
            path=str(path),
        ) from error


def _taken_apart(value: Any, key: str, arrays: dict[str, np.ndarray[Any, Any]]) -> Any:
    """The value as JSON; arrays go to `arrays` and are named where they were."""
    if isinstance(value, np.ndarray):
        arrays[key] = value
        return {"array": key}
    if isinstance(value, np.generic):
        return value.item()
    if is_dataclass(value) and not isinstance(value, type):
        cls = type(value)
        parts = {f.name: getattr(value, f.name) for f in fields(value)}
        named = {"module": cls.__module__, _CLASS: cls.__qualname__}
        return named | {"fields": _taken_apart_all(parts, key, arrays)}
    if isinstance(value, Mapping):
        return {"items": _taken_apart_all(value, key, arrays)}
    if isinstance(value, list | tuple):
        parts = {str(i): part for i, part in enumerate(value)}
        return {type(value).__name__: list(_taken_apart_all(parts, key, arrays).values())}
    return value


def _taken_apart_all(
    parts: Mapping[str, Any], key: str, arrays: dict[str, np.ndarray[Any, Any]]
) -> dict[str, Any]:
    return {name: _taken_apart(part, f"{key}.{name}", arrays) for name, part in parts.items()}


def _put_together(layout: Any, stored: Mapping[str, Any], packages: tuple[str, ...]) -> Any:
    if not isinstance(layout, dict):
        return layout
    if "array" in layout:
        return stored[layout["array"]]
    for kind in (list, tuple):
        if kind.__name__ in layout:
            return kind(_put_together(part, stored, packages) for part in layout[kind.__name__])
    named = layout["fields"] if _CLASS in layout else layout["items"]
    parts = {name: _put_together(part, stored, packages) for name, part in named.items()}
    return _dataclass_of(layout, packages)(**parts) if _CLASS in layout else parts


def _dataclass_of(layout: Mapping[str, str], packages: tuple[str, ...]) -> Any:
    module, name = layout["module"], layout[_CLASS]
    if module.split(".")[0] not in packages:
        raise ValueError(f"it asks for {module}.{name}, which is not of {', '.join(packages)}")
    found = getattr(import_module(module), name)
    if not (isinstance(found, type) and is_dataclass(found)):
        raise TypeError(f"{module}.{name} is no dataclass")
    return found
