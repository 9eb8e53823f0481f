"""Models of ordered levels by their cumulative probabilities."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neurosig.outcomes.regression.newton import CLOSE, maximise
from neurosig.outcomes.regression.options import Link

FloatArray = NDArray[np.float64]
Curve = Callable[[FloatArray], FloatArray]


class _Curves(NamedTuple):
    """A distribution: F, its density f, and the derivative of f; 1 - F without cancellation."""

    cumulative: Curve
    survival: Curve
    density: Curve
    slope: Curve


def _logistic_slope(u: FloatArray) -> FloatArray:
    p = special.expit(u)
    return np.asarray(p * (1 - p) * (1 - 2 * p))


def _normal(u: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi))


def _hazard(u: FloatArray) -> FloatArray:
    """exp(u), finite: from exp(7) on 1 - F and f are 0 already."""
    return np.asarray(np.exp(np.minimum(u, 50.0)))


def _minimum(u: FloatArray) -> FloatArray:
    hazard = _hazard(u)
    return np.asarray(hazard * np.exp(-hazard))


_LINKS: dict[Link, _Curves] = {
    "logit": _Curves(
        special.expit,
        lambda u: special.expit(-u),
        lambda u: special.expit(u) * special.expit(-u),
        _logistic_slope,
    ),
    "probit": _Curves(special.ndtr, lambda u: special.ndtr(-u), _normal, lambda u: -u * _normal(u)),
    "cloglog": _Curves(
        lambda u: -np.expm1(-_hazard(u)),
        lambda u: np.exp(-_hazard(u)),
        _minimum,
        lambda u: _minimum(u) * (1 - _hazard(u)),
    ),
}


class CumulativeFit(NamedTuple):
    """Thresholds and coefficients (K,), their information (K, K), scores of the rows (n, K)."""

    estimate: FloatArray
    information: FloatArray
    scores: FloatArray
    loglik: float

    @property
    def covariance(self) -> FloatArray:
        """(K, K) inverse of the information."""
        return np.asarray(np.linalg.inv(self.information))


class CumulativeLink:
    """P(outcome <= l) = F(u_l): log-likelihood of coefficients that may differ by threshold.

        u_l = a_l - x' beta,  a_1 < ... < a_(L-1)

    y: (n,) codes 0 to L - 1; terms: (n, k) without intercept; free: columns of `terms` whose
    coefficient differs between thresholds (`a_l - x_j beta_jl`), which makes them no longer
    proportional. Coefficients: thresholds, then a column's own or its L - 1 ones.
    """

    def __init__(
        self,
        y: FloatArray,
        terms: FloatArray,
        n_levels: int,
        link: Link,
        free: tuple[int, ...] = (),
    ) -> None:
        self._own = y.astype(np.int64)
        self._n_cuts, self._curves = n_levels - 1, _LINKS[link]
        self._has_upper, self._has_lower = self._own < n_levels - 1, self._own > 0
        cuts = [self._cut_design(terms, cut, free) for cut in range(self._n_cuts)]
        stacked = np.stack(cuts)
        rows = np.arange(y.size)
        self.upper = stacked[np.minimum(self._own, self._n_cuts - 1), rows]
        self.lower = stacked[np.maximum(self._own - 1, 0), rows]
        self.upper[~self._has_upper] = 0.0
        self.lower[~self._has_lower] = 0.0

    def _cut_design(self, terms: FloatArray, cut: int, free: tuple[int, ...]) -> FloatArray:
        n, k = terms.shape
        thresholds = np.zeros((n, self._n_cuts))
        thresholds[:, cut] = 1.0
        blocks = [thresholds]
        for j in range(k):
            column = -terms[:, [j]]
            if j in free:
                own = np.zeros((n, self._n_cuts))
                own[:, [cut]] = column
                column = own
            blocks.append(column)
        return np.hstack(blocks)

    @property
    def growing_rows(self) -> FloatArray:
        """Rows along which the likelihood does not fall, for `growing_direction`."""
        return np.vstack([self.upper[self._has_upper], -self.lower[self._has_lower]])

    def start(self, n_coefficients: int) -> FloatArray:
        """The thresholds of the model without terms."""
        shares = np.bincount(self._own, minlength=self._n_cuts + 1).cumsum()[:-1] / self._own.size
        if self._curves is _LINKS["logit"]:
            thresholds = special.logit(shares)
        elif self._curves is _LINKS["probit"]:
            thresholds = special.ndtri(shares)
        else:
            thresholds = np.log(-np.log1p(-shares))
        return np.concatenate([thresholds, np.zeros(n_coefficients - self._n_cuts)])

    def loglik(self, beta: FloatArray) -> float:
        """The log-likelihood, minus infinity where thresholds cross."""
        p = self._probability(beta)
        return float(np.log(p).sum()) if (p > 0).all() else -np.inf

    def maximise(
        self, start: FloatArray | None = None, *, close: float = CLOSE
    ) -> CumulativeFit | None:
        """Newton's steps with the observed information; None without convergence.

        close: what the next step may gain in log-likelihood at the end.
        """

        def derivatives(beta: FloatArray) -> tuple[FloatArray, FloatArray]:
            scores, information = self._derivatives(beta)
            return scores.sum(axis=0), information

        first = self.start(self.upper.shape[1]) if start is None else start
        found = maximise(self.loglik, derivatives, first, close=close)
        if found is None:
            return None
        scores, information = self._derivatives(found[0])
        return CumulativeFit(found[0], information, scores, found[1])

    def _probability(self, beta: FloatArray) -> FloatArray:
        """Of each row's own level, from the tail in which nothing cancels."""
        u, v = self.upper @ beta, self.lower @ beta
        below_u = np.where(self._has_upper, self._curves.cumulative(u), 1.0)
        below_v = np.where(self._has_lower, self._curves.cumulative(v), 0.0)
        above_u = np.where(self._has_upper, self._curves.survival(u), 0.0)
        above_v = np.where(self._has_lower, self._curves.survival(v), 1.0)
        return np.where(below_v > 0.5, above_v - above_u, below_u - below_v)

    def _derivatives(self, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Scores (n, K) and observed information (K, K)."""
        u, v, p = self.upper @ beta, self.lower @ beta, self._probability(beta)
        f_u = np.where(self._has_upper, self._curves.density(u), 0.0) / p
        f_v = np.where(self._has_lower, self._curves.density(v), 0.0) / p
        g_u = np.where(self._has_upper, self._curves.slope(u), 0.0) / p
        g_v = np.where(self._has_lower, self._curves.slope(v), 0.0) / p
        scores = f_u[:, None] * self.upper - f_v[:, None] * self.lower
        curvature = self.upper.T @ (g_u[:, None] * self.upper)
        curvature -= self.lower.T @ (g_v[:, None] * self.lower)
        return scores, scores.T @ scores - curvature
