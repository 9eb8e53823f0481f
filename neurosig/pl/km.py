"""Kaplan-Meier curves with their numbers at risk."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from neurosig.errors import InputError, examples
from neurosig.keys import Result
from neurosig.pl.steps import draw_steps, label_ends
from neurosig.pl.style import (
    GROUP_COLOURS,
    PALETTE,
    POINTS,
    SMALL_SIZE,
    axes_in_inches,
    figure_style,
    new_figure,
    text_width,
    widest,
)
from neurosig.pl.wording import clean_label, format_interval, p_phrase

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVE: Final = "curve"
AT_RISK: Final = "at risk"
EVERYONE: Final = "all"
_NEEDED: Final = ("time", "n_risk", "n_event", "n_censor", "survival", "ci_low", "ci_high")
_COLUMNS: Final = ("part", "group", *_NEEDED)


def kaplan_meier_data(curves: pd.DataFrame, at_risk: pd.DataFrame | None = None) -> pd.DataFrame:
    """The curves and the numbers at risk as one tidy table.

    Parameters
    ----------
    curves
        Columns time, n_risk, n_event, n_censor, survival, ci_low, ci_high and, with groups, group.
    at_risk
        Columns time, n_risk and, with groups, group: one row per time to print below the curves.

    Returns
    -------
    DataFrame
        Columns part ("curve" or "at risk"), group and those of `curves`. Each curve starts with a
        row at time 0 and survival 1.

    Raises
    ------
    InputError
        A column is missing or there is no curve.

    Examples
    --------
    >>> curve = pd.DataFrame({"time": [2.0], "n_risk": [4], "n_event": [1], "n_censor": [0],
    ...                       "survival": [0.75], "ci_low": [0.13], "ci_high": [0.96]})
    >>> kaplan_meier_data(curve)[["part", "group", "time", "survival"]].values.tolist()
    [['curve', 'all', 0.0, 1.0], ['curve', 'all', 2.0, 0.75]]
    """
    _require(curves, _NEEDED, "the curves")
    if curves.empty:
        raise InputError(
            "There is no curve to draw",
            "The table of curves has no rows",
            "Pass the result of kaplan_meier on observations with a known time and event",
        )
    parts = [
        _with_start(rows).assign(part=CURVE, group=group)
        for group, rows in _grouped(curves).groupby("group", sort=False)
    ]
    if at_risk is not None:
        _require(at_risk, ("time", "n_risk"), "the numbers at risk")
        parts.append(_grouped(at_risk).assign(part=AT_RISK))
    table = pd.concat(parts, ignore_index=True)
    return table.reindex(columns=list(_COLUMNS))


def _require(table: pd.DataFrame, columns: tuple[str, ...], what: str) -> None:
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InputError(
            f"{what[0].upper()}{what[1:]} lack {examples(missing)}",
            f"Columns are {examples(map(str, table.columns), 12)}",
            "Pass the tables that kaplan_meier and at_risk_table return",
        )


def _grouped(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a column of group names as text."""
    if "group" not in table.columns:
        return table.assign(group=EVERYONE)
    groups = table["group"].astype("object")
    return table.assign(group=groups.where(groups.notna(), EVERYONE).map(str))


