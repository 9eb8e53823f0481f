"""Options of Cox models against R on our own small data, and by hand.

The numbers of R are in tests/golden/cox_options, made by make.R there (survival 3.5-3).
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    ConvergenceError,
    EndpointError,
    NeurosigWarning,
    ParameterError,
    ProportionalHazardsWarning,
    SmallSampleWarning,
)
from neurosig.keys import Result
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.cox.curvature import nonlinearity
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.proportional_hazards import ph_test
from neurosig.outcomes.cox.single_fit import CoxFit, fit_cox
from neurosig.outcomes.cox.verb import cox
from neurosig.outcomes.curves.restricted_times import Restricted, default_tau
from neurosig.outcomes.design import Term
from neurosig.outcomes.splines import default_knots, spline_basis

pytestmark = pytest.mark.filterwarnings("ignore:Robust errors of 1[58] clusters")
R_NUMBERS = Path(__file__).parents[1] / "golden" / "cox_options"
LATE_ENTRY = Endpoint(time="stop", event="event", entry="start", unit="months", name="OS")
FROM_ZERO = Endpoint(time="stop", event="event", unit="months", name="OS")

MODELS = {
    "entry_weights_cluster_efron": (
        LATE_ENTRY,
        [],
        CoxModel(weights="w", cluster="g", cluster_errors="sandwich"),
    ),
    "entry_weights_cluster_breslow": (
        LATE_ENTRY,
        [],
        CoxModel(weights="w", cluster="g", cluster_errors="sandwich", ties="breslow"),
    ),
    "entry_strata_offset_robust": (LATE_ENTRY, ["s"], CoxModel(offset="o", robust=True)),
    "right_weights_strata_robust": (FROM_ZERO, ["s"], CoxModel(weights="w", robust=True)),
}


def _numbers(name: str) -> pd.DataFrame:
    return pd.read_csv(R_NUMBERS / f"{name}.csv")


def _cohort(endpoint: Endpoint = FROM_ZERO, score: str = "x", **columns: object) -> Cohort:
    data = _numbers("data").assign(**columns).set_index("id", drop=False)
    data.index = pd.Index([f"p{i}" for i in data.index])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        return Cohort.join(data[[score]].rename(columns={score: "NGF"}), data, endpoint)


def _fit(name: str) -> CoxFit:
    endpoint, strata, model = MODELS[name]
    return fit_cox(_cohort(endpoint), "NGF", adjust=["z"], strata=strata, scale="none", model=model)


@pytest.mark.parametrize("name", MODELS)
def test_estimates_and_errors_equal_r(name):
    fit = _fit(name)
    expected = _numbers("coef").query("model == @name")
    np.testing.assert_allclose(fit.coef, expected["coef"], atol=1e-7, rtol=0)
    naive = np.sqrt(np.diag(fit.naive_covariance))
    np.testing.assert_allclose(naive, expected["se"], atol=1e-7, rtol=0)
    robust = np.sqrt(np.diag(fit.covariance))
    np.testing.assert_allclose(robust, expected["robust_se"], atol=1e-6, rtol=0)
    np.testing.assert_allclose(fit.loglik, expected["loglik1"].iloc[0], rtol=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_the_table_has_the_numbers_of_the_single_fit(name):
    endpoint, strata, model = MODELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProportionalHazardsWarning)
        table = cox(_cohort(endpoint), adjust=["z"], strata=strata, scale="none", model=model).table
    fit = _fit(name).coefficients()
    np.testing.assert_allclose(table["estimate"], fit["estimate"], rtol=1e-10)
    np.testing.assert_allclose(table["std_error"], fit["std_error"], rtol=1e-8)
    assert "robust errors" in table["model"][0]
    assert "p_lr" not in table.columns  # rows that are not independent have no such test


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("transform", ["km", "rank", "identity"])
def test_proportional_hazards_tests_equal_r(name, transform):
    ours = _fit(name).ph_test(transform)
    expected = _numbers("zph").query("model == @name and transform == @transform")
    np.testing.assert_allclose(ours["chisq"], expected["chisq"], rtol=1e-6)
    np.testing.assert_allclose(ours["p_value"], expected["p"], rtol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_residuals_equal_r(name):
    fit = _fit(name)
    expected = _numbers("residuals").query("model == @name")
    for kind, columns in (
        ("martingale", ["martingale"]),
        ("deviance", ["deviance"]),
        ("score", ["score.x", "score.z"]),
        ("dfbeta", ["dfbeta.1", "dfbeta.2"]),
    ):
        # R's coefficients are up to 1e-9 from the maximum
        np.testing.assert_allclose(fit.residuals(kind), expected[columns], atol=5e-8, rtol=0)


@pytest.mark.parametrize("name", MODELS)
def test_predicted_survival_equals_r(name):
    fit = _fit(name)
    new = pd.DataFrame({"score": [0.0, 1.0], "z": [0.0, -1.0]}, index=[0, 1])
    ours = fit.survival(new).assign(s=lambda t: t["stratum"])
    expected = _numbers("survival").query("model == @name")
    for (x, s), theirs in expected.groupby(["x", "s"], dropna=False):
        part = ours[(ours["row"] == x) & ((ours["s"] == f"{s:g}") | np.isnan(s))]
        np.testing.assert_allclose(part["time"], theirs["time"])
        np.testing.assert_allclose(part["survival"], theirs["surv"], atol=1e-8, rtol=0)
        np.testing.assert_allclose(part["std_error_log"], theirs["std.err"], atol=1e-7, rtol=0)
        np.testing.assert_allclose(part["ci_low"], theirs["lower"], atol=1e-7, rtol=0)
        np.testing.assert_allclose(part["ci_high"], theirs["upper"], atol=1e-7, rtol=0)


def test_interactions_and_nonlinearity_equal_r():
    numbers = _numbers("terms").set_index("quantity")["value"]
    cohort = _cohort()
    table = cox(cohort, adjust=["z"], interactions=[("score", "z")], scale="none").table
    product = table.set_index("term").loc["score:z"]
    np.testing.assert_allclose(product["estimate"], numbers["x:z"], atol=1e-7)
    np.testing.assert_allclose(product["std_error"], numbers["x:z_se"], atol=1e-7)
    assert product["effect_scale"] == "ratio of HRs per unit"
    assert product["family"] == "1 score:z rows of cohort, OS"
    fit = fit_cox(cohort, "NGF", adjust=["z"], interactions=["score:z"])
    np.testing.assert_allclose(fit.loglik, numbers["interaction_loglik"], rtol=1e-9)

    rows = nonlinearity(cohort, adjust=["z"]).table
    bent = rows[rows["term"] == "nonlinear"].iloc[0]
    np.testing.assert_allclose(bent["p_lr"], numbers["lr_p"], rtol=1e-6)
    assert (bent["df"], bent["status"]) == (2, "ok")


# ---- where hazards change


def _changing(n=400, seed=3):
    """A score that is harmful up to time 10 and harmless after it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    early = rng.exponential(14 * np.exp(-1.2 * x))
    time = np.where(early < 10, early, 10 + rng.exponential(12, n))
    data = pd.DataFrame(
        {
            "t": np.ceil(time * 4) / 4,
            "e": (rng.random(n) < 0.9).astype(int),
            "z": rng.normal(size=n),
        }
    )
    endpoint = Endpoint(time="t", event="e", unit="months")
    cohort = Cohort.join(pd.DataFrame({"NGF": x}), data, endpoint)
    return cohort, data, x / x.std(ddof=1)


