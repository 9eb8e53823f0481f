"""Profile likelihoods of logistic models, plain and with Firth's penalty."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ConvergenceError
from neurosig.outcomes.profile_likelihood import ProfileLimits, profile_limits

FloatArray = NDArray[np.float64]

_MAX_ITERATIONS = 200
_LONGEST_STEP = 5.0  # per standard deviation, or as large as the coefficients already are
_MAX_HALVINGS = 40


class _Point(NamedTuple):
    """What the derivatives at one beta share: p, w = p (1 - p), (n,); X' W X.

    inverse: of X' W X, with the penalty, which alone needs it.
    """

    p: FloatArray
    weights: FloatArray
    information: FloatArray
    inverse: FloatArray


class Likelihood:
    """The log-likelihood of a logistic model, or with Firth's penalty log(det(information)) / 2.

    design: (n, k) with the intercept; y: (n,) of 0 and 1.
    """

    def __init__(self, y: FloatArray, design: FloatArray, *, is_penalised: bool) -> None:
        self._y, self._design, self.is_penalised = y, design, is_penalised
        self._pairs = _products(design if is_penalised else design[:, :0])

    def value(self, beta: FloatArray) -> float:
        """The log-likelihood at beta (k,)."""
        eta = self._design @ beta
        value = float(self._y @ eta - np.logaddexp(0, eta).sum())
        if self.is_penalised:
            value += float(np.linalg.slogdet(self.information(beta))[1]) / 2
        return value

    def information(self, beta: FloatArray) -> FloatArray:
        """X' W X, of the likelihood without penalty."""
        return self._weighted(self._weights(beta)[1])

    def std_errors(self, beta: FloatArray) -> FloatArray:
        """Roots of the diagonal of the inverse of X' W X, with the penalty of X' W (1 + h) X.

        The latter is the information of the data that Firth's penalty adds to, as in logistf.
        """
        at = self._point(beta)
        information = at.information
        if self.is_penalised:
            information = self._weighted(at.weights * (1 + at.weights * self._q(at)))
        return np.asarray(np.sqrt(np.diag(np.linalg.inv(information))))

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
        moving = np.ones(start.size, dtype=np.bool_) if free is None else free
        beta, value = start.copy(), self.value(start)
        for _ in range(_MAX_ITERATIONS):
            step = self._step(beta, moving)
            size, longest = max(1.0, float(np.abs(beta).max())), float(np.abs(step).max())
            if longest <= 1e-11 * size:
                return beta, value
            share = min(1.0, max(_LONGEST_STEP, size) / longest)
            for _ in range(_MAX_HALVINGS):
                new = self.value(beta + share * step)
                if new >= value - 1e-12 * abs(value):
                    break
                share /= 2
            else:
                break
            beta, value = beta + share * step, new
        raise ConvergenceError(
            "A logistic fit did not converge",
            f"Up to {_MAX_ITERATIONS} steps; the log-likelihood reached {value:.4g}",
            "Use fewer covariates",
        )

    def _step(self, beta: FloatArray, moving: NDArray[np.bool_]) -> FloatArray:
        step = np.zeros(beta.size)
        if not moving.any():
            return step
        at = self._point(beta)
        part = np.ix_(moving, moving)
        curvature = self._curvature(at)[part]
        if self.is_penalised and np.linalg.eigvalsh(curvature)[0] <= 0:
            curvature = at.information[part]
        step[moving] = np.linalg.solve(curvature, self._gradient(at)[moving])
        return step

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

    def _point(self, beta: FloatArray) -> _Point:
        p, weights = self._weights(beta)
        information = self._weighted(weights)
        inverse = np.linalg.inv(information) if self.is_penalised else information[:0]
        return _Point(p, weights, information, np.asarray(inverse))

    def _gradient(self, at: _Point) -> FloatArray:
        """X' (y - p + h (1/2 - p)), h the leverages; h = 0 without penalty."""
        left = self._y - at.p
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

    def _weights(self, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        from scipy import special

        p = special.expit(self._design @ beta)
        return p, p * (1 - p)


def _products(x: FloatArray) -> FloatArray:
    """The products (n, k^2) of all pairs of columns."""
    return np.asarray((x[:, :, None] * x[:, None, :]).reshape(len(x), -1))
