"""What kind of gene identifiers a matrix has, and which gene each of them names."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from neurosig.errors import IdentifierError, ParameterError, count, examples
from neurosig.genesets.gene_table import (
    ENSEMBL_PREFIX,
    Organism,
    gene_table,
    names_without_case,
)
from neurosig.genesets.mangled_names import without_blanks
from neurosig.genesets.symbols import match_symbol

Kind: TypeAlias = Literal["symbol", "ensembl", "entrez"]

LIKE_ENSEMBL: Final = re.compile(r"ENS[A-Z]*\d{8}")
ENSEMBL_GENE: Final = re.compile(
    r"(?P<id>ENS(?P<species>(?:MUS)?)G(?P<r>R?)(?P<digits>\d{10,11}))(?:\.\d+)?(?P<y>_PAR_Y)?"
)
ENTREZ: Final = re.compile(r"(\d+)(?:\.0)?")
SYMBOL_AND_ENTREZ: Final = re.compile(r"(?P<symbol>[^|]+)\|(?P<entrez>\d+)")

MIN_SHARE: Final = 0.3
MIN_LEAD: Final = 3.0

_CHOICES: Final[tuple[tuple[Kind, Organism], ...]] = (
    ("symbol", "human"),
    ("symbol", "mouse"),
    ("ensembl", "human"),
    ("ensembl", "mouse"),
    ("entrez", "human"),
)


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The kind of a matrix's gene identifiers.

    `counts` is the evidence: how many names are known of each kind, as
    ``{"human symbol": 20110, "mouse symbol": 12, ...}``; `is_stated` says that the caller named
    kind and organism.
    """

    kind: Kind
    organism: Organism
    counts: Mapping[str, int]
    n_names: int
    is_stated: bool

    @property
    def evidence(self) -> str:
        """The counts in words."""
        shown = ", ".join(f"{label} {n:,}" for label, n in self.counts.items())
        return f"Of {count(self.n_names, 'name')} known as {shown}"


def guess_identifiers(
    names: Collection[str], kind: Kind | None = None, organism: Organism | None = None
) -> Identifiers:
    """What kind of identifiers most names are, told by looking each of them up.

    A kind is accepted if at least 30 % of the names are known as such, and three times as many as
    are known as the next kind. What is stated is not guessed.

    Raises
    ------
    IdentifierError
        If no kind is clear.
    ParameterError
        If Entrez ids of mouse are stated.

    Examples
    --------
    >>> found = guess_identifiers(["Cd8a", "Ngf", "Trp53"])
    >>> found.kind, found.organism, found.counts["mouse symbol"]
    ('symbol', 'mouse', 3)
    """
    plain = {without_blanks(name) for name in names}
    asked = [c for c in _CHOICES if kind in (None, c[0]) and organism in (None, c[1])]
    if not asked:
        raise ParameterError(
            "Entrez ids of mouse genes cannot be translated",
            "The gene tables hold Entrez ids of human genes alone",
            "Translate them to Ensembl ids or symbols where the data were made",
        )
    counts = {
        f"{its_organism} {_WORDS[its_kind]}": sum(
            _is_known(name, its_kind, its_organism, any_case=organism is not None) for name in plain
        )
        for its_kind, its_organism in asked
    }
    if len(asked) == 1:
        is_stated = kind is not None and organism is not None
        return Identifiers(*asked[0], counts, len(plain), is_stated)
    ranked = sorted(zip(counts.values(), asked, strict=True), key=lambda pair: -pair[0])
    (best, chosen), (second, _) = ranked[:2]
    if best < MIN_SHARE * len(plain) or best < MIN_LEAD * second:
        raise _unclear(plain, counts)
    return Identifiers(*chosen, counts, len(plain), is_stated=False)


_WORDS: Final[Mapping[Kind, str]] = {
    "symbol": "symbol",
    "ensembl": "Ensembl id",
    "entrez": "Entrez id",
}


def _is_known(name: str, kind: Kind, organism: Organism, *, any_case: bool) -> bool:
    if kind == "ensembl":
        return name.startswith(ENSEMBL_PREFIX[organism]) and bool(ENSEMBL_GENE.fullmatch(name))
    table = gene_table(organism)
    if kind == "entrez":
        digits = ENTREZ.fullmatch(name)
        return digits is not None and digits[1] in table.by_entrez
    pair = SYMBOL_AND_ENTREZ.fullmatch(name) if "|" in name else None
    if pair:
        return organism == "human" and pair["entrez"] in table.by_entrez
    if any_case and name.casefold() in names_without_case(organism):
        return True
    return bool(match_symbol(name, table).symbols)


def _unclear(names: Collection[str], counts: Mapping[str, int]) -> IdentifierError:
    known = ", ".join(f"{label} {n:,}" for label, n in counts.items())
    folded = {
        organism: sum(name.casefold() in names_without_case(organism) for name in names)
        for organism in ENSEMBL_PREFIX
    }
    cases = ", ".join(f"{n:,} {organism} symbols" for organism, n in folded.items())
    return IdentifierError(
        "It is not clear what kind of gene identifiers the data have",
        f"Of {count(len(names), 'name')} ({examples(sorted(names))}) known as {known}; ignoring "
        f"the case, {cases}",
        'If you know it, state it: from_="symbol", "ensembl" or "entrez" and '
        'from_organism="human" or "mouse"; probes have to be mapped with the table of their '
        "platform first",
        counts=dict(counts),
    )
