"""Collections as JSON (everything that is known) and as CSV (source, target, weight)."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final

from neurosig import _atomic
from neurosig._text_files import open_text
from neurosig.errors import SignatureError, examples
from neurosig.genesets.msigdb import is_msigdb, signatures_of_msigdb
from neurosig.genesets.signature import Signature, SignatureCollection

JSON_SCHEMA: Final = "neurosig-collection/1"
MAX_BYTES: Final = 200_000_000
_COLUMNS: Final = ("source", "target", "weight")


def write_json(signatures: SignatureCollection, path: Path | str) -> None:
    """Write everything that is known of the signatures; fields at their default are left out.

    Raises
    ------
    SignatureError
        A `source` holds something that JSON cannot.
    """
    _atomic.write_text(Path(path), json_text(signatures))


def json_text(signatures: SignatureCollection) -> str:
    """What `write_json` writes."""
    content = {
        "schema": JSON_SCHEMA,
        "signatures": [_fields_of(signature) for signature in signatures.values()],
    }
    try:
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise SignatureError(
            "The signatures cannot be written as JSON",
            f"A field holds what JSON cannot: {error}",
            "Keep text, numbers and lists in Signature.source",
        ) from error


def read_json(path: Path | str, *, max_bytes: int = MAX_BYTES) -> SignatureCollection:
    """Read what `write_json` wrote, or a JSON file of MSigDB.

    Raises
    ------
    SignatureError
        It is neither, or a signature in it cannot be used.
    ResourceError
        The file is missing.
    """
    path = Path(path)
    return from_json(open_text(path, max_bytes=max_bytes, error=SignatureError).text, path)


def from_json(text: str, path: Path) -> SignatureCollection:
    """The collection of such a text; `path` is where it was read, for messages.

    Raises
    ------
    SignatureError
        It is not such a text, or a signature in it cannot be used.
    """
    try:
        content = json.loads(text, object_pairs_hook=_unique_keys)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _not_ours(path, f"{error}") from error
    if is_msigdb(content):
        return signatures_of_msigdb(content, path.name)
    if not isinstance(content, dict) or content.get("schema") != JSON_SCHEMA:
        raise _not_ours(path, f"Its 'schema' is not {JSON_SCHEMA!r}")
    entries = content.get("signatures")
    if not isinstance(entries, list):
        raise _not_ours(path, "Its 'signatures' is not a list")
    return SignatureCollection(_signature_of(entry, path) for entry in entries)


def write_csv(signatures: SignatureCollection, path: Path | str) -> None:
    """Write source, target, weight, one row per signature and gene, floats at full precision.

    Text that a spreadsheet would run as a formula gets a leading ', which `read_csv` removes.

    Raises
    ------
    SignatureError
        A name starts with ' and such a character already, so that it would not come back the same.
    """
    names = [text for s in signatures.values() for text in (s.id, *s.genes)]
    ambiguous = [text for text in names if _is_guarded(text)]
    if ambiguous:
        raise SignatureError(
            "Names that start with ' and one of = + - @ cannot be written as CSV",
            f"They are {examples(ambiguous)}",
            "Keep them with .to_json(path)",
        )
    _atomic.write_csv(Path(path), signatures.to_frame())


def read_csv(path: Path | str, *, max_bytes: int = MAX_BYTES) -> SignatureCollection:
    """Read a CSV with the columns source, target and, if wanted, weight; others are ignored.

    Raises
    ------
    SignatureError
        A column is missing, a row has too few cells, or a signature cannot be used.
    ResourceError
        The file is missing.
    """
    path = Path(path)
    text = open_text(path, max_bytes=max_bytes, error=SignatureError).text
    return SignatureCollection.from_edges(_edges_of(text, path))


def _edges_of(text: str, path: Path) -> Iterator[tuple[str, str, float]]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(rows, [])
    missing = [name for name in _COLUMNS[:2] if name not in header]
    if missing:
        raise SignatureError(
            f"{path.name!r} lacks the column {' and '.join(missing)}",
            f"Its columns: {examples(header)}",
            "The first line is: source,target,weight",
        )
    source, target = header.index("source"), header.index("target")
    weight = header.index("weight") if "weight" in header else None
    try:
        for row in rows:
            if row:
                value = 1.0 if weight is None else float(row[weight])
                yield _unguarded(row[source]), _unguarded(row[target]), value
    except (IndexError, ValueError, csv.Error) as error:
        raise SignatureError(
            f"{path.name!r}, line {rows.line_num}: the row cannot be read",
            f"{error}",
            "Each row is: signature,gene,number",
            line=rows.line_num,
        ) from error


def _is_guarded(text: str) -> bool:
    return text.startswith("'") and text[1:].startswith(_atomic.FORMULA_STARTS)


def _unguarded(text: str) -> str:
    return text[1:] if _is_guarded(text) else text


def _fields_of(signature: Signature) -> dict[str, Any]:
    values = {field.name: getattr(signature, field.name) for field in fields(Signature)}
    defaults = {f.name: f.default for f in fields(Signature) if f.default is not MISSING}
    return {
        name: value
        for name, value in values.items()
        if not (name in defaults and value == defaults[name]) and value != {}
    }


def _signature_of(entry: object, path: Path) -> Signature:
    known = [field.name for field in fields(Signature)]
    if not isinstance(entry, dict) or not {"id", "genes"} <= set(entry) <= set(known):
        keys = examples(entry) if isinstance(entry, dict) else repr(entry)[:60]
        raise _not_ours(path, f"An entry has the keys {keys}; known are {', '.join(known)}")
    if not isinstance(entry["genes"], list):
        raise _not_ours(path, f"The genes of {entry['id']!r} are not a list")
    return Signature(**entry)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise SignatureError(
            "A JSON object has a key twice",
            f"Its keys: {examples(key for key, _ in pairs)}",
            "Remove one of the two",
        )
    return content


def _not_ours(path: Path, why: str) -> SignatureError:
    return SignatureError(
        f"{path.name!r} is not a collection of signatures in JSON",
        why,
        "Write one with SignatureCollection.to_json(path)",
        path=str(path),
    )
