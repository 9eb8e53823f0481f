"""Cox models with options, residuals, predictions and splines against R.

Goldens: expected/cox_*, coxresid_*, coxzph_*_scaledresid, coxbasehaz_*, coxsurvfit_*, coxpredict_*
(survival 3.5-3), coxphf_* (coxphf 1.13.4), rms_* (rms 6.5-0) and rmst2_* (survRM2 1.0-4); the calls
are in scripts/30_survival.R and 31_models.R. `exact` ties (three files) and penalised splines
(`pspline`) are not part of neurosig.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import NeurosigWarning
from neurosig.kernels.cox import CoxOptions
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.cox.curvature import nonlinearity
from neurosig.outcomes.cox.firth import firth_fit
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.residuals import schoenfeld_residuals
from neurosig.outcomes.cox.robust_errors import robust_covariances
from neurosig.outcomes.cox.single_fit import CoxFit, fit_cox
from neurosig.outcomes.cox.verb import cox
from neurosig.outcomes.curves.restricted_times import Restricted
from neurosig.outcomes.design import Term
from neurosig.outcomes.splines import default_knots, spline_basis

pytestmark = [
    pytest.mark.data,
    pytest.mark.filterwarnings("ignore:Robust errors of 1[0-9] clusters"),
]

# the models of cox_*_coef.csv: those compared here and in test_cox_goldens.py, and the others
COMPARED = {
    "colon_rx_death",
    "finegray_mgus2_cause1",
    "gbsg_many",
    "heart_counting",
    "kidney_frailtyless",
    "lung_breslow",
    "lung_cluster_inst",
    "lung_efron",
    "lung_interaction_spline",
    "lung_offset",
    "lung_ridge",
    "lung_robust",
    "lung_strata",
    "lung_weights",
    "lung_weights_robust",
    "pbc_log",
    "separation",
    "veteran_celltype_breslow",
    "veteran_celltype_efron",
    "veteran_tt_log",
}
NOT_PART = {
    "lung_exact": "exact ties",
    "veteran_celltype_exact": "exact ties",
    "lung_pspline": "penalised splines",
}

COEFFICIENT = 1e-7
ROBUST = 1e-6
RESIDUAL = 1e-8
LUNG = Endpoint(time="time", event="status", event_values=("2",), name="OS")


def test_every_golden_model_is_compared_or_not_part_of_neurosig(goldens):
    files = (goldens / "expected").glob("cox_*_coef.csv")
    models = {file.name.removeprefix("cox_").removesuffix("_coef.csv") for file in files}
    assert models == COMPARED | set(NOT_PART)


def _expected(goldens: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(goldens / "expected" / f"{name}.csv")


def _lung(goldens: Path) -> pd.DataFrame:
    lung = pd.read_csv(goldens / "inputs" / "surv_lung.csv")
    lung["w"] = np.tile([1.0, 2.0, 0.5], 76)
    lung["age02"] = 0.02 * lung["age"]
    return lung.set_axis([f"p{i}" for i in lung.index])


def _cohort(table: pd.DataFrame, score: str, endpoint: Endpoint = LUNG) -> Cohort:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        return Cohort.join(
            table[[score]].rename(columns={score: "S"}), table.drop(columns=score), endpoint
        )


@pytest.mark.parametrize(
    ("name", "score", "adjust", "model"),
    [
        ("lung_weights", "age", ["sex"], CoxModel(weights="w")),
        ("lung_weights_robust", "age", ["sex"], CoxModel(weights="w", robust=True)),
        ("lung_robust", "age", ["sex"], CoxModel(robust=True)),
        ("lung_cluster_inst", "age", ["sex"], CoxModel(cluster="inst", cluster_errors="sandwich")),
        ("lung_offset", "sex", [], CoxModel(offset="age02")),
    ],
)
def test_weights_offset_and_robust_errors_equal_r(goldens, name, score, adjust, model):
    cohort = _cohort(_lung(goldens), score)
    table = cox(cohort, adjust=adjust, scale="none", model=model).table
    fit = fit_cox(cohort, "S", adjust=adjust, scale="none", model=model)
    expected = _expected(goldens, f"cox_{name}_coef")
    numbers = _expected(goldens, f"cox_{name}_fit").set_index("stat")["value"]
    vcov = pd.read_csv(goldens / "expected" / f"cox_{name}_vcov.csv", index_col=0)
    np.testing.assert_allclose(table["estimate"], expected["coef"], atol=COEFFICIENT, rtol=0)
    robust = expected.get("robust se", expected["se(coef)"])
    np.testing.assert_allclose(table["std_error"], robust, atol=ROBUST, rtol=0)
    np.testing.assert_allclose(table["p_value"], expected["Pr(>|z|)"], rtol=1e-6)
    naive = np.sqrt(np.diag(fit.naive_covariance))
    np.testing.assert_allclose(naive, expected["se(coef)"], atol=COEFFICIENT, rtol=0)
    np.testing.assert_allclose(fit.covariance, vcov, atol=ROBUST, rtol=0)
    np.testing.assert_allclose(fit.loglik, numbers["loglik"], rtol=1e-10)


def test_intervals_equal_r(goldens):
    heart = pd.read_csv(goldens / "inputs" / "surv_heart.csv")
    cohort = Cohort.from_intervals(
        heart, id="id", start="start", stop="stop", event="event", signatures=["age"]
    )
    numeric = [Term(name, kind="numeric") for name in ("year", "surgery", "transplant")]
    fit = fit_cox(cohort, "age", adjust=numeric, scale="none")
    expected = _expected(goldens, "cox_heart_counting_coef")
    numbers = _expected(goldens, "cox_heart_counting_fit").set_index("stat")["value"]
    np.testing.assert_allclose(fit.coef, expected["coef"], atol=COEFFICIENT, rtol=0)
    vcov = pd.read_csv(goldens / "expected" / "cox_heart_counting_vcov.csv", index_col=0)
    np.testing.assert_allclose(fit.covariance, vcov, atol=COEFFICIENT, rtol=0)
    error = np.sqrt(np.diag(fit.covariance))
    np.testing.assert_allclose(error, expected["se(coef)"], atol=COEFFICIENT, rtol=0)
    np.testing.assert_allclose(fit.loglik, numbers["loglik"], rtol=1e-10)


def test_a_coefficient_that_depends_on_time_by_intervals_equals_tt_of_r(goldens):
    # R's tt(karno) = karno log(t + 20): every patient split at every event time gives the same
    veteran = pd.read_csv(goldens / "inputs" / "surv_veteran.csv")
    cuts = np.unique(veteran.loc[veteran["status"] == 1, "time"])
    start = np.concatenate([[0.0], cuts])
    parts = []
    for row in veteran.to_dict("records"):
        stops = np.append(cuts[cuts < row["time"]], row["time"])
        part = pd.DataFrame({"stop": stops, "start": start[: stops.size]})
        part["event"] = ((stops == row["time"]) & (row["status"] == 1)).astype(float)
        parts.append(part.assign(trt=row["trt"], prior=row["prior"], karno=row["karno"]))
    rows = pd.concat(parts)
    rows["tt"] = rows["karno"] * np.log(rows["stop"] + 20)
    data = CoxData(
        time=rows["stop"].to_numpy(float),
        event=rows["event"].to_numpy(float),
        scores=rows[["trt"]].to_numpy(float),
        covariates=rows[["prior", "karno", "tt"]].to_numpy(float),
        options=CoxOptions(entry=rows["start"].to_numpy(float)),
    )
    fits = data.fit()
    expected = _expected(goldens, "cox_veteran_tt_log_coef")
    numbers = _expected(goldens, "cox_veteran_tt_log_fit").set_index("stat")["value"]
    np.testing.assert_allclose(fits.loglik[0], numbers["loglik"], rtol=1e-10)
    np.testing.assert_allclose(fits.coef[0], expected["coef"], atol=COEFFICIENT, rtol=0)
    vcov = pd.read_csv(goldens / "expected" / "cox_veteran_tt_log_vcov.csv", index_col=0)
    np.testing.assert_allclose(fits.covariance[0], vcov, atol=COEFFICIENT, rtol=0)


def test_other_data_sets_equal_r(goldens):
    kidney = pd.read_csv(goldens / "inputs" / "surv_kidney.csv")
    levels = ["GN", "AN", "PKD"]
    kidney = kidney.assign(**{f"d{v}": (kidney["disease"] == v).astype(float) for v in levels})
    pbc = pd.read_csv(goldens / "inputs" / "surv_pbc.csv").dropna(
        subset=["age", "edema", "bili", "protime", "albumin"]
    )
    for column in ("bili", "protime", "albumin"):
        pbc[column] = np.log(pbc[column])
    for name, table, event, columns in (
        ("kidney_frailtyless", kidney, kidney["status"], ["age", "sex", "dGN", "dAN", "dPKD"]),
        ("pbc_log", pbc, pbc["status"] == 2, ["age", "edema", "bili", "protime", "albumin"]),
    ):
        x = table[columns].to_numpy(float)
        time, event = table["time"].to_numpy(float), event.to_numpy(float)
        fits = CoxData(time=time, event=event, scores=x[:, :1], covariates=x[:, 1:]).fit()
        expected = _expected(goldens, f"cox_{name}_coef")
        vcov = pd.read_csv(goldens / "expected" / f"cox_{name}_vcov.csv", index_col=0)
        np.testing.assert_allclose(fits.coef[0], expected["coef"], atol=COEFFICIENT, rtol=0)
        np.testing.assert_allclose(fits.covariance[0], vcov, atol=COEFFICIENT, rtol=1e-7)
        numbers = _expected(goldens, f"cox_{name}_fit").set_index("stat")["value"]
        np.testing.assert_allclose(fits.loglik[0], numbers["loglik"], rtol=1e-10)
        np.testing.assert_allclose(fits.score_statistic[0], numbers["score"], rtol=1e-8)


def test_a_ridge_equals_r(goldens):
    lung = _lung(goldens)
    columns = ["ph.karno", "ph.ecog"]
    complete = lung.dropna(subset=columns)
    # R scales its penalty by the variances before rows with missing values are dropped
    scale = lung[columns].var().to_numpy() / complete[columns].var().to_numpy()
    data = CoxData(
        time=complete["time"].to_numpy(float),
        event=(complete["status"] == 2).to_numpy(float),
        scores=complete[["age"]].to_numpy(float),
        covariates=complete[columns].to_numpy(float),
        options=CoxOptions(ridge=np.array([0.0, *scale])),
    )
    fits = data.fit()
    expected = _expected(goldens, "cox_lung_ridge_coef")
    numbers = _expected(goldens, "cox_lung_ridge_fit").set_index("stat")["value"]
    vcov = pd.read_csv(goldens / "expected" / "cox_lung_ridge_vcov.csv", index_col=0)
    np.testing.assert_allclose(fits.coef[0], expected["coef"], atol=COEFFICIENT, rtol=0)
    np.testing.assert_allclose(fits.covariance[0], vcov, atol=COEFFICIENT, rtol=0)
    np.testing.assert_allclose(fits.loglik[0], numbers["loglik"], rtol=1e-10)


def test_a_spline_and_an_interaction_equal_r(goldens):
    lung = _lung(goldens).dropna(subset=["ph.karno"])
    # the basis of splines::ns(x, 3) spans the same curves as ours with the same knots
    karno = lung["ph.karno"].to_numpy(float)
    knots = [karno.min(), *np.quantile(karno, [1 / 3, 2 / 3]), karno.max()]
    basis = spline_basis(karno, knots)
    cohort = _cohort(lung.assign(k1=basis[:, 1], k2=basis[:, 2]), "sex")
    adjust = ["age", Term("ph.karno", kind="numeric"), "k1", "k2"]
    result = cox(cohort, adjust=adjust, interactions=[("score", "age")], scale="none").table
    fit = fit_cox(cohort, "S", adjust=adjust, interactions=["score:age"], scale="none")
    expected = _expected(goldens, "cox_lung_interaction_spline_coef").set_index("term")
    numbers = _expected(goldens, "cox_lung_interaction_spline_fit").set_index("stat")["value"]
    rows = result.set_index("term")
    product = expected.loc["sex:age"]
    vcov = pd.read_csv(
        goldens / "expected" / "cox_lung_interaction_spline_vcov.csv", index_col=0
    ).loc["sex:age", "sex:age"]
    np.testing.assert_allclose(rows.loc["score:age", "std_error"] ** 2, vcov, atol=1e-9)
    np.testing.assert_allclose(rows.loc["score:age", "estimate"], product["coef"], atol=1e-7)
    np.testing.assert_allclose(rows.loc["score:age", "std_error"], product["se(coef)"], atol=1e-7)
    # ours are the effects at the mean of the other: shift R's, which are at 0
    at_mean_age = expected.loc["sex", "coef"] + product["coef"] * lung["age"].mean()
    at_mean_sex = expected.loc["age", "coef"] + product["coef"] * lung["sex"].mean()
    np.testing.assert_allclose(rows.loc["score", "estimate"], at_mean_age, atol=1e-6)
    np.testing.assert_allclose(rows.loc["age", "estimate"], at_mean_sex, atol=1e-6)
    np.testing.assert_allclose(fit.loglik, numbers["loglik"], rtol=1e-10)


def _fine_gray_rows(time: np.ndarray, cause: np.ndarray) -> pd.DataFrame:
    """The weighted intervals of R's finegray() for cause 1: row, start, stop, event, weight.

    Rows with another cause stay at risk, with the chance not to be censored since as weight.
    """
    cut = np.unique(time[cause == 0])
    at_risk = [(time > c).sum() + ((time == c) & (cause == 0)).sum() for c in cut]
    curve = np.cumprod(1 - np.array([((time == c) & (cause == 0)).sum() for c in cut]) / at_risk)
    ends, chance = np.append(cut, time.max()), np.append(1.0, curve)
    is_kept = np.isin(
        np.arange(ends.size), np.searchsorted(ends, np.unique(time[cause == 1]), side="left")
    )
    rows = []
    for i, (t, c) in enumerate(zip(time, cause, strict=True)):
        if c < 2:
            rows.append((i, 0.0, t, float(c == 1), 1.0))
            continue
        first = int(np.searchsorted(ends, t, side="left"))
        rows.append((i, 0.0, ends[first], 0.0, 1.0))
        rows.extend(
            (i, ends[j - 1], ends[j], 0.0, chance[j] / chance[first])
            for j in range(first + 1, ends.size)
            if is_kept[j]
        )
    return pd.DataFrame(rows, columns=["row", "start", "stop", "event", "weight"])


def test_weighted_intervals_of_competing_events_equal_r(goldens):
    mgus = pd.read_csv(goldens / "inputs" / "surv_mgus2_crr.csv")
    rows = _fine_gray_rows(mgus["etime"].to_numpy(float), mgus["ev"].to_numpy())
    numbers = _expected(goldens, "cox_finegray_mgus2_cause1_fit").set_index("stat")["value"]
    assert len(rows) == numbers["n"]
    x = mgus.loc[rows["row"], ["age", "male", "mspike"]].to_numpy(float)
    columns = {
        "time": rows["stop"].to_numpy(float),
        "event": rows["event"].to_numpy(float),
        "scores": x[:, :1],
        "covariates": x[:, 1:],
        "options": CoxOptions(
            entry=rows["start"].to_numpy(float), weights=rows["weight"].to_numpy(float)
        ),
    }
    breslow = _expected(goldens, "finegray_breslow_vs_crr")["finegray_breslow"]
    by_breslow = CoxData(**columns, ties="breslow").fit()
    np.testing.assert_allclose(by_breslow.coef[0], breslow, atol=COEFFICIENT, rtol=0)
    data = CoxData(**columns)
    fits = data.fit()
    covariance = robust_covariances(data, fits)[0]
    vcov = pd.read_csv(goldens / "expected" / "cox_finegray_mgus2_cause1_vcov.csv", index_col=0)
    np.testing.assert_allclose(covariance, vcov, atol=ROBUST, rtol=0)
    robust = np.sqrt(np.diag(covariance))
    expected = _expected(goldens, "cox_finegray_mgus2_cause1_coef")
    np.testing.assert_allclose(fits.coef[0], expected["coef"], atol=COEFFICIENT, rtol=0)
    error = np.sqrt(np.diag(fits.covariance[0]))
    np.testing.assert_allclose(error, expected["se(coef)"], atol=COEFFICIENT, rtol=0)
    np.testing.assert_allclose(robust, expected["robust se"], atol=ROBUST, rtol=0)
    np.testing.assert_allclose(fits.loglik[0], numbers["loglik"], rtol=1e-10)


# ---- Firth


@pytest.mark.parametrize("name", ["separation", "veteran"])
def test_firths_penalty_equals_coxphf(goldens, name):
    if name == "separation":
        event = np.array([1.0] * 6 + [0.0] * 6)
        time, x = np.arange(1.0, 13.0), event[:, None]
    else:
        veteran = pd.read_csv(goldens / "inputs" / "surv_veteran.csv")
        time, event = veteran["time"].to_numpy(float), veteran["status"].to_numpy(float)
        x = veteran[["trt", "karno", "prior"]].to_numpy(float)
    data = CoxData(time=time, event=event, scores=x[:, :1], covariates=x[:, 1:], ties="breslow")
    fit = firth_fit(data)
    expected = _expected(goldens, f"coxphf_{name}")
    # under separation coxphf stops 7.6e-8 from the maximum
    np.testing.assert_allclose(fit.coef, expected["coef"], atol=COEFFICIENT, rtol=0)
    np.testing.assert_allclose(
        np.sqrt(np.diag(fit.covariance)), expected["se"], atol=COEFFICIENT, rtol=0
    )
    np.testing.assert_allclose(fit.interval[:, 0], np.log(expected["lower"]), atol=1e-7, rtol=0)
    np.testing.assert_allclose(fit.interval[:, 1], np.log(expected["upper"]), atol=1e-7, rtol=0)
    np.testing.assert_allclose(fit.p_value, expected["p"], rtol=1e-6)
    np.testing.assert_allclose(fit.loglik_null, expected["loglik0"][0], rtol=1e-12)
    np.testing.assert_allclose(fit.loglik, expected["loglik1"][0], rtol=1e-10)


# ---- residuals and predictions of the lung model age + sex + ph.ecog


def _lung_fit(goldens: Path, ties: str) -> CoxFit:
    """The model at R's own coefficients, so that the residuals are those of the same model."""
    lung = _lung(goldens).dropna(subset=["ph.ecog"])
    fit = fit_cox(
        _cohort(lung, "age"),
        "S",
        adjust=["sex", Term("ph.ecog", kind="numeric")],
        scale="none",
        model=CoxModel(ties=ties),
    )
    expected = _expected(goldens, f"cox_lung_{ties}_coef")
    vcov = pd.read_csv(goldens / "expected" / f"cox_lung_{ties}_vcov.csv", index_col=0)
    np.testing.assert_allclose(fit.coef, expected["coef"], atol=COEFFICIENT, rtol=0)
    return CoxFit(
        names=fit.names,
        ids=fit.ids,
        data=fit.data,
        coef=expected["coef"].to_numpy(float),
        covariance=vcov.to_numpy(float),
        naive_covariance=vcov.to_numpy(float),
        loglik=fit.loglik,
    )


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_residuals_equal_r(goldens, ties):
    fit = _lung_fit(goldens, ties)
    expected = _expected(goldens, f"coxresid_lung_{ties}")
    for kind in ("martingale", "deviance", "score", "dfbeta", "dfbetas"):
        names = [c for c in expected.columns if c == kind or c.startswith(f"{kind}_")]
        if names:
            theirs = expected[names].to_numpy(float)
            np.testing.assert_allclose(fit.residuals(kind), theirs, atol=RESIDUAL, rtol=0)