def _with_start(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values("time", kind="stable")
    if rows["time"].iloc[0] <= 0:
        return rows
    start = {
        "time": [0.0],
        "n_risk": [rows["n_risk"].iloc[0]],
        "n_event": [0],
        "n_censor": [0],
        "survival": [1.0],
        "ci_low": [1.0],
        "ci_high": [1.0],
    }
    return pd.concat([pd.DataFrame(start), rows], ignore_index=True)


def display_note(row: Mapping[str, Any], split: str = "median split", per: str = "SD") -> str:
    """Say that the groups are for the eye and what the test is: the row of the Cox model.

    With the patients and events of the model, which may be fewer than those of the curves.

    >>> row = {"effect": 1.448, "effect_low": 1.1, "effect_high": 1.9, "p_value": 0.0081,
    ...        "ci_level": 0.95, "status": "ok"}
    >>> display_note(row)
    'Groups: median split, for display. Test: Cox per SD, HR 1.45 [1.10, 1.90], p = 0.008.'
    >>> display_note(row | {"n": 158, "n_events": 50})[-53:]
    'HR 1.45 [1.10, 1.90], p = 0.008, n / events 158 / 50.'
    """
    effect = float(row[Result.EFFECT])
    groups = f"Groups: {split}, for display."
    if not np.isfinite(effect):
        return f"{groups} Test: Cox per {per}, not estimated ({row.get(Result.STATUS, 'failed')})."
    interval = format_interval(
        effect, float(row[Result.EFFECT_LOW]), float(row[Result.EFFECT_HIGH])
    )
    p = p_phrase(float(row[Result.P_VALUE]))
    return f"{groups} Test: Cox per {per}, HR {interval}, {p}{_counts(row)}."


def _counts(row: Mapping[str, Any]) -> str:
    if not {Result.N, Result.N_EVENTS} <= row.keys():
        return ""
    return f", n / events {int(row[Result.N]):,} / {int(row[Result.N_EVENTS]):,}"


def kaplan_meier_alt(data: pd.DataFrame, subject: str = "", note: str = "") -> str:
    """The curves in words: n, events and where each curve ends.

    Parameters
    ----------
    data
        What `kaplan_meier_data` returns.
    subject
        What is shown, for example "axon guidance in the first cohort".
    note
        What `display_note` returns.
    """
    sentences = []
    for group, rows in _curves(data):
        n, n_events = int(rows["n_risk"].max()), int(rows["n_event"].sum())
        last = rows.iloc[-1]
        sentences.append(
            f"{clean_label(group)}: n {n}, {n_events} events, "
            f"survival {last['survival']:.0%} at time {last['time']:.3g}."
        )
    about = f" of {clean_label(subject, 200)}" if subject else ""
    return " ".join([f"Kaplan-Meier curves{about}.", *sentences, note]).strip()


def _curves(data: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    curves = data[data["part"] == CURVE]
    return [(str(group), rows) for group, rows in curves.groupby("group", sort=False)]


def draw_kaplan_meier(
    axes: "Axes",
    data: pd.DataFrame,
    *,
    time_label: str = "Time",
    survival_label: str = "Survival",
    show_interval: bool = True,
) -> "Axes":
    """Draw the curves: steps, bands of the intervals, ticks where observations are censored.

    Parameters
    ----------
    axes
        Where; leave room at its right for the names of the groups.
    data
        What `kaplan_meier_data` returns.
    time_label, survival_label
        The names of the axes; the unit of time belongs to the first.
    show_interval
        Whether to draw the bands.

    Returns
    -------
    Axes
        `axes`.
    """
    with figure_style():
        times = _printed_times(data)
        last_time = max(float(data["time"].max()), float(times[-1]))
        ends = []
        for index, (group, rows) in enumerate(_curves(data)):
            _draw_curve(axes, rows, index, show_interval=show_interval)
            ends.append((float(rows["survival"].iloc[-1]), float(rows["time"].iloc[-1]), group))
        axes.set_xlim(0, last_time * 1.01)
        axes.set_ylim(0, 1.02)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.set_xticks(list(times), [f"{time:g}" for time in times])
        axes.yaxis.grid(visible=True, color=PALETTE["rule"], linewidth=0.6)
        axes.set_xlabel(clean_label(time_label))
        axes.set_title(clean_label(survival_label), pad=9)
        if [name for _, _, name in ends] != [EVERYONE]:
            label_ends(axes, ends)
    return axes


def _printed_times(data: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The times of the numbers at risk, or round ones where there are none."""
    times = data.loc[data["part"] == AT_RISK, "time"].drop_duplicates().sort_values()
    if len(times) > 1:
        return times.to_numpy(dtype=np.float64)
    from matplotlib.ticker import MaxNLocator

    last = float(data["time"].max())
    ticks = np.asarray(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(0, last))
    return ticks[ticks <= last]


def _draw_curve(axes: "Axes", rows: pd.DataFrame, index: int, *, show_interval: bool) -> None:
    draw_steps(axes, rows, "survival", index, show_interval=show_interval)
    censored = rows[rows["n_censor"].astype(float) > 0]
    axes.plot(
        censored["time"].to_numpy(dtype=np.float64),
        censored["survival"].to_numpy(dtype=np.float64),
        linestyle="none",
        marker="|",
        markersize=5,
        markeredgewidth=0.8,
        color=GROUP_COLOURS[index % len(GROUP_COLOURS)],
    )


def _count_room(data: pd.DataFrame) -> float:
    """The inches between the start of the time axis and the names: half a number and a gap."""
    counts = data.loc[data["part"] == AT_RISK, "n_risk"].astype(float)
    return text_width(f"{int(counts.max()):,}") / 2 + 0.1 if len(counts) else 0.1


def draw_at_risk(axes: "Axes", data: pd.DataFrame) -> "Axes":
    """Print the numbers at risk, one row per group, below the times of the curves.

    Parameters
    ----------
    axes
        Where: as wide as the Axes of the curves.
    data
        What `kaplan_meier_data` returns.

    Returns
    -------
    Axes
        `axes`.
    """
    with figure_style():
        groups = [group for group, _ in _curves(data)]
        counts = data[data["part"] == AT_RISK]
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.set_axis_off()
        axes.set_title("Number at risk", fontsize=SMALL_SIZE, color=PALETTE["muted"], pad=3)
        for level, group in enumerate(groups):
            axes.annotate(
                clean_label(group, 40),
                (0, level),
                xycoords=axes.get_yaxis_transform(),
                xytext=(-_count_room(data) * POINTS, 0),
                textcoords="offset points",
                ha="right",
                va="center_baseline",
                annotation_clip=False,
            )
            rows = counts[counts["group"] == group]
            for time, n_risk in zip(rows["time"], rows["n_risk"], strict=True):
                axes.text(
                    float(time),
                    level,
                    f"{int(n_risk):,}",
                    ha="center",
                    va="center_baseline",
                )
    return axes


def kaplan_meier_figure(
    data: pd.DataFrame,
    *,
    time_label: str = "Time",
    survival_label: str = "Survival",
    note: str = "",
    show_interval: bool = True,
) -> "Figure":
    """Curves, numbers at risk and the note below them as one figure.

    Parameters
    ----------
    data
        What `kaplan_meier_data` returns.
    time_label, survival_label, show_interval
        As in `draw_kaplan_meier`.
    note
        What was tested and what the groups are for, see `display_note`.
    """
    groups = [clean_label(group, 40) for group, _ in _curves(data)]
    has_counts = bool((data["part"] == AT_RISK).any())
    name_room = widest(groups)
    left = max(0.6, name_room + _count_room(data) + 0.1) if has_counts else 0.6
    plot_width, plot_height = 4.3, 2.7
    right = plot_width * 0.055 + name_room + 0.2
    note_room = 0.28 if note else 0.08
    count_room = 0.19 * len(groups) + 0.3 if has_counts else 0.0
    bottom = note_room + count_room + 0.42
    with figure_style():
        width = max(left + plot_width + right, text_width(note, SMALL_SIZE) + 0.16)
        figure = new_figure(width, bottom + plot_height + 0.36)
        curve_axes = axes_in_inches(figure, left, bottom, plot_width, plot_height)
        draw_kaplan_meier(
            curve_axes,
            data,
            time_label=time_label,
            survival_label=survival_label,
            show_interval=show_interval,
        )
        if has_counts:
            count_axes = axes_in_inches(figure, left, note_room, plot_width, 0.19 * len(groups))
            count_axes.set_xlim(curve_axes.get_xlim())
            draw_at_risk(count_axes, data)
        if note:
            figure.text(
                0.08 / width,
                0.09 / figure.get_size_inches()[1],
                clean_label(note, 200),
                fontsize=SMALL_SIZE,
                color=PALETTE["muted"],
            )
    return figure
