"""How far groups of cells stand out: over the cells of one sample, or across donors."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.keys import OK, SINGLE_DONOR, CellSummary
from neurosig.sc.auc import delong_variances, group_aucs

MIN_DONORS: Final = 3
"""A t-test of two donors has one degree of freedom: its interval says next to nothing."""
TOO_FEW_DONORS: Final = "too_few_donors"
NO_VARIATION: Final = "no_variation"
_NO_VARIANCE: Final = 1e-24  # rounding of variances that are 0


@dataclass(frozen=True, slots=True)
class Cells:
    """Group and donor of each cell as positions."""

    groups: NDArray[np.intp]
    n_groups: int
    donors: NDArray[np.intp] | None = None
    n_donors: int = 0

    def only(self, chosen: NDArray[np.bool_]) -> "Cells":
        """Some of the cells."""
        donors = None if self.donors is None else self.donors[chosen]
        return Cells(self.groups[chosen], self.n_groups, donors, self.n_donors)


def over_cells(values: NDArray[np.float64], cells: Cells, ci_level: float) -> pd.DataFrame:
    """The AUC of each group over all cells with DeLong's interval; nothing is tested.

    Where groups do not overlap (AUC 0 or 1) DeLong's variance is 0, which no sample can tell:
    there is no interval.
    """
    from scipy import stats

    aucs = group_aucs(values, cells.groups, cells.n_groups)
    variances = delong_variances(values, cells.groups, cells.n_groups)
    half = stats.norm.ppf((1 + ci_level) / 2) * np.sqrt(
        np.where(variances > _NO_VARIANCE, variances, np.nan)
    )
    return pd.DataFrame(
        {
            CellSummary.N_DONORS: 1,
            CellSummary.AUC: aucs,
            CellSummary.AUC_LOW: np.clip(aucs - half, 0, 1),
            CellSummary.AUC_HIGH: np.clip(aucs + half, 0, 1),
            CellSummary.P_VALUE: np.nan,
            CellSummary.STATUS: SINGLE_DONOR,
        }
    )


def across_donors(
    values: NDArray[np.float64], cells: Cells, min_cells: int, ci_level: float
) -> pd.DataFrame:
    """The mean over donors of the AUC of each group within a donor, with its t-test."""
    aucs, variances = _within_donors(values, cells, min_cells)
    rows = []
    for group in range(cells.n_groups):
        usable = np.isfinite(aucs[:, group])
        rows.append(_t_test(aucs[usable, group], variances[usable, group], ci_level))
    return pd.DataFrame(rows)


def _within_donors(
    values: NDArray[np.float64], cells: Cells, min_cells: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AUCs (n_donors, n_groups) and their variances if scores did not depend on the group.

    NaN with too few cells inside or outside. The variance is that of the Mann-Whitney statistic
    without ties, which makes it smaller.
    """
    aucs = np.full((cells.n_donors, cells.n_groups), np.nan)
    variances = np.full_like(aucs, np.nan)
    for donor in range(cells.n_donors):
        own = cells.donors == donor
        groups = cells.groups[own]
        n_inside = np.bincount(groups, minlength=cells.n_groups)
        n_outside = len(groups) - n_inside
        usable = np.minimum(n_inside, n_outside) >= min_cells
        aucs[donor, usable] = group_aucs(values[own], groups, cells.n_groups)[usable]
        variances[donor, usable] = (len(groups) + 1) / (12 * n_inside * n_outside)[usable]
    return aucs, variances


def _t_test(
    aucs: NDArray[np.float64], variances: NDArray[np.float64], ci_level: float
) -> dict[str, float | str]:
    """Mean of the donors' AUCs, its interval and its test against 0.5."""
    from scipy import stats

    n = len(aucs)
    mean = float(aucs.mean()) if n else np.nan
    found: dict[str, float | str] = {
        CellSummary.N_DONORS: n,
        CellSummary.AUC: mean,
        CellSummary.AUC_LOW: np.nan,
        CellSummary.AUC_HIGH: np.nan,
        CellSummary.P_VALUE: np.nan,
    }
    if n < MIN_DONORS:
        return found | {CellSummary.STATUS: TOO_FEW_DONORS}
    std_error = float(aucs.std(ddof=1)) / np.sqrt(n)
    if std_error > 1e-12:  # more than the rounding of equal AUCs
        half = float(stats.t.ppf((1 + ci_level) / 2, n - 1)) * std_error
        status = OK
        found[CellSummary.AUC_LOW] = max(mean - half, 0.0)
        found[CellSummary.AUC_HIGH] = min(mean + half, 1.0)
    else:
        status, std_error = NO_VARIATION, float(np.sqrt(variances.mean() / n))
    p_value = float(2 * stats.t.sf(abs(mean - 0.5) / std_error, n - 1))
    return found | {CellSummary.P_VALUE: p_value, CellSummary.STATUS: status}
