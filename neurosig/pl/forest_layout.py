"""The lines and columns of text of a forest plot."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from neurosig.keys import OK, Pooled, Result
from neurosig.pl.style import SMALL_SIZE, text_width, widest
from neurosig.pl.wording import (
    MISSING,
    clean_label,
    format_interval,
    format_number,
    format_p,
    p_phrase,
)

COHORT: Final = "cohort"
POOLED: Final = "pooled"
SIGNATURE: Final = "signature"
GAP: Final = 0.16
"""Inches between two columns of text."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a row with its texts, or else words (the name of an endpoint, or a note)."""

    y: float
    texts: tuple[str, ...] = ()
    row: pd.Series | None = None
    words: str = ""
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Lines, heads and widths (inches) of the text columns: label, n | effect, p, q."""

    lines: tuple[Line, ...]
    heads: tuple[str, ...]
    widths: tuple[float, ...]
    bottom: float

    @property
    def left(self) -> float:
        """The room that the columns at the left of the axis take."""
        return self.widths[0] + self.widths[1] + 2 * GAP

    @property
    def right(self) -> float:
        """The room that the columns at its right take."""
        return sum(self.widths[2:]) + GAP * len(self.widths[2:])


def effect_name(data: pd.DataFrame) -> str:
    """What the effect is, as the result table says it: "HR per SD" for example."""
    names = data[Result.EFFECT_SCALE].dropna()
    name = clean_label(str(names.iloc[0]).replace("_", " ")) if len(names) else "effect"
    return name[:1].upper() + name[1:]


def lay_out(data: pd.DataFrame, effect_label: str) -> Layout:
    """Place the rows of `forest_data` or `summary_forest_data` below one another."""
    kind = str(data["kind"].iloc[0])
    endpoints = data[Result.ENDPOINT].drop_duplicates().tolist()
    has_headings = len(endpoints) > 1 or (kind == COHORT and bool(endpoints[0]))
    lines: list[Line] = []
    y = 0.0
    for endpoint in endpoints:
        if has_headings:
            y += 0.35 if lines else 0.0
            name = clean_label(endpoint) or "endpoint not named"
            lines.append(Line(y, words=name, is_heading=True))
            y += 1
        for _, row in data[data[Result.ENDPOINT].eq(endpoint)].iterrows():
            lines.append(Line(y, row_texts(row), row))
            y += 1
            if row["kind"] == POOLED and pd.notna(row[Pooled.I2]):
                lines.append(Line(y - 0.15, words=_heterogeneity(row)))
                y += 0.85
    level = data[Result.CI_LEVEL].dropna()
    percent = f" [{100 * float(level.iloc[0]):g} % CI]" if len(level) else " [CI]"
    has_q = bool(data[Result.Q_VALUE].notna().any())
    heads = (kind.capitalize(), "n / events", effect_label + percent, "p", *(("q",) * has_q))
    return Layout(tuple(lines), heads, _widths(lines, heads), y - 0.5)


def _widths(lines: list[Line], heads: tuple[str, ...]) -> tuple[float, ...]:
    rows = [line.texts[: len(heads)] for line in lines if line.row is not None]
    label, numbers, *others = (
        max(text_width(head, bold=True), widest(texts, bold=True))
        for head, texts in zip(heads, zip(*rows, strict=True), strict=True)
    )
    headings = [line.words for line in lines if line.is_heading]
    notes = [line.words for line in lines if line.row is None and not line.is_heading]
    label = max(label, widest(headings, bold=True), widest(notes, SMALL_SIZE) - numbers - GAP)
    return (label, numbers, *others)


def row_texts(row: pd.Series) -> tuple[str, ...]:
    """Label, numbers, effect, p and q of a row."""
    label = clean_label(row["label"], 44)
    if row["kind"] == POOLED:
        label = "Pooled" if row[Result.STATUS] == OK else f"Pooled ({_reason(row)})"
    counts = [_whole(row[Result.N]), _whole(row[Result.N_EVENTS])]
    numbers = " / ".join(text for text in counts if text) or MISSING
    effect = float(row[Result.EFFECT])
    if not np.isfinite(effect):
        return label, numbers, clean_label(f"not estimated: {_reason(row)}", 34), "", ""
    interval = format_interval(
        effect, float(row[Result.EFFECT_LOW]), float(row[Result.EFFECT_HIGH])
    )
    return label, numbers, interval, _p_text(row[Result.P_VALUE]), _p_text(row[Result.Q_VALUE])


def _p_text(value: object) -> str:
    number = _as_float(value)
    return "" if np.isnan(number) else format_p(number)


def _whole(value: object) -> str:
    number = _as_float(value)
    return "" if np.isnan(number) else f"{int(number):,}"


def _as_float(value: object) -> float:
    return float(pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0])


def _reason(row: pd.Series) -> str:
    return str(row[Result.STATUS]).replace("_", " ")


def _heterogeneity(row: pd.Series) -> str:
    """How much the cohorts differ; I2 comes in percent."""
    return (
        f"{_whole(row[Pooled.N_COHORTS])} cohorts, I² {float(row[Pooled.I2]):.0f} %, "
        f"τ² {format_number(float(row[Pooled.TAU2]), 3)}, "
        f"heterogeneity {p_phrase(float(row[Pooled.P_HETEROGENEITY]))}"
    )
