"""Competing risks: hand arithmetic, the coding of causes, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from neurosig._params import build, json_schema
from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    EndpointError,
    ParameterError,
    SmallSampleWarning,
    TooFewEventsError,
)
from neurosig.outcomes.clinic.causes import cohort_causes
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.competing.fine_gray_model import fine_gray
from neurosig.outcomes.competing.incidence import cumulative_incidence
from neurosig.outcomes.competing.incidence_test import gray_test
from neurosig.outcomes.competing.subdistribution import fit_subdistribution
from neurosig.outcomes.cox.verb import CoxModel, cox
from neurosig.outcomes.curves.rank_tests import logrank
from neurosig.outcomes.curves.survival_curve import kaplan_meier

CODED = {"cancer": 1, "other": 2}


def made_up(n=200, seed=3):
    """Times, causes (0, 1, 2) and a score that speeds up cause 1."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n)
    own, other = rng.exponential(np.exp(-0.7 * score) * 10), rng.exponential(15, n)
    censored = rng.exponential(20, n)
    time = np.minimum(np.minimum(own, other), censored)
    cause = np.where(time == censored, 0, np.where(time == own, 1, 2))
    return time, cause, score


def cohort_of(time, cause, scores, causes=CODED, **columns):
    ids = [f"p{i}" for i in range(len(time))]
    clinical = pd.DataFrame({"months": time, "status": cause, **columns}, index=ids)
    endpoint = Endpoint(time="months", event="status", unit="months", causes=causes)
    return Cohort.join(pd.DataFrame(scores, index=ids), clinical, endpoint, name="made up")


def test_incidence_by_hand():
    # S(t-) d / n: cause 1 takes 1/5 at 1; at 3 1/3 of the 3/5 left; cause 2 1/5 at 2, 1/2 of 2/5
    table = cumulative_incidence([1, 2, 3, 4, 5], [1, 2, 1, 2, 0], names=["cancer", "other"])
    by_cause = table.groupby("cause")["incidence"].apply(list)
    np.testing.assert_allclose(by_cause["cancer"], [0.2, 0.2, 0.4, 0.4, 0.4])
    np.testing.assert_allclose(by_cause["other"], [0, 0.2, 0.2, 0.4, 0.4])
    assert table["n_risk"].tolist() == [5, 4, 3, 2, 1] * 2


def test_incidences_and_survival_add_up_to_one():
    time, cause, _ = made_up()
    table = cumulative_incidence(time, cause)
    total = table.pivot_table(index="time", columns="cause", values="incidence").sum(axis=1)
    survival = kaplan_meier(time, cause > 0)["survival"]
    np.testing.assert_allclose(total + survival.to_numpy(), 1)


def test_one_minus_the_curve_of_one_cause_is_larger():
    time, cause, _ = made_up()
    incidence = cumulative_incidence(time, cause).query("cause == 1")["incidence"].to_numpy()
    naive = 1 - kaplan_meier(time, cause == 1)["survival"].to_numpy()
    assert (naive >= incidence - 1e-12).all()
    assert naive[-1] > incidence[-1] + 0.05


def test_without_competitors_the_variance_is_greenwoods_up_to_ties():
    time = [1, 2, 3, 4, 5, 6]
    incidence = cumulative_incidence(time, [1, 0, 1, 1, 0, 0])
    curve = kaplan_meier(time, [1, 0, 1, 1, 0, 0])
    np.testing.assert_allclose(incidence["incidence"], 1 - curve["survival"])
    # Aalen: v = d / n^2, Greenwood: d / (n (n - d)); by hand at 1: 1/6 against sqrt(5/6/6/6)
    assert incidence["std_error"].iloc[0] == pytest.approx(1 / 6)
    jackknife = cumulative_incidence(time, [1, 0, 1, 1, 0, 0], variance="jackknife")
    np.testing.assert_allclose(jackknife["std_error"], curve["std_error"])


def test_without_competitors_and_ties_grays_score_is_that_of_the_logrank_test():
    time, cause, score = made_up(60)
    group = np.where(score > 0, "high", "low")
    ours = gray_test(time, cause == 1, group)
    reference = logrank(time, cause == 1, group)
    difference = reference.table["observed"] - reference.table["expected"]
    np.testing.assert_allclose(ours.table["score"], difference)
    assert ours.statistic == pytest.approx(reference.statistic, rel=0.1)


