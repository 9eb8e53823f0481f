"""Curves, rank tests and competing risks against R and lifelines on 120 made-up rows.

The tables in survival_tables/ were made by make.R (R 4.2.2, survival 3.5-3, cmprsk 2.2-11) and
make_late_weights.py (lifelines 0.30.3), which hold every call; numbers are printed with 15 digits.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurosig.outcomes.competing.incidence import cumulative_incidence
from neurosig.outcomes.competing.incidence_test import gray_test
from neurosig.outcomes.competing.subdistribution import fit_subdistribution
from neurosig.outcomes.curves.rank_comparisons import logrank_trend, pairwise_logrank
from neurosig.outcomes.curves.rank_tests import logrank
from neurosig.outcomes.curves.survival_curve import kaplan_meier

FOLDER = Path(__file__).parent / "survival_tables"
TOLERANCE = 1e-10  # 15 digits of numbers of at most a few hundred


def table(name):
    return pd.read_csv(FOLDER / f"{name}.csv")


@pytest.fixture(scope="module")
def data():
    return table("data")


@pytest.mark.parametrize(
    ("case", "interval"), [("entry", "log-log"), ("weights", "logit"), ("both", "log")]
)
def test_curves_with_delayed_entry_and_with_weights_equal_survfit(data, case, interval):
    weights = None if case == "entry" else data["weight"]
    entry = None if case == "weights" else data["entry"]
    time = data["time"] if case == "weights" else data["stop"]
    ours = kaplan_meier(time, data["event"], entry=entry, weights=weights, interval=interval)
    expected = table("kaplan_meier").query("case == @case")
    assert len(ours) == len(expected) > 20
    for name in ("time", "n_risk", "n_event", "survival", "std_error", "ci_low", "ci_high"):
        np.testing.assert_allclose(ours[name], expected[name], atol=TOLERANCE, rtol=0)


def test_a_logrank_test_with_delayed_entry_equals_the_score_test_of_coxph(data):
    expected = table("rank_tests").set_index("case")["statistic"]
    test = logrank(data["stop"], data["event"], data["group"], entry=data["entry"])
    assert test.statistic == pytest.approx(expected["entry"], abs=TOLERANCE)
    assert logrank(data["stop"], data["event"], data["group"]).statistic != test.statistic


def test_a_trend_test_equals_the_exact_score_test_of_coxph(data):
    expected = table("rank_tests").set_index("case")["statistic"]
    groups = pd.Categorical(data["group"], ["a", "b", "c"], ordered=True)
    outcome = (data["time"], data["event"], groups)
    for case, options in {
        "trend": {},
        "trend_uneven": {"scores": [0, 1, 5]},
        "trend_strata": {"strata": data["stratum"]},
    }.items():
        test = logrank_trend(*outcome, **options)
        assert test.statistic == pytest.approx(expected[case], abs=TOLERANCE)
        assert test.df == 1


def test_pairwise_tests_equal_survdiff_on_each_two_groups(data):
    expected = table("rank_tests").set_index("case")["statistic"]
    pairs = pairwise_logrank(data["time"], data["event"], data["group"])
    assert len(pairs) == 3
    for row in pairs.to_dict("records"):
        case = f"pair_{row['group']}_{row['reference']}"
        assert row["statistic"] == pytest.approx(expected[case], abs=TOLERANCE)
    smallest, middle, largest = np.sort(pairs["p_value"])
    by_hand = [3 * smallest, 1.5 * middle, largest]  # m p / rank, made monotone from the largest
    by_hand = np.minimum.accumulate(by_hand[::-1])[::-1]
    np.testing.assert_allclose(np.sort(pairs["q_value"]), by_hand)


def test_weighted_tests_equal_lifelines(data):
    names = {"wilcoxon": "gehan"}
    expected = table("late_weights")
    assert len(expected) == 5
    for row in expected.fillna(0).to_dict("records"):
        test = logrank(
            data["time"],
            data["event"],
            data["group"],
            weighting=names.get(row["weighting"], row["weighting"]),
            rho=row["rho"],
            gamma=row["gamma"],
        )
        assert test.statistic == pytest.approx(row["statistic"], abs=TOLERANCE)
        assert test.p_value == pytest.approx(row["p_value"], abs=TOLERANCE)


def test_cumulative_incidence_and_its_variance_equal_cuminc(data):
    ours = cumulative_incidence(data["time"], data["cause"], groups=data["group"])
    both = table("incidence_aalen").merge(ours, on=["group", "cause", "time"], how="left")
    assert len(both) > 50
    np.testing.assert_allclose(both["incidence_y"], both["incidence_x"], atol=TOLERANCE)
    np.testing.assert_allclose(both["std_error"] ** 2, both["variance"], atol=TOLERANCE)


@pytest.mark.parametrize("interval", ["log", "log-log", "plain", "logit", "arcsin"])
def test_incidence_intervals_equal_survfit(data, interval):
    ours = cumulative_incidence(
        data["time"], data["cause"], interval=interval, variance="jackknife"
    )
    expected = table("incidence_jackknife").query("interval == @interval")
    assert len(ours) == len(expected)
    assert ours["cause"].tolist() == expected["cause"].tolist()
    for name in ("time", "incidence", "std_error"):
        np.testing.assert_allclose(ours[name], expected[name], atol=TOLERANCE)
    started = ours["incidence"].to_numpy() > 0  # at 0 only the plain interval exists here
    for name in ("ci_low", "ci_high"):
        np.testing.assert_allclose(ours[name][started], expected[name][started], atol=TOLERANCE)


@pytest.mark.parametrize("case", ["plain", "rho", "strata"])
def test_grays_test_of_three_groups_equals_cuminc(data, case):
    options = {"rho": {"rho": 1}, "strata": {"strata": data["stratum"]}}.get(case, {})
    expected = table("gray").query("case == @case").set_index("cause")
    for cause in (1, 2):
        test = gray_test(data["time"], data["cause"], data["group"], of=cause, **options)
        assert test.statistic == pytest.approx(expected.loc[cause, "statistic"], abs=TOLERANCE)
        assert test.p_value == pytest.approx(expected.loc[cause, "p_value"], abs=TOLERANCE)
        assert test.df == expected.loc[cause, "df"] == 2


@pytest.mark.parametrize("case", ["score", "adjusted", "other"])
def test_a_fine_gray_model_equals_crr(data, case):
    expected = table("fine_gray").query("case == @case")
    own = 2 if case == "other" else 1
    state = np.select([data["cause"] == 0, data["cause"] == own], [0, 1], 2)
    matrix = data[expected["term"].tolist()].to_numpy(dtype=float)
    fit = fit_subdistribution(data["time"].to_numpy(dtype=float), state, matrix)
    np.testing.assert_allclose(fit.coef, expected["estimate"], atol=1e-9)  # both iterate
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), expected["std_error"], atol=1e-9)
    assert fit.loglik == pytest.approx(expected["loglik"].iloc[0], abs=1e-9)
    assert fit.loglik_null == pytest.approx(expected["loglik_null"].iloc[0], abs=1e-9)


@pytest.mark.parametrize("case", ["groups", "short"])
def test_groups_of_censoring_give_the_coefficients_of_crr(data, case):
    expected = table("fine_gray").query("case == @case")
    short = (data["stratum"] == 2) | (data["time"] <= 10)  # one group ends early, in an event
    rows = data[short] if case == "short" else data
    fit = fit_subdistribution(
        rows["time"].to_numpy(dtype=float),
        rows["cause"].to_numpy(),
        rows[["score", "age"]].to_numpy(dtype=float),
        rows["stratum"].to_numpy(),
    )
    np.testing.assert_allclose(fit.coef, expected["estimate"], atol=1e-9)
    assert fit.loglik == pytest.approx(expected["loglik"].iloc[0], abs=1e-9)
    # crr's errors differ from the formula within groups by up to 0.2 %
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), expected["std_error"], rtol=0.003)
