"""What harmonising does to matrices as they are in the wild."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.genesets.gene_table import gene_table

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def signatures():
    return ns.load_signatures(panel="all")


def share_found(signatures, names):
    present = set(names)
    return {
        name: np.mean([gene in present for gene in signature.genes])
        for name, signature in signatures.items()
    }


def refuse_loss(signatures, before, after):
    """Coverage before and after; it falls for no signature."""
    old, new = share_found(signatures, before), share_found(signatures, after)
    assert all(new[name] >= old[name] for name in signatures)
    return old, new


def test_the_names_of_the_spatial_pancreas_data_changed_by_r_are_found(shared_data, signatures):
    folder = shared_data / "st_pdac_a_moncada2020"
    adata = ad.read_h5ad(folder / "st_pdac_a_moncada2020.h5ad")
    result = ns.harmonise(adata, duplicates="sum")
    new = result.data
    assert result.identifiers.counts["human symbol"] > 19_000
    reasons = result.report["reason"]
    assert reasons.str.contains("name changed by R").sum() > 800
    # A dot that stands for a dash can be counted without us: with it the name is approved.
    dashed = [n for n in adata.var_names if "." in n and n.replace(".", "-") in gene_table("human")]
    assert {n.replace(".", "-") for n in dashed} <= set(new.var_names)
    assert {"HLA-A", "HLA-DRA", "NKX2-1", "MT-CO1", "CXCL8"} & set(new.var_names) >= {"HLA-A"}
    assert new.X.sum() == adata.X.sum()
    old, after = refuse_loss(signatures, adata.var_names, new.var_names)
    for name in ("IMM.TCELL_INFLAMED_GEP18", "IMM.EXPANDED_IMMUNE18"):  # HLA genes
        assert after[name] > old[name] + 0.1


def test_mouse_cells_with_names_in_human_style_are_taken_for_what_they_are_called(
    shared_data, signatures
):
    adata = ad.read_h5ad(shared_data / "sc_baron2016_subset/sc_baron2016_subset.h5ad")
    result = ns.harmonise(adata, duplicates="sum")
    assert (result.identifiers.kind, result.identifiers.organism) == ("symbol", "human")
    assert result.identifiers.counts["mouse symbol"] < 50
    assert {"CTAGE5", "MIA2"} == set(  # one gene since 2018
        result.report.query("output == 'MIA2'")["input"]
    )
    assert result.data.X.sum() == adata.X.sum()
    old, after = refuse_loss(signatures, adata.var_names, result.data.var_names)
    assert (
        after["HALLMARK.OXIDATIVE_PHOSPHORYLATION"]
        > 0.95
        > old["HALLMARK.OXIDATIVE_PHOSPHORYLATION"]
    )
    mouse = ns.harmonise(result.data, organism="mouse", duplicates="sum")
    back = ns.harmonise(mouse.data, organism="human", duplicates="sum")
    assert len(set(back.data.var_names) & set(adata.var_names)) > 10_000


def test_the_glioblastoma_counts_have_symbols_of_today(shared_data, signatures):
    counts = pd.read_parquet(shared_data / "tcga_gbm_htseq/expression.parquet").T
    result = ns.harmonise(counts)
    summary = result.summary
    assert summary["identifiers"] == summary["genes"] == 33_461
    assert summary["unchanged"] > 33_000
    assert "unknown" not in summary
    ambiguous = result.report.query("action == 'ambiguous'").set_index("input")
    assert set(ambiguous.loc["COX2", "candidates"].split(";")) >= {"MT-CO2", "PTGS2"}
    old, after = refuse_loss(signatures, counts.columns, result.data.columns)
    gained = {name for name in old if after[name] > old[name]}
    assert "SUPP.MDSC_WANG" not in gained
    assert "GO.OXPHOS" in gained  # of the mitochondrion: ND2 there is MT-ND2 today


def test_ensembl_ids_of_the_glioblastoma_counts_lead_back_to_their_symbols(shared_data):
    counts = pd.read_parquet(shared_data / "tcga_gbm_htseq/expression.parquet").T.iloc[:5]
    symbols = ns.harmonise(counts).data
    ids = ns.harmonise(symbols, "ensembl")
    assert (ids.report["action"] == "renamed").sum() > 31_000
    assert list(ns.harmonise(ids.data).data.columns) == list(symbols.columns)


@pytest.mark.parametrize(
    ("name", "gained"),
    [
        ("tcga_chol_rnaseq", {"SUPP.MDSC_WANG", "STROMA.ESTIMATE_STROMAL", "STRESS.CTRA53"}),
        ("pdac_moffitt_s2", {"SUPP.MDSC_WANG", "PNI.OMAR_TOP20"}),
    ],
)
def test_symbols_of_ten_years_ago_are_brought_to_full_coverage(
    shared_data, signatures, name, gained
):
    table = pd.read_parquet(shared_data / name / "expression.parquet").T
    result = ns.harmonise(table, duplicates="sum")
    np.testing.assert_allclose(result.data.sum(axis=1), table.astype(float).sum(axis=1), rtol=1e-9)
    old, after = refuse_loss(signatures, table.columns, result.data.columns)
    for signature in gained:
        assert old[signature] < 1
        assert after[signature] == 1
