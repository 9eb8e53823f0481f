"""How far scoring methods order the samples alike, a panel for each signature."""

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import InputError, count
from neurosig.keys import Coverage, Result
from neurosig.pl.colour_bar import draw_colour_bar
from neurosig.pl.style import (
    PALETTE,
    SMALL_SIZE,
    axes_in_inches,
    figure_style,
    label_texts,
    new_figure,
    text_width,
    widest,
)
from neurosig.pl.wording import clean_label, format_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

_N_ACROSS: Final = 3
_CELL: Final = 0.4
"""Inches of the side of a cell."""
_DARK: Final = 0.7
"""Correlations above this need a light number on them."""
_COLUMNS: Final = (Result.SIGNATURE, "first", "second", "rho", Coverage.AGREEMENT, Result.N)


def agreement_data(
    table: pd.DataFrame, *, n_obs: int, agreement: "Mapping[str, float] | None" = None
) -> pd.DataFrame:
    """Each pair of methods once, signature by signature.

    Parameters
    ----------
    table
        What `method_agreement` returns.
    n_obs
        Observations that were scored.
    agreement
        Kendall's W of all methods for each signature, if it is known (the column `agreement` of
        the coverage of ``method="consensus"``).

    Returns
    -------
    DataFrame
        Columns signature, first, second, rho, agreement, n.

    Raises
    ------
    InputError
        The table is not one of `method_agreement`.

    Examples
    --------
    >>> import neurosig as ns
    >>> x = pd.DataFrame({"NGF": [1.0, 2.0, 9.0], "TH": [5.0, 9.0, 3.0]}, index=["a", "b", "c"])
    >>> table = ns.method_agreement(x, {"S": ["NGF", "TH"]}, methods=["mean", "zscore"])
    >>> data = agreement_data(table, n_obs=3)
    >>> data[["signature", "first", "second", "rho"]].round(2).values.tolist()
    [['S', 'mean', 'zscore', 0.5]]
    """
    if list(table.index.names) != [Result.SIGNATURE, "method"] or table.empty:
        raise InputError(
            "The table is not one of methods by methods for each signature",
            f"Its index is {list(table.index.names)}, it has {count(len(table), 'row')}",
            "Pass what neurosig.method_agreement returns",
        )
    methods = [str(name) for name in table.columns]
    rows = []
    for name in table.index.get_level_values(0).unique():
        rho = table.loc[name].to_numpy(dtype=np.float64)
        whole = float("nan") if agreement is None else float(agreement[str(name)])
        rows += [
            (str(name), methods[i], methods[j], float(rho[i, j]), whole, n_obs)
            for i in range(len(methods))
            for j in range(i + 1, len(methods))
        ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _methods(data: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys([*data["first"].head(1), *data["second"]]))


def _colours() -> "Colormap":
    import matplotlib as mpl

    return mpl.colormaps["Blues"].with_extremes(bad="none", under=PALETTE["orange"])


def _square(data: pd.DataFrame) -> NDArray[np.float64]:
    """The lower triangle of methods by methods; NaN elsewhere."""
    methods = _methods(data)
    place = {name: i for i, name in enumerate(methods)}
    values = np.full((len(methods), len(methods)), np.nan)
    for first, second, rho in data[["first", "second", "rho"]].itertuples(index=False):
        values[place[second], place[first]] = rho
    return values[1:, :-1]


def draw_agreement(axes: "Axes", data: pd.DataFrame) -> "Axes":
    """Draw the pairs of one signature: the darker the more alike, orange below 0.

    Parameters
    ----------
    axes
        Where; the methods stand at its left and below it.
    data
        The rows of one signature of what `agreement_data` returns.

    Returns
    -------
    Axes
        `axes`; its first image is the triangle.
    """
    methods = label_texts(_methods(data), 20)
    values = _square(data)
    with figure_style():
        axes.imshow(
            values, aspect="auto", interpolation="none", cmap=_colours(), vmin=0.0, vmax=1.0
        )
        for row, column in np.argwhere(np.tri(len(values))).tolist():
            rho = float(values[row, column])
            axes.text(
                column,
                row,
                format_number(rho, 2),
                ha="center",
                va="center_baseline",
                fontsize=SMALL_SIZE,
                color=PALETTE["surface" if rho > _DARK else "ink"],
            )
        axes.set_yticks(range(len(values)), methods[1:])
        axes.set_xticks(range(len(values)), methods[:-1], rotation=90)
        axes.tick_params(length=0)
        axes.set_title(_title(data), pad=6)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return axes


def _title(data: pd.DataFrame) -> str:
    name = clean_label(data[Result.SIGNATURE].iloc[0], 30)
    whole = float(data[Coverage.AGREEMENT].iloc[0])
    return name if math.isnan(whole) else f"{name}\nKendall's W {whole:.2f}"


def agreement_figure(data: pd.DataFrame) -> "Figure":
    """One panel for each signature, all on one scale, with their key.

    Parameters
    ----------
    data
        What `agreement_data` returns.
    """
    names = data[Result.SIGNATURE].drop_duplicates().tolist()
    methods = label_texts(_methods(data), 20)
    side = _CELL * (len(methods) - 1)
    n_across = min(_N_ACROSS, math.ceil(math.sqrt(len(names))))
    n_down = math.ceil(len(names) / n_across)
    room = widest(methods) + 0.12
    titles = [_title(rows) for _, rows in data.groupby(Result.SIGNATURE, sort=False)]
    title_width = max(text_width(line) for title in titles for line in title.split("\n"))
    panel = room + max(side, title_width) + 0.25
    row_height = 0.45 + side + room + 0.1
    note = _note(data)
    width = max(0.1 + n_across * panel + 1.5, text_width(note, SMALL_SIZE) + 0.2)
    height = n_down * row_height + 0.3
    with figure_style():
        figure = new_figure(width, height)
        for number, name in enumerate(names):
            down, across = divmod(number, n_across)
            left = 0.1 + across * panel + room
            bottom = 0.3 + (n_down - 1 - down) * row_height + room
            axes = axes_in_inches(figure, left, bottom, side, side)
            draw_agreement(axes, data[data[Result.SIGNATURE].eq(name)])
        corner = (0.1 + n_across * panel + 0.1, height - 0.45)
        draw_colour_bar(figure, corner, _colours(), (0.0, 1.0), "Spearman's rho")
        figure.text(0.1 / width, 0.1 / height, note, fontsize=SMALL_SIZE, color=PALETTE["muted"])
    return figure


def _note(data: pd.DataFrame) -> str:
    orange = "Orange: below 0. " if data["rho"].lt(0).any() else ""
    return f"{orange}n = {int(data[Result.N].max()):,} samples."


def agreement_alt(data: pd.DataFrame) -> str:
    """The panels in words: for each signature the pair that agrees least.

    Parameters
    ----------
    data
        What `agreement_data` returns.
    """
    told = []
    for name, rows in data.groupby(Result.SIGNATURE, sort=False):
        known = rows[rows["rho"].notna()]
        if known.empty:
            told.append(f"{clean_label(name)}: no scores")
            continue
        least = known.iloc[int(known["rho"].to_numpy().argmin())]
        rho = format_number(float(least["rho"]), 2)
        told.append(f"{clean_label(name)}: {least['first']} and {least['second']} ({rho})")
    more = f" and {len(told) - 8} more" if len(told) > 8 else ""
    return (
        f"Spearman correlations between {len(_methods(data))} scoring methods for "
        f"{len(told)} signatures. Least alike: {'; '.join(told[:8])}{more}. {_note(data)}"
    )