@pytest.mark.parametrize("kind", ["schoenfeld", "scaled_schoenfeld"])
def test_schoenfeld_residuals_equal_r(goldens, kind):
    name = "schoenfeld" if kind == "schoenfeld" else "scaledsch"
    expected = _expected(goldens, f"coxresid_lung_{name}")
    ours = _lung_fit(goldens, "efron").residuals(kind)
    np.testing.assert_allclose(ours, expected, atol=RESIDUAL, rtol=0)


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_the_points_of_cox_zph_are_the_scaled_schoenfeld_residuals(goldens, transform):
    expected = _expected(goldens, f"coxzph_lung_efron_{transform}_scaledresid")
    ours = _lung_fit(goldens, "efron").residuals("scaled_schoenfeld")
    theirs = expected[["time", "age", "sex", "ph.ecog"]]
    np.testing.assert_allclose(ours, theirs, atol=RESIDUAL, rtol=0)


def test_the_points_of_cox_zph_with_strata_and_breslow_ties_are_ours(goldens):
    ours = _lung_fit(goldens, "breslow").residuals("scaled_schoenfeld")
    expected = _expected(goldens, "coxzph_lung_breslow_km_scaledresid")
    theirs = expected[["time", "age", "sex", "ph.ecog"]]
    np.testing.assert_allclose(ours, theirs, atol=RESIDUAL, rtol=0)

    lung = _lung(goldens).dropna(subset=["ph.ecog"])
    cohort = _cohort(lung, "age")
    adjust = [Term("ph.ecog", kind="numeric")]
    fit = fit_cox(cohort, "S", adjust=adjust, strata=["sex"], scale="none")
    ours = fit.residuals("scaled_schoenfeld")
    expected = _expected(goldens, "coxzph_lung_strata_km_scaledresid")
    # the coefficients of both stop within 1e-9, which the scale of these residuals multiplies
    theirs = expected[["time", "age", "ph.ecog"]]
    np.testing.assert_allclose(ours, theirs, atol=1e-6, rtol=0)


