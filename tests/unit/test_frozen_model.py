"""Models trained in one cohort and judged in others: nothing of the others enters."""

import json
import math

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    EndpointError,
    InputError,
    ParameterError,
    ResourceError,
    SmallSampleWarning,
    TooFewEventsError,
    UnknownSignatureError,
)

END = ns.Endpoint(time="days", event="dead", name="OS")
ADJUST = [ns.Term("age", transform="spline", knots=4), "grade"]


def tables(n, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n)
    days = np.ceil(rng.exponential(500 * np.exp(-0.7 * score)))
    clinic = pd.DataFrame(
        {
            "days": days,
            "dead": np.tile([1, 1, 1, 0], n)[:n],
            "age": rng.normal(60, 9, n),
            "grade": np.tile(["g2", "g1", "g3"], n)[:n],
        }
    )
    return pd.DataFrame({"NGF": score + shift, "TH": rng.normal(size=n)}), clinic


def made(name, n=150, seed=0, *, shift=0.0, endpoint=END, **columns):
    scores, clinic = tables(n, seed, shift)
    return ns.Cohort.join(scores, clinic.assign(**columns), endpoint, name=name)


@pytest.fixture(scope="module")
def model():
    return ns.train(made("A"), "NGF", adjust=ADJUST, cut="median")


def test_everything_of_the_training_cohort_is_frozen(model):
    training = made("A")
    score = training.data["NGF"]
    assert (model.scores[0].mean, model.scores[0].sd) == (score.mean(), score.std())
    assert model.names == ("NGF", "age", "age'", "age''", "grade[g2]", "grade[g3]")
    assert model.terms[1].levels == ("g1", "g2", "g3")
    quantiles = np.quantile(training.data["age"], [0.05, 0.35, 0.65, 0.95])  # Harrell 2015
    np.testing.assert_allclose(model.terms[0].knots, quantiles)
    predictor = model.predict(training)["linear_predictor"]
    assert model.cut == pytest.approx(np.median(predictor))
    assert (model.endpoint, model.unit, model.cohort) == ("OS", "days", "A")
    fit = ns.fit_cox(training, "NGF", adjust=ADJUST)
    np.testing.assert_allclose(model.coef, fit.coef, atol=1e-8)
    np.testing.assert_allclose(predictor, fit.linear_predictor(), atol=1e-8)


def test_one_patient_changes_no_prediction_of_another(model):
    cohort = made("B", seed=1)
    before = model.predict(cohort, times=[200, 400])
    scores, clinic = tables(150, 1)
    scores.loc[7, "NGF"] = 1e6
    clinic.loc[7, ["days", "dead", "age", "grade"]] = [1.0, 0, 99.0, "g1"]
    after = model.predict(ns.Cohort.join(scores, clinic, END, name="B"), times=[200, 400])
    others = before.index != before.index[7]
    pd.testing.assert_frame_equal(before[others], after[others], check_exact=True)
    assert before["linear_predictor"].iloc[7] != after["linear_predictor"].iloc[7]
    alone = cohort.subset(np.arange(150) == 7, "one patient")
    pd.testing.assert_frame_equal(
        model.predict(alone, [200, 400]), before[~others], check_exact=True
    )


def test_a_shifted_cohort_keeps_its_shift():
    trained = ns.train(made("A"), "NGF")
    plain = trained.predict(made("B", seed=1))["linear_predictor"]
    shifted = trained.predict(made("B", seed=1, shift=2.0))["linear_predictor"]
    per_unit = trained.coef[0] / trained.scores[0].sd
    np.testing.assert_allclose(shifted - plain, 2.0 * per_unit)  # not standardised away


