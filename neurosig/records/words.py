"""A record in words: one block of lines for each."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from neurosig.errors import count
from neurosig.records.files import path_from
from neurosig.records.finding import Found, made_with

_WIDTH: Final = 12
_KNOWN: Final = frozenset(
    {"schema", "command", "created", "versions", "platform", "inputs", "outputs", "seed"}
    | {"signatures", "methods", "method", "null", "record_sha256", "amended", "url", "sha256"}
)


def describe(found: Found) -> str:
    """What a record says of a file: who made it, with what, from what, when."""
    lines = [str(found.file), *(f"  {name:<{_WIDTH}}{text}" for name, text in _lines(found))]
    return "\n".join(lines) + "\n"


def _lines(found: Found) -> Iterator[tuple[str, str]]:
    record, about = found.record, made_with(found.record)
    yield "record", f"{found.place}{f', {found.key}' if found.key else ''}"
    yield "state", _state(found)
    yield from _present(record, {"created": "made", "command": "command", "url": "fetched from"})
    for step in record.get("amended", []):
        yield "amended", f"{step['created']}  {step['command']}: {', '.join(step['outputs'])}"
    if signatures := about.get("signatures"):
        yield "signatures", f"{signatures.get('n', '?')}, sha256 {signatures.get('sha256')}"
    for name, method in about.get("methods", {}).items():
        yield "method", _method(name, method)
    if about.get("seed") is not None:
        yield "seed", str(about["seed"])
    for entry in record.get("inputs", []):
        yield "input", f"{entry['path']}  sha256 {entry['sha256']}"
        if made_by := entry.get("made_by"):
            yield "", "made by " + "; ".join(_maker(made_by))
    yield from _sources(record)
    yield from _outputs(found)
    if versions := record.get("versions"):
        yield "versions", ", ".join(f"{name} {version}" for name, version in versions.items())
    yield from _present(record, {"platform": "platform"})
    if further := sorted(record.keys() - _KNOWN):
        yield "further", f"{', '.join(further)} (--json shows them)"


def _present(record: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, name in names.items():
        if key in record:
            yield name, str(record[key])


def _state(found: Found) -> str:
    if found.is_current is None:
        return "kept inside the file" if found.key else "the record itself"
    if found.is_current:
        return "the file is as it was written"
    return "CHANGED: the file is not the one that was written"


def _method(name: str, method: Mapping[str, Any]) -> str:
    parameters = method.get("parameters") or {}
    stated = ", ".join(f"{key}={value}" for key, value in parameters.items())
    return f"{name}, revision {method.get('revision')}" + (f": {stated}" if stated else "")


def _maker(made_by: Mapping[str, Any]) -> Iterator[str]:
    yield str(made_by.get("command") or f"fetched from {made_by.get('url')}")
    if "created" in made_by:
        yield str(made_by["created"])
    for name, method in made_by.get("methods", {}).items():
        yield _method(name, method)
    if signatures := made_by.get("signatures"):
        yield f"signatures sha256 {signatures.get('sha256')}"


def _sources(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What scores say of the matrix they were made from, where no file is listed for it."""
    expression = record.get("expression")
    if not record.get("inputs") and isinstance(expression, Mapping):
        names = ("file", "source", "sha256", "n_obs", "n_genes")
        stated = [f"{name} {expression[name]}" for name in names if name in expression]
        yield "expression", ", ".join(stated)
    for name, cohort in (record.get("cohorts") or {}).items():
        abouts = [cohort.get(part, {}) for part in ("expression", "clinical")]
        for source, sha256 in dict.fromkeys(
            (about.get("file") or about.get("dataset"), about.get("sha256")) for about in abouts
        ):
            yield "cohort", f"{name}: {source}  sha256 {sha256}"


def _outputs(found: Found) -> Iterator[tuple[str, str]]:
    outputs = found.record.get("outputs", [])
    name = path_from(found.file, found.place.parent)
    for entry in outputs:
        if entry["path"] == name:
            yield "this file", f"sha256 {entry['sha256']}, {entry.get('bytes')} bytes"
    others = [entry["path"] for entry in outputs if entry["path"] != name]
    if others:
        listed = ", ".join(others[:5]) + (" ..." if len(others) > 5 else "")
        yield "wrote also", f"{count(len(others), 'file')}: {listed}"
