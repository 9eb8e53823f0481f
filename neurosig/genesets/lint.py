"""The rules every catalogue entry has to keep; each is a small function in `RULES`."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final, Literal

from neurosig._yaml import load_yaml
from neurosig.errors import NeurosigError, SignatureError, examples
from neurosig.genesets.catalogue import (
    PROVISIONAL,
    genes_and_weights,
    read_entry,
)
from neurosig.genesets.signature import Signature

OVERLAP: Final = 0.9
"""Pairs with a Jaccard index or a containment above this are noted."""

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+[^\s\"<>.,;)]")
_MONTH = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|SEPT|OCT|NOV|DEC"
_DATE_LIKE = re.compile(
    rf"\d{{1,2}}-(?:{_MONTH})(?:-\d+)?|(?:{_MONTH})-\d+|(?:MARCH|SEPT)\d+|[\d.]+(?:E\+?\d+)?",
    re.IGNORECASE,
)
_MOUSE_LIKE = re.compile(r"[A-Z][a-z0-9]*[a-z][a-z0-9]*")
_NO_LICENCE = frozenset({"", "?", "-", "todo", "tbd", "none", "n/a", "na"})

Level = Literal["error", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of one signature (or panel)."""

    rule: str
    signature: str
    message: str
    level: Level = "error"


@dataclass(frozen=True, slots=True)
class Entry:
    """One catalogue file: where it lies and what it says."""

    path: Path
    fields: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The id it states."""
        return str(self.fields["id"])

    @property
    def genes(self) -> tuple[str, ...]:
        """All its genes, as listed."""
        return tuple(genes_and_weights(self.fields)["genes"])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the rules look at: entries that fit the schema, and the panel file."""

    entries: tuple[Entry, ...]
    panels: Mapping[str, Any]
    themes: Mapping[str, Any]


Rule = Callable[[Snapshot], Iterator[Finding]]


def lint(folder: Path) -> tuple[Finding, ...]:
    """Check a catalogue folder.

    A file that cannot be read, or does not fit `schema.json`, is reported as that alone: the other
    rules need its fields.

    Parameters
    ----------
    folder : Path
        Holds `schema.json`, `panels.yaml` and `<category>/<id>.yaml`.

    Returns
    -------
    tuple of Finding
        Errors and notes; a catalogue is sound when no finding has the level "error".
    """
    folder = Path(folder)
    findings: list[Finding] = []
    entries = []
    validator = _validator(folder)
    for path in sorted(folder.glob("*/*.yaml")):
        try:
            entry = read_entry(path)
        except NeurosigError as error:
            findings.append(Finding("readable", path.stem, str(error)))
            continue
        problems = sorted(validator.iter_errors(entry), key=lambda problem: list(problem.path))
        findings += [Finding("schema", path.stem, _schema_message(p)) for p in problems]
        if not problems:
            entries.append(Entry(path, entry))
    panel_file, panel_findings = _panel_file(folder)
    findings += panel_findings
    snapshot = Snapshot(tuple(entries), panel_file["panels"], panel_file["themes"])
    for rule in RULES:
        findings += rule(snapshot)
    return tuple(findings)


def file_name(snapshot: Snapshot) -> Iterator[Finding]:
    """The file is named after the id and lies in the folder of its category."""
    for entry in snapshot.entries:
        wanted = f"{entry.fields['category']}/{entry.id}.yaml"
        found = f"{entry.path.parent.name}/{entry.path.name}"
        if found != wanted:
            yield Finding("file_name", entry.id, f"the file is {found}, it should be {wanted}")


def unique_id(snapshot: Snapshot) -> Iterator[Finding]:
    """No id occurs in two files."""
    for name, n in Counter(entry.id for entry in snapshot.entries).items():
        if n > 1:
            yield Finding("unique_id", name, f"{n} files have this id")


