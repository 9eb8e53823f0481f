"""`assess`: the figures by hand and by scipy, the rules, the storages, and real cohorts."""

import itertools

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

import neurosig as ns
from neurosig.assessment.rules import QualityThresholds, judge, rules_of
from neurosig.errors import CoverageError, ParameterError, ScaleWarning, SignatureError
from neurosig.kernels.set_pairs import mean_of_pairs
from neurosig.keys import Quality


def matrix(n_obs=80, n_genes=400, seed=1):
    """Noise around 7 with ten genes AX0 to AX9 that share half of their variance."""
    rng = np.random.default_rng(seed)
    values = rng.normal(7, 1, size=(n_obs, n_genes))
    values[:, :10] += rng.normal(size=(n_obs, 1))
    names = [f"AX{i}" for i in range(10)] + [f"ZZ{i}" for i in range(n_genes - 10)]
    return pd.DataFrame(values, [f"s{i}" for i in range(n_obs)], names)


AXON = [f"AX{i}" for i in range(10)]


class TestFigures:
    def test_genes_that_rise_together_agree_in_everything(self):
        # Ranks are equal, hence every rho is 1; equal values, hence one component holds all.
        x = pd.DataFrame({g: [1.0, 2, 3, 5] for g in "ABC"} | {"D": [1.0, 1, 1, 2]}, list("wxyz"))
        row = ns.assess(x, {"S": ["A", "B", "C"]}, n_sets=0).table.loc["S"]
        ones = ["correlation", "mean_correlation", "reliability", "pc1_share", "coverage"]
        ones += ["rho_mean_median", "rho_mean_pc1", "rho_median_pc1", "rho_mean_z", "detected"]
        assert row[ones].to_numpy(dtype=float) == pytest.approx(np.ones(len(ones)))
        assert row["dominance"] == pytest.approx(1 / 3)
        assert (row["verdict"], row["reasons"], row["rules"]) == ("ok", "", "")

    def test_dominance_is_the_share_of_a_gene_in_the_variance_of_the_mean(self):
        # Columns at right angles: var(mean) is the sum of the variances / 9, here 9 : 4 : 1.
        x = pd.DataFrame({"A": [3.0, -3, 3, -3], "B": [2.0, 2, -2, -2], "C": [1.0, -1, -1, 1]}) + 9
        row = ns.assess(x.set_axis(list("wxyz")), {"S": list("ABC")}, n_sets=0).table.loc["S"]
        assert row["dominance"] == pytest.approx(9 / 14)
        assert row["dominant_gene"] == "A"
        assert row["mean_correlation"] == pytest.approx(0, abs=1e-12)
        assert row["reliability"] == pytest.approx(0, abs=1e-12)
        assert "A alone makes 64% of the variance of the mean" in row["reasons"]

    def test_the_reliability_grows_with_the_number_of_genes(self):
        # Spearman-Brown: k r / (1 + (k - 1) r); r = 0.2 gives 0.5 for 4 genes.
        x = matrix()
        table = ns.assess(x, {"S": AXON}, n_sets=0).table
        r = table.loc["S", "mean_correlation"]
        assert table.loc["S", "reliability"] == pytest.approx(10 * r / (1 + 9 * r))
        assert 4 * 0.2 / (1 + 3 * 0.2) == 0.5

    def test_correlations_and_the_first_component_are_those_of_scipy_and_numpy(self):
        x = matrix()
        genes = [*AXON[:4], "ZZ1", "ZZ2", "ZZ3"]
        row = ns.assess(x, {"S": genes}, n_sets=0).table.loc["S"]
        pairs = [stats.spearmanr(x[a], x[b])[0] for a, b in itertools.combinations(genes, 2)]
        assert row["correlation"] == pytest.approx(np.median(pairs))
        assert row["mean_correlation"] == pytest.approx(np.mean(pairs))
        eigenvalues = np.linalg.eigvalsh(np.corrcoef(x[genes].T))
        assert row["pc1_share"] == pytest.approx(eigenvalues[-1] / 7)
        mean, median = x[genes].mean(axis=1), x[genes].median(axis=1)
        component = ns.score(x, {"S": genes}, method="pc1").values["S"]
        z = ns.score(x, {"S": genes}, method="zscore").values["S"]
        assert row["rho_mean_median"] == pytest.approx(stats.spearmanr(mean, median)[0])
        assert row["rho_mean_pc1"] == pytest.approx(stats.spearmanr(mean, component)[0])
        assert row["rho_median_pc1"] == pytest.approx(stats.spearmanr(median, component)[0])
        assert row["rho_mean_z"] == pytest.approx(stats.spearmanr(mean, z)[0])

    @pytest.mark.parametrize("n_obs", [40, 120])
    def test_many_genes_have_the_first_component_of_numpy(self, n_obs):
        x = matrix(n_obs)
        genes = list(x.columns[:90])
        row = ns.assess(x, {"S": genes}, n_sets=0).table.loc["S"]
        values = np.linalg.eigvalsh(np.corrcoef(x[genes].T))
        assert row["pc1_share"] == pytest.approx(values[-1] / 90, rel=1e-9)

    def test_a_down_arm_enters_with_the_other_sign(self):
        x = matrix()
        mirrored = x.assign(**{g: 14 - x[g] for g in AXON[5:]})
        plain = ns.assess(x, {"S": AXON}, n_sets=50).table.loc["S"]
        arms = {"S": {"up": AXON[:5], "down": AXON[5:]}}
        turned = ns.assess(mirrored, arms, n_sets=50).table.loc["S"]
        same = ["correlation", "mean_correlation", "pc1_share", "rho_mean_z", "reliability"]
        same += ["rho_mean_pc1"]
        assert turned[same].tolist() == pytest.approx(plain[same].tolist())
        # 5 genes each side: mean(up) - mean(down) is twice the mean of all, turned.
        assert turned["dominance"] == pytest.approx(plain["dominance"])
        wrong = ns.assess(mirrored, {"S": AXON}, n_sets=50).table.loc["S"]
        assert wrong["mean_correlation"] < 0
        assert wrong["verdict"] == "caution"

    def test_coverage_is_counted_and_weighed_and_missing_genes_are_named(self):
        weighted = {"S": {"AX0": 1.0, "AX1": -1.0, "GONE": 2.0, "LOST": -4.0}}
        row = ns.assess(matrix(), weighted, n_sets=0, min_coverage=0.4).table.loc["S"]
        assert (row["n_genes"], row["n_found"], row["coverage"]) == (4, 2, 0.5)
        assert row["weight_coverage"] == 0.25  # (1 + 1) / 8
        assert row["missing_genes"] == "GONE;LOST"
        assert (row["verdict"], row["rules"]) == ("refuse", "low_weight_coverage")
        assert row["reasons"] == (
            "the genes in the matrix carry 25% of the weight; at least 40% is asked for"
        )

    def test_detected_and_low_variance_are_shares_of_the_genes_found(self):
        # 20 genes of which five are constant: the first quartile of the deviations is 0 or more.
        x = matrix(n_obs=200, n_genes=20)
        x.loc[:, ["ZZ0", "ZZ1", "ZZ2", "ZZ3", "ZZ4"]] = 0.0
        x.loc["s0", "ZZ4"] = 3.0  # in 1 of 200: not in more than 1 %
        sets = {"S": ["AX0", "AX1", "ZZ0", "ZZ4"], "T": ["ZZ0", "ZZ1", "ZZ2", "AX0"]}
        table = ns.assess(x, sets, n_sets=0).table
        assert table["n_detected"].tolist() == [2, 1]
        assert table["detected"].tolist() == [0.5, 0.25]
        assert table["low_variance"].tolist() == [0.5, 0.75]
        assert table["n_varying"].tolist() == [3, 1]
        assert table.loc["T", "rules"] == "not_measured"
        assert table.loc["T", "reasons"].startswith(
            "1 of 4 genes found are expressed in more than 1.0% of the 200 observations"
        )

    def test_where_a_quarter_of_all_genes_is_constant_they_are_those_of_low_variance(self):
        x = matrix(n_genes=40)
        x.loc[:, [f"ZZ{i}" for i in range(15)]] = 0.0
        table = ns.assess(x, {"S": ["ZZ1", "ZZ2", "AX0", "AX1"]}, n_sets=0).table
        assert table.loc["S", "low_variance"] == 0.5

    def test_values_around_zero_do_not_say_what_is_expressed(self):
        x = matrix()
        table = ns.assess(x - x.mean(), {"S": AXON, "T": ["AX0", "ZZ1", "ZZ2"]}, n_sets=0).table
        assert table[["n_detected", "detected"]].isna().all(axis=None)
        assert table.loc["S", "verdict"] == "ok"

    def test_missing_values_count_as_the_average_of_their_gene(self):
        x = matrix()
        holes = x.mask(np.random.default_rng(0).random(x.shape) < 0.02)
        whole = ns.assess(holes.fillna(holes.mean()), {"S": AXON}).table
        with_holes = ns.assess(holes, {"S": AXON}).table
        same = ["correlation", "pc1_share", "rho_mean_z", "dominance"]
        assert with_holes[same].loc["S"].tolist() == pytest.approx(whole[same].loc["S"].tolist())

    def test_one_or_no_gene_gives_no_figures_and_no_error(self):
        table = ns.assess(matrix(), {"one": ["AX0", "GONE"], "none": ["GONE"]}).table
        assert table["verdict"].tolist() == ["refuse", "refuse"]
        assert table[["correlation", "pc1_share", "percentile"]].isna().all(axis=None)


