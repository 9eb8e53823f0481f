"""Scores compared between groups, and correlated with clinical numbers."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from neurosig.errors import ClinicalError, ClinicalWarning, ParameterError, UnknownSignatureError
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.regression.associations import correlate
from neurosig.outcomes.regression.group_comparison import compare_groups
from neurosig.outcomes.regression.rank_sums import rank_sum
from neurosig.outcomes.results import benjamini_hochberg


def make_cohort(n=60, signatures=("NGF", "SCHWANN"), **columns):
    rng = np.random.default_rng(8)
    data = pd.DataFrame(
        {
            "pni": np.resize(["yes", "no", "no"], n),
            "stage": np.resize(["I", "II", "III", "II"], n),
            "age": rng.normal(60, 8, n),
            "purity": rng.uniform(size=n),
            "NGF": rng.normal(size=n),
            "SCHWANN": rng.normal(size=n),
        },
        index=[f"p{i}" for i in range(n)],
    ).assign(**columns)
    return Cohort(name="pdac", data=data, signatures=signatures)


def test_an_exact_test_and_its_interval_follow_from_all_ways_to_choose_the_groups():
    rng = np.random.default_rng(6)
    first, second = rng.normal(size=6), rng.normal(0.5, 1, size=5)
    test = rank_sum(first, second, confidence=0.9)
    both = np.concatenate([first, second])

    def wins(chosen):
        left = np.delete(both, chosen)
        return (both[list(chosen), None] > left).sum()

    all_wins = np.array([wins(c) for c in itertools.combinations(range(11), 5)])
    seen = (second[:, None] > first).sum()
    tail = min((all_wins <= seen).mean(), (all_wins >= seen).mean())
    assert test.statistic == seen
    assert test.p_value == pytest.approx(min(1, 2 * tail), rel=1e-12)
    # a shift is inside as long as the shifted groups are not told apart at 10 %
    differences = np.sort((second[:, None] - first).ravel())
    place = int(np.quantile(all_wins, 0.05, method="inverted_cdf"))
    assert place > 0
    assert test.shift_low == differences[place - 1]
    assert test.shift_high == differences[-place]
    assert test.shift == np.median(differences)


def test_groups_too_small_for_the_level_have_no_interval():
    test = rank_sum(np.array([1.0, 2]), np.array([3.0, 5]))  # 1 of 6 ways: p is 1/3 at best
    assert test.p_value == pytest.approx(1 / 3)
    assert np.isnan([test.shift_low, test.shift_high]).all()
    assert test.biserial == 1
    assert np.isnan([test.biserial_low, test.biserial_high]).all()


def test_many_differences_are_not_made_all_at_once(monkeypatch):
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=80), np.round(rng.normal(0.3, 1, 70), 1)
    at_once = rank_sum(first, second)
    monkeypatch.setattr("neurosig.outcomes.regression.rank_sums._MOST_DIFFERENCES", 100)
    by_halves = rank_sum(first, second)
    # a difference and a sum of two halves differ in the last digit
    np.testing.assert_allclose(by_halves, at_once, rtol=1e-13)


def test_every_signature_is_a_row_with_its_family():
    result = compare_groups(make_cohort(), by="pni")
    table = result.table
    assert table["level"].tolist() == ["yes vs no"] * 2
    assert table["family"].tolist() == ["2 score rows of pdac, pni"] * 2
    np.testing.assert_allclose(table["q_value"], benjamini_hochberg(table["p_value"]))
    assert table["n"].tolist() == [60, 60]
    assert result.notes == ("Groups of pni: no (40), yes (20)",)
    assert table["model"].tolist() == ["Wilcoxon rank-sum test, exact"] * 2


def test_the_reference_turns_the_signs():
    no, yes = (
        compare_groups(make_cohort(), by="pni", reference=level).table for level in ("no", "yes")
    )
    for name in ("estimate", "effect"):
        np.testing.assert_allclose(no[name], -yes[name], rtol=1e-12)
    np.testing.assert_allclose(no["ci_low"], -yes["ci_high"], rtol=1e-12)
    np.testing.assert_allclose(no["effect_low"], -yes["effect_high"], rtol=1e-12)
    np.testing.assert_allclose(no["p_value"], yes["p_value"], rtol=1e-12)


def test_more_groups_are_compared_by_kruskal_and_wallis():
    cohort = make_cohort()
    table = compare_groups(cohort, by="stage").table
    groups = [cohort.data.loc[cohort.data["stage"] == level, "NGF"] for level in ("I", "II", "III")]
    oracle = stats.kruskal(*groups)
    assert table["statistic"].iloc[0] == pytest.approx(oracle.statistic, rel=1e-12)
    assert table["effect"].iloc[0] == pytest.approx(oracle.statistic / 59, rel=1e-12)
    assert table["effect_scale"].iloc[0] == "epsilon squared"
    assert "ci_level" not in table
    with pytest.raises(ClinicalError, match="not compared with a reference"):
        compare_groups(cohort, by="stage", reference="I")


def test_groups_that_cannot_be_compared_are_refused_with_their_counts():
    lone = np.array(["yes"] + ["no"] * 59)
    with pytest.raises(ClinicalError, match=r"fewer than 2 rows: 'yes'.*'no' \(59\)"):
        compare_groups(make_cohort(pni=lone), by="pni")
    with pytest.raises(ClinicalError, match="has 1 group"):
        compare_groups(make_cohort(pni="no"), by="pni")
    with pytest.raises(ClinicalError, match=r"'age' has 32 groups.*ns\.correlate takes numbers"):
        compare_groups(make_cohort(n=64, age=np.repeat(np.arange(32.0), 2)), by="age")
    with pytest.raises(ClinicalError, match="'maybe' is not a level of 'pni'"):
        compare_groups(make_cohort(), by="pni", reference="maybe")
    with pytest.raises(UnknownSignatureError, match="NFG"):
        compare_groups(make_cohort(), by="pni", signatures="NFG")


def test_scores_that_say_nothing_are_rows_with_a_status():
    some = np.full(60, np.nan)
    some[[1, 2, 4]] = [1.0, 2, 3]  # all without invasion
    cohort = make_cohort(NONE=np.nan, FLAT=1.0, FEW=some, signatures=("NGF", "NONE", "FLAT", "FEW"))
    for by in ("pni", "stage"):
        with pytest.warns(ClinicalWarning, match="95% of the rows lack the score 'FEW'"):
            found = compare_groups(cohort, by=by, allow_loss=True)
        table = found.table.set_index("signature")
        expected = ["ok", "no_score", "constant", "too_few_rows"]
        assert table["status"].tolist() == expected
        assert table["family"].tolist() == [f"1 score rows of pdac, {by}", "", "", ""]
        assert table["n"].tolist() == [60, 0, 60, 3]


def test_row_64_cells_of_donors_are_not_compared_as_if_independent():
    cells = make_cohort(donor=np.repeat(["d1", "d2", "d3"], 20))
    for call in (
        lambda **options: compare_groups(cells, by="pni", **options),
        lambda **options: correlate(cells, with_="age", **options),
    ):
        with pytest.raises(ClinicalError, match="60 rows of 3 donor levels for independent"):
            call()
        assert len(call(allow_repeats=True).table) == 2


def test_correlations_with_several_columns_are_one_family():
    cohort = make_cohort()
    table = correlate(cohort, with_=["age", "purity"]).table
    assert table["endpoint"].tolist() == ["age", "age", "purity", "purity"]
    assert table["family"].tolist() == ["4 score rows of pdac, age, purity"] * 4
    np.testing.assert_allclose(table["q_value"], benjamini_hochberg(table["p_value"]))
    oracle = stats.spearmanr(cohort.data["NGF"], cohort.data["age"])
    assert table["estimate"].iloc[0] == pytest.approx(oracle.statistic, rel=1e-12)
    assert table["p_value"].iloc[0] == pytest.approx(oracle.pvalue, rel=1e-10)
    assert table["effect_scale"].iloc[0] == "Spearman's rho"


def test_a_partial_correlation_takes_out_what_both_share():
    rng = np.random.default_rng(4)
    age = make_cohort().data["age"]
    cohort = make_cohort(NGF=age + rng.normal(size=60), pain=age + rng.normal(size=60))
    plain = correlate(cohort, with_="pain", signatures="NGF").table.iloc[0]
    table = correlate(cohort, with_="pain", given=["age", "pni"], signatures="NGF").table
    assert plain["estimate"] > 0.9
    assert abs(table["estimate"].iloc[0]) < 0.4
    assert table["adjusted_for"].iloc[0] == "age, pni"
    row = correlate(
        cohort, with_="pain", given=["age", "pni"], signatures="NGF", method="pearson"
    ).table.iloc[0]
    centre, half = np.arctanh(row["estimate"]), 1.959963984540054 / np.sqrt(60 - 2 - 3)
    np.testing.assert_allclose(row["ci_low"], np.tanh(centre - half), rtol=1e-12)
    np.testing.assert_allclose(row["ci_high"], np.tanh(centre + half), rtol=1e-12)
    assert table["model"].iloc[0] == "partial correlation, Spearman's rho"


def test_what_cannot_be_correlated_is_a_row_with_a_status():
    data = make_cohort().data
    few = np.r_[[1.0, 2, 3], np.full(57, np.nan)]
    cohort = make_cohort(
        NONE=np.nan, FLAT=1.0, FEW=few, OLD=data["age"] * 2,
        signatures=("NGF", "NONE", "FLAT", "FEW", "OLD"),
    )  # fmt: skip
    with pytest.warns(ClinicalWarning, match="95% of the rows lack the score 'FEW'"):
        table = correlate(
            cohort, with_="purity", given=["age"], method="pearson", allow_loss=True
        ).table
    expected = ["ok", "no_score", "constant", "too_few_rows", "collinear"]
    assert table["status"].tolist() == expected


def test_a_score_is_correlated_with_others_but_not_with_itself():
    table = correlate(make_cohort(), with_="NGF").table
    assert table["signature"].tolist() == ["SCHWANN"]


def test_wrong_options_of_a_correlation_are_refused():
    for options, message in (
        ({"with_": "age", "method": "kendal"}, "Allowed: spearman, pearson, kendall"),
        ({"with_": "age", "method": "kendall", "given": ["purity"]}, "no partial form"),
        ({"with_": []}, "names no column"),
        ({"with_": ["age", "age"]}, "names a column twice"),
        ({"with_": "age", "confidence": 95}, "above 0 and below 1"),
    ):
        with pytest.raises(ParameterError, match=message):
            correlate(make_cohort(), **options)
    with pytest.raises(ClinicalError, match="pni"):
        correlate(make_cohort(), with_="pni")


def test_losses_to_covariates_are_counted_and_warned_of():
    purity = make_cohort().data["purity"].to_numpy().copy()
    purity[:6] = np.nan
    with pytest.warns(ClinicalWarning, match="10% of the rows"):
        result = correlate(make_cohort(purity=purity), with_="age", given=["purity"])
    assert result.table["n"].tolist() == [54, 54]
    assert result.row_flow["n_lost"].tolist() == [0, 6]


# scores among themselves, and losses


def test_two_scores_named_on_both_sides_are_one_test():
    cohort = make_cohort()
    table = correlate(cohort, with_=["NGF", "SCHWANN", "age"]).table
    pairs = list(zip(table["signature"], table["endpoint"], strict=True))
    assert pairs == [("SCHWANN", "NGF"), ("NGF", "age"), ("SCHWANN", "age")]
    assert table["family"].str.startswith("3 ").all()
    np.testing.assert_allclose(table["q_value"], benjamini_hochberg(table["p_value"].to_numpy()))


def test_a_score_with_itself_alone_is_refused():
    with pytest.raises(ParameterError, match="with itself"):
        correlate(make_cohort(), with_="NGF", signatures="NGF")


def test_large_losses_to_covariates_can_be_accepted():
    purity = np.where(np.arange(60) < 40, np.nan, np.linspace(0, 1, 60))
    cohort = make_cohort(purity=purity)
    with pytest.raises(ClinicalError, match="allow_loss=True"):
        correlate(cohort, with_="age", given=["purity"])
    with pytest.warns(ClinicalWarning, match="67% of the rows"):
        table = correlate(cohort, with_="age", given=["purity"], allow_loss=True).table
    assert table["n"].tolist() == [20, 20]


def test_a_column_without_values_is_said_to_be_empty_beside_the_others():
    with pytest.warns(ClinicalWarning, match="have no 'empty'"):
        table = correlate(make_cohort(empty=np.nan), with_=["empty", "age"]).table
    assert table["status"].tolist() == ["too_few_rows", "too_few_rows", "ok", "ok"]
    assert table["message"].tolist()[0] == "the column has no value on any row used"


@pytest.mark.parametrize("method", ["spearman", "pearson", "kendall"])
def test_infinite_numbers_are_refused_and_infinite_scores_missing(method):
    age = np.where(np.arange(60) == 3, np.inf, np.linspace(40, 70, 60))
    with pytest.raises(ClinicalError, match="'age' holds infinite values"):
        correlate(make_cohort(age=age), with_="age", method=method)
    score = np.where(np.arange(60) == 3, np.inf, np.sin(np.arange(60)))
    table = correlate(make_cohort(NGF=score), with_="age", method=method).table
    assert table["n"].tolist() == [59, 60]


@pytest.mark.parametrize("method", ["spearman", "pearson", "kendall"])
def test_a_perfect_correlation_has_no_interval(method):
    x = np.linspace(0, 1, 120) ** 3
    table = correlate(make_cohort(n=120, NGF=x, age=1 - 2 * x), with_="age", method=method).table
    row = table[table["signature"] == "NGF"].iloc[0]
    assert row["estimate"] == -1
    assert np.isnan(row["ci_low"])
    assert np.isnan(row["ci_high"])


def test_a_signature_named_twice_is_refused_as_it_would_be_two_tests():
    with pytest.raises(ParameterError, match="'NGF' is named more than once"):
        compare_groups(make_cohort(), by="pni", signatures=["NGF", "SCHWANN", "NGF"])
