"""Draws for categories: Bayesian logistic, multinomial and proportional-odds regression.

Each draws its parameters from the normal approximation of their posterior before it draws levels.
Rows that separate the levels would make estimates infinite: a few added rows of small weight keep
them finite (White, Daniel and Royston 2010).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from neurosig.errors import ConvergenceError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_MOST_STEPS = 100
_SMALLEST_STEP = 1e-6  # a draw moves by far more


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows with their level 0 to n_levels - 1 and their weight; x has no intercept."""

    x: FloatArray
    level: IntArray
    weight: FloatArray
    n_levels: int

    @property
    def with_intercept(self) -> FloatArray:
        return np.column_stack([np.ones(len(self.x)), self.x])

    @property
    def is_level(self) -> FloatArray:
        return np.asarray(self.level[:, None] == np.arange(self.n_levels), dtype=np.float64)


def augmented(x: FloatArray, level: IntArray, n_levels: int) -> _Rows:
    """The rows, and for each column and level two more: at one SD above and below the mean.

    x: (n, p) columns with mean 0 and SD 1. The added rows weigh p + 1 together.

    References
    ----------
    White IR, Daniel R, Royston P (2010) Comput Stat Data Anal 54:2267-2275,
    doi:10.1016/j.csda.2010.04.005.

    >>> rows = augmented(np.zeros((3, 2)), np.array([0, 1, 1]), 2)
    >>> rows.x.shape, float(rows.weight.sum())
    ((11, 2), 6.0)
    """
    n, p = x.shape
    steps = np.vstack([np.eye(p), -np.eye(p)])
    extra = np.tile(steps, (n_levels, 1))
    of_extra = np.repeat(np.arange(n_levels, dtype=np.int64), len(steps))
    weight = np.concatenate([np.ones(n), np.full(len(extra), (p + 1) / max(len(extra), 1))])
    return _Rows(np.vstack([x, extra]), np.concatenate([level, of_extra]), weight, n_levels)


@dataclass(frozen=True, slots=True, eq=False)
class _Curvature:
    """Log-likelihood, its gradient and its information at some parameters."""

    loglik: float
    gradient: FloatArray
    information: FloatArray


def multinomial_probabilities(x: FloatArray, theta: FloatArray) -> FloatArray:
    """P(level) of each row; x: (n, k) with the intercept, theta: (n_levels - 1, k)."""
    logits = np.column_stack([np.zeros(len(x)), x @ theta.T])
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _multinomial(rows: _Rows, flat: FloatArray) -> _Curvature:
    x, others = rows.with_intercept, rows.n_levels - 1
    k = x.shape[1]
    p = multinomial_probabilities(x, flat.reshape(others, k))
    loglik = rows.weight @ np.log(np.maximum(p[np.arange(len(p)), rows.level], 1e-300))
    gradient = ((rows.is_level - p)[:, 1:] * rows.weight[:, None]).T @ x
    information = np.empty((others, k, others, k))
    for a in range(others):
        for b in range(a + 1):
            w = rows.weight * p[:, a + 1] * ((a == b) - p[:, b + 1])
            information[a, :, b, :] = information[b, :, a, :] = (x * w[:, None]).T @ x
    return _Curvature(float(loglik), gradient.ravel(), information.reshape(flat.size, flat.size))


def ordinal_probabilities(x: FloatArray, theta: FloatArray, n_levels: int) -> FloatArray:
    """P(level) of each row under proportional odds: P(level <= l) = expit(a_l - x beta).

    x: (n, p) without intercept; theta: n_levels - 1 cuts a, then beta.
    """
    from scipy import special

    cuts, beta = theta[: n_levels - 1], theta[n_levels - 1 :]
    below = special.expit(cuts - (x @ beta)[:, None])
    edges = np.column_stack([np.zeros(len(x)), below, np.ones(len(x))])
    return np.asarray(np.maximum(np.diff(edges, axis=1), 1e-12))


def _ordinal(rows: _Rows, theta: FloatArray) -> _Curvature:
    """Expected information: sum_i w_i J_i' diag(1 / P_i) J_i with J_i = dP_i / d theta."""
    from scipy import special

    n_cuts = rows.n_levels - 1
    below = special.expit(theta[:n_cuts] - (rows.x @ theta[n_cuts:])[:, None])
    slope = below * (1 - below)
    p = ordinal_probabilities(rows.x, theta, rows.n_levels)
    change = np.zeros((len(rows.x), rows.n_levels, theta.size))
    for cut in range(n_cuts):
        change[:, cut, cut] += slope[:, cut]
        change[:, cut + 1, cut] -= slope[:, cut]
        step = slope[:, cut, None] * rows.x
        change[:, cut, n_cuts:] -= step
        change[:, cut + 1, n_cuts:] += step
    at = np.arange(len(p)), rows.level
    gradient = (change[at] * (rows.weight / p[at])[:, None]).sum(axis=0)
    scaled = change * np.sqrt(rows.weight[:, None] / p)[:, :, None]
    flat = scaled.reshape(-1, theta.size)
    return _Curvature(float(rows.weight @ np.log(p[at])), gradient, flat.T @ flat)


