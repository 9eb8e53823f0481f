"""What scoring returns, and its file."""

import json

import anndata
import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import InputError, ResourceError

SETS = {"S": ["NGF", "RET"], "down": {"up": ["NGF"], "down": ["TH"]}, "all": ["NGF", "RET", "TH"]}


@pytest.fixture
def scores():
    x = pd.DataFrame(
        [[1.0, 2.0, 3.5], [4.0, 0.0, 1.0]], ["p 1", "p/2"], ["NGF", "RET", "TH"], dtype=float
    )
    return ns.score(x, SETS, method="mean")


def test_a_saved_file_comes_back_whole(scores, tmp_path):
    scores.save(tmp_path / "scores.h5ad")
    loaded = ns.Scores.load(tmp_path / "scores.h5ad")
    np.testing.assert_array_equal(loaded.values, scores.values)
    for found, expected in (
        (loaded.values.index, scores.values.index),
        (loaded.values.columns, scores.values.columns),
        (loaded.coverage.index, scores.coverage.index),
        (loaded.coverage.columns, scores.coverage.columns),
    ):
        assert list(found) == list(expected)
        assert found.name == expected.name
    assert loaded.provenance == scores.provenance
    assert loaded.method == "mean"


def test_the_coverage_comes_back_as_text_and_numbers_and_no_categories(scores, tmp_path):
    """Three times the status "ok": the file format stores repeated texts as categories."""
    scores.save(str(tmp_path / "scores.h5ad"))
    coverage = ns.Scores.load(str(tmp_path / "scores.h5ad")).coverage
    assert coverage.to_dict() == scores.coverage.to_dict()
    for name in ("status", "missing_genes"):
        assert not isinstance(coverage[name].dtype, pd.CategoricalDtype)
        assert (coverage[name] + "x").str.endswith("x").all()
    assert coverage["n_found"].sum() == 7


def test_missing_scores_come_back_missing(tmp_path):
    x = pd.DataFrame([[1.0, 2.0]], ["p"], ["NGF", "RET"])
    with pytest.warns(ns.errors.CoverageWarning):
        scores = ns.score(x, {"S": ["NGF", "RET"], "T": ["X"]}, method="mean")
    scores.save(tmp_path / "scores.h5ad")
    loaded = ns.Scores.load(tmp_path / "scores.h5ad")
    assert loaded.values.loc["p"].isna().tolist() == [False, True]
    assert loaded.coverage["status"].tolist() == ["ok", "no_genes"]


@pytest.mark.parametrize("name", ["scores.csv", "scores", "scores.h5ad.gz", "scores.H5"])
def test_another_suffix_is_refused_and_nothing_is_written(scores, tmp_path, name):
    with pytest.raises(InputError, match=r"\.h5ad"):
        scores.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_replaced_whole(scores, tmp_path):
    path = tmp_path / "scores.h5ad"
    path.write_text("old")
    scores.save(path)
    assert ns.Scores.load(path).method == "mean"
    assert [p.name for p in tmp_path.iterdir()] == ["scores.h5ad"]


def test_saving_changes_nothing_in_memory(scores, tmp_path):
    coverage, values = scores.coverage.copy(deep=True), scores.values.copy(deep=True)
    scores.save(tmp_path / "scores.h5ad")
    pd.testing.assert_frame_equal(scores.coverage, coverage)
    pd.testing.assert_frame_equal(scores.values, values)


def refusal(path) -> str:
    with pytest.raises(ResourceError, match="does not hold saved scores") as caught:
        ns.Scores.load(path)
    assert "Scores.save" in caught.value.remedy
    return str(caught.value)


def test_a_missing_file_is_refused(tmp_path):
    assert "scores.h5ad" in refusal(tmp_path / "scores.h5ad")


def test_a_folder_is_refused(tmp_path):
    refusal(tmp_path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "scores.h5ad"
    path.write_text("signature,score\nS,1\n")
    refusal(path)


def test_an_adata_that_holds_no_scores_is_refused(tmp_path):
    path = tmp_path / "other.h5ad"
    names = pd.DataFrame(index=["a", "b"])
    anndata.AnnData(np.zeros((2, 2)), obs=names, var=names).write_h5ad(path)
    refusal(path)


def test_a_damaged_record_is_refused(scores, tmp_path):
    adata = scores.to_adata()
    adata.uns["neurosig"]["score_mean"]["provenance"] = '{"method": '
    adata.write_h5ad(tmp_path / "scores.h5ad")
    refusal(tmp_path / "scores.h5ad")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_off_file_is_refused(scores, tmp_path, share):
    path = tmp_path / "scores.h5ad"
    scores.save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refusal(path)


def test_as_adata_signatures_are_variables_with_their_coverage(scores):
    adata = scores.to_adata()
    assert adata.shape == (2, 3)
    assert list(adata.var_names) == list(SETS)
    assert adata.var["n_found"].tolist() == [2, 2, 3]
    np.testing.assert_array_equal(adata.X, scores.values)
    record = json.loads(adata.uns["neurosig"]["score_mean"]["provenance"])
    assert record["method"]["name"] == "mean"


def test_neither_table_nor_adata_shares_memory_with_the_scores(scores):
    expected = scores.values.copy(deep=True)
    table = scores.to_frame()
    table.iloc[0, 0] = 99.0
    scores.to_adata().X[0, 0] = 99.0
    pd.testing.assert_frame_equal(scores.values, expected)
