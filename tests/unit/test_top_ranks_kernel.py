"""The points of the highest genes against a slow, obvious twin made of NumPy and SciPy."""

import numpy as np
import pytest
from scipy.stats import rankdata

from neurosig.kernels.top_ranks import TOP_TIES, stored_values, top_points

N_GENES = 700  # more different values than the table of an observation holds


def rows_of(kind: str) -> np.ndarray:
    rng = np.random.default_rng(len(kind))
    x = rng.normal(size=(6, N_GENES))
    if kind in {"few values", "holes"}:
        x = x.round(1)
        x[rng.random(x.shape) < 0.5] = 0.0
        x[rng.random(x.shape) < 0.05] = -0.0
    if kind == "holes":
        x[rng.random(x.shape) < 0.2] = np.nan
        x[1] = np.nan
    if kind == "mixed":  # some rows fit in the table, others are sorted
        x[::2] = np.abs(x[::2].round(1))
        x[3, :500] = 0.0
    if kind == "negative":
        x = -np.abs(x)
        x[:, ::3] = 0.0
    return np.zeros_like(x) if kind == "zeros" else x


def twin(x: np.ndarray, sets: list[np.ndarray], cut: int, ties: str) -> np.ndarray:
    totals = np.empty((len(x), len(sets)))
    for i, row in enumerate(x):
        lowered = np.where(np.isnan(row), np.nanmin(row, initial=0.0) - 1, row)
        if ties == "expected":
            first = rankdata(-lowered, method="min").astype(int)
            last = rankdata(-lowered, method="max").astype(int)
            points = [
                np.maximum(0, cut - np.arange(a, b + 1)).mean()
                for a, b in zip(first, last, strict=True)
            ]
        else:
            points = np.maximum(0, cut - rankdata(-lowered, method=ties))
        points = np.where(np.isnan(row), np.nan, points)
        totals[i] = [points[genes].sum() for genes in sets]
    return totals


@pytest.mark.parametrize(
    "kind", ["continuous", "few values", "holes", "mixed", "negative", "zeros"]
)
@pytest.mark.parametrize("ties", TOP_TIES)
@pytest.mark.parametrize("cut", [1, 2, 35, 260, N_GENES])
def test_points_equal_those_of_all_ranks(kind, ties, cut):
    x = rows_of(kind)
    rng = np.random.default_rng(7)
    sizes = [0, 1, 5, 300, N_GENES]
    sets = [np.sort(rng.choice(N_GENES, size, replace=False)) for size in sizes]
    indptr = np.cumsum([0, *sizes])
    before = x.copy()
    found = top_points(stored_values(x), indptr, np.concatenate(sets), N_GENES, cut, ties)
    np.testing.assert_array_equal(x, before)
    expected = twin(x, sets, cut, ties)
    if ties == "expected":  # a sum of up to 700 numbers below 700 in another order
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)
    else:
        np.testing.assert_array_equal(found, expected)


def test_stored_values_are_rows_without_zeros():
    x = np.array([[0.0, 2.0, -0.0, np.nan], [0.0, 0.0, 0.0, 0.0], [1.0, -3.0, 0.0, 0.0]])
    starts, genes, values = stored_values(x)
    assert starts.tolist() == [0, 2, 2, 4]
    assert genes.tolist() == [1, 3, 0, 1]
    np.testing.assert_array_equal(values, [2.0, np.nan, 1.0, -3.0])


def test_values_that_fall_on_one_slot_of_the_table_are_kept_apart():
    """512 values on 2,048 slots: about 60 meet another one. Each is alone in its set."""
    values = np.arange(512.0, 0.0, -1.0)[None]
    found = top_points(stored_values(values), np.arange(513), np.arange(512), 512, 513, "average")
    np.testing.assert_array_equal(found[0], 513 - np.arange(1, 513))
