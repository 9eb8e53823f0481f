"""Module scores on numbers small enough to check with a pencil."""

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import neurosig as ns
from neurosig.errors import CoverageWarning, ParameterError
from neurosig.kernels.gene_totals import add_dense, add_sparse
from neurosig.methods.control_genes import Bins, draw_like_scanpy, draw_like_seurat, seurat_bins

GENES = list("abcdefgh")
# Averages over both cells: a 1, b 2, c 3, d 4, e 5, f 6, g 7, h 8.
X = pd.DataFrame(
    [[0.5, 2, 4, 3, 5.5, 5, 9, 7], [1.5, 2, 2, 5, 4.5, 7, 5, 9]], index=["c1", "c2"], columns=GENES
)


def scored(sets, x=X, **parameters) -> pd.DataFrame:
    return ns.score(x, sets, method=ns.methods.ModuleScore(**parameters), min_genes=1).values


def as_sparse(x: pd.DataFrame) -> anndata.AnnData:
    return anndata.AnnData(
        scipy.sparse.csr_matrix(x.to_numpy()),
        obs=pd.DataFrame(index=list(x.index)),
        var=pd.DataFrame(index=list(x.columns)),
    )


def test_scanpys_rule_with_bins_that_are_used_whole():
    """8 genes, n_bins = 3: steps of 8 / 2 = 4. Rank // 4: a b c in bin 0, d e f g in 1, h in 2.
    S = {a, d}: controls b c and e f g. c1: (0.5 + 3) / 2 - (2 + 4 + 5.5 + 5 + 9) / 5 = -3.35,
    c2: (1.5 + 5) / 2 - (2 + 2 + 4.5 + 7 + 5) / 5 = -0.85."""
    found = scored({"S": ["a", "d"]}, n_bins=3)["S"]
    np.testing.assert_allclose(found, [-3.35, -0.85], rtol=0, atol=1e-15)


def test_seurats_rule_keeps_the_genes_themselves_among_the_controls():
    """Quantiles of 1..8 at 0, 1/2, 1: 1, 4.5, 8, so bins abcd and efgh. S = {a, d}: the controls
    are a b c d. c1: 1.75 - 9.5 / 4 = -0.625, c2: 3.25 - 10.5 / 4 = 0.625."""
    found = scored({"S": ["a", "d"]}, rule="seurat", n_bins=2, ctrl_size=4)["S"]
    assert found.tolist() == [-0.625, 0.625]


def test_an_up_and_a_down_arm_have_their_own_controls():
    """Bins abc, defg and h as above. Up {a}: controls b c; down {g}: controls d e f.
    c1: (0.5 - 3) - (9 - 4.5) = -7, c2: (1.5 - 2) - (5 - 5.5) = 0."""
    found = scored({"S": {"up": ["a"], "down": ["g"]}}, n_bins=3)["S"]
    np.testing.assert_allclose(found, [-7.0, 0.0], rtol=0, atol=1e-15)


def test_genes_of_the_set_leave_the_controls_before_or_after_the_draw():
    """One of two genes is drawn; the other is the set's. Before: it is always the control. After:
    where the set's own gene is drawn, no control is left."""
    bins = Bins.of(np.array([0, 0]), np.array([True, True]))
    own = np.array([0])
    before = [draw_like_scanpy(own, bins, 1, seed, ctrl_as_ref=False).tolist() for seed in range(9)]
    after = [draw_like_scanpy(own, bins, 1, seed, ctrl_as_ref=True).tolist() for seed in range(9)]
    assert before == [[1]] * 9
    assert [1] in after
    assert [] in after


def test_given_controls_replace_the_draw_and_make_the_score_one_of_the_sample():
    """c1: (0.5 + 2) / 2 - (9 + 7) / 2 = -6.75."""
    parameters = {"controls": {"S": ("g", "h")}}
    assert scored({"S": ["a", "b"]}, **parameters).loc["c1", "S"] == -6.75
    assert scored({"S": ["a", "b"]}, X.loc[["c1"]], **parameters).loc["c1", "S"] == -6.75
    assert ns.methods.ModuleScore(**parameters).scope == "sample"
    assert ns.methods.ModuleScore().scope == "cohort"
    assert "other_samples" in ns.methods.ModuleScore(**parameters).invariant_to


def test_controls_come_from_a_configuration_as_lists():
    from neurosig.methods.registry import get_method

    method = get_method("module_score", {"controls": {"S": ["g", "h"]}})
    assert ns.score(X, {"S": ["a", "b"]}, method=method).values.loc["c1", "S"] == -6.75
    assert method.parameters()["controls"] == {"S": ("g", "h")}


def test_controls_that_are_missing_or_absent_are_refused_by_name():
    with pytest.raises(ParameterError, match=r"no control genes for 1 signature.*'T'"):
        scored({"S": ["a"], "T": ["b"]}, controls={"S": ("g",)})
    with pytest.raises(ParameterError, match=r"1 control gene of 'S' is not in the data.*'NOPE'"):
        scored({"S": ["a"]}, controls={"S": ("g", "NOPE")})


def test_more_controls_than_a_bin_of_seurats_rule_holds_are_refused_with_its_size():
    with pytest.raises(ParameterError, match=r"Bin 1 has 4 genes.*ctrl_size=4"):
        scored({"S": ["a"]}, rule="seurat", n_bins=2, ctrl_size=5)


def test_averages_that_cannot_be_cut_into_bins_are_refused():
    with pytest.raises(ParameterError, match=r"cannot be cut into 4 bins.*2 different averages"):
        seurat_bins(np.array([1.0] * 7 + [2.0]), 4, seed=0)


