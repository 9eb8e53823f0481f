"""Gene set variation analysis."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help, Range
from neurosig.errors import ScaleError
from neurosig.expression.base import Expression
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.gsva_walk import genes_from_top, gsva_walk
from neurosig.kernels.ranks import rows_without_ranking
from neurosig.kernels.set_sums import sets_by_gene
from neurosig.methods.base import Method, Spec
from neurosig.methods.gene_distributions import (
    EmpiricalDistributions,
    GeneDistributions,
    GeneTally,
    SmoothedDistributions,
)
from neurosig.methods.gene_moments import require_two_samples, warn_of_constant_genes

N_WITHOUT_KERNEL = 200
"""Observations from which on "auto" takes the plain distribution function, as GSVA does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gsva(Method):
    """Gene set variation analysis (Hänzelmann et al. 2013).

    score[i, s] = max(0, max_p walk[p]) + min(0, min_p walk[p])
    walk[p] = sum_{g in s, p_g <= p} w_g / sum_{g in s} w_g - #{g not in s, p_g <= p} / (n - k_s)

    n: genes that vary over the cohort; k_s: those of s; p_g: place of gene g from the top of sample
    i by its statistic; r_g = n - p_g + 1: its rank; w_g = |n / 2 - r_g| ** tau.
    The statistic of x = x[i, g] is the log-odds of F_g(x), the distribution function of the gene
    over the N samples of the cohort: with a Gaussian kernel F_g(x) = sum_j Phi((x - x[j, g]) / h) /
    N with h = sd_g / 4 and Phi from the reference's table of 10,000 steps, with a Poisson kernel
    F_g(x) = sum_j P(Poisson(x[j, g] + 1/2) <= x) / N, and without kernel #{j: x[j, g] <= x}.
    Genes that tie are placed in the order of the matrix, so a score can depend on that order. With
    a kernel, genes with like patterns of values (counts, many zeros) have statistics that differ
    in the last digit alone: there a score also depends, in the reference as here, on the order of
    the samples. A signature with up and down arm is the score of the up arm less that of the down
    arm. Between -1 and 1 an arm; 0 = the genes are spread like all others. NaN for a set of all
    genes, and in a sample whose genes all tie. Any scale on which the samples can be compared gene
    by gene, counts for "poisson".

    Parameters
    ----------
    kcdf
        Estimate of the distribution function. "auto" is "none" from 200 samples on; with fewer
        "poisson" if all values are counts (whole and not negative, in whatever number type), else
        "gaussian".
    max_diff
        Score by the sum of both extremes; if false, by the larger of them.
    abs_ranking
        With `max_diff`, score by their difference: genes at either end count.
    tau
        Exponent of the rank weights.
    zeros
        "rank" treats a zero like any number. "nonzero" is GSVA's rule for sparse matrices: F_g is
        over the values that are not zero and without log-odds, in a sample the zeros stand below
        all others and share one weight, and genes whose other values are all equal are left out.
    na
        A missing value stops the run ("error"); or it is left out of F_g and takes the gene out of
        the ranking of its sample, where sets that hold it are missing ("propagate") or scored by
        their other genes ("omit").

    References
    ----------
    Hänzelmann et al. 2013, doi:10.1186/1471-2105-14-7 (Eqs 1-5). Equal to GSVA 2.1.4 ``gsvaParam``;
    ``zeros`` says what depends there on the storage. With missing values and "everything" GSVA
    2.1.4 returns the score of the set before, a fault that is not imitated; nor is the score by the
    order of the genes alone that it gives to a sample whose genes all tie.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame(
    ...     {"a": [5, 1, 6, 2], "b": [3, 2, 5, 2], "c": [3, 3, 4, 2], "d": [1, 4, 3, 9],
    ...      "e": [4, 5, 2, 9], "f": [2, 6, 1, 1]}, index=["s1", "s2", "s3", "s4"])
    >>> scores = ns.score(x, {"P": ["a", "b"]}, method=ns.methods.Gsva(kcdf="gaussian"))
    >>> scores.values["P"].tolist()  # GSVA 2.1.4: 1, -1, 0.75, -0.25
    [1.0, -1.0, 0.75, -0.25]
    """

    kcdf: Annotated[
        Literal["auto", "gaussian", "poisson", "none"],
        Help("how the distribution of a gene over samples is estimated"),
    ] = "auto"
    max_diff: Annotated[bool, Help("score by both extremes of the walk")] = True
    abs_ranking: Annotated[bool, Help("with max_diff: genes at either end count")] = False
    tau: Annotated[float, Range(0, 10), Help("exponent of the rank weights")] = 1.0
    zeros: Annotated[
        Literal["rank", "nonzero"], Help("whether zeros count like other values or as absent")
    ] = "rank"
    na: Annotated[Literal["error", "propagate", "omit"], Help("what a missing value does")] = (
        "error"
    )

    spec: ClassVar[Spec] = Spec(
        name="gsva",
        title="GSVA",
        doi="10.1186/1471-2105-14-7",
        scope="cohort",
        bounds=(-2.0, 2.0),
        scale="any",
        weights="sign",
        invariant_to=frozenset({"other_signatures"}),
        revision=2,
    )

    chunk_bytes: ClassVar[int] = 8 * 2**20
    """The values of a gene over the cohort are read once a chunk, so a larger one pays here."""

    def fit_genes(self, expression: Expression) -> GeneDistributions:
        """Distribution of each gene over the cohort."""
        require_two_samples(expression, "gsva", "A gene is placed among its values in the others")
        tally = GeneTally.of(expression)
        kernel = self._kernel(tally)
        skip_zeros = self.zeros == "nonzero"
        keep = tally.varies(skip_zeros=skip_zeros)
        if kernel == "none":
            return EmpiricalDistributions.of(expression, tally, keep, skip_zeros=skip_zeros)
        return SmoothedDistributions.of(
            expression, tally, keep, kernel=kernel, skip_zeros=skip_zeros
        )

    def warn(self, sets: CompiledSignatures, cohort: Any) -> None:
        """Warn of signatures that lose most of their genes."""
        warn_of_constant_genes(sets, cohort.keep)

    def _kernel(self, tally: GeneTally) -> Literal["gaussian", "poisson", "none"]:
        if self.kcdf == "poisson" and not tally.are_counts:
            raise ScaleError(
                'kcdf="poisson" is for counts, and these values are none',
                "Some have a fraction or are below zero",
                'Give the counts, or use kcdf="gaussian" for logged values',
            )
        if self.kcdf != "auto":
            return self.kcdf
        if tally.n_obs >= N_WITHOUT_KERNEL:
            return "none"
        return "poisson" if tally.are_counts else "gaussian"

    def score_rows(
        self, x: NDArray[np.float64], sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores of dense rows."""
        statistics, order = cohort.ranked(x)
        n_apart = np.count_nonzero(statistics == cohort.zero_apart, axis=1)
        arms = sets.arms.select(cohort.keep)
        above, below, n_in = gsva_walk(
            genes_from_top(order, n_apart),
            order[2],
            n_apart,
            int(cohort.keep.sum()),
            (np.arange(x.shape[1] + 2) / 2) ** self.tau,
            sets_by_gene(arms.indptr, arms.indices, arms.weights, x.shape[1])[:2],
            arms.n_sets,
        )
        if self.na != "omit":
            above[n_in < arms.sizes] = below[n_in < arms.sizes] = np.nan
        is_flat = rows_without_ranking(order)
        above[is_flat] = below[is_flat] = np.nan  # else the order of the genes makes a score
        if not self.max_diff:
            return sets.combine_arms(np.where(above > -below, above, below))
        return sets.combine_arms(above - below if self.abs_ranking else above + below)
