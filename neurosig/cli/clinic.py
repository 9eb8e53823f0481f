"""`neurosig clinic`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig import _atomic, _params
from neurosig._yaml import load_yaml
from neurosig.cli._files import beside, refuse_overwriting
from neurosig.cli._options import expand
from neurosig.errors import ParameterError, count
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.cohort_inputs import one_row_per_id
from neurosig.outcomes.clinic.recode import recode
from neurosig.outcomes.row_flow import flow_table
from neurosig.records.writing import write_sidecar
from neurosig.study.config import ClinicalReading, ClinicalSource
from neurosig.study.sources import read_clinical_as

Chosen = dict[str, list[str | int | float]]


@expand
def command(
    clinical: Annotated[Path, typer.Argument(help="clinical table: csv, tsv or parquet")],
    output: Annotated[Path, typer.Option(help=".csv file to write")],
    reading: ClinicalReading,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            help="rows to keep, COLUMN=VALUE or {COLUMN: [VALUE, ...]}; repeatable, also for one "
            "column"
        ),
    ] = None,
    recode_: Annotated[
        list[str] | None,
        typer.Option(
            "--recode",
            help="level to rename, COLUMN:OLD=NEW or {COLUMN: {OLD: NEW, ...}}; repeatable",
        ),
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
    recodings, kept = _recodings(recode_ or []), _kept(keep or [])
    table = read_clinical_as(clinical, reading)
    for column, mapping in recodings.items():
        table = recode(table, column, mapping)
    once, steps = one_row_per_id(table, None, reading.duplicates)
    rows = Cohort(clinical.name, once, (), row_flow=flow_table(steps))
    for column, values in kept.items():
        rows = rows.where(column, values)
    ids = str(table.index.name or "id")
    _atomic.write_csv(output, rows.data.rename_axis(ids).reset_index())
    _atomic.write_csv(row_flow, rows.row_flow)
    write_sidecar([output, row_flow], inputs=[clinical], about={"kind": "clinic"})
    sys.stderr.write(f"{output}: {len(rows.data)} of {count(len(table), 'row')}\n")


def _kept(texts: list[str]) -> Chosen:
    """COLUMN=VALUE texts, or mappings as in a configuration, as column to values.

    >>> _kept(["type=tumour", "stage=I", "{stage: [II], 'a=b': ['<=2']}"])
    {'type': ['tumour'], 'stage': ['I', 'II'], 'a=b': ['<=2']}
    """
    kept: Chosen = {}
    for text in texts:
        if text.startswith("{"):
            for column, values in _as_configured("keep", text).keep.items():
                kept.setdefault(column, []).extend(values)
            continue
        column, has_value, value = text.partition("=")
        if not has_value or not column:
            raise _unclear("--keep", text, "COLUMN=VALUE")
        kept.setdefault(column, []).append(value)
    return kept


def _recodings(texts: list[str]) -> dict[str, dict[str, str]]:
    """COLUMN:OLD=NEW texts, or mappings as in a configuration, as column to old to new.

    >>> _recodings(["stage:Stage IIA=II", "{stage: {Stage II: II}, 'size:cm': {'<=2': small}}"])
    {'stage': {'Stage IIA': 'II', 'Stage II': 'II'}, 'size:cm': {'<=2': 'small'}}
    """
    recodings: dict[str, dict[str, str]] = {}
    for text in texts:
        if text.startswith("{"):
            for column, levels in _as_configured("recode", text).recode.items():
                recodings.setdefault(column, {}).update(levels)
            continue
        column, has_level, rest = text.partition(":")
        old, has_value, new = rest.partition("=")
        if not has_level or not has_value:
            raise _unclear("--recode", text, "COLUMN:OLD=NEW")
        recodings.setdefault(column, {})[old] = new
    return recodings


def _as_configured(option: str, text: str) -> ClinicalSource:
    """What a configuration would say with `text` as the value of that key."""
    return _params.build(ClinicalSource, {option: load_yaml(text)})


def _unclear(option: str, text: str, form: str) -> ParameterError:
    return ParameterError(
        f"{option} cannot be {text!r}", f"It is read as {form}", f"Write {option} {form}"
    )
