"""AUCell: area under the recovery curve of a signature among the highest genes of a cell."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help, Range
from neurosig.errors import ParameterError
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.top_ranks import Stored, top_points
from neurosig.methods.base import Method, Spec
from neurosig.methods.top_ranked import TopRankedMethod

_DEFAULT_TOP = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class AuCell(TopRankedMethod):
    """AUCell (Aibar et al. 2017).

    score[i, s] = A[i, up(s)] - A[i, down(s)]
    A[i, a] = sum_{g in a} max(0, t - r[i, g]) / sum_{q = 1..min(k_a, t - 1)} (t - q)

    r: descending ranks of the n genes of observation i, zeros included, 1 = highest; t: the number
    of top ranks, ceiling(top n) but at least 2; k_a: genes of arm a found. Any scale with the order
    of the genes. One arm is between 0 (none of its genes is above rank t) and 1 (they are the
    highest ones); the difference of two between -1 and 1. The reference has no down arm.

    Genes that tie: each has the mean of the terms max(0, t - r) over the ranks that its run of
    equal values takes up. The score is then the expectation over all ways to break the ties. The
    reference breaks them at random, so that its score depends on the seed; here it depends neither
    on chance nor on the order of genes.

    Where a set lacks more than 80 % of its genes, the reference leaves out the sets that lack 80 %
    or more; here `min_coverage` of the call decides for each signature by itself.

    Parameters
    ----------
    top
        Share of the genes of the matrix that are top.
    auc_max_rank
        The number of top ranks itself, rounded to a whole one (halves to the even one), instead of
        a share.
    na
        A missing value stops the run ("error"), or counts as lowest of its sample and makes
        signatures that hold it missing ("propagate").

    Raises
    ------
    ParameterError
        If both `top` and `auc_max_rank` are given.

    References
    ----------
    Aibar et al. 2017, doi:10.1038/nmeth.4463 (Methods, AUCell). Equal to the R package AUCell
    1.25.2, ``AUCell_calcAUC``, on observations without ties. There, a top of one rank (up to 20
    genes) gives 0/0; here it is two, so that the highest gene counts.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame([[5.0, 3.0, 2.0, 0.0, 4.0, 0.0]], index=["s1"], columns=list("abcdef"))
    >>> method = ns.methods.AuCell(auc_max_rank=4)  # a, c, f: (3 + 0 + 0) / (3 + 2 + 1)
    >>> float(ns.score(x, {"S": ["a", "c", "f"]}, method=method).values.loc["s1", "S"])
    0.5
    """

    top: Annotated[float, Range(0, 1, open_low=True), Help("share of the genes that are top")] = (
        _DEFAULT_TOP
    )
    auc_max_rank: Annotated[float | None, Range(2), Help("number of top ranks, not a share")] = None
    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="aucell",
        title="AUCell",
        doi="10.1038/nmeth.4463",
        scope="sample",
        bounds=(-1.0, 1.0),
        scale="ranks",
        weights="sign",
        invariant_to=frozenset(
            {"gene_order", "other_samples", "other_signatures", "monotone_transform"}
        ),
        revision=1,
    )

    def __post_init__(self) -> None:
        Method.__post_init__(self)
        if self.auc_max_rank is not None and self.top != _DEFAULT_TOP:
            raise ParameterError(
                "aucell was given both a share and a number of top ranks",
                f"top={self.top:g}, auc_max_rank={self.auc_max_rank:g}",
                "Give one of them",
            )

    def score_stored(self, stored: Stored, sets: CompiledSignatures) -> NDArray[np.float64]:
        """Scores of the non-zero values of rows."""
        cut = self._cut(sets)
        points = top_points(
            stored, sets.arms.indptr, sets.arms.indices, sets.n_genes, cut, "expected"
        )
        k = np.minimum(sets.arms.sizes, cut - 1)
        return sets.combine_arms(points / (k * cut - k * (k + 1) // 2))

    def _cut(self, sets: CompiledSignatures) -> int:
        if self.auc_max_rank is None:
            return max(2, math.ceil(self.top * sets.n_genes))
        return round(self.auc_max_rank)
