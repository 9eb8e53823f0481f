"""Pooling of many signatures at once, and where pooling says no."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurosig as ns
from neurosig.errors import ClinicalError, ClinicalWarning, ParameterError
from neurosig.outcomes.pooling.heterogeneity import Studies, tau2_at
from neurosig.outcomes.pooling.random_effects import pool_effects


def effects(n_cohorts, signatures=("NGF",), seed=0, **columns):
    """Score rows of cohorts c0, c1, ...; some of some signatures are missing where n > 4."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        [{"cohort": f"c{j}", "signature": name} for name in signatures for j in range(n_cohorts)]
    )
    rows["estimate"] = rng.normal(0.3, 0.3, len(rows))
    rows["std_error"] = rng.uniform(0.05, 0.4, len(rows))
    shared = {"endpoint": "OS", "term": "score", "effect_scale": "HR per SD", "status": "ok"}
    return rows.assign(**shared, n=100, n_events=40, **columns)


@pytest.mark.parametrize("method", ["REML", "DL", "PM", "ML", "HE", "SJ", "FE"])
@pytest.mark.parametrize("knha", [True, False])
def test_many_signatures_are_pooled_as_each_would_be_alone(method, knha):
    rows = effects(7, [f"S{i}" for i in range(30)])
    rows = rows.drop(index=np.random.default_rng(1).choice(len(rows), 60, replace=False))
    table = ns.meta(rows, method=method, knha=knha).table.set_index("signature")
    n_pooled = 0
    for name, group in rows.groupby("signature"):
        if len(group) < 2:
            continue
        n_pooled += 1
        alone = pool_effects(group["estimate"], group["std_error"], method=method, knha=knha)
        row = table.loc[name]
        assert row["n_cohorts"] == len(group)
        assert row["n"] == 100 * len(group)
        for column in ("estimate", "std_error", "p_value", "ci_low", "tau2", "i2", "h2"):
            assert row[column] == pytest.approx(getattr(alone, column), abs=1e-12), column
    assert n_pooled > 25


def test_one_row_does_not_depend_on_the_other_rows():
    rows = effects(6, ["A", "B", "C"])
    together = ns.meta(rows).table.set_index("signature")
    alone = ns.meta(rows[rows["signature"] == "B"]).table.iloc[0]
    for column in ("estimate", "std_error", "tau2", "tau2_high", "prediction_low"):
        assert together.loc["B", column] == alone[column]


@settings(max_examples=60, deadline=None)
@given(
    y=st.lists(st.floats(-3, 3), min_size=3, max_size=8),
    target_share=st.floats(0.05, 0.95),
)
def test_the_root_of_the_generalised_q_is_a_root(y, target_share):
    studies = Studies.of(np.array([y]), np.linspace(0.1, 0.5, len(y))[None, :])
    start = studies.q(np.zeros(1))
    target = target_share * start
    found = tau2_at(studies, target)
    np.testing.assert_allclose(studies.q(found), target, rtol=1e-9, atol=1e-12)
    assert tau2_at(studies, start + 1)[0] == 0.0


def test_paule_mandel_by_hand():
    # y = 0 and 2, se = 1: Q(t) = 2 / (1 + t), which is k - 1 = 1 at t = 1
    pooled = pool_effects([0.0, 2.0], [1.0, 1.0], method="PM", knha=False)
    assert pooled.tau2 == pytest.approx(1.0)
    # Q-profile: 2 / (1 + t) = chi2(0.025; 1) = 0.0009820691 at t = 2035.5
    assert pooled.tau2_high == pytest.approx(2 / 0.0009820691 - 1, rel=1e-6)
    assert pooled.tau2_low == 0.0  # Q(0) = 2 is below chi2(0.975; 1) = 5.02


def test_there_is_no_prediction_interval_below_five_cohorts():
    assert np.isnan(pool_effects([0, 1, 0, 1], [0.1] * 4).prediction_low)
    five = pool_effects([0, 1, 0, 1, 0.5], [0.1] * 5, method="DL", knha=False)
    assert five.prediction_low < five.ci_low < five.ci_high < five.prediction_high
    # by hand: half-width 1.96 sqrt(var(mu) + tau2), var(mu) = (0.01 + tau2) / 5
    half = 1.959964 * np.sqrt((0.01 + five.tau2) / 5 + five.tau2)
    assert five.prediction_high == pytest.approx(five.estimate + half, rel=1e-6)
    assert np.isnan(pool_effects([0, 1, 0, 1, 0.5], [0.1] * 5, method="FE").prediction_low)
    few, many = ns.meta(effects(4)).table, ns.meta(effects(5)).table
    assert "prediction_low" not in few.columns
    assert many["effect_prediction_low"].iloc[0] == np.exp(many["prediction_low"].iloc[0])
    assert "ci_low_wider" in few.columns
    assert "ci_low_wider" not in many.columns


