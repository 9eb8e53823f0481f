"""Messy clinical columns: missing tokens become missing, text that is all numbers becomes numbers.

Nothing else changes and nothing is guessed. A column whose numbers could mean two things (`1,234`)
is refused with the option that settles it; a column that is partly numbers stays text.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ParameterError, count, examples
from neurosig.outcomes.clinic.number_texts import (
    Decimal,
    not_numbers,
    parse_number,
    plain_number,
    reading_of,
)

MISSING_TOKENS: Final = (
    "",
    "-",
    "--",
    "'--",
    ".",
    "?",
    "na",
    "n/a",
    "#n/a",
    "<na>",
    "nan",
    "nat",
    "null",
    "missing",
    "unknown",
    "not available",
    "not reported",
    "[not available]",
    "[not applicable]",
    "[not evaluated]",
    "[unknown]",
    "[discrepancy]",
    "[completed]",
)
"""Texts that mean "missing", whatever their case and surrounding blanks.

The words in square brackets are those of the TCGA clinical files, `'--` is the GDC's. `None` counts
as missing too, but `none` does not: it is a finding in columns such as "prior treatment".
"""
_MISSING_EXACT: Final = ("None",)

REPORT_KEY: Final = "neurosig_cleaning"
"""Where in `DataFrame.attrs` a cleaned table keeps its report."""
REPORT_COLUMNS: Final = ("column", "kind", "n", "n_missing", "tokens")


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """A cleaned table, and per column its kind and how often each missing token occurred."""

    data: pd.DataFrame
    report: pd.DataFrame


def clean_table(
    table: pd.DataFrame,
    *,
    missing: Sequence[str] = (),
    decimal: Decimal = ".",
    text: Sequence[str] = (),
) -> Cleaned:
    """Map missing tokens to missing and text columns that are all numbers to float64.

    Columns of numbers, booleans and dates are left as they are. Text is stripped of blanks around
    it. Ordered categoricals stay that, with their order, also where their levels are numbers. Codes
    stay text: whole numbers that all have the same width and some a leading zero (`01`, `11`), and
    those with a bare exponent (`1E5`, as plate and sample ids have them).

    Parameters
    ----------
    table : DataFrame
        Any clinical table; it is not modified.
    missing : sequence of str
        Texts that mean "missing" besides `MISSING_TOKENS`.
    decimal : {".", ","}
        The decimal mark of the numbers.
    text : sequence of str
        Columns that stay text whatever they hold.

    Raises
    ------
    ClinicalError
        A column name occurs twice, or numbers are written in a way that could mean two things.
    ParameterError
        `decimal` is neither "." nor ",".

    Examples
    --------
    >>> import pandas as pd
    >>> raw = pd.DataFrame({"age": ["61", "[Not Available]"], "stage": ["II", " na"]})
    >>> cleaned = clean_table(raw)
    >>> cleaned.data["age"].tolist(), cleaned.data["stage"].tolist()
    ([61.0, nan], ['II', nan])
    >>> cleaned.report[["column", "kind", "n_missing", "tokens"]].values.tolist()
    [['age', 'number', 1, "'[Not Available]': 1"], ['stage', 'text', 1, "'na': 1"]]
    """
    refuse_duplicate_columns(table)
    _check_decimal(decimal)
    keep_text = {text} if isinstance(text, str) else set(text)
    for name in keep_text:
        find_column(table, name)
    columns: dict[Hashable, pd.Series[Any]] = {}
    report = []
    for name in table.columns:
        values = table[name]
        if _is_typed(values):
            columns[name], kind, tokens = values, _typed_kind(values), Counter[str]()
        elif declared := declared_levels(values, missing):
            cells, tokens = _text_cells(values, missing)
            columns[name], kind = as_ordered(cells, declared, values.index), "ordered"
        else:
            cells, tokens = _text_cells(values, missing)
            columns[name], kind = _typed(cells, values, decimal, keep_text=name in keep_text)
        n_missing = int(columns[name].isna().sum())
        shown = ", ".join(f"{token!r}: {n}" for token, n in tokens.most_common())
        report.append((str(name), kind, len(values), n_missing, shown))
    data = pd.DataFrame(columns, index=table.index)
    data.attrs = {
        **table.attrs,
        REPORT_KEY: [dict(zip(REPORT_COLUMNS, r, strict=True)) for r in report],
    }
    return Cleaned(data, pd.DataFrame.from_records(report, columns=list(REPORT_COLUMNS)))


def is_cleaned(table: pd.DataFrame) -> bool:
    """Whether a table came out of `clean_table`."""
    return REPORT_KEY in table.attrs


def cleaning_report(table: pd.DataFrame) -> pd.DataFrame:
    """Return what `clean_table` did to a table: kind, missing values and tokens per column."""
    return pd.DataFrame(table.attrs.get(REPORT_KEY, []), columns=list(REPORT_COLUMNS))


def refuse_duplicate_columns(table: pd.DataFrame, what: str = "clinical table") -> None:
    """Raise ClinicalError if a column name occurs more than once."""
    duplicated = table.columns[table.columns.duplicated()].unique()
    if len(duplicated):
        raise ClinicalError(
            f"The {what} has column names that occur more than once",
            f"{count(len(duplicated), 'name')}: {examples(str(c) for c in duplicated)}",
            "Rename or drop them: table.loc[:, ~table.columns.duplicated()] keeps the first",
            columns=tuple(map(str, duplicated)),
        )


def find_column(
    table: pd.DataFrame, name: str, error: type[ClinicalError] = ClinicalError
) -> "pd.Series[Any]":
    """Return the column of that name; a name that is not there is refused with the closest ones."""
    refuse_duplicate_columns(table)
    if not isinstance(name, Hashable):
        raise error(
            "A column is named by a text",
            f"It was given something of type {type(name).__name__}",
            "Give the name of one column",
        )
    if name in table.columns:
        return table[name]
    by_lower = {str(column).lower(): str(column) for column in table.columns}
    close = [by_lower[k] for k in get_close_matches(str(name).lower(), by_lower, n=3, cutoff=0.5)]
    raise error(
        f"The clinical table has no column {name!r}",
        f"It has {count(len(table.columns), 'column')}: {examples(map(str, table.columns))}",
        f"Did you mean {' or '.join(map(repr, close))}?" if close else "Correct the name",
        column=name,
    )


def numbers_of(
    values: "pd.Series[Any]",
    *,
    missing: Sequence[str] = (),
    decimal: Decimal = ".",
    error: type[ClinicalError] = ClinicalError,
) -> NDArray[np.float64]:
    """Return a column as numbers with NaN where missing, or raise the error that says why not.

    Raises
    ------
    ClinicalError
        Or the subclass given as `error`: the column holds dates, numbers with a decimal comma or
        thousands separators, or texts that are no numbers.
    """
    name = str(values.name)
    if _typed_kind(values) == "date":
        shown = [str(value) for value in values.dropna().unique()]
        raise not_numbers(name, shown, "date", decimal, error)
    if _is_typed(values):
        return np.asarray(values.astype("float64").to_numpy(dtype=np.float64, na_value=np.nan))
    cells, _ = _text_cells(values, missing)
    known = list(dict.fromkeys(c for c in cells if c is not None))
    reading = reading_of(known, decimal)
    if reading not in ("number", "code"):
        raise not_numbers(name, known, reading, decimal, error)
    parsed = {c: parse_number(c, decimal) for c in known}
    return np.array([np.nan if c is None else parsed[c] for c in cells], dtype=np.float64)


def reads_as_numbers(values: "pd.Series[Any]") -> bool:
    """Tell whether every known value is a number; codes, booleans and ordered levels are not.

    Raises
    ------
    ClinicalError
        The column holds dates, or numbers that could mean two things.
    """
    kind = _typed_kind(values)
    if kind in ("number", "boolean"):
        return kind == "number"
    if _is_ordered(values):
        return False
    known = list(dict.fromkeys(c for c in _text_cells(values, ())[0] if c is not None))
    reading = "date" if kind == "date" else reading_of(known, ".")
    if known and reading in ("decimal comma", "thousands", "date"):
        raise not_numbers(str(values.name), known, reading, ".", ClinicalError)
    return bool(known) and reading == "number"


def texts_of(values: "pd.Series[Any]", missing: Sequence[str] = ()) -> list[str | None]:
    """Return a column as level names, None where missing; whole floats lose their `.0`.

    >>> import pandas as pd
    >>> texts_of(pd.Series([1.0, float("nan"), 2.5])), texts_of(pd.Series([" a", "NA"]))
    (['1', None, '2.5'], ['a', None])
    """
    if _is_typed(values):
        return [None if pd.isna(v) else level_text(v) for v in values]
    return _text_cells(values, missing)[0]


def declared_levels(values: "pd.Series[Any]", missing: Sequence[str] = ()) -> tuple[str, ...]:
    """The levels of an ordered categorical, lowest first; none of any other column.

    >>> import pandas as pd
    >>> declared_levels(pd.Series(pd.Categorical(["II"], ["I", "II", "NA"], ordered=True)))
    ('I', 'II')
    """
    if not _is_ordered(values):
        return ()
    cells = _text_cells(pd.Series(list(values.cat.categories), dtype="object"), missing)[0]
    return tuple(dict.fromkeys(cell for cell in cells if cell is not None))


def as_ordered(
    cells: Sequence[str | None], levels: Sequence[str], index: pd.Index
) -> "pd.Series[Any]":
    """Cells as an ordered categorical of these levels, lowest first."""
    return pd.Series(pd.Categorical(list(cells), list(levels), ordered=True), index=index)


def level_text(value: object) -> str:
    """Return one value as text, the same for `3`, `3.0` and `"3"`."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def matching(cells: Sequence[str | None], wanted: object) -> NDArray[np.bool_]:
    """Tell which cells equal a value, as text (whatever the case) or as a number.

    >>> matching(["01", "11", None, "Yes"], 1).tolist(), matching(["Yes", "no"], "yes").tolist()
    ([True, False, False, False], [True, False])
    """
    text = level_text(wanted).casefold()
    number = plain_number(text)
    equal = {
        c: c.casefold() == text or (number is not None and plain_number(c) == number)
        for c in set(cells)
        if c is not None
    }
    return np.array([c is not None and equal[c] for c in cells], dtype=np.bool_)