def test_a_cohort_of_the_same_kind_is_predicted_well():
    table = ns.validate(ns.train(made("A", 1500), "NGF"), made("B", 400, seed=1), times=[300]).table
    found = table.set_index("measure")
    assert found.loc["Harrell C", "ci_low"] > 0.55
    assert found.loc["calibration slope", "p_value"] > 0.01
    assert found.loc["calibration in the large", "p_value"] > 0.01
    observed = found.loc["observed risk"]
    assert abs(observed["estimate"] - observed["predicted"]) < 3 * observed["std_error"]
    assert found.loc["HR per frozen SD", "effect"] == pytest.approx(math.exp(0.7), rel=0.2)
    assert set(table["status"]) == {"ok"}


def test_the_hazard_ratio_is_per_standard_deviation_of_the_training_cohort():
    trained, other = ns.train(made("A"), "NGF"), made("B", seed=1)
    found = ns.validate(trained, other).table.set_index("measure").loc["HR per frozen SD"]
    per_unit = ns.cox(other, signatures="NGF", scale="none").table.iloc[0]
    assert found["estimate"] == pytest.approx(per_unit["estimate"] * trained.scores[0].sd, abs=1e-8)
    assert found["p_value"] == pytest.approx(per_unit["p_value"], abs=1e-8)


def test_expected_events_are_the_frozen_hazard_of_each_follow_up():
    # by hand: one score, its cumulative hazard times the hazard ratio at each patient's last day
    trained, other = ns.train(made("A"), "NGF"), made("B", seed=1)
    hazard = np.concatenate(([0.0], trained.hazard))
    last = trained.event_time[-1]
    days = np.minimum(other.time, last)
    steps = hazard[[int((trained.event_time <= day).sum()) for day in days]]
    ratio = np.exp(
        (other.data["NGF"] - trained.scores[0].mean) / trained.scores[0].sd * trained.coef[0]
    )
    found = ns.validate(trained, other).table.set_index("measure").loc["calibration in the large"]
    assert found["predicted"] == pytest.approx((steps * ratio).sum(), rel=1e-9)
    observed = other.event[other.time <= last].sum()
    assert found["effect"] == pytest.approx(observed / (steps * ratio).sum(), rel=1e-9)
    assert found["std_error"] == pytest.approx(observed**-0.5)


def test_groups_are_told_by_the_frozen_cut(model):
    other = made("B", seed=1)
    found = ns.validate(model, other).table.set_index("measure").loc["high against low risk"]
    group = model.predict(other)["group"]
    test = ns.logrank(other.time, other.event, group)
    assert found["statistic"] == pytest.approx(test.statistic)
    assert found["p_value"] == pytest.approx(test.p_value)
    assert f"{(group == 'low').sum()} low, {(group == 'high').sum()} high" in found["message"]


def test_a_searched_cut_is_that_of_the_training_cohort():
    training = made("A")
    trained = ns.train(training, "NGF", cut="maxstat", minprop=0.2)
    predictor = trained.predict(training)["linear_predictor"]
    search = ns.maxstat(training.time, training.event, predictor, minprop=0.2, n_bootstrap=1)
    assert (trained.cut, trained.cut_kind) == (search.cut, "maxstat")


def test_one_group_is_skipped_with_the_reason():
    trained = ns.train(made("A"), "NGF", cut="median")
    far, one_sided = "lie far from", "all patients of 'B' into one group"
    with pytest.warns(ClinicalWarning, match=far), pytest.warns(ClinicalWarning, match=one_sided):
        table = ns.validate(trained, made("B", seed=1, shift=50.0)).table
    row = table.set_index("measure").loc["high against low risk"]
    assert row["status"] == "one_group"
    assert row["message"].startswith("0 low, 150 high")


def test_scores_of_another_platform_are_pointed_out():
    trained = ns.train(made("A"), "NGF")
    with pytest.warns(ClinicalWarning, match=r"lie far from.*on average: NGF by 3\.\d"):
        ns.validate(trained, made("B", seed=1, shift=3.5 * trained.scores[0].sd))


def test_a_covariate_with_one_value_is_left_out_of_the_refit_alone(model):
    found = ns.validate(model, made("B", seed=1, grade="g2")).table.set_index("measure")
    row = found.loc["HR per frozen SD"]
    assert row["message"] == "one value here, left out: grade[g2], grade[g3]"
    assert np.isfinite(row["estimate"])
    assert np.isfinite(found.loc["Harrell C", "estimate"])


