"""`neurosig clinic`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig import _atomic
from neurosig.cli._files import beside, refuse_overwriting
from neurosig.cli._options import expand
from neurosig.errors import ParameterError, count
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.cohort_inputs import one_row_per_id
from neurosig.outcomes.clinic.recode import recode
from neurosig.outcomes.row_flow import flow_table
from neurosig.records.writing import write_sidecar
from neurosig.study.config import ClinicalReading
from neurosig.study.sources import read_clinical_as


@expand
def command(
    clinical: Annotated[Path, typer.Argument(help="clinical table: csv, tsv or parquet")],
    output: Annotated[Path, typer.Option(help=".csv file to write")],
    reading: ClinicalReading,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="rows to keep, COLUMN=VALUE; repeatable, also for one column"),
    ] = None,
    recode_: Annotated[
        list[str] | None,
        typer.Option("--recode", help="level to rename, COLUMN:OLD=NEW; repeatable"),
    ] = None,
) -> None:
    """Clean a clinical table: missing values, levels to merge, rows to keep.

    Writes the table with the ids first, and next to it the row flow and the provenance. The rows
    of that file are what --rows of `neurosig score` and `neurosig assess` takes.
    """
    if output.suffix != ".csv":
        raise ParameterError(
            f"--output cannot be {str(output)!r}",
            f"Its name ends in {output.suffix or 'nothing'}",
            "Give a .csv file",
        )
    row_flow = beside(output, "row_flow.csv")
    refuse_overwriting([clinical], [output, row_flow])
    table = read_clinical_as(clinical, reading)
    for column, mapping in _recodings(recode_ or []).items():
        table = recode(table, column, mapping)
    once, steps = one_row_per_id(table, None, reading.duplicates)
    rows = Cohort(clinical.name, once, (), row_flow=flow_table(steps))
    for column, values in _kept(keep or []).items():
        rows = rows.where(column, values)
    ids = str(table.index.name or "id")
    _atomic.write_csv(output, rows.data.rename_axis(ids).reset_index())
    _atomic.write_csv(row_flow, rows.row_flow)
    write_sidecar([output, row_flow], inputs=[clinical], about={"kind": "clinic"})
    sys.stderr.write(f"{output}: {len(rows.data)} of {count(len(table), 'row')}\n")


def _kept(texts: list[str]) -> dict[str, list[str]]:
    """COLUMN=VALUE texts as column to values.

    >>> _kept(["type=tumour", "stage=I", "stage=II"])
    {'type': ['tumour'], 'stage': ['I', 'II']}
    """
    kept: dict[str, list[str]] = {}
    for text in texts:
        column, has_value, value = text.partition("=")
        if not has_value or not column:
            raise _unclear("--keep", text, "COLUMN=VALUE")
        kept.setdefault(column, []).append(value)
    return kept


def _recodings(texts: list[str]) -> dict[str, dict[str, str]]:
    """COLUMN:OLD=NEW texts as column to old to new.

    >>> _recodings(["stage:Stage IIA=II", "stage:Stage II=II"])
    {'stage': {'Stage IIA': 'II', 'Stage II': 'II'}}
    """
    recodings: dict[str, dict[str, str]] = {}
    for text in texts:
        column, has_level, rest = text.partition(":")
        old, has_value, new = rest.partition("=")
        if not has_level or not has_value:
            raise _unclear("--recode", text, "COLUMN:OLD=NEW")
        recodings.setdefault(column, {})[old] = new
    return recodings


def _unclear(option: str, text: str, form: str) -> ParameterError:
    return ParameterError(
        f"{option} cannot be {text!r}", f"It is read as {form}", f"Write {option} {form}"
    )
