"""Fixtures shared by all tests."""

import copy
import os
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder with reference numbers and real data; skips where it is not named."""
    name = os.environ.get("NEUROSIG_TEST_DATA")
    if not name:
        pytest.skip("NEUROSIG_TEST_DATA does not name the folder with reference numbers and data")
    folder = Path(name).resolve()
    if not (folder / "goldens").is_dir():
        pytest.skip(f"NEUROSIG_TEST_DATA names {folder}, which holds no goldens/")
    return folder


@pytest.fixture(scope="session")
def goldens(shared_folder: Path) -> Path:
    """Outputs of R's reference packages with their inputs."""
    return shared_folder / "goldens"


@pytest.fixture(scope="session")
def shared_data(shared_folder: Path) -> Path:
    """Real cohorts and single-cell data."""
    return shared_folder / "data"


@pytest.fixture(scope="session")
def org_hs_sqlite() -> Path:
    """The database of org.Hs.eg.db 3.16.0; skips where NEUROSIG_ORG_HS_SQLITE does not name it.

    Debian's package r-bioc-org.hs.eg.db holds it: `apt-get download` and `dpkg-deb -x` give the
    file without installing R.
    """
    name = os.environ.get("NEUROSIG_ORG_HS_SQLITE")
    if not name:
        pytest.skip("NEUROSIG_ORG_HS_SQLITE does not name org.Hs.eg.sqlite (r-bioc-org.hs.eg.db)")
    return Path(name)


SMALL_SIGNATURES = {
    "AXON": ("SEMA3A", "PLXNA1", "NRP1", "ROBO1", "SLIT2", "EPHA4"),
    "NEUROTROPHIN": ("NGF", "NTRK1", "BDNF", "NTRK2", "NTF3", "NGFR"),
    "CYTOTOXIC": ("CD8A", "GZMA", "GZMB", "PRF1", "NKG7"),
}


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of three made-up cohorts of 60 patients and 300 genes, and three signatures.

    alpha (csv; also as tsv.gz, parquet and h5ad) and beta (tsv.gz) have overall survival in days,
    gamma (parquet) relapse-free survival in months; alpha_counts.csv holds counts. In alpha three
    ages and one grade are missing, and the hazard grows with the AXON genes.
    """
    import numpy as np
    import pandas as pd

    folder = tmp_path_factory.mktemp("small_data")
    rng = np.random.default_rng(20240301)
    marked = [gene for genes in SMALL_SIGNATURES.values() for gene in genes]
    genes = [*marked, *(f"ZNF{i}" for i in range(100, 400 - len(marked)))]
    lines = ["\t".join((name, "made up", *listed)) for name, listed in SMALL_SIGNATURES.items()]
    (folder / "signatures.gmt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for cohort in ("alpha", "beta", "gamma"):
        ids = [f"{cohort}-{i:03d}" for i in range(60)]
        axon = rng.normal(size=60)
        values = rng.normal(7, 1, size=(60, len(genes)))
        values[:, :6] += axon[:, None]
        matrix = pd.DataFrame(values.round(4), index=ids, columns=genes)
        by_gene = matrix.T.rename_axis("gene")
        clinical = pd.DataFrame(
            {
                "patient": ids,
                "age": rng.integers(35, 85, 60).astype(float),
                "grade": rng.choice(["G1", "G2", "G3"], 60),
                "pni": np.where(axon + rng.normal(0, 2, 60) > 0, "yes", "no"),
            }
        )
        dead = rng.exponential(1500 * np.exp(-0.5 * axon), 60)
        lost = rng.exponential(2000, 60)
        days, is_event = np.minimum(dead, lost), (dead <= lost).astype(int)
        if cohort == "gamma":
            clinical["RFS.time"], clinical["RFS"] = (days / 30.4375).round(2) + 0.1, is_event
            by_gene.to_parquet(folder / "gamma.parquet")
        else:
            clinical["OS.time"], clinical["OS"] = np.ceil(days), is_event
        if cohort == "alpha":
            clinical.loc[[3, 20, 41], "age"] = np.nan
            clinical.loc[7, "grade"] = np.nan
            by_gene.to_csv(folder / "alpha.csv")
            by_gene.to_parquet(folder / "alpha.parquet")
            _write_h5ad(folder / "alpha.h5ad", matrix)
            counts = rng.poisson(2.0**matrix.T)
            pd.DataFrame(counts, by_gene.index, ids).to_csv(folder / "alpha_counts.csv")
        if cohort != "gamma":
            by_gene.to_csv(folder / f"{cohort}.tsv.gz", sep="\t")
        clinical.to_csv(folder / f"{cohort}_clinical.csv", index=False)
    return folder


def _write_h5ad(path: Path, matrix: object) -> None:
    import warnings

    import anndata

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the writing library, about its own defaults
        anndata.AnnData(matrix).write_h5ad(path)


@pytest.fixture
def small_study(small_template: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a study of `small_data`, absolute paths, free to be changed."""
    return copy.deepcopy(small_template)


@pytest.fixture(scope="session")
def small_template(small_data: Path) -> dict[str, Any]:
    """What `small_study` copies."""

    def cohort(name: str, file: str, endpoint: dict[str, str]) -> dict[str, Any]:
        return {
            "id": name,
            "title": f"Cohort {name}",
            "expression": {"file": str(small_data / file), "orientation": "genes_in_rows"},
            "clinical": {"file": str(small_data / f"{name}_clinical.csv"), "id": "patient"},
            "endpoint": endpoint,
            "adjust": ["age", "grade"],
        }

    survival = {"time": "OS.time", "event": "OS", "unit": "days"}
    relapse = {"time": "RFS.time", "event": "RFS", "unit": "months"}
    return {
        "title": "A small study",
        "signatures": {"files": [str(small_data / "signatures.gmt")]},
        "scoring": {"method": "zscore"},
        "figures": {"signatures": ["AXON"]},
        "cohorts": [
            cohort("alpha", "alpha.csv", dict(survival)),
            cohort("beta", "beta.tsv.gz", dict(survival)),
            cohort("gamma", "gamma.parquet", relapse),
        ],
    }
