"""Logistic and linear regression against R 4.2.2 (glm, lm; scripts/31_models.R)."""

import numpy as np
import pandas as pd
import pytest

from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.design import Term
from neurosig.outcomes.regression.verb import regress
from neurosig.outcomes.results import benjamini_hochberg

pytestmark = pytest.mark.data

TOLERANCE = 1e-6  # R's glm stops at a relative change of the deviance of 1e-8


@pytest.fixture
def lung(goldens):
    table = pd.read_csv(goldens / "inputs" / "surv_lung.csv")
    table["dead1y"] = ((table["time"] < 365) & (table["status"] == 2)).astype(int)
    table["log_time"] = np.log(table["time"])
    return table.set_axis([f"p{i}" for i in range(len(table))])


def _cohort(lung, clinical):
    return Cohort.join(lung[["age"]].rename(columns={"age": "AGE"}), lung[clinical], name="lung")


def _compare(table, expected, statistic, p_value):
    theirs = expected.set_index("term").iloc[1:]  # without the intercept
    np.testing.assert_allclose(table["estimate"], theirs["Estimate"], atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(table["std_error"], theirs["Std. Error"], atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(table["statistic"], theirs[statistic], rtol=1e-5)
    np.testing.assert_allclose(table["p_value"], theirs[p_value], rtol=1e-5)


def test_a_logistic_fit_equals_glm(goldens, lung):
    cohort = _cohort(lung, ["dead1y", "sex", "ph.ecog"])
    table = regress(
        cohort,
        outcome="dead1y",
        positive=1,
        adjust=["sex", Term("ph.ecog", kind="numeric")],
        scale="none",
    ).table
    expected = pd.read_csv(goldens / "expected" / "glm_logit_lung_coef.csv")
    _compare(table, expected, "z value", "Pr(>|z|)")
    assert table["n"].tolist() == [227] * 3


def test_a_linear_fit_equals_lm(goldens, lung):
    cohort = _cohort(lung, ["log_time", "sex", "ph.karno"])
    adjust = ["sex", "ph.karno"]
    table = regress(cohort, outcome="log_time", kind="linear", adjust=adjust, scale="none").table
    expected = pd.read_csv(goldens / "expected" / "lm_lung_coef.csv")
    _compare(table, expected, "t value", "Pr(>|t|)")


def test_benjamini_hochberg_equals_p_adjust(goldens):
    expected = pd.read_csv(goldens / "expected" / "padjust_30.csv")
    q = benjamini_hochberg(expected["p"])
    np.testing.assert_allclose(q, expected["BH"], atol=1e-12, rtol=0)
