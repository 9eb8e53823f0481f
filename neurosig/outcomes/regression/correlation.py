"""Rank correlation of two columns, plain or given others, with its interval and test."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
FEWEST = 4
"""Observations that an interval needs, more by one for each column that is given."""


class RankCorrelation(NamedTuple):
    """Spearman's rho with its interval and two-sided p-value; NaN where it is not defined."""

    rho: float
    ci_low: float
    ci_high: float
    p_value: float
    n: int


def spearman(
    x: FloatArray, y: FloatArray, given: FloatArray | None = None, *, confidence: float = 0.95
) -> RankCorrelation:
    """Spearman's rho of x and y, or what is left of it given other columns.

    ::

        rho          Pearson's correlation of the average ranks; with q columns given, of what is
                     left of the ranks after least squares on the ranks of these columns
        test         t = rho sqrt((n - 2 - q) / (1 - rho^2)), Student's t, n - 2 - q degrees
        interval     tanh(atanh(rho) +- z sqrt((1 + rho^2 / 2) / (n - 3 - q)))

    Over the n rows that have all values. The p-value is that of R's cor.test(exact = FALSE) and of
    scipy's spearmanr; the variance of the interval is that of Bonett and Wright, which is wider
    than Fisher's 1 / (n - 3): that one is for Pearson's correlation and too narrow for ranks.

    Parameters
    ----------
    x, y
        (n,) values; NaN is missing.
    given
        (n, q) columns to hold constant.
    confidence
        Level of the interval.

    References
    ----------
    Bonett DG, Wright TA (2000) Psychometrika 65:23-28, doi:10.1007/BF02294183. Fisher RA (1924)
    Metron 3:329-332 (one observation less for each column given).

    Examples
    --------
    The example of `ci.spear` in R's statpsych (Bonett): 0.8700 [0.5841, 0.9638].

    >>> y = np.array([21.0, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19])
    >>> x = np.array([67.0, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51])
    >>> found = spearman(x, y)
    >>> round(found.rho, 7), round(found.ci_low, 7), round(found.ci_high, 7)
    (0.8699639, 0.5840951, 0.9638297)
    """
    columns = np.column_stack([x, y] if given is None else [x, y, given])
    complete = columns[~np.isnan(columns).any(axis=1)]
    n, q = len(complete), columns.shape[1] - 2
    if n < FEWEST + q:
        return RankCorrelation(np.nan, np.nan, np.nan, np.nan, n)
    rho = float(rank_correlations(complete[:, :2], complete[:, 2:])[0, 1])
    return RankCorrelation(rho, *_interval(rho, n - q, confidence), _p_value(rho, n - q), n)


def rank_correlations(columns: FloatArray, given: FloatArray | None = None) -> FloatArray:
    """Spearman's rho of all pairs of columns (n, k), given other columns (n, q); no NaN inside.

    A column that is constant, or made of the columns given, correlates with nothing: NaN.
    """
    from scipy.stats import rankdata

    left = rankdata(columns, axis=0)
    scale = np.sqrt(np.sum((left - left.mean(axis=0)) ** 2, axis=0))
    held = np.ones((len(left), 1))
    if given is not None and given.shape[1]:
        held = np.column_stack([held, rankdata(given, axis=0)])
    left = left - held @ np.linalg.lstsq(held, left, rcond=None)[0]
    lengths = np.sqrt(np.sum(left**2, axis=0))
    lengths[lengths <= 1e-9 * np.maximum(scale, 1.0)] = np.nan
    unit = left / lengths
    rho: FloatArray = np.clip(unit.T @ unit, -1.0, 1.0)
    return rho


def _interval(rho: float, n_free: int, confidence: float) -> tuple[float, float]:
    from scipy.special import ndtri

    if not abs(rho) < 1:
        return np.nan, np.nan
    half = ndtri(0.5 + confidence / 2) * np.sqrt((1 + rho**2 / 2) / (n_free - 3))
    centre = np.arctanh(rho)
    return float(np.tanh(centre - half)), float(np.tanh(centre + half))


def _p_value(rho: float, n_free: int) -> float:
    from scipy.special import stdtr

    if np.isnan(rho):
        return np.nan
    if abs(rho) == 1:
        return 0.0
    return float(2 * stdtr(n_free - 2, -abs(rho) * np.sqrt((n_free - 2) / (1 - rho**2))))