class TestRandomSets:
    def test_the_mean_over_pairs_is_that_of_the_triangle_of_the_signed_matrix(self):
        rng = np.random.default_rng(2)
        correlations = np.corrcoef(rng.normal(size=(30, 12)).T)
        sets = np.array([[0, 3, 7, 8], [11, 2, 5, 6]])
        signs = np.array([1.0, -1.0, -1.0, 1.0])
        expected = []
        for genes in sets:
            signed = correlations[np.ix_(genes, genes)] * np.outer(signs, signs)
            expected.append(signed[np.triu_indices(4, k=1)].mean())
        assert mean_of_pairs(correlations, sets, signs) == pytest.approx(np.array(expected))

    def test_genes_that_go_together_are_above_all_random_sets(self):
        assert ns.assess(matrix(), {"S": AXON}).table.loc["S", "percentile"] == 1.0

    def test_random_genes_are_anywhere_among_random_sets(self):
        x = matrix(n_genes=600)
        rng = np.random.default_rng(3)
        sets = {f"R{i}": list(rng.choice(x.columns[10:], 12, replace=False)) for i in range(60)}
        percentiles = ns.assess(x, sets).table["percentile"]
        # Uniform: mean 1/2 with standard error sqrt(1/12/60) = 0.037.
        assert percentiles.mean() == pytest.approx(0.5, abs=3 * 0.037)
        assert stats.kstest(percentiles, "uniform").pvalue > 0.001

    def test_the_seed_fixes_them_and_other_signatures_do_not_matter(self):
        x = matrix()
        sets = {"S": [*AXON[:2], "ZZ1", "ZZ2", "ZZ3"], "T": ["ZZ5", "ZZ6", "ZZ7"]}
        both = ns.assess(x, sets, seed=5).table
        alone = ns.assess(x, {"T": sets["T"]}, seed=5).table
        pd.testing.assert_frame_equal(both.loc[["T"]], alone)
        again = ns.assess(x, sets, seed=5).table
        pd.testing.assert_frame_equal(both, again)
        assert (
            both["percentile"].tolist() != ns.assess(x, sets, seed=6).table["percentile"].tolist()
        )

    def test_neither_the_order_of_genes_nor_that_of_observations_matters(self):
        x = matrix()
        sets = {"S": [*AXON[:3], "ZZ1", "ZZ2"]}
        there = ns.assess(x, sets).table
        back = ns.assess(x.iloc[::-1, ::-1], sets).table
        pd.testing.assert_frame_equal(there, back, rtol=1e-9)

    def test_none_are_drawn_when_none_are_wanted_or_too_few_genes_are_there(self):
        x = matrix()
        assert np.isnan(ns.assess(x, {"S": AXON}, n_sets=0).table.loc["S", "percentile"])
        few = x.iloc[:, :15]  # no 20 genes to draw from
        assert np.isnan(ns.assess(few, {"S": AXON}).table.loc["S", "percentile"])


