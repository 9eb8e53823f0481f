"""Infinite scores are refused where a cohort is made; models would leave their rows out."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import ClinicalError


def test_infinite_scores_are_refused_with_signature_and_sample():
    scores = pd.DataFrame({"NGF": [0.0, np.inf], "SCHWANN": [-np.inf, np.inf]}, index=["p1", "p2"])
    with pytest.raises(ClinicalError, match=r"'SCHWANN' are infinite in 'p1'") as caught:
        ns.Cohort.join(scores, pd.DataFrame({"age": [1, 2]}, index=["p1", "p2"]))
    cells = "SCHWANN of p1 is -inf, NGF of p2 is inf, SCHWANN of p2 is inf"
    assert f"3 infinite scores: {cells}" in str(caught.value)
    assert "replace([np.inf, -np.inf], np.nan)" in str(caught.value)
    assert set(caught.value.facts["signatures"]) == {"SCHWANN", "NGF"}


def test_missing_scores_are_no_infinite_ones():
    scores = pd.DataFrame({"NGF": [0.0, np.nan]}, index=["p1", "p2"])
    clinic = pd.DataFrame({"age": [1, 2]}, index=["p1", "p2"])
    assert ns.Cohort.join(scores, clinic).data["NGF"].isna().tolist() == [False, True]


def test_infinite_scores_of_intervals_are_refused():
    rows = pd.DataFrame(
        {"p": ["a", "b"], "from": [0, 0], "to": [1, 2], "e": [1, 0], "NGF": [np.inf, 1.0]}
    )
    with pytest.raises(ClinicalError, match="'NGF' are infinite in 'a 1'"):
        ns.Cohort.from_intervals(
            rows, id="p", start="from", stop="to", event="e", signatures=["NGF"]
        )
