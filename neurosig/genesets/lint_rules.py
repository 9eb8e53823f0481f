"""The rules every catalogue entry has to keep; each is a small function in `RULES`."""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

from neurosig.errors import SignatureError, examples
from neurosig.genesets.catalogue import PROVISIONAL, genes_and_weights, signature_of
from neurosig.genesets.formats import read_signatures, write_signatures
from neurosig.genesets.gmt import read_gmt
from neurosig.genesets.gmx import read_gmx
from neurosig.genesets.overlap import shared
from neurosig.genesets.signature import Signature, SignatureCollection

OVERLAP: Final = 0.9
"""Pairs with a Jaccard index or a containment above this are noted."""

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+[^\s\"<>.,;)]")
_MONTH = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|SEPT|OCT|NOV|DEC"
_DATE_LIKE = re.compile(
    rf"\d{{1,2}}-(?:{_MONTH})(?:-\d+)?|(?:{_MONTH}|MARCH)-?\d+"
    r"|\d{1,4}[-/]\d{1,2}[-/]\d{1,4}|[\d.]+(?:E\+?\d+)?",
    re.IGNORECASE,
)
_MOUSE_LIKE = re.compile(r"[A-Z][a-z0-9]*[a-z][a-z0-9]*")

LICENCES: Final = (
    "unknown",
    "CC0 1.0",
    "CC BY 3.0",
    "CC BY 4.0",
    "MIT",
    "BSD-3-Clause",
    "Apache-2.0",
    "public domain",
)
"""Licences under which a list may travel with the package; `unknown` is shown as such."""

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


def is_human(entry: Entry) -> bool:
    """Whether its organism is the human."""
    return str(entry.fields["organism"]).startswith("Homo sapiens")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the rules look at: entries that fit the schema, the panel file, approved symbols."""

    entries: tuple[Entry, ...]
    panels: Mapping[str, Any]
    themes: Mapping[str, Any]
    approved: Container[str] | None = None

    def signatures(self) -> SignatureCollection:
        """The entries that the API accepts and whose id is their own."""
        usable: dict[str, Signature] = {}
        for entry in self.entries:
            try:
                signature = signature_of(entry.fields, entry.path.name)
            except SignatureError:
                continue  # usable_list says why
            usable.setdefault(signature.id, signature)
        return SignatureCollection(usable.values())


Rule = Callable[[Snapshot], Iterator[Finding]]


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
        given = {
            name: entry.fields[name] for name in ("recipe", "controls") if name in entry.fields
        }
        try:
            found = Signature(id=entry.id, **genes_and_weights(entry.fields), **given).sha256
        except SignatureError as error:
            yield Finding("usable_list", entry.id, str(error))
            continue
        if found != entry.fields["sha256"]:
            stated = entry.fields["sha256"]
            yield Finding("sha256", entry.id, f"stated {stated[:12]}..., found {found}")


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
        if not is_human(entry):
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


def licence_allowed(snapshot: Snapshot) -> Iterator[Finding]:
    """The licence is one under which the list may be passed on, or said to be `unknown`."""
    for entry in snapshot.entries:
        licence = entry.fields["licence"]
        if licence not in LICENCES:
            message = f"the licence is {licence!r}: allowed are {', '.join(LICENCES)}"
            yield Finding("licence_allowed", entry.id, message)


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


def superseded_symbols(snapshot: Snapshot) -> Iterator[Finding]:
    """No gene is a symbol that another entry has replaced by a newer one."""
    replaced = {
        old: new
        for entry in snapshot.entries
        for old, new in entry.fields.get("symbol_updates", {}).items()
    }
    for entry in snapshot.entries:
        old = [f"{gene} (now {replaced[gene]})" for gene in entry.genes if gene in replaced]
        if old:
            yield Finding("superseded_symbols", entry.id, f"replaced: {examples(old)}")


def approved_symbols(snapshot: Snapshot) -> Iterator[Finding]:
    """Every gene of a human signature is an approved symbol, where a table of them is given."""
    if snapshot.approved is None:
        return
    for entry in snapshot.entries:
        if is_human(entry):
            bad = [gene for gene in entry.genes if gene not in snapshot.approved]
            if bad:
                yield Finding("approved_symbols", entry.id, f"not approved: {examples(bad)}")


def lossless_formats(snapshot: Snapshot) -> Iterator[Finding]:
    """Written as GMT, GMX, JSON and CSV and read again, a signature is the same.

    JSON keeps everything, CSV genes and weights, GMT and GMX genes, directions and titles of what
    has no other weights.
    """
    everything = snapshot.signatures()
    unweighted = SignatureCollection(s for s in everything.values() if not s.is_weighted)
    kept: dict[str, Callable[[Signature], object]] = {
        ".json": lambda signature: signature,
        ".csv": lambda signature: (signature.genes, signature.weights),
        ".gmt": lambda signature: (signature.sha256, signature.title),
        ".gmx": lambda signature: (signature.sha256, signature.title),
    }
    with TemporaryDirectory() as folder:
        for ending, kept_of in kept.items():
            written = unweighted if ending in (".gmt", ".gmx") else everything
            again = _again(written, Path(folder) / f"all{ending}")
            if isinstance(again, SignatureError):
                names = again.facts.get("signatures")
                for name in names if isinstance(names, list) else ["the catalogue"]:
                    yield Finding("lossless_formats", name, f"{ending}: {again.what}")
                continue
            for name, signature in written.items():
                if name not in again or kept_of(again[name]) != kept_of(signature):
                    yield Finding("lossless_formats", name, f"{ending}: it comes back different")


def _again(written: SignatureCollection, path: Path) -> SignatureCollection | SignatureError:
    """What a file gives back, with both directions of a signature joined."""
    try:
        if not written:
            return written
        write_signatures(written, path)
        if path.suffix == ".gmt":
            return read_gmt(path, pair_up_down=True)
        return read_gmx(path, pair_up_down=True) if path.suffix == ".gmx" else read_signatures(path)
    except SignatureError as error:
        return error


def overlap(snapshot: Snapshot) -> Iterator[Finding]:
    """Note pairs that are nearly the same set, or of which one holds the other.

    Jaccard = |A and B| / |A or B|; containment = |A and B| / min(|A|, |B|).
    """
    sets = [(entry.id, frozenset(entry.genes)) for entry in snapshot.entries]
    for (first, genes), (second, others) in combinations(sets, 2):
        pair = shared(genes, others)
        if max(pair.jaccard, pair.containment) > OVERLAP:
            yield Finding(
                "overlap",
                first,
                f"with {second}: Jaccard {pair.jaccard:.2f}, containment {pair.containment:.2f}",
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
    superseded_symbols,
    approved_symbols,
    licence_allowed,
    panel_members,
    panel_evidence,
    lossless_formats,
    overlap,
)
