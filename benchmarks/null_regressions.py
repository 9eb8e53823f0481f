"""Regressions of clinical outcomes, tests of groups, correlations and pairs of scores.

As in null_tests.py the fits themselves are taken; a test of the package asserts that their p-values
are those of the commands.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from benchmarks.null_cohorts import NullCohort
from neurosig.errors import ConvergenceError
from neurosig.kernels.cox import CONVERGED, CoxFits
from neurosig.keys import OK, Result
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.regression.correlation import kendall, pearson, spearman
from neurosig.outcomes.regression.fitting import fit_kind
from neurosig.outcomes.regression.kind import Cases, Data, Fit
from neurosig.outcomes.regression.options import ClusterErrors, RegressionModel
from neurosig.outcomes.regression.rank_sums import kruskal_wallis, rank_sum
from neurosig.outcomes.regression.registry import available_kinds
from neurosig.outcomes.results import wald
from neurosig.outcomes.splines import default_knots, spline_basis

PValues = dict[str, float]
N_KNOTS = 4
_LEVELS = {"ordinal": 3, "multinomial": 3, "logistic": 2}


def fitted(data: CoxData) -> CoxFits:
    """The fit; an error where it has no finite estimate, and `ns.cox` no Wald test."""
    fits = data.fit()
    if fits.code[0] != CONVERGED or fits.infinite.any():
        raise ConvergenceError("No finite estimate", "", "")
    return fits


def cox_data(cohort: NullCohort) -> CoxData:
    """The score with the covariates of the regime."""
    patients = cohort.patients
    return CoxData(
        time=patients["time"].to_numpy(float),
        event=patients["event"].to_numpy(float),
        scores=patients[["score"]].to_numpy(),
        covariates=patients[cohort.adjust].to_numpy(float),
    )


def loglik_without(data: CoxData) -> float:
    """Log-likelihood of the covariates alone."""
    others = data.covariates
    if not others.shape[1]:
        return float(data.fit().loglik_null[0])
    return float(replace(data, scores=others[:, :1], covariates=others[:, 1:]).fit().loglik[0])


def spline(cohort: NullCohort) -> PValues:
    """The score's restricted cubic spline against a straight line and against nothing."""
    from scipy.special import chdtrc

    data, bends = cox_data(cohort), N_KNOTS - 2
    basis = spline_basis(data.scores[:, 0], default_knots(data.scores[:, 0], N_KNOTS))
    curve = fitted(replace(data, covariates=np.column_stack([basis[:, 1:], data.covariates])))
    found = {}
    for term, at, without in (
        ("nonlinear", slice(1, bends + 1), float(fitted(data).loglik[0])),
        ("overall", slice(0, bends + 1), loglik_without(data)),
    ):
        b = curve.coef[0, at]
        df, drop = b.size, 2 * (float(curve.loglik[0]) - without)
        chi2 = float(b @ np.linalg.solve(curve.covariance[0][at, at], b))
        found[f"spline, {term}, Wald"] = float(chdtrc(df, chi2))
        found[f"spline, {term}, likelihood ratio"] = float(chdtrc(df, max(drop, 0.0)))
    return found


def _regressed(
    cohort: NullCohort,
    kind: str,
    outcome: str,
    score: str = "score",
    *,
    beside: Sequence[str] = (),
    **options: object,
) -> Fit:
    """One fit with standardised columns, as `ns.regress` makes it."""
    patients = cohort.patients
    columns = patients[[score, *beside, *cohort.adjust]].to_numpy(float)
    scaled = (columns - columns.mean(axis=0)) / columns.std(axis=0, ddof=1)
    data = Data(
        y=patients[outcome].to_numpy(float),
        design=np.column_stack([np.ones(len(scaled)), scaled]),
        cases=_cases(cohort, kind, options),
        n_levels=_LEVELS.get(kind, 0),
    )
    fit = fit_kind(available_kinds()[kind], data, RegressionModel(**options), 0.95)  # type: ignore[arg-type]
    if fit.status != OK:
        raise ConvergenceError(f"The {kind} model has no estimate", fit.message, "")
    return fit


def _cases(cohort: NullCohort, kind: str, options: Mapping[str, object]) -> Cases:
    codes = cohort.patients["cluster"].to_numpy()
    return Cases(
        group=codes if kind == "mixed" else None, cluster=codes if "cluster" in options else None
    )


def _p_value(fit: Fit) -> float:
    """Of the score's coefficient (in the first equation)."""
    if fit.p_value is not None:
        return float(fit.p_value[0])
    df = None if fit.df is None else fit.df[:1]
    return float(wald(fit.estimate[:1], fit.std_error[:1], 0.95, df)[1][0])


def linear_and_logistic(cohort: NullCohort) -> PValues:
    """Of a measured and of a binary variable; also a product of two scores."""
    logistic = _regressed(cohort, "logistic", "binary")
    patients = cohort.patients
    both = patients[["score", "noise"]].to_numpy()
    both = (both - both.mean(axis=0)) / both.std(axis=0, ddof=1)
    product = replace(cohort, patients=patients.assign(product=both[:, 0] * both[:, 1]))
    pair_fit = _regressed(product, "logistic", "binary", "product", beside=("score", "noise"))
    return {
        "logistic, Wald": _p_value(logistic),
        "logistic, likelihood ratio": logistic.p_lr,
        "logistic, product of two scores": _p_value(pair_fit),
        "linear": _p_value(_regressed(cohort, "linear", "measured")),
    }


