"""Regressions, group comparisons and correlations against R, run by tests/golden/regression/make.R.

The table names the case, term and quantity; the script has the calls and versions.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig import RegressionModel

FOLDER = Path(__file__).parent / "regression"
TIGHT = 1e-7  # both sides run their iterations to the end; sums differ in the last digits
CR1 = {"cluster": "centre", "cluster_errors": "CR1"}
SEARCHED = 2e-6  # lme4 and glm.nb stop where the likelihood hardly changes any more


@pytest.fixture(scope="module")
def expected():
    table = pd.read_csv(FOLDER / "expected.csv", keep_default_na=False)
    table = table[table["term"] != "(Intercept)"]
    return table.set_index(["case", "term", "quantity"])["value"].astype(float).sort_index()


@pytest.fixture(scope="module")
def data():
    table = pd.read_csv(FOLDER / "data.csv", dtype={"donor": str})
    return table.set_axis([f"r{i}" for i in range(len(table))])


def cohort_of(data, *columns):
    clinical = data[list(columns)]
    return ns.Cohort.join(data[["x"]].rename(columns={"x": "X"}), clinical, name="made")


def compare(expected, case, table, *, quantity="estimate", rtol=TIGHT):
    """Every term of the case that R gave the quantity of."""
    theirs = expected.loc[case].xs(quantity, level="quantity")
    ours = table.assign(term=table["term"].replace({"score": "x", "w[b]": "wb", "w[c]": "wc"}))
    if "level" in table:
        ours["term"] = ours["level"] + ":" + ours["term"]
    ours = ours.set_index("term")[quantity]
    assert len(theirs.index) > 0
    assert len(theirs.index.difference(ours.index)) == 0
    np.testing.assert_allclose(ours[theirs.index], theirs, rtol=rtol, atol=1e-10)


def of_score(table, name):
    return float(table.loc[table["term"] == "score", name].iloc[0])


def logistic(data, outcome="yes", model=None, adjust=("z", "w")):
    return ns.regress(
        cohort_of(data, outcome, "centre", *adjust),
        outcome=outcome,
        positive=1,
        adjust=adjust,
        scale="none",
        model=model or RegressionModel(),
    ).table


def test_a_logistic_fit_and_its_likelihood_ratio_equal_glm(data, expected):
    table = logistic(data)
    compare(expected, "logistic", table)
    compare(expected, "logistic", table, quantity="std_error")
    assert of_score(table, "p_lr") == pytest.approx(expected["logistic", "x", "p_lr"], rel=1e-9)


@pytest.mark.parametrize("errors", ["HC0", "HC1", "HC2", "HC3"])
def test_robust_errors_of_logistic_and_linear_models_equal_sandwich(data, expected, errors):
    model = RegressionModel(errors=errors)
    table = logistic(data, model=model)
    compare(expected, f"logistic_{errors}", table, quantity="std_error")
    assert "p_lr" not in table
    linear = ns.regress(
        cohort_of(data, "number", "z", "w"), outcome="number", kind="linear", adjust=["z", "w"],
        scale="none", model=model,
    ).table  # fmt: skip
    compare(expected, f"linear_{errors}", linear)
    compare(expected, f"linear_{errors}", linear, quantity="std_error")


def test_cluster_errors_equal_sandwich(data, expected):
    model = RegressionModel(**CR1)
    table = logistic(data, model=model)
    compare(expected, "logistic_cluster", table, quantity="std_error")
    assert table["model"].unique().tolist() == ["logistic regression, CR1 errors by centre"]
    linear = ns.regress(
        cohort_of(data, "number", "z", "w", "centre"), outcome="number", kind="linear",
        adjust=["z", "w"], scale="none", model=model,
    ).table  # fmt: skip
    compare(expected, "linear_cluster", linear, quantity="std_error")


def test_bias_reduced_errors_of_clusters_equal_club_sandwich(data, expected):
    model = RegressionModel(cluster="centre")
    tables = {
        "logistic_CR2": logistic(data, model=model),
        "linear_CR2": ns.regress(
            cohort_of(data, "number", "z", "w", "centre"), outcome="number", kind="linear",
            adjust=["z", "w"], scale="none", model=model,
        ).table,
        # a covariate that is one number within each cluster
        "linear_CR2_donor": ns.regress(
            cohort_of(data, "number", "z", "site", "donor"), outcome="number", kind="linear",
            adjust=["z", "site"], scale="none", model=RegressionModel(cluster="donor"),
        ).table,
        "poisson_CR2": counts(data, "poisson", cluster="centre"),
    }  # fmt: skip
    for case, table in tables.items():
        for quantity in ("estimate", "std_error", "df"):
            compare(expected, case, table, quantity=quantity)
        compare(expected, case, table, quantity="p_value", rtol=1e-6)  # t is raised to its df
        assert "CR2 errors by" in table["model"][0]


def test_jackknife_errors_of_clusters_equal_loops_over_r(data, expected):
    jackknife = {"cluster": "centre", "cluster_errors": "jackknife"}
    order = ("low", "mid", "high", "top")
    options = {
        "linear": {"outcome": "number", "model": RegressionModel(**jackknife)},
        "logistic": {"outcome": "yes", "positive": 1, "model": RegressionModel(**jackknife)},
        "poisson": {"outcome": "count", "model": RegressionModel(exposure="area", **jackknife)},
        # the default of these three
        "negative_binomial": {
            "outcome": "count",
            "model": RegressionModel(exposure="area", cluster="centre"),
        },
        "ordinal": {"outcome": "grade", "model": RegressionModel(order=order, cluster="centre")},
        "multinomial": {
            "outcome": "type",
            "model": RegressionModel(reference="B", cluster="centre"),
        },
    }
    for kind, of_kind in options.items():
        cohort = cohort_of(data, of_kind["outcome"], "area", "z", "centre")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ns.errors.AssumptionWarning)
            found = ns.regress(cohort, kind=kind, adjust=["z"], scale="none", **of_kind).table
        for quantity in ("estimate", "std_error", "df"):
            compare(expected, f"{kind}_jackknife", found, quantity=quantity, rtol=1e-6)
        compare(expected, f"{kind}_jackknife", found, quantity="p_value", rtol=1e-6)
        assert "jackknife errors by centre" in found["model"][0]


def test_profile_intervals_are_where_the_deviance_of_glm_has_grown_by_the_quantile(data, expected):
    table = logistic(data, model=RegressionModel(intervals="profile"))
    compare(expected, "logistic_profile", table, quantity="ci_low")
    compare(expected, "logistic_profile", table, quantity="ci_high")
    np.testing.assert_allclose(np.exp(table["ci_low"]), table["effect_low"], rtol=1e-12)


@pytest.mark.filterwarnings("ignore:Maximum-likelihood:neurosig.errors.SmallSampleWarning")
def test_a_covariate_that_separates_leaves_the_limits_of_the_others(data, expected):
    table = logistic(data, "all_in_c").set_index("term", drop=False)
    assert table["status"].to_dict() == {
        "score": "ok", "z": "ok", "w[b]": "ok", "w[c]": "separation",
    }  # fmt: skip
    kept = table[table["status"] == "ok"]
    compare(expected, "logistic_limit", kept)
    compare(expected, "logistic_limit", kept, quantity="std_error")
    assert kept["p_lr"].iloc[0] == pytest.approx(expected["logistic_limit", "x", "p_lr"], rel=1e-9)
    robust = logistic(data, "all_in_c", RegressionModel(errors="HC0"))
    compare(expected, "logistic_limit_HC0", robust, quantity="std_error")


def test_firths_estimates_under_separation_equal_brglm2(data, expected):
    with pytest.warns(ns.errors.SmallSampleWarning, match="separate the levels"):
        table = logistic(data, "cut", adjust=("z",))
    compare(expected, "logistic_firth_brglm2", table, rtol=1e-6)  # brglm2 stops at 1e-12 of scores


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_an_ordinal_fit_and_its_tests_equal_clm(data, expected, link):
    order = ("low", "mid", "high", "top")
    table = ns.regress(
        cohort_of(data, "grade", "z"), outcome="grade", kind="ordinal", adjust=["z"],
        scale="none", model=RegressionModel(order=order, link=link),
    ).table  # fmt: skip
    case = f"ordinal_{link}"
    compare(expected, case, table)
    compare(expected, case, table, quantity="std_error")
    compare(expected, case, table, quantity="p_proportional", rtol=1e-5)  # clm's default stop
    assert of_score(table, "p_lr") == pytest.approx(expected[case, "x", "p_lr"], rel=1e-6)


def test_robust_and_cluster_errors_of_an_ordinal_fit_equal_sandwich(data, expected):
    for name, options in (("HC0", {"errors": "HC0"}), ("cluster", CR1)):
        model = RegressionModel(order=("low", "mid", "high", "top"), **options)
        table = ns.regress(
            cohort_of(data, "grade", "z", "centre"), outcome="grade", kind="ordinal", adjust=["z"],
            scale="none", model=model,
        ).table  # fmt: skip
        # polr, whose scores these are, still stops a little early
        compare(expected, f"ordinal_{name}", table, quantity="std_error", rtol=1e-6)


def test_a_multinomial_fit_equals_multinom(data, expected):
    def fit(**options):
        return ns.regress(
            cohort_of(data, "type", "z", "centre"), outcome="type", kind="multinomial",
            adjust=["z"], scale="none", model=RegressionModel(reference="B", **options),
        ).table  # fmt: skip

    table = fit()
    assert table["level"].tolist() == ["A", "A", "C", "C"]
    compare(expected, "multinomial", table, rtol=1e-6)  # multinom stops by its own rule
    compare(expected, "multinomial", table, quantity="std_error", rtol=1e-6)
    p_lr = table.loc[table["term"] == "score", "p_lr"].to_numpy()
    np.testing.assert_allclose(p_lr, [expected["multinomial", "x", "p_lr"]] * 2, rtol=1e-9)
    for name, options in (("HC0", {"errors": "HC0"}), ("cluster", CR1)):
        compare(expected, f"multinomial_{name}", fit(**options), quantity="std_error", rtol=1e-6)


def counts(data, kind, **options):
    return ns.regress(
        cohort_of(data, "count", "area", "z", "centre"), outcome="count", kind=kind, adjust=["z"],
        scale="none", model=RegressionModel(exposure="area", **options),
    ).table  # fmt: skip


@pytest.mark.filterwarnings("ignore:The counts vary:neurosig.errors.AssumptionWarning")
def test_a_poisson_fit_per_exposure_equals_glm(data, expected):
    table = counts(data, "poisson")
    compare(expected, "poisson", table)
    compare(expected, "poisson", table, quantity="std_error")
    for quantity in ("dispersion", "p_lr"):
        assert of_score(table, quantity) == pytest.approx(expected["poisson", "x", quantity], 1e-8)
    for errors in ("HC0", "HC1", "HC2", "HC3"):
        robust = counts(data, "poisson", errors=errors)
        compare(expected, f"poisson_{errors}", robust, quantity="std_error")
    clustered = counts(data, "poisson", **CR1)
    compare(expected, "poisson_cluster", clustered, quantity="std_error")


def test_a_negative_binomial_fit_per_exposure_equals_glm_nb(data, expected):
    table = counts(data, "negative_binomial")
    compare(expected, "negative_binomial", table, rtol=SEARCHED)
    compare(expected, "negative_binomial", table, quantity="std_error", rtol=SEARCHED)
    for quantity in ("theta", "theta_std_error", "p_lr"):
        theirs = expected["negative_binomial", "x", quantity]
        assert of_score(table, quantity) == pytest.approx(theirs, rel=SEARCHED)
    for name, options in (("HC0", {"errors": "HC0"}), ("cluster", CR1)):
        robust = counts(data, "negative_binomial", **options)
        case = f"negative_binomial_{name}"
        compare(expected, case, robust, quantity="std_error", rtol=SEARCHED)


def mixed(data, adjust, **options):
    return ns.regress(
        cohort_of(data, "number", "z", "site", "donor"), outcome="number", kind="mixed",
        adjust=adjust, scale="none", model=RegressionModel(group="donor", **options),
    ).table  # fmt: skip


@pytest.mark.parametrize("estimation", ["REML", "ML"])
def test_a_mixed_model_equals_lmer(data, expected, estimation):
    table = mixed(data, ["z", "site"], estimation=estimation)
    case = f"mixed_{estimation}"
    compare(expected, case, table, rtol=SEARCHED)
    compare(expected, case, table, quantity="std_error", rtol=SEARCHED)
    for quantity in ("sd_group", "sd_residual"):
        theirs = expected[case, "x", quantity]
        assert of_score(table, quantity) == pytest.approx(theirs, rel=SEARCHED)
    p_lr = expected["mixed_REML", "x", "p_lr"]
    assert of_score(table, "p_lr") == pytest.approx(p_lr, rel=1e-5)


def test_degrees_of_freedom_and_t_tests_of_a_mixed_model_equal_nlme(data, expected):
    table = mixed(data, ["z", "site"])
    compare(expected, "mixed_nlme", table, quantity="df", rtol=0)
    compare(expected, "mixed_nlme", table, quantity="p_value", rtol=1e-5)


def test_a_random_slope_equals_lmer(data, expected):
    table = mixed(data, ["z"], slope="score")
    compare(expected, "mixed_slope", table, rtol=SEARCHED)
    compare(expected, "mixed_slope", table, quantity="std_error", rtol=SEARCHED)
    for quantity in ("sd_group", "sd_slope", "cor_slope", "sd_residual"):
        theirs = expected["mixed_slope", "x", quantity]
        assert of_score(table, quantity) == pytest.approx(theirs, rel=1e-5)


def groups(data, outcome, rows=slice(None)):
    part = data[data["w"] != "c"].iloc[rows]
    scores = part[[outcome]].rename(columns={outcome: "X"})
    return ns.compare_groups(ns.Cohort.join(scores, part[["w"]]), by="w").table.iloc[0]


@pytest.mark.parametrize(
    ("case", "outcome", "rows"),
    [
        ("wilcoxon", "number", slice(None)),
        ("wilcoxon_ties", "tied", slice(None)),
        ("wilcoxon_exact", "number", [*range(9), *range(39, 49)]),
    ],
)
def test_two_groups_equal_wilcox_test(data, expected, case, outcome, rows):
    row = groups(data, outcome, rows)
    assert row["statistic"] == expected[case, "x", "statistic"]
    assert row["p_value"] == pytest.approx(expected[case, "x", "p_value"], rel=1e-12)
    for name in ("ci_low", "ci_high"):  # R looks for them by a root of 1e-12
        assert row[name] == pytest.approx(expected[case, "x", name], abs=1e-11)
    assert row["estimate"] == pytest.approx(expected[case, "x", "shift"], abs=1e-14)
    assert row["effect"] == pytest.approx(expected[case, "x", "biserial"], abs=1e-14)
    assert row["model"].endswith("exact" if case == "wilcoxon_exact" else "normal")


@pytest.mark.parametrize("pair", ["ab", "ac", "bc"])
def test_intervals_of_shifts_equal_those_of_wilcox_test_in_groups_of_many_sizes(
    data, expected, pair
):
    for n in (160, 130, 100, 70):
        part = data.iloc[:n]
        part = part[part["w"].isin(list(pair))]
        cohort = ns.Cohort.join(part[["fine"]].rename(columns={"fine": "X"}), part[["w"]])
        row = ns.compare_groups(cohort, by="w").table.iloc[0]
        case = f"wilcoxon_fine_{pair[0]}_{pair[1]}_{n}"
        for name in ("ci_low", "ci_high"):
            assert row[name] == pytest.approx(expected[case, "x", name], abs=1e-10)


@pytest.mark.parametrize("outcome", ["number", "tied"])
def test_three_groups_equal_kruskal_test_and_rstatix(data, expected, outcome):
    scores = data[[outcome]].rename(columns={outcome: "X"})
    row = ns.compare_groups(ns.Cohort.join(scores, data[["w"]]), by="w").table.iloc[0]
    case = f"kruskal_{outcome}"
    assert row["statistic"] == pytest.approx(expected[case, "x", "statistic"], rel=1e-12)
    assert row["p_value"] == pytest.approx(expected[case, "x", "p_value"], rel=1e-12)
    assert row["effect"] == pytest.approx(expected[case, "x", "epsilon2"], rel=1e-12)
    # rstatix gives eta squared, (H - k + 1) / (n - k)
    eta2 = (row["effect"] * (row["n"] - 1) - row["df"]) / (row["n"] - 3)
    assert eta2 == pytest.approx(expected[case, "x", "eta2"], rel=1e-10)


@pytest.mark.parametrize(
    ("case", "column", "method", "given"),
    [
        ("pearson", "number", "pearson", ()),
        ("spearman", "tied", "spearman", ()),
        ("kendall", "tied", "kendall", ()),
        ("pearson_partial", "number", "pearson", ("z", "area")),
        ("pearson_partial_factor", "number", "pearson", ("z", "w")),
        ("spearman_partial", "tied", "spearman", ("z", "area")),
    ],
)
def test_correlations_equal_cor_test_and_residuals_of_lm(
    data, expected, case, column, method, given
):
    cohort = cohort_of(data, column, *given)
    row = ns.correlate(cohort, with_=column, method=method, given=given).table.iloc[0]
    for name in expected.loc[case, "x"].index:
        assert row[name] == pytest.approx(expected[case, "x", name], rel=1e-10)
