"""Numbers of one column in two cohorts: are they of one unit, one coding, one range?

The limits are from the clinical tables of 33 types of TCGA and three breast cohorts, each number
column of one against that of each other, 7,900 pairs: no honest pair is taken for another unit or
coding, while 95 % of ages in months and all in days are (86 % in weeks; the others have values
outside of the range, which are warned of).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MOST_CODES: Final = 10
"""Different numbers that may be codes of levels."""

_UNIT: Final = 5.0
"""Times that a median is the other where the spread is so too: no pair of types of tumour is."""
_ANY_UNIT: Final = 100.0
"""Times that a median is the other, whatever the spread."""
_SAME_SHAPE: Final = 2.0
"""Times that SD over median may differ for one to be the other in another unit."""
_FAR: Final = 10.0
"""Widths of the middle 90 % between medians."""
_FAR_RATIO: Final = 2.0
"""Positive numbers that are far have such a ratio too: years of diagnosis have not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRange:
    """What is kept of a column of numbers.

    low, high: smallest and largest; core_low, core_high: the 5 and 95 % quantiles; sd: with n - 1,
    0 of one number; values: the different ones where they are at most ten, else empty.
    """

    low: float
    core_low: float
    median: float
    core_high: float
    high: float
    sd: float
    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, numbers: FloatArray) -> "NumberRange":
        """Of numbers, of which at least one is finite.

        >>> NumberRange.of(np.array([0.0, 1.0, np.nan, 1.0])).values
        (0.0, 1.0)
        """
        known = numbers[np.isfinite(numbers)]
        low, core_low, median, core_high, high = np.quantile(known, [0, 0.05, 0.5, 0.95, 1])
        different = np.unique(known)
        return cls(
            low=float(low),
            core_low=float(core_low),
            median=float(median),
            core_high=float(core_high),
            high=float(high),
            sd=float(known.std(ddof=1)) if known.size > 1 else 0.0,
            values=tuple(different.tolist()) if different.size <= MOST_CODES else (),
        )

    @property
    def is_possible(self) -> bool:
        """Whether its numbers are in order."""
        inside = self.low <= self.core_low <= self.median <= self.core_high <= self.high
        return inside and self.sd >= 0

    @property
    def words(self) -> str:
        """Its numbers in words.

        >>> NumberRange.of(np.arange(101.0)).words
        'median 50, 0 to 100'
        >>> NumberRange.of(np.array([2.0, 1.0])).words
        '1 and 2'
        """
        if 0 < len(self.values) <= 2:
            return " and ".join(f"{value:g}" for value in self.values)
        return f"median {self.median:.4g}, {self.low:.4g} to {self.high:.4g}"

    def is_of_other_unit(self, known: "NumberRange") -> bool:
        """Whether they can hardly be in the unit of the known ones.

        The middle 90 % do not meet, and the median is five times (or a fifth of) theirs with a
        spread that is so too, or a hundred times, or ten widths of their middle away.

        >>> years = NumberRange.of(np.arange(40.0, 80.0))
        >>> [NumberRange.of(factor * np.arange(30.0, 70.0)).is_of_other_unit(years)
        ...  for factor in (365.25, 12, 1, 1 / 12)]
        [True, True, False, True]
        """
        if self.core_low <= known.core_high and known.core_low <= self.core_high:
            return False
        is_far = abs(self.median - known.median) > _FAR * (known.core_high - known.core_low)
        if self.low <= 0 or known.low <= 0:
            return is_far
        ratio = _times(self.median, known.median)
        if ratio >= _ANY_UNIT or (is_far and ratio >= _FAR_RATIO):
            return True
        if ratio < _UNIT or not self.sd or not known.sd:
            return False
        return _times(self.sd / self.median, known.sd / known.median) < _SAME_SHAPE

    def is_of_other_code(self, known: "NumberRange") -> bool:
        """Whether the known ones have two values, and these, two or one, are not among them.

        >>> coded = [NumberRange.of(np.array(pair)) for pair in ([0.0, 1.0], [1.0, 2.0])]
        >>> coded[1].is_of_other_code(coded[0]), coded[0].is_of_other_code(coded[0])
        (True, False)
        """
        both = (self.values, known.values)
        return all(1 <= len(values) <= 2 for values in both) and not set(both[0]) <= set(both[1])


def _times(first: float, second: float) -> float:
    """How many times the smaller the larger is."""
    return max(first, second) / min(first, second)
