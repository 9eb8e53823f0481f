"""PLAGE on numbers small enough to check with a pencil, and against NumPy's decomposition."""

from math import sqrt

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import CoverageWarning, InputError, NonFiniteError

CLOSE = {"rtol": 0, "atol": 1e-14}  # a few operations on numbers of order 1


def plage(x: pd.DataFrame, signatures, **parameters) -> pd.DataFrame:
    method = ns.methods.Plage(**parameters)
    return ns.score(x, signatures, method=method, min_genes=1).values


def frame(**genes: list[float]) -> pd.DataFrame:
    n = len(next(iter(genes.values())))
    return pd.DataFrame(genes, index=[f"s{i}" for i in range(n)], dtype=float)


def random_frame(n_obs: int, n_genes: int) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    values = rng.normal(6, 1, (n_obs, n_genes)) + rng.normal(0, 1, (n_obs, 1))
    return pd.DataFrame(values, [f"s{i}" for i in range(n_obs)], [f"g{i}" for i in range(n_genes)])


def test_two_genes_that_agree_give_their_z_value_at_unit_norm():
    """a and b = 2 a have z -1 0 1; u = (1, 1) / sqrt 2 and d = 2, so -1 0 1 over sqrt 2."""
    found = plage(frame(a=[1, 2, 3], b=[2, 4, 6]), {"S": ["a", "b"]})["S"]
    np.testing.assert_allclose(found, np.array([-1, 0, 1]) / sqrt(2), **CLOSE)


def test_one_gene_gives_its_z_value_at_unit_norm():
    """a - mean = -2 -1 3, of norm sqrt 14."""
    found = plage(frame(a=[1, 2, 6]), {"S": ["a"]})["S"]
    np.testing.assert_allclose(found, np.array([-2, -1, 3]) / sqrt(14), **CLOSE)


def test_two_genes_that_oppose_each_other_rise_with_the_first_in_the_matrix():
    x = frame(a=[1, 2, 3], b=[6, 4, 2])
    found = plage(x, {"S": ["b", "a"]})["S"]
    np.testing.assert_allclose(found, np.array([-1, 0, 1]) / sqrt(2), **CLOSE)
    turned = plage(x[["b", "a"]], {"S": ["b", "a"]})["S"]
    np.testing.assert_allclose(turned, np.array([1, 0, -1]) / sqrt(2), **CLOSE)


def test_rounding_does_not_decide_the_sign_of_two_genes_that_oppose_each_other():
    """Their loadings are 1 and -1 over root 2 whatever the correlation below 0."""
    rng = np.random.default_rng(11)
    for n_obs in range(5, 45):
        a = rng.normal(6, 1, n_obs)
        x = frame(a=list(a), b=list(14 - a + rng.normal(0, 0.3, n_obs)))
        found = plage(x, {"S": ["a", "b"]})["S"]
        assert np.corrcoef(found, x["a"])[0, 1] > 0.9


def test_a_score_rises_with_the_mean_z_of_its_genes():
    """Two genes that agree outweigh one that opposes them."""
    x = frame(c=[3, 2, 1], a=[1, 2, 3], b=[2, 4, 6])
    found = plage(x, {"S": ["a", "b", "c"]})["S"]
    np.testing.assert_allclose(found, np.array([-1, 0, 1]) / sqrt(2), **CLOSE)


def test_a_down_gene_counts_with_the_other_sign():
    x = frame(a=[1, 2, 3], b=[6, 4, 2])
    found = plage(x, {"S": {"up": ["a"], "down": ["b"]}, "R": {"up": ["b"], "down": ["a"]}})
    np.testing.assert_allclose(found["S"], np.array([-1, 0, 1]) / sqrt(2), **CLOSE)
    np.testing.assert_allclose(found["R"], np.array([1, 0, -1]) / sqrt(2), **CLOSE)


@pytest.mark.parametrize("n_genes", [5, 39, 40, 41, 90])
def test_fewer_and_more_genes_than_samples_equal_numpys_decomposition(n_genes):
    """Both sides of the change from Z'Z to Z, 40 samples."""
    x = random_frame(40, n_genes)
    found = plage(x, {"S": list(x.columns)})["S"].to_numpy()
    z = ((x - x.mean()) / x.std()).to_numpy()
    left = np.linalg.svd(z, full_matrices=False)[0][:, 0]
    left *= np.sign(left @ z.mean(axis=1))
    np.testing.assert_allclose(found, left, rtol=0, atol=1e-13)


def test_scores_sum_to_0_and_their_squares_to_1():
    found = plage(random_frame(30, 12), {"S": [f"g{i}" for i in range(12)]})["S"]
    assert abs(found.sum()) <= 1e-13
    assert (found**2).sum() == pytest.approx(1.0, abs=1e-13)


def test_a_constant_gene_is_left_out_and_a_set_of_constants_is_missing():
    x = frame(a=[1, 2, 6], b=[7, 7, 7])
    with pytest.warns(CoverageWarning):
        found = plage(x, {"S": ["a", "b"], "T": ["b"]})
    np.testing.assert_allclose(found["S"], np.array([-2, -1, 3]) / sqrt(14), **CLOSE)
    assert found["T"].isna().all()


def test_a_missing_value_is_refused_or_makes_its_sample_missing():
    """Without s3, a has z -1 0 1 and b too; the sample that misses b has no score."""
    x = frame(a=[1, 2, 3, 2], b=[2, 4, 6, np.nan], c=[1, 2, 3, 2])
    with pytest.raises(NonFiniteError, match="1 missing value"):
        plage(x, {"S": ["a", "b"]})
    found = plage(x, {"S": ["a", "b"], "T": ["a", "c"]}, na="propagate")
    assert found["S"].isna().tolist() == [False, False, False, True]
    assert found["T"].notna().all()
    assert found["S"].iloc[1] == pytest.approx(0.0, abs=1e-14)
    assert found["S"].iloc[0] == pytest.approx(-found["S"].iloc[2], abs=1e-14)


def test_one_sample_is_refused():
    with pytest.raises(InputError, match="plage compares samples"):
        plage(frame(a=[1], b=[2]), {"S": ["a", "b"]})
