"""Blocks of a matrix that stays on disk: h5ad files and zarr stores."""

import os
import pickle
import shutil
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import neurosig as ns
from neurosig.errors import (
    ExpressionError,
    MissingDependencyError,
    NonFiniteError,
    ParameterError,
    ResourceError,
)
from neurosig.expression.adapters import as_expression
from neurosig.expression.base import Expression
from neurosig.expression.checks import check_finite, guess_scale
from neurosig.expression.io import read_expression

zarr = pytest.importorskip("zarr")

N_OBS, N_GENES = 40, 30
GENES = [f"G{i:02d}" for i in range(N_GENES)]
CELLS = [f"c{i:02d}" for i in range(N_OBS)]


def make_values() -> np.ndarray:
    rng = np.random.default_rng(20260202)
    values = np.log1p(rng.poisson(2.0, (N_OBS, N_GENES))).astype(np.float32)
    values[7] = 0  # a cell without any count
    return values


VALUES = make_values()
FRAME = pd.DataFrame(VALUES.astype(float), index=CELLS, columns=GENES)


def adata_of(x, **options) -> ad.AnnData:
    return ad.AnnData(x, pd.DataFrame(index=CELLS), pd.DataFrame(index=GENES), **options)


def full_adata() -> ad.AnnData:
    """CSR in X, dense and CSC layers, and a raw of other genes."""
    layers = {"doubled": 2 * VALUES, "columns": sparse.csc_matrix(VALUES)}
    adata = adata_of(sparse.csr_matrix(VALUES), layers=layers)
    names = pd.DataFrame(index=["EXTRA", *GENES])
    raw = sparse.csr_matrix(np.hstack([np.full((N_OBS, 1), 5, np.float32), VALUES]))
    adata.raw = ad.AnnData(raw, pd.DataFrame(index=CELLS), names)
    return adata


