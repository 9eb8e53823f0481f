"""How much signatures share: Jaccard index, containment and the genes themselves."""

from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import SignatureError, UnknownSignatureError, examples
from neurosig.genesets.signature import SignatureCollection, SignaturesLike

if TYPE_CHECKING:
    import pandas as pd


class Shared(NamedTuple):
    """What two sets of genes share."""

    n_shared: int
    jaccard: float
    containment: float


def shared(first: Set[str], second: Set[str]) -> Shared:
    """Jaccard = |A and B| / |A or B|; containment = |A and B| / min(|A|, |B|).

    >>> shared({"NGF", "TH"}, {"NGF", "TH", "DBH", "DDC"})
    Shared(n_shared=2, jaccard=0.5, containment=1.0)
    """
    n_shared = len(first & second)
    smaller = min(len(first), len(second))
    n_either = len(first) + len(second) - n_shared
    return Shared(n_shared, n_shared / n_either, n_shared / smaller)


@dataclass(frozen=True, slots=True)
class SignatureOverlap:
    """What each signature of one collection shares with each of another (or of the same).

    Attributes
    ----------
    n_shared : DataFrame
        Number of genes in both, signature x signature.
    jaccard : DataFrame
        |A and B| / |A or B|, 0 to 1.
    containment : DataFrame
        |A and B| / min(|A|, |B|), 0 to 1: 1 where the larger holds all of the smaller.
    rows, columns : SignatureCollection
        The signatures compared.
    """

    n_shared: "pd.DataFrame"
    jaccard: "pd.DataFrame"
    containment: "pd.DataFrame"
    rows: SignatureCollection
    columns: SignatureCollection

    def genes(self, first: str, second: str) -> tuple[str, ...]:
        """The genes that two signatures share, in the order of the first.

        Raises
        ------
        UnknownSignatureError
            One of them was not compared.
        """
        for name, known in ((first, self.rows), (second, self.columns)):
            if name not in known:
                raise UnknownSignatureError(
                    f"The signature {name!r} was not compared",
                    f"Compared were {examples(known)}",
                    "Give one of these",
                    name=name,
                )
        others = set(self.columns[second].genes)
        return tuple(gene for gene in self.rows[first].genes if gene in others)

    @property
    def table(self) -> "pd.DataFrame":
        """One row per pair that shares a gene, most alike first; each pair once.

        Columns: first, second, n_first, n_second, n_shared, jaccard, containment, shared_genes.
        """
        import pandas as pd

        is_square = list(self.rows) == list(self.columns)
        counts = self.n_shared.to_numpy()
        jaccard, containment = self.jaccard.to_numpy(), self.containment.to_numpy()
        if is_square:
            counts = np.triu(counts, k=1)
        names, others = list(self.rows), list(self.columns)
        pairs = [(names[i], others[j], i, j) for i, j in zip(*np.nonzero(counts), strict=True)]
        table = pd.DataFrame(
            {
                "first": [first for first, *_ in pairs],
                "second": [second for _, second, *_ in pairs],
                "n_first": [self.rows[first].n_genes for first, *_ in pairs],
                "n_second": [self.columns[second].n_genes for _, second, *_ in pairs],
                "n_shared": [int(counts[i, j]) for *_, i, j in pairs],
                "jaccard": [float(jaccard[i, j]) for *_, i, j in pairs],
                "containment": [float(containment[i, j]) for *_, i, j in pairs],
                "shared_genes": [", ".join(self.genes(a, b)) for a, b, *_ in pairs],
            }
        )
        return table.sort_values(
            ["jaccard", "containment", "first", "second"],
            ascending=[False, False, True, True],
            kind="stable",
            ignore_index=True,
        )


def signature_overlap(
    signatures: SignaturesLike, others: SignaturesLike | None = None
) -> SignatureOverlap:
    """Compare every signature with every other, or with those of a second collection.

    Directions and weights do not count: a gene is shared when both list it.

    Parameters
    ----------
    signatures : SignatureCollection or mapping
        The rows.
    others : SignatureCollection or mapping, optional
        The columns; the same signatures when none are given.

    Returns
    -------
    SignatureOverlap

    Raises
    ------
    SignatureError
        There is no signature, or one cannot be used.

    Examples
    --------
    >>> overlap = signature_overlap({"a": ["NGF", "TH"], "b": ["NGF", "TH", "DBH", "DDC"]})
    >>> float(overlap.jaccard.loc["a", "b"]), float(overlap.containment.loc["a", "b"])
    (0.5, 1.0)
    >>> overlap.genes("a", "b")
    ('NGF', 'TH')
    >>> overlap.table[["first", "second", "n_shared"]].values.tolist()
    [['a', 'b', 2]]
    """
    import pandas as pd

    rows = SignatureCollection.of(signatures)
    columns = rows if others is None else SignatureCollection.of(others)
    if not rows or not columns:
        raise SignatureError(
            "There are no signatures to compare", "A collection is empty", "Give at least one"
        )
    gene_number = {
        gene: number
        for number, gene in enumerate(
            dict.fromkeys(g for part in (rows, columns) for s in part.values() for g in s.genes)
        )
    }
    left, right = _membership(rows, gene_number), _membership(columns, gene_number)
    n_shared = left @ right.T
    n_left, n_right = left.sum(axis=1)[:, None], right.sum(axis=1)[None, :]
    jaccard = n_shared / (n_left + n_right - n_shared)
    containment = n_shared / np.minimum(n_left, n_right)
    index, names = list(rows), list(columns)
    return SignatureOverlap(
        n_shared=pd.DataFrame(n_shared.astype(np.int64), index, names),
        jaccard=pd.DataFrame(jaccard, index, names),
        containment=pd.DataFrame(containment, index, names),
        rows=rows,
        columns=columns,
    )


def _membership(
    signatures: SignatureCollection, gene_number: dict[str, int]
) -> NDArray[np.float64]:
    """Signature x gene: 1 where the signature lists the gene."""
    members = np.zeros((len(signatures), len(gene_number)))
    for row, signature in enumerate(signatures.values()):
        members[row, [gene_number[gene] for gene in signature.genes]] = 1.0
    return members
