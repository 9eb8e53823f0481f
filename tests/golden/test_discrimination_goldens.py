"""Concordance, AUC, Brier score, calibration and net benefit against R.

Small tables: discrimination/ beside this file, with the script that made them (survival 3.5-3,
riskRegression 2022.11.28). Goldens: surv_concordance*, riskRegression_*, timeROC_*,
rms_validate_* (calls in scripts/30_survival.R and 31_models.R).
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.kernels.cox import cox_fit_batch
from neurosig.outcomes.prediction.net_benefit import net_benefit
from neurosig.outcomes.prediction.optimism import correct_optimism
from neurosig.outcomes.prediction.pair_concordance import pair_concordance
from neurosig.outcomes.prediction.performance import Measures
from neurosig.outcomes.prediction.risk_model import RiskModel, SurvivalData
from neurosig.outcomes.prediction.time_dependent import (
    brier_estimate,
    brier_scores,
    integrated,
    time_dependent_auc,
)

TABLES = Path(__file__).parent / "discrimination"
FEW = ns.Resampling(n_resamples=20)
# Both sides stop the Cox fit within 1e-9 of the log-likelihood: predictions agree to about 1e-9.
TOLERANCE = 1e-8
# Our influence is the exact derivative by case weights (a unit test shows it); riskRegression's
# large-sample one differs by up to 1 % for the Brier score of 150 patients.
AUC_SE_TOLERANCE, BRIER_SE_TOLERANCE = 1e-3, 1.5e-2


def table(name):
    return pd.read_csv(TABLES / f"{name}.csv")


@pytest.fixture(scope="module")
def cohort():
    patients = table("patients").rename(index=lambda i: f"p{i}")
    clinical = patients[["days", "dead", "age", "stage"]]
    endpoint = ns.Endpoint(time="days", event="dead")
    return ns.Cohort.join(patients[["score", "rival"]], clinical, endpoint)


NUMERIC_STAGE = ns.Term("stage", kind="numeric")


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("harrell", {}),
        ("uno", {"kind": "uno"}),
        ("uno to 1000", {"kind": "uno", "tau": 1000}),
        ("harrell to 500", {"tau": 500}),
        ("within stage", {"strata": ["stage"]}),
        ("uno within stage", {"kind": "uno", "strata": ["stage"]}),
        ("uno to 1000 within stage", {"kind": "uno", "tau": 1000, "strata": ["stage"]}),
    ],
)
def test_the_concordance_of_a_score_equals_r(cohort, case, options):
    expected = table("concordance").set_index("case").loc[case]
    row = ns.concordance(cohort, signatures="score", **options).table.iloc[0]
    assert row["estimate"] == pytest.approx(expected["index"], rel=1e-12)
    assert row["std_error"] == pytest.approx(expected["std_error"], rel=1e-10)
    odds = expected["index"] / (1 - expected["index"])
    half = 1.959963984540054 * expected["std_error"] / expected["index"] / (1 - expected["index"])
    limits = [1 / (1 + np.exp(-sign * half) / odds) for sign in (-1, 1)]
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(limits, rel=1e-10)


def test_two_models_that_are_not_nested_are_compared_as_in_r(cohort):
    expected = table("two_models").iloc[0]
    names = {"score": "marker"}
    renamed = replace(
        cohort,
        data=cohort.data.rename(columns=names),
        signatures=tuple(names.get(name, name) for name in cohort.signatures),
    )
    ours = ns.compare_concordance(
        renamed, ["marker", "age", NUMERIC_STAGE], ["rival", "age"], resampling=FEW
    ).table.set_index("term")
    assert ours.loc["first", "apparent"] == pytest.approx(expected["first"], rel=1e-12)
    assert ours.loc["second", "apparent"] == pytest.approx(expected["second"], rel=1e-12)
    se = ours.loc["difference", "std_error"]
    assert se == pytest.approx(expected["std_error"], rel=1e-10)
    z = (expected["first"] - expected["second"]) / expected["std_error"]
    assert ours.loc["difference", "statistic"] == pytest.approx(z, rel=1e-10)


def test_the_table_of_discrimination_has_the_numbers_of_risk_regression(cohort):
    times = [200, 500, 1000]
    ours = ns.discrimination(
        cohort, signatures="score", adjust=["age", NUMERIC_STAGE], times=times, resampling=FEW
    ).table.set_index(["measure", "time"])
    auc, brier = table("auc").query("model == 'full'"), table("brier")
    for row in auc.itertuples():
        assert ours.loc[("AUC", row.time), "apparent"] == pytest.approx(row.auc, abs=TOLERANCE)
    null = brier.query("model == 'Null'").set_index("time")["brier"]
    for row in brier.query("model == 'full'").itertuples():
        assert ours.loc[("Brier", row.time), "apparent"] == pytest.approx(row.brier, abs=TOLERANCE)
        scaled = 1 - row.brier / null[row.time]
        got = ours.loc[("scaled Brier", row.time), "apparent"]
        assert got == pytest.approx(scaled, abs=TOLERANCE)


def test_errors_in_the_table_of_discrimination_are_near_those_of_risk_regression(cohort):
    times = [200, 500, 1000]
    ours = ns.discrimination(
        cohort, signatures="score", adjust=["age", NUMERIC_STAGE], times=times, resampling=FEW
    ).table.set_index(["measure", "time"])["std_error"]
    for row in table("auc").query("model == 'full'").itertuples():
        assert ours["AUC", row.time] == pytest.approx(row.se, rel=AUC_SE_TOLERANCE)
    for row in table("brier").query("model == 'full'").itertuples():
        assert ours["Brier", row.time] == pytest.approx(row.se, rel=BRIER_SE_TOLERANCE)


def competing_aucs():
    """Each AUC of ours beside R's."""
    patients = table("patients")
    time, marker = patients["days"].to_numpy(float), patients["score"].to_numpy(float)
    row = np.arange(1, len(patients) + 1)
    cause = np.where(patients["dead"] == 1, 1 + (row % 3 == 0), 0)  # as in the script
    for expected in table("auc_competing").itertuples():
        yield (
            time_dependent_auc(time, cause, marker, expected.time, controls="all others"),
            expected,
        )


