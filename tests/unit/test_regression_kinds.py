"""Kinds of regression besides logistic and linear, the options of all, and what is refused."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from neurosig.errors import (
    AssumptionWarning,
    ClinicalError,
    ClinicalWarning,
    EndpointError,
    FitError,
    ParameterError,
    SmallSampleWarning,
    TooFewEventsError,
)
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.design import Term
from neurosig.outcomes.regression.mixed_likelihood import MixedLikelihood
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.verb import regress

ORDER = ("low", "mid", "high")
LEVELS = {"ordinal": {"order": ORDER}, "multinomial": {"reference": "mid"}}


def make_cohort(n=120, seed=3, signatures=("NGF", "SCHWANN"), **columns):
    rng = np.random.default_rng(seed)
    ngf = rng.normal(size=n)
    latent = 0.8 * ngf + rng.logistic(size=n)
    centre = np.repeat([f"c{i}" for i in range(n // 6)], 6)
    data = pd.DataFrame(
        {
            "grade": np.array(ORDER)[np.digitize(latent, [-0.7, 0.7])],
            "pni": np.where(latent > 0, "yes", "no"),
            "nerves": rng.poisson(np.exp(0.5 + 0.3 * ngf)),
            "area": rng.uniform(1, 3, n),
            "pain": ngf + np.repeat(rng.normal(size=n // 6), 6) + rng.normal(size=n),
            "age": rng.normal(60, 8, n),
            "centre": centre,
            "NGF": 3 * ngf,
            "SCHWANN": rng.normal(size=n),
        },
        index=[f"p{i}" for i in range(n)],
    ).assign(**columns)
    return Cohort(name="pdac", data=data, signatures=signatures)


def fit(
    cohort, outcome, kind, *, adjust=(), scale="sd", positive=None, allow_loss=False, **options
):
    return regress(
        cohort, outcome=outcome, kind=kind, adjust=adjust, scale=scale, positive=positive,
        model=RegressionModel(**options), allow_loss=allow_loss,
    )  # fmt: skip


# options


@pytest.mark.parametrize(
    "options",
    [
        {"cluster": "centre", "errors": "HC1"},
        {"intervals": "profile", "errors": "HC0"},
        {"intervals": "profile", "cluster": "centre"},
        {"firth": True, "errors": "HC3"},
        {"firth": True, "cluster": "centre"},
        {"exposure": "area", "offset": "age"},
        {"slope": "score"},
    ],
)
def test_options_that_contradict_each_other_are_refused(options):
    with pytest.raises(ParameterError, match=r"exclude each other|needs the groups"):
        RegressionModel(**options)


@pytest.mark.parametrize(
    ("kind", "options", "takers"),
    [
        ("linear", {"link": "probit"}, "ordinal"),
        ("linear", {"firth": True}, "logistic"),
        ("logistic", {"order": ORDER}, "ordinal"),
        ("logistic", {"group": "centre"}, "mixed"),
        ("mixed", {"group": "centre", "errors": "HC0"}, "linear, logistic"),
        ("ordinal", {"order": ORDER, "exposure": "area"}, "negative_binomial, poisson"),
    ],
)
def test_options_of_another_kind_are_refused_not_ignored(kind, options, takers):
    with pytest.raises(ParameterError, match=f"A {kind} model has no .*{takers}"):
        fit(make_cohort(), "pain", kind, **options)


@pytest.mark.parametrize("kind", ["ordinal", "multinomial", "negative_binomial"])
def test_errors_that_a_kind_does_not_have_are_refused(kind):
    with pytest.raises(ParameterError, match=r"has no HC3 errors.*classical, HC0"):
        fit(make_cohort(), "grade", kind, errors="HC3", **LEVELS.get(kind, {}))


@pytest.mark.parametrize("kind", ["ordinal", "multinomial", "poisson", "mixed"])
def test_a_positive_level_belongs_to_logistic_models(kind):
    with pytest.raises(ParameterError, match=f"A {kind} model has no positive level"):
        fit(make_cohort(), "grade", kind, positive="high")


# ordinal


def test_a_proportional_odds_model_of_three_groups_equals_statsmodels():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    cohort = make_cohort()
    data = cohort.data
    z = np.column_stack([data["NGF"] / data["NGF"].std(ddof=1), (data["age"] - 60) / 10])
    y = pd.Series(pd.Categorical(data["grade"], ORDER, ordered=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = OrderedModel(y, z, distr="logit").fit(method="bfgs", gtol=1e-8, disp=0)
    table = fit(cohort, "grade", "ordinal", adjust=["age"], order=ORDER).table.iloc[:2]
    # statsmodels' derivatives are numerical
    unit = np.array([1, 10])
    np.testing.assert_allclose(table["estimate"] * unit, oracle.params[:2], atol=2e-5)
    np.testing.assert_allclose(table["std_error"] * unit, oracle.bse[:2], rtol=1e-3)
    assert table["effect_scale"].tolist() == ["OR per SD", "OR per unit"]
    assert table["endpoint"].iloc[0] == "grade: low < mid < high"
    assert table["model"].iloc[0] == "ordinal regression (proportional odds)"
    n = data["grade"].value_counts()
    effective = int(120 - (n**3).sum() / 120**2)
    assert table["events_per_param"].iloc[0] == effective / 2
    assert table["n_events"].iloc[0] == 120 - n["low"]


def test_turning_the_order_turns_the_sign():
    up = fit(make_cohort(), "grade", "ordinal", order=ORDER).table
    down = fit(make_cohort(), "grade", "ordinal", order=ORDER[::-1]).table
    np.testing.assert_allclose(up["estimate"], -down["estimate"], rtol=1e-8)
    np.testing.assert_allclose(up["p_proportional"], down["p_proportional"], rtol=1e-6)


def test_the_order_of_the_levels_is_stated_or_refused():
    with pytest.raises(ClinicalError, match=r"not stated.*'high'.*order=.*lowest"):
        fit(make_cohort(), "grade", "ordinal")
    with pytest.raises(ClinicalError, match="lacks 'high'"):
        fit(make_cohort(), "grade", "ordinal", order=("low", "mid"))
    with pytest.raises(ClinicalError, match="'hihg' is not a level of 'grade'"):
        fit(make_cohort(), "grade", "ordinal", order=("low", "mid", "hihg"))
    with pytest.raises(ClinicalError, match="names a level twice"):
        fit(make_cohort(), "grade", "ordinal", order=(*ORDER, "low"))
    with pytest.raises(ClinicalError, match=r"2 levels.*needs 3 or more"):
        fit(make_cohort(), "pni", "ordinal", order=("no", "yes"))


def test_an_effect_that_differs_between_thresholds_is_warned_of():
    rng = np.random.default_rng(5)
    ngf = rng.normal(size=400)
    odd = np.where(np.abs(ngf) > 0.8, "mid", np.where(rng.random(400) < 0.5, "low", "high"))
    odd[:20] = np.resize(ORDER, 20)
    data = pd.DataFrame({"NGF": ngf, "grade": odd}, index=[f"p{i}" for i in range(400)])
    data.loc[data["NGF"] > 1.5, "grade"] = "high"  # away from the first threshold only
    data.loc[data["NGF"] < -0.8, "grade"] = "mid"
    cohort = Cohort(name="odd", data=data, signatures=("NGF",))
    with pytest.warns(AssumptionWarning, match="1 score seems to differ between thresholds"):
        table = fit(cohort, "grade", "ordinal", order=ORDER).table
    assert table["p_proportional"].iloc[0] < 0.05


# multinomial


def test_a_multinomial_model_has_a_row_per_level_and_one_test_over_them():
    with pytest.warns(SmallSampleWarning, match="2 fits of 2 below 10"):
        table = fit(make_cohort(), "grade", "multinomial", adjust=["age"], reference="mid").table
    first = table[table["signature"] == "NGF"]
    assert first["level"].tolist() == ["high", "high", "low", "low"]
    assert first["term"].tolist() == ["score", "age"] * 2
    assert first["n_params"].tolist() == [4] * 4
    assert first["p_lr"].notna().tolist() == [True, False] * 2
    assert table["family"].iloc[0] == "4 score rows of pdac, grade vs mid"
    n = make_cohort().data["grade"].value_counts()
    assert first["events_per_param"].iloc[0] == n.min() / 4
    assert first["n_events"].iloc[0] == 120 - n["mid"]


def test_a_multinomial_model_of_a_binary_score_equals_the_odds_ratios_of_its_table():
    x = np.repeat([0.0, 1.0], 45)
    y = np.repeat(["a", "b", "c", "a", "b", "c"], [15, 20, 10, 10, 5, 30])
    data = pd.DataFrame({"X": x, "type": y}, index=[f"p{i}" for i in range(90)])
    cohort = Cohort(name="tiny", data=data, signatures=("X",))
    table = fit(cohort, "type", "multinomial", scale="none", reference="a").table
    np.testing.assert_allclose(table["effect"], [5 / 10 / (20 / 15), 30 / 10 / (10 / 15)])
    variances = [1 / 15 + 1 / 20 + 1 / 10 + 1 / 5, 1 / 15 + 1 / 10 + 1 / 10 + 1 / 30]
    np.testing.assert_allclose(table["std_error"], np.sqrt(variances), rtol=1e-8)
    seen, expected = np.array([15, 20, 10, 10, 5, 30]), np.array([12.5, 12.5, 20] * 2)
    log_ratio = (seen * np.log(seen / expected)).sum()
    assert table["p_lr"].iloc[0] == pytest.approx(stats.chi2.sf(2 * log_ratio, 2), rel=1e-8)


def test_the_reference_of_a_multinomial_outcome_is_stated_or_refused():
    with pytest.raises(ClinicalError, match=r"not said which level.*reference="):
        fit(make_cohort(), "grade", "multinomial")
    with pytest.raises(ClinicalError, match="'none' is not a level of 'grade'"):
        fit(make_cohort(), "grade", "multinomial", reference="none")
    rare = np.resize(["low", "mid"], 120).astype(object)
    rare[0] = "high"
    with pytest.raises(TooFewEventsError, match=r"'high' of 'grade'.*1 row for 2 parameters"):
        fit(make_cohort(grade=rare), "grade", "multinomial", adjust=["age"], reference="low")


@pytest.mark.parametrize("kind", ["ordinal", "multinomial"])
def test_separated_levels_have_a_status_and_no_estimate(kind):
    ngf = make_cohort().data["NGF"]
    grade = np.array(ORDER)[np.digitize(ngf, [-1, 1])]
    cohort = make_cohort(grade=grade)
    with pytest.warns(SmallSampleWarning, match="1 signature: 'NGF'"):
        table = fit(cohort, "grade", kind, **LEVELS[kind]).table
    found = table.groupby("signature")["status"].unique().map(list).to_dict()
    assert found == {"NGF": ["separation"], "SCHWANN": ["ok"]}
    assert table.loc[table["signature"] == "NGF", ["estimate", "p_value"]].isna().all(axis=None)


# counts


def test_a_rate_ratio_of_two_groups_is_that_of_their_rates():
    x, area = np.repeat([0.0, 1.0], 20), np.tile([1.0, 3.0], 20)
    counts = np.r_[np.resize([1, 2, 4, 7], 20), np.resize([2, 9, 5, 14], 20)]
    data = pd.DataFrame({"X": x, "n": counts, "area": area}, index=[f"p{i}" for i in range(40)])
    cohort = Cohort(name="tiny", data=data, signatures=("X",))
    row = fit(cohort, "n", "poisson", scale="none", exposure="area").table.iloc[0]
    # totals of 70 and 150 over areas of 40 each
    assert row["effect"] == pytest.approx(150 / 70, rel=1e-10)
    assert row["std_error"] == pytest.approx(np.sqrt(1 / 70 + 1 / 150), rel=1e-10)
    assert row["n_events"] == 220
    assert row["events_per_param"] == 40  # no more than rows
    assert row["model"] == "Poisson regression, per area"
    same = fit(
        Cohort("tiny", data.assign(log_area=np.log(area)), ("X",)), "n", "poisson",
        scale="none", offset="log_area",
    ).table.iloc[0]  # fmt: skip
    assert same["estimate"] == pytest.approx(row["estimate"], rel=1e-12)


def test_overdispersion_is_reported_and_warned_of():
    rng = np.random.default_rng(0)
    counts = rng.negative_binomial(1, 0.2, 120)
    with pytest.warns(AssumptionWarning, match="vary more than a Poisson model allows"):
        table = fit(make_cohort(nerves=counts), "nerves", "poisson").table
    assert (table["dispersion"] > 1.5).all()
    robust = fit(make_cohort(nerves=counts), "nerves", "poisson", errors="HC3").table
    assert (robust["std_error"] > table["std_error"]).all()


def test_counts_without_overdispersion_are_the_poisson_limit_of_a_negative_binomial():
    even = np.resize([2, 3, 4, 3], 120)  # variance below the mean
    poisson = fit(make_cohort(nerves=even), "nerves", "poisson").table
    table = fit(make_cohort(nerves=even), "nerves", "negative_binomial").table
    assert np.isinf(table["theta"]).all()
    np.testing.assert_allclose(table["estimate"], poisson["estimate"], rtol=1e-12)
    np.testing.assert_allclose(table["std_error"], poisson["std_error"], rtol=1e-12)
    assert table["message"].str.contains("theta is infinite").all()


@pytest.mark.parametrize("kind", ["poisson", "negative_binomial"])
def test_what_is_no_count_or_no_exposure_is_refused_with_the_rows(kind):
    with pytest.raises(ClinicalError, match=r"does not hold counts.*p0 \(1\.5\)"):
        fit(make_cohort(nerves=[1.5, *[2] * 119]), "nerves", kind)
    with pytest.raises(ClinicalError, match=r"does not hold counts.*p0 \(-1\)"):
        fit(make_cohort(nerves=[-1, *[2] * 119]), "nerves", kind)
    with pytest.raises(ClinicalError, match=r"exposure 'area' cannot be used.*p1 \(0\)"):
        fit(make_cohort(area=[1.0, 0.0, *[2.0] * 118]), "nerves", kind, exposure="area")


@pytest.mark.parametrize("kind", ["poisson", "negative_binomial"])
def test_counts_of_zero_beyond_a_score_have_no_finite_estimate(kind):
    ngf = make_cohort().data["NGF"]
    counts = np.where(ngf == ngf.max(), 5, 0)
    top = np.where(ngf == ngf.max(), 1.0, 0.0)
    cohort = make_cohort(nerves=counts, TOP=top, signatures=("TOP",))
    with pytest.warns(SmallSampleWarning, match="infinite"):
        table = fit(cohort, "nerves", kind).table
    assert table["status"].tolist() == ["separation"]


def test_rows_without_an_exposure_are_lost_and_counted():
    area = np.r_[[np.nan] * 4, np.linspace(1, 2, 116)]
    cohort = make_cohort(area=area)
    result = fit(cohort, "nerves", "negative_binomial", exposure="area")
    assert result.row_flow[["step", "n_lost"]].to_numpy().tolist() == [
        ["nerves known", 0],
        ["exposure known", 4],
    ]
    assert result.table["n"].unique().tolist() == [116]


# mixed


def test_a_balanced_mixed_model_has_the_variances_of_an_analysis_of_variance():
    """REML of a balanced one-way layout: (MSB - MSW) / m between groups, MSW within."""
    groups, size = 8, 5
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(groups), size)
    y = rng.normal(size=groups)[group] * 2 + rng.normal(size=groups * size)
    means = np.array([y[group == g].mean() for g in range(groups)])
    between = size * ((means - y.mean()) ** 2).sum() / (groups - 1)
    within = ((y - means[group]) ** 2).sum() / (groups * (size - 1))
    ones = np.ones((y.size, 1))
    found = MixedLikelihood(y, ones, ones, group, "REML").maximise()
    assert found.variance == pytest.approx(within, rel=1e-7)
    assert found.variance * found.factor[0, 0] ** 2 == pytest.approx(
        (between - within) / size, rel=1e-6
    )
    assert found.estimate[0] == pytest.approx(y.mean(), rel=1e-12)
    assert found.covariance[0, 0] == pytest.approx(between / y.size, rel=1e-6)


@pytest.mark.parametrize("estimation", ["REML", "ML"])
def test_the_gradient_of_a_mixed_likelihood_is_its_derivative(estimation):
    rng = np.random.default_rng(4)
    group, x = rng.integers(0, 9, 60), rng.normal(size=60)
    design = np.column_stack([np.ones(60), x])
    model = MixedLikelihood(rng.normal(size=60), design, design, group, estimation)
    at, step = np.array([0.7, 0.2, 0.4]), 1e-6
    for j, move in enumerate(np.eye(3) * step):
        numeric = (model._loss(at + move)[0] - model._loss(at - move)[0]) / (2 * step)
        assert model._loss(at)[1][j] == pytest.approx(numeric, rel=1e-5)


def test_a_mixed_model_names_its_groups_and_variances():
    result = fit(make_cohort(), "pain", "mixed", adjust=["age"], group="centre")
    row = result.table.iloc[0]
    assert row["model"] == "linear mixed model, REML, intercepts by centre"
    assert row["n_groups"] == 20
    assert row["icc"] == pytest.approx(
        row["sd_group"] ** 2 / (row["sd_group"] ** 2 + row["sd_residual"] ** 2), rel=1e-12
    )
    assert row["df"] == 120 - 20 - 2
    assert any("between groups" in note for note in result.notes)


def test_a_score_that_is_one_per_group_is_tested_with_the_degrees_of_freedom_of_groups():
    per_centre = np.repeat(np.random.default_rng(1).normal(size=20), 6)
    table = fit(make_cohort(NGF=per_centre), "pain", "mixed", group="centre").table
    assert table["df"].tolist() == [20 - 1 - 1, 120 - 20 - 1]
    wide = fit(make_cohort(NGF=per_centre), "pain", "linear").table
    assert table["p_value"].iloc[0] > wide["p_value"].iloc[0]


def test_row_65_one_row_per_group_is_refused():
    alone = [f"c{i}" for i in range(120)]
    with pytest.raises(ClinicalError, match="every group has one row") as caught:
        fit(make_cohort(centre=alone), "pain", "mixed", group="centre")
    assert 'kind="linear"' in str(caught.value)
    assert caught.value.facts["n_groups"] == 120


def test_one_group_no_group_and_an_unknown_slope_are_refused():
    with pytest.raises(ClinicalError, match="there is one group only"):
        fit(make_cohort(centre="c"), "pain", "mixed", group="centre")
    with pytest.raises(ParameterError, match="needs the groups"):
        fit(make_cohort(), "pain", "mixed")
    with pytest.raises(ParameterError, match=r"slope cannot be 'age'.*Add 'age' to adjust"):
        fit(make_cohort(), "pain", "mixed", group="centre", slope="age")
    pairs = np.repeat([f"c{i}" for i in range(60)], 2)
    with pytest.raises(ClinicalError, match="as many as the rows"):
        fit(make_cohort(centre=pairs), "pain", "mixed", group="centre", slope="score")


def test_row_65_groups_without_variance_are_a_singular_fit_that_is_reported():
    flat = make_cohort().data["NGF"] + np.tile([-2.0, -1, 0, 0, 1, 2], 20)
    cohort = make_cohort(pain=flat, signatures=("SCHWANN",))
    flat_means = cohort.data.groupby("centre")["pain"].transform("mean")
    cohort = make_cohort(pain=flat - flat_means, signatures=("SCHWANN",))
    with pytest.warns(AssumptionWarning, match="no variance of their own.*1 fit of 1: 'SCHWANN'"):
        table = fit(cohort, "pain", "mixed", group="centre", scale="none").table
    assert table["message"].iloc[0].startswith("singular fit")
    assert table["sd_group"].iloc[0] == 0
    linear = fit(cohort, "pain", "linear", scale="none").table
    np.testing.assert_allclose(table["estimate"], linear["estimate"], rtol=1e-10)
    np.testing.assert_allclose(table["std_error"], linear["std_error"], rtol=1e-10)


def test_few_groups_are_warned_of():
    three = np.repeat(["a", "b", "c"], 40)
    shifted = make_cohort().data["pain"] + np.repeat([-3.0, 0, 3], 40)
    with pytest.warns(SmallSampleWarning, match="between 3 groups is hardly known"):
        fit(make_cohort(centre=three, pain=shifted), "pain", "mixed", group="centre")


def test_a_random_slope_of_a_covariate_does_not_depend_on_its_origin():
    cohort = make_cohort()
    moved = make_cohort(age=cohort.data["age"] - 60)
    options = {"adjust": [Term("age", kind="numeric")], "group": "centre", "slope": "age"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AssumptionWarning)
        one, other = (fit(c, "pain", "mixed", **options).table for c in (cohort, moved))
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-6)
    np.testing.assert_allclose(one["sd_slope"], other["sd_slope"], rtol=1e-4)
    assert one["model"].iloc[0].endswith("intercepts and slopes of age by centre")


# rows that are not independent


def cells_of(n_donors=6, n_cells=30):
    n = n_donors * n_cells
    donor = np.repeat([f"d{i}" for i in range(n_donors)], n_cells)
    return make_cohort(n=n, donor_id=donor, signatures=("NGF",))


@pytest.mark.parametrize("kind", ["linear", "mixed"])
def test_row_64_cells_of_few_donors_have_no_p_values_of_cells(kind):
    options = {"group": "centre"} if kind == "mixed" else {}
    with pytest.raises(ClinicalError, match="180 rows of 6 donor_id levels for independent"):
        fit(cells_of(), "pain", kind, **options)


def test_cells_are_taken_where_the_model_knows_their_donors_or_is_told_to():
    cells = cells_of()
    assert fit(cells, "pain", "mixed", group="donor_id").table["n_groups"].iloc[0] == 6
    with pytest.warns(SmallSampleWarning, match="6 clusters"):
        fit(cells, "pain", "linear", cluster="donor_id", cluster_errors="CR1")
    cells.data["site"] = np.repeat(["s1", "s2", "s3"], 60)
    with pytest.warns(SmallSampleWarning, match="'site' leave fewer than 4 degrees of freedom"):
        fit(cells, "pain", "linear", cluster="site")
    result = fit(cells, "pain", "linear", allow_repeats=True)
    assert "count as independent, as asked for" in result.notes[1]


def test_patients_in_several_intervals_are_taken_with_them_as_groups_only():
    rows = make_cohort(n=24).data.reset_index(drop=True)
    rows["who"] = np.repeat([f"w{i}" for i in range(8)], 3)
    rows["from"], rows["to"] = np.tile([0, 10, 20], 8), np.tile([10, 20, 30], 8)
    rows["dead"] = np.tile([0, 0, 1], 8)
    cohort = Cohort.from_intervals(
        rows, id="who", start="from", stop="to", event="dead", signatures=["NGF"]
    )
    with pytest.raises(EndpointError, match="each row of 'cohort' for a patient"):
        fit(cohort, "pain", "linear")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AssumptionWarning)
        assert fit(cohort, "pain", "mixed", group="who").table["n_groups"].iloc[0] == 8


# sizes and errors


@pytest.mark.parametrize("kind", ["poisson", "negative_binomial", "ordinal", "mixed"])
def test_row_66_more_parameters_than_rows_are_refused(kind):
    covariates = {f"x{j}": np.random.default_rng(j).normal(size=12) for j in range(12)}
    grade = np.resize(ORDER, 12)
    cohort = make_cohort(n=12, grade=grade, **covariates)
    outcome = {"ordinal": "grade", "mixed": "pain"}.get(kind, "nerves")
    options = {"mixed": {"group": "centre"}}.get(kind, LEVELS.get(kind, {}))
    with pytest.raises(FitError, match="12 rows for 13 parameters"):
        fit(cohort, outcome, kind, adjust=list(covariates), **options)


@pytest.mark.parametrize("kind", ["linear", "logistic", "poisson"])
def test_a_row_that_decides_its_own_fit_has_no_hc3_errors(kind):
    alone = np.array(["b"] + ["a"] * 119)
    cohort = make_cohort(stage=alone, pni=np.resize(["no", "yes"], 120), signatures=("SCHWANN",))
    outcome = {"linear": "pain", "logistic": "pni", "poisson": "nerves"}[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = fit(
            cohort, outcome, kind, adjust=["stage"], positive="yes" if kind == "logistic" else None,
            errors="HC3",
        ).table  # fmt: skip
    if kind == "logistic":  # the row is separated, and the others have no leverage of 1
        assert table["status"].tolist() == ["ok", "separation"]
    else:
        assert table["status"].tolist() == ["leverage"] * 2
        assert table["std_error"].isna().all()


def test_too_few_clusters_are_refused_and_few_warned_of():
    with pytest.raises(ClinicalError, match="2 clusters in the rows used for 2 parameters"):
        fit(
            make_cohort(centre=np.resize(["a", "b"], 120)), "pain", "linear", adjust=["age"],
            cluster="centre",
        )  # fmt: skip
    with pytest.warns(SmallSampleWarning, match="Robust errors of 20 clusters are too small"):
        fit(make_cohort(), "pain", "linear", cluster="centre", cluster_errors="CR1")


def test_errors_of_clusters_that_are_single_rows_are_those_of_hc2():
    # without dependence within clusters CR2 is HC2, Bell and McCaffrey (2002)
    cohort = make_cohort()
    cohort.data["row"] = cohort.data.index
    for kind, outcome in (("linear", "pain"), ("logistic", "pni"), ("poisson", "nerves")):
        positive = "yes" if kind == "logistic" else None
        tables = [
            fit(cohort, outcome, kind, adjust=["age"], positive=positive, **options).table[
                "std_error"
            ]
            for options in ({"cluster": "row"}, {"errors": "HC2"})
        ]
        assert tables[0].to_numpy() == pytest.approx(tables[1].to_numpy(), rel=1e-10), kind


def test_an_estimate_that_one_cluster_decides_has_no_error():
    # only centre c0 has rows of level b, so that its residuals say nothing of b's effect
    cohort = make_cohort()
    centre = cohort.data["centre"]
    cohort.data["ward"] = np.where(centre == centre.iloc[0], "b", "a")
    for kind, outcome in (("linear", "pain"), ("logistic", "pni"), ("poisson", "nerves")):
        positive = "yes" if kind == "logistic" else None
        table = fit(
            cohort, outcome, kind, adjust=["ward"], positive=positive, cluster="centre"
        ).table
        errors = table[["std_error", "df", "p_value"]]
        is_score = table["term"] == "score"
        assert errors[is_score].notna().all(axis=None)
        assert errors[~is_score].isna().all(axis=None)
        assert table["status"].tolist() == ["ok", "leverage"] * 2
        assert table["message"].str.contains("one cluster decides").all()


def test_without_a_fit_outside_a_cluster_errors_are_cr1_with_a_wider_t_and_said():
    # no row has level b without centre c0
    cohort = make_cohort()
    centre = cohort.data["centre"]
    cohort.data["ward"] = np.where(centre == centre.iloc[0], "b", "a")
    options = {"adjust": ["ward"], "order": ("low", "mid", "high"), "cluster": "centre"}
    with pytest.warns(SmallSampleWarning, match="jackknife of clusters is not defined"):
        table = fit(cohort, "grade", "ordinal", **options).table
    with pytest.warns(SmallSampleWarning, match="Robust errors of 20 clusters"):
        cr1 = fit(cohort, "grade", "ordinal", cluster_errors="CR1", **options).table
    assert table["message"].str.contains("sandwich errors: without one of the clusters").all()
    assert table["std_error"].to_numpy() == pytest.approx(cr1["std_error"].to_numpy(), rel=1e-12)
    assert (table["df"] == 19).all()
    assert (table["p_value"] > cr1["p_value"]).all()


def test_errors_of_many_clusters_are_cr1_where_there_is_no_cr2():
    cohort = make_cohort(n=240)
    order = ("low", "mid", "high")
    for n_clusters, words in ((99, "jackknife"), (100, "CR1")):
        cohort.data["group"] = [f"g{i % n_clusters}" for i in range(240)]
        table = fit(cohort, "grade", "ordinal", order=order, cluster="group").table
        assert f"{words} errors by group" in table["model"].iloc[0]


def test_errors_of_clusters_are_asked_for_where_the_kind_has_them():
    with pytest.raises(ParameterError, match="ordinal model has no CR2 errors"):
        fit(make_cohort(), "grade", "ordinal", order=("G1", "G2", "G3"), cluster="centre",
            cluster_errors="CR2")  # fmt: skip
    with pytest.raises(ParameterError, match="Errors of clusters need the clusters"):
        RegressionModel(cluster_errors="CR2")
    with pytest.raises(ParameterError, match="cluster_errors"):
        RegressionModel(cluster="centre", cluster_errors="CR3")


@pytest.mark.filterwarnings("ignore:As few as")
@pytest.mark.parametrize(
    "kind", ["ordinal", "multinomial", "poisson", "negative_binomial", "mixed"]
)
def test_scores_that_cannot_be_fitted_are_rows_with_a_status(kind):
    few = np.full(120, np.nan)
    few[:3] = [1.0, 2.0, 4.0]
    data = make_cohort().data
    cohort = Cohort(
        "pdac",
        data.assign(NONE=np.nan, FLAT=2.0, FEW=few, AGED=data["age"] + 1),
        ("NGF", "NONE", "FLAT", "FEW", "AGED"),
    )
    outcome = {"mixed": "pain", "poisson": "nerves", "negative_binomial": "nerves"}
    options = {"mixed": {"group": "centre"}}.get(kind, LEVELS.get(kind, {}))
    options = options | {"adjust": ["age"], "allow_loss": True}
    with pytest.warns(ClinicalWarning, match="98% of the rows lack the score 'FEW'"):
        table = fit(cohort, outcome.get(kind, "grade"), kind, **options).table
    status = table[table["term"] == "score"].groupby("signature")["status"].first().to_dict()
    assert status == {
        "NGF": "ok",
        "NONE": "no_score",
        "FLAT": "constant",
        "FEW": "too_few_events",
        "AGED": "collinear",
    }
    assert table.loc[table["signature"] == "NGF", "family"].iloc[0].split()[0] in ("1", "2")


@pytest.mark.parametrize("kind", ["linear", "logistic", "ordinal", "multinomial", "poisson"])
def test_per_sd_is_per_unit_of_the_score_over_its_deviation(kind):
    outcome = {"linear": "pain", "logistic": "pni", "poisson": "nerves"}.get(kind, "grade")
    positive = "yes" if kind == "logistic" else None
    options = LEVELS.get(kind, {})
    per_sd, per_unit = (
        fit(make_cohort(), outcome, kind, scale=scale, positive=positive, **options).table
        for scale in ("sd", "none")
    )
    sd = per_sd["signature"].map(make_cohort().data[["NGF", "SCHWANN"]].std(ddof=1))
    np.testing.assert_allclose(per_sd["estimate"], per_unit["estimate"] * sd, rtol=1e-8)
    np.testing.assert_allclose(per_sd["p_value"], per_unit["p_value"], rtol=1e-8)


@pytest.mark.parametrize("kind", ["ordinal", "multinomial"])
def test_a_score_that_one_level_lacks_is_a_row_with_a_status(kind):
    data = make_cohort().data
    some = data["NGF"].where(data["grade"] != "high")
    with pytest.warns(ClinicalWarning, match="32% of the rows lack the score 'NGF'"):
        table = fit(make_cohort(NGF=some), "grade", kind, **LEVELS[kind]).table
    found = table.groupby("signature")["status"].first().to_dict()
    assert found == {"NGF": "too_few_events", "SCHWANN": "ok"}
    messages = table.loc[table["signature"] == "NGF", "message"]
    assert messages.eq("a level has no rows with a score").all()


# outcomes that terms determine


@pytest.mark.parametrize(
    ("outcome", "options"),
    [
        ("pain", {"kind": "linear"}),
        ("pni", {"kind": "logistic", "positive": "yes"}),
        ("nerves", {"kind": "poisson"}),
    ],
)
def test_an_outcome_is_no_covariate_of_itself(outcome, options):
    with pytest.raises(ParameterError, match=f"{outcome!r} cannot be a covariate too"):
        regress(make_cohort(), outcome=outcome, adjust=[outcome], **options)


def test_a_score_does_not_explain_itself():
    cohort = make_cohort()
    with pytest.raises(ParameterError, match="'NGF' is one of the scores"):
        regress(cohort, outcome="NGF", kind="linear")
    table = regress(cohort, outcome="NGF", kind="linear", signatures=["SCHWANN"]).table
    assert table["status"].tolist() == ["ok"]


@pytest.mark.parametrize("kind", ["linear", "mixed"])
def test_a_perfect_fit_has_no_errors_and_leaves_others_alone(kind):
    options = {"group": "centre"} if kind == "mixed" else {}
    cohort = make_cohort()
    shift = np.repeat(np.arange(20.0), 6) if kind == "mixed" else 0.0
    exact = cohort.data["NGF"].to_numpy() / 3 + shift
    table = fit(make_cohort(exact=exact), "exact", kind, **options).table.set_index("signature")
    assert table["status"].to_dict() == {"NGF": "perfect_fit", "SCHWANN": "ok"}
    assert np.isnan(table.loc["NGF", "p_value"])
    assert table.loc["SCHWANN", "family"].startswith("1 ")
    nearly = exact + 1e-6 * np.sin(np.arange(exact.size))
    assert fit(make_cohort(exact=nearly), "exact", kind, **options).table["status"].eq("ok").all()


@pytest.mark.parametrize(("kind", "options"), [("linear", {}), ("mixed", {"group": "centre"})])
def test_an_infinite_outcome_is_refused_not_left_out(kind, options):
    pain = np.where(np.arange(120) == 5, -np.inf, np.arange(120.0))
    with pytest.raises(ClinicalError, match="1 row: 'p5'"):
        fit(make_cohort(pain=pain), "pain", kind, **options)


@pytest.mark.filterwarnings("ignore:Mixed models are singular")
def test_too_few_rows_within_groups_are_not_said_to_be_too_few_groups():
    score = np.where(np.arange(120) < 4, np.arange(120.0) ** 2, np.nan)
    cohort = make_cohort(NGF=score, centre=np.resize(["a", "b", "b"], 120))
    options = {"adjust": ["age"], "group": "centre", "allow_loss": True}
    with pytest.warns(SmallSampleWarning), pytest.warns(ClinicalWarning, match="97%"):
        table = fit(cohort, "pain", "mixed", **options).table
    row = table.iloc[0]
    assert row["status"] == "too_few_events"
    assert row["message"] == "no more rows than groups and terms that differ within them"
