"""Univariate linear models on numbers small enough to check, and against SciPy's regression."""

from math import sqrt

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from scipy.stats import linregress

import neurosig as ns
from neurosig.errors import CoverageWarning, ScoreWarning

GENES = [f"g{i}" for i in range(60)]


def random_expression() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    values = rng.gamma(2.0, 1.5, (5, 60))
    values[rng.random(values.shape) < 0.5] = 0.0
    return pd.DataFrame(values, index=list("pqrst"), columns=GENES)


def as_sparse(x: pd.DataFrame) -> anndata.AnnData:
    return anndata.AnnData(
        scipy.sparse.csr_matrix(x.to_numpy()),
        obs=pd.DataFrame(index=list(x.index)),
        var=pd.DataFrame(index=list(x.columns)),
    )


def t_of_slope(expression: np.ndarray, weights: np.ndarray) -> float:
    fit = linregress(weights, expression)
    return float(fit.slope / fit.stderr)


def test_four_genes_by_hand():
    """x = 3 2 0 1, w = 1 1 0 0: both centred, sum of products 2, squares 5 and 1, so r = 2/sqrt(5)
    and t = r sqrt(2 / (1 - 4/5)) = sqrt(8)."""
    x = pd.DataFrame([[3.0, 2.0, 0.0, 1.0]], index=["s"], columns=list("abcd"))
    found = ns.score(x, {"S": ["a", "b"], "T": {"up": ["c"], "down": ["a"]}}, method="ulm").values
    assert found.loc["s", "S"] == pytest.approx(sqrt(8), abs=1e-14)
    # w = -1 0 1 0: products -3, squares 5 and 2, r = -3/sqrt(10), t = r sqrt(2 / (1 - 9/10)).
    assert found.loc["s", "T"] == pytest.approx(-3 / sqrt(10) * sqrt(20), abs=1e-13)


def test_scores_are_the_t_values_of_scipys_regression():
    x = random_expression()
    rng = np.random.default_rng(3)
    weights = {g: float(w) for g, w in zip(GENES[5:25], rng.normal(size=20), strict=True)}
    vector = np.array([weights.get(g, 0.0) for g in GENES])
    expected = [t_of_slope(row, vector) for row in x.to_numpy()]
    found = ns.score(x, {"S": weights}, method="ulm").values["S"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)  # t values of order 1


@pytest.mark.filterwarnings("ignore::neurosig.errors.ScaleWarning")
def test_a_large_constant_added_to_all_genes_changes_a_score_by_rounding_alone():
    """Sums of squares about zero would lose all but six digits here."""
    x = random_expression()
    sets = {"S": GENES[:20]}
    shifted = ns.score(x + 2.0**20, sets, method="ulm").values
    np.testing.assert_allclose(shifted, ns.score(x, sets, method="ulm").values, atol=1e-7)


def test_a_missing_value_elsewhere_leaves_the_regression_of_its_sample():
    x = random_expression()
    x.loc["r", "g50"] = np.nan
    vector = np.array([1.0] * 10 + [0.0] * 50)
    present = x.loc["r"].notna().to_numpy()
    expected = t_of_slope(x.loc["r"].to_numpy()[present], vector[present])
    sets = {"without": GENES[:10], "with": GENES[45:55]}
    for data in (x, as_sparse(x)):
        found = ns.score(data, sets, method=ns.methods.Ulm(na="propagate")).values
        assert found.loc["r", "without"] == pytest.approx(expected, abs=1e-12)
        assert np.isnan(found.loc["r", "with"])
        assert found.drop(index="r").notna().all(axis=None)


@pytest.mark.parametrize("value", [0.0, 0.1, 5.0])
def test_a_sample_with_one_value_for_all_genes_has_no_score(value):
    x = random_expression()
    x.loc["q"] = value
    with pytest.warns(ScoreWarning, match=r"1 observation of \d+ for 1 signature.*'q'"):
        found = ns.score(x, {"S": GENES[:10]}, method="ulm").values["S"]
    assert np.isnan(found["q"])
    assert found.drop("q").notna().all()


@pytest.mark.parametrize("weight", [1.0, 0.3])
def test_a_signature_of_all_genes_with_one_weight_has_no_score(weight):
    x = random_expression()
    with pytest.warns(CoverageWarning, match="no score"):
        found = ns.score(x, {"S": dict.fromkeys(GENES, weight)}, method="ulm").values
    assert found["S"].isna().all()


def test_an_exact_fit_is_large_and_finite():
    """decoupler 2.2.0 adds 2.2e-16 to 1 - r and 1 + r: t = sqrt(2 / (2.2e-16 * 2)) = 6.742e7."""
    x = pd.DataFrame([[1.0, 1.0, 0.0, 0.0]], index=["s"], columns=list("abcd"))
    found = ns.score(x, {"S": ["a", "b"]}, method="ulm").values.loc["s", "S"]
    assert found == pytest.approx(6.742e7, rel=1e-3)
