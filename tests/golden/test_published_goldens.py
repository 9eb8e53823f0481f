"""Published recipes against other programs, each where one has the recipe.

- pc1: IOBR 2.2.3.9000 ``calculate_sig_score(method = "pca")``, signs included.
- contrast_mean_z of plain sets, and of up and down sets as the difference of two: IOBR's
  ``method = "zscore"``, which is the mean of z-values over the set.
- weighted_sum: decoupler 2.2.0 ``waggr(fun="wsum", times=0)``.
- geometric_mean: scipy's ``gmean``.

hacksig's "original" scores are no reference for the geometric mean: it takes colMeans of whatever
its table calls a mean, which is the logarithm of it on log values.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gmean

import neurosig as ns

from .test_weighted_goldens import EXPECTED, SETS, X

GEOMETRIC = ns.Signature(id="CYT", genes=("GZMA", "PRF1"), recipe="geometric_mean")


def read_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, index_col=0, dtype=str).astype(float)


def read_sets(goldens: Path, direction: str) -> dict[str, list[str]]:
    table = pd.read_csv(goldens / "inputs" / "sets_ab.csv", dtype=str).drop_duplicates()
    return table[table["dir"] == direction].groupby("set")["gene"].agg(list).to_dict()


def of(sets, recipe):
    return ns.SignatureCollection(
        ns.Signature(id=name, genes=tuple(genes), recipe=recipe) for name, genes in sets.items()
    )


@pytest.mark.data
class TestIobr:
    @pytest.fixture
    def x(self, goldens):
        return read_table(goldens / "inputs" / "a_expr.csv").T

    @pytest.fixture
    def sets(self, goldens, x):
        return {
            name: [gene for gene in genes if gene in x.columns]
            for name, genes in read_sets(goldens, "none").items()
        }

    @pytest.mark.parametrize(("recipe", "case"), [("pc1", "pca"), ("contrast_mean_z", "zscore")])
    def test_recipes_equal_iobr(self, goldens, x, sets, recipe, case):
        expected = read_table(goldens / "expected" / f"iobr_a_{case}.csv")
        signatures = of({name: sets[name] for name in expected}, recipe)
        found = ns.score(x, signatures, method="published").values
        span = expected.to_numpy().max() - expected.to_numpy().min()
        difference = (found.loc[expected.index, expected.columns] - expected).abs()
        assert difference.to_numpy().max() <= 1e-12 * span

    def test_a_contrast_is_the_difference_of_the_means_of_both_arms(self, goldens, x, sets):
        expected = read_table(goldens / "expected" / "iobr_a_zscore.csv")
        up, down = "SET05", "SET09"
        assert not set(sets[up]) & set(sets[down])
        contrast = ns.SignatureCollection.of({"S": {"up": sets[up], "down": sets[down]}})["S"]
        signature = ns.Signature(
            id="S", genes=contrast.genes, weights=contrast.weights, recipe="contrast_mean_z"
        )
        found = ns.score(x, signature, method="published").values.loc[expected.index, "S"]
        np.testing.assert_allclose(found, expected[up] - expected[down], rtol=0, atol=1e-13)


@pytest.mark.filterwarnings("ignore::neurosig.errors.ScaleWarning")
@pytest.mark.parametrize("recipe", ["weighted_sum", "weighted_sum_of_log_expr"])
def test_weighted_sums_equal_decoupler_2_2_0(recipe):
    signatures = ns.SignatureCollection(
        ns.Signature(id=n, genes=tuple(w), weights=tuple(w.values()), recipe=recipe)
        for n, w in SETS.items()
    )
    found = ns.score(X, signatures, method="published").values
    expected = pd.DataFrame(EXPECTED["none"], index=X.index)
    np.testing.assert_allclose(found[list(expected)], expected, rtol=0, atol=1e-14)


@pytest.mark.data
@pytest.mark.filterwarnings("ignore::neurosig.errors.ScaleWarning")
def test_geometric_means_of_real_symbols_equal_scipy(goldens):
    x = read_table(goldens / "inputs" / "e_symbols_expr.csv").T
    found = ns.score(x, GEOMETRIC, method="published").values["CYT"]
    expected = gmean(x[["GZMA", "PRF1"]] + 0.01, axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_a_profile_minus_housekeeping_equals_the_steps_of_the_reference():
    """easier's compute_Tcell_inflamed: log2(TPM + 1), each gene minus the mean of the housekeeping
    genes of its sample, then the product with the weights."""
    signature = ns.load_signatures(ids="IMM.TCELL_INFLAMED_GEP18")["IMM.TCELL_INFLAMED_GEP18"]
    assert len(signature.controls) == 11
    rng = np.random.default_rng(7)
    genes = [*signature.genes, *signature.controls]
    tpm = pd.DataFrame(rng.gamma(1.0, 40.0, (5, len(genes))), list("abcde"), genes)
    logged = np.log2(tpm + 1)
    housekeeping = logged[list(signature.controls)].mean(axis=1)
    normalised = logged[list(signature.genes)].sub(housekeeping, axis=0)
    expected = normalised.to_numpy() @ np.asarray(signature.weights)
    method = ns.methods.Published(input_scale="linear")
    found = ns.score(tpm, signature, method=method).values[signature.id]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
