"""Linear mixed models: donors or centres as random effects."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neurosig.errors import ClinicalError, ParameterError, count
from neurosig.keys import Result
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.model_rows import TOO_FEW_EVENTS, ModelRows
from neurosig.outcomes.regression.kind import (
    PERFECT_FIT,
    SINGULAR_FIT,
    Cases,
    Data,
    Fit,
    Kind,
    Outcome,
    is_perfect,
)
from neurosig.outcomes.regression.mixed_likelihood import MixedFit, MixedLikelihood
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.outcome_column import finite_numbers

FloatArray = NDArray[np.float64]


class Mixed(Kind):
    """outcome = a + beta x + gamma' z + b_g + e; b_g: normal, one for each group."""

    name = "mixed"
    title = "linear mixed model"
    options = frozenset({"group", "slope", "estimation"})
    has_df = True

    def read(
        self, cohort: Cohort, column: str, positive: str | float | None, model: RegressionModel
    ) -> Outcome:
        """The column as numbers; the groups have to be named."""
        del positive
        if model.group is None:
            raise ParameterError(
                "A mixed model needs the groups with intercepts of their own",
                "group is None",
                'Name their column, as in RegressionModel(group="donor")',
            )
        return Outcome(finite_numbers(cohort, column), column)

    def describe(self, model: RegressionModel) -> str:
        """Groups and estimation in words."""
        effect = "intercepts" if model.slope is None else f"intercepts and slopes of {model.slope}"
        return f"{self.title}, {model.estimation}, {effect} by {model.group}"

    def refuse(self, outcome: Outcome, y: FloatArray, rows: ModelRows, cases: Cases) -> None:
        """Refuse groups of one row each, a single group, and no more groups than effects."""
        del rows
        group = _groups(cases)
        n_groups = np.unique(group).size
        why = _too_few_groups(group, y.size, has_slope=cases.has_slope)
        if why is not None:
            raise ClinicalError(
                f"The groups cannot be told from the residuals of {outcome.label!r}",
                f"{count(y.size, 'row')} in {count(n_groups, 'group')}: {why}",
                'Use kind="linear" where each group has one row; a group as a covariate where '
                "there are very few",
                n_groups=n_groups,
                n=y.size,
            )

    def too_few(self, y: FloatArray, k: int, cases: Cases) -> str | None:
        """Groups that cannot be told from residuals among the rows of one signature."""
        del k
        return _too_few_groups(_groups(cases), y.size, has_slope=cases.has_slope)

    def fit(self, data: Data, model: RegressionModel, confidence: float) -> Fit:
        """REML or ML; t with the degrees of freedom between or within groups, as nlme's."""
        del confidence
        k = data.design.shape[1] - 1
        group = _groups(data.cases)
        df = degrees_of_freedom(data.design[:, 1:], group)
        if (df < 1).any():
            return Fit.failed(k, TOO_FEW_EVENTS, _no_freedom(data.design[:, 1:], group, df))
        if is_perfect(_within_groups(data, group), data.y):
            message = "the terms and the groups determine the outcome"
            return Fit.failed(k, PERFECT_FIT, message)
        effects, back = _effects(data.y, data.cases.slope)
        fitted = MixedLikelihood(data.y, data.design, effects, group, model.estimation).maximise()
        facts = _facts(fitted, back, np.unique(group).size)
        return Fit(
            estimate=fitted.estimate[1:],
            std_error=np.sqrt(np.diag(fitted.covariance))[1:],
            df=df,
            p_lr=_likelihood_ratio(data, effects, group),
            message=f"{SINGULAR_FIT}{_singular(fitted)}" if fitted.is_singular else "",
            facts=facts,
        )


def degrees_of_freedom(terms: FloatArray, group: NDArray[np.int64]) -> FloatArray:
    """Of each term: G - 1 - those between groups, or n - G - those within, for G groups.

    A term is between groups if it has one value in each of them.

    References
    ----------
    Pinheiro JC, Bates DM (2000) Mixed-Effects Models in S and S-PLUS, 2.4.2,
    doi:10.1007/b98882.

    Examples
    --------
    >>> terms = np.array([[1.0, 5], [2, 5], [3, 7], [5, 7], [2, 8], [4, 8]])
    >>> degrees_of_freedom(terms, np.array([0, 0, 1, 1, 2, 2])).tolist()
    [2.0, 1.0]
    """
    codes = np.unique(group, return_inverse=True)[1]
    n, n_groups = codes.size, int(codes.max()) + 1
    first = np.array([np.flatnonzero(codes == g)[0] for g in range(n_groups)])
    varies = (np.abs(terms - terms[first][codes]) > 1e-12).any(axis=0)
    n_within = int(varies.sum())
    between = n_groups - 1 - (varies.size - n_within)
    return np.where(varies, float(n - n_groups - n_within), float(between))


