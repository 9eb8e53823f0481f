"""Errors of clusters by jackknife, against loops over coxph in R, and where they are not defined.

R's numbers are in tests/golden/cox_options, made by make.R there (survival 3.5-3): the model is
fitted again without each cluster, p-values are of Student's t (pt) and of F (pf).
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import neurosig as ns
from neurosig.errors import NeurosigWarning, ParameterError, SmallSampleWarning
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.cox.changing_hazards import Reported, changing_hazards
from neurosig.outcomes.cox.robust_errors import ErrorKind

R_NUMBERS = Path(__file__).parents[1] / "golden" / "cox_options"
FROM_ZERO = ns.Endpoint(time="stop", event="event", unit="months")
LATE_ENTRY = ns.Endpoint(time="stop", event="event", entry="start", unit="months")
MODELS = {
    "entry_weights_cluster_efron": (LATE_ENTRY, {}, {"weights": "w"}),
    "entry_weights_cluster_breslow": (LATE_ENTRY, {}, {"weights": "w", "ties": "breslow"}),
    "entry_strata_offset": (LATE_ENTRY, {"strata": ["s"]}, {"offset": "o"}),
}
REFIT = 1e-8  # where fits stop: 7.6e-11


def numbers(name):
    return pd.read_csv(R_NUMBERS / f"{name}.csv")


def joined(endpoint=FROM_ZERO, data=None, score=("x",)):
    data = numbers("data") if data is None else data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        return ns.Cohort.join(data[list(score)], data.drop(columns=list(score)), endpoint)


def quiet(verb, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        return verb(*args, **options)


@pytest.mark.parametrize("name", MODELS)
def test_jackknife_errors_equal_a_loop_in_r(name):
    endpoint, options, model = MODELS[name]
    options = {"adjust": ["z"], "scale": "none", **options}
    expected = numbers("jackknife").query("model == @name")
    cohort, model = joined(endpoint), ns.CoxModel(cluster="g", **model)
    table = quiet(ns.cox, cohort, model=model, **options).table
    np.testing.assert_allclose(table["estimate"], expected["coef"], rtol=1e-7)
    np.testing.assert_allclose(table["std_error"], expected["se"], rtol=REFIT)
    np.testing.assert_allclose(table["p_value"], expected["p"], rtol=REFIT)
    np.testing.assert_allclose(table["ci_high"] - table["estimate"], expected["width"], rtol=REFIT)
    assert table["df"].tolist() == expected["df"].tolist()
    assert "jackknife errors by g" in table["model"][0]
    fit = quiet(ns.fit_cox, cohort, "x", model=model, **options).coefficients()
    np.testing.assert_allclose(fit["p_value"], expected["p"], rtol=REFIT)


def test_jackknife_errors_of_lung_equal_a_loop_in_r(goldens):
    data = pd.read_csv(goldens / "inputs" / "surv_lung.csv").dropna(subset=["inst"])
    data["status"] = data["status"] - 1
    endpoint = ns.Endpoint(time="time", event="status", unit="days")
    cohort = joined(endpoint, data[["age", "sex", "time", "status", "inst"]], ["age"])
    model = ns.CoxModel(cluster="inst")
    table = quiet(ns.cox, cohort, adjust=["sex"], scale="none", model=model).table
    expected = numbers("jackknife").query("model == 'lung'")
    np.testing.assert_allclose(table["std_error"], expected["se"], rtol=REFIT)
    np.testing.assert_allclose(table["p_value"], expected["p"], rtol=REFIT)


@pytest.mark.parametrize("period", ["early", "late"])
def test_periods_have_the_errors_of_the_model(period):
    data = numbers("data")
    batch = CoxData(
        time=data["stop"].to_numpy(float),
        event=data["event"].to_numpy(float),
        scores=data[["x"]].to_numpy(float),
        covariates=np.empty((len(data), 0)),
    )
    kind = ErrorKind(is_robust=True, cluster=data["g"].to_numpy(), by_jackknife=True)
    row = changing_hazards(batch, Reported(unit=np.ones(1), confidence=0.95, errors=kind)).iloc[0]
    expected = numbers("jackknife").set_index("model").loc[period]
    np.testing.assert_allclose(np.log(row[f"effect_{period}"]), expected["coef"], rtol=1e-7)
    width = np.log(row[f"effect_{period}_high"]) - expected["coef"]
    np.testing.assert_allclose(width, expected["width"], rtol=REFIT)


def test_wald_tests_of_a_spline_are_of_the_jackknife_and_an_f():
    table = quiet(ns.nonlinearity, joined(), adjust=["z"], model=ns.CoxModel(cluster="g")).table
    expected = numbers("jackknife_spline")
    assert table["term"].tolist() == expected["term"].tolist()
    np.testing.assert_allclose(table["statistic"], expected["chisq"], rtol=REFIT)
    np.testing.assert_allclose(table["p_value"], expected["p"], rtol=REFIT)


def test_a_product_of_two_scores_has_them_too():
    both = joined(score=("x", "z"))
    table = quiet(ns.interplay, both, ("x", "z"), model=ns.CoxModel(cluster="g")).table
    row = table.set_index("term").loc["first:second"]
    expected = numbers("jackknife").query("model == 'interaction'").iloc[2]
    # the product of standardised scores: another unit, the same test
    np.testing.assert_allclose(row["p_value"], expected["p"], rtol=REFIT)
    assert row["df"] == expected["df"]
    model = ns.CoxModel(cluster="g")
    pairs = [("score", "z")]
    table = quiet(ns.cox, joined(), adjust=["z"], interactions=pairs, model=model).table
    np.testing.assert_allclose(table["p_value"].iloc[-1], expected["p"], rtol=REFIT)


def test_limits_of_predicted_survival_have_the_same_t():
    model = ns.CoxModel(cluster="g")
    fitted = quiet(ns.fit_cox, joined(), "x", adjust=["z"], scale="none", model=model)
    df = numbers("jackknife")["df"].iloc[0]
    found = fitted.survival(pd.DataFrame({"score": [1.0], "z": [0.0]}, ["new"]))
    found = found[(found["std_error_log"] > 0) & (found["ci_high"] < 1)]
    assert len(found) > 10
    width = stats.t.ppf(0.975, df) * found["std_error_log"]
    np.testing.assert_allclose(np.log(found["ci_high"] / found["survival"]), width, rtol=1e-9)
    np.testing.assert_allclose(np.log(found["survival"] / found["ci_low"]), width, rtol=1e-9)


def test_rows_cut_into_intervals_have_the_jackknife_of_their_patients():
    data = numbers("data").assign(start=0.0)
    early = data.assign(stop=np.minimum(data["stop"], 7), event=data["event"] * (data["stop"] <= 7))
    late = data[data["stop"] > 7].assign(start=7.0)
    rows = pd.concat([early, late], ignore_index=True)
    cohort = ns.Cohort.from_intervals(
        rows, id="id", start="start", stop="stop", event="event", signatures=["x"], unit="months"
    )
    model = ns.CoxModel(cluster="id")
    split = quiet(ns.cox, cohort, adjust=["z"], scale="none", model=model).table
    data["patient"] = data["id"]
    whole = quiet(ns.cox, joined(data=data), adjust=["z"], scale="none", model=model).table
    np.testing.assert_allclose(split["std_error"], whole["std_error"], rtol=1e-8)


def test_many_clusters_have_the_sandwich_and_either_can_be_asked_for():
    rng = np.random.default_rng(3)
    data = pd.DataFrame(
        {
            "x": rng.normal(size=300),
            "stop": rng.exponential(9, 300) + 0.1,
            "event": np.arange(300) % 4 // 3,
            "few": np.arange(300) % 99,
            "many": np.arange(300) % 100,
        }
    )

    def words(**options):
        table = quiet(ns.cox, joined(data=data), model=ns.CoxModel(**options)).table
        return table["model"][0].split(", ")[-1], "df" in table

    assert words(cluster="few") == ("jackknife errors by few", True)
    assert words(cluster="many") == ("robust errors by many", False)
    assert words(cluster="few", cluster_errors="sandwich") == ("robust errors by few", False)
    assert words(cluster="many", cluster_errors="jackknife") == ("jackknife errors by many", True)


def test_without_a_maximum_outside_a_cluster_errors_are_the_sandwich_and_said():
    data = numbers("data")
    data["rare"] = (data["g"] == 3).astype(float)  # no row has it without that cluster
    model = ns.CoxModel(cluster="g")
    with pytest.warns(SmallSampleWarning, match="jackknife of clusters is not defined"):
        found = ns.cox(joined(data=data), adjust=["rare"], scale="none", model=model).table
    assert found["message"].str.startswith("sandwich errors: without one of the clusters").all()
    sandwich = ns.CoxModel(cluster="g", cluster_errors="sandwich")
    expected = quiet(ns.cox, joined(data=data), adjust=["rare"], scale="none", model=sandwich).table
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-12)
    assert (found["p_value"] > expected["p_value"]).all()  # Student's t instead of the normal
    with pytest.warns(SmallSampleWarning, match="jackknife of clusters is not defined"):
        ns.fit_cox(joined(data=data), "x", adjust=["rare"], model=model)


@pytest.mark.parametrize("verb", ["nonlinearity", "interplay", "interplay_corners"])
def test_every_verb_says_that_the_jackknife_is_not_defined(verb):
    data = numbers("data")
    data["rare"] = (data["g"] == 3).astype(float)  # no row has it without that cluster
    data["y"] = np.cos(np.arange(len(data)))
    cohort, model = joined(data=data, score=("x", "y")), ns.CoxModel(cluster="g")
    pair = () if verb == "nonlinearity" else (("x", "y"),)
    with pytest.warns(SmallSampleWarning, match="jackknife of clusters is not defined") as caught:
        found = getattr(ns, verb)(cohort, *pair, adjust=["rare"], model=model)
    said = [w for w in caught if "not defined" in str(w.message)]
    assert [w.filename for w in said] == [__file__]
    if verb != "interplay_corners":  # its rows are predictions, not terms
        assert found.table["message"].str.startswith("sandwich errors: without one of").all()


def test_errors_of_clusters_need_a_cluster():
    with pytest.raises(ParameterError, match="cluster_errors is for models with a cluster"):
        ns.CoxModel(cluster_errors="jackknife")
