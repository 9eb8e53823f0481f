"""What the colours of a figure stand for."""

from typing import TYPE_CHECKING

import numpy as np

from neurosig.pl.style import SMALL_SIZE, axes_in_inches
from neurosig.pl.wording import format_number

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

BAR_HEIGHT = 0.55
"""Inches from the title of a bar to the end of its numbers."""


def draw_colour_bar(
    figure: "Figure",
    corner: tuple[float, float],
    colours: "Colormap",
    limits: tuple[float, float],
    label: str,
) -> None:
    """A short bar, its label above and three numbers below; the upper left corner in inches."""
    (left, top), (low, high) = corner, limits
    axes = axes_in_inches(figure, left, top - 0.3, 1.2, 0.1)
    ramp = np.linspace(low, high, 128)[np.newaxis, :]
    axes.imshow(ramp, aspect="auto", interpolation="none", cmap=colours, extent=(low, high, 0, 1))
    axes.set_yticks([])
    ticks = (low, (low + high) / 2, high)
    axes.set_xticks(ticks, [format_number(tick, 1) for tick in ticks], fontsize=SMALL_SIZE)
    axes.set_title(label, fontsize=SMALL_SIZE, pad=3)
    axes.spines[["left", "bottom"]].set_visible(False)
