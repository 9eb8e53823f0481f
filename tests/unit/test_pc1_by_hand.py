"""First principal components on numbers small enough to check with a pencil."""

from math import sqrt

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import InputError

CLOSE = {"rtol": 0, "atol": 1e-14}  # a few operations on numbers of order 1


def pc1(x: pd.DataFrame, signatures, **parameters) -> pd.DataFrame:
    return ns.score(x, signatures, method=ns.methods.Pc1(**parameters), min_genes=1).values


def frame(**genes: list[float]) -> pd.DataFrame:
    return pd.DataFrame(genes, index=list("xyz"), dtype=float)


def test_two_genes_that_agree_give_the_sum_of_their_z_values_over_root_2():
    """z of both -1 0 1; u = (1, 1) / sqrt 2, so -sqrt 2, 0, sqrt 2."""
    found = pc1(frame(a=[1, 2, 3], b=[2, 4, 6]), {"S": ["a", "b"]})["S"]
    np.testing.assert_allclose(found, np.array([-1, 0, 1]) * sqrt(2), **CLOSE)


@pytest.mark.parametrize(("b", "sign"), [([6, 4, 2], -1), ([2.5, 2, 1.5], 1)])
def test_the_sign_follows_the_mean_of_the_values_as_they_are(b, sign):
    """a = 1 2 3 and b opposes it; the mean follows b where b has the larger spread, else a."""
    found = pc1(frame(a=[1, 2, 3], b=b), {"S": ["a", "b"]})["S"]
    np.testing.assert_allclose(found, sign * np.array([-1, 0, 1]) * sqrt(2), **CLOSE)


def test_genes_that_balance_each_other_rise_with_the_first_in_the_matrix():
    found = pc1(frame(a=[3, 2, 1], b=[1, 2, 3]), {"S": ["a", "b"]})["S"]
    np.testing.assert_allclose(found, np.array([1, 0, -1]) * sqrt(2), **CLOSE)


def test_a_down_gene_counts_with_the_other_sign():
    x = frame(a=[1, 2, 3], b=[6, 4, 2])
    found = pc1(x, {"S": {"up": ["a"], "down": ["b"]}})["S"]
    np.testing.assert_allclose(found, np.array([-1, 0, 1]) * sqrt(2), **CLOSE)


def test_a_constant_gene_is_left_out():
    x = frame(a=[1, 2, 3], b=[2, 4, 6], c=[5, 5, 5])
    found = pc1(x, {"S": ["a", "b", "c"]})["S"]
    np.testing.assert_allclose(found, np.array([-1, 0, 1]) * sqrt(2), **CLOSE)


def test_the_variance_is_the_largest_eigenvalue_of_the_correlations():
    rng = np.random.default_rng(3)
    x = pd.DataFrame(rng.normal(5, 1, (25, 6)), columns=list("abcdef"))
    found = pc1(x, {"S": list(x.columns)})["S"]
    largest = np.linalg.eigvalsh(x.corr().to_numpy())[-1]
    assert found.var() == pytest.approx(largest, abs=1e-13)
    assert abs(found.mean()) <= 1e-14


def test_one_sample_is_refused():
    with pytest.raises(InputError, match="pc1 compares samples"):
        pc1(frame(a=[1, 2, 3], b=[2, 4, 6]).iloc[:1], {"S": ["a", "b"]})
