"""Sums of genes over a cohort that do not depend on the order of the observations.

Each sum is carried in two numbers, the second holding what rounding takes from the first, so that
genes with equal values in other observations have equal sums to the last bit.
"""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit
from neurosig.kernels.pairs import add_exactly


@jit
def _add(value: float, gene: int, totals: NDArray[np.float64], lost: NDArray[np.float64]) -> None:
    totals[gene], error = add_exactly(totals[gene], value)
    lost[gene] += error


@jit
def add_dense(
    x: NDArray[np.float64],
    totals: NDArray[np.float64],
    lost: NDArray[np.float64],
    n_missing: NDArray[np.int64],
) -> None:
    """Add the rows of x (n_obs, n_genes) to each gene's total; NaN is counted instead."""
    for i in range(x.shape[0]):
        for g in range(x.shape[1]):
            value = x[i, g]
            if np.isnan(value):
                n_missing[g] += 1
            elif value != 0.0:
                _add(value, g, totals, lost)


@jit
def add_sparse(
    columns: NDArray[np.int32],
    values: NDArray[np.float64],
    totals: NDArray[np.float64],
    lost: NDArray[np.float64],
    n_missing: NDArray[np.int64],
) -> None:
    """Add the stored values of CSR rows to the total of the gene each belongs to."""
    for k in range(len(values)):
        if np.isnan(values[k]):
            n_missing[columns[k]] += 1
        else:
            _add(values[k], columns[k], totals, lost)
