"""Weights, trends and pairs of log-rank tests; cumulative hazards."""

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import ClinicalError, ParameterError, SmallSampleWarning
from neurosig.outcomes.curves.cumulative_hazard import nelson_aalen
from neurosig.outcomes.curves.rank_comparisons import logrank_trend, pairwise_logrank
from neurosig.outcomes.curves.rank_tests import logrank

TIME, EVENT, GROUP = [1, 2, 3, 4, 5, 6], [1] * 6, list("aaabbb")
# at risk 6, 5, 4 with 3, 2, 1 of "a", then none: shares 1/2, 2/5, 1/4
SHARES = np.array([1 / 2, 2 / 5, 1 / 4])


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        ({"weighting": "gehan"}, [6, 5, 4]),
        ({"weighting": "tarone-ware"}, np.sqrt([6, 5, 4])),
        ({"weighting": "fleming-harrington", "rho": 1}, [1, 5 / 6, 4 / 6]),
        ({"weighting": "fleming-harrington", "gamma": 1}, [0, 1 / 6, 2 / 6]),
        ({"weighting": "fleming-harrington", "rho": 1, "gamma": 1}, [0, 5 / 36, 8 / 36]),
    ],
)
@pytest.mark.filterwarnings("ignore:Weights for late events")
def test_a_weighted_test_equals_hand_arithmetic(options, weights):
    weights = np.asarray(weights)
    difference = np.sum(weights * (1 - SHARES))
    variance = np.sum(weights**2 * SHARES * (1 - SHARES))
    test = logrank(TIME, EVENT, GROUP, **options)
    assert test.statistic == pytest.approx(difference**2 / variance)
    assert test.df == 1


@pytest.mark.parametrize(
    ("weighting", "name"),
    [("gehan", "gb"), ("tarone-ware", "tw"), ("fleming-harrington", "fh")],
)
def test_weighted_tests_equal_statsmodels_with_strata(weighting, name):
    from statsmodels.duration.survfunc import survdiff

    rng = np.random.default_rng(4)
    time, event = np.ceil(rng.exponential(10, 150)), (rng.random(150) < 0.7).astype(int)
    event[time == time.max()] = 0  # statsmodels takes the logarithm of a curve at 0 otherwise
    group, stratum = rng.integers(0, 3, 150), rng.integers(0, 2, 150)
    options = {"rho": 0.7} if name == "fh" else {}
    theirs = {"fh_p": 0.7} if name == "fh" else {}
    for strata in (None, stratum):
        if strata is not None:
            for code in (0, 1):
                event[(stratum == code) & (time == time[stratum == code].max())] = 0
        statistic, p_value = survdiff(time, event, group, name, strata, **theirs)
        ours = logrank(time, event, group, strata=strata, weighting=weighting, **options)
        assert ours.statistic == pytest.approx(statistic, rel=1e-9)
        assert ours.p_value == pytest.approx(p_value, rel=1e-8)


def test_contradicting_weights_are_refused():
    with pytest.raises(ParameterError, match="do not belong to weighting='gehan'"):
        logrank(TIME, EVENT, GROUP, weighting="gehan", rho=1)
    with pytest.raises(ParameterError, match="weighting cannot be 'wilcoxon'"):
        logrank(TIME, EVENT, GROUP, weighting="wilcoxon")
    with pytest.raises(ParameterError, match="rho cannot be -1"):
        logrank(TIME, EVENT, GROUP, weighting="fleming-harrington", rho=-1)


@pytest.mark.parametrize("entry", [2.0, 2.5])
def test_a_row_is_compared_only_after_its_entry(entry):
    # by hand: the last "b" enters at or after 2, so that at 1 and 2 five and four are at risk
    test = logrank(TIME, EVENT, GROUP, entry=[0, 0, 0, 0, 0, entry])
    shares = np.array([3 / 5, 2 / 4, 1 / 4])
    expected = np.sum(1 - shares) ** 2 / np.sum(shares * (1 - shares))
    assert test.statistic == pytest.approx(expected)