def duplicate_genes(snapshot: Snapshot) -> Iterator[Finding]:
    """No arm of a signature lists a gene twice."""
    for entry in snapshot.entries:
        for arm in ("genes", "genes_up", "genes_down"):
            listed = Counter(entry.fields.get(arm, ()))
            repeated = [gene for gene, n in listed.items() if n > 1]
            if repeated:
                yield Finding("duplicate_genes", entry.id, f"{arm} repeats {examples(repeated)}")


def both_arms(snapshot: Snapshot) -> Iterator[Finding]:
    """No gene is both up and down."""
    for entry in snapshot.entries:
        both = set(entry.fields.get("genes_up", ())) & set(entry.fields.get("genes_down", ()))
        if both:
            yield Finding("both_arms", entry.id, f"up and down: {examples(sorted(both))}")


def usable_list(snapshot: Snapshot) -> Iterator[Finding]:
    """The API accepts genes, weights, recipe and controls, and the sha256 is of the first two."""
    for entry in snapshot.entries:
        stated = {
            name: entry.fields[name] for name in ("recipe", "controls") if name in entry.fields
        }
        try:
            found = Signature(id=entry.id, **genes_and_weights(entry.fields), **stated).sha256
        except SignatureError as error:
            yield Finding("usable_list", entry.id, str(error))
            continue
        if found != entry.fields["sha256"]:
            listed = entry.fields["sha256"]
            yield Finding("sha256", entry.id, f"stated {listed[:12]}..., found {found}")


def n_genes(snapshot: Snapshot) -> Iterator[Finding]:
    """The stated number of genes is the number listed."""
    for entry in snapshot.entries:
        stated, found = entry.fields["n_genes"], len(entry.genes)
        if stated != found:
            yield Finding("n_genes", entry.id, f"states {stated} genes, lists {found}")


def spreadsheet_date(snapshot: Snapshot) -> Iterator[Finding]:
    """No symbol is what a spreadsheet makes of one, or is one it would change.

    The genes once called MARCH1 or SEPT2 are MARCHF1 and SEPTIN2 today.
    """
    for entry in snapshot.entries:
        bad = [gene for gene in entry.genes if _DATE_LIKE.fullmatch(gene)]
        if bad:
            yield Finding("spreadsheet_date", entry.id, f"date or number: {examples(bad)}")


def ascii_symbols(snapshot: Snapshot) -> Iterator[Finding]:
    """Ids and symbols are ASCII: a Greek letter or a long dash matches no gene."""
    for entry in snapshot.entries:
        bad = [text for text in (entry.id, *entry.genes) if not text.isascii()]
        if bad:
            yield Finding("ascii_symbols", entry.id, f"not ASCII: {examples(bad)}")


def mouse_symbols(snapshot: Snapshot) -> Iterator[Finding]:
    """A human signature holds no symbol written as a mouse gene, such as Cd8a.

    Human symbols are capitals but for the `orf` of open reading frames (C1orf43).
    """
    for entry in snapshot.entries:
        if not str(entry.fields["organism"]).startswith("Homo sapiens"):
            continue
        bad = [g for g in entry.genes if _MOUSE_LIKE.fullmatch(g) and "orf" not in g]
        if bad:
            yield Finding("mouse_symbols", entry.id, f"written as mouse genes: {examples(bad)}")


def doi_form(snapshot: Snapshot) -> Iterator[Finding]:
    """A DOI is a DOI alone: no address, no remark."""
    for entry in snapshot.entries:
        doi = entry.fields["source"].get("doi")
        if doi is not None and not _DOI.fullmatch(doi):
            yield Finding("doi_form", entry.id, f"{doi!r} is not of the form 10.1234/abc")


def one_title_per_doi(snapshot: Snapshot) -> Iterator[Finding]:
    """Entries that cite one DOI state one title of the source, where they state it."""
    firsts: dict[str, tuple[str, str]] = {}
    for entry in snapshot.entries:
        doi, title = (entry.fields["source"].get(key) for key in ("doi", "title"))
        if not doi or not title:
            continue
        first_title, first_id = firsts.setdefault(doi.casefold(), (title, entry.id))
        if title != first_title:
            yield Finding("one_title_per_doi", entry.id, f"{first_id} has another title of {doi}")


