"""Each kernel against a slow, obvious twin made of NumPy and SciPy."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata

import neurosig
from neurosig.kernels.jit import jit
from neurosig.kernels.moments import add_squares, add_totals, set_means, set_signed_z
from neurosig.kernels.ranks import TIES, ascending_order, rank_rows, rows_without_ranking
from neurosig.kernels.walks import ssgsea_walk


def random_rows(n_obs: int, n_genes: int, kind: str) -> np.ndarray:
    rng = np.random.default_rng([n_obs, n_genes, len(kind)])
    x = rng.normal(size=(n_obs, n_genes))
    if kind in {"ties", "holes"}:
        x = x.round(1)
        x[rng.random(x.shape) < 0.4] = 0.0
        x[rng.random(x.shape) < 0.1] = -0.0
    if kind == "holes":
        x[rng.random(x.shape) < 0.2] = np.nan
    return np.zeros((n_obs, n_genes)) if kind == "zeros" else x


SHAPES = [(1, 1), (1, 7), (5, 1), (4, 2), (6, 40)]
KINDS = ["continuous", "ties", "holes", "zeros"]

shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
kinds = pytest.mark.parametrize("kind", KINDS)


def random_sets(n_genes: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """An empty set, one of one gene, one of all, and some in between."""
    rng = np.random.default_rng(n_genes)
    sizes = [0, 1, n_genes, *rng.integers(1, n_genes + 1, 4)]
    sets = [np.sort(rng.choice(n_genes, k, replace=False)) for k in sizes]
    indptr = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return indptr, np.concatenate(sets).astype(np.int64), sets


@shapes
@kinds
def test_the_ascending_order_is_that_of_a_stable_sort_with_missing_values_last(shape, kind):
    x = random_rows(*shape, kind)
    places, is_larger, n_present = ascending_order(x)
    np.testing.assert_array_equal(places, np.argsort(x, axis=1, kind="stable"))
    np.testing.assert_array_equal(n_present, (~np.isnan(x)).sum(axis=1))
    for row, n, flags in zip(np.sort(x, axis=1), n_present, is_larger, strict=True):
        rises = np.concatenate(([True], row[1:n] > row[: n - 1]))[:n]
        np.testing.assert_array_equal(flags[:n], rises)


CLOSE_VALUES = {
    "neighbours": 1.0 + np.arange(5) * np.spacing(1.0),  # one bit apart
    "below zero": -1.0 - np.arange(5) * np.spacing(1.0),
    "smallest": np.array([5e-324, 1e-323, -5e-324, 0.0, -0.0, 1e-310, -1e-310]),
    "largest": np.array([np.inf, -np.inf, 1.7976931348623157e308, np.nextafter(np.inf, 0), 0.0]),
    "mixed": np.array([np.nan, 1.0, 1.0 + 2**-52, 2.0, -1.0, -1.0 - 2**-52, 0.0]),
}


@pytest.mark.parametrize("kind", CLOSE_VALUES)
@pytest.mark.parametrize("n_genes", [2, 9, 1025, 5000])
def test_values_that_differ_in_the_last_bits_alone_are_told_apart(kind, n_genes):
    """The more columns, the fewer bits of the values are left beside them in the keys."""
    x = np.random.default_rng(n_genes).choice(CLOSE_VALUES[kind], (3, n_genes))
    places, is_larger, n_present = ascending_order(x)
    np.testing.assert_array_equal(places, np.argsort(x, axis=1, kind="stable"))
    distinct = [len(np.unique(row[~np.isnan(row)])) for row in x]
    assert [np.sum(f[:n]) for f, n in zip(is_larger, n_present, strict=True)] == distinct


@shapes
@kinds
def test_rows_whose_values_are_all_equal_or_missing_have_no_ranking(shape, kind):
    x = random_rows(*shape, kind)
    expected = [len(set(row[~np.isnan(row)] + 0.0)) < 2 for row in x]
    assert rows_without_ranking(ascending_order(x)).tolist() == expected


@shapes
@kinds
@pytest.mark.parametrize("ties", TIES)
def test_ranks_equal_those_of_scipy(shape, kind, ties):
    x = random_rows(*shape, kind)
    expected = rankdata(x, method=ties, axis=1, nan_policy="omit")
    np.testing.assert_array_equal(rank_rows(x, ascending_order(x), TIES[ties]), expected)


def test_infinite_values_are_ranked_at_the_ends():
    x = np.array([[np.inf, 0.0, -np.inf, np.nan, np.inf]])
    ranks = rank_rows(x, ascending_order(x), TIES["average"])
    np.testing.assert_array_equal(ranks, [[3.5, 2.0, 1.0, np.nan, 3.5]])


def walk_by_hand(row: np.ndarray, genes: np.ndarray, alpha: float, omit: bool) -> float:
    """The running difference at every place from the top, added up as the paper writes it."""
    is_missing = np.isnan(row)
    if is_missing[genes].any() and not omit:
        return np.nan
    columns = [g for g in range(len(row)) if not (omit and is_missing[g])]
    if is_missing.all():
        return np.nan
    ranks = np.floor(rankdata(row, method="average", nan_policy="omit"))
    # From the top: higher rank first, missing values last, ties in column order.
    places = sorted(columns, key=lambda g: (is_missing[g], 0 if is_missing[g] else -ranks[g], g))
    members = [g for g in places if g in set(genes.tolist())]
    if len(members) in (0, len(places)):
        return np.nan
    whole = sum(ranks[g] ** alpha for g in members)
    inside = outside = total = 0.0
    for g in places:
        if g in members:
            inside += ranks[g] ** alpha / whole
        else:
            outside += 1 / (len(places) - len(members))
        total += inside - outside
    return total


@shapes
@kinds
@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("omit", [False, True])
def test_the_ssgsea_walk_equals_a_loop_over_the_places(shape, kind, alpha, omit):
    x = random_rows(*shape, kind)
    indptr, indices, sets = random_sets(shape[1])
    powers = np.arange(shape[1] + 1, dtype=float) ** alpha
    found = ssgsea_walk(ascending_order(x), powers, omit, indptr, indices)
    expected = [[walk_by_hand(row, genes, alpha, omit) for genes in sets] for row in x]
    # The loop adds up to 40 x 40 terms of order 1 in another order.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)


def test_the_order_leaves_the_values_alone():
    x = random_rows(6, 40, "holes")
    before = x.copy()
    ascending_order(x)
    np.testing.assert_array_equal(x, before)


def totals_of(blocks, skip_zeros: bool):
    """Mean and sum of squared deviations of each gene, with the accumulators carried over."""
    n_genes = blocks[0].shape[1]
    counts, totals, squares = np.zeros(n_genes, np.int64), np.zeros(n_genes), np.zeros(n_genes)
    lows, highs = np.full(n_genes, np.inf), np.full(n_genes, -np.inf)
    for block in blocks:
        add_totals(block, skip_zeros, counts, totals, lows, highs)
    with np.errstate(invalid="ignore"):
        means = totals / counts
    for block in blocks:
        add_squares(block, skip_zeros, means, squares)
    return counts, means, squares, lows, highs


@shapes
@kinds
@pytest.mark.parametrize("skip_zeros", [False, True])
def test_moments_equal_those_of_the_values_that_count(shape, kind, skip_zeros):
    x = random_rows(*shape, kind)
    counts, means, squares, lows, highs = totals_of([x], skip_zeros)
    for g in range(shape[1]):
        values = x[:, g][~np.isnan(x[:, g])]
        values = values[values != 0] if skip_zeros else values
        assert counts[g] == len(values)
        if len(values) == 0:
            assert (np.isnan(means[g]), squares[g], lows[g], highs[g]) == (True, 0, np.inf, -np.inf)
            continue
        assert (lows[g], highs[g]) == (values.min(), values.max())
        # A few additions of numbers of order 1: some units of the last place.
        assert means[g] == pytest.approx(np.mean(values), rel=1e-14, abs=1e-15)
        assert squares[g] == pytest.approx(len(values) * np.std(values) ** 2, rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("skip_zeros", [False, True])
@pytest.mark.parametrize("n_rows", [1, 3, 64])
def test_moments_do_not_depend_on_the_blocks_to_the_bit(n_rows, skip_zeros):
    x = random_rows(64, 30, "holes") * np.pi
    blocks = [x[start : start + n_rows] for start in range(0, 64, n_rows)]
    for whole, parts in zip(totals_of([x], skip_zeros), totals_of(blocks, skip_zeros), strict=True):
        np.testing.assert_array_equal(whole, parts)


def test_squares_are_of_the_deviations_from_the_means_given():
    """From 1: (1 - 1)^2 + (3 - 1)^2 = 4, on top of the 10 that were there."""
    squares = np.array([10.0])
    add_squares(np.array([[1.0], [3.0]]), skip_zeros=False, means=np.ones(1), squares=squares)
    assert squares[0] == 14.0


def test_the_deviation_of_large_close_values_is_not_lost():
    """1e9 + {0, 1, 2}: mean 1e9 + 1, squares 1 + 0 + 1; E[x^2] - E[x]^2 would lose it."""
    _, means, squares, _, _ = totals_of([1e9 + np.arange(3.0)[:, None]], skip_zeros=False)
    assert (means[0], squares[0]) == (1e9 + 1, 2.0)


@shapes
@kinds
def test_set_means_equal_the_means_of_the_columns(shape, kind):
    x = random_rows(*shape, kind)
    indptr, indices, sets = random_sets(shape[1])
    expected = [[x[i, s].mean() if len(s) else np.nan for s in sets] for i in range(shape[0])]
    np.testing.assert_allclose(set_means(x, indptr, indices), expected, rtol=0, atol=1e-15)


@shapes
@kinds
@pytest.mark.parametrize("skip_zeros", [False, True])
def test_signed_z_equals_the_formula(shape, kind, skip_zeros):
    x = random_rows(*shape, kind)
    indptr, indices, sets = random_sets(shape[1])
    rng = np.random.default_rng(7)
    weights = rng.choice([-2.5, -1.0, 1.0, 0.3], len(indices))
    means, deviations = rng.normal(size=shape[1]), rng.uniform(0.5, 2, shape[1])
    found = set_signed_z(x, skip_zeros, means, deviations, indptr, indices, weights)
    z = (x - means) / deviations
    if skip_zeros:
        z[x == 0] = 0.0
    for s, genes in enumerate(sets):
        signs = np.sign(weights[indptr[s] : indptr[s + 1]])
        expected = z[:, genes] @ signs / np.sqrt(len(genes)) if len(genes) else np.nan
        np.testing.assert_allclose(found[:, s], np.broadcast_to(expected, shape[0]), atol=1e-12)


def test_no_rows_and_no_sets_give_empty_results():
    none = np.zeros(0, dtype=np.int64)
    rows, no_rows = np.ones((2, 3)), np.ones((0, 3))
    assert set_means(rows, np.zeros(1, np.int64), none).shape == (2, 0)
    assert set_means(no_rows, np.array([0, 1]), np.array([0])).shape == (0, 1)
    assert rank_rows(no_rows, ascending_order(no_rows), 0).shape == (0, 3)
    walked = ssgsea_walk(
        ascending_order(rows),
        np.ones(4),
        omit_missing=False,
        indptr=np.zeros(1, np.int64),
        indices=none,
    )
    assert walked.shape == (2, 0)


def test_a_function_runs_where_no_folder_can_hold_the_cache(monkeypatch):
    """numba itself refuses then; with no place to try it behaves as in a read-only container."""
    from numba import njit
    from numba.core.caching import CacheImpl

    monkeypatch.setattr(CacheImpl, "_locator_classes", [])

    def double(x):
        return 2 * x

    with pytest.raises(RuntimeError, match="cannot cache"):
        njit(cache=True)(double)
    assert jit(double)(21.0) == 42.0


@pytest.mark.slow
def test_the_whole_package_runs_where_no_folder_can_hold_the_cache():
    program = (
        "from numba.core.caching import CacheImpl; CacheImpl._locator_classes = []\n"
        "import numpy as np\n"
        "from neurosig.kernels.ranks import ascending_order, rank_rows\n"
        "x = np.array([[3.0, 1.0, 2.0]])\n"
        "print(rank_rows(x, ascending_order(x), 1).tolist())\n"
    )
    folder = str(Path(neurosig.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": folder},
    )
    assert done.stdout.strip() == "[[3.0, 1.0, 2.0]]"


def test_sums_keep_the_order_they_are_written_in():
    """(1e16 + 1) + 1 loses both ones, 1e16 + (1 + 1) loses none: fast-math may swap them."""
    x = np.array([[1e16, 1.0, 1.0, -1e16]])
    assert set_means(x, np.array([0, 4]), np.arange(4))[0, 0] == 0.0


def test_a_division_by_zero_is_a_number_and_no_exception():
    """All genes of the set have deviation 0: 0 / 0 is NaN and 1 / 0 is infinite."""
    found = set_signed_z(
        np.array([[0.0], [1.0]]),
        skip_zeros=False,
        means=np.zeros(1),
        deviations=np.zeros(1),
        indptr=np.array([0, 1]),
        indices=np.array([0]),
        weights=np.ones(1),
    )
    np.testing.assert_array_equal(found, [[np.nan], [np.inf]])
