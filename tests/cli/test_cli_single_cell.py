"""`neurosig sc`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import neurosig as ns

Run = Callable[..., Any]
SETS = {"AXON": ["G01", "G02", "G03", "G04"], "VESSEL": ["G10", "G11", "G12"]}


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """120 cells of two types and four donors; AXON is high in E."""
    rng = np.random.default_rng(12)
    kind = np.tile(["E", "T"], 60)
    x = rng.poisson(1.0, (120, 40)).astype(float)
    x[kind == "E", 1:5] += 2
    adata = anndata.AnnData(
        sparse.csr_matrix(np.log1p(x)),
        obs=pd.DataFrame(
            {"cell_type": kind, "donor": np.repeat(list("abcd"), 30)},
            index=[f"c{i:03d}" for i in range(120)],
        ),
        var=pd.DataFrame(index=[f"G{i:02d}" for i in range(40)]),
    )
    adata.write_h5ad(tmp_path / "cells.h5ad")
    ns.SignatureCollection.of(SETS).to_gmt(tmp_path / "sets.gmt")
    return tmp_path / "cells.h5ad"


@pytest.fixture
def expected(cells: Path) -> pd.DataFrame:
    adata = anndata.read_h5ad(cells)
    ns.tl.score(adata, SETS, method="ucell")
    return ns.sc.summarise(adata, donor="donor")


def test_a_file_is_scored_and_summarised_as_in_python(
    neurosig: Run, cells: Path, expected: pd.DataFrame, tmp_path: Path
) -> None:
    before, output = cells.read_bytes(), tmp_path / "table.csv"
    ended = neurosig(
        "sc", "summarise", cells, "--donor", "donor", "--file", tmp_path / "sets.gmt",
        "--output", output,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "4 rows" in ended.err
    pd.testing.assert_frame_equal(pd.read_csv(output), expected, rtol=1e-12)
    record = json.loads((tmp_path / "table.csv.provenance.json").read_text())
    assert record["scores"]["method"]["name"] == "ucell"
    assert Path(record["inputs"][0]["path"]).name == "cells.h5ad"
    assert cells.read_bytes() == before


def test_scores_in_the_file_are_taken_where_no_signatures_are_named(
    neurosig: Run, cells: Path, expected: pd.DataFrame
) -> None:
    adata = anndata.read_h5ad(cells)
    ns.tl.score(adata, SETS, method="aucell")
    adata.write_h5ad(cells)
    ended = neurosig("sc", "summarise", cells, "--method", "aucell")
    assert ended.code == 0, ended.err
    assert neurosig("sc", "summarise", cells).out == ended.out  # the only scores there are
    lines = ended.out.splitlines()
    assert lines[0] == ",".join(expected.columns)
    assert len(lines) == 5
    assert lines[1].endswith("single_donor")
    ns.tl.score(adata, SETS, method="ucell")
    adata.write_h5ad(cells)
    several = neurosig("sc", "summarise", cells)
    assert several.code == 2
    assert "2 tables of scores" in several.err
    assert "--method aucell" in several.err


def test_a_file_without_scores_is_refused_with_the_remedy(neurosig: Run, cells: Path) -> None:
    ended = neurosig("sc", "summarise", cells)
    assert ended.code == 3
    assert "There are no scores in adata.obsm" in ended.err


@pytest.mark.parametrize("option", [("--layer", "log"), ("--use-raw",), ("--threads", "1")])
def test_options_of_scoring_are_refused_where_nothing_is_scored(
    neurosig: Run, cells: Path, option: tuple[str, ...]
) -> None:
    ended = neurosig("sc", "summarise", cells, *option)
    assert ended.code == 2
    assert f"{' '.join(option)} cannot be used here" in ended.err
    assert "--panel core" in ended.err


@pytest.mark.parametrize("content", [None, "no h5ad"])
def test_a_file_that_cannot_be_read_is_named(neurosig: Run, tmp_path: Path, content: Any) -> None:
    path = tmp_path / "cells.h5ad"
    if content is not None:
        path.write_text(content)
    ended = neurosig("sc", "summarise", path)
    assert ended.code == 5
    assert "cells.h5ad" in ended.err
