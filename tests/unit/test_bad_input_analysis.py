"""The bad inputs of the analysis, from the cohort to the models, each by its number.

Where a row is about a kind of model, the test is beside that model's others; the numbers are in the
names, and test_bad_input_inventory.py looks for each of them.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    EndpointError,
    SmallSampleWarning,
    TooFewEventsError,
)
from neurosig.outcomes.clinic.follow_up import mixed_units

ENDPOINT = ns.Endpoint(time="days", event="dead", event_values=[1])


def cohort(n=60, score=None, endpoint=ENDPOINT, **columns):
    """A cohort of n with a score NGF; columns replace or add clinical ones."""
    rng = np.random.default_rng(15)
    ids = [f"p{i}" for i in range(n)]
    clinic = {
        "days": np.ceil(rng.exponential(800, n)),
        "dead": np.tile([1, 1, 0], n)[:n],
        "age": rng.normal(60, 8, n),
    }
    scores = pd.DataFrame({"NGF": rng.normal(size=n) if score is None else score}, index=ids)
    return ns.Cohort.join(scores, pd.DataFrame(clinic | columns, index=ids), endpoint)


def test_row_13_a_group_with_fewer_than_two_events_is_no_model():
    with pytest.raises(TooFewEventsError, match=r"1 event in 60 rows.*at least 2"):
        ns.cox(cohort(dead=[1] + [0] * 59))
    with pytest.raises(TooFewEventsError, match="1 event in 2 rows"):
        ns.cox(cohort(n=2, dead=[1, 0]))


def test_row_15_a_constant_covariate_is_refused_by_name():
    with pytest.raises(ClinicalError, match="'age' has one value only"):
        ns.cox(cohort(age=61.0), adjust=["age"])


def test_row_16_a_covariate_that_others_determine_is_refused_with_the_set():
    joined = cohort()
    with pytest.raises(ClinicalError, match="'age', 'months' are collinear"):
        ns.cox(cohort(months=12 * joined.data["age"].to_numpy()), adjust=["age", "months"])


def test_row_17_a_score_that_separates_has_firths_estimate_and_says_so():
    days, dead = np.arange(1.0, 61.0), np.array([1] * 59 + [0])
    with pytest.warns(SmallSampleWarning, match="Firth"):
        row = ns.cox(cohort(score=-days, days=days, dead=dead)).table.iloc[0]
    assert row["status"] == "ok"
    assert "Firth's penalty" in row["model"]
    assert np.isfinite([row["estimate"], row["ci_low"], row["ci_high"]]).all()


def test_row_18_a_score_a_hundred_million_times_as_large_has_the_same_hazard_ratio():
    score = np.random.default_rng(3).normal(size=60)
    small, large = (ns.cox(cohort(score=s)).table for s in (score, 1e8 * score + 1e9))
    columns = ["estimate", "std_error", "p_value", "p_lr", "p_ph", "effect_high"]
    np.testing.assert_allclose(large[columns], small[columns], rtol=1e-6)


def test_row_24_times_of_the_wrong_unit_are_warned_of():
    # months where days are declared: nobody is followed for less than two days at the median
    with pytest.warns(ClinicalWarning, match=r"do not look like months.*102 years"):
        cohort(days=1200.0 + np.arange(60.0), endpoint=_months())
    days, months = {"alpha": 1218.0, "beta": 900.0}, {"gamma": 40.0}
    assert mixed_units(days) == ""
    said = mixed_units(days | months)
    assert "gamma was followed 40 days and alpha 1,218, 30 times as long" in said
    assert "may be in months where days are declared" in said


def _months():
    return ns.Endpoint(time="days", event="dead", event_values=[1], unit="months")


def test_row_25_an_end_before_its_start_is_refused_with_the_rows():
    entry = np.zeros(60)
    entry[3] = 1e6
    endpoint = ns.Endpoint(time="days", event="dead", event_values=[1], entry="entry")
    with pytest.raises(EndpointError, match=r"when or after their time.*p3 \(1e\+06, "):
        cohort(entry=entry, endpoint=endpoint)
    intervals = pd.DataFrame(
        {
            "patient": ["a", "a", "b"],
            "start": [0, 9, 0],
            "stop": [9, 5, 7],
            "dead": [0, 1, 1],
            "NGF": [1.0, 2.0, 3.0],
        }
    )
    with pytest.raises(ClinicalError, match=r"a \(9, 5\)|start|stop"):
        ns.Cohort.from_intervals(
            intervals, id="patient", start="start", stop="stop", event="dead", signatures=["NGF"]
        )


def test_row_26_alive_with_a_day_of_death_is_warned_of_and_the_status_is_followed():
    death = np.where(np.tile([1, 1, 0], 20) == 1, 500.0, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cohort(days_to_death=death)
    death[[2, 5]] = 700.0
    with pytest.warns(ClinicalWarning, match=r"alive in 'dead'.*2 rows: 'p2', 'p5'.*censored"):
        joined = cohort(days_to_death=death)
    assert joined.event.iloc[[2, 5]].tolist() == [0, 0]


def test_row_26_dead_with_a_last_contact_alone_is_warned_of():
    contact = np.full(60, 400.0)
    death = np.where(np.tile([1, 1, 0], 20) == 1, 500.0, np.nan)
    death[0] = np.nan
    with pytest.warns(ClinicalWarning, match=r"no 'death_days_to' and only.*1 row: 'p0'"):
        cohort(death_days_to=death, days_to_last_followup=contact)
    progression = ns.Endpoint(time="days", event="PFI", event_values=[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a day of death does not contradict progression
        cohort(PFI=np.tile([0, 1, 1], 20), days_to_death=death, endpoint=progression)


def test_row_62_one_stratum_or_one_group_is_skipped_with_a_reason():
    one = cohort(centre="Oslo")
    with pytest.warns(ClinicalWarning, match="'centre' has one level only"):
        table = ns.cox(one, strata=["centre"]).table
    np.testing.assert_array_equal(table["estimate"], ns.cox(cohort()).table["estimate"])
    with pytest.warns(ClinicalWarning, match="there is only 'Oslo'"):
        test = ns.logrank(one.time, one.event, one.data["centre"])
    assert np.isnan(test.p_value)
