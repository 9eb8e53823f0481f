"""Survival curves and the log-rank test against R survival 3.5-3.

Goldens: expected/surv_km_*, surv_na_*, surv_fh_*, surv_survdiff* (calls in scripts/30_survival.R).
"""

import numpy as np
import pandas as pd
import pytest

from neurosig.outcomes.curves.cumulative_hazard import nelson_aalen
from neurosig.outcomes.curves.rank_tests import logrank, rank_sums
from neurosig.outcomes.curves.rank_weights import RankWeights
from neurosig.outcomes.curves.survival_curve import at_risk_table, kaplan_meier, survival_quantile
from neurosig.outcomes.curves.survival_sample import survival_sample

pytestmark = pytest.mark.data

TOLERANCE = 1e-8  # both sides are a few hundred sums and products in double precision


@pytest.fixture
def lung(goldens):
    return pd.read_csv(goldens / "inputs" / "surv_lung.csv")


COLUMNS = {
    "time": "time",
    "n_risk": "n.risk",
    "n_event": "n.event",
    "n_censor": "n.censor",
    "survival": "surv",
    "std_error": "std.err",
    "ci_low": "lower",
    "ci_high": "upper",
}


@pytest.mark.parametrize("interval", ["log", "log-log", "plain", "logit", "arcsin"])
def test_a_curve_equals_survfit(goldens, lung, interval):
    ours = kaplan_meier(
        lung["time"],
        lung["status"] == 2,
        groups="sex=" + lung["sex"].astype(str),
        interval=interval,
    )
    expected = pd.read_csv(goldens / "expected" / f"surv_km_lung_sex_{interval}.csv")
    assert ours["group"].tolist() == expected["strata"].tolist()
    for name, theirs in COLUMNS.items():
        np.testing.assert_allclose(ours[name], expected[theirs], atol=TOLERANCE, rtol=0)


def test_a_curve_and_its_error_equal_survfit_without_limits(goldens, lung):
    groups = "sex=" + lung["sex"].astype(str)
    ours = kaplan_meier(lung["time"], lung["status"] == 2, groups=groups)
    expected = pd.read_csv(goldens / "expected" / "surv_km_lung_sex_none.csv")
    assert expected[["lower", "upper"]].isna().all(axis=None)
    for name in ("n_risk", "survival", "std_error"):
        np.testing.assert_allclose(ours[name], expected[COLUMNS[name]], atol=TOLERANCE, rtol=0)


def test_a_weighted_curve_equals_survfit(goldens, lung):
    weights = np.resize([1, 2, 0.5], len(lung))
    ours = kaplan_meier(lung["time"], lung["status"] == 2, weights=weights, interval="log")
    expected = pd.read_csv(goldens / "expected" / "surv_km_lung_weighted.csv")
    for name, theirs in COLUMNS.items():
        np.testing.assert_allclose(ours[name], expected[theirs], atol=TOLERANCE, rtol=0)


def test_a_curve_with_delayed_entry_equals_survfit(goldens):
    heart = pd.read_csv(goldens / "inputs" / "surv_heart.csv")
    groups = "transplant=" + heart["transplant"].astype(str)
    ours = kaplan_meier(
        heart["stop"], heart["event"], groups=groups, entry=heart["start"], interval="log"
    )
    expected = pd.read_csv(goldens / "expected" / "surv_km_heart_counting.csv")
    assert ours["group"].tolist() == expected["strata"].tolist()
    for name, theirs in COLUMNS.items():
        np.testing.assert_allclose(ours[name], expected[theirs], atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(
    ("ties", "name"),
    [("together", "surv_na_lung_stype2_ctype1"), ("one-by-one", "surv_fh_lung_stype2_ctype2")],
)
def test_a_cumulative_hazard_equals_survfit(goldens, lung, ties, name):
    ours = nelson_aalen(lung["time"], lung["status"] == 2, ties=ties, interval="plain")
    expected = pd.read_csv(goldens / "expected" / f"{name}.csv")
    np.testing.assert_allclose(ours["cumulative_hazard"], expected["cumhaz"], atol=TOLERANCE)
    np.testing.assert_allclose(ours["std_error"], expected["std.chaz"], atol=TOLERANCE)
    survival = np.exp(-ours["cumulative_hazard"])
    np.testing.assert_allclose(survival, expected["surv"], atol=TOLERANCE)
    np.testing.assert_allclose(survival * ours["std_error"], expected["std.err"], atol=TOLERANCE)
    np.testing.assert_allclose(np.exp(-ours["ci_high"]), expected["lower"], atol=TOLERANCE)
    np.testing.assert_allclose(np.exp(-ours["ci_low"]), expected["upper"], atol=TOLERANCE)


def test_the_curve_of_all_rows_equals_survfit(goldens, lung):
    ours = kaplan_meier(lung["time"], lung["status"] == 2, interval="log")
    expected = pd.read_csv(goldens / "expected" / "surv_km_lung_all.csv")
    np.testing.assert_allclose(ours["survival"], expected["surv"], atol=TOLERANCE)
    np.testing.assert_allclose(ours["ci_low"], expected["lower"], atol=TOLERANCE)


@pytest.mark.parametrize("interval", ["log", "log-log", "plain"])
@pytest.mark.parametrize("probability", [0.25, 0.5, 0.75])
def test_quantiles_and_their_limits_equal_r(goldens, lung, interval, probability):
    groups = "sex=" + lung["sex"].astype(str)
    curves = kaplan_meier(lung["time"], lung["status"] == 2, groups=groups, interval=interval)
    ours = survival_quantile(curves, probability)
    table = pd.read_csv(goldens / "expected" / "surv_km_lung_quantiles.csv")
    expected = table[(table["conf.type"] == interval) & (table["p"] == probability)]
    assert len(expected) == 2
    for name, theirs in (("time", "q"), ("ci_low", "lower"), ("ci_high", "upper")):
        np.testing.assert_array_equal(ours[name], expected[theirs])


def test_a_quantile_on_a_flat_stretch_is_its_middle(goldens):
    curves = kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1], interval="log")
    expected = pd.read_csv(goldens / "expected" / "surv_km_flat_quantiles.csv")
    ours = pd.concat([survival_quantile(curves, p) for p in expected["p"]])
    for name, theirs in (("time", "q"), ("ci_low", "lower"), ("ci_high", "upper")):
        np.testing.assert_array_equal(ours[name], expected[theirs])


