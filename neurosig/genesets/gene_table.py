"""The genes of an organism by what they are called: symbol, alias, Ensembl id, Entrez id.

The tables lie in `gene_tables/` with the script that makes them; they are read on first use.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

from neurosig.provenance import sha256_of_file

Organism: TypeAlias = Literal["human", "mouse"]

ENSEMBL_PREFIX: Final[Mapping[Organism, str]] = {"human": "ENSG", "mouse": "ENSMUSG"}
_FOLDER = Path(__file__).resolve().parent / "gene_tables"
_FILES: Final[Mapping[Organism, str]] = {
    "human": "human_genes.tsv.gz",
    "mouse": "mouse_genes.tsv.gz",
}
_ORTHOLOGS = "orthologs.tsv.gz"


@dataclass(frozen=True, slots=True)
class GeneTable:
    """The genes of one organism.

    Attributes
    ----------
    entrez
        Approved symbol to its Entrez id; "" where there is none, so that every gene is a key.
    by_ensembl
        Ensembl id, also of other releases and alternative haplotypes, to its symbol.
    par_y
        Ensembl id of the Y copy of a pseudoautosomal gene to its symbol.
    by_entrez
        Entrez id to its symbol.
    """

    organism: Organism
    entrez: dict[str, str] = field(default_factory=dict)
    by_ensembl: dict[str, str] = field(default_factory=dict)
    par_y: dict[str, str] = field(default_factory=dict)
    by_entrez: dict[str, str] = field(default_factory=dict)
    # As in the file, several in one text: a hundred thousand small tuples would double the time
    # that reading takes.
    _ensembl: dict[str, str] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)

    def __contains__(self, symbol: object) -> bool:
        """Whether a symbol is approved."""
        return symbol in self.entrez

    @property
    def symbols(self) -> Iterable[str]:
        """The approved symbols."""
        return self.entrez

    @property
    def aliases(self) -> Iterable[str]:
        """Aliases and earlier symbols; no approved symbol is among them."""
        return self._owners

    def ensembl_ids(self, symbol: str) -> tuple[str, ...]:
        """The Ensembl ids of a gene on the primary assembly."""
        prefix = ENSEMBL_PREFIX[self.organism]
        return tuple(prefix + digits.zfill(11) for digits in _split(self._ensembl[symbol]))

    def owners(self, alias: str) -> tuple[str, ...]:
        """The symbols of all genes that an alias was used for."""
        return _split(self._owners.get(alias, ""))


@lru_cache(maxsize=2)
def gene_table(organism: Organism) -> GeneTable:
    """The genes of an organism, read once.

    >>> gene_table("human").owners("IL8"), gene_table("human").by_ensembl["ENSG00000169429"]
    (('CXCL8',), 'CXCL8')
    """
    table = GeneTable(organism)
    prefix = ENSEMBL_PREFIX[organism]
    ensembl, owners, by_ensembl = table._ensembl, table._owners, table.by_ensembl
    for line in _lines(_FILES[organism]):
        symbol, primary, entrez, others, copies, aliases = line.split("\t")
        table.entrez[symbol] = entrez
        ensembl[symbol] = primary
        if entrez:
            table.by_entrez[entrez] = symbol
        for digits in _split(primary) + _split(others):
            by_ensembl[prefix + digits.zfill(11)] = symbol
        for digits in _split(copies):
            table.par_y[prefix + digits.zfill(11)] = symbol
        for alias in _split(aliases):
            owners[alias] = f"{owners[alias]}|{symbol}" if alias in owners else symbol
    return table


@lru_cache(maxsize=2)
def names_without_case(organism: Organism) -> dict[str, tuple[str, ...]]:
    """Approved symbols by their case-folded spelling, then those of case-folded aliases."""
    table = gene_table(organism)
    symbols = _folded((symbol, (symbol,)) for symbol in table.symbols)
    return _folded((alias, table.owners(alias)) for alias in table.aliases) | symbols


def _folded(names: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, symbols in names:
        key = name.casefold()
        found[key] = tuple(dict.fromkeys((*found.get(key, ()), *symbols)))
    return found


@lru_cache(maxsize=2)
def orthologs(source: Organism) -> dict[str, tuple[str, ...]]:
    """The symbols of the other organism's orthologs, by the symbol of `source`.

    >>> orthologs("mouse")["Cd8a"], orthologs("human")["NGF"]
    (('CD8A',), ('Ngf',))
    """
    pairs: dict[str, list[str]] = defaultdict(list)
    for line in _lines(_ORTHOLOGS):
        human, mouse = line.split("\t")
        of, to = (human, mouse) if source == "human" else (mouse, human)
        pairs[of].append(to)
    return {of: tuple(to) for of, to in pairs.items()}


def table_origins() -> dict[str, object]:
    """Where the tables come from, for the provenance: packages with release, and sha256."""
    sources: dict[str, dict[str, str]] = json.loads(
        (_FOLDER / "sources.json").read_text(encoding="utf-8")
    )
    files = [*_FILES.values(), _ORTHOLOGS]
    return {
        "sources": list(sources.values()),
        "sha256": {name: sha256_of_file(_FOLDER / name) for name in files},
    }


def _lines(name: str) -> list[str]:
    """The lines of a table without its header."""
    return gzip.decompress((_FOLDER / name).read_bytes()).decode("utf-8").splitlines()[1:]


def _split(cell: str) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()
