"""Cumulative incidence curves of competing causes."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from neurosig.errors import InputError, examples
from neurosig.pl.steps import draw_steps, label_ends
from neurosig.pl.style import (
    PALETTE,
    SMALL_SIZE,
    axes_in_inches,
    figure_style,
    new_figure,
    text_width,
    widest,
)
from neurosig.pl.wording import clean_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS: Final = ("cause", "group", "time", "n_risk", "n_event", "incidence", "ci_low", "ci_high")
_EVERYONE: Final = "all"


def incidence_data(curves: pd.DataFrame) -> pd.DataFrame:
    """The curves of `cumulative_incidence` as they are drawn, causes and groups as text.

    Each curve starts with a row at time 0 and incidence 0; where the incidence is 0 the interval,
    which does not exist there on most scales, is 0 too.

    Raises
    ------
    InputError
        A column is missing or there is no curve.

    Examples
    --------
    >>> curve = pd.DataFrame({"group": ["all"], "cause": [1], "time": [2.0], "n_risk": [4],
    ...                       "n_event": [1], "incidence": [0.25], "ci_low": [0.01],
    ...                       "ci_high": [0.67]})
    >>> incidence_data(curve)[["cause", "time", "incidence", "ci_high"]].values.tolist()
    [['1', 0.0, 0.0, 0.0], ['1', 2.0, 0.25, 0.67]]
    """
    missing = [name for name in _COLUMNS if name not in curves.columns]
    if missing or curves.empty:
        raise InputError(
            f"The curves lack {examples(missing)}" if missing else "There is no curve to draw",
            f"Columns are {examples(map(str, curves.columns), 12)}; {len(curves):,} rows",
            "Pass what cumulative_incidence returns",
        )
    parts = []
    for (cause, group), rows in curves.groupby(["cause", "group"], sort=False, observed=True):
        in_order = rows.sort_values("time", kind="stable")
        start = in_order.head(1).assign(time=0.0, n_event=0, incidence=0.0)
        both = in_order if in_order["time"].iloc[0] <= 0 else pd.concat([start, in_order])
        nothing = both["incidence"] == 0
        limits = {name: both[name].mask(nothing, 0.0) for name in ("ci_low", "ci_high")}
        parts.append(both.assign(cause=str(cause), group=str(group), **limits))
    return pd.concat(parts, ignore_index=True)[list(_COLUMNS)]


def incidence_alt(data: pd.DataFrame, subject: str = "") -> str:
    """The curves in words: n, events and the incidence at the end of each.

    data: what `incidence_data` returns; subject: what is shown.
    """
    sentences = []
    for (cause, group), rows in data.groupby(["cause", "group"], sort=False):
        last = rows.iloc[-1]
        of_group = "" if group == _EVERYONE else f" in {clean_label(group)}"
        sentences.append(
            f"{clean_label(cause)}{of_group}: n {int(rows['n_risk'].max())}, "
            f"{int(rows['n_event'].sum())} events, incidence {last['incidence']:.0%} at time "
            f"{last['time']:.3g}."
        )
    about = f" of {clean_label(subject, 200)}" if subject else ""
    return " ".join([f"Cumulative incidence curves{about}.", *sentences])


def draw_incidence(
    axes: "Axes",
    data: pd.DataFrame,
    cause: str,
    *,
    time_label: str = "Time",
    show_interval: bool = True,
) -> "Axes":
    """Draw the curves of one cause, one per group; the axis is that of all causes.

    Parameters
    ----------
    axes
        Where; leave room at its right for the names of the groups.
    data
        What `incidence_data` returns.
    cause
        Which of its causes.
    time_label
        The name of the time axis, with its unit.
    show_interval
        Whether to draw the bands.

    Returns
    -------
    Axes
        `axes`.

    Raises
    ------
    InputError
        There is no such cause.
    """
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    shown = data[data["cause"] == cause]
    if shown.empty:
        raise InputError(
            f"There is no cause {cause!r}",
            f"The causes are {examples(data['cause'].unique())}",
            "Name one of them",
        )
    column = "ci_high" if show_interval else "incidence"
    top = min(1.02, 1.05 * max(float(np.nanmax(data[column])), 0.01))
    with figure_style():
        ends = []
        for index, (group, rows) in enumerate(shown.groupby("group", sort=False)):
            draw_steps(axes, rows, "incidence", index, show_interval=show_interval)
            ends.append((float(rows["incidence"].iloc[-1]), float(rows["time"].max()), str(group)))
        axes.set_xlim(0, float(data["time"].max()) * 1.01)
        axes.set_ylim(0, top)
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %", decimals=None))
        axes.yaxis.grid(visible=True, color=PALETTE["rule"], linewidth=0.6)
        axes.set_xlabel(clean_label(time_label))
        axes.set_title(clean_label(cause), pad=9)
        if [name for _, _, name in ends] != [_EVERYONE]:
            label_ends(axes, ends, top)
    return axes


def incidence_figure(
    data: pd.DataFrame,
    *,
    time_label: str = "Time",
    note: str = "",
    show_interval: bool = True,
) -> "Figure":
    """The causes side by side, on one scale, as a figure.

    Parameters
    ----------
    data
        What `incidence_data` returns.
    time_label, show_interval
        As in `draw_incidence`.
    note
        A line below, such as Gray's test or a Fine-Gray model.
    """
    causes = list(dict.fromkeys(data["cause"]))
    groups = [clean_label(group, 40) for group in dict.fromkeys(data["group"])]
    names = widest(groups) if groups != [_EVERYONE] else 0.0
    plot_width, plot_height, left = 2.6, 2.4, 0.6
    step = left + plot_width + plot_width * 0.055 + names + 0.15
    bottom = (0.28 if note else 0.08) + 0.42
    with figure_style():
        width = max(step * len(causes), text_width(note, SMALL_SIZE) + 0.16)
        figure = new_figure(width, bottom + plot_height + 0.36)
        for place, cause in enumerate(causes):
            axes = axes_in_inches(figure, place * step + left, bottom, plot_width, plot_height)
            draw_incidence(axes, data, cause, time_label=time_label, show_interval=show_interval)
        if note:
            figure.text(
                0.08 / width,
                0.09 / figure.get_size_inches()[1],
                clean_label(note, 200),
                fontsize=SMALL_SIZE,
                color=PALETTE["muted"],
            )
    return figure
