"""Combined z-score."""

import warnings
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help
from neurosig.errors import CoverageWarning, InputError, count, examples
from neurosig.expression.base import Expression
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.moments import add_squares, add_totals, set_signed_z
from neurosig.methods.base import Method, Spec, dense_chunks


@dataclass(frozen=True, slots=True)
class GeneMoments:
    """Mean and standard deviation of each gene over a cohort; constant genes are marked."""

    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    varies: NDArray[np.bool_]


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

    def fit(self, expression: Expression, sets: CompiledSignatures) -> GeneMoments:
        """Mean and standard deviation of each gene."""
        if expression.n_obs < 2:
            raise InputError(
                f"zscore compares samples with each other and was given "
                f"{count(expression.n_obs, 'sample')}",
                "The standard deviation of a gene needs two",
                'Score more samples, or use a method of sample scope such as method="singscore"',
            )
        skip_zeros = self.zeros == "nonzero"
        counts = np.zeros(expression.n_vars, dtype=np.int64)
        totals, squares = np.zeros(expression.n_vars), np.zeros(expression.n_vars)
        lows = np.full(expression.n_vars, np.inf)
        highs = np.full(expression.n_vars, -np.inf)
        for _, x in dense_chunks(expression):
            add_totals(x, skip_zeros, counts, totals, lows, highs)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = totals / counts
            for _, x in dense_chunks(expression):
                add_squares(x, skip_zeros, means, squares)
            deviations = np.sqrt(squares / (counts - 1))
        # A gene with nothing but missing values stays in, so that its sets become missing.
        varies = highs > lows if skip_zeros else (highs > lows) | (counts == 0)
        _warn_of_constant_genes(sets, varies)
        return GeneMoments(means, deviations, varies)

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


def _warn_of_constant_genes(sets: CompiledSignatures, varies: NDArray[np.bool_]) -> None:
    n_varying = sets.sets.select(varies).sizes
    poor = [
        f"{name} ({n} of {n_found})"
        for name, n, n_found in zip(sets.names, n_varying, sets.sets.sizes, strict=True)
        if n < n_found / 2
    ]
    if poor:
        warnings.warn(
            CoverageWarning(
                f"Most genes of {count(len(poor), 'signature')} have one and the same value in all "
                "observations and are left out",
                f"Genes that vary, of those found: {examples(poor, quoted=False)}",
                "Ask whether these genes were measured; coverage.n_found still counts them",
            ),
            stacklevel=5,
        )
