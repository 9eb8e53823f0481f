"""Logarithms of counts and linear values."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from neurosig.errors import ParameterError, ScaleError
from neurosig.expression.adapters import as_expression
from neurosig.expression.io import read_expression
from neurosig.expression.transforms import transform

# Library sizes 4, 0 and 1,000,000.
COUNTS = np.array([[3.0, 1.0, 0.0], [0.0, 0.0, 0.0], [999_985.0, 0.0, 15.0]])


def dense(values):
    return as_expression(pd.DataFrame(values, index=["a", "b", "c"], columns=["x", "y", "z"]))


def in_sparse(values):
    names = pd.DataFrame(index=["a", "b", "c"]), pd.DataFrame(index=["x", "y", "z"])
    return as_expression(ad.AnnData(sparse.csr_matrix(values), *names))


@pytest.mark.parametrize("store", [dense, in_sparse])
def test_log2p1_is_the_logarithm_of_the_value_plus_one(store):
    # log2(3 + 1) = 2, log2(1 + 1) = 1, log2(0 + 1) = 0, log2(15 + 1) = 4: exact.
    logged = transform(store(COUNTS), "log2p1").to_frame()
    assert logged.loc["a"].tolist() == [2.0, 1.0, 0.0]
    assert logged.loc["c", "z"] == 4.0


@pytest.mark.parametrize("store", [dense, in_sparse])
def test_log2cpm_divides_by_the_library_size(store):
    # a: 3 of 4 is 750,000 per million; b: no counts, stays zero; c: 15 of a million is 15.
    logged = transform(store(COUNTS), "log2cpm").to_frame()
    expected = [np.log2(750_001), np.log2(250_001), 0.0]
    np.testing.assert_allclose(logged.loc["a"], expected, rtol=1e-15)
    assert logged.loc["b"].tolist() == [0.0, 0.0, 0.0]
    assert logged.loc["c", "z"] == 4.0


@pytest.mark.parametrize("name", ["log2p1", "log2cpm"])
def test_dense_sparse_and_block_size_agree_to_the_last_bit(name):
    rng = np.random.default_rng(3)
    values = rng.gamma(0.5, 30, (40, 300)) * (rng.random((40, 300)) < 0.4)
    frame = pd.DataFrame(values, [f"s{i}" for i in range(40)], [f"g{i}" for i in range(300)])
    stored = ad.AnnData(
        sparse.csc_matrix(values),
        pd.DataFrame(index=frame.index),
        pd.DataFrame(index=frame.columns),
    )
    whole = transform(as_expression(frame), name).to_frame()
    from_sparse = transform(as_expression(stored), name)
    rows = [block.data.toarray() for block in from_sparse.blocks(max_bytes=5000)]
    assert len(rows) > 3
    np.testing.assert_array_equal(np.vstack(rows), whole)


def test_zeros_stay_zeros_and_sparse_stays_sparse():
    block = transform(in_sparse(COUNTS), "log2cpm").block(0, 3)
    assert block.is_sparse
    assert block.data.nnz == 4


def test_the_input_is_not_changed_and_the_transform_is_recorded():
    frame = pd.DataFrame(COUNTS, index=["a", "b", "c"], columns=["x", "y", "z"])
    kept = frame.copy()
    logged = transform(as_expression(frame), "log2cpm")
    logged.to_frame()
    pd.testing.assert_frame_equal(frame, kept)
    assert logged.origin["transform"] == "log2cpm"
    assert list(logged.var_names) == ["x", "y", "z"]


def test_none_is_the_matrix_itself():
    expression = dense(COUNTS)
    assert transform(expression, "none") is expression


def test_negative_values_are_refused():
    with pytest.raises(ScaleError, match="1 value is negative, the lowest is -2"):
        transform(dense([[1.0, 2.0, -2.0], [0.0, 1.0, 0.0], [3.0, 3.0, 3.0]]), "log2p1")


def test_an_unknown_transform_is_refused():
    with pytest.raises(ParameterError, match="log2cpm"):
        transform(dense(COUNTS), "log10")


@pytest.mark.data
def test_log2cpm_of_single_cells_sums_to_a_million_again(shared_data):
    path = shared_data / "sc_wu2021_tnbc_cid4465" / "sc_wu2021_tnbc_cid4465.h5ad"
    logged = transform(read_expression(path), "log2cpm")
    assert logged.is_sparse
    for block in logged.blocks():
        per_million = block.data.copy()
        per_million.data = np.exp2(per_million.data) - 1
        # 1e-9: a few thousand terms, each right to about 1e-15 before 2**x spreads it.
        np.testing.assert_allclose(np.asarray(per_million.sum(axis=1)).ravel(), 1e6, rtol=1e-9)
