"""Total, direct and indirect effects with their intervals, above the assumptions they rest on."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from neurosig.errors import InputError, examples
from neurosig.keys import Interplay, Performance, Result
from neurosig.pl.style import (
    PALETTE,
    SMALL_SIZE,
    axes_in_inches,
    figure_style,
    new_figure,
    widest,
)
from neurosig.pl.wording import clean_label, format_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WORDS: Final = {
    "total": "Total effect",
    "pure_direct": "Direct (pure)",
    "total_indirect": "Indirect (total)",
    "total_direct": "Direct (total)",
    "pure_indirect": "Indirect (pure)",
}
_NEEDED: Final = (Result.TERM, Performance.MEASURE, Result.EFFECT, Interplay.MEDIATOR)
_LINE_LENGTH: Final = 92


def mediation_data(table: pd.DataFrame, measure: str | None = None) -> pd.DataFrame:
    """The effects of a mediation on one scale, as they are drawn.

    measure: by default the first of the table. Columns label, effect, effect_low, effect_high,
    effect_scale, and signature, mediator, contrast, time.

    Raises
    ------
    InputError
        The table is not that of a mediation, or has no such measure.
    """
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing or table.empty:
        raise InputError(
            f"The table lacks {examples(missing)}" if missing else "There is no effect to draw",
            f"Columns are {examples(map(str, table.columns), 12)}",
            "Pass the table of mediation",
        )
    chosen = str(table[Performance.MEASURE].iloc[0]) if measure is None else measure
    rows = table[(table[Performance.MEASURE] == chosen) & table[Result.TERM].isin(list(_WORDS))]
    if rows.empty:
        raise InputError(
            f"There is no measure {chosen!r}",
            f"The table has {examples(table[Performance.MEASURE].unique())}",
            "Name one of them",
        )
    wanted = [
        Result.SIGNATURE,
        Interplay.MEDIATOR,
        "contrast",
        Performance.MEASURE,
        Performance.TIME,
        Result.EFFECT,
        Result.EFFECT_LOW,
        Result.EFFECT_HIGH,
        Result.EFFECT_SCALE,
    ]
    data = rows.reindex(columns=wanted).reset_index(drop=True)
    data.insert(0, "label", [_WORDS[str(term)] for term in rows[Result.TERM]])
    return data


def draw_mediation(axes: "Axes", data: pd.DataFrame) -> "Axes":
    """Draw the effects as points with intervals, the total one first.

    The second decomposition, which differs where the scale is curved or exposure and mediator
    interact, is lighter.

    Parameters
    ----------
    axes
        Where; leave room at both sides for labels and numbers.
    data
        What `mediation_data` returns.

    Returns
    -------
    Axes
        `axes`.
    """
    is_ratio = "ratio" in str(data[Performance.MEASURE].iloc[0])
    places = np.arange(len(data))[::-1].astype(float)
    values = data[[Result.EFFECT, Result.EFFECT_LOW, Result.EFFECT_HIGH]].to_numpy(np.float64)
    with figure_style():
        for index, (place, (value, low, high)) in enumerate(zip(places, values, strict=True)):
            colour = PALETTE["ink"] if index == 0 else PALETTE["blue"]
            alpha = 1.0 if index < 3 else 0.55
            axes.plot([low, high], [place, place], color=colour, linewidth=1.4, alpha=alpha)
            axes.plot(value, place, "D" if index == 0 else "o", color=colour, alpha=alpha, ms=5)
            axes.annotate(
                format_interval(value, low, high),
                (1.03, place),
                xycoords=axes.get_yaxis_transform(),
                va="center_baseline",
                annotation_clip=False,
            )
        axes.axvline(1.0 if is_ratio else 0.0, color=PALETTE["muted"], linewidth=0.8, zorder=0)
        axes.set_yticks(places, labels=list(data["label"]))
        axes.set_ylim(-0.6, len(data) - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(clean_label(data[Result.EFFECT_SCALE].iloc[0]))
        axes.set_title(_title(data), pad=8)
    return axes


def mediation_figure(data: pd.DataFrame, *, notes: Sequence[str] = ()) -> "Figure":
    """The effects as a figure, with the assumptions under which they are effects.

    Parameters
    ----------
    data
        What `mediation_data` returns.
    notes
        The notes of the mediation, which are its assumptions.
    """
    lines = [
        line
        for note in notes
        for line in textwrap.wrap(clean_label(note, 400), _LINE_LENGTH, subsequent_indent="   ")
    ]
    numbers = [
        format_interval(*row)
        for row in data[[Result.EFFECT, Result.EFFECT_LOW, Result.EFFECT_HIGH]].to_numpy()
    ]
    left, right = widest(list(data["label"])) + 0.25, widest(numbers) + 0.25
    below = 0.16 * len(lines) + (0.25 if lines else 0.0)
    bottom, plot_width, plot_height = below + 0.55, 2.6, 0.3 * len(data) + 0.2
    with figure_style():
        width = max(left + plot_width + right, widest(lines, SMALL_SIZE) + 0.2)
        width = max(width, left + widest([_title(data)]) + 0.2)
        figure = new_figure(width, bottom + plot_height + 0.4)
        draw_mediation(axes_in_inches(figure, left, bottom, plot_width, plot_height), data)
        height = figure.get_size_inches()[1]
        for place, line in enumerate(lines):
            figure.text(
                0.1 / width,
                (below - 0.16 * (place + 1)) / height,
                line,
                fontsize=SMALL_SIZE,
                color=PALETTE["muted"],
            )
    return figure


def mediation_alt(data: pd.DataFrame) -> str:
    """The effects in words."""
    told = [
        f"{row['label']} {format_interval(row['effect'], row['effect_low'], row['effect_high'])}"
        for _, row in data.iterrows()
    ]
    return f"{_title(data)}, {data[Performance.MEASURE].iloc[0]}. {'; '.join(told)}."


def _title(data: pd.DataFrame) -> str:
    first = data.iloc[0]
    exposure, mediator = (
        clean_label(first[name], 40) for name in (Result.SIGNATURE, Interplay.MEDIATOR)
    )
    contrast = str(first["contrast"]).replace("-", "\u2212")
    return f"{exposure} ({contrast}) through {mediator}"
