"""The weighted score on numbers small enough to check with a pencil."""

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import neurosig as ns
from neurosig.errors import CoverageWarning, ParameterError

X = pd.DataFrame([[2.0, 3.0, 0.0, 5.0]], index=["s"], columns=["a", "b", "c", "d"])


def one_score(genes, x=X, **parameters) -> float:
    method = ns.methods.Weighted(**parameters)
    return float(ns.score(x, {"S": genes}, method=method).values.loc["s", "S"])


def test_signed_and_fractional_weights():
    """0.5 * 2 + 1.5 * 3 - 2 * 5 = -4.5; sum |w| = 4; sum w = 0 would not do: 0.5 + 1.5 - 2 = 0."""
    assert one_score({"a": 0.5, "b": 1.5, "d": -2.0}) == -4.5
    assert one_score({"a": 0.5, "b": 1.5, "d": -2.0}, normalize="sum_abs") == -1.125


def test_the_mean_over_the_sum_of_weights():
    """(3 * 2 + 2 * 3 - 1 * 5) / (3 + 2 - 1) = 7 / 4, while sum |w| = 6 gives 7 / 6."""
    genes = {"a": 3.0, "b": 2.0, "d": -1.0}
    assert one_score(genes, normalize="sum") == 1.75
    assert one_score(genes, normalize="sum_abs") == pytest.approx(7 / 6, abs=1e-15)


def test_a_list_of_genes_has_weights_one_and_a_down_arm_minus_one():
    """2 + 3 + 0 = 5; 2 + 3 - 5 = 0, divided by 3 genes."""
    assert one_score(["a", "b", "c"]) == 5.0
    assert one_score({"up": ["a", "b"], "down": ["d"]}, normalize="sum_abs") == 0.0


def test_a_gene_that_is_not_found_counts_in_no_sum():
    """(3 * 2 + 1 * 3) / (3 + 1): the weight 9 of the absent gene is left out."""
    with_absent = {"a": 3.0, "b": 1.0, "ABSENT": 9.0}
    method = ns.methods.Weighted(normalize="sum_abs")
    found = ns.score(X, {"S": with_absent}, method=method, min_genes=2).values
    assert found.loc["s", "S"] == 2.25


@pytest.mark.parametrize(
    "weights", [{"a": 1.0, "b": 1.0, "d": -2.0}, {"a": 0.1, "b": 0.2, "d": -0.3}]
)
def test_weights_that_cancel_have_no_mean_and_the_warning_names_the_signature(weights):
    sets = {"S": weights, "other": {"a": 1.0, "b": 2.0, "c": 3.0}}
    with pytest.warns(CoverageWarning) as caught:
        scores = ns.score(X, sets, method=ns.methods.Weighted(normalize="sum"))
    assert any("add up to zero" in str(w.message) and "'S'" in str(w.message) for w in caught)
    assert np.isnan(scores.values.loc["s", "S"])
    assert scores.coverage.loc["S", "status"] == "no_score"
    assert scores.values.loc["s", "other"] == pytest.approx(8 / 6, abs=1e-15)


def test_no_warning_that_weights_are_ignored():
    scores = ns.score(X, {"S": {"a": 0.5, "b": 1.5, "d": 2.0}}, method="weighted")
    assert scores.coverage.loc["S", "status"] == "ok"


def test_a_missing_value_makes_the_sets_that_hold_it_missing_dense_or_sparse():
    holed = X.copy()
    holed.loc["s", "d"] = np.nan
    sets = {"with": ["a", "b", "d"], "without": ["a", "b", "c"]}
    sparse = anndata.AnnData(
        scipy.sparse.csr_matrix(holed.to_numpy()),
        obs=pd.DataFrame(index=["s"]),
        var=pd.DataFrame(index=list("abcd")),
    )
    for data in (holed, sparse):
        with pytest.warns(CoverageWarning, match="no score"):
            found = ns.score(data, sets, method=ns.methods.Weighted(na="propagate")).values
        assert np.isnan(found.loc["s", "with"])
        assert found.loc["s", "without"] == 5.0


def test_an_unknown_normalisation_is_refused_with_the_choices():
    with pytest.raises(ParameterError, match="none, sum_abs, sum"):
        ns.methods.Weighted(normalize="sumabs")
