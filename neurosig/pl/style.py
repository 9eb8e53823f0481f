"""The look of all figures, and saving them so that the same figure gives the same bytes."""

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from neurosig._atomic import write_csv, write_text
from neurosig.pl.wording import clean_label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALETTE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ink": "#1b1f24",
        "muted": "#5b6570",
        "rule": "#d3d8dd",
        "surface": "#fffffe",
        "blue": "#0072b2",
        "vermillion": "#d55e00",
        "green": "#009e73",
        "purple": "#cc79a7",
        "orange": "#e69f00",
        "sky": "#56b4e9",
        "yellow": "#f0e442",
    }
)
"""Every colour of a figure by name.

The report gives each name a second value for dark pages. Colours of groups are those of Okabe and
Ito (2008, "Color universal design"), which stay apart in the common colour-vision deficiencies.
"""

GROUP_COLOURS: Final = tuple(
    PALETTE[name] for name in ("blue", "vermillion", "green", "purple", "orange", "sky", "muted")
)
GROUP_DASHES: Final[tuple[str | tuple[float, tuple[float, ...]], ...]] = (
    "solid",
    (0, (5, 2)),
    (0, (1.2, 1.4)),
    (0, (6, 1.6, 1.2, 1.6)),
    (0, (9, 2)),
    (0, (3, 1.2, 1, 1.2, 1, 1.2)),
    (0, (2, 3)),
)
GROUP_MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")

FONT_STACK: Final = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
"""What a figure is shown in. It is laid out in DejaVu Sans, which matplotlib carries with it: the
layout is the same on every machine, and as that is the widest of them nothing runs over."""

TEXT_SIZE: Final = 8.5
SMALL_SIZE: Final = 7.5
POINTS: Final = 72.0
"""Points per inch."""

_RC: Final[Mapping[Any, Any]] = MappingProxyType(
    {
        "axes.axisbelow": True,
        "axes.edgecolor": PALETTE["muted"],
        "axes.facecolor": "none",
        "axes.labelcolor": PALETTE["ink"],
        "axes.labelsize": TEXT_SIZE,
        "axes.linewidth": 0.8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": TEXT_SIZE,
        "figure.dpi": POINTS,
        "figure.facecolor": "none",
        "font.family": ["DejaVu Sans"],
        "font.size": TEXT_SIZE,
        "hatch.linewidth": 0.6,
        "legend.frameon": False,
        "lines.solid_capstyle": "butt",
        "savefig.facecolor": "none",
        "svg.fonttype": "none",
        "svg.hashsalt": "neurosig",
        "text.color": PALETTE["ink"],
        "text.parse_math": False,
        "text.usetex": False,
        "xtick.color": PALETTE["muted"],
        "xtick.labelcolor": PALETTE["ink"],
        "xtick.labelsize": TEXT_SIZE,
        "xtick.major.size": 3.0,
        "ytick.color": PALETTE["muted"],
        "ytick.labelcolor": PALETTE["ink"],
        "ytick.labelsize": TEXT_SIZE,
        "ytick.major.size": 3.0,
    }
)

_STYLED_FAMILY = re.compile(r"(font-family: |font: (?:[^\"';]* )?[\d.]+px )'DejaVu Sans'[^;\"]*")


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw in neurosig's look inside the block; matplotlib's settings are as before after it.

    >>> import matplotlib
    >>> before = matplotlib.rcParams["font.size"]
    >>> with figure_style():
    ...     inside = matplotlib.rcParams["font.size"]
    >>> inside, matplotlib.rcParams["font.size"] == before
    (8.5, True)
    """
    import matplotlib as mpl

    with mpl.rc_context(dict(_RC)), warnings.catch_warnings():
        # the letters a layout font lacks are supplied by the font the SVG is shown in
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        yield


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure of that size in inches, bound to no window."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def axes_in_inches(
    figure: "Figure", left: float, bottom: float, width: float, height: float
) -> "Axes":
    """An Axes at a place given in inches, so that text keeps its room in a figure of any size."""
    total_width, total_height = figure.get_size_inches()
    return figure.add_axes(
        (
            left / total_width,
            bottom / total_height,
            width / total_width,
            height / total_height,
        )
    )


def size_in_inches(axes: "Axes") -> tuple[float, float]:
    """The width and height of an Axes in inches."""
    figure = axes.figure
    box = axes.get_window_extent()
    return float(box.width / figure.dpi), float(box.height / figure.dpi)


def text_width(text: object, size: float = TEXT_SIZE, *, bold: bool = False) -> float:
    """The width of one line of text in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    with figure_style():
        width, _, _ = text_to_path.get_text_width_height_descent(str(text), font, ismath=False)
    return float(width) / POINTS


def widest(texts: Sequence[str], size: float = TEXT_SIZE, *, bold: bool = False) -> float:
    """The width of the widest of several texts in inches."""
    return max((text_width(text, size, bold=bold) for text in texts), default=0.0)


def save_figure(figure: "Figure", data: "pd.DataFrame", path: Path | str) -> tuple[Path, Path]:
    """Write a figure as `<path>.svg` and its source data as `<path>.csv`, each whole or not at all.

    The same figure gives the same bytes: no date, no random ids, and text stays text that can be
    searched and selected.

    Parameters
    ----------
    figure
        What to save.
    data
        The numbers that the figure shows.
    path
        Where, without a suffix (an `.svg` at its end is allowed).

    Returns
    -------
    tuple of Path
        The SVG and the CSV.

    Raises
    ------
    ResourceError
        The folder cannot be written to.
    """
    stem = str(path).removesuffix(".svg")
    svg_path, csv_path = Path(stem + ".svg"), Path(stem + ".csv")
    buffer = io.StringIO()
    with figure_style():
        figure.savefig(
            buffer,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Type": None, "Format": None},
        )
    svg = _STYLED_FAMILY.sub(lambda match: match.group(1) + FONT_STACK, buffer.getvalue())
    write_text(svg_path, svg)
    write_csv(csv_path, data)
    return svg_path, csv_path


def label_texts(values: Sequence[object], limit: int = 60) -> list[str]:
    """Names of rows or groups as they are written in a figure."""
    return [clean_label(value, limit) for value in values]


def wrapped(text: str, width: float, size: float = TEXT_SIZE, n_lines: int = 2) -> str:
    """A name broken after blanks, "_", "." and "-" to fit a width in inches.

    What the lines do not hold is cut off with an ellipsis.

    >>> wrapped("GO.SENSORY_PERCEPTION_PAIN", 1.4).split()
    ['GO.SENSORY_', 'PERCEPTION_PAIN']
    """
    lines = [""]
    for part in re.findall(r"[^\s_.-]+[\s_.-]*|^[\s_.-]+", text):
        if lines[-1] and text_width((lines[-1] + part).rstrip(), size) > width:
            lines.append("")
        lines[-1] += part
    kept = [line.rstrip() for line in lines[:n_lines]]
    is_cut = len(lines) > n_lines
    for position, line in enumerate(kept):
        last = is_cut and position == n_lines - 1
        kept[position] = _shortened(line, width, size, is_cut=last)
    return "\n".join(kept)


def _shortened(line: str, width: float, size: float, *, is_cut: bool) -> str:
    if not is_cut and text_width(line, size) <= width:
        return line
    while line and text_width(line + "…", size) > width:
        line = line[:-1]
    return line + "…"