def test_several_scores_enter_one_model():
    trained = ns.train(made("A"), ["NGF", "TH"])
    table = ns.validate(trained, made("B", seed=1)).table
    assert table.loc[table["measure"] == "HR per frozen SD", "term"].tolist() == ["NGF", "TH"]
    assert set(table["signature"]) == {"NGF + TH"}


def test_a_saved_model_is_the_same_model(model, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")  # the file tells when it was made
    path = tmp_path / "models" / "os.json"
    model.save(path)
    loaded = ns.FrozenModel.load(path)
    other = made("B", seed=1)
    pd.testing.assert_frame_equal(
        loaded.predict(other, [100]), model.predict(other, [100]), check_exact=True
    )
    pd.testing.assert_frame_equal(loaded.table, model.table, check_exact=True)
    assert (loaded.cut, loaded.terms, loaded.scores) == (model.cut, model.terms, model.scores)
    first = path.read_bytes()
    loaded.save(path)
    assert path.read_bytes() == first
    assert [file.name for file in path.parent.iterdir()] == ["os.json"]  # nothing half written


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "other"}, "its format is not"),
        ({"coef": [1.0, 2.0]}, "do not fit"),
        ({"coef": [1.0, "x"]}, "could not convert"),
        ({"event_time": [3.0, 2.0], "hazard": [0.1, 0.2]}, "does not grow"),
        ({"hazard": None}, "do not fit"),
        ({"scores": [{"signature": "NGF", "mean": 0.0, "sd": 0.0}]}, "standard deviation"),
        ({"cut": float("nan")}, "it holds NaN"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, change, reason):
    path = tmp_path / "model.json"
    ns.train(made("A"), "NGF").save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ResourceError, match=reason):
        ns.FrozenModel.load(path)


def test_what_is_no_model_is_refused(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ResourceError, match="does not hold a saved model"):
        ns.FrozenModel.load(tmp_path / "a.json")
    with pytest.raises(ResourceError):
        ns.FrozenModel.load(tmp_path / "absent.json")
    with pytest.raises(InputError, match=r"saved as \.json"):
        ns.train(made("A"), "NGF").save(tmp_path / "model.pickle")


def test_a_cohort_without_what_the_model_needs_is_refused(model):
    scores, clinic = tables(150, 1)
    without = ns.Cohort.join(scores, clinic.drop(columns=["age", "grade"]), END, name="B")
    with pytest.raises(
        ClinicalError, match=r"needs the covariate 'age'.*2 covariates of 2 missing"
    ):
        ns.validate(model, without)
    with pytest.raises(UnknownSignatureError, match="no score of 'NGF'"):
        ns.validate(model, ns.Cohort.join(scores[["TH"]], clinic, END, name="B"))
    with pytest.raises(ClinicalError, match=r"levels that the model does not know.*50 rows.*'g4'"):
        ns.validate(model, made("B", seed=1, grade=["g1", "g2", "g4"] * 50))
    with pytest.raises(ClinicalError, match="'age'"):
        ns.validate(model, made("B", seed=1, age=["young", "old", "old"] * 50))


def test_another_unit_or_endpoint_is_refused(model):
    months = ns.Endpoint(time="days", event="dead", name="OS", unit="months")
    with pytest.warns(ClinicalWarning, match="do not look like months"):
        in_months = made("B", seed=1, endpoint=months)
    with pytest.raises(EndpointError, match="in months, those of the model in days"):
        ns.validate(model, in_months)
    relapse = ns.Endpoint(time="days", event="dead", name="RFS")
    other = made("B", seed=1, endpoint=relapse)
    with pytest.raises(EndpointError, match="is 'RFS', that of the model 'OS'"):
        ns.validate(model, other)
    notes = ns.validate(model, other, other_endpoint=True).notes
    assert "Trained for OS, validated for RFS: another endpoint" in notes
    bare = ns.Cohort.join(other.scores, other.data.drop(columns=["NGF", "TH"]), name="B")
    with pytest.raises(EndpointError, match="has no endpoint"):
        ns.validate(model, bare)
    assert len(model.predict(bare)) == 150  # a prediction needs no outcome


