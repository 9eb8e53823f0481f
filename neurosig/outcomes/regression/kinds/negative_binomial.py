"""Negative binomial regression of counts."""

import math
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neurosig.keys import Result
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.model_rows import NOT_CONVERGED, SEPARATION
from neurosig.outcomes.regression.kind import Data, Fit, Kind, Outcome
from neurosig.outcomes.regression.kinds.poisson import (
    SEPARATED_COUNTS,
    counts_are_separated,
    counts_of,
    means,
    poisson_maximum,
)
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.robust_errors import Sandwich, clustered

FloatArray = NDArray[np.float64]

POISSON_LIMIT = "no more variance than a Poisson model has: theta is infinite"
_SMALLEST_ALPHA = 1e-7
_ALPHAS = tuple(np.exp(np.linspace(-7.0, 4.0, 12)).tolist())
_MOST_STEPS, _MOST_HALVINGS = 20, 20
_ROUNDING = 1e-6  # of a likelihood next to alpha = 0
_ENOUGH = 1e-3  # a likelihood that rises by less is near enough for Newton's steps


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
        full = _maximum(data.y, data.design, data.cases.offset)
        reduced = _maximum(data.y, data.without_score, data.cases.offset)
        if full is None or reduced is None:
            return Fit.failed(k - 1, NOT_CONVERGED, "Newton's iterations did not converge")
        mean = means(data.design, full.estimate, data.cases.offset)
        shrunk = 1 + full.alpha * mean
        parts = Sandwich.of(data.design, (data.y - mean) / shrunk, mean / shrunk)
        covariance = parts.bread
        if data.cases.cluster is not None:
            scores = data.design * parts.score[:, None]
            covariance = clustered(parts.bread, scores, data.cases.cluster)
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


class _Maximum(NamedTuple):
    estimate: FloatArray
    alpha: float
    loglik: float


def _maximum(y: FloatArray, design: FloatArray, offset: FloatArray | None) -> _Maximum | None:
    """Estimates and alpha = 1 / theta, 0 where the likelihood is highest there.

    It can fall from alpha = 0 and yet be higher at another alpha: the highest of a grid is where
    Newton's steps begin.
    """
    poisson = poisson_maximum(y, design, offset)
    if poisson is None:
        return None
    estimate, loglik = poisson
    limit = _Maximum(estimate, 0.0, loglik)
    mean = means(design, estimate, offset)
    by_moments = float((((y - mean) ** 2 - mean) / mean).sum() / mean.sum())
    alphas = sorted({*_ALPHAS, max(by_moments, _SMALLEST_ALPHA * 10)})
    points = _profile(y, design, offset, estimate, alphas)
    best = max(points, key=lambda point: point.loglik)
    grows = _grows_with_alpha(y, mean)
    if not grows and best.loglik <= loglik + _ROUNDING:
        return limit
    found = _refined(y, design, offset, best)
    if found is None or grows or found.loglik > loglik:
        return found
    return limit


def _profile(
    y: FloatArray,
    design: FloatArray,
    offset: FloatArray | None,
    start: FloatArray,
    alphas: Sequence[float],
) -> Iterator[_Maximum]:
    """The highest likelihood at each alpha, from small ones on, by Fisher's scoring."""
    constant = 0.0 if offset is None else offset
    beta = start
    for alpha in alphas:
        value = _loglik(y, design @ beta + constant, alpha)
        for _ in range(_MOST_STEPS):
            mean = np.exp(design @ beta + constant)
            weight = mean / (1 + alpha * mean)
            information = design.T @ (weight[:, None] * design)
            step = np.linalg.solve(information, design.T @ ((y - mean) / (1 + alpha * mean)))
            rise = -np.inf
            for share in 0.5 ** np.arange(_MOST_HALVINGS):
                new = _loglik(y, design @ (beta + share * step) + constant, alpha)
                if new >= value:
                    beta, rise, value = beta + share * step, new - value, new
                    break
            if rise < _ENOUGH:
                break
        yield _Maximum(beta, alpha, value)


def _loglik(y: FloatArray, eta: FloatArray, alpha: float) -> float:
    """Of a negative binomial with log mean eta and variance mean + alpha mean^2."""
    theta = 1 / alpha
    counted = special.gammaln(y + theta) - special.gammaln(theta) - special.gammaln(y + 1)
    log_ratio = np.log(alpha) + eta
    return float((counted + y * log_ratio - (y + theta) * np.logaddexp(0.0, log_ratio)).sum())


def _refined(
    y: FloatArray, design: FloatArray, offset: FloatArray | None, near: _Maximum
) -> _Maximum | None:
    """The maximum by Newton's steps from a point near it; None without convergence."""
    from statsmodels.discrete.discrete_model import NegativeBinomial as NegativeBinomialModel

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # convergence is read from the result instead
        model = NegativeBinomialModel(y, design, offset=offset)
        at = np.append(near.estimate, near.alpha)
        closer = model.fit(start_params=at, method="bfgs", maxiter=200, disp=0).params
        if not (np.isfinite(closer).all() and closer[-1] > _SMALLEST_ALPHA):
            closer = at
        fitted = model.fit(start_params=closer, method="newton", maxiter=100, tol=1e-11, disp=0)
        if not fitted.mle_retvals["converged"] or not fitted.params[-1] > _SMALLEST_ALPHA:
            return None
    return _Maximum(np.asarray(fitted.params[:-1]), float(fitted.params[-1]), float(fitted.llf))


def _grows_with_alpha(y: FloatArray, mean: FloatArray) -> bool:
    """Whether the likelihood grows from alpha = 0: sum of (y - mean)^2 - y above 0."""
    return bool(((y - mean) ** 2 - y).sum() > 0)


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
