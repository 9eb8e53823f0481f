"""Weighted sums over gene sets, of dense rows and of the stored values of sparse rows.

A sum runs over the genes of a set in the order of the matrix in both storages. What a zero adds is
zero, so leaving zeros out does not change a bit.
"""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit


@jit
def dense_set_sums(
    x: NDArray[np.float64],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum of w_g x_g over each gene set: (n_obs, n_sets). NaN in a set gives NaN."""
    sums = np.empty((x.shape[0], len(indptr) - 1))
    for i in range(x.shape[0]):
        for s in range(len(indptr) - 1):
            total = 0.0
            for j in range(indptr[s], indptr[s + 1]):
                total += weights[j] * x[i, indices[j]]
            sums[i, s] = total
    return sums


@jit
def sets_by_gene(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int64],
    weights: NDArray[np.float64],
    n_genes: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The sets of each gene: `sets[first[g]:first[g + 1]]`, and the gene's weights in them."""
    first = np.zeros(n_genes + 1, dtype=np.int64)
    for gene in indices:
        first[gene + 1] += 1
    for g in range(n_genes):
        first[g + 1] += first[g]
    free = first[:-1].copy()
    sets = np.empty(len(indices), dtype=np.int64)
    gene_weights = np.empty(len(indices))
    for s in range(len(indptr) - 1):
        for j in range(indptr[s], indptr[s + 1]):
            place = free[indices[j]]
            sets[place] = s
            gene_weights[place] = weights[j]
            free[indices[j]] = place + 1
    return first, sets, gene_weights


@jit
def sparse_set_sums(
    row_starts: NDArray[np.int32],
    columns: NDArray[np.int32],
    values: NDArray[np.float64],
    first: NDArray[np.int64],
    sets: NDArray[np.int64],
    weights: NDArray[np.float64],
    n_sets: int,
) -> NDArray[np.float64]:
    """The same of CSR rows with ascending columns; only stored values are walked.

    The values whose gene is in any set are listed first, without a branch: for most there is none,
    and a processor that guesses wrong at each that has one takes twice as long.
    """
    n_obs, widest = len(row_starts) - 1, 0
    for i in range(n_obs):
        widest = max(widest, row_starts[i + 1] - row_starts[i])
    sums = np.zeros((n_obs, n_sets))
    listed = np.empty(widest + 1, dtype=np.int64)
    for i in range(n_obs):
        n_listed = 0
        for k in range(row_starts[i], row_starts[i + 1]):
            listed[n_listed] = k
            n_listed += first[columns[k] + 1] > first[columns[k]]
        for place in range(n_listed):
            value = values[listed[place]]
            gene = columns[listed[place]]
            for j in range(first[gene], first[gene + 1]):
                sums[i, sets[j]] += weights[j] * value
    return sums
