"""Survival curves, quantiles, numbers at risk, display groups and the log-rank test."""

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import ClinicalWarning, EndpointError, ParameterError, TooFewEventsError
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.curves.rank_tests import logrank
from neurosig.outcomes.curves.survival_curve import (
    at_risk_table,
    kaplan_meier,
    km_groups,
    survival_quantile,
)

# Freireich et al. 1963, doi:10.1182/blood.V21.6.699.699: weeks of remission, 6-MP and placebo
SIX_MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
SIX_MP_EVENT = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TIME = SIX_MP + PLACEBO
EVENT = SIX_MP_EVENT + [1] * 21
GROUP = ["6-MP"] * 21 + ["placebo"] * 21


def test_the_curve_of_the_remission_data_is_the_published_one():
    curve = kaplan_meier(SIX_MP, SIX_MP_EVENT)
    at_events = curve[curve["n_event"] > 0]
    # Cox and Oakes 1984, table 4.1
    assert at_events["time"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert at_events["n_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    np.testing.assert_allclose(at_events["survival"], published, atol=5e-4)
    # Greenwood by hand at the first time: 0.857 sqrt(3 / (21 * 18)) = 0.0764
    assert at_events["std_error"].iloc[0] == pytest.approx(0.07636, abs=5e-6)


def test_the_five_intervals_equal_their_formulas_at_the_first_event():
    s, se, z = 18 / 21, 18 / 21 * np.sqrt(3 / (21 * 18)), 1.959963984540054
    expected = {
        "plain": (s - z * se, s + z * se),
        "log": (s * np.exp(-z * se / s), s * np.exp(z * se / s)),
        "log-log": (
            s ** np.exp(z * se / (s * abs(np.log(s)))),
            s ** np.exp(-z * se / (s * abs(np.log(s)))),
        ),
        "logit": tuple(
            1 / (1 + np.exp(-np.log(s / (1 - s)) + side * z * se / (s * (1 - s))))
            for side in (1, -1)
        ),
        "arcsin": tuple(
            np.sin(np.arcsin(np.sqrt(s)) + side * z * se / (2 * np.sqrt(s * (1 - s)))) ** 2
            for side in (-1, 1)
        ),
    }
    for interval, (low, high) in expected.items():
        first = kaplan_meier(SIX_MP, SIX_MP_EVENT, interval=interval).iloc[0]
        np.testing.assert_allclose(first[["ci_low", "ci_high"]].astype(float), [low, min(high, 1)])


def test_a_row_counts_only_after_its_entry():
    # by hand: at 3 the first two are at risk (the third enters at 3), at 4 the last two, at 5 one
    curve = kaplan_meier([3, 4, 5], [1, 1, 1], entry=[0, 1, 3])
    assert curve["n_risk"].tolist() == [2, 2, 1]
    assert curve["survival"].tolist() == [0.5, 0.25, 0.0]
    at_risk = at_risk_table([3, 4, 5], [1, 1, 1], [0, 1, 3, 4], entry=[0, 1, 3])
    assert at_risk["n_risk"].tolist() == [1, 1, 2, 2]


def test_a_row_that_enters_at_its_end_is_refused():
    with pytest.raises(EndpointError, match=r"enter at 3 and end at 3. 1 row: 3 to 3"):
        kaplan_meier([3, 4], [1, 1], entry=[3, 1])
    with pytest.raises(EndpointError, match="entry cannot be infinite"):
        kaplan_meier([3, 4], [1, 1], entry=[-np.inf, 1])


def test_weights_multiply_counts_and_equal_weights_give_the_curve_without():
    curve = kaplan_meier([1, 2, 3], [1, 1, 0], weights=[2.0, 1.0, 1.0])
    assert curve["survival"].tolist() == [0.5, 0.25, 0.25]  # 1 - 2/4, times 1 - 1/2
    # by hand, S(1) = 1 - w1 / W: derivatives -(W - w1) / W^2 and w1 / W^2 twice
    error = np.sqrt((2 * 2 / 16) ** 2 + 2 * (2 / 16) ** 2)
    assert curve["std_error"].iloc[0] == pytest.approx(error)
    equal = kaplan_meier(SIX_MP, SIX_MP_EVENT, weights=np.full(21, 0.3))
    plain = kaplan_meier(SIX_MP, SIX_MP_EVENT)
    np.testing.assert_allclose(equal["survival"], plain["survival"])
    np.testing.assert_allclose(equal["std_error"], plain["std_error"], rtol=0.06)


@pytest.mark.parametrize("weight", [0.0, -1.0, np.inf])
def test_a_weight_that_is_not_above_zero_is_refused(weight):
    with pytest.raises(EndpointError, match="weight cannot be"):
        kaplan_meier([1, 2], [1, 1], weights=[1.0, weight])


def test_an_interval_does_not_exist_where_nothing_or_everything_happened():
    curve = kaplan_meier([1, 2, 3], [0, 1, 1])
    assert curve["survival"].tolist() == [1.0, 0.5, 0.0]
    assert curve["ci_low"].isna().tolist() == [True, False, True]
    plain = kaplan_meier([1, 2, 3], [0, 1, 1], interval="plain")
    assert plain.iloc[0][["ci_low", "ci_high"]].tolist() == [1.0, 1.0]


def test_the_median_is_the_first_time_at_or_below_one_half():
    medians = survival_quantile(kaplan_meier(TIME, EVENT, groups=GROUP)).set_index("group")
    assert medians.loc["6-MP", "time"] == 23  # 0.448 at week 23, 0.538 before
    assert medians.loc["placebo", "time"] == 8  # 12 of 21 had relapsed by week 8


def test_a_median_not_reached_is_missing():
    median = survival_quantile(kaplan_meier([1, 2, 3, 4], [1, 0, 0, 0]))
    assert median[["time", "ci_high"]].isna().all(axis=None)


def test_the_median_on_a_flat_stretch_is_its_middle():
    assert survival_quantile(kaplan_meier([2, 4, 8, 9], [1, 1, 1, 0]))["time"].tolist() == [6.0]


def test_a_probability_outside_zero_to_one_is_refused():
    with pytest.raises(ParameterError, match="probability"):
        survival_quantile(kaplan_meier([1, 2], [1, 1]), 50)


def test_times_that_differ_by_rounding_are_one_time():
    curve = kaplan_meier([0.3, 0.1 + 0.2, 1.0], [1, 1, 0])
    assert curve["n_event"].tolist() == [2, 0]


def test_groups_keep_the_order_of_their_categories():
    groups = pd.Categorical(GROUP, categories=["placebo", "6-MP", "nobody"])
    curve = kaplan_meier(TIME, EVENT, groups=groups)
    assert curve["group"].unique().tolist() == ["placebo", "6-MP"]


def test_numbers_at_risk_count_rows_that_are_still_followed():
    table = at_risk_table(TIME, EVENT, [0, 10, 20, 36], groups=GROUP)
    six = table[table["group"] == "6-MP"]
    assert six["n_risk"].tolist() == [21, 15, 8, 0]
    assert six["n_event"].tolist() == [0, 5, 7, 9]
    assert six["n_censor"].tolist() == [0, 3, 7, 12]  # 6 9 10 | 11 17 19 20 | 25 32 32 34 35


def test_the_logrank_test_of_the_remission_data_is_the_published_one():
    test = logrank(TIME, EVENT, GROUP)
    assert test.statistic == pytest.approx(16.79, abs=0.005)  # Kleinbaum and Klein, chapter 2
    assert test.df == 1
    assert test.table["observed"].tolist() == [9, 21]
    np.testing.assert_allclose(test.table["expected"], [19.25, 10.75], atol=0.005)


def test_the_logrank_test_equals_statsmodels_with_strata():
    from statsmodels.duration.survfunc import survdiff

    rng = np.random.default_rng(4)
    time, event = np.ceil(rng.exponential(10, 150)), (rng.random(150) < 0.7).astype(int)
    group, stratum = rng.integers(0, 3, 150), rng.integers(0, 2, 150)
    statistic, p_value = survdiff(time, event, group)
    ours = logrank(time, event, group)
    assert ours.statistic == pytest.approx(statistic, rel=1e-10)
    assert ours.p_value == pytest.approx(p_value, rel=1e-8)
    assert ours.df == 2
    statistic, _ = survdiff(time, event, group, strata=stratum)
    assert logrank(time, event, group, strata=stratum).statistic == pytest.approx(statistic)


def test_the_logrank_test_equals_hand_arithmetic():
    # at risk 6, 5, 4 with three, two, one of "a"; then "a" is empty:
    # E = 3/6 + 2/5 + 1/4 = 1.15, V = 1/4 + 6/25 + 3/16 = 0.6775, (3 - 1.15)^2 / V = 5.0517
    test = logrank([1, 2, 3, 4, 5, 6], [1] * 6, ["a", "a", "a", "b", "b", "b"])
    assert test.statistic == pytest.approx(1.85**2 / 0.6775, rel=1e-12)


def test_one_group_is_skipped_with_a_reason():  # row 62 of the table of bad inputs
    with pytest.warns(ClinicalWarning, match="there is only 'a'"):
        test = logrank([1, 2, 3], [1, 1, 0], ["a", "a", "a"])
    assert np.isnan(test.statistic)
    assert test.df == 0


def test_a_logrank_test_without_events_is_refused():  # row 12
    with pytest.raises(TooFewEventsError, match="All 2 rows are censored"):
        logrank([1, 2], [0, 0], ["a", "b"])


@pytest.mark.parametrize(
    ("time", "event", "match"),
    [
        ([1, -2], [1, 0], "cannot be -2"),
        ([1, np.inf], [1, 0], "cannot be inf"),
        ([1, 2], [1, 2], "event cannot be 2"),
        ([1, 2, 3], [1, 0], "one value per row"),
        ([np.nan], [1], "No row has both"),
    ],
)
def test_impossible_times_and_events_are_refused(time, event, match):
    with pytest.raises(EndpointError, match=match):
        kaplan_meier(time, event)


def test_rows_with_missing_values_are_left_out_and_counted():
    with pytest.warns(ClinicalWarning, match="2 rows with a missing time"):
        curve = kaplan_meier([1, 2, np.nan, 4], [1, 1, 1, 0], groups=["a", None, "a", "a"])
    assert curve["n_risk"].tolist() == [2, 1]


def test_unknown_options_are_refused():
    with pytest.raises(ParameterError, match=r"'peto'.*arcsin"):
        kaplan_meier([1], [1], interval="peto")
    with pytest.raises(ParameterError, match="confidence"):
        kaplan_meier([1], [1], confidence=95)


def _cohort(scores):
    data = pd.DataFrame(
        {"NGF": scores}, index=[f"p{i}" for i in range(len(scores))], dtype=np.float64
    )
    time, event = np.arange(1.0, len(scores) + 1), np.ones(len(scores))
    return Cohort("c", data, ("NGF",), Endpoint(time="t", event="e"), time, event)


def test_display_groups_split_at_the_median_and_say_what_they_are_for():
    groups = km_groups(_cohort([1, 2, 3, 4, np.nan, 5]), "NGF")
    assert groups["group"].tolist() == ["low", "low", "low", "high", "high"]
    assert groups.index.tolist() == ["p0", "p1", "p2", "p3", "p5"]
    assert "display only" in groups.attrs["note"]


def test_display_groups_can_be_tertiles_and_quartiles():
    cohort = _cohort(range(1, 13))
    assert km_groups(cohort, "NGF", "tertiles")["group"].value_counts().tolist() == [4, 4, 4]
    quartiles = km_groups(cohort, "NGF", "quartiles")["group"]
    assert quartiles.iloc[[0, 3, 6, 11]].tolist() == ["Q1 (lowest)", "Q2", "Q3", "Q4 (highest)"]
    with pytest.raises(ParameterError, match="optimal"):
        km_groups(cohort, "NGF", "optimal")


def test_display_groups_need_an_endpoint():
    cohort = _cohort([1, 2, 3])
    with pytest.raises(EndpointError, match="no endpoint"):
        km_groups(Cohort("c", cohort.data, ("NGF",)), "NGF")