class TestStorage:
    def test_every_storage_gives_the_same_table(self, tmp_path):
        rng = np.random.default_rng(4)
        x = matrix().mask(rng.random((80, 400)) < 0.6, 0.0)
        sets = {"S": AXON, "T": ["ZZ1", "ZZ2", "ZZ3"]}
        expected = ns.assess(x, sets).table
        csr = anndata.AnnData(sparse.csr_matrix(x.to_numpy()), pd.DataFrame(index=x.index))
        csr.var_names = x.columns
        csr.write_h5ad(tmp_path / "x.h5ad")
        backed = anndata.read_h5ad(tmp_path / "x.h5ad", backed="r")
        in_file = ns.read_expression(tmp_path / "x.h5ad")
        for other in (csr, backed, in_file):
            pd.testing.assert_frame_equal(ns.assess(other, sets).table, expected)
        backed.file.close()

    def test_a_dask_array_gives_the_same_table(self):
        array = pytest.importorskip("dask.array")
        x = matrix()
        lazy = anndata.AnnData(
            array.from_array(x.to_numpy(), chunks=(17, 400)),
            pd.DataFrame(index=x.index),
            pd.DataFrame(index=x.columns),
        )
        expected = ns.assess(x, {"S": AXON}).table
        pd.testing.assert_frame_equal(ns.assess(lazy, {"S": AXON}).table, expected)

    def test_blocks_of_any_size_give_the_same_table(self, monkeypatch):
        x = matrix()
        expected = ns.assess(x, {"S": AXON}, max_obs=30).table
        monkeypatch.setattr("neurosig.expression.base.BLOCK_BYTES", 8 * 400 * 7)
        monkeypatch.setattr(
            "neurosig.expression.columns.WithGenes.bounds",
            lambda self, _bytes=0: [(i, min(i + 7, 80)) for i in range(0, 80, 7)],
        )
        pd.testing.assert_frame_equal(ns.assess(x, {"S": AXON}, max_obs=30).table, expected)

    def test_of_many_observations_a_stated_number_is_looked_at(self):
        x = matrix(n_obs=400)
        part = ns.assess(x, {"S": AXON}, max_obs=200)
        whole = ns.assess(x, {"S": AXON})
        assert part.table.loc["S", "n_obs"] == part.provenance["n_obs"] == 200
        assert whole.table.loc["S", "n_obs"] == 400
        # The standard error of a mean of 45 correlations of 0.5 over 200 is below 0.06.
        difference = part.table["mean_correlation"] - whole.table["mean_correlation"]
        assert 0 < abs(difference.iloc[0]) < 0.12

    def test_the_input_is_not_changed(self):
        x = matrix()
        before = x.copy()
        ns.assess(x, {"S": AXON})
        pd.testing.assert_frame_equal(x, before)


