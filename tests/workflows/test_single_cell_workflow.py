"""`neurosig workflow run single_cell`, really run on a small file of cells."""

import json

import anndata as ad
import pandas as pd
import pytest

pytest.importorskip("snakemake")
pytestmark = pytest.mark.workflow


@pytest.fixture
def folder(small_data, write_config, tmp_path):
    """A working folder with 60 cells of two types and two donors, and a configuration."""
    adata = ad.read_h5ad(small_data / "alpha.h5ad")
    adata.obs["kind"] = pd.Categorical(["T cell", "B cell"] * 30)
    adata.obs["patient"] = ["p1"] * 30 + ["p2"] * 30
    adata.write_h5ad(tmp_path / "cells.h5ad")
    write_config(
        tmp_path,
        {
            "title": "Cells",
            "signatures": {"files": [str(small_data / "signatures.gmt")]},
            "methods": ["ucell"],
            "datasets": [
                {
                    "id": "CELLS",
                    "file": "cells.h5ad",
                    "by": "kind",
                    "donor": "patient",
                    "duplicates": "mean",
                    "min_cells": 5,
                }
            ],
        },
    )
    return tmp_path


def test_cells_are_harmonised_assessed_scored_summarised_and_reported(folder, workflow):
    ran = workflow("single_cell", folder, "--cores", "2")
    assert ran.code == 0, ran.text
    steps = ("harmonise", "assess", "score", "summarise", "report")
    assert ran.jobs == dict.fromkeys(steps, 1)
    table = pd.read_csv(folder / "results/CELLS/ucell.cells.csv")
    assert set(table["group"]) == {"T cell", "B cell"}
    assert set(table["n_donors"]) == {2}
    page = (folder / "results/CELLS/report/report.html").read_text()
    assert "Groups in CELLS" in page
    record = json.loads((folder / "results/CELLS/ucell.cells.csv.provenance.json").read_text())
    assert record["about"] == {"kind": "cells", "cohort": "CELLS", "method": "ucell"}
    assert "Nothing to be done" in workflow("single_cell", folder, "--dry-run").text