def test_the_points_of_a_term_with_several_columns_are_those_of_its_linear_predictor(goldens):
    veteran = pd.read_csv(goldens / "inputs" / "surv_veteran.csv")
    levels = ["smallcell", "adeno", "large"]
    cells = [(veteran["celltype"] == level).to_numpy(float) for level in levels]
    data = CoxData(
        time=veteran["time"].to_numpy(float),
        event=veteran["status"].to_numpy(float),
        scores=veteran[["trt"]].to_numpy(float),
        covariates=np.column_stack([veteran["karno"], *cells]).astype(float),
    )
    fits = data.fit()
    coef, covariance = fits.coef[0], fits.covariance[0]
    rows, residuals = schoenfeld_residuals(data, coef, covariance, scaled=False)
    # three columns: trt, karno and the linear predictor of celltype, whose coefficient is 1
    to_terms = np.zeros((5, 3))
    to_terms[0, 0] = to_terms[1, 1] = 1.0
    to_terms[2:, 2] = coef[2:]
    variance = np.linalg.inv(to_terms.T @ np.linalg.inv(covariance) @ to_terms)
    scaled = residuals @ to_terms @ variance * len(rows) + [coef[0], coef[1], 1.0]
    expected = _expected(goldens, "coxzph_veteran_km_scaledresid")
    np.testing.assert_allclose(data.time[rows], expected["time"])
    theirs = expected[["trt", "karno", "celltype"]]
    np.testing.assert_allclose(scaled, theirs, atol=RESIDUAL, rtol=0)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_baseline_hazards_equal_r(goldens, ties):
    fit = _lung_fit(goldens, ties)
    for centred, name in ((True, "centred"), (False, "uncentred")):
        expected = _expected(goldens, f"coxbasehaz_{name}_{ties}")
        ours = fit.baseline_hazard(centred=centred)
        np.testing.assert_allclose(ours["time"], expected["time"])
        np.testing.assert_allclose(ours["hazard"], expected["hazard"], atol=1e-8, rtol=0)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_predicted_survival_equals_r(goldens, ties):
    fit = _lung_fit(goldens, ties)
    new = pd.DataFrame({"score": [50, 70], "sex": [1, 2], "ph.ecog": [0, 2]}, index=[1, 2])
    ours = fit.survival(new)
    expected = _expected(goldens, f"coxsurvfit_lung_{ties}")
    for row in (1, 2):
        part = ours[ours["row"] == row]
        np.testing.assert_allclose(part["time"], expected["time"])
        np.testing.assert_allclose(part["survival"], expected[f"surv{row}"], atol=1e-8, rtol=0)
        np.testing.assert_allclose(part["std_error_log"], expected[f"se{row}"], atol=1e-8, rtol=0)
    first = ours[ours["row"] == 1]
    np.testing.assert_allclose(first["ci_low"], expected["lower1"], atol=1e-8, rtol=0)
    np.testing.assert_allclose(first["ci_high"], expected["upper1"], atol=1e-8, rtol=0)