def test_a_table_of_grays_test_counts_causes_per_group():
    test = gray_test([1, 2, 3, 4, 5, 6], [1, 2, 0, 1, 1, 2], list("aaabbb"), of=2)
    columns = ["group", "n", "n_events", "n_competing"]
    assert test.table[columns].to_numpy().tolist() == [["a", 3, 1, 1], ["b", 3, 1, 2]]


def test_grays_test_refuses_what_it_cannot_compare():
    with pytest.raises(ClinicalError, match="only 'a'"):
        gray_test([1, 2], [1, 2], ["a", "a"])
    with pytest.raises(TooFewEventsError, match="Nobody had an event of the cause 3"):
        gray_test([1, 2], [1, 2], ["a", "b"], of=3)
    with pytest.raises(ParameterError, match="rho cannot be nan"):
        gray_test([1, 2], [1, 2], ["a", "b"], rho=float("nan"))


def test_strata_with_one_group_each_compare_nothing():
    test = gray_test([1, 2, 3, 4], [1, 1, 1, 2], list("aabb"), strata=list("xxyy"))
    assert np.isnan(test.statistic)


@pytest.mark.parametrize(
    ("cause", "match"),
    [([1, -1], "cause cannot be -1"), ([1, 0.5], "cannot be 0.5"), ([0, 0], "any cause")],
)
def test_causes_that_are_no_codes_are_refused(cause, match):
    with pytest.raises(EndpointError, match=match):
        cumulative_incidence([1, 2], cause)


def test_rows_without_a_cause_are_left_out_and_counted():
    with pytest.warns(ClinicalWarning, match="1 row with a missing event left out"):
        table = cumulative_incidence([1, 2, 3], [1, np.nan, 0])
    assert table["n_risk"].tolist() == [2, 1]


def test_unknown_options_of_incidence_are_refused():
    with pytest.raises(ParameterError, match="variance cannot be 'greenwood'"):
        cumulative_incidence([1, 2], [1, 2], variance="greenwood")
    with pytest.raises(ParameterError, match="names cannot be"):
        cumulative_incidence([1, 2], [1, 2], names=["cancer"])


# --- the coding of causes


def test_codes_0_1_2_are_understood_with_a_map():  # row 7 of the table of bad inputs
    cohort = cohort_of([5, 6, 7, 8], [0, 1, 2, 1], {"NGF": [1.0, 2, 3, 4]})
    assert cohort.event.tolist() == [0, 1, 0, 1]  # the first cause is the event
    assert cohort.coding == (
        "'1' = event; '2' = competing; '0' = censored; the event is cancer, competing: other (2)"
    )
    causes = cohort_causes(cohort)
    assert causes.names == ("cancer", "other")
    assert causes.code.tolist() == [0, 1, 2, 1]
    assert causes.states("other").tolist() == [0, 2, 1, 2]


def test_codes_0_1_2_without_a_map_are_refused_and_the_map_is_named():
    clinical = pd.DataFrame({"t": [1, 2, 3], "e": [0, 1, 2]})
    with pytest.raises(EndpointError, match=r"0/1/2.*causes=\{"):
        Endpoint(time="t", event="e").read(clinical)


def test_causes_in_words_and_several_values_of_one_cause():
    status = ["alive", "died of disease", "accident", "stroke", "Living"]
    causes = ["cancer=Died of disease", "other=accident", "other=stroke"]
    cohort = cohort_of([1, 2, 3, 4, 5], status, {"NGF": [1.0, 2, 3, 4, 5]}, causes)
    assert cohort_causes(cohort).code.tolist() == [0, 1, 2, 2, 0]
    assert cohort.endpoint.causes == tuple(causes)


