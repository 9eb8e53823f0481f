"""What Cox tables say where a model is at its limits: separation, clusters, causes, intervals."""

import warnings

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import (
    ClinicalError,
    ConvergenceError,
    NeurosigWarning,
    ParameterError,
    SmallSampleWarning,
)
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.verb import cox
from neurosig.outcomes.design import Term

N = 90


def _clinic(**columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    score = rng.normal(size=N)
    days = np.ceil(rng.exponential(900 * np.exp(-0.5 * score)))
    clinic = pd.DataFrame({"days": days, "dead": (rng.random(N) < 0.7) * 1.0, "NGF": score})
    return clinic.assign(**columns)


def _cohort(clinic: pd.DataFrame, endpoint: Endpoint | None = None) -> Cohort:
    endpoint = endpoint or Endpoint(time="days", event="dead")
    return Cohort.join(clinic[["NGF"]], clinic.drop(columns="NGF"), endpoint)


def _quiet(cohort: Cohort, **options: object) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        return cox(cohort, **options).table


def test_a_covariate_that_separates_leaves_the_score_its_likelihood_estimate():
    stage = np.where(np.arange(N) % 5 == 0, "I", np.where(np.arange(N) % 2, "II", "III"))
    clinic = _clinic(stage=stage)
    clinic.loc[clinic["stage"] == "I", "dead"] = 0.0
    with pytest.warns(SmallSampleWarning, match="infinite"):
        table = cox(_cohort(clinic), adjust=["stage"]).table
    assert not table["model"].str.contains("Firth").any()
    assert set(table.loc[table["term"] != "score", "status"]) == {"separation"}
    # a coefficient at infinity takes those of stage I out of every risk set
    rest = _clinic(stage=stage)[stage != "I"]
    alone = _quiet(_cohort(rest), adjust=["stage"], scale="none")
    score = _quiet(_cohort(clinic), adjust=["stage"], scale="none").iloc[0]
    assert score["status"] == "ok"
    np.testing.assert_allclose(score["estimate"], alone["estimate"][0], atol=1e-6)
    np.testing.assert_allclose(score["std_error"], alone["std_error"][0], rtol=1e-4)


def test_the_warning_of_changing_hazards_counts_the_fits_that_were_tested():
    early = np.arange(60.0) % 2
    time = np.where(early > 0, 1 + np.arange(60) / 60, 40 + np.arange(60.0))
    clinic = pd.DataFrame({"days": time, "dead": 1.0 - (time == time.max())})
    noise = np.random.default_rng(1).normal(size=60)
    changing = np.where(np.arange(60) < 30, early, 1 - early) + 0.1 * noise
    scores = pd.DataFrame({"SEPARATED": -time, "CHANGING": changing})
    cohort = Cohort.join(scores, clinic, Endpoint(time="days", event="dead"))
    with pytest.warns(NeurosigWarning) as caught:
        table = cox(cohort).table
    assert table["p_ph"].notna().tolist() == [False, True]
    texts = [str(w.message) for w in caught if "p_ph <" in str(w.message)]
    assert len(texts) == 1
    assert "of 1 fit tested" in texts[0]


def _with_causes() -> Cohort:
    state = np.where(_clinic()["dead"] > 0, np.where(np.arange(N) % 3, "cancer", "other"), "alive")
    causes = {"cancer": "cancer", "other": "other", "censored": "alive"}
    endpoint = Endpoint(time="days", event="state", causes=causes)
    return _cohort(_clinic(state=state, ward=np.arange(N) % 2).drop(columns="dead"), endpoint)


@pytest.mark.parametrize(
    "predict",
    [
        lambda cohort: ns.calibration(cohort, time=365),
        lambda cohort: ns.decision_curve(cohort, time=365),
        lambda cohort: ns.discrimination(cohort, times=365),
        lambda cohort: ns.added_value(cohort, base=["ward"], times=365),
    ],
)
def test_risks_by_a_time_are_refused_where_causes_compete(predict):
    with pytest.raises(ClinicalError, match=r"'other'.*all-cause"):
        predict(_with_causes())


def test_a_cause_specific_model_says_so_and_concordance_stays():
    cohort = _with_causes()
    model = _quiet(cohort)["model"][0]
    assert model == "Cox regression, Efron ties, cause-specific, competing: other"
    assert ns.concordance(cohort).table["status"].tolist() == ["ok"]


def test_no_mean_survival_where_causes_compete():
    n = 200
    x = np.arange(n) % 2
    days = 365 * np.where(x > 0, 1 + np.arange(n) / n, np.linspace(0.5, 3, n))
    clinic = pd.DataFrame({"days": days, "state": np.where(np.arange(n) % 5, 1, 2)})
    clinic.loc[::17, "state"] = 0
    scores = pd.DataFrame({"NGF": x.astype(float)})
    causes = Endpoint(time="days", event="state", causes={"cancer": 1, "other": 2})
    row = _quiet(Cohort.join(scores, clinic, causes)).iloc[0]
    assert row["p_ph"] < 0.05
    assert np.isfinite(row["effect_early"])
    assert "rmst_effect" not in row.index
    alone = clinic.assign(state=(clinic["state"] == 1) * 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        result = cox(Cohort.join(scores, alone, Endpoint(time="days", event="state")))
    assert np.isfinite(result.table["rmst_effect"][0])
    assert any("not adjusted; shown because p_ph < 0.05" in note for note in result.notes)


def test_few_clusters_are_said_and_no_more_than_parameters_refused():
    model = CoxModel(cluster="centre", cluster_errors="sandwich")
    few = _cohort(_clinic(centre=[f"c{i % 20}" for i in range(N)]))
    with pytest.warns(SmallSampleWarning, match="20 clusters"):
        result = cox(few, model=model)
    assert any("20 clusters" in note for note in result.notes)
    enough = cox(_cohort(_clinic(centre=[f"c{i % 30}" for i in range(N)])), model=model)
    assert not any("cluster" in note for note in enough.notes)
    two = _cohort(_clinic(centre=[f"c{i % 2}" for i in range(N)], age=np.arange(N) % 7))
    with pytest.raises(ClinicalError, match="2 clusters in the rows used for 2 parameters"):
        cox(two, adjust=["age"], model=model)


def test_a_hazard_ratio_per_sd_and_n_do_not_depend_on_how_follow_up_is_cut():
    whole = _clinic(patient=[f"p {i}" for i in range(N)], start=0.0)
    high = (whole["NGF"] > 0) & (whole["days"] > 60)  # cut the follow-up of high scores only
    cuts = [whole[~high]]
    for start, stop in ((0.0, 20.0), (20.0, 60.0)):
        cuts.append(whole[high].assign(start=start, days=stop, dead=0.0))
    cuts.append(whole[high].assign(start=60.0))
    cohort = Cohort.from_intervals(
        pd.concat(cuts, ignore_index=True),
        id="patient",
        start="start",
        stop="days",
        event="dead",
        signatures=["NGF"],
    )
    expected, found = _quiet(_cohort(whole)).iloc[0], _quiet(cohort).iloc[0]
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=1e-9)
    assert found["n"] == N
    fit = ns.fit_cox(cohort, "NGF")
    np.testing.assert_allclose(fit.coef[0], expected["estimate"], rtol=1e-9)


def test_a_single_fit_names_the_terms_that_separate_and_refuses_firth():
    stage = np.where(np.arange(N) % 5 == 0, "I", np.where(np.arange(N) % 2, "II", "III"))
    clinic = _clinic(stage=stage)
    clinic.loc[clinic["stage"] == "III", "dead"] = 0.0
    cohort = _cohort(clinic)
    with pytest.raises(ConvergenceError, match=r"Infinite: 'stage\[III\]'.*Join rare levels"):
        ns.fit_cox(cohort, "NGF", adjust=["stage"])
    with pytest.warns(SmallSampleWarning, match=r"no test where a term separates.*stage\[III\]"):
        row = ns.nonlinearity(cohort, adjust=["stage"]).table.iloc[0]
    assert row["status"] == "separation"
    assert row["message"] == "no finite estimate of stage[III], which separates the events"
    with pytest.raises(ParameterError, match=r"firth=True.*ns\.cox"):
        ns.fit_cox(cohort, "NGF", model=CoxModel(firth=True))


def test_with_a_category_the_row_of_the_score_is_that_of_the_reference_level():
    clinic = _clinic(grp=np.where(np.arange(N) % 3 == 0, "b", "a"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        both = cox(_cohort(clinic), adjust=["grp"], interactions=[("score", "grp")], scale="none")
    row = both.table.iloc[0]
    assert row["model"] == "Cox regression, Efron ties, score at grp = a"
    assert any("effect at grp = a (reference)" in note for note in both.notes)
    # the effect in b is that in a plus the product's, or the row of the score with b as reference
    other = Term("grp", reference="b")
    turned = _quiet(_cohort(clinic), adjust=[other], interactions=["score:grp"], scale="none")
    assert turned["model"][0] == "Cox regression, Efron ties, score at grp = b"
    np.testing.assert_allclose(
        turned["estimate"][0], both.table["estimate"][0] + both.table["estimate"][2], atol=1e-7
    )
