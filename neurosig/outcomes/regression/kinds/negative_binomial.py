"""Negative binomial regression of counts."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neurosig.keys import Result
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.model_rows import (
    NOT_CONVERGED,
    NOT_ENDED,
    SEPARATION,
)
from neurosig.outcomes.regression.kind import Data, Fit, Kind, Outcome
from neurosig.outcomes.regression.kinds.poisson import (
    SEPARATED_COUNTS,
    counts_are_separated,
    counts_of,
    means,
)
from neurosig.outcomes.regression.negative_binomial_likelihood import (
    negative_binomial_maximum,
)
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.robust_errors import Sandwich

FloatArray = NDArray[np.float64]

POISSON_LIMIT = "no more variance than a Poisson model has: theta is infinite"


class NegativeBinomial(Kind):
    """log E(outcome) as in a Poisson model; variance mean + mean^2 / theta."""

    name = "negative_binomial"
    title = "negative binomial regression"
    options = frozenset({"errors", "cluster", "cluster_errors", "exposure", "offset"})
    robust = frozenset({"HC0"})
    ratio = "RR"
    of = "counted events"

    def read(
        self, cohort: Cohort, column: str, positive: str | float | None, model: RegressionModel
    ) -> Outcome:
        """The column as counts."""
        del positive, model
        return Outcome(counts_of(cohort, column), column)

    def n_needed(self, k: int, model: RegressionModel) -> int:
        """One more than a Poisson model, for theta."""
        del model
        return k + 3

    def counts(self, y: FloatArray, n_levels: int) -> tuple[int, int]:
        """Events counted; no more than rows limit the parameters."""
        del n_levels
        return int(y.sum()), int(min(y.sum(), y.size))

    def fit(self, data: Data, model: RegressionModel, confidence: float) -> Fit:
        """Maximum likelihood of coefficients and theta; the errors take theta as known, as R's."""
        del confidence
        k = data.design.shape[1]
        if counts_are_separated(data):
            return Fit.failed(k - 1, SEPARATION, SEPARATED_COUNTS)
        full = negative_binomial_maximum(data.y, data.design, data.cases.offset)
        reduced = negative_binomial_maximum(data.y, data.without_score, data.cases.offset)
        if full is None or reduced is None:
            return Fit.failed(k - 1, NOT_CONVERGED, NOT_ENDED)
        mean = means(data.design, full.estimate, data.cases.offset)
        shrunk = 1 + full.alpha * mean
        parts = Sandwich.of(data.design, (data.y - mean) / shrunk, mean / shrunk)
        covariance = parts.bread
        if data.cases.cluster is not None:
            covariance = parts.clustered(data.cases.cluster)
        elif model.is_robust:
            sandwich = parts.covariance(model.errors)
            covariance = covariance if sandwich is None else sandwich
        p_lr = float(special.chdtrc(1, max(0.0, 2 * (full.loglik - reduced.loglik))))
        return Fit(
            estimate=full.estimate[1:],
            std_error=np.sqrt(np.diag(covariance))[1:],
            p_lr=float("nan") if model.is_robust else p_lr,
            message="" if full.alpha else POISSON_LIMIT,
            facts={
                Result.THETA: 1 / full.alpha if full.alpha else math.inf,
                Result.THETA_STD_ERROR: _theta_error(data.y, mean, full.alpha),
            },
        )

    def estimate(self, data: Data, model: RegressionModel) -> FloatArray | None:
        """The coefficients alone."""
        del model
        if counts_are_separated(data):
            return None
        found = negative_binomial_maximum(data.y, data.design, data.cases.offset)
        return None if found is None else found.estimate[1:]


def _theta_error(y: FloatArray, mean: FloatArray, alpha: float) -> float:
    """Of the observed information of theta, the coefficients held: as theta.ml of MASS."""
    if not alpha:
        return math.nan
    theta = 1 / alpha
    information = (
        -special.polygamma(1, theta + y)
        + special.polygamma(1, theta)
        - 1 / theta
        + 2 / (mean + theta)
        - (y + theta) / (mean + theta) ** 2
    ).sum()
    return float(1 / math.sqrt(information)) if information > 0 else math.nan


KIND = NegativeBinomial()
