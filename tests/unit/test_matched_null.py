"""Empirical p-values against random sets of the same size and like expression."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from anndata import AnnData
from scipy.stats import hypergeom, kstest

import neurosig as ns
from neurosig.errors import ParameterError
from neurosig.kernels.draws import draw_from_bins

GENES = [f"g{i:03d}" for i in range(200)]


def table(n_obs=12, seed=3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    means = np.linspace(0, 8, len(GENES))
    values = rng.gamma(2.0, 1.0, (n_obs, len(GENES))) + means
    return pd.DataFrame(values, [f"s{i}" for i in range(n_obs)], GENES)


def p_values(x, sets, **options) -> pd.DataFrame:
    found = ns.score(x, sets, **options).pvalues
    assert found is not None
    return found


def test_without_a_null_there_are_no_p_values():
    assert ns.score(table(), {"S": GENES[:5]}, method="mean").pvalues is None


def test_the_p_value_of_one_top_gene_is_its_place_among_all_genes():
    """One bin, so a random set is one of 200 genes: three of them are as high as g197."""
    x = pd.DataFrame([np.arange(200.0) / 10], ["s"], GENES)
    null = ns.MatchedNull(n_sets=20_000, n_bins=1)
    p = p_values(x, {"S": ["g197"]}, method="mean", null=null).loc["s", "S"]
    deviation = math.sqrt(0.015 * 0.985 / 20_000)
    assert abs(p - 3 / 200) < 4 * deviation


def test_two_genes_are_drawn_without_replacement():
    """Both of the two highest genes: 1 of the 4,950 pairs of 100 genes scores as high."""
    x = pd.DataFrame([np.r_[np.zeros(98), 1.0, 1.0]], ["s"], GENES[:100])
    null = ns.MatchedNull(n_sets=40_000, n_bins=1)
    p = p_values(x, {"S": GENES[98:100]}, method="mean", null=null).loc["s", "S"]
    expected = hypergeom.pmf(2, 100, 2, 2)
    assert abs(p - expected) < 5 * math.sqrt(expected / 40_000)


def test_random_genes_are_of_the_same_average_expression():
    """With 10 bins of 20 genes, a gene is replaced by one of the 20 nearest in the mean."""
    x = pd.DataFrame([np.arange(200.0) / 10] * 2, ["s", "t"], GENES)
    null = ns.MatchedNull(n_sets=5_000, n_bins=10)
    p = p_values(x, {"top of its bin": ["g059"], "bottom": ["g040"]}, method="mean", null=null)
    assert abs(p.loc["s", "top of its bin"] - 1 / 20) < 0.015
    assert p.loc["s", "bottom"] == 1.0


def test_p_values_of_random_signatures_are_uniform():
    """300 random signatures in one sample, by Kolmogorov and Smirnov."""
    x = table(1)
    rng = np.random.default_rng(8)
    sets = {f"r{i}": rng.choice(GENES, 8, replace=False).tolist() for i in range(300)}
    null = ns.MatchedNull(n_sets=199, n_bins=1)
    p = p_values(x, sets, method="mean", null=null).loc["s0"]
    assert kstest(p, "uniform").pvalue > 0.001


@pytest.mark.parametrize("method", ["zscore", "gsva", "ucell", "module_score", "singscore"])
def test_a_planted_signature_is_found_and_a_random_one_is_not(method):
    """Genes that rise together in the first four samples, of all levels of expression."""
    x = table(16)
    planted = GENES[5::20]
    x.loc[x.index[:4], planted] += 12.0
    options = {"module_score": ns.methods.ModuleScore(ctrl_size=5)}
    sets = {"planted": planted, "random": GENES[7::21]}
    null = ns.MatchedNull(n_sets=199)
    p = p_values(x, sets, method=options.get(method, method), null=null)
    assert (p.loc[x.index[:4], "planted"] <= 0.05).all()
    assert p["random"].mean() > 0.15


def test_the_seed_fixes_the_p_values_and_another_changes_them():
    x, sets = table(), {"S": GENES[20:30]}
    null = ns.MatchedNull(n_sets=50)
    first = p_values(x, sets, method="ssgsea", null=null, seed=1)
    pd.testing.assert_frame_equal(first, p_values(x, sets, method="ssgsea", null=null, seed=1))
    assert not first.equals(p_values(x, sets, method="ssgsea", null=null, seed=2))


def test_p_values_do_not_depend_on_other_signatures_names_gene_order_threads_or_groups(monkeypatch):
    from neurosig import matched_null, random_sets
    from neurosig.expression import base

    x = table()
    sets = {"S": GENES[20:30], "T": {"up": GENES[40:44], "down": GENES[90:95]}}
    null = ns.MatchedNull(n_sets=60)
    expected = p_values(x, sets, method="mean", null=null)
    alone = p_values(x, {"other name": GENES[20:30]}, method="mean", null=null)
    assert (alone["other name"] == expected["S"]).all()
    reversed_genes = p_values(x.iloc[:, ::-1], sets, method="mean", null=null)
    pd.testing.assert_frame_equal(reversed_genes, expected)
    monkeypatch.setattr(random_sets, "GROUP_BYTES", 5_000)
    monkeypatch.setattr(matched_null, "SCORES_BYTES", 1_000)
    monkeypatch.setattr(
        base.Expression,
        "bounds",
        lambda self, max_bytes=0: [(i, min(i + 5, self.n_obs)) for i in range(0, self.n_obs, 5)],
    )
    pd.testing.assert_frame_equal(p_values(x, sets, method="mean", null=null, n_jobs=3), expected)


def test_sparse_and_dense_give_the_same_p_values():
    x = table()
    x[x < 4] = 0.0
    sets = {"S": GENES[100:110]}
    null = ns.MatchedNull(n_sets=60)
    sparse = AnnData(
        scipy.sparse.csr_matrix(x.to_numpy()),
        obs=pd.DataFrame(index=x.index),
        var=pd.DataFrame(index=x.columns),
    )
    for method in ("ucell", "ssgsea"):
        expected = p_values(x, sets, method=method, null=null)
        assert (p_values(sparse, sets, method=method, null=null) == expected).all(axis=None)


def test_p_values_are_saved_and_come_back(tmp_path):
    scores = ns.score(table(), {"S": GENES[:9]}, method="mean", null=ns.MatchedNull(n_sets=20))
    scores.save(tmp_path / "scores.h5ad")
    loaded = ns.Scores.load(tmp_path / "scores.h5ad")
    np.testing.assert_array_equal(loaded.pvalues, scores.pvalues)
    assert loaded.provenance["null"] == {"matched": {"n_sets": 20, "n_bins": 25}, "seed": 0}


def test_a_missing_score_has_no_p_value():
    x = table()
    x.iloc[2, 5] = np.nan
    method = ns.methods.Mean(na="propagate")
    p = p_values(
        x, {"S": GENES[:9], "T": GENES[9:18]}, method=method, null=ns.MatchedNull(n_sets=9)
    )
    assert np.isnan(p.loc["s2", "S"])
    assert p["T"].notna().all()


@pytest.mark.parametrize(("null", "said"), [("random", "'random'"), (True, "True"), (5, "5")])
def test_another_null_is_refused(null, said):
    with pytest.raises(ParameterError, match=f"null cannot be {said}"):
        ns.score(table(), {"S": GENES[:9]}, null=null)


def test_a_count_of_no_sets_is_refused():
    with pytest.raises(ParameterError, match="n_sets cannot be 0"):
        ns.MatchedNull(n_sets=0)
    with pytest.raises(ParameterError, match="seed cannot be -1"):
        ns.score(table(), {"S": GENES[:9]}, seed=-1)


def test_draws_from_bins_are_distinct_members_of_their_bins():
    """The obvious twin: every draw is looked at."""
    members = np.array([3, 1, 0, 2, 9, 7, 8], dtype=np.int64)
    starts = np.array([0, 4, 7], dtype=np.int64)
    bin_of = np.array([0, 1, 0, 1, 1], dtype=np.int64)
    uniform = np.random.default_rng(0).random((500, 5))
    uniform[0] = np.nextafter(1.0, 0.0)
    drawn = draw_from_bins(uniform, bin_of, starts, members)
    for row in drawn.tolist():
        assert set(row[0::2][:2]) <= {0, 1, 2, 3}
        assert sorted(row[i] for i in (1, 3, 4)) == [7, 8, 9]
        assert len(set(row)) == 5
    counts = np.bincount(drawn[:, 0], minlength=10)[:4]
    assert counts.min() > 90  # 125 expected
