"""The format of a record of files: beside the first of them, or in the run folder they lie in.

A command writes one record, ``<its first output>.provenance.json``, which lists every file that it
wrote; a run folder has one, ``provenance.json``. Both are the same JSON:

=================  ================================================================================
``schema``         name and version of the format
``command``        the command line
``created``        when, in UTC
``versions``       of Python and of the packages that numbers depend on
``platform``       system and machine
``inputs``         files read: `path`, `sha256`, `bytes`; `made_by` if they have a record themselves
``outputs``        files written: `path`, `sha256`, `bytes`
``signatures``     `sha256` and number of the signatures, where there are any
``methods``        scoring methods with revision and parameters, where there are any
``seed``           what fixes random numbers; null where none were drawn
``record_sha256``  of the record without this key, so that a change of the record shows as well
=================  ================================================================================

and what the command has to say besides. Paths start from the folder of the record.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from neurosig import _atomic, provenance
from neurosig.errors import InputError

ENDING: Final = ".provenance.json"
FOLDER_RECORD: Final = "provenance.json"
SEAL: Final = "record_sha256"


def sidecar_of(path: Path) -> Path:
    """Where the record of a file is, if the file is the first that its command wrote.

    >>> sidecar_of(Path("out/scores.csv")).as_posix()
    'out/scores.csv.provenance.json'
    """
    return path.with_name(path.name + ENDING)


def path_from(path: Path, folder: Path) -> str:
    """A path as seen from a folder, with slashes; absolute where there is no way (Windows)."""
    place = path.parent.resolve() / path.name
    try:
        return Path(os.path.relpath(place, folder.resolve())).as_posix()
    except ValueError:
        return place.as_posix()


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The record with the SHA-256 of its own text."""
    plain = {key: value for key, value in content.items() if key != SEAL}
    text = _atomic.json_text(plain)
    return {**plain, SEAL: hashlib.sha256(text.encode("utf-8")).hexdigest()}


def is_untouched(path: Path, content: Mapping[str, Any]) -> bool:
    """Whether a record is, to the byte, what was written."""
    return path.read_bytes() == _atomic.json_text(sealed(content)).encode("utf-8")


def read_record(path: Path) -> dict[str, Any]:
    """Read a record of files.

    Raises
    ------
    InputError
        The file is not JSON, not a record, or of a later format than this.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{str(path)!r} cannot be read as a provenance record",
            f"{type(error).__name__}: {error}",
            "Run the command again that made the file; a record is not meant to be edited",
            path=str(path),
        ) from error
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != provenance.SCHEMA or not _lists_files(content):
        raise InputError(
            f"{str(path)!r} is not a provenance record that this version reads",
            f"Its schema is {schema!r}, this version reads {provenance.SCHEMA!r}",
            "Run the command again that made the file, or use the version that did",
            path=str(path),
        )
    return dict(content)


def _lists_files(content: Mapping[str, Any]) -> bool:
    return all(
        isinstance(entries := content.get(key), list)
        and all(isinstance(e, dict) and {"path", "sha256"} <= e.keys() for e in entries)
        for key in ("inputs", "outputs")
    )
