"""Rank-based score of one sample."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.moments import set_means
from neurosig.kernels.ranks import TIES, ascending_order, rank_rows
from neurosig.methods.base import Method, Spec


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

    Parameters
    ----------
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
    1.29.1, ``simpleScore``.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame([[5.0, 3.0, 2.0, 1.0, 4.0, 0.0]], index=["s1"], columns=list("abcdef"))
    >>> float(ns.score(x, {"S": ["a", "e"]}, method="singscore").values.loc["s1", "S"])
    0.5
    """

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

    @property
    def bounds(self) -> tuple[float, float]:
        """Of the sum of two arms where no values tie."""
        if not self.known_direction:
            return (-np.inf, np.inf)
        return (-1.0, 1.0) if self.center else (0.0, 2.0)

    def score_rows(
        self,
        x: NDArray[np.float64],
        sets: CompiledSignatures,
        cohort: Any,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Scores of dense rows."""
        ranks = rank_rows(x, ascending_order(x), TIES[self.ties])
        if not self.known_direction:
            has_values = ~np.isnan(ranks).all(axis=1)
            medians = np.nanmedian(ranks[has_values], axis=1, keepdims=True)
            ranks[has_values] = np.abs(ranks[has_values] - np.ceil(medians))
        mean_ranks = set_means(ranks, sets.arms.indptr, sets.arms.indices)
        low, high = self._bounds_of_mean_rank(sets)
        spread = np.where(high > low, high - low, np.nan)  # a set of all genes has one mean rank
        arms = (mean_ranks - low) / spread
        is_down = sets.arm_sign < 0
        arms[:, is_down] = 1 - arms[:, is_down]
        if self.center and self.known_direction:
            arms -= 0.5
        scores = np.zeros((len(x), sets.n_signatures))
        np.add.at(scores.T, sets.arm_owner, arms.T)
        return scores

    def _bounds_of_mean_rank(
        self, sets: CompiledSignatures
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        k, n = sets.arms.sizes.astype(np.float64), float(sets.n_genes)
        low, high = (k + 1) / 2, (2 * n - k + 1) / 2
        if not self.known_direction:
            folded = np.floor(k / 2)
            is_folded = sets.arm_sign > 0
            low = np.where(is_folded, (folded + 1) / 2, low)
            high = np.where(is_folded, (2 * np.ceil(n / 2) - folded + 1) / 2, high)
        return low, high
