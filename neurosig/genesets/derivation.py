"""Gene lists that a query gives again: ontology terms, HGNC gene groups and families of symbols.

========================  ====================================================================
kind of source            query
========================  ====================================================================
``gene_ontology``         genes of `go_id` and the terms below it in a named release of
                          org.Hs.eg.db, protein-coding, without the evidence codes IEA and ND
``hgnc_gene_group``       protein-coding members of `hgnc_group_id` in `hgnc_groups.yaml`
``symbol_root_family``    protein-coding symbols that match `regex` in a gene table
========================  ====================================================================

What the other kinds were read from is not in a package that can be queried.
"""

import csv
import io
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

from neurosig._text_files import open_text
from neurosig._yaml import load_yaml
from neurosig.errors import ResourceError, SignatureError, count, examples
from neurosig.genesets.catalogue import genes_and_weights
from neurosig.genesets.signature import Signature

_GO_QUERY: Final = """
    SELECT DISTINCT gene_info.symbol
    FROM go_bp_all
    JOIN gene_info USING (_id)
    JOIN genetype USING (_id)
    WHERE go_bp_all.go_id = ?
      AND go_bp_all.evidence NOT IN ('IEA', 'ND')
      AND genetype.gene_type = 'protein-coding'
"""

_KINDS: Final = ("gene_ontology", "hgnc_gene_group", "symbol_root_family")

Status = Literal["same", "changed", "no source given", "no rule"]


@dataclass(frozen=True, slots=True)
class _Query:
    """How the members of a source are found, and what its entries then say of the source."""

    members: Callable[[Mapping[str, Any]], set[str]]
    source: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Derivation:
    """What the rule of one entry gives today.

    Attributes
    ----------
    id : str
        The entry.
    kind : str
        The kind of its source.
    status : {"same", "changed", "no source given", "no rule"}
        Whether the rule gives the list of the entry.
    entry : mapping
        The entry, with the derived genes where they differ.
    added, removed : tuple of str
        How the derived list differs from that of the entry.
    """

    id: str
    kind: str
    status: Status
    entry: Mapping[str, Any]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """What the rules are asked of.

    Attributes
    ----------
    hgnc : Path
        `hgnc_groups.yaml`.
    go : Path, optional
        The SQLite file of org.Hs.eg.db (`extdata/org.Hs.eg.sqlite`).
    gene_table : Path, optional
        CSV with the columns symbol and biotype, plain or gzip (pirlygenes'
        `canonical-gene-reference.csv.gz`).
    """

    hgnc: Path
    go: Path | None = None
    gene_table: Path | None = None


def derive(entries: Iterable[Mapping[str, Any]], sources: Sources) -> Iterator[Derivation]:
    """Ask the rule of each entry again.

    Symbols of the release that HGNC calls otherwise today are replaced as `symbol_updates` of the
    entry says, those in its `dropped_symbols` left out.

    Raises
    ------
    SignatureError
        A rule gives nothing, or a source is not what it should be.
    ResourceError
        A source is missing.
    """
    queries = {"hgnc_gene_group": _hgnc_query(sources.hgnc)}
    if sources.gene_table is not None:
        queries["symbol_root_family"] = _family_query(sources.gene_table)
    if sources.go is None:
        yield from _derived_all(entries, queries)
        return
    with closing(_opened(sources.go)) as database:
        queries["gene_ontology"] = _ontology_query(database)
        yield from _derived_all(entries, queries)


def go_release(database: sqlite3.Connection) -> str:
    """The release of GO and of NCBI Gene that an org.Hs.eg.db says it was made of."""
    facts = dict(database.execute("SELECT name, value FROM metadata"))
    return f"GO {facts['GOSOURCEDATE']} / EntrezGene {_iso_date(facts['EGSOURCEDATE'])}"


def _derived_all(
    entries: Iterable[Mapping[str, Any]], queries: Mapping[str, _Query]
) -> Iterator[Derivation]:
    for entry in entries:
        kind = entry["source"]["kind"]
        if kind in queries:
            yield _derived(entry, queries[kind])
        else:
            status: Status = "no source given" if kind in _KINDS else "no rule"
            yield Derivation(entry["id"], kind, status, entry)


