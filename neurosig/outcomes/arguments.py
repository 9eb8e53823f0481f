"""Arguments of verbs that are no options of a dataclass: numbers, names, shares, options."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import ParameterError, count, examples

_LONGEST_SHOWN = 60


def number_list(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """One number or several as an array.

    Raises
    ------
    ParameterError
        They are texts or other things that are no numbers.

    Examples
    --------
    >>> number_list("times", [1, 2.5]).tolist(), number_list("times", 3).tolist()
    ([1.0, 2.5], [3.0])
    """
    listed = np.atleast_1d(np.asarray(values, dtype=object))
    if listed.ndim != 1 or not all(is_number(v) for v in listed.ravel()):
        raise ParameterError(
            f"{name} cannot be {shown(values)}", "It holds what is no number", "Give numbers"
        )
    return listed.astype(np.float64)


def is_number(value: object) -> bool:
    """Whether it is one number; True and False are none.

    >>> is_number(np.float32(0.5)), is_number(True), is_number("0.5")
    (True, False, False)
    """
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def name_list(name: str, values: object) -> tuple[str, ...]:
    """One name or several, as of columns and signatures.

    Raises
    ------
    ParameterError
        They are no texts.

    Examples
    --------
    >>> name_list("strata", "sex"), name_list("strata", pd.Index(["sex", "stage"]))
    (('sex',), ('sex', 'stage'))
    """
    if isinstance(values, str):
        return (values,)
    listed = _listed(values)
    if listed is None or not all(isinstance(value, str) for value in listed):
        raise ParameterError(
            f"{name} cannot be {shown(values)}",
            f"It is of type {type(values).__name__}"
            if listed is None
            else "It holds what is no text",
            "Give a name, a list of names, or leave it out",
        )
    return tuple(str(value) for value in listed)


def listed_terms(name: str, values: object) -> list[object]:
    """What is in a list of terms, which are texts, mappings or other things.

    Raises
    ------
    ParameterError
        It is no list.
    """
    listed = _listed(values)
    if listed is None:
        raise ParameterError(
            f"{name} cannot be {shown(values)}",
            f"It is of type {type(values).__name__}",
            "Give a list, empty for none",
        )
    return listed


def check_share(name: str, value: object, meaning: str, default: float) -> None:
    """Refuse what is not a number between 0 and 1."""
    if not (is_number(value) and 0 < float(value) < 1):  # type: ignore[arg-type]
        raise ParameterError(
            f"{name} cannot be {shown(value)}",
            f"It is {meaning}, above 0 and below 1",
            f"The default is {default:g}",
        )


def check_count(name: str, value: object, lowest: int, default: int) -> None:
    """Refuse what is not a whole number, or lower than allowed."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or value < lowest:  # type: ignore[operator]
        raise ParameterError(
            f"{name} cannot be {shown(value)}",
            f"It is a whole number, {lowest} or more",
            f"The default is {default}",
        )


def check_choice(name: str, value: object, allowed: Iterable[str], default: str) -> None:
    """Refuse what is none of a few texts."""
    if not isinstance(value, str) or value not in allowed:
        raise ParameterError(
            f"{name} cannot be {shown(value)}",
            f"Allowed: {examples(allowed, limit=20)}",
            f"The default is {default!r}",
        )


def check_name(name: str, value: object) -> None:
    """Refuse what is not one text, as the name of a column or score."""
    if not isinstance(value, str):
        raise ParameterError(
            f"{name} cannot be {shown(value)}",
            f"It is of type {type(value).__name__}",
            "Give one name as a text",
        )


def check_option(name: str, value: object, kind: type) -> None:
    """Refuse what is not an instance of the dataclass of its options."""
    if not isinstance(value, kind):
        raise ParameterError(
            f"{name} cannot be {shown(value)}",
            f"It is of type {type(value).__name__}, not {kind.__name__}",
            f"Give ns.{kind.__name__}(...), or leave it out",
        )


def shown(value: object) -> str:
    """A value as an error shows it, long ones in part."""
    if isinstance(value, pd.DataFrame):
        return f"a table of {count(len(value), 'row')} with {examples(map(str, value.columns))}"
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _listed(values: object) -> list[object] | None:
    is_list = isinstance(values, Iterable) and not isinstance(
        values, str | bytes | Mapping | pd.DataFrame
    )
    return list(values) if is_list else None  # type: ignore[call-overload]
