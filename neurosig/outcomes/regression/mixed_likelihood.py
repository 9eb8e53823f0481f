"""The likelihood of a linear model with random effects of one grouping, profiled as in lme4."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.outcomes.regression.newton import Basis

FloatArray = NDArray[np.float64]

SINGULAR = 1e-4
"""A relative standard deviation below this counts as 0, as in lme4's isSingular."""
_SMALLEST, _FACTOR = 0.03, 2.0  # of the sizes of intercepts looked at one by one
_LARGE, _LARGEST = 50.0, 1e9  # up to here all are looked at, up to there while it grows
_SIZES = 0.05 * 2.0 ** np.arange(9)  # of intercepts and slopes that searches can start from
_CORRELATIONS = np.array([-0.99, -0.85, -0.5, 0, 0.5, 0.85, 0.99])


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
    found is L, lower triangular: one number for intercepts, three with a slope. With U the
    directions of Z in a group, V^-1 = (I - U U') + U (I + (U' Z L) (U' Z L)')^-1 U': what is within
    groups and what is along their effects are taken apart once, so that a step costs as much as
    there are groups, not rows, and digits are kept where groups differ much more than rows do.

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
        columns, self._back = Basis.of(design)
        self._first = columns.T @ y / self._n  # least squares; what is left has the digits of y
        both = np.column_stack([columns, y - columns @ self._first])[order]
        within, self._spans, self._between = _split(effects[order], both, starts)
        self._within = np.asarray(np.linalg.qr(within, mode="r"))
        self._scale = self._sizes(self._n - starts.size * self._q)
        self._spans = self._spans * self._scale

    def maximise(self) -> MixedFit:
        """The factor with the highest likelihood, and the fit at it.

        Of intercepts alone all maxima are found, of which one can be at 0. With slopes quasi-Newton
        searches start wherever a point of a grid is higher than all around it; the deviance is the
        same for either sign of the diagonal, so that 0 is no boundary.
        """
        if self._q == 1:
            found = min(self._tops(), key=lambda size: self._loss(np.array([size]))[0])
            is_zero = found * self._scale[0] < SINGULAR
            return self._at(np.array([[0.0 if is_zero else found]]))
        from scipy import optimize

        ends = [
            optimize.minimize(self._loss, start, method="BFGS", jac=True, options={"gtol": 1e-8})
            for start in self._starts()
        ]
        factor = self._factor(min(ends, key=lambda end: float(end.fun)).x)
        return self._at(factor * np.where(np.diag(factor) < 0, -1.0, 1.0))

    def _starts(self) -> list[FloatArray]:
        """Factors (3,) on a grid of sizes and correlations, where no neighbour has a lower loss."""
        from scipy import ndimage

        first, second, r = np.meshgrid(_SIZES, _SIZES, _CORRELATIONS, indexing="ij")
        grid = np.stack([first, second * r, second * np.sqrt(1 - r**2)], axis=-1)
        loss = np.stack([self._solved(self._factor(plane)).deviance for plane in grid])
        beside = ndimage.generate_binary_structure(loss.ndim, 1)
        lowest = ndimage.minimum_filter(loss, footprint=beside, mode="nearest")
        return list(grid[loss == lowest])

    def _tops(self) -> list[float]:
        """Where the likelihood of random intercepts turns from growing to falling."""
        from scipy import optimize

        def slope(size: float) -> float:
            return float(self._slope(np.array([[size]]))[1][0, 0])

        low, before = 0.0, slope(0.0)
        tops = [0.0] if before >= 0 else []
        high = _SMALLEST
        while high < _LARGE or (before < 0 and high < _LARGEST):
            after = slope(high)
            if before < 0 <= after:
                tops.append(float(optimize.brentq(slope, low, high, rtol=1e-14, xtol=1e-14)))
            low, before, high = high, after, high * _FACTOR
        return tops or [low]

    def _sizes(self, n_within: int) -> FloatArray:
        """Roughly, the standard deviations (q,) of the random effects, 1 where they are smaller.

        In these units the search has numbers of order 1, however much the groups differ.
        """
        residual = self._within[-1, -1] ** 2 / max(n_within, 1)
        diagonal = np.einsum("gqq->gq", self._spans)
        known = diagonal > 0
        of_groups = np.divide(
            self._between[:, :, -1], diagonal, out=np.zeros_like(diagonal), where=known
        )
        squares = (of_groups**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        return np.asarray(np.sqrt(np.clip(squares / max(residual, 1e-300), 1.0, 1e16)))

    def _factor(self, values: FloatArray) -> FloatArray:
        """The lower triangular matrices (..., q, q) of their values (..., q (q + 1) / 2)."""
        factor = np.zeros((*values.shape[:-1], self._q, self._q))
        factor[..., *self._lower] = values
        return factor

    def _loss(self, values: FloatArray) -> tuple[float, FloatArray]:
        """-2 loglik and its gradient by L: 2 D L, with the derivative D by L L'."""
        factor = self._factor(values)
        deviance, slope = self._slope(factor)
        return deviance, 2 * (slope @ factor)[self._lower]

    def _slope(self, factor: FloatArray) -> tuple[float, FloatArray]:
        r"""-2 loglik and its derivative D (q, q) by L L'.

        D = sum over groups of  Z' V^-1 Z  -  a a' / s^2  -  Z' V^-1 X (X' V^-1 X)^-1 X' V^-1 Z,
        a = Z' V^-1 (y - X beta); the last part with REML only.
        """
        at = self._solved(factor)
        tops = _forward(at.spread, self._spans)
        with_terms = np.swapaxes(tops, 1, 2) @ at.solved[:, :, :-1]
        of_rest = np.einsum("gqr,gq->gr", tops, at.solved[:, :, -1])
        of_rest = of_rest - with_terms @ at.estimate
        slope = np.einsum("gqr,gqs->rs", tops, tops) - of_rest.T @ of_rest / at.variance
        if self._is_reml:
            by_columns = with_terms @ at.root
            slope -= np.einsum("gqp,grp->qr", by_columns, by_columns)
        return float(at.deviance), slope

    def _at(self, factor: FloatArray) -> MixedFit:
        """The fit at a factor in units of `_scale`."""
        at = self._solved(factor)
        root = self._back @ at.root
        return MixedFit(
            estimate=self._back @ (self._first + at.estimate),
            covariance=at.variance * root @ root.T,
            factor=self._scale[:, None] * factor,
            variance=float(at.variance),
            loglik=-float(at.deviance) / 2,
        )

    def _solved(self, factor: FloatArray) -> "_Solved":
        """Least squares of the rows V^(-1/2) (X, y): within groups, and along their effects.

        factor: one (q, q), or several (..., q, q).
        """
        along = self._spans @ factor[..., None, :, :]
        inner = along @ np.swapaxes(along, -1, -2) + np.eye(self._q)
        spread = np.asarray(np.linalg.cholesky(inner), dtype=np.float64)
        solved = _forward(spread, self._between)
        others = factor.shape[:-2]
        within = np.broadcast_to(self._within, (*others, *self._within.shape))
        rows = np.concatenate([within, solved.reshape(*others, -1, self._p + 1)], axis=-2)
        triangle = np.asarray(np.linalg.qr(rows, mode="r"))
        of_terms = np.linalg.inv(triangle[..., :-1, :-1])
        df = self._n - self._p if self._is_reml else self._n
        variance = triangle[..., -1, -1] ** 2 / df
        deviance = 2 * np.log(np.diagonal(spread, axis1=-2, axis2=-1)).sum(axis=(-1, -2))
        if self._is_reml:
            deviance -= 2 * (np.linalg.slogdet(of_terms)[1] + np.linalg.slogdet(self._back)[1])
        deviance += df * (1 + np.log(2 * np.pi * variance))
        estimate = (of_terms @ triangle[..., :-1, -1:])[..., 0]
        return _Solved(estimate, of_terms, variance, deviance, spread, solved)


class _Solved(NamedTuple):
    """The fit at a factor: of columns of `Basis`, after those of least squares.

    root: (p, p), root @ root.T the inverse of X' V^-1 X; spread (G, q, q): of each group, a root of
    V along its effects; solved (G, q, p + 1): rows V^(-1/2) of terms and outcome along them.
    """

    estimate: FloatArray
    root: FloatArray
    variance: FloatArray
    deviance: FloatArray
    spread: FloatArray
    solved: FloatArray


def _forward(lower: FloatArray, right: FloatArray) -> FloatArray:
    """Solutions (..., q, m) of lower triangular systems (..., q, q); faster than one by one.

    >>> _forward(np.array([[2.0, 0], [1, 4]]), np.array([[2.0], [9]])).tolist()
    [[1.0], [2.0]]
    """
    rows: list[FloatArray] = []
    for j in range(right.shape[-2]):
        left = right[..., j, :]
        for k, row in enumerate(rows):
            left = left - lower[..., j, k, None] * row
        rows.append(left / lower[..., j, j, None])
    return np.stack(rows, axis=-2)


def _split(
    effects: FloatArray, both: FloatArray, starts: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What is left of columns (n, m) within groups, and U' Z (G, q, q) and U' columns (G, q, m).

    U: orthonormal directions of the random effects Z in each group, 0 where they have none more.
    """
    size = np.diff(starts, append=len(effects))

    def by_group(left: FloatArray, right: FloatArray) -> FloatArray:
        return np.asarray(np.add.reduceat(left[:, :, None] * right[:, None, :], starts, axis=0))

    def without(directions: FloatArray, columns: FloatArray) -> FloatArray:
        along = np.repeat(by_group(directions, columns), size, axis=0)
        return np.asarray(columns - np.einsum("nq,nqm->nm", directions, along))

    directions = np.zeros_like(effects)
    for j in range(effects.shape[1]):
        own = effects[:, [j]]
        left = without(directions, without(directions, own))  # twice, for its digits
        square, whole = (np.add.reduceat(part[:, 0] ** 2, starts) for part in (left, own))
        length = np.sqrt(np.where(square > 1e-20 * whole, square, np.inf))
        directions[:, j] = left[:, 0] / np.repeat(length, size)
    return without(directions, both), by_group(directions, effects), by_group(directions, both)