def _derived(entry: Mapping[str, Any], query: _Query) -> Derivation:
    """Compare a derived list with the entry's; order is that of the entry, then of the alphabet."""
    kind = entry["source"]["kind"]
    updates = entry.get("symbol_updates", {})
    dropped = set(entry.get("dropped_symbols", ()))
    symbols = query.members(entry["source"]) - dropped
    derived = {updates.get(symbol, symbol) for symbol in symbols}
    if not derived:
        raise SignatureError(
            f"The rule of {entry['id']!r} gives no gene",
            f"Its source is {dict(entry['source'])}",
            "Give the file that the source names",
            signature=entry["id"],
        )
    listed = genes_and_weights(entry)["genes"]
    added = tuple(sorted(derived - set(listed)))
    removed = tuple(gene for gene in listed if gene not in derived)
    if not added and not removed:
        return Derivation(entry["id"], kind, "same", entry)
    genes = sorted(derived)
    changed = dict(entry) | {
        "genes": genes,
        "n_genes": len(genes),
        "source": {**entry["source"], **query.source},
        "version": entry["version"] + 1,
        "sha256": Signature(id=entry["id"], genes=tuple(genes)).sha256,
    }
    return Derivation(entry["id"], kind, "changed", changed, added, removed)


def _opened(path: Path) -> sqlite3.Connection:
    """A database opened for reading alone."""
    if not path.is_file():
        raise ResourceError(
            f"{str(path)!r} cannot be read", "There is no such file", "Give org.Hs.eg.sqlite"
        )
    database = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
    try:
        go_release(database)
    except (sqlite3.DatabaseError, KeyError) as error:
        database.close()
        raise SignatureError(
            f"{path.name!r} is not the database of org.Hs.eg.db",
            f"{error}",
            "Give extdata/org.Hs.eg.sqlite of the package (Debian: r-bioc-org.hs.eg.db)",
        ) from error
    return database


def _ontology_query(database: sqlite3.Connection) -> _Query:
    def members(source: Mapping[str, Any]) -> set[str]:
        return {symbol for (symbol,) in database.execute(_GO_QUERY, (source["go_id"],))}

    return _Query(members, {"release": go_release(database)})


def _iso_date(text: str) -> str:
    """2022-Sep12, as the database has it, as 2022-09-12."""
    match = re.fullmatch(r"(\d{4})-([A-Z][a-z]{2})(\d{2})", text)
    if not match:
        return text
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{match[1]}-{months.index(match[2]) + 1:02d}-{match[3]}"


def _hgnc_query(path: Path) -> _Query:
    content = load_yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get("groups"), list):
        raise SignatureError(
            f"{path.name!r} is not a snapshot of HGNC gene groups",
            "It has no list 'groups'",
            "See signatures/hgnc_groups.yaml",
        )
    of_group = {group["id"]: set(group["protein_coding"]) for group in content["groups"]}

    def members(source: Mapping[str, Any]) -> set[str]:
        missing = [number for number in source["hgnc_group_id"] if number not in of_group]
        if missing:
            raise SignatureError(
                f"{path.name!r} lacks the HGNC {count(len(missing), 'group')} {examples(missing)}",
                f"It has {examples(sorted(of_group), 30)}",
                "Download the group from genenames.org and add it with its date",
            )
        return set().union(*(of_group[number] for number in source["hgnc_group_id"]))

    return _Query(members)


def _family_query(path: Path) -> _Query:
    rows = csv.DictReader(io.StringIO(open_text(path, error=SignatureError).text))
    columns = rows.fieldnames or ()
    if not {"symbol", "biotype"} <= set(columns):
        raise SignatureError(
            f"{path.name!r} is not a table of genes",
            f"Its columns are {examples(columns)}",
            "Give a CSV with the columns symbol and biotype",
        )
    symbols = {row["symbol"] for row in rows if row["biotype"] == "protein_coding"}

    def members(source: Mapping[str, Any]) -> set[str]:
        family = re.compile(source["regex"])
        return {symbol for symbol in symbols if family.fullmatch(symbol)}

    return _Query(members)
