"""How far comparisons are from their reference: `pytest tests/golden --differences FILE.csv`.

With the option, every comparison by `np.testing.assert_allclose`, `np.testing.assert_array_equal`
and `pytest.approx` leaves its largest difference; the file has a row per test, parameters taken
together. Without it nothing is wrapped.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TESTS = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--differences",
        metavar="FILE",
        help="write the largest difference that the comparisons of each test saw (CSV)",
    )


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--differences")
    if not file:
        return
    if config.getoption("numprocesses", None):
        raise pytest.UsageError("--differences needs one process: leave out -n")
    config.pluginmanager.register(Recorder(Path(file)))


@dataclass
class Largest:
    """The largest differences of one test over all its comparisons.

    `scaled` is |ours - theirs| / max(1, |theirs|): absolute for small numbers, relative for large.
    """

    n: int = 0
    absolute: float = 0.0
    relative: float = 0.0
    scaled: float = 0.0

    def add(self, ours: Any, theirs: Any) -> None:
        a, b = _numbers(ours), _numbers(theirs)
        if a is None or b is None:
            return
        a, b = np.broadcast_arrays(a, b)
        differ = ~((a == b) | (np.isnan(a) & np.isnan(b)))
        gap = np.abs(a[differ] - b[differ])
        size = np.abs(b[differ])
        self.n += a.size
        if gap.size == 0:
            return
        with np.errstate(divide="ignore", invalid="ignore"):
            self.absolute = max(self.absolute, float(gap.max()))
            self.relative = max(self.relative, float((gap / size).max()))
            self.scaled = max(self.scaled, float((gap / np.maximum(size, 1.0)).max()))


def _numbers(values: Any) -> np.ndarray | None:
    """As an array of floats; None for what is no number (names, dates)."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        return None


@dataclass(eq=False)  # pytest keeps plugins in sets
class Recorder:
    """The plugin behind the option; a comparison outside of a test's own call is not counted."""

    file: Path
    found: dict[str, Largest] = field(default_factory=dict)
    current: Largest | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item):
        path = item.path.resolve()
        name = item.nodeid.split("::", 1)[-1].split("[")[0]
        if path.is_relative_to(TESTS):
            key = f"{path.relative_to(TESTS).as_posix()}::{name}"
            self.current = self.found.setdefault(key, Largest())
        with pytest.MonkeyPatch.context() as patch:
            for function in ("assert_allclose", "assert_array_equal"):
                original = getattr(np.testing, function)
                patch.setattr(np.testing, function, self._watched(original))
            scalar = type(pytest.approx(0.0))  # lists, mappings and arrays compare by these
            patch.setattr(scalar, "__eq__", self._watched_approx(scalar.__eq__))
            try:
                return (yield)
            finally:
                self.current = None

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus != pytest.ExitCode.OK:
            return  # differences of failing tests are no result
        rows = [
            (name, seen.n, *(f"{x:.2g}" for x in (seen.absolute, seen.relative, seen.scaled)))
            for name, seen in sorted(self.found.items())
        ]
        with self.file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerows([("test", "n", "absolute", "relative", "scaled"), *rows])

    def _watched(self, compare: Callable[..., None]) -> Callable[..., None]:
        @wraps(compare)
        def watched(actual: Any, desired: Any, *args: Any, **options: Any) -> None:
            compare(actual, desired, *args, **options)
            if self.current is not None:
                self.current.add(actual, desired)

        return watched

    def _watched_approx(self, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
        def watched(approx: Any, actual: Any) -> bool:
            is_equal = compare(approx, actual)
            if is_equal and np.ndim(actual) == 0 and self.current is not None:
                self.current.add(actual, approx.expected)
            return is_equal

        return watched
