"""Power and sample sizes: numbers of the papers and of other programs, and what is refused."""

import math

import numpy as np
import pytest
from scipy import integrate

import neurosig as ns
from neurosig.errors import ParameterError


def test_the_example_of_hsieh_and_lavori():
    """Control Clin Trials 2000, p. 557: 107 patients with myeloma, one-sided 5 %, power 0.806."""
    plan = ns.power(
        hr=math.e,
        n=107,
        event_rate=0.738,
        alpha=0.05,
        sides=1,
        sd_of_covariate=0.3126,
        r2_with_covariates=0.1837,
    )
    assert plan.solved_for == "power"
    assert plan.power == pytest.approx(0.806, abs=5e-4)


def test_events_and_power_equal_survivalpwr():
    """R's survivalpwr (its README): hr 1.5, stddev 0.5, event probability 0.8."""
    plan = ns.power(hr=1.5, power=0.8, event_rate=0.8, sd_of_covariate=0.5)
    assert (plan.n_events, plan.n) == (math.ceil(190.9676), math.ceil(238.7095))
    found = ns.power(hr=1.5, n=200, event_rate=0.8, sd_of_covariate=0.5).power
    assert found == pytest.approx(0.7272216, abs=4e-6)  # it adds P(Z < -4.52)


@pytest.mark.parametrize(("hr", "total"), [(1.25, 1264), (1.5, 384), (1.75, 204), (2.0, 132)])
def test_sample_sizes_of_schoenfelds_formula(hr, total):
    """Trials 2015, doi:10.1186/s13063-015-0727-9, table 1: 80 %, 5 %, equal groups, half censored.

    The table rounds each group up to whole patients and events, so it may be up to 2 above.
    """
    plan = ns.power(hr=hr, power=0.8, allocation=0.5, event_rate=0.5)
    assert plan.n == pytest.approx(total, abs=2)
    assert plan.n <= total


@pytest.mark.parametrize("missing", ["hr", "power", "n_events", "alpha"])
def test_each_quantity_is_found_again_from_the_others(missing):
    full = {"hr": 1.6, "power": 0.85, "alpha": 0.05}
    exact = (1.959963985 + 1.036433389) ** 2 / (0.9 * math.log(1.6) ** 2)
    given = {**full, "n_events": exact, missing: None}
    plan = ns.power(**given, r2_with_covariates=0.1)
    wanted = math.ceil(exact) if missing == "n_events" else full[missing]
    assert getattr(plan, missing) == pytest.approx(wanted, rel=1e-8)
    assert plan.solved_for == missing


def test_a_protective_hazard_ratio_needs_as_many_events_as_its_inverse():
    assert ns.power(hr=1 / 1.5, power=0.8).n_events == ns.power(hr=1.5, power=0.8).n_events


def test_tests_that_share_the_level_cost_events():
    one = ns.power(hr=1.5, power=0.9, alpha=0.05 / 24).n_events
    assert ns.power(hr=1.5, power=0.9, n_tests=24).n_events == one
    assert one > 1.7 * ns.power(hr=1.5, power=0.9).n_events
    found = ns.power(hr=1.5, power=0.9, n_events=one, alpha=None, n_tests=24).alpha
    assert found == pytest.approx(0.05, rel=0.03)  # the events are rounded up


def test_an_event_rate_can_come_from_patients_and_events():
    plan = ns.power(power=0.8, n=400, n_events=100)
    assert plan.event_rate == 0.25
    assert plan.hr == pytest.approx(math.exp((1.959964 + 0.841621) / 10), rel=1e-6)


def test_the_share_of_events_is_the_integral_over_accrual():
    hazard, dropout, accrual, follow_up = math.log(2) / 30, 0.01, 24, 12

    def of_group(lam):
        def by(u):
            total = lam + dropout
            return lam / total * (1 - math.exp(-total * u)) / accrual

        return integrate.quad(by, follow_up, follow_up + accrual)[0]

    got = ns.event_probability(
        median=30, dropout=dropout, accrual=accrual, follow_up=follow_up, hr=0.7, allocation=0.4
    )
    assert got == pytest.approx(0.6 * of_group(hazard) + 0.4 * of_group(0.7 * hazard), abs=1e-12)


def test_the_share_of_events_equals_hmisc():
    """Hmisc 4.8-0, cpower(5, 1000, 0.5, 0.0001, 2, 4): 0.4983970 of the controls."""
    hazard = -math.log(0.5) / 5
    share = ns.event_probability(hazard=hazard, accrual=2, follow_up=4)
    assert share == pytest.approx(0.4983970, abs=5e-8)