GOOD = {
    Quality.N_GENES: 20,
    Quality.N_FOUND: 18,
    Quality.N_NEEDED: 3,
    Quality.COVERAGE: 0.9,
    Quality.WEIGHT_COVERAGE: 0.9,
    Quality.N_DETECTED: 18,
    Quality.DETECTED: 1.0,
    Quality.N_VARYING: 18,
    Quality.LOW_VARIANCE: 0.2,
    Quality.CORRELATION: 0.3,
    Quality.MEAN_CORRELATION: 0.3,
    Quality.PERCENTILE: 1.0,
    Quality.RELIABILITY: 0.9,
    Quality.PC1_SHARE: 0.4,
    Quality.RHO_MEAN_MEDIAN: 0.9,
    Quality.RHO_MEAN_PC1: 0.9,
    Quality.RHO_MEDIAN_PC1: 0.9,
    Quality.RHO_MEAN_Z: 0.95,
    Quality.DOMINANCE: 0.1,
    Quality.DOMINANT_GENE: "NGF",
    Quality.N_OBS: 100,
}
RULES = rules_of(QualityThresholds(), min_coverage=0.5, n_sets=200)


class TestRules:
    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    def test_a_rule_fires_beyond_its_threshold_and_not_at_it(self, rule):
        line = rule.line(GOOD)
        step = -0.01 if rule.is_floor else 0.01
        beyond = judge(GOOD | {rule.metric: line + step}, RULES)
        assert beyond[Quality.RULES].split(";")[0] == rule.name
        assert beyond[Quality.VERDICT] == rule.verdict
        at = judge(GOOD | {rule.metric: line}, RULES)
        assert rule.name not in at[Quality.RULES].split(";")

    def test_a_value_that_is_not_defined_fires_nothing(self):
        undefined = {rule.metric for rule in RULES if rule.metric[:2] != "n_"}
        row = GOOD | {name: float("nan") for name in undefined}
        assert judge(row, RULES)[Quality.VERDICT] == "ok"

    def test_structure_alone_never_refuses(self):
        worst = {
            Quality.CORRELATION: -0.2,
            Quality.MEAN_CORRELATION: -0.1,
            Quality.PERCENTILE: 0.0,
            Quality.RELIABILITY: -3.0,
            Quality.RHO_MEAN_MEDIAN: -1.0,
            Quality.RHO_MEAN_PC1: -1.0,
            Quality.RHO_MEAN_Z: -1.0,
            Quality.DOMINANCE: 1.0,
            Quality.LOW_VARIANCE: 1.0,
        }
        assert judge(GOOD | worst, RULES)[Quality.VERDICT] == "caution"

    def test_all_cautions_are_told_and_only_the_first_refusal(self):
        two = judge(GOOD | {Quality.RELIABILITY: 0.1, Quality.RHO_MEAN_Z: 0.2}, RULES)
        assert two[Quality.RULES] == "unreliable;standardising_matters"
        one = judge(GOOD | {Quality.COVERAGE: 0.1, Quality.RELIABILITY: 0.1}, RULES)
        assert one[Quality.RULES] == "low_coverage"

    def test_thresholds_are_parameters_and_are_shown(self):
        lines = QualityThresholds(min_reliability=0.99)
        result = ns.assess(matrix(), {"S": AXON}, thresholds=lines)
        assert result.table.loc["S", "rules"] == "unreliable"
        assert result.ids("caution") == ("S",)
        assert result.ids("ok", "refuse") == ()
        rules = result.rules.set_index("rule")
        assert rules.loc["unreliable", ["metric", "fires", "threshold", "verdict"]].tolist() == [
            "reliability",
            "below",
            "0.99",
            "caution",
        ]
        assert result.provenance["thresholds"]["min_reliability"] == 0.99


