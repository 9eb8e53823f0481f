"""What the checks say about values, orientation, gene names and scale."""

import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from neurosig.errors import CoverageError, NonFiniteError, OrientationError, ScaleWarning
from neurosig.expression.adapters import as_expression
from neurosig.expression.checks import (
    check_finite,
    check_orientation,
    check_overlap,
    check_scale,
    guess_scale,
    rows_of_one_value,
)
from neurosig.expression.io import read_expression
from neurosig.expression.mismatch import explain_mismatch

GENES = ["NGF", "BDNF", "NTRK1", "NTRK2", "GFRA1", "HLA-A"]


def expression_of(values, genes=None, *, is_sparse=False):
    values = np.asarray(values, dtype=float)
    names = [f"s{i}" for i in range(values.shape[0])]
    genes = genes or [f"G{i}" for i in range(values.shape[1])]
    if not is_sparse:
        return as_expression(pd.DataFrame(values, names, genes))
    return as_expression(
        ad.AnnData(sparse.csr_matrix(values), pd.DataFrame(index=names), pd.DataFrame(index=genes))
    )


@pytest.mark.parametrize("is_sparse", [False, True])
def test_missing_and_infinite_values_are_counted_and_located(is_sparse):
    values = np.ones((3, 3))
    values[1, 2], values[2, 0], values[2, 2] = np.nan, np.inf, np.nan
    with pytest.raises(NonFiniteError) as caught:
        check_finite(expression_of(values, ["NGF", "BDNF", "NTRK1"], is_sparse=is_sparse))
    message = str(caught.value)
    assert "2 missing values (NaN) and 1 infinite value" in message
    assert "In 2 genes and 2 observations" in message
    assert "NTRK1 in s1, NGF in s2, NTRK1 in s2" in message
    assert caught.value.facts["n_nan"] == 2


@pytest.mark.parametrize("is_sparse", [False, True])
def test_a_bad_value_beyond_the_first_block_is_located(is_sparse, monkeypatch):
    values = np.ones((5, 2))
    values[3, 1] = np.nan
    expression = expression_of(values, ["NGF", "BDNF"], is_sparse=is_sparse)
    monkeypatch.setattr(expression, "bounds", lambda _max_bytes=0: [(0, 2), (2, 5)])
    with pytest.raises(NonFiniteError, match="for instance BDNF in s3"):
        check_finite(expression)


def test_missing_values_pass_where_a_method_takes_them_but_infinite_ones_do_not():
    check_finite(expression_of([[1, np.nan]]), allow_nan=True)
    with pytest.raises(NonFiniteError, match=r"1 infinite value\."):
        check_finite(expression_of([[np.inf, np.nan]]), allow_nan=True)


def test_values_whose_sum_overflows_are_finite():
    check_finite(expression_of([[1e308, 1e308]]))


@pytest.mark.parametrize("n_genes", [1, 3, 200])
@pytest.mark.parametrize("is_sparse", [False, True])
def test_observations_of_one_value_are_seen(n_genes, is_sparse):
    x = np.full((5, n_genes), 2.0)
    x[1] = 0.0
    x[2] = np.linspace(1, 2, n_genes)
    x[3, -1] = 0.0
    x[4] = np.nan
    block = as_expression(ad.AnnData(sparse.csr_matrix(x) if is_sparse else x)).block(0, 5)
    expected = [True, True, n_genes == 1, n_genes == 1, False]
    assert rows_of_one_value(block).tolist() == expected


@pytest.mark.parametrize("is_sparse", [False, True])
def test_an_observation_that_differs_in_one_gene_is_not_of_one_value(is_sparse):
    for gene in range(200):
        x = np.ones((1, 200))
        x[0, gene] = 3.0
        block = as_expression(ad.AnnData(sparse.csr_matrix(x) if is_sparse else x)).block(0, 1)
        assert not rows_of_one_value(block).any()


def test_genes_in_the_rows_are_seen():
    turned = as_expression(pd.DataFrame(1.0, index=GENES, columns=["p1", "p2"]))
    with pytest.raises(OrientationError) as caught:
        check_orientation(turned, {"NGF", "BDNF", "XYZ"})
    message = str(caught.value)
    assert "Of 3 genes in the signatures 2 are names of observations" in message
    assert "'p1', 'p2'" in message
    assert "expression.T" in message


def test_one_sample_with_the_name_of_a_gene_is_no_sign_of_a_turned_matrix():
    table = pd.DataFrame(1.0, index=["MET", "p2"], columns=["ENSG1", "ENSG2"])
    check_orientation(as_expression(table), {"MET", "NGF", "BDNF"})
    check_orientation(expression_of(np.ones((2, 6)), GENES), {"NGF", "BDNF"})


def test_no_overlap_shows_five_names_of_each_side():
    with pytest.raises(CoverageError) as caught:
        check_overlap(expression_of(np.ones((2, 7))), set(GENES))
    message = str(caught.value)
    assert "'G0', 'G1', 'G2', 'G3', 'G4' and 2 more" in message
    assert "'BDNF', 'GFRA1', 'HLA-A', 'NGF', 'NTRK1' and 1 more" in message


