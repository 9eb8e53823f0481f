"""Every method on numbers small enough to check with a pencil.

TINY is the 6 genes x 4 samples example of the reference numbers; the expected values of ssgsea and
zscore on it were printed by GSVA 2.1.4, ``gsva(ssgseaParam(X, s, normalize=FALSE))`` and
``gsva(zscoreParam(X, s))`` with s = list(P = c("a", "b"), Q = c("c", "d", "e")).
"""

from fractions import Fraction
from math import sqrt

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import CoverageWarning, InputError, NonFiniteError, ParameterError

# Whole numbers without large values are no counts, so no warning about the scale is expected.
TINY = pd.DataFrame(
    {
        "a": [5.0, 1, 6, 2],
        "b": [3.0, 2, 5, 2],
        "c": [3.0, 3, 4, 2],
        "d": [1.0, 4, 3, 9],
        "e": [4.0, 5, 2, 9],
        "f": [2.0, 6, 1, 1],
    },
    index=["s1", "s2", "s3", "s4"],
)
SETS = {"P": ["a", "b"], "Q": ["c", "d", "e"]}
GSVA_SSGSEA = {
    "P": [2.3364272337258898, -2.9567863831370547, 3.0113931248649317, 0.0],
    "Q": [-0.74007145993961654, 1.0424255078151665, -0.9425929959987962, 1.7637945930737398],
}
GSVA_ZSCORE = {
    "P": [0.44556639433950346, -1.2426106572325055, 1.7426106572325055, -0.94556639433950329],
    "Q": [-0.74743893943016515, -0.042409446483998546, -0.093288856647997423, 0.88313724256216108],
}
# Sums of a few numbers of order 1, which R adds in another order.
CLOSE = {"rtol": 0, "atol": 1e-14}


def scored(signatures, method, x=TINY, **options) -> pd.DataFrame:
    return ns.score(x, signatures, method=method, **options).values


def one_row(**genes: float) -> pd.DataFrame:
    return pd.DataFrame({gene: [float(value)] for gene, value in genes.items()}, index=["s"])


class TestSsGsea:
    def test_the_tiny_example_equals_gsva(self):
        found = scored(SETS, "ssgsea")
        for name, expected in GSVA_SSGSEA.items():
            np.testing.assert_allclose(found[name], expected, **CLOSE)

    def test_alpha_0_by_hand(self):
        """s2 from the top: f e d c b a. P = {a, b} at places 6 and 5 has 1 and 2 steps left:
        (1 + 2) / 2 - (21 - 3) / 4 = 1.5 - 4.5 = -3."""
        assert scored(SETS, ns.methods.SsGsea(alpha=0.0)).loc["s2", "P"] == -3.0

    def test_alpha_1_by_hand(self):
        """s2: ranks a 1, b 2 are the weights: (1 x 1 + 2 x 2) / 3 - 18 / 4 = 5/3 - 9/2."""
        found = scored(SETS, ns.methods.SsGsea(alpha=1.0)).loc["s2", "P"]
        assert found == pytest.approx(5 / 3 - 9 / 2, abs=1e-15)

    def test_ties_by_hand(self):
        """s4 = a2 b2 c2 d9 e9 f1. Average ranks f 1, abc 3, de 5.5 cut to 5; places from the top
        in column order d e a b c f. Q = {c, d, e}, alpha 1: weights 3 5 5, steps left 2 6 5:
        (6 + 30 + 25) / 13 - (21 - 13) / 3 = 61/13 - 8/3."""
        found = scored(SETS, ns.methods.SsGsea(alpha=1.0)).loc["s4", "Q"]
        assert found == pytest.approx(61 / 13 - 8 / 3, abs=1e-15)

    def test_a_directed_signature_is_the_up_arm_minus_the_down_arm(self):
        found = scored({"D": {"up": SETS["P"], "down": SETS["Q"]}}, "ssgsea")["D"]
        expected = np.subtract(GSVA_SSGSEA["P"], GSVA_SSGSEA["Q"])
        np.testing.assert_allclose(found, expected, **CLOSE)

    def test_a_down_arm_alone_is_the_negative(self):
        found = scored({"D": {"down": SETS["P"]}}, "ssgsea")["D"]
        np.testing.assert_allclose(found, np.negative(GSVA_SSGSEA["P"]), **CLOSE)

    def test_normalisation_divides_by_the_range_over_sets_and_samples(self):
        """Largest 3.0114 (P in s3), smallest -2.9568 (P in s2): range 5.9682."""
        found = scored(SETS, ns.methods.SsGsea(normalize=True))
        span = 3.0113931248649317 + 2.9567863831370547
        for name, expected in GSVA_SSGSEA.items():
            np.testing.assert_allclose(found[name], np.divide(expected, span), **CLOSE)

    def test_one_score_alone_has_no_range_to_be_divided_by(self):
        method = ns.methods.SsGsea(normalize=True)
        with pytest.warns(CoverageWarning, match="gives no score to 1 signature"):
            scores = ns.score(TINY.iloc[:1], {"P": SETS["P"]}, method=method)
        assert np.isnan(scores.values.loc["s1", "P"])
        assert scores.coverage.loc["P", "status"] == "no_score"

    def test_missing_values_by_each_policy(self):
        """s2 without f: a 1, b 2, c 3, d 4, e 5. "omit" walks 5 places, e d c b a; P with alpha 0
        is (1 + 2) / 2 - (15 - 3) / 3 = -2.5. "propagate" puts f at the bottom of 6 places, so that
        a and b have 2 and 3 steps left: 2.5 - (21 - 5) / 4 = -1.5."""
        x = TINY.assign(f=[np.nan] * 4)
        sets = {"P": SETS["P"], "with f": ["a", "f"]}
        with pytest.raises(NonFiniteError, match="4 missing values"):
            scored(sets, "ssgsea", x)
        omitted = scored(sets, ns.methods.SsGsea(alpha=0.0, na="omit"), x)
        assert omitted.loc["s2", "P"] == -2.5
        # {a} alone: 1 - (15 - 1) / 4 = -2.5
        assert omitted.loc["s2", "with f"] == -2.5
        with pytest.warns(CoverageWarning, match="with f"):
            kept = scored(sets, ns.methods.SsGsea(alpha=0.0, na="propagate"), x)
        assert kept.loc["s2", "P"] == -1.5
        assert kept["with f"].isna().all()

    @pytest.mark.parametrize("alpha", [-0.1, 10.5, float("nan"), "0.25", True])
    def test_an_exponent_out_of_range_is_refused(self, alpha):
        with pytest.raises(ParameterError, match="alpha cannot be"):
            ns.methods.SsGsea(alpha=alpha)


