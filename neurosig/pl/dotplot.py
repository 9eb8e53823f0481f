"""Signatures x cell types as dots: colour is the level, size the share of cells that are high."""

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import InputError, ParameterError, examples
from neurosig.keys import SINGLE_DONOR, CellSummary
from neurosig.pl.colour_bar import BAR_HEIGHT, draw_colour_bar
from neurosig.pl.style import (
    PALETTE,
    POINTS,
    SMALL_SIZE,
    TEXT_SIZE,
    axes_in_inches,
    figure_style,
    label_texts,
    new_figure,
    text_width,
    widest,
)
from neurosig.pl.wording import clean_label, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

SHOWN: Final = "shown"
_LABELS: Final = {"auc": "AUC against other cells", "mean": "mean, z over groups"}
_SIZES: Final = "cells with a high score"
_Q: Final = 0.05
_CELL: Final = 0.25
"""Inches between two dots."""
_LEAST_SHARE: Final = 0.04
"""Area of the smallest dot, as a share of the largest: one of nobody still shows its colour."""
_SLANT: Final = float(np.sin(np.pi / 4))


def dotplot_data(table: pd.DataFrame, *, colour: Literal["auc", "mean"] = "auc") -> pd.DataFrame:
    """What each dot shows, one row per signature and group in the order of the table.

    Parameters
    ----------
    table
        What `neurosig.sc.summarise` returns.
    colour
        "auc": how well the score tells the group from the other cells. "mean": mean score of the
        group as z over the groups, (m_g - mean m) / sd m (n - 1), for display alone.

    Returns
    -------
    DataFrame
        Columns signature, group, shown, fraction_high, n_cells, n_donors, q_value, status, colour.
        `shown` is NaN where there is nothing to show.

    Raises
    ------
    InputError
        The table is not one of `summarise`, or has no rows.
    ParameterError
        Another colour.

    Examples
    --------
    >>> rows = pd.DataFrame({"signature": ["s", "s"], "group": ["E", "T"], "n_cells": [20, 30],
    ...     "n_donors": 1, "mean": [3.0, 1.0], "fraction_high": [0.8, 0.1], "auc": [0.9, 0.1],
    ...     "q_value": float("nan"), "status": "single_donor"})
    >>> dotplot_data(rows, colour="mean")["shown"].round(3).tolist()  # mean 2, sd sqrt(2)
    [0.707, -0.707]
    """
    columns = (
        CellSummary.FRACTION_HIGH,
        CellSummary.N_CELLS,
        CellSummary.N_DONORS,
        CellSummary.Q_VALUE,
        CellSummary.STATUS,
    )
    wanted = (CellSummary.SIGNATURE, CellSummary.GROUP, CellSummary.AUC, CellSummary.MEAN, *columns)
    missing = [name for name in wanted if name not in table.columns]
    if missing or table.empty:
        raise InputError(
            f"The table lacks {examples(missing)}" if missing else "The table has no rows",
            f"Columns are {examples(map(str, table.columns), 14)}",
            "Pass what neurosig.sc.summarise returns",
        )
    if colour not in _LABELS:
        raise ParameterError(
            f"colour cannot be {colour!r}", f"It is {' or '.join(map(repr, _LABELS))}", "Use one"
        )
    shown = table[CellSummary.AUC]
    if colour == "mean":
        means = table.groupby(CellSummary.SIGNATURE, sort=False)[CellSummary.MEAN]
        centred = table[CellSummary.MEAN] - means.transform("mean")
        shown = (centred / means.transform("std").replace(0.0, 1.0)).where(
            table[CellSummary.AUC].notna()
        )
    data = table[[CellSummary.SIGNATURE, CellSummary.GROUP]].assign(**{SHOWN: shown})
    data = data.join(table[list(columns)]).assign(colour=colour)
    return data.reset_index(drop=True)


def _colours() -> "Colormap":
    import matplotlib as mpl

    return mpl.colormaps["RdBu_r"]


def _limits(data: pd.DataFrame) -> tuple[float, float]:
    if data["colour"].iloc[0] == "auc":
        return 0.0, 1.0
    largest = float(np.nanmax(np.abs(data[SHOWN].to_numpy(dtype=np.float64)), initial=0.0))
    limit = min(max(largest, 1.0), 2.5)
    return -limit, limit


