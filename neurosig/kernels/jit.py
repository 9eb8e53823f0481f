"""Compiled functions: the only module that imports numba.

The machine code is cached on disk. Where neither the package's folder nor the user's cache folder
can be written (containers, read-only installations), the function is compiled afresh in each
process instead, without an environment variable being needed.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = {"nogil": True, "fastmath": False, "error_model": "numpy"}  # x / 0 is inf or NaN


def jit(function: F) -> F:
    """Compile a function of arrays to machine code that runs without the interpreter lock.

    Floating-point sums keep the order they are written in (no fast-math), so results are equal to
    the bit across threads and block sizes.
    """
    try:
        compiled = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # numba found no folder that can hold the cache
        compiled = numba.njit(cache=False, **_OPTIONS)(function)
    return compiled  # type: ignore[no-any-return]
