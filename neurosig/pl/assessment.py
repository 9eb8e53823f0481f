"""An assessment at a glance: signatures x figures, with what led to each verdict marked."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from neurosig.assessment.quality import Assessment
from neurosig.assessment.rules import VERDICTS
from neurosig.errors import InputError, count
from neurosig.keys import Quality, Result
from neurosig.pl.style import (
    PALETTE,
    SMALL_SIZE,
    axes_in_inches,
    figure_style,
    label_texts,
    new_figure,
    widest,
)
from neurosig.pl.wording import MISSING, clean_label, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class _Shown:
    """A column of the figure: which figure, its head, and the rules that are about it."""

    metric: str
    head: str
    rules: tuple[str, ...] = ()
    is_share: bool = False


_SHOWN: Final = (
    _Shown(
        Quality.COVERAGE,
        "Genes\nfound",
        ("low_coverage", "low_weight_coverage", "few_genes"),
        is_share=True,
    ),
    _Shown(
        Quality.DETECTED,
        "Genes\nseen",
        ("not_measured", "hardly_detected", "mostly_zero"),
        is_share=True,
    ),
    _Shown(Quality.LOW_VARIANCE, "Low\nvariance", ("hardly_varies",), is_share=True),
    _Shown(Quality.CORRELATION, "Median\nrho", ("too_few_observations",)),
    _Shown(Quality.PERCENTILE, "Above\nrandom", ("like_random",), is_share=True),
    _Shown(Quality.RELIABILITY, "Reli-\nability", ("unreliable",)),
    _Shown(Quality.PC1_SHARE, "PC1\nshare", is_share=True),
    _Shown(Quality.RHO_MEAN_MEDIAN, "Mean,\nmedian", ("mean_is_not_median",)),
    _Shown(Quality.RHO_MEAN_PC1, "Mean,\nPC1", ("mean_is_not_pc1",)),
    _Shown(Quality.RHO_MEAN_Z, "Raw,\nz-values", ("standardising_matters",)),
    _Shown(Quality.DOMINANCE, "Largest\ngene", ("one_gene",), is_share=True),
)
_LOOKS: Final = {
    "refuse": ("vermillion", "x"),
    "caution": ("orange", "^"),
    "ok": ("green", "o"),
}
_CELL, _ROW, _HEAD, _VERDICT = 0.56, 0.2, 0.36, 0.8


def assessment_data(assessment: Assessment) -> pd.DataFrame:
    """The figures of each signature, one row per signature and figure, the gravest verdicts first.

    Parameters
    ----------
    assessment
        What `assess` returns.

    Returns
    -------
    DataFrame
        Columns signature, verdict, reasons, metric, value, and fired: "refuse" or "caution" where
        this figure led to the verdict, else "".

    Raises
    ------
    InputError
        It holds no signature.

    Examples
    --------
    >>> import neurosig as ns
    >>> x = pd.DataFrame({"A": [1.0, 2, 3, 4], "B": [1.0, 2, 4, 5]}, index=list("wxyz"))
    >>> data = assessment_data(ns.assess(x, {"S": ["A", "B", "C", "D", "E"]}, n_sets=0))
    >>> data.loc[0, ["signature", "metric", "fired"]].tolist(), float(data.loc[0, "value"])
    (['S', 'coverage', 'refuse'], 0.4)
    """
    if not len(assessment.table):
        raise InputError(
            "There is no assessment to draw", "Its table is empty", "Assess some signatures"
        )
    rows = []
    for name, row in assessment.table.iterrows():
        fired = set(row[Quality.RULES].split(";"))
        rows += [
            {
                Result.SIGNATURE: str(name),
                Quality.VERDICT: row[Quality.VERDICT],
                Quality.REASONS: row[Quality.REASONS],
                "metric": shown.metric,
                "value": float(row[shown.metric]),
                "fired": row[Quality.VERDICT] if fired & set(shown.rules) else "",
            }
            for shown in _SHOWN
        ]
    data = pd.DataFrame(rows)
    gravity = data[Quality.VERDICT].map(VERDICTS.index)
    return data.iloc[gravity.argsort(kind="stable")].reset_index(drop=True)


def draw_assessment(axes: "Axes", data: pd.DataFrame) -> "Axes":
    """Draw a row per signature: its verdict, then the figures, with those that led to it marked.

    Parameters
    ----------
    axes
        Where; the names of the signatures stand at its left.
    data
        What `assessment_data` returns.

    Returns
    -------
    Axes
        `axes`.
    """
    names = data[Result.SIGNATURE].drop_duplicates().tolist()
    verdicts = data.drop_duplicates(Result.SIGNATURE)[Quality.VERDICT].tolist()
    lead = _VERDICT / _CELL
    with figure_style():
        axes.set_xlim(0, lead + len(_SHOWN))
        axes.set_ylim(len(names) - 0.5, -0.5)
        for level in range(1, len(names), 2):  # the eye keeps to its row
            axes.axhspan(
                level - 0.5, level + 0.5, color=PALETTE["rule"], alpha=0.3, linewidth=0, zorder=-1
            )
        for level, verdict in enumerate(verdicts):
            _draw_verdict(axes, level, verdict)
        cells = zip(data["value"], data["fired"], strict=True)
        for place, (value, fired) in enumerate(cells):
            level, column = divmod(place, len(_SHOWN))
            text = _cell_text(value, is_share=_SHOWN[column].is_share)
            _draw_cell(axes, lead + column, level, text, fired=fired)
        for column, shown in enumerate(_SHOWN):
            axes.annotate(
                shown.head,
                (lead + column + 0.5, 1),
                xycoords=axes.get_xaxis_transform(),
                xytext=(0, 4),
                textcoords="offset points",
                ha="center",
                fontsize=SMALL_SIZE,
                annotation_clip=False,
            )
        axes.set_yticks(range(len(names)), label_texts(names, 48))
        axes.set_xticks([])
        axes.tick_params(axis="y", length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return axes


def _draw_verdict(axes: "Axes", level: int, verdict: str) -> None:
    colour, marker = _LOOKS[verdict]
    axes.plot(
        0.25,
        level,
        marker=marker,
        color=PALETTE[colour],
        markersize=4.8,
        markeredgewidth=1.5 if marker == "x" else 0,
        linestyle="none",
    )
    axes.text(0.45, level, verdict, va="center", fontsize=SMALL_SIZE)


def _draw_cell(axes: "Axes", left: float, level: int, text: str, *, fired: str) -> None:
    if fired:
        axes.fill_between(
            [left + 0.08, left + 0.92],
            level - 0.42,
            level + 0.42,
            color=PALETTE[_LOOKS[fired][0]],
            alpha=0.35,
            linewidth=0,
        )
    axes.text(
        left + 0.5,
        level,
        text,
        va="center",
        ha="center",
        fontsize=SMALL_SIZE,
        fontweight="bold" if fired else "normal",
        color=PALETTE["ink"] if fired else PALETTE["muted"],
    )


def _cell_text(value: float, *, is_share: bool) -> str:
    """A share as percent, a correlation with two decimals.

    >>> _cell_text(0.356, is_share=True), _cell_text(-0.356, is_share=False)
    ('36 %', '−0.36')
    >>> _cell_text(-0.001, is_share=False)
    '0.00'
    """
    if math.isnan(value):
        return MISSING
    return (
        f"{format_number(100 * value, 0)} %"
        if is_share
        else format_number(round(value, 2) + 0.0, 2)
    )


def assessment_figure(data: pd.DataFrame) -> "Figure":
    """The table of figures, of the height that the signatures need.

    Parameters
    ----------
    data
        What `assessment_data` returns.
    """
    names = label_texts(data[Result.SIGNATURE].drop_duplicates().tolist(), 48)
    left, width = widest(names) + 0.15, _VERDICT + _CELL * len(_SHOWN)
    height = _ROW * len(names)
    with figure_style():
        figure = new_figure(left + width + 0.1, height + _HEAD + 0.1)
        draw_assessment(axes_in_inches(figure, left, 0.05, width, height), data)
    return figure


def assessment_alt(data: pd.DataFrame) -> str:
    """The assessment in words: how many signatures have which verdict, and which were refused.

    Parameters
    ----------
    data
        What `assessment_data` returns.
    """
    each = data.drop_duplicates(Result.SIGNATURE)
    numbers = ", ".join(f"{each[Quality.VERDICT].eq(v).sum()} {v}" for v in reversed(VERDICTS))
    refused = each[each[Quality.VERDICT].eq("refuse")]
    told = [
        f"{clean_label(name)} ({clean_label(reasons, 120)})"
        for name, reasons in zip(refused[Result.SIGNATURE], refused[Quality.REASONS], strict=True)
    ]
    more = f" and {len(told) - 8} more" if len(told) > 8 else ""
    return " ".join(
        [
            f"Verdicts on {count(len(each), 'signature')}: {numbers}.",
            f"Refused: {'; '.join(told[:8])}{more}." if told else "None was refused.",
        ]
    )