def test_a_trend_follows_the_order_of_the_groups_and_scores_of_any_unit():
    time, event = [1, 2, 3, 4, 5, 6, 7, 8, 9], [1] * 9
    groups = pd.Categorical(list("xxxyyyzzz"), categories=["x", "y", "z"], ordered=True)
    test = logrank_trend(time, event, groups)
    assert test.table["score"].tolist() == [1, 2, 3]
    moved = logrank_trend(time, event, groups, scores=[10, 20, 30])
    assert moved.statistic == pytest.approx(test.statistic)
    assert test.p_value < logrank(time, event, groups).p_value  # one question instead of two
    uneven = logrank_trend(time, event, groups, scores=[0, 0, 1])
    two = logrank(time, event, np.where(groups == "z", "z", "other"))
    assert uneven.statistic == pytest.approx(two.statistic)  # merged groups are one group


@pytest.mark.parametrize("as_groups", [list, pd.Categorical, np.array, pd.Series])
def test_a_trend_over_words_needs_their_order(as_groups):
    words = ["low", "low", "low", "mid", "mid", "mid", "high", "high", "high"]
    time, event = [1, 2, 5, 3, 4, 6, 7, 8, 9], [1] * 9
    for scores in (None, [1, 2, 3]):
        with pytest.raises(ParameterError, match=r"needs groups in an order.*'high', 'low', 'mid'"):
            logrank_trend(time, event, as_groups(words), scores=scores)
    numbers = [{"low": 1, "mid": 2, "high": 3}[word] for word in words]
    by_number = logrank_trend(time, event, numbers)
    by_name = logrank_trend(
        time, event, as_groups(words), scores={"low": 1, "mid": 2, "high": 3, "none": 4}
    )
    in_order = pd.Categorical(words, ["low", "mid", "high"], ordered=True)
    assert by_name.statistic == pytest.approx(by_number.statistic)
    assert logrank_trend(time, event, in_order).statistic == by_number.statistic
    with pytest.raises(ParameterError, match="The group 'mid' has no score"):
        logrank_trend(time, event, as_groups(words), scores={"low": 1, "high": 3})


def test_comparisons_take_rows_into_account_after_their_entry_only():
    time, event, groups = [1, 3, 4, 5], [1, 1, 1, 0], list("aabb")
    # The first of b enters at 2. At 1 there are 2 of a among 3, at 3 there is 1 among 3, at 4 none:
    # O - E = 2 - 2/3 - 1/3 = 1 and V = 2/9 + 2/9.
    late = {"entry": [0, 0, 2, 0]}
    assert logrank_trend(time, event, groups, **late).statistic == pytest.approx(2.25)
    assert pairwise_logrank(time, event, groups, **late)["statistic"][0] == pytest.approx(2.25)
    plain, at_zero = (logrank_trend(time, event, groups, entry=e) for e in (None, [0] * 4))
    assert plain.statistic == at_zero.statistic
    tables = (pairwise_logrank(time, event, groups, entry=e) for e in (None, [0] * 4))
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize("scores", [[1], [1, 1], [1, np.nan]])
def test_scores_that_do_not_order_the_groups_are_refused(scores):
    with pytest.raises(ParameterError, match=r"scores cannot be.*2 groups"):
        logrank_trend(TIME, EVENT, GROUP, scores=scores)


def test_a_pair_without_events_says_so_and_is_no_test():
    table = pairwise_logrank([1, 2, 3, 4, 5, 6], [1, 1, 0, 0, 0, 0], list("aabbcc"))
    by_pair = table.set_index(["group", "reference"])
    assert by_pair.loc[("c", "b"), "status"] == "no events"
    assert np.isnan(by_pair.loc[("c", "b"), ["p_value", "q_value"]].astype(float)).all()
    tested = table[table["status"] == "ok"]
    assert len(tested) == 2
    # two equal tests: Benjamini-Hochberg leaves p as it is
    np.testing.assert_allclose(tested["q_value"], tested["p_value"])


