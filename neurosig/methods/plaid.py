"""Average intensity of a signature, as in plaid."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help
from neurosig.expression.base import BlockData
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.methods.base import Invariance, Scope, Spec
from neurosig.methods.set_sums import SetSumMethod, plain, weighted_sums

_ADDED_TO_SIZES = 1e-8
"""Of the reference, against division by zero; part of its numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plaid(SetSumMethod):
    """Pathway-level average intensity (Kwee, the R package plaid).

    score[i, s] = sum_{g in s} x[i, g] / (k_s + 1e-8)

    x: (n_obs, n_genes) log-scale expression; k_s: genes of s found. With ``stats="sum"`` the sum is
    not divided. A signature with up and down arm is the score of the up arm minus that of the down
    arm. With `normalize` the score becomes score[i, s] - m_i + mean(m), with m_i the median over
    the signatures of sample i; if the lowest of all scores is exactly 0, zeros are left out of
    these medians. Unbounded, in the units of x.

    Parameters
    ----------
    stats
        "mean" or "sum" over the genes.
    normalize
        Bring the medians of all samples to one value, as plaid does by default. Then a score
        depends on the other samples and signatures in the call, so it is off here.
    na
        A missing value stops the run ("error") or makes the score of that sample and signature
        missing ("propagate").

    References
    ----------
    Kwee, plaid: ultrafast gene set enrichment scoring, doi:10.18129/B9.bioc.plaid. Equal to plaid
    0.1.0.9001, ``plaid(X, matG, stats=, normalize=)``. That gives a signature without any of its
    genes the score 0, here it is missing. Its ``replaid.*`` functions approximate other tools; the
    methods here equal those tools themselves.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame([[1.0, 2.0, 6.0]], index=["s"], columns=["NGF", "BDNF", "GDNF"])
    >>> score = ns.score(x, {"S": ["NGF", "GDNF"]}, method="plaid").values.loc["s", "S"]
    >>> round(float(score), 7)  # 7 / (2 + 1e-8)
    3.5
    """

    stats: Annotated[Literal["mean", "sum"], Help("what is taken over the genes")] = "mean"
    normalize: Annotated[bool, Help("bring the medians of all samples to one value")] = False
    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="plaid",
        title="Average intensity (plaid)",
        doi="10.18129/B9.bioc.plaid",
        scope="sample",
        bounds=(-np.inf, np.inf),
        scale="log",
        weights="sign",
        invariant_to=frozenset({"gene_order", "other_samples", "other_signatures", "other_genes"}),
        revision=1,
    )

    @property
    def scope(self) -> Scope:
        """Sample, unless the scores are normalised over the call."""
        return "cohort" if self.normalize else "sample"

    @property
    def invariant_to(self) -> frozenset[Invariance]:
        """As declared; a normalised score depends on everything in the call."""
        return (
            frozenset({"gene_order", "other_genes"}) if self.normalize else self.spec.invariant_to
        )

    def score_data(
        self,
        data: BlockData,
        sets: CompiledSignatures,
        cohort: Any,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Scores of rows as they are stored."""
        arms = weighted_sums(data, plain(sets.arms))
        if self.stats == "mean":
            arms /= sets.arms.sizes + _ADDED_TO_SIZES
        return sets.combine_arms(arms)

    def fit_scores(self, scores: NDArray[np.float64]) -> "CommonMedian | None":
        """What the medians of the samples are to be brought to if asked to."""
        present = scores[~np.isnan(scores)]
        if not self.normalize or present.size == 0:
            return None
        skip_zeros = bool(present.min() == 0)
        return CommonMedian(float(_row_medians(scores, skip_zeros=skip_zeros).mean()), skip_zeros)

    def finish(
        self,
        scores: NDArray[np.float64],
        fitted: Any,
        sets: CompiledSignatures,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Bring the medians of the samples to their mean over the cohort if asked to."""
        if fitted is None:
            return scores
        medians = _row_medians(scores, skip_zeros=fitted.skips_zeros)
        shifted: NDArray[np.float64] = scores - medians[:, None] + fitted.median
        return shifted


@dataclass(frozen=True, slots=True)
class CommonMedian:
    """The median that all samples are brought to, and whether zeros are left out of theirs."""

    median: float
    skips_zeros: bool


def _row_medians(scores: NDArray[np.float64], *, skip_zeros: bool) -> NDArray[np.float64]:
    """Median of each row; 0 where there is no score, as in the reference."""
    counted = ~np.isnan(scores) & ((scores != 0) | (not skip_zeros))
    ascending = np.sort(np.where(counted, scores, np.inf), axis=1)
    n = counted.sum(axis=1)
    rows = np.arange(len(scores))
    low = ascending[rows, np.maximum(n - 1, 0) // 2]
    high = ascending[rows, np.minimum(n // 2, scores.shape[1] - 1)]
    return np.where(n > 0, (low + high) / 2, 0.0)
