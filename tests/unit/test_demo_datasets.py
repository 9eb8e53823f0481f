"""The demo cohorts: what is checked before a foreign file is opened, and what comes out."""

import dataclasses
import importlib.util
import pickle
import sys

import pytest

from neurosig.datasets import demo
from neurosig.errors import (
    ChecksumError,
    MissingDependencyError,
    ParameterError,
    ResourceError,
)

needs_survset = pytest.mark.skipif(
    importlib.util.find_spec("SurvSet") is None,
    reason="the package survset (extra demo) is not installed",
)


def refuse_to_open(*_args, **_kwargs):
    raise AssertionError("a file was unpickled")


def test_an_unknown_dataset_is_refused_with_the_known_ones():
    with pytest.raises(ParameterError, match="no dataset 'gse1'") as caught:
        demo.load_dataset("gse1")
    assert all(name in str(caught.value) for name in demo.DATASETS)


def test_without_the_extra_the_message_says_how_to_get_it(monkeypatch):
    for name in [m for m in sys.modules if m.partition(".")[0] == "SurvSet"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "SurvSet", None)  # makes an import fail
    with pytest.raises(MissingDependencyError, match="survset, which is not installed") as caught:
        demo.load_dataset("gse1992")
    assert "neurosig[demo]" in caught.value.remedy
    assert "GPL-3" in caught.value.evidence
    assert isinstance(caught.value, ImportError)


@needs_survset
def test_a_file_with_another_hash_is_not_opened(monkeypatch):
    other = dataclasses.replace(demo.DATASETS["gse1992"], sha256="0" * 64)
    monkeypatch.setitem(demo.DATASETS, "gse1992", other)
    monkeypatch.setattr(pickle, "load", refuse_to_open)
    monkeypatch.setattr(pickle, "loads", refuse_to_open)
    monkeypatch.setattr("pandas.read_pickle", refuse_to_open)
    with pytest.raises(ChecksumError, match="was not opened") as caught:
        demo.load_dataset("gse1992")
    assert "0" * 64 in caught.value.evidence
    assert demo.origin_of("gse1992")["sha256"] == "0" * 64


@needs_survset
def test_a_file_that_is_gone_is_refused(monkeypatch):
    gone = dataclasses.replace(demo.DATASETS["gse1992"], id="gse0")
    monkeypatch.setitem(demo.DATASETS, "gse0", gone)
    with pytest.raises(ResourceError, match="no file for 'gse0'"):
        demo.load_dataset("gse0")


@needs_survset
@pytest.mark.parametrize(
    ("dataset", "n_obs", "endpoint"),
    [("gse1992", 124, "RFS"), ("gse4335", 115, "OS"), ("gse3143", 158, "OS")],
)
def test_a_cohort_has_genes_by_symbol_and_a_clinical_table_with_the_same_patients(
    dataset, n_obs, endpoint
):
    expression, clinical = demo.load_dataset(dataset)
    assert len(expression) == len(clinical) == n_obs
    assert list(expression.index) == list(clinical.index)
    assert expression.columns.is_unique
    assert expression.index.is_unique
    assert not expression.columns.str.contains("_").any()
    assert {"HLA-A", "HLA-DRA", "TP53"} <= set(expression.columns)
    assert clinical[endpoint].isin(["0", "1"]).all()
    assert clinical[f"{endpoint}.time"].astype(float).ge(0).all()
    assert list(clinical.columns[:2]) == [f"{endpoint}.time", endpoint]


@pytest.mark.parametrize(
    ("column", "symbol"),
    [
        ("num_HS_TP53", "TP53"),
        ("num_HS_HLA_A", "HLA-A"),
        ("num_HS_HLA_DRB1", "HLA-DRB1"),
        ("num_HS_KRTAP4_12", "KRTAP4-12"),
        ("num_HS_NKX2_1", "NKX2-1"),
        ("num_HS_C1orf112", "C1orf112"),
    ],
)
def test_a_dash_of_a_gene_symbol_comes_back(column, symbol):
    assert demo._gene_symbol(column) == symbol


@pytest.mark.parametrize("dataset", demo.DATASETS)
def test_every_dataset_says_where_its_endpoint_was_read(dataset):
    known = demo.DATASETS[dataset]
    assert known.id == dataset
    assert known.unit == "months"
    assert any("doi:" in source for source in known.sources)
    origin = demo.origin_of(dataset)
    assert "GPL-3" in origin["dataset"]
    assert origin["sha256"] == known.sha256
