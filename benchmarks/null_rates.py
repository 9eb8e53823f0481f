"""False-positive rates with bounds that hold for all of them at once."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

LEVELS = (0.05, 0.01)
CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often one test was below one level in one regime.

    low, high: bounds that contain every true rate of the table in 95 of 100 runs.
    """

    test: str
    regime: str
    level: float
    n: int
    hits: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """The share of cohorts below the level."""
        return self.hits / self.n

    @property
    def verdict(self) -> str:
        """Whether the level lies outside the bounds: the test rejects too often or too rarely."""
        if self.low > self.level:
            return "too often"
        return "too rarely" if self.high < self.level else ""


def bounds(hits: int, n: int, n_rates: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Clopper and Pearson's interval, its coverage raised by Sidak's formula for n_rates of them.

    A level of 1 - confidence^(1 / n_rates) each is exact for independent rates and a little wide
    for rates of the same cohorts.
    """
    from scipy.stats import beta

    tail = (1 - confidence ** (1 / n_rates)) / 2
    low = float(beta.ppf(tail, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def rates(found: Iterable[tuple[str, pd.DataFrame]]) -> list[Rate]:
    """The rates of all tests; found: a regime and its p-values, a row per cohort.

    A cohort without a test (NaN) does not count.
    """
    counts = [
        (test, regime, level, int(p.notna().sum()), int((p <= level).sum()))
        for regime, table in found
        for test, p in table.items()
        for level in LEVELS
        if p.notna().any()
    ]
    return [
        Rate(
            test=test,
            regime=regime,
            level=level,
            n=n,
            hits=hits,
            low=limits[0],
            high=limits[1],
        )
        for test, regime, level, n, hits in counts
        for limits in (bounds(hits, n, len(counts)),)
    ]


def allowed(n: int, level: float, n_rates: int) -> tuple[float, float]:
    """The smallest and the largest rate of n cohorts whose bounds hold the level."""
    inside = [
        hits / n
        for hits in range(int(4 * level * n) + 10)
        for limits in (bounds(hits, n, n_rates),)
        if limits[0] <= level <= limits[1]
    ]
    return float(np.min(inside)), float(np.max(inside))