def write(adata, path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the writing library, about its own defaults
        (adata.write_h5ad if path.suffix == ".h5ad" else adata.write_zarr)(path, **options)
    return path


MATRICES = {"dense": VALUES, "CSR": sparse.csr_matrix(VALUES)}


@pytest.fixture(params=[f"{kind} {ending}" for kind in MATRICES for ending in (".h5ad", ".zarr")])
def stored(request, tmp_path):
    """A file with the matrix in X."""
    kind, ending = request.param.split()
    return write(adata_of(MATRICES[kind]), tmp_path / f"cells{ending}")


@pytest.fixture(params=[".h5ad", ".zarr"])
def full(request, tmp_path):
    """A file with everything in `full_adata`."""
    return write(full_adata(), tmp_path / f"full{request.param}")


def assert_same_values(expression, expected=FRAME):
    pd.testing.assert_frame_equal(
        expression.to_frame(), expected, check_names=False, check_exact=True
    )


def refusal(call, *args, error=ExpressionError, **options):
    with pytest.raises(error) as caught:
        call(*args, **options)
    assert caught.value.remedy
    return str(caught.value)


def test_a_file_holds_the_same_values_in_memory_and_backed(stored):
    assert_same_values(read_expression(stored))
    assert_same_values(read_expression(stored, backed=True))


@pytest.mark.parametrize("max_bytes", [1, 500, 2_000, 10**6])
def test_blocks_from_disk_cover_each_row_once_in_order(stored, max_bytes):
    blocks = list(read_expression(stored, backed=True).blocks(max_bytes))
    assert [b.start for b in blocks] == [0, *(b.stop for b in blocks[:-1])]
    for block in blocks:
        assert block.data.dtype == np.float64
        if block.is_sparse:
            assert block.data.indices.dtype == np.int32
            assert block.data.has_canonical_format
        else:
            assert block.data.flags.c_contiguous
            assert block.data.flags.writeable
    rows = [b.data.toarray() if b.is_sparse else b.data for b in blocks]
    np.testing.assert_array_equal(np.vstack(rows), VALUES)


def test_blocks_from_disk_are_those_of_the_matrix_in_memory(stored):
    in_memory, backed = read_expression(stored), read_expression(stored, backed=True)
    assert backed.bounds(2_000) == in_memory.bounds(2_000)
    assert backed.is_sparse == in_memory.is_sparse


def test_layer_and_raw_are_read_from_disk_when_named(full):
    assert_same_values(read_expression(full, layer="doubled", backed=True), 2 * FRAME)
    raw = read_expression(full, use_raw=True, backed=True)
    assert raw.shape == (N_OBS, N_GENES + 1)
    assert raw.to_frame()["EXTRA"].eq(5).all()
    assert raw.origin["source"] == "AnnData raw"
    assert_same_values(read_expression(full, layer="columns"))


def test_the_origin_names_file_and_date_and_no_digest_that_needs_the_whole_file(full):
    origin = read_expression(full, backed=True).origin
    assert origin["file"] == full.name
    assert origin["source"] == "AnnData X"
    assert origin["modified"].endswith("+00:00")
    assert "sha256" not in origin
    assert ("bytes" in origin) == full.is_file()


def test_a_backed_anndata_is_read_by_rows(tmp_path):
    path = write(full_adata(), tmp_path / "x.h5ad")
    backed = ad.read_h5ad(path, backed="r")
    assert_same_values(as_expression(backed))
    assert as_expression(backed, use_raw=True).n_vars == N_GENES + 1
    assert_same_values(as_expression(backed, layer="columns"))
    assert as_expression(backed).origin["file"] == "x.h5ad"
    backed.file.close()
    assert_same_values(as_expression(backed))  # the file is opened again by its path


def test_the_names_are_those_of_the_object_and_not_of_its_file(tmp_path):
    backed = ad.read_h5ad(write(adata_of(VALUES), tmp_path / "x.h5ad"), backed="r")
    backed.obs_names = [f"new {name}" for name in CELLS]
    assert as_expression(backed).obs_names[0] == "new c00"
    backed.file.close()


@pytest.mark.parametrize("kind", MATRICES)
def test_a_matrix_of_zarr_in_an_anndata_is_read_by_rows(tmp_path, kind):
    group = zarr.open(write(adata_of(MATRICES[kind]), tmp_path / "x.zarr"), mode="r")
    x = group["X"] if kind == "dense" else ad.io.sparse_dataset(group["X"])
    assert_same_values(as_expression(adata_of(x)))
    assert_same_values(as_expression(adata_of(VALUES * 0, layers={"log": x}), layer="log"))


@pytest.mark.parametrize("kind", MATRICES)
def test_a_data_set_of_an_open_file_in_an_anndata_is_read_by_rows(tmp_path, kind):
    path = write(adata_of(MATRICES[kind]), tmp_path / "x.h5ad")
    with h5py.File(path, "r") as file:
        x = file["X"] if kind == "dense" else ad.io.sparse_dataset(file["X"])
        adata = adata_of(x)
        expression = as_expression(adata)
    assert_same_values(expression)
    message = refusal(as_expression, adata, error=ResourceError)
    assert "closed" in message


def test_no_read_from_disk_takes_the_whole_matrix(stored, monkeypatch):
    """Whole reads raise; checks, the scale guess and scores get by with parts."""
    monkeypatch.setattr(
        Expression,
        "bounds",
        (lambda plain: lambda self, _=0: plain(self, 3_000))(Expression.bounds),
    )
    n_stored = {VALUES.shape: N_OBS, (np.count_nonzero(VALUES),): np.count_nonzero(VALUES)}
    n_reads = 0

    def guarded(plain):
        def read(self, key, *args, **options):
            nonlocal n_reads
            if self.shape in n_stored:
                assert isinstance(key, slice), key
                assert key.stop - key.start < n_stored[self.shape] / 2, "the whole matrix was read"
                n_reads += 1
            return plain(self, key, *args, **options)

        return read

    def refuse(*_args, **_options):
        raise AssertionError("the whole matrix was read")

    monkeypatch.setattr(h5py.Dataset, "__getitem__", guarded(h5py.Dataset.__getitem__))
    monkeypatch.setattr(zarr.Array, "__getitem__", guarded(zarr.Array.__getitem__))
    monkeypatch.setattr(ad, "read_h5ad", refuse)
    monkeypatch.setattr(ad.AnnData, "to_memory", refuse)
    for kind in (sparse.csr_matrix, sparse.csc_matrix):
        monkeypatch.setattr(kind, "toarray", refuse)
        monkeypatch.setattr(kind, "todense", refuse)
    expression = read_expression(stored, backed=True)
    check_finite(expression)
    scores = ns.score(expression, {"a": GENES[:5]}, method="mean")
    assert n_reads > N_OBS  # 40 single rows for the scale, and the blocks
    expected = VALUES[:, :5].astype(float).mean(axis=1)
    np.testing.assert_allclose(scores.values["a"], expected, rtol=1e-14)  # order of a sum of five


def test_checks_and_the_scale_guess_see_what_they_see_in_memory(stored, tmp_path):
    assert guess_scale(read_expression(stored, backed=True)) == guess_scale(FRAME_EXPRESSION)
    holed = VALUES.copy()
    holed[3, 4] = np.nan
    path = write(adata_of(holed), tmp_path / f"holed{stored.suffix}")
    with pytest.raises(NonFiniteError, match="G04 in c03"):
        check_finite(read_expression(path, backed=True))
    nothing = write(adata_of(sparse.csr_matrix(VALUES * 0)), tmp_path / f"zero{stored.suffix}")
    assert "zero" in refusal(read_expression, nothing, backed=True)


FRAME_EXPRESSION = as_expression(FRAME)


def test_threads_read_the_same_rows_at_the_same_time(stored):
    expression = read_expression(stored, backed=True)
    starts = list(range(N_OBS - 5)) * 3

    def total(start: int) -> float:
        return float(expression.block(start, start + 5).data.sum())

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(total, starts))
    assert found == [total(start) for start in starts]


