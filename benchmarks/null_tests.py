"""Every test of an association that the package offers, on one null cohort.

Where a command only wraps a fit in a table, the fit itself is taken, which is some ten times
faster; a test of the package asserts that the p-values are those of the commands.
"""

import sys
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd

import neurosig as ns
from benchmarks import null_regressions
from benchmarks.null_cohorts import NullCohort
from benchmarks.null_regressions import cox_data, fitted, loglik_without
from neurosig.errors import NeurosigError
from neurosig.kernels.cox import CoxOptions, cox_fit_batch
from neurosig.kernels.cox_score_test import ScoreTestTerms, score_test_terms, score_test_z
from neurosig.outcomes.competing.subdistribution import fit_subdistribution
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.cox.proportional_hazards import ph_p_values
from neurosig.outcomes.cox.robust_errors import ErrorKind, robust_covariances
from neurosig.outcomes.prediction.increment import Nested
from neurosig.outcomes.prediction.risk_model import SurvivalData

PValues = dict[str, float]
NAIVE = "not offered: log-rank at the best cut"
_ENDPOINT = ns.Endpoint(time="time", event="event", unit="months", event_values=[1])


def _joined(cohort: NullCohort, endpoint: ns.Endpoint, *scores: str) -> ns.Cohort:
    patients = cohort.patients
    return ns.Cohort.join(patients[list(scores)], patients.drop(columns=list(scores)), endpoint)


def _normal(z: float) -> float:
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


def cox(cohort: NullCohort) -> PValues:
    """Tests of the score in Cox models and of proportional hazards."""
    data = cox_data(cohort)
    fits = fitted(data)
    found = {
        "Cox, Wald": _wald(fits.coef, fits.covariance),
        "Cox, likelihood ratio": _p_of_drop(fits.loglik[0] - loglik_without(data)),
        "Cox, score": _normal(score_test_z(_score_terms(cohort), data.scores)[0]),
        "Cox, robust": _wald(fits.coef, robust_covariances(data, fits)),
    }
    for transform in ("km", "rank", "identity", "log"):
        columns, everything = ph_p_values(data, fits, transform)
        found[f"proportional hazards, {transform}"] = columns[0, 0]
        if transform == "km":
            found["proportional hazards, km, all terms"] = everything[0]
    if found["proportional hazards, km"] < 0.05:
        joined = _joined(cohort, _ENDPOINT, "score")
        row = ns.cox(joined, adjust=cohort.adjust).table.iloc[0]
        found["restricted mean beside rejected proportional hazards"] = row["rmst_p_value"]
    z1 = cohort.patients["z1"].to_numpy()
    others = data.covariates if cohort.adjust else z1[:, None]
    product = replace(
        data,
        scores=data.scores * z1[:, None],
        covariates=np.column_stack([data.scores, others]),
    )
    pair = fitted(product)
    return found | {"Cox, interaction": _wald(pair.coef, pair.covariance)}


def cox_of_other_rows(cohort: NullCohort) -> PValues:
    """After a landmark, after a delayed entry, in strata, and of clusters with robust errors."""
    data, patients = cox_data(cohort), cohort.patients
    at = float(np.quantile(data.time, 0.25))
    later = data.time > at
    rest = fitted(
        CoxData(
            time=data.time[later] - at,
            event=data.event[later],
            scores=data.scores[later],
            covariates=data.covariates[later],
        )
    )
    entry = patients["entry"].to_numpy(float)
    seen = data.time > entry
    entered = fitted(
        CoxData(
            time=data.time[seen],
            event=data.event[seen],
            scores=data.scores[seen],
            covariates=data.covariates[seen],
            options=CoxOptions(entry=entry[seen]),
        )
    )
    strata_time = patients["strata_time"].to_numpy(float)
    apart = fitted(replace(data, time=strata_time, strata=patients["half"].to_numpy()))
    clusters = CoxData(
        time=patients["cluster_time"].to_numpy(float),
        event=patients["cluster_event"].to_numpy(float),
        scores=patients[["cluster_score"]].to_numpy(),
        covariates=np.empty((len(patients), 0)),
    )
    fits = fitted(clusters)
    groups = patients["cluster"].to_numpy()
    jackknife = ErrorKind(is_robust=True, cluster=groups, by_jackknife=True).of(clusters, fits)
    return {
        "Cox, after a landmark": _wald(rest.coef, rest.covariance),
        "Cox, delayed entry": _wald(entered.coef, entered.covariance),
        "Cox, stratified": _wald(apart.coef, apart.covariance),
        "Cox, clusters": _wald(fits.coef, jackknife.variance, jackknife.df[0]),
        "Cox, clusters, sandwich": _wald(fits.coef, robust_covariances(clusters, fits, groups)),
    }


def _score_terms(cohort: NullCohort) -> ScoreTestTerms:
    data, coef = cox_data(cohort), np.zeros(0)
    if cohort.adjust:
        others = data.covariates
        coef = cox_fit_batch(data.time, data.event, others[:, :1], others[:, 1:]).coef[0]
    return score_test_terms(data.time, data.event, data.covariates, coef)


def _wald(coef: np.ndarray, covariance: np.ndarray, df: float = np.inf) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(df, -abs(coef[0, 0] / np.sqrt(covariance[0, 0, 0]))))


def _p_of_drop(difference: float) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(1, max(2 * difference, 0.0)))