def test_a_value_that_no_cause_names_is_refused_unless_it_is_said_to_be_censored():
    status, scores = ["alive", "cancer", "lost"], {"NGF": [1.0, 2, 3]}
    with pytest.raises(EndpointError, match=r"no cause names. 'lost'.*\"censored\": \"lost\""):
        cohort_of([1, 2, 3], status, scores, {"cancer": "cancer"})
    cohort = cohort_of([1, 2, 3], status, scores, {"cancer": "cancer", "censored": "lost"})
    assert cohort_causes(cohort).code.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("causes", "error", "match"),
    [
        ({"cancer": 1, "other": 3}, EndpointError, "'other' is coded '3', which does not occur"),
        ({"cancer": 1, "other": 1}, EndpointError, "'1' .*belongs to two causes"),
        ({}, ParameterError, "No cause is named"),
        ({"censored": 0}, ParameterError, "No cause is named"),
        (["cancer"], ParameterError, "Not of the form name=value: 'cancer'"),
        (7, ParameterError, "causes cannot be 7"),
    ],
)
def test_maps_that_cannot_be_are_refused(causes, error, match):
    with pytest.raises(error, match=match):
        cohort_of([1, 2, 3], [0, 1, 2], {"NGF": [1.0, 2, 3]}, causes)


def test_causes_and_event_values_contradict_each_other():
    with pytest.raises(ParameterError, match="either causes or event_values"):
        Endpoint(time="t", event="e", causes=CODED, event_values=(1,))


def test_causes_come_from_a_configuration_and_are_in_the_schema():
    endpoint = build(Endpoint, {"time": "t", "event": "e", "causes": {"cancer": 1, "other": 2}})
    assert endpoint == Endpoint(time="t", event="e", causes=("cancer=1", "other=2"))
    assert hash(endpoint)
    assert {"type": "null"} in json_schema(Endpoint)["properties"]["causes"]["anyOf"]


def test_an_endpoint_without_causes_is_no_competing_risk():
    cohort = cohort_of([1, 2], [0, 1], {"NGF": [1.0, 2]}, None)
    with pytest.raises(EndpointError, match="names no causes"):
        fine_gray(cohort)


# --- Fine-Gray


def test_where_nothing_competes_it_is_cox_with_breslow_ties():
    time, cause, score = made_up()
    time = np.ceil(time)
    coded = {"cancer": "True", "censored": "False"}
    age = score + np.random.default_rng(1).normal(size=time.size)
    cohort = cohort_of(time, cause == 1, {"NGF": score}, coded, age=age)
    for adjust in ((), ("age",)):
        ours = fine_gray(cohort, adjust=adjust).table
        reference = cox(cohort, adjust=adjust, model=CoxModel(ties="breslow")).table
        np.testing.assert_allclose(ours["estimate"], reference["estimate"], atol=1e-8)
        assert ours["p_lr"].iloc[0] == pytest.approx(reference["p_lr"].iloc[0], rel=1e-6)


def test_rows_of_a_fine_gray_table_say_what_they_are():
    time, cause, score = made_up()
    age = np.random.default_rng(1).normal(60, 9, time.size)
    result = fine_gray(
        cohort_of(time, cause, {"NGF": score, "NTRK1": -score}, age=age), adjust="age"
    )
    table = result.table
    assert table["term"].tolist() == ["score", "age"] * 2
    assert set(table["endpoint"]) == {"status: cancer"}
    assert set(table["model"]) == {"Fine-Gray regression, Breslow ties, competing: other"}
    assert set(table["n_events"]) == {int((cause == 1).sum())}
    first, second = table["estimate"].iloc[0], table["estimate"].iloc[2]
    assert first == pytest.approx(-second, abs=1e-8)
    assert table["effect"].iloc[0] == pytest.approx(np.exp(first))
    family = "2 score rows of made up, status: cancer, Fine-Gray, likelihood-ratio tests"
    assert table["family"].iloc[0] == family
    assert "competing: other" in result.notes[1]


def test_q_values_are_over_the_likelihood_ratio_tests():
    # a log-normal score: Wald's sandwich is too small (12 to 14 % false positives at 5 %)
    time, cause, score = made_up()
    scores = {"NGF": np.exp(2 * score), "NTRK1": np.random.default_rng(2).normal(size=time.size)}
    table = fine_gray(cohort_of(time, cause, scores)).table
    p = sorted(table["p_lr"])
    # Benjamini and Hochberg of two: the larger, and the smaller times two unless that is more
    expected = {p[0]: min(2 * p[0], p[1]), p[1]: p[1]}
    assert table["q_value"].tolist() == pytest.approx([expected[value] for value in table["p_lr"]])
    assert not np.allclose(table["p_lr"], table["p_value"], rtol=1e-3)


