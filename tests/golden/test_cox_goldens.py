"""Cox regression and its proportional-hazards test against R survival 3.5-3.

Goldens: expected/cox_*, coxzph_* (calls in scripts/30_survival.R) and real/survival353_*.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurosig.kernels.cox import CONVERGED, cox_fit_batch
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.proportional_hazards import ph_test
from neurosig.outcomes.cox.verb import cox
from neurosig.outcomes.design import Term

pytestmark = pytest.mark.data

# R stops when the log-likelihood changes by less than 1e-9 of itself, we take one step more: the
# coefficients agree as far as R's have converged.
TOLERANCE = 1e-7


def _case(goldens: Path, name: str):
    """Time, event (0/1), design and strata of a model in 30_survival.R, complete cases."""
    if name.startswith("lung"):
        lung = pd.read_csv(goldens / "inputs" / "surv_lung.csv")
        columns = ["age", "ph.ecog"] if "strata" in name else ["age", "sex", "ph.ecog"]
        lung = lung.dropna(subset=columns)
        strata = lung["sex"].to_numpy(np.int64) if "strata" in name else None
        return lung["time"], lung["status"] == 2, lung[columns], strata
    if name.startswith("veteran"):
        veteran = pd.read_csv(goldens / "inputs" / "surv_veteran.csv")
        levels = ["smallcell", "adeno", "large"]
        dummies = {f"celltype{v}": (veteran["celltype"] == v).astype(float) for v in levels}
        design = veteran[["trt", "karno"]].assign(**dummies)
        return veteran["time"], veteran["status"] == 1, design, None
    if name.startswith("gbsg"):
        gbsg = pd.read_csv(goldens / "inputs" / "surv_gbsg.csv")
        columns = ["age", "size", "grade", "nodes", "pgr", "er", "hormon", "meno"]
        return gbsg["rfstime"], gbsg["status"] == 1, gbsg[columns], None
    colon = pd.read_csv(goldens / "inputs" / "surv_colon.csv").query("etype == 2")
    colon = colon.dropna(subset=["age", "sex", "nodes"])
    design = colon[["age", "sex", "nodes"]].copy()
    design.insert(0, "rxLev", (colon["rx"] == "Lev").astype(float))
    design.insert(1, "rxLev+5FU", (colon["rx"] == "Lev+5FU").astype(float))
    return colon["time"], colon["status"] == 1, design, None


def _arrays(case):
    time, event, design, strata = case
    return (
        time.to_numpy(float),
        event.to_numpy(float),
        design.to_numpy(float),
        strata,
    )


@pytest.mark.parametrize(
    "name",
    [
        "lung_efron",
        "lung_breslow",
        "lung_strata",
        "veteran_celltype_efron",
        "veteran_celltype_breslow",
        "gbsg_many",
        "colon_rx_death",
    ],
)
def test_a_cox_fit_equals_r(goldens, name):
    time, event, design, strata = _arrays(_case(goldens, name))
    ties = "breslow" if "breslow" in name else "efron"
    fit = cox_fit_batch(time, event, design[:, :1], design[:, 1:], strata=strata, ties=ties)

    expected = pd.read_csv(goldens / "expected" / f"cox_{name}_coef.csv")
    variance = pd.read_csv(goldens / "expected" / f"cox_{name}_vcov.csv", index_col=0)
    numbers = pd.read_csv(goldens / "expected" / f"cox_{name}_fit.csv").set_index("stat")["value"]
    np.testing.assert_allclose(fit.coef[0], expected["coef"], atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(fit.covariance[0], variance, atol=TOLERANCE, rtol=1e-7)
    np.testing.assert_allclose(fit.loglik_null[0], numbers["loglik_null"], rtol=1e-10)
    np.testing.assert_allclose(fit.loglik[0], numbers["loglik"], rtol=1e-10)
    np.testing.assert_allclose(fit.score_statistic[0], numbers["score"], rtol=1e-8)
    assert fit.code[0] == CONVERGED
    assert not fit.infinite.any()


def test_a_monotone_likelihood_is_infinite_where_r_warns(goldens):
    event = np.array([1.0] * 6 + [0.0] * 6)
    fit = cox_fit_batch(np.arange(1.0, 13.0), event, event[:, None].copy())
    numbers = pd.read_csv(goldens / "expected" / "cox_separation_fit.csv").set_index("stat")
    assert fit.infinite[0, 0]  # R: "Loglik converged before variable 1; may be infinite"
    np.testing.assert_allclose(fit.loglik[0], numbers.loc["loglik", "value"], atol=1e-6)
    np.testing.assert_allclose(fit.score_statistic[0], numbers.loc["score", "value"], rtol=1e-10)


@pytest.mark.parametrize(
    ("model", "golden", "transform"),
    [
        ("lung_efron", "lung_efron_km", "km"),
        ("lung_efron", "lung_efron_rank", "rank"),
        ("lung_efron", "lung_efron_identity", "identity"),
        ("lung_efron", "lung_efron_log", "log"),
        ("lung_breslow", "lung_breslow_km", "km"),
        ("lung_strata", "lung_strata_km", "km"),
        ("veteran_celltype", "veteran_km_termsFALSE", "km"),
    ],
)
def test_the_proportional_hazards_test_equals_cox_zph(goldens, model, golden, transform):
    case = _case(goldens, model)
    time, event, design, strata = _arrays(case)
    ours = ph_test(
        time,
        event,
        design,
        names=list(case[2].columns),
        strata=strata,
        ties="breslow" if "breslow" in model else "efron",
        transform=transform,
    )
    expected = pd.read_csv(goldens / "expected" / f"coxzph_{golden}.csv")
    assert ours["term"].tolist() == expected["term"].tolist()
    np.testing.assert_allclose(ours["chisq"], expected["chisq"], rtol=1e-6)
    np.testing.assert_allclose(ours["p_value"], expected["p"], rtol=1e-6)


def test_a_categorical_variable_is_one_term_of_the_proportional_hazards_test(goldens):
    time, event, design, _ = _arrays(_case(goldens, "veteran"))
    names, terms = ["trt", "karno", "celltype"], [[0], [1], [2, 3, 4]]
    ours = ph_test(time, event, design, names=names, terms=terms)
    expected = pd.read_csv(goldens / "expected" / "coxzph_veteran_km.csv")
    np.testing.assert_allclose(ours["chisq"], expected["chisq"], rtol=1e-6)
    assert ours["df"].tolist() == expected["df"].tolist()


def test_a_cohort_with_covariates_and_strata_gives_the_table_r_prints(goldens):
    lung = pd.read_csv(goldens / "inputs" / "surv_lung.csv").dropna(subset=["ph.ecog"])
    scores = lung[["age"]].rename(columns={"age": "AGE"}).set_axis([f"p{i}" for i in lung.index])
    clinical = lung[["time", "status", "sex", "ph.ecog"]].set_axis(scores.index)
    endpoint = Endpoint(time="time", event="status", event_values=("2",), name="OS")
    cohort = Cohort.join(scores, clinical, endpoint, name="lung")
    numeric = Term("ph.ecog", kind="numeric")

    plain = cox(cohort, adjust=["sex", numeric], scale="none").table
    expected = pd.read_csv(goldens / "expected" / "cox_lung_efron_coef.csv")
    zph = pd.read_csv(goldens / "expected" / "coxzph_lung_efron_km.csv").set_index("term")
    for ours, theirs in (
        ("estimate", "coef"),
        ("std_error", "se(coef)"),
        ("statistic", "z"),
        ("p_value", "Pr(>|z|)"),
        ("effect", "exp(coef)"),
        ("effect_low", "lower .95"),
        ("effect_high", "upper .95"),
    ):
        np.testing.assert_allclose(plain[ours], expected[theirs], rtol=1e-6)
    assert plain["term"].tolist() == ["score", "sex", "ph.ecog"]
    theirs = zph.loc[["age", "sex", "ph.ecog"], "p"]
    np.testing.assert_allclose(plain["p_ph"], theirs, rtol=1e-6)
    np.testing.assert_allclose(plain["p_ph_global"][0], zph.loc["GLOBAL", "p"], rtol=1e-6)

    stratified = cox(cohort, adjust=[numeric], strata=["sex"], scale="none").table
    expected = pd.read_csv(goldens / "expected" / "cox_lung_strata_coef.csv")
    np.testing.assert_allclose(stratified["estimate"], expected["coef"], atol=TOLERANCE)

    breslow = cox(
        cohort, adjust=["sex", numeric], scale="none", model=CoxModel(ties="breslow")
    ).table
    expected = pd.read_csv(goldens / "expected" / "cox_lung_breslow_coef.csv")
    np.testing.assert_allclose(breslow["estimate"], expected["coef"], atol=TOLERANCE)


def test_six_real_cohorts_equal_r(goldens):
    rows = pd.read_csv(goldens / "real" / "survival353_coxph_input.csv.gz")
    reference = pd.read_csv(goldens / "real" / "survival353_coxph_reference.csv")
    assert len(reference) == 12
    for expected in reference.to_dict("records"):
        data = rows[rows["dataset"] == expected["dataset"]]
        time, event = data["time"].to_numpy(float), data["event"].to_numpy(float)
        z = data[["z"]].to_numpy(float)
        fit = cox_fit_batch(time, event, z, ties=expected["ties"])
        assert (len(data), int(event.sum())) == (expected["n"], expected["nevent"])
        np.testing.assert_allclose(fit.coef[0, 0], expected["coef"], atol=TOLERANCE)
        np.testing.assert_allclose(fit.covariance[0, 0, 0] ** 0.5, expected["se"], atol=TOLERANCE)
        np.testing.assert_allclose(fit.loglik[0], expected["loglik1"], rtol=1e-9)
        np.testing.assert_allclose(fit.score_statistic[0], expected["score"], rtol=1e-8)
        zph = ph_test(time, event, z, names=["z"], ties=expected["ties"])
        np.testing.assert_allclose(zph["p_value"][0], expected["ph_p"], rtol=1e-6)