def test_causes_that_compete_are_refused():
    causes = ns.Endpoint(time="days", event="cause", name="OS", causes={"cancer": 1, "other": 2})
    scores, clinic = tables(150, 0)
    clinic = clinic.assign(cause=np.tile([0, 1, 2], 50))
    competing = ns.Cohort.join(scores, clinic, causes, name="B")
    with pytest.raises(ClinicalError):
        ns.train(competing, "NGF")
    with pytest.raises(ClinicalError):
        ns.validate(ns.train(made("A"), "NGF"), competing)


def test_rows_that_lack_a_value_are_counted_and_have_no_prediction(model):
    ages = np.r_[np.full(3, np.nan), np.linspace(40, 80, 147)]
    other = made("B", seed=1, age=ages)
    result = ns.validate(model, other)
    assert set(result.table["n"]) == {147}
    assert result.row_flow.set_index("step").loc["age known", "n_lost"] == 3
    assert model.predict(other)["linear_predictor"].isna().sum() == 3
    assert model.predict(other)["group"].isna().sum() == 3
    with pytest.raises(ClinicalError, match="69% of the rows lack age"):
        ns.validate(model, made("B", seed=1, age=np.r_[np.full(100, np.nan), ages[:50] + 50]))


def test_times_beyond_the_training_follow_up_are_refused(model):
    for time in (1e6, 0.0):
        with pytest.raises(ParameterError, match="has no risk by"):
            ns.validate(model, made("B", seed=1), times=[time])


def test_follow_up_beyond_the_training_cohort_is_cut_for_expected_events():
    trained = ns.train(made("A"), "NGF")
    scores, clinic = tables(150, 1)
    later = ns.Cohort.join(scores, clinic.assign(days=clinic["days"] * 4), END, name="B")
    row = ns.validate(trained, later).table.set_index("measure").loc["calibration in the large"]
    assert f"follow-up cut at {trained.event_time[-1]:g}" in row["message"]


def test_the_training_cohort_itself_is_pointed_out(model):
    with pytest.warns(ClinicalWarning, match="exactly the mean and SD of the training cohort"):
        ns.validate(model, made("A"))


def test_too_few_events_are_refused(model):
    with pytest.raises(TooFewEventsError, match="1 event"):
        ns.validate(model, made("B", seed=1, dead=[1] + [0] * 149))
    with pytest.raises(TooFewEventsError):
        ns.train(made("A", dead=[1, 1] + [0] * 148), ["NGF", "TH"])
    with pytest.warns(SmallSampleWarning, match="events per parameter"):
        ns.train(made("A", dead=[1] * 9 + [0] * 141), "NGF")


def test_a_constant_score_cannot_be_trained():
    scores, clinic = tables(150, 0)
    with pytest.raises(ClinicalError, match="'NGF' cannot be standardised"):
        ns.train(ns.Cohort.join(scores.assign(NGF=1.0), clinic, END), "NGF")
    with pytest.raises(ParameterError, match="cut cannot be 'best'"):
        ns.train(made("A"), "NGF", cut="best")


