"""Rows that enter late: taken into account, or refused where they would be ignored."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import EndpointError
from neurosig.outcomes.curves.survival_curve import km_groups
from neurosig.study.curves import COMPETING_NOTE, draw_curves

N = 60
RNG = np.random.default_rng(4)
IDS = [f"p{i}" for i in range(N)]
ENTRY = np.where(np.arange(N) % 3 == 0, 40.0, 0.0)
CLINIC = pd.DataFrame(
    {
        "entry": ENTRY,
        "days": ENTRY + RNG.integers(5, 400, N),
        "state": RNG.choice(["alive", "cancer", "other"], N),
    },
    index=IDS,
).assign(dead=lambda table: (table["state"] != "alive").astype(int))
SCORES = pd.DataFrame({"S": RNG.normal(size=N)}, index=IDS)


@pytest.fixture
def cohort():
    endpoint = ns.Endpoint(time="days", event="dead", entry="entry")
    return ns.Cohort.join(SCORES, CLINIC, endpoint)


def test_groups_carry_the_entry_and_the_drawn_curve_is_that_of_late_entries(cohort):
    groups = km_groups(cohort, "S")
    assert groups["entry"].tolist() == ENTRY.tolist()
    drawn = draw_curves(cohort, "S").groups
    with_entry = ns.kaplan_meier(drawn["time"], drawn["event"], entry=drawn["entry"])
    without = ns.kaplan_meier(drawn["time"], drawn["event"])
    # By hand: the first event is before day 40, when 40 of the 60 rows are observed.
    assert with_entry["n_risk"].iloc[0] == 40
    assert without["n_risk"].iloc[0] == 60


def test_rows_without_an_entry_do_not_move_the_cut():
    ids = list("abcde")
    clinic = pd.DataFrame(
        {"from": [0, 0, 0, 0, None], "days": [5, 6, 7, 8, 9], "dead": [1, 1, 0, 1, 1]}, index=ids
    )
    scores = pd.DataFrame({"S": [1.0, 2.0, 3.0, 4.0, 9.0]}, index=ids)
    endpoint = ns.Endpoint(time="days", event="dead", entry="from")
    groups = km_groups(ns.Cohort.join(scores, clinic, endpoint), "S")
    # The median of 1 to 4 is 2.5; with the row that has no entry it would be 3.
    assert groups["group"].tolist() == ["low", "low", "high", "high"]


def test_the_note_of_curves_says_that_they_censor_competing_causes(cohort):
    causes = ns.Endpoint(time="days", event="state", causes={"cancer": "cancer", "other": "other"})
    assert COMPETING_NOTE in draw_curves(ns.Cohort.join(SCORES, CLINIC, causes), "S").note
    assert COMPETING_NOTE not in draw_curves(cohort, "S").note


def test_after_a_landmark_the_entry_counts_from_there(cohort):
    moved = ns.landmark(cohort, 30)
    kept = CLINIC.loc[moved.data.index, "entry"].to_numpy()
    assert moved.entry.tolist() == np.maximum(kept - 30, 0).tolist()


@pytest.mark.parametrize(
    ("what", "call"),
    [
        ("A measure of predictions", lambda c: ns.discrimination(c, times=[100])),
        ("A measure of predictions", lambda c: ns.calibration(c, time=100)),
        (
            "A Fine-Gray model",
            ns.fine_gray,
        ),
        (
            "The null test",
            lambda c: ns.null_test(
                c, pd.DataFrame({"G": RNG.normal(size=N)}, index=IDS), {"S": ["G"]}, method="mean"
            ),
        ),
    ],
)
def test_what_would_ignore_late_entries_refuses_them(what, call):
    endpoint = ns.Endpoint(
        time="days", event="state", causes={"cancer": "cancer", "other": "other"}, entry="entry"
    )
    cohort = ns.Cohort.join(SCORES, CLINIC, endpoint)
    with pytest.raises(EndpointError, match=f"{what} would ignore.*'entry'"):
        call(cohort)
