"""Means and deviations of genes over a cohort, and plain sums over gene sets.

The accumulators of the first two kernels are carried from block to block, so that a cohort is one
sum in the order of its observations, whatever the size of the blocks.
"""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit


@jit
def add_totals(
    x: NDArray[np.float64],
    skip_zeros: bool,
    counts: NDArray[np.int64],
    totals: NDArray[np.float64],
    lows: NDArray[np.float64],
    highs: NDArray[np.float64],
) -> None:
    """Add each gene's number of values, sum, minimum and maximum over the rows of x.

    NaN is left out; zeros are left out as well when `skip_zeros` is true.
    """
    for i in range(x.shape[0]):
        for g in range(x.shape[1]):
            value = x[i, g]
            if np.isnan(value) or (skip_zeros and value == 0.0):
                continue
            counts[g] += 1
            totals[g] += value
            lows[g] = min(lows[g], value)
            highs[g] = max(highs[g], value)


@jit
def add_squares(
    x: NDArray[np.float64],
    skip_zeros: bool,
    means: NDArray[np.float64],
    squares: NDArray[np.float64],
) -> None:
    """Add each gene's sum of squared deviations from its mean over the rows of x."""
    for i in range(x.shape[0]):
        for g in range(x.shape[1]):
            value = x[i, g]
            if np.isnan(value) or (skip_zeros and value == 0.0):
                continue
            deviation = value - means[g]
            squares[g] += deviation * deviation


@jit
def set_means(
    x: NDArray[np.float64], indptr: NDArray[np.int64], indices: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Mean of each row of x over each gene set: (n_obs, n_sets). NaN in a set gives NaN."""
    means = np.empty((x.shape[0], len(indptr) - 1))
    for i in range(x.shape[0]):
        for s in range(len(indptr) - 1):
            total = 0.0
            for j in range(indptr[s], indptr[s + 1]):
                total += x[i, indices[j]]
            n_genes = indptr[s + 1] - indptr[s]
            means[i, s] = total / n_genes if n_genes > 0 else np.nan
    return means


@jit
def set_signed_z(
    x: NDArray[np.float64],
    skip_zeros: bool,
    means: NDArray[np.float64],
    deviations: NDArray[np.float64],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum of signed z-values over each set, divided by the square root of the set's size."""
    scores = np.empty((x.shape[0], len(indptr) - 1))
    for i in range(x.shape[0]):
        for s in range(len(indptr) - 1):
            total = 0.0
            for j in range(indptr[s], indptr[s + 1]):
                g = indices[j]
                value = x[i, g]
                if skip_zeros and value == 0.0:
                    continue
                total += np.sign(weights[j]) * ((value - means[g]) / deviations[g])
            n_genes = indptr[s + 1] - indptr[s]
            scores[i, s] = total / np.sqrt(n_genes) if n_genes > 0 else np.nan
    return scores
