"""`neurosig harmonise` writes what the Python function gives."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import neurosig as ns

Run = Callable[..., Any]
ROWS = ("--orientation", "genes_in_rows")
# Sums over the columns of a gene: CXCL8 3 + 1 and 4 + 2.
TABLE = "gene,s1,s2\nIL8,3,4\nCXCL8,1,2\n2-Sep,2,9\nNGF,1,2\nHLA.A,5,6\nFOO,0.5,0.25\n"
SUMS = {"CXCL8": [4, 6], "SEPTIN2": [2, 9], "NGF": [1, 2], "HLA-A": [5, 6], "FOO": [0.5, 0.25]}

pytestmark = pytest.mark.filterwarnings("default::neurosig.errors.NeurosigWarning")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "counts.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_a_table_comes_back_the_way_round_it_was(
    neurosig: Run, table: Path, tmp_path: Path, suffix: str
) -> None:
    output = tmp_path / f"new{suffix}"
    ended = neurosig("harmonise", table, *ROWS, "--output", output, "--duplicates", "sum")
    assert ended.code == 0
    assert "Of 6 names known as human symbol 3" in ended.err  # IL8, CXCL8 and NGF
    assert "identifiers 6, genes 5" in ended.err
    read = ns.read_expression(output, orientation="genes_in_rows")
    assert read.to_frame().loc["s1"].to_dict() == {gene: v[0] for gene, v in SUMS.items()}


def test_the_report_and_the_provenance_lie_next_to_it(
    neurosig: Run, table: Path, tmp_path: Path
) -> None:
    neurosig("harmonise", table, *ROWS, "--output", tmp_path / "new.csv", "--duplicates", "sum")
    written = pd.read_csv(tmp_path / "new.report.csv", dtype=str, keep_default_na=False)
    frame = pd.read_csv(table, index_col=0).T
    pd.testing.assert_frame_equal(
        written, ns.harmonise(frame, duplicates="sum").report, check_dtype=False
    )
    record = json.loads((tmp_path / "new.csv.provenance.json").read_text(encoding="utf-8"))
    assert record["inputs"][0]["path"] == "counts.csv"
    assert record["harmonise"]["duplicates"] == "sum"
    assert len(record["harmonise"]["tables"]["sources"]) == 4


def test_repeated_names_of_a_file_follow_the_rule_too(neurosig: Run, tmp_path: Path) -> None:
    table = tmp_path / "twice.csv"
    table.write_text("gene,s1\nNGF,3\nNGF,4\nBDNF,1\n", encoding="utf-8")
    refused = neurosig("harmonise", table, *ROWS, "--output", tmp_path / "new.csv")
    assert refused.code == 3
    assert "DuplicateGenesError: 1 gene would have more than one column" in refused.err
    assert not (tmp_path / "new.csv").exists()
    report = (tmp_path / "new.report.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in report] == ["input", "NGF", "NGF", "BDNF"]
    ended = neurosig(
        "harmonise", table, *ROWS, "--output", tmp_path / "new.csv", "--duplicates", "mean"
    )
    assert ended.code == 0
    assert (tmp_path / "new.csv").read_text(encoding="utf-8") == "gene,s1\nNGF,3.5\nBDNF,1.0\n"


def test_whole_numbers_stay_whole(neurosig: Run, tmp_path: Path) -> None:
    table = tmp_path / "counts.csv"
    table.write_text("gene,s1,s2\nNGF,0,1\nIL8,12,3\n", encoding="utf-8")
    ended = neurosig("harmonise", table, *ROWS, "--output", tmp_path / "new.csv")
    assert ended.code == 0, ended.err
    written = (tmp_path / "new.csv").read_text(encoding="utf-8")
    assert written == "gene,s1,s2\nNGF,0,1\nCXCL8,12,3\n"


def test_what_a_table_cannot_hold_of_an_h5ad_is_listed(neurosig: Run, tmp_path: Path) -> None:
    x = np.array([[3.0, 1.0]])
    adata = ad.AnnData(
        x,
        pd.DataFrame({"patient": ["p1"]}, index=["c1"]),
        pd.DataFrame(index=["NGF", "BDNF"]),
        obsm={"X_pca": x},
        layers={"counts": x},
    )
    adata.write_h5ad(tmp_path / "cells.h5ad")
    ended = neurosig("harmonise", tmp_path / "cells.h5ad", "--output", tmp_path / "new.csv")
    assert ended.code == 0, ended.err
    lost = ["layers['counts']", "obs['patient']", "obsm['X_pca']"]
    assert f"does not hold {', '.join(lost)} of cells.h5ad" in ended.err
    record = json.loads((tmp_path / "new.csv.provenance.json").read_text(encoding="utf-8"))
    assert record["harmonise"]["not_carried"] == lost


def test_an_h5ad_stays_one_with_its_annotation(neurosig: Run, tmp_path: Path) -> None:
    adata = ad.AnnData(
        sparse.csr_matrix(np.array([[3.0, 1.0, 2.0]])),
        pd.DataFrame({"patient": ["p1"]}, index=["c1"]),
        pd.DataFrame(index=["Cd8a", "Ngf", "Gm12345"]),
    )
    adata.write_h5ad(tmp_path / "cells.h5ad")
    output = tmp_path / "human.h5ad"
    ended = neurosig(
        "harmonise", tmp_path / "cells.h5ad", "--organism", "human", "--output", output
    )
    assert ended.code == 0
    assert "dropped 1" in ended.err
    read = ad.read_h5ad(output)
    assert list(read.var_names) == ["CD8A", "NGF"]
    assert read.var["original_ids"].tolist() == ["Cd8a", "Ngf"]
    assert sparse.issparse(read.X)
    assert read.obs["patient"].tolist() == ["p1"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--output", "new.xlsx", *ROWS), 2, "ends in .xlsx"),
        (("--output", "counts.csv", *ROWS), 2, "would be overwritten"),
        (("--output", "new.csv"), 2, "orientation is needed"),
        (("--output", "new.csv", *ROWS, "--from", "probe"), 2, "probe"),
        (("--output", "new.csv", *ROWS, "--from", "ensembl"), 3, "It is not clear"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_exit_code_of_its_kind(
    neurosig: Run,
    table: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(table.parent)
    ended = neurosig("harmonise", "counts.csv", *arguments)
    assert ended.code == code
    assert message in ended.err


def test_options_of_a_table_are_refused_for_an_h5ad(neurosig: Run, tmp_path: Path) -> None:
    ad.AnnData(pd.DataFrame({"NGF": [1.0]}, index=["c1"])).write_h5ad(tmp_path / "cells.h5ad")
    ended = neurosig("harmonise", tmp_path / "cells.h5ad", *ROWS, "--output", tmp_path / "new.h5ad")
    assert ended.code == 2
    assert "takes no options of a table" in ended.err