def test_numbers_at_risk_equal_r(goldens, lung):
    expected = pd.read_csv(goldens / "expected" / "surv_km_lung_at_times.csv")
    times = expected["time"].unique()
    groups = "sex=" + lung["sex"].astype(str)
    ours = at_risk_table(lung["time"], lung["status"] == 2, times, groups=groups)
    np.testing.assert_array_equal(ours["n_risk"], expected["n.risk"])
    since_last_time = expected.groupby("strata")["n.event"].cumsum()
    np.testing.assert_array_equal(ours["n_event"], since_last_time)


def _survdiff_cases(goldens):
    inputs = {
        name: pd.read_csv(goldens / "inputs" / f"surv_{name}.csv")
        for name in ("lung", "veteran", "pbc", "gbsg")
    }
    lung, veteran, pbc, gbsg = inputs.values()
    return {
        "Surv(time, status) ~ sex": (lung, "time", lung["status"] == 2, "sex", None),
        "Surv(time, status) ~ ph.ecog": (lung, "time", lung["status"] == 2, "ph.ecog", None),
        "Surv(time, status) ~ sex + strata(ph.ecog)": (
            lung,
            "time",
            lung["status"] == 2,
            "sex",
            "ph.ecog",
        ),
        "Surv(time, status) ~ celltype": (veteran, "time", veteran["status"], "celltype", None),
        "Surv(time, status == 2) ~ trt": (pbc, "time", pbc["status"] == 2, "trt", None),
        "Surv(rfstime, status) ~ hormon + strata(meno)": (
            gbsg,
            "rfstime",
            gbsg["status"],
            "hormon",
            "meno",
        ),
    }


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_the_logrank_test_equals_survdiff(goldens, rho):
    table = pd.read_csv(goldens / "expected" / "surv_survdiff.csv")
    with_rho = table[table["rho"] == rho]
    cases = _survdiff_cases(goldens)
    assert set(with_rho["formula"]) == set(cases)
    for formula, (data, time, event, group, stratum) in cases.items():
        expected = with_rho[with_rho["formula"] == formula]
        known = data[group].notna() & (True if stratum is None else data[stratum].notna())
        data, event = data[known], np.asarray(event)[known]
        strata = None if stratum is None else data[stratum]
        options = {"weighting": "fleming-harrington", "rho": rho} if rho else {}
        ours = logrank(data[time], event, data[group], strata=strata, **options)
        np.testing.assert_allclose(ours.statistic, expected["chisq"].iloc[0], atol=TOLERANCE)
        np.testing.assert_allclose(ours.p_value, expected["p"].iloc[0], rtol=TOLERANCE)
        assert ours.df == expected["df"].iloc[0]
        by_name = ours.table.assign(
            label=[f"{group}={int(g) if isinstance(g, float) else g}" for g in ours.table["group"]]
        ).set_index("label")
        by_name = by_name.loc[expected["group"]]
        np.testing.assert_allclose(by_name["observed"], expected["obs"], atol=TOLERANCE)
        np.testing.assert_allclose(by_name["expected"], expected["exp"], atol=TOLERANCE)


def test_the_covariance_of_a_logrank_test_equals_survdiff(goldens):
    veteran = pd.read_csv(goldens / "inputs" / "surv_veteran.csv")
    expected = pd.read_csv(goldens / "expected" / "surv_survdiff_veteran_celltype_var.csv")
    order = [name.removeprefix("celltype=") for name in expected["group"]]
    groups = pd.Categorical(veteran["celltype"], categories=order)
    sample = survival_sample(veteran["time"], veteran["status"], groups)
    ours = rank_sums(sample, RankWeights()).covariance
    np.testing.assert_allclose(ours, expected.drop(columns="group"), atol=TOLERANCE)


def test_the_logrank_test_equals_r_on_six_real_cohorts(goldens):
    rows = pd.read_csv(goldens / "real" / "survival353_coxph_input.csv.gz")
    reference = pd.read_csv(goldens / "real" / "survival353_coxph_reference.csv")
    for expected in reference[reference["ties"] == "efron"].to_dict("records"):
        data = rows[rows["dataset"] == expected["dataset"]]
        high = np.where(data["z"] > data["z"].median(), "high", "low")
        test = logrank(data["time"], data["event"], high)
        np.testing.assert_allclose(test.statistic, expected["logrank_chisq"], atol=TOLERANCE)
        medians = survival_quantile(kaplan_meier(data["time"], data["event"], groups=high))
        by_group = medians.set_index("group")["time"]
        np.testing.assert_allclose(
            by_group[["low", "high"]],
            [expected["km_median_lo"], expected["km_median_hi"]],
            rtol=1e-12,  # the reference has 15 digits
        )
