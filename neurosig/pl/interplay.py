"""The slope of one score along another, and predictions where both are low or high."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from neurosig.errors import InputError, examples
from neurosig.keys import Interplay, Performance, Result
from neurosig.outcomes.interplay.interaction import Interactions
from neurosig.outcomes.results import is_ratio
from neurosig.pl.steps import draw_steps, label_ends
from neurosig.pl.style import (
    GROUP_COLOURS,
    PALETTE,
    SMALL_SIZE,
    axes_in_inches,
    figure_style,
    new_figure,
    text_width,
    widest,
)
from neurosig.pl.wording import clean_label, format_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PART: Final = "part"
_LINE: Final = "line"
_REGION: Final = "region"
_PATIENT: Final = "patient"
_CORNERS: Final = (Performance.GROUP, Result.ESTIMATE, Result.CI_LOW, Result.CI_HIGH)


def slopes_data(found: Interactions, first: str, second: str) -> pd.DataFrame:
    """The slopes of a pair along each other as they are drawn, as ratios where they are ratios.

    Columns: slope_of, moderator, effect_scale, part ("line": `at`, estimate and both bands;
    "region": from `low` to `high` the simultaneous band excludes no effect; "patient": `at` of
    each row). Levels of the moderator are in standard deviations from its mean.

    Raises
    ------
    ParameterError
        The pair was not fitted.
    """
    lines = found.lines(first, second)
    pair = found.slopes.query("first == @first and second == @second")
    scale = str(pair[Result.EFFECT_SCALE].iloc[0])
    bands = [Result.ESTIMATE, Result.CI_LOW, Result.CI_HIGH, "band_low", "band_high"]
    if is_ratio(scale):
        lines[bands] = np.exp(lines[bands])
    parts = [lines.assign(**{_PART: _LINE}).rename(columns={Interplay.AT: "at"})]
    regions = found.regions.query("first == @first and second == @second").dropna(subset="low")
    regions = regions[regions["band"] == "simultaneous"]
    parts.append(
        regions[[Interplay.SLOPE_OF, Interplay.MODERATOR, "low", "high", "slope"]].assign(
            **{_PART: _REGION}
        )
    )
    z = found.models[first, second].z
    for of in (0, 1):
        parts.append(
            pd.DataFrame(
                {
                    Interplay.SLOPE_OF: (first, second)[of],
                    Interplay.MODERATOR: (second, first)[of],
                    "at": np.sort(z[:, 1 - of]),
                    _PART: _PATIENT,
                }
            )
        )
    data = pd.concat([part for part in parts if len(part)], ignore_index=True)
    wanted = [Interplay.SLOPE_OF, Interplay.MODERATOR, _PART, "at", *bands, "low", "high", "slope"]
    return data.reindex(columns=wanted).assign(**{Result.EFFECT_SCALE: scale})


def draw_slopes(axes: "Axes", data: pd.DataFrame, slope_of: str) -> "Axes":
    """Draw the slope of one score along the other.

    Dark band: for each level by itself; light band: for all levels at once. The bar at the foot
    marks where the light band excludes no effect, the ticks are the patients.

    Parameters
    ----------
    axes
        Where.
    data
        What `slopes_data` returns.
    slope_of
        Which score's slope.

    Returns
    -------
    Axes
        `axes`.

    Raises
    ------
    InputError
        There is no slope of that score.
    """
    shown = data[data[Interplay.SLOPE_OF] == slope_of]
    if shown.empty:
        raise InputError(
            f"There is no slope of {slope_of!r}",
            f"Slopes are of {examples(data[Interplay.SLOPE_OF].unique())}",
            "Name one of them",
        )
    line = shown[shown[_PART] == _LINE]
    scale = str(shown[Result.EFFECT_SCALE].iloc[0])
    is_log = is_ratio(scale)
    colour, at = PALETTE["blue"], line["at"].to_numpy(dtype=np.float64)
    with figure_style():
        for low, high, alpha in (
            (Result.CI_LOW, Result.CI_HIGH, 0.22),
            ("band_low", "band_high", 0.12),
        ):
            axes.fill_between(at, line[low], line[high], color=colour, alpha=alpha, linewidth=0)
        axes.plot(at, line[Result.ESTIMATE], color=colour, linewidth=1.6)
        axes.axhline(1.0 if is_log else 0.0, color=PALETTE["muted"], linewidth=0.8)
        if is_log:
            _log_axis(axes, line)
        foot = axes.get_xaxis_transform()
        patients = shown.loc[shown[_PART] == _PATIENT, "at"].to_numpy(dtype=np.float64)
        axes.vlines(patients, 0.0, 0.035, transform=foot, color=PALETTE["muted"], linewidth=0.4)
        for _, region in shown[shown[_PART] == _REGION].iterrows():
            axes.plot(
                [region["low"], region["high"]],
                [0.055, 0.055],
                transform=foot,
                color=PALETTE["vermillion"],
                linewidth=2.4,
            )
        axes.set_xlim(float(at.min()), float(at.max()))
        moderator = clean_label(shown[Interplay.MODERATOR].iloc[0], 34)
        axes.set_xlabel(f"{moderator}, SD from its mean")
        axes.set_ylabel(scale)
        axes.set_title(f"Slope of {clean_label(slope_of, 34)}", pad=8)
    return axes


def _log_axis(axes: "Axes", line: pd.DataFrame) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

    low = max(float(line["band_low"].min()), float(line[Result.ESTIMATE].min()) / 4)
    high = min(float(line["band_high"].max()), float(line[Result.ESTIMATE].max()) * 4)
    low, high = min(low, 0.8), max(high, 1.25)
    axes.set_yscale("log")
    axes.set_ylim(low / 1.15, high * 1.05)
    steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
    if high / low < 6:
        steps = [0.2, 0.25, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5]
    axes.yaxis.set_major_locator(FixedLocator([s for s in steps if low / 1.15 <= s <= high * 1.05]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def slopes_figure(data: pd.DataFrame, *, note: str = "") -> "Figure":
    """The slopes of both scores side by side as a figure.

    Parameters
    ----------
    data
        What `slopes_data` returns.
    note
        A line below, such as the test of the interaction.
    """
    names = list(dict.fromkeys(data[Interplay.SLOPE_OF]))
    plot_width, plot_height, left = 2.7, 2.3, 0.72
    bottom = 0.85 if note else 0.69
    key = "Bands: each level by itself, all levels at once. Bar: all-level band excludes no effect"
    with figure_style():
        width = max(
            len(names) * (left + plot_width + 0.1) + 0.1,
            *(text_width(text, SMALL_SIZE) + 0.2 for text in (note, key)),
        )
        figure = new_figure(width, bottom + plot_height + 0.4)
        for place, name in enumerate(names):
            start = left + place * (left + plot_width + 0.1)
            draw_slopes(axes_in_inches(figure, start, bottom, plot_width, plot_height), data, name)
        _write_below(figure, [note, key])
    return figure


def slopes_alt(data: pd.DataFrame) -> str:
    """The slopes in words: each at the lowest, middle and highest level shown."""
    sentences = []
    for name, rows in data[data[_PART] == _LINE].groupby(Interplay.SLOPE_OF, sort=False):
        scale, moderator = rows[Result.EFFECT_SCALE].iloc[0], rows[Interplay.MODERATOR].iloc[0]
        told = [
            f"{_interval(rows.iloc[i])} at {rows['at'].iloc[i]:.1f} SD"
            for i in (0, int(np.argmin(np.abs(rows["at"]))), -1)
        ]
        sentences.append(
            f"Slope of {clean_label(name)} ({scale}) along {clean_label(moderator)}: "
            f"{', '.join(told)}."
        )
    return " ".join(sentences)


def corners_data(table: pd.DataFrame) -> pd.DataFrame:
    """The corners of `interplay_corners` as they are drawn; curves start at time 0 with 1.

    Raises
    ------
    InputError
        A column is missing or there is no row.

    Examples
    --------
    >>> table = pd.DataFrame({"group": ["a low, b low"], "time": [3.0], "estimate": [0.8],
    ...                       "ci_low": [0.7], "ci_high": [0.9], "n_quadrant": [12]})
    >>> corners_data(table)[["time", "estimate", "ci_low"]].values.tolist()
    [[0.0, 1.0, 1.0], [3.0, 0.8, 0.7]]
    """
    missing = [name for name in _CORNERS if name not in table.columns]
    if missing or table.empty:
        raise InputError(
            f"The table lacks {examples(missing)}" if missing else "There is no corner to draw",
            f"Columns are {examples(map(str, table.columns), 12)}; {len(table):,} rows",
            "Pass the table of interplay_corners",
        )
    wanted = [
        c
        for c in (*_CORNERS[:1], Performance.TIME, *_CORNERS[1:], "n_quadrant", Result.ENDPOINT)
        if c in table
    ]
    data = table[wanted].reset_index(drop=True)
    if Performance.TIME not in data:
        return data
    parts = []
    for _, rows in data.groupby(Performance.GROUP, sort=False):
        if rows[Performance.TIME].iloc[0] > 0:
            start = {Performance.TIME: 0.0} | dict.fromkeys(_CORNERS[1:], 1.0)
            parts.append(rows.head(1).assign(**start))
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def draw_corners(
    axes: "Axes", data: pd.DataFrame, *, time_label: str = "Time", show_interval: bool = True
) -> "Axes":
    """Draw predicted survival of the four corners, or their predictions with intervals.

    Parameters
    ----------
    axes
        Where; leave room at its right for the names of the corners.
    data
        What `corners_data` returns.
    time_label, show_interval
        The name of the time axis with its unit; whether to draw the bands.

    Returns
    -------
    Axes
        `axes`.
    """
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    groups = list(dict.fromkeys(data[Performance.GROUP]))
    names = [_with_count(data, group) for group in groups]
    with figure_style():
        if Performance.TIME not in data:
            return _draw_points(axes, data, names)
        ends = []
        for index, (group, name) in enumerate(zip(groups, names, strict=True)):
            rows = data[data[Performance.GROUP] == group]
            draw_steps(axes, rows, Result.ESTIMATE, index, show_interval=show_interval)
            ends.append((float(rows[Result.ESTIMATE].iloc[-1]), float(rows["time"].max()), name))
        axes.set_xlim(0, float(data[Performance.TIME].max()))
        axes.set_ylim(0, 1.02)
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %", decimals=0))
        axes.yaxis.grid(visible=True, color=PALETTE["rule"], linewidth=0.6)
        axes.set_xlabel(clean_label(time_label))
        axes.set_title("Predicted survival", pad=9)
        label_ends(axes, ends)
    return axes


def _draw_points(axes: "Axes", data: pd.DataFrame, names: list[str]) -> "Axes":
    places = np.arange(len(data))[::-1]
    for place, (_, row), colour in zip(places, data.iterrows(), GROUP_COLOURS, strict=False):
        axes.plot([row[Result.CI_LOW], row[Result.CI_HIGH]], [place, place], color=colour)
        axes.plot(row[Result.ESTIMATE], place, "o", color=colour, markersize=5)
    axes.set_yticks(places, labels=names)
    axes.set_ylim(-0.6, len(data) - 0.4)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    if Result.ENDPOINT in data:
        axes.set_xlabel(clean_label(data[Result.ENDPOINT].iloc[0], 60))
    axes.set_title("Predicted", pad=8)
    return axes


def corners_figure(
    data: pd.DataFrame, *, time_label: str = "Time", note: str = "", show_interval: bool = True
) -> "Figure":
    """The four corners as a figure, which says that they are predictions.

    Parameters
    ----------
    data
        What `corners_data` returns.
    time_label, show_interval
        As in `draw_corners`.
    note
        A further line below.
    """
    groups = list(dict.fromkeys(data[Performance.GROUP]))
    room = widest([_with_count(data, group) for group in groups]) + 0.35
    has_time = Performance.TIME in data
    plot_width, plot_height = (3.3, 2.6) if has_time else (2.6, 1.3)
    left = 0.62 if has_time else room
    said = "Predictions of one model averaged over covariates, not groups of patients"
    bottom = 0.85 if note else 0.69
    with figure_style():
        width = max(
            left + plot_width + (room if has_time else 0.0) + 0.2,
            *(text_width(text, SMALL_SIZE) + 0.2 for text in (note, said)),
        )
        figure = new_figure(width, bottom + plot_height + 0.4)
        axes = axes_in_inches(figure, left, bottom, plot_width, plot_height)
        draw_corners(axes, data, time_label=time_label, show_interval=show_interval)
        _write_below(figure, [note, said])
    return figure


def corners_alt(data: pd.DataFrame) -> str:
    """The corners in words: the prediction of each, at the last time shown."""
    told = []
    for group, rows in data.groupby(Performance.GROUP, sort=False):
        last = rows.iloc[-1]
        at = f" at time {last['time']:.3g}" if Performance.TIME in data else ""
        told.append(f"{clean_label(group, 80)}: {_interval(last)}{at}")
    return f"Predictions averaged over covariates. {'; '.join(told)}."


def _interval(row: "pd.Series") -> str:
    values = (row[Result.ESTIMATE], row[Result.CI_LOW], row[Result.CI_HIGH])
    return format_interval(*map(float, values))


def _with_count(data: pd.DataFrame, group: str) -> str:
    name = clean_label(group, 48)
    if "n_quadrant" not in data:
        return name
    n = int(data.loc[data[Performance.GROUP] == group, "n_quadrant"].iloc[0])
    return f"{name} (n {n})"


def _write_below(figure: "Figure", lines: list[str]) -> None:
    """Small lines at the foot of a figure, the last one lowest."""
    width, height = figure.get_size_inches()
    for place, line in enumerate(reversed([clean_label(text, 200) for text in lines if text])):
        figure.text(
            0.1 / width,
            (0.1 + 0.16 * place) / height,
            line,
            fontsize=SMALL_SIZE,
            color=PALETTE["muted"],
        )
