"""Drawing a forest plot on an Axes: its columns of text, its axis and its glyphs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import pandas as pd

from neurosig.pl.forest_axis import EffectAxis
from neurosig.pl.forest_layout import (
    GAP,
    POOLED,
    Layout,
    effect_name,
    is_summary_of_both,
    lay_out,
    level_words,
)
from neurosig.pl.forest_marks import draw_effect, draw_pair_key, square_sizes
from neurosig.pl.style import (
    PALETTE,
    POINTS,
    SMALL_SIZE,
    TEXT_SIZE,
    figure_style,
    label_texts,
    size_in_inches,
)
from neurosig.pl.wording import clean_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Look = Literal["plain", "bold", "note"]
FOOTNOTE_STEP = 0.155
"""Inches from one line of the footnotes to the next."""


def draw_forest(
    axes: "Axes",
    data: pd.DataFrame,
    *,
    effect_label: str | None = None,
    directions: tuple[str, str] | None = None,
) -> "Axes":
    """Draw squares, intervals, diamonds and the columns of text beside them.

    The area of a square grows with the precision of its estimate (1 / SE^2). An interval that
    leaves the axis ends in an arrow. Where the table has the common effect as well (pooling of few
    cohorts) it is the hollow grey glyph, and the axis is made for its interval and those of the
    cohorts. A row that was not estimated says so in words.

    Parameters
    ----------
    axes
        Where; the text stands outside at its left and right.
    data
        What `forest_data` or `summary_forest_data` returns.
    effect_label
        The head of the effect's column and the axis, for example "HR per SD"; by default what the
        table's `effect_scale` says.
    directions
        What an effect below and above the null means, written under the axis.

    Returns
    -------
    Axes
        `axes`.
    """
    name = effect_label or effect_name(data)
    layout = lay_out(data, name)
    axis = EffectAxis.of(data)
    with figure_style():
        axes.set_ylim(layout.bottom, -0.5)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axis.apply(axes)
        axes.axvline(axis.null, color=PALETTE["muted"], linewidth=0.8, zorder=0)
        is_both = is_summary_of_both(data)
        level = level_words(data) if is_both else ""
        axes.set_xlabel(clean_label(name) + level + (" (log scale)" if axis.is_log else ""))
        if directions is not None:
            _write_directions(axes, axis, directions)
        _write_heads(axes, layout)
        if is_both:
            draw_pair_key(axes, -1.0, ("random effects", "common effect"))
        _write_footnotes(axes, layout, below=axis_room(directions) - 0.06)
        sizes = square_sizes(data)
        for line in layout.lines:
            if line.row is None:
                look: _Look = "bold" if line.is_heading else "note"
                _write(axes, layout, 0, line.y, line.words, look=look)
                continue
            is_bold = line.row["kind"] == POOLED and not line.is_common
            _write_row(axes, layout, line.y, line.texts, bold=is_bold)
            draw_effect(axes, axis, line, sizes[line.row.name])
    return axes


def axis_room(directions: tuple[str, str] | None) -> float:
    """The inches that the axis and its words take below the lines."""
    return 0.48 if directions is None else 0.68


def _write_heads(axes: "Axes", layout: Layout) -> None:
    """The heads of the columns with a rule below them."""
    _write_row(axes, layout, -1.0, layout.heads, bold=True)
    width, _ = size_in_inches(axes)
    axes.plot(
        [-layout.left / width, 1 + layout.right / width],
        [-0.5, -0.5],
        transform=axes.get_yaxis_transform(),
        color=PALETTE["muted"],
        linewidth=0.8,
        clip_on=False,
    )


def _write_row(axes: "Axes", layout: Layout, y: float, texts: Sequence[str], *, bold: bool) -> None:
    for column, text in enumerate(texts):
        _write(axes, layout, column, y, text, look="bold" if bold else "plain")


def _write(
    axes: "Axes", layout: Layout, column: int, y: float, text: str, *, look: _Look = "plain"
) -> None:
    """Write into a text column: labels and effects start at its left, numbers end at its right."""
    widths = layout.widths
    if column == 0:
        side, offset, align = 0.0, -layout.left, "left"
    elif column == 1:
        side, offset, align = 0.0, -GAP, "right"
    elif column == 2:
        side, offset, align = 1.0, GAP, "left"
    else:
        side, align = 1.0, "right"
        offset = sum(widths[2 : column + 1]) + GAP * (column - 1)
    axes.annotate(
        text,
        (side, y),
        xycoords=axes.get_yaxis_transform(),
        xytext=(offset * POINTS, 0),
        textcoords="offset points",
        ha=align,
        va="center_baseline",
        fontweight="bold" if look == "bold" else "normal",
        fontsize=SMALL_SIZE if look == "note" else TEXT_SIZE,
        color=PALETTE["muted" if look == "note" else "ink"],
        annotation_clip=False,
    )


def _write_directions(axes: "Axes", axis: EffectAxis, directions: tuple[str, str]) -> None:
    below, above = label_texts(directions, 34)
    for text, shift, align in ((f"← {below}", -5, "right"), (f"{above} →", 5, "left")):
        axes.annotate(
            text,
            (axis.null, 0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(shift, -38),
            textcoords="offset points",
            ha=align,
            fontsize=SMALL_SIZE,
            color=PALETTE["muted"],
            annotation_clip=False,
        )


def _write_footnotes(axes: "Axes", layout: Layout, *, below: float) -> None:
    """The signatures without an estimate, below the axis."""
    for index, text in enumerate(layout.wrapped_footnotes(size_in_inches(axes)[0])):
        axes.annotate(
            text,
            (0, 0),
            xycoords="axes fraction",
            xytext=(-layout.left * POINTS, -(below + FOOTNOTE_STEP * (index + 1)) * POINTS),
            textcoords="offset points",
            va="baseline",
            fontsize=SMALL_SIZE,
            color=PALETTE["muted"],
            annotation_clip=False,
        )
