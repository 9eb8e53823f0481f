"""UCell: the Mann-Whitney statistic of a signature among the highest genes of a cell."""

import warnings
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help, Range
from neurosig.errors import CoverageWarning, examples
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.top_ranks import Stored, top_points
from neurosig.methods.base import Spec
from neurosig.methods.top_ranked import TopRankedMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class UCell(TopRankedMethod):
    """UCell (Andreatta and Carmona 2021).

    score[i, s] = max(0, U[i, up(s)] - w_neg U[i, down(s)])
    U[i, a] = 1 - (sum_{g in a} min(r[i, g], m) - k_a (k_a + 1) / 2)
                  / (k_a m - k_a (k_a + 1) / 2)

    r: descending ranks of the n genes of observation i, zeros included, 1 = highest; m: the
    smaller of `max_rank` and n; k_a: genes of arm a, the absent ones included unless they are
    skipped; U of an arm without genes is 0. Any scale with the order of the genes. From 0 (no gene
    of the signature among the m highest, or the down arm as high as the up arm) to 1 (the k_a
    highest genes are those of the signature).

    A signature with an arm of more than m genes has no score: it is missing, with a warning that
    names it, and the others are scored. The reference stops the whole run.

    Parameters
    ----------
    max_rank
        Ranks below this one count as this one.
    w_neg
        Weight of the down arm.
    missing_genes
        An absent gene counts as ranked last ("impute") or as not asked for ("skip").
    ties
        Rank of equal values: lowest, average or highest of the run, or the number of different
        values down to the run ("dense"). With "min" and "dense" a score can exceed 1.
    na
        A missing value stops the run ("error"), or counts as lowest of its sample and makes
        signatures that hold it missing ("propagate").

    References
    ----------
    Andreatta and Carmona 2021, doi:10.1016/j.csbj.2021.06.043 (Section 2.1). Equal to the R package
    UCell 2.17.0, ``ScoreSignatures_UCell``. There, scores from stored rankings take the highest
    stored rank for `max_rank` and differ; here there is one way to a score.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame([[5.0, 3.0, 2.0, 0.0, 4.0, 0.0]], index=["s1"], columns=list("abcdef"))
    >>> method = ns.methods.UCell(max_rank=4)  # a, c: 1 - (1 + 4 - 3) / (2 * 4 - 3)
    >>> float(ns.score(x, {"S": ["a", "c"]}, method=method).values.loc["s1", "S"])
    0.6
    """

    max_rank: Annotated[int, Range(2), Help("ranks below this one count as this one")] = 1500
    w_neg: Annotated[float, Range(0), Help("weight of the down arm")] = 1.0
    missing_genes: Annotated[
        Literal["impute", "skip"], Help("whether absent genes count as ranked last")
    ] = "impute"
    ties: Annotated[Literal["min", "average", "max", "dense"], Help("rank of equal values")] = (
        "average"
    )
    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="ucell",
        title="UCell",
        doi="10.1016/j.csbj.2021.06.043",
        scope="sample",
        bounds=(0.0, 1.0),
        scale="ranks",
        weights="sign",
        invariant_to=frozenset(
            {"gene_order", "other_samples", "other_signatures", "monotone_transform"}
        ),
        revision=1,
    )

    @property
    def bounds(self) -> tuple[float, float]:
        """Ranks of runs that are lower than their average can add up to less than 1 + .. + k."""
        return (0.0, np.inf) if self.ties in ("min", "dense") else (0.0, 1.0)

    def warn(self, sets: CompiledSignatures, cohort: Any) -> None:  # noqa: ARG002
        """Warn of signatures that are longer than the ranking."""
        sizes, cut = self._sizes(sets), self._cut(sets)
        too_long = [
            f"{sets.names[owner]} ({size:,} genes {'up' if sign > 0 else 'down'})"
            for owner, sign, size in zip(sets.arm_owner, sets.arm_sign, sizes, strict=True)
            if size > cut
        ]
        if too_long:
            skip = "" if self.missing_genes == "skip" else ' or missing_genes="skip"'
            warnings.warn(
                CoverageWarning(
                    f"ucell ranks {cut:,} of {sets.n_genes:,} genes, fewer than some arms of "
                    "signatures have",
                    f"Not scored: {examples(too_long, quoted=False)}",
                    f"Use a larger max_rank (now {self.max_rank:,}; at most the genes of the "
                    f"matrix count){skip}, or a shorter signature",
                ),
                stacklevel=3,
            )

    def score_stored(self, stored: Stored, sets: CompiledSignatures) -> NDArray[np.float64]:
        """Scores of the non-zero values of rows."""
        k, cut = self._sizes(sets).astype(np.float64), self._cut(sets)
        points = top_points(
            stored, sets.arms.indptr, sets.arms.indices, sets.n_genes, cut, self.ties
        )
        least = k * (k + 1) / 2
        with np.errstate(invalid="ignore", divide="ignore"):  # an arm too long, made NaN below
            u = 1 - (k * cut - points - least) / (k * cut - least)
        u[:, k > cut] = np.nan
        up, down = (np.zeros((len(u), sets.n_signatures)) for _ in range(2))
        is_up = sets.arm_sign > 0
        up[:, sets.arm_owner[is_up]] = u[:, is_up]
        down[:, sets.arm_owner[~is_up]] = u[:, ~is_up]
        return np.maximum(up - self.w_neg * down, 0.0)

    def _cut(self, sets: CompiledSignatures) -> int:
        return min(self.max_rank, sets.n_genes)

    def _sizes(self, sets: CompiledSignatures) -> NDArray[np.int64]:
        """Genes of each arm that count."""
        n_found = sets.arms.sizes
        return n_found + sets.arm_n_absent if self.missing_genes == "impute" else n_found
