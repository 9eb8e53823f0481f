"""Logistic and linear regression of a cohort."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import linprog

from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    FitError,
    ParameterError,
    SmallSampleWarning,
    TooFewEventsError,
)
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.separation import (
    are_balanced,
    growing_direction,
    is_separated,
)
from neurosig.outcomes.regression.verb import regress


def make_cohort(n=150, seed=0, signatures=("NGF", "SCHWANN"), **columns):
    rng = np.random.default_rng(seed)
    ngf = rng.normal(size=n)
    invaded = rng.random(n) < 1 / (1 + np.exp(-ngf))
    data = pd.DataFrame(
        {
            "pni": np.where(invaded, "present", "absent"),
            "pain": 2 * ngf + rng.normal(size=n),
            "age": rng.normal(60, 8, n),
            "NGF": 3 * ngf,
            "SCHWANN": rng.normal(size=n),
        },
        index=[f"p{i}" for i in range(n)],
    ).assign(**columns)
    return Cohort(name="pdac", data=data, signatures=signatures)


def test_a_logistic_model_equals_statsmodels_glm_per_sd():
    import statsmodels.api as sm

    cohort = make_cohort()
    data = cohort.data
    y = (data["pni"] == "present").to_numpy(float)
    design = sm.add_constant(np.column_stack([data["NGF"] / data["NGF"].std(ddof=1), data["age"]]))
    oracle = sm.GLM(y, design, family=sm.families.Binomial()).fit(tol=1e-12)
    reduced = sm.GLM(y, design[:, [0, 2]], family=sm.families.Binomial()).fit(tol=1e-12)
    result = regress(cohort, outcome="pni", positive="present", adjust=["age"])
    table = result.table.iloc[:2]
    np.testing.assert_allclose(table["estimate"], oracle.params[1:], rtol=1e-8)
    np.testing.assert_allclose(table["std_error"], oracle.bse[1:], rtol=1e-6)
    np.testing.assert_allclose(table["p_value"], oracle.pvalues[1:], rtol=1e-5)
    p_lr = stats.chi2.sf(reduced.deviance - oracle.deviance, 1)
    assert table["p_lr"].iloc[0] == pytest.approx(p_lr, rel=1e-6)
    assert table["effect_scale"].tolist() == ["OR per SD", "OR per unit"]
    assert table["endpoint"].tolist() == ["pni = present"] * 2
    assert table["n_events"].iloc[0] == int(y.sum())
    assert table["events_per_param"].iloc[0] == min(y.sum(), 150 - y.sum()) / 2
    assert result.table["family"].iloc[0] == "2 score rows of pdac, pni = present"


def test_a_linear_model_equals_statsmodels_ols_with_t_intervals():
    import statsmodels.api as sm

    cohort = make_cohort()
    data = cohort.data
    design = sm.add_constant(data[["NGF", "age"]].to_numpy())
    oracle = sm.OLS(data["pain"].to_numpy(), design).fit()
    table = regress(
        cohort, outcome="pain", kind="linear", adjust=["age"], scale="none", signatures="NGF"
    ).table
    np.testing.assert_allclose(table["estimate"], oracle.params[1:], rtol=1e-9)
    np.testing.assert_allclose(table["p_value"], oracle.pvalues[1:], rtol=1e-7)
    np.testing.assert_allclose(table[["ci_low", "ci_high"]], oracle.conf_int()[1:], rtol=1e-8)
    assert table["df"].tolist() == [147.0, 147.0]
    assert table["effect"].tolist() == table["estimate"].tolist()
    assert "p_lr" not in table.columns
    assert "n_events" not in table.columns


def test_the_positive_level_has_to_be_said():
    with pytest.raises(ClinicalError, match=r"'present' \(\d+\)") as caught:
        regress(make_cohort(), outcome="pni")
    assert set(caught.value.facts["levels"]) == {"present", "absent"}
    with pytest.raises(ClinicalError, match="'yes' is not one level"):
        regress(make_cohort(), outcome="pni", positive="yes")


def test_swapping_the_positive_level_turns_the_sign():
    cohort = make_cohort()
    present = regress(cohort, outcome="pni", positive="present").table["estimate"]
    absent = regress(cohort, outcome="pni", positive="absent").table["estimate"]
    np.testing.assert_allclose(present, -absent, rtol=1e-8)


def test_three_levels_are_refused_with_their_counts():
    grade = np.resize(["G1", "G2", "G3"], 150)
    with pytest.raises(ClinicalError, match=r"has 3.*'G1' \(50\)"):
        regress(make_cohort(pni=grade), outcome="pni", positive="G3")


def test_missing_outcomes_are_lost_and_counted():
    pni = make_cohort().data["pni"].astype(object)
    pni.iloc[:6] = None
    result = regress(make_cohort(pni=pni), outcome="pni", positive="present")
    assert result.table["n"].unique().tolist() == [144]
    assert result.row_flow.iloc[-1][["step", "n_lost"]].tolist() == ["pni known", 6]


def test_an_outcome_missing_in_more_than_5_percent_of_the_rows_is_warned_of():
    pni = make_cohort().data["pni"].astype(object)
    pni.iloc[:9] = None  # 9 of 150: 6 %
    with pytest.warns(ClinicalWarning, match=r"9 of 150 rows have no 'pni'.*6%"):
        regress(make_cohort(pni=pni), outcome="pni", positive="present")


def test_separation_is_found_before_the_fit_and_has_no_wald_test():
    cohort = make_cohort(signatures=("NGF", "SCHWANN"))
    sign = np.where(cohort.data["NGF"] > 0, "present", "absent")
    model = RegressionModel(firth=False)
    with pytest.warns(SmallSampleWarning, match="separate the levels"):
        result = regress(make_cohort(pni=sign), outcome="pni", positive="present", model=model)
    table = result.table
    assert table["status"].tolist() == ["separation", "ok"]
    assert table.iloc[0][["estimate", "std_error", "p_value", "q_value"]].isna().all()
    assert "no finite estimate: the score separates the two levels" in table["message"].iloc[0]
    assert result.notes[-1] == "Not fitted: separation (1)"


def test_firths_penalty_is_used_only_where_the_score_separates():
    cohort = make_cohort()
    sign = np.where(cohort.data["NGF"] > 0, "present", "absent")
    with pytest.warns(SmallSampleWarning, match="1 signature: 'NGF'"):
        auto = regress(make_cohort(pni=sign), outcome="pni", positive="present").table
    with pytest.warns(SmallSampleWarning, match="1 signature: 'NGF'"):
        forced = regress(
            make_cohort(pni=sign),
            outcome="pni",
            positive="present",
            model=RegressionModel(firth=True),
        )
    plain = ["logistic regression, Firth's penalty", "logistic regression"]
    assert auto["model"].tolist() == plain
    assert forced.table["model"].tolist() == [plain[0]] * 2
    first, other = auto.iloc[0], auto.iloc[1]
    assert first["ci_low"] > 0
    assert np.isfinite(first["ci_low"])
    assert first["p_value"] == first["p_lr"]  # of the penalised likelihood ratio
    assert first["statistic"] == pytest.approx(stats.norm.isf(first["p_value"] / 2), rel=1e-9)
    wald = 2 * stats.norm.sf(abs(other["estimate"] / other["std_error"]))
    assert other["p_value"] == pytest.approx(wald, rel=1e-12)


def test_firths_estimate_of_a_two_by_two_table_adds_a_half_to_every_cell():
    # 0 of 6 and 7 of 9 have the outcome: log odds ratio of the table with 1/2 in each cell
    x = np.repeat([0.0, 1.0], [6, 9])
    y = np.repeat(["no", "yes", "no"], [6, 7, 2])
    data = pd.DataFrame({"X": x, "y": y}, index=[f"p{i}" for i in range(15)])
    cohort = Cohort(name="tiny", data=data, signatures=("X",))
    with pytest.warns(SmallSampleWarning):
        row = regress(cohort, outcome="y", positive="yes", scale="none").table.iloc[0]
    assert row["estimate"] == pytest.approx(np.log(7.5 / 2.5 / (0.5 / 6.5)), rel=1e-10)


def test_separation_with_robust_errors_has_no_fit_and_says_why():
    sign = np.where(make_cohort().data["NGF"] > 0, "present", "absent")
    cohort = make_cohort(pni=sign, signatures=("NGF",))
    with pytest.warns(SmallSampleWarning, match="infinite"):
        table = regress(
            cohort, outcome="pni", positive="present", model=RegressionModel(errors="HC3")
        ).table
    assert table["status"].tolist() == ["separation"]
    assert "has no robust errors" in table["message"].iloc[0]


def test_quasi_separation_counts_as_separation():
    x = np.column_stack([np.ones(6), [1.0, 2, 3, 3, 4, 5]])
    assert is_separated(np.array([0.0, 0, 0, 1, 1, 1]), x)  # the tie at 3 has both levels
    assert not is_separated(np.array([0.0, 0, 1, 0, 1, 1]), x[[0, 1, 2, 4, 3, 5]])


def test_separation_shared_by_two_columns_is_found():
    rng = np.random.default_rng(0)
    pair = rng.normal(size=(60, 2))
    y = (pair.sum(axis=1) > 0).astype(float)
    assert is_separated(y, np.column_stack([np.ones(60), pair]))
    assert not is_separated(y, np.column_stack([np.ones(60), pair[:, :1]]))


def test_rows_that_balance_have_no_growing_direction_by_the_linear_programme():
    rng = np.random.default_rng(1)
    n_balanced, n_separated = 0, 0
    for _ in range(300):
        n, k = int(rng.integers(6, 60)), int(rng.integers(1, 4))
        x = rng.normal(size=(n, k))
        chance = 1 / (1 + np.exp(-x.sum(axis=1) * rng.choice([0.0, 1, 8])))
        rows = np.column_stack([np.ones(n), x]) * np.where(rng.random(n) < chance, 1, -1)[:, None]
        best = linprog(-rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(n), bounds=(-1, 1))
        is_growing = -best.fun > 1e-7
        is_balanced = are_balanced(rows)
        assert not (is_growing and is_balanced)
        assert (growing_direction(rows) is not None) == is_growing
        n_balanced, n_separated = n_balanced + is_balanced, n_separated + is_growing
    assert n_balanced > 100
    assert n_separated > 50


def test_row_66_more_parameters_than_rows_are_refused_in_a_linear_model():
    covariates = {f"x{j}": np.random.default_rng(j).normal(size=6) for j in range(5)}
    cohort = make_cohort(n=6, **covariates)
    with pytest.raises(FitError, match="6 rows for 6 parameters and the intercept"):
        regress(cohort, outcome="pain", kind="linear", adjust=list(covariates))


def test_a_rare_level_is_refused_or_warned_of():
    rare = np.array(["present"] * 2 + ["absent"] * 148)
    with pytest.raises(TooFewEventsError, match="2 rows of 150 for 2 parameters"):
        regress(make_cohort(pni=rare), outcome="pni", positive="present", adjust=["age"])
    few = np.array(["present"] * 12 + ["absent"] * 138)
    with pytest.warns(SmallSampleWarning, match=r"6\.0 rows of the rarer level") as caught:
        regress(make_cohort(pni=few), outcome="pni", positive="present", adjust=["age"])
    assert len(caught) == 1


def test_a_constant_or_textual_outcome_is_refused_in_a_linear_model():
    with pytest.raises(ClinicalError, match="'pain' is constant"):
        regress(make_cohort(pain=1.0), outcome="pain", kind="linear")
    with pytest.raises(ClinicalError, match="pni"):
        regress(make_cohort(), outcome="pni", kind="linear")
    with pytest.raises(ClinicalError, match="no column 'pian'"):
        regress(make_cohort(), outcome="pian", kind="linear")


def test_collinear_and_constant_covariates_are_refused_by_name():  # rows 15 and 16
    with pytest.raises(ClinicalError, match="age"):
        regress(make_cohort(age=60.0), outcome="pain", kind="linear", adjust=["age"])
    months = make_cohort().data["age"] * 12
    with pytest.raises(ClinicalError, match="'age', 'months' are collinear"):
        regress(make_cohort(months=months), outcome="pain", kind="linear", adjust=["age", "months"])


@pytest.mark.parametrize("kind", ["linear", "logistic"])
def test_scores_that_cannot_be_fitted_are_rows_with_a_status(kind):
    cohort = make_cohort()
    few = np.full(150, np.nan)
    few[:2] = [1.0, 2.0]
    data = cohort.data.assign(MISSING=np.nan, FLAT=2.0, FEW=few, AGED=cohort.data["age"] + 1)
    names = ("NGF", "MISSING", "FLAT", "FEW", "AGED")
    broken = Cohort(name="pdac", data=data, signatures=names)
    outcome = {"outcome": "pni", "positive": "present"}
    if kind == "linear":
        outcome = {"outcome": "pain", "kind": "linear"}
    with pytest.warns(ClinicalWarning, match="lack the score 'FEW'"):
        table = regress(broken, adjust=["age"], allow_loss=True, **outcome).table
    status = table[table["term"] == "score"].set_index("signature")["status"].to_dict()
    assert status == {
        "NGF": "ok",
        "MISSING": "no_score",
        "FLAT": "constant",
        "FEW": "too_few_events",
        "AGED": "collinear",
    }


def test_losing_rows_to_covariates_is_warned_of():
    age = np.random.default_rng(99).normal(60, 8, 150)
    age[:20] = np.nan
    with pytest.warns(ClinicalWarning, match="13% of the rows"):
        regress(make_cohort(age=age), outcome="pain", kind="linear", adjust=["age"])


def test_contradicting_arguments_are_refused():
    with pytest.raises(ParameterError, match="no positive level"):
        regress(make_cohort(), outcome="pain", kind="linear", positive=1)
    with pytest.raises(ParameterError, match="Allowed: linear, logistic"):
        regress(make_cohort(), outcome="pni", kind="ordnial")
