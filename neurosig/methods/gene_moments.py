"""Mean and standard deviation of each gene over a cohort, for the methods that compare samples."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import CoverageWarning, InputError, count, examples
from neurosig.expression.base import Expression
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.moments import add_squares, add_totals
from neurosig.methods.base import dense_chunks


@dataclass(frozen=True, slots=True)
class GeneMoments:
    """Mean and standard deviation of each gene over a cohort; constant genes are marked."""

    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    varies: NDArray[np.bool_]


def gene_moments(expression: Expression, *, skip_zeros: bool = False) -> GeneMoments:
    """Moments of the values that are not missing, and not zero if `skip_zeros` is true.

    A gene with nothing but missing values counts as varying, so that its sets become missing.
    """
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
    varies = highs > lows if skip_zeros else (highs > lows) | (counts == 0)
    return GeneMoments(means, deviations, varies)


def require_two_samples(expression: Expression, method: str, reason: str) -> None:
    """Refuse a single sample; `reason` says what of the method needs two.

    Raises
    ------
    InputError
        If there is one sample.
    """
    if expression.n_obs < 2:
        raise InputError(
            f"{method} compares samples with each other and was given "
            f"{count(expression.n_obs, 'sample')}",
            reason,
            'Score more samples, or use a method of sample scope such as method="singscore"',
        )


def warn_of_constant_genes(sets: CompiledSignatures, varies: NDArray[np.bool_]) -> None:
    """Name the signatures that lose most of their genes; to be called by `Method.warn`."""
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
            stacklevel=4,
        )