@pytest.mark.filterwarnings("ignore::neurosig.errors.ScoreWarning")  # an empty row is in it
def test_scores_from_disk_do_not_depend_on_threads(stored):
    expression = read_expression(stored, backed=True)
    signatures = {"a": GENES[:5], "b": GENES[10:25]}
    expected = ns.score(FRAME, signatures, method="singscore").values
    for n_jobs in (1, 3):
        found = ns.score(expression, signatures, method="singscore", n_jobs=n_jobs).values
        assert (found.to_numpy() == expected.to_numpy()).all()


def test_an_expression_on_disk_travels_to_another_process_without_its_values(stored):
    travelling = pickle.dumps(read_expression(stored, backed=True))
    assert VALUES[0].tobytes() not in travelling
    assert_same_values(pickle.loads(travelling))  # noqa: S301  # our own bytes


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are counted in /proc")  # noqa: PTH112
def test_no_file_stays_open_between_two_reads(tmp_path):
    path = write(adata_of(MATRICES["CSR"]), tmp_path / "x.h5ad")
    expression = read_expression(path, backed=True)
    expression.block(0, 3)
    links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]  # noqa: PTH208
    assert str(path) not in [os.readlink(link) for link in links if os.path.islink(link)]  # noqa: PTH114, PTH115


@pytest.mark.parametrize("third", [0.0, 5.0], ids=["with a stored zero", "without"])
def test_unsorted_rows_with_repeats_are_read_right(tmp_path, third):
    # Row 0: gene 2 is 1 + 2 in two parts, gene 0 is 4; row 1: gene 1 is `third`, gene 0 is 6.
    values = np.array([1.0, 4.0, 2.0, third, 6.0])
    matrix = sparse.csr_matrix((values, np.array([2, 0, 2, 1, 0]), np.array([0, 3, 5])), (2, 3))
    names = pd.DataFrame(index=["a", "b"]), pd.DataFrame(index=list("xyz"))
    path = write(ad.AnnData(matrix, *names), tmp_path / "x.h5ad")
    block = read_expression(path, backed=True).block(0, 2).data
    assert block.toarray().tolist() == [[4.0, 0.0, 3.0], [6.0, third, 0.0]]
    assert block.indices.tolist() == ([0, 2, 0, 1] if third else [0, 2, 0])


def test_a_matrix_stored_by_columns_is_refused_with_two_ways_out(full):
    message = refusal(read_expression, full, layer="columns", backed=True)
    assert "CSC" in message
    assert "tocsr()" in message
    assert "without backed=True" in message


def test_a_part_of_a_backed_anndata_is_refused_with_two_ways_out(tmp_path):
    backed = ad.read_h5ad(write(adata_of(VALUES), tmp_path / "x.h5ad"), backed="r")
    message = refusal(as_expression, backed[:10])
    assert "to_memory()" in message
    assert ".copy(" in message
    assert as_expression(backed[:10].to_memory()).n_obs == 10
    backed.file.close()