def test_a_violation_brings_the_ratios_by_period_and_the_effect_on_the_mean():
    from statsmodels.duration.hazard_regression import PHReg

    cohort, data, x = _changing()
    with pytest.warns(ProportionalHazardsWarning, match="effect_early"):
        result = cox(cohort, adjust=["z"])
    row = result.table.iloc[0]
    split = np.median(data["t"][data["e"] == 1])
    assert row["split_time"] == split
    early = PHReg(
        np.minimum(data["t"], split),
        np.column_stack([x, data["z"]]),
        status=data["e"] * (data["t"] <= split),
        ties="efron",
    ).fit()
    later = data["t"] > split
    late = PHReg(
        data["t"][later],
        np.column_stack([x, data["z"]])[later],
        status=data["e"][later],
        ties="efron",
    ).fit()
    for period, oracle in (("early", early), ("late", late)):
        low, high = np.exp(oracle.conf_int()[0])
        np.testing.assert_allclose(row[f"effect_{period}"], np.exp(oracle.params[0]), rtol=1e-6)
        np.testing.assert_allclose(row[f"effect_{period}_low"], low, rtol=1e-5)
        np.testing.assert_allclose(row[f"effect_{period}_high"], high, rtol=1e-5)
    assert row["effect_early"] > 1.8
    assert 0.75 < row["effect_late"] < 1.35
    assert row["rmst_effect"] < 0
    assert row["rmst_low"] < row["rmst_effect"] < row["rmst_high"]
    assert any("in months" in note for note in result.notes)
    known = [name for name in Result.ALL if name in result.table.columns]
    assert list(result.table.columns) == known


