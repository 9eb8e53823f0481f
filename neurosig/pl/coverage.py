"""How much of each signature each cohort measures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from neurosig.errors import InputError, examples
from neurosig.keys import SCORED, Coverage, Result
from neurosig.pl.style import (
    GROUP_COLOURS,
    GROUP_MARKERS,
    PALETTE,
    SMALL_SIZE,
    axes_in_inches,
    figure_style,
    label_texts,
    new_figure,
    widest,
)
from neurosig.pl.wording import clean_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS: Final = (
    Result.SIGNATURE,
    Result.COHORT,
    Coverage.N_GENES,
    Coverage.N_FOUND,
    Coverage.COVERAGE,
    Coverage.STATUS,
    "threshold",
)


def coverage_data(coverages: Mapping[str, pd.DataFrame], threshold: float) -> pd.DataFrame:
    """The share of found genes, one row per signature and cohort, the least covered first.

    Parameters
    ----------
    coverages
        `Scores.coverage` (one row per signature, its name in the index) of each cohort by name.
    threshold
        The share below which a signature is refused.

    Returns
    -------
    DataFrame
        Columns signature, cohort, n_genes, n_found, coverage, status, threshold.

    Raises
    ------
    InputError
        No cohort, or a table without the columns of a coverage table.

    Examples
    --------
    >>> table = pd.DataFrame({"n_genes": [4, 10], "n_found": [4, 3], "coverage": [1.0, 0.3],
    ...                       "status": ["ok", "refused"]}, index=["full", "thin"])
    >>> coverage_data({"A": table}, 0.5)[["signature", "coverage"]].values.tolist()
    [['thin', 0.3], ['full', 1.0]]
    """
    parts = []
    for cohort, table in coverages.items():
        missing = [name for name in _COLUMNS[2:6] if name not in table.columns]
        if missing:
            raise InputError(
                f"The coverage table of {cohort!r} lacks {examples(missing)}",
                f"Columns are {examples(map(str, table.columns), 12)}",
                "Pass Scores.coverage",
            )
        rows = table[list(_COLUMNS[2:6])].reset_index(drop=True)
        rows[Result.SIGNATURE] = [str(name) for name in table.index]
        parts.append(rows.assign(cohort=str(cohort), threshold=float(threshold)))
    if not parts:
        raise InputError(
            "There is no coverage to draw",
            "No cohort was passed",
            "Pass {cohort name: Scores.coverage}",
        )
    together = pd.concat(parts, ignore_index=True)
    least = together.groupby(Result.SIGNATURE, sort=False)[Coverage.COVERAGE].transform("min")
    order = together.assign(_least=least).sort_values(
        ["_least", Result.SIGNATURE], kind="stable", na_position="first"
    )
    return order[list(_COLUMNS)].reset_index(drop=True)


def draw_coverage(axes: "Axes", data: pd.DataFrame) -> "Axes":
    """Draw one row per signature and one mark per cohort; a refused one is an open cross.

    Parameters
    ----------
    axes
        Where; the names of the signatures stand at its left.
    data
        What `coverage_data` returns.

    Returns
    -------
    Axes
        `axes`.
    """
    signatures = data[Result.SIGNATURE].drop_duplicates().tolist()
    cohorts = data[Result.COHORT].drop_duplicates().tolist()
    level_of = {name: level for level, name in enumerate(signatures)}
    spread = np.linspace(-0.24, 0.24, len(cohorts)) if len(cohorts) > 1 else np.zeros(1)
    threshold = float(data["threshold"].iloc[0])
    with figure_style():
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(len(signatures) - 0.4, -0.6)
        for level in range(1, len(signatures), 2):  # the eye keeps to its row
            axes.axhspan(
                level - 0.5, level + 0.5, color=PALETTE["rule"], alpha=0.3, linewidth=0, zorder=-1
            )
        axes.hlines(range(len(signatures)), 0, 1, color=PALETTE["rule"], linewidth=0.6, zorder=0)
        axes.axvline(threshold, color=PALETTE["ink"], linewidth=0.9, linestyle=(0, (4, 2)))
        axes.annotate(
            f"threshold {threshold:.0%}".replace("%", " %"),
            (threshold, 1),
            xycoords=axes.get_xaxis_transform(),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=SMALL_SIZE,
            annotation_clip=False,
        )
        for index, cohort in enumerate(cohorts):
            _draw_cohort(axes, data[data[Result.COHORT].eq(cohort)], level_of, index, spread[index])
        axes.set_yticks(range(len(signatures)), label_texts(signatures, 48))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.set_xlabel("Genes found")
    return axes


def _draw_cohort(
    axes: "Axes", rows: pd.DataFrame, level_of: Mapping[str, int], index: int, shift: float
) -> None:
    y = rows[Result.SIGNATURE].map(level_of).to_numpy(dtype=np.float64) + shift
    share = rows[Coverage.COVERAGE].to_numpy(dtype=np.float64)
    is_refused = ~rows[Coverage.STATUS].isin(SCORED).to_numpy()
    for keep, look in ((~is_refused, _scored_mark(index)), (is_refused, _refused_mark(index))):
        axes.plot(share[keep], y[keep], linestyle="none", clip_on=False, **look)


def _scored_mark(index: int) -> dict[str, Any]:
    colour = GROUP_COLOURS[index % len(GROUP_COLOURS)]
    marker = GROUP_MARKERS[index % len(GROUP_MARKERS)]
    return {"marker": marker, "markersize": 4.6, "markeredgewidth": 0, "color": colour}


def _refused_mark(index: int) -> dict[str, Any]:
    colour = GROUP_COLOURS[index % len(GROUP_COLOURS)]
    return {"marker": "x", "markersize": 5.2, "markeredgewidth": 1.5, "color": colour}


def coverage_figure(data: pd.DataFrame) -> "Figure":
    """The shares with their key, of the height that the signatures need.

    Parameters
    ----------
    data
        What `coverage_data` returns.
    """
    signatures = label_texts(data[Result.SIGNATURE].drop_duplicates().tolist(), 48)
    cohorts = data[Result.COHORT].drop_duplicates().tolist()
    left, axis_width, row_height = widest(signatures) + 0.25, 3.6, 0.23
    names = label_texts(cohorts, 40)
    right = 0.45 + max(widest(names), 0.95)
    height = max(row_height * len(signatures), 0.2 * (len(cohorts) + 2))
    with figure_style():
        figure = new_figure(left + axis_width + right, 0.3 + height + 0.46)
        axes = axes_in_inches(figure, left, 0.46, axis_width, height)
        draw_coverage(axes, data)
        _draw_key(axes, names, has_refused=bool((~data[Coverage.STATUS].isin(SCORED)).any()))
    return figure


def _draw_key(axes: "Axes", names: list[str], *, has_refused: bool) -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], linestyle="none", label=name, **_scored_mark(index))
        for index, name in enumerate(names)
    ]
    if has_refused:
        grey = _refused_mark(0) | {"color": PALETTE["ink"]}
        marks.append(Line2D([], [], linestyle="none", label="refused", **grey))
    axes.legend(
        handles=marks,
        loc="upper left",
        bbox_to_anchor=(1.03, 1.0),
        borderaxespad=0,
        handletextpad=0.2,
    )


def coverage_alt(data: pd.DataFrame) -> str:
    """The coverage in words: how many signatures and cohorts, and which were refused.

    Parameters
    ----------
    data
        What `coverage_data` returns.
    """
    n_signatures = data[Result.SIGNATURE].nunique()
    n_cohorts = data[Result.COHORT].nunique()
    refused = data[~data[Coverage.STATUS].isin(SCORED)]
    named = [
        f"{clean_label(row[Result.SIGNATURE])} in {clean_label(row[Result.COHORT])} "
        f"({int(row[Coverage.N_FOUND])} of {int(row[Coverage.N_GENES])} genes)"
        for _, row in refused.head(8).iterrows()
    ]
    more = f" and {len(refused) - 8} more" if len(refused) > 8 else ""
    told = f"Refused: {'; '.join(named)}{more}." if named else "None was refused."
    return (
        f"Share of genes found for {n_signatures} signatures in {n_cohorts} cohorts, "
        f"threshold {float(data['threshold'].iloc[0]):.0%}. {told}"
    )
