"""Ranks within each observation."""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit

TIES = {"min": 0, "average": 1, "max": 2}


def ascending_order(x: NDArray[np.float64]) -> NDArray[np.int64]:
    """Column positions of each row of x (n_obs, n_genes) by ascending value, NaN last.

    Zeros are in column order; the order inside any other run of equal values is left open: the
    kernels that care settle it. Zeros, most of a single cell, are set apart and never compared.
    """
    order = np.empty(x.shape, dtype=np.int64)
    for row, places in zip(x, order, strict=True):
        others = np.flatnonzero(row != 0)
        ascending = others[np.argsort(row[others])]
        n_negative = np.count_nonzero(row < 0)
        n_zeros = len(row) - len(others)
        places[:n_negative] = ascending[:n_negative]
        places[n_negative : n_negative + n_zeros] = np.flatnonzero(row == 0)
        places[n_negative + n_zeros :] = ascending[n_negative:]
    return order


@jit
def n_present(row: NDArray[np.float64], order: NDArray[np.int64]) -> int:
    """Number of values of a row that are not NaN, from its ascending order."""
    n = len(order)
    while n > 0 and np.isnan(row[order[n - 1]]):
        n -= 1
    return n


@jit
def rows_without_ranking(x: NDArray[np.float64], order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Rows of x (n_obs, n_genes) whose values are all equal or missing, from their `order`."""
    are_flat = np.empty(len(x), dtype=np.bool_)
    for i in range(len(x)):
        n = n_present(x[i], order[i])
        are_flat[i] = n == 0 or x[i, order[i, 0]] == x[i, order[i, n - 1]]
    return are_flat


@jit
def end_of_run(row: NDArray[np.float64], order: NDArray[np.int64], start: int, stop: int) -> int:
    """One past the last place whose value equals that at place `start` of the ascending order."""
    value = row[order[start]]
    end = start + 1
    while end < stop and row[order[end]] == value:
        end += 1
    return end


@jit
def row_ranks(
    row: NDArray[np.float64], order: NDArray[np.int64], ties: int, ranks: NDArray[np.float64]
) -> None:
    """Ascending ranks (1 = smallest) of one row into `ranks`; NaN keeps rank NaN.

    ties: 0 all members of a run get its lowest rank, 1 the average, 2 the highest.
    """
    n = n_present(row, order)
    start = 0
    while start < n:
        end = end_of_run(row, order, start, n)
        if ties == 0:
            rank = start + 1.0
        elif ties == 1:
            rank = (start + 1.0 + end) / 2.0
        else:
            rank = float(end)
        for place in range(start, end):
            ranks[order[place]] = rank
        start = end
    for place in range(n, len(order)):
        ranks[order[place]] = np.nan


@jit
def rank_rows(x: NDArray[np.float64], order: NDArray[np.int64], ties: int) -> NDArray[np.float64]:
    """Ascending ranks of every row of x (n_obs, n_genes)."""
    ranks = np.empty(x.shape)
    for i in range(x.shape[0]):
        row_ranks(x[i], order[i], ties, ranks[i])
    return ranks
