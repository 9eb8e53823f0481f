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
from neurosig.keys import CellSummary
from neurosig.outcomes.results import benjamini_hochberg
from neurosig.sc.separation import Cells, across_donors, over_cells
from neurosig.sc.stored_scores import (
    StoredScores,
    cell_labels,
    labelled,
    stored_scores,
)

if TYPE_CHECKING:
    from anndata import AnnData

TOO_FEW_CELLS: Final = "too_few_cells"


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
    its interval is somewhat narrow where the AUC is near 0 or 1. Where all donors have the same
    AUC, such as 1, they give no standard error and no interval (status ``no_variation``); p then
    rests on the variance the AUCs would have without an effect, the mean over donors of
    (n + 1) / (12 n_g (n - n_g)), which is larger. `q_value` is Benjamini-Hochberg over all tests
    of the call.

    **Without donors** the rows describe: p and q are NaN, the status is ``single_donor``, and
    `auc_low` and `auc_high` are DeLong's interval over cells. It speaks of the cells of this
    sample only, not of other patients. Where its variance is 0 (groups that do not overlap, AUC 0
    or 1) it is NaN.

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
        have the same AUC: no interval); or why the signature has no scores, as in its coverage.

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
    keep = labelled(groups, by)
    cells = Cells(groups.codes, len(groups.names))
    if donor is not None:
        donors = cell_labels(adata, donor)
        keep &= labelled(donors, donor)
        cells = Cells(groups.codes, len(groups.names), donors.codes, len(donors.names))
    if not keep.any():
        raise InputError(
            f"No cell has a label both in {by!r} and in {donor!r}",
            f"{count(len(keep), 'cell')} were looked at",
            "Check the two columns of adata.obs",
        )
    return _table(scores, keep, cells.only(keep), groups.names, rules)


def _table(
    scores: StoredScores,
    keep: NDArray[np.bool_],
    cells: Cells,
    groups: tuple[str, ...],
    rules: Rules,
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
        described.insert(1, CellSummary.GROUP, list(groups))
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


def _describe(values: NDArray[np.float64], cells: Cells, rules: Rules) -> pd.DataFrame:
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
        separation = over_cells(values, cells, rules.ci_level)
    else:
        separation = across_donors(values, cells, rules.min_cells, rules.ci_level)
    separation[CellSummary.STATUS] = separation[CellSummary.STATUS].where(has_cells, TOO_FEW_CELLS)
    numbers = [CellSummary.AUC, CellSummary.AUC_LOW, CellSummary.AUC_HIGH, CellSummary.P_VALUE]
    separation.loc[~has_cells, numbers] = np.nan
    return pd.concat([rows, separation], axis=1)


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
