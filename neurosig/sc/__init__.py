"""Scores of single cells by cell type and donor.

============  =====================================================================
``summarise``  one row per signature x group: level, separation, test across donors
============  =====================================================================
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurosig.sc.summary import summarise

_HOME_OF = {"summarise": "summary"}

__all__ = ["summarise"]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
