"""Tables that the commands wrote one by one, as a workflow does, brought together for a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from neurosig.errors import InputError, ParameterError, examples
from neurosig.keys import Result

KINDS: Final = (
    "survival",
    "regression",
    "pooled",
    "assessment",
    "scores",
    "agreement",
    "cells",
)
"""What a table can be; the commands write it into the provenance beside it."""


@dataclass(frozen=True, slots=True, eq=False)
class CollectedTable:
    """One table with what is known of it.

    path, kind: where it was read, and which of `KINDS` it is
    cohort, method, endpoint: what it is about, None where it is not about one
    understood: what was understood of the endpoint, in words
    coverage, row_flow: the tables that were written beside it, empty where there were none
    record: its provenance
    """

    path: Path
    kind: str
    table: pd.DataFrame
    cohort: str | None = None
    method: str | None = None
    endpoint: str | None = None
    understood: str = ""
    coverage: pd.DataFrame = field(default_factory=pd.DataFrame)
    row_flow: pd.DataFrame = field(default_factory=pd.DataFrame)
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """The tables of a report; the first method met is the main one."""

    tables: tuple[CollectedTable, ...]
    title: str
    subtitle: str = ""
    shown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        seen: dict[tuple[Any, ...], CollectedTable] = {}
        for one in self.tables:
            key = (one.kind, one.cohort, one.method, one.endpoint)
            if key in seen and one.kind != "regression":
                raise ParameterError(
                    f"Two tables are about the same: {one.kind} of {one.cohort or 'all cohorts'}"
                    f"{f', {one.method}' if one.method else ''}",
                    f"They are {str(seen[key].path)!r} and {str(one.path)!r}",
                    "Leave one of them out, or give the cohorts names: --cohort",
                )
            seen[key] = one
        known = {
            str(name)
            for one in self.of("survival", "pooled", "cells")
            for name in one.table[Result.SIGNATURE]
        }
        unknown = [name for name in self.shown if name not in known]
        if unknown:
            raise InputError(
                f"The report is to show {unknown[0]!r}, of which there is no result",
                f"There are results of {examples(sorted(known))}",
                "Correct --signature",
            )

    def of(self, *kinds: str, method: str | None = None) -> tuple[CollectedTable, ...]:
        """The tables of some kinds, of one method if it is named."""
        return tuple(
            t for t in self.tables if t.kind in kinds and (method is None or t.method == method)
        )

    @property
    def methods(self) -> tuple[str, ...]:
        """The scoring methods in the order they were met."""
        return tuple(dict.fromkeys(t.method for t in self.tables if t.method is not None))

    @property
    def main(self) -> str | None:
        """The method whose results come first."""
        return next(iter(self.methods), None)

    @property
    def cohorts(self) -> tuple[str, ...]:
        """The cohorts or data sets in the order they were met."""
        return tuple(dict.fromkeys(t.cohort for t in self.tables if t.cohort is not None))


def stacked(tables: Sequence[CollectedTable], *, cohort: bool = False) -> pd.DataFrame:
    """Tables one below the other; with `cohort`, the cohort of each in front."""
    parts = []
    for one in tables:
        part = one.table.copy()
        if cohort and Result.COHORT not in part.columns:
            part.insert(0, Result.COHORT, one.cohort or "")
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
