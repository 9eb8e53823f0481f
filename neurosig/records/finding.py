"""Finding the record of a file: beside it, in its run folder, or inside it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from neurosig import provenance
from neurosig.errors import InputError
from neurosig.records.files import ENDING, FOLDER_RECORD, read_record, sidecar_of
from neurosig.records.inside import records_inside

LEDGER: Final = "checksums.json"
"""What `neurosig data fetch` keeps of the files it fetched."""


@dataclass(frozen=True, slots=True)
class Found:
    """The record of a file.

    Attributes
    ----------
    file
        The file asked about.
    place
        The file that holds the record; the same as `file` if it is inside.
    key
        What names the record inside that file; empty if it is the whole of it.
    record
        The record.
    is_current
        Whether the file is, by its SHA-256, the one that the record is of. None for a record
        inside the file, which travels with it.
    """

    file: Path
    place: Path
    key: str
    record: Mapping[str, Any]
    is_current: bool | None


def find_records(path: Path) -> list[Found]:
    """All records of a file or of a run folder; those of the files around it before those inside.

    Raises
    ------
    InputError
        There is no such file, or it has no record.
    """
    if not path.exists():
        raise InputError(
            f"There is no {str(path)!r}",
            f"Its folder is {str(path.parent.resolve())!r}",
            "Give a file that neurosig wrote, or the folder of a run",
        )
    if path.is_dir() and (path / FOLDER_RECORD).is_file():
        place = path / FOLDER_RECORD
        return [Found(path, place, "", read_record(place), None)]
    if is_record(path):
        return [Found(path, path, "", read_record(path), None)]
    found = sorted(_outside(path), key=lambda f: not f.is_current)
    found += [Found(path, path, key, record, None) for key, record in records_inside(path)]
    if not found:
        raise InputError(
            f"{str(path)!r} has no provenance record",
            f"There is none beside it ({sidecar_of(path).name}), in a {FOLDER_RECORD} of its "
            "folder or of those above, or inside it",
            "Keep files together with their record when they are moved, or make it again with "
            "the neurosig command that writes it",
        )
    return found


def is_record(path: Path) -> bool:
    """Whether a file is a record by its name."""
    return path.name == FOLDER_RECORD or path.name.endswith(ENDING)


def maker_of(path: Path) -> dict[str, Any] | None:
    """What made a file, in brief, from a record of exactly this file; None if there is none."""
    if is_record(path):
        return None
    outside = next((found.record for found in _outside(path) if found.is_current), None)
    current = [outside] if outside else [record for _, record in records_inside(path)]
    if not current:
        return None
    brief = {key: current[0][key] for key in ("command", "created", "url") if key in current[0]}
    if "versions" in current[0]:
        brief["neurosig"] = current[0]["versions"].get("neurosig")
    who = [made_with(record) for record in current]
    methods = {name: about for part in who for name, about in part.get("methods", {}).items()}
    return brief | who[0] | ({"methods": methods} if methods else {})


def made_with(record: Mapping[str, Any]) -> dict[str, Any]:
    """Signatures, methods and seed of a record of files or of one from inside scores."""
    who = {key: record[key] for key in ("signatures", "methods", "seed") if key in record}
    if isinstance(about := record.get("method"), Mapping):
        parts = {key: about.get(key) for key in ("revision", "parameters")}
        who["methods"] = {str(about.get("name")): parts}
    if isinstance(null := record.get("null"), Mapping):
        who["seed"] = null.get("seed")
    if isinstance(signatures := record.get("signatures"), Mapping) and "ids" in signatures:
        who["signatures"] = {"sha256": signatures["sha256"], "n": len(signatures["ids"])}
    return who


def _outside(path: Path) -> Iterator[Found]:
    """Records around a file that list it; the file is hashed if there is one."""
    name = path.parent.resolve() / path.name
    sha256 = cache(lambda: provenance.sha256_of(path))
    for place, record in _records_around(path):
        for entry in record["outputs"]:
            if _same_place(place.parent / entry["path"], name):
                yield Found(path, place, "", record, entry["sha256"] == sha256())
                break
    for ledger, entry in _fetched(path):
        yield Found(path, ledger, path.name, entry, entry["sha256"] == sha256())


def _same_place(listed: Path, name: Path) -> bool:
    return listed.name == name.name and listed.parent.resolve() == name.parent


def _records_around(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Readable records that could list a file: its own, its folder's, those of folders above."""
    own = sidecar_of(path)
    folder = path.parent.resolve()
    beside = [p for p in sorted(folder.glob(f"*{ENDING}")) if p.name != own.name]
    above = [parent / FOLDER_RECORD for parent in (folder, *folder.parents)]
    for place in (own, *beside, *above):
        if not place.is_file():
            continue
        try:
            yield place, read_record(place)
        except InputError:
            if place == own:
                raise


def _fetched(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The list and the entry of a file that `neurosig data fetch` fetched."""
    for folder in path.resolve().parents:
        ledger = folder / LEDGER
        if not ledger.is_file():
            continue
        try:
            entry = json.loads(ledger.read_text(encoding="utf-8"))
            entry = entry[path.resolve().relative_to(folder).as_posix()]
            yield (
                ledger,
                {
                    "created": entry["fetched"],
                    "url": entry["url"],
                    "sha256": entry["sha256"],
                },
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
