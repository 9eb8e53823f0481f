"""Searched cutpoints: by hand, on noise, on a real step, and what is refused."""

import itertools

import numpy as np
import pytest

import neurosig as ns
from neurosig.errors import ClinicalError, ClinicalWarning, ParameterError, TooFewEventsError
from neurosig.outcomes.chance.searched_cutpoint import logrank_scores

QUICK = {"n_bootstrap": 1, "n_folds": 2, "n_repeats": 1, "n_permutations": 199}


def noise(n=100, seed=0):
    rng = np.random.default_rng(seed)
    return rng.exponential(size=n), rng.random(n) < 0.6, rng.normal(size=n)


def step(n=300, seed=1):
    """The hazard is three times as high above 0.5, a little under a third of the rows."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n)
    time = rng.exponential(np.where(score > 0.5, 1.0, 3.0))
    return np.minimum(time, 3.0), time < 3.0, score


def test_scores_of_tied_and_censored_times_by_hand():
    """At time 2 two of four rows die, both with rank 3: each adds 1 / (4 - 3 + 1)."""
    found = logrank_scores(np.array([1.0, 2.0, 2.0, 3.0]), np.array([0.0, 1.0, 1.0, 0.0]))
    np.testing.assert_allclose(found, [0.0, 0.0, 0.0, -1.0])


def test_the_permutation_p_value_is_that_of_all_orders():
    """Of six rows all 720 orders are few enough to be walked."""
    time, event = np.array([1.0, 2, 3, 4, 5, 6]), np.array([1.0, 1, 0, 1, 1, 0])
    a = logrank_scores(time, event)
    m = np.array([1, 2, 3, 4, 5])
    spread = np.sqrt(m * (6 - m) / (36 * 5) * (6 * np.sum(a**2) - np.sum(a) ** 2))
    largest = [
        (np.abs(np.cumsum(a[list(o)])[m - 1] - m / 6 * np.sum(a)) / spread).max()
        for o in itertools.permutations(range(6))
    ]
    score = [3.0, 9, 1, 5, 2, 7]
    options = {**QUICK, "n_permutations": 40_000}
    found = ns.maxstat(time, event, score, minprop=0.1, **options)
    observed = largest[list(itertools.permutations(range(6))).index(tuple(np.argsort(score)))]
    assert found.statistic == pytest.approx(observed)
    exact = np.mean(np.array(largest) >= observed - 1e-9)
    assert found.p_value == pytest.approx(exact, abs=0.01)


def test_on_noise_the_corrected_p_value_keeps_its_level():
    """300 studies without any effect: 5 % of 300 is 15, and 28 is its 99.9 % point."""
    p = [ns.maxstat(*noise(80, seed), **QUICK).p_value for seed in range(300)]
    assert sum(value <= 0.05 for value in p) <= 28
    assert 0.4 < np.mean(p) < 0.6


def test_no_p_value_of_the_two_groups_is_kept_anywhere():
    table = ns.maxstat(*noise(), **QUICK).table
    assert [c for c in table if c.startswith("p")] == ["p_value", "p_lau92", "p_lau94"]


def test_a_real_step_is_found_with_an_interval_around_it():
    """To a tenth of a standard deviation: a cut is a value of the data below the step."""
    found = ns.maxstat(*step(), n_bootstrap=200, n_repeats=3)
    assert found.cut_low - 0.1 <= 0.5 <= found.cut_high + 0.1
    assert found.cut_high - found.cut_low < 1
    assert found.p_value == 1 / 10_001  # no permutation is as large
    assert found.p_lau92 < 0.001
    assert 1.5 < found.hazard_ratio_validated <= found.hazard_ratio_apparent * 1.05


def test_on_noise_the_validated_effect_is_about_none_and_the_apparent_one_is_not():
    found = [ns.maxstat(*noise(100, seed), **QUICK | {"n_folds": 10}) for seed in range(40)]
    apparent = np.exp(np.mean([np.log(f.hazard_ratio_apparent) for f in found]))
    validated = np.exp(np.mean([np.log(f.hazard_ratio_validated) for f in found]))
    assert apparent > 1.5
    assert 0.8 < validated < 1.25


def test_a_reversed_score_has_the_same_statistic_on_the_other_side():
    time, event, score = noise()
    one, other = ns.maxstat(time, event, score, **QUICK), ns.maxstat(time, event, -score, **QUICK)
    assert other.statistic == pytest.approx(one.statistic)
    assert other.n_low == one.n - one.n_low
    assert other.hazard_ratio_apparent == pytest.approx(one.hazard_ratio_apparent)


def test_the_smallest_group_is_the_floor_of_the_share():
    """0.25 of 11 rows is 2.75: two rows are enough on the low side, and eight are the most."""
    rng = np.random.default_rng(2)
    found = ns.maxstat(rng.exponential(size=11), np.ones(11), np.arange(11.0), **QUICK)
    assert found.profile["n_low"].tolist() == [2, 3, 4, 5, 6, 7, 8]


def test_an_approximation_above_one_is_capped_and_said():
    """maxstat 0.7-25: pLausen92(1.2371787720776952, 0.01, 0.99) is 1.33."""
    found = ns.maxstat(*noise(80, 7), minprop=0.01, **QUICK)
    assert found.statistic == pytest.approx(1.2371787720776952)
    assert found.p_lau92 == 1.0
    assert "The approximation p_lau92 is 1.33 and was cut off at 0 or 1" in found.notes


def test_below_a_statistic_of_1_the_approximation_of_1992_is_1_as_in_r():
    """maxstat 0.7-25: pLausen92(0.5, 0.1, 0.9) is 1; the formula alone would fall again."""
    time, event = np.arange(1.0, 21.0), np.ones(20)
    found = ns.maxstat(time, event, np.tile([0.0, 1, 1, 0], 5), **QUICK)  # halves that are equal
    assert found.statistic < 1
    assert found.p_lau92 == 1.0
    assert not any("p_lau92" in note for note in found.notes)


def test_the_seed_fixes_everything_that_is_drawn():
    options = {**QUICK, "n_bootstrap": 50}
    first = ns.maxstat(*noise(), **options)
    assert first.table.equals(ns.maxstat(*noise(), **options).table)
    assert not first.table.equals(ns.maxstat(*noise(), **options, seed=1).table)


def test_rows_without_a_score_are_left_out_with_a_warning():
    time, event, score = noise()
    with pytest.warns(ClinicalWarning, match="2 rows with a missing"):
        found = ns.maxstat(time, event, np.r_[np.nan, np.nan, score[2:]], **QUICK)
    complete = ns.maxstat(time[2:], event[2:], score[2:], **QUICK)
    assert found.table.equals(complete.table)


def test_without_events_there_is_nothing_to_search_for():
    with pytest.raises(TooFewEventsError, match="1 event in 5 rows"):
        ns.maxstat([1, 2, 3, 4, 5], [0, 0, 1, 0, 0], [1, 2, 3, 4, 5])


def test_a_score_with_one_value_has_no_cut():
    with pytest.raises(ClinicalError, match="1 different value"):
        ns.maxstat([1, 2, 3, 4, 5], [0, 1, 1, 0, 0], [2, 2, 2, 2, 2])


@pytest.mark.parametrize(
    "options",
    [{"minprop": 0}, {"minprop": 0.5}, {"confidence": 1}, {"n_folds": 1}, {"n_permutations": 0}],
)
def test_an_option_out_of_its_range_is_refused_by_name(options):
    with pytest.raises(ParameterError, match=next(iter(options))):
        ns.maxstat(*noise(), **options)
