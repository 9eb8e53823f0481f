"""Pooling, one-stage Cox models and frozen models against R on made-up cohorts.

The tables in pooling/ were made by make.R (R 4.2.2, metafor 3.8-1, survival 3.5-3), which holds
every call; numbers are printed with 15 digits.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.outcomes.pooling.random_effects import pool_effects

FOLDER = Path(__file__).parent / "pooling"
PRINTED = 1e-11  # 15 digits of numbers of at most a few hundred
COX = 2e-8  # where R's Newton stops: 1e-9 of the log-likelihood
CASES = ["differing", "alike", "nearly_equal", "few", "two", "small_studies"]
MODELS = {"alone": [], "age": ["age"], "age_grade": ["age", "grade"]}
END = ns.Endpoint(time="time", event="event", unit="months")


def table(name):
    return pd.read_csv(FOLDER / f"{name}.csv")


def studies(case):
    effects = table("effects")
    return effects[effects["case"] == case].reset_index(drop=True)


def results(case):
    found = studies(case)
    return pd.DataFrame(
        {
            "cohort": [str(i) for i in range(1, len(found) + 1)],
            "endpoint": "OS",
            "signature": "AXON",
            "term": "score",
            "estimate": found["estimate"],
            "std_error": found["std_error"],
            "effect_scale": "HR per SD",
            "status": "ok",
        }
    )


def cohort(name):
    patients = table("patients").query("cohort == @name").set_index("id")
    clinic = patients[["time", "event", "age", "grade"]]
    return ns.Cohort.join(patients[["score"]], clinic, END, name=name)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("method", ["FE", "DL", "HE", "SJ", "ML", "REML", "PM"])
def test_pooled_effects_and_their_intervals_equal_metafor(case, method):
    # PM by the root itself, ML and REML by metafor's own stopping rule
    stop = "exact" if method == "PM" else "default"
    pooled = table("pooled").set_index(["case", "method", "stop"]).sort_index()
    expected = pooled.loc[[(case, method, stop)]]
    assert len(expected) == (1 if method == "FE" else 2)
    found = studies(case)
    for _, row in expected.iterrows():
        ours = pool_effects(
            found["estimate"], found["std_error"], method=method, knha=row["test"] == "knha"
        )
        for name in expected.columns.drop("test"):
            value, theirs = getattr(ours, name), row[name]
            if name.startswith("prediction") and (len(found) < 5 or method == "FE"):
                assert np.isnan(value)
            elif row["tau2_high"] == 100 and name in ("tau2_high", "i2_high", "h2_high"):
                assert value > theirs  # metafor looks no further than tau2 = 100
            else:
                np.testing.assert_allclose(value, theirs, rtol=0, atol=PRINTED, err_msg=name)


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_stopping_as_metafor_does_is_within_its_step_of_the_maximum(method):
    pooled = table("pooled").query("method == @method and test == 'z'")
    default, exact = (pooled.query("stop == @s").set_index("case") for s in ("default", "exact"))
    assert (default["tau2"] - exact["tau2"]).abs().max() < 1e-5


@pytest.mark.parametrize("case", [c for c in CASES if c != "two"])
def test_leaving_each_cohort_out_equals_metafor(case):
    expected = table("leave_one_out").query("case == @case")
    for (method, test), theirs in expected.groupby(["method", "test"]):
        ours = ns.leave_one_out(results(case), method=method, knha=test == "knha").table
        assert ours["omitted"].tolist() == theirs["omitted"].astype(str).tolist()
        # metafor's root finder for PM; see test_pooling_goldens.py
        tolerance = 1e-3 if method == "PM" else PRINTED
        names = {"q": "q_heterogeneity", "q_p_value": "p_heterogeneity"}
        compared = ["estimate", "std_error", "p_value", "ci_low", "ci_high", "q", "q_p_value"]
        for name in compared + ([] if method in ("FE", "PM") else ["tau2", "i2", "h2"]):
            np.testing.assert_allclose(
                ours[names.get(name, name)], theirs[name], rtol=0, atol=tolerance, err_msg=name
            )


@pytest.mark.parametrize("case", ["differing", "small_studies"])
def test_eggers_test_equals_regtest(case):
    row = ns.egger_test(results(case)).table.iloc[0]
    theirs = table("egger").query("case == @case").iloc[0]
    names = {"estimate": "slope", "std_error": "slope_std_error", "statistic": "statistic"}
    names |= {"p_value": "p_value", "df": "df", "limit_estimate": "limit"}
    names |= {"limit_low": "limit_low", "limit_high": "limit_high"}
    for ours, name in names.items():
        assert row[ours] == pytest.approx(theirs[name], abs=PRINTED), ours


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_one_model_over_cohorts_equals_coxph_with_strata(name, ties):
    cohorts = [cohort(c) for c in "ABC"]
    ours = ns.pooled_cox(cohorts, adjust=MODELS[name], model=ns.CoxModel(ties=ties)).table
    theirs = table("one_stage").query("model == @name and ties == @ties")
    assert ours["term"].tolist() == theirs["term"].tolist()
    for column in ("estimate", "std_error", "p_value", "n", "n_events"):
        np.testing.assert_allclose(ours[column], theirs[column], rtol=0, atol=COX, err_msg=column)
    for column in ("p_lr", "p_ph", "lr_heterogeneity", "p_heterogeneity"):
        assert ours[column].iloc[0] == pytest.approx(theirs[column].iloc[0], abs=COX), column


@pytest.mark.filterwarnings("ignore:As few as 8.0 events per parameter")
@pytest.mark.parametrize("name", list(MODELS))
def test_a_frozen_model_predicts_as_coxph_of_the_training_cohort(name):
    model = ns.train(cohort("A"), "score", adjust=MODELS[name])
    coefficients = table("coefficients").query("model == @name")
    np.testing.assert_allclose(model.coef, coefficients["estimate"], rtol=0, atol=COX)
    theirs = table("predictions").query("model == @name").set_index("id")
    ours = model.predict(cohort("B"), times=[30]).loc[theirs.index]
    for column, expected in (("linear_predictor", "linear_predictor"), ("risk_30", "risk30")):
        np.testing.assert_allclose(ours[column], theirs[expected], rtol=0, atol=COX)


@pytest.mark.filterwarnings("ignore:As few as 8.0 events per parameter")
@pytest.mark.parametrize("name", list(MODELS))
def test_a_validation_equals_the_calls_in_r(name):
    model = ns.train(cohort("A"), "score", adjust=MODELS[name], cut="median")
    found = ns.validate(model, cohort("B"), times=[30]).table.set_index("measure")
    theirs = table("validation").set_index("model").loc[name]
    pairs = {
        ("Harrell C", "estimate"): "harrell",
        ("Harrell C", "std_error"): "harrell_se",
        ("Uno C", "estimate"): "uno",
        ("Uno C", "std_error"): "uno_se",
        ("calibration slope", "estimate"): "slope",
        ("calibration slope", "std_error"): "slope_se",
        ("calibration in the large", "estimate"): "large",
        ("calibration in the large", "std_error"): "large_se",
        ("HR per frozen SD", "estimate"): "score",
        ("HR per frozen SD", "std_error"): "score_se",
        ("HR per frozen SD", "p_value"): "score_p",
        ("high against low risk", "estimate"): "group",
        ("high against low risk", "std_error"): "group_se",
        ("high against low risk", "statistic"): "chisq",
        ("observed risk", "estimate"): "observed30",
        ("observed risk", "predicted"): "predicted30",
    }
    for (measure, column), expected in pairs.items():
        assert found.loc[measure, column] == pytest.approx(theirs[expected], abs=COX), measure
    large = found.loc["calibration in the large"]
    assert large["predicted"] == pytest.approx(theirs["expected"], rel=COX)
    assert large["effect"] == pytest.approx(theirs["observed"] / theirs["expected"], rel=COX)
    assert f"{theirs['n_high']:.0f} high" in found.loc["high against low risk", "message"]
    assert model.cut == pytest.approx(theirs["cut"], abs=COX)
