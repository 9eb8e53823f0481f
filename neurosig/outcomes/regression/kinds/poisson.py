"""Poisson regression of counts."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neurosig.errors import ClinicalError, count, examples
from neurosig.keys import Result
from neurosig.outcomes.clinic.clean import find_column, numbers_of
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.model_rows import (
    NOT_CONVERGED,
    NOT_ENDED,
    SEPARATION,
)
from neurosig.outcomes.regression.kind import (
    LEVERAGE,
    NO_FINITE_ESTIMATE,
    Data,
    Fit,
    Kind,
    Outcome,
)
from neurosig.outcomes.regression.kinds.linear import leverage_message
from neurosig.outcomes.regression.newton import Basis, maximise
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.robust_errors import RobustErrors, Sandwich
from neurosig.outcomes.regression.separation import growing_direction

FloatArray = NDArray[np.float64]


class Poisson(Kind):
    """log E(outcome) = log(exposure) + a + beta x + gamma' z; variance equal to the mean."""

    name = "poisson"
    title = "Poisson regression"
    options = frozenset({"errors", "cluster", "cluster_errors", "exposure", "offset"})
    robust = frozenset({"HC0", "HC1", "HC2", "HC3"})
    cluster_robust = frozenset({"CR1", "CR2", "jackknife"})
    ratio = "RR"
    of = "counted events"

    def read(
        self, cohort: Cohort, column: str, positive: str | float | None, model: RegressionModel
    ) -> Outcome:
        """The column as counts."""
        del positive, model
        return Outcome(counts_of(cohort, column), column)

    def counts(self, y: FloatArray, n_levels: int) -> tuple[int, int]:
        """Events counted; no more than rows limit the parameters."""
        del n_levels
        return int(y.sum()), int(min(y.sum(), y.size))

    def fit(self, data: Data, model: RegressionModel, confidence: float) -> Fit:
        """Maximum likelihood, with the errors of the model or robust ones."""
        del confidence
        n, k = data.design.shape
        if counts_are_separated(data):
            return Fit.failed(k - 1, SEPARATION, SEPARATED_COUNTS)
        full = poisson_maximum(data.y, data.design, data.cases.offset)
        reduced = poisson_maximum(data.y, data.without_score, data.cases.offset)
        if full is None or reduced is None:
            return Fit.failed(k - 1, NOT_CONVERGED, NOT_ENDED)
        estimate, loglik = full
        mean = means(data.design, estimate, data.cases.offset)
        parts = Sandwich.of(data.design, data.y - mean, mean)
        found: RobustErrors | None = RobustErrors(np.sqrt(np.diag(parts.bread)))
        if model.is_robust:
            found = parts.errors(model, data.cases.cluster)
        if found is None:
            return Fit.failed(k - 1, LEVERAGE, leverage_message(model))
        p_lr = float(special.chdtrc(1, max(0.0, 2 * (loglik - reduced[1]))))
        return Fit(
            estimate=estimate[1:],
            std_error=found.std_error[1:],
            df=None if found.df is None else found.df[1:],
            p_lr=float("nan") if model.is_robust else p_lr,
            facts={Result.DISPERSION: float(((data.y - mean) ** 2 / mean).sum() / (n - k))},
        ).without_errors(found.is_unknown[1:])


SEPARATED_COUNTS = f"{NO_FINITE_ESTIMATE}the terms separate rows with a count of 0 from all others"


def counts_of(cohort: Cohort, column: str) -> FloatArray:
    """A column of counts, NaN where unknown.

    Raises
    ------
    ClinicalError
        A value is below 0 or not whole.
    """
    values = numbers_of(find_column(cohort.data, column))
    with np.errstate(invalid="ignore"):
        wrong = (values < 0) | (np.isfinite(values) & (values != np.floor(values)))
    wrong |= np.isinf(values)
    if wrong.any():
        ids = cohort.data.index[wrong]
        shown = [f"{i} ({v:g})" for i, v in zip(ids, values[wrong], strict=True)]
        raise ClinicalError(
            f"The outcome {column!r} does not hold counts",
            f"{count(len(shown), 'row')}: {examples(shown)}".replace("'", ""),
            'Counts are whole and 0 or above; use kind="linear" for other numbers',
        )
    return values


def counts_are_separated(data: Data) -> bool:
    """Whether some direction lowers the mean of rows with 0 and leaves all other rows alone."""
    zero = data.y == 0
    if not zero.any():
        return False
    above = data.design[~zero]
    return growing_direction(np.vstack([-data.design[zero], above, -above])) is not None


def poisson_maximum(
    y: FloatArray, design: FloatArray, offset: FloatArray | None
) -> tuple[FloatArray, float] | None:
    """Estimates and log-likelihood; None without convergence."""
    columns, back = Basis.of(design)
    fixed = np.zeros(y.size) if offset is None else offset
    constant = float(special.gammaln(y + 1).sum())

    def value(beta: FloatArray) -> float:
        eta = columns @ beta + fixed
        with np.errstate(over="ignore"):  # a step too long, which is halved
            return float(y @ eta - np.exp(eta).sum()) - constant

    def derivatives(beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        mean = np.exp(columns @ beta + fixed)
        return columns.T @ (y - mean), columns.T @ (mean[:, None] * columns)

    found = maximise(value, derivatives, start_of_counts(y, columns, fixed))
    return None if found is None else (back @ found[0], found[1])


def start_of_counts(y: FloatArray, columns: FloatArray, offset: FloatArray) -> FloatArray:
    """Coefficients of columns (n, k) that span the intercept: one rate for all rows."""
    log_rate = np.log(y.sum()) - special.logsumexp(offset)
    return np.asarray(columns.T @ np.full(y.size, log_rate) / y.size)


def means(design: FloatArray, estimate: FloatArray, offset: FloatArray | None) -> FloatArray:
    """Expected counts."""
    return np.asarray(np.exp(design @ estimate + (0.0 if offset is None else offset)))


KIND = Poisson()
