"""Found numbers against expected ones."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd

from neurosig.errors import count
from neurosig.reproduction.definition import Expected, FigureDefinition

PASS = "PASS"  # noqa: S105 - a verdict
FAIL = "FAIL"
COLUMNS = (
    "figure",
    "quantity",
    "expected",
    "found",
    "tolerance",
    "verdict",
    "origin",
    "script",
    "message",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One number of a figure; a figure that could not be made is one check without numbers."""

    figure: str
    quantity: str
    expected: float
    found: float
    tolerance: float
    origin: str
    script: str = ""
    message: str = ""

    @property
    def is_passed(self) -> bool:
        """Whether the number is there and within the tolerance."""
        return math.isfinite(self.expected) and abs(self.found - self.expected) <= self.tolerance

    @property
    def verdict(self) -> str:
        """PASS or FAIL."""
        return PASS if self.is_passed else FAIL

    def __str__(self) -> str:
        """One line that a reader can act on."""
        if not self.quantity:
            return _on_one_line(f"{self.verdict}  {self.figure}  {self.message}")
        line = (
            f"{self.verdict}  {self.figure}  {self.quantity}  expected {self.expected:.10g}  "
            f"found {self.found:.10g}  tolerance {self.tolerance:.2g}  ({self.origin})"
        )
        return _on_one_line(f"{line}  {self.message}".rstrip())


def _on_one_line(text: str) -> str:
    """The text without line breaks or other controls, by which a name could look like a verdict."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def compare(figure: str, definition: FigureDefinition, numbers: Mapping[str, float]) -> list[Check]:
    """Each expected number of a figure with the one found; one that is not there is NaN.

    A number passes where abs(found - expected) <= atol + rtol abs(expected).
    """
    checks = []
    for expected in definition.expected:
        for quantity, value in expected.numbers.items():
            checks.append(
                Check(
                    figure=figure,
                    quantity=quantity,
                    expected=float(value),
                    found=numbers.get(quantity, math.nan),
                    tolerance=_tolerance(expected, float(value)),
                    origin=expected.origin,
                    script=expected.script,
                    message="" if quantity in numbers else _unknown(quantity, numbers),
                )
            )
    return checks


def _tolerance(expected: Expected, value: float) -> float:
    return expected.atol + expected.rtol * abs(value)


def _unknown(quantity: str, numbers: Mapping[str, float]) -> str:
    close = get_close_matches(quantity, numbers, n=1)
    return "The figure has no such number" + (f", did you mean {close[0]!r}?" if close else "")


def blind_notes(checks: Iterable[Check]) -> list[str]:
    """Which figures have numbers that 0 would pass for too, and the widest such tolerance.

    >>> blind_notes([Check("forest", "effect[A]", 1.2, 1.2, 1e9, "R"),
    ...              Check("forest", "tau2[A]", 0.0, 0.0, 1e-8, "R")])
    ['forest: 0 would pass for 1 number that is not 0. effect[A]: expected 1.2, tolerance 1e+09']
    """
    blind: dict[str, list[Check]] = {}
    for check in checks:
        if check.expected != 0 and check.tolerance >= abs(check.expected):
            blind.setdefault(check.figure, []).append(check)
    notes = []
    for figure, found in blind.items():
        widest = max(found, key=lambda check: check.tolerance)
        notes.append(
            f"{figure}: 0 would pass for {count(len(found), 'number')} that "
            f"{'is' if len(found) == 1 else 'are'} not 0. {widest.quantity}: "
            f"expected {widest.expected:.6g}, tolerance {widest.tolerance:.2g}"
        )
    return notes


def not_made(figure: str, error: Exception) -> Check:
    """The check of a figure that could not be made."""
    nan = math.nan
    text = f"{type(error).__name__}: {error}"
    return Check(figure, "", nan, nan, nan, origin="", message=text)


def results_table(checks: Iterable[Check]) -> pd.DataFrame:
    """One row per number, in the order in which they were compared."""
    rows = [{name: getattr(check, name) for name in COLUMNS} for check in checks]
    return pd.DataFrame(rows, columns=list(COLUMNS))
