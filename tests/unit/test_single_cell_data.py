"""Single-cell scores on real cells: a breast tumour, pancreas of four donors, blood."""

import warnings

import anndata
import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

import neurosig as ns
from neurosig.errors import CoverageWarning, ScaleWarning

WANTED = (
    "ANGIO.MFP",
    "ANGIO.ENDOTHELIUM_MFP",
    "ANGIO.PERICYTE4",
    "HALLMARK.ANGIOGENESIS",
    "SUPP.TAM_MFP",
    "SUPP.MDSC_WANG",
    "SUPP.TEX12",
    "SUPP.CHECKPOINT7",
)


def logged(path):
    """The counts as scanpy's users score them: 10,000 a cell, log(1 + x)."""
    import scanpy as sc

    adata = anndata.read_h5ad(path)
    sc.pp.normalize_total(adata, target_sum=1e4)
    sc.pp.log1p(adata)
    return adata


@pytest.fixture(scope="module")
def breast(shared_folder):
    """1,564 cells of one triple-negative breast tumour (Wu 2021), and signatures for them."""
    name = "sc_wu2021_tnbc_cid4465"
    return logged(shared_folder / "data" / name / f"{name}.h5ad"), ns.load_signatures(ids=WANTED)


@pytest.fixture(scope="module")
def pancreas(shared_folder):
    """175 human cells of four donors (Baron 2016)."""
    name = "sc_baron2016_subset"
    adata = logged(shared_folder / "data" / name / f"{name}.h5ad")
    return adata[adata.obs["Batch"] == "human"].copy()


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("method", ["ucell", "aucell", "module_score"])
def test_in_a_breast_tumour_signatures_are_highest_in_the_cells_they_are_made_of(breast, method):
    adata, sets = breast
    ns.tl.score(adata, sets, method=method)
    table = ns.sc.summarise(adata, "celltype_major", method=method)
    aucs = table.pivot_table(index="signature", columns="group", values="auc")
    top = aucs.idxmax(axis=1)
    assert top["ANGIO.MFP"] == top["ANGIO.ENDOTHELIUM_MFP"] == "Endothelial"
    assert top["ANGIO.PERICYTE4"] == "PVL"
    assert top["SUPP.TAM_MFP"] == top["SUPP.MDSC_WANG"] == "Myeloid"
    assert top["SUPP.TEX12"] == "T-cells"
    # many of the 36 hallmark genes are of the matrix that fibroblasts make: VCAN, POSTN, LUM ...
    assert top["HALLMARK.ANGIOGENESIS"] == "CAFs"
    inside = (adata.obs["celltype_major"] == "Endothelial").to_numpy()
    theirs = roc_auc_score(inside, adata.obsm[f"score_{method}"]["ANGIO.MFP"])
    assert aucs.loc["ANGIO.MFP", "Endothelial"] == pytest.approx(theirs, abs=1e-12)
    assert set(table["status"]) == {"single_donor"}
    assert table["p_value"].isna().all()


@pytest.mark.data
def test_across_the_donors_of_a_pancreas_the_p_values_are_those_of_a_t_test(pancreas):
    sets = ns.load_signatures(panel="core")
    with pytest.warns(CoverageWarning, match="4 signatures of 24 cannot be scored"):
        ns.tl.score(pancreas, sets, method="ucell")
    table = ns.sc.summarise(pancreas, "Group", "Sample", min_cells=5)
    assert table["status"].value_counts()["low_coverage"] == 4 * 5
    assert table["n_donors"].max() == 4
    assert (table.loc[table["status"] == "ok", "n_donors"] >= 3).all()
    found = table.set_index(["signature", "group"]).loc[("SUPP.MDSC_WANG", "macrophage")]
    obs, score = pancreas.obs, pancreas.obsm["score_ucell"]["SUPP.MDSC_WANG"]
    aucs = [
        roc_auc_score(rows["Group"] == "macrophage", score[rows.index])
        for _, rows in obs.groupby("Sample", observed=True)
        if (rows["Group"] == "macrophage").sum() >= 5
    ]
    theirs = stats.ttest_1samp(aucs, 0.5)
    assert found["n_donors"] == len(aucs) == 3  # human1 has two macrophages
    assert found["p_value"] == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found["auc"] == pytest.approx(np.mean(aucs), abs=1e-12)
    assert found["auc"] > 0.9
    tested = table["p_value"].dropna()
    np.testing.assert_allclose(
        table.loc[tested.index, "q_value"], stats.false_discovery_control(tested), rtol=1e-12
    )
    # as a test over cells would have it
    cells = stats.mannwhitneyu(
        score[obs["Group"] == "macrophage"], score[obs["Group"] != "macrophage"]
    )
    assert cells.pvalue < 1e-6 < found["p_value"]


@pytest.fixture
def blood():
    """700 blood cells x 765 genes that scanpy carries with it; X is scaled, raw is logged."""
    import scanpy as sc

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of anndata, about its own old format
        return sc.datasets.pbmc68k_reduced()


def test_in_a_panel_of_765_genes_the_signatures_that_cannot_be_scored_are_reported(blood):
    sets = ns.load_signatures(panel="core")
    with pytest.warns(CoverageWarning, match="23 signatures of 24 cannot be scored"):
        ns.tl.score(blood, sets, method="ucell", use_raw=True)
    table = ns.sc.summarise(blood, "bulk_labels")
    states = table.groupby("signature")["status"].first()
    assert states.value_counts().to_dict() == {
        "low_coverage": 13, "no_genes": 10, "single_donor": 1,
    }  # fmt: skip
    assert states["IMM.EXPANDED_IMMUNE18"] == "single_donor"
    assert len(table) == 24 * 10


def test_the_scaled_x_of_the_blood_cells_is_warned_about(blood):
    markers = {"T cell": ["CD3D", "CD3E", "IL7R"], "B cell": ["CD79A", "CD79B", "MS4A1"]}
    with pytest.warns(ScaleWarning, match="standardised by gene"):
        ns.tl.score(blood, markers, method="ucell")
    ns.tl.score(blood, markers, method="ucell", use_raw=True)
    table = ns.sc.summarise(blood, "bulk_labels").set_index(["signature", "group"])["auc"]
    assert table["B cell"].idxmax() == "CD19+ B"
