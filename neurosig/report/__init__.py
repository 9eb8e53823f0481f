"""A finished run as one self-contained page: `build_report` reads results and computes nothing."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurosig.report.build import build_report

__all__ = ["build_report"]


def __getattr__(name: str) -> object:
    if name == "build_report":
        from neurosig.report.build import build_report

        return build_report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
