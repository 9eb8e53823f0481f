"""The glyphs of a forest plot: squares, diamonds and circles with their intervals."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from neurosig.keys import OK, Pooled, Result
from neurosig.pl.forest_axis import EffectAxis
from neurosig.pl.forest_layout import POOLED, SIGNATURE, Line, has_common
from neurosig.pl.style import PALETTE, SMALL_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Interval = tuple[float, float, float]
_EFFECT: Final = (Result.EFFECT_LOW, Result.EFFECT, Result.EFFECT_HIGH)
_COMMON: Final = (Pooled.EFFECT_LOW_COMMON, Pooled.EFFECT_COMMON, Pooled.EFFECT_HIGH_COMMON)
_PAIR_SHIFT: Final = 0.22
"""How far the two intervals of one line are above and below its middle."""


def square_sizes(data: pd.DataFrame) -> dict[object, float]:
    """Marker sizes in points: side proportional to 1 / SE, within what can be seen."""
    error = pd.to_numeric(data[Result.STD_ERROR], errors="coerce").to_numpy(dtype=np.float64)
    is_square = data["kind"].ne(POOLED).to_numpy() & np.isfinite(error) & (error > 0)
    if data["kind"].iloc[0] == SIGNATURE or not is_square.any():
        return dict.fromkeys(data.index, 4.6)
    precision = 1 / np.where(is_square, error, np.inf)
    return dict(zip(data.index, np.clip(8.5 * precision / precision.max(), 3.2, 8.5), strict=True))


def draw_effect(axes: "Axes", axis: EffectAxis, line: Line, size: float) -> None:
    """Draw what a line of the plot estimates.

    A cohort or a signature is a square with its interval, a pooled effect a diamond. The common
    effect is hollow and grey: a diamond on a line of its own, a circle below a signature's square.
    """
    row = line.row
    if row is None or not np.isfinite(float(row[Result.EFFECT])):
        return
    is_ok = row[Result.STATUS] == OK
    if row["kind"] == POOLED:
        if line.is_common:
            _draw_diamond(axes, axis, _interval(row, _COMMON), line.y, "muted", is_filled=False)
        else:
            _draw_diamond(
                axes, axis, _interval(row, _EFFECT), line.y, "vermillion", is_filled=is_ok
            )
        return
    shift = _PAIR_SHIFT if has_common(row) else 0.0
    effect = _interval(row, _EFFECT)
    thin = 0.9 if shift else 1.3
    _draw_interval(axes, axis, effect, line.y - shift, "blue", width=thin)
    _draw_point(axes, axis, effect[1], line.y - shift, "s", size=size, is_filled=is_ok)
    if shift:
        common = _interval(row, _COMMON)
        _draw_interval(axes, axis, common, line.y + shift, "muted", width=1.6)
        _draw_point(axes, axis, common[1], line.y + shift, "o", size=4.2, is_filled=False)


def _interval(row: pd.Series, names: tuple[str, str, str]) -> _Interval:
    low, middle, high = (float(row[name]) for name in names)
    return low, middle, high


def _draw_interval(
    axes: "Axes", axis: EffectAxis, interval: _Interval, y: float, colour: str, *, width: float
) -> None:
    """A line from the lower to the upper limit, with an arrow where it leaves the axis."""
    low, _, high = interval
    axes.plot([axis.inside(low), axis.inside(high)], [y, y], color=PALETTE[colour], linewidth=width)
    _draw_arrows(axes, axis, interval, y, colour, size=4)


def _draw_arrows(
    axes: "Axes", axis: EffectAxis, interval: _Interval, y: float, colour: str, *, size: float
) -> None:
    low, _, high = interval
    for value, marker in ((low, "<"), (high, ">")):
        end = axis.inside(value)
        if not np.isnan(value) and value != end:
            axes.plot(
                [end],
                [y],
                marker=marker,
                markersize=size,
                markeredgewidth=0,
                color=PALETTE[colour],
                clip_on=False,
            )


def _draw_point(
    axes: "Axes",
    axis: EffectAxis,
    value: float,
    y: float,
    marker: str,
    *,
    size: float,
    is_filled: bool,
) -> None:
    if axis.inside(value) != value:
        return
    colour = PALETTE["blue" if marker == "s" else "muted"]
    axes.plot(
        [value],
        [y],
        marker=marker,
        markersize=size,
        markeredgewidth=1.1,
        color=colour,
        markerfacecolor=colour if is_filled else PALETTE["surface"],
    )


def _draw_diamond(
    axes: "Axes", axis: EffectAxis, interval: _Interval, y: float, colour: str, *, is_filled: bool
) -> None:
    """A diamond over the interval, cut straight and with an arrow where it leaves the axis."""
    low, middle, high = (axis.inside(value) for value in interval)
    left, right = (axis.share_kept(interval[1], interval[i]) for i in (0, 2))
    half = 0.27
    cut_left, cut_right = half * (1 - left), half * (1 - right)
    upper = [(low, y - cut_left), (middle, y - half), (high, y - cut_right)]
    lower = [(high, y + cut_right), (middle, y + half), (low, y + cut_left)]
    corners = list(dict.fromkeys([*upper, *lower]))
    axes.fill(
        [x for x, _ in corners],
        [level for _, level in corners],
        edgecolor=PALETTE[colour],
        facecolor=PALETTE[colour] if is_filled else "none",
        linewidth=0.8 if is_filled else 1.2,
    )
    _draw_arrows(axes, axis, interval, y, colour, size=9)


def draw_pair_key(axes: "Axes", y: float, names: tuple[str, str]) -> None:
    """Say above the axis which glyph is the effect of the table and which the common effect."""
    looks = (("blue", "s", PALETTE["blue"]), ("muted", "o", PALETTE["surface"]))
    for (colour, marker, face), text, start in zip(looks, names, (0.0, 0.56), strict=True):
        axes.plot(
            [start, start + 0.035, start + 0.07],
            [y] * 3,
            transform=axes.get_yaxis_transform(),
            color=PALETTE[colour],
            linewidth=1.3,
            marker=marker,
            markevery=[1],
            markersize=4.2,
            markerfacecolor=face,
            clip_on=False,
        )
        axes.annotate(
            text,
            (start + 0.07, y),
            xycoords=axes.get_yaxis_transform(),
            xytext=(3, 0),
            textcoords="offset points",
            va="center_baseline",
            fontsize=SMALL_SIZE,
            annotation_clip=False,
        )