class TestZScore:
    def test_the_tiny_example_equals_gsva(self):
        found = scored(SETS, "zscore")
        for name, expected in GSVA_ZSCORE.items():
            np.testing.assert_allclose(found[name], expected, **CLOSE)

    def test_two_genes_by_hand(self):
        """a = 1 2 3 -> z -1 0 1; b = 0 4 2 -> z -1 1 0; sum / sqrt 2."""
        x = pd.DataFrame({"a": [1.0, 2, 3], "b": [0.0, 4, 2]}, index=list("xyz"))
        found = scored({"S": ["a", "b"]}, "zscore", x)["S"]
        np.testing.assert_allclose(found, np.array([-2, 1, 1]) / sqrt(2), **CLOSE)

    def test_down_genes_count_with_the_other_sign_and_both_arms_share_the_root(self):
        """With b down: -1 + 1, 0 - 1, 1 - 0 over sqrt 2."""
        x = pd.DataFrame({"a": [1.0, 2, 3], "b": [0.0, 4, 2]}, index=list("xyz"))
        found = scored({"S": {"up": ["a"], "down": ["b"]}}, "zscore", x)["S"]
        np.testing.assert_allclose(found, np.array([0, -1, 1]) / sqrt(2), **CLOSE)

    def test_only_the_zeros_that_count_make_mean_and_deviation(self):
        """a = 0 2 4: over 2 and 4 mean 3 and sd sqrt 2, so z = 0 -1/sqrt2 1/sqrt2, the zero adding
        nothing; b = 1 0 2: over 1 and 2 mean 1.5, sd 1/sqrt2, z = -1/sqrt2 0 1/sqrt2."""
        x = pd.DataFrame({"a": [0.0, 2, 4], "b": [1.0, 0, 2]}, index=list("xyz"))
        found = scored({"S": ["a", "b"]}, ns.methods.ZScore(zeros="nonzero"), x)["S"]
        np.testing.assert_allclose(found, np.array([-0.5, -0.5, 1.0]), **CLOSE)

    def test_a_missing_value_leaves_mean_and_deviation_and_makes_its_score_missing(self):
        """a = 1 NaN 3: mean 2, sd sqrt 2; b = 0 4 2: z = -1 1 0."""
        x = pd.DataFrame({"a": [1.0, np.nan, 3], "b": [0.0, 4, 2]}, index=list("xyz"))
        with pytest.raises(NonFiniteError, match="1 missing value"):
            scored({"S": ["a", "b"]}, "zscore", x)
        found = scored({"S": ["a", "b"]}, ns.methods.ZScore(na="propagate"), x)["S"]
        expected = [(-1 / sqrt(2) - 1) / sqrt(2), np.nan, (1 / sqrt(2)) / sqrt(2)]
        np.testing.assert_allclose(found, expected, **CLOSE)

    def test_a_constant_gene_is_left_out_of_sum_and_size(self):
        x = pd.DataFrame({"a": [1.0, 2, 3], "b": [0.0, 4, 2], "c": [7.0] * 3}, index=list("xyz"))
        found = scored({"S": ["a", "b", "c"]}, "zscore", x)["S"]
        np.testing.assert_allclose(found, np.array([-2, 1, 1]) / sqrt(2), **CLOSE)

    def test_one_sample_is_refused_with_a_method_that_takes_one(self):
        with pytest.raises(InputError, match="was given 1 sample") as caught:
            scored(SETS, "zscore", TINY.iloc[:1])
        assert "singscore" in caught.value.remedy


