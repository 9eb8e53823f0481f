"""Whether a covariate means the same in several cohorts, as far as its values tell."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ClinicalWarning, examples
from neurosig.outcomes.clinic.clean import (
    declared_levels,
    find_column,
    numbers_of,
    reads_as_numbers,
    texts_of,
)
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.level_order import common_order
from neurosig.outcomes.clinic.number_texts import plain_number
from neurosig.outcomes.design import Term

OTHER_UNIT: Final = 10.0
"""Times that one median is the other, of positive numbers whose ranges do not meet."""

MOST_CODES: Final = 10
"""Different numbers that may be codes of levels, which another cohort can have as texts."""

FloatArray = NDArray[np.float64]
Columns = Mapping[str, "pd.Series[Any]"]


def check_coding(cohorts: Sequence[Cohort], terms: Iterable[Term]) -> None:
    """Refuse levels without a counterpart in another cohort; warn of numbers in another unit.

    Raises
    ------
    ClinicalError
        Two cohorts have no level of a categorical covariate in common, or one has numbers where
        another has texts.

    Warns
    -----
    ClinicalWarning
        The ranges of a numeric covariate do not meet, and one median is ten times the other;
        ordered categoricals have orders that contradict each other.
    """
    for term in terms:
        columns = {c.name: find_column(c.data, term.column) for c in cohorts}
        is_number = {name: reads_as_numbers(column) for name, column in columns.items()}
        if all(is_number.values()) and term.kind != "categorical" and term.reference is None:
            _warn_of_units(term.column, columns)
            continue
        levels = {n: {c for c in texts_of(v) if c is not None} for n, v in columns.items()}
        _refuse_numbers_beside_texts(term.column, levels, is_number)
        _refuse_other_levels(term.column, levels)
        _warn_of_orders(term.column, columns)


def is_other_unit(first: FloatArray, second: FloatArray) -> bool:
    """Whether positive numbers look like the same quantity in two units.

    >>> is_other_unit(np.array([40.0, 61, 80]), np.array([14_600.0, 22_300, 29_200]))  # years, days
    True
    """
    small, large = sorted((first, second), key=np.median)
    apart = small.min() > 0 and small.max() < large.min()
    return bool(apart and np.median(large) >= OTHER_UNIT * np.median(small))


def _refuse_numbers_beside_texts(
    column: str, levels: Mapping[str, set[str]], is_number: Mapping[str, bool]
) -> None:
    measured = [n for n, is_so in is_number.items() if is_so and len(levels[n]) > MOST_CODES]
    texts = [n for n, is_so in is_number.items() if not is_so and levels[n]]
    if measured and texts:
        raise ClinicalError(
            f"The column {column!r} is numbers in {measured[0]} and texts in {texts[0]}",
            f"{measured[0]} has {len(levels[measured[0]]):,} different numbers; {texts[0]} has "
            f"{examples(sorted(text for text in levels[texts[0]] if plain_number(text) is None))}",
            "Code it in one way, with texts that mean missing set to missing, or leave it out",
            column=column,
            cohorts=(measured[0], texts[0]),
        )


def _refuse_other_levels(column: str, levels: Mapping[str, set[str]]) -> None:
    known = {name: found for name, found in levels.items() if found}
    for first, second in combinations(known, 2):
        if known[first] & known[second]:
            continue
        folded = [{text.casefold() for text in known[name]} for name in (first, second)]
        raise ClinicalError(
            f"{first} and {second} have no level of {column!r} in common",
            f"{first} has {examples(sorted(known[first]))}; {second} has "
            f"{examples(sorted(known[second]))}"
            + ("; they differ in upper and lower case" if folded[0] & folded[1] else ""),
            "Code it in one way (recode in a configuration), or leave it out",
            column=column,
            cohorts=(first, second),
        )


def _warn_of_orders(column: str, columns: Columns) -> None:
    orders = {name: declared_levels(values) for name, values in columns.items()}
    stated = {name: order for name, order in orders.items() if order}
    for first, second in combinations(stated, 2):
        if common_order([stated[first], stated[second]]):
            continue
        warnings.warn(
            ClinicalWarning(
                f"The levels of {column!r} come in different orders in {first} and {second}",
                f"{first}: {' < '.join(stated[first])}; {second}: {' < '.join(stated[second])}",
                "Levels are taken by value or alphabet; give all cohorts one order",
            ),
            stacklevel=4,
        )
        return


def _warn_of_units(column: str, columns: Columns) -> None:
    numbers = {name: numbers_of(values) for name, values in columns.items()}
    known = {name: v[np.isfinite(v)] for name, v in numbers.items() if np.isfinite(v).any()}
    for first, second in combinations(known, 2):
        small, large = sorted((first, second), key=lambda name: float(np.median(known[name])))
        medians = [float(np.median(known[name])) for name in (small, large)]
        if not is_other_unit(known[small], known[large]):
            continue
        warnings.warn(
            ClinicalWarning(
                f"The column {column!r} seems to have another unit in {large} than in {small}",
                f"The medians are {medians[1]:.4g} and {medians[0]:.4g}, and the ranges do not "
                f"meet: from {known[large].min():.4g}, up to {known[small].max():.4g}",
                "Bring it to one unit: a pooled model has one coefficient for all cohorts",
            ),
            stacklevel=4,
        )
        return
