"""Regressions at the edge of what numbers can hold, against R 4.2 (MASS, ordinal, clubSandwich)."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns

pytestmark = pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")


def row(data, kind, positive=None, **options):
    """The row of the score x; Python's warnings are errors."""
    cohort = ns.Cohort.join(data[["x"]], data.drop(columns="x"))
    model = ns.RegressionModel(**options)
    found = ns.regress(
        cohort, outcome="y", kind=kind, positive=positive, scale="none", model=model
    ).table
    return found.iloc[0]


def test_a_negative_binomial_maximum_that_does_not_begin_at_the_poisson_limit_is_found():
    """The likelihood falls from alpha = 0 (-25.97) and is highest at 2.9 (-20.69).

    glm.nb(y ~ x, control = glm.control(epsilon = 1e-12, maxit = 500)), its theta and SE.theta.
    """
    x = [1.0, 3, 3, 1, 0, 2, 2, 3, 2, 2, 3, 14]
    y = [6, 0, 0, 0, 1, 0, 4, 1, 0, 0, 0, 38]
    found = row(pd.DataFrame({"x": x, "y": y}), "negative_binomial")
    assert found["estimate"] == pytest.approx(0.246247701827747, abs=1e-8)
    assert found["std_error"] == pytest.approx(0.146954033325506, abs=1e-7)
    assert found["theta"] == pytest.approx(0.345326355618057, abs=1e-7)
    assert found["theta_std_error"] == pytest.approx(0.247632479954756, abs=1e-6)
    assert found["message"] == ""


def test_cr2_errors_with_a_row_whose_outcome_is_certain():
    """coef_test(glm(y ~ x, binomial, d), vcov = "CR2", cluster = d$g): SE and Satterthwaite's df.

    The first row has x = 60, so that its variance p (1 - p) is 0.
    """
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    x[0] = 60
    y = (rng.random(60) < 1 / (1 + np.exp(-x))).astype(int)
    data = pd.DataFrame({"x": x, "y": y, "g": [f"g{i % 15}" for i in range(60)]})
    found = row(data, "logistic", positive="1", cluster="g")
    assert found["std_error"] == pytest.approx(0.271715296230764, rel=1e-7)
    assert found["df"] == pytest.approx(10.8281839841191, rel=1e-7)


def test_a_cloglog_model_of_values_far_out_does_not_overflow():
    """clm(factor(y) ~ x, link = "cloglog"): coefficient and standard error."""
    x = np.array([0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 5, 2, 7, -3000, 3000])
    y = np.array(list("aababbcbcccabcac"))
    found = row(pd.DataFrame({"x": x, "y": y}), "ordinal", order=("a", "b", "c"), link="cloglog")
    assert found["status"] == "ok"
    assert found["estimate"] == pytest.approx(0.443208019274632, rel=1e-6)
    assert found["std_error"] == pytest.approx(0.185343084826644, rel=1e-6)