def test_crude_models_beside_keep_the_order_of_the_columns():
    cohort, _, _ = _changing()
    with pytest.warns(ProportionalHazardsWarning):
        table = cox(cohort, adjust=["z"], unadjusted=True).table
    known = [name for name in Result.ALL if name in table.columns]
    assert list(table.columns) == known
    assert len(table[table["term"] == "score"]) == 2


def test_periods_equal_r():
    expected = _numbers("periods").set_index("period")
    from neurosig.outcomes.cox.batch_data import CoxData
    from neurosig.outcomes.cox.changing_hazards import Reported, changing_hazards

    data = _numbers("data")
    batch = CoxData(
        time=data["stop"].to_numpy(float),
        event=data["event"].to_numpy(float),
        scores=data[["x"]].to_numpy(float),
        covariates=data[["z"]].to_numpy(float),
    )
    row = changing_hazards(batch, Reported(unit=np.ones(1), confidence=0.95)).iloc[0]
    assert row["split_time"] == expected["split"].iloc[0]
    for period in ("early", "late"):
        coef, se = expected.loc[period, ["coef", "se"]]
        np.testing.assert_allclose(np.log(row[f"effect_{period}"]), coef, atol=1e-7)
        width = np.log(row[f"effect_{period}_high"]) - coef
        np.testing.assert_allclose(width / 1.959963984540054, se, atol=1e-7)


def test_columns_of_changing_hazards_are_absent_where_hazards_do_not_change():
    table = cox(_cohort(score="z"), scale="none").table
    assert (table["p_ph"] > 0.05).all()
    assert not [name for name in table.columns if name.startswith(("rmst", "effect_early"))]


def test_without_censoring_the_regression_of_the_mean_is_least_squares():
    rng = np.random.default_rng(0)
    time, design = rng.exponential(5, 60), np.column_stack([np.ones(60), rng.normal(size=60)])
    fit = Restricted.of(time, np.ones(60), 4.0).regress(design)
    y = np.minimum(time, 4.0)
    coef = np.linalg.solve(design.T @ design, design.T @ y)
    np.testing.assert_allclose(fit.coef, coef, rtol=1e-10)
    bread = np.linalg.inv(design.T @ design)
    residual = y - design @ coef
    hc0 = bread @ (design.T * residual**2) @ design @ bread
    np.testing.assert_allclose(fit.covariance, hc0, rtol=1e-10)
    with pytest.raises(ClinicalError, match="tau = 1000"):
        Restricted.of(time, np.ones(60), 1000.0)


def test_the_regression_of_the_mean_weights_for_censoring_as_the_paper_says():
    # Tian, Zhao and Wei 2014, written out with one loop per sum
    rng = np.random.default_rng(4)
    n, tau = 50, 6.0
    time = np.ceil(rng.exponential(6, n))
    event, x = (rng.random(n) < 0.6).astype(float), rng.normal(size=n)
    design, y = np.column_stack([np.ones(n), x]), np.minimum(time, tau)
    known = (event == 1) | (y >= tau)

    def uncensored(t):
        chance = 1.0
        for s in np.unique(y[~known & (y <= t)]):
            chance *= 1 - (~known & (y == s)).sum() / (y >= s).sum()
        return chance

    weight = np.array([known[i] / uncensored(y[i]) for i in range(n)])
    coef = np.linalg.solve((design.T * weight) @ design, (design.T * weight) @ y)
    score = design * (weight * (y - design @ coef))[:, None]
    meat = np.zeros((2, 2))
    for i in range(n):
        part = score[i].copy()
        if not known[i]:
            part += score[y >= y[i]].sum(axis=0) / (y >= y[i]).sum()
        for k in range(n):
            if y[k] <= y[i] and not known[k]:
                part -= score[y >= y[k]].sum(axis=0) / (y >= y[k]).sum() ** 2
        meat += np.outer(part, part)
    bread = np.linalg.inv(design.T @ design)
    fit = Restricted.of(time, event, tau).regress(design)
    np.testing.assert_allclose(fit.coef, coef, rtol=1e-10)
    np.testing.assert_allclose(fit.covariance, bread @ meat @ bread, rtol=1e-10)


