"""Landmark analysis: who is lost at it, and what is left."""

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import EndpointError, ParameterError
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.cox.verb import cox
from neurosig.outcomes.curves.landmark_analysis import landmark
from neurosig.outcomes.curves.survival_curve import kaplan_meier

OS = Endpoint(time="days", event="dead", name="OS")


def cohort_of(time, event):
    ids = [f"p{i}" for i in range(len(time))]
    clinical = pd.DataFrame({"days": time, "dead": event}, index=ids)
    scores = pd.DataFrame({"NGF": np.linspace(-1, 1, len(time)) ** 3}, index=ids)
    return Cohort.join(scores, clinical, OS)


def test_every_row_lost_at_the_landmark_is_counted_with_its_reason():
    cohort = cohort_of([50, 60, 100, 100, 150, 300], [1, 0, 1, 0, 1, 0])
    later = landmark(cohort, 100)
    assert later.time.tolist() == [50, 200]
    assert later.event.tolist() == [1, 0]
    assert later.data.index.tolist() == ["p4", "p5"]
    lost = later.row_flow.loc[later.row_flow["step"] == "kept", ["n_lost", "reason", "examples"]]
    assert lost.to_numpy().tolist() == [
        [1, "event before 100 days", "p0"],
        [1, "censored before 100 days", "p1"],
        [1, "event exactly at 100 days", "p2"],
        [1, "censored exactly at 100 days", "p3"],
    ]
    assert cohort.time.tolist() == [50, 60, 100, 100, 150, 300]  # the cohort given is as it was


def test_rows_that_end_exactly_at_the_landmark_can_be_kept():
    later = landmark(cohort_of([50, 100, 100, 150], [1, 1, 0, 1]), 100, exactly="keep")
    assert later.time.tolist() == [0, 0, 50]


def test_survival_from_the_landmark_is_that_of_the_whole_curve_over_its_value_there():
    rng = np.random.default_rng(8)
    time, event = np.ceil(rng.exponential(300, 150)), (rng.random(150) < 0.7).astype(int)
    at = float(np.sort(time)[40])  # an observed time, so that rows end exactly at it
    later = landmark(cohort_of(time, event), at)
    ours = kaplan_meier(later.time, later.event)
    whole = kaplan_meier(time, event)
    there = whole[whole["time"] <= at]["survival"].iloc[-1]
    rest = whole[whole["time"] > at]
    np.testing.assert_allclose(ours["time"] + at, rest["time"])
    np.testing.assert_allclose(ours["survival"], rest["survival"] / there)


def test_results_name_the_landmark():
    rng = np.random.default_rng(9)
    cohort = cohort_of(np.ceil(rng.exponential(300, 80)), (rng.random(80) < 0.8).astype(int))
    assert set(cox(landmark(cohort, 30)).table["endpoint"]) == {"OS from 30 days"}


def test_landmarks_that_cannot_be_are_refused():
    cohort = cohort_of([50, 100, 150], [1, 0, 1])
    with pytest.raises(ParameterError, match="at cannot be 0"):
        landmark(cohort, 0)
    with pytest.raises(ParameterError, match="exactly cannot be 'both'"):
        landmark(cohort, 10, exactly="both")
    with pytest.raises(EndpointError, match=r"at risk at 500 days. 3 rows.*the last at 150"):
        landmark(cohort, 500)
    without = Cohort("c", cohort.data, ("NGF",))
    with pytest.raises(EndpointError, match="no endpoint"):
        landmark(without, 10)
