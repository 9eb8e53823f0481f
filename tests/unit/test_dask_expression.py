"""Blocks of a dask array: one chunk of rows at a time."""

import pickle
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import neurosig as ns
from neurosig.errors import ExpressionError, NonFiniteError
from neurosig.expression.adapters import as_expression
from neurosig.expression.checks import check_finite, guess_scale

da = pytest.importorskip("dask.array")

N_OBS, N_GENES = 40, 30
GENES = [f"G{i:02d}" for i in range(N_GENES)]
CELLS = [f"c{i:02d}" for i in range(N_OBS)]
VALUES = np.log1p(np.random.default_rng(20260203).poisson(2.0, (N_OBS, N_GENES)))
FRAME = pd.DataFrame(VALUES, index=CELLS, columns=GENES)


def adata_of(x, **options) -> ad.AnnData:
    return ad.AnnData(x, pd.DataFrame(index=CELLS), pd.DataFrame(index=GENES), **options)


def chunked(make=np.asarray, chunks=(16, N_GENES), values=VALUES):
    return da.from_array(values, chunks=chunks).map_blocks(make)


ARRAYS = {
    "dense": chunked,
    "dense float32 in pieces of columns": lambda: chunked(chunks=(16, 7)),
    "uneven rows": lambda: chunked(chunks=((1, 30, 9), N_GENES)),
    "one chunk": lambda: chunked(chunks=(-1, -1)),
    "CSR": lambda: chunked(sparse.csr_matrix),
    "CSR in pieces of columns": lambda: chunked(sparse.csr_matrix, (16, 7)),
    "CSR array": lambda: chunked(sparse.csr_array),
    "CSC": lambda: chunked(sparse.csc_matrix),
    "CSR that calls itself dense": lambda: da.map_blocks(
        sparse.csr_matrix, chunked(), dtype=float, meta=np.empty((0, 0))
    ),
}


def counting(n_calls: Counter, make=np.asarray, chunks=(16, N_GENES)):
    """An array that counts how often each chunk is computed."""

    def compute(chunk, block_info=None):
        if block_info:  # none while dask looks at the type
            n_calls[block_info[0]["chunk-location"][0]] += 1
        return make(chunk)

    return da.from_array(VALUES, chunks=chunks).map_blocks(
        compute, dtype=float, meta=make(np.empty((0, 0)))
    )


@pytest.mark.parametrize("kind", ARRAYS)
def test_every_kind_of_chunk_gives_the_same_values(kind):
    expression = as_expression(adata_of(ARRAYS[kind]()))
    pd.testing.assert_frame_equal(expression.to_frame(), FRAME, check_names=False, check_exact=True)
    for block in expression.blocks():
        assert block.data.dtype == np.float64
        if block.is_sparse:
            assert type(block.data) is sparse.csr_matrix
            assert block.data.has_canonical_format
            assert block.data.indices.dtype == np.int32


@pytest.mark.parametrize("rows", [(0, 40), (0, 1), (39, 40), (3, 9), (10, 20), (15, 33), (16, 32)])
@pytest.mark.parametrize("kind", ["uneven rows", "CSR", "dense"])
def test_any_rows_can_be_taken(kind, rows):
    data = as_expression(adata_of(ARRAYS[kind]())).block(*rows).data
    found = data if isinstance(data, np.ndarray) else data.toarray()
    np.testing.assert_array_equal(found, VALUES[slice(*rows)])


def test_a_layer_may_be_a_dask_array():
    adata = adata_of(VALUES * 0 + 7, layers={"log": chunked()})
    assert as_expression(adata, layer="log").to_frame().equals(FRAME)
    assert as_expression(adata, layer="log").origin["source"] == "AnnData layer 'log'"


def test_blocks_are_the_chunks_of_rows():
    expression = as_expression(adata_of(ARRAYS["uneven rows"]()))
    assert expression.bounds(1) == expression.bounds() == [(0, 1), (1, 31), (31, 40)]


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
def test_a_pass_over_all_rows_computes_each_chunk_once(make):
    n_calls: Counter = Counter()
    expression = as_expression(adata_of(counting(n_calls, make)))
    n_calls.clear()
    for _ in expression.blocks():
        pass
    assert n_calls == {0: 1, 1: 1, 2: 1}


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
def test_the_scale_guess_computes_each_chunk_once_for_its_forty_rows(make):
    n_calls: Counter = Counter()
    expression = as_expression(adata_of(counting(n_calls, make)))
    n_calls.clear()
    assert guess_scale(expression) == guess_scale(as_expression(FRAME))
    assert n_calls == {0: 1, 1: 1, 2: 1}


