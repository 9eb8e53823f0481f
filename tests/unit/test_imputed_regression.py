"""Regressions of every kind pooled over imputations: nothing of a fit is dropped or left as it was.

Expected numbers are means and Rubin's total variances of the m fits, worked out here with numpy and
scipy alone (Rubin 1987, 3.1.2 to 3.1.5); the fits themselves are compared with R elsewhere.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import neurosig as ns
from neurosig.errors import FitError, ParameterError, SmallSampleWarning

M = 3
KINDS = {
    "logistic": ("invasion", {"positive": "yes"}, {}),
    "robust": ("invasion", {"positive": "yes"}, {"errors": "HC3"}),
    "clustered": ("invasion", {"positive": "yes"}, {"cluster": "centre"}),
    "linear": ("size", {}, {}),
    "ordinal": ("grade", {}, {"order": ("1", "2", "3")}),
    "multinomial": ("grade", {}, {"reference": "1"}),
    "poisson": ("nodes", {}, {"exposure": "area"}),
    "negative_binomial": ("nodes", {}, {"exposure": "area"}),
    "mixed": ("size", {}, {"group": "centre"}),
    "mixed slope": ("size", {}, {"group": "centre", "slope": "score"}),
}
DIFFERENCES = {"linear", "mixed", "mixed slope"}


def make_cohort(n=180, seed=4):
    rng = np.random.default_rng(seed)
    ids = [f"p{i}" for i in range(n)]
    scores = pd.DataFrame({"NGF": rng.normal(size=n), "SCHWANN": rng.normal(size=n)}, ids)
    ngf, donor = scores["NGF"].to_numpy(), np.arange(n) % 36
    age, sex = 60 + 3 * ngf + rng.normal(0, 6, n), rng.choice(["f", "m"], n)
    eta = 0.5 * ngf + 0.05 * (age - 60)
    clinic = pd.DataFrame(
        {
            "invasion": np.where(rng.random(n) < 1 / (1 + np.exp(-eta)), "yes", "no"),
            "size": eta + rng.normal(0, 0.7, 36)[donor] + rng.normal(size=n),
            "grade": np.digitize(eta + rng.logistic(size=n), [-0.7, 0.7]) + 1,
            "nodes": rng.poisson(rng.gamma(2, np.exp(eta) / 2)),
            "area": rng.uniform(0.5, 2, n),
            "centre": [f"d{d}" for d in donor],
            "age": age,
            "sex": sex,
        },
        ids,
    )
    clinic.loc[rng.random(n) < 0.15, "age"] = np.nan
    clinic.loc[rng.random(n) < 0.1, "sex"] = np.nan
    return ns.Cohort.join(scores, clinic)


def fitted(name):
    """The pooled results, and the table of each completed cohort."""
    outcome, options, of_model = KINDS[name]
    kind = {"robust": "logistic", "clustered": "logistic"}.get(name, name.split()[0])
    options = options | {"kind": kind, "model": ns.RegressionModel(**of_model)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of small m and what the fits say, tested elsewhere
        imputed = ns.impute(make_cohort(), ["age", "sex"], outcome=outcome, m=M, seed=1)
        options |= {"outcome": outcome, "adjust": ["age", "sex"]}
        pooled = ns.regress(imputed, **options)
        return pooled, [ns.regress(cohort, **options).table for cohort in imputed.cohorts]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_pooled_by_rubins_rules_row_by_row(name):
    pooled, fits = fitted(name)
    table = pooled.table
    keys = [k for k in ("signature", "level", "term") if k in table]
    assert not table.duplicated(keys).any()
    assert len(table) == len(fits[0]) == 6 * (2 if name == "multinomial" else 1)
    pd.testing.assert_frame_equal(table[keys], fits[0][keys])
    assert table["status"].eq("ok").all()
    estimates = np.array([fit["estimate"] for fit in fits])
    within = np.array([fit["std_error"] for fit in fits]) ** 2
    total = within.mean(axis=0) + (1 + 1 / M) * estimates.var(axis=0, ddof=1)
    assert (estimates.var(axis=0) > 0).all()  # the imputations do differ
    np.testing.assert_allclose(table["estimate"], estimates.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(table["std_error"], np.sqrt(total), rtol=1e-12)
    half = stats.t.ppf(0.975, table["df"]) * table["std_error"]
    np.testing.assert_allclose(table["ci_high"] - table["estimate"], half, rtol=1e-9)
    p = 2 * stats.t.sf(np.abs(table["estimate"]) / table["std_error"], table["df"])
    np.testing.assert_allclose(table["p_value"], p, rtol=1e-9)
    expected = table["estimate"] if name in DIFFERENCES else np.exp(table["estimate"])
    np.testing.assert_allclose(table["effect"], expected, rtol=1e-12)
    dropped = set(fits[0].columns) - set(table.columns)
    assert dropped <= {"p_lr"}  # which a note says
    assert "p_lr" not in table


COMPLETE_DF = {
    "logistic": 180 - 3 - 1,
    "linear": 180 - 3 - 1,
    "multinomial": 180 - 2 * (3 + 1),
    "mixed": 180 - 36 - 3,  # all terms vary within the donors
}


@pytest.mark.parametrize("name", COMPLETE_DF)
def test_degrees_of_freedom_are_barnards_and_rubins(name):
    """Barnard and Rubin (1999), with v = the rows less all coefficients, as mice takes it."""
    pooled, fits = fitted(name)
    estimates = np.array([fit["estimate"] for fit in fits])
    within = (np.array([fit["std_error"] for fit in fits]) ** 2).mean(axis=0)
    increase = (1 + 1 / M) * estimates.var(axis=0, ddof=1)
    share, v = increase / (within + increase), COMPLETE_DF[name]
    expected = 1 / (share**2 / (M - 1) + 1 / ((v + 1) / (v + 3) * v * (1 - share)))
    np.testing.assert_allclose(pooled.table["df"], expected, rtol=1e-9)


def test_variances_of_mixed_models_are_averaged():
    pooled, fits = fitted("mixed")
    row, rows = pooled.table.iloc[0], [fit.iloc[0] for fit in fits]
    group = np.mean([r["sd_group"] ** 2 for r in rows])
    residual = np.mean([r["sd_residual"] ** 2 for r in rows])
    assert row["sd_group"] == pytest.approx(np.sqrt(group), rel=1e-12)
    assert row["sd_residual"] == pytest.approx(np.sqrt(residual), rel=1e-12)
    assert row["icc"] == pytest.approx(group / (group + residual), rel=1e-12)
    assert row["sd_group"] != rows[0]["sd_group"]
    assert any("without knowing of the groups in 'centre'" in note for note in pooled.notes)
    pooled, fits = fitted("mixed slope")
    row, rows = pooled.table.iloc[0], [fit.iloc[0] for fit in fits]
    covariance = np.mean([r["cor_slope"] * r["sd_group"] * r["sd_slope"] for r in rows])
    slope = np.sqrt(np.mean([r["sd_slope"] ** 2 for r in rows]))
    assert row["sd_slope"] == pytest.approx(slope, rel=1e-12)
    assert row["cor_slope"] == pytest.approx(covariance / (slope * row["sd_group"]), rel=1e-9)


def test_dispersion_theta_and_the_test_of_thresholds_are_of_all_imputations():
    pooled, fits = fitted("poisson")
    values = [fit["dispersion"].iloc[0] for fit in fits]
    assert pooled.table["dispersion"].iloc[0] == pytest.approx(np.mean(values), rel=1e-12)
    pooled, fits = fitted("negative_binomial")
    theta = np.array([fit["theta"].iloc[0] for fit in fits])
    error = np.array([fit["theta_std_error"].iloc[0] for fit in fits])
    total = np.sqrt(np.mean(error**2) + (1 + 1 / M) * theta.var(ddof=1))
    assert pooled.table["theta"].iloc[0] == pytest.approx(theta.mean(), rel=1e-12)
    assert pooled.table["theta_std_error"].iloc[0] == pytest.approx(total, rel=1e-12)
    pooled, fits = fitted("ordinal")
    p = np.median([fit["p_proportional"] for fit in fits], axis=0)
    np.testing.assert_allclose(pooled.table["p_proportional"], p, rtol=1e-12)
    assert any("p_proportional is the median" in note for note in pooled.notes)


def separating_cohort(n=80):
    rng = np.random.default_rng(2)
    ids = [f"p{i}" for i in range(n)]
    y = np.arange(n) % 2
    scores = pd.DataFrame({"SPLITS": y + rng.uniform(0, 0.5, n), "NGF": rng.normal(size=n)}, ids)
    clinic = pd.DataFrame({"y": np.where(y, "yes", "no"), "age": rng.normal(60, 8, n)}, ids)
    clinic.loc[ids[:8], "age"] = np.nan
    return ns.Cohort.join(scores, clinic)


def test_firths_fits_are_pooled_by_estimate_and_variance_and_the_row_says_so():
    imputed = ns.impute(separating_cohort(), ["age"], outcome="y", m=10, seed=1)
    options = {"outcome": "y", "positive": "yes", "adjust": ["age"]}
    with pytest.warns(SmallSampleWarning, match="infinite"):
        pooled = ns.regress(imputed, **options)
    row = pooled.table.iloc[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        fits = [ns.regress(cohort, **options).table.iloc[0] for cohort in imputed.cohorts]
    assert row["status"] == "ok"
    assert row["estimate"] == pytest.approx(np.mean([fit["estimate"] for fit in fits]), rel=1e-12)
    assert row["ci_high"] - row["estimate"] == pytest.approx(row["estimate"] - row["ci_low"])
    assert "Firth's penalty" in row["model"]
    assert "Wald's of the pooled estimate" in row["message"]
    assert "Wald's" not in pooled.table["message"].iloc[2]  # of the other signature
    assert any("not of the profile likelihood" in note for note in pooled.notes)


def test_profile_intervals_are_refused():
    imputed = ns.impute(separating_cohort(), ["age"], outcome="y", m=10, seed=1)
    model = ns.RegressionModel(intervals="profile")
    with pytest.raises(ParameterError, match=r"Profile intervals are not pooled.*'wald'"):
        ns.regress(imputed, outcome="y", positive="yes", adjust=["age"], model=model)


@pytest.mark.filterwarnings("ignore::neurosig.errors.SmallSampleWarning")
@pytest.mark.parametrize("option", ["exposure", "offset", "cluster", "group"])
@pytest.mark.parametrize("is_imputed", [True, False])
def test_a_column_of_the_model_with_missing_values_is_refused(option, is_imputed):
    cohort = make_cohort()
    column = {"exposure": "area", "offset": "area", "cluster": "where", "group": "where"}[option]
    cohort.data["where"] = np.where(np.arange(180) % 3 == 0, "A", "B").astype(object)
    cohort.data.loc[["p5", "p7"], column] = np.nan
    columns = ["age", column] if is_imputed else ["age"]
    imputed = ns.impute(cohort, columns, outcome="nodes", m=M)
    kind = "mixed" if option == "group" else "poisson"
    model = ns.RegressionModel(**{option: column})
    with pytest.raises(
        ParameterError, match=rf"The {option} '{column}' has missing.*2 rows of 180"
    ):
        ns.regress(imputed, outcome="nodes", kind=kind, adjust=["age"], model=model)


def test_statuses_and_messages_that_differ_between_imputations_are_all_told():
    from neurosig.outcomes.imputation.pooled_fits import pool_tables

    def one(status, message, estimate=0.5):
        return pd.DataFrame(
            {
                "signature": ["A"], "term": "score", "estimate": estimate, "std_error": 0.2,
                "ci_level": 0.95, "effect": np.exp(estimate), "n": 50, "n_params": 1,
                "adjusted_for": "", "model": "mixed", "status": status, "message": message,
            }
        )  # fmt: skip

    first = [one("ok", ""), one("ok", "singular fit", 0.6), one("ok", "singular fit")]
    (row,) = pool_tables(first, "rows").to_dict("records")
    assert row["message"] == "in 2 of 3 imputations: singular fit"
    assert row["estimate"] == pytest.approx(1.6 / 3)
    second = [one("ok", "singular fit"), one("separation", "splits", np.nan), one("ok", "")]
    (row,) = pool_tables(second, "rows").to_dict("records")
    assert row["status"] == "separation"
    assert row["message"] == "in 1 of 3 imputations: splits"
    assert np.isnan(row["estimate"])


def test_levels_that_differ_between_imputations_are_refused():
    from neurosig.outcomes.imputation.pooled_fits import pool_tables

    tables = [
        pd.DataFrame({"signature": ["A"], "level": [level], "term": "score", "adjusted_for": ""})
        for level in ("2", "3")
    ]
    with pytest.raises(FitError, match="do not have the same terms"):
        pool_tables(tables, "rows")
