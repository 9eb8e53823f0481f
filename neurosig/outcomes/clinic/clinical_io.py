"""Clinical tables from files: read as text, then cleaned, so that ids stay as they are written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from neurosig._atomic import unguard_cell
from neurosig._tables import TextTable, read_rows
from neurosig.errors import ClinicalError, InputError, count, examples
from neurosig.outcomes.clinic.clean import clean_table, find_column

MAX_BYTES: Final = 2**29
"""Largest clinical file that is read, unpacked, unless the caller allows more (512 MiB)."""
_MAX_COLUMNS: Final = 20_000
_PARQUET: Final = b"PAR1"


def read_clinical(
    path: str | Path,
    *,
    id: str | None = None,
    sep: str | None = None,
    missing: Sequence[str] = (),
    decimal: Literal[".", ","] = ".",
    text: Sequence[str] = (),
    encoding: str = "utf-8",
    comment: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> pd.DataFrame:
    r"""Read a clinical table: csv, tsv or semicolon-separated, plain or gzip, or parquet.

    Everything is read as text, so that ids such as `0012`, `1E5` and `NA` stay what they are. Then
    missing tokens become missing and columns that are all numbers become numbers (see
    `neurosig.outcomes.clinic.clean.clean_table`); what was done is in
    `neurosig.outcomes.clinic.clean.cleaning_report(table)`. The quote that neurosig writes before a
    text such as `+`, so that no spreadsheet runs it, is taken off again.

    Parameters
    ----------
    path
        The file; its content, not its name, says whether it is gzip or parquet.
    id
        Column with the ids, which becomes the index; by default the first column (in parquet the
        index, if there is one).
    sep
        Separator; by default tab, comma or semicolon, whichever the header uses most.
    missing
        Texts that mean "missing" besides the known tokens.
    decimal
        The decimal mark.
    text
        Columns that stay text whatever they hold.
    encoding
        Text encoding.
    comment
        Lines of a text file that begin with it are skipped, as "#" in cBioPortal's files.
    max_bytes
        Largest size, in bytes, unpacked.

    Returns
    -------
    DataFrame
        One row per line, the ids as index; columns of text, or of numbers (float64) where every
        known cell is one, with NaN where a value is missing. Typed columns of a parquet file stay.

    Raises
    ------
    ResourceError
        The file cannot be read.
    InputError
        The content is no rectangular table, is too large or in another encoding.
    ClinicalError
        Column names are repeated or empty, a row lacks its id, or numbers are written in a way
        that could mean two things.
    ParameterError
        An option has a value that is not allowed.

    References
    ----------
    Ziemann M, Eren Y, El-Osta A (2016) Genome Biol 17:177, doi:10.1186/s13059-016-1044-7: what
    programs that guess the type of a cell do to names.

    Examples
    --------
    The ids stay text, `[Unknown]` and `na` are missing.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "clinic.csv"
    ...     _ = path.write_text("id,age,stage\n0012,61,II\n1E5,[Unknown],na\n")
    ...     clinical = read_clinical(path)
    >>> clinical.index.tolist(), clinical["age"].tolist(), clinical["stage"].tolist()
    (['0012', '1E5'], [61.0, nan], ['II', nan])
    """
    path = Path(path)
    if _is_parquet(path):
        raw = _with_parquet_ids(_read_parquet(path, max_bytes), id)
    else:
        table = read_rows(
            path,
            sep=sep,
            encoding=encoding,
            comment=comment,
            max_bytes=max_bytes,
            max_columns=_MAX_COLUMNS,
        )
        raw = _with_text_ids(_unguarded(table), id)
    return clean_table(raw, missing=missing, decimal=decimal, text=text).data


def _unguarded(table: TextTable) -> TextTable:
    """The texts that a table of ours guards against spreadsheets, such as the level '+'."""
    return replace(
        table,
        header=[unguard_cell(name) for name in table.header],
        rows=[[unguard_cell(cell) for cell in row] for row in table.rows],
    )


def _is_parquet(path: Path) -> bool:
    if not path.is_file():  # a pipe can be read once only; a missing file fails in read_rows
        return False
    with path.open("rb") as file:
        return file.peek(4)[:4] == _PARQUET


def _read_parquet(path: Path, max_bytes: int) -> pd.DataFrame:
    if path.stat().st_size > max_bytes:
        raise InputError(
            f"{path.name!r} is larger than the limit",
            f"It holds {path.stat().st_size:,} bytes, the limit is {max_bytes:,}",
            "If the file is what you think it is, raise max_bytes",
            path=str(path),
        )
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors derive from these
        raise InputError(
            f"{path.name!r} is a damaged parquet file", str(error)[:200], "Export it again"
        ) from error


def _with_parquet_ids(table: pd.DataFrame, id_column: str | None) -> pd.DataFrame:
    if id_column is None and not isinstance(table.index, pd.RangeIndex):
        return table
    if not len(table.columns):
        raise ClinicalError("The table has no columns", "", "Export it again")
    name = str(table.columns[0]) if id_column is None else id_column
    find_column(table, name)
    return table.set_index(name)


def _with_text_ids(table: TextTable, id_column: str | None) -> pd.DataFrame:
    _check_names(table)
    name = table.header[0] if id_column is None else id_column
    frame = pd.DataFrame(table.rows, columns=table.header, dtype=object)
    ids = find_column(frame, name).str.strip()
    without = [n for n, value in zip(table.line_numbers, ids, strict=True) if not value]
    if without:
        raise ClinicalError(
            f"Rows of {table.path.name!r} have no id in the column {name!r}",
            f"{count(len(without), 'row')}, on lines {examples(without)}",
            "Give every row an id, or name another column with id=",
            lines=tuple(without[:5]),
        )
    return frame.drop(columns=name).set_axis(pd.Index(ids, name=name or None), axis=0)


def _check_names(table: TextTable) -> None:
    repeated = [name for name, n in Counter(table.header).items() if n > 1 and name]
    empty = [i + 1 for i, name in enumerate(table.header) if not name and i > 0]
    if repeated or empty:
        evidence = (
            f"{count(len(repeated), 'name')} more than once: {examples(repeated)}"
            if repeated
            else f"Columns without a name: {examples(empty)}"
        )
        raise ClinicalError(
            f"The header of {table.path.name!r} does not name every column once",
            evidence,
            "Rename these columns in the file",
            columns=tuple(repeated),
        )
    if len(table.header) < 2:
        raise ClinicalError(
            f"{table.path.name!r} has one column only",
            f"Its header reads {table.header[0]!r}",
            "If another character separates the columns, give it with sep=",
        )
