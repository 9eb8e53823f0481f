"""Delimited text read strictly: what is unclear is refused with its line number, never guessed.

`open_text` gives the checked bytes of a file (for a fast parser); `read_rows` gives cells as text,
exactly as written, so that an id `0012` or `1E5` and a gene `NA` stay what they are.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from neurosig.errors import InputError, ParameterError, ResourceError, count, examples

MAX_BYTES: Final = 2 * 2**30
MAX_COLUMNS: Final = 100_000
SEPARATORS: Final = ("\t", ",", ";")
_CHUNK: Final = 2**20
_GZIP: Final = b"\x1f\x8b"
_OTHER_FORMATS: Final = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Save it as CSV or TSV"),
    (b"PAR1", "a parquet file", "Give it the ending .parquet and read it as such"),
    (b"\x89HDF", "an HDF5 file (h5ad)", "Give it the ending .h5ad and read it as such"),
    (b"BZh", "compressed with bzip2", "Unpack it or compress it with gzip"),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it or compress it with gzip"),
)


@dataclass(frozen=True, slots=True)
class TextFile:
    r"""The checked content of a text file: UTF-8 without byte-order mark, `\n` line ends."""

    path: Path
    content: bytes

    def stream(self) -> io.BytesIO:
        """The content as a binary stream, as `pandas.read_csv` takes it."""
        return io.BytesIO(self.content)

    def first_lines(self, n: int) -> list[str]:
        """The first `n` lines without their line ends."""
        lines = (line.decode() for line in self.stream())
        return [line.rstrip("\n") for _, line in zip(range(n), lines, strict=False)]


@dataclass(frozen=True, slots=True)
class TextTable:
    """A rectangular table of text cells; `line_numbers` says where in the file each row ended."""

    path: Path
    sep: str
    header: list[str]
    rows: list[list[str]]
    line_numbers: list[int]


def open_text(path: str | Path, *, encoding: str = "utf-8", max_bytes: int = MAX_BYTES) -> TextFile:
    """Read a text file whole, unpack gzip by its magic bytes, and check what it holds.

    A byte-order mark goes, CR and CRLF line ends become LF. The size limit holds for the unpacked
    content and is checked while unpacking, so a small file cannot fill the memory.

    Raises
    ------
    ResourceError
        The file is not there or cannot be read.
    InputError
        It is empty, too large, damaged, another format, in another encoding, or holds NUL bytes.
    ParameterError
        `encoding` is not a text encoding Python knows.
    """
    path = Path(path)
    encoding = _known_encoding(encoding)
    raw = _unpacked(path, max_bytes)
    _refuse_other_formats(path, raw)
    content = _as_utf8(path, raw, encoding)
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise InputError(
            f"{path.name!r} holds NUL bytes",
            f"{count(content.count(0), 'NUL byte')}, the first on line {line}",
            'The file is damaged or is not in the encoding given; try encoding="utf-16"',
            path=str(path),
            line=line,
        )
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not content.strip():
        raise InputError(
            f"{path.name!r} is empty", f"It holds {len(raw):,} bytes", "Export it again"
        )
    return TextFile(path, content)


def _known_encoding(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        b"0".decode(name, errors="replace")  # LookupError for codecs that are not of text
    except (LookupError, UnicodeError) as error:
        raise ParameterError(
            f"encoding cannot be {encoding!r}",
            "It is not a text encoding that Python knows",
            'Examples: "utf-8", "latin-1", "cp1252", "utf-16"',
        ) from error
    return "utf-8" if name == "utf-8-sig" else name


def _unpacked(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] != _GZIP:
                return _read_capped(file, path, max_bytes)
            with gzip.GzipFile(fileobj=file) as unpacking:
                return _read_capped(unpacking, path, max_bytes)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{path.name!r} is a damaged gzip file", str(error), "Download or compress it again"
        ) from error
    except OSError as error:
        raise ResourceError(
            f"{str(path)!r} cannot be read: {error.strerror or error}",
            "" if path.parent.is_dir() else f"There is no folder {str(path.parent)!r}",
            "Correct the path or the permissions",
            path=str(path),
        ) from error


def _read_capped(file: "BinaryIO | gzip.GzipFile", path: Path, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    n_read = 0
    while chunk := file.read(_CHUNK):
        n_read += len(chunk)
        if n_read > max_bytes:
            raise InputError(
                f"{path.name!r} is larger than the limit",
                f"It holds more than {max_bytes:,} bytes (unpacked)",
                "If the file is what you think it is, raise max_bytes",
                path=str(path),
                max_bytes=max_bytes,
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _refuse_other_formats(path: Path, raw: bytes) -> None:
    for magic, what, remedy in _OTHER_FORMATS:
        if raw.startswith(magic):
            raise InputError(
                f"{path.name!r} is not a text table", f"Its first bytes say it is {what}", remedy
            )


def _as_utf8(path: Path, raw: bytes, encoding: str) -> bytes:
    if encoding == "utf-8":
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise InputError(
                f"{path.name!r} is not in UTF-8",
                "Its byte-order mark says UTF-16",
                'Give encoding="utf-16"',
                path=str(path),
            )
        raw = raw.removeprefix(codecs.BOM_UTF8)
        if raw.isascii():
            return raw
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path.name!r} is not in the encoding {encoding}",
            f"The byte 0x{raw[error.start]:02x} on line {line} does not belong there",
            'Give its encoding, such as encoding="latin-1" or encoding="utf-16"',
            path=str(path),
            line=line,
        ) from error
    return raw if encoding == "utf-8" else text.encode()


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
    header_line = next(line.decode() for line in text.stream() if line.strip())
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
