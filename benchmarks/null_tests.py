"""Every test of an association that the package offers, on one null cohort."""

import warnings
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

import neurosig as ns
from benchmarks.null_cohorts import NullCohort
from neurosig.errors import NeurosigError
from neurosig.kernels.cox import cox_fit_batch
from neurosig.kernels.cox_score_test import score_test_terms, score_test_z

PValues = dict[str, float]
_ENDPOINT = ns.Endpoint(time="time", event="event", unit="months", event_values=[1])
_CAUSES = ns.Endpoint(time="time", event="cause", unit="months", causes={"own": 1, "other": 2})
_CLUSTERS = ns.Endpoint(time="cluster_time", event="cluster_event", unit="months", event_values=[1])


def _joined(cohort: NullCohort, endpoint: ns.Endpoint, *scores: str) -> ns.Cohort:
    patients = cohort.patients
    return ns.Cohort.join(patients[list(scores)], patients.drop(columns=list(scores)), endpoint)


def _normal(z: float) -> float:
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


def cox(cohort: NullCohort) -> PValues:
    """Tests of the score in Cox models, of proportional hazards, and what goes with them."""
    joined = _joined(cohort, _ENDPOINT, "score")
    row = ns.cox(joined, adjust=cohort.adjust).table.iloc[0]
    found = {
        "Cox, Wald": row["p_value"],
        "Cox, likelihood ratio": row["p_lr"],
        "proportional hazards, km": row["p_ph"],
        "proportional hazards, km, all terms": row["p_ph_global"],
        "restricted mean beside a rejected proportional hazard": row.get("rmst_p_value", np.nan),
    }
    robust = ns.cox(joined, adjust=cohort.adjust, model=ns.CoxModel(robust=True)).table
    found["Cox, robust"] = robust["p_value"].iloc[0]
    pairs = ns.cox(joined, adjust=cohort.adjust or ["z1"], interactions=[("score", "z1")]).table
    found["Cox, interaction"] = pairs.loc[pairs["term"] == "score:z1", "p_value"].iloc[0]
    bends = ns.nonlinearity(joined, adjust=cohort.adjust).table.set_index("term")
    for term in ("nonlinear", "overall"):
        found[f"spline, {term}, Wald"] = bends.loc[term, "p_value"]
        found[f"spline, {term}, likelihood ratio"] = bends.loc[term, "p_lr"]
    later = ns.landmark(joined, at=float(np.quantile(cohort.patients["time"], 0.25)))
    found["Cox, after a landmark"] = ns.cox(later, adjust=cohort.adjust).table["p_value"].iloc[0]
    return found


def cox_parts(cohort: NullCohort) -> PValues:
    """The score test that the null tests use, clusters, and further transforms of time."""
    patients = cohort.patients
    time, event = patients["time"].to_numpy(float), patients["event"].to_numpy(float)
    score, others = patients[["score"]].to_numpy(), patients[cohort.adjust].to_numpy()
    coef = np.zeros(0)
    if cohort.adjust:
        coef = cox_fit_batch(time, event, others[:, :1], others[:, 1:]).coef[0]
    z = score_test_z(score_test_terms(time, event, others, coef), score)
    found = {"Cox, score": _normal(z[0])}
    for transform in ("rank", "identity", "log"):
        table = ns.ph_test(
            time,
            event,
            np.column_stack([score, others]),
            names=["score", *cohort.adjust],
            transform=transform,
        )
        found[f"proportional hazards, {transform}"] = table["p_value"].iloc[0]
    joined = _joined(cohort, _CLUSTERS, "cluster_score")
    rows = ns.cox(joined, model=ns.CoxModel(cluster="cluster")).table
    return found | {"Cox, clusters": rows["p_value"].iloc[0]}


def firth(cohort: NullCohort) -> PValues:
    """Firth's profile likelihood, where it is asked for and not needed."""
    joined = _joined(cohort, _ENDPOINT, "score")
    rows = ns.cox(joined, adjust=cohort.adjust, model=ns.CoxModel(firth=True)).table
    return {"Cox, Firth": rows["p_value"].iloc[0]}


def ranks(cohort: NullCohort) -> PValues:
    """Log-rank tests of three groups, or of the first against the others."""
    patients = cohort.patients
    data = patients["time"], patients["event"]
    group, strata = patients["group"], patients["half"]
    pairs = ns.pairwise_logrank(*data, group)
    late = {"weighting": "fleming-harrington", "gamma": 1}
    return {
        "log-rank": ns.logrank(*data, group).p_value,
        "log-rank, two groups": ns.logrank(*data, group > 0).p_value,
        "log-rank, Gehan": ns.logrank(*data, group, weighting="gehan").p_value,
        "log-rank, Tarone-Ware": ns.logrank(*data, group, weighting="tarone-ware").p_value,
        "log-rank, early weights (rho 1)": ns.logrank(
            *data, group, weighting="fleming-harrington", rho=1
        ).p_value,
        "log-rank, late weights (gamma 1)": ns.logrank(*data, group, **late).p_value,
        "log-rank, trend": ns.logrank_trend(*data, group).p_value,
        "log-rank, stratified": ns.logrank(
            patients["strata_time"], patients["event"], group, strata=strata
        ).p_value,
        "log-rank, one pair of three": pairs["p_value"].iloc[0],
        "log-rank, smallest q of three pairs": pairs["q_value"].min(),
    }