def robust(cohort: NullCohort) -> PValues:
    """With the errors of White and of MacKinnon and White."""
    found = {}
    for kind, outcome, name, errors in (
        ("linear", "measured", "linear", ("HC0", "HC1", "HC2", "HC3")),
        ("logistic", "binary", "logistic", ("HC0", "HC3")),
        ("poisson", "count", "Poisson", ("HC0", "HC3")),
    ):
        for error in errors:
            fit = _regressed(cohort, kind, outcome, errors=error)
            found[f"{name}, {error}"] = _p_value(fit)
    return found


def clusters(cohort: NullCohort) -> PValues:
    """Of variables and a score that are both shared within clusters, with robust errors."""
    kinds = (
        ("linear", "cluster_measured", "linear"),
        ("logistic", "cluster_binary", "logistic"),
        ("poisson", "cluster_count", "Poisson"),
    )
    return _of_clusters(cohort, kinds, "CR2")


def clusters_by_jackknife(cohort: NullCohort) -> PValues:
    """The same for the kinds whose default is a jackknife."""
    kinds = (
        ("ordinal", "cluster_grade", "ordinal"),
        ("multinomial", "cluster_grade", "multinomial"),
        ("negative_binomial", "cluster_count", "negative binomial"),
    )
    return _of_clusters(cohort, kinds, "jackknife")


def _of_clusters(
    cohort: NullCohort, kinds: Sequence[tuple[str, str, str]], default: ClusterErrors
) -> PValues:
    """By the default and by CR1; a model without a fit leaves the others."""
    alone, found = _alone(cohort), {}
    for kind, outcome, name in kinds:
        for errors, words in ((default, "clusters"), ("CR1", "clusters, CR1")):
            options = {"cluster": "cluster", "cluster_errors": errors}
            with suppress(ConvergenceError):
                fit = _regressed(alone, kind, outcome, "cluster_score", **options)
                found[f"{name}, {words}"] = _p_value(fit)
    return found


def _alone(cohort: NullCohort) -> NullCohort:
    """The same without covariates."""
    return replace(cohort, regime=replace(cohort.regime, adjusted=False))


def levels(cohort: NullCohort) -> PValues:
    """Of a variable with three levels, in order and without."""
    found = {}
    for kind in ("ordinal", "multinomial"):
        fit = _regressed(cohort, kind, "grade")
        found[f"{kind}, Wald"] = _p_value(fit)
        found[f"{kind}, likelihood ratio"] = fit.p_lr
        if kind == "ordinal":
            proportional = np.atleast_1d(fit.facts[Result.P_PROPORTIONAL])
            found["ordinal, proportional odds"] = float(proportional[0])
    return found


def counts(cohort: NullCohort) -> PValues:
    """Of a Poisson count and of an overdispersed one."""
    found = {}
    for kind, outcome, name in (
        ("poisson", "count", "Poisson"),
        ("negative_binomial", "scattered_count", "negative binomial"),
    ):
        fit = _regressed(cohort, kind, outcome)
        found[f"{name}, Wald"] = _p_value(fit)
        found[f"{name}, likelihood ratio"] = fit.p_lr
    return found


def mixed(cohort: NullCohort) -> PValues:
    """Of a variable and a score that are both shared within clusters."""
    fit = _regressed(_alone(cohort), "mixed", "cluster_measured", "cluster_score")
    return {"mixed, Wald": _p_value(fit), "mixed, likelihood ratio": fit.p_lr}


def firth_logistic(cohort: NullCohort) -> PValues:
    """Firth's profile likelihood, where it is asked for and not needed."""
    return {"logistic, Firth": _p_value(_regressed(cohort, "logistic", "binary", firth=True))}


def groups(cohort: NullCohort) -> PValues:
    """Rank tests of a score between two or three groups."""
    noise, group = cohort.patients["noise"].to_numpy(), cohort.patients["group"].to_numpy()
    parts = [noise[group == g] for g in range(3)]
    if min(part.size for part in parts) < 2:
        return {}
    return {
        "Wilcoxon": rank_sum(parts[0], np.concatenate(parts[1:])).p_value,
        "Kruskal-Wallis": kruskal_wallis(parts).p_value,
    }


def correlations(cohort: NullCohort) -> PValues:
    """Of a score and a variable, of ranks also given a covariate."""
    noise, measured, z1 = (cohort.patients[name].to_numpy() for name in ("noise", "measured", "z1"))
    score = cohort.patients["score"].to_numpy()
    return {
        "rank correlation": spearman(noise, measured).p_value,
        "rank correlation, partial": spearman(score, measured, z1[:, None]).p_value,
        "Pearson correlation": pearson(noise, measured).p_value,
        "Kendall correlation": kendall(noise, measured).p_value,
    }


def pair(cohort: NullCohort) -> PValues:
    """The product of two scores in a Cox model."""
    data = cox_data(cohort)
    both = cohort.patients[["score", "noise"]].to_numpy()
    both = (both - both.mean(axis=0)) / both.std(axis=0, ddof=1)
    product = replace(
        data,
        scores=(both[:, 0] * both[:, 1])[:, None],
        covariates=np.column_stack([both, data.covariates]),
    )
    squares = replace(product, covariates=np.column_stack([product.covariates, both**2]))
    found = {}
    for name, terms in (("", product), (", beside their squares", squares)):
        fits = fitted(terms)
        error = np.sqrt(fits.covariance[:, 0, 0])
        p_value = float(wald(fits.coef[:, 0], error, 0.95)[1][0])
        found[f"interplay, product of two scores{name}"] = p_value
    return found
