"""`summarise`: signatures by group of cells, tested across donors."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig import _params
from neurosig._params import Help, Range
from neurosig.errors import CellsWarning, InputError, ParameterError, count, examples
from neurosig.keys import OK, SINGLE_DONOR, CellSummary
from neurosig.outcomes.results import benjamini_hochberg
from neurosig.sc.auc import delong_variances, group_aucs
from neurosig.sc.stored_scores import (
    CellLabels,
    StoredScores,
    cell_labels,
    labelled,
    stored_scores,
)

if TYPE_CHECKING:
    from anndata import AnnData

MIN_DONORS: Final = 3
"""A t-test of two donors has one degree of freedom: its interval says next to nothing."""
TOO_FEW_CELLS: Final = "too_few_cells"
TOO_FEW_DONORS: Final = "too_few_donors"
NO_VARIATION: Final = "no_variation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a summary counts and how wide its intervals are."""

    high_quantile: Annotated[float, Range(0, 1), Help("quantile above which a score is high")]
    min_cells: Annotated[int, Range(2), Help("fewest cells inside and outside a group")]
    ci_level: Annotated[float, Range(0, 1, open_low=True, open_high=True), Help("level of the CI")]

    def __post_init__(self) -> None:
        _params.check(self, "summarise")


def summarise(
    adata: "AnnData",
    by: str = "cell_type",
    donor: str | None = None,
    *,
    method: str | None = None,
    key: str | None = None,
    high_quantile: float = 0.75,
    min_cells: int = 10,
    ci_level: float = 0.95,
) -> pd.DataFrame:
    r"""Summarise the scores of cells by group, and test across donors which groups stand out.

    For signature s and group g (a cell type), with x_i the score of cell i and n_g cells in g::

        auc           P(x_i > x_j) + P(x_i = x_j) / 2 for a cell i of g and a cell j outside
        mean, median  of x_i over the cells of g, in the units of the score
        fraction_high share of the cells of g with x_i > q; q: the quantile `high_quantile` of s
                      over all cells
        tau           sum_g (1 - y_g) / (G - 1), y_g = (m_g - min m) / (max m - min m), m_g: mean
                      of g, over the G groups of at least `min_cells` cells; 0: the same in all
                      groups, 1: in one group alone. It belongs to the signature, not to the group

    **With donors** the AUC is taken within each donor that has `min_cells` cells inside and outside
    g, so that a difference between donors is not taken for one between cell types; `auc` is their
    mean, and donors are the sample: a t-test of their AUCs against 0.5 with `n_donors` - 1 degrees
    of freedom gives `p_value`, `auc_low` and `auc_high` (cut at 0 and 1). Cells of one donor are
    not independent; a test over cells would call everything significant. The scale is that of the
    AUC, not its logit: the mean is what is reported, a donor whose cells separate perfectly has no
    logit but one set by its number of cells, and under the hypothesis tested AUCs lie about 0.5,
    where the logit is a straight line. In simulations of 3 to 8 donors without an effect both
    scales reject in 4 to 6 % at the 5 % level, and the AUC finds more of the effects there are;
    its interval is somewhat narrow where the AUC is near 0 or 1. `q_value` is Benjamini-Hochberg
    over all tests of the call.

    **Without donors** the rows describe: p and q are NaN, the status is ``single_donor``, and
    `auc_low` and `auc_high` are DeLong's interval over cells. It speaks of the cells of this
    sample only, not of other patients.

    Parameters
    ----------
    adata
        Cells with scores in `obsm`, from `neurosig.tl.score` (or another tool's
        ``obsm["score_..."]``); in memory or backed.
    by
        Column of `obs` with the groups.
    donor
        Column of `obs` with the patients, animals or other independent units.
    method, key
        Which scores: ``obsm["score_<method>"]`` or ``obsm[key]``. Neither is needed where there
        are only one.
    high_quantile
        Quantile, over all cells with labels, above which a score counts as high.
    min_cells
        Fewest cells inside and outside a group, of each donor where donors are given.
    ci_level
        Level of the intervals.

    Returns
    -------
    DataFrame
        One row per signature and group, columns ``signature group n_cells n_donors mean median
        fraction_high auc auc_low auc_high tau p_value q_value status``. `n_cells`: cells of the
        group with a score. `n_donors`: donors whose AUC was used. Status: ``ok``;
        ``single_donor``; ``too_few_cells`` (fewer than `min_cells` inside or outside the group:
        no AUC); ``too_few_donors`` (fewer than 3 donors: no test); ``no_variation`` (all donors
        have the same AUC: no test); or why the signature has no scores, as in its coverage.

    Raises
    ------
    InputError
        If there are no scores, or a column is not there or holds no labels.
    ParameterError
        If several scores could be meant, or an option has a value that is not allowed.

    Warns
    -----
    CellsWarning
        Cells without a label or a score are left out.

    References
    ----------
    AUC: Hanley JA, McNeil BJ (1982), doi:10.1148/radiology.143.1.7063747. Its interval over cells:
    DeLong ER et al. (1988), doi:10.2307/2531595. Tau: Yanai I et al. (2005),
    doi:10.1093/bioinformatics/bti042; the means are moved to start at 0, since a score can be
    negative. Cells are not replicates: Squair JW et al. (2021), doi:10.1038/s41467-021-25960-2.

    Examples
    --------
    >>> import anndata
    >>> cells = anndata.AnnData(
    ...     obs=pd.DataFrame({"cell_type": list("EETT")}, index=list("abcd")),
    ...     obsm={"score_mean": pd.DataFrame({"angio": [3.0, 2.0, 1.0, 2.0]}, index=list("abcd"))},
    ... )
    >>> table = summarise(cells, min_cells=2)
    >>> table[["group", "mean", "auc", "status"]].values.tolist()
    [['E', 2.5, 0.875, 'single_donor'], ['T', 1.5, 0.125, 'single_donor']]
    """
    rules = Rules(high_quantile=high_quantile, min_cells=min_cells, ci_level=ci_level)
    if donor == by:
        raise ParameterError(
            f"by and donor cannot both be {by!r}",
            "A group is compared with the rest within each donor",
            "Name the column of the patients as donor, or leave donor out",
        )
    scores = stored_scores(adata, method=method, key=key)
    groups = cell_labels(adata, by)
    donors = None if donor is None else cell_labels(adata, donor)
    keep = (
        labelled(groups, by)
        if donors is None
        else (labelled(groups, by) & labelled(donors, str(donor)))
    )
    if not keep.any():
        raise InputError(
            f"No cell has a label both in {by!r} and in {donor!r}",
            f"{count(len(keep), 'cell')} were looked at",
            "Check the two columns of adata.obs",
        )
    cells = _Cells(groups.codes[keep], len(groups.names), None, 0)
    if donors is not None:
        cells = _Cells(cells.groups, cells.n_groups, donors.codes[keep], len(donors.names))
    return _table(scores, keep, cells, groups, rules)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Group and donor of each cell as positions."""

    groups: NDArray[np.intp]
    n_groups: int
    donors: NDArray[np.intp] | None
    n_donors: int

    def only(self, chosen: NDArray[np.bool_]) -> "_Cells":
        donors = None if self.donors is None else self.donors[chosen]
        return _Cells(self.groups[chosen], self.n_groups, donors, self.n_donors)


def _table(
    scores: StoredScores, keep: NDArray[np.bool_], cells: _Cells, groups: CellLabels, rules: Rules
) -> pd.DataFrame:
    rows = []
    partly_scored: list[str] = []
    for name in scores.values.columns:
        values = scores.values[name].to_numpy()[keep]
        has_score = np.isfinite(values)
        if name in scores.refused:
            described = _not_scored(cells.n_groups, scores.refused[name])
        else:
            if not has_score.all():
                partly_scored.append(name)
            described = _describe(values[has_score], cells.only(has_score), rules)
        described.insert(0, CellSummary.SIGNATURE, name)
        described.insert(1, CellSummary.GROUP, list(groups.names))
        rows.append(described)
    if partly_scored:
        warnings.warn(
            CellsWarning(
                f"{count(len(partly_scored), 'signature')} "
                f"{'has' if len(partly_scored) == 1 else 'have'} no score in some cells, which are "
                "left out there",
                f"Signatures: {examples(partly_scored)}",
                "n_cells counts the cells that were used",
            ),
            stacklevel=3,
        )
    table = pd.concat(rows, ignore_index=True)
    table[CellSummary.Q_VALUE] = benjamini_hochberg(table[CellSummary.P_VALUE].to_numpy())
    return table[list(CellSummary.ALL)]


def _not_scored(n_groups: int, status: str) -> pd.DataFrame:
    numbers = dict.fromkeys(CellSummary.ALL[4:12], np.nan)
    counts = {CellSummary.N_CELLS: 0, CellSummary.N_DONORS: 0}
    return pd.DataFrame(
        {**counts, **numbers, CellSummary.STATUS: status}, index=pd.RangeIndex(n_groups)
    )


def _describe(values: NDArray[np.float64], cells: _Cells, rules: Rules) -> pd.DataFrame:
    """The rows of one signature."""
    by_group = pd.Series(values).groupby(cells.groups)
    every = pd.RangeIndex(cells.n_groups)
    n_cells = np.bincount(cells.groups, minlength=cells.n_groups)
    is_high = pd.Series(values > np.quantile(values, rules.high_quantile)).groupby(cells.groups)
    with np.errstate(invalid="ignore"):
        means = np.bincount(cells.groups, weights=values, minlength=cells.n_groups) / n_cells
    rows = pd.DataFrame(
        {
            CellSummary.N_CELLS: n_cells,
            CellSummary.MEAN: means,
            CellSummary.MEDIAN: by_group.median().reindex(every),
            CellSummary.FRACTION_HIGH: is_high.mean().reindex(every),
            CellSummary.TAU: tau(means[n_cells >= rules.min_cells]),
        }
    )
    has_cells = np.minimum(n_cells, len(values) - n_cells) >= rules.min_cells
    if cells.donors is None:
        separation = _over_cells(values, cells, rules)
    else:
        separation = _across_donors(values, cells, rules)
    separation[CellSummary.STATUS] = separation[CellSummary.STATUS].where(has_cells, TOO_FEW_CELLS)
    numbers = [CellSummary.AUC, CellSummary.AUC_LOW, CellSummary.AUC_HIGH, CellSummary.P_VALUE]
    separation.loc[~has_cells, numbers] = np.nan
    return pd.concat([rows, separation], axis=1)


def _over_cells(values: NDArray[np.float64], cells: _Cells, rules: Rules) -> pd.DataFrame:
    from scipy import stats

    aucs = group_aucs(values, cells.groups, cells.n_groups)
    half = stats.norm.ppf((1 + rules.ci_level) / 2) * np.sqrt(
        delong_variances(values, cells.groups, cells.n_groups)
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


def _across_donors(values: NDArray[np.float64], cells: _Cells, rules: Rules) -> pd.DataFrame:
    aucs = _donor_aucs(values, cells, rules.min_cells)
    return pd.DataFrame([_t_test(column[np.isfinite(column)], rules.ci_level) for column in aucs.T])


def _donor_aucs(values: NDArray[np.float64], cells: _Cells, min_cells: int) -> NDArray[np.float64]:
    """AUCs (n_donors, n_groups) within donors; NaN with too few cells inside or outside."""
    aucs = np.full((cells.n_donors, cells.n_groups), np.nan)
    for donor in range(cells.n_donors):
        own = cells.donors == donor
        groups = cells.groups[own]
        n_inside = np.bincount(groups, minlength=cells.n_groups)
        usable = np.minimum(n_inside, len(groups) - n_inside) >= min_cells
        aucs[donor, usable] = group_aucs(values[own], groups, cells.n_groups)[usable]
    return aucs


def _t_test(aucs: NDArray[np.float64], ci_level: float) -> dict[str, float | str]:
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
    if std_error < 1e-12:  # rounding of equal AUCs
        return found | {CellSummary.STATUS: NO_VARIATION}
    half = float(stats.t.ppf((1 + ci_level) / 2, n - 1)) * std_error
    return found | {
        CellSummary.AUC_LOW: max(mean - half, 0.0),
        CellSummary.AUC_HIGH: min(mean + half, 1.0),
        CellSummary.P_VALUE: float(2 * stats.t.sf(abs(mean - 0.5) / std_error, n - 1)),
        CellSummary.STATUS: OK,
    }


def tau(means: NDArray[np.float64]) -> float:
    """Yanai's tissue-specificity index of group means moved and scaled to 0 to 1.

    tau = sum_g (1 - y_g) / (G - 1), y_g = (m_g - min m) / (max m - min m); 0 for equal means, NaN
    for fewer than two.

    Examples
    --------
    >>> tau(np.array([5.0, 1.0, 2.0]))  # y = 1, 0, 1/4: (0 + 1 + 3/4) / 2
    0.875
    """
    if len(means) < 2:
        return float("nan")
    low, high = float(means.min()), float(means.max())
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        return 0.0
    return float(np.sum((high - means) / (high - low)) / (len(means) - 1))