def test_one_common_gene_is_overlap():
    check_overlap(expression_of([[1, 2]], ["NGF", "other"]), set(GENES))


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        (["ENSG00000134259", "ENSG00000176697"], "ensembl"),
        (["ENSMUSG00000027859", "ENSMUSG00000048482.1"], "ensembl"),
        (["4803", "627", "4914"], "entrez"),
        (["Ngf", "Bdnf", "Ntrk1", "H2-K1"], "mouse"),
        (["ngf", "bdnf"], "case"),
        (["NGF ", " BDNF"], "blanks"),
        (['"NGF"', '"BDNF"'], "blanks"),
        (["HLA.A", "X7SK"], "r_names"),
        (["NGF.1", "BDNF.2"], "version"),
        (["206814_at", "206382_s_at"], "probes"),
    ],
)
def test_the_cause_of_no_overlap_is_guessed(names, cause):
    assert explain_mismatch(names, GENES).name == cause
    with pytest.raises(CoverageError) as caught:
        check_overlap(expression_of(np.ones((1, len(names))), names), GENES)
    assert caught.value.facts["cause"] == cause


def test_versions_of_ensembl_ids_are_the_cause_when_signatures_hold_plain_ones():
    found = explain_mismatch(["ENSG00000134259.12"], ["ENSG00000134259"])
    assert found.name == "version"


def test_unknown_names_are_not_explained():
    assert explain_mismatch(["alpha", "beta"], GENES) is None


def simulated(scale, n_obs=60, n_genes=1200):
    rng = np.random.default_rng(7)
    level = rng.normal(6, 2.5, n_genes)
    logged = np.clip(level + rng.normal(0, 1, (n_obs, n_genes)), 0, 18)
    return {
        "counts": rng.poisson(2.0**logged),
        "shallow counts": rng.poisson(0.2, (n_obs, n_genes)),
        "linear": 2.0**logged,
        "log": logged,
        "log with a floor": np.where(logged < 4, -9.97, logged),
        "centred": 3 * rng.standard_t(5, (n_obs, n_genes)) * rng.uniform(0.1, 1, n_genes),
        "standardised": (logged - logged.mean(0)) / logged.std(0),
        "logged twice": np.log2(logged + 1),
    }[scale]


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize(
    ("kind", "scale"),
    [
        ("counts", "counts"),
        ("shallow counts", "counts"),
        ("linear", "linear"),
        ("log", "log"),
        ("log with a floor", "log"),
        ("centred", "centred"),
        ("standardised", "standardised"),
    ],
)
def test_the_scale_is_recognised(kind, scale, is_sparse):
    guess = guess_scale(expression_of(simulated(kind), is_sparse=is_sparse))
    assert guess.scale == scale
    assert not guess.looks_logged_twice
    assert "whole numbers" in guess.evidence


def test_the_guess_does_not_depend_on_the_storage():
    values = simulated("counts")
    assert guess_scale(expression_of(values)) == guess_scale(expression_of(values, is_sparse=True))


def test_a_scale_cannot_be_guessed_without_a_finite_value():
    with pytest.raises(NonFiniteError, match="No value"):
        guess_scale(expression_of([[np.nan, np.nan]]))


def test_missing_values_do_not_hide_the_scale():
    values = simulated("log").copy()
    values[::2, ::3] = np.nan
    assert guess_scale(expression_of(values)).scale == "log"


@pytest.mark.parametrize(
    ("kind", "wanted", "words"),
    [
        ("counts", "log", "log2cpm"),
        ("linear", "log", "log2p1"),
        ("standardised", "log", "before scaling"),
        ("standardised", "ranks", "before scaling"),
        ("logged twice", "log", "logged twice"),
    ],
)
def test_a_scale_the_method_does_not_want_is_warned_of(kind, wanted, words):
    guess = guess_scale(expression_of(simulated(kind)))
    with pytest.warns(ScaleWarning, match=words) as caught:
        check_scale(guess, wanted)
    assert guess.evidence in str(caught[0].message)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("log", "log"),
        ("log with a floor", "log"),
        ("centred", "log"),
        ("counts", "ranks"),
        ("linear", "ranks"),
        ("logged twice", "ranks"),
    ],
)
def test_a_scale_the_method_takes_is_not_warned_of(kind, wanted):
    guess = guess_scale(expression_of(simulated(kind)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_scale(guess, wanted)


@pytest.mark.data
@pytest.mark.parametrize(
    ("path", "scale"),
    [
        ("tcga_gbm_htseq/expression.parquet", "counts"),
        ("tcga_chol_rnaseq/expression.parquet", "linear"),
        ("tcga_acc_rnaseq/expression.parquet", "linear"),
        ("tcga_paad_pdac130/expression.parquet", "linear"),
        ("pdac_moffitt_s2/expression.parquet", "linear"),
        ("tcga_coadread_xena1577/expression.parquet", "log"),
        ("prad_ren2017/expression_relz.parquet", "standardised"),
        ("sc_wu2021_tnbc_cid4465/sc_wu2021_tnbc_cid4465.h5ad", "counts"),
        ("sc_baron2016_subset/sc_baron2016_subset.h5ad", "counts"),
        ("sc_oligodendroglioma_tirosh2016/sc_oligodendroglioma_tirosh2016.h5ad", "linear"),
    ],
)
def test_the_scale_of_real_data_is_what_their_source_says(shared_data, path, scale):
    orientation = "genes_in_rows" if path.endswith(".parquet") else None
    guess = guess_scale(read_expression(shared_data / path, orientation=orientation))
    assert (guess.scale, guess.looks_logged_twice) == (scale, False)
