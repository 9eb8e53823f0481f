"""A CSV file as the rows, columns and texts of a table on the page."""

import base64
import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from neurosig._atomic import unguard_cell
from neurosig.errors import InputError, examples
from neurosig.keys import OK, Result
from neurosig.pl.wording import MISSING, decimals_for, format_number, format_p
from neurosig.report.manifest import Column, Format

_P_NAMES = frozenset({Result.P_VALUE, Result.P_LR, Result.Q_VALUE, "p", "q", "p_null"})
_KEY_NAMES = frozenset({Result.COHORT, Result.SIGNATURE, Result.TERM})
_Key = Literal["", "key", "key-2", "key-3"]
_KEYS: Final[tuple[_Key, ...]] = ("key", "key-2", "key-3")
_TEXTS: Final = ("text", "prose")
_EMPTY = frozenset({"", "nan", "NaN", "NA", "<NA>", "None"})


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column; `key` marks those that stay in sight when a wide table is scrolled.

    Cells of prose are shown whole, in several lines.
    """

    label: str
    is_number: bool
    key: _Key = ""
    is_prose: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: what is shown and, where that is rounded, the value to sort by."""

    text: str
    value: str | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class TableView:
    """A table ready for the template.

    Attributes
    ----------
    heads, rows
        What is shown; a row is marked where its status is not "ok".
    n_rows
        How many rows the file has, of which the first `len(rows)` are shown.
    name, path
        File name, and path inside the run folder.
    uri
        The whole file as a data URI.
    """

    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    n_rows: int
    name: str
    path: str
    uri: str


def read_table(
    file: Path, path: str, columns: Sequence[Column] | None = None, *, row_limit: int
) -> TableView:
    """Read a CSV file for the page.

    Parameters
    ----------
    file
        Where it is.
    path
        Its path inside the run folder, to be shown.
    columns
        Which columns, in order; None shows all and guesses their format.
    row_limit
        The most rows to show.

    Raises
    ------
    InputError
        It is not CSV in UTF-8, or lacks a column of the manifest.
    """
    content = file.read_bytes()
    names, records = _parse(content, path)
    shown = columns if columns is not None else [_guess(n, _column(records, n)) for n in names]
    missing = [column.name for column in shown if column.name not in names]
    if missing:
        raise InputError(
            f"{path} lacks {examples(missing)}, which the manifest wants to show",
            f"Its columns are {examples(names, 12)}",
            "Correct the manifest or run the analysis again",
        )
    part = records[:row_limit]
    cells = [_cells(_column(part, column.name), column.format) for column in shown]
    rows = [tuple(row) for row in zip(*cells, strict=True)]
    if Result.STATUS in names:
        place = next((i for i, c in enumerate(shown) if c.name == Result.STATUS), 0)
        rows = [
            _marked(row, place, status)
            for row, status in zip(rows, _column(part, Result.STATUS), strict=True)
        ]
    return TableView(
        heads=_heads(shown),
        rows=tuple(rows),
        n_rows=len(records),
        name=file.name,
        path=path,
        uri="data:text/csv;charset=utf-8;base64," + base64.b64encode(content).decode("ascii"),
    )


def _heads(columns: Sequence[Column]) -> tuple[Head, ...]:
    """The heads; cohort, signature and term say what a row is, else its first column does."""
    names = [column.name for column in columns]
    keys = [name for name in names if name in _KEY_NAMES] or names[:1]
    place = dict(zip(keys, _KEYS, strict=False))
    return tuple(
        Head(
            c.label or _label(c.name),
            c.format not in _TEXTS,
            place.get(c.name, ""),
            c.format == "prose",
        )
        for c in columns
    )


def _parse(content: bytes, path: str) -> tuple[list[str], list[dict[str, str]]]:
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path} is not CSV in UTF-8", str(error), "Run the analysis again"
        ) from error
    if not lines:
        return [], []
    names = [unguard_cell(name) for name in lines[0]]
    return names, [dict(zip(names, map(unguard_cell, line), strict=False)) for line in lines[1:]]


def _column(records: Sequence[dict[str, str]], name: str) -> list[str]:
    return [record.get(name, "") for record in records]


def _number(text: str) -> float | None:
    """The number a text stands for, NaN where it is empty, None where it is something else."""
    if text in _EMPTY:
        return math.nan
    try:
        return float(text)
    except ValueError:
        return None


def _guess(name: str, texts: Sequence[str]) -> Column:
    values = [_number(text) for text in texts]
    numbers = [value for value in values if value is not None and not math.isnan(value)]
    form: Format = "text"
    if numbers and all(value is not None for value in values):
        is_whole = all(value.is_integer() for value in numbers)
        form = "p" if name in _P_NAMES else "integer" if is_whole else "number"
    return Column(name=name, format=form)


def _label(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _cells(texts: Sequence[str], form: Format) -> list[Cell]:
    if form in _TEXTS:
        return [Cell(text) for text in texts]
    values = [_number(text) for text in texts]
    decimals = decimals_for(value for value in values if value is not None)
    return [
        Cell(text, "")
        if value is None
        else Cell(_written(value, form, decimals), "" if math.isnan(value) else repr(value))
        for text, value in zip(texts, values, strict=True)
    ]


def _written(value: float, form: Format, decimals: int) -> str:
    if math.isnan(value):
        return MISSING
    if form == "p":
        return format_p(value)
    if form == "percent":
        return f"{format_number(100 * value, 1)} %"
    return format_number(value, 0 if form == "integer" else decimals)


def _marked(row: tuple[Cell, ...], place: int, status: str) -> tuple[Cell, ...]:
    """The row with a mark in words where its status is not "ok"."""
    if status in _EMPTY or status == OK:
        return row
    mark = status.replace("_", " ")
    return tuple(
        Cell("" if cell.text == status else cell.text, cell.value, mark) if i == place else cell
        for i, cell in enumerate(row)
    )
