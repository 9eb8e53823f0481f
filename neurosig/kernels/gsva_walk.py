"""The random walk of GSVA down the ranking of an observation."""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit
from neurosig.kernels.ranks import end_of_run, n_present


@jit
def order_of_counts(counts: NDArray[np.int64], n_levels: int) -> NDArray[np.int64]:
    """Ascending order of every row of counts from 0 to n_levels - 1, ties in column order."""
    order = np.empty(counts.shape, dtype=np.int64)
    free = np.empty(n_levels + 1, dtype=np.int64)
    for i in range(counts.shape[0]):
        free[:] = 0
        for count in counts[i]:
            free[count + 1] += 1
        for level in range(n_levels):
            free[level + 1] += free[level]
        for g in range(counts.shape[1]):
            order[i, free[counts[i, g]]] = g
            free[counts[i, g]] += 1
    return order


@jit
def depths_from_top(
    statistics: NDArray[np.float64],
    order: NDArray[np.int64],
    below_all: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Place from the top of each gene in each row; of genes that tie the first is higher.

    statistics: (n_obs, n_genes); order: its ascending order with ties in column order. Zeros that
    stand apart have the statistic `below_all`; they are the other way round, and their number in
    each row is the second result. A missing statistic has the place n_genes + 1.
    """
    depths = np.full(statistics.shape, statistics.shape[1] + 1)
    n_apart = np.zeros(statistics.shape[0], dtype=np.int64)
    for i in range(statistics.shape[0]):
        row, places = statistics[i], order[i]
        n = n_present(row, places)
        start = 0
        while start < n:
            end = end_of_run(row, places, start, n)
            are_apart = row[places[start]] == below_all
            if are_apart:
                n_apart[i] = end
            for t in range(start, end):
                depths[i, places[t]] = n - t if are_apart else n - end + (t - start) + 1
            start = end
    return depths, n_apart


@jit
def _weight(depth: int, n: int, n_apart: int, powers: NDArray[np.float64]) -> float:
    """Distance of a place from the middle, |n / 2 - rank|, raised to a power.

    Zeros that stand apart share rank 1, the others have the ranks from 2 on, and the middle is
    (number of others + 1) / 2.
    """
    if n_apart == 0:
        return float(powers[abs(n - 2 * (n - depth + 1))])
    n_others = n - n_apart
    rank = max(n_others - depth + 1, 0) + 1
    return float(powers[abs(n_others + 1 - 2 * rank)])


@jit
def gsva_walk(
    depths: NDArray[np.int64],
    n_ranked: NDArray[np.int64],
    n_apart: NDArray[np.int64],
    n_genes: int,
    powers: NDArray[np.float64],
    omit_missing: bool,
    indptr: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Largest deviation of each set's walk above and below zero, both (n_obs, n_sets).

    depths: (n_obs, indptr[-1]) ascending places from the top of the genes of each set;
    n_ranked: genes in the ranking of each row, of n_genes; powers[m]: weight of a gene m / 2 ranks
    from the middle. A gene that misses its value is a step out of the set at the bottom, and makes
    a set that holds it NaN unless `omit_missing` is true.
    """
    n_obs, n_sets = depths.shape[0], len(indptr) - 1
    above, below = np.full((n_obs, n_sets), np.nan), np.full((n_obs, n_sets), np.nan)
    for i in range(n_obs):
        n, apart = n_ranked[i], n_apart[i]
        for s in range(n_sets):
            places = depths[i, indptr[s] : indptr[s + 1]]
            k, weight_of_all = 0, 0.0
            while k < len(places) and places[k] <= n:
                weight_of_all += _weight(places[k], n, apart, powers)
                k += 1
            n_out = n_genes - k
            is_missing = k < len(places) and not omit_missing
            if is_missing or weight_of_all == 0.0 or n_out == 0:
                continue
            weight, highest, lowest = 0.0, 0.0, 0.0
            for j in range(k):
                out = (places[j] - j - 1) / n_out
                lowest = min(lowest, weight / weight_of_all - out)
                weight += _weight(places[j], n, apart, powers)
                highest = max(highest, weight / weight_of_all - out)
            above[i, s], below[i, s] = highest, lowest
    return above, below
