"""Forest plots: one signature over cohorts with the pooled effect, or all signatures at once."""

from typing import TYPE_CHECKING, Final

import pandas as pd

from neurosig.errors import InputError, examples
from neurosig.keys import OK, SCORE_TERM, Pooled, Result
from neurosig.pl.forest_drawing import FOOTNOTE_STEP, axis_room, draw_forest
from neurosig.pl.forest_layout import (
    COHORT,
    POOLED,
    SIGNATURE,
    common_words,
    effect_name,
    lay_out,
    row_texts,
)
from neurosig.pl.style import TEXT_SIZE, axes_in_inches, figure_style, new_figure
from neurosig.pl.wording import clean_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
)
_SHOWN_IF_POOLED: Final = (
    Result.MODEL,
    Pooled.N_COHORTS,
    Pooled.I2,
    Pooled.TAU2,
    Pooled.P_HETEROGENEITY,
    Pooled.Q_SCALE,
    Pooled.EFFECT_COMMON,
    Pooled.EFFECT_LOW_COMMON,
    Pooled.EFFECT_HIGH_COMMON,
    Pooled.P_VALUE_COMMON,
    Pooled.EFFECT_LOW_WIDER,
    Pooled.EFFECT_HIGH_WIDER,
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
        Columns kind ("cohort" or "pooled"), label, and those of a result table that are shown,
        with a pooled row's common effect and wider interval where its table has them.

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
    of_pool = [name for name in _SHOWN_IF_POOLED if name in rows.columns]
    shown = rows.reindex(columns=[*_SHOWN, *of_pool])
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


def forest_figure(
    data: pd.DataFrame,
    *,
    effect_label: str | None = None,
    directions: tuple[str, str] | None = None,
    title: str = "",
) -> "Figure":
    """A forest plot of the size that its rows and texts need.

    Parameters
    ----------
    data, effect_label, directions
        As in `draw_forest`.
    title
        A line above it, such as the signature.
    """
    layout = lay_out(data, effect_label or effect_name(data))
    row_height, axis_width, pad = 0.235, 2.4, 0.1
    n_footnotes = len(layout.wrapped_footnotes(axis_width))
    top = row_height + pad + 0.25 * bool(title)
    bottom = axis_room(directions) + FOOTNOTE_STEP * n_footnotes + 0.05 * bool(n_footnotes)
    height = row_height * (layout.bottom + 0.5)
    with figure_style():
        figure = new_figure(
            pad + layout.left + axis_width + layout.right + pad, top + height + bottom
        )
        axes = axes_in_inches(figure, pad + layout.left, bottom, axis_width, height)
        draw_forest(axes, data, effect_label=effect_label, directions=directions)
        if title:
            width, height = figure.get_size_inches()
            at = (pad / width, 1 - pad / height)
            figure.text(*at, clean_label(title), va="top", fontsize=TEXT_SIZE)
    return figure


def forest_alt(data: pd.DataFrame, subject: str = "") -> str:
    """The effects in words, at most twelve rows of them, each with its common effect if it has one.

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
        sentences.append(
            f"{label}{endpoint}, n / events {numbers}: {interval}{tail}{common_words(row)}."
        )
    n_left = len(data) - 12
    if n_left > 0:
        sentences.append(f"{n_left} more rows are in the source table.")
    return " ".join(sentences)
