"""Scores written into an AnnData."""

import inspect
import json
import warnings
from dataclasses import dataclass

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import neurosig as ns
from neurosig import engine
from neurosig.errors import (
    CoverageError,
    CoverageWarning,
    ExpressionError,
    InputError,
    ParameterError,
    ScaleWarning,
    SignatureError,
)
from neurosig.scores import Scores

N_CELLS, N_GENES = 60, 120
GENES = [f"G{i:03d}" for i in range(N_GENES)]
CELLS = pd.Index([f"c{i:02d}" for i in range(N_CELLS)], name="barcode")
SETS = {
    "axon": GENES[:10],
    "up and down": {"up": GENES[20:26], "down": GENES[30:36]},
    "mostly absent": [*GENES[40:42], *(f"ABSENT{i}" for i in range(8))],
}
LOGGED = np.log1p(np.random.default_rng(7).poisson(1.5, (N_CELLS, N_GENES)))
FRAME = pd.DataFrame(LOGGED, index=CELLS, columns=GENES)

# The refused signature of SETS; its own test asks for the warning.
pytestmark = pytest.mark.filterwarnings("ignore::neurosig.errors.CoverageWarning")


def cells(x=LOGGED, **options):
    return anndata.AnnData(x, pd.DataFrame(index=CELLS), pd.DataFrame(index=GENES), **options)


def expected(method="ucell", **options):
    return ns.score(FRAME, SETS, method=method, **options)


def snapshot(adata):
    return list(adata.obsm), list(adata.uns), list(adata.obs), adata.is_view


def test_scores_coverage_and_provenance_are_where_the_keys_say():
    adata = cells()
    assert ns.tl.score(adata, SETS, method="ucell") is None
    table = adata.obsm["score_ucell"]
    assert table.index.equals(adata.obs_names)
    assert list(table.columns) == list(SETS)
    assert set(table.dtypes) == {np.dtype("float64")}
    np.testing.assert_array_equal(table, expected().values)
    record = adata.uns["neurosig"]["score_ucell"]
    pd.testing.assert_frame_equal(record["coverage"], expected().coverage)
    assert json.loads(record["provenance"])["method"]["name"] == "ucell"


def test_a_refused_signature_is_a_column_without_values_and_is_warned_about():
    adata = cells()
    with pytest.warns(CoverageWarning, match="1 signature of 3 cannot be scored"):
        ns.tl.score(adata, SETS, method="ucell")
    assert adata.obsm["score_ucell"]["mostly absent"].isna().all()
    coverage = adata.uns["neurosig"]["score_ucell"]["coverage"]
    assert coverage.loc["mostly absent", "status"] == "low_coverage"


def backed(tmp_path, mode="r"):
    cells(sparse.csr_matrix(LOGGED)).write_h5ad(tmp_path / "cells.h5ad")
    return anndata.read_h5ad(tmp_path / "cells.h5ad", backed=mode)


def dask_cells():
    da = pytest.importorskip("dask.array")
    return cells(da.from_array(LOGGED, chunks=(17, N_GENES)).map_blocks(sparse.csr_matrix))


def with_raw(_):
    adata = cells()
    adata.raw = adata.copy()
    adata.X = np.full(LOGGED.shape, 7.0)
    return adata


STORAGES = {
    "dense": (lambda _: cells(LOGGED.copy()), {}),
    "CSR": (lambda _: cells(sparse.csr_matrix(LOGGED)), {}),
    "layer": (lambda _: cells(np.ones(LOGGED.shape), layers={"log": LOGGED}), {"layer": "log"}),
    "raw": (with_raw, {"use_raw": True}),
    "backed": (backed, {}),
    "dask": (lambda _: dask_cells(), {}),
}


@pytest.mark.parametrize("storage", STORAGES)
def test_scores_are_those_of_the_table_on_every_storage(storage, tmp_path):
    make, options = STORAGES[storage]
    adata = make(tmp_path)
    ns.tl.score(adata, SETS, method="ucell", n_jobs=2, **options)
    np.testing.assert_array_equal(adata.obsm["score_ucell"], expected().values)


def test_a_backed_file_holds_the_scores_once_it_is_written(tmp_path):
    adata = backed(tmp_path, "r+")
    ns.tl.score(adata, SETS, method="ucell")
    adata.write_h5ad()
    adata.file.close()
    again = anndata.read_h5ad(tmp_path / "cells.h5ad")
    np.testing.assert_array_equal(again.obsm["score_ucell"], expected().values)