def scored(name, seed, method, *, n=60, by=None, genes=("G1", "G2", "G3", "G4"), **more):
    rng = np.random.default_rng(seed)
    values = 8 + rng.normal(size=(n, 40)) + np.arange(40) / 10
    patients, names = [f"p{i}" for i in range(n)], [f"G{i}" for i in range(40)]
    expression = pd.DataFrame(values, index=patients, columns=names)
    if by is None:
        scores = ns.score(expression, {"AXON": list(genes)}, method=method)
    else:
        scores = by.score(expression)
    days = np.ceil(rng.exponential(500, n))
    clinic = pd.DataFrame({"days": days, "dead": [1, 1, 1, 0] * (n // 4)}, index=expression.index)
    return scores, ns.Cohort.join(scores, clinic, END, name=name)


def test_scores_of_another_method_parameters_or_signature_are_refused():
    _, training = scored("A", 0, "singscore")
    trained = ns.train(training, "AXON")
    _, same = scored("B", 1, "singscore")
    assert len(ns.validate(trained, same).table) == 5
    for cohort, reason in (
        (scored("B", 1, "ssgsea")[1], "method singscore, here ssgsea"),
        (scored("B", 1, ns.methods.Singscore(center=False))[1], "parameters"),
        (scored("B", 1, "singscore", genes=("G1", "G2", "G3"))[1], "AXON has 4 genes, here 3"),
    ):
        with pytest.raises(ClinicalError, match=f"not those the model was trained on.*{reason}"):
            ns.validate(trained, cohort)
        with pytest.raises(ClinicalError, match=reason):
            trained.predict(cohort)


def test_how_scores_were_made_travels_with_the_saved_model(tmp_path):
    _, training = scored("A", 0, "singscore")
    ns.train(training, "AXON").save(tmp_path / "m.json")
    loaded = ns.FrozenModel.load(tmp_path / "m.json")
    with pytest.raises(ClinicalError, match="method singscore, here ssgsea"):
        ns.validate(loaded, scored("B", 1, "ssgsea")[1])
    scores, cohort = scored("B", 1, "singscore")
    clinic = cohort.data.drop(columns="AXON")
    with pytest.warns(ClinicalWarning, match="not known how the scores of 'B' were made"):
        ns.validate(loaded, ns.Cohort.join(scores.values, clinic, END, name="B"))


def test_scores_that_depend_on_the_other_patients_are_pointed_out():
    scores, training = scored("A", 0, "zscore")
    trained = ns.train(training, "AXON")
    with pytest.warns(ClinicalWarning, match="zscore scores of 'B' depend on its other patients"):
        ns.validate(trained, scored("B", 1, "zscore")[1])
    applied = scored("B", 1, "zscore", by=scores.cohort_stats)[1]
    assert ns.validate(trained, applied).table["status"].eq("ok").all()


def test_texts_are_no_scores_and_infinite_scores_have_no_prediction(model):
    row = {"NGF": [1.0, np.inf], "age": [60, 60], "grade": ["g1", "g1"]}
    found = model.predict(pd.DataFrame(row))
    assert np.isfinite(found["linear_predictor"]).tolist() == [True, False]
    assert found["group"].tolist()[1] is None
    with pytest.raises(ClinicalError, match="'NGF'"):
        model.predict(pd.DataFrame(row | {"NGF": ["high", "low"]}))


@pytest.mark.parametrize("times", [["soon"], "50", [None], [[1.0]]])
def test_times_that_are_no_numbers_are_refused(model, times):
    with pytest.raises(ParameterError, match="times cannot be"):
        ns.validate(model, made("B", seed=1), times=times)


@pytest.mark.filterwarnings("ignore:The scores of 'B' lie far")
def test_a_predictor_of_one_value_is_constant_not_unconverged():
    model = ns.train(made("A"), "NGF")
    scores, clinic = tables(100, 1)
    same = ns.Cohort.join(scores.assign(NGF=3.0), clinic, END, name="B")
    table = ns.validate(model, same).table.set_index("measure")
    assert table.loc["calibration slope", "status"] == "constant"


# ---- another unit, coding or spread than in training


def two_cohorts(**changes):
    def made(name, n, **columns):
        rng = np.random.default_rng(n)
        score = rng.normal(size=n)
        clinic = pd.DataFrame(
            {
                "days": np.ceil(rng.exponential(900 * np.exp(-score))) + 1,
                "dead": [1.0, 1.0, 1.0, 0.0] * (n // 4),
                "age": rng.normal(62, 9, n),
                "node": np.arange(n) % 2,
                "count": rng.poisson(0.6, n),
            }
        )
        clinic = clinic.assign(**{k: v(clinic) for k, v in columns.items() if k in clinic})
        scores = pd.DataFrame({"NGF": columns.get("NGF", lambda s: s)(score)})
        end = ns.Endpoint(time="days", event="dead")
        return ns.Cohort.join(scores, clinic, end, name=name)

    return made("A", 200), made("B", 120, **changes)


@pytest.mark.parametrize(
    ("column", "change", "match"),
    [
        ("age", lambda c: c["age"] * 365.25, "'age' seems to have another unit"),
        ("age", lambda c: c["age"] / 12, "'age' seems to have another unit"),
        ("node", lambda c: c["node"] + 1, r"'node' seems to have other codes.*It is 1 to 2 here"),
        ("node", lambda c: c["node"] * 0 + 2, "'node' seems to have other codes"),
    ],
)
@pytest.mark.parametrize("transform", ["none", "spline"])
def test_covariates_in_another_unit_or_coding_are_refused(column, change, match, transform):
    term = ns.Term(column, transform="none" if column == "node" else transform)
    trained, other = two_cohorts(**{column: change})
    model = ns.train(trained, "NGF", adjust=[term])
    for use in (ns.validate, lambda m, c: m.predict(c)):
        with pytest.raises(ClinicalError, match=match):
            use(model, other)
    ns.validate(model, two_cohorts()[1])


def test_one_patient_and_constant_codes_are_no_other_coding():
    trained, other = two_cohorts(node=lambda c: c["node"] * 0 + 1)
    model = ns.train(trained, "NGF", adjust=["age", "node", "count"])
    assert model.terms[1].codes == (0.0, 1.0)
    assert model.terms[2].codes == ()
    alone = other.data.iloc[:1].assign(count=7, age=91.0)
    assert np.isfinite(model.predict(alone)["linear_predictor"]).all()


def test_scores_of_another_spread_and_patients_outside_the_range_are_warned_of():
    trained, wide = two_cohorts(NGF=lambda score: score * 10)
    model = ns.train(trained, "NGF", adjust=["age"])
    with pytest.warns(ClinicalWarning, match=r"vary unlike those.*NGF [\d.]+ times"):
        ns.validate(model, wide)
    old = two_cohorts(age=lambda c: c["age"] + 40)[1]
    with pytest.warns(ClinicalWarning, match=r"outside of the range.*age of \d+% of the patients"):
        ns.validate(model, old)


@pytest.mark.filterwarnings("ignore:The scores of 'B' lie far")
@pytest.mark.parametrize("factor", [10, 1000])
def test_absurd_numbers_of_expected_events_are_no_estimate(factor):
    trained, wide = two_cohorts(NGF=lambda score: score * factor)
    with pytest.warns(ClinicalWarning, match="vary unlike those"):
        table = ns.validate(ns.train(trained, "NGF"), wide).table.set_index("measure")
    row = table.loc["calibration in the large"]
    assert row["status"] == "implausible"
    assert np.isnan(row["estimate"])
    assert "not on the scale of training" in row["message"]
    assert table.loc["Harrell C", "status"] == "ok"


def test_a_file_of_before_the_ranges_were_kept_still_loads(tmp_path):
    trained, other = two_cohorts()
    model = ns.train(trained, "NGF", adjust=["age"])
    model.save(tmp_path / "model.json")
    again = ns.FrozenModel.load(tmp_path / "model.json")
    assert again.terms == model.terms
    content = json.loads((tmp_path / "model.json").read_text())
    for term in content["terms"]:
        del term["quartiles"], term["codes"]
    (tmp_path / "old.json").write_text(json.dumps(content))
    old = ns.FrozenModel.load(tmp_path / "old.json")
    with pytest.warns(ClinicalWarning, match="Units and coding of covariates were not compared"):
        table = ns.validate(old, other).table
    numbers = ["estimate", "std_error", "ci_low", "ci_high"]
    pd.testing.assert_frame_equal(table[numbers], ns.validate(model, other).table[numbers])