def test_auc_with_competing_events_equals_risk_regression():
    for ours, expected in competing_aucs():
        assert ours.value == pytest.approx(expected.auc, abs=1e-12)


def test_errors_of_auc_with_competing_events_are_near_those_of_risk_regression():
    for ours, expected in competing_aucs():
        assert ours.std_error == pytest.approx(expected.se, rel=AUC_SE_TOLERANCE)


def test_what_a_score_adds_is_tested_by_the_likelihood_ratio_as_in_r(cohort):
    expected = table("likelihood_ratio").iloc[0]
    ours = ns.added_value(
        cohort, signatures="score", base=["age", NUMERIC_STAGE], times=[500], resampling=FEW
    ).table.set_index("measure")
    test = ours.loc["likelihood ratio"]
    assert test["statistic"] == pytest.approx(expected["statistic"], rel=1e-8)
    assert test["p_lr"] == pytest.approx(expected["p"], rel=1e-7)
    by_model = table("auc").query("time == 500").set_index("model")["auc"]
    change = by_model["full"] - by_model["base"]
    assert ours.loc["AUC", "apparent"] == pytest.approx(change, abs=TOLERANCE)


def test_net_benefit_and_calibration_are_those_of_kaplan_meier_curves_in_r(cohort):
    model = {"signatures": "score", "adjust": ["age", NUMERIC_STAGE], "time": 500}
    expected = table("net_benefit")
    curve = ns.decision_curve(
        cohort, thresholds=expected["threshold"].tolist(), resampling=FEW, **model
    ).table
    np.testing.assert_allclose(curve["apparent"], expected["model"], atol=TOLERANCE)
    np.testing.assert_allclose(curve["treat_all"], expected["treat_all"], atol=TOLERANCE)
    expected = table("calibration")
    groups = ns.calibration(cohort, groups=5, resampling=FEW, **model).table.iloc[:5]
    np.testing.assert_allclose(groups["predicted"], expected["predicted"], atol=TOLERANCE)
    np.testing.assert_allclose(groups["apparent"], expected["observed"], atol=TOLERANCE)