def test_the_share_of_events_is_that_of_simulated_patients():
    """100,000 patients: the standard error of the share is 0.0016."""
    rng = np.random.default_rng(1)
    own, lost = rng.exponential(20 / math.log(2), 100_000), rng.exponential(1 / 0.02, 100_000)
    observed = (own < np.minimum(lost, 10 + rng.uniform(0, 15, 100_000))).mean()
    expected = ns.event_probability(median=20, dropout=0.02, accrual=15, follow_up=10)
    assert expected == pytest.approx(observed, abs=0.006)


def test_the_tables_of_hsieh_bloch_and_larsen():
    """Stat Med 1998, tables I and II, balanced designs with power 0.95: 1281 and 317 patients."""
    two_groups = ns.power_logistic(
        prevalence=0.4, odds_ratio=(0.5 / 0.5) / (0.4 / 0.6), n=1281, allocation=0.5
    )
    assert two_groups.power == pytest.approx(0.95, abs=5e-3)
    again = ns.power_logistic(prevalence=0.4, odds_ratio=1.5, power=0.95, allocation=0.5)
    assert again.n == pytest.approx(1281, abs=1)
    assert ns.power_logistic(prevalence=0.5, odds_ratio=math.exp(0.405), power=0.95).n == 317


@pytest.mark.parametrize("allocation", [None, 0.3])
@pytest.mark.parametrize("missing", ["odds_ratio", "power", "alpha"])
def test_each_quantity_of_a_logistic_plan_is_found_again(missing, allocation):
    given = {"odds_ratio": 1.8, "power": 0.9, "alpha": 0.05, "n": 300}
    options = {"prevalence": 0.25, "allocation": allocation, "r2_with_covariates": 0.2}
    first = ns.power_logistic(**{**given, "power": None}, **options)
    given["power"] = first.power
    plan = ns.power_logistic(**{**given, missing: None}, **options)
    assert getattr(plan, missing) == pytest.approx(given[missing], rel=1e-8)


@pytest.mark.parametrize(
    ("r2", "n_params", "prevalence", "criteria"),
    [  # pmsampsize 1.1.3 for R and Stata without the rounding of older versions; the first is the
        (0.288, 24, 0.174, (623, 662, 221)),  # Chagas model of Riley 2019: EPP 4.8
        (0.288, 24, 0.25, (623, None, 289)),
    ],
)
def test_the_binary_example_of_riley(r2, n_params, prevalence, criteria):
    size = ns.prediction_sample_size(n_params=n_params, r2=r2, prevalence=prevalence)
    for ours, theirs in zip(size.table["n"], criteria, strict=True):
        assert theirs is None or ours == theirs
    assert size.n == max(size.table["n"])


@pytest.mark.parametrize(
    ("r2", "n_params", "rate", "follow_up", "first", "second", "per_param"),
    [  # pmsampsize 1.1.3, tests/testthat/test_surv.R (tests 3.1 to 3.4)
        (0.051, 25, 0.065, 2.07, 4286, 866, 23.07),
        (0.065, 25, 0.065, 2.07, 3335, 859, 17.95),
        (0.051, 50, 0.065, 2.07, 8572, 1731, 23.07),
        (0.051, 25, 0.1, 2.07, 4286, 731, 35.49),
    ],
)
def test_the_survival_example_of_riley_equals_pmsampsize(
    r2, n_params, rate, follow_up, first, second, per_param
):
    size = ns.prediction_sample_size(
        n_params=n_params, r2=r2, rate=rate, mean_follow_up=follow_up, time=2
    )
    assert size.table["n"].tolist()[::2] == [first, first]
    # it rounds the events of 10,000 patients up
    assert size.table["n"][1] == pytest.approx(second, abs=1)
    assert size.events_per_param == pytest.approx(per_param, abs=5e-3)
    assert size.risk == pytest.approx(1 - math.exp(-rate * 2))
    assert size.risk_low < size.risk < size.risk_high


