"""Delimited text read strictly: what is unclear is refused with its line number, never guessed.

`read_rows` gives cells as text, exactly as written, so that an id `0012` or `1E5` and a gene `NA`
stay what they are.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neurosig._text_files import MAX_BYTES, TextFile, open_text
from neurosig.errors import InputError, ParameterError, count, examples

MAX_COLUMNS: Final = 100_000
SEPARATORS: Final = ("\t", ",", ";")


@dataclass(frozen=True, slots=True)
class TextTable:
    """A rectangular table of text cells; `line_numbers` says where in the file each row ended."""

    path: Path
    sep: str
    header: list[str]
    rows: list[list[str]]
    line_numbers: list[int]


def sniff_separator(header_line: str) -> str | None:
    r"""The separator a header line uses most outside quotes, None if it has none of them.

    >>> sniff_separator('id;"age, years";stage'), sniff_separator("id\tage"), sniff_separator("id")
    (';', '\t', None)
    """
    outside_quotes = "".join(header_line.split('"')[::2])
    counts = {sep: outside_quotes.count(sep) for sep in SEPARATORS}
    best = max(SEPARATORS, key=lambda sep: counts[sep])
    return best if counts[best] else None


def check_rectangular(text: TextFile, sep: str, *, max_columns: int = MAX_COLUMNS) -> int:
    """Refuse a table whose lines differ in their number of fields; return that number.

    Much faster than `read_rows` on a large matrix without quotes: it counts separators. A header
    one name shorter than every row, as R's `write.table` leaves it, is refused too: parsers take
    the first column for row names then, without a word.

    Raises
    ------
    InputError
        A line has another number of fields than the header, or there are too many columns, or
        no line follows the header.
    """
    if b'"' in text.content:
        counts: Iterator[tuple[int, int]] = (
            (line, len(row)) for line, row in _csv_rows(text, sep) if row
        )
    else:
        mark = sep.encode()
        counts = (
            (number, line.count(mark) + 1)
            for number, line in enumerate(text.stream(), start=1)
            if line != b"\n"
        )
    _, n_columns = next(counts)
    _check_width(text.path, n_columns, max_columns)
    _check_counts(text.path, sep, n_columns, counts)
    return n_columns


def read_rows(
    path: str | Path,
    *,
    sep: str | None = None,
    encoding: str = "utf-8",
    comment: str | None = None,
    max_bytes: int = MAX_BYTES,
    max_columns: int = MAX_COLUMNS,
) -> TextTable:
    """Read a delimited text table, all cells as text, blanks around the header names removed.

    Parameters
    ----------
    path : str or Path
        A csv, tsv or semicolon-separated file, plain or gzip (told by its content).
    sep : str, optional
        One character; by default tab, comma or semicolon, whichever the header uses most.
    encoding : str
        The text encoding.
    comment : str, optional
        Lines that begin with it are skipped.
    max_bytes, max_columns : int
        Limits of the unpacked size and of the width.

    Raises
    ------
    ResourceError
        The file cannot be read.
    InputError
        The content is not a rectangular text table; the line is named.
    """
    text = open_text(path, encoding=encoding, max_bytes=max_bytes)
    if comment:
        text = text.without_comments(comment)
    header_line = next((line.decode() for line in text.stream() if line.strip()), "")
    sep = _chosen_separator(text.path, header_line, sep)
    numbered = ((line, row) for line, row in _csv_rows(text, sep) if row)
    _, header = next(numbered)
    _check_width(text.path, len(header), max_columns)
    line_numbers: list[int] = []
    rows: list[list[str]] = []
    for line, row in numbered:
        line_numbers.append(line)
        rows.append(row)
    counts = zip(line_numbers, map(len, rows), strict=True)
    _check_counts(text.path, sep, len(header), counts)
    return TextTable(text.path, sep, [name.strip() for name in header], rows, line_numbers)


def _chosen_separator(path: Path, header_line: str, sep: str | None) -> str:
    found = sniff_separator(header_line)
    if sep is None:
        return found or ","
    if len(sep) != 1:
        raise ParameterError(f"sep cannot be {sep!r}", "It is one character", 'Such as sep=","')
    if sep not in header_line and found is not None:
        raise InputError(
            f"The header of {path.name!r} does not hold the separator {sep!r}",
            f"It reads {header_line[:80]!r}",
            f"Give sep={found!r} or leave sep out",
            path=str(path),
        )
    return sep


def _csv_rows(text: TextFile, sep: str) -> Iterator[tuple[int, list[str]]]:
    lines = io.TextIOWrapper(text.stream(), encoding="utf-8", newline="")
    reader = csv.reader(lines, delimiter=sep, strict=True)
    while True:
        started = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"{text.path.name!r} cannot be read from line {started}",
                f"{error} (a quote may be opened and not closed)",
                "Correct the quotes in that line",
                path=str(text.path),
                line=started,
            ) from error
        yield reader.line_num, row


def _check_width(path: Path, n_columns: int, max_columns: int) -> None:
    if n_columns > max_columns:
        raise InputError(
            f"{path.name!r} has too many columns",
            f"It has {n_columns:,}, the limit is {max_columns:,}",
            "Turn the table round, or raise max_columns",
            path=str(path),
        )


def _check_counts(path: Path, sep: str, n_columns: int, counts: Iterator[tuple[int, int]]) -> None:
    n_rows = 0
    wrong: list[tuple[int, int]] = []
    for line, n_fields in counts:
        n_rows += 1
        if n_fields != n_columns:
            wrong.append((line, n_fields))
    if n_rows == 0:
        raise InputError(
            f"{path.name!r} has a header and no rows",
            f"The header has {count(n_columns, 'field')}, separated by {sep!r}",
            "Export it again",
            path=str(path),
        )
    if wrong:
        raise _ragged(path, sep, n_columns, wrong, is_shifted=_is_shifted(wrong, n_rows, n_columns))


def _is_shifted(wrong: Sequence[tuple[int, int]], n_rows: int, n_columns: int) -> bool:
    return len(wrong) == n_rows and {n for _, n in wrong} == {n_columns + 1}


def _ragged(
    path: Path, sep: str, n_columns: int, wrong: list[tuple[int, int]], *, is_shifted: bool
) -> InputError:
    if is_shifted:
        evidence = f"The header has {count(n_columns, 'name')}, every row {n_columns + 1} fields"
        remedy = "Name the first column too (in R: write.table(..., col.names = NA))"
    else:
        shown = examples(f"line {line}: {count(n, 'field')}" for line, n in wrong).replace("'", "")
        evidence = f"The header has {count(n_columns, 'field')}, separated by {sep!r}; {shown}"
        remedy = "Correct these lines, or put cells that hold the separator in quotes"
    return InputError(
        f"The rows of {path.name!r} do not have as many fields as its header",
        evidence,
        remedy,
        path=str(path),
        lines=tuple(line for line, _ in wrong[:5]),
    )
