"""The likelihood of a linear model with random effects of one grouping, profiled as in lme4."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
_Vector = np.ndarray[tuple[int], np.dtype[np.float64]]

SINGULAR = 1e-4
"""A relative standard deviation below this counts as 0, as in lme4's isSingular."""
_LARGEST = 1e4
_GRID = 41


class MixedFit(NamedTuple):
    """A fit: fixed effects (p,) and their covariance, relative factor (q, q), residual variance.

    The random effects have the covariance variance * factor @ factor.T.
    """

    estimate: FloatArray
    covariance: FloatArray
    factor: FloatArray
    variance: float
    loglik: float

    @property
    def is_singular(self) -> bool:
        """Whether a random effect, or a combination of them, has no variance."""
        return bool((np.abs(np.diag(self.factor)) < SINGULAR).any())


class MixedLikelihood:
    r"""y = X beta + Z b + e of every group, b ~ N(0, s^2 L L'), e ~ N(0, s^2).

    With L given, beta and s^2 are those of penalised least squares, and::

        -2 loglik   = log det + n (1 + log(2 pi r^2 / n))                       (ML)
                    = log det + log det(X' V^-1 X) + (n - p) (1 + log(2 pi r^2 / (n - p)))  (REML)

    V = I + Z L L' Z', log det of V, r^2 = (y - X beta)' V^-1 (y - X beta). What is left to be
    found is L, lower triangular: one number for intercepts, three with a slope. All sums over
    rows are taken once, so that a step costs as much as there are groups, not rows.

    References
    ----------
    Bates D et al. (2015) J Stat Softw 67(1), doi:10.18637/jss.v067.i01, equations 32 to 42.
    """

    def __init__(
        self,
        y: FloatArray,
        design: FloatArray,
        effects: FloatArray,
        group: NDArray[np.int64],
        estimation: Literal["REML", "ML"],
    ) -> None:
        codes = np.unique(group, return_inverse=True)[1]
        n_groups = int(codes.max()) + 1
        self._n, self._p = design.shape
        self._q = effects.shape[1]
        self._is_reml = estimation == "REML"

        def by_group(left: FloatArray, right: FloatArray) -> FloatArray:
            sums = np.zeros((n_groups, left.shape[1], right.shape[1]))
            np.add.at(sums, codes, left[:, :, None] * right[:, None, :])
            return sums

        both = np.column_stack([design, y])
        self._zz, self._zb = by_group(effects, effects), by_group(effects, both)
        self._bb = both.T @ both

    def maximise(self) -> MixedFit:
        """The factor with the highest likelihood, and the fit at it."""
        if self._q == 1:
            return self._at(np.array([[self._best_intercept()]]))
        return self._at(self._best_factor())

    def deviance(self, factor: FloatArray) -> float:
        """-2 loglik at a factor (q, q)."""
        return -2 * self._at(factor).loglik

    def _at(self, factor: FloatArray) -> MixedFit:
        inner = factor.T @ self._zz @ factor + np.eye(self._q)
        root = np.linalg.cholesky(inner)
        solved = np.linalg.solve(root, factor.T @ self._zb)
        left = self._bb - np.einsum("gqi,gqj->ij", solved, solved)
        information, cross = left[:-1, :-1], left[:-1, -1]
        estimate = np.linalg.solve(information, cross)
        squares = float(left[-1, -1] - cross @ estimate)
        df = self._n - self._p if self._is_reml else self._n
        deviance = 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
        if self._is_reml:
            deviance += float(np.linalg.slogdet(information)[1])
        deviance += df * (1 + np.log(2 * np.pi * squares / df))
        variance = squares / df
        covariance = variance * np.linalg.inv(information)
        return MixedFit(estimate, covariance, factor, variance, -deviance / 2)

    def _best_intercept(self) -> float:
        """Of a grid of ratios, the best one refined; 0 where nothing is better."""
        from scipy import optimize

        def loss(log_ratio: float) -> float:
            return self.deviance(np.array([[np.exp(log_ratio)]]))

        grid = np.linspace(np.log(SINGULAR), np.log(_LARGEST), _GRID)
        losses = [loss(float(at)) for at in grid]
        best = int(np.argmin(losses))
        if best == 0 or min(losses) >= self.deviance(np.zeros((1, 1))):
            return 0.0
        bounds = (grid[best - 1], grid[min(best + 1, _GRID - 1)])
        found = optimize.minimize_scalar(
            loss, bounds=bounds, method="bounded", options={"xatol": 1e-10}
        )
        return float(np.exp(found.x))

    def _best_factor(self) -> FloatArray:
        """A simplex from intercepts and slopes of the residual's size, started again at its end."""
        from scipy import optimize

        def loss(values: _Vector, *_: object) -> float:
            return self.deviance(_lower(values))

        at: _Vector = np.array([1.0, 0.0, 1.0])
        for _ in range(3):
            found = optimize.minimize(
                loss,
                at,
                method="Nelder-Mead",
                options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 2000},
            )
            at = found.x
        return _lower(at)


def _lower(values: FloatArray) -> FloatArray:
    """The lower triangular factor of three values, its diagonal not negative."""
    factor = np.array([[values[0], 0.0], [values[1], values[2]]])
    signs = np.where(np.diag(factor) < 0, -1.0, 1.0)
    return np.asarray(factor * signs)
