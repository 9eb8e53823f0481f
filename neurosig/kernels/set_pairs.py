"""Mean correlation within many gene sets, from one matrix of correlations."""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit


@jit
def mean_of_pairs(
    correlations: NDArray[np.float64], sets: NDArray[np.int64], signs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean over the pairs a < b of signs[a] signs[b] correlations[set[a], set[b]], of each set.

    correlations: (n_genes, n_genes); sets: (n_sets, k) positions of genes, k at least 2;
    signs: (k,) the direction of each place.
    """
    n_sets, k = sets.shape
    means = np.empty(n_sets)
    for i in range(n_sets):
        total = 0.0
        for a in range(k - 1):
            row = correlations[sets[i, a]]
            inner = 0.0
            for b in range(a + 1, k):
                inner += signs[b] * row[sets[i, b]]
            total += signs[a] * inner
        means[i] = total / (k * (k - 1) / 2)
    return means
