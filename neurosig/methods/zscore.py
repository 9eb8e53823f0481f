"""Combined z-score."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help
from neurosig.expression.base import Expression
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.moments import set_signed_z
from neurosig.methods.base import Method, Spec
from neurosig.methods.gene_moments import (
    GeneMoments,
    gene_moments,
    require_two_samples,
    warn_of_constant_genes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZScore(Method):
    """Combined z-score of a signature (Lee et al. 2008).

    score[i, s] = sum_{g in s} sign_g (x[i, g] - mean[g]) / sd[g] / sqrt(k_s)

    x: (n_obs, n_genes) log-scale expression; mean, sd: over observations (n - 1); k_s: genes of s
    found and not constant; sign_g: -1 for the down arm. Unbounded; 0 = cohort average; for
    independent genes the score has standard deviation 1. Genes constant over the cohort are left
    out; a signature that loses most of its genes that way is warned about.

    Parameters
    ----------
    zeros
        "rank" treats a zero like any number; "nonzero" takes mean and sd over the non-zero values
        of a gene and lets zeros add nothing, which is what GSVA does to a sparse matrix.
    na
        A missing value stops the run ("error"), or is left out of mean and sd and makes the score
        of that sample and signature missing ("propagate").

    References
    ----------
    Lee et al. 2008, doi:10.1371/journal.pcbi.1000217 (activity score, Methods). Equal to GSVA's
    zscore; there, dense and sparse input give different numbers, here `zeros` says which.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame({"NGF": [1.0, 2.0, 3.0], "BDNF": [0.0, 4.0, 2.0]}, index=list("abc"))
    >>> ns.score(x, {"S": ["NGF", "BDNF"]}, method="zscore").values["S"].round(4).tolist()
    [-1.4142, 0.7071, 0.7071]
    """

    zeros: Annotated[
        Literal["rank", "nonzero"], Help("whether zeros count like other values or as absent")
    ] = "rank"
    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="zscore",
        title="Combined z-score",
        doi="10.1371/journal.pcbi.1000217",
        scope="cohort",
        bounds=(-np.inf, np.inf),
        scale="log",
        weights="sign",
        invariant_to=frozenset({"gene_order", "other_signatures", "other_genes"}),
        revision=1,
    )

    def fit_genes(self, expression: Expression) -> GeneMoments:
        """Mean and standard deviation of each gene."""
        require_two_samples(expression, "zscore", "The standard deviation of a gene needs two")
        return gene_moments(expression, skip_zeros=self.zeros == "nonzero")

    def warn(self, sets: CompiledSignatures, cohort: Any) -> None:
        """Warn of signatures that lose most of their genes."""
        warn_of_constant_genes(sets, cohort.varies)

    def score_rows(
        self, x: NDArray[np.float64], sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores of dense rows."""
        varying = sets.sets.select(cohort.varies)
        return set_signed_z(
            x,
            self.zeros == "nonzero",
            cohort.means,
            cohort.deviations,
            varying.indptr,
            varying.indices,
            varying.weights,
        )