class TestBadInput:
    def test_no_overlap_shows_both_sides(self):
        with pytest.raises(CoverageError, match="None of the genes"):
            ns.assess(matrix(), {"S": ["NGF", "NTRK1"]})

    def test_no_signature_is_refused(self):
        with pytest.raises(SignatureError, match="no signatures to assess"):
            ns.assess(matrix(), {})

    @pytest.mark.parametrize(
        "option", [{"n_sets": -1}, {"max_obs": 2}, {"min_coverage": 2.0}, {"seed": -1}]
    )
    def test_options_out_of_range_are_named(self, option):
        with pytest.raises(ParameterError, match=rf"assess\.{next(iter(option))} cannot be"):
            ns.assess(matrix(), {"S": AXON}, **option)

    def test_a_threshold_out_of_range_is_named(self):
        with pytest.raises(ParameterError, match=r"QualityThresholds\.max_dominance cannot be 2"):
            QualityThresholds(max_dominance=2.0)

    def test_linear_values_are_warned_about(self):
        with pytest.warns(ScaleWarning, match="linear values"):
            ns.assess(2 ** matrix(), {"S": AXON})


@pytest.mark.data
class TestRealCohorts:
    def test_receptors_are_refused_where_two_of_them_are_measured(self, shared_data):
        x = pd.read_parquet(shared_data / "tcga_paad_pdac130" / "expression.parquet").T
        receptors = ns.load_signatures(ids=["NTR.ALL111", "GO.AXONOGENESIS"])
        table = ns.assess(ns.transform(x, "log2p1"), receptors).table
        assert table.loc["NTR.ALL111", ["verdict", "n_found", "n_genes"]].tolist() == [
            "refuse",
            2,
            111,
        ]
        assert table.loc["NTR.ALL111", "reasons"] == (
            "2 of 111 genes are in the matrix (2%); at least 50% have to be"
        )

    def test_a_large_set_of_a_function_is_a_caution_at_most_and_immune_genes_are_fine(
        self, shared_data
    ):
        x = pd.read_parquet(shared_data / "tcga_acc_rnaseq" / "expression.parquet").T
        sets = ns.load_signatures(
            ids=["GO.AXONOGENESIS", "GO.AXON_GUIDANCE", "IMM.ESTIMATE_IMMUNE"]
        )
        table = ns.assess(ns.transform(x, "log2p1"), sets).table
        assert "refuse" not in table["verdict"].tolist()
        assert table.loc["IMM.ESTIMATE_IMMUNE", "verdict"] == "ok"

    def test_receptors_that_cells_do_not_show_are_refused_in_single_cells(self, shared_data):
        path = shared_data / "sc_wu2021_tnbc_cid4465" / "sc_wu2021_tnbc_cid4465.h5ad"
        cells = ns.transform(ns.read_expression(path), "log2cpm")
        sets = ns.load_signatures(ids=["NTR.ALL111", "HALLMARK.E2F_TARGETS"])
        table = ns.assess(cells, sets).table
        assert table["verdict"].tolist() == ["refuse", "ok"]
        assert table.loc["NTR.ALL111", "rules"] == "hardly_detected"


@pytest.mark.parametrize("n_obs", [1, 2])
def test_few_observations_are_a_caution(n_obs):
    row = ns.assess(matrix(n_obs=n_obs), {"S": AXON}, n_sets=0).table.loc["S"]
    assert "too_few_observations" in row["rules"]
    assert f"cannot be judged by {n_obs} observations" in row["reasons"]
    assert row["verdict"] != "ok"
