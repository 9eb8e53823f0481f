"""What the commands wrote, read again: tables with their types, and what their provenance says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from neurosig import keys
from neurosig._atomic import unguard_cell
from neurosig._tables import read_rows
from neurosig.cli._files import beside, read_scores
from neurosig.errors import InputError, examples
from neurosig.keys import CellSummary, Coverage, Quality, Result
from neurosig.provenance import sha256_of
from neurosig.records.files import read_record, sidecar_of
from neurosig.study.collected import KINDS, CollectedTable

TEXT_COLUMNS = {
    Result.COHORT,
    Result.ENDPOINT,
    Result.SIGNATURE,
    Result.LEVEL,
    Result.TERM,
    Result.FAMILY,
    Result.EFFECT_SCALE,
    Result.ADJUSTED_FOR,
    Result.MODEL,
    Result.STATUS,
    Result.MESSAGE,
    Coverage.MISSING,
    Quality.VERDICT,
    Quality.REASONS,
    Quality.RULES,
    Quality.DOMINANT_GENE,
    CellSummary.GROUP,
    keys.Pooled.COHORTS,
    "method",
    "compared_with",
    "step",
    "reason",
    "examples",
}


def read_results(path: Path) -> pd.DataFrame:
    """A table of `neurosig cox` or `neurosig regress`; a cell that is no number is refused."""
    table = read_typed(path)
    if Result.ESTIMATE not in table.columns:
        raise InputError(
            f"{str(path)!r} is not a table of results",
            f"Its columns are {', '.join(table.columns[:5])} ...",
            "Give what `neurosig cox` or `neurosig regress` wrote",
        )
    for name in table.columns:
        if name not in TEXT_COLUMNS and not pd.api.types.is_numeric_dtype(table[name]):
            wrong = next(cell for cell in table[name] if not _is_number(cell))
            raise InputError(
                f"{str(path)!r} holds {wrong!r} in the column {name!r}",
                "It is not a number",
                "Give what `neurosig cox` or `neurosig regress` wrote",
            )
    return table


def read_typed(path: Path) -> pd.DataFrame:
    """A table that a command wrote: known columns of text as text, others as numbers if all are."""
    raw = read_rows(path)
    table = pd.DataFrame(raw.rows, columns=raw.header, dtype=object)
    for name in table.columns:
        if name not in TEXT_COLUMNS and all(map(_is_number, table[name])):
            is_count = all(cell.isdecimal() and cell.isascii() for cell in table[name])
            table[name] = [int(cell) if is_count else float(cell or "nan") for cell in table[name]]
        else:
            table[name] = [unguard_cell(cell) for cell in table[name]]
    return table


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True


def record_of(path: Path) -> Mapping[str, Any]:
    """The provenance beside a file; empty where there is none, or the file is another by now."""
    sidecar = sidecar_of(path)
    record = read_record(sidecar) if sidecar.is_file() else {}
    return record if _listed(record).get(path.name) == sha256_of(path) else {}


def _listed(record: Mapping[str, Any]) -> dict[str, str]:
    """Name and SHA-256 of the files that were written beside a record."""
    paths = {Path(entry["path"]): entry["sha256"] for entry in record.get("outputs", ())}
    return {path.name: sha256 for path, sha256 in paths.items() if path.name == str(path)}


def about_of(path: Path) -> Mapping[str, Any]:
    """What the provenance beside a table says it is: kind, cohort, scoring method."""
    about = record_of(path).get("about")
    return about if isinstance(about, Mapping) else {}


def collect(path: Path) -> CollectedTable:
    """A table that a command wrote, with what its provenance says of it.

    Raises
    ------
    InputError
        There is no provenance beside it, or none that says what the table is; or the table, or one
        that was written with it, was changed since.
    """
    sidecar = sidecar_of(path)
    record = read_record(sidecar) if sidecar.is_file() else {}
    about = record.get("about")
    if not isinstance(about, Mapping) or about.get("kind") not in KINDS:
        raise InputError(
            f"It is not known what {str(path)!r} is",
            f"A report takes tables with their provenance beside them ({sidecar}):"
            f" {examples(KINDS, 10, quoted=False)}",
            "Write it again with --output, by `neurosig cox`, `meta`, `assess`, `score` or another "
            "command",
        )
    kind = str(about["kind"])
    coverage = beside(path, "coverage.csv")
    row_flow = beside(path, "row_flow.csv")
    written = _listed(record)
    read = [path, *(p for p in (coverage, row_flow) if p.is_file() and p.name in written)]
    if changed := [p for p in read if written.get(p.name) != sha256_of(p)]:
        raise InputError(
            f"{str(changed[0])!r} was changed after it was written",
            f"It is not, by its SHA-256, the file of the record {str(sidecar)!r}",
            "Run the command again that made it (neurosig provenance shows it)",
        )
    table = read_scores(path) if kind == "scores" else read_typed(path)
    return CollectedTable(
        path=path,
        kind=kind,
        cohort=about.get("cohort"),
        method=about.get("method"),
        endpoint=about.get("endpoint"),
        understood=about.get("understood", ""),
        table=table,
        coverage=read_typed(coverage) if kind == "scores" and coverage in read else pd.DataFrame(),
        row_flow=read_typed(row_flow) if row_flow in read else pd.DataFrame(),
        record=record,
    )
