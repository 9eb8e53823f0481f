"""Single-sample gene set enrichment analysis."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help, Range
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.ranks import ascending_order, rows_without_ranking
from neurosig.kernels.walks import ssgsea_walk
from neurosig.methods.base import Invariance, Method, Scope, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class SsGsea(Method):
    """Single-sample GSEA (Barbie et al. 2009), as in GSVA.

    score[i, s] = sum_{g in s} w_g (n - p_g + 1) / sum_{g in s} w_g
                  - (n (n + 1) / 2 - sum_{g in s} (n - p_g + 1)) / (n - k_s)

    n: genes of the matrix; k_s: genes of s found; p_g: place of gene g from the top of sample i;
    w_g = r_g ** alpha with r_g the ascending rank of g, ties averaged and truncated. It is the sum
    of the running difference over all places, not its maximum. Genes that tie are placed in the
    order of the matrix, so a score can depend on that order. A signature with up and down arm is
    the score of the up arm minus that of the down arm. Between about -n/2 and n/2; 0 = the genes
    are spread like all others. NaN for a set of all genes, and in a sample whose genes all tie.

    Parameters
    ----------
    alpha
        Exponent of the rank weights; 0 weighs all places alike.
    normalize
        Divide all scores of the call by their range, as GSVA does by default. Then a score depends
        on the other samples and signatures in the call, so it is off here.
    na
        A missing value stops the run ("error"), counts as lowest and makes signatures that hold it
        missing ("propagate"), or leaves the ranking of that sample ("omit").

    References
    ----------
    Barbie et al. 2009, doi:10.1038/nature08460 (Methods, signature projection). Equal to GSVA 2.1.4
    ``ssgseaParam(normalize = FALSE)``, but for a sample whose genes all tie: there its score hangs
    on the order of the genes alone.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame([[5, 3, 3, 1, 4, 2]], index=["s1"], columns=list("abcdef")).astype(float)
    >>> score = ns.score(x, {"S": ["a", "b"]}, method="ssgsea").values.loc["s1", "S"]
    >>> round(float(score), 10)  # GSVA 2.1.4: 2.3364272337258898
    2.3364272337
    """

    alpha: Annotated[float, Range(0, 10), Help("exponent of the rank weights")] = 0.25
    normalize: Annotated[bool, Help("divide by the range of all scores of the call")] = False
    na: Annotated[Literal["error", "propagate", "omit"], Help("what a missing value does")] = (
        "error"
    )

    spec: ClassVar[Spec] = Spec(
        name="ssgsea",
        title="Single-sample GSEA",
        doi="10.1038/nature08460",
        scope="sample",
        bounds=(-np.inf, np.inf),
        scale="ranks",
        weights="sign",
        invariant_to=frozenset({"other_samples", "other_signatures", "monotone_transform"}),
        revision=2,
    )

    @property
    def scope(self) -> Scope:
        """Sample, unless the scores are normalised over the call."""
        return "cohort" if self.normalize else "sample"

    @property
    def invariant_to(self) -> frozenset[Invariance]:
        """As declared; a normalised score depends on everything in the call."""
        return frozenset({"monotone_transform"}) if self.normalize else self.spec.invariant_to

    def score_rows(
        self,
        x: NDArray[np.float64],
        sets: CompiledSignatures,
        cohort: Any,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Scores of dense rows."""
        powers = np.arange(x.shape[1] + 1, dtype=np.float64) ** self.alpha
        order = ascending_order(x)
        arms = ssgsea_walk(order, powers, self.na == "omit", sets.arms.indptr, sets.arms.indices)
        arms[rows_without_ranking(order)] = np.nan  # else the order of the genes makes a score
        return sets.combine_arms(arms)

    def fit_scores(self, scores: NDArray[np.float64]) -> float | None:
        """The range of all scores if they are to be divided by it."""
        finite = scores[np.isfinite(scores)]
        if not self.normalize or finite.size == 0:
            return None
        return float(np.ptp(finite)) or np.nan  # one score alone has no range

    def finish(
        self,
        scores: NDArray[np.float64],
        fitted: Any,
        sets: CompiledSignatures,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Divide by the range if asked to."""
        return scores if fitted is None else scores / fitted
