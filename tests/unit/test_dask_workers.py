"""Scoring a dask array on the workers of a `dask.distributed.Client`: two real processes."""

import os
import signal
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import neurosig as ns
from neurosig.errors import ExpressionError, NonFiniteError
from neurosig.expression.adapters import as_expression
from neurosig.expression.dask_arrays import DaskExpression
from neurosig.expression.dask_workers import active_client
from neurosig.expression.derived import Checked
from neurosig.expression.passes import run_blocks
from neurosig.methods.registry import registered

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

N_OBS, N_GENES = 90, 40
GENES = [f"G{i:02d}" for i in range(N_GENES)]
CELLS = [f"c{i:02d}" for i in range(N_OBS)]
VALUES = np.log1p(np.random.default_rng(20260407).poisson(1.0, (N_OBS, N_GENES)))
FRAME = pd.DataFrame(VALUES, index=CELLS, columns=GENES)
SIGNATURES = {"a": GENES[:5], "b": {"up": GENES[10:20], "down": GENES[20:25]}}
CHUNKS = (16, N_GENES)


@pytest.fixture(scope="module")
def client():
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    )
    with cluster, distributed.Client(cluster) as connected:
        yield connected


@pytest.fixture
def no_chunk_comes_here(client, monkeypatch):
    """A chunk that is computed for this process is an error."""

    def refuse(*_args):
        raise AssertionError("a chunk was brought to the client")

    monkeypatch.setattr(DaskExpression, "block", refuse)
    return client


def expression_of(array) -> DaskExpression:
    return DaskExpression(array, CELLS, GENES, {})  # its values are not looked at


def chunked(make=np.asarray, chunks=CHUNKS, values=VALUES):
    return da.from_array(values, chunks=chunks).map_blocks(make)