def test_equal_groups_of_censoring_change_nothing():
    # Every row twice, once in each group: the same curves. R's crr (cmprsk 2.2-11) has another
    # error there with cengroup (0.05951) than without (0.05971).
    time, cause, score = made_up()
    twice = np.tile(time, 2), np.tile(cause, 2), np.tile(score, 2)[:, None]
    together = fit_subdistribution(*twice)
    apart = fit_subdistribution(*twice, np.repeat([0, 1], time.size))
    np.testing.assert_allclose(apart.coef, together.coef, rtol=1e-12)
    np.testing.assert_allclose(apart.covariance, together.covariance, rtol=1e-12)


def test_per_sd_is_the_unit_times_the_standard_deviation():
    time, cause, score = made_up()
    cohort = cohort_of(time, cause, {"NGF": 3 * score})
    per_sd, per_unit = fine_gray(cohort).table, fine_gray(cohort, scale="none").table
    sd = (3 * score).std(ddof=1)
    assert per_sd["estimate"].iloc[0] == pytest.approx(per_unit["estimate"].iloc[0] * sd)
    assert per_sd["p_value"].iloc[0] == pytest.approx(per_unit["p_value"].iloc[0])


def test_what_cannot_be_fitted_is_a_row_with_a_status():
    time, cause, score = made_up(60)
    scores = {
        "fine": score,
        "constant": np.ones(60),
        "missing": np.full(60, np.nan),
        "copy": np.arange(60.0),
        "splits": np.where(cause == 1, 0.0, 1.0),
        "few": np.where(np.cumsum(cause == 1) < 3, score, np.nan),
    }
    cohort = cohort_of(time, cause, scores, age=np.arange(60.0))
    with pytest.warns(SmallSampleWarning), pytest.warns(ClinicalWarning, match="score 'few'"):
        table = fine_gray(cohort, adjust=["age"], allow_loss=True).scores
    by_name = table.set_index("signature")
    assert by_name["status"].to_dict() == {
        "fine": "ok",
        "constant": "constant",
        "missing": "no_score",
        "copy": "collinear",
        "splits": "separation",
        "few": "too_few_events",
    }
    failed = by_name.drop(index="fine")
    assert failed[["estimate", "p_value", "q_value"]].isna().all(axis=None)
    has_p_lr = failed["p_lr"].notna()  # the likelihood has a limit where a term separates
    assert failed.index[has_p_lr].tolist() == ["splits"]


CRR = (0.3502156338, -0.3483232030, -0.0265419929), (0.2862962248, 0.4629382627, 0.0314352464)


@pytest.mark.filterwarnings("ignore:As few as")
def test_a_level_without_events_leaves_the_other_terms_at_their_limit():
    # x, age, a level without an event of the cause: crr of cmprsk 2.2-11 on the same numbers
    i = np.arange(40)
    time = (i * 7) % 41 + 1.0
    cause = np.where(i % 5 == 0, 0, np.where(i % 3 == 0, 2, 1))
    cause[(i % 8 == 0) & (cause == 1)] = 2
    grade = np.where(i % 8 == 0, "rare", np.where(i % 2, "b", "a"))
    score = np.sin(i * 1.7)
    cohort = cohort_of(time, cause, {"x": score}, age=50 + (i * 11) % 23, grade=grade)
    with pytest.warns(SmallSampleWarning, match=r"a term separates .*'grade\[rare\]' in 1 sign"):
        table = fine_gray(cohort, adjust=["grade", "age"], scale="none").table
    by_term = table.set_index("term")
    assert by_term["status"].to_dict() == {
        "score": "ok", "grade[b]": "ok", "grade[rare]": "separation", "age": "ok"
    }  # fmt: skip
    assert by_term.loc["grade[rare]", "message"].startswith("the likelihood grows without end")
    assert by_term.loc["grade[rare]", ["estimate", "std_error", "p_value"]].isna().all()
    rest = by_term.loc[["score", "grade[b]", "age"]]
    np.testing.assert_allclose(rest["estimate"], CRR[0], atol=1e-6)
    np.testing.assert_allclose(rest["std_error"], CRR[1], atol=1e-6)


