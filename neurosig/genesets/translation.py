"""What each identifier of a matrix is called in the kind and the organism asked for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from neurosig.genesets.gene_table import GeneTable, Organism, gene_table, orthologs
from neurosig.genesets.identifiers import Identifiers, Kind
from neurosig.genesets.reading import PAR_Y, Reader, Reading
from neurosig.genesets.symbols import entrez_of


@dataclass(frozen=True, slots=True)
class Translation:
    """What became of one identifier.

    Attributes
    ----------
    output
        Its new name; its own where it could not be translated; "" if it is dropped.
    action
        "unchanged", "renamed", "ambiguous" or "unknown" (both kept under their own name), or
        "dropped".
    reason
        Why.
    candidates
        The genes between which it could not be told.
    is_damaged
        Whether a spreadsheet changed it beyond repair.
    """

    output: str
    action: str
    reason: str
    candidates: tuple[str, ...] = ()
    is_damaged: bool = False


def translate(
    names: Iterable[str], identifiers: Identifiers, to: Kind, organism: Organism
) -> list[Translation]:
    """Translate identifiers.

    Within one organism an identifier that names no gene, or several, is kept as it is. Between
    human and mouse it is dropped, as is a gene without an ortholog. Of several orthologs the one
    of the same symbol is taken; if there is none, the gene is dropped. Of several genes with one
    ortholog, the one of the same symbol is taken; if there is none, all get its name.

    Examples
    --------
    >>> from neurosig.genesets.identifiers import guess_identifiers
    >>> names = ["Cd8a", "Trp53", "Ccl21b"]
    >>> [t.output for t in translate(names, guess_identifiers(names), "symbol", "human")]
    ['CD8A', 'TP53', 'CCL21']
    """
    given = list(names)
    source = gene_table(identifiers.organism)
    reader = Reader(identifiers.kind, source, set(given))
    writer = _Writer(identifiers.kind, to, source, gene_table(organism))
    once = {name: writer.write(name, reader.read(name)) for name in dict.fromkeys(given)}
    return [once[name] for name in given]


class _Writer:
    """Names what a reader found."""

    def __init__(self, given: Kind, to: Kind, source: GeneTable, target: GeneTable) -> None:
        self._given = given
        self._to = to
        self._target = target
        self._crosses = source.organism != target.organism
        self._orthologs = orthologs(source.organism) if self._crosses else {}
        self._back = orthologs(target.organism) if self._crosses else {}

    def write(self, name: str, found: Reading) -> Translation:
        """The translation of one identifier."""
        if found.status == "empty":
            return Translation("", "dropped", found.reason)
        if self._crosses:
            found = self._across(found)
            if found.status != "gene":
                return Translation("", "dropped", found.reason, found.candidates, found.is_damaged)
        if found.status != "gene":
            return Translation(
                found.text, found.status, found.reason, found.candidates, found.is_damaged
            )
        outputs = self._names(found)
        if len(outputs) == 1:
            is_same = outputs[0] == name
            return Translation(outputs[0], "unchanged" if is_same else "renamed", found.reason)
        if self._crosses:
            return Translation("", "dropped", f"{found.reason}; {self._missing(outputs)}", outputs)
        status = "ambiguous" if outputs else "unknown"
        return Translation(found.text, status, f"{found.reason}; {self._missing(outputs)}", outputs)

    def _across(self, found: Reading) -> Reading:
        """The gene's ortholog in place of the gene."""
        if found.status != "gene":
            return found
        others = () if found.is_par_y else self._orthologs.get(found.symbol, ())
        if not others:
            return replace(found, status="unknown", reason=f"{found.reason}; no ortholog")
        same = [o for o in others if o.casefold() == found.symbol.casefold()]
        if len(others) > 1 and len(same) != 1:
            reason = f"{found.reason}; {len(others)} orthologs, none of the same symbol"
            return replace(found, status="ambiguous", reason=reason, candidates=others)
        chosen = same[0] if same else others[0]
        rivals = [r for r in self._back[chosen] if r.casefold() == chosen.casefold()]
        if rivals and not same:
            reason = f"{found.reason}; {rivals[0]} is the ortholog of the same symbol as {chosen}"
            return replace(found, status="unknown", reason=reason)
        how = "ortholog" if len(others) == 1 else f"of {len(others)} orthologs the same symbol"
        return replace(found, symbol=chosen, reason=f"{found.reason}; {how}", ensembl="")

    def _names(self, found: Reading) -> tuple[str, ...]:
        ending = PAR_Y if found.is_par_y else ""
        if self._to == "symbol":
            return (found.symbol + ending,)
        if self._to == "ensembl":
            if found.ensembl:
                return (found.ensembl,)
            ids = self._target.ensembl_ids(found.symbol)
        else:
            entrez = entrez_of(found.symbol, self._target)
            ids = (entrez,) if entrez else ()
        return tuple(name + ending for name in ids)

    def _missing(self, outputs: tuple[str, ...]) -> str:
        kind = "Ensembl" if self._to == "ensembl" else "Entrez"
        return f"{len(outputs)} {kind} ids" if outputs else f"no {kind} id"