class TestSingscore:
    """Sample s1 is a5 b3 c3 d1 e4 f2, which ranks d 1, f 2, b 3, c 3, e 5, a 6
    with ties "min"; b and c have 3.5 with "average" and 4 with "max"."""

    @pytest.mark.parametrize(("ties", "rank_of_b"), [("min", 3.0), ("average", 3.5), ("max", 4.0)])
    def test_one_arm_by_hand_with_each_rule_for_ties(self, ties, rank_of_b):
        """P = {a, b}: mean (6 + rank of b) / 2; low (2 + 1) / 2 = 1.5, high (12 - 2 + 1) / 2 = 5.5;
        score (mean - 1.5) / 4 - 1/2, with "min" (4.5 - 1.5) / 4 - 0.5 = 0.25."""
        expected = ((6 + rank_of_b) / 2 - 1.5) / 4 - 0.5
        assert scored(SETS, ns.methods.Singscore(ties=ties)).loc["s1", "P"] == expected

    def test_without_centre_one_half_is_not_taken_off(self):
        assert scored(SETS, ns.methods.Singscore(center=False)).loc["s1", "P"] == 0.75

    def test_both_arms_by_hand(self):
        """Down arm Q = {c, d, e}: mean (3 + 1 + 5) / 3 = 3, low 2, high (12 - 3 + 1) / 2 = 5, so
        1 - (3 - 2) / 3 - 1/2 = 1/6. Total 0.25 + 1/6; uncentred 0.75 + 2/3."""
        directed = {"D": {"up": SETS["P"], "down": SETS["Q"]}}
        found = scored(directed, "singscore").loc["s1", "D"]
        assert found == pytest.approx(float(Fraction(1, 4) + Fraction(1, 6)), abs=1e-15)
        found = scored(directed, ns.methods.Singscore(center=False)).loc["s1", "D"]
        assert found == pytest.approx(float(Fraction(3, 4) + Fraction(2, 3)), abs=1e-15)

    def test_unknown_direction_by_hand(self):
        """Ranks of s1 with "min": 1 2 3 3 5 6, median 3. |r - 3|: a 3, b 0, c 0, d 2, e 2, f 1.
        P = {a, b}: mean 1.5, low (1 + 1) / 2 = 1, high (2 x 3 - 1 + 1) / 2 = 3: 0.5 / 2 = 0.25,
        not centred. Q = {c, d, e}: mean 4/3, floor(3/2) = 1, same bounds: (4/3 - 1) / 2 = 1/6."""
        found = scored(SETS, ns.methods.Singscore(known_direction=False))
        assert found.loc["s1", "P"] == 0.25
        assert found.loc["s1", "Q"] == pytest.approx(1 / 6, abs=1e-15)

    def test_the_median_of_an_even_number_of_ranks_is_rounded_up(self):
        """s2 ranks a 1 .. f 6, median 3.5, rounded up 4. |r - 4|: a 3, b 2, so P has the mean 2.5
        and (2.5 - 1) / 2 = 0.75."""
        found = scored(SETS, ns.methods.Singscore(known_direction=False))
        assert found.loc["s2", "P"] == 0.75

    def test_a_down_arm_of_unknown_direction_has_folded_ranks_and_ordinary_bounds(self):
        """Q as down arm: 1 - (4/3 - 2) / 3 = 1 + 2/9; P up is 0.25 as above."""
        directed = {"D": {"up": SETS["P"], "down": SETS["Q"]}}
        found = scored(directed, ns.methods.Singscore(known_direction=False)).loc["s1", "D"]
        assert found == pytest.approx(0.25 + 11 / 9, abs=1e-15)

    def test_a_missing_value_has_no_rank_but_counts_as_a_gene(self):
        """s2 without f: a 1, b 2; n stays 6: ((1 + 2) / 2 - 1.5) / 4 - 0.5 = -0.5."""
        x = TINY.assign(f=[1.0, np.nan, 1.0, 1.0])
        method = ns.methods.Singscore(na="propagate")
        found = scored({"P": SETS["P"], "with f": ["e", "f"]}, method, x)
        assert found.loc["s2", "P"] == -0.5
        assert found["with f"].isna().tolist() == [False, True, False, False]

    @pytest.mark.parametrize("known_direction", [True, False])
    def test_a_sample_without_any_value_is_missing_and_spares_the_others(self, known_direction):
        x = TINY.copy()
        x.loc["s3"] = np.nan
        method = ns.methods.Singscore(na="propagate", known_direction=known_direction)
        expected = scored(SETS, ns.methods.Singscore(known_direction=known_direction))
        found = scored(SETS, method, x)
        assert found.loc["s3"].isna().all()
        pd.testing.assert_frame_equal(found.drop(index="s3"), expected.drop(index="s3"))

    def test_a_set_of_all_genes_has_no_score_and_is_warned_about(self):
        with pytest.warns(CoverageWarning, match=r"singscore gives no score to 1 signature.*'all'"):
            scores = ns.score(TINY, {"all": list(TINY), **SETS}, method="singscore")
        assert scores.values["all"].isna().all()
        assert scores.coverage["status"].tolist() == ["no_score", "ok", "ok"]


