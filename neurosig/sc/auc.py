"""How well a score separates the cells of one group from all others."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

_GROUPS_AT_ONCE = 16
"""Keeps the tables of levels x groups at some tens of megabytes for a million cells."""


def group_aucs(
    values: NDArray[np.float64], codes: NDArray[np.intp], n_groups: int
) -> NDArray[np.float64]:
    """Area under the ROC curve of each group against the rest.

    auc_g = (R_g - n_g (n_g + 1) / 2) / (n_g (n - n_g)),  R_g = sum of the ranks of g's cells

    It is P(score of a cell of g > score of a cell outside) + P(equal) / 2, the Mann-Whitney
    statistic by its largest value.

    Parameters
    ----------
    values
        (n,) scores, finite.
    codes
        (n,) group of each cell, 0 to n_groups - 1.
    n_groups
        Number of groups.

    Returns
    -------
    ndarray
        (n_groups,); NaN for a group without cells inside or outside.

    References
    ----------
    Hanley JA, McNeil BJ (1982) Radiology 143:29-36, doi:10.1148/radiology.143.1.7063747.

    Examples
    --------
    >>> # of the pairs (3, 1), (3, 2), (2, 1), (2, 2) three are won and one is tied
    >>> group_aucs(np.array([3.0, 2.0, 1.0, 2.0]), np.array([0, 0, 1, 1]), 2).tolist()
    [0.875, 0.125]
    """
    n_inside, n_outside = _sizes(codes, n_groups)
    rank_sums = np.bincount(codes, weights=stats.rankdata(values), minlength=n_groups)
    with np.errstate(invalid="ignore"):
        aucs: NDArray[np.float64] = (rank_sums - n_inside * (n_inside + 1) / 2) / (
            n_inside * n_outside
        )
    return aucs


def delong_variances(
    values: NDArray[np.float64], codes: NDArray[np.intp], n_groups: int
) -> NDArray[np.float64]:
    """Variance of each group's AUC over cells, of DeLong et al.

    var_g = S_in / n_g + S_out / (n - n_g)

    S_in: variance, over the cells of g, of the share of outside cells below; S_out: variance,
    over the cells outside, of the share of g's cells below; ties count half, n - 1 below the line.
    Parameters as in `group_aucs`; NaN for a group with fewer than two cells inside or outside.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL (1988) Biometrics 44:837-845, doi:10.2307/2531595;
    equal to pROC 1.18.0 ``var(roc)``.
    """
    n_inside, n_outside = _sizes(codes, n_groups)
    distinct, level = np.unique(values, return_inverse=True)
    n_at = np.bincount(level, minlength=len(distinct)).astype(np.float64)
    n_below = np.cumsum(n_at) - n_at / 2
    variances = np.empty(n_groups)
    for low in range(0, n_groups, _GROUPS_AT_ONCE):
        part = slice(low, min(low + _GROUPS_AT_ONCE, n_groups))
        width = part.stop - part.start
        chosen = (codes >= part.start) & (codes < part.stop)
        cells = (
            np.bincount(
                level[chosen] * width + codes[chosen] - low, minlength=len(distinct) * width
            )
            .reshape(len(distinct), width)
            .astype(np.float64)
        )
        below = np.cumsum(cells, axis=0) - cells / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            inside = _weighted_variance(
                (n_below[:, None] - below) / n_outside[part], cells, n_inside[part]
            )
            outside = _weighted_variance(
                below / n_inside[part], n_at[:, None] - cells, n_outside[part]
            )
            variances[part] = inside / n_inside[part] + outside / n_outside[part]
    return variances


def _sizes(
    codes: NDArray[np.intp], n_groups: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n_inside = np.bincount(codes, minlength=n_groups).astype(np.float64)
    return n_inside, len(codes) - n_inside


def _weighted_variance(
    shares: NDArray[np.float64], weights: NDArray[np.float64], n: NDArray[np.float64]
) -> NDArray[np.float64]:
    means = np.einsum("ij,ij->j", weights, shares) / n
    spread: NDArray[np.float64] = np.einsum("ij,ij->j", weights, (shares - means) ** 2) / (n - 1)
    return spread
