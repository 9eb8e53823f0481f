"""Order and ranks within each observation.

A value and its column are packed into one whole number: the leading bits of the value, arranged so
that whole numbers sort like the values, above the bits of the column. NumPy's vectorised sort of
these is faster than a sort of positions and leaves ties in column order. Values that differ in no
leading bit, such as neighbouring floats, are told apart afterwards.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit

TIES = {"min": 0, "average": 1, "max": 2}

Order: TypeAlias = tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.int64]]
"""Rows in ascending order: the column at each place (n_obs, n_genes), ties in column order and NaN
last; whether the value there is larger than the one before; and the number of values of each row
that are not NaN."""

_SIGN = np.uint64(1 << 63)


def ascending_order(x: NDArray[np.float64]) -> Order:
    """Columns of each row of x (n_obs, n_genes) by ascending value, ties in column order, NaN last.

    Zeros, most of a single cell, are set apart and never sorted.
    """
    n_obs, n_genes = x.shape
    column_bits = max(1, int(n_genes - 1).bit_length())
    places = np.empty((n_obs, n_genes), dtype=np.int32)
    is_larger = np.empty((n_obs, n_genes), dtype=np.bool_)
    n_present = np.empty(n_obs, dtype=np.int64)
    keys = np.empty(n_genes + 1, dtype=np.uint64)
    for i, row in enumerate(x):
        sorted_keys = keys[: _pack(row, column_bits, keys)]
        sorted_keys.sort()
        n_present[i] = _unpack(row, column_bits, sorted_keys, places[i], is_larger[i])
    return places, is_larger, n_present


@jit
def _pack(row: NDArray[np.float64], column_bits: int, keys: NDArray[np.uint64]) -> int:
    """Keys of the values that are neither zero nor NaN; the result is their number."""
    bits = row.view(np.uint64)
    column_mask = (np.uint64(1) << np.uint64(column_bits)) - np.uint64(1)
    n = 0
    for g in range(len(row)):
        # A float is a sign and a magnitude: of negative ones the larger magnitude comes first.
        key = ~bits[g] if bits[g] & _SIGN else bits[g] | _SIGN
        keys[n] = (key & ~column_mask) | np.uint64(g)
        n += row[g] != 0.0 and row[g] == row[g]  # no branch that cannot be foreseen
    return n


@jit
def rows_without_ranking(order: Order) -> NDArray[np.bool_]:
    """Rows whose values are all equal or missing, from the ascending `order` of each."""
    _, is_larger, n_present = order
    are_flat = np.empty(len(n_present), dtype=np.bool_)
    for i in range(len(n_present)):
        are_flat[i] = not is_larger[i, 1 : n_present[i]].any()
    return are_flat


@jit
def _unpack(
    row: NDArray[np.float64],
    column_bits: int,
    keys: NDArray[np.uint64],
    places: NDArray[np.int32],
    is_larger: NDArray[np.bool_],
) -> int:
    """Columns in ascending order from sorted keys; the result is the number that are not NaN."""
    column_mask = (np.uint64(1) << np.uint64(column_bits)) - np.uint64(1)
    n_negative, n_keys = 0, len(keys)
    while n_negative < n_keys and keys[n_negative] < _SIGN:
        n_negative += 1
    n = n_negative
    if n_keys < len(row):
        for g in range(len(row)):
            if row[g] == 0.0:
                places[n] = g
                n += 1
        is_larger[n_negative:n] = False
        if n > n_negative:
            is_larger[n_negative] = True
    n_zeros = n - n_negative
    _unpack_run(row, column_mask, keys[:n_negative], places, is_larger)
    _unpack_run(row, column_mask, keys[n_negative:], places[n:], is_larger[n:])
    n = n_keys + n_zeros
    last = n
    for g in range(len(row) if n < len(row) else 0):
        if np.isnan(row[g]):
            places[last] = g
            is_larger[last] = last == n
            last += 1
    return n


@jit
def _unpack_run(
    row: NDArray[np.float64],
    column_mask: np.uint64,
    keys: NDArray[np.uint64],
    places: NDArray[np.int32],
    is_larger: NDArray[np.bool_],
) -> None:
    """The same for values of one sign, into the first places."""
    before = np.uint64(0)  # no key: either its sign bit or a bit of its exponent is set
    for t in range(len(keys)):
        places[t] = np.int32(keys[t] & column_mask)
        leading = keys[t] & ~column_mask
        is_larger[t] = leading != before
        before = leading
    start = 0
    while start < len(keys):
        end = end_of_run(is_larger, start, len(keys))
        if end > start + 1:
            _settle(row, places[start:end], is_larger[start:end])
        start = end


@jit
def _settle(
    row: NDArray[np.float64], places: NDArray[np.int32], is_larger: NDArray[np.bool_]
) -> None:
    """Order columns that are ascending, whose values have the same leading bits."""
    differ = False
    for t in range(1, len(places)):
        differ = differ or row[places[t]] != row[places[0]]
    if not differ:
        return
    values = row[places]
    order = np.argsort(values, kind="mergesort")  # a stable one
    places[:] = places[order]
    for t in range(1, len(places)):
        is_larger[t] = values[order[t]] > values[order[t - 1]]


@jit
def end_of_run(is_larger: NDArray[np.bool_], start: int, stop: int) -> int:
    """One past the last place whose value equals that at place `start`."""
    end = start + 1
    while end < stop and not is_larger[end]:
        end += 1
    return end


@jit
def row_ranks(
    places: NDArray[np.int32],
    is_larger: NDArray[np.bool_],
    n_present: int,
    ties: int,
    ranks: NDArray[np.float64],
) -> None:
    """Ascending ranks (1 = smallest) of one row into `ranks`; NaN has rank NaN.

    ties: 0 all members of a run get its lowest rank, 1 the average, 2 the highest.
    """
    start = 0
    while start < n_present:
        end = end_of_run(is_larger, start, n_present)
        if ties == 0:
            rank = start + 1.0
        elif ties == 1:
            rank = (start + 1.0 + end) / 2.0
        else:
            rank = float(end)
        for place in range(start, end):
            ranks[places[place]] = rank
        start = end
    for place in range(n_present, len(places)):
        ranks[places[place]] = np.nan


@jit
def rank_rows(x: NDArray[np.float64], order: Order, ties: int) -> NDArray[np.float64]:
    """Ascending ranks of every row of x (n_obs, n_genes), from its `ascending_order`."""
    places, is_larger, n_present = order
    ranks = np.empty(x.shape)
    for i in range(x.shape[0]):
        row_ranks(places[i], is_larger[i], n_present[i], ties, ranks[i])
    return ranks