def test_a_signature_in_few_cohorts_has_its_columns_beside_one_in_many():
    rows = effects(6, ["MANY", "FEW"])
    rows = rows[(rows["signature"] == "MANY") | rows["cohort"].isin(["c0", "c1"])]
    table = ns.meta(rows).table.set_index("signature")
    assert np.isfinite(table.loc["FEW", "estimate_common"])
    assert np.isnan(table.loc["MANY", "estimate_common"])
    assert np.isnan(table.loc["FEW", "prediction_low"])
    assert np.isfinite(table.loc["MANY", "prediction_low"])


def test_a_table_in_which_nothing_can_be_pooled_has_rows_all_the_same():
    table = ns.meta(effects(1, ["A", "B"])).table
    assert table["status"].tolist() == ["single_cohort"] * 2
    assert "tau2_low" not in table.columns


def test_an_impossible_level_is_refused():
    for call in (ns.meta, ns.leave_one_out, ns.egger_test):
        with pytest.raises(ParameterError, match=r"confidence cannot be 1\.5"):
            call(effects(12), confidence=1.5)


def test_leaving_one_out_is_pooling_the_others():
    rows = effects(5, ["A", "B"])
    table = ns.leave_one_out(rows, method="PM").table
    assert len(table) == 10
    for _, row in table.iterrows():
        others = rows[(rows["signature"] == row["signature"]) & (rows["cohort"] != row["omitted"])]
        expected = ns.meta(others, method="PM").table.iloc[0]
        assert row["estimate"] == pytest.approx(expected["estimate"], abs=1e-12)
        assert row["effect_high"] == pytest.approx(expected["effect_high"], abs=1e-10)
        assert (row["n"], row["n_cohorts"]) == (400, 4)
        assert row["omitted"] not in row["cohorts"]
    assert "q_value" not in table.columns


def test_leaving_one_out_needs_three_cohorts():
    with pytest.raises(ClinicalError, match="The most is 2 cohorts; 3 are needed"):
        ns.leave_one_out(effects(2))
    rows = effects(3, ["A", "B"])
    rows = rows[(rows["signature"] == "A") | (rows["cohort"] != "c2")]
    result = ns.leave_one_out(rows)
    assert set(result.table["signature"]) == {"A"}
    assert "Fewer than 3 cohorts: B" in result.notes


def test_eggers_test_is_refused_below_ten_cohorts():
    with pytest.raises(ClinicalError, match=r"need 10 cohorts.*The most is 9 cohorts"):
        ns.egger_test(effects(9))
    rows = effects(10, ["A", "B"])
    rows = rows[(rows["signature"] == "A") | (rows["cohort"] != "c2")]
    table = ns.egger_test(rows).table.set_index("signature")
    assert table["status"].to_dict() == {"A": "ok", "B": "too_few_cohorts"}
    assert np.isnan(table.loc["B", "p_value"])
    with pytest.raises(ClinicalError, match="standard errors of a signature are the same"):
        ns.egger_test(effects(10).assign(std_error=0.2))


def test_eggers_test_equals_weighted_least_squares():
    import statsmodels.api as sm

    rows = effects(12)
    row = ns.egger_test(rows).table.iloc[0]
    fit = sm.WLS(
        rows["estimate"], sm.add_constant(rows["std_error"]), weights=rows["std_error"] ** -2
    ).fit()
    assert row["estimate"] == pytest.approx(fit.params["std_error"], rel=1e-9)
    assert row["p_value"] == pytest.approx(fit.pvalues["std_error"], rel=1e-9)
    assert row["limit_estimate"] == pytest.approx(fit.params["const"], rel=1e-9)
    low, high = fit.conf_int().loc["const"]
    assert (row["limit_low"], row["limit_high"]) == pytest.approx((low, high), rel=1e-9)


def test_cohorts_that_are_left_out_are_named_once():
    rows = effects(4, ["A", "B"])
    rows.loc[rows["cohort"] == "c1", "status"] = "constant"
    rows.loc[rows["cohort"] == "c2", "std_error"] = np.inf
    with pytest.warns(ClinicalWarning, match="left out of 2 pooled rows") as caught:
        table = ns.meta(rows).table
    assert len(caught) == 1
    assert (
        table["message"]
        .str.contains("left out: c1 (constant), c2 (no finite estimate)", regex=False)
        .all()
    )
    assert table["cohorts"].tolist() == ["c0, c3"] * 2


