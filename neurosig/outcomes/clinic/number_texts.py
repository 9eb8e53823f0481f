"""How the distinct texts of a column read: as numbers, codes, dates, or what is in between.

A column is numbers only if every one of its texts is one; what could mean two things is told apart
here and refused by the caller with `not_numbers`.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal

from neurosig.errors import ClinicalError, count, examples

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)
_COMMA_NUMBER: Final = re.compile(r"[+-]?(\d+,\d+|,\d+)(e[+-]?\d+)?", re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d{1,3}(\.\d{3})+,\d+")
_SPACED: Final = re.compile(r"[+-]?\d{1,3}([\s'_\u2019]\d{3})+([.,]\d+)?")
_BARE_EXPONENT: Final = re.compile(r"\d+[eE]\d+")
_DATE: Final = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})"
    r"|\d{1,2}[- ]?[a-z]{3,9}[- ]?\d{2,4}",
    re.IGNORECASE,
)

Decimal = Literal[".", ","]
Reading = Literal["number", "code", "text", "decimal comma", "thousands", "date"]


def reading_of(known: Sequence[str], decimal: Decimal) -> Reading:
    """Tell how the distinct texts of a column read.

    >>> [reading_of(known, ".") for known in (["61", "7.5"], ["61", "7,5"], ["01", "11"])]
    ['number', 'decimal comma', 'code']
    """
    readings = {_cell_reading(cell, decimal) for cell in known}
    if readings == {"date"}:
        return "date"
    if readings & {"text", "date"}:
        return "text"
    # "12,5" beside "1,234" settles that the comma is a decimal mark, not the other way round
    for refused in ("decimal comma", "thousands"):
        if refused in readings:
            return refused
    return "code" if _are_codes(known) else "number"


def _are_codes(known: Sequence[str]) -> bool:
    """Whether texts that are all numbers are codes; a stray `00` among counts makes them none."""
    is_padded = any(cell[0] == "0" and len(cell) > 1 for cell in known)
    has_one_width = len({len(cell) for cell in known}) == 1 and all(map(str.isdecimal, known))
    return (is_padded and has_one_width) or any(map(_BARE_EXPONENT.fullmatch, known))


def _cell_reading(cell: str, decimal: Decimal) -> Reading:
    if decimal == "," and _COMMA_NUMBER.fullmatch(cell):
        return "number"
    if _NUMBER.fullmatch(cell):
        if decimal == "," and "." in cell:
            return "thousands"
        return "number"
    if _THOUSANDS.fullmatch(cell):
        return "thousands"
    if _COMMA_NUMBER.fullmatch(cell):
        return "decimal comma"
    return "date" if _DATE.fullmatch(cell) else "text"


def parse_number(cell: str, decimal: Decimal) -> float:
    """Return a text that reads as a number as that number."""
    return float(cell.replace(",", ".") if decimal == "," else cell)


def not_numbers(
    name: str,
    known: Sequence[str],
    reading: str,
    decimal: Decimal,
    error: type[ClinicalError],
) -> ClinicalError:
    """Make the error for a column that is no numbers, with what would settle it."""
    wanted = {reading} if reading not in ("text", "date") else {"text", "date"}
    offending = [c for c in known if _cell_reading(c, decimal) in wanted] or list(known)
    evidence = f"{count(len(offending), 'distinct value')}: {examples(offending)}"
    other = "." if decimal == "," else ","
    what, remedy = {
        "decimal comma": (
            "has numbers with a decimal comma",
            'Read the table with decimal=","; if they are no numbers, keep the column as text '
            f"with text=({name!r},)",
        ),
        "thousands": (
            "has numbers that could be decimal or grouped in thousands",
            f'Write them without thousands separators, or read with decimal="{other}" if that is '
            f"what they mean; to keep the column as text give text=({name!r},)",
        ),
        "date": (
            "holds dates where numbers are needed",
            "Give the days since diagnosis or surgery: "
            f'(pd.to_datetime(table[{name!r}]) - pd.to_datetime(table["start"])).dt.days',
        ),
    }.get(
        reading,
        (
            "holds texts where numbers are needed",
            "Write them without thousands separators"
            if all(map(_SPACED.fullmatch, offending))
            else f"If they mean missing, read the table with missing=({offending[0]!r},)",
        ),
    )
    return error(f"The column {name!r} {what}", evidence, remedy, column=name, values=offending[:5])


def plain_number(text: str) -> float | None:
    """Return the number a text is with a decimal point, None if it is none."""
    return float(text) if _NUMBER.fullmatch(text) else None