def test_several_methods_and_keys_stand_side_by_side():
    adata = cells()
    adata.uns["neurosig"] = {"other": "kept"}
    ns.tl.score(adata, SETS, method="ucell")
    ns.tl.score(adata, SETS, method=ns.methods.UCell(max_rank=60), key_added="short.ranks")
    assert list(adata.obsm) == ["score_ucell", "short.ranks"]
    assert list(adata.uns["neurosig"]) == ["other", "score_ucell", "short.ranks"]


@pytest.mark.parametrize("key", ["a/b", "", ".", "..", "a b", "é", "a\n", 3])
def test_a_key_that_could_not_be_read_back_is_refused(key):
    adata = cells()
    with pytest.raises(ParameterError, match="key_added cannot be"):
        ns.tl.score(adata, SETS, method="ucell", key_added=key)
    assert list(adata.obsm) == []


@pytest.mark.parametrize("name", ["a/b", "", ".", "..", "_index", "barcode", "a\0b", "é" * 128])
def test_a_signature_name_that_no_file_holds_is_refused_before_anything_is_scored(name):
    adata = cells()
    try:
        sets = ns.SignatureCollection.of({"fine": GENES[:9], name: GENES[:9]})
    except SignatureError:
        return  # no signature has that name to begin with
    with pytest.raises(SignatureError, match="1 signature of 2 cannot be a column") as caught:
        ns.tl.score(adata, sets, method="ucell")
    assert caught.value.facts["names"] == (name,)
    assert snapshot(adata) == ([], [], [], False)


def test_other_names_come_back_from_h5ad_and_zarr(tmp_path):
    names = ["a b", "é", "HLA-A+", "a:b", "index", "x" * 200, "..a", "50 %"]
    adata = cells()
    ns.tl.score(adata, dict.fromkeys(names, GENES[:9]), method="ucell")
    _compare_after_writing(adata, tmp_path, "score_ucell")


def _compare_after_writing(adata, tmp_path, key):
    pytest.importorskip("zarr")
    adata.write_h5ad(tmp_path / "scored.h5ad")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zarr, about its own format
        adata.write_zarr(tmp_path / "scored.zarr")
        from_zarr = anndata.read_zarr(tmp_path / "scored.zarr")
    for again in (anndata.read_h5ad(tmp_path / "scored.h5ad"), from_zarr):
        for name in [key, *(k for k in adata.obsm if k == f"{key}_pvalue")]:
            pd.testing.assert_frame_equal(again.obsm[name], adata.obsm[name], check_exact=True)
        found, was = again.uns["neurosig"][key], adata.uns["neurosig"][key]
        assert str(found["provenance"]) == was["provenance"]
        pd.testing.assert_frame_equal(
            found["coverage"], was["coverage"], check_exact=True, check_dtype=False
        )
        assert found["coverage"].index.name == "signature"


def test_scores_coverage_and_provenance_come_back_identical_from_h5ad_and_zarr(tmp_path):
    adata = cells()
    ns.tl.score(adata, SETS, method="ucell")
    _compare_after_writing(adata, tmp_path, "score_ucell")


def test_a_view_becomes_an_anndata_of_its_own_with_the_warning_of_anndata():
    whole = cells()
    view = whole[:20]
    with pytest.warns(anndata.ImplicitModificationWarning):
        ns.tl.score(view, SETS, method="ucell")
    assert not view.is_view
    np.testing.assert_array_equal(view.obsm["score_ucell"], expected().values[:20])
    assert "neurosig" in view.uns
    assert snapshot(whole) == ([], [], [], False)


def test_a_view_of_a_backed_file_is_refused(tmp_path):
    view = backed(tmp_path)[:20]
    with pytest.raises(ExpressionError, match="part of the backed AnnData"):
        ns.tl.score(view, SETS, method="ucell")


@pytest.mark.parametrize(
    ("sets", "options", "error"),
    [
        ({"none": ["X1", "X2", "X3"]}, {}, CoverageError),
        (SETS, {"layer": "absent"}, ExpressionError),
        (SETS, {"min_coverage": 7}, ParameterError),
        (SETS, {"n_job": 2}, TypeError),
        (SETS, {"layer": "bad"}, ExpressionError),
    ],
)
def test_nothing_is_written_on_failure(sets, options, error):
    adata = cells(layers={"bad": np.where(LOGGED > 1.9, np.nan, LOGGED)})
    adata.obsm["score_ucell"] = pd.DataFrame({"old": np.zeros(N_CELLS)}, index=CELLS)
    with pytest.raises(error):
        ns.tl.score(adata, sets, method="ucell", **options)
    assert snapshot(adata) == (["score_ucell"], [], [], False)
    assert list(adata.obsm["score_ucell"]) == ["old"]


