"""Whether the files of a folder are still those that their records list."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from neurosig import provenance
from neurosig._output_folder import BYSTANDERS
from neurosig.errors import InputError
from neurosig.records.files import FOLDER_RECORD, is_untouched, path_from, read_record
from neurosig.records.finding import LEDGER, find_records, is_record

Status = Literal["ok", "changed", "missing", "extra", "not here"]
UNFINISHED: Final = ".partial-"


@dataclass(frozen=True, slots=True)
class Check:
    """One file compared with its record.

    `status` is "ok", "changed", "missing" (a file that was written), "extra" (in the folder, and
    in no record), or "not here" (a file that was read and cannot be looked at).
    """

    path: str
    role: Literal["output", "input", "record", ""]
    status: Status
    recorded_sha256: str = ""
    found_sha256: str = ""
    record: str = ""

    def to_dict(self) -> dict[str, str]:
        """The columns of a table."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Listed:
    """A file in a record."""

    place: Path
    name: str
    sha256: str
    created: str
    record: Path


def check_records(place: Path, *, data: Path | None = None) -> list[Check]:
    """Compare every file of a run folder, or of the record of one file, with what was written.

    Of several records that list a file the last one counts.

    Parameters
    ----------
    place
        A folder, with records anywhere in it, or a file that has a record.
    data
        Where to look first for the files that were read, by their path or name.

    Raises
    ------
    InputError
        There is no record.
    """
    records = _records_of(place)
    folder = (place if place.is_dir() else place.parent).resolve()
    checks: list[Check] = []
    outputs: dict[Path, _Listed] = {}
    inputs: dict[tuple[Path, str], _Listed] = {}
    for path in records:
        content = _readable(path)
        if content is None or not (path.name == LEDGER or is_untouched(path, content)):
            checks.append(Check(path_from(path, folder), "record", "changed"))
        for listed in _listed(path, content, "outputs"):
            earlier = outputs.get(listed.place)
            if earlier is None or earlier.created <= listed.created:
                outputs[listed.place] = listed
        for listed in _listed(path, content, "inputs"):
            inputs.setdefault((listed.place, listed.sha256), listed)
    checks += [_check(entry, "output", folder, entry.place) for entry in outputs.values()]
    checks += [_check(e, "input", folder, _place_of_input(e, data)) for e in inputs.values()]
    if place.is_dir():
        known = {path.resolve() for path in records} | outputs.keys()
        checks += [Check(path_from(p, folder), "", "extra") for p in _files(folder, known)]
    order = {"record": 0, "output": 1, "": 2, "input": 3}
    return sorted(checks, key=lambda check: (order[check.role], check.path))


def _records_of(place: Path) -> list[Path]:
    if not place.is_dir():
        found = [f.place for f in find_records(place) if f.place != place or is_record(place)]
        if not found:
            raise InputError(
                f"{str(place)!r} has no record with checksums",
                "There is only the record inside it, which cannot hold the checksum of the file",
                "neurosig provenance shows that one",
            )
        return found[:1]
    names = [p for p in sorted(place.rglob("*")) if is_record(p) or p.name == LEDGER]
    found = [p for p in names if p.is_file() and not _is_hidden(p, place) and _is_ours(p)]
    if not found:
        raise InputError(
            f"There is no record in {str(place)!r}",
            f"Neither {FOLDER_RECORD} nor a file that ends in .{FOLDER_RECORD}, which neurosig "
            "writes with its results",
            "Give the folder that `neurosig run` or another command wrote to",
        )
    return found


def _is_ours(path: Path) -> bool:
    """Whether a file of that name is a record of ours; a damaged one is."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return True
    if path.name == LEDGER:
        return isinstance(content, dict)
    schema = content.get("schema") if isinstance(content, dict) else None
    is_sidecar = path.name != FOLDER_RECORD
    return is_sidecar or schema is None or str(schema).startswith("neurosig")


def _readable(path: Path) -> dict[str, Any] | None:
    try:
        return _ledger(path) if path.name == LEDGER else read_record(path)
    except (InputError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _ledger(path: Path) -> dict[str, Any]:
    entries = json.loads(path.read_text(encoding="utf-8"))
    outputs = [{"path": name, "sha256": entry["sha256"]} for name, entry in entries.items()]
    return {"outputs": outputs, "inputs": []}


def _listed(path: Path, content: dict[str, Any] | None, key: str) -> Iterator[_Listed]:
    for entry in (content or {}).get(key, []):
        given = path.parent.resolve() / entry["path"]
        place = given.parent.resolve() / given.name
        created = str((content or {}).get("created", ""))
        yield _Listed(place, entry["path"], entry["sha256"], created, path)


def _check(
    listed: _Listed, role: Literal["output", "input"], folder: Path, place: Path | None
) -> Check:
    found = ""
    status: Status = "missing" if role == "output" else "not here"
    if place is not None and place.exists():
        found = provenance.sha256_of(place)
        status = "ok" if found == listed.sha256 else "changed"
    return Check(
        path_from(place or listed.place, folder),
        role,
        status,
        listed.sha256,
        found,
        path_from(listed.record, folder),
    )


def _place_of_input(listed: _Listed, data: Path | None) -> Path | None:
    """Where a file that was read can be looked at."""
    parts = [part for part in Path(listed.name).parts if part not in ("..", "/")]
    if data is not None:
        for start in range(len(parts)):
            candidate = data.joinpath(*parts[start:])
            if candidate.exists():
                return candidate
    return listed.place if listed.place.exists() else None


def _files(folder: Path, known: set[Path]) -> Iterator[Path]:
    """Files that no record lists; hidden ones do not count, those of a killed run do."""
    stores = [path for path in known if path.is_dir()]
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name in BYSTANDERS or path in known:
            continue
        if _is_hidden(path, folder) and not path.name.startswith(UNFINISHED):
            continue
        if not any(path.is_relative_to(store) for store in stores):
            yield path


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
