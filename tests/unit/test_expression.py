"""Blocks of an expression matrix, whatever it is stored as."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from neurosig.errors import DuplicateGenesError, ExpressionError, ParameterError
from neurosig.expression.adapters import as_expression

VALUES = np.array([[1, 0, 3, 0], [0, 0, 2, 5], [7, 1, 0, 0], [0, 0, 0, 0], [4, 4, 4, 4]])
SAMPLES = ["s1", "s2", "s3", "s4", "s5"]
GENES = ["NGF", "BDNF", "NTRK1", "NTRK2"]
FRAME = pd.DataFrame(VALUES, index=SAMPLES, columns=GENES)


def anndata_of(x, **layers):
    adata = ad.AnnData(x, pd.DataFrame(index=SAMPLES), pd.DataFrame(index=GENES))
    for name, values in layers.items():
        adata.layers[name] = values
    return adata


STORAGES = {
    "frame of int": lambda: FRAME,
    "frame of float32": lambda: FRAME.astype(np.float32),
    "frame of mixed types": lambda: FRAME.astype({"NGF": np.float64, "BDNF": np.float32}),
    "frame of nullable types": lambda: FRAME.astype("Float64"),
    "sparse frame": lambda: FRAME.astype(pd.SparseDtype(np.float64, 0.0)),
    "dense AnnData": lambda: anndata_of(VALUES.astype(np.float32)),
    "CSR AnnData": lambda: anndata_of(sparse.csr_matrix(VALUES.astype(np.float32))),
    "CSC AnnData": lambda: anndata_of(sparse.csc_matrix(VALUES.astype(np.float64))),
}


@pytest.fixture(params=STORAGES, ids=list(STORAGES))
def stored(request):
    return STORAGES[request.param]()


def test_every_storage_holds_the_same_values_and_names(stored):
    expression = as_expression(stored)
    pd.testing.assert_frame_equal(
        expression.to_frame(), FRAME.astype(float), check_names=False, check_exact=True
    )
    assert expression.shape == (5, 4)


@pytest.mark.parametrize("max_bytes", [1, 40, 70, 10**6])
def test_blocks_cover_each_row_once_in_order_as_float64(stored, max_bytes):
    blocks = list(as_expression(stored).blocks(max_bytes))
    assert [b.start for b in blocks] == [0, *(b.stop for b in blocks[:-1])]
    assert blocks[-1].stop == 5
    for block in blocks:
        assert block.data.dtype == np.float64
        if block.is_sparse:
            assert block.data.indices.dtype == np.int32
            assert block.data.has_canonical_format
            assert np.all(block.data.data)
        else:
            assert block.data.flags.c_contiguous
            assert block.data.flags.writeable
    rows = [b.data.toarray() if b.is_sparse else b.data for b in blocks]
    np.testing.assert_array_equal(np.vstack(rows), VALUES)


def test_a_dense_block_holds_as_many_rows_as_fit():
    # A row of 4 float64 takes 32 bytes: two rows in 64 bytes, one in 63.
    expression = as_expression(FRAME)
    assert expression.bounds(64) == [(0, 2), (2, 4), (4, 5)]
    assert expression.bounds(63) == [(i, i + 1) for i in range(5)]


def test_a_sparse_block_counts_stored_values_and_not_the_width():
    # 12 bytes per stored value and 4 per row: rows take 28, 28, 28, 4 and 52 bytes.
    expression = as_expression(anndata_of(sparse.csr_matrix(VALUES.astype(float))))
    assert expression.bounds(60) == [(0, 2), (2, 4), (4, 5)]


def test_float64_rows_are_not_copied():
    values = np.arange(1.0, 21.0).reshape(5, 4)
    expression = as_expression(anndata_of(values))
    assert np.shares_memory(next(expression.blocks()).data, expression.block(1, 2).data)


def test_a_read_only_array_gives_writable_blocks():
    values = np.arange(1.0, 21.0).reshape(5, 4)
    values.flags.writeable = False
    assert as_expression(pd.DataFrame(values)).block(0, 5).data.flags.writeable


def test_an_unsorted_matrix_with_repeats_and_stored_zeros_is_read_right_and_left_alone():
    # Row 0: gene 2 is 1 + 2 in two parts, gene 0 is 4; row 1: a stored zero at gene 1.
    data = np.array([1.0, 4.0, 2.0, 0.0, 6.0])
    indices, indptr = np.array([2, 0, 2, 1, 0]), np.array([0, 3, 5])
    matrix = sparse.csr_matrix((data.copy(), indices.copy(), indptr.copy()), shape=(2, 3))
    adata = ad.AnnData(matrix, pd.DataFrame(index=["a", "b"]), pd.DataFrame(index=list("xyz")))
    block = as_expression(adata).block(0, 2).data
    assert block.toarray().tolist() == [[4.0, 0.0, 3.0], [6.0, 0.0, 0.0]]
    assert block.nnz == 3
    for kept, given in ((adata.X.data, data), (adata.X.indices, indices), (adata.X.indptr, indptr)):
        np.testing.assert_array_equal(kept, given)


def test_a_whole_sparse_matrix_is_never_made_dense(monkeypatch):
    adata = anndata_of(sparse.csc_matrix(VALUES.astype(np.float32)))

    def refuse(*_args, **_kwargs):
        raise AssertionError

    for kind in (sparse.csr_matrix, sparse.csc_matrix):
        monkeypatch.setattr(kind, "toarray", refuse)
        monkeypatch.setattr(kind, "todense", refuse)
    assert sum(block.data.sum() for block in as_expression(adata).blocks()) == VALUES.sum()


def test_layer_and_raw_are_taken_when_named():
    adata = anndata_of(VALUES.astype(float), doubled=sparse.csc_matrix(2.0 * VALUES))
    adata.raw = adata.copy()
    subset = adata[:, ["NTRK1", "NGF"]].copy()
    assert as_expression(subset).to_frame().loc["s1"].tolist() == [3, 1]
    assert as_expression(subset, layer="doubled").to_frame().loc["s1"].tolist() == [6, 2]
    raw = as_expression(subset, use_raw=True)
    assert raw.to_frame().loc["s1"].tolist() == [1, 0, 3, 0]
    assert list(raw.var_names) == GENES
    assert raw.origin["source"] == "AnnData raw"
    assert as_expression(subset, layer="doubled").origin["source"] == "AnnData layer 'doubled'"


@pytest.mark.parametrize("store", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_a_view_of_an_anndata_gives_plain_arrays(store):
    view = anndata_of(store(VALUES.astype(float)))[1:3]
    assert view.is_view
    expression = as_expression(view)
    assert expression.to_frame()["NTRK1"].tolist() == [2, 0]
    assert type(expression.block(0, 2).data) in {np.ndarray, sparse.csr_matrix}


def test_an_expression_passes_through():
    expression = as_expression(FRAME)
    assert as_expression(expression) is expression


def test_integer_names_become_text_and_that_is_recorded():
    expression = as_expression(pd.DataFrame(VALUES, index=[10, 11, 12, 13, 14], columns=GENES))
    assert list(expression.obs_names) == ["10", "11", "12", "13", "14"]
    assert expression.origin["observation_names"] == "made text from int"


def test_a_missing_nullable_value_is_nan():
    frame = FRAME.astype("Int64")
    frame.loc["s2", "NGF"] = pd.NA
    assert np.isnan(as_expression(frame).to_frame().loc["s2", "NGF"])


def test_the_origin_cannot_be_changed():
    with pytest.raises(TypeError):
        as_expression(FRAME).origin["source"] = "elsewhere"


def refusal(data, error=ExpressionError, **options):
    with pytest.raises(error) as caught:
        as_expression(data, **options)
    assert caught.value.remedy
    return str(caught.value)


def test_columns_that_are_no_numbers_are_named():
    message = refusal(FRAME.assign(grade=["a", "b", "c", "d", "e"]))
    assert "'grade'" in message
    assert "1 column" in message


def test_truth_values_are_refused():
    assert "bool" in refusal(FRAME > 1)
    assert "bool" in refusal(anndata_of(VALUES > 1))


def test_complex_numbers_are_refused():
    assert "complex" in refusal(FRAME * 1j)


def test_an_array_without_names_is_refused():
    assert "pandas.DataFrame(values, index=" in refusal(VALUES)


def test_several_levels_of_names_are_refused():
    two_levels = FRAME.set_axis(pd.MultiIndex.from_product([["x"], GENES]), axis=1)
    assert "2 levels" in refusal(two_levels)


def test_layer_or_raw_of_a_table_is_refused():
    assert "layer='counts'" in refusal(FRAME, ParameterError, layer="counts")
    assert "use_raw" in refusal(as_expression(FRAME), ParameterError, use_raw=True)


def test_layer_and_raw_together_are_refused():
    adata = anndata_of(VALUES.astype(float), counts=VALUES)
    assert "both" in refusal(adata, ParameterError, layer="counts", use_raw=True)


def test_a_missing_layer_is_refused_with_the_layers_there_are():
    adata = anndata_of(VALUES.astype(float), counts=VALUES)
    assert "'counts'" in refusal(adata, layer="logged")


def test_a_missing_raw_is_refused():
    assert "adata.raw is None" in refusal(anndata_of(VALUES.astype(float)), use_raw=True)


def test_an_anndata_without_x_is_refused():
    adata = ad.AnnData(
        obs=pd.DataFrame(index=SAMPLES),
        var=pd.DataFrame(index=GENES),
        layers={"counts": VALUES},
    )
    message = refusal(adata)
    assert "adata.X is None" in message
    assert "'counts'" in message


def test_repeated_genes_are_refused_with_their_counts():
    message = refusal(FRAME.set_axis(["NGF", "BDNF", "NGF", "NGF"], axis=1), DuplicateGenesError)
    assert "'NGF' 3 times" in message
    assert "groupby(level=0).mean()" in message


def test_repeated_observations_are_refused():
    message = refusal(FRAME.set_axis(["s1", "s2", "s2", "s4", "s5"]))
    assert "'s2' 2 times" in message


@pytest.mark.parametrize("name", ["", "  ", None, float("nan")])
def test_an_empty_name_is_refused(name):
    message = refusal(FRAME.set_axis(["NGF", name, "NTRK1", "NTRK2"], axis=1))
    assert "1 gene name of 4 is empty" in message


def test_a_matrix_of_zeros_is_refused():
    assert "zero" in refusal(FRAME * 0)
    assert "zero" in refusal(anndata_of(sparse.csr_matrix(VALUES * 0.0)))


@pytest.mark.parametrize("empty", [FRAME.iloc[:0], FRAME.iloc[:, :0]], ids=["rows", "columns"])
def test_a_matrix_without_rows_or_columns_is_refused(empty):
    assert "has no" in refusal(empty)


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (4, 5), (2, 4), (1, 4)])
def test_rows_of_a_csc_matrix_are_taken_without_a_copy_of_it_as_csr(start, stop, monkeypatch):
    values = np.array([[0, 1.5, 0], [0, 0, 0], [2.5, 0, 3.5], [4.5, 5.5, 0], [0, 6.5, 0]])
    matrix = sparse.csc_matrix(values.astype(np.float32))
    expression = as_expression(
        ad.AnnData(matrix, pd.DataFrame(index=list("abcde")), pd.DataFrame(index=list("XYZ")))
    )

    whole_or_part = sparse.csc_matrix.tocsr

    def part_only(self, copy=False):
        assert self.shape[0] < len(values), "all of it became CSR"
        return whole_or_part(self, copy)

    monkeypatch.setattr(sparse.csc_matrix, "tocsr", part_only)
    rows = expression.block(start, stop).data
    assert rows.has_canonical_format
    assert rows.indices.dtype == np.int32
    np.testing.assert_array_equal(rows.toarray(), values[start:stop])


def test_a_csc_matrix_with_repeats_or_unsorted_rows_is_read_right():
    parts = np.array([1.0, 2.0, 4.0, 8.0]), np.array([3, 0, 3, 1]), np.array([0, 3, 4])
    adata = ad.AnnData(
        sparse.csc_matrix(parts, shape=(4, 2)),  # 1 and 4 are of one place
        pd.DataFrame(index=list("abcd")),
        pd.DataFrame(index=list("XY")),
    )
    found = as_expression(adata).to_frame().to_numpy()
    np.testing.assert_array_equal(found, [[2, 0], [0, 8], [0, 0], [5, 0]])
