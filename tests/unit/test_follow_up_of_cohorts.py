"""Follow-up and rows of cohorts with competing causes, late entries and patients in intervals."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import EndpointError, ParameterError
from neurosig.outcomes.clinic.follow_up import median_follow_up
from neurosig.outcomes.curves.survival_curve import km_groups
from neurosig.study.curves import draw_curves

CAUSES = {"cancer": 1, "other": 2}


def _cohort(time, state, **options):
    ids = [f"p{i}" for i in range(len(time))]
    clinic = pd.DataFrame({"years": time, "state": state, "from": 0}, index=ids)
    scores = pd.DataFrame({"S": np.arange(len(time), dtype=float)}, index=ids)
    endpoint = ns.Endpoint(time="years", event="state", unit="years", **options)
    return ns.Cohort.join(scores, clinic, endpoint)


@pytest.fixture
def intervals():
    """Followed to 4, 2, 3 and 6; the third patient has the event."""
    rows = pd.DataFrame(
        {
            "patient": ["a", "a", "b", "c", "d", "d"],
            "from": [0, 1, 0, 0, 0, 2],
            "to": [1, 4, 2, 3, 2, 6],
            "dead": [0, 0, 0, 1, 0, 0],
            "S": [0.1, 0.5, 0.2, 0.9, 0.4, 0.3],
        }
    )
    return ns.Cohort.from_intervals(
        rows, id="patient", start="from", stop="to", event="dead", signatures=["S"], unit="years"
    )


def test_a_death_of_another_cause_ends_follow_up_as_an_event_does():
    # Censored at 2, 4, 5 and 6, a death of either cause at 3. The reverse curve is 5/6 from 2, then
    # 5/6 * 2/3 = 5/9 from 4 and half of it from 5. Were the other cause censored, it would be
    # 5/6 * 4/5 from 3 and two thirds of that, 4/9, from 4.
    cohort = _cohort([2, 3, 3, 4, 5, 6], [0, 1, 2, 0, 0, 0], causes=CAUSES)
    assert cohort.echo == "1 event / 6, median follow-up 5.0 years"
    assert cohort.coding == (
        "'1' = event; '2' = competing; '0' = censored; the event is cancer, competing: other (2)"
    )
    assert cohort.cause.tolist() == [0, 1, 2, 0, 0, 0]
    assert cohort.endpoint.read(cohort.data).echo == cohort.echo


def test_follow_up_of_late_entries_counts_who_is_observed():
    time, event = np.array([2.0, 3.0, 4.0, 6.0]), np.zeros(4)
    # 3/4, then exactly 1/2 from 3 to 4; if the last enters at 5: 2/3 from 2, 1/3 from 3.
    assert median_follow_up(time, event) == 3.5
    assert median_follow_up(time, event, np.array([0.0, 0.0, 0.0, 5.0])) == 3.0


def test_patients_in_intervals_are_followed_to_the_end_of_their_last_row(intervals):
    # The reverse curve is 3/4 from 2 and 3/8 from 4.
    assert intervals.echo == "1 event / 4, median follow-up 4.0 years"


@pytest.mark.parametrize(
    "call",
    [
        lambda c: km_groups(c, "S"),
        lambda c: draw_curves(c, "S"),
        lambda c: ns.regress(c, outcome="dead", positive=1),
        lambda c: ns.landmark(c, 1.0),
        lambda c: ns.discrimination(c, times=[3]),
    ],
)
def test_what_takes_a_row_for_a_patient_refuses_intervals(intervals, call):
    with pytest.raises(EndpointError, match=r"6 intervals of 4 patients: 'a' has 2.*ns\.cox"):
        call(intervals)
    one_each = intervals.subset(~intervals.patients.duplicated().to_numpy(), "not the first")
    assert km_groups(one_each, "S")["time"].tolist() == [1, 2, 3, 2]


def test_a_landmark_tells_competing_events_from_censoring():
    cohort = _cohort([1, 2, 3, 4, 4, 9, 9], [1, 2, 0, 2, 0, 1, 0], causes=CAUSES)
    lost = ns.landmark(cohort, 4).row_flow.query("step == 'kept'")
    assert lost[["n_lost", "reason"]].to_numpy().tolist() == [
        [1, "event before 4 years"],
        [1, "competing event before 4 years"],
        [1, "censored before 4 years"],
        [1, "competing event exactly at 4 years"],
        [1, "censored exactly at 4 years"],
    ]


def test_rows_cannot_enter_and_end_at_a_landmark():
    cohort = _cohort([1, 4, 9, 9], [1, 0, 1, 0], entry="from")
    with pytest.raises(ParameterError, match="'keep' where rows enter late"):
        ns.landmark(cohort, 4, exactly="keep")
    assert ns.landmark(cohort, 4).time.tolist() == [5, 5]
