"""Regressions, rank tests and correlations against R 4.2.2 (scripts/31_models.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig import RegressionModel
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.design import Term
from neurosig.outcomes.regression.logistic_likelihood import Likelihood
from neurosig.outcomes.regression.rank_sums import kruskal_wallis
from neurosig.outcomes.regression.verb import regress
from neurosig.outcomes.results import benjamini_hochberg

pytestmark = pytest.mark.data

TOLERANCE = 1e-6  # R's glm stops at a relative change of the deviance of 1e-8
SIDES = ("ci_low", "ci_high")
OWN = Path(__file__).parent / "regression" / "expected.csv"  # the same fits run to the end by R


@pytest.fixture
def lung(goldens):
    table = pd.read_csv(goldens / "inputs" / "surv_lung.csv")
    table["dead1y"] = ((table["time"] < 365) & (table["status"] == 2)).astype(int)
    table["log_time"] = np.log(table["time"])
    return table.set_axis([f"p{i}" for i in range(len(table))])


def _cohort(lung, clinical):
    return Cohort.join(lung[["age"]].rename(columns={"age": "AGE"}), lung[clinical], name="lung")


def _compare(table, expected, statistic, p_value, p_rtol=1e-5):
    theirs = expected.set_index("term").iloc[1:]  # without the intercept
    np.testing.assert_allclose(table["estimate"], theirs["Estimate"], atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(table["std_error"], theirs["Std. Error"], atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(table["statistic"], theirs[statistic], rtol=1e-5)
    np.testing.assert_allclose(table["p_value"], theirs[p_value], rtol=p_rtol)


def test_a_logistic_fit_equals_glm(goldens, lung):
    cohort = _cohort(lung, ["dead1y", "sex", "ph.ecog"])
    table = regress(
        cohort,
        outcome="dead1y",
        positive=1,
        adjust=["sex", Term("ph.ecog", kind="numeric")],
        scale="none",
    ).table
    expected = pd.read_csv(goldens / "expected" / "glm_logit_lung_coef.csv")
    _compare(table, expected, "z value", "Pr(>|z|)")
    assert table["n"].tolist() == [227] * 3


def test_the_log_likelihood_of_a_logistic_fit_equals_glm(goldens, lung):
    numbers = pd.read_csv(goldens / "expected" / "glm_logit_lung_fit.csv").set_index("stat")
    complete = lung.dropna(subset=["ph.ecog"])
    design = np.column_stack([np.ones(227), complete[["age", "sex", "ph.ecog"]]])
    y = complete["dead1y"].to_numpy(float)
    for columns, name in ((4, "deviance"), (1, "null.deviance")):
        likelihood = Likelihood(y, design[:, :columns], is_penalised=False)
        _, value = likelihood.maximise(np.zeros(columns))
        assert -2 * value == pytest.approx(numbers.loc[name, "value"], rel=1e-10)


def test_a_linear_fit_equals_lm(goldens, lung):
    cohort = _cohort(lung, ["log_time", "sex", "ph.karno"])
    adjust = ["sex", "ph.karno"]
    table = regress(cohort, outcome="log_time", kind="linear", adjust=adjust, scale="none").table
    expected = pd.read_csv(goldens / "expected" / "lm_lung_coef.csv")
    _compare(table, expected, "t value", "Pr(>|t|)")


def test_benjamini_hochberg_equals_p_adjust(goldens):
    expected = pd.read_csv(goldens / "expected" / "padjust_30.csv")
    q = benjamini_hochberg(expected["p"])
    np.testing.assert_allclose(q, expected["BH"], atol=1e-12, rtol=0)


def _logistic(lung, **options):
    cohort = _cohort(lung, ["dead1y", "sex", "ph.ecog"])
    adjust = ["sex", Term("ph.ecog", kind="numeric")]
    model = RegressionModel(**options)
    return ns.regress(
        cohort, outcome="dead1y", positive=1, adjust=adjust, scale="none", model=model
    ).table


def _read(goldens, name):
    return pd.read_csv(goldens / "expected" / f"{name}.csv")


def _to_the_end(case, quantity, terms):
    """What R gives where it does not stop early (tests/golden/regression/make.R)."""
    table = pd.read_csv(OWN, keep_default_na=False).set_index(["case", "term", "quantity"])["value"]
    return np.array([float(table.loc[(case, term, quantity)]) for term in terms])


@pytest.mark.parametrize("errors", ["HC0", "HC1", "HC3"])
def test_robust_errors_of_a_logistic_fit_equal_sandwich(goldens, lung, errors):
    expected = _read(goldens, f"glm_logit_lung_{errors}")
    _compare(_logistic(lung, errors=errors), expected, "z value", "Pr(>|z|)")


def test_profile_intervals_of_a_logistic_fit_equal_confint(goldens, lung):
    limits = _logistic(lung, intervals="profile")[["ci_low", "ci_high"]].to_numpy()
    theirs = _read(goldens, "glm_logit_lung_profileCI").iloc[1:, 1:].to_numpy()
    np.testing.assert_allclose(limits, theirs, atol=5e-5, rtol=0)  # confint interpolates
    exact = [_to_the_end("lung_profile", side, ["age", "sex", "ph.ecog"]) for side in SIDES]
    np.testing.assert_allclose(limits, np.transpose(exact), rtol=1e-8)


def _compare_firth(table, expected, estimate_error=1e-8):
    theirs = expected.iloc[1:]
    np.testing.assert_allclose(table["estimate"], theirs["coef"], atol=estimate_error, rtol=0)
    np.testing.assert_allclose(table["std_error"], theirs["se"], atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(table["p_value"], theirs["p"], atol=1e-9, rtol=0)
    limits = table[["ci_low", "ci_high"]]
    np.testing.assert_allclose(limits, theirs[["lower", "upper"]], atol=1e-8, rtol=0)


def test_firths_fit_equals_logistf(goldens, lung):
    _compare_firth(_logistic(lung, firth=True), _read(goldens, "logistf_lung"))


def test_separation_is_fitted_as_logistf_does(goldens):
    table = pd.read_csv(goldens / "inputs" / "separated_logit.csv")
    table.index = [f"p{i}" for i in range(len(table))]
    cohort = Cohort.join(table[["x"]], table[["y"]])
    with pytest.warns(ns.errors.SmallSampleWarning) as caught:
        fitted = ns.regress(cohort, outcome="y", positive=1, scale="none").table
    assert len(caught) == 2  # few rows, and separation
    # logistf stops at scores of 1e-5; its intervals and p-values are roots
    _compare_firth(fitted, _read(goldens, "logistf_separated"), estimate_error=TOLERANCE)


@pytest.mark.parametrize("errors", ["HC0", "HC1", "HC2", "HC3"])
def test_robust_errors_of_a_linear_fit_equal_sandwich(goldens, lung, errors):
    cohort = _cohort(lung, ["log_time", "sex", "ph.karno"])
    table = ns.regress(
        cohort, outcome="log_time", kind="linear", adjust=["sex", "ph.karno"], scale="none",
        model=RegressionModel(errors=errors),
    ).table  # fmt: skip
    _compare(table, _read(goldens, f"lm_lung_{errors}"), "t value", "Pr(>|t|)")


@pytest.mark.filterwarnings("ignore:Robust errors of 18 clusters")
def test_cluster_errors_of_a_linear_fit_equal_vcov_cl(goldens, lung):
    cohort = _cohort(lung, ["log_time", "sex", "ph.karno", "inst"])
    table = ns.regress(
        cohort, outcome="log_time", kind="linear", adjust=["sex", "ph.karno"], scale="none",
        model=RegressionModel(cluster="inst", cluster_errors="CR1"),
    ).table  # fmt: skip
    _compare(table, _read(goldens, "lm_lung_clusterCL"), "t value", "Pr(>|t|)")


@pytest.fixture
def able(lung):
    return lung[lung["ph.ecog"] < 3]


@pytest.mark.filterwarnings("ignore:The effect of 1 score seems to differ")
@pytest.mark.parametrize(
    ("link", "method", "early"),
    [("logit", "logistic", 2e-6), ("probit", "probit", 2e-5), ("cloglog", "cloglog", 1e-5)],
)
def test_an_ordinal_fit_equals_polr(goldens, able, link, method, early):
    model = RegressionModel(order=("0", "1", "2"), link=link)
    table = ns.regress(
        _cohort(able, ["ph.ecog", "sex"]), outcome="ph.ecog", kind="ordinal", adjust=["sex"],
        scale="none", model=model,
    ).table  # fmt: skip
    theirs = _read(goldens, f"polr_lung_{method}").iloc[:2]
    # polr stops early: by how much is seen against the same fits run to the end
    np.testing.assert_allclose(table["estimate"], theirs["Value"], atol=early, rtol=0)
    np.testing.assert_allclose(table["std_error"], theirs["Std. Error"], atol=early, rtol=0)
    for name in ("estimate", "std_error"):
        exact = _to_the_end(f"lung_ordinal_{link}", name, ["age", "sex"])
        np.testing.assert_allclose(table[name], exact, rtol=1e-7)


def test_a_multinomial_fit_equals_multinom(goldens, able):
    table = ns.regress(
        _cohort(able, ["ph.ecog", "sex"]), outcome="ph.ecog", kind="multinomial", adjust=["sex"],
        scale="none", model=RegressionModel(reference="0"),
    ).table  # fmt: skip
    theirs = _read(goldens, "multinom_lung")
    pairs = (("estimate", ["age", "sex"]), ("std_error", ["se.age", "se.sex"]))
    for name, columns in pairs:  # multinom stops early, as polr does
        np.testing.assert_allclose(table[name], theirs[columns].to_numpy().ravel(), atol=5e-6)
        exact = _to_the_end("lung_multinomial", name, ["1:age", "1:sex", "2:age", "2:sex"])
        np.testing.assert_allclose(table[name], exact, rtol=3e-6)  # of an estimate of 0.002


@pytest.fixture
def gbsg(goldens):
    table = pd.read_csv(goldens / "inputs" / "surv_gbsg.csv")
    return table.set_axis([f"p{i}" for i in range(len(table))])


def _counts(gbsg, kind):
    return ns.regress(
        _cohort(gbsg, ["nodes", "size", "grade"]), outcome="nodes", kind=kind,
        adjust=["size", Term("grade", kind="numeric")], scale="none",
    ).table  # fmt: skip


def test_a_poisson_fit_equals_glm_and_reports_overdispersion(goldens, gbsg):
    with pytest.warns(ns.errors.AssumptionWarning, match=r"Dispersion up to 4\.76"):
        table = _counts(gbsg, "poisson")
    expected = _read(goldens, "glm_poisson_gbsg")
    _compare(table, expected, "z value", "Pr(>|z|)", p_rtol=2e-4)  # z of 20: p turns with it


def test_a_negative_binomial_fit_equals_glm_nb(goldens, gbsg):
    table = _counts(gbsg, "negative_binomial")
    expected = _read(goldens, "glmnb_gbsg")
    _compare(table, expected, "z value", "Pr(>|z|)")
    assert table["theta"].iloc[0] == pytest.approx(expected["theta"].iloc[0], abs=TOLERANCE)
    theta_error = expected["se.theta"].iloc[0]
    assert table["theta_std_error"].iloc[0] == pytest.approx(theta_error, abs=TOLERANCE)


def _visits(goldens, **options):
    table = pd.read_csv(goldens / "inputs" / "surv_pbcseq.csv", dtype={"id": str})
    table = table.set_axis([f"v{i}" for i in range(len(table))])
    table["log_bili"], years = np.log(table["bili"]), table[["day"]] / 365.25
    cohort = Cohort.join(years.rename(columns={"day": "YEAR"}), table[["log_bili", "sex", "id"]])
    return ns.regress(
        cohort, outcome="log_bili", kind="mixed", adjust=[Term("sex", reference="m")],
        scale="none", model=RegressionModel(group="id", **options),
    ).table  # fmt: skip


@pytest.mark.parametrize(("estimation", "name"), [("REML", "TRUE"), ("ML", "FALSE")])
def test_a_mixed_model_equals_lmer(goldens, estimation, name):
    table = _visits(goldens, estimation=estimation)
    expected = _read(goldens, f"lmer_pbcseq_intercept_REML{name}")
    theirs = expected.iloc[1:]
    np.testing.assert_allclose(table["estimate"], theirs["Estimate"], atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(table["std_error"], theirs["Std. Error"], atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(table["statistic"], theirs["t value"], rtol=1e-5)
    assert table["sd_group"].iloc[0] == pytest.approx(expected["sd_id"].iloc[0], abs=TOLERANCE)
    assert table["sd_residual"].iloc[0] == pytest.approx(expected["sigma"].iloc[0], abs=TOLERANCE)
    assert table["n_groups"].iloc[0] == 312


def test_a_random_slope_equals_lmer(goldens):
    table = _visits(goldens, slope="score")
    theirs = _read(goldens, "lmer_pbcseq_slope_fixed").iloc[1:]
    # lmer stops early: by how much is seen against the same fit with a tighter search
    np.testing.assert_allclose(table["estimate"], theirs["Estimate"], atol=5e-6, rtol=0)
    np.testing.assert_allclose(table["std_error"], theirs["Std. Error"], atol=TOLERANCE, rtol=0)
    for name in ("estimate", "std_error"):
        exact = _to_the_end("pbcseq_slope", name, ["yr", "sexf"])
        np.testing.assert_allclose(table[name], exact, rtol=1e-6)
    names = ["sd_group", "sd_slope", "cor_slope", "sd_residual"]
    exact = [_to_the_end("pbcseq_slope", name, ["yr"])[0] for name in names]
    found = table.iloc[0][names].to_numpy(dtype=float)
    np.testing.assert_allclose(found, exact, rtol=5e-6)
    rough = _read(goldens, "lmer_pbcseq_slope_varcorr")["sdcor"]
    np.testing.assert_allclose(found, rough, atol=2e-5, rtol=0)


def test_rank_tests_equal_wilcox_test_and_kruskal_test(goldens, lung):
    expected = _read(goldens, "ranktests_lung").set_index("test")
    cohort = _cohort(lung, ["sex", "ph.ecog"])
    row = ns.compare_groups(cohort, by="sex").table.iloc[0]
    n_pairs = (lung["sex"] == 1).sum() * (lung["sex"] == 2).sum()
    # R counts the pairs that the first group wins
    assert n_pairs - row["statistic"] == expected.loc["wilcoxon_corrected", "stat"]
    p_value = expected.loc["wilcoxon_corrected", "p"]
    assert row["p_value"] == pytest.approx(p_value, rel=1e-10)
    several = _cohort(lung[lung["ph.ecog"] < 3], ["ph.ecog"])
    assert ns.compare_groups(several, by="ph.ecog").table["df"].tolist() == [2.0]


def test_a_group_of_one_is_refused_where_r_goes_on(goldens, lung):
    cohort = _cohort(lung, ["ph.ecog"])  # one patient has 3; kruskal.test takes him for a group
    with pytest.raises(ns.errors.ClinicalError, match="a group with fewer than 2 rows: '3'"):
        ns.compare_groups(cohort, by="ph.ecog")
    groups = [g["age"].to_numpy(float) for _, g in lung.groupby("ph.ecog")]
    expected = _read(goldens, "ranktests_lung").set_index("test").loc["kruskal"]
    test = kruskal_wallis(groups)
    assert test.statistic == pytest.approx(expected["stat"], rel=1e-12)
    assert test.p_value == pytest.approx(expected["p"], rel=1e-10)


def test_the_interval_of_a_rank_biserial_correlation_equals_proc(goldens, lung):
    expected = _read(goldens, "pROC_lung").iloc[0]  # age as a marker of dead1y, DeLong
    row = ns.compare_groups(_cohort(lung, ["dead1y"]), by="dead1y").table.iloc[0]
    assert row["effect"] == pytest.approx(2 * expected["auc"] - 1, abs=1e-12)
    assert row["effect_low"] == pytest.approx(2 * expected["lo"] - 1, abs=1e-12)
    assert row["effect_high"] == pytest.approx(2 * expected["hi"] - 1, abs=1e-12)


@pytest.mark.filterwarnings("ignore:14 of 228 rows have no 'wt.loss'")
@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_correlations_equal_cor_test(goldens, lung, method):
    expected = _read(goldens, "cortest_lung_age_wtloss").set_index("method").loc[method]
    cohort = _cohort(lung, ["wt.loss"])
    row = ns.correlate(cohort, with_="wt.loss", method=method).table.iloc[0]
    assert row["estimate"] == pytest.approx(expected["est"], rel=1e-12)
    assert row["p_value"] == pytest.approx(expected["p"], rel=1e-10)
