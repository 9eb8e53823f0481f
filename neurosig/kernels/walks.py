"""Running sums down the ranking of an observation."""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit
from neurosig.kernels.ranks import Order, end_of_run


@jit
def _ranks_and_depths(
    places: NDArray[np.int32],
    is_larger: NDArray[np.bool_],
    n: int,
    spots: NDArray[np.int32],
) -> None:
    """Truncated average rank and place from the top, ties in column order, of each of n genes.

    Both stand side by side in `spots` (n_genes, 2), as both are wanted at once; NaN has rank 0.
    """
    start = 0
    while start < n:
        end = end_of_run(is_larger, start, n)
        rank = (start + 1 + end) // 2
        for t in range(start, end):
            spots[places[t], 0] = rank
            spots[places[t], 1] = n - end + (t - start) + 1
        start = end
    for t in range(n, len(places)):
        spots[places[t], 0] = 0


@jit
def ssgsea_walk(
    order: Order,
    powers: NDArray[np.float64],
    omit_missing: bool,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Area between the weighted walk of the set's genes and the walk of all others.

    order: the `ascending_order` of (n_obs, n_genes) values; powers[r]: weight of integer rank r.
    NaN counts as the bottom of the ranking and makes a set that holds it NaN, or leaves the ranking
    altogether when `omit_missing` is true.
    """
    places, is_larger, n_present = order
    n_obs, n_genes = places.shape
    scores = np.empty((n_obs, len(indptr) - 1))
    spots = np.empty((n_genes, 2), dtype=np.int32)
    for i in range(n_obs):
        n = n_present[i]
        _ranks_and_depths(places[i], is_larger[i], n, spots)
        n_walked = n if omit_missing else n_genes
        for s in range(len(indptr) - 1):
            n_in, height, weight, weighted = 0, 0.0, 0.0, 0.0
            for j in range(indptr[s], indptr[s + 1]):
                rank, depth = spots[indices[j], 0], spots[indices[j], 1]
                if rank == 0:
                    continue
                steps_left = n_walked - depth + 1.0
                n_in += 1
                height += steps_left
                weight += powers[rank]
                weighted += powers[rank] * steps_left
            has_missing = n_in < indptr[s + 1] - indptr[s]
            if n_in in (0, n_walked) or (has_missing and not omit_missing):
                scores[i, s] = np.nan
            else:
                outside = n_walked * (n_walked + 1.0) / 2.0 - height
                scores[i, s] = weighted / weight - outside / (n_walked - n_in)
    return scores
