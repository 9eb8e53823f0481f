"""The lines and columns of text of a forest plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from neurosig.keys import OK, Pooled, Result
from neurosig.outcomes.pooling.random_effects import is_narrow
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
_DAGGER: Final = " †"
_PAIR_HEIGHT: Final = 1.25
"""Height of a line with two intervals, in lines."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a row with its texts, or else words (the name of an endpoint, or a note)."""

    y: float
    texts: tuple[str, ...] = ()
    row: pd.Series | None = None
    is_common: bool = False
    words: str = ""
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Lines, heads and widths (inches) of the text columns.

    The columns are label, n | effect, p, q and, in a summary, the common effect. The footnotes
    explain the daggers and name the signatures without an estimate.
    """

    lines: tuple[Line, ...]
    heads: tuple[str, ...]
    widths: tuple[float, ...]
    bottom: float
    footnotes: tuple[str, ...]

    @property
    def left(self) -> float:
        """The room that the columns at the left of the axis take."""
        return self.widths[0] + self.widths[1] + 2 * GAP

    @property
    def right(self) -> float:
        """The room that the columns at its right take."""
        return sum(self.widths[2:]) + GAP * len(self.widths[2:])

    def wrapped_footnotes(self, axis_width: float) -> tuple[str, ...]:
        """The footnotes in lines that are as wide as the whole plot."""
        room = self.left + axis_width + self.right
        return tuple(line for note in self.footnotes for line in _wrapped(note, room))


def effect_name(data: pd.DataFrame) -> str:
    """What the effect is, as the result table says it: "HR per SD" for example."""
    names = data[Result.EFFECT_SCALE].dropna()
    name = clean_label(str(names.iloc[0]).replace("_", " ")) if len(names) else "effect"
    return name[:1].upper() + name[1:]


def has_common(row: pd.Series) -> bool:
    """Whether a common effect stands beside the row's effect, as it does with few cohorts."""
    return bool(np.isfinite(_as_float(row.get(Pooled.EFFECT_COMMON))))


def is_summary_of_both(data: pd.DataFrame) -> bool:
    """Whether it is one row per signature with the random-effects and the common effect."""
    is_summary = data["kind"].iloc[0] == SIGNATURE
    return bool(is_summary and any(has_common(row) for _, row in data.iterrows()))


def lay_out(data: pd.DataFrame, effect_label: str) -> Layout:
    """Place the rows of `forest_data` or `summary_forest_data` below one another."""
    kind = str(data["kind"].iloc[0])
    is_estimated = np.isfinite(data[Result.EFFECT].to_numpy(dtype=np.float64))
    named_below = data[(data["kind"].eq(SIGNATURE) & ~is_estimated)]
    # a figure needs at least one line
    named_below = named_below if len(named_below) < len(data) else data.iloc[:0]
    shown = data.drop(index=named_below.index)
    endpoints = shown[Result.ENDPOINT].drop_duplicates().tolist()
    has_headings = len(endpoints) > 1 or (kind == COHORT and bool(endpoints[0]))
    is_both = is_summary_of_both(data)
    lines: list[Line] = []
    y = _PAIR_HEIGHT / 2 - 0.5 if is_both else 0.0
    for endpoint in endpoints:
        if has_headings:
            y += 0.35 if lines else 0.0
            name = clean_label(endpoint) or "endpoint not named"
            lines.append(Line(y, words=name, is_heading=True))
            y += 1
        for _, row in shown[shown[Result.ENDPOINT].eq(endpoint)].iterrows():
            if row["kind"] == POOLED:
                lines += _pooled_lines(row, y)
                y = lines[-1].y + (0.75 if lines[-1].words else 1.0)
                continue
            lines.append(Line(y, _texts_of_both(row) if is_both else row_texts(row), row))
            y += _PAIR_HEIGHT if is_both else 1
    heads = _heads(data, kind, effect_label, is_both)
    if Result.Q_VALUE not in data.columns or not data[Result.Q_VALUE].notna().any():
        heads, lines = _without_q(heads, lines)
    bottom = y - (_PAIR_HEIGHT / 2 if is_both else 0.5)
    footnotes = (*_narrow_note(shown), *_not_estimated(named_below))
    return Layout(tuple(lines), heads, _widths(lines, heads), bottom, footnotes)


def level_words(data: pd.DataFrame) -> str:
    """What the brackets after an effect are: " [95 % CI]"."""
    level = data[Result.CI_LEVEL].dropna()
    return f" [{100 * float(level.iloc[0]):g} % CI]" if len(level) else " [CI]"


def _heads(data: pd.DataFrame, kind: str, effect_label: str, is_both: bool) -> tuple[str, ...]:
    label = kind.capitalize()
    if is_both:
        return label, "n / events", _model_name(data.iloc[0]), "p", "q", "Common effect"
    return label, "n / events", effect_label + level_words(data), "p", "q"


def _without_q(heads: tuple[str, ...], lines: list[Line]) -> tuple[tuple[str, ...], list[Line]]:
    from dataclasses import replace

    kept = [i for i, head in enumerate(heads) if head != "q"]
    shorter = [
        replace(line, texts=tuple(line.texts[i] for i in kept)) if line.texts else line
        for line in lines
    ]
    return tuple(heads[i] for i in kept), shorter


