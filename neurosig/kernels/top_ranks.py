"""Points of gene sets from the genes at the top of each observation.

A gene at descending rank r (1 = highest value) has max(0, cut - r) points. The zeros of an
observation, most of a single cell, are one run of equal values, and only the others are ranked.
Normalised counts have few different values in a cell: a small table finds them, and they alone are
sorted. Where there are many, as in bulk tissue, all values are sorted. Every sum is one of halves,
which is exact, plus a count times one number, so no order of genes and no storage changes a bit.
"""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit

Stored = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]
"""Compressed sparse rows without zeros: where rows start, columns, values."""

TOP_TIES = {"min": 0, "average": 1, "max": 2, "dense": 3, "expected": 4}
"""Points of a run of equal values that has the ranks a..b: those of rank a, of (a + b) / 2, of b,
of the number of different values down to the run; or the mean of the points of a..b."""


def stored_values(x: NDArray[np.float64]) -> Stored:
    """The non-zero values of dense rows x (n_obs, n_genes) as compressed sparse rows."""
    is_stored = x != 0
    indptr = np.zeros(len(x) + 1, dtype=np.int32)
    np.cumsum(np.count_nonzero(is_stored, axis=1), out=indptr[1:])
    return indptr, np.nonzero(is_stored)[1].astype(np.int32), x[is_stored]


_MOST_LEVELS = 512
"""Different values of an observation that the table holds; with more, its values are sorted."""

_SLOT_BITS = 11
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: Knuth's multiplicative hashing


def top_points(
    stored: Stored,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int64],
    n_genes: int,
    cut: int,
    ties: str,
) -> NDArray[np.float64]:
    """Sum over each set of the points of its genes: (n_obs, n_sets). NaN in a set gives NaN.

    stored: the observations; indptr, indices: the sets; ties: a key of `TOP_TIES`. NaN counts as
    lower than every number.
    """
    starts, genes, values = stored
    gene_starts = np.zeros(n_genes + 1, dtype=np.int32)
    np.cumsum(np.bincount(indices, minlength=n_genes), out=gene_starts[1:])
    sizes = np.diff(indptr)
    owners = np.repeat(np.arange(len(sizes)), sizes)[np.argsort(indices, kind="stable")]
    sets = (gene_starts, owners, sizes)
    totals = np.zeros((len(starts) - 1, len(sizes)))
    rows = np.arange(len(totals))
    nothing_sorted = np.empty(0)
    rule = (cut, TOP_TIES[ties])
    rows = _add_points(starts, genes, values, nothing_sorted, rows, sets, rule, totals)
    if len(rows):
        ascending = values.copy()
        for i in rows:
            ascending[starts[i] : starts[i + 1]].sort()  # NumPy's is vectorised; NaN goes last
        _add_points(starts, genes, values, ascending, rows, sets, rule, totals)
    return totals


@jit
def _levels_by_table(
    values: NDArray[np.float64],
    table: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]],
    slots: NDArray[np.int32],
    levels: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> int:
    """Different values in ascending order, and how often each occurs; -1 if there are too many.

    table: value of each slot, NaN while it is free; its number of values, later its level; and the
    slots in use. slots: the slot of each value, -1 for NaN.
    """
    keys, level_of, in_use = table
    bits = values.view(np.uint64)
    last = len(keys) - 1
    n = 0
    for j in range(len(values)):
        value = values[j]
        slot = np.int64((bits[j] * _MULTIPLIER) >> np.uint64(64 - _SLOT_BITS))
        while keys[slot] != value:
            if np.isnan(value):
                slot = np.int64(-1)
                break
            if np.isnan(keys[slot]):
                if n == _MOST_LEVELS:
                    keys[in_use[:n]] = np.nan
                    return -1
                keys[slot], level_of[slot], in_use[n] = value, 0, slot
                n += 1
                break
            slot = (slot + 1) & last
        slots[j] = slot
        if slot >= 0:
            level_of[slot] += 1
    taken = in_use[:n]
    taken = taken[np.argsort(keys[taken])]
    levels[:n], counts[:n] = keys[taken], level_of[taken]
    level_of[taken] = np.arange(n)
    keys[taken] = np.nan
    return n


@jit
def _levels_of_sorted(
    row: NDArray[np.float64], levels: NDArray[np.float64], counts: NDArray[np.int64]
) -> int:
    """Different values of an ascending row, NaN left out, and how often each occurs."""
    n = 0
    for value in row:
        if np.isnan(value):
            break
        if n > 0 and levels[n - 1] == value:
            counts[n - 1] += 1
        else:
            levels[n], counts[n] = value, 1
            n += 1
    return n


@jit
def _place_of(value: float, levels: NDArray[np.float64]) -> int:
    """Place of a value in an ascending array that holds it."""
    start, n = 0, len(levels)
    while n > 1:
        half = n // 2
        if levels[start + half - 1] < value:
            start += half
        n -= half
    return start


