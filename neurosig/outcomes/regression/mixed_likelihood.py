"""The likelihood of a linear model with random effects of one grouping, profiled as in lme4."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SINGULAR = 1e-4
"""A relative standard deviation below this counts as 0, as in lme4's isSingular."""


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
        order = np.argsort(group, kind="stable")
        starts = np.flatnonzero(np.diff(group[order], prepend=group[order[0]] - 1))
        self._n, self._p = design.shape
        self._q = effects.shape[1]
        self._lower = np.tril_indices(self._q)
        self._is_reml = estimation == "REML"

        def by_group(left: FloatArray, right: FloatArray) -> FloatArray:
            products = left[order][:, :, None] * right[order][:, None, :]
            return np.asarray(np.add.reduceat(products, starts, axis=0))

        both = np.column_stack([design, y])
        self._zz, self._zb = by_group(effects, effects), by_group(effects, both)
        self._bb = both.T @ both

    def maximise(self, start: FloatArray | None = None) -> MixedFit:
        """The factor with the highest likelihood, and the fit at it.

        Quasi-Newton searches from large and from small random effects, or from a factor given. The
        deviance is the same for either sign of the diagonal, so that 0 is no boundary.
        """
        from scipy import optimize

        starts = [np.eye(self._q) * size for size in (1.0, 0.2)] if start is None else [start]
        ends = [
            optimize.minimize(
                self._loss,
                np.ascontiguousarray(factor[self._lower]),
                method="BFGS",
                jac=True,
                options={"gtol": 1e-8},
            )
            for factor in starts
        ]
        factor = self._factor(min(ends, key=lambda end: float(end.fun)).x)
        factor = factor * np.where(np.diag(factor) < 0, -1.0, 1.0)
        if self._q == 1 and factor[0, 0] < SINGULAR:
            factor = np.zeros((1, 1))
        return self._at(factor)[0]

    def _factor(self, values: FloatArray) -> FloatArray:
        """The lower triangular matrix of its values."""
        factor = np.zeros((self._q, self._q))
        factor[self._lower] = values
        return factor

    def _loss(self, values: FloatArray) -> tuple[float, FloatArray]:
        r"""-2 loglik and its gradient by L: 2 D L, with the derivative D by L L'.

        D = sum over groups of  Z' V^-1 Z  -  a a' / s^2  -  Z' V^-1 X (X' V^-1 X)^-1 X' V^-1 Z,
        a = Z' V^-1 (y - X beta); the last part with REML only.
        """
        factor = self._factor(values)
        fit, carried = self._at(factor)
        both = carried @ self._zb
        with_terms, of_rest = both[:, :, :-1], both[:, :, -1] - both[:, :, :-1] @ fit.estimate
        slope = (carried @ self._zz).sum(axis=0) - of_rest.T @ of_rest / fit.variance
        if self._is_reml:
            spread = with_terms @ (fit.covariance / fit.variance)
            slope -= np.einsum("gqp,grp->qr", spread, with_terms)
        return -2 * fit.loglik, 2 * (slope @ factor)[self._lower]

    def _at(self, factor: FloatArray) -> tuple[MixedFit, FloatArray]:
        """The fit at a factor, and the matrices (G, q, q) that make Z' V^-1 of each Z'."""
        inner = factor.T @ self._zz @ factor + np.eye(self._q)
        root = np.linalg.cholesky(inner)
        inverse = np.linalg.inv(root)
        solved = inverse @ (factor.T @ self._zb)
        flat = solved.reshape(-1, self._p + 1)
        left = self._bb - flat.T @ flat
        information, cross = left[:-1, :-1], left[:-1, -1]
        unscaled = np.linalg.inv(information)
        estimate = unscaled @ cross
        squares = float(left[-1, -1] - cross @ estimate)
        df = self._n - self._p if self._is_reml else self._n
        deviance = 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
        if self._is_reml:
            deviance += float(np.linalg.slogdet(information)[1])
        deviance += df * (1 + np.log(2 * np.pi * squares / df))
        variance = squares / df
        fit = MixedFit(estimate, variance * unscaled, factor, variance, -deviance / 2)
        tops = inverse @ factor.T
        carried = np.eye(self._q) - self._zz @ np.swapaxes(tops, 1, 2) @ tops
        return fit, carried
