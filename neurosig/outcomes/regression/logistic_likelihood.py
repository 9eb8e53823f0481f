"""Profile likelihoods of logistic models, plain and with Firth's penalty."""

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ConvergenceError
from neurosig.outcomes.profile_likelihood import crossing

FloatArray = NDArray[np.float64]

_MAX_ITERATIONS = 200
_LONGEST_STEP = 5.0
_MAX_HALVINGS = 40


class Likelihood:
    """The log-likelihood of a logistic model, or with Firth's penalty log(det(information)) / 2.

    design: (n, k) with the intercept; y: (n,) of 0 and 1.
    """

    def __init__(self, y: FloatArray, design: FloatArray, *, is_penalised: bool) -> None:
        self._y, self._design, self._is_penalised = y, design, is_penalised

    def value(self, beta: FloatArray) -> float:
        """The log-likelihood at beta (k,)."""
        eta = self._design @ beta
        value = float(self._y @ eta - np.logaddexp(0, eta).sum())
        if self._is_penalised:
            value += float(np.linalg.slogdet(self.information(beta))[1]) / 2
        return value

    def information(self, beta: FloatArray) -> FloatArray:
        """X' W X, of the likelihood without penalty."""
        return np.asarray(self._design.T @ (self._weights(beta)[1][:, None] * self._design))

    def gradient(self, beta: FloatArray, information: FloatArray) -> FloatArray:
        """X' (y - p + h (1/2 - p)), h the leverages; h = 0 without penalty."""
        p, weights = self._weights(beta)
        left = self._y - p
        if self._is_penalised:
            solved = np.linalg.solve(information, self._design.T)
            left = left + weights * np.einsum("ij,ji->i", self._design, solved) * (0.5 - p)
        return np.asarray(self._design.T @ left)

    def std_errors(self, beta: FloatArray) -> FloatArray:
        """Roots of the diagonal of the inverse of X' W X, with the penalty of X' W (1 + h) X.

        The latter is the information of the data that Firth's penalty adds to, as in logistf.
        """
        information, weights = self.information(beta), self._weights(beta)[1]
        if self._is_penalised:
            solved = np.linalg.solve(information, self._design.T)
            heavier = weights * (1 + weights * np.einsum("ij,ji->i", self._design, solved))
            information = self._design.T @ (heavier[:, None] * self._design)
        return np.asarray(np.sqrt(np.diag(np.linalg.inv(information))))

    def maximise(
        self, start: FloatArray, free: NDArray[np.bool_] | None = None
    ) -> tuple[FloatArray, float]:
        """Newton's steps over the free coefficients, the others held at their start.

        Raises
        ------
        ConvergenceError
            The iterations do not end.
        """
        moving = np.ones(start.size, dtype=np.bool_) if free is None else free
        beta, value = start.copy(), self.value(start)
        for _ in range(_MAX_ITERATIONS):
            information = self.information(beta)
            gradient = self.gradient(beta, information)[moving]
            step = np.zeros(start.size)
            step[moving] = np.linalg.solve(information[np.ix_(moving, moving)], gradient)
            if np.abs(step).max() <= 1e-12 * max(1.0, float(np.abs(beta).max())):
                return beta, value
            share = min(1.0, _LONGEST_STEP / float(np.abs(step).max()))
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
            f"{_MAX_ITERATIONS} steps; the log-likelihood reached {value:.4g}",
            "Use fewer covariates",
        )

    def profiles(
        self, best: FloatArray, value: float, std_error: FloatArray, confidence: float
    ) -> tuple[FloatArray, FloatArray]:
        """Intervals (k, 2) and p-values (k,) of the likelihood-ratio test of each coefficient.

        A limit is where twice the log-likelihood, maximised over the other coefficients, has
        dropped by the quantile of chi-square with 1 degree of freedom.
        """
        from scipy import special

        drop = float(special.chdtri(1, 1 - confidence))
        interval, p_value = np.full((best.size, 2), np.nan), np.full(best.size, np.nan)
        for j in range(1, best.size):
            profile = _Profile(self, best, value, j)
            p_value[j] = special.chdtrc(1, max(profile(0.0), 0.0))
            for side, sign in enumerate((-1.0, 1.0)):
                at, step = float(best[j]), sign * float(std_error[j])
                interval[j, side] = crossing(profile.restarted(), drop, at, step)
        return interval, p_value

    def _weights(self, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        from scipy import special

        p = special.expit(self._design @ beta)
        return p, p * (1 - p)


class _Profile:
    """Twice the loss in log-likelihood when coefficient j is held at a value."""

    def __init__(self, likelihood: Likelihood, best: FloatArray, value: float, j: int) -> None:
        self._likelihood, self._best, self._value, self._j = likelihood, best, value, j
        self._beta = best.copy()
        self._free = np.arange(best.size) != j

    def __call__(self, value: float) -> float:
        start = self._beta.copy()
        start[self._j] = value
        self._beta, loglik = self._likelihood.maximise(start, self._free)
        return 2 * (self._value - loglik)

    def restarted(self) -> "_Profile":
        """The same from the maximum again."""
        self._beta = self._best.copy()
        return self
