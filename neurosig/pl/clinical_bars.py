"""Bars that show a clinical column above a heatmap, and their keys."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.pl.style import GROUP_COLOURS, SMALL_SIZE, axes_in_inches
from neurosig.pl.wording import clean_label, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

_COLOURS: Final = GROUP_COLOURS[:6]
UNKNOWN_COLOUR: Final = "#a8afb6"
"""Also of missing scores; it is no colour of the palette, as images keep theirs on dark pages."""
_LINE: Final = 0.165
"""Inches per line of a key."""
NOT_KNOWN: Final = "not known"
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class ClinicalBar:
    """One column ready to be drawn.

    Attributes
    ----------
    title
        Its name.
    values
        Colour positions per sample: the number itself, or the index of its group; NaN if unknown.
    groups
        Names of the groups; empty for a numeric column.
    first
        The colour of the first group, so that bars beside each other can differ.
    """

    title: str
    values: NDArray[np.float64]
    groups: tuple[str, ...]
    first: int = 0

    @property
    def colours(self) -> "Colormap":
        """One colour per group, or the scale of a numeric column."""
        import matplotlib as mpl
        from matplotlib.colors import ListedColormap

        turned = [_COLOURS[(self.first + i) % len(_COLOURS)] for i in range(len(self.groups))]
        scale = mpl.colormaps["cividis"](np.linspace(0, 1, 64))
        return ListedColormap(turned or scale).with_extremes(bad=UNKNOWN_COLOUR)

    @property
    def is_scale(self) -> bool:
        """Whether it is numbers; a column without any value is neither these nor groups."""
        return not self.groups and not bool(np.isnan(self.values).all())

    @property
    def ends(self) -> tuple[float, float]:
        """The values of the first and the last colour."""
        if not self.is_scale:
            return -0.5, len(self.groups) - 0.5
        return float(np.nanmin(self.values)), float(np.nanmax(self.values))

    @property
    def is_whole(self) -> bool:
        """Whether all known values are whole numbers."""
        known = self.values[~np.isnan(self.values)]
        return bool((known == np.round(known)).all())

    @property
    def has_unknown(self) -> bool:
        """Whether a sample has no value."""
        return bool(np.isnan(self.values).any())


def bar_of(column: pd.Series, first: int = 0) -> ClinicalBar:
    """A clinical column as a bar: more than five different numbers are a scale, the rest groups.

    Groups beyond those that colours can tell apart are shown together as "other".

    >>> bar_of(pd.Series(["I", "II", None, "I"], name="stage"))
    ClinicalBar(title='stage', values=array([ 0.,  1., nan,  0.]), groups=('I', 'II'), first=0)
    """
    title = clean_label(column.name, 32)
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if is_number and column.nunique() > 5:
        return ClinicalBar(title, column.to_numpy(dtype=np.float64, na_value=np.nan), (), first)
    known = column.dropna()
    counts = known.map(_group_name).value_counts()
    names = sorted(counts.index)
    if len(names) > len(_COLOURS):
        frequent = counts.sort_index().sort_values(ascending=False, kind="stable").index
        kept = sorted(frequent[: len(_COLOURS) - 1])
        names = [*kept, OTHER]
    place = {name: float(index) for index, name in enumerate(names)}
    last = float(len(names) - 1)
    values = [place.get(_group_name(v), last) if pd.notna(v) else np.nan for v in column]
    return ClinicalBar(title, np.array(values, dtype=np.float64), tuple(names), first)


def _group_name(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean_label(value, 24)


def draw_bar(axes: "Axes", bar: ClinicalBar) -> None:
    """Draw one bar with its name at the left."""
    low, high = bar.ends
    axes.imshow(
        bar.values[np.newaxis, :],
        aspect="auto",
        interpolation="none",
        cmap=bar.colours,
        vmin=low,
        vmax=high,
    )
    axes.set_xticks([])
    axes.set_yticks([0], [bar.title])
    axes.tick_params(axis="y", length=0)
    axes.spines[["left", "bottom"]].set_visible(False)


def key_height(bar: ClinicalBar) -> float:
    """The height of a bar's key in inches."""
    n_lines = (2 if bar.is_scale else len(bar.groups)) + bar.has_unknown
    return _LINE * (n_lines + 1) + 0.1


def draw_keys(figure: "Figure", bars: list[ClinicalBar], left: float, top: float) -> None:
    """Draw the keys of all bars below one another."""
    for bar in bars:
        height = key_height(bar)
        axes = axes_in_inches(figure, left, top - height, 1.5, height)
        axes.set_xlim(0, 1.5)
        axes.set_ylim(-height, 0)
        axes.set_axis_off()
        _draw_key(axes, bar)
        top -= height


def _draw_key(axes: "Axes", bar: ClinicalBar) -> None:
    from matplotlib.colors import to_rgba

    axes.text(0, -0.08, bar.title, va="center_baseline", fontsize=SMALL_SIZE, fontweight="bold")
    swatches = [(name, bar.colours(index)) for index, name in enumerate(bar.groups)]
    if bar.is_scale:
        _draw_scale(axes, bar)
    if bar.has_unknown:
        swatches.append((NOT_KNOWN, to_rgba(UNKNOWN_COLOUR)))
    for line, (name, colour) in enumerate(swatches, start=3 if bar.is_scale else 1):
        middle = -line * _LINE - 0.08
        _image(axes, np.array([[colour]]), (0.0, 0.12, middle - 0.06, middle + 0.06))
        axes.text(0.18, middle, name, va="center_baseline", fontsize=SMALL_SIZE)


def _draw_scale(axes: "Axes", bar: ClinicalBar) -> None:
    ramp = bar.colours(np.linspace(0, 1, 64))[np.newaxis]
    _image(axes, ramp, (0.0, 1.2, -_LINE - 0.13, -_LINE - 0.03))
    for x, value, align in ((0.0, bar.ends[0], "left"), (1.2, bar.ends[1], "right")):
        axes.text(
            x,
            -2 * _LINE - 0.09,
            format_number(value, 0 if bar.is_whole else None),
            ha=align,
            va="center_baseline",
            fontsize=SMALL_SIZE,
        )


def _image(
    axes: "Axes", colours: NDArray[np.float64], extent: tuple[float, float, float, float]
) -> None:
    """Colours of a key as an image, like the bars: a dark page changes neither."""
    limits = axes.get_xlim(), axes.get_ylim()
    axes.imshow(colours, aspect="auto", interpolation="none", extent=extent)
    axes.set(xlim=limits[0], ylim=limits[1])