def _maximised(
    rows: _Rows, start: FloatArray, curvature: Callable[[_Rows, FloatArray], _Curvature]
) -> tuple[FloatArray, FloatArray]:
    """The parameters of the largest likelihood and the information there."""
    theta, here = start, curvature(rows, start)
    for _ in range(_MOST_STEPS):
        step = np.linalg.lstsq(here.information, here.gradient, rcond=None)[0]
        scale = 1.0
        while True:
            there = curvature(rows, theta + scale * step)
            if there.loglik >= here.loglik - 1e-10 or scale < 1e-6:
                break
            scale /= 2
        theta, here = theta + scale * step, there
        if np.max(np.abs(scale * step)) < _SMALLEST_STEP:
            return theta, here.information
    raise ConvergenceError(
        "The imputation model of a category did not converge",
        f"{rows.n_levels} levels, {rows.x.shape[1]} predictors, {_MOST_STEPS} steps",
        "Join rare levels, or give fewer columns and signatures",
    )


def _drawn(theta: FloatArray, information: FloatArray, rng: Generator) -> FloatArray:
    """A draw from N(theta, information^-1), over the directions that are determined."""
    size, axes = np.linalg.eigh(information)
    kept = size > 1e-10 * size[-1]
    z = rng.standard_normal(int(kept.sum())) / np.sqrt(size[kept])
    return np.asarray(theta + axes[:, kept] @ z)


def _levels_of(p: FloatArray, rng: Generator) -> IntArray:
    """One level per row, drawn with its probabilities."""
    reached = np.cumsum(p, axis=1)[:, :-1] < rng.random(len(p))[:, None]
    return np.asarray(reached.sum(axis=1), dtype=np.int64)


def impute_multinomial(
    x: FloatArray, level: IntArray, x_missing: FloatArray, n_levels: int, rng: Generator
) -> IntArray:
    """Levels of a multinomial logistic regression (of two levels: a logistic one).

        log P(level = l) / P(level = 0) = a_l + x beta_l

    x: (n, p) with mean 0 and SD 1. The parameters are drawn from N(estimate, information^-1).

    References
    ----------
    Rubin DB (1987) Multiple Imputation for Nonresponse in Surveys, pp. 169-170,
    doi:10.1002/9780470316696.

    Examples
    --------
    >>> x = np.repeat([-1.0, 1.0], 200)[:, None]
    >>> level = np.repeat([0, 1], 200)
    >>> impute_multinomial(x, level, x[[0, 399]], 2, np.random.default_rng(0)).tolist()
    [0, 1]
    """
    rows = augmented(x, level, n_levels)
    k = x.shape[1] + 1
    theta, information = _maximised(rows, np.zeros((n_levels - 1) * k), _multinomial)
    drawn = _drawn(theta, information, rng).reshape(n_levels - 1, k)
    inside = np.column_stack([np.ones(len(x_missing)), x_missing])
    return _levels_of(multinomial_probabilities(inside, drawn), rng)


def impute_ordinal(
    x: FloatArray, level: IntArray, x_missing: FloatArray, n_levels: int, rng: Generator
) -> IntArray:
    """Levels of a proportional-odds regression; `level` counts in the order of the levels.

        log odds(level <= l) = a_l - x beta

    A draw whose cuts are out of order is drawn again, at most 100 times, then sorted.

    References
    ----------
    McCullagh P (1980) J R Stat Soc B 42:109-142, doi:10.1111/j.2517-6161.1980.tb01109.x.

    Examples
    --------
    >>> x = np.repeat([-1.5, 0.0, 1.5], 200)[:, None]
    >>> level = np.repeat([0, 1, 2], 200)
    >>> impute_ordinal(x, level, x[[0, 599]], 3, np.random.default_rng(0)).tolist()
    [0, 2]
    """
    rows = augmented(x, level, n_levels)
    share = np.bincount(rows.level, rows.weight, n_levels)
    cut = np.cumsum(share)[:-1] / share.sum()
    start = np.concatenate([np.log(cut / (1 - cut)), np.zeros(x.shape[1])])
    theta, information = _maximised(rows, start, _ordinal)
    for _ in range(100):
        drawn = _drawn(theta, information, rng)
        if (np.diff(drawn[: n_levels - 1]) > 0).all():
            break
    else:
        drawn[: n_levels - 1].sort()
    return _levels_of(ordinal_probabilities(x_missing, drawn, n_levels), rng)