def licence_stated(snapshot: Snapshot) -> Iterator[Finding]:
    """The licence is named, or said to be `unknown`."""
    for entry in snapshot.entries:
        licence = entry.fields["licence"]
        if licence.strip().casefold() in _NO_LICENCE:
            message = f"the licence is {licence!r}: name it or write 'unknown'"
            yield Finding("licence_stated", entry.id, message)


def panel_members(snapshot: Snapshot) -> Iterator[Finding]:
    """Panels and themes name existing ids, each once."""
    known = {entry.id for entry in snapshot.entries}
    groups = {f"panel {name}": panel["ids"] for name, panel in snapshot.panels.items()}
    groups |= {f"theme {name}": ids for name, ids in snapshot.themes.items()}
    for group, ids in groups.items():
        missing = [name for name in ids if name not in known]
        if missing:
            yield Finding("panel_members", group, f"no such entry: {examples(missing)}")
        if len(set(ids)) < len(ids):
            yield Finding("panel_members", group, "an id is listed twice")


def panel_evidence(snapshot: Snapshot) -> Iterator[Finding]:
    """No panel holds a list that was put together without a source read."""
    provisional = {e.id for e in snapshot.entries if e.fields["evidence"] == PROVISIONAL}
    for name, panel in snapshot.panels.items():
        inside = [i for i in panel["ids"] if i in provisional]
        if inside:
            yield Finding("panel_evidence", f"panel {name}", f"provisional: {examples(inside)}")


def overlap(snapshot: Snapshot) -> Iterator[Finding]:
    """Note pairs that are nearly the same set, or of which one holds the other.

    Jaccard = |A and B| / |A or B|; containment = |A and B| / min(|A|, |B|).
    """
    sets = [(entry.id, set(entry.genes)) for entry in snapshot.entries]
    for (first, genes), (second, others) in combinations(sets, 2):
        n_shared = len(genes & others)
        jaccard = n_shared / len(genes | others)
        containment = n_shared / min(len(genes), len(others))
        if max(jaccard, containment) > OVERLAP:
            yield Finding(
                "overlap",
                first,
                f"with {second}: Jaccard {jaccard:.2f}, containment {containment:.2f}",
                "note",
            )


RULES: Final[tuple[Rule, ...]] = (
    file_name,
    unique_id,
    duplicate_genes,
    both_arms,
    usable_list,
    n_genes,
    spreadsheet_date,
    ascii_symbols,
    mouse_symbols,
    doi_form,
    one_title_per_doi,
    licence_stated,
    panel_members,
    panel_evidence,
    overlap,
)


def _validator(folder: Path) -> Any:
    from jsonschema import Draft202012Validator

    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _schema_message(problem: Any) -> str:
    where = ".".join(map(str, problem.absolute_path)) or "the entry"
    return f"{where}: {problem.message:.200}"


def _panel_file(folder: Path) -> tuple[dict[str, Any], list[Finding]]:
    """Read `panels.yaml`; where it is not of its form, a finding and no panels."""
    nothing: dict[str, Any] = {"panels": {}, "themes": {}}
    try:
        content = load_yaml(folder / "panels.yaml")
    except NeurosigError as error:
        return nothing, [Finding("panel_file", "panels.yaml", str(error))]
    if _is_panel_file(content):
        return content, []  # type: ignore[return-value]
    message = "it needs panels: {name: {description, ids}} and themes: {name: [ids]}"
    return nothing, [Finding("panel_file", "panels.yaml", message)]


def _is_panel_file(content: object) -> bool:
    if not isinstance(content, dict):
        return False
    panels, themes = content.get("panels"), content.get("themes")
    if not isinstance(panels, dict) or not isinstance(themes, dict):
        return False
    described = all(
        isinstance(p, dict) and isinstance(p.get("description"), str) for p in panels.values()
    )
    return described and all(
        isinstance(ids, list) and all(isinstance(name, str) for name in ids)
        for ids in [*(p.get("ids") for p in panels.values()), *themes.values()]
    )
