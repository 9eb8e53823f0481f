"""Ranks of observations by several scores, and how far the rankings agree."""

import numpy as np
from numpy.typing import NDArray

EQUAL = 1e-12
"""Values closer than this share of the range tie: they may be one number, added in two ways."""


def average_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks 1..n within each column of values (n, m), ties averaged; there must be no NaN."""
    ranks = np.empty(values.shape)
    for column, into in zip(values.T, ranks.T, strict=True):
        order = np.argsort(column, kind="stable")
        ascending = column[order]
        is_new = np.diff(ascending) > EQUAL * (ascending[-1] - ascending[0])
        run = np.concatenate(([0], np.cumsum(is_new)))
        lengths = np.bincount(run)
        ends = np.cumsum(lengths)
        into[order] = (ends - (lengths - 1) / 2)[run]
    return ranks


def kendalls_w(ranks: NDArray[np.float64]) -> float:
    """Kendall's coefficient of concordance of the columns of average ranks (n, m).

    W = 12 S / (m^2 (n^3 - n) - m T), S = sum of squared deviations of the rows' rank sums from
    their mean, T = sum of t^3 - t over the runs of t ties of all columns. NaN where all tie.
    """
    n, m = ranks.shape
    sums = ranks.sum(axis=1)
    s = np.sum((sums - sums.mean()) ** 2)
    lengths = [np.unique(column, return_counts=True)[1].astype(np.float64) for column in ranks.T]
    ties = sum(float(np.sum(t**3 - t)) for t in lengths)
    most = m**2 * (float(n) ** 3 - n) - m * ties
    return float(12 * s / most) if most > 0 else float("nan")


def rank_correlations(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spearman's rho of each pair of columns of average ranks (n, m); NaN where a column ties."""
    centred = ranks - ranks.mean(axis=0)
    products = centred.T @ centred
    norms = np.sqrt(np.diag(products))
    with np.errstate(invalid="ignore", divide="ignore"):
        rho: NDArray[np.float64] = products / np.outer(norms, norms)
    return np.clip(rho, -1.0, 1.0)