ARRAYS = {
    "dense": chunked,
    "CSR": lambda: chunked(sparse.csr_matrix),
    "dense in pieces of columns": lambda: chunked(chunks=(16, 7)),
    "CSR in pieces of columns": lambda: chunked(sparse.csr_matrix, (16, 7)),
    "CSC": lambda: chunked(sparse.csc_matrix),
    "COO": lambda: da.map_blocks(sparse.coo_array, chunked(), dtype=float, meta=np.empty((0, 0))),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_scores_from_the_workers_are_those_of_one_process_to_the_bit(no_chunk_comes_here, kind):
    for method in ("ucell", "mean", "singscore"):
        expected = ns.score(FRAME, SIGNATURES, method=method).values
        found = ns.score(expression_of(ARRAYS[kind]()), SIGNATURES, method=method).values
        pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.parametrize("name", sorted(registered()))
def test_every_method_gives_on_the_workers_what_it_gives_here(client, name):
    """A cohort's first pass comes through the client; the scores are made on the workers."""
    parameters = {"module_score": {"ctrl_size": 4}, "consensus": {"min_agreement": 0.0}}
    method = registered()[name](**parameters.get(name, {}))
    signatures = SIGNATURES
    if method.weights == "recipe":
        genes = tuple(SIGNATURES["a"])
        signatures = {
            recipe: ns.Signature(id=recipe, genes=genes, recipe=recipe)
            for recipe in ("pc1", "weighted_sum_of_log_expr")
        }
    with client.as_current():
        found = ns.score(ad_of(chunked(sparse.csr_matrix)), signatures, method=method).values
    expected = ns.score(ad_of(sparse.csr_matrix(VALUES)), signatures, method=method).values
    assert (found.to_numpy() == expected.to_numpy()).all()


def ad_of(x) -> ad.AnnData:
    return ad.AnnData(x, pd.DataFrame(index=CELLS), pd.DataFrame(index=GENES))


def test_the_blocks_are_worked_on_in_the_workers_and_come_in_order(no_chunk_comes_here):
    def process_and_rows(block):
        return os.getpid(), block.start, block.stop

    passed = list(run_blocks(expression_of(chunked()), process_and_rows))
    pids = {result[0] for _, result in passed}
    assert os.getpid() not in pids
    assert pids <= set(no_chunk_comes_here.run(os.getpid).values())
    assert [start for start, _ in passed] == [start for _, (_, start, _) in passed]
    assert [(start, stop) for _, (_, start, stop) in passed] == expression_of(chunked()).bounds()


def test_rows_within_and_across_chunks_are_those_asked_for(no_chunk_comes_here):
    rows = [(0, 90), (3, 5), (15, 33), (16, 32), (89, 90)]

    def dense(block):
        return block.data if isinstance(block.data, np.ndarray) else block.data.toarray()

    for kind in ("dense", "CSR in pieces of columns", "CSC"):
        found = expression_of(ARRAYS[kind]()).each_block(dense, rows)
        for (start, stop), values in zip(rows, found, strict=True):
            np.testing.assert_array_equal(values, VALUES[start:stop])


def test_logged_counts_are_logged_on_the_workers(no_chunk_comes_here):
    counts = np.expm1(VALUES).round()
    expected = ns.score(ns.transform(ad_of(counts), "log2cpm"), SIGNATURES, method="mean").values
    logged = ns.transform(expression_of(chunked(values=counts)), "log2cpm")
    found = ns.score(logged, SIGNATURES, method="mean").values
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_values_that_are_not_finite_are_counted_over_all_chunks(no_chunk_comes_here):
    holed = VALUES.copy()
    holed[20, 4] = holed[70, 5] = np.nan
    with pytest.raises(NonFiniteError, match=r"2 missing values.*G04 in c20, G05 in c70"):
        ns.score(expression_of(chunked(values=holed)), SIGNATURES, method="mean")


def test_chunks_that_are_no_matrices_are_refused_by_their_name(no_chunk_comes_here):
    tables = chunked().map_blocks(pd.DataFrame, dtype=float, meta=np.empty((0, 0)))
    with pytest.raises(ExpressionError, match="DataFrame"):
        ns.score(expression_of(tables), SIGNATURES, method="mean")


def test_a_pass_that_is_left_leaves_no_work_behind(client):
    before = set(client.futures)  # of failures that pytest still shows
    passed = run_blocks(expression_of(chunked()), lambda block: block.start)
    assert next(passed) == (0, 0)
    assert set(client.futures) > before
    passed.close()
    assert set(client.futures) <= before


def test_the_workers_are_left_alone_where_another_scheduler_is_asked_for(client):
    import dask

    with dask.config.set(scheduler="threads"):
        assert active_client() is None
        ((_, pid), *_) = run_blocks(expression_of(chunked()), lambda _: os.getpid())
    assert pid == os.getpid()
    assert active_client() is client


def test_data_that_are_no_dask_array_stay_in_this_process(client):
    ((_, pid), *_) = run_blocks(as_expression(FRAME), lambda _: os.getpid())
    assert pid == os.getpid()


def test_a_file_opened_lazily_is_read_by_the_workers(no_chunk_comes_here, tmp_path):
    ad_of(sparse.csr_matrix(VALUES)).write_h5ad(tmp_path / "x.h5ad")
    with h5py.File(tmp_path / "x.h5ad", "r") as file:
        lazy = ad.experimental.read_elem_lazy(file["X"], chunks=CHUNKS)
        found = ns.score(expression_of(lazy), SIGNATURES, method="ucell").values
    expected = ns.score(FRAME, SIGNATURES, method="ucell").values
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_a_worker_killed_in_the_middle_costs_nothing_but_time(no_chunk_comes_here, tmp_path):
    """The worker that computes the third chunk kills itself, once."""
    marker = tmp_path / "killed"

    def compute(chunk, block_info=None):
        if block_info and block_info[0]["chunk-location"][0] == 3 and not marker.exists():
            marker.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return chunk

    fragile = chunked().map_blocks(compute, dtype=float, meta=np.empty((0, 0)))
    found = ns.score(Checked(expression_of(fragile)), SIGNATURES, method="ucell").values
    assert int(Path(marker).read_text()) != os.getpid()
    expected = ns.score(FRAME, SIGNATURES, method="ucell").values
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_harmonised_chunks_are_regrouped_by_the_workers(no_chunk_comes_here):
    # The first two columns become one gene: the mean of both.
    names = ["IL8", "CXCL8", *GENES[2:]]
    given = DaskExpression(chunked(), CELLS, names, {})
    merged = ns.harmonise(given, duplicates="mean").data
    by_hand = FRAME.iloc[:, 1:].set_axis(["CXCL8", *GENES[2:]], axis=1)
    by_hand["CXCL8"] = (VALUES[:, 0] + VALUES[:, 1]) / 2
    signatures = {"S": ["CXCL8", *GENES[2:6]]}
    on_workers = ns.score(merged, signatures, method="ucell").values
    pd.testing.assert_frame_equal(on_workers, ns.score(by_hand, signatures, method="ucell").values)