def _no_freedom(terms: FloatArray, group: NDArray[np.int64], df: FloatArray) -> str:
    """Which rows or groups are too few."""
    short = terms[:, int(df.argmin())]
    varies_within = any(np.ptp(short[group == code]) > 1e-12 for code in np.unique(group))
    if varies_within:
        return "no more rows than groups and terms that differ within them"
    return "no more groups than terms that differ between groups only"


def _within_groups(data: Data, group: NDArray[np.int64]) -> FloatArray:
    """What is left of the outcome after least squares on the terms and a constant per group."""
    codes = np.unique(group, return_inverse=True)[1]
    size = np.bincount(codes)
    columns = np.column_stack([data.design[:, 1:], data.y])
    means = np.array([np.bincount(codes, column) / size for column in columns.T]).T
    left = columns - means[codes]
    x, y = left[:, :-1], left[:, -1]
    return np.asarray(y - x @ np.linalg.lstsq(x, y, rcond=None)[0])


def _groups(cases: Cases) -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64) if cases.group is None else cases.group


def _too_few_groups(group: NDArray[np.int64], n: int, *, has_slope: bool) -> str | None:
    n_groups = np.unique(group).size
    if n_groups < 2:
        return "there is one group only"
    if n_groups == n:
        return "every group has one row, so that its effect is its residual"
    if has_slope and n <= 2 * n_groups:
        return "intercepts and slopes of the groups are as many as the rows"
    return None


def _effects(y: FloatArray, slope: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Columns of the random effects, and the matrix that carries them back to the slope's units.

    The slope is standardised, so that intercepts are at its mean where they are known best:
    b_0 + b_1 (x - m) / s = (b_0 - b_1 m / s) + (b_1 / s) x.
    """
    ones = np.ones((y.size, 1))
    if slope is None:
        return ones, np.ones((1, 1))
    mean, sd = float(slope.mean()), float(slope.std(ddof=1))
    back = np.array([[1.0, -mean / sd], [0.0, 1 / sd]])
    return np.column_stack([ones, (slope - mean) / sd]), back


def _likelihood_ratio(data: Data, effects: FloatArray, group: NDArray[np.int64]) -> float:
    """Of the model without the score, both by ML: REML's likelihoods cannot be compared."""
    full = MixedLikelihood(data.y, data.design, effects, group, "ML").maximise()
    reduced = MixedLikelihood(data.y, data.without_score, effects, group, "ML").maximise()
    return float(special.chdtrc(1, max(0.0, 2 * (full.loglik - reduced.loglik))))


def _facts(fitted: MixedFit, back: FloatArray, n_groups: int) -> dict[str, float | FloatArray]:
    factor = back @ fitted.factor
    covariance = fitted.variance * factor @ factor.T
    sd = np.sqrt(np.diag(covariance))
    facts: dict[str, float | FloatArray] = {
        Result.N_GROUPS: float(n_groups),
        Result.SD_GROUP: float(sd[0]),
        Result.SD_RESIDUAL: float(np.sqrt(fitted.variance)),
    }
    if len(sd) == 1:
        facts[Result.ICC] = float(covariance[0, 0] / (covariance[0, 0] + fitted.variance))
    else:
        facts[Result.SD_SLOPE] = float(sd[1])
        is_defined = bool((sd > 0).all())
        facts[Result.COR_SLOPE] = float(covariance[0, 1] / sd.prod()) if is_defined else np.nan
    return facts


def _singular(fitted: MixedFit) -> str:
    if len(fitted.factor) == 1:
        return "the groups have no variance of their own, as in a linear model"
    return "intercepts and slopes of the groups have no variance or correlate at -1 or 1"


KIND = Mixed()
