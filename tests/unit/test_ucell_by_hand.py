"""UCell on numbers small enough to check with a pencil."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import neurosig as ns
from neurosig.errors import CoverageWarning, NonFiniteError, ParameterError, ScoreWarning
from neurosig.genesets.compiled import compile_signatures
from neurosig.genesets.signature import SignatureCollection

# Descending ranks of s1: a 1, e 2, b 3, c 4, d and f 5.5. Of s2: c 1, b 2.5, d 2.5, a e f 5.
X = pd.DataFrame(
    [[9.0, 5.0, 2.0, 0.0, 7.0, 0.0], [0.0, 3.0, 4.0, 3.0, 0.0, 0.0]],
    index=["s1", "s2"],
    columns=list("abcdef"),
)


def scored(signatures, x=X, min_coverage=0.5, **parameters) -> pd.DataFrame:
    method = ns.methods.UCell(**parameters)
    return ns.score(x, signatures, method=method, min_coverage=min_coverage, min_genes=1).values


def as_sparse(x: pd.DataFrame):
    import anndata

    return anndata.AnnData(
        scipy.sparse.csr_matrix(x.to_numpy()),
        obs=pd.DataFrame(index=list(x.index)),
        var=pd.DataFrame(index=list(x.columns)),
    )


def test_the_highest_genes_score_one_and_genes_below_max_rank_score_zero():
    found = scored({"top": ["a", "e", "b"], "low": ["c", "d", "f"]}, max_rank=4).loc["s1"]
    assert found.to_dict() == {"top": 1.0, "low": 0.0}


def test_the_mann_whitney_statistic_by_hand():
    """m = 6. s1: ranks of a, c are 1, 4: 1 - (5 - 3) / (12 - 3) = 7/9. s2: 5, 1: 1 - 3/9."""
    found = scored({"S": ["a", "c"]})["S"]
    np.testing.assert_allclose(found, [7 / 9, 6 / 9], rtol=1e-15)


def test_ranks_at_or_beyond_max_rank_count_as_max_rank():
    """m = 3. s1: ranks of e, c are 2, 3 (4 cut): 1 - (5 - 3) / (6 - 3) = 1/3; with a and b cut in
    s2 as well: b 2.5, a 3 (5 cut): 1 - (5.5 - 3) / 3 = 1/6."""
    found = scored({"S": ["e", "c"], "T": ["a", "b"]}, max_rank=3)
    assert found.loc["s1", "S"] == pytest.approx(1 / 3, rel=1e-15)
    assert found.loc["s2", "T"] == pytest.approx(1 / 6, rel=1e-15)


@pytest.mark.parametrize(
    ("ties", "ranks"),
    [("average", (2.5, 5.0)), ("min", (2.0, 4.0)), ("max", (3.0, 6.0)), ("dense", (2.0, 3.0))],
)
def test_ties_by_hand(ties, ranks):
    """b is in a run of two below c, a in the run of three zeros: 1 - (sum - 3) / (12 - 3)."""
    found = scored({"S": ["a", "b"]}, ties=ties).loc["s2", "S"]
    assert found == pytest.approx(1 - (sum(ranks) - 3) / 9, rel=1e-15)


def test_a_directed_signature_is_up_minus_w_neg_down_and_never_negative():
    """s1: up a, c = 7/9. Down e: 1 - (2 - 1) / (6 - 1) = 4/5."""
    pair = {"S": {"up": ["a", "c"], "down": ["e"]}, "T": {"up": ["e"], "down": ["a", "c"]}}
    found = scored(pair).loc["s1"]
    assert found["S"] == 0.0
    assert found["T"] == pytest.approx(4 / 5 - 7 / 9, rel=1e-13)
    assert scored(pair, w_neg=0.5).loc["s1", "S"] == pytest.approx(7 / 9 - 2 / 5, rel=1e-14)
    assert scored(pair, w_neg=0.0).loc["s1", "S"] == pytest.approx(7 / 9, rel=1e-15)


def test_a_directed_signature_turned_round_is_zero_where_the_other_is_not():
    pair = {"one": {"up": ["a"], "down": ["c"]}, "other": {"up": ["c"], "down": ["a"]}}
    found = scored(pair)
    assert (found.min(axis=1) == 0).all()
    assert (found.max(axis=1) > 0).all()


def test_a_signature_with_only_a_down_arm_scores_zero():
    assert scored({"S": {"down": ["a", "c"]}})["S"].tolist() == [0.0, 0.0]


def test_absent_genes_count_as_ranked_last_or_not_at_all():
    """s1: a 1, c 4 and an absent one at 6: 1 - (11 - 6) / (18 - 6) = 7/12; skipped: 7/9."""
    sets = {"S": ["a", "c", "ABSENT"]}
    assert scored(sets).loc["s1", "S"] == pytest.approx(7 / 12, rel=1e-15)
    skipped = scored(sets, missing_genes="skip").loc["s1", "S"]
    assert skipped == pytest.approx(7 / 9, rel=1e-15)


def test_absent_genes_of_each_arm_are_counted_apart():
    """Down e with one absent: 1 - (2 + 6 - 3) / (12 - 3) = 4/9; up as before 7/12."""
    sets = {"S": {"up": ["a", "c", "X"], "down": ["e", "Y"]}}
    assert scored(sets).loc["s1", "S"] == pytest.approx(7 / 12 - 4 / 9, rel=1e-14)
    compiled = compile_signatures(SignatureCollection.of(sets), X.columns)
    assert compiled.arm_n_absent.tolist() == [1, 1]


def test_an_arm_without_any_gene_in_the_data_counts_nothing():
    sets = {"S": {"up": ["a", "c"], "down": ["X", "Y"]}}
    for policy in ("impute", "skip"):
        with pytest.warns(CoverageWarning, match="no gene of one arm"):
            found = scored(sets, missing_genes=policy)
        assert found.loc["s1", "S"] == pytest.approx(7 / 9, rel=1e-15)


def test_all_values_equal_give_the_middle_of_the_ranks():
    """All ranks 3.5: two genes have 1 - (7 - 3) / 9 = 5/9, whatever the value."""
    x = pd.DataFrame([[4.0] * 6, [0.0] * 6], index=["s1", "s2"], columns=list("abcdef"))
    with pytest.warns(ScoreWarning, match="2 observations all genes have one and the same value"):
        found = scored({"S": ["a", "c"]}, x)["S"]
    np.testing.assert_allclose(found, [5 / 9, 5 / 9], rtol=1e-15)


def test_negative_values_rank_below_zeros():
    """With b at -1 the ranks of s2 are c 1, d 2, three zeros 4, b 6: 1 - (10 - 3) / 9."""
    moved = X.copy()
    moved.loc["s2", "b"] = -1.0
    found = scored({"S": ["a", "b"]}, moved).loc["s2", "S"]
    assert found == pytest.approx(1 - (10 - 3) / 9, rel=1e-15)
    assert scored({"S": ["a", "b"]}, as_sparse(moved)).loc["s2", "S"] == found


def test_a_signature_longer_than_max_rank_is_missing_and_the_others_are_scored():
    sets = {"long": ["a", "b", "c", "d"], "good": ["a", "c"]}
    method = ns.methods.UCell(max_rank=3)
    with pytest.warns(CoverageWarning) as caught:
        scores = ns.score(X, sets, method=method)
    text = str(caught[0].message)
    assert "ranks 3 of 6 genes" in text
    assert "long (4 genes up)" in text
    assert "max_rank" in text
    assert "missing_genes" in text
    assert scores.values["long"].isna().all()
    assert scores.coverage["status"].to_dict() == {"long": "no_score", "good": "ok"}
    assert scores.values["good"].equals(
        ns.score(X, {"good": sets["good"]}, method=method).values.good
    )


def test_absent_genes_can_make_a_signature_too_long_and_skipping_them_mends_it():
    sets = {"S": ["a", "c", "X", "Y"], "T": ["a", "b"]}
    with pytest.warns(CoverageWarning) as caught:
        assert scored(sets, max_rank=3)["S"].isna().all()
    assert "S (4 genes up)" in str(caught[0].message)
    assert scored(sets, max_rank=3, missing_genes="skip")["S"].notna().all()


def test_a_missing_value_ranks_lowest_and_makes_only_its_signatures_missing():
    holed = X.copy()
    holed.loc["s1", "b"] = np.nan
    with pytest.raises(NonFiniteError):
        scored({"S": ["a", "c"]}, holed)
    for x in (holed, as_sparse(holed)):
        found = scored({"S": ["a", "c"], "T": ["a", "b"]}, x, na="propagate")
        # Without b, c moves up to rank 3: 1 - (4 - 3) / 9.
        assert found.loc["s1", "S"] == pytest.approx(8 / 9, rel=1e-15)
        assert np.isnan(found.loc["s1", "T"])
        assert found.loc["s2"].notna().all()


def test_sparse_and_dense_storage_give_the_same_bits():
    rng = np.random.default_rng(5)
    values = np.log1p(rng.poisson(0.3, (40, 900)) * rng.uniform(1, 2, (40, 1)))
    values[:4] = rng.normal(size=(4, 900))  # too many different values for the table
    x = pd.DataFrame(values, [f"c{i}" for i in range(40)], [f"g{i}" for i in range(900)])
    sets = {"S": [f"g{i}" for i in range(0, 200, 3)], "T": {"up": ["g5", "g7"], "down": ["g9"]}}
    for ties in ("average", "min", "max", "dense"):
        expected = scored(sets, x, max_rank=150, ties=ties)
        assert scored(sets, as_sparse(x), max_rank=150, ties=ties).equals(expected)


@pytest.mark.parametrize(
    "parameters",
    [{"max_rank": 1}, {"w_neg": -0.5}, {"missing_genes": "drop"}, {"ties": "random"}],
)
def test_parameters_that_make_no_sense_are_refused(parameters):
    with pytest.raises(ParameterError):
        ns.methods.UCell(**parameters)
