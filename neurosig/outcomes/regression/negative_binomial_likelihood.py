"""The likelihood of negative binomial counts, highest over all dispersions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neurosig.errors import ConvergenceError
from neurosig.outcomes.regression.kinds.poisson import (
    means,
    poisson_maximum,
    start_of_counts,
)
from neurosig.outcomes.regression.newton import Basis, maximise

FloatArray = NDArray[np.float64]

_FIRST = 0.01  # alpha times the largest count, from where dispersions are looked at one by one
_FACTOR = np.e  # from one to the next
_LAST, _LARGEST = 1e2, 1e8  # up to here all are looked at, up to there while the likelihood grows
_NEXT_TO_0 = 1e-6  # of the first alpha: below, the slope is one of rounding
_CLOSE = 1e-13  # of alpha, relative


class NegativeBinomialMaximum(NamedTuple):
    """Coefficients (k,), alpha = 1 / theta, 0 in the Poisson limit, and the log-likelihood."""

    estimate: FloatArray
    alpha: float
    loglik: float


def negative_binomial_maximum(
    y: FloatArray, design: FloatArray, offset: FloatArray | None
) -> NegativeBinomialMaximum | None:
    """The highest likelihood of counts with variance mean + alpha mean^2; None without an end.

    With alpha given it is concave in the coefficients, which are found by Newton's method. Over
    alpha it can have several maxima, one of them at 0 (the Poisson model): all sign changes of its
    derivative are looked for, and the highest is taken.

    Two pairs, 0 and 8, 1 and 3, keep their means; sum of (y - mean)^2 - y is 34 - 12, above 0, so
    that the likelihood grows from the Poisson model's.

    >>> y = np.array([0.0, 8, 1, 3])
    >>> design = np.column_stack([np.ones(4), [1.0, 1, -1, -1]])
    >>> found = negative_binomial_maximum(y, design, None)
    >>> np.exp(design @ found.estimate).round(9).tolist(), found.alpha > 0
    ([4.0, 4.0, 2.0, 2.0], True)
    """
    poisson = poisson_maximum(y, design, offset)
    if poisson is None:
        return None
    mean = means(design, poisson[0], offset)
    slope = float(((y - mean) ** 2 - y).sum()) / 2
    try:
        profile = _Profile(y, design, offset)
        tops = [profile.top(low, high) for low, high in profile.brackets(slope)]
    except ConvergenceError:
        return None
    limit = NegativeBinomialMaximum(poisson[0], 0.0, poisson[1])
    return max([limit, *tops], key=lambda one: one.loglik)


class _Profile:
    """The log-likelihood of each alpha at the best coefficients."""

    def __init__(self, y: FloatArray, design: FloatArray, offset: FloatArray | None) -> None:
        self._y = y
        self._columns, self._back = Basis.of(design)
        self._offset = np.zeros(y.size) if offset is None else offset
        self._beta = start_of_counts(y, self._columns, self._offset)

    def brackets(self, slope: float) -> list[tuple[float, float]]:
        """Pairs of alphas between which the likelihood turns from growing to falling.

        slope: of the likelihood at 0.
        """
        found, low, alpha = [], 0.0, _FIRST / float(self._y.max())
        while alpha < _LAST or (slope > 0 and alpha < _LARGEST):
            new = self.slope(alpha)
            if slope > 0 >= new:
                found.append((low, alpha))
            low, slope, alpha = alpha, new, alpha * _FACTOR
        if slope > 0:
            raise ConvergenceError(
                "A negative binomial fit did not converge",
                f"The likelihood still grows at theta = {1 / alpha:.0e}",
                "Use fewer covariates",
            )
        return found

    def top(self, low: float, high: float) -> NegativeBinomialMaximum:
        """The maximum between two alphas."""
        from scipy import optimize

        low = max(low, high * _NEXT_TO_0)
        alpha = low
        if self.slope(low) > 0:
            alpha = float(optimize.brentq(self.slope, low, high, rtol=_CLOSE))
        beta, loglik = self._best(alpha)
        return NegativeBinomialMaximum(self._back @ beta, alpha, loglik)

    def slope(self, alpha: float) -> float:
        """The derivative by alpha of the likelihood at the best coefficients."""
        mean, theta = np.exp(self._columns @ self._best(alpha)[0] + self._offset), 1 / alpha
        by_theta = special.digamma(self._y + theta) - special.digamma(theta)
        by_theta += (mean - self._y) / (mean + theta) - np.log1p(alpha * mean)
        return float(-by_theta.sum()) * theta**2

    def _best(self, alpha: float) -> tuple[FloatArray, float]:
        """Coefficients and log-likelihood, from where the last search ended."""
        y, columns, theta = self._y, self._columns, 1 / alpha
        constant = float((special.gammaln(y + theta) - special.gammaln(y + 1)).sum())
        constant += float(np.log(alpha) * y.sum() - y.size * special.gammaln(theta))

        def value(beta: FloatArray) -> float:
            eta = columns @ beta + self._offset
            rest = np.logaddexp(0.0, eta + np.log(alpha))  # log(1 + alpha mean)
            return float(y @ eta - (y + theta) @ rest) + constant

        def derivatives(beta: FloatArray) -> tuple[FloatArray, FloatArray]:
            mean = np.exp(columns @ beta + self._offset)
            shrunk = 1 + alpha * mean
            weight = mean * (1 + alpha * y) / shrunk**2
            return columns.T @ ((y - mean) / shrunk), columns.T @ (weight[:, None] * columns)

        found = maximise(value, derivatives, self._beta)
        if found is None:
            raise ConvergenceError(
                "A negative binomial fit did not converge",
                f"Newton's steps did not end at theta = {theta:.3g}",
                "Use fewer covariates",
            )
        self._beta = found[0]
        return found
