"""Genes that two scores share, where their signatures are known."""

from dataclasses import dataclass

from neurosig.errors import ParameterError, examples
from neurosig.genesets.catalogue import Catalogue
from neurosig.genesets.finding import load_signatures
from neurosig.genesets.overlap import shared
from neurosig.genesets.signature import SignatureCollection, SignaturesLike


@dataclass(frozen=True, slots=True)
class SharedGenes:
    """What two signatures share; containment: of the smaller one, 0 to 1."""

    genes: tuple[str, ...]
    containment: float
    jaccard: float


def known_signatures(names: list[str], signatures: SignaturesLike | None) -> SignatureCollection:
    """The signatures behind scores: those given, or those of the catalogue; others are left out.

    Raises
    ------
    ParameterError
        None of the signatures given has the name of a score.
    """
    if signatures is None:
        in_catalogue = set(Catalogue.bundled().ids())
        return load_signatures(ids=[name for name in names if name in in_catalogue])
    given = SignatureCollection.of(signatures)
    known = [given[name] for name in names if name in given]
    if not known:
        raise ParameterError(
            "None of the signatures given has the name of a score",
            f"Scores: {examples(names)}; signatures: {examples(given)}",
            "Pass what the scores were made with, or leave signatures out",
        )
    return SignatureCollection(known)


def shared_genes(known: SignatureCollection, first: str, second: str) -> SharedGenes | None:
    """What two scores share; None where the genes of one of them are not known.

    Examples
    --------
    >>> pair = SignatureCollection.of({"A": ["NGF", "TH", "DBH"], "B": ["TH", "DDC"]})
    >>> shared_genes(pair, "A", "B")
    SharedGenes(genes=('TH',), containment=0.5, jaccard=0.25)
    """
    if first not in known or second not in known:
        return None
    one, other = known[first].genes, set(known[second].genes)
    both = shared(set(one), other)
    return SharedGenes(tuple(g for g in one if g in other), both.containment, both.jaccard)
