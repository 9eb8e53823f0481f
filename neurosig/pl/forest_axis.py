"""The axis of a forest plot: its scale, its ends and its ticks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.keys import Pooled, Result
from neurosig.outcomes.results import is_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDE: Final = (0.01, 0.1, 1.0, 10.0, 100.0)
_MIDDLE: Final = (0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
_NARROW: Final = (0.25, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
_FINE: Final = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4)
_LEAST: Final = 2.0
"""An interval of a ratio may always reach to this and to its inverse."""
_LONGEST: Final = 3.0
"""An interval may reach this many times further from the null than the furthest estimate."""


@dataclass(frozen=True, slots=True)
class EffectAxis:
    """Scale and ends of the axis; `null` is where there is no effect."""

    is_log: bool
    low: float
    high: float

    @property
    def null(self) -> float:
        """1 for ratios, 0 for differences."""
        return 1.0 if self.is_log else 0.0

    @classmethod
    def of(cls, data: pd.DataFrame) -> "EffectAxis":
        """The axis that shows all estimates and, where they are not very wide, all intervals.

        Where the common effect stands beside a pooled one its interval counts instead: that of few
        cohorts' random effects spans everything.
        """
        names = data[Result.EFFECT_SCALE].dropna()
        is_log = is_ratio(str(names.iloc[0])) if len(names) else True
        values = _shown_values(data)
        if is_log:
            values = np.log(np.where(values > 0, values, np.nan))
        finite = np.where(np.isfinite(values), values, 0.0)
        reach = float(np.abs(finite[:, 0]).max(initial=0.0)) * _LONGEST
        reach = max(reach, np.log(_LEAST) if is_log else float(np.abs(finite).max()) / 2)
        low = max(float(finite.min(initial=0.0)), -reach)
        high = min(float(finite.max(initial=0.0)), reach)
        pad = 0.06 * ((high - low) or 1.0)
        ends = np.array([low - pad, high + pad])
        return cls(is_log, *(float(end) for end in (np.exp(ends) if is_log else ends)))

    def inside(self, value: float) -> float:
        """The value, or the end of the axis that it lies beyond."""
        if np.isnan(value):
            return self.null
        return min(max(value, self.low), self.high)

    def share_kept(self, middle: float, end: float) -> float:
        """How much of the way from an estimate to a limit is inside: 1, or less where it is cut."""
        inside = np.array([self.inside(middle), self.inside(end), middle, end])
        if self.is_log:
            inside = np.log(inside)
        way = inside[3] - inside[2]
        return 1.0 if inside[1] == inside[3] or way == 0 else float((inside[1] - inside[0]) / way)

    def ticks(self) -> list[float]:
        """Round values between the ends; for ratios they are the ones a reader expects."""
        if not self.is_log:
            from matplotlib.ticker import MaxNLocator

            steps = MaxNLocator(5).tick_values(self.low, self.high)
            return [float(t) for t in steps if self.low <= t <= self.high]
        for candidates, fewest in ((_WIDE, 4), (_MIDDLE, 4), (_NARROW, 3), (_FINE, 2)):
            ticks = [t for t in candidates if self.low <= t <= self.high]
            if len(ticks) >= fewest:
                return ticks
        return [1.0]

    def apply(self, axes: "Axes") -> None:
        """Give an Axes this scale, these ends and plain tick labels."""
        if self.is_log:
            axes.set_xscale("log")
        axes.set_xlim(self.low, self.high)
        ticks = self.ticks()
        axes.set_xticks(ticks, [f"{t:g}".replace("-", "\u2212") for t in ticks])
        axes.set_xticks([], minor=True)


def _shown_values(data: pd.DataFrame) -> NDArray[np.float64]:
    """Estimate, lower and upper limit of every interval that the axis has to show."""

    def numbers(*names: str) -> NDArray[np.float64]:
        columns = data.reindex(columns=list(names)).apply(pd.to_numeric, errors="coerce")
        return np.array(columns, dtype=np.float64)

    effects = numbers(Result.EFFECT, Result.EFFECT_LOW, Result.EFFECT_HIGH)
    common = numbers(Pooled.EFFECT_COMMON, Pooled.EFFECT_LOW_COMMON, Pooled.EFFECT_HIGH_COMMON)
    effects[np.isfinite(common[:, 0]), 1:] = np.nan
    return np.concatenate([effects, common])
