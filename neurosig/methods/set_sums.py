"""Weighted sums over gene sets on blocks of any storage, for the methods made of such sums."""

import numpy as np
from numpy.typing import NDArray

from neurosig.expression.base import BlockData
from neurosig.genesets.compiled import GeneSets
from neurosig.kernels.set_sums import dense_set_sums, sets_by_gene, sparse_set_sums


def weighted_sums(data: BlockData, sets: GeneSets) -> NDArray[np.float64]:
    """Sum of w_g x[i, g] over the genes of each set: (n_rows, n_sets), NaN where a gene is missing.

    Equal to the bit for dense and sparse rows; sparse rows are read where values are stored.
    """
    if isinstance(data, np.ndarray):
        return dense_set_sums(data, sets.indptr, sets.indices, sets.weights)
    by_gene = sets_by_gene(sets.indptr, sets.indices, sets.weights, data.shape[1])
    return sparse_set_sums(data.indptr, data.indices, data.data, *by_gene, sets.n_sets)


def plain(sets: GeneSets) -> GeneSets:
    """The same sets with every weight 1."""
    return GeneSets(sets.indptr, sets.indices, np.ones(len(sets.indices)))
