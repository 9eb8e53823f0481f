"""The set-sum kernels against a product of matrices written out in NumPy."""

import numpy as np
import pytest
import scipy.sparse

from neurosig.genesets.compiled import GeneSets
from neurosig.methods.set_sums import plain, weighted_sums


def random_sets(n_genes: int) -> GeneSets:
    """An empty set, one of one gene, one of all genes and two in between."""
    rng = np.random.default_rng(n_genes)
    sizes = [0, 1, n_genes, n_genes // 2, n_genes // 3]
    positions = [np.sort(rng.choice(n_genes, k, replace=False)).astype(np.int64) for k in sizes]
    return GeneSets.from_lists(positions, [rng.normal(size=k) for k in sizes])


def random_rows(n_obs: int, n_genes: int, *, holes: bool = False) -> np.ndarray:
    rng = np.random.default_rng([n_obs, n_genes])
    x = rng.normal(size=(n_obs, n_genes))
    x[rng.random(x.shape) < 0.6] = 0.0
    if holes:
        x[rng.random(x.shape) < 0.2] = np.nan
    return x


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 2), (6, 40)], ids=str)
@pytest.mark.parametrize("holes", [False, True])
def test_sums_equal_a_product_with_the_matrix_of_weights(shape, holes):
    x, sets = random_rows(*shape, holes=holes), random_sets(shape[1])
    expected = np.zeros((shape[0], sets.n_sets))
    for s in range(sets.n_sets):
        part = slice(sets.indptr[s], sets.indptr[s + 1])
        expected[:, s] = (x[:, sets.indices[part]] * sets.weights[part]).sum(axis=1)
    # Up to 40 numbers of order 1 in another order of additions.
    np.testing.assert_allclose(weighted_sums(x, sets), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 2), (6, 400)], ids=str)
@pytest.mark.parametrize("holes", [False, True])
def test_sparse_rows_give_the_same_bits_as_dense_rows(shape, holes):
    x, sets = random_rows(*shape, holes=holes), random_sets(shape[1])
    sparse = scipy.sparse.csr_matrix(x)
    np.testing.assert_array_equal(weighted_sums(sparse, sets), weighted_sums(x, sets))


def test_plain_sets_have_weight_one():
    x, sets = random_rows(4, 12), random_sets(12)
    np.testing.assert_allclose(weighted_sums(x, plain(sets))[:, 2], x.sum(axis=1), atol=1e-14)
