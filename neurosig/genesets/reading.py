"""Which gene one identifier names, and how that was told."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from neurosig.genesets.gene_table import ENSEMBL_PREFIX, GeneTable
from neurosig.genesets.identifiers import (
    ENSEMBL_GENE,
    ENTREZ,
    LIKE_ENSEMBL,
    SYMBOL_AND_ENTREZ,
    Kind,
)
from neurosig.genesets.mangled_names import (
    before_r,
    is_date,
    is_number_with_exponent,
    symbols_before_date,
    without_blanks,
)
from neurosig.genesets.symbols import Match, match_ignoring_case, match_symbol

PAR_Y = "_PAR_Y"
"""Ends the name of the Y copy of a pseudoautosomal gene, as in GENCODE."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one identifier was read as.

    Attributes
    ----------
    text
        The identifier without what surrounds it (blanks, version).
    status
        "gene": it names `symbol`; "ambiguous": any of `candidates`; "unknown"; "empty".
    reason
        How that was told, or why not.
    ensembl
        The Ensembl id that was given, without its version.
    is_par_y
        Whether it is the Y copy of a pseudoautosomal gene.
    is_damaged
        Whether a spreadsheet changed it and it cannot be told what it was.
    """

    text: str
    status: Literal["gene", "ambiguous", "unknown", "empty"]
    reason: str
    symbol: str = ""
    candidates: tuple[str, ...] = ()
    ensembl: str = ""
    is_par_y: bool = False
    is_damaged: bool = False


class Reader:
    """Reads identifiers of one kind and organism.

    `present` are all identifiers of the matrix: a name that ends with a number is that of a copy
    only if the name without it is among them.
    """

    def __init__(self, kind: Kind, table: GeneTable, present: Collection[str]) -> None:
        self._kind = kind
        self._table = table
        self._present = present

    def read(self, name: str) -> Reading:
        """Which gene a name stands for."""
        text = without_blanks(name)
        if not text:
            return Reading("", "empty", "no name")
        steps = ["blanks or quotes"] if text != name else []
        if LIKE_ENSEMBL.match(text):
            return self._ensembl(text, steps)
        if text.endswith(PAR_Y):
            return self._par_y(text, steps)
        if self._kind == "entrez":
            digits = ENTREZ.fullmatch(text)
            if digits:
                return self._entrez(digits[1], steps)
        pair = SYMBOL_AND_ENTREZ.fullmatch(text) if "|" in text else None
        if pair and pair["entrez"] in self._table.by_entrez:
            return self._entrez(pair["entrez"], [*steps, "symbol|Entrez"])
        return self._symbol(text, steps)

    def _ensembl(self, text: str, steps: list[str]) -> Reading:
        found = ENSEMBL_GENE.fullmatch(text)
        if found is None:
            return Reading(text, "unknown", "no Ensembl gene id")
        own = found["id"].replace("ENSGR", "ENSG0")
        if len(own) < len(text.removesuffix(PAR_Y)):
            steps = [*steps, "version"]
        if not own.startswith(ENSEMBL_PREFIX[self._table.organism]):
            return Reading(own, "unknown", "Ensembl id of another organism")
        is_copy = bool(found["y"] or found["r"]) or own in self._table.par_y
        symbol = self._table.par_y.get(own) or self._table.by_ensembl.get(own)
        kept = own + PAR_Y if found["y"] or found["r"] else own
        if symbol is None:
            reason = _joined([*steps, "Ensembl id without a symbol"])
            return Reading(kept, "unknown", reason, ensembl=kept)
        last = "Ensembl id, Y copy kept apart" if is_copy else "Ensembl id"
        reason = _joined([*steps, last])
        return Reading(kept, "gene", reason, symbol, ensembl=kept, is_par_y=is_copy)

    def _par_y(self, text: str, steps: list[str]) -> Reading:
        match = match_symbol(text.removesuffix(PAR_Y), self._table)
        if match.symbol is None:
            return Reading(text, "unknown", _joined([*steps, match.reason]))
        reason = _joined([*steps, match.reason, "Y copy kept apart"])
        return Reading(text, "gene", reason, match.symbol, is_par_y=True)

    def _entrez(self, digits: str, steps: list[str]) -> Reading:
        symbol = self._table.by_entrez.get(digits)
        if symbol is None:
            return Reading(digits, "unknown", _joined([*steps, "Entrez id not in the gene table"]))
        return Reading(digits, "gene", _joined([*steps, "Entrez id"]), symbol)

    def _symbol(self, text: str, steps: list[str]) -> Reading:
        match = match_symbol(text, self._table)
        if not match.symbols:
            repaired = self._before_r(text)
            if repaired is not None:
                steps, match = [*steps, "name changed by R"], repaired
        if not match.symbols:
            dated = self._before_date(text, steps)
            if dated is not None:
                return dated
            match = match_ignoring_case(text, self._table)
        if not match.symbols:
            return self._unknown(text, steps)
        return _of_match(text, match, steps)

    def _before_r(self, text: str) -> Match | None:
        matches = (match_symbol(s, self._table) for s in before_r(text, self._present))
        return next((match for match in matches if match.symbols), None)

    def _before_date(self, text: str, steps: list[str]) -> Reading | None:
        names = symbols_before_date(text)
        matches = [match_symbol(name, self._table) for name in names]
        if self._table.organism == "mouse":
            matches = [match_symbol(name.capitalize(), self._table) for name in names]
        symbols = tuple(dict.fromkeys(s for match in matches for s in match.symbols))
        if len(symbols) == 1:
            return Reading(text, "gene", _joined([*steps, "spreadsheet date"]), symbols[0])
        if symbols:
            reason = _joined([*steps, "spreadsheet date of several genes"])
            return Reading(text, "ambiguous", reason, candidates=symbols, is_damaged=True)
        if is_date(text):
            reason = _joined([*steps, "spreadsheet date of no known gene"])
            return Reading(text, "unknown", reason, is_damaged=True)
        return None

    def _unknown(self, text: str, steps: list[str]) -> Reading:
        if is_number_with_exponent(text):
            reason = _joined([*steps, "number made by a spreadsheet (RIKEN clone?)"])
            return Reading(text, "unknown", reason, is_damaged=True)
        return Reading(text, "unknown", _joined([*steps, "not in the gene table"]))


def _of_match(text: str, match: Match, steps: list[str]) -> Reading:
    reason = _joined([*steps, match.reason])
    if match.symbol is None:
        return Reading(text, "ambiguous", reason, candidates=match.symbols)
    return Reading(text, "gene", reason, match.symbol)


def _joined(steps: list[str]) -> str:
    return "; ".join(steps)