@jit
def _points_of_run(first: int, last: int, n_different: int, cut: int, ties: int) -> float:
    """Points of each member of the run of equal values that has the ranks first..last."""
    rank = (first + last) / 2.0
    if ties == 0:
        rank = float(first)
    elif ties == 2:
        rank = float(last)
    elif ties == 3:
        rank = float(n_different)
    elif ties == 4 and first < cut < last:
        return (cut - first) * (cut - first + 1) / 2.0 / (last - first + 1)
    return max(0.0, cut - rank)


@jit
def _fill_points(
    levels: NDArray[np.float64],
    counts: NDArray[np.int64],
    n_zeros: int,
    rule: tuple[int, int],
    points: NDArray[np.float64],
) -> int:
    """Points of each level, and of the zeros at place len(levels).

    The result is the level whose points need not be halves, -1 if there is none.
    """
    cut, ties = rule
    n = len(levels)
    points[n] = 0.0
    mixed, n_above, n_different = -1, 0, 0
    n_positive = n
    while n_positive > 0 and levels[n - n_positive] < 0.0:
        n_positive -= 1
    for step in range(n + 1):  # down the positive levels, the zeros, down the negative ones
        if step < n_positive:
            level = n - 1 - step
        elif step == n_positive:
            level = n
        else:
            level = n - step
        n_run = n_zeros if level == n else counts[level]
        if n_run == 0:
            continue
        n_different += 1
        first, last = n_above + 1, n_above + n_run
        points[level] = _points_of_run(first, last, n_different, cut, ties)
        if ties == 4 and first < cut < last:
            mixed = level
        n_above = last
    return mixed


@jit
def _add_points(
    starts: NDArray[np.int32],
    genes: NDArray[np.int32],
    values: NDArray[np.float64],
    ascending: NDArray[np.float64],
    rows: NDArray[np.int64],
    sets: tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]],
    rule: tuple[int, int],
    totals: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Add the points of the genes of some rows to the totals of the sets.

    ascending: the values with each of these rows sorted, or nothing; then the table is used, and
    the rows it does not hold are the result. sets: gene g is in those at places starts[g] to
    starts[g + 1] of owners; and their sizes. rule: cut and ties.
    """
    by_table = len(ascending) == 0
    n_slots, n_genes = 1 << _SLOT_BITS, len(sets[0]) - 1
    table = (
        np.full(n_slots, np.nan),
        np.empty(n_slots, dtype=np.int64),
        np.empty(_MOST_LEVELS, dtype=np.int64),
    )
    slots, left = np.empty(n_genes, dtype=np.int32), np.empty_like(rows)
    all_levels, all_counts = np.empty(n_genes), np.empty(n_genes, dtype=np.int64)
    points = np.empty(n_genes + 1)
    n_left = 0
    for i in rows:
        low, high = starts[i], starts[i + 1]
        if by_table:
            n = _levels_by_table(values[low:high], table, slots, all_levels, all_counts)
        else:
            n = _levels_of_sorted(ascending[low:high], all_levels, all_counts)
        if n < 0:
            left[n_left] = i
            n_left += 1
            continue
        levels = all_levels[:n]
        mixed = _fill_points(levels, all_counts, n_genes - (high - low), rule, points)
        level_of_slot = table[1] if by_table else table[1][:0]
        _walk_genes(
            genes[low:high],
            values[low:high],
            levels,
            (slots, level_of_slot),
            (points[: n + 1], mixed),
            sets,
            totals[i],
        )
    return left[:n_left]


@jit
def _walk_genes(
    genes: NDArray[np.int32],
    values: NDArray[np.float64],
    levels: NDArray[np.float64],
    looked_up: tuple[NDArray[np.int32], NDArray[np.int64]],
    scale: tuple[NDArray[np.float64], int],
    sets: tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]],
    totals: NDArray[np.float64],
) -> None:
    """Walk the stored genes of a row, and from each gene to the sets that hold it.

    looked_up: slot of each value and level of each slot, or no levels; then the level is searched.
    scale: points of each level and of the zeros, and the level whose points need not be halves.
    """
    slots, level_of_slot = looked_up
    points, mixed = scale
    gene_starts, owners, sizes = sets
    n_stored, n_mixed = np.zeros_like(sizes), np.zeros_like(sizes)
    # First the places of the genes of any set, without a branch that cannot be foreseen.
    held, n_held = np.empty(len(genes) + 1, dtype=np.int32), 0
    for j in range(len(genes)):
        held[n_held] = j
        n_held += gene_starts[genes[j]] != gene_starts[genes[j] + 1]
    for j in held[:n_held]:
        if np.isnan(values[j]):
            level, gained = -2, np.nan
        else:
            if len(level_of_slot) > 0:
                level = level_of_slot[slots[j]]
            else:
                level = _place_of(values[j], levels)
            gained = points[level]
        for t in range(gene_starts[genes[j]], gene_starts[genes[j] + 1]):
            n_stored[owners[t]] += 1
            if level == mixed:
                n_mixed[owners[t]] += 1
            else:
                totals[owners[t]] += gained
    for s in range(len(sizes)):
        totals[s] += (sizes[s] - n_stored[s]) * points[len(levels)]  # the zeros
        if mixed >= 0:
            totals[s] += n_mixed[s] * points[mixed]
