"""A delimited text file of numbers with names on both sides, read exactly as it is written."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from neurosig._tables import check_rectangular, sniff_separator
from neurosig._text_files import TextFile, open_text
from neurosig.errors import ExpressionError, InputError, ParameterError, count, examples

MISSING_CELLS: Final = ("", "NA", "NaN", "nan", "N/A", "n/a", "#N/A", "NULL", "null", "None")


@dataclass(frozen=True, slots=True)
class NamedMatrix:
    """Numbers with the names of rows and columns as the file has them."""

    values: NDArray[Any]
    row_names: list[str]
    column_names: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a text table is written; `sep` None means tab, comma or semicolon as the header says."""

    sep: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"


def read_matrix(
    path: Path, dialect: Dialect, *, id_column: str | None, max_bytes: int
) -> NamedMatrix:
    """Read a table of numbers; ids stay text (NA, TRUE, 0012, 1E5), other cells are float64.

    The first column, or the one called `id_column`, holds the names of the rows. A header that is
    one name shorter than every row, as R's write.table leaves it, names the other columns.

    Raises
    ------
    InputError
        The file is not a rectangular text table (ExpressionError for a cell that is no number).
    ParameterError
        An option does not fit the file.
    """
    if dialect.decimal not in {".", ","} or dialect.decimal == dialect.sep:
        raise ParameterError(
            f"decimal={dialect.decimal!r} cannot be used with sep={dialect.sep!r}",
            "The decimal mark is '.' or ',' and is not the separator",
            'Such as sep=";", decimal=","',
        )
    text = open_text(path, encoding=dialect.encoding, max_bytes=max_bytes)
    return matrix_of(text, dialect, id_column=id_column)


def matrix_of(text: TextFile, dialect: Dialect, *, id_column: str | None) -> NamedMatrix:
    """The same of a text that has been read."""
    sep = _separator(text, dialect.sep)
    text = _rectangular(text, sep)
    position, header = next(_filled_lines(text, sep))
    ids_at = _position_of_ids(header, id_column, text.path)
    ids, columns = _parse(text, sep, dialect.decimal, position, ids_at)
    names = [name.strip() for at, name in enumerate(header) if at != ids_at]
    return NamedMatrix(columns.T, ids, names)


def _separator(text: TextFile, sep: str | None) -> str:
    if sep is not None and len(sep) != 1:
        raise ParameterError(
            f"sep cannot be {sep!r}", "It is one character", 'Such as sep="," or sep="\\t"'
        )
    header = next(line for line in _lines(text) if line.strip())
    found = sniff_separator(header)
    chosen = sep or found
    if chosen is None or chosen not in header:
        raise ExpressionError(
            f"The header of {text.path.name!r} has one field only",
            f"Separator: {chosen!r}; the header reads {header[:80]!r}",
            f"Give sep={found!r}" if found else 'Name the separator, such as sep=" "',
        )
    return chosen


def _lines(text: TextFile) -> Iterator[str]:
    return (line.decode().rstrip("\n") for line in text.stream())


def _filled_lines(text: TextFile, sep: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is not blank, with the position of the line from 0."""
    for position, line in enumerate(_lines(text)):
        if line:
            yield position, next(csv.reader([line], delimiter=sep))


def _rectangular(text: TextFile, sep: str) -> TextFile:
    """The text, with a field put before a header that is one shorter than every row."""
    first = list(islice(_filled_lines(text, sep), 2))
    if len(first) == 2 and len(first[0][1]) == len(first[1][1]) - 1:
        start = len(text.content) - len(text.content.lstrip(b"\n"))
        content = text.content[:start] + sep.encode() + text.content[start:]
        completed = TextFile(text.path, content)
        with suppress(InputError):  # then the file as it is tells which lines differ
            check_rectangular(completed, sep)
            return completed
    check_rectangular(text, sep)
    return text


def _position_of_ids(header: list[str], id_column: str | None, path: Path) -> int:
    if id_column is None:
        return 0
    names = [name.strip() for name in header]
    if names.count(id_column) != 1:
        raise ParameterError(
            f"id_column={id_column!r} cannot be used: {path.name!r} has "
            f"{count(names.count(id_column), 'column')} of that name",
            f"Columns: {examples(names)}",
            "Name one of them, or leave id_column out to use the first",
        )
    return names.index(id_column)


def _parse(
    text: TextFile, sep: str, decimal: str, header_at: int, ids_at: int
) -> tuple[list[str], NDArray[np.float64]]:
    """The ids, and the values with one row per column of the file."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    n_columns = len(next(_filled_lines(text, sep))[1])
    types = {f"f{at}": pa.string() if at == ids_at else pa.float64() for at in range(n_columns)}
    longest = max(map(len, text.stream()))
    try:
        table = arrow_csv.read_csv(
            text.stream(),
            arrow_csv.ReadOptions(
                skip_rows=header_at + 1,
                autogenerate_column_names=True,
                # A line has to fit in a block; every block costs something for each column.
                block_size=min(max(2**22, 64 * longest), 2**30),
            ),
            arrow_csv.ParseOptions(delimiter=sep, newlines_in_values=b'"' in text.content),
            arrow_csv.ConvertOptions(
                column_types=types,
                null_values=list(MISSING_CELLS),
                strings_can_be_null=False,
                decimal_point=decimal,
            ),
        )
    except pa.ArrowInvalid as error:
        raise _not_a_number(text, sep, decimal, ids_at, str(error)) from error
    values = np.empty((n_columns - 1, table.num_rows))
    for row, at in enumerate(at for at in range(n_columns) if at != ids_at):
        values[row] = table.column(at).to_numpy()
    return table.column(ids_at).to_pylist(), values


_NUMBER = r"-?(\d+{mark}?\d*|{mark}\d+)([eE][-+]?\d+)?|[-+]?(?i:inf|infinity|nan)"


def _not_a_number(
    text: TextFile, sep: str, decimal: str, ids_at: int, reason: str
) -> ExpressionError:
    is_number = re.compile(_NUMBER.format(mark=re.escape(decimal))).fullmatch
    stream = io.TextIOWrapper(text.stream(), encoding="utf-8", newline="")
    reader = csv.reader(stream, delimiter=sep)
    header = next(row for row in reader if row)
    bad = [
        (reader.line_num, row[ids_at], name, cell)
        for row in reader
        if row
        for at, (name, cell) in enumerate(zip(header, row, strict=True))
        if at != ids_at and cell not in MISSING_CELLS and not is_number(cell.strip())
    ]
    shown = (f"{cell!r} in row {row!r}, column {name!r} (line {n})" for n, row, name, cell in bad)
    is_decimal_comma = decimal == "." and bad and re.fullmatch(r"-?\d+,\d+", bad[0][3])
    return ExpressionError(
        f"{count(len(bad), 'cell')} of {text.path.name!r} {'is' if len(bad) == 1 else 'are'} no "
        "number",
        examples(shown, quoted=False) if bad else reason,
        'If the comma is a decimal mark, give decimal=","; if it separates thousands, remove it'
        if is_decimal_comma
        else "Remove columns that are no data, or name the one with the ids: id_column=...; "
        f"missing values are written {', '.join(MISSING_CELLS[1:4])} or left empty",
        cells=tuple(bad[:5]),
    )