def test_a_place_in_uns_that_is_in_use_is_refused():
    adata = cells()
    adata.uns["neurosig"] = "mine"
    with pytest.raises(InputError, match=r"adata\.uns\['neurosig'\] is in use"):
        ns.tl.score(adata, SETS, method="ucell")
    assert adata.uns["neurosig"] == "mine"
    assert list(adata.obsm) == []


def test_a_table_is_refused_with_the_function_for_it():
    with pytest.raises(InputError, match="returns the scores"):
        ns.tl.score(FRAME, SETS, method="ucell")


def test_help_shows_the_options_of_the_engine_with_their_defaults():
    own = inspect.signature(ns.tl.score).parameters
    options = inspect.signature(engine.score).parameters
    for name, parameter in options.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            assert own[name] == parameter
    assert list(own)[:2] == ["adata", "signatures"]
    assert own["key_added"].default is None


@dataclass(frozen=True)
class WithPValues(Scores):
    pvalues: pd.DataFrame | None = None


def test_p_values_go_beside_the_scores_and_old_ones_leave(monkeypatch, tmp_path):
    adata = cells()
    plain = expected()
    p = plain.values * 0 + 0.25
    tested = WithPValues(plain.values, plain.coverage, plain.provenance, p)
    monkeypatch.setattr(engine, "score", lambda *_, **__: tested)
    ns.tl.score(adata, SETS, method="ucell", null="matched")
    assert (adata.obsm["score_ucell_pvalue"]["axon"] == 0.25).all()
    _compare_after_writing(adata, tmp_path, "score_ucell")
    monkeypatch.undo()
    ns.tl.score(adata, SETS, method="ucell")
    assert list(adata.obsm) == ["score_ucell"]


@pytest.fixture
def preprocessed():
    """Counts after scanpy's usual steps; X is scaled, raw and a layer hold the logged values."""
    import scanpy as sc

    rng = np.random.default_rng(11)
    counts = sparse.csr_matrix(rng.poisson(rng.gamma(1.0, 2.0, N_GENES), (N_CELLS, N_GENES)))
    adata = cells(counts.astype(np.float32))
    sc.pp.normalize_total(adata, target_sum=1e4)
    sc.pp.log1p(adata)
    sc.pp.highly_variable_genes(adata, n_top_genes=50)
    sc.pp.pca(adata, n_comps=5)
    sc.pp.neighbors(adata, n_neighbors=5)
    return adata


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_scanpys_usual_steps_come_before(preprocessed):
    before = list(preprocessed.obsm), list(preprocessed.obsp), sorted(preprocessed.uns)
    ns.tl.score(preprocessed, SETS, method="ucell")
    assert list(preprocessed.obsm) == [*before[0], "score_ucell"]
    assert list(preprocessed.obsp) == before[1]
    assert sorted([*before[2], "neurosig"]) == sorted(preprocessed.uns)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("remedy", [{"layer": "logged"}, {"use_raw": True}])
def test_scaled_values_are_warned_about_with_the_remedy_that_works(preprocessed, remedy):
    import scanpy as sc

    preprocessed.raw = preprocessed
    preprocessed.layers["logged"] = preprocessed.X.copy()
    preprocessed.X = preprocessed.X.toarray()
    sc.pp.scale(preprocessed, max_value=10)
    with pytest.warns(ScaleWarning, match=r"layer= or use_raw=True"):
        ns.tl.score(preprocessed, SETS, method="ucell")
    ns.tl.score(preprocessed, SETS, method="ucell", **remedy)  # a warning would be an error


def test_decoupler_reads_the_scores():
    dc = pytest.importorskip("decoupler")
    adata = cells()
    adata.obs["cell_type"] = pd.Categorical(np.where(np.arange(N_CELLS) < 30, "E", "T"))
    ns.tl.score(adata, {k: v for k, v in SETS.items() if k != "mostly absent"}, method="ucell")
    scores = dc.pp.get_obsm(adata, key="score_ucell")
    assert list(scores.var_names) == ["axon", "up and down"]
    np.testing.assert_array_equal(scores.X, adata.obsm["score_ucell"])
    ranked = dc.tl.rankby_group(scores, groupby="cell_type", reference="rest")
    assert set(ranked["name"]) == {"axon", "up and down"}