def test_censoring_groups_are_estimated_apart():
    time, cause, score = made_up()
    site = np.where(np.arange(time.size) % 2, "a", "b")
    cause = np.where((site == "a") & (time > 4), 0, cause)
    time = np.where(site == "a", np.minimum(time, 4), time)
    cohort = cohort_of(time, cause, {"NGF": score}, site=site)
    apart, together = fine_gray(cohort, censoring_by="site").table, fine_gray(cohort).table
    assert "censoring by site" in apart["model"].iloc[0]
    assert apart["estimate"].iloc[0] != together["estimate"].iloc[0]


def test_a_cause_or_a_model_that_cannot_be_is_refused():
    time, cause, score = made_up()
    cohort = cohort_of(time, cause, {"NGF": score})
    with pytest.raises(ParameterError, match=r"no cause 'heart'.*'cancer', 'other'"):
        fine_gray(cohort, cause="heart")
    few = cohort_of([1, 2, 3, 4], [1, 2, 2, 0], {"NGF": [1.0, 3, 2, 4]})
    with pytest.raises(TooFewEventsError, match="too few events of the cause 'cancer'"):
        fine_gray(few)


@pytest.mark.parametrize("call", [cumulative_incidence, lambda t, c: gray_test(t, c, list("aabb"))])
@pytest.mark.parametrize("as_type", [list, pd.Categorical, np.array])
def test_causes_in_words_are_refused_by_name(call, as_type):
    with pytest.raises(EndpointError, match=r"cannot be 'alive'.*'cancer'.*cohort\.cause"):
        call([1, 2, 3, 4], as_type(["alive", "cancer", "other", "cancer"]))


def test_the_causes_of_a_cohort_are_those_of_its_curves():
    ids = list("abcd")
    clinic = pd.DataFrame({"t": [1, 2, 3, 4], "s": ["k", "o", "k", "alive"]}, index=ids)
    endpoint = Endpoint(time="t", event="s", unit="years", causes={"cancer": "k", "other": "o"})
    cohort = Cohort.join(pd.DataFrame({"S": [1.0, 2, 3, 4]}, index=ids), clinic, endpoint)
    assert cohort.cause.tolist() == [1, 2, 1, 0]
    table = cumulative_incidence(cohort.time, cohort.cause)
    # As by hand in the function's example: 1/4 at 1, and 1/2 of the half left at 3.
    assert table.loc[table["cause"] == 1, "incidence"].tolist() == [0.25, 0.25, 0.5, 0.5]


def test_a_stratum_without_an_event_of_the_cause_says_nothing_in_grays_test():
    time, cause, _ = made_up()
    group, quiet = np.arange(time.size) % 2, np.arange(30) % 2
    alone = gray_test(time, cause, group)
    for other in (0, 2):  # all censored; competing events alone
        both = gray_test(
            np.append(time, np.arange(1.0, 31)),
            np.append(cause, np.full(30, other)),
            np.append(group, quiet),
            strata=np.append(np.zeros(time.size), np.ones(30)),
        )
        assert both.statistic == pytest.approx(alone.statistic, rel=1e-12)


@pytest.mark.parametrize(
    ("rho", "statistic"),
    [(0.0, 2.48907266720016), (0.5, 2.50070872696742), (-1.0, 2.30171265478348)],
)
def test_a_group_that_dies_out_leaves_a_test_of_gray(rho, statistic):
    """cuminc(1:6, rep(1, 6), c(0, 0, 1, 0, 1, 1), rho = rho)$Tests of cmprsk 2.2-11.

    After the first group has died out the pooled curve ends at 1.
    """
    test = gray_test([1, 2, 3, 4, 5, 6], [1] * 6, [0, 0, 1, 0, 1, 1], rho=rho)
    assert test.statistic == pytest.approx(statistic, rel=1e-12)
    assert test.df == 1