class TestMean:
    def test_by_hand(self):
        """P: (5+3)/2, (1+2)/2, (6+5)/2, (2+2)/2; Q: 8/3, 12/3, 9/3, 20/3."""
        found = scored(SETS, "mean")
        assert found["P"].tolist() == [4.0, 1.5, 5.5, 2.0]
        np.testing.assert_allclose(found["Q"], [8 / 3, 4, 3, 20 / 3], **CLOSE)

    def test_the_arms_are_averaged_apart_and_subtracted(self):
        found = scored({"D": {"up": SETS["P"], "down": ["d"]}}, "mean")["D"]
        assert found.tolist() == [3.0, -2.5, 2.5, -7.0]

    def test_a_missing_value_makes_its_score_missing(self):
        x = TINY.copy()
        x.loc["s1", "a"] = np.nan
        found = scored(SETS, ns.methods.Mean(na="propagate"), x)
        assert found["P"].isna().tolist() == [True, False, False, False]
        assert found["Q"].notna().all()


@pytest.mark.parametrize("method", ["mean", "zscore", "ssgsea", "singscore"])
def test_weights_of_one_sign_and_size_score_like_the_list(method):
    listed = scored(SETS, method)
    weighted = scored({name: dict.fromkeys(genes, 1.0) for name, genes in SETS.items()}, method)
    pd.testing.assert_frame_equal(listed, weighted)


@pytest.mark.parametrize("method", ["mean", "zscore", "ssgsea", "singscore"])
def test_genes_listed_in_another_order_score_the_same_to_the_bit(method):
    backwards = {name: genes[::-1] for name, genes in SETS.items()}
    pd.testing.assert_frame_equal(scored(SETS, method), scored(backwards, method))


def test_the_numbers_of_the_text_are_those_of_the_reference_files(goldens):
    """The literals above are what the shared files hold."""
    x = pd.read_csv(goldens / "inputs" / "f_tiny.csv", index_col=0).T
    pd.testing.assert_frame_equal(x.astype(float), TINY, check_names=False)
    for name, literal in (("tiny_ssgsea_raw", GSVA_SSGSEA), ("tiny_zscore", GSVA_ZSCORE)):
        path = goldens / "expected" / f"{name}.csv"
        table = pd.read_csv(path, index_col=0, dtype=str).T.astype(float)
        pd.testing.assert_frame_equal(
            table, pd.DataFrame(literal, TINY.index), check_names=False, rtol=0, atol=0
        )


def test_one_sample_of_one_row_is_enough_for_methods_of_sample_scope():
    x = one_row(a=5, b=3, c=2, d=1, e=4, f=0)
    assert scored(SETS, "mean", x).loc["s"].tolist() == [4.0, 7 / 3]
    # Ranks a 6, b 4: (5 - 1.5) / 4 - 0.5
    assert scored(SETS, "singscore", x).loc["s", "P"] == 0.375