def _check_decimal(decimal: str) -> None:
    if decimal not in (".", ","):
        raise ParameterError(
            f"decimal cannot be {decimal!r}", "Allowed: '.' or ','", 'Such as decimal=","'
        )


def _is_typed(values: "pd.Series[Any]") -> bool:
    dtype = values.dtype
    return bool(
        pd.api.types.is_numeric_dtype(dtype)
        or pd.api.types.is_bool_dtype(dtype)
        or pd.api.types.is_datetime64_any_dtype(dtype)
        or pd.api.types.is_timedelta64_dtype(dtype)
    ) and not isinstance(dtype, pd.CategoricalDtype)


def _is_ordered(values: "pd.Series[Any]") -> bool:
    return isinstance(values.dtype, pd.CategoricalDtype) and bool(values.dtype.ordered)


def _typed_kind(values: "pd.Series[Any]") -> str:
    """What a column that needs no reading holds: numbers, booleans, or dates and durations."""
    if not _is_typed(values):
        return "text"
    if pd.api.types.is_bool_dtype(values.dtype):
        return "boolean"
    return "number" if pd.api.types.is_numeric_dtype(values.dtype) else "date"


def _text_cells(
    values: "pd.Series[Any]", missing: Sequence[str]
) -> tuple[list[str | None], Counter[str]]:
    own = [missing] if isinstance(missing, str) else missing
    tokens = {*MISSING_TOKENS, *(str(token).strip().casefold() for token in own)}
    found: Counter[str] = Counter()
    known: dict[Any, str | None] = {}
    cells: list[str | None] = []
    for value in values.tolist():
        if not pd.api.types.is_scalar(value):
            value = str(value)
        if pd.isna(value):
            cells.append(None)
            continue
        key = (type(value), value)
        if key not in known:
            text = level_text(value)
            is_missing = text.casefold() in tokens or text in _MISSING_EXACT
            known[key] = None if is_missing else text
        if known[key] is None:
            found[level_text(value)] += 1
        cells.append(known[key])
    return cells, found


def _typed(
    cells: list[str | None],
    values: "pd.Series[Any]",
    decimal: Decimal,
    *,
    keep_text: bool,
) -> "tuple[pd.Series[Any], str]":
    known = list(dict.fromkeys(c for c in cells if c is not None))
    reading = "text" if keep_text or not known else reading_of(known, decimal)
    if reading in ("decimal comma", "thousands"):
        raise not_numbers(str(values.name), known, reading, decimal, ClinicalError)
    if reading == "number":
        parsed = {c: parse_number(c, decimal) for c in known}
        numbers = [np.nan if c is None else parsed[c] for c in cells]
        return pd.Series(numbers, index=values.index, dtype="float64"), reading
    texts = [np.nan if c is None else c for c in cells]
    return pd.Series(texts, index=values.index, dtype="object"), reading if known else "empty"
