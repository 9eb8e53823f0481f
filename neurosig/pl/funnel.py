"""Funnel plot: the effects of a signature in its cohorts against their precision."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import InputError, count, examples
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.outcomes.pooling.small_studies import FEWEST_FOR_FUNNEL
from neurosig.pl.forest_axis import EffectAxis
from neurosig.pl.forest_layout import effect_name
from neurosig.pl.style import PALETTE, SMALL_SIZE, axes_in_inches, figure_style, new_figure
from neurosig.pl.wording import clean_label, format_number, p_phrase

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COHORT: Final = "cohort"
POOLED: Final = "pooled"
EGGER: Final = "egger"
_NEEDED: Final = (Result.COHORT, Result.SIGNATURE, Result.ESTIMATE, Result.STD_ERROR)
_SHOWN: Final = (
    Result.ENDPOINT,
    Result.ESTIMATE,
    Result.STD_ERROR,
    Result.EFFECT,
    Result.EFFECT_LOW,
    Result.EFFECT_HIGH,
    Result.EFFECT_SCALE,
    Result.CI_LEVEL,
    Result.P_VALUE,
)


def funnel_data(
    table: pd.DataFrame,
    pooled: pd.DataFrame,
    egger: pd.DataFrame | None = None,
    *,
    signature: str,
) -> pd.DataFrame:
    """The cohorts of one signature with their precision, the pooled effect and Egger's test.

    Parameters
    ----------
    table
        A result table: one row per cohort has this signature and term "score".
    pooled
        The table of `meta`; its endpoint chooses the cohorts.
    egger
        The table of `egger_test`, if its p-value is to be shown.
    signature
        Which signature.

    Returns
    -------
    DataFrame
        Columns kind ("cohort", "pooled" or "egger"), label, endpoint, estimate, std_error, effect
        with its interval, effect_scale, ci_level, p_value.

    Raises
    ------
    InputError
        A column is missing, or fewer than 10 cohorts have the signature: the asymmetry of so few
        is mostly chance.
    """
    for one in (table, pooled):
        missing = [name for name in _NEEDED if name not in one.columns]
        if missing:
            raise InputError(
                f"The table lacks {examples(missing)}",
                f"Columns are {examples(map(str, one.columns), 12)}",
                "Pass the tables of cox or regress, and of meta",
            )
    middle = _rows(pooled, signature, POOLED)
    cohorts = _rows(table, signature, COHORT)
    if len(middle):
        cohorts = cohorts[cohorts[Result.ENDPOINT] == middle[Result.ENDPOINT].iloc[0]]
    if len(cohorts) < FEWEST_FOR_FUNNEL or middle.empty:
        raise InputError(
            f"A funnel plot needs {FEWEST_FOR_FUNNEL} cohorts and their pooled effect",
            f"{count(len(cohorts), 'cohort')} with an estimate of {signature!r}, "
            f"{count(len(middle), 'pooled row')}",
            "With fewer an asymmetry is mostly chance: use leave_one_out",
            n_cohorts=len(cohorts),
        )
    parts = [cohorts, middle]
    if egger is not None:
        parts.append(_rows(egger, signature, EGGER).reindex(columns=cohorts.columns).head(1))
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _rows(table: pd.DataFrame, signature: str, kind: str) -> pd.DataFrame:
    """The rows of a signature that went through, with the columns that are shown."""
    keep = table[Result.SIGNATURE].eq(signature) & np.isfinite(table[Result.ESTIMATE])
    if Result.TERM in table.columns:
        keep &= table[Result.TERM].eq(SCORE_TERM)
    if Result.STATUS in table.columns:
        keep &= table[Result.STATUS].eq(OK)
    rows: pd.DataFrame = table.loc[keep].reset_index(drop=True)
    shown: pd.DataFrame = rows.reindex(columns=list(_SHOWN))
    shown[Result.ENDPOINT] = shown[Result.ENDPOINT].astype("object").fillna("").map(str)
    shown.insert(0, "label", rows[Result.COHORT].map(str))
    shown.insert(0, "kind", kind)
    return shown


def draw_funnel(axes: "Axes", data: pd.DataFrame, *, effect_label: str | None = None) -> "Axes":
    """Draw the cohorts, the pooled effect and where cohorts lie if only chance moves them.

    The funnel is the pooled effect plus and minus the normal quantile times the standard error;
    between cohorts that truly differ more than 5 % lie outside. In the shaded part a cohort's own
    effect has a p-value above 0.05 (of the level of the intervals).

    Parameters
    ----------
    axes
        Where.
    data
        What `funnel_data` returns.
    effect_label
        The words below the axis; by default what the tables' `effect_scale` says.

    Returns
    -------
    Axes
        `axes`.
    """
    cohorts = data[data["kind"].eq(COHORT)]
    pooled = data[data["kind"].eq(POOLED)].iloc[0]
    level = float(pooled[Result.CI_LEVEL]) if pd.notna(pooled[Result.CI_LEVEL]) else 0.95
    z = _quantile(level)
    axis = EffectAxis.of(cohorts)
    deepest = float(cohorts[Result.STD_ERROR].max()) * 1.06
    depth = np.linspace(0, deepest, 50)
    middle = float(pooled[Result.ESTIMATE])

    def shown(estimate: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.exp(estimate) if axis.is_log else estimate)

    with figure_style():
        axis.apply(axes)
        axes.set_ylim(deepest, 0)
        axes.fill_betweenx(
            depth,
            shown(-z * depth),
            shown(z * depth),
            color=PALETTE["rule"],
            alpha=0.5,
            linewidth=0,
        )
        axes.axvline(axis.null, color=PALETTE["muted"], linewidth=0.8)
        axes.axvline(float(shown(middle + 0 * depth)[0]), color=PALETTE["blue"], linewidth=1.2)
        for side in (-z, z):
            axes.plot(
                shown(middle + side * depth),
                depth,
                color=PALETTE["blue"],
                linewidth=0.9,
                linestyle=(0, (4, 2)),
            )
        axes.plot(
            cohorts[Result.EFFECT],
            cohorts[Result.STD_ERROR],
            linestyle="none",
            marker="o",
            markersize=5,
            color=PALETTE["ink"],
            markerfacecolor=PALETTE["surface"],
        )
        name = clean_label(effect_label or effect_name(data))
        axes.set_xlabel(name + (" (log scale)" if axis.is_log else ""))
        axes.set_ylabel("standard error")
        _write_key(axes, level)
        egger = data[data["kind"].eq(EGGER)]
        if len(egger):
            axes.set_title(
                f"Egger's test: {p_phrase(float(egger[Result.P_VALUE].iloc[0]))}",
                fontsize=SMALL_SIZE,
                loc="right",
            )
    return axes


def _write_key(axes: "Axes", level: float) -> None:
    """What the lines and the shade are, below the axis."""
    share, alpha = f"{100 * level:g} %", f"{1 - level:.2g}"
    words = (
        f"dashed: {share} of cohorts lie inside if only chance moves them",
        f"shaded: p above {alpha} for the cohort by itself",
    )
    for line, text in enumerate(words):
        axes.annotate(
            text,
            (0, 0),
            xycoords="axes fraction",
            xytext=(0, -42 - 11 * line),
            textcoords="offset points",
            fontsize=SMALL_SIZE,
            color=PALETTE["muted"],
            annotation_clip=False,
        )


def _quantile(level: float) -> float:
    from scipy import special

    return float(special.ndtri(0.5 + level / 2))


def funnel_figure(data: pd.DataFrame, *, effect_label: str | None = None) -> "Figure":
    """A funnel plot as a Figure; arguments as in `draw_funnel`."""
    with figure_style():
        figure = new_figure(4.6, 3.8)
        axes = axes_in_inches(figure, 0.7, 0.85, 3.7, 2.6)
        draw_funnel(axes, data, effect_label=effect_label)
    return figure


def funnel_alt(data: pd.DataFrame, subject: str = "") -> str:
    """The figure in words: cohorts, precision, the pooled effect, Egger's p-value.

    Parameters
    ----------
    data
        What `funnel_data` returns.
    subject
        The name of the signature.
    """
    cohorts = data[data["kind"].eq(COHORT)]
    pooled = data[data["kind"].eq(POOLED)].iloc[0]
    about = f" of {clean_label(subject, 200)}" if subject else ""
    low, high = cohorts[Result.STD_ERROR].min(), cohorts[Result.STD_ERROR].max()
    words = (
        f"Funnel plot{about}: {effect_name(data)} of {len(cohorts)} cohorts with standard errors "
        f"from {format_number(float(low))} to {format_number(float(high))}; pooled effect "
        f"{format_number(float(pooled[Result.EFFECT]), 2)}."
    )
    egger = data[data["kind"].eq(EGGER)]
    if egger.empty:
        return words
    return f"{words} Egger's test: {p_phrase(float(egger[Result.P_VALUE].iloc[0]))}."