def test_the_horizon_leaves_a_tenth_at_risk():
    # at risk at 18, 19, 20: 3, 2 and 1 of 20; 19 is the last with at least 2
    assert default_tau(np.arange(1.0, 21.0), np.ones(20)) == 19.0
    event = np.ones(20)
    event[17:] = 0
    assert default_tau(np.arange(1.0, 21.0), event) == 17.0


# ---- weights, entry, offset: hand rules and bad input


def test_whole_breslow_weights_are_row_replication():
    data = _numbers("data")
    twice = np.where(data["g"] % 2 == 0, 2.0, 1.0)
    weighted = cox(
        _cohort(twice=twice), scale="none", model=CoxModel(ties="breslow", weights="twice")
    ).table
    doubled = pd.concat([data, data[twice == 2]], ignore_index=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        cohort = Cohort.join(doubled[["x"]], doubled.drop(columns="x"), FROM_ZERO)
    replicated = cox(cohort, scale="none", model=CoxModel(ties="breslow")).table
    for column in ("estimate", "std_error", "p_lr", "p_ph"):
        if column == "p_ph":  # its g(t) is the unweighted curve, as in R
            continue
        np.testing.assert_allclose(weighted[column], replicated[column], rtol=1e-9)


def test_an_entry_at_zero_changes_nothing():
    plain = cox(_cohort(), scale="none").table
    entered = cox(_cohort(LATE_ENTRY, start=0.0), scale="none").table
    np.testing.assert_allclose(entered["estimate"], plain["estimate"], rtol=1e-12)
    np.testing.assert_allclose(entered["p_ph"], plain["p_ph"], rtol=1e-9)
    assert entered["model"][0] == "Cox regression, Efron ties, delayed entry"


def test_splitting_rows_changes_nothing():
    data = _numbers("data")
    data["start"] = 0.0
    early = data.assign(stop=np.minimum(data["stop"], 7), event=data["event"] * (data["stop"] <= 7))
    late = data[data["stop"] > 7].assign(start=7.0)
    rows = pd.concat([early, late], ignore_index=True)
    cohort = Cohort.from_intervals(
        rows, id="id", start="start", stop="stop", event="event", signatures=["x"], unit="months"
    )
    whole = cox(_cohort(), adjust=["z"], scale="none").table
    split = cox(cohort, adjust=["z"], scale="none").table
    np.testing.assert_allclose(split["estimate"], whole["estimate"], rtol=1e-9)
    np.testing.assert_allclose(split["std_error"], whole["std_error"], rtol=1e-9)
    model = CoxModel(cluster="id", cluster_errors="sandwich")
    by_patient = cox(cohort, adjust=["z"], scale="none", model=model).table
    robust = cox(_cohort(), adjust=["z"], scale="none", model=CoxModel(robust=True)).table
    np.testing.assert_allclose(by_patient["std_error"], robust["std_error"], rtol=1e-9)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.filterwarnings("ignore:The hazard ratio seems to change")
def test_robust_errors_of_patients_in_several_rows_equal_r(ties, weighted):
    data = _numbers("data")
    early = data.assign(
        start=0.0, stop=np.minimum(data["stop"], 7), event=data["event"] * (data["stop"] <= 7)
    )
    late = data[data["stop"] > 7].assign(start=7.0)
    late["x"] -= 0.5 * late["z"]
    cohort = Cohort.from_intervals(
        pd.concat([early, late], ignore_index=True),
        id="id", start="start", stop="stop", event="event", signatures=["x"], unit="months",
    )  # fmt: skip
    model = CoxModel(ties=ties, robust=True, weights="w" if weighted else None)
    row = cox(cohort, scale="none", model=model).table.iloc[0]
    expected = _numbers("patients")
    expected = expected[(expected["ties"] == ties) & (expected["weighted"] == weighted)].iloc[0]
    assert row["estimate"] == pytest.approx(expected["coef"], abs=1e-7)
    assert row["std_error"] == pytest.approx(expected["robust_se"], abs=1e-6)


def test_an_entry_after_the_time_is_refused():
    start = _numbers("data")["start"].to_numpy(float)
    start[3] = 1000.0
    with pytest.raises(EndpointError, match="1000"):
        _cohort(LATE_ENTRY, start=start)


def test_rows_without_entry_weight_or_cluster_are_lost_and_counted():
    data = _numbers("data")
    start, w, g = (data[name].to_numpy(float, copy=True) for name in ("start", "w", "g"))
    start[0], w[1], g[2] = np.nan, np.nan, np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        result = cox(
            _cohort(LATE_ENTRY, start=start, w=w, g=g), model=CoxModel(weights="w", cluster="g")
        )
    lost = result.row_flow.set_index("step")["n_lost"]
    assert [lost[f"{name} known"] for name in ("entry", "weights", "cluster")] == [1, 1, 1]
    assert result.table["n"][0] == 87


def test_weights_have_to_be_above_zero():
    w = _numbers("data")["w"].to_numpy(float, copy=True)
    w[5] = 0.0
    with pytest.raises(ClinicalError, match=r"weights in 'w'.*p6 \(0\)"):
        cox(_cohort(w=w), model=CoxModel(weights="w"))


def test_options_that_exclude_each_other_are_refused():
    for wrong in (
        {"penalty": 1.0, "robust": True},
        {"penalty": 1.0, "cluster": "g"},
        {"penalty": 1.0, "firth": True},
        {"firth": True, "weights": "w"},
        {"penalty": 0.0},
        {"firth": "sometimes"},
    ):
        with pytest.raises(ParameterError):
            CoxModel(**wrong)


def test_intervals_that_overlap_are_refused_and_recurrent_events_warned_of():
    rows = pd.DataFrame(
        {
            "id": ["a", "a", "b", "c"],
            "from": [0, 5, 0, 0],
            "to": [10, 20, 30, 12],
            "dead": [0, 1, 0, 1],
            "x": [1.0, 2.0, 3.0, 4.0],
        }
    )
    columns = {"id": "id", "start": "from", "stop": "to", "event": "dead", "signatures": ["x"]}
    with pytest.raises(ClinicalError, match=r"overlap.*a \(from 5, the one before ends at 10\)"):
        Cohort.from_intervals(rows, **columns)
    rows["from"], rows["dead"] = [0, 10, 0, 0], [1, 1, 0, 1]
    with pytest.warns(ClinicalWarning, match="rows after an event"):
        cohort = Cohort.from_intervals(rows, **columns)
    assert cohort.data.index.tolist() == ["a 1", "a 2", "b 1", "c 1"]


# ---- ridge, Firth, splines


def test_a_large_ridge_shrinks_to_zero_and_a_small_one_does_nothing():
    cohort = _cohort()
    plain = cox(cohort, adjust=["z"]).table
    tiny = cox(cohort, adjust=["z"], model=CoxModel(penalty=1e-9)).table
    huge = cox(cohort, adjust=["z"], model=CoxModel(penalty=1e9)).table
    np.testing.assert_allclose(tiny["estimate"], plain["estimate"], rtol=1e-7)
    assert huge["estimate"].abs().max() < 1e-6
    assert huge["model"][0] == "Cox regression, Efron ties, ridge 1e+09"
    assert not {"p_lr", "p_ph"} & set(huge.columns)


def test_firth_for_all_is_by_choice_and_near_the_plain_fit():
    cohort = _cohort()
    plain = cox(cohort, adjust=["z"]).table
    firth = cox(cohort, adjust=["z"], model=CoxModel(firth=True)).table
    np.testing.assert_allclose(firth["estimate"], plain["estimate"], atol=0.05)
    assert firth["model"].unique().tolist() == ["Cox regression, Efron ties, Firth's penalty"]
    assert plain["model"].unique().tolist() == ["Cox regression, Efron ties"]


def test_separated_events_give_the_numbers_of_coxphf():
    # coxphf(Surv(1:12, rep(1:0, each = 6)) ~ x), x the event itself; coxphf 1.13.4
    clinic = pd.DataFrame({"t": np.arange(1.0, 13.0), "e": [1] * 6 + [0] * 6})
    scores = pd.DataFrame({"NGF": [1.0] * 6 + [0.0] * 6})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        cohort = Cohort.join(scores, clinic, Endpoint(time="t", event="e", unit="months"))
        row = cox(cohort, scale="none").table.iloc[0]
    assert row["estimate"] == pytest.approx(3.4822636, abs=1e-6)
    assert row["std_error"] == pytest.approx(1.6468937, abs=1e-6)
    assert row["effect_low"] == pytest.approx(3.4973918, rel=1e-6)
    assert row["effect_high"] == pytest.approx(4341.74165, rel=1e-6)
    assert row["p_value"] == pytest.approx(0.00067271780, rel=1e-6)
    assert np.sign(row["statistic"]) == 1
    assert (row["status"], row["message"][:26]) == ("ok", "the likelihood has no maxi")


def test_a_curve_is_straight_outside_its_knots_and_cubic_inside():
    knots = [1.0, 2.0, 4.0, 7.0]
    x = np.linspace(-3, 12, 1501)
    second = np.diff(spline_basis(x, knots), n=2, axis=0)
    outside = (x[1:-1] < 0.99) | (x[1:-1] > 7.01)
    assert np.abs(second[outside]).max() < 1e-9
    assert np.abs(second[~outside, 1:]).max() > 1e-5


def test_few_rows_have_their_outer_knots_at_the_fifth_values():
    # 20 values: the fifth smallest is 5, the fifth largest 16; the inner quantile is the median
    np.testing.assert_allclose(default_knots(np.arange(1.0, 21.0), 3), [5, 10.5, 16])
    with pytest.raises(ClinicalError, match="cannot be told apart"):
        default_knots(np.repeat([0.0, 1.0], 60), 4)


def test_a_spline_term_has_its_columns_and_an_interaction_takes_all_of_them():
    cohort = _cohort()
    spline = Term("z", transform="spline", knots=3)
    assert cox(cohort, adjust=[spline]).table["term"].tolist() == ["score", "z", "z'"]
    table = cox(cohort, adjust=[spline], interactions=[("score", "z")]).table
    assert table["term"].tolist() == ["score", "z", "z'", "score:z", "score:z'"]


def test_an_interaction_of_terms_that_are_not_there_is_refused():
    for pairs in ([("score", "age")], [("z", "z")], ["score"], [("score", "z"), ("z", "score")]):
        with pytest.raises(ParameterError, match="interaction"):
            cox(_cohort(), adjust=["z"], interactions=pairs)


def test_an_interaction_of_covariates_is_a_covariate():
    table = cox(_cohort(), adjust=["z", "o"], interactions=["z:o"]).table
    assert table["term"].tolist() == ["score", "z", "o", "z:o"]
    assert table["effect_scale"].tolist()[-1] == "ratio of HRs"


def test_nonlinearity_needs_a_model_without_penalty_and_enough_values():
    with pytest.raises(ParameterError, match="knots=9"):
        nonlinearity(_cohort(), knots=9)
    binary = (_numbers("data")["x"] > 0).astype(float).to_numpy()
    table = nonlinearity(_cohort(score="b", b=binary)).table
    assert table["status"].unique().tolist() == ["few_values"]
    assert table["p_value"].isna().all()


def test_a_single_fit_without_a_maximum_is_refused():
    cohort = _cohort(score="b", b=-_numbers("data")["stop"].to_numpy(float), event=1.0)
    with pytest.raises(ConvergenceError, match="no finite maximum"):
        fit_cox(cohort, "NGF")
    fit = fit_cox(_cohort(), "NGF")
    with pytest.raises(ParameterError, match="pearson"):
        fit.residuals("pearson")
    with pytest.raises(ClinicalError, match="'score'"):
        fit.survival(pd.DataFrame({"age": [1.0]}))


def test_robust_errors_come_with_weights_that_are_not_whole():
    table = cox(_cohort(), model=CoxModel(weights="w")).table
    assert table["model"][0] == "Cox regression, Efron ties, weights w, robust errors"
    whole = cox(_cohort(w=2.0), model=CoxModel(weights="w")).table
    assert whole["model"][0] == "Cox regression, Efron ties, weights w"


# ---- few rows behind a score


def _skewed(n=120, sigma=2.0, seed=4):
    rng = np.random.default_rng(seed)
    columns = {"t": rng.exponential(20, n) + 0.1, "e": (rng.random(n) < 0.6).astype(int)}
    clinic = pd.DataFrame(columns | {"g": np.arange(n) // 3, "z": rng.normal(size=n)})
    scores = pd.DataFrame({"even": rng.normal(size=n), "tail": np.exp(sigma * rng.normal(size=n))})
    return Cohort.join(scores, clinic, Endpoint(time="t", event="e", unit="months"))


def test_the_effective_number_of_rows_is_that_of_their_squared_distances_from_the_fit():
    from neurosig.outcomes.cox.score_leverage import effective_rows

    # squared 1, 1, 1, 9 around the mean 0: 12^2 / (3 + 81); in two groups 2 and 10: 144 / 104
    x, one = np.array([[-1.0], [-1], [-1], [3]]), np.ones((4, 1))
    assert effective_rows(x, one)[0] == pytest.approx(144 / 84)
    assert effective_rows(x, one, np.array([5, 5, 9, 9]))[0] == pytest.approx(144 / 104)
    # given a column that is the fourth row, the others are equal and nothing is left
    z = np.array([0.0, 0, 0, 1])
    rest = np.array([[1.0], [2], [3], [9]])
    left = effective_rows(rest, np.column_stack([one, z]))[0]
    assert left == pytest.approx(2)  # -1, 0, 1, 0: 2^2 / 2


@pytest.mark.parametrize(
    ("model", "what"),
    [({"robust": True}, "rows"), ({"cluster": "g", "cluster_errors": "sandwich"}, "clusters")],
)
def test_robust_errors_of_a_score_on_few_rows_warn_once_with_its_name(model, what):
    cohort = _skewed()
    with pytest.warns(SmallSampleWarning) as caught:
        cox(cohort, adjust=["z"], model=CoxModel(**model))
    told = [str(w.message) for w in caught if "Robust errors" in str(w.message)]
    assert len(told) == 1
    assert f"effective {what}" in told[0]
    assert "'tail'" in told[0]
    assert "'even'" not in told[0]
    cox(cohort, signatures=["even"], adjust=["z"], model=CoxModel(**model))  # no warning


def test_the_errors_of_the_model_do_not_warn_of_few_rows():
    assert cox(_skewed(), adjust=["z"]).table["p_value"].notna().all()


def test_an_rmst_effect_on_few_rows_warns():
    rng = np.random.default_rng(0)
    x = np.sort(np.exp(2 * rng.normal(size=200)))
    x[-2:] *= 3
    # the lower half has its events early, the upper late: the hazard ratio changes
    time = np.concatenate([rng.uniform(0.1, 5, 100), rng.uniform(5, 10, 100)])
    clinic = pd.DataFrame({"t": time, "e": (np.arange(200) % 10 > 0).astype(int)})
    endpoint = Endpoint(time="t", event="e", unit="months")
    cohort = Cohort.join(pd.DataFrame({"tail": x}), clinic, endpoint)
    with pytest.warns() as caught:
        table = cox(cohort).table
    assert table["p_ph"][0] < 0.05
    assert np.isfinite(table["rmst_p_value"][0])
    told = [str(w.message) for w in caught if "rmst_effect" in str(w.message)]
    assert len([text for text in told if text.startswith("Few rows carry")]) == 1


def test_one_large_cluster_warns_where_every_row_counts_the_same():
    rng = np.random.default_rng(2)
    # s of the clusters: 100 rows of 1 and 40 of 1 row: 140^2 / (100^2 + 40) = 1.95
    cluster = np.concatenate([np.zeros(100, dtype=int), np.arange(1, 41)])
    clinic = pd.DataFrame({"t": rng.exponential(20, 140) + 0.1, "e": np.arange(140) % 3 > 0})
    clinic = clinic.assign(e=clinic["e"].astype(int), g=cluster)
    scores = pd.DataFrame({"even": np.tile([-1.0, 1.0], 70)})
    cohort = Cohort.join(scores, clinic, Endpoint(time="t", event="e", unit="months"))
    with pytest.warns(SmallSampleWarning, match=r"'even': 2\.0 effective clusters"):
        cox(cohort, model=CoxModel(cluster="g", cluster_errors="sandwich"))
    cox(cohort, model=CoxModel(cluster="g", cluster_errors="jackknife"))  # no warning
    cox(cohort, model=CoxModel(robust=True))  # no warning


def test_events_at_one_time_leave_no_test_of_proportional_hazards():
    time, event = np.array([3.0, 3, 3, 5, 6, 7]), np.array([1.0, 1, 1, 0, 0, 0])
    x = np.array([[1.0, 2], [0, 1], [2, 5], [1, 0], [0, 3], [3, 1]])
    table = ph_test(time, event, x, names=["a", "b"])
    assert table["df"].tolist() == [1, 1, 2]
    assert table[["chisq", "p_value"]].isna().all(axis=None)
