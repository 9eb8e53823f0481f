"""Correlation of two columns, plain or given others, with its interval and test."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
FEWEST = 4
"""Observations that an interval needs, more by one for each column that is given."""
_ROUNDING = 1e-14


class RankCorrelation(NamedTuple):
    """A correlation with its interval and two-sided p-value; NaN where it is not defined."""

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
        (n,) values; NaN and infinite ones are missing.
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
    complete, q = _complete(x, y, given)
    n = len(complete)
    if n < FEWEST + q:
        return RankCorrelation(np.nan, np.nan, np.nan, np.nan, n)
    rho = float(rank_correlations(complete[:, :2], complete[:, 2:])[0, 1])
    return RankCorrelation(rho, *_interval(rho, n - q, confidence), _p_value(rho, n - q), n)


def pearson(
    x: FloatArray, y: FloatArray, given: FloatArray | None = None, *, confidence: float = 0.95
) -> RankCorrelation:
    """Pearson's r of x and y, or what is left of it given other columns.

    ::

        r            correlation of x and y; with q columns given, of what is left of them after
                     least squares on these columns
        test         t = r sqrt((n - 2 - q) / (1 - r^2)), Student's t, n - 2 - q degrees
        interval     tanh(atanh(r) +- z / sqrt(n - 3 - q))

    Parameters as in `spearman`; p-value and interval are those of R's cor.test.

    References
    ----------
    Fisher RA (1924) Metron 3:329-332.

    Examples
    --------
    Of 1, 2, 3, 4 and 1, 3, 2, 4: covariance 4, both sums of squares 5.

    >>> round(pearson(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4])).rho, 12)
    0.8
    """
    complete, q = _complete(x, y, given)
    n = len(complete)
    if n < FEWEST + q:
        return RankCorrelation(np.nan, np.nan, np.nan, np.nan, n)
    r = float(_correlations_left(complete[:, :2], complete[:, 2:])[0, 1])
    interval = _fisher(r, 1 / (n - q - 3), confidence)
    return RankCorrelation(r, *interval, _p_value(r, n - q), n)


def kendall(x: FloatArray, y: FloatArray, *, confidence: float = 0.95) -> RankCorrelation:
    """Kendall's tau-b, its test by the normal approximation with ties (R's exact = FALSE).

    interval: tanh(atanh(tau) +- z sqrt(0.437 / (n - 4))), of Fieller et al.

    References
    ----------
    Fieller EC, Hartley HO, Pearson ES (1957) Biometrika 44:470-481, doi:10.1093/biomet/44.3-4.470.

    Examples
    --------
    Of six pairs five are in order and one is not: (5 - 1) / 6.

    >>> round(kendall(np.arange(5.0)[:4], np.array([1.0, 3, 2, 4])).rho, 12)
    0.666666666667
    """
    from scipy.stats import kendalltau

    complete, _ = _complete(x, y, None)
    n = len(complete)
    is_constant = n < FEWEST or bool((np.ptp(complete, axis=0) == 0).any())
    if is_constant:
        return RankCorrelation(np.nan, np.nan, np.nan, np.nan, n)
    found = kendalltau(complete[:, 0], complete[:, 1], method="asymptotic")
    tau = float(_rounded(np.asarray(found.statistic)))
    variance = 0.437 / (n - 4) if n > FEWEST else np.nan
    return RankCorrelation(tau, *_fisher(tau, variance, confidence), float(found.pvalue), n)


def rank_correlations(columns: FloatArray, given: FloatArray | None = None) -> FloatArray:
    """Spearman's rho of all pairs of columns (n, k), given other columns (n, q); no NaN inside.

    A column that is constant, or made of the columns given, correlates with nothing: NaN.
    """
    from scipy.stats import rankdata

    held = None if given is None else rankdata(given, axis=0)
    return _correlations_left(np.asarray(rankdata(columns, axis=0), dtype=np.float64), held)


def _correlations_left(columns: FloatArray, given: FloatArray | None) -> FloatArray:
    """Correlations of what least squares on the columns given leaves."""
    left = columns - columns.mean(axis=0)
    scale = np.sqrt(np.sum(left**2, axis=0))
    held = np.ones((len(left), 1))
    if given is not None and given.shape[1]:
        held = np.column_stack([held, given - given.mean(axis=0)])
    left = left - held @ np.linalg.lstsq(held, left, rcond=None)[0]
    lengths = np.sqrt(np.sum(left**2, axis=0))
    lengths[lengths <= 1e-9 * np.maximum(scale, 1e-300)] = np.nan
    unit = left / lengths
    return _rounded(unit.T @ unit)


def _rounded(rho: FloatArray) -> FloatArray:
    """Correlations, those of 1 but for rounding errors as 1."""
    return np.where(np.abs(rho) > 1 - _ROUNDING, np.sign(rho), rho)


def _complete(x: FloatArray, y: FloatArray, given: FloatArray | None) -> tuple[FloatArray, int]:
    """The rows that have all values, and how many columns are given."""
    columns = np.column_stack([x, y] if given is None else [x, y, given])
    return columns[np.isfinite(columns).all(axis=1)], columns.shape[1] - 2


def _interval(rho: float, n_free: int, confidence: float) -> tuple[float, float]:
    return _fisher(rho, (1 + rho**2 / 2) / (n_free - 3), confidence)


def _fisher(rho: float, variance: float, confidence: float) -> tuple[float, float]:
    """The interval that is symmetric on the scale of atanh."""
    from scipy.special import ndtri

    if not abs(rho) < 1:
        return np.nan, np.nan
    half = ndtri(0.5 + confidence / 2) * np.sqrt(variance)
    centre = np.arctanh(rho)
    return float(np.tanh(centre - half)), float(np.tanh(centre + half))


def _p_value(rho: float, n_free: int) -> float:
    from scipy.special import stdtr

    if np.isnan(rho):
        return np.nan
    if abs(rho) == 1:
        return 0.0
    return float(2 * stdtr(n_free - 2, -abs(rho) * np.sqrt((n_free - 2) / (1 - rho**2))))