# ---- goldens of real data


@pytest.fixture(scope="module")
def lung(goldens):
    return pd.read_csv(goldens / "inputs" / "surv_lung.csv")


def arrays(data, *columns):
    event = (data["status"] == 2).to_numpy(float)
    return SurvivalData(data["time"].to_numpy(float), event, data[list(columns)].to_numpy(float))


@pytest.mark.data
@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("age_reverse", {}),
        ("age_nG2", {"kind": "uno"}),
        ("age_SG", {"kind": "uno"}),  # another way to write the same weights
        ("age_ymax500", {"tau": 500}),
    ],
)
def test_concordance_its_error_and_its_counts_equal_survival(goldens, lung, case, options):
    expected = pd.read_csv(goldens / "expected" / "surv_concordance.csv").set_index("case")
    row = expected.loc[case]
    data = arrays(lung, "age")
    ours = pair_concordance(data.time, data.event, data.x[:, 0], **options)
    assert ours.index == pytest.approx(row["concordance"], rel=1e-12)
    assert ours.std_error == pytest.approx(row["se"], rel=1e-12)
    counts = row[["concordant", "discordant", "tied.x", "tied.y", "tied.xy"]].to_numpy(float)
    np.testing.assert_allclose(ours.counts[:5], counts, rtol=1e-10)


@pytest.mark.data
def test_concordance_of_fits_equals_survival(goldens, lung):
    expected = pd.read_csv(goldens / "expected" / "surv_concordance.csv")
    expected = expected.drop_duplicates("case").set_index("case")
    complete = lung.dropna(subset=["ph.ecog"])
    data = arrays(complete, "age", "sex", "ph.ecog")
    score = RiskModel.fit(data).linear_predictor(data.x)
    ours = pair_concordance(data.time, data.event, score)
    assert ours.index == pytest.approx(expected.loc["fit", "concordance"], rel=1e-12)
    assert ours.std_error == pytest.approx(expected.loc["fit", "se"], rel=1e-12)
    ecog = pair_concordance(data.time, data.event, data.x[:, 2])
    assert ecog.index == pytest.approx(expected.loc["ph.ecog_ties", "concordance"], rel=1e-12)
    assert ecog.std_error == pytest.approx(expected.loc["ph.ecog_ties", "se"], rel=1e-12)

    two = pd.read_csv(goldens / "expected" / "surv_concordance_two_models.csv")
    age = pair_concordance(data.time, data.event, data.x[:, 0])
    assert [age.index, ecog.index] == pytest.approx(two["c"].tolist(), rel=1e-12)
    together = np.column_stack([age.influence, ecog.influence])
    np.testing.assert_allclose(together.T @ together, two[["X1", "X2"]], rtol=1e-10)


@pytest.mark.data
def test_concordance_on_six_real_cohorts_equals_survival(goldens):
    rows = pd.read_csv(goldens / "real" / "survival353_coxph_input.csv.gz")
    reference = pd.read_csv(goldens / "real" / "survival353_coxph_reference.csv")
    for expected in reference.itertuples():
        data = rows[rows["dataset"] == expected.dataset]
        risk = np.sign(expected.coef) * data["z"].to_numpy(float)
        ours = pair_concordance(data["time"].to_numpy(float), data["event"].to_numpy(float), risk)
        assert ours.index == pytest.approx(expected.concordance, rel=1e-12)