def test_missing_layer_raw_and_x_are_refused_with_what_there_is(full, tmp_path):
    message = refusal(read_expression, full, layer="logged", backed=True)
    assert "no layer 'logged'" in message
    assert "'doubled'" in message
    both = {"layer": "doubled", "use_raw": True, "backed": True}
    assert "both" in refusal(read_expression, full, error=ParameterError, **both)
    bare = ad.AnnData(
        obs=pd.DataFrame(index=CELLS), var=pd.DataFrame(index=GENES), layers={"log": VALUES}
    )
    path = write(bare, tmp_path / f"bare{full.suffix}")
    assert "adata.X is None" in refusal(read_expression, path, backed=True)
    assert "adata.raw is None" in refusal(read_expression, path, use_raw=True, backed=True)


@pytest.mark.parametrize("ending", [".h5ad", ".zarr"])
@pytest.mark.parametrize("backed", [False, True])
def test_a_path_without_a_file_is_refused(tmp_path, ending, backed):
    path = tmp_path / f"nowhere{ending}"
    message = refusal(read_expression, path, error=ResourceError, backed=backed)
    assert "no file of that name" in message


def test_a_file_moved_after_it_was_opened_is_noticed(stored):
    expression = read_expression(stored, backed=True)
    shutil.move(stored, stored.with_name("moved"))
    message = refusal(expression.block, 0, 3, error=ResourceError)
    assert str(stored) in message
    assert "moved" in message


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_cut_off_is_refused(tmp_path, share):
    path = write(adata_of(MATRICES["CSR"]), tmp_path / "x.h5ad")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    message = refusal(read_expression, path, error=ResourceError, backed=True)
    assert "cut off" in message
    assert "bytes" in message


@pytest.mark.parametrize("ending", [".h5ad", ".zarr"])
def test_a_text_under_another_ending_is_refused(tmp_path, ending):
    path = tmp_path / f"x{ending}"
    path.write_text("gene,s1\nNGF,1\n", encoding="utf-8")
    assert ending[1:] in refusal(read_expression, path, error=ResourceError, backed=True)


@pytest.mark.parametrize(
    ("part", "change", "reason"),
    [
        ("indices", lambda x: np.append(x[:-1], 10_000).astype(x.dtype), "column number"),
        ("indices", lambda x: x[:-3], "do not fit"),
        ("data", lambda x: x[:-3], "do not fit"),
        ("indptr", lambda x: x[::-1].copy(), "do not fit"),
        ("indptr", lambda x: x[:-1], "do not fit"),
    ],
)
def test_parts_of_a_sparse_matrix_that_contradict_each_other_are_refused(
    tmp_path, part, change, reason
):
    path = write(adata_of(MATRICES["CSR"]), tmp_path / "x.h5ad")
    with h5py.File(path, "r+") as file:
        changed = change(file["X"][part][:])
        del file["X"][part]
        file["X"][part] = changed

    def use():
        list(read_expression(path, backed=True).blocks(1_000))

    assert reason in refusal(use, error=ResourceError)


def test_a_matrix_of_truth_values_is_refused(tmp_path):
    path = write(adata_of(VALUES > 1), tmp_path / "x.h5ad")
    assert "bool" in refusal(read_expression, path, backed=True)


def test_what_is_neither_array_nor_csr_is_refused_by_its_name(tmp_path):
    path = write(adata_of(VALUES), tmp_path / "x.h5ad")
    with h5py.File(path, "r+") as file:
        del file["X"]
        file.create_group("X").attrs["encoding-type"] = "awkward-array"
    assert "awkward-array" in refusal(read_expression, path, backed=True)


def test_backed_contradicts_what_needs_memory(tmp_path):
    path = write(adata_of(VALUES), tmp_path / "x.h5ad")
    options = {"error": ParameterError, "backed": True}
    assert "duplicates='mean'" in refusal(read_expression, path, duplicates="mean", **options)
    table = tmp_path / "x.csv"
    table.write_text("gene,s1\nNGF,1\n", encoding="utf-8")
    message = refusal(read_expression, table, orientation="genes_in_rows", **options)
    assert "backed=True" in message


def test_the_size_limit_holds_for_memory_and_not_for_disk(stored):
    with pytest.raises(ns.errors.InputError, match="larger than the limit"):
        read_expression(stored, max_bytes=100)
    assert_same_values(read_expression(stored, max_bytes=100, backed=True))


def test_a_store_without_zarr_says_how_to_install_it(tmp_path, monkeypatch):
    path = write(adata_of(VALUES), tmp_path / "x.zarr")
    monkeypatch.setitem(sys.modules, "zarr", None)
    message = refusal(read_expression, path, error=MissingDependencyError, backed=True)
    assert "pip install zarr" in message
