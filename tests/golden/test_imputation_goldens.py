"""Pooling and imputation against R's mice on 400 made-up patients.

The tables in imputation/ were made by make.R (R 4.2.2, mice 3.15.0, survival 3.5-3), which holds
every call; numbers are printed with 15 digits. Pooling is compared to 1e-10 of each number; whole
imputations are random on both sides and compared in units of their Monte-Carlo error.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.cox.verb import cox
from neurosig.outcomes.imputation.chains import ChainedEquations
from neurosig.outcomes.imputation.rubin import pool_estimates
from neurosig.outcomes.imputation.verb import impute
from neurosig.outcomes.regression.verb import regress
from neurosig.outcomes.results import wald

FOLDER = Path(__file__).parent / "imputation"
M = 40
CHAINS = ChainedEquations(n_iterations=5)  # of three columns these mix within two rounds
NAMES = ("estimate", "std_error")
COVARIATES = ["age", "grade", "sex"]


def table(name):
    return pd.read_csv(FOLDER / f"{name}.csv")


pytestmark = pytest.mark.filterwarnings("ignore:40 imputations are few")


@pytest.fixture(scope="module")
def cohort():
    data = table("data")
    data.index = [f"p{i}" for i in range(len(data))]
    endpoint = Endpoint(time="time", event="event", unit="months")
    return Cohort.join(data[["score"]], data.drop(columns="score"), endpoint)


@pytest.mark.parametrize(
    ("analysis", "m"), [("cox", 5), ("cox", 20), ("logistic", 5), ("linear", 3)]
)
def test_estimates_pooled_by_rubins_rules_equal_mice(analysis, m):
    expected = table("pooled").query("analysis == @analysis and m == @m").set_index("term")
    each = table("estimates").query("analysis == @analysis and m == @m")
    by_term = each.set_index(["imputation", "term"]).sort_index()
    columns = [(by_term[name].xs(term, level="term")) for name in NAMES for term in expected.index]
    estimates, errors = np.split(np.array(columns).T, 2, axis=1)
    pool = pool_estimates(estimates, errors**2, expected["df_complete"].to_numpy(float))
    assert pool.m == m
    assert len(expected) >= 4
    for name in ("estimate", "within", "between", "total", "df", "riv", "fmi"):
        np.testing.assert_allclose(getattr(pool, name), expected[name], rtol=1e-10)
    _, p_value, half = wald(pool.estimate, np.sqrt(pool.total), 0.95, pool.df)
    np.testing.assert_allclose(p_value, expected["p_value"], rtol=1e-9)
    np.testing.assert_allclose(pool.estimate - half, expected["ci_low"], rtol=1e-10)
    np.testing.assert_allclose(pool.estimate + half, expected["ci_high"], rtol=1e-10)


def compare_with_mice(ours, analysis):
    """Estimates within 4 Monte-Carlo errors of both; errors within 7 %, as B has about 20 %."""
    expected = table("procedure").query("analysis == @analysis and term != '(Intercept)'")
    names = expected["term"].str.replace(r"^(grade|sex)(.+)", r"\1[\2]", regex=True)
    assert ours["term"].tolist() == names.tolist()
    monte_carlo = np.sqrt(expected["between"].to_numpy() * (1 / M + 1 / 200))
    for one, other, error in zip(ours["estimate"], expected["estimate"], monte_carlo, strict=True):
        assert one == pytest.approx(other, abs=4 * error)
    np.testing.assert_allclose(ours["std_error"], np.sqrt(expected["total"]), rtol=0.07)
    np.testing.assert_allclose(ours["fmi"], expected["fmi"], atol=0.15)


@pytest.mark.parametrize(
    ("analysis", "methods"), [("cox", {}), ("cox_ordinal", {"grade": "ordinal"})]
)
def test_a_cox_model_of_imputed_covariates_agrees_with_mice(cohort, analysis, methods):
    grade = pd.Categorical(cohort.data["grade"], ["G1", "G2", "G3"], ordered=bool(methods))
    ordered = replace(cohort, data=cohort.data.assign(grade=grade))
    imputed = impute(ordered, COVARIATES, methods=methods, m=M, seed=1, chains=CHAINS)
    fitted = cox(imputed, adjust=COVARIATES, scale="none").table
    compare_with_mice(fitted, analysis)
    assert fitted["n"].unique().tolist() == [400]


def test_a_logistic_regression_of_imputed_covariates_agrees_with_mice(cohort):
    imputed = impute(cohort, COVARIATES, outcome="pain", m=M, seed=1, chains=CHAINS)
    fitted = regress(imputed, outcome="pain", positive=1, adjust=COVARIATES, scale="none").table
    compare_with_mice(fitted, "logistic")


def test_a_linear_regression_after_normal_imputation_agrees_with_mice(cohort):
    imputed = impute(
        cohort,
        ["age", "sex"],
        outcome="pain",
        methods={"age": "normal"},
        m=M,
        seed=1,
        chains=CHAINS,
    )
    fitted = regress(imputed, outcome="pain", kind="linear", adjust=["age", "sex"], scale="none")
    compare_with_mice(fitted.table, "linear")
