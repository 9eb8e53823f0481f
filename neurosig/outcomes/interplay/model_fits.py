"""Linear and logistic fits with their whole covariance, quick enough to be repeated (arrays)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ConvergenceError, SeparationError, count

FloatArray = NDArray[np.float64]

_MAX_ITERATIONS = 30
_STEP_TOLERANCE = 1e-9  # of the linear predictor; the step after it is about its square
_SEPARATED_AT = 15.0  # log odds that still grow here have no finite maximum
_SINGULAR = 1e-12


class Fitted(NamedTuple):
    """A fit: coef (k,), covariance (k, k), log-likelihood, residual degrees of freedom.

    df is infinite where tests are normal.
    """

    coef: FloatArray
    covariance: FloatArray
    loglik: float
    df: float


def linear_fit(y: FloatArray, x: FloatArray) -> Fitted:
    """Least squares; x: (n, k) with the intercept.

        beta = (X'X)^-1 X'y,   covariance = RSS / (n - k) (X'X)^-1

    Raises
    ------
    ConvergenceError
        The columns are collinear.

    Examples
    --------
    >>> x = np.column_stack([[0.0, 1, 2, 3], np.ones(4)])
    >>> fit = linear_fit(np.array([1.0, 3, 2, 4]), x)  # slope 4/5, RSS 1.8
    >>> fit.coef.round(3).tolist(), round(float(fit.covariance[0, 0]), 4)  # 1.8 / 2 / 5
    ([0.8, 1.3], 0.18)
    """
    n, k = x.shape
    inverse = _inverse(x.T @ x)
    coef = inverse @ (x.T @ y)
    coef = coef + inverse @ (x.T @ (y - x @ coef))  # one refinement, for columns far from 0
    residuals = y - x @ coef
    squares = float(residuals @ residuals)
    loglik = -0.5 * n * (np.log(2 * np.pi * max(squares, 1e-300) / n) + 1)
    return Fitted(coef, squares / (n - k) * inverse, float(loglik), float(n - k))


def logistic_fit(y: FloatArray, x: FloatArray) -> Fitted:
    """Maximum likelihood by Newton's method; y: 0 or 1, x: (n, k) with the intercept.

    Raises
    ------
    SeparationError, ConvergenceError
        The columns separate the levels; they are collinear or the iterations do not end.

    Examples
    --------
    >>> x = np.column_stack([np.repeat([1.0, 0.0], 20), np.ones(40)])
    >>> y = np.repeat([1.0, 0.0, 1.0, 0.0], [15, 5, 5, 15])
    >>> logistic_fit(y, x).coef.round(4).tolist()  # log 9, log 1/3
    [2.1972, -1.0986]
    """
    from scipy import special

    coef = np.zeros(x.shape[1])
    moved, largest = np.inf, 0.0
    inverse = np.empty(0)
    for _ in range(_MAX_ITERATIONS):
        p = special.expit(x @ coef)
        inverse = _inverse((x * (p * (1 - p))[:, None]).T @ x)
        step = inverse @ (x.T @ (y - p))
        coef = coef + step
        moved, largest = np.max(np.abs(x @ step)), np.max(np.abs(x @ coef))
        if moved < _STEP_TOLERANCE or largest > 2 * _SEPARATED_AT:
            break
    if moved >= _STEP_TOLERANCE and largest > _SEPARATED_AT:
        raise SeparationError(
            "The terms separate the two levels: the estimate is infinite",
            f"{count(y.size, 'row')}, {int(y.sum()):,} of the positive level",
            "Adjust for fewer covariates, or join rare levels",
        )
    if not moved < _STEP_TOLERANCE:
        raise ConvergenceError(
            "Newton's iterations did not converge",
            f"{_MAX_ITERATIONS} steps on {count(y.size, 'row')}",
            "Adjust for fewer covariates, or join rare levels",
        )
    eta = x @ coef
    loglik = float(np.sum(y * eta - np.logaddexp(0.0, eta)))
    return Fitted(coef, inverse, loglik, float("inf"))


def _inverse(information: FloatArray) -> FloatArray:
    """Inverse of a positive definite matrix, taken at diagonal 1."""
    scale = np.sqrt(np.diagonal(information))
    if not (scale > 0).all():
        raise _collinear(len(scale))
    scaled = information / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(scaled)
    if values[0] < _SINGULAR:
        raise _collinear(len(scale))
    return np.asarray((vectors / values) @ vectors.T / np.outer(scale, scale))


def _collinear(n_columns: int) -> ConvergenceError:
    return ConvergenceError(
        "The columns of the model are collinear",
        f"{count(n_columns, 'column')} with the intercept",
        "Remove covariates that determine each other",
    )