def test_pairs_need_two_groups():
    with pytest.raises(ClinicalError, match="no pair of groups: all rows are in 'a'"):
        pairwise_logrank([1, 2], [1, 1], ["a", "a"])


def test_a_cumulative_hazard_and_its_limits_equal_hand_arithmetic():
    curve = nelson_aalen([1, 1, 2, 3], [1, 1, 1, 0])
    assert curve["cumulative_hazard"].tolist() == [0.5, 1.0, 1.0]
    np.testing.assert_allclose(curve["std_error"], np.sqrt([2 / 16, 2 / 16 + 1 / 4, 3 / 8]))
    width = 1.959963984540054 * np.sqrt(2 / 16) / 0.5
    assert curve["ci_low"].iloc[0] == pytest.approx(0.5 * np.exp(-width))
    plain = nelson_aalen([1, 1, 2, 3], [1, 1, 1, 0], interval="plain")
    assert plain["ci_low"].iloc[0] == 0.0  # 0.5 - 1.96 * 0.354 is below 0
    single = nelson_aalen([1, 1, 2, 3], [1, 1, 1, 0], ties="one-by-one")
    np.testing.assert_allclose(single["std_error"].iloc[0] ** 2, 1 / 16 + 1 / 9)


def test_unknown_options_of_a_cumulative_hazard_are_refused():
    with pytest.raises(ParameterError, match="ties cannot be 'efron'"):
        nelson_aalen([1], [1], ties="efron")
    with pytest.raises(ParameterError, match="interval cannot be 'log-log'"):
        nelson_aalen([1], [1], interval="log-log")


def test_weights_for_late_events_warn_where_a_group_expects_few():
    # weights 1 - S(t-) of four deaths: 0, 1/4, 1/2, 3/4; expected in a 1/4 * 1/3 = 1/12, over the
    # largest weight 1/9 = 0.11
    data = [1, 2, 3, 4], [1] * 4, list("aabb")
    late = {"weighting": "fleming-harrington", "gamma": 1}
    for test in (logrank, logrank_trend):
        with pytest.warns(SmallSampleWarning, match=r"in 'a', 'b'\. 0\.11 events") as caught:
            test(*data, **late)
        assert len(caught) == 1
    with pytest.warns(SmallSampleWarning, match=r"in 3 pairs of 3") as caught:
        pairwise_logrank([1, 2, 3, 4, 5, 6], [1] * 6, list("aabbcc"), **late)
    assert len(caught) == 1
    rng = np.random.default_rng(1)
    many = rng.exponential(size=120), [1] * 120, np.tile([0, 1], 60)
    assert np.isfinite(logrank(*many, **late).p_value)  # no warning
    logrank(*data, weighting="fleming-harrington", rho=1)  # none for early weights


def test_groups_that_strata_keep_apart_are_tested_within_each_stratum():
    """Figures of R's survival, whose survdiff stops with strata (a singular matrix).

    survdiff(Surv(tm, ev) ~ g, subset = s == 1)$chisq, the same of s == 2; and the score test of
    coxph(Surv(tm, ev) ~ g + strata(s), ties = "exact").
    """
    groups, stratum = list("ABABABCDCDCDD"), [1] * 6 + [2] * 7
    time = [1, 2, 3, 4, 5, 6, 1, 3, 2, 5, 4, 6, 7]
    event = [1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1]
    test = logrank(time, event, groups, strata=stratum)
    assert test.statistic == pytest.approx(0.0739030023094688 + 3.9248776957390090, rel=1e-12)
    assert test.df == 2
    assert test.p_value == pytest.approx(0.135417815679529, rel=1e-12)


def test_groups_that_are_never_at_risk_together_have_no_test():
    test = logrank([1, 2, 3, 4], [1, 1, 1, 1], list("aabb"), strata=[1, 1, 2, 2])
    assert np.isnan([test.statistic, test.p_value]).all()
    assert test.df == 0
