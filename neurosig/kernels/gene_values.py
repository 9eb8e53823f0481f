"""The values of each gene over a cohort, one gene after another.

The values of a kept gene that are not zero have the slots `indptr[g]:indptr[g + 1]`; zeros are only
counted, so that a sparse cohort stays small.
"""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit


@jit
def tally_values(
    x: NDArray[np.float64],
    n_stored: NDArray[np.int64],
    n_missing: NDArray[np.int64],
    lows: NDArray[np.float64],
    highs: NDArray[np.float64],
) -> bool:
    """Add each gene's number of values that are not zero and of missing ones, over the rows of x.

    lows, highs: smallest and largest value that is neither. Returns whether all are counts.
    """
    are_counts = True
    for i in range(x.shape[0]):
        for g in range(x.shape[1]):
            value = x[i, g]
            if value == 0.0:
                continue
            n_stored[g] += 1
            if np.isnan(value):
                n_missing[g] += 1
                continue
            lows[g] = min(lows[g], value)
            highs[g] = max(highs[g], value)
            are_counts = are_counts and value > 0.0 and value == np.floor(value)
    return are_counts


@jit
def store_values(
    x: NDArray[np.float64],
    n_before: int,
    keep: NDArray[np.bool_],
    free: NDArray[np.int64],
    values: NDArray[np.float64],
    samples: NDArray[np.int32],
) -> None:
    """Put the values of x that are not zero into the next free slot of their gene, NaN included.

    `samples` gets the position of each value's observation, unless it is empty.
    """
    for g in np.flatnonzero(keep):
        slot = free[g]
        for i in range(x.shape[0]):
            if x[i, g] != 0.0:
                values[slot] = x[i, g]
                if len(samples) > 0:
                    samples[slot] = n_before + i
                slot += 1
        free[g] = slot


@jit
def _places(x: NDArray[np.float64], values: NDArray[np.float64], places: NDArray[np.int64]) -> None:
    """How many of the ascending values are at or below each of x; all take each step together."""
    places[:] = 0
    n = len(values)
    while n > 0:
        half = n // 2
        step = n - half
        for i in range(len(x)):
            places[i] += step if values[places[i] + half] <= x[i] else 0
        n = half


@jit
def places_among(
    x: NDArray[np.float64],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    values: NDArray[np.float64],
) -> NDArray[np.int64]:
    """How many of its gene's values are at or below each value of x (n_rows, n_genes).

    Those of gene g are the ascending `values[starts[g]:starts[g] + sizes[g]]`. Genes are the outer
    loop: the values of one are copied from end to end and searched in the processor's cache.
    """
    n_rows, n_genes = x.shape
    places = np.empty((n_rows, n_genes), dtype=np.int64)
    copied, found = np.empty(np.max(sizes)), np.empty(n_rows, dtype=np.int64)
    for g in range(n_genes):
        known = copied[: sizes[g]]
        known[:] = values[starts[g] : starts[g] + sizes[g]]
        _places(x[:, g].copy(), known, found)
        places[:, g] = found
    return places


@jit
def known_statistics(
    x: NDArray[np.float64],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    values: NDArray[np.float64],
    statistics: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The statistic of each value of x (n_rows, n_genes), and whether its gene has that value.

    As in `places_among`; `statistics` belong to `values`. NaN where the gene does not have it.
    """
    n_rows, n_genes = x.shape
    found, is_known = (
        np.full((n_rows, n_genes), np.nan),
        np.zeros((n_rows, n_genes), dtype=np.bool_),
    )
    copied, places = np.empty(np.max(sizes)), np.empty(n_rows, dtype=np.int64)
    for g in range(n_genes):
        known = copied[: sizes[g]]
        known[:] = values[starts[g] : starts[g] + sizes[g]]
        _places(x[:, g].copy(), known, places)
        for i in range(n_rows):
            last = places[i] - 1
            if last >= 0 and known[last] == x[i, g]:
                found[i, g] = statistics[starts[g] + last]
                is_known[i, g] = True
    return found, is_known