def firth(cohort: NullCohort) -> PValues:
    """Firth's profile likelihood, where it is asked for and not needed."""
    joined = _joined(cohort, _ENDPOINT, "score")
    rows = ns.cox(joined, adjust=cohort.adjust, model=ns.CoxModel(firth=True)).table
    return {"Cox, Firth": rows["p_value"].iloc[0]}


def with_missing(cohort: NullCohort) -> pd.DataFrame:
    """The patients, 30 % of them without z1: by chance as far as a model of them knows."""
    patients = cohort.patients
    gone = patients["cluster_score"].rank(pct=True) <= 0.3
    return patients.assign(z1=patients["z1"].where(~gone))


def imputed(cohort: NullCohort) -> PValues:
    """A covariate with 30 % missing values, imputed and pooled."""
    patients = cohort.patients
    clinic = with_missing(cohort).drop(columns="score")
    joined = ns.Cohort.join(patients[["score"]], clinic, _ENDPOINT)
    number = int(1e6 * abs(patients["z2"].iloc[0]))
    drawn = ns.impute(joined, ["z1", "z2"], m=10, seed=number)
    return {"Cox, imputed covariate": ns.cox(drawn, adjust=["z1", "z2"]).table["p_value"].iloc[0]}


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
        for method, name in (("pseudo", ""), ("ipcw", ", by weights")):
            rows = ns.rmst_regression(
                *data, patients[["noise"]], tau=tau, effect=effect, method=method
            )
            found[f"restricted mean, regression, {effect}{name}"] = rows["p_value"].iloc[1]
    return found


def causes(cohort: NullCohort) -> PValues:
    """Gray's test and Fine-Gray models."""
    patients = cohort.patients
    data = patients["time"], patients["cause"], patients["group"]
    time, cause = patients["time"].to_numpy(float), patients["cause"].to_numpy()
    columns = patients[["score", *cohort.adjust]].to_numpy(float)
    fit = fit_subdistribution(time, cause, columns)
    without = fit.loglik_null
    if cohort.adjust:
        without = fit_subdistribution(time, cause, columns[:, 1:]).loglik
    apart = fit_subdistribution(time, cause, columns, patients["half"].to_numpy())
    return {
        "Gray": ns.gray_test(*data).p_value,
        "Gray, stratified": ns.gray_test(*data, strata=patients["half"]).p_value,
        "Fine-Gray, Wald": _normal(fit.coef[0] / np.sqrt(fit.covariance[0, 0])),
        "Fine-Gray, Wald, groups of censoring": _normal(
            apart.coef[0] / np.sqrt(apart.covariance[0, 0])
        ),
        "Fine-Gray, likelihood ratio": _p_of_drop(fit.loglik - without),
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
    return {NAIVE: ns.logrank(*data, patients["noise"] <= cut).p_value}


_FEW = ns.Resampling(n_resamples=20)


def two_models(cohort: NullCohort) -> PValues:
    """The concordance of two scores, compared; neither tells anything of the first covariate."""
    joined = _joined(cohort, _ENDPOINT, "noise", "z2")
    both = ns.compare_concordance(joined, ["noise"], ["z2"], resampling=_FEW).table
    return {"concordance of two models": both["p_value"].iloc[2]}


def added_value(cohort: NullCohort) -> PValues:
    """What a score adds to two covariates."""
    data = cox_data(cohort)
    columns = cohort.patients[["z1", "z2", "score"]].to_numpy()
    both = Nested.fit(SurvivalData(data.time, data.event, columns))
    return {"added value, likelihood ratio": _p_of_drop(both.full.loglik - both.base.loglik)}


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


def mediated(cohort: NullCohort) -> PValues:
    """The indirect effect of a score through another, with a bootstrap of 200."""
    joined = _joined(cohort, _ENDPOINT, "score", "noise")
    table = ns.mediation(
        joined,
        exposure="score",
        mediator="noise",
        model="linear",
        outcome="measured",
        adjust=cohort.adjust,
        bootstrap=ns.Bootstrap(n_resamples=200),
    ).table
    return {"mediation, indirect effect": table.set_index("term").loc["total_indirect", "p_value"]}


TESTS = (
    cox,
    cox_of_other_rows,
    null_regressions.spline,
    null_regressions.linear_and_logistic,
    null_regressions.robust,
    null_regressions.clusters,
    null_regressions.levels,
    null_regressions.counts,
    null_regressions.mixed,
    ranks,
    means,
    causes,
    cutpoint,
    null_regressions.groups,
    null_regressions.correlations,
    null_regressions.pair,
    added_value,
    naive_cutpoint,
    null_regressions.firth_logistic,
    firth,
    two_models,
    nulls,
    mediated,
    imputed,
    null_regressions.clusters_by_jackknife,
)


def p_values(cohort: NullCohort, number: int) -> PValues:
    """All of them; a test that a cohort does not allow has none. number: which of its regime."""
    found: PValues = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for test in TESTS:
            try:
                found |= test(cohort)
            except (NeurosigError, np.linalg.LinAlgError):
                continue
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                # A defect: it is shown, and the rest of the run is not lost.
                label = f"cohort {number} of {cohort.regime.label}"
                print(f"{test.__name__} stopped in {label}: {error!r}", file=sys.stderr)
    return {name: float(p) for name, p in found.items()}
