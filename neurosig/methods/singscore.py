"""Rank-based score of one sample."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help
from neurosig.errors import ParameterError
from neurosig.expression.base import Expression
from neurosig.genesets.compiled import CompiledSignatures, GeneSets
from neurosig.kernels.moments import set_means
from neurosig.kernels.ranks import TIES, ascending_order, rank_rows
from neurosig.methods.base import Method, Spec
from neurosig.methods.named_genes import positions_of

_CONSISTENT = 1.4826
"""Makes the median absolute deviation of normal values their standard deviation (as R's mad)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Singscore(Method):
    """Singscore (Foroutan et al. 2018).

    score[i, s] = (mean_{g in s} r[i, g] - low_s) / (high_s - low_s) - c

    r: ascending ranks of the n genes of sample i; low_s = (k_s + 1) / 2 and
    high_s = (2 n - k_s + 1) / 2 are the lowest and highest possible mean rank of k_s genes; c = 1/2
    if centred. A down arm scores 1 - (...) - c, and both arms are added. With `known_direction`
    off, r becomes |r - ceiling(median r)|, so that genes at either end count; an up arm is then
    bounded by low = (floor(k/2) + 1) / 2 and high = (2 ceiling(n/2) - floor(k/2) + 1) / 2, a down
    arm as before, and nothing is centred.
    Between -0.5 and 0.5 for one centred arm, -1 and 1 for two. Where values tie, "min" and "max"
    can leave these limits by (k_s - 1) / (2 (n - k_s)) an arm; without known direction the
    limits of the published formula do not hold. A sample whose genes all tie has one score for all
    signatures of k genes, by the rule for ties alone: 0 with "average" if centred; it is warned of.

    With `stable_genes` (stingscore) the other genes of the sample have no part:

    r[i, g] = (1 + #{stable genes h: x[i, h] < x[i, g]}) / (#stable genes + 1),  low = 0, high = 1

    With ``statistic="dispersion"`` it is not the score but how far the genes of a signature lie
    apart, 1.4826 median_{g in s} |r[i, g] - median_{h in s} r[i, h]| in ranks (of 1 to n, or of 0
    to 1 with stable genes); for two arms the mean of both. From 0 up; 0 = all in one place.

    Parameters
    ----------
    statistic
        "score", or the "dispersion" of the ranks, on which `center` has no bearing.
    stable_genes
        Genes of stable expression to rank all others against, for instance on a panel of few
        genes. All of them have to be in the data; equal to one counts as below it.
    center
        Subtract 1/2 from each arm, so that 0 means "spread like all genes".
    ties
        Rank of equal values: lowest, average or highest of the run.
    known_direction
        Whether the genes are known to go up (or down).
    na
        A missing value stops the run ("error"), or makes signatures that hold it missing while
        n stays the number of all genes ("propagate").

    References
    ----------
    Foroutan et al. 2018, doi:10.1186/s12859-018-2435-4 (Eqs 1-3). Equal to the R package singscore
    1.29.1, ``simpleScore``: TotalScore and TotalDispersion. Stable genes: Bhuva et al. 2020,
    doi:10.1093/nar/gkaa802; the package's own list comes with ``getStableGenes``.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame([[5.0, 3.0, 2.0, 1.0, 4.0, 0.0]], index=["s1"], columns=list("abcdef"))
    >>> float(ns.score(x, {"S": ["a", "e"]}, method="singscore").values.loc["s1", "S"])
    0.5
    >>> panel = ns.methods.Singscore(stable_genes=("b", "c", "d"))  # a and e are above all three
    >>> float(ns.score(x, {"S": ["a", "e"]}, method=panel).values.loc["s1", "S"])
    0.5
    """

    statistic: Annotated[
        Literal["score", "dispersion"], Help("the score, or how far its genes lie apart")
    ] = "score"
    stable_genes: Annotated[
        tuple[str, ...] | None, Help("genes to rank all others against, instead of all genes")
    ] = None
    center: Annotated[bool, Help("subtract 1/2 from each arm")] = True
    ties: Annotated[Literal["min", "average", "max"], Help("rank of equal values")] = "min"
    known_direction: Annotated[bool, Help("whether the direction of the genes is known")] = True
    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="singscore",
        title="Singscore",
        doi="10.1186/s12859-018-2435-4",
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
        if self.stable_genes is None:
            return
        if not self.stable_genes:
            raise ParameterError(
                "Singscore.stable_genes is empty",
                "Ranks against no genes are all the same",
                "Name genes, or leave stable_genes out to rank among all genes",
            )
        if self.ties != "min" or not self.known_direction:
            raise ParameterError(
                "Singscore.stable_genes cannot be combined with other ties than 'min' or with "
                "known_direction=False",
                f"ties={self.ties!r}, known_direction={self.known_direction}",
                "Ranks against stable genes are defined without them: leave both at their default",
            )

    @property
    def bounds(self) -> tuple[float, float]:
        """Of the sum of two arms where no values tie."""
        if self.statistic == "dispersion":
            return (0.0, np.inf)
        if not self.known_direction:
            return (-np.inf, np.inf)
        return (-1.0, 1.0) if self.center else (0.0, 2.0)

    def fit_genes(self, expression: Expression) -> NDArray[np.int64] | None:
        """Where the stable genes are, which no sample has a part in."""
        if self.stable_genes is None:
            return None
        return positions_of(
            self.stable_genes, expression, parameter="stable_genes", noun="stable gene"
        )

    def score_rows(
        self, x: NDArray[np.float64], sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores of dense rows."""
        ranks = self._ranks(x, cohort)
        if self.statistic == "dispersion":
            arms = _dispersions(ranks, sets.arms) / np.bincount(sets.arm_owner)[sets.arm_owner]
        else:
            arms = self._arm_scores(ranks, sets)
        scores = np.zeros((len(x), sets.n_signatures))
        np.add.at(scores.T, sets.arm_owner, arms.T)
        return scores

    def _ranks(
        self, x: NDArray[np.float64], stable: NDArray[np.int64] | None
    ) -> NDArray[np.float64]:
        if stable is not None:
            return _ranks_against(x, stable)
        ranks = rank_rows(x, ascending_order(x), TIES[self.ties])
        if not self.known_direction:
            has_values = ~np.isnan(ranks).all(axis=1)
            medians = np.nanmedian(ranks[has_values], axis=1, keepdims=True)
            ranks[has_values] = np.abs(ranks[has_values] - np.ceil(medians))
        return ranks

    def _arm_scores(
        self, ranks: NDArray[np.float64], sets: CompiledSignatures
    ) -> NDArray[np.float64]:
        mean_ranks = set_means(ranks, sets.arms.indptr, sets.arms.indices)
        low, high = self._bounds_of_mean_rank(sets)
        spread = np.where(high > low, high - low, np.nan)  # a set of all genes has one mean rank
        arms = (mean_ranks - low) / spread
        is_down = sets.arm_sign < 0
        arms[:, is_down] = 1 - arms[:, is_down]
        if self.center and self.known_direction:
            arms -= 0.5
        return arms

    def _bounds_of_mean_rank(
        self, sets: CompiledSignatures
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        k, n = sets.arms.sizes.astype(np.float64), float(sets.n_genes)
        if self.stable_genes is not None:
            return np.zeros_like(k), np.ones_like(k)
        low, high = (k + 1) / 2, (2 * n - k + 1) / 2
        if not self.known_direction:
            folded = np.floor(k / 2)
            is_folded = sets.arm_sign > 0
            low = np.where(is_folded, (folded + 1) / 2, low)
            high = np.where(is_folded, (2 * np.ceil(n / 2) - folded + 1) / 2, high)
        return low, high


def _ranks_against(x: NDArray[np.float64], stable: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of the stable genes below each value, 1 added to both; NaN stays, and spreads."""
    ranks = np.full(x.shape, np.nan)
    for row, row_ranks in zip(x, ranks, strict=True):
        ascending = np.sort(row[stable])  # NaN last: a stable gene that is missing is the last
        if not np.isnan(ascending[-1]):
            row_ranks[:] = (1 + np.searchsorted(ascending, row)) / (len(stable) + 1)
    ranks[np.isnan(x)] = np.nan
    return ranks


def _dispersions(ranks: NDArray[np.float64], arms: GeneSets) -> NDArray[np.float64]:
    """Median absolute deviation of the ranks of each arm, (n_rows, n_arms)."""
    deviations = np.empty((len(ranks), arms.n_sets))
    for arm, genes in enumerate(np.split(arms.indices, arms.indptr[1:-1])):
        held = ranks[:, genes]
        apart = np.abs(held - np.median(held, axis=1, keepdims=True))
        deviations[:, arm] = _CONSISTENT * np.median(apart, axis=1)
    return deviations