def means(cohort: NullCohort) -> PValues:
    """Restricted means of two groups and their regression on a score."""
    patients = cohort.patients
    data, high = (patients["time"], patients["event"]), patients["group"] > 0
    last = patients["time"].groupby(high).max().min()
    tau = min(float(last), float(np.quantile(patients["time"], 0.75)))
    contrasts = ns.rmst(*data, tau=tau, groups=high).contrasts.set_index("contrast")["p_value"]
    found = {f"restricted means, {name}": contrasts[name] for name in contrasts.index}
    for effect in ("difference", "ratio"):
        rows = ns.rmst_regression(*data, patients[["noise"]], tau=tau, effect=effect)
        found[f"restricted mean, regression, {effect}"] = rows["p_value"].iloc[1]
    return found


def causes(cohort: NullCohort) -> PValues:
    """Gray's test and Fine-Gray models."""
    patients = cohort.patients
    data = patients["time"], patients["cause"], patients["group"]
    row = ns.fine_gray(_joined(cohort, _CAUSES, "score"), adjust=cohort.adjust).table.iloc[0]
    return {
        "Gray": ns.gray_test(*data).p_value,
        "Gray, stratified": ns.gray_test(*data, strata=patients["half"]).p_value,
        "Fine-Gray, Wald": row["p_value"],
        "Fine-Gray, likelihood ratio": row["p_lr"],
    }


def cutpoint(cohort: NullCohort) -> PValues:
    """The corrected p-values of a searched cutpoint."""
    patients = cohort.patients
    few = {"n_permutations": 999, "n_bootstrap": 1, "n_folds": 2, "n_repeats": 1}
    found = ns.maxstat(patients["time"], patients["event"], patients["noise"], **few)
    return {
        "cutpoint, permutation": found.p_value,
        "cutpoint, Lausen 1992": found.p_lau92,
        "cutpoint, Lausen 1994": found.p_lau94,
    }


def naive_cutpoint(cohort: NullCohort) -> PValues:
    """What the package does not offer: the log-rank test of the two groups at the best cut."""
    patients = cohort.patients
    data = patients["time"], patients["event"]
    few = {"n_permutations": 1, "n_bootstrap": 1, "n_folds": 2, "n_repeats": 1}
    cut = ns.maxstat(*data, patients["noise"], **few).cut
    return {"log-rank at the best cut": ns.logrank(*data, patients["noise"] <= cut).p_value}


def clinical(cohort: NullCohort) -> PValues:
    """Regressions of clinical variables and the rank correlation."""
    patients = cohort.patients
    scores = patients[["score"]]
    joined = ns.Cohort.join(scores, patients.drop(columns="score"))
    adjust = cohort.adjust
    logistic = ns.regress(joined, outcome="binary", positive=1, adjust=adjust).table.iloc[0]
    linear = ns.regress(joined, outcome="measured", kind="linear", adjust=adjust).table.iloc[0]
    correlated = ns.confounding(patients[["noise"]], patients[["measured"]]).table
    return {
        "logistic, Wald": logistic["p_value"],
        "logistic, likelihood ratio": logistic["p_lr"],
        "linear": linear["p_value"],
        "rank correlation": correlated["p_value"].iloc[0],
    }


_FEW = ns.Resampling(n_resamples=20)


def two_models(cohort: NullCohort) -> PValues:
    """The concordance of two scores, compared."""
    joined = _joined(cohort, _ENDPOINT, "score", "noise")
    both = ns.compare_concordance(joined, ["score"], ["noise"], resampling=_FEW).table
    return {"concordance of two models": both["p_value"].iloc[2]}


def added_value(cohort: NullCohort) -> PValues:
    """What a score adds to two covariates."""
    joined = _joined(cohort, _ENDPOINT, "score")
    middle = float(np.quantile(cohort.patients["time"], 0.5))
    rows = ns.added_value(joined, base=["z1", "z2"], times=middle, resampling=_FEW).table
    return {"added value, likelihood ratio": rows["p_lr"].iloc[0]}


def nulls(cohort: NullCohort) -> PValues:
    """Empirical p-values: among random sets of genes, and by permutation."""
    rng = np.random.default_rng(int(1e6 * abs(cohort.patients["z1"].iloc[0])))
    names = cohort.patients.index
    genes = [f"G{j}" for j in range(60)]
    x = pd.DataFrame(rng.normal(8, 1, (len(names), 60)) + rng.normal(0, 1, 60), names, genes)
    sets = {"S": genes[:8]}
    scores = ns.score(x, sets, method="mean")
    joined = ns.Cohort.join(scores, cohort.patients, _ENDPOINT)
    row = ns.null_test(
        joined,
        x,
        sets,
        method="mean",
        adjust=cohort.adjust,
        null=ns.MatchedNull(n_sets=199, n_bins=4),
        n_permutations=199,
        catalogue=None,
        seed=int(rng.integers(2**31)),
    ).table.iloc[0]
    return {"null test, random sets": row["p_null"], "null test, permutation": row["p_permuted"]}


EVERY_COHORT = (cox, cox_parts, ranks, means, causes, cutpoint, clinical)
SLOW: Mapping[Callable[[NullCohort], PValues], Mapping[int, int]] = {
    firth: {50: 2, 100: 10},
    two_models: {50: 4, 100: 4, 200: 4, 500: 4},
    added_value: {50: 10, 100: 10, 200: 10, 500: 10},
    nulls: {50: 4, 100: 4, 200: 4},
}
"""Tests that take long: one in how many cohorts they are run for, by the number of patients."""


def p_values(cohort: NullCohort, number: int) -> PValues:
    """All of them; a test that a cohort does not allow has none. number: which of its regime."""
    found: PValues = {}
    slow = [
        test
        for test, steps in SLOW.items()
        if cohort.regime.n in steps and number % steps[cohort.regime.n] == 0
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for test in (*EVERY_COHORT, *slow):
            try:
                found |= test(cohort)
            except NeurosigError:
                continue
    return {name: float(p) for name, p in found.items()}