@pytest.mark.data
def test_auc_and_brier_equal_risk_regression(goldens, lung):
    data = arrays(lung, "age", "sex")
    auc = pd.read_csv(goldens / "expected" / "riskRegression_AUC_lung.csv")
    brier = pd.read_csv(goldens / "expected" / "riskRegression_Brier_lung.csv")
    times = auc["times"].to_numpy(float)
    null = data.columns(0)
    for name, rows in (("cox", data), ("Null model", null)):
        risk = RiskModel.fit(rows).risk(rows.x, times)
        expected = brier[brier["model"] == name]
        ours = brier_scores(data.time, data.event, risk, times)
        np.testing.assert_allclose(ours, expected["Brier"], atol=TOLERANCE)
        ibs = [integrated(ours[: m + 1], times[: m + 1]) for m in range(3)]
        np.testing.assert_allclose(ibs, expected["IBS"], atol=TOLERANCE)
    score = RiskModel.fit(data).linear_predictor(data.x)
    for row in auc.itertuples():
        ours = time_dependent_auc(data.time, data.event, score, row.times)
        assert ours.value == pytest.approx(row.AUC, abs=1e-12)


@pytest.mark.data
def test_errors_of_auc_and_brier_are_near_those_of_risk_regression(goldens, lung):
    data = arrays(lung, "age", "sex")
    auc = pd.read_csv(goldens / "expected" / "riskRegression_AUC_lung.csv")
    brier = pd.read_csv(goldens / "expected" / "riskRegression_Brier_lung.csv")
    score = RiskModel.fit(data).linear_predictor(data.x)
    for row in auc.itertuples():
        ours = time_dependent_auc(data.time, data.event, score, row.times)
        assert ours.std_error == pytest.approx(row.se, rel=1e-4)
    for name, rows in (("cox", data), ("Null model", data.columns(0))):
        for row in brier[brier["model"] == name].itertuples():
            risk = RiskModel.fit(rows).risk(rows.x, np.array([row.times]))[:, 0]
            se = brier_estimate(data.time, data.event, risk, row.times).std_error
            assert se == pytest.approx(row.se, rel=BRIER_SE_TOLERANCE)


@pytest.mark.data
def test_auc_equals_time_roc_which_leaves_out_events_at_the_time_itself(goldens, lung):
    data = arrays(lung, "age")
    expected = pd.read_csv(goldens / "expected" / "timeROC_lung_age_marginal.csv")
    for row in expected.itertuples():
        # such patients are neither case nor control there: here, patients with another cause
        event = np.where((data.time == row.time) & (data.event == 1), 2, data.event)
        ours = time_dependent_auc(data.time, event, data.x[:, 0], row.time)
        assert ours.value == pytest.approx(row.AUC, abs=1e-12)
        if (event == data.event).all():
            assert ours.std_error == pytest.approx(row.se, rel=1e-4)


@pytest.mark.data
def test_auc_with_competing_events_equals_time_roc(goldens):
    expected = pd.read_csv(goldens / "expected" / "timeROC_mgus2_competing.csv")
    rows = pd.read_csv(goldens / "inputs" / "surv_mgus2_crr.csv")
    time, event, marker = (rows[c].to_numpy(float) for c in ("etime", "ev", "mspike"))
    for row in expected.itertuples():
        at_time = (time == row.time) & (event > 0)
        as_other = np.where(at_time, 2, event)
        survivors = time_dependent_auc(time, as_other, marker, row.time)
        assert survivors.value == pytest.approx(row.AUC1, abs=1e-12)


@pytest.mark.data
def test_auc_against_all_others_is_near_that_of_time_roc(goldens):
    expected = pd.read_csv(goldens / "expected" / "timeROC_mgus2_competing.csv")
    rows = pd.read_csv(goldens / "inputs" / "surv_mgus2_crr.csv")
    time, event, marker = (rows[c].to_numpy(float) for c in ("etime", "ev", "mspike"))
    for row in expected.itertuples():
        at_time = (time == row.time) & (event > 0)
        others = time_dependent_auc(time, event, marker, row.time, controls="all others")
        # events at the time itself (nine at 60, two later) are left out there and not here
        tolerance = 0.02 if at_time.sum() > 2 else 5e-4
        assert others.value == pytest.approx(row.AUC2, abs=tolerance)


