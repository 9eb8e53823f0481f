"""How the genes of one signature hang together over the observations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, stats
from scipy.sparse.linalg import eigsh

from neurosig.assessment.sample import Sample, unit_columns, unit_ranks

_SMALL = 60
"""Up to here all eigenvalues are found faster than the largest alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What was found of one signature; NaN where it is not defined.

    Attributes
    ----------
    correlation, mean_correlation
        Median and mean of Spearman's rho over all pairs of genes, signed by direction.
    pc1_share
        Share of the variance of the standardised genes on their first principal component.
    rho_mean_median, rho_mean_pc1, rho_median_pc1
        Spearman's rho between three ways to sum the genes up.
    rho_mean_z
        Spearman's rho between the mean of the values and the mean of the z-values.
    dominance, dominant
        Largest share of a gene in the variance of the mean, and which gene (its place).
    """

    correlation: float = np.nan
    mean_correlation: float = np.nan
    pc1_share: float = np.nan
    rho_mean_median: float = np.nan
    rho_mean_pc1: float = np.nan
    rho_median_pc1: float = np.nan
    rho_mean_z: float = np.nan
    dominance: float = np.nan
    dominant: int = -1


def structure_of(
    sample: Sample, places: NDArray[np.int64], signs: NDArray[np.float64]
) -> Structure:
    """Judge the genes at these places of the sample, all of which vary; signs: +1 up, -1 down.

    The genes of the down arm enter correlations and the component with the other sign, and every
    sum is that of the up arm less that of the down arm.
    """
    if len(places) < 2 or sample.n_obs < 3:
        return Structure()
    values = sample.values[:, places]
    z_values = unit_columns(values)
    pairs = _upper(unit_ranks(values) * signs)
    shares = _arm_shares(signs)
    mean = values @ shares
    component, pc1_share = _first_component(z_values * signs, mean)
    summaries = (mean, _arm_medians(values, signs), component, z_values @ shares)
    rho = _spearman(np.column_stack(summaries))
    dominance, dominant = _dominance(values, shares, mean)
    return Structure(
        correlation=float(np.median(pairs)),
        mean_correlation=float(np.mean(pairs)),
        pc1_share=pc1_share,
        rho_mean_median=float(rho[0, 1]),
        rho_mean_pc1=float(rho[0, 2]),
        rho_median_pc1=float(rho[1, 2]),
        rho_mean_z=float(rho[0, 3]),
        dominance=dominance,
        dominant=dominant,
    )


def _upper(unit_columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlations of all pairs of columns."""
    products = unit_columns.T @ unit_columns
    pairs: NDArray[np.float64] = products[np.triu_indices(len(products), k=1)]
    return pairs


def _arm_shares(signs: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each gene adds to the mean of the up arm less the mean of the down arm."""
    n_in_arm = np.where(signs > 0, np.count_nonzero(signs > 0), np.count_nonzero(signs < 0))
    shares: NDArray[np.float64] = signs / n_in_arm
    return shares


def _arm_medians(values: NDArray[np.float64], signs: NDArray[np.float64]) -> NDArray[np.float64]:
    medians = np.zeros(len(values))
    for sign in (1.0, -1.0):
        if (signs == sign).any():
            medians += sign * np.median(values[:, signs == sign], axis=1)
    return medians


def _first_component(
    z_values: NDArray[np.float64], mean: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Scores (n_obs,) on the first component, rising with the mean, and its share of variance."""
    n_obs, k = z_values.shape
    is_wide = k > n_obs
    largest, vector = _largest(z_values @ z_values.T if is_wide else z_values.T @ z_values)
    scores = vector if is_wide else z_values @ vector
    if scores @ (mean - mean.mean()) < 0:
        scores = -scores
    return scores, largest / k


def _largest(products: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The largest eigenvalue of a symmetric matrix and its vector."""
    n = len(products)
    if n < _SMALL:
        values, vectors = linalg.eigh(products, subset_by_index=[n - 1, n - 1])
    else:
        # Any start that is not orthogonal to the vector will do; a fixed one repeats to the bit.
        start = np.random.default_rng(0).normal(size=n)
        values, vectors = eigsh(products, k=1, which="LA", v0=start)
    return float(values[0]), vectors[:, 0]


def _spearman(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spearman's rho of all pairs of columns; NaN with one that is mostly a single value."""
    ranks = stats.rankdata(columns, axis=0)
    centred = ranks - ranks.mean(axis=0)
    lengths = np.sqrt(np.sum(centred**2, axis=0))
    for c, column in enumerate(columns.T):
        if np.unique(column, return_counts=True)[1].max() > len(column) / 2:
            lengths[c] = np.nan
    unit = centred / lengths
    rho: NDArray[np.float64] = unit.T @ unit
    return rho


def _dominance(
    values: NDArray[np.float64], shares: NDArray[np.float64], mean: NDArray[np.float64]
) -> tuple[float, int]:
    """Largest share of a gene in the variance of the mean, and its place; for three or more.

    var(mean) is the sum over genes of shares[g] cov(x[g], mean): each term is the gene's part.
    """
    centred = mean - mean.mean()
    total = float(centred @ centred)
    if total <= 0 or len(shares) < 3:
        return np.nan, -1
    parts = shares * (centred @ values) / total
    dominant = int(np.argmax(parts))
    return float(parts[dominant]), dominant