def test_the_model_of_recurrent_thrombosis_needs_23_events_per_parameter():
    """Riley 2019: 30 parameters, R2 0.051, 0.065 events a year, 2.07 years: 5,143 patients."""
    size = ns.prediction_sample_size(n_params=30, r2=0.051, rate=0.065, mean_follow_up=2.07, time=2)
    assert size.n == 5143
    assert math.floor(size.events_per_param) == 23


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (lambda: ns.power(hr=1.5), "missing: power, n_events"),
        (lambda: ns.power(hr=1.5, power=0.8, n_events=99), "missing: none"),
        (lambda: ns.power(hr=1, power=0.8), "hr cannot be 1"),
        (lambda: ns.power(hr=-2, power=0.8), "hr cannot be -2"),
        (lambda: ns.power(hr=2, power=1.2), "power cannot be 1.2"),
        (lambda: ns.power(hr=2, power=0.01), "not above the level of the test"),
        (lambda: ns.power(hr=2, n=100), "does not say how many events"),
        (lambda: ns.power(hr=2, n=100, n_events=120), "contradict"),
        (lambda: ns.power(hr=2, n=100, n_events=20, event_rate=0.3), "contradict"),
        (lambda: ns.power(hr=2, power=0.8, event_rate=1.2), "event_rate cannot be 1.2"),
        (lambda: ns.power(hr=2, power=0.8, sides=3), "sides cannot be 3"),
        (lambda: ns.power(hr=2, power=0.8, r2_with_covariates=1), "r2_with_covariates cannot be 1"),
        (
            lambda: ns.power(hr=2, power=0.8, allocation=0.5, sd_of_covariate=2),
            "either continuous or two groups",
        ),
        (lambda: ns.event_probability(follow_up=5), "by its median or by its hazard"),
        (lambda: ns.event_probability(follow_up=0, median=5), "Nobody is followed"),
        (lambda: ns.event_probability(follow_up=-1, median=5), "follow_up cannot be -1"),
        (lambda: ns.power_logistic(prevalence=0.2, odds_ratio=1, power=0.8), "make no plan"),
        (
            lambda: ns.power_logistic(prevalence=0.2, power=0.8, n=3, allocation=0.5),
            "No odds ratio has a power",
        ),
        (lambda: ns.prediction_sample_size(n_params=5, r2=0.2), "missing: prevalence, rate"),
        (
            lambda: ns.prediction_sample_size(n_params=5, r2=0.2, rate=0.1),
            "needs its follow-up",
        ),
        (
            lambda: ns.prediction_sample_size(n_params=5, r2=0.8, prevalence=0.1),
            "largest Cox-Snell R2 is 0.478",
        ),
    ],
)
def test_plans_that_cannot_be_made_are_refused(plan, text):
    with pytest.raises(ParameterError, match=text):
        plan()


def test_a_plan_says_itself_in_one_sentence():
    plan = ns.power(hr=1.5, power=0.8, event_rate=0.4, n_tests=5, r2_with_covariates=0.1)
    assert plan.text == (
        f"{plan.n_events} events in {plan.n} patients give a power of 80% to detect a hazard ratio "
        "of 1.50 at a two-sided level of 0.05 divided over 5 tests (variance of the covariate 1, "
        "of which the other covariates explain 10%)."
    )


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (lambda: ns.power(power=0.8, n_events=10, sd_of_covariate=1e-3), "No hazard ratio"),
        (lambda: ns.power(hr="large", power=0.8), "hr cannot be 'large'"),
        (lambda: ns.power(hr=1.5, power=0.8, n_tests=math.nan), "n_tests cannot be nan"),
        (lambda: ns.power(hr=1.5, n=10.5, event_rate=0.5), "n cannot be 10.5"),
        (lambda: ns.power(hr=1.5, power=0.8, event_rate="half"), "event_rate cannot be 'half'"),
        (lambda: ns.power_logistic(prevalence=0.3, odds_ratio=1.5, n=-5), "n cannot be -5"),
        (lambda: ns.power_logistic(prevalence=0.3, odds_ratio=1.5, n=100.7), "n cannot be 100.7"),
        (lambda: ns.power_logistic(prevalence=0.3, power=0.02, n=100), "not above the level"),
        (
            lambda: ns.power_logistic(prevalence=0.3, odds_ratio=1.5, power=0.01),
            "not above the level",
        ),
        (lambda: ns.event_probability(follow_up="2", median=3), "follow_up cannot be '2'"),
        (
            lambda: ns.prediction_sample_size(n_params=2.5, r2=0.1, prevalence=0.3),
            "n_params cannot be 2.5",
        ),
        (
            lambda: ns.prediction_sample_size(n_params=5, r2=0.1, rate=1, mean_follow_up=2, time=1),
            "2 events per patient",
        ),
    ],
)
def test_plans_of_impossible_numbers_say_which(plan, text):
    with pytest.raises(ParameterError, match=text):
        plan()