def _areas(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas in square points; the largest dot nearly fills its place."""
    largest = (0.78 * _CELL * POINTS) ** 2
    areas: NDArray[np.float64] = largest * np.maximum(shares, _LEAST_SHARE)
    return areas


def _ring_areas(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas of rings that leave a gap around their dots, so that small dots keep their colour."""
    areas: NDArray[np.float64] = (np.sqrt(_areas(shares)) + 3.4) ** 2
    return areas


def draw_dotplot(axes: "Axes", data: pd.DataFrame) -> "Axes":
    """Draw the dots: blue below and red above the middle, a ring where q < 0.05.

    A small cross stands where there is nothing to show: the signature was refused, or there are
    too few cells.

    Parameters
    ----------
    axes
        Where; signatures stand at its left, groups above with their numbers of cells.
    data
        What `dotplot_data` returns.

    Returns
    -------
    Axes
        `axes`.
    """
    signatures = data[CellSummary.SIGNATURE].drop_duplicates().tolist()
    groups = data[CellSummary.GROUP].drop_duplicates().tolist()
    y = data[CellSummary.SIGNATURE].map({name: i for i, name in enumerate(signatures)})
    x = data[CellSummary.GROUP].map({name: i for i, name in enumerate(groups)})
    low, high = _limits(data)
    is_shown = data[SHOWN].notna()
    has_ring = data[CellSummary.Q_VALUE].lt(_Q)
    with figure_style():
        axes.set_xlim(-0.6, len(groups) - 0.4)
        axes.set_ylim(len(signatures) - 0.4, -0.6)
        for level in range(1, len(signatures), 2):  # the eye keeps to its row
            axes.axhspan(
                level - 0.5, level + 0.5, color=PALETTE["rule"], alpha=0.3, linewidth=0, zorder=-1
            )
        axes.scatter(
            x[is_shown],
            y[is_shown],
            s=_areas(data.loc[is_shown, CellSummary.FRACTION_HIGH].to_numpy(dtype=np.float64)),
            c=data.loc[is_shown, SHOWN],
            cmap=_colours(),
            vmin=low,
            vmax=high,
            edgecolors=PALETTE["muted"],
            linewidths=0.4,
        )
        axes.scatter(
            x[has_ring],
            y[has_ring],
            s=_ring_areas(data.loc[has_ring, CellSummary.FRACTION_HIGH].to_numpy(dtype=np.float64)),
            facecolors="none",
            edgecolors=PALETTE["ink"],
            linewidths=1.2,
        )
        axes.scatter(
            x[~is_shown], y[~is_shown], s=16, marker="x", color=PALETTE["muted"], linewidths=0.8
        )
        axes.set_yticks(range(len(signatures)), label_texts(signatures, 48))
        axes.xaxis.tick_top()
        axes.set_xticks(
            range(len(groups)),
            _group_labels(data),
            rotation=45,
            ha="left",
            rotation_mode="anchor",
        )
        axes.tick_params(axis="both", length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return axes


def _group_labels(data: pd.DataFrame) -> list[str]:
    sizes = data.groupby(CellSummary.GROUP, sort=False)[CellSummary.N_CELLS].max()
    names = label_texts(sizes.index.tolist(), 32)
    return [f"{name} ({n:,})" for name, n in zip(names, sizes, strict=True)]


def dotplot_figure(data: pd.DataFrame) -> "Figure":
    """The dots with their keys, of the size that signatures and groups need.

    Parameters
    ----------
    data
        What `dotplot_data` returns.
    """
    names = label_texts(data[CellSummary.SIGNATURE].drop_duplicates().tolist(), 48)
    labels, keys = _group_labels(data), _keys(data)
    note = f"{_donor_note(data)} In brackets: cells."
    colour_label = _LABELS[str(data["colour"].iloc[0])]
    left = widest(names) + 0.2
    width, height = _CELL * len(labels), _CELL * len(names)
    above = _SLANT * (widest(labels) + TEXT_SIZE / POINTS) + 0.2
    below = 0.3 + max(0.0, BAR_HEIGHT + 0.45 + 0.22 * len(keys) - height)
    slanted = [_CELL * (i + 0.5) + _SLANT * text_width(text) for i, text in enumerate(labels)]
    key_width = 0.5 + max(
        0.32 + widest([label for label, _ in keys], SMALL_SIZE),
        widest([colour_label, _SIZES], SMALL_SIZE),
    )
    total = max(
        left + width + key_width, left + max(slanted) + 0.15, text_width(note, SMALL_SIZE) + 0.2
    )
    with figure_style():
        figure = new_figure(total, below + height + above)
        draw_dotplot(axes_in_inches(figure, left, below, width, height), data)
        place, top = left + width + 0.3, below + height - 0.08
        draw_colour_bar(figure, (place, top), _colours(), _limits(data), colour_label)
        _draw_keys(figure, keys, place, top - BAR_HEIGHT - 0.12)
        at = (0.1 / total, 0.1 / (below + height + above))
        figure.text(*at, note, fontsize=SMALL_SIZE, color=PALETTE["muted"])
    return figure


def _keys(data: pd.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    """The marks of the figure with their words."""
    filled = {"marker": "o", "mfc": PALETTE["rule"], "mec": PALETTE["muted"], "mew": 0.4}
    shares = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    sizes = np.sqrt(_areas(shares)).tolist()
    keys: list[tuple[str, dict[str, Any]]] = [
        (f"{share:.0%}".replace("%", " %"), filled | {"markersize": size})
        for share, size in zip(shares, sizes, strict=True)
    ]
    if data[CellSummary.Q_VALUE].lt(_Q).any():
        size = float(np.sqrt(_ring_areas(shares[1:2]))[0])
        ring = {"marker": "o", "mfc": "none", "mec": PALETTE["ink"], "mew": 1.2}
        keys.append((f"q < {_Q} across donors", ring | {"markersize": size}))
    if data[SHOWN].isna().any():
        cross = {"marker": "x", "color": PALETTE["muted"], "markersize": 4, "mew": 0.8}
        keys.append(("not scored, or too few cells", cross))
    return keys


def _draw_keys(
    figure: "Figure", keys: list[tuple[str, dict[str, Any]]], left: float, top: float
) -> None:
    from matplotlib.lines import Line2D

    width, height = (float(size) for size in figure.get_size_inches())
    figure.legend(
        handles=[Line2D([], [], linestyle="none", label=label, **look) for label, look in keys],
        title=_SIZES,
        loc="upper left",
        bbox_to_anchor=(left / width, top / height),
        borderaxespad=0,
        borderpad=0,
        alignment="left",
        title_fontsize=SMALL_SIZE,
        fontsize=SMALL_SIZE,
        labelspacing=0.9,
        handletextpad=0.6,
    )


def _donor_note(data: pd.DataFrame) -> str:
    if data[CellSummary.STATUS].eq(SINGLE_DONOR).any():
        return "No donors given: this describes the cells of the sample; nothing is tested."
    tested = data.loc[data[CellSummary.Q_VALUE].notna(), CellSummary.N_DONORS]
    if tested.empty:
        return "Too few donors for a test."
    low, high = int(tested.min()), int(tested.max())
    donors = f"{low}" if low == high else f"{low} to {high}"
    return f"AUC within donors, tested across {donors} donors."


def dotplot_alt(data: pd.DataFrame) -> str:
    """The dots in words: the group that stands out most for each signature.

    Parameters
    ----------
    data
        What `dotplot_data` returns.
    """
    name_of = {"auc": "AUC", "mean": "z"}[str(data["colour"].iloc[0])]
    told = []
    for name, rows in data.groupby(CellSummary.SIGNATURE, sort=False):
        if rows[SHOWN].notna().any():
            top = rows.iloc[int(np.nanargmax(rows[SHOWN].to_numpy(dtype=np.float64)))]
            value = format_number(float(top[SHOWN]), 2)
            told.append(f"{clean_label(name)} in {clean_label(top[CellSummary.GROUP])} ({value})")
        else:
            told.append(f"{clean_label(name)} nowhere, not scored")
    more = f" and {len(told) - 8} more" if len(told) > 8 else ""
    n_groups = data[CellSummary.GROUP].nunique()
    return (
        f"Dot plot of {len(told)} signatures in {n_groups} groups of cells. Highest {name_of}: "
        f"{'; '.join(told[:8])}{more}. {_donor_note(data)}"
    )
