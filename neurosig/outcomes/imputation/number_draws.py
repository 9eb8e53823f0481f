"""Draws for numbers: Bayesian linear regression and predictive mean matching."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_SMALLEST_DIRECTION = 1e-10  # of the largest eigenvalue: what is below is collinear


@dataclass(frozen=True, slots=True, eq=False)
class LinearDraw:
    """Least-squares coefficients, and coefficients and residual deviation of one posterior draw."""

    fitted: FloatArray
    drawn: FloatArray
    sigma: float


def draw_linear(x: FloatArray, y: FloatArray, rng: Generator) -> LinearDraw:
    """Draw from the posterior of a linear regression with a flat prior.

        sigma*^2 = RSS / chi2(n - r);   beta* = beta + sigma* V D^(-1/2) z

    x: (n, k) with the intercept; V D V' = x'x over its r directions that are not collinear; z
    standard normal. Collinear directions keep their minimum-norm estimate.

    References
    ----------
    Rubin DB (1987) Multiple Imputation for Nonresponse in Surveys, p. 167,
    doi:10.1002/9780470316696.

    Examples
    --------
    >>> x = np.column_stack([np.ones(4), [0.0, 1, 2, 3]])
    >>> draw = draw_linear(x, np.array([1.0, 3, 5, 7]), np.random.default_rng(0))
    >>> draw.drawn.round(6).tolist()  # a line without error has no uncertainty
    [1.0, 2.0]
    """
    size, axes = np.linalg.eigh(x.T @ x)
    kept = size > _SMALLEST_DIRECTION * size[-1]
    size, axes = size[kept], axes[:, kept]
    fitted = axes @ ((axes.T @ (x.T @ y)) / size)
    residual = y - x @ fitted
    n_left = max(y.size - size.size, 1)
    sigma = float(np.sqrt(residual @ residual / rng.chisquare(n_left)))
    drawn = fitted + sigma * (axes @ (rng.standard_normal(size.size) / np.sqrt(size)))
    return LinearDraw(fitted, drawn, sigma)


def impute_normal(
    x: FloatArray, y: FloatArray, x_missing: FloatArray, rng: Generator
) -> FloatArray:
    """Values of the posterior predictive distribution: x* beta* + sigma* z."""
    draw = draw_linear(x, y, rng)
    return np.asarray(x_missing @ draw.drawn + draw.sigma * rng.standard_normal(len(x_missing)))


def impute_matched(
    x: FloatArray, y: FloatArray, x_missing: FloatArray, rng: Generator, n_donors: int
) -> FloatArray:
    """Observed values of donors whose prediction is near: predictive mean matching, type 1.

    The prediction of a row with the value uses the estimate, that of a row without it a draw of
    the posterior; one of the `n_donors` nearest rows (all of those at the same distance as the
    last) gives its value. Imputed values are values that occur.

    References
    ----------
    Little RJA (1988) J Bus Econ Stat 6:287-296, doi:10.1080/07350015.1988.10509663; Morris TP,
    White IR, Royston P (2014) BMC Med Res Methodol 14:75, doi:10.1186/1471-2288-14-75.

    Examples
    --------
    >>> x = np.column_stack([np.ones(6), np.arange(6.0)])
    >>> impute_matched(x, 2 * np.arange(6.0), x[[1, 4]], np.random.default_rng(0), 1).tolist()
    [2.0, 8.0]
    """
    draw = draw_linear(x, y, rng)
    of_donors = x @ draw.fitted
    order = np.argsort(of_donors, kind="stable")
    near, donors = of_donors[order], y[order]
    wanted = x_missing @ draw.drawn
    k = min(n_donors, near.size)
    place = np.searchsorted(near, wanted)
    window = place[:, None] + np.arange(-k, k)
    inside = (window >= 0) & (window < near.size)
    distance = np.abs(near[np.clip(window, 0, near.size - 1)] - wanted[:, None])
    distance[~inside] = np.inf
    reach = np.partition(distance, k - 1, axis=1)[:, k - 1]
    reach += 1e-12 * (1 + np.abs(wanted))
    first = np.searchsorted(near, wanted - reach, side="left")
    last = np.searchsorted(near, wanted + reach, side="right")
    return np.asarray(donors[rng.integers(first, last)])
