"""Distribution of scores in groups of cells."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import InputError, examples
from neurosig.keys import OK, CellSummary
from neurosig.pl.style import (
    PALETTE,
    SMALL_SIZE,
    axes_in_inches,
    figure_style,
    label_texts,
    new_figure,
    widest,
    wrapped,
)
from neurosig.pl.wording import clean_label, format_number
from neurosig.sc.stored_scores import cell_labels, labelled, stored_scores

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCORE: Final = "score"
_MOST_POINTS: Final = 300
"""Points drawn of a group: more are a smear and make a file that nothing opens."""
_HALF_HEIGHT: Final = 0.42


def violin_data(
    adata: "AnnData",
    by: str = "cell_type",
    signatures: Sequence[str] | None = None,
    *,
    method: str | None = None,
    key: str | None = None,
) -> pd.DataFrame:
    """The score of each cell with its group, one row per signature and cell.

    Parameters
    ----------
    adata
        Cells with scores in `obsm`, from `neurosig.tl.score`.
    by
        Column of `obs` with the groups.
    signatures
        Which ones, in the order of the panels; None: all.
    method, key
        Which scores, as in `neurosig.sc.summarise`.

    Returns
    -------
    DataFrame
        Columns signature and group (categories), score, status. A signature that was refused has
        missing scores and its status.

    Raises
    ------
    InputError
        There are no scores, no such column or no such signature.

    Examples
    --------
    >>> import anndata
    >>> cells = anndata.AnnData(
    ...     obs=pd.DataFrame({"cell_type": ["E", "T"]}, index=["a", "b"]),
    ...     obsm={"score_mean": pd.DataFrame({"angio": [3.0, 1.0]}, index=["a", "b"])},
    ... )
    >>> violin_data(cells).values.tolist()
    [['angio', 'E', 3.0, 'ok'], ['angio', 'T', 1.0, 'ok']]
    """
    scores = stored_scores(adata, method=method, key=key)
    names = list(scores.values.columns) if signatures is None else list(dict.fromkeys(signatures))
    unknown = [name for name in names if name not in scores.values.columns]
    if unknown or not names:
        raise InputError(
            f"There is no signature {examples(unknown)}" if unknown else "There is none to draw",
            f"Signatures of {scores.key!r} are {examples(scores.values.columns)}",
            "Name some of them, or leave signatures out to draw all",
        )
    groups = cell_labels(adata, by)
    keep = labelled(groups, by)
    labels = pd.Categorical.from_codes(groups.codes[keep], categories=pd.Index(groups.names))
    n_cells = len(labels)
    return pd.DataFrame(
        {
            CellSummary.SIGNATURE: pd.Categorical(names, categories=names).repeat(n_cells),
            CellSummary.GROUP: labels.take(np.tile(np.arange(n_cells), len(names))),
            SCORE: scores.values.loc[keep, names].to_numpy().T.ravel(),
            CellSummary.STATUS: np.repeat(
                [scores.refused.get(name, OK) for name in names], n_cells
            ),
        }
    )


def draw_violin(axes: "Axes", data: pd.DataFrame, *, points: bool = False) -> "Axes":
    """Draw one signature: a violin per group, its median as a dot and its quartiles as a bar.

    A violin is a Gaussian kernel density (Scott's bandwidth) between the lowest and the highest
    score, each as high as the others. A group of fewer than three cells, or of equal scores, has
    no density: its cells are drawn as marks.

    Parameters
    ----------
    axes
        Where; the names of the groups stand at its left.
    data
        The rows of one signature of `violin_data`.
    points
        Whether to draw cells as well, at most 300 of a group, evenly spaced by score.

    Returns
    -------
    Axes
        `axes`.
    """
    groups = list(data[CellSummary.GROUP].cat.categories)
    jitter = np.random.default_rng(0)
    with figure_style():
        axes.set_ylim(len(groups) - 0.5, -0.5)
        for level, group in enumerate(groups):
            if level % 2:  # the eye keeps to its row
                axes.axhspan(
                    level - 0.5, level + 0.5, color=PALETTE["rule"], alpha=0.3, lw=0, zorder=-1
                )
            scores = data.loc[data[CellSummary.GROUP].eq(group), SCORE].dropna()
            _draw_group(axes, level, np.sort(scores.to_numpy(dtype=np.float64)), points, jitter)
        status = str(data[CellSummary.STATUS].iloc[0])
        if status != OK:
            axes.set_xticks([])
            axes.text(
                0.5,
                0.5,
                "not scored:\n" + status.replace("_", " "),
                transform=axes.transAxes,
                ha="center",
                va="center",
                fontsize=SMALL_SIZE,
                color=PALETTE["muted"],
            )
        axes.set_yticks(range(len(groups)), _labels(data))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    return axes


def _draw_group(
    axes: "Axes",
    level: int,
    scores: NDArray[np.float64],
    points: bool,
    jitter: np.random.Generator,
) -> None:
    if not len(scores):
        return
    if len(scores) > 2 and scores[-1] > scores[0]:
        from scipy.stats import gaussian_kde

        grid = np.linspace(scores[0], scores[-1], 128)
        density = gaussian_kde(scores)(grid)
        half = _HALF_HEIGHT * density / density.max()
        axes.fill_between(
            grid, level - half, level + half, color=PALETTE["blue"], alpha=0.35, linewidth=0
        )
    else:
        axes.plot(scores, [level] * len(scores), "|", color=PALETTE["blue"], markersize=9)
    if points:
        step = np.linspace(0, len(scores) - 1, min(len(scores), _MOST_POINTS)).round().astype(int)
        y = level + jitter.uniform(-0.3, 0.3, len(step))
        axes.plot(scores[step], y, ".", color=PALETTE["ink"], alpha=0.35, markersize=1.8, mew=0)
    low, middle, high = np.quantile(scores, [0.25, 0.5, 0.75])
    axes.plot([low, high], [level, level], color=PALETTE["ink"], linewidth=2.2)
    axes.plot(
        [middle], [level], "o", markersize=4, mfc=PALETTE["surface"], mec=PALETTE["ink"], mew=0.9
    )


def _labels(data: pd.DataFrame) -> list[str]:
    first = data[data[CellSummary.SIGNATURE].eq(data[CellSummary.SIGNATURE].iloc[0])]
    sizes = first[CellSummary.GROUP].value_counts(sort=False)
    names = label_texts(sizes.index.tolist(), 32)
    return [f"{name} ({n:,})" for name, n in zip(names, sizes, strict=True)]


def violin_figure(data: pd.DataFrame, *, points: bool = False, n_columns: int = 4) -> "Figure":
    """One panel per signature with its own axis of scores; the number of cells after each group.

    Parameters
    ----------
    data
        What `violin_data` returns.
    points
        Whether to draw cells as well.
    n_columns
        Panels beside each other.
    """
    signatures = data[CellSummary.SIGNATURE].drop_duplicates().tolist()
    labels = _labels(data)
    n_columns = min(n_columns, len(signatures))
    n_rows = math.ceil(len(signatures) / n_columns)
    left, width, gap = widest(labels) + 0.2, 1.55, 0.22
    height, above, below = 0.24 * len(labels), 0.38, 0.34
    row_step = height + above + below
    with figure_style():
        figure = new_figure(left + n_columns * (width + gap), n_rows * row_step + 0.1)
        for position, name in enumerate(signatures):
            row, column = divmod(position, n_columns)
            bottom = (n_rows - 1 - row) * row_step + below + 0.05
            axes = axes_in_inches(figure, left + column * (width + gap), bottom, width, height)
            rows = data[data[CellSummary.SIGNATURE].eq(name)]
            draw_violin(axes, rows, points=points)
            axes.set_title(
                wrapped(clean_label(name, 80), width + gap - 0.06, SMALL_SIZE),
                fontsize=SMALL_SIZE,
                pad=3,
            )
            axes.locator_params(axis="x", nbins=3)
            axes.tick_params(axis="x", labelsize=SMALL_SIZE)
            if column:
                axes.set_yticklabels([])
    return figure


def violin_alt(data: pd.DataFrame) -> str:
    """The violins in words: the group with the highest median of each signature.

    Parameters
    ----------
    data
        What `violin_data` returns.
    """
    n_groups = len(data[CellSummary.GROUP].cat.categories)
    told = []
    for name, rows in data.groupby(CellSummary.SIGNATURE, observed=True):
        status = str(rows[CellSummary.STATUS].iloc[0])
        medians = rows.groupby(CellSummary.GROUP, observed=True)[SCORE].median()
        if status != OK:
            told.append(f"{clean_label(name)}: not scored ({status.replace('_', ' ')})")
        else:
            top = clean_label(medians.idxmax())
            told.append(f"{clean_label(name)}: {top} ({format_number(medians.max())})")
    more = f" and {len(told) - 8} more" if len(told) > 8 else ""
    return (
        f"Distribution of the scores of {len(told)} signatures in {n_groups} groups of cells. "
        f"Highest median: {'; '.join(told[:8])}{more}."
    )