def _pooled_lines(row: pd.Series, y: float) -> list[Line]:
    """The pooled effect, the common effect where it is known, and what is to be known of both."""
    lines = [Line(y, row_texts(row), row)]
    if has_common(row):
        lines.append(Line(y + 1, _common_texts(row), row, is_common=True))
    notes = [_heterogeneity(row)] if pd.notna(row.get(Pooled.I2)) else []
    if is_narrow(_as_float(row.get(Pooled.Q_SCALE))):
        notes.append(_narrow_interval(row))
    first = lines[-1].y + 0.85
    return lines + [Line(first + 0.75 * i, words=note) for i, note in enumerate(notes)]


def _widths(lines: list[Line], heads: tuple[str, ...]) -> tuple[float, ...]:
    rows = [line.texts for line in lines if line.row is not None]
    is_bold = any(line.row is not None and line.row["kind"] == POOLED for line in lines)
    label, numbers, *others = (
        max(text_width(head, bold=True), widest(texts, bold=is_bold))
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
        label = _model_name(row) if row[Result.STATUS] == OK else f"Pooled ({_reason(row)})"
    effect = float(row[Result.EFFECT])
    if not np.isfinite(effect):
        return label, _numbers(row), clean_label(f"not estimated: {_reason(row)}", 34), "", ""
    interval = format_interval(
        effect, float(row[Result.EFFECT_LOW]), float(row[Result.EFFECT_HIGH])
    )
    p_text, q_text = _p_text(row[Result.P_VALUE]), _p_text(row[Result.Q_VALUE])
    return label, _numbers(row), interval, p_text, q_text


def _texts_of_both(row: pd.Series) -> tuple[str, ...]:
    """The texts of a signature's line with its common effect, or why there is none."""
    label, numbers, interval, p_text, q_text = row_texts(row)
    dagger = _DAGGER if _is_too_narrow(row) else ""
    common = common_interval(row) if has_common(row) else _reason(row)
    return label, numbers, interval + dagger, p_text, q_text, common


def _common_texts(row: pd.Series) -> tuple[str, ...]:
    p_text = _p_text(row.get(Pooled.P_VALUE_COMMON))
    return "Common effect", _numbers(row), common_interval(row), p_text, ""


def common_interval(row: pd.Series) -> str:
    """The common effect with its interval, or nothing."""
    if not has_common(row):
        return ""
    names = (Pooled.EFFECT_COMMON, Pooled.EFFECT_LOW_COMMON, Pooled.EFFECT_HIGH_COMMON)
    return format_interval(*(_as_float(row.get(name)) for name in names))


def common_words(row: pd.Series) -> str:
    """The common effect as the end of a sentence, or nothing."""
    interval = common_interval(row)
    p_text = _p_text(row.get(Pooled.P_VALUE_COMMON))
    return f"; common effect {interval}{f', p {p_text}' if p_text else ''}" if interval else ""


def _model_name(row: pd.Series) -> str:
    """The model of a pooled effect in short, from the words of its table."""
    model = str(row.get(Result.MODEL, ""))
    name = next((n for n in ("Random effects", "Common effect") if model.startswith(n.lower())), "")
    return f"{name} (HK)" if name and "Hartung-Knapp" in model else name or "Pooled"


def _numbers(row: pd.Series) -> str:
    counts = [_whole(row[Result.N]), _whole(row[Result.N_EVENTS])]
    return " / ".join(text for text in counts if text) or MISSING


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


def _narrow_interval(row: pd.Series) -> str:
    """What to read instead where the Hartung-Knapp factor makes an interval narrow."""
    factor = f"HK factor {_as_float(row[Pooled.Q_SCALE]):.2g} < 1"
    low, high = _wider(row)
    if np.isnan(low):
        return factor
    if not _is_too_narrow(row):
        return f"{factor}: the HK interval is still the wider one"
    return f"{factor}: wider interval {format_interval(1.0, low, high).split(' ', 1)[1]}"


def _wider(row: pd.Series) -> tuple[float, float]:
    names = (Pooled.EFFECT_LOW_WIDER, Pooled.EFFECT_HIGH_WIDER)
    low, high = (_as_float(row.get(name)) for name in names)
    return low, high


def _is_too_narrow(row: pd.Series) -> bool:
    """Whether the normal interval is wider than that of the row."""
    low, high = _wider(row)
    same = np.isclose([low, high], [row[Result.EFFECT_LOW], row[Result.EFFECT_HIGH]])
    return bool(np.isfinite(low) and not same.all())


def _narrow_note(rows: pd.DataFrame) -> tuple[str, ...]:
    is_narrow = rows["kind"].eq(SIGNATURE) & rows.apply(_is_too_narrow, axis=1)
    note = (
        f"{_DAGGER.strip()} HK factor below 1: this interval is narrower than the normal one; the "
        "table has the wider."
    )
    return (note,) * bool(is_narrow.any())


def _not_estimated(rows: pd.DataFrame) -> tuple[str, ...]:
    """The signatures without an estimate, by reason."""
    reasons = rows.apply(_reason, axis=1) if len(rows) else pd.Series(dtype=object)
    return tuple(
        f"Not estimated, {reason} ({len(group)}): "
        + ", ".join(clean_label(label, 44) for label in group["label"].drop_duplicates())
        for reason, group in rows.groupby(reasons, sort=False)
    )


def _wrapped(text: str, room: float) -> Sequence[str]:
    """The text in lines no wider than that many inches."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, SMALL_SIZE) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
