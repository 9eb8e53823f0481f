"""Compiled functions: the only module that imports numba.

The machine code is cached on disk: in the package's folder, or in the user's cache folder, or where
NUMBA_CACHE_DIR says. Where none of them can be written (containers, read-only installations), and
where the cache is damaged or its disk is full, functions are compiled afresh in each process
instead, without an environment variable being needed.

numba takes code from the cache while the file of its function is what it was. Code of functions
that it calls is compiled into it, so that the files of those have to be what they were as well.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserWideCacheLocator

F = TypeVar("F", bound=Callable[..., Any])

_IMPORT = re.compile(r"^from neurosig\.kernels\.(\w+) import", re.MULTILINE)
_OPTIONS = {"nogil": True, "fastmath": False, "error_model": "numpy"}  # x / 0 is inf or NaN


def jit(function: F) -> F:
    """Compile a function of arrays to machine code that runs without the interpreter lock.

    Floating-point sums keep the order they are written in (no fast-math), so results are equal to
    the bit across threads and block sizes.
    """
    compiled = numba.njit(**_OPTIONS)(function)
    with suppress(RuntimeError):  # numba found no folder that can hold the cache
        compiled._cache = _Cache(function)  # what njit(cache=True) does with a cache of numba's
    return compiled  # type: ignore[no-any-return]


def _has_home() -> bool:
    try:
        Path.home()
    except RuntimeError:  # a user without an entry and without HOME, as in containers
        return False
    return True


@cache
def _sources_of(file: Path) -> str:
    """SHA-256 of the files of this package that a file of it imports, and of those they import."""
    found, waiting = {Path(__file__)}, [file]
    while waiting:
        for name in _IMPORT.findall(_text_of(waiting.pop())):
            imported = file.parent / f"{name}.py"
            if imported not in found:
                found.add(imported)
                waiting.append(imported)
    texts = [f"{path.name}\n{_text_of(path)}" for path in sorted(found)]
    return hashlib.sha256("\n".join(texts).encode("utf-8")).hexdigest()


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # inside a zip file: numba's own stamp is of the whole of it
        return ""


class _WithoutHome(CompileResultCacheImpl):  # type: ignore[misc]  # numba has no types
    """Places of a cache; numba's would make a folder called "~" in the working directory."""

    _locator_classes = [  # noqa: RUF012  # as numba has it
        place
        for place in CompileResultCacheImpl._locator_classes
        if place is not UserWideCacheLocator
    ]


class _Cache(FunctionCache):  # type: ignore[misc]  # numba has no types
    """numba's cache of a function, without which the function is compiled.

    numba lets every error of a cache file reach the caller: a file cut off by a full disk or
    written by a half-copied installation would stop each call until somebody deleted it.
    """

    if not _has_home():
        _impl_class = _WithoutHome

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        own = self._cache_file._source_stamp
        called = _sources_of(Path(function.__code__.co_filename))
        self._cache_file._source_stamp = (own, called)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function from the disk; None if it is not there or cannot be read."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # noqa: BLE001  # unpickling a damaged file raises whatever it likes
            try:
                self.flush()  # so that the next process finds a good index
            except OSError:
                self.disable()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write the compiled function to the disk if that is possible."""
        try:
            super().save_overload(sig, data)
        except Exception:  # noqa: BLE001  # no room, no right, no folder: it stays in memory
            self.disable()
