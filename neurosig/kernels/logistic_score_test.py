"""The score test of one more column in a fitted logistic model, for many columns.

With mu the probabilities of the model with intercept and covariates, Z (n, k), and w = mu (1 - mu),

    U     x' (y - mu)
    I     x' W x - x' W Z (Z' W Z)^-1 Z' W x
    z     U / sqrt(I)
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
_MAX_ITERATIONS = 50
_LARGEST_ETA = 30.0  # beyond it a probability is 0 or 1: the estimate runs off to infinity
_NO_INFORMATION = 1e-10  # share of the information of x that the covariates leave


class LogisticTerms(NamedTuple):
    """The fitted model: y - mu and w (n,), Z (n, k) and (Z' W Z)^-1."""

    residual: FloatArray
    weight: FloatArray
    design: FloatArray
    inverse: FloatArray


def logistic_terms(y: FloatArray, covariates: FloatArray) -> LogisticTerms | None:
    """Fit y (n,) of 0 and 1 on covariates (n, p) by Newton's method; None without a finite fit."""
    centred = covariates - covariates.mean(axis=0)
    spread = centred.std(axis=0)
    scaled = centred / np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(y.size), scaled])
    beta = np.zeros(design.shape[1])
    for _ in range(_MAX_ITERATIONS):
        eta = design @ beta
        if np.abs(eta).max() > _LARGEST_ETA:
            return None
        mu = 1 / (1 + np.exp(-eta))
        weight = mu * (1 - mu)
        information = (design * weight[:, None]).T @ design
        if np.linalg.matrix_rank(information) < beta.size:
            return None
        step = np.linalg.solve(information, design.T @ (y - mu))
        if np.abs(step).max() < 1e-9:
            return LogisticTerms(y - mu, weight, design, np.linalg.inv(information))
        beta = beta + step
    return None


def logistic_z(terms: LogisticTerms, columns: FloatArray) -> FloatArray:
    """Signed root of the score statistic of each of the C columns (n, C): (C,).

    NaN for a column with a missing value, and for one that is constant or determined by the
    covariates.

    Examples
    --------
    By hand: y = 1 for both of x = 1 and for one of two of x = 0. mu = 3/4, U = 2 * 1/4 = 1/2,
    I = 3/16 (2 - 2^2 / 4) = 3/16.

    >>> terms = logistic_terms(np.array([1.0, 1.0, 1.0, 0.0]), np.empty((4, 0)))
    >>> float(logistic_z(terms, np.array([[1.0], [1.0], [0.0], [0.0]]))[0].round(4))  # (1/2) / I^.5
    1.1547
    """
    x = columns - columns.mean(axis=0)
    weighted = x * terms.weight[:, None]
    raw = np.sum(weighted * x, axis=0)
    cross = weighted.T @ terms.design
    information = raw - np.sum((cross @ terms.inverse) * cross, axis=1)
    largest = np.abs(columns).max(axis=0)
    enough = (information > _NO_INFORMATION * raw) & (raw > (1e-13 * largest) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = terms.residual @ x / np.sqrt(information)
    return np.asarray(np.where(enough, z, np.nan), dtype=np.float64)
