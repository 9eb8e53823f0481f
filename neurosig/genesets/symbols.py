"""From a gene symbol of any vintage to the approved one; never by a guess."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from neurosig.genesets.gene_table import GeneTable, names_without_case

# HGNC renamed these families so that spreadsheets leave them alone (Bruford EA et al. 2020,
# doi:10.1038/s41588-020-0669-3). The number stays, which settles SEPT2: it was SEPTIN2's approved
# symbol and only a synonym of SEPTIN6.
_FAMILIES: Final = (
    (re.compile(r"SEPT(\d{1,2})"), "SEPTIN"),
    (re.compile(r"MARCH(\d{1,2})"), "MARCHF"),
    (re.compile(r"MARC([12])"), "MTARC"),
)
_LOCUS = re.compile(r"LOC(\d{5,})")


@dataclass(frozen=True, slots=True)
class Match:
    """What a name stands for: no gene, one, or several that it cannot tell apart."""

    symbols: tuple[str, ...]
    reason: str

    @property
    def symbol(self) -> str | None:
        """The one gene, if there is one."""
        return self.symbols[0] if len(self.symbols) == 1 else None


def match_symbol(name: str, table: GeneTable) -> Match:
    """The genes that a name stands for, as it is spelt.

    An approved symbol is its own gene, whatever else it is an alias of.

    >>> from neurosig.genesets.gene_table import gene_table
    >>> [match_symbol(name, gene_table("human")).symbols for name in ("NGF", "IL8", "SEPT2")]
    [('NGF',), ('CXCL8',), ('SEPTIN2',)]
    >>> match_symbol("COX1", gene_table("human"))  # cytochrome oxidase or cyclooxygenase
    Match(symbols=('MT-CO1', 'PTGS1'), reason='alias of several genes')
    """
    if name in table:
        return Match((name,), "approved symbol")
    current = _renamed_family(name, table)
    if current is not None:
        return Match((current,), "previous symbol")
    owners = table.owners(name)
    if owners:
        several = len(owners) > 1
        return Match(owners, "alias of several genes" if several else "alias or previous symbol")
    locus = _LOCUS.fullmatch(name)
    if locus and table.organism == "human":
        known = table.by_entrez.get(locus[1])
        return Match((known,), "previous symbol") if known else Match((name,), "NCBI locus")
    return Match((), "not in the gene table")


def match_ignoring_case(name: str, table: GeneTable) -> Match:
    """The genes that a name stands for in another case, approved symbols first."""
    symbols = names_without_case(table.organism).get(name.casefold(), ())
    return Match(symbols, "case" if len(symbols) < 2 else "several genes but for the case")


def earlier_names(
    genes: Collection[str], names: Collection[str], table: GeneTable
) -> dict[str, str]:
    """Which genes are among the names under an alias or an earlier symbol of theirs alone.

    In the alphabetical order of the names, whatever the order of a set.

    >>> from neurosig.genesets.gene_table import gene_table
    >>> earlier_names({"CXCL8", "NGF"}, {"IL8", "TP53"}, gene_table("human"))
    {'CXCL8': 'IL8'}
    """
    others = (name for name in sorted(names) if name not in table)
    found = ((match_symbol(name, table).symbol, name) for name in others)
    return {gene: name for gene, name in found if gene in genes and gene is not None}


def entrez_of(symbol: str, table: GeneTable) -> str | None:
    """The Entrez id of a gene; that of an NCBI locus is in its name."""
    locus = _LOCUS.fullmatch(symbol)
    return table.entrez.get(symbol) or (locus[1] if locus else None)


def _renamed_family(name: str, table: GeneTable) -> str | None:
    upper = name.upper()
    if not upper.startswith(("SEPT", "MARC")) or name not in (upper, name.capitalize()):
        return None
    for pattern, family in _FAMILIES:
        found = pattern.fullmatch(upper)
        if found:
            new = family + found[1]
            current = new if table.organism == "human" else new.capitalize()
            return current if current in table else None
    return None
