"""How well a score separates the cells of one group from all others."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats


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
    n_inside = _sizes(codes, n_groups).astype(np.float64)
    n_outside = len(codes) - n_inside
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
    distinct, level = np.unique(values, return_inverse=True)
    n_at = np.bincount(level, minlength=len(distinct))
    n_below = np.cumsum(n_at) - n_at
    by_group = np.split(level[np.argsort(codes, kind="stable")], np.cumsum(_sizes(codes, n_groups)))
    return np.array([_delong_variance(own, n_at, n_below) for own in by_group[:n_groups]])


def _sizes(codes: NDArray[np.intp], n_groups: int) -> NDArray[np.intp]:
    return np.bincount(codes, minlength=n_groups)


def _delong_variance(
    own: NDArray[np.intp], n_at: NDArray[np.intp], n_below: NDArray[np.intp]
) -> float:
    """The variance for one group, from the levels of its cells alone.

    Between two levels of the group the share of its cells below does not change, so that the cells
    outside need to be counted, not visited. `n_at`, `n_below`: all cells at and below each level.
    """
    n_inside, n_outside = len(own), int(n_at.sum()) - len(own)
    if n_inside < 2 or n_outside < 2:
        return float("nan")
    levels, inside_at = np.unique(own, return_counts=True)
    inside_to = np.cumsum(inside_at)
    inside_below = inside_to - inside_at
    outside_at = n_at[levels] - inside_at
    outside_below = n_below[levels] - inside_below
    outside_between = np.diff(outside_below, append=n_outside) - outside_at
    wins = (outside_below + outside_at / 2) / n_outside
    losses = np.concatenate(([0.0], inside_below + inside_at / 2, inside_to)) / n_inside
    n_lost = np.concatenate((outside_below[:1], outside_at, outside_between))
    return _variance(wins, inside_at) / n_inside + _variance(losses, n_lost) / n_outside


def _variance(values: NDArray[np.float64], counts: NDArray[np.intp]) -> float:
    """Variance (n - 1) of values that occur `counts` times."""
    n = int(counts.sum())
    centred = values - np.sum(counts * values) / n
    return float(np.sum(counts * centred**2)) / (n - 1)
