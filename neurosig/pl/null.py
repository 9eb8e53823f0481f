"""Where signatures stand among random ones."""

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from neurosig.errors import InputError, examples
from neurosig.keys import Null, Result
from neurosig.pl.style import (
    PALETTE,
    SMALL_SIZE,
    axes_in_inches,
    figure_style,
    label_texts,
    new_figure,
)
from neurosig.pl.wording import clean_label, format_p, p_phrase

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RANDOM: Final = "random"
OBSERVED: Final = "observed"
_NEEDED: Final = (Result.SIGNATURE, Null.Z, Result.P_NULL, Null.N_NULL)
_N_BINS: Final = 30
_N_ACROSS: Final = 4
_LOW: Final = "low"
_HIGH: Final = "high"
_PART: Final = "part"


def null_data(table: pd.DataFrame, random: pd.DataFrame) -> pd.DataFrame:
    """The sizes |z| of random signatures in bins, and that of each signature itself.

    Parameters
    ----------
    table, random
        Of what `null_test` returns.

    Returns
    -------
    DataFrame
        Columns signature, part ("random": a bin from `low` to `high` with `n` sets; "observed":
        low = high = |z|, n = 1), p_null, n_null. The bins are the same for all signatures.

    Raises
    ------
    InputError
        The table is not that of a null test, or no signature of it has random sets.

    Examples
    --------
    >>> table = pd.DataFrame({"signature": ["S"], "z_score_test": [-3.0], "p_null": [0.2],
    ...                       "n_null": [4]})
    >>> data = null_data(table, pd.DataFrame({"S": [0.1, -0.2, 2.0, 1.0]}))
    >>> data["part"].value_counts().to_dict(), int(data.loc[data["part"] == "random", "n"].sum())
    ({'random': 30, 'observed': 1}, 4)
    """
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing:
        raise InputError(
            f"The table lacks {examples(missing)}",
            f"Columns are {examples(map(str, table.columns), 12)}",
            "Pass the table and the random statistics of null_test",
        )
    drawn = table[table[Result.P_NULL].notna()]
    if drawn.empty:
        raise InputError(
            "There is no null distribution to draw",
            "No signature of the table has random sets",
            "See the status of its rows",
        )
    sizes = random[drawn[Result.SIGNATURE].tolist()].abs()
    top = max(float(np.nanmax(sizes.to_numpy())), float(drawn[Null.Z].abs().max()))
    edges = np.linspace(0, top * 1.02 or 1.0, _N_BINS + 1)
    parts = []
    for row in drawn[list(_NEEDED)].itertuples(index=False):
        name, z, p_null, n_null = row
        counts = np.histogram(sizes[name].dropna(), edges)[0]
        bins = pd.DataFrame({_PART: RANDOM, _LOW: edges[:-1], _HIGH: edges[1:], "n": counts})
        own = pd.DataFrame({_PART: [OBSERVED], _LOW: abs(z), _HIGH: abs(z), "n": 1})
        both = pd.concat([bins, own], ignore_index=True)
        both.insert(0, Result.SIGNATURE, name)
        parts.append(both.assign(**{Result.P_NULL: p_null, Null.N_NULL: int(n_null)}))
    return pd.concat(parts, ignore_index=True)


def draw_null(axes: "Axes", data: pd.DataFrame) -> "Axes":
    """Draw the random sets of one signature as bars and its own place as a line.

    Parameters
    ----------
    axes
        Where.
    data
        The rows of one signature of what `null_data` returns.

    Returns
    -------
    Axes
        `axes`.
    """
    bins, own = data[data[_PART].eq(RANDOM)], data[data[_PART].eq(OBSERVED)].iloc[0]
    share = bins["n"] / max(int(bins["n"].sum()), 1)
    with figure_style():
        axes.bar(
            bins[_LOW],
            share,
            width=bins[_HIGH] - bins[_LOW],
            align="edge",
            color=PALETTE["rule"],
            edgecolor=PALETTE["muted"],
            linewidth=0.4,
        )
        axes.axvline(own[_LOW], color=PALETTE["vermillion"], linewidth=1.6)
        axes.set_xlim(0, float(bins[_HIGH].max()))
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_title(label_texts([own[Result.SIGNATURE]], 22)[0])
        axes.annotate(
            p_phrase(float(own[Result.P_NULL])),
            (1, 1),
            xycoords="axes fraction",
            xytext=(0, 6),
            textcoords="offset points",
            ha="right",
            fontsize=SMALL_SIZE,
            annotation_clip=False,
        )
    return axes


def null_figure(data: pd.DataFrame) -> "Figure":
    """One panel for each signature, on one scale of |z|.

    Parameters
    ----------
    data
        What `null_data` returns.
    """
    names = data[Result.SIGNATURE].drop_duplicates().tolist()
    n_across = min(_N_ACROSS, len(names))
    n_down = math.ceil(len(names) / n_across)
    panel_width, panel_height, gap, below = 2.4, 0.95, 0.25, 0.68
    row_height = panel_height + 0.55
    with figure_style():
        figure = new_figure(
            0.2 + n_across * (panel_width + gap), 0.1 + n_down * row_height + below - 0.25
        )
        for number, name in enumerate(names):
            down, across = divmod(number, n_across)
            left = 0.15 + across * (panel_width + gap)
            bottom = below + (n_down - 1 - down) * row_height
            axes = axes_in_inches(figure, left, bottom, panel_width, panel_height)
            draw_null(axes, data[data[Result.SIGNATURE].eq(name)])
            if number + n_across >= len(names):
                axes.set_xlabel("|z| of the score test")
        n_low, n_high = int(data[Null.N_NULL].min()), int(data[Null.N_NULL].max())
        n_sets = f"{n_low:,}" if n_low == n_high else f"{n_low:,} to {n_high:,}"
        width, height = figure.get_size_inches()
        figure.text(
            0.15 / width,
            0.06 / height,
            f"Bars: {n_sets} random signatures each. Line: the signature. p: share that reach it",
            fontsize=SMALL_SIZE,
            color=PALETTE["muted"],
        )
    return figure


def null_alt(data: pd.DataFrame) -> str:
    """The figure in words: each signature with its p-value among random signatures.

    Parameters
    ----------
    data
        What `null_data` returns.
    """
    own = data[data[_PART].eq(OBSERVED)]
    told = [
        f"{clean_label(row[Result.SIGNATURE])} {format_p(float(row[Result.P_NULL]))}"
        for _, row in own.head(12).iterrows()
    ]
    more = f" and {len(own) - 12} more" if len(own) > 12 else ""
    return (
        f"Sizes of the score test of {len(own)} signatures among those of random signatures of "
        f"their size and expression. p: {', '.join(told)}{more}."
    )
