"""Discrimination, calibration, added value and net benefit: by hand, and with bad input."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import (
    ClinicalWarning,
    EndpointError,
    ParameterError,
    SeparationError,
    SmallSampleWarning,
    TooFewEventsError,
    UnknownSignatureError,
)
from neurosig.keys import Result
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.prediction.calibration_curve import risk_groups
from neurosig.outcomes.prediction.net_benefit import net_benefit
from neurosig.outcomes.prediction.optimism import Resampling, correct_optimism
from neurosig.outcomes.prediction.pair_concordance import pair_concordance
from neurosig.outcomes.prediction.risk_model import RiskModel, SurvivalData
from neurosig.outcomes.prediction.time_dependent import (
    brier_estimate,
    brier_scores,
    time_dependent_auc,
)

FEW = ns.Resampling(n_resamples=25)


def make_cohort(n=120, **columns):
    """NGF raises the hazard, SCHWANN does not; stage does."""
    rng = np.random.default_rng(8)
    ngf, stage = rng.normal(size=n), rng.integers(1, 4, n)
    data = pd.DataFrame(
        {
            "days": np.ceil(rng.exponential(1500 * np.exp(-0.6 * ngf - 0.4 * stage))),
            "dead": (rng.random(n) < 0.7).astype(float),
            "stage": stage,
            "NGF": ngf,
            "SCHWANN": rng.normal(size=n),
        },
        index=[f"p{i}" for i in range(n)],
    ).assign(**columns)
    return Cohort(
        name="made up",
        data=data,
        signatures=("NGF", "SCHWANN"),
        endpoint=ns.Endpoint(time="days", event="dead", name="OS"),
        time=data["days"].to_numpy(float),
        event=data["dead"].to_numpy(float),
    )


def survival(time, event):
    return np.asarray(time, float), np.asarray(event, float)


# ---- by hand


def test_unos_weights_by_hand():
    # Patient 2 of 3 then at risk is censored at 2: G(3-) = 2/3, so the pair of the event at 3
    # weighs (3/2)^2 = 2.25; it is tied. At 1: two concordant pairs, one discordant.
    time, event = survival([1, 2, 3, 4], [1, 0, 1, 0])
    risk = np.array([2.0, 9, 1, 1])
    ours = pair_concordance(time, event, risk, kind="uno")
    assert ours.index == pytest.approx((2 + 2.25 / 2) / (3 + 2.25))
    assert pair_concordance(time, event, risk, tau=2).index == pytest.approx(2 / 3)


def test_a_censoring_at_the_time_of_an_event_outlives_it():
    time, event = survival([5, 5, 5], [1, 0, 1])
    ours = pair_concordance(time, event, np.array([3.0, 2.0, 1.0]))
    assert ours.counts[:5] == (1, 1, 0, 1, 0)  # 1-2 concordant, 3-2 discordant, 1-3 both events


def test_auc_with_censoring_by_hand():
    # One of four at risk is censored at 2: G(3-) = 3/4. Cases weigh 1 and 4/3, the first is above
    # both controls and the second below both.
    time, event = survival([1, 2, 3, 4, 5], [1, 0, 1, 1, 0])
    marker = np.array([2.0, 9, 0, 1, 1])
    assert time_dependent_auc(time, event, marker, 3.5).value == pytest.approx(1 / (1 + 4 / 3))


def test_patients_with_another_cause_are_controls_when_asked_for():
    # Without censoring all weigh 1: the case (marker 2) is above 1 and below 3 -> 1/2; with the
    # other cause (marker 0) also among the controls, 2/3.
    time, event = survival([1, 2, 4, 5], [1, 2, 1, 1])
    marker = np.array([2.0, 0, 1, 3])
    assert time_dependent_auc(time, event, marker, 3.0).value == 0.5
    both = time_dependent_auc(time, event, marker, 3.0, controls="all others")
    assert both.value == pytest.approx(2 / 3)


def test_brier_of_everyone_right_is_zero_and_of_everyone_wrong_is_one():
    time, event = survival([1, 2, 3, 4], [1, 1, 1, 1])
    right = np.array([[1.0], [1], [0], [0]])
    assert brier_scores(time, event, right, np.array([2.5])).tolist() == [0.0]
    assert brier_scores(time, event, 1 - right, np.array([2.5])).tolist() == [1.0]


def test_without_covariates_the_risk_is_that_of_kaplan_meier():
    time, event = survival([1, 2, 2, 3, 4], [1, 1, 1, 0, 1])
    nobody = SurvivalData(time, event, np.empty((5, 0)))
    risk = RiskModel.fit(nobody).risk(nobody.x[:1], np.array([0.5, 1.0, 2.0, 4.0]))
    np.testing.assert_allclose(risk[0], [0, 1 / 5, 1 - 4 / 5 * 2 / 4, 1], atol=1e-15)


def test_the_efron_baseline_by_hand():
    # Two tied deaths of four, then of two, one in each arm: beta = 0, so the steps are
    # 1/4 + 1/(4 - 1/2 * 2) and 1/2 + 1/(2 - 1/2 * 2).
    time, event = survival([1, 1, 2, 2], [1, 1, 1, 1])
    flat = SurvivalData(time, event, np.array([[1.0], [0], [1], [0]]))
    model = RiskModel.fit(flat)
    assert model.coef[0] == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(model.hazard, [1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 3 / 2])


def test_equal_rows_have_equal_linear_predictors_to_the_bit():
    rng = np.random.default_rng(0)
    x = np.tile(rng.normal(size=(7, 5)), (40, 1))
    model = RiskModel(rng.normal(size=5), rng.normal(size=5), np.ones(1), np.ones(1), 0.0, 0.0)
    assert np.unique(model.linear_predictor(x)).size == 7


def test_net_benefit_by_hand():
    # No censoring, three of four treated, two of them in time: 2/4 - 1/4 * 0.2 / 0.8
    time, event = survival([1, 2, 3, 4], [1, 1, 1, 1])
    data = SurvivalData(time, event, np.empty((4, 0)))
    risk = np.array([0.9, 0.2, 0.3, 0.1])
    assert net_benefit(data, risk, 2.5, np.array([0.2]))[0] == pytest.approx(0.4375)


def test_optimism_of_a_mean_squared_error_is_minus_twice_the_variance_over_n():
    # For the mean of n values: E[train] = s2 (1 - 1/n), E[test] = s2 (1 + 1/n).
    values = np.arange(20.0)
    data = SurvivalData(values, np.ones(20), np.empty((20, 0)))

    def squared_error(centre, rows):
        return np.array([np.mean((rows.time - centre) ** 2)])

    found = correct_optimism(
        data, lambda rows: rows.time.mean(), squared_error, ns.Resampling(n_resamples=4000)
    )
    assert found.apparent[0] == values.var()
    assert found.optimism[0] == pytest.approx(-2 * values.var() / 20, rel=0.1)
    assert found.low[0] < found.value[0] < found.high[0]


# ---- the tables


def test_every_value_of_a_model_stands_beside_its_optimism():
    tables = [
        ns.discrimination(make_cohort(), times=300, resampling=FEW),
        ns.added_value(make_cohort(), base=["stage"], times=300, resampling=FEW),
        ns.calibration(make_cohort(), time=300, groups=3, resampling=FEW),
        ns.decision_curve(make_cohort(), time=300, resampling=FEW),
        ns.compare_concordance(make_cohort(), ["NGF"], ["stage"], resampling=FEW),
    ]
    for result in tables:
        table = result.table
        assert {"apparent", "optimism", "estimate", "n_resamples"} <= set(table.columns)
        expected = table["apparent"] - table["optimism"]
        np.testing.assert_allclose(table["estimate"], expected, atol=1e-12)
        assert result.notes
        assert table["status"].eq("ok").all()


def test_only_the_likelihood_ratio_has_a_p_value():
    table = ns.added_value(make_cohort(), base=["stage"], times=[300, 600], resampling=FEW).table
    has_p = table["measure"] == "likelihood ratio"
    assert table["p_lr"].notna().equals(has_p)
    assert table["q_value"].notna().equals(has_p)
    assert "p_value" not in table.columns
    p = table.set_index("signature").loc[lambda t: t["measure"] == "likelihood ratio", "p_lr"]
    assert p["NGF"] < 0.01 < p["SCHWANN"]
    cox = ns.cox(make_cohort(), adjust=["stage"]).scores.set_index("signature")
    np.testing.assert_allclose(p, cox["p_lr"], rtol=1e-6)


def test_a_change_is_the_difference_of_both_models():
    table = ns.added_value(make_cohort(), base=["stage"], times=300, resampling=FEW).table
    measured = table[table["measure"] != "likelihood ratio"]
    np.testing.assert_allclose(
        measured["estimate"], measured["full"] - measured["base"], atol=1e-12
    )


def test_a_noise_score_improves_nothing_once_corrected():
    table = ns.discrimination(make_cohort(), times=300, signatures="SCHWANN").table
    c = table[table["measure"] == "Harrell C"].iloc[0]
    assert c["apparent"] >= 0.5
    assert c["estimate"] < 0.53
    slope = table[table["measure"] == "calibration slope"].iloc[0]
    assert slope["apparent"] == pytest.approx(1.0)
    assert np.isnan(slope["ci_low"])  # it is 1 in every sample: there is no interval to shift


def test_the_rows_of_a_signature_do_not_depend_on_the_others_and_a_seed_fixes_them():
    both = ns.discrimination(make_cohort(), times=300, resampling=FEW).table
    one = ns.discrimination(make_cohort(), times=300, signatures="SCHWANN", resampling=FEW).table
    pd.testing.assert_frame_equal(
        both[both["signature"] == "SCHWANN"].reset_index(drop=True), one, check_exact=True
    )


def test_a_missing_score_costs_its_signature_the_row_and_no_other():
    ngf = make_cohort().data["NGF"].to_numpy().copy()
    ngf[:10] = np.nan
    cohort = make_cohort(NGF=ngf)
    for measure in (ns.concordance, partial(ns.discrimination, times=300, resampling=FEW)):
        with pytest.warns(ClinicalWarning, match="8% of the rows lack the score 'NGF'"):
            table = measure(cohort).table
        assert table.groupby("signature")["n"].first().to_dict() == {"NGF": 110, "SCHWANN": 120}


def test_what_cannot_be_fitted_has_a_status_and_a_reason():
    cohort = make_cohort(NGF=1.0, SCHWANN=np.nan)
    calls = [
        lambda: ns.discrimination(cohort, times=300, resampling=FEW),
        lambda: ns.added_value(cohort, base=["stage"], times=300, resampling=FEW),
        lambda: ns.calibration(cohort, time=300, resampling=FEW),
        lambda: ns.decision_curve(cohort, time=300, resampling=FEW),
    ]
    for call in calls:
        table = call().table
        status = table.groupby("signature")["status"].unique()
        assert status["NGF"].tolist() == ["constant"]
        assert status["SCHWANN"].tolist() == ["no_score"]
        assert table["estimate"].isna().all()
        assert table["message"].ne("").all()


def test_a_score_that_separates_the_events_is_a_row_with_that_status():
    cohort = make_cohort()
    perfect = replace(cohort, data=cohort.data.assign(NGF=-cohort.time), event=np.ones(120))
    with pytest.warns(SmallSampleWarning, match=r"predict nothing.*NGF: .*'score'.*1 signature"):
        table = ns.discrimination(perfect, times=300, resampling=FEW).table
    assert table.loc[table["signature"] == "NGF", "status"].unique().tolist() == ["separation"]
    assert table.loc[table["signature"] == "SCHWANN", "status"].unique().tolist() == ["ok"]
    row = ns.concordance(perfect, signatures="NGF").table.iloc[0]
    assert row["estimate"] == 1.0
    assert np.isnan(row["ci_low"])  # no interval at the end of the scale
    with pytest.raises(SeparationError):
        ns.compare_concordance(perfect, ["NGF"], ["stage"], resampling=FEW)


def test_a_score_with_ties_everywhere_orders_nobody():
    row = ns.concordance(make_cohort(NGF=3.0), signatures="NGF").table.iloc[0]
    assert row["estimate"] == 0.5
    assert row["std_error"] == 0.0


def test_a_score_of_two_levels_makes_no_five_groups():
    binary = (make_cohort().data["NGF"] > 0).astype(float)
    table = ns.calibration(
        make_cohort(NGF=binary), time=300, signatures="NGF", resampling=FEW
    ).table
    assert table["status"].unique().tolist() == ["too_few_events"]
    assert "2 distinct values" in table["message"][0]


def test_groups_of_risk_keep_ties_together():
    low, high = risk_groups(np.array([0.1, 0.2, 0.2, 0.2, 0.5, 0.6]), 2)
    assert low.tolist() == [True, True, True, True, False, False]
    assert high.tolist() == [False, False, False, False, True, True]


def test_the_first_columns_say_what_a_row_is():
    table = ns.discrimination(make_cohort(), times=[600, 300], resampling=FEW).table
    first = ["cohort", "endpoint", "signature", "term", "measure", "time", "estimate", "apparent"]
    assert list(table.columns[:8]) == first
    assert table["time"].dropna().unique().tolist() == [600.0, 300.0]
    assert table[Result.ADJUSTED_FOR].eq("").all()


def test_a_group_followed_less_than_the_time_has_no_observed_risk():
    n = 120
    rng = np.random.default_rng(2)
    score = np.repeat([0.0, 1.0, 2.0], n // 3) + rng.normal(scale=0.1, size=n)
    days = np.ceil(rng.exponential(600 * np.exp(-0.5 * score))) + 30
    dead = (rng.random(n) < 0.7) * 1.0
    low = np.arange(n) < n // 3  # low scores: nobody is followed beyond 200 days
    days, dead = np.where(low, np.minimum(days, 200), days), np.where(low & (days > 200), 0, dead)
    clinic = pd.DataFrame({"days": days, "dead": dead})
    cohort = ns.Cohort.join(
        pd.DataFrame({"NGF": score}), clinic, ns.Endpoint(time="days", event="dead")
    )
    table = ns.calibration(cohort, time=400, groups=3, resampling=FEW).table
    risk = table[table["measure"] == "observed risk"]
    assert risk["apparent"].isna().tolist() == [True, False, False]
    assert risk["estimate"].isna().tolist() == [True, False, False]
    assert "ends before 400" in risk["message"].iloc[0]
    # the highest scores, by hand: product over their event times of 1 - deaths / at risk
    t, e = days[2 * n // 3 :], dead[2 * n // 3 :]
    survival = np.prod([1 - e[t == u].sum() / (t >= u).sum() for u in np.unique(t[t <= 400])])
    top = np.argsort(score)[-n // 3 :]
    assert set(top) == set(range(2 * n // 3, n))
    assert risk["apparent"].iloc[2] == pytest.approx(1 - survival, abs=1e-12)


# ---- bad input


def no_endpoint():
    return replace(make_cohort(), endpoint=None, time=None, event=None)


CALLS = [
    ns.concordance,
    lambda c: ns.discrimination(c, times=300, resampling=FEW),
    lambda c: ns.added_value(c, base=["stage"], times=300, resampling=FEW),
    lambda c: ns.calibration(c, time=300, resampling=FEW),
    lambda c: ns.decision_curve(c, time=300, resampling=FEW),
    lambda c: ns.compare_concordance(c, ["NGF"], ["SCHWANN"], resampling=FEW),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_cohort_without_endpoint_or_events_is_refused(call):
    with pytest.raises(EndpointError, match="has no endpoint"):
        call(no_endpoint())
    with pytest.raises(TooFewEventsError, match="0 events"):
        call(replace(make_cohort(), event=np.zeros(120)))


@pytest.mark.parametrize("time", [0.0, -5.0, 1e6, float("nan")])
@pytest.mark.parametrize(
    "call",
    [
        lambda c, t: ns.discrimination(c, times=[300, t]),
        lambda c, t: ns.added_value(c, base=["stage"], times=t),
        lambda c, t: ns.calibration(c, time=t),
        lambda c, t: ns.decision_curve(c, time=t),
    ],
)
def test_a_time_outside_the_follow_up_is_refused_with_the_range(call, time):
    with pytest.raises(ParameterError, match=r"The first event is at .*the last patient leaves"):
        call(make_cohort(), time)


def test_no_times_no_thresholds_no_base_and_no_terms_are_refused():
    cohort = make_cohort()
    with pytest.raises(ParameterError, match="times is empty"):
        ns.discrimination(cohort, times=[])
    with pytest.raises(ParameterError, match="No thresholds"):
        ns.decision_curve(cohort, time=300, thresholds=[])
    with pytest.raises(ParameterError, match="base is empty"):
        ns.added_value(cohort, base=[], times=300)
    with pytest.raises(ParameterError, match="A model has no terms"):
        ns.compare_concordance(cohort, ["NGF"], [])


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.1, float("nan")])
def test_a_threshold_is_a_risk_between_0_and_1(threshold):
    with pytest.raises(ParameterError, match="above 0 and below 1"):
        ns.decision_curve(make_cohort(), time=300, thresholds=[0.2, threshold])


def test_options_out_of_range_are_refused():
    cohort = make_cohort()
    for groups in (1, 21):
        with pytest.raises(ParameterError, match="groups cannot be"):
            ns.calibration(cohort, time=300, groups=groups)
    with pytest.raises(ParameterError, match="kind cannot be 'gonen'"):
        ns.concordance(cohort, kind="gonen")
    with pytest.raises(ParameterError, match="tau cannot be 0"):
        ns.concordance(cohort, tau=0)
    with pytest.raises(ParameterError, match="n_resamples cannot be 5"):
        ns.Resampling(n_resamples=5)
    with pytest.raises(ParameterError, match="confidence cannot be 95"):
        ns.Resampling(confidence=95)
    with pytest.raises(UnknownSignatureError):
        ns.concordance(cohort, signatures="NTRK1")


@pytest.mark.parametrize(
    ("first", "second"), [(["NGF"], ["NGF", "stage"]), (["stage", "NGF"], ["stage"])]
)
def test_nested_models_are_not_compared_by_their_c(first, second):
    with pytest.raises(ParameterError, match=r"are nested.*added_value"):
        ns.compare_concordance(make_cohort(), first, second)


def test_samples_that_cannot_be_fitted_are_counted():
    rare = np.where(np.arange(120) == 5, "IV", "I")  # in 1 - (1 - 1/120)^120 = 63 % of the samples
    with pytest.warns(SmallSampleWarning, match="fewer than 5 rows"):
        table = ns.discrimination(
            make_cohort(rare=rare), times=300, signatures="NGF", adjust=["rare"]
        ).table
    n = int(table["n_resamples"][0])
    assert 100 <= n <= 150
    assert table["message"].unique().tolist() == [
        f"{200 - n} of 200 bootstrap samples could not be fitted: left out"
    ]


def test_a_statistic_without_a_value_in_some_samples_is_corrected_by_the_others_and_counted():
    x = np.arange(40.0)
    data = SurvivalData(x + 1, np.ones(40), x[:, None])

    def evaluate(model, rows):  # the mean; and beside it numbers that samples without row 0 lack
        mean = rows.x.mean()
        return np.array([mean, mean if 0 in rows.x else np.nan, mean if model else np.nan, np.nan])

    def fit(rows):
        return {0.0, 1.0} <= set(rows.x[:, 0].tolist())

    found = correct_optimism(data, fit, evaluate, Resampling(n_resamples=200))
    n, n_first, n_both, never = found.n_resamples.tolist()
    rng = np.random.default_rng(0)
    drawn = [set(rng.integers(0, 40, 40).tolist()) for _ in range(200)]
    assert (n, n_first, never) == (200, sum(0 in rows for rows in drawn), 0)
    assert n_both == sum({0, 1} <= rows for rows in drawn)
    assert n_both < 100 < n_first
    assert found.messages("no row 0") == [
        "",
        f"no row 0 in {200 - n_first} bootstrap samples: left out",
        "no row 0 in most bootstrap samples",
        "no row 0",
    ]


def test_one_term_may_stand_alone():
    listed = ns.compare_concordance(make_cohort(), ["NGF"], ["SCHWANN"], resampling=FEW).table
    alone = ns.compare_concordance(make_cohort(), "NGF", "SCHWANN", resampling=FEW).table
    pd.testing.assert_frame_equal(alone, listed)


def test_levels_of_a_category_belong_to_its_model():
    grade = np.where(make_cohort().data["NGF"] > 0.5, "high", "low")
    cohort = make_cohort(grade=grade)
    table = ns.compare_concordance(cohort, "grade", ["SCHWANN", "stage"], resampling=FEW).table
    assert table["n_params"].tolist() == [1, 2, 3]
    assert table["signature"].tolist()[2] == "grade vs SCHWANN + stage"
    high = (grade == "high").astype(float)  # one level against the other: its C up to the sign
    raw = pair_concordance(np.asarray(cohort.time), np.asarray(cohort.event), high).index
    assert table["apparent"][0] == pytest.approx(max(raw, 1 - raw), rel=1e-12)


def test_a_tau_before_the_first_event_leaves_nobody_to_compare():
    row = ns.concordance(make_cohort(), signatures="NGF", tau=0.1).table.iloc[0]
    assert row["status"] == "too_few_events"
    assert "up to 0.1" in row["message"]


def test_auc_and_brier_beyond_the_last_time_are_refused():
    time, event = survival([1, 2, 3], [1, 1, 0])
    with pytest.raises(TooFewEventsError, match="Nobody is left after time 3"):
        time_dependent_auc(time, event, np.arange(3.0), 3.0)
    with pytest.raises(TooFewEventsError, match="Nobody is left after time 5"):
        brier_scores(time, event, np.zeros((3, 2)), np.array([1.0, 5.0]))
    with pytest.raises(TooFewEventsError, match=r"Nobody has had the event by time 0\.5"):
        time_dependent_auc(time, event, np.arange(3.0), 0.5)


@pytest.mark.parametrize("horizon", [3.0, 6.0])
def test_influence_is_the_derivative_by_the_weight_of_a_row(horizon):
    # Every row k times over gives the same values; the same row once more, its derivative over k.
    rng = np.random.default_rng(3)
    time, event = rng.integers(1, 9, 14).astype(float), (rng.random(14) < 0.6).astype(float)
    risk, k = rng.random(14).round(1), 300

    def estimates(rows):
        t, e, r = time[rows], event[rows], risk[rows]
        return (
            pair_concordance(t, e, r),
            time_dependent_auc(t, e, r, horizon),
            brier_estimate(t, e, r, horizon),
        )

    def values(rows):
        c, auc, brier = estimates(rows)
        return np.array([c.index, auc.value, brier.value])

    once, often = estimates(np.arange(14)), np.repeat(np.arange(14), k)
    np.testing.assert_allclose(values(often), values(np.arange(14)), atol=1e-12)
    for j in range(14):
        change = (values(np.append(often, j)) - values(often)) * k
        derivative = [e.influence[j] for e in once]
        np.testing.assert_allclose(derivative, change, atol=2e-3 * 0.2)


# ---- a level without events


@pytest.mark.filterwarnings("ignore:As few as", "ignore:Levels of covariates have")
@pytest.mark.parametrize("verb", ["discrimination", "calibration", "decision_curve", "added_value"])
def test_a_level_without_events_is_named_and_warned_of(verb):
    cohort = make_cohort()
    rare = np.flatnonzero(np.asarray(cohort.event) == 0)[:7]
    grade = np.where(np.isin(np.arange(120), rare), "rare", np.where(np.arange(120) % 2, "b", "a"))
    cohort = make_cohort(grade=grade)
    call = {
        "discrimination": lambda: ns.discrimination(
            cohort, adjust=["grade"], times=300, resampling=FEW
        ),
        "calibration": lambda: ns.calibration(cohort, adjust=["grade"], time=300, resampling=FEW),
        "decision_curve": lambda: ns.decision_curve(
            cohort, adjust=["grade"], time=300, resampling=FEW
        ),
        "added_value": lambda: ns.added_value(cohort, base=["grade"], times=300, resampling=FEW),
    }[verb]
    with pytest.warns(SmallSampleWarning, match=r"predict nothing.*grade\[rare\].*2 signatures"):
        table = call().table
    assert set(table["status"]) == {"separation"}
    assert table["message"].str.contains("grade[rare]", regex=False).all()


@pytest.mark.filterwarnings("ignore:As few as", "ignore:Levels of covariates have")
def test_nonlinearity_says_which_level_separates():
    cohort = make_cohort()
    rare = np.flatnonzero(np.asarray(cohort.event) == 0)[:7]
    grade = np.where(np.isin(np.arange(120), rare), "rare", np.where(np.arange(120) % 2, "b", "a"))
    with pytest.warns(SmallSampleWarning, match=r"no test where a term separates.*grade\[rare\]"):
        table = ns.nonlinearity(make_cohort(grade=grade), adjust=["grade"]).table
    assert set(table["status"]) == {"separation"}


# ---- what rows say


def test_observed_risks_have_the_patients_of_their_group_and_stay_risks():
    cohort = make_cohort()
    table = ns.calibration(cohort, time=60, groups=6, resampling=FEW).table
    observed = table[(table["measure"] == "observed risk") & (table["signature"] == "NGF")]
    slope = table[(table["measure"] != "observed risk") & (table["signature"] == "NGF")].iloc[0]
    assert observed["group_n"].tolist() == [20] * 6
    assert observed["group_events"].sum() == slope["n_events"] == np.asarray(cohort.event).sum()
    assert slope[["group_n", "group_events"]].isna().all()
    for column in ("estimate", "ci_low", "ci_high"):
        assert observed[column].between(0, 1).all()
    assert (observed["ci_low"] == 0).any()  # which a limit below 0 was cut off at


def test_a_likelihood_ratio_has_no_resamples_and_nothing_to_say():
    table = ns.added_value(make_cohort(), base=["stage"], times=300, resampling=FEW).table
    tests = table[table["measure"] == "likelihood ratio"]
    assert tests["message"].tolist() == ["", ""]
    assert tests["n_resamples"].isna().all()
    assert (table.loc[table["measure"] != "likelihood ratio", "n_resamples"] > 0).all()