def test_linear_predictors_and_expected_events_equal_r(goldens):
    fit = _lung_fit(goldens, "efron")
    expected = _expected(goldens, "coxpredict_lung")
    lp = fit.linear_predictor()
    np.testing.assert_allclose(lp, expected["lp"], atol=1e-8, rtol=0)
    np.testing.assert_allclose(np.exp(lp), expected["risk"], atol=1e-8, rtol=0)
    plain = fit.linear_predictor(centred=False)
    np.testing.assert_allclose(plain, expected["lp_zero"], atol=1e-8, rtol=0)
    events = fit.data.event - fit.residuals("martingale")["martingale"]
    np.testing.assert_allclose(events, expected["expected"], atol=1e-8, rtol=0)


# ---- splines and their test


def test_a_restricted_cubic_spline_equals_rms(goldens):
    lung = _lung(goldens).dropna(subset=["ph.ecog"])
    knots = _expected(goldens, "rms_rcs_knots_age")["knot"].to_numpy(float)
    np.testing.assert_allclose(default_knots(lung["age"].to_numpy(float), 4), knots, atol=1e-10)
    basis = _expected(goldens, "rms_rcs_basis_age")
    ours = spline_basis(basis["x"].to_numpy(float), knots)
    np.testing.assert_allclose(ours, basis.iloc[:, 1:], atol=1e-10)

    cohort = _cohort(lung, "sex")
    spline = Term("age", transform="spline")
    table = cox(cohort, adjust=[spline, Term("ph.ecog", kind="numeric")], scale="none").table
    expected = _expected(goldens, "rms_cph_rcs4_lung").set_index("term")
    ours_by_term = table.assign(term=table["term"].replace("score", "sex")).set_index("term")
    for term in expected.index:
        row, theirs = ours_by_term.loc[term], expected.loc[term]
        np.testing.assert_allclose(row["estimate"], theirs["coef"], atol=1e-6)
        np.testing.assert_allclose(row["std_error"], theirs["se"], atol=1e-6)