def test_an_average_on_the_edge_of_two_bins_of_seurats_rule_is_in_the_upper_one():
    """Quantiles of 1..5 at 0, 1/2, 1: 1, 3, 5; R cuts with right = FALSE, so [1, 3) and [3, 5]."""
    assert seurat_bins(np.arange(1.0, 6.0), 2, seed=0).of_gene.tolist() == [0, 0, 1, 1, 1]


def test_genes_that_are_zero_everywhere_spread_over_bins_by_the_seed():
    means = np.concatenate([np.zeros(60), np.arange(1.0, 41.0)])
    first = seurat_bins(means, 10, seed=0).of_gene
    assert np.bincount(first).tolist() == [10] * 10
    assert (seurat_bins(means, 10, seed=0).of_gene == first).all()
    assert (seurat_bins(means, 10, seed=1).of_gene[:60] != first[:60]).any()
    assert (seurat_bins(means, 10, seed=1).of_gene[60:] == first[60:]).all()


def test_a_signature_that_fills_its_bins_has_no_controls_and_no_score():
    sets = {"S": ["a", "b", "c"], "T": ["a", "d", "e"]}
    with pytest.warns(CoverageWarning) as caught:
        scores = ns.score(X, sets, method=ns.methods.ModuleScore(n_bins=3))
    assert any("no control genes" in str(w.message) and "'S'" in str(w.message) for w in caught)
    assert scores.values["S"].isna().all()
    assert scores.values["T"].notna().all()
    assert scores.coverage.loc["S", "status"] == "no_score"


def random_cells(n_genes: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    values = rng.gamma(1.0, 1.0, (12, n_genes))
    values[rng.random(values.shape) < 0.5] = 0.0
    return pd.DataFrame(
        values, index=[f"c{i}" for i in range(12)], columns=[f"g{i}" for i in range(n_genes)]
    )


@pytest.mark.parametrize("rule", ["scanpy", "seurat"])
def test_the_seed_fixes_the_draw_whatever_else_is_scored(rule):
    x = random_cells()
    sets = {"S": ["g1", "g2", "g3"], "T": ["g4", "g5", "g6"]}
    options = {"rule": rule, "ctrl_size": 4, "n_bins": 6}
    found = scored(sets, x, **options)
    assert scored(sets, x, **options).equals(found)
    assert scored({"T": sets["T"]}, x, **options)["T"].equals(found["T"])
    assert not scored(sets, x, seed=1, **options)["S"].equals(found["S"])


def test_the_order_of_genes_takes_part_in_the_draw():
    x, sets = random_cells(), {"S": ["g1", "g2", "g3"]}
    turned = scored(sets, x.iloc[:, ::-1], ctrl_size=4, n_bins=6)
    assert not np.allclose(turned, scored(sets, x, ctrl_size=4, n_bins=6))
    assert "gene_order" not in ns.methods.ModuleScore().invariant_to


def test_a_missing_control_is_left_out_of_its_mean_dense_or_sparse():
    """c1 without g: control mean of S is that of h alone, 7; c1: 0.5 - 7. T holds g itself."""
    x = X.copy()
    x.loc["c1", "g"] = np.nan
    parameters = {"controls": {"S": ("g", "h"), "T": ("h",)}, "na": "propagate"}
    for data in (x, as_sparse(x)):
        found = scored({"S": ["a"], "T": ["g"]}, data, **parameters)
        assert found["S"].tolist() == [-6.5, 1.5 - 7.0]
        np.testing.assert_array_equal(found["T"], [np.nan, -4.0])


def test_a_gene_that_is_missing_in_all_cells_is_in_no_bin():
    x = X.copy()
    x["b"] = np.nan
    # 7 averages in steps of round(7 / 2) = 4: a c d in bin 0, e f g h in 1. S = {a}: c and d.
    found = scored({"S": ["a"]}, x, n_bins=3, na="propagate")["S"]
    assert found.tolist() == [0.5 - 3.5, 1.5 - 3.5]


@pytest.mark.parametrize("is_sparse", [False, True])
def test_gene_totals_do_not_depend_on_the_order_of_the_cells_to_the_last_bit(is_sparse):
    rng = np.random.default_rng(2)
    x = np.log1p(rng.poisson(0.7, (400, 50)).astype(float)) * 10.0 ** rng.integers(-3, 4, (400, 1))
    sums = []
    for rows in (x, x[::-1].copy(), x[rng.permutation(400)]):
        totals, lost, n_missing = np.zeros(50), np.zeros(50), np.zeros(50, dtype=np.int64)
        if is_sparse:
            csr = scipy.sparse.csr_matrix(rows)
            add_sparse(csr.indices, csr.data, totals, lost, n_missing)
        else:
            add_dense(rows, totals, lost, n_missing)
        sums.append(totals + lost)
    np.testing.assert_array_equal(sums[1], sums[0])
    np.testing.assert_array_equal(sums[2], sums[0])
    # The twin: sums of exact fractions, rounded once.
    from math import fsum

    np.testing.assert_array_equal(sums[0], [fsum(column) for column in x.T])


def test_a_draw_of_seurats_rule_has_each_control_once():
    bins = Bins.of(np.repeat([0, 1], 10), np.ones(20, dtype=bool))
    drawn = draw_like_seurat(np.array([0, 1, 2]), bins, 8, seed=5)
    assert len(np.unique(drawn)) == len(drawn)
    assert drawn.max() < 10
