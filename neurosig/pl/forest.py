"""Forest plots: one signature over cohorts with the pooled effect, or all signatures at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from neurosig.errors import InputError, examples
from neurosig.keys import OK, SCORE_TERM, Pooled, Result
from neurosig.pl.forest_axis import EffectAxis
from neurosig.pl.forest_layout import (
    COHORT,
    GAP,
    POOLED,
    SIGNATURE,
    Layout,
    Line,
    effect_name,
    lay_out,
    row_texts,
)
from neurosig.pl.style import (
    PALETTE,
    POINTS,
    SMALL_SIZE,
    TEXT_SIZE,
    axes_in_inches,
    figure_style,
    label_texts,
    new_figure,
    size_in_inches,
)
from neurosig.pl.wording import (
    clean_label,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Look = Literal["plain", "bold", "note"]
_SHOWN: Final = (
    Result.ENDPOINT,
    Result.EFFECT,
    Result.EFFECT_LOW,
    Result.EFFECT_HIGH,
    Result.EFFECT_SCALE,
    Result.CI_LEVEL,
    Result.STD_ERROR,
    Result.N,
    Result.N_EVENTS,
    Result.P_VALUE,
    Result.Q_VALUE,
    Result.STATUS,
    Result.MESSAGE,
    Pooled.N_COHORTS,
    Pooled.I2,
    Pooled.TAU2,
    Pooled.P_HETEROGENEITY,
)


def forest_data(
    table: pd.DataFrame, pooled: pd.DataFrame | None = None, *, signature: str
) -> pd.DataFrame:
    """The rows of one signature's forest plot, endpoint by endpoint, pooled rows last in each.

    A pooled row is drawn as the diamond of its own endpoint. An endpoint without one (relapse-free
    beside pooled overall survival, say) has its own heading and no diamond, so that nobody takes
    its cohorts for part of the pool.

    Parameters
    ----------
    table
        A result table: one row per cohort and endpoint has this signature and term "score".
    pooled
        The pooled effects as a result table, if there are any.
    signature
        Which signature.

    Returns
    -------
    DataFrame
        Columns kind ("cohort" or "pooled"), label, and those of a result table that are shown.

    Raises
    ------
    InputError
        No row belongs to the signature.

    Examples
    --------
    >>> one = pd.DataFrame({"cohort": ["A", "B"], "endpoint": ["OS", "OS"], "signature": "axon",
    ...                     "term": "score", "effect": [1.2, 1.4], "effect_low": [0.9, 1.0],
    ...                     "effect_high": [1.6, 1.9], "p_value": [0.2, 0.04], "status": "ok"})
    >>> both = one.head(1).assign(cohort="pooled", effect=1.3)
    >>> forest_data(one, both, signature="axon")[["kind", "label", "effect"]].values.tolist()
    [['cohort', 'A', 1.2], ['cohort', 'B', 1.4], ['pooled', 'pooled', 1.3]]
    """
    cohorts = _rows_of(table, COHORT, Result.COHORT, signature)
    if cohorts.empty:
        raise InputError(
            f"There is no result for the signature {signature!r}",
            f"The table has {examples(table[Result.SIGNATURE].drop_duplicates().map(str))}",
            "Choose one of these",
            signature=signature,
        )
    rows = [cohorts] if pooled is None else [cohorts, _pooled_rows(pooled, signature)]
    together = pd.concat([part for part in rows if not part.empty], ignore_index=True)
    rank = {name: i for i, name in enumerate(_endpoints_pooled_first(together))}
    order = together.assign(
        _endpoint=together[Result.ENDPOINT].map(rank), _pooled=together["kind"].eq(POOLED)
    ).sort_values(["_endpoint", "_pooled"], kind="stable")
    return order.drop(columns=["_endpoint", "_pooled"]).reset_index(drop=True)


def summary_forest_data(table: pd.DataFrame) -> pd.DataFrame:
    """One row per signature (pooled effects, or those of one cohort), the largest effect first.

    Rows without an estimate come last. Endpoints are kept apart, in the table's order.

    Returns
    -------
    DataFrame
        Columns kind ("signature"), label, and those of a result table that are shown.

    Raises
    ------
    InputError
        The table has no score row.
    """
    rows = _rows_of(table, SIGNATURE, Result.SIGNATURE)
    if rows.empty:
        raise InputError(
            "There is no effect to draw",
            f"None of {len(table)} rows has the term {SCORE_TERM!r}",
            "Pass a result table of cox, regress or meta",
        )
    rank = {name: i for i, name in enumerate(rows[Result.ENDPOINT].drop_duplicates())}
    order = rows.assign(_endpoint=rows[Result.ENDPOINT].map(rank)).sort_values(
        ["_endpoint", Result.EFFECT], ascending=[True, False], kind="stable", na_position="last"
    )
    return order.drop(columns="_endpoint").reset_index(drop=True)


def _rows_of(
    table: pd.DataFrame, kind: str, label: str, signature: str | None = None
) -> pd.DataFrame:
    """The score rows of a result table with the columns of a forest plot."""
    needed = (Result.SIGNATURE, Result.EFFECT, Result.EFFECT_LOW, Result.EFFECT_HIGH)
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise InputError(
            f"The result table lacks {examples(missing)}",
            f"Columns are {examples(map(str, table.columns), 12)}",
            "Pass the table of cox, regress or meta",
        )
    keep = pd.Series(data=True, index=table.index)
    if Result.TERM in table.columns:
        keep &= table[Result.TERM].eq(SCORE_TERM)
    if signature is not None:
        keep &= table[Result.SIGNATURE].eq(signature)
    rows = table[keep].reset_index(drop=True)
    labels = rows[label] if label in rows.columns else pd.Series("cohort", index=rows.index)
    shown = rows.reindex(columns=list(_SHOWN))
    shown[Result.ENDPOINT] = shown[Result.ENDPOINT].astype("object").fillna("").map(str)
    shown[Result.STATUS] = shown[Result.STATUS].astype("object").fillna(OK).map(str)
    shown.insert(0, "label", labels.map(str))
    shown.insert(0, "kind", kind)
    return shown


def _pooled_rows(pooled: pd.DataFrame, signature: str) -> pd.DataFrame:
    return _rows_of(pooled, POOLED, Result.COHORT, signature).assign(label=POOLED)


def _endpoints_pooled_first(rows: pd.DataFrame) -> list[str]:
    names = rows[Result.ENDPOINT].drop_duplicates().tolist()
    with_pool = set(rows.loc[rows["kind"].eq(POOLED), Result.ENDPOINT])
    return sorted(names, key=lambda name: name not in with_pool)


def draw_forest(
    axes: "Axes",
    data: pd.DataFrame,
    *,
    effect_label: str | None = None,
    directions: tuple[str, str] | None = None,
) -> "Axes":
    """Draw squares, intervals, diamonds and the columns of text beside them.

    The area of a square grows with the precision of its estimate (1 / SE^2). An interval that
    leaves the axis ends in an arrow. A row that was not estimated says so in words.

    Parameters
    ----------
    axes
        Where; the text stands outside at its left and right.
    data
        What `forest_data` or `summary_forest_data` returns.
    effect_label
        The head of the effect's column and the axis, for example "HR per SD"; by default what the
        table's `effect_scale` says.
    directions
        What an effect below and above the null means, written under the axis.

    Returns
    -------
    Axes
        `axes`.
    """
    name = effect_label or effect_name(data)
    layout = lay_out(data, name)
    axis = EffectAxis.of(data)
    with figure_style():
        axes.set_ylim(layout.bottom, -0.5)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axis.apply(axes)
        axes.axvline(axis.null, color=PALETTE["muted"], linewidth=0.8, zorder=0)
        axes.set_xlabel(clean_label(name) + (" (log scale)" if axis.is_log else ""))
        if directions is not None:
            _write_directions(axes, axis, directions)
        _write_row(axes, layout, -1.0, layout.heads, bold=True)
        width, _ = size_in_inches(axes)
        axes.plot(
            [-layout.left / width, 1 + layout.right / width],
            [-0.5, -0.5],
            transform=axes.get_yaxis_transform(),
            color=PALETTE["muted"],
            linewidth=0.8,
            clip_on=False,
        )
        sizes = _square_sizes(data)
        for line in layout.lines:
            if line.row is None:
                look: _Look = "bold" if line.is_heading else "note"
                _write(axes, layout, 0, line.y, line.words, look=look)
                continue
            is_pooled = line.row["kind"] == POOLED
            _write_row(axes, layout, line.y, line.texts, bold=is_pooled)
            _draw_effect(axes, axis, line, sizes[line.row.name])
    return axes


def _write_row(axes: "Axes", layout: Layout, y: float, texts: Sequence[str], *, bold: bool) -> None:
    for column, text in enumerate(texts[: len(layout.heads)]):
        _write(axes, layout, column, y, text, look="bold" if bold else "plain")


def _write(
    axes: "Axes", layout: Layout, column: int, y: float, text: str, *, look: _Look = "plain"
) -> None:
    """Write into a text column: labels and effects start at its left, numbers end at its right."""
    widths = layout.widths
    if column == 0:
        side, offset, align = 0.0, -layout.left, "left"
    elif column == 1:
        side, offset, align = 0.0, -GAP, "right"
    elif column == 2:
        side, offset, align = 1.0, GAP, "left"
    else:
        side, align = 1.0, "right"
        offset = sum(widths[2 : column + 1]) + GAP * (column - 1)
    axes.annotate(
        text,
        (side, y),
        xycoords=axes.get_yaxis_transform(),
        xytext=(offset * POINTS, 0),
        textcoords="offset points",
        ha=align,
        va="center_baseline",
        fontweight="bold" if look == "bold" else "normal",
        fontsize=SMALL_SIZE if look == "note" else TEXT_SIZE,
        color=PALETTE["muted" if look == "note" else "ink"],
        annotation_clip=False,
    )


def _square_sizes(data: pd.DataFrame) -> dict[object, float]:
    """Marker sizes in points: side proportional to 1 / SE, within what can be seen."""
    error = pd.to_numeric(data[Result.STD_ERROR], errors="coerce").to_numpy(dtype=np.float64)
    is_square = data["kind"].ne(POOLED).to_numpy() & np.isfinite(error) & (error > 0)
    if data["kind"].iloc[0] == SIGNATURE or not is_square.any():
        return dict.fromkeys(data.index, 5.0)
    precision = 1 / np.where(is_square, error, np.inf)
    return dict(zip(data.index, np.clip(8.5 * precision / precision.max(), 3.2, 8.5), strict=True))


def _draw_effect(axes: "Axes", axis: EffectAxis, line: Line, size: float) -> None:
    row = line.row
    if row is None or not np.isfinite(float(row[Result.EFFECT])):
        return
    low, middle, high = (
        float(row[name]) for name in (Result.EFFECT_LOW, Result.EFFECT, Result.EFFECT_HIGH)
    )
    colour = PALETTE["vermillion"] if row["kind"] == POOLED else PALETTE["blue"]
    if row["kind"] == POOLED:
        shown = [axis.inside(value) for value in (low, middle, high)]
        axes.fill(
            [shown[0], shown[1], shown[2], shown[1]],
            [line.y, line.y - 0.27, line.y, line.y + 0.27],
            edgecolor=colour,
            facecolor=colour if row[Result.STATUS] == OK else "none",
            linewidth=0.8,
        )
        return
    left, right = axis.inside(low), axis.inside(high)
    axes.plot([left, right], [line.y, line.y], color=colour, linewidth=1.3)
    for value, end, marker in ((low, left, "<"), (high, right, ">")):
        if (np.isfinite(value) and value != end) or np.isinf(value):
            axes.plot([end], [line.y], marker=marker, markersize=4, color=colour, clip_on=False)
    if axis.inside(middle) == middle:
        is_ok = row[Result.STATUS] == OK
        axes.plot(
            [middle],
            [line.y],
            marker="s",
            markersize=size,
            markeredgewidth=1.1,
            color=colour,
            markerfacecolor=colour if is_ok else PALETTE["surface"],
        )


def _write_directions(axes: "Axes", axis: EffectAxis, directions: tuple[str, str]) -> None:
    below, above = label_texts(directions, 34)
    for text, shift, align in ((f"← {below}", -5, "right"), (f"{above} →", 5, "left")):
        axes.annotate(
            text,
            (axis.null, 0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(shift, -38),
            textcoords="offset points",
            ha=align,
            fontsize=SMALL_SIZE,
            color=PALETTE["muted"],
            annotation_clip=False,
        )


def forest_figure(
    data: pd.DataFrame,
    *,
    effect_label: str | None = None,
    directions: tuple[str, str] | None = None,
) -> "Figure":
    """A forest plot of the size that its rows and texts need; arguments as in `draw_forest`."""
    layout = lay_out(data, effect_label or effect_name(data))
    row_height, axis_width, pad = 0.235, 2.4, 0.1
    top = row_height + pad
    bottom = 0.68 if directions is not None else 0.48
    height = row_height * (layout.bottom + 0.5)
    with figure_style():
        figure = new_figure(
            pad + layout.left + axis_width + layout.right + pad, top + height + bottom
        )
        axes = axes_in_inches(figure, pad + layout.left, bottom, axis_width, height)
        draw_forest(axes, data, effect_label=effect_label, directions=directions)
    return figure


def forest_alt(data: pd.DataFrame, subject: str = "") -> str:
    """The effects in words, at most twelve rows of them.

    Parameters
    ----------
    data
        What `forest_data` or `summary_forest_data` returns.
    subject
        What is shown, for example the name of the signature.
    """
    about = f" of {clean_label(subject, 200)}" if subject else ""
    sentences = [f"Forest plot{about}: {effect_name(data)}."]
    for _, row in data.head(12).iterrows():
        label, numbers, interval, p_text, _ = row_texts(row)
        endpoint = f" ({clean_label(row[Result.ENDPOINT])})" if row[Result.ENDPOINT] else ""
        tail = f", p {p_text}" if p_text else ""
        sentences.append(f"{label}{endpoint}, n / events {numbers}: {interval}{tail}.")
    n_left = len(data) - 12
    if n_left > 0:
        sentences.append(f"{n_left} more rows are in the source table.")
    return " ".join(sentences)