@pytest.mark.data
def test_optimism_is_that_of_rms_within_simulation_error(goldens, lung):
    expected = pd.read_csv(goldens / "expected" / "rms_validate_cph_seed17_B100.csv")
    expected = expected.set_index("index")
    complete = lung.dropna(subset=["ph.ecog"])
    age = complete["age"].to_numpy(float)
    knots = pd.read_csv(goldens / "expected" / "rms_rcs_knots_age.csv")["knot"].to_numpy(float)
    data = arrays(complete, "age", "sex", "ph.ecog")
    data = SurvivalData(data.time, data.event, np.column_stack([data.x, *spline(age, knots)]))
    measures = Measures(np.array([365.0]))
    found = correct_optimism(
        data, RiskModel.fit, measures.of, ns.Resampling(n_resamples=300, seed=17)
    )
    names = measures.labels["measure"].tolist()
    c, r2, slope = (names.index(name) for name in ("Harrell C", "R2", "calibration slope"))
    assert 2 * found.apparent[c] - 1 == pytest.approx(expected.loc["Dxy", "index.orig"], abs=1e-8)
    assert found.apparent[r2] == pytest.approx(expected.loc["R2", "index.orig"], abs=1e-8)
    assert found.apparent[slope] == pytest.approx(1.0, abs=1e-8)
    # three times the standard error of a mean over their 100 samples; the spread over samples of
    # the optimism is about 0.06 (Dxy), 0.04 (R2) and 0.2 (slope)
    assert 2 * found.optimism[c] == pytest.approx(expected.loc["Dxy", "optimism"], abs=0.02)
    assert found.optimism[r2] == pytest.approx(expected.loc["R2", "optimism"], abs=0.012)
    assert found.optimism[slope] == pytest.approx(expected.loc["Slope", "optimism"], abs=0.06)


@pytest.mark.data
def test_the_statistics_of_a_model_with_a_spline_equal_cph(goldens, lung):
    stats = pd.read_csv(goldens / "expected" / "rms_cph_stats_lung.csv").set_index("stat")["value"]
    complete = lung.dropna(subset=["ph.ecog"])
    age = complete["age"].to_numpy(float)
    knots = pd.read_csv(goldens / "expected" / "rms_rcs_knots_age.csv")["knot"].to_numpy(float)
    data = arrays(complete, "age", "sex", "ph.ecog")
    data = SurvivalData(data.time, data.event, np.column_stack([data.x, *spline(age, knots)]))
    assert (len(complete), data.event.sum()) == (stats["Obs"], stats["Events"])
    fit = cox_fit_batch(data.time, data.event, data.x[:, :1], data.x[:, 1:])
    ratio = 2 * (fit.loglik[0] - fit.loglik_null[0])
    assert ratio == pytest.approx(stats["Model L.R."], rel=1e-9)
    assert fit.score_statistic[0] == pytest.approx(stats["Score"], rel=1e-9)
    measures = Measures(np.array([365.0]))
    found = dict(
        zip(measures.labels["measure"], measures.of(RiskModel.fit(data), data), strict=True)
    )
    assert 2 * found["Harrell C"] - 1 == pytest.approx(stats["Dxy"], abs=1e-8)
    assert found["R2"] == pytest.approx(stats["R2"], abs=1e-8)


def spline(x, knots):
    """The two non-linear columns of a restricted cubic spline with four knots (Harrell 2015)."""
    last, before = knots[-1], knots[-2]

    def cube(v):
        return np.maximum(v, 0) ** 3

    for k in knots[:-2]:
        column = cube(x - k) - cube(x - before) * (last - k) / (last - before)
        column += cube(x - last) * (before - k) / (last - before)
        yield column / (last - knots[0]) ** 2


@pytest.mark.data
def test_without_censoring_net_benefit_is_counted(lung):
    dead = lung[lung["status"] == 2]
    data = arrays(dead, "age", "sex")
    risk = RiskModel.fit(data).risk(data.x, np.array([300.0]))[:, 0]
    at = np.array([0.3, 0.6])
    early = data.time <= 300
    counted = [
        ((risk >= p) & early).mean() - ((risk >= p) & ~early).mean() * p / (1 - p) for p in at
    ]
    np.testing.assert_allclose(net_benefit(data, risk, 300.0, at), counted, atol=1e-12)
