"""Running sums down the ranking of an observation."""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit
from neurosig.kernels.ranks import end_of_run, n_present


@jit
def _sort_positions(order: NDArray[np.int64], start: int, end: int) -> None:
    """Put the positions of one run into column order; a run that is in order is only read."""
    for t in range(start + 1, end):
        if order[t] < order[t - 1]:
            order[start:end].sort()
            return


@jit
def _integer_ranks_and_depths(
    row: NDArray[np.float64],
    order: NDArray[np.int64],
    n: int,
    ranks: NDArray[np.int64],
    depths: NDArray[np.int64],
) -> None:
    """Truncated average ranks and places from the top, ties in column order, of n values."""
    start = 0
    while start < n:
        end = end_of_run(row, order, start, n)
        _sort_positions(order, start, end)
        rank = (start + 1 + end) // 2
        for t in range(start, end):
            ranks[order[t]] = rank
            depths[order[t]] = n - end + (t - start) + 1
        start = end


@jit
def ssgsea_walk(
    x: NDArray[np.float64],
    order: NDArray[np.int64],
    powers: NDArray[np.float64],
    omit_missing: bool,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Area between the weighted walk of the set's genes and the walk of all others.

    x: (n_obs, n_genes); order: its ascending order, put into column order within ties in place;
    powers[r]: weight of integer rank r. NaN counts as the bottom of the ranking and makes a set
    that holds it NaN, or leaves the ranking altogether when `omit_missing` is true.
    """
    n_obs, n_genes = x.shape
    scores = np.empty((n_obs, len(indptr) - 1))
    ranks = np.empty(n_genes, dtype=np.int64)
    depths = np.empty(n_genes, dtype=np.int64)
    for i in range(n_obs):
        n = n_present(x[i], order[i])
        _integer_ranks_and_depths(x[i], order[i], n, ranks, depths)
        n_walked = n if omit_missing else n_genes
        for s in range(len(indptr) - 1):
            n_in, height, weight, weighted = 0, 0.0, 0.0, 0.0
            has_missing = False
            for j in range(indptr[s], indptr[s + 1]):
                g = indices[j]
                if np.isnan(x[i, g]):
                    has_missing = True
                    continue
                steps_left = n_walked - depths[g] + 1.0
                n_in += 1
                height += steps_left
                weight += powers[ranks[g]]
                weighted += powers[ranks[g]] * steps_left
            if n_in in (0, n_walked) or (has_missing and not omit_missing):
                scores[i, s] = np.nan
            else:
                outside = n_walked * (n_walked + 1.0) / 2.0 - height
                scores[i, s] = weighted / weight - outside / (n_walked - n_in)
    return scores
