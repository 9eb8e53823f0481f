"""Random draws from bins."""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit


@jit
def draw_from_bins(
    uniform: NDArray[np.float64],
    bin_of: NDArray[np.int64],
    starts: NDArray[np.int64],
    members: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Draws (n_sets, n_genes): place j is drawn from bin `bin_of[j]`, no member twice in a row.

    uniform: (n_sets, n_genes) numbers from 0 to below 1; bin b holds the members from `starts[b]`
    to `starts[b + 1]`, at least as many as there are places that draw from it. Fisher and Yates'
    shuffle, broken off when enough is drawn: every subset is as likely as every other.
    """
    n_sets, n_genes = uniform.shape
    drawn = np.empty((n_sets, n_genes), dtype=np.int64)
    pool = members.copy()
    n_taken = np.zeros(len(starts) - 1, dtype=np.int64)
    for i in range(n_sets):
        n_taken[:] = 0
        for j in range(n_genes):
            b = bin_of[j]
            first = starts[b] + n_taken[b]
            n_left = starts[b + 1] - first
            place = first + min(np.int64(uniform[i, j] * n_left), n_left - 1)
            pool[first], pool[place] = pool[place], pool[first]
            drawn[i, j] = pool[first]
            n_taken[b] += 1
    return drawn
