"""Step curves of groups, with the band of their interval and their names at the end."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neurosig.pl.style import GROUP_COLOURS, GROUP_DASHES, POINTS, TEXT_SIZE, size_in_inches
from neurosig.pl.wording import clean_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_steps(
    axes: "Axes", rows: pd.DataFrame, column: str, index: int, *, show_interval: bool
) -> None:
    """Draw one curve of `column` over time; `index` chooses its colour and dashes."""
    colour = GROUP_COLOURS[index % len(GROUP_COLOURS)]
    time = rows["time"].to_numpy(dtype=np.float64)
    if show_interval:
        axes.fill_between(
            time,
            rows["ci_low"].to_numpy(dtype=np.float64),
            rows["ci_high"].to_numpy(dtype=np.float64),
            step="post",
            color=colour,
            alpha=0.14,
            linewidth=0,
        )
    dash = GROUP_DASHES[index % len(GROUP_DASHES)]
    values = rows[column].to_numpy(dtype=np.float64)
    axes.step(time, values, where="post", color=colour, linewidth=1.6, linestyle=dash)


def label_ends(axes: "Axes", ends: list[tuple[float, float, str]], top: float = 1.0) -> None:
    """Name each curve beside its end; names that would meet are moved apart.

    ends: per curve its last value, its last time and its name; top: the height of the value axis.
    """
    gap = 1.5 * TEXT_SIZE / POINTS / size_in_inches(axes)[1] * top
    order = sorted(range(len(ends)), key=lambda i: ends[i][0])
    places = [ends[i][0] for i in order]
    for _ in range(len(places)):
        for k in range(1, len(places)):
            shortfall = gap - (places[k] - places[k - 1])
            if shortfall > 0:
                places[k - 1] -= shortfall / 2
                places[k] += shortfall / 2
    lift = max(0.0, -min(places, default=0.0) + gap / 4)
    for place, i in zip(places, order, strict=True):
        colour = GROUP_COLOURS[i % len(GROUP_COLOURS)]
        dash = GROUP_DASHES[i % len(GROUP_DASHES)]
        level = place + lift
        axes.plot(
            [1.015, 1.055],
            [level, level],
            transform=axes.get_yaxis_transform(),
            color=colour,
            linewidth=1.6,
            linestyle=dash,
            clip_on=False,
        )
        axes.annotate(
            clean_label(ends[i][2], 40),
            (1.055, level),
            xycoords=axes.get_yaxis_transform(),
            xytext=(4, 0),
            textcoords="offset points",
            va="center_baseline",
            annotation_clip=False,
        )
