"""Average intensity on numbers small enough to check with a pencil."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns

X = pd.DataFrame(
    [[2.0, 4.0, 6.0, 0.0], [1.0, 3.0, 0.5, 2.5]], index=["s1", "s2"], columns=list("abcd")
)


def scored(sets, x=X, **parameters) -> pd.DataFrame:
    return ns.score(x, sets, method=ns.methods.Plaid(**parameters), min_genes=1).values


def test_the_mean_is_divided_by_the_size_and_a_hundred_millionth():
    """(2 + 4) / (2 + 1e-8) and (1 + 3) / (2 + 1e-8)."""
    found = scored({"S": ["a", "b"]})["S"]
    np.testing.assert_allclose(found, [6 / 2.00000001, 4 / 2.00000001], rtol=1e-15)


def test_the_sum_and_the_difference_of_two_arms():
    found = scored({"S": {"up": ["a", "b"], "down": ["c"]}}, stats="sum")["S"]
    assert found.tolist() == [0.0, 3.5]  # 2 + 4 - 6 and 1 + 3 - 0.5


def test_normalising_brings_medians_to_their_mean():
    """Sums s1: A = 2, B = 4, C = 6, median 4. s2: 1, 3, 0.5, median 1. Mean of medians 2.5.
    s1: 2 - 4 + 2.5 = 0.5, 2.5, 4.5; s2: 1 - 1 + 2.5 = 2.5, 4.5, 2."""
    found = scored({"A": ["a"], "B": ["b"], "C": ["c"]}, stats="sum", normalize=True)
    assert found.to_numpy().tolist() == [[0.5, 2.5, 4.5], [2.5, 4.5, 2.0]]


def test_zeros_are_left_out_of_the_medians_where_zero_is_the_lowest_score():
    """Sums s1: 2, 4, 6, 0 (D): median of 2, 4, 6 is 4. s2: 1, 3, 0.5, 2.5: median 1.75.
    Mean of medians 2.875; s1: 2 - 4 + 2.875 = 0.875, ..., D: 0 - 4 + 2.875 = -1.125."""
    sets = {"A": ["a"], "B": ["b"], "C": ["c"], "D": ["d"]}
    found = scored(sets, stats="sum", normalize=True)
    assert found.to_numpy().tolist() == [
        [0.875, 2.875, 4.875, -1.125],
        [2.125, 4.125, 1.625, 3.625],
    ]


def test_zeros_count_where_a_score_is_negative():
    """s1: 2, 0, -4: median 0. s2: 1, 2.5, 0.5: median 1. Mean 0.5: s1 2.5, 0.5, -3.5."""
    x = pd.DataFrame([[2.0, 0.0, -4.0], [1.0, 2.5, 0.5]], index=["s1", "s2"], columns=list("abc"))
    found = scored({"A": ["a"], "B": ["b"], "C": ["c"]}, x, stats="sum", normalize=True)
    assert found.to_numpy().tolist() == [[2.5, 0.5, -3.5], [0.5, 2.0, 0.0]]


def test_a_missing_score_has_no_part_in_the_medians():
    """s1 without b: 2, 6, median 4; s2: 1, 3, 0.5, median 1. Mean 2.5: s1 A 0.5, C 4.5."""
    x = X.copy()
    x.loc["s1", "b"] = np.nan
    sets = {"A": ["a"], "B": ["b"], "C": ["c"]}
    found = scored(sets, x, stats="sum", normalize=True, na="propagate")
    np.testing.assert_array_equal(found, [[0.5, np.nan, 4.5], [2.5, 4.5, 2.0]])


@pytest.mark.parametrize("normalize", [False, True])
def test_only_a_normalised_score_depends_on_the_other_samples(normalize):
    sets = {"A": ["a"], "B": ["b"], "C": ["c"]}
    together = scored(sets, normalize=normalize).loc[["s1"]]
    alone = scored(sets, X.loc[["s1"]], normalize=normalize)
    method = ns.methods.Plaid(normalize=normalize)
    assert together.equals(alone) == (not normalize)
    assert method.scope == ("cohort" if normalize else "sample")
    assert ("other_samples" in method.invariant_to) == (not normalize)
