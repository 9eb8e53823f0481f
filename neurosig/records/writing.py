"""Writing the record of files that have just been written."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from neurosig import _atomic, provenance
from neurosig.errors import InputError
from neurosig.records.files import (
    FOLDER_RECORD,
    is_untouched,
    path_from,
    read_record,
    sealed,
    sidecar_of,
)
from neurosig.records.finding import maker_of


def write_sidecar(
    outputs: Iterable[Path], *, inputs: Iterable[Path] = (), **facts: Any
) -> tuple[Path, ...]:
    """Write who made files, beside the first of them.

    Files in another folder than the first get the same record beside the first of theirs. An
    earlier record beside one of the others is of a file that is gone, and goes as well.
    """
    files = list(dict.fromkeys(outputs))
    read = list(inputs)
    content = provenance.record(**{"seed": None, **facts})
    heads: dict[Path, Path] = {}
    for file in files:
        heads.setdefault(file.parent.resolve(), file)
    for folder, first in heads.items():
        listed = {
            "inputs": [_input_entry(path, folder) for path in read],
            "outputs": [entry_of(path, folder) for path in files],
        }
        _atomic.write_json(sidecar_of(first), sealed(content | listed))
    for file in files:
        if file not in heads.values():
            sidecar_of(file).unlink(missing_ok=True)
    return tuple(sidecar_of(first) for first in heads.values())


def write_folder_record(
    folder: Path,
    *,
    files: Iterable[Path] | None = None,
    final: Path | None = None,
    inputs: Iterable[Path] = (),
    **facts: Any,
) -> Path:
    """Write who made files of a folder (all of them, if they are not named) into it.

    `final` is where the folder will lie, if it is moved there when it is whole.
    """
    place = final or folder
    path = folder / FOLDER_RECORD
    if files is None:
        files = sorted(p for p in folder.rglob("*") if p.is_file() and p != path)
    content = provenance.record(**{"seed": None, **facts}) | {
        "inputs": [_input_entry(p, place) for p in inputs],
        "outputs": [entry_of(p, folder) for p in files],
    }
    _atomic.write_json(path, sealed(content))
    return path


def amend_folder_record(folder: Path, files: Iterable[Path]) -> None:
    """Write down that files of a run folder were made again; those of all others stay as listed.

    What made them is appended to `amended`.
    """
    path = folder / FOLDER_RECORD
    content = read_record(path)
    if not is_untouched(path, content):
        raise InputError(
            f"{str(path)!r} was changed after it was written",
            "It is not, to the byte, what neurosig wrote",
            "Run the study again: what a changed record says of the other files cannot be kept",
        )
    entries = {entry["path"]: entry for entry in content["outputs"]}
    renewed = {entry["path"]: entry for entry in (entry_of(file, folder) for file in files)}
    step = provenance.record(outputs=sorted(renewed))
    amended = [*content.get("amended", []), step]
    outputs = [{**entries, **renewed}[name] for name in sorted({*entries, *renewed})]
    _atomic.write_json(path, sealed({**content, "outputs": outputs, "amended": amended}))


def entry_of(path: Path, folder: Path) -> dict[str, Any]:
    """Path (from a folder), SHA-256 and size of a file."""
    entry: dict[str, Any] = {"path": path_from(path, folder), "sha256": provenance.sha256_of(path)}
    if path.is_file():
        entry["bytes"] = path.stat().st_size
    return entry


def _input_entry(path: Path, folder: Path) -> dict[str, Any]:
    """The entry of a file that was read, with what made it, if it has a record."""
    entry = entry_of(path, folder)
    made_by = maker_of(path)
    return entry | ({"made_by": made_by} if made_by else {})
