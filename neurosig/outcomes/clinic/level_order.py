"""The order of the levels of a clinical column."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from neurosig.outcomes.clinic.clean import declared_levels, texts_of
from neurosig.outcomes.clinic.number_texts import plain_number


def levels_of(values: "pd.Series[Any]") -> tuple[str, ...]:
    """The levels that occur, in the order of an ordered categorical, else as `in_order`.

    >>> levels_of(pd.Series(["III", "I", None]))
    ('I', 'III')
    >>> levels_of(pd.Series(pd.Categorical(["low", "high"], ["low", "mid", "high"], ordered=True)))
    ('low', 'high')
    """
    present = dict.fromkeys(cell for cell in texts_of(values) if cell is not None)
    declared = declared_levels(values)
    return tuple(level for level in declared if level in present) or in_order(present)


def in_order(levels: Iterable[str]) -> tuple[str, ...]:
    """Numbers by value, then words by the alphabet.

    >>> in_order(["10", "9"]), in_order(["III", "I", "2"])
    (('9', '10'), ('2', 'I', 'III'))
    """
    return tuple(sorted(levels, key=_place))


def common_order(orders: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The longest order if it holds all others, else none.

    >>> common_order([("I", "II"), ("I", "II", "III")]), common_order([("I", "II"), ("II", "I")])
    (('I', 'II', 'III'), ())
    """
    longest = max(orders, key=len)
    parts = [tuple(level for level in longest if level in order) for order in orders]
    is_common = all(part == tuple(order) for part, order in zip(parts, orders, strict=True))
    return tuple(longest) if is_common and all(orders) else ()


def _place(level: str) -> tuple[bool, float, str]:
    number = plain_number(level)
    return (number is None, number or 0.0, level)