def test_a_pass_leaves_no_rows_in_memory():
    expression = as_expression(adata_of(chunked()))
    expression.block(3, 5)
    assert expression._partly_used is not None
    list(expression.blocks())
    assert expression._partly_used is None


def test_making_the_expression_computes_one_chunk_with_a_value_and_no_more():
    n_calls: Counter = Counter()
    array = counting(n_calls)
    n_calls.clear()
    as_expression(adata_of(array))
    assert n_calls == {0: 1}


def test_a_missing_value_is_found_in_its_chunk():
    holed = VALUES.copy()
    holed[20, 4] = np.nan
    with pytest.raises(NonFiniteError, match="G04 in c20"):
        check_finite(as_expression(adata_of(chunked(values=holed))))


@pytest.mark.parametrize("kind", ["dense", "CSR", "uneven rows"])
def test_scores_do_not_depend_on_chunks_and_threads(kind):
    signatures = {"a": GENES[:5], "b": GENES[10:25]}
    expected = ns.score(FRAME, signatures, method="singscore").values
    for n_jobs in (1, 3):
        adata = adata_of(ARRAYS[kind]())
        found = ns.score(adata, signatures, method="singscore", n_jobs=n_jobs).values
        assert (found.to_numpy() == expected.to_numpy()).all()


def test_threads_take_parts_of_the_same_chunks_at_the_same_time():
    expression = as_expression(adata_of(chunked(sparse.csr_matrix)))
    starts = list(range(N_OBS - 5)) * 3

    def rows(start: int) -> np.ndarray:
        return expression.block(start, start + 5).data.toarray()

    with ThreadPoolExecutor(8) as pool:
        for start, found in zip(starts, pool.map(rows, starts), strict=True):
            np.testing.assert_array_equal(found, VALUES[start : start + 5])


def test_an_expression_travels_without_the_rows_it_keeps():
    expression = as_expression(adata_of(da.random.default_rng(1).poisson(3, (40, 30), (16, 30))))
    expected = expression.to_frame()
    before = len(pickle.dumps(expression))
    expression.block(0, 3)
    travelling = pickle.dumps(expression)
    assert len(travelling) == before
    assert pickle.loads(travelling).to_frame().equals(expected)  # noqa: S301  # our own bytes


def refusal(data, **options):
    with pytest.raises(ExpressionError) as caught:
        as_expression(data, **options)
    assert caught.value.remedy
    return str(caught.value)


def test_truth_values_in_chunks_are_refused():
    assert "bool" in refusal(adata_of(chunked() > 1))


def test_chunks_that_are_no_matrices_are_refused():
    array = da.map_blocks(sparse.coo_array, chunked(), dtype=float, meta=np.empty((0, 0)))
    assert as_expression(adata_of(array)).to_frame().equals(FRAME)  # another sparse matrix is one
    tables = chunked().map_blocks(pd.DataFrame, dtype=float, meta=np.empty((0, 0)))
    assert "DataFrame" in refusal(adata_of(tables))


def test_chunks_of_unknown_size_are_refused_with_the_way_to_count_them():
    from neurosig.expression.dask_arrays import DaskExpression

    array = chunked()
    with pytest.raises(ExpressionError, match="compute_chunk_sizes"):
        DaskExpression(array[array[:, 0] > 0], CELLS, GENES, {})


def test_a_file_that_anndata_opened_lazily_is_read_chunk_by_chunk(tmp_path):
    adata_of(sparse.csr_matrix(VALUES)).write_h5ad(tmp_path / "x.h5ad")
    with h5py.File(tmp_path / "x.h5ad", "r") as file:
        lazy = ad.experimental.read_elem_lazy(file["X"], chunks=(16, N_GENES))
        expression = as_expression(adata_of(lazy))
        assert expression.is_sparse
        assert expression.bounds() == [(0, 16), (16, 32), (32, 40)]
        assert expression.to_frame().equals(FRAME)