def test_the_test_of_nonlinearity_equals_anova_of_rms(goldens):
    cohort = _cohort(_lung(goldens).dropna(subset=["ph.ecog"]), "age")
    table = nonlinearity(cohort, adjust=["sex", Term("ph.ecog", kind="numeric")]).table
    expected = _expected(goldens, "rms_anova_cph")
    for ours, theirs in (("overall", 0), ("nonlinear", 1)):
        row = table[table["term"] == ours].iloc[0]
        # cph stops with coefficients that are 1e-6 from the maximum
        np.testing.assert_allclose(row["statistic"], expected["Chi-Square"][theirs], rtol=5e-6)
        np.testing.assert_allclose(row["p_value"], expected["P"][theirs], rtol=5e-6)
        assert row["df"] == expected["d.f."][theirs]


# ---- restricted mean survival time


def test_the_regression_of_the_restricted_mean_equals_survrm2(goldens):
    lung = _lung(goldens)
    arm = (lung["sex"] - 1).to_numpy(np.int64)
    design = np.column_stack([np.ones(len(lung)), arm, lung["age"]])
    time, event = lung["time"].to_numpy(float), (lung["status"] == 2).to_numpy(float)
    fit = Restricted.of(time, event, 365.0, arm).regress(design)
    expected = _expected(goldens, "rmst2_lung_adjusted_RMST.difference")
    np.testing.assert_allclose(fit.coef, expected["coef"], rtol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), expected["se(coef)"], rtol=1e-9)


def test_robust_errors_do_not_touch_the_data(goldens):
    lung = _lung(goldens)
    x = lung[["age", "sex"]].to_numpy(float)
    data = CoxData(
        time=lung["time"].to_numpy(float),
        event=(lung["status"] == 2).to_numpy(float),
        scores=x[:, :1],
        covariates=x[:, 1:],
    )
    before = x.copy()
    robust_covariances(data, data.fit())
    np.testing.assert_array_equal(x, before)
