"""The tables of false-positive rates as text for the documentation."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.null_r import Checked
from benchmarks.null_rates import LEVELS, Rate, allowed
from benchmarks.results import as_markdown

NAME = "null_calibration"
_MARKS = {"too often": "▲", "too rarely": "▼", "": ""}


def text(rates: Sequence[Rate], checked: Sequence[Checked], n_cohorts: int) -> str:
    """What the page has between its marks."""
    regimes = list(dict.fromkeys(rate.regime for rate in rates))
    lines = [f"- R{i}: {regime}" for i, regime in enumerate(regimes, 1)]
    limits = [allowed(n_cohorts, level, len(rates)) for level in LEVELS]
    inside = " and ".join(
        f"from {100 * low:.1f} to {100 * high:.1f} % at {level:.0%}"
        for level, (low, high) in zip(LEVELS, limits, strict=True)
    )
    parts = [
        f"{n_cohorts:,} cohorts of each regime, another number where the table says so:",
        "\n".join(lines),
        (
            f"Each cell: percent of the cohorts with p at most 5 % / 1 %. The bounds hold for all "
            f"{len(rates):,} rates at once (95 %): with {n_cohorts:,} cohorts a test that keeps "
            f"its level has rates {inside}. ▲ and ▼ mark rates whose bounds leave the level out: "
            "too often, too rarely."
        ),
        as_markdown(_table(rates, regimes, n_cohorts)),
    ]
    if checked:
        parts += [
            "Rates outside their bounds, and the p-values of R on the same cohorts:",
            as_markdown(_outside(checked, regimes)),
        ]
    return "\n\n".join(parts)


def _table(
    rates: Sequence[Rate], regimes: Sequence[str], n_cohorts: int
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    found = {(rate.test, rate.regime, rate.level): rate for rate in rates}
    rows = []
    for test in dict.fromkeys(rate.test for rate in rates):
        sizes = {rate.n for rate in rates if rate.test == test}
        other = [n for n in sorted(sizes) if not 0.95 * n_cohorts <= n <= n_cohorts]
        counted = f" ({', '.join(f'{n:,}' for n in other)} cohorts)" if other else ""
        cells = []
        for regime in regimes:
            pair = [found.get((test, regime, level)) for level in LEVELS]
            cells.append(" / ".join(_cell(rate) for rate in pair if rate))
        rows.append((test + counted, *cells))
    return ("test", *(f"R{i}" for i in range(1, len(regimes) + 1))), rows


def _cell(rate: Rate) -> str:
    return f"{100 * rate.rate:.1f}{_MARKS[rate.verdict]}"


def _outside(
    checked: Sequence[Checked], regimes: Sequence[str]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    rows = []
    for one in checked:
        rate = one.rate
        bounds = f"{100 * rate.rate:.1f} ({100 * rate.low:.1f} to {100 * rate.high:.1f})"
        if not one.n_compared:
            verdict = "no such test in R here"
        else:
            same = "equal" if one.is_equal else "**different**"
            verdict = (
                f"{same}: {one.call}, {one.n_compared} cohorts, at most {one.largest:.1g} apart"
            )
        place = f"R{regimes.index(rate.regime) + 1}"
        rows.append((rate.test, place, f"{rate.level:.0%}", bounds, verdict))
    return ("test", "regime", "level", "rate in %, bounds", "R"), rows


def put(page: Path, name: str, tables: str) -> None:
    """Replace what the page has between the marks of a benchmark."""
    begin, end = (f"<!-- python -m benchmarks.{name}: {word} -->" for word in ("begin", "end"))
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{page} has no place for the tables: {begin} ... {end}")
    page.write_text(f"{before}{begin}\n\n{tables}\n\n{end}{after}", encoding="utf-8")
