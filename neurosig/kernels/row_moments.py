"""Mean and spread of each observation over its genes, equal to the bit in both storages.

Zeros are counted and put in at the end, so that dense rows add up what sparse rows store.
"""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit


@jit
def _moments_of_row(values: NDArray[np.float64], n_genes: int) -> tuple[int, float, float]:
    """Number of genes that are not missing, mean, and sum of squared deviations of one row."""
    n_stored, n_missing, total = 0, 0, 0.0
    for value in values:
        if np.isnan(value):
            n_missing += 1
        elif value != 0.0:
            n_stored += 1
            total += value
    n_present = n_genes - n_missing
    mean = total / n_present
    squares = (n_present - n_stored) * mean * mean
    for value in values:
        if value != 0.0 and not np.isnan(value):
            squares += (value - mean) * (value - mean)
    return n_present, mean, squares


@jit
def dense_row_moments(
    x: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Genes present, mean and sum of squared deviations of each row of x (n_obs, n_genes)."""
    n_obs, n_genes = x.shape
    present = np.empty(n_obs, dtype=np.int64)
    means, squares = np.empty(n_obs), np.empty(n_obs)
    for i in range(n_obs):
        present[i], means[i], squares[i] = _moments_of_row(x[i], n_genes)
    return present, means, squares


@jit
def sparse_row_moments(
    row_starts: NDArray[np.int32], values: NDArray[np.float64], n_genes: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The same of the stored values of CSR rows."""
    n_obs = len(row_starts) - 1
    present = np.empty(n_obs, dtype=np.int64)
    means, squares = np.empty(n_obs), np.empty(n_obs)
    for i in range(n_obs):
        row = values[row_starts[i] : row_starts[i + 1]]
        present[i], means[i], squares[i] = _moments_of_row(row, n_genes)
    return present, means, squares
