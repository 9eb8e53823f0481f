"""The cells of installed packages: what is checked before a file is opened."""

import dataclasses
import importlib.util

import pytest

from neurosig.datasets import cells
from neurosig.errors import (
    ChecksumError,
    MissingDependencyError,
    ParameterError,
    ResourceError,
)

needs_infercnvpy = pytest.mark.skipif(
    importlib.util.find_spec("infercnvpy") is None,
    reason="the package infercnvpy (extra reproduce) is not installed",
)


def refuse_to_open(*_args, **_kwargs):
    raise AssertionError("a file was opened")


def test_an_unknown_dataset_is_refused_with_the_known_ones():
    with pytest.raises(ParameterError, match="no single-cell dataset 'pbmc'") as caught:
        cells.load_cells("pbmc")
    assert "oligodendroglioma, pbmc68k_reduced" in caught.value.evidence


def test_without_the_package_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingDependencyError, match="infercnvpy, which is not") as caught:
        cells.load_cells("oligodendroglioma")
    assert "neurosig[reproduce]" in caught.value.remedy


def test_a_file_with_another_hash_is_not_opened(monkeypatch):
    known = cells.CELL_DATASETS["pbmc68k_reduced"]
    other = dataclasses.replace(known, sha256=("0" * 64,))
    monkeypatch.setitem(cells.CELL_DATASETS, "pbmc68k_reduced", other)
    monkeypatch.setattr("anndata.read_h5ad", refuse_to_open)
    with pytest.raises(ChecksumError, match="was not opened") as caught:
        cells.load_cells("pbmc68k_reduced")
    assert "0" * 64 in caught.value.evidence
    assert "10x_pbmc68k_reduced.h5ad" in caught.value.evidence


def test_a_file_that_is_gone_is_refused(monkeypatch):
    gone = dataclasses.replace(cells.CELL_DATASETS["pbmc68k_reduced"], path="datasets/none.h5ad")
    monkeypatch.setitem(cells.CELL_DATASETS, "pbmc68k_reduced", gone)
    with pytest.raises(ResourceError, match="no file for 'pbmc68k_reduced'"):
        cells.cell_file("pbmc68k_reduced")


def test_the_blood_cells_are_those_of_their_documentation():
    blood = cells.load_cells("pbmc68k_reduced")
    assert blood.raw.shape == (700, 765)
    assert blood.obs["bulk_labels"].value_counts()["Dendritic"] == 240


@needs_infercnvpy
def test_the_oligodendroglioma_has_malignant_and_other_cells():
    tumour = cells.load_cells("oligodendroglioma")
    assert tumour.shape == (184, 9450)
    assert tumour.obs["cell_type"].value_counts()["Microglia/Macrophage"] == 19
