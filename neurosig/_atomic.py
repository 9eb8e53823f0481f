"""Files that are either whole or not there.

Each writer makes a temporary file in the target's own folder and renames it into place, so a
crash, a full disk or a kill in the middle leaves the old file or none under the final name. What a
killed process leaves behind is named after it, and removed by the next one that writes there.
"""

import csv
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from neurosig import _processes
from neurosig.errors import ResourceError

if TYPE_CHECKING:
    import pandas as pd

UNFINISHED = re.compile(r"\.partial-(?P<machine>\w+)-(?P<pid>\d+)-(?P<start>\d+)-")
_ERROR_OF_HDF5 = re.compile(r"errno = (\d+)")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block ends without an error."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_unfinished(path.parent.resolve())
        temporary = path.parent / f"{_unfinished()}{secrets.token_hex(8)}{path.suffix}"
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        cause = _cause_of(error)
        if cause is None:
            raise
        raise _not_written(path, cause) from error
    finally:
        _remove(temporary)


def _remove(temporary: Path) -> None:
    """Remove what is left of a failed write.

    Emptied first: HDF5 keeps a file open that it could not write to, and complains again and again
    while there is no room for the rest of it.
    """
    with suppress(OSError):
        os.truncate(temporary, 0)
    temporary.unlink(missing_ok=True)


def _unfinished() -> str:
    """How temporary files of this process begin."""
    pid = os.getpid()
    return f".partial-{_processes.machine()}-{pid}-{_processes.started(pid)}-"


@cache  # once for each folder and process
def _remove_unfinished(folder: Path) -> None:
    """Remove temporary files of processes of this machine that have ended."""
    for path in folder.glob(".partial-*"):
        found = UNFINISHED.match(path.name)
        if found is None or found["machine"] != _processes.machine():
            continue
        if not _processes.is_running(int(found["pid"]), found["start"]):
            with suppress(OSError):
                path.unlink()


def _cause_of(error: OSError | RuntimeError) -> OSError | None:
    """The error of the system in its own words.

    HDF5 may tell its number in the text of a RuntimeError alone, and pyarrow puts words around it.
    """
    told = _ERROR_OF_HDF5.search(str(error))
    number = int(told[1]) if told else getattr(error, "errno", None)
    if number is not None:
        return OSError(number, os.strerror(number))
    return error if isinstance(error, OSError) else None


def _not_written(path: Path, error: OSError) -> ResourceError:
    return ResourceError(
        f"{str(path)!r} cannot be written: {error.strerror or error}",
        f"The folder is {str(path.parent)!r}",
        "Choose another output folder, make room, or give this one write permission",
        path=str(path),
    )


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text with Unix line ends atomically."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: Path, content: object) -> None:
    """Write JSON with sorted keys atomically, the same bytes for the same content."""
    write_text(path, json_text(content))


def json_text(content: object) -> str:
    """What `write_json` writes."""
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_with(path: Path, writer: Callable[[Path], object]) -> None:
    """Let a library write to a temporary path and rename the result into place."""
    with replacing(path) as temporary:
        writer(temporary)


def guard_cell(value: object) -> object:
    """Prefix text that a spreadsheet would run as a formula; numbers are left alone.

    >>> guard_cell("=1+1"), guard_cell("NGF"), guard_cell(-0.5)
    ("'=1+1", 'NGF', -0.5)
    """
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def unguard_cell(text: str) -> str:
    """The text that `guard_cell` prefixed.

    >>> unguard_cell("'=1+1"), unguard_cell("'quoted'")
    ('=1+1', "'quoted'")
    """
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def write_csv(path: Path, table: "pd.DataFrame", *, sep: str = ",") -> None:
    """Write a table without its index: floats at full precision, text cells guarded."""
    write_text(path, csv_text(table, sep=sep))


def csv_text(table: "pd.DataFrame", *, sep: str = ",") -> str:
    """What `write_csv` writes."""
    rows = _Rows()
    writer = csv.writer(rows, delimiter=sep, lineterminator="\r\n")
    writer.writerow([guard_cell(str(name)) for name in table.columns])
    columns = [table[name].tolist() for name in table.columns]
    for row in zip(*columns, strict=True):
        writer.writerow([_csv_cell(value) for value in row])
    return "".join(rows)


class _Rows(list[str]):
    """Takes the rows of a csv.writer and gives them Unix line ends.

    Before Python 3.13 the writer quotes a carriage return inside a cell only if its own line end
    has one; unquoted, the cell would end the row for every reader.
    """

    def write(self, row: str) -> None:
        self.append(row.removesuffix("\r\n") + "\n")


def _csv_cell(value: object) -> object:
    if value is None or (str(value) in {"nan", "NaT", "<NA>"} and not isinstance(value, str)):
        return ""
    return repr(value) if isinstance(value, float) else guard_cell(value)
