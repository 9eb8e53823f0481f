"""Profile likelihoods of logistic models, plain and with Firth's penalty."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ConvergenceError
from neurosig.outcomes.profile_likelihood import ProfileLimits, profile_limits
from neurosig.outcomes.regression.newton import Basis, maximise

FloatArray = NDArray[np.float64]

_LONGEST_STEP = 5.0  # per standard deviation


class _Point(NamedTuple):
    """What the derivatives at one point share: y - p, p, w = p (1 - p), (n,); X' W X.

    inverse: of X' W X, with the penalty, which alone needs it.
    """

    left: FloatArray
    p: FloatArray
    weights: FloatArray
    information: FloatArray
    inverse: FloatArray


class Likelihood:
    """The log-likelihood of a logistic model, or with Firth's penalty log(det(information)) / 2.

    design: (n, k) with the intercept; y: (n,) of 0 and 1. Points are looked for as coefficients of
    the columns of its `Basis`.
    """

    def __init__(self, y: FloatArray, design: FloatArray, *, is_penalised: bool) -> None:
        self._y, self.is_penalised = y, is_penalised
        self._design, self._back = Basis.of(design)
        self._constant = -float(np.linalg.slogdet(self._back)[1]) if is_penalised else 0.0
        self._pairs = _products(self._design if is_penalised else self._design[:, :0])

    def value(self, beta: FloatArray) -> float:
        """The log-likelihood at beta (k,)."""
        return self._value(self._of_columns(beta))

    def _of_columns(self, beta: FloatArray) -> FloatArray:
        return np.asarray(np.linalg.solve(self._back, beta))

    def _value(self, along: FloatArray) -> float:
        eta = self._design @ along
        value = float(self._y @ eta - np.logaddexp(0, eta).sum()) + self._constant
        if self.is_penalised:
            information = self._weighted(residuals_of(self._y, eta)[1])
            with np.errstate(divide="ignore"):  # minus infinity, where all rows are decided
                value += float(np.linalg.slogdet(information)[1]) / 2
        return value

    def std_errors(self, beta: FloatArray) -> FloatArray:
        """Roots of the diagonal of the inverse of X' W X, with the penalty of X' W (1 + h) X.

        The latter is the information of the data that Firth's penalty adds to, as in logistf.
        """
        at = self._point(self._of_columns(beta))
        information = at.information
        if self.is_penalised:
            information = self._weighted(at.weights * (1 + at.weights * self._q(at)))
        covariance = self._back @ np.linalg.inv(information) @ self._back.T
        return np.asarray(np.sqrt(np.diag(covariance)))

    def maximise(
        self, start: FloatArray, free: NDArray[np.bool_] | None = None
    ) -> tuple[FloatArray, float]:
        """The highest log-likelihood over the free coefficients, the others held at their start.

        Newton's steps, bounded, and halved until the log-likelihood does not fall. Where the
        penalised one is not concave the steps are those of the likelihood alone.

        Raises
        ------
        ConvergenceError
            The iterations do not end.
        """
        held = np.zeros(start.size, dtype=np.bool_) if free is None else ~free
        moving = np.linalg.qr(self._back[held].T, mode="complete")[0][:, int(held.sum()) :]
        first = self._start(start, held)
        fixed = first - moving @ (moving.T @ first)
        found = maximise(
            lambda free: self._value(fixed + moving @ free),
            lambda free: self._derivatives(fixed + moving @ free, moving),
            moving.T @ first,
            longest=_LONGEST_STEP,
        )
        if found is None:
            raise ConvergenceError(
                "A logistic fit did not converge",
                f"Newton's steps from a log-likelihood of {self._value(first):.4g} did not end",
                "Use fewer covariates",
            )
        return np.where(held, start, self._back @ (fixed + moving @ found[0])), found[1]

    def _start(self, beta: FloatArray, held: NDArray[np.bool_]) -> FloatArray:
        """Coefficients of the columns at beta, or the least that have what is held, if likelier.

        One of two nearly collinear coefficients that moves alone takes all rows with it.
        """
        along = self._of_columns(beta)
        if not held.any():
            return along
        least = np.linalg.pinv(self._back[held]) @ beta[held]
        return max(along, least, key=self._value)

    def _derivatives(self, along: FloatArray, moving: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient (m,) and curvature (m, m) in the directions moving (k, m)."""
        at = self._point(along)
        curvature = moving.T @ self._curvature(at) @ moving
        if self.is_penalised and moving.size and np.linalg.eigvalsh(curvature)[0] <= 0:
            curvature = moving.T @ at.information @ moving
        return moving.T @ self._gradient(at), curvature

    def profiles(
        self, best: FloatArray, value: float, std_error: FloatArray, confidence: float
    ) -> ProfileLimits:
        """Intervals and likelihood-ratio tests of each coefficient but the intercept."""
        return profile_limits(
            self.maximise,
            (best, value),
            std_error,
            confidence,
            is_concave=not self.is_penalised,
            first=1,
        )

    def _point(self, along: FloatArray) -> _Point:
        left, weights = residuals_of(self._y, self._design @ along)
        information = self._weighted(weights)
        inverse = np.linalg.inv(information) if self.is_penalised else information[:0]
        return _Point(left, self._y - left, weights, information, np.asarray(inverse))

    def _gradient(self, at: _Point) -> FloatArray:
        """X' (y - p + h (1/2 - p)), h the leverages; h = 0 without penalty."""
        left = at.left
        if self.is_penalised:
            left = left + at.weights * self._q(at) * (0.5 - at.p)
        return np.asarray(self._design.T @ left)

    def _curvature(self, at: _Point) -> FloatArray:
        """Minus the second derivative: X' W X, less that of log(det(X' W X)) / 2 with the penalty.

        h = w q with q_i = x_i' I^-1 x_i, so that along coefficient j: w_i changes by
        d_i x_ij, d = w (1 - 2 p), and q_i by -x_i' I^-1 (X' diag(d x_j) X) I^-1 x_i.
        """
        if not self.is_penalised:
            return at.information
        x, p, w = self._design, at.p, at.weights
        q = self._q(at)
        d_x = (w * (1 - 2 * p))[:, None] * x
        q_change = -_products(x @ at.inverse) @ (self._pairs.T @ d_x)  # (n, k), along each j
        h_change = d_x * q[:, None] + w[:, None] * q_change
        second = x.T @ (h_change * (0.5 - p)[:, None] - (w * q * w)[:, None] * x)
        return np.asarray(at.information - second)

    def _q(self, at: _Point) -> FloatArray:
        return np.asarray(self._pairs @ at.inverse.ravel())

    def _weighted(self, weights: FloatArray) -> FloatArray:
        return np.asarray(self._design.T @ (weights[:, None] * self._design))


def residuals_of(y: FloatArray, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Residuals y - p and their variances p (1 - p), with all digits where p is almost y.

    eta: (n,) linear predictors.

    >>> [f"{value[0]:.6e}" for value in residuals_of(np.array([1.0]), np.array([50.0]))]
    ['1.928750e-22', '1.928750e-22']
    """
    from scipy import special

    p, rest = special.expit(eta), special.expit(-eta)
    return np.where(y == 1, rest, -p), np.asarray(p * rest)


def _products(x: FloatArray) -> FloatArray:
    """The products (n, k^2) of all pairs of columns."""
    return np.asarray((x[:, :, None] * x[:, None, :]).reshape(len(x), -1))
