"""Names that R or a spreadsheet changed, and what they may have been."""

import re
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Final

_AROUND = " \t\r\n\"'\u00a0\ufeff"
_COPY = re.compile(r"(.+)[.-]\d{1,3}")

# fmt: off
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)
# fmt: on
_MONTH = "|".join(["sept", *(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS)])
_WORD_DATES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<day>\d{{1,2}})[-/ .](?P<month>{_MONTH})(?:[-/ .]\d{{2,4}})?",
        rf"(?P<month>{_MONTH})[-/ .](?P<day>\d{{1,2}})(?:[-/ .,]+\d{{2,4}})?",
    )
)
_YEAR_FIRST = re.compile(r"(?:19|20)\d\d([-/.])(\d{1,2})\1(\d{1,2})(?:[ T]00:00:00(?:\.0+)?)?")
_YEAR_LAST = re.compile(r"(\d{1,2})(?:([-/.])(\d{1,2})\2(?:19|20)?\d\d|/(\d{1,2}))")
_SERIAL = re.compile(r"(\d{5})(?:\.0)?")
_DAY_ZERO = date(1899, 12, 30)
_SERIALS = range(32874, 49710)
"""Days of the years 1990 to 2035, as spreadsheets count them."""

_NUMBER = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.IGNORECASE)

# What was an approved symbol when spreadsheets met it, by the month they read in it.
_DATE_SYMBOLS: Final = {
    3: {"MARCH": range(1, 12), "MARC": range(1, 3)},
    9: {"SEPT": range(1, 15), "SEP": range(15, 16)},
    12: {"DEC": range(1, 2)},
}


def without_blanks(name: str) -> str:
    """The name without blanks, quotes and byte-order marks around it."""
    return name.strip(_AROUND)


def before_r(name: str, present: Collection[str]) -> Iterator[str]:
    """Spellings that R's make.names or make.unique may have changed to `name`, likeliest first.

    Dots stand for dashes, an X for nothing before a digit. A number at the end is that of a copy
    only where the name without it is `present` among the others.

    >>> list(before_r("HLA.A", ()))
    ['HLA-A']
    >>> list(before_r("X7SK.1", {"X7SK"}))
    ['7SK.1', 'X7SK-1', '7SK-1', 'X7SK', '7SK']
    """
    yield from _before_make_names(name)
    copy = _COPY.fullmatch(name)
    if copy and copy[1] in present:
        yield copy[1]
        yield from _before_make_names(copy[1])


def _before_make_names(name: str) -> Iterator[str]:
    bare = name[1:] if re.match(r"X\d", name) else None
    if bare:
        yield bare
    for spelling in filter(None, (name, bare)):
        head, dot, tail = spelling.rpartition(".")
        if dot:
            yield spelling.replace(".", "-")
        if "." in head:  # clone names end with a dot of their own: RP11-34P13.7
            yield f"{head.replace('.', '-')}.{tail}"


def symbols_before_date(name: str) -> tuple[str, ...]:
    """Symbols that a spreadsheet may have turned into this date or day number; () if it is none.

    Only names that were approved symbols when spreadsheets met them count: 4-Oct gives nothing,
    as OCT4 was never the symbol of a gene.

    >>> symbols_before_date("Sep-02"), symbols_before_date("1-Mar")
    (('SEPT2',), ('MARCH1', 'MARC1'))
    >>> symbols_before_date("2006/09/02"), symbols_before_date("44441")
    (('SEPT2',), ('SEPT2',))
    """
    words = [
        f"{word}{day}"
        for month, day in _days(name)
        for word, numbers in _DATE_SYMBOLS.get(month, {}).items()
        if day in numbers
    ]
    return tuple(dict.fromkeys(words))


def is_date(name: str) -> bool:
    """Whether the name is written as a date; a bare day number is not."""
    return bool(_days(name)) and not _SERIAL.fullmatch(name)


def is_number_with_exponent(name: str) -> bool:
    """Whether a spreadsheet read the name as a number: RIKEN clone 2310009E13 as 2.31E+19."""
    return _NUMBER.fullmatch(name) is not None


def _days(name: str) -> list[tuple[int, int]]:
    """The (month, day) pairs that a text can mean."""
    for pattern in _WORD_DATES:
        found = pattern.fullmatch(name)
        if found:
            starts = [month[:3] for month in _MONTHS]
            return [(starts.index(found["month"][:3].lower()) + 1, int(found["day"]))]
    found = _YEAR_FIRST.fullmatch(name)
    if found:
        return [(int(found[2]), int(found[3]))]
    found = _YEAR_LAST.fullmatch(name)
    if found:  # 3/9/2006, 3/9: of March or of September
        first, second = int(found[1]), int(found[3] or found[4])
        return [(m, d) for m, d in ((first, second), (second, first)) if m <= 12]
    found = _SERIAL.fullmatch(name)
    if found and int(found[1]) in _SERIALS:
        day = _DAY_ZERO + timedelta(days=int(found[1]))
        return [(day.month, day.day)]
    return []