def test_a_row_without_a_cohort_is_refused():
    rows = effects(3)
    rows.loc[1, "cohort"] = None
    with pytest.raises(ParameterError, match="no cohort or no signature"):
        ns.meta(rows)


def test_a_ratio_beyond_all_numbers_is_infinite():
    rows = effects(2).assign(estimate=[0.0, 300.0], std_error=1.0)
    assert ns.meta(rows).table["effect_high"].iloc[0] == np.inf


# many signatures, and units of any size


def test_effects_that_are_no_ratios_are_pooled_as_they_are():
    rows = effects(6).assign(effect_scale="probit shift per SD")
    row = ns.meta(rows).table.iloc[0]
    assert row["effect"] == row["estimate"]
    assert row["effect_low"] == row["ci_low"]


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("unit", [1e-10, 1e-5, 1e-3, 1e5, 1e10])
def test_the_variance_between_cohorts_does_not_depend_on_the_unit_of_the_outcome(method, unit):
    y = np.array([0.2, 0.5, -0.1, 1.9, 0.4, -0.35, 0.1])
    se = np.sqrt([0.04, 0.02, 0.05, 0.09, 0.03, 0.01, 0.06])
    tau2 = pool_effects(y, se, method=method).tau2
    assert tau2 > 0.05
    # the last step is below 1e-5 on either side
    assert pool_effects(y * unit, se * unit, method=method).tau2 == pytest.approx(
        tau2 * unit**2, rel=1e-3
    )


def test_a_variance_as_in_metafor_with_a_step_in_the_unit_of_the_effects():
    # metafor 3.8-1: rma(y, v, method = "REML", control = list(threshold = 1e-21, maxiter = 1e4))
    y = np.array([0.2, 0.5, -0.1, 0.9, 0.4, 0.35, 0.1]) * 1e-5
    se = np.sqrt([0.04, 0.02, 0.05, 0.09, 0.03, 0.01, 0.06]) * 1e-5
    assert pool_effects(y, se).tau2 == pytest.approx(0.00828187e-10, rel=2e-4)


def test_a_signature_whose_variance_does_not_converge_leaves_the_others_alone(monkeypatch):
    rows = effects(6, ["A", "B"])
    alone = ns.meta(rows[rows["signature"] == "A"]).table.iloc[0]
    monkeypatch.setattr("neurosig.outcomes.pooling.heterogeneity._MAX_ITERATIONS", 3)
    far = rows["signature"] == "B"
    rows.loc[far, "estimate"] = [0, 0, 0, 0, 0, 9.0]
    rows.loc[far, "std_error"] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.01]
    rows.loc[~far, "estimate"], rows.loc[~far, "std_error"] = 0.3, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    table = ns.meta(rows, knha=False).table.set_index("signature")
    assert table["status"].to_dict() == {"A": "ok", "B": "not_converged"}
    assert table["estimate"].isna().to_dict() == {"A": False, "B": True}
    assert "DL" in table.loc["B", "message"]
    assert table.loc["A", "family"].startswith("1 ")
    assert alone["status"] == "ok"
    left = ns.leave_one_out(rows, knha=False).table
    assert set(left.loc[left["signature"] == "A", "status"]) == {"ok"}
    assert "not_converged" in set(left.loc[left["signature"] == "B", "status"])


def test_a_signature_of_equal_errors_leaves_eggers_test_of_the_others_alone():
    rows = effects(12, ["A", "B"])
    rows.loc[rows["signature"] == "B", "std_error"] = 0.2
    table = ns.egger_test(rows).table.set_index("signature")
    assert table["status"].to_dict() == {"A": "ok", "B": "equal_errors"}
    alone = ns.egger_test(rows[rows["signature"] == "A"]).table.iloc[0]
    assert table.loc["A", "p_value"] == alone["p_value"]
    with pytest.raises(ClinicalError, match="told apart"):
        ns.egger_test(rows[rows["signature"] == "B"])


@pytest.mark.parametrize("tables", [3, "cox", [None], None])
def test_what_is_no_table_is_not_pooled(tables):
    with pytest.raises(ParameterError, match="no result table"):
        ns.meta(tables)


def test_texts_instead_of_estimates_are_refused():
    with pytest.raises(ClinicalError, match="estimate"):
        ns.meta(effects(3).assign(estimate="large"))
