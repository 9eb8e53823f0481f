"""Correlations with scipy's and R's numbers, by hand, and what `confounding` makes of them."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import neurosig as ns
from neurosig.errors import AlignmentError, ClinicalError, ClinicalWarning, ParameterError
from neurosig.outcomes.confounders.control_sets import catalogue_controls
from neurosig.outcomes.regression.correlation import rank_correlations, spearman

RNG = np.random.default_rng(7)


class TestCorrelation:
    def test_rho_and_p_are_those_of_scipy_with_ties(self):
        for n in (5, 20, 200):
            x, y = RNG.integers(0, 6, n).astype(float), RNG.normal(size=n)
            y += x
            expected = stats.spearmanr(x, y)
            found = spearman(x, y)
            assert (found.rho, found.p_value) == pytest.approx(tuple(expected), rel=1e-10)
            assert found.n == n

    def test_the_interval_is_that_of_bonett_and_wright_by_hand(self):
        # n = 28, rho = 0.5: z = 0.549306, se = sqrt((1 + 0.125) / 25) = 0.212132,
        # 0.549306 -+ 1.959964 * 0.212132 = 0.133535, 0.965077; tanh: 0.13275, 0.74653.
        from neurosig.outcomes.regression.correlation import _interval

        assert _interval(0.5, 28, 0.95) == pytest.approx((0.13275, 0.74653), abs=1e-5)

    def test_missing_values_take_their_rows_out(self):
        x, y = RNG.normal(size=30), RNG.normal(size=30)
        x[3], y[4] = np.nan, np.nan
        keep = ~np.isnan(x + y)
        assert spearman(x, y)[:4] == pytest.approx(spearman(x[keep], y[keep])[:4])
        assert spearman(x, y).n == 28

    @pytest.mark.parametrize("values", [np.ones(20), np.full(20, np.nan), np.arange(20.0)])
    def test_what_is_not_defined_is_missing(self, values):
        found = spearman(values, np.arange(20.0))
        if np.isnan(values).all() or np.ptp(values) == 0:
            assert np.isnan(found[:4]).all()
        else:  # a perfect correlation has no interval
            assert (found.rho, found.p_value) == (1.0, 0.0)
            assert np.isnan([found.ci_low, found.ci_high]).all()

    def test_a_partial_correlation_is_that_of_the_formula_for_one_column(self):
        # (r_xy - r_xz r_yz) / sqrt((1 - r_xz^2)(1 - r_yz^2)) of the rank correlations
        z = RNG.normal(size=60)
        x, y = z + RNG.normal(size=60), z + RNG.normal(size=60)
        xy, xz, yz = (stats.spearmanr(a, b)[0] for a, b in itertools.combinations((x, y, z), 2))
        expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
        found = spearman(x, y, z[:, None])
        assert found.rho == pytest.approx(expected, rel=1e-12)
        t = expected * np.sqrt((60 - 3) / (1 - expected**2))
        assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), 57))
        half = 1.959963984540054 * np.sqrt((1 + expected**2 / 2) / (60 - 4))
        assert found.ci_high == pytest.approx(np.tanh(np.arctanh(expected) + half))

    def test_a_partial_correlation_given_two_is_that_of_the_inverse_matrix(self):
        # -P_xy / sqrt(P_xx P_yy), P the inverse of the correlation matrix of the ranks
        data = RNG.normal(size=(80, 4)) @ RNG.normal(size=(4, 4))
        precision = np.linalg.inv(stats.spearmanr(data)[0])
        expected = -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])
        assert spearman(data[:, 0], data[:, 1], data[:, 2:]).rho == pytest.approx(expected)
        together = rank_correlations(data[:, :2], data[:, 2:])
        assert together[0, 1] == pytest.approx(expected)

    def test_a_column_explained_by_those_given_correlates_with_nothing(self):
        z = np.arange(20.0)
        assert np.isnan(spearman(z**3, RNG.normal(size=20), z[:, None]).rho)


@pytest.mark.data
def test_rho_and_p_are_those_of_r(goldens):
    # cor.test(lung$age, lung$wt.loss, method = "spearman") of R 4.2.2
    expected = pd.read_csv(goldens / "expected" / "cortest_lung_age_wtloss.csv", index_col=0)
    lung = pd.read_csv(goldens / "inputs" / "surv_lung.csv")
    found = spearman(lung["age"].to_numpy(float), lung["wt.loss"].to_numpy(float))
    row = expected.loc["spearman"]
    assert (found.rho, found.p_value) == pytest.approx((row["est"], row["p"]), rel=1e-12)


STROMA = [f"ST{i}" for i in range(12)]
NERVE = [f"NV{i}" for i in range(8)]


@pytest.fixture
def tumours():
    """60 tumours: stromal genes follow the stroma, nerve genes follow nothing."""
    rng = np.random.default_rng(11)
    ids = [f"TCGA-OR-{i:04d}-01A" for i in range(60)]
    stroma = rng.normal(size=60)
    values = {g: 7 + stroma + rng.normal(0, 0.7, 60) for g in STROMA}
    values |= {g: 7 + rng.normal(size=60) for g in NERVE}
    values |= {f"ZZ{i}": 7 + rng.normal(size=60) for i in range(30)}
    x = pd.DataFrame(values, index=ids)
    purity = pd.DataFrame({"purity": -stroma + rng.normal(0, 0.3, 60)}, index=ids)
    return x, purity


SIGNATURES = {
    "nerve": NERVE,
    "hidden stroma": ["ZZ0", *STROMA[6:]],
    "two shared": [*NERVE[:6], *STROMA[:2]],
    "only by genes": [*NERVE[:3], *STROMA[:3]],
}


class TestConfounding:
    def test_a_score_that_is_stroma_is_flagged_and_one_that_is_not_is_not(self, tumours):
        x, purity = tumours
        found = ns.confounding(ns.score(x, SIGNATURES, method="zscore"), purity)
        table = found.table.set_index("signature")
        assert table.loc["hidden stroma", "flag"] == "confounder"
        assert table.loc["nerve", "flag"] == ""
        scores = ns.score(x, SIGNATURES, method="zscore").values
        expected = stats.spearmanr(scores["hidden stroma"], purity["purity"])
        assert table.loc["hidden stroma", ["estimate", "p_value"]].tolist() == pytest.approx(
            list(expected)
        )
        row = table.loc["hidden stroma"]
        assert row["message"] == (
            f"rho {row['estimate']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}] is 0.5 or "
            "more in size"
        )

    def test_q_is_over_all_correlations_of_the_call(self, tumours):
        x, purity = tumours
        scores = ns.score(x, SIGNATURES, method="zscore")
        table = ns.confounding(scores, purity.assign(noise=RNG.normal(size=60))).table
        expected = stats.false_discovery_control(table["p_value"], method="bh")
        assert table["q_value"].to_numpy() == pytest.approx(expected)
        assert set(table["family"]) == {"8 correlations of 4 scores with 2 covariates"}

    def test_a_correlation_by_shared_genes_is_no_evidence(self, tumours):
        x, _ = tumours
        controls = {"stroma": STROMA[:4], "independent": [f"ZZ{i}" for i in range(20, 30)]}
        sets = SIGNATURES | {"copied": ["NV0", *(f"ZZ{i}" for i in range(20, 26))]}
        found = ns.confounding(
            ns.score(x, sets, method="zscore"), expression=x, controls=controls, signatures=sets
        )
        table = found.table.set_index(["signature", "covariate"])
        copied = table.loc[("copied", "independent")]
        assert copied["n_shared_genes"] == 6
        assert copied["shared_genes"] == "ZZ20;ZZ21;ZZ22;ZZ23;ZZ24;ZZ25"
        # without them the control is four genes that have nothing to do with the score
        reduced = ns.score(x, {"r": [f"ZZ{i}" for i in range(26, 30)]}, method="zscore").values["r"]
        score = ns.score(x, {"c": sets["copied"]}, method="zscore").values["c"]
        assert copied["estimate_without_shared"] == pytest.approx(
            stats.spearmanr(score, reduced)[0]
        )
        assert abs(copied["estimate"]) > 0.5 > abs(copied["estimate_without_shared"])
        assert copied["flag"] == "shared_genes"
        assert copied["message"].endswith("without the 6 shared genes: no evidence")

    def test_stroma_that_shows_without_the_shared_genes_is_flagged(self, tumours):
        x, _ = tumours
        sets = {"mixed": [*STROMA[:4], "ZZ1"], "all": STROMA[:8]}
        found = ns.confounding(
            ns.score(x, sets, method="zscore"),
            expression=x,
            controls={"stroma": STROMA[:9]},
            signatures=sets,
        )
        table = found.table.set_index("signature")
        assert table.loc["mixed", "flag"] == "confounder"
        assert "without the 4 shared genes" in table.loc["mixed", "message"]
        # of nine genes one is left, too few for a score
        assert table.loc["all", "flag"] == "not_separable"
        assert np.isnan(table.loc["all", "estimate_without_shared"])

    def test_control_sets_are_scored_by_the_method_of_the_scores(self, tumours):
        x, _ = tumours
        sets = {"nerve": NERVE}
        method = ns.methods.SsGsea(alpha=0.75)
        scores = ns.score(x, sets, method=method)
        found = ns.confounding(scores, expression=x, controls={"c": STROMA}, signatures=sets)
        control = ns.score(x, {"c": STROMA}, method=method).values["c"]
        expected = stats.spearmanr(scores.values["nerve"], control)[0]
        assert found.table["estimate"].tolist() == pytest.approx([expected])
        assert found.table["kind"].tolist() == ["control_set"]

    def test_a_control_set_is_not_correlated_with_itself(self, tumours):
        x, _ = tumours
        sets = {"stroma": STROMA, "nerve": NERVE}
        found = ns.confounding(
            ns.score(x, sets, method="zscore"), expression=x, controls=sets, signatures=sets
        )
        pairs = found.table[["signature", "covariate"]].to_numpy().tolist()
        assert pairs == [["stroma", "nerve"], ["nerve", "stroma"]]

    def test_barcodes_of_other_levels_are_matched_and_losses_counted(self, tumours):
        x, purity = tumours
        cut = purity.iloc[:50].set_axis(purity.index[:50].str[:15])
        extra = pd.concat([cut, pd.DataFrame({"purity": [0.1]}, ["TCGA-XX-0000-01"])])
        other = pd.DataFrame({"leukocytes": RNG.random(60)}, index=x.index)
        scores = ns.score(x, SIGNATURES, method="zscore")
        with pytest.warns(ClinicalWarning, match="compared as sample ids"):
            found = ns.confounding(scores, [extra, other])
        flow = found.row_flow[["step", "n_in", "n_lost", "n_out"]].to_numpy().tolist()
        assert flow == [
            ["covariates matched to scores", 51, 1, 50],
            ["scores matched to covariates", 60, 10, 50],
            ["covariates matched to scores", 60, 0, 60],
            ["scores matched to covariates", 60, 0, 60],
        ]
        assert found.table.groupby("covariate")["n"].unique().map(list).to_dict() == {
            "leukocytes": [60],
            "purity": [50],
        }

    def test_signatures_with_each_other_given_a_confounder(self, tumours):
        x, purity = tumours
        sets = {"one": STROMA[:6], "two": STROMA[6:], "nerve": NERVE}
        scores = ns.score(x, sets, method="zscore")
        found = ns.confounding(scores, purity, given=["purity"])
        row = found.between.set_index(["signature_1", "signature_2"]).loc[("one", "two")]
        expected = spearman(
            scores.values["one"].to_numpy(),
            scores.values["two"].to_numpy(),
            purity[["purity"]].to_numpy(),
        )
        assert row["rho_given"] == pytest.approx(expected.rho)
        assert row["rho"] > 0.8 > row["rho_given"]
        assert row["n"] == 60
        assert len(found.between) == 3

    def test_what_cannot_be_correlated_is_a_row_with_a_status(self, tumours):
        x, purity = tumours
        scores = ns.score(x, SIGNATURES, method="zscore").values.assign(gone=np.nan)
        covariates = purity.assign(absent=np.nan, same=1.0)
        table = ns.confounding(scores, covariates).table.set_index(["signature", "covariate"])
        assert table.loc[("nerve", "absent"), "status"] == "too_few_observations"
        assert table.loc[("nerve", "same"), "status"] == "constant"
        assert table.loc[("gone", "purity"), "status"] == "no_score"
        assert table.loc[("nerve", "purity"), "status"] == "ok"
        assert "4 correlations of 5 scores" in table.loc[("nerve", "purity"), "family"]

    def test_the_flagged_come_largest_first(self, tumours):
        x, purity = tumours
        found = ns.confounding(ns.score(x, SIGNATURES, method="zscore"), purity, threshold=0.2)
        sizes = found.flagged["estimate"].abs().tolist()
        assert sizes == sorted(sizes, reverse=True)
        assert len(sizes) > 1

    def test_the_controls_of_the_catalogue_are_stroma_proliferation_immune_and_metabolism(self):
        categories = {s.category for s in catalogue_controls().values()}
        assert {"stroma", "proliferation", "immune_infiltration", "metabolism"} <= categories


class TestBadInput:
    def test_nothing_to_correlate_with_is_refused(self, tumours):
        with pytest.raises(ParameterError, match="nothing to correlate"):
            ns.confounding(tumours[1].rename(columns={"purity": "s"}))
        x, sets = tumours[0], {"stroma": STROMA}
        scores = ns.score(x, sets, method="zscore")
        with pytest.raises(ParameterError, match="other than the scores themselves"):
            ns.confounding(scores, expression=x, controls=sets, signatures=sets)

    def test_a_covariate_of_texts_is_named(self, tumours):
        x, purity = tumours
        scores = ns.score(x, SIGNATURES, method="zscore")
        table = purity.assign(site=np.where(np.arange(60) % 2, "head", "tail"))
        with pytest.raises(ClinicalError, match="'site' is not a number"):
            ns.confounding(scores, table)

    def test_a_covariate_twice_is_refused(self, tumours):
        x, purity = tumours
        with pytest.raises(ClinicalError, match="'purity' is there twice"):
            ns.confounding(ns.score(x, SIGNATURES, method="zscore"), [purity, purity])

    def test_unknown_genes_of_scores_are_refused(self, tumours):
        x, _ = tumours
        with pytest.raises(ParameterError, match="genes of the score 'nerve' are not known"):
            ns.confounding(ns.score(x, {"nerve": NERVE}, method="zscore"), expression=x)

    def test_ids_that_do_not_meet_are_shown(self, tumours):
        x, purity = tumours
        scores = ns.score(x, SIGNATURES, method="zscore").values.set_axis(range(60))
        with pytest.raises(AlignmentError):
            ns.confounding(scores, purity)
        with pytest.raises(AlignmentError, match="in the expression"):
            ns.confounding(scores, expression=x, controls={"c": STROMA}, signatures=SIGNATURES)

    def test_a_name_to_hold_constant_has_to_be_a_covariate(self, tumours):
        x, purity = tumours
        with pytest.raises(ParameterError, match="given cannot hold 'age'"):
            ns.confounding(ns.score(x, SIGNATURES, method="zscore"), purity, given=["age"])

    @pytest.mark.parametrize("option", [{"threshold": 1.5}, {"confidence": 95}])
    def test_numbers_out_of_range_are_refused(self, tumours, option):
        with pytest.raises(ParameterError, match=f"{next(iter(option))} cannot be"):
            ns.confounding(tumours[1].rename(columns={"purity": "s"}), tumours[1], **option)


@pytest.mark.data
@pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
def test_in_adrenocortical_carcinoma_pain_genes_are_stroma_and_axon_genes_are_not(shared_data):
    x = pd.read_parquet(shared_data / "tcga_acc_rnaseq" / "expression.parquet").T
    folder = shared_data / "published_scores"
    purity = pd.read_csv(folder / "tcga_purity_aran2015.csv.gz", index_col=0)[["CPE"]]
    leukocytes = pd.read_csv(folder / "TCGA_Leukocyte_fraction.csv.gz", index_col=0)
    x = ns.transform(x, "log2p1")
    ids = ["GO.AXONOGENESIS", "GO.SENSORY_PERCEPTION_PAIN", "IMM.ESTIMATE_IMMUNE"]
    scores = ns.score(x, ns.load_signatures(ids=ids), method="zscore")
    found = ns.confounding(scores, [purity, leukocytes], expression=x)
    assert found.row_flow["n_out"].tolist() == [79] * 5
    flags = found.table.set_index(["signature", "covariate"])["flag"]
    assert flags[("IMM.ESTIMATE_IMMUNE", "Leukocyte_fraction")] == "confounder"
    assert flags[("GO.SENSORY_PERCEPTION_PAIN", "STROMA.ESTIMATE_STROMAL")] == "confounder"
    assert flags[("GO.SENSORY_PERCEPTION_PAIN", "CPE")] == "confounder"
    assert (flags["GO.AXONOGENESIS"] == "").all()
    # scipy on the files: barcodes cut to the vial by hand
    by_vial = scores.values.set_axis(scores.values.index.str[:16])
    joined = by_vial.join(purity).dropna()
    expected = stats.spearmanr(joined["GO.SENSORY_PERCEPTION_PAIN"], joined["CPE"])[0]
    row = found.table.set_index(["signature", "covariate"]).loc[
        ("GO.SENSORY_PERCEPTION_PAIN", "CPE")
    ]
    assert row["estimate"] == pytest.approx(expected)
