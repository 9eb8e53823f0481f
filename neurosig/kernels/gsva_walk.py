"""The random walk of GSVA down the ranking of an observation."""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit
from neurosig.kernels.ranks import Order


@jit
def order_of_counts(
    counts: NDArray[np.int64], n_levels: int
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.int64]]:
    """Ascending order of every row of counts, as `ascending_order` has it.

    Counts go from 0 to n_levels - 1; n_levels stands for a missing value.
    """
    places = np.empty(counts.shape, dtype=np.int32)
    is_larger = np.zeros(counts.shape, dtype=np.bool_)
    n_present = np.empty(counts.shape[0], dtype=np.int64)
    free = np.empty(n_levels + 2, dtype=np.int64)
    for i in range(counts.shape[0]):
        free[:] = 0
        for count in counts[i]:
            free[count + 1] += 1
        for level in range(n_levels + 1):
            if free[level + 1] > 0:
                is_larger[i, free[level]] = True
            free[level + 1] += free[level]
        n_present[i] = free[n_levels]
        for g in range(counts.shape[1]):
            places[i, free[counts[i, g]]] = g
            free[counts[i, g]] += 1
    return places, is_larger, n_present


@jit
def genes_from_top(order: Order, n_apart: NDArray[np.int64]) -> NDArray[np.int32]:
    """The genes of each row from the top of its ranking; of genes that tie the first is higher.

    order: ascending; n_apart: the lowest places of each row that are zeros standing apart, which
    are the other way round. Missing values come last.
    """
    places, is_larger, n_present = order
    genes = np.empty_like(places)
    for i in range(len(places)):
        n = n_present[i]
        genes[i, n:] = places[i, n:]
        genes[i, n - n_apart[i] : n] = places[i, : n_apart[i]][::-1]
        end, depth = n, 0
        while end > n_apart[i]:
            start = end - 1
            while not is_larger[i, start]:
                start -= 1
            for t in range(start, end):
                genes[i, depth] = places[i, t]
                depth += 1
            end = start
    return genes


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
    from_top: NDArray[np.int32],
    n_ranked: NDArray[np.int64],
    n_apart: NDArray[np.int64],
    n_genes: int,
    powers: NDArray[np.float64],
    sets_of_genes: tuple[NDArray[np.int64], NDArray[np.int64]],
    n_sets: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Largest deviation of each set's walk above and below zero, and genes walked: (n_obs, n_sets).

    from_top: the genes of each row from the top, the first `n_ranked` of them in the ranking of
    `n_genes`; n_apart: zeros that stand apart at its end; powers[m]: weight of a gene m / 2 ranks
    from the middle. sets_of_genes: gene g is in the sets sets[first[g]:first[g + 1]]. All sets take
    the walk together, so that a gene is looked at twice, however many there are. A gene that misses
    its value is a step out of the set at the bottom. NaN where a set has no weight or no others.
    """
    first, sets = sets_of_genes
    n_obs = len(from_top)
    above, below = np.zeros((n_obs, n_sets)), np.zeros((n_obs, n_sets))
    n_in = np.zeros((n_obs, n_sets), dtype=np.int64)
    weight_of_all, weight_so_far = np.empty(n_sets), np.empty(n_sets)
    n_so_far = np.empty(n_sets, dtype=np.int64)
    held = np.empty(from_top.shape[1] + 1, dtype=np.int64)
    for i in range(n_obs):
        # First the places of the genes of any set, without a branch that cannot be foreseen.
        n_held = 0
        for t in range(n_ranked[i]):
            held[n_held] = t
            n_held += first[from_top[i, t] + 1] > first[from_top[i, t]]
        weight_of_all[:], weight_so_far[:], n_so_far[:] = 0.0, 0.0, 0
        for t in held[:n_held]:
            gene = from_top[i, t]
            weight = _weight(t + 1, n_ranked[i], n_apart[i], powers)
            for j in range(first[gene], first[gene + 1]):
                weight_of_all[sets[j]] += weight
                n_in[i, sets[j]] += 1
        for t in held[:n_held]:
            gene = from_top[i, t]
            weight = _weight(t + 1, n_ranked[i], n_apart[i], powers)
            for j in range(first[gene], first[gene + 1]):
                s = sets[j]
                out = (t - n_so_far[s]) / (n_genes - n_in[i, s])
                below[i, s] = min(below[i, s], weight_so_far[s] / weight_of_all[s] - out)
                weight_so_far[s] += weight
                above[i, s] = max(above[i, s], weight_so_far[s] / weight_of_all[s] - out)
                n_so_far[s] += 1
        for s in range(n_sets):
            if weight_of_all[s] == 0.0 or n_genes == n_in[i, s]:
                above[i, s] = below[i, s] = np.nan
    return above, below, n_in
