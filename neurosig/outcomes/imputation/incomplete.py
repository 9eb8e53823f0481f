"""The columns of an imputation model: their values, their kind, and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ParameterError, count, examples
from neurosig.outcomes.clinic.clean import (
    as_ordered,
    declared_levels,
    find_column,
    numbers_of,
    reads_as_numbers,
    texts_of,
)
from neurosig.outcomes.clinic.level_order import levels_of
from neurosig.outcomes.design import Term
from neurosig.outcomes.model_rows import as_terms

FloatArray = NDArray[np.float64]
ColumnMethod = Literal["pmm", "normal", "logistic", "multinomial", "ordinal"]
ColumnLike = str | Mapping[str, object] | Term

REFUSE_MISSING: Final = 0.50
_MOST_LEVELS: Final = 30
_OF_NUMBERS: Final = ("pmm", "normal")
_OF_LEVELS: Final = ("logistic", "multinomial", "ordinal")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Column:
    """A column of the imputation model.

    values: (n,) numbers, or positions among the levels; NaN where missing. levels: of a category,
    as they are written back; empty for numbers. declared: all levels of an ordered categorical.
    """

    name: str
    values: FloatArray
    method: ColumnMethod
    levels: tuple[object, ...] = ()
    declared: tuple[str, ...] = ()

    @property
    def is_missing(self) -> NDArray[np.bool_]:
        """Which rows lack the value."""
        return np.isnan(self.values)

    def predictors(self, values: FloatArray) -> FloatArray:
        """The columns that stand for completed values in the models of the others."""
        if not self.levels:
            return values[:, None]
        return np.asarray(values[:, None] == np.arange(1, len(self.levels)), dtype=np.float64)

    def written(self, values: FloatArray, index: pd.Index) -> "pd.Series[Any]":
        """Completed values as a column of the cohort."""
        if not self.levels:
            return pd.Series(values, index=index, name=self.name)
        names = np.array(self.levels, dtype=object)[values.astype(np.int64)]
        if self.declared:
            return as_ordered(names.tolist(), self.declared, index).rename(self.name)
        if all(isinstance(level, float) for level in self.levels):
            return pd.Series(names.astype(np.float64), index=index, name=self.name)
        return pd.Series(names, index=index, name=self.name, dtype=object)


def read_columns(
    data: pd.DataFrame,
    columns: Sequence[ColumnLike],
    methods: Mapping[str, str],
    *,
    allow_missing: bool,
) -> tuple[Column, ...]:
    """Read the columns of an imputation model; numbers and categories as in `Term`.

    Raises
    ------
    ClinicalError
        A column does not exist, has no value, one value only, infinite values or too many levels,
        or misses more than half of its values without `allow_missing`.
    ParameterError
        A column is named twice or with a transform; a method is unknown or does not fit.
    """
    terms = as_terms(columns, "columns")
    names = [term.column for term in terms]
    repeated = sorted({name for name in names if names.count(name) > 1})
    transformed = [term.label for term in terms if term.transform != "none"]
    if repeated or transformed or not names:
        what = repeated or transformed
        raise ParameterError(
            f"The column {what[0]!r} cannot be imputed so" if what else "No column was named",
            f"Columns: {', '.join(term.label for term in terms) or 'none'}",
            "Name each column once and without a transform: values are imputed as they are, and "
            "transformed by the model that uses them",
        )
    unknown = [name for name in methods if name not in names]
    if unknown:
        raise ParameterError(
            f"methods names {unknown[0]!r}, which is not among the columns",
            f"Columns: {', '.join(names)}",
            "Add it to the columns or remove it from methods",
        )
    read = tuple(_read(data, term, methods.get(term.column)) for term in terms)
    _refuse_lost(read, allow_missing=allow_missing)
    return read


def _read(data: pd.DataFrame, term: Term, method: str | None) -> Column:
    if method is not None and method not in get_args(ColumnMethod):
        raise ParameterError(
            f"The method of {term.column!r} cannot be {method!r}",
            f"Allowed: {', '.join(get_args(ColumnMethod))}",
            "Leave it out to have it chosen by the kind of the column",
        )
    values = find_column(data, term.column)
    is_category = term.kind == "categorical" or method in _OF_LEVELS or term.reference is not None
    if term.kind == "numeric" or (not is_category and reads_as_numbers(values)):
        return _numbers(term, numbers_of(values), data.index, method)
    if method in _OF_NUMBERS:
        raise ParameterError(
            f"The method {method!r} does not fit the column {term.column!r}",
            "It holds categories",
            f"Use one of {', '.join(_OF_LEVELS)}",
        )
    return _categories(term, values, method)


def _numbers(term: Term, numbers: FloatArray, index: pd.Index, method: str | None) -> Column:
    infinite = np.isinf(numbers)
    if infinite.any():
        raise ClinicalError(
            f"The column {term.column!r} holds infinite values",
            f"{count(int(infinite.sum()), 'row')}: {examples(index[infinite])}",
            "Set them to missing",
            column=term.column,
        )
    distinct = np.unique(numbers[~np.isnan(numbers)])
    _refuse_constant(term.column, len(distinct))
    if method is None and len(distinct) == 2:  # 0 and 1, say: a category whose levels are numbers
        codes = np.where(np.isnan(numbers), np.nan, (numbers == distinct[1]).astype(np.float64))
        levels = tuple(map(float, distinct))
        return Column(name=term.column, values=codes, method="logistic", levels=levels)
    chosen = cast(ColumnMethod, method or "pmm")
    return Column(name=term.column, values=numbers, method=chosen)


def _categories(term: Term, values: "pd.Series[Any]", method: str | None) -> Column:
    cells, levels = texts_of(values), levels_of(values)
    declared = declared_levels(values)
    _refuse_constant(term.column, len(levels))
    if len(levels) > _MOST_LEVELS:
        raise ClinicalError(
            f"The column {term.column!r} has too many levels to be imputed",
            f"{count(len(levels), 'level')} in {count(len(cells), 'row')}: {examples(levels)}",
            "Join levels, or leave the column out",
            column=term.column,
        )
    if method == "logistic" and len(levels) > 2:
        raise ParameterError(
            f"The method 'logistic' does not fit the column {term.column!r}",
            f"It has {len(levels)} levels: {examples(levels)}",
            "Use 'multinomial', or 'ordinal' where the levels are in order",
        )
    if method == "ordinal" and len(levels) > 2 and not (declared or reads_as_numbers(values)):
        raise ParameterError(
            f"The method 'ordinal' needs an order of the levels of {term.column!r}",
            f"They are words, and the alphabet is no order: {examples(levels)}",
            "Make the column pd.Categorical(column, [lowest, ..., highest], ordered=True), or use "
            "'multinomial'",
        )
    place = {level: float(number) for number, level in enumerate(levels)}
    codes = np.array([np.nan if cell is None else place[cell] for cell in cells])
    usual = "ordinal" if declared else "multinomial"
    fitting = "logistic" if len(levels) == 2 else method or usual
    written: tuple[object, ...] = tuple(levels)
    if reads_as_numbers(values):
        written = tuple(float(level) for level in levels)
    return Column(
        name=term.column,
        values=codes,
        method=cast(ColumnMethod, fitting),
        levels=written,
        declared=declared,
    )


def _refuse_constant(name: str, n_values: int) -> None:
    if n_values < 2:
        raise ClinicalError(
            f"The column {name!r} cannot be imputed",
            "It has no value at all" if n_values == 0 else "All its known values are the same",
            "Leave it out",
            column=name,
        )


def _refuse_lost(columns: Sequence[Column], *, allow_missing: bool) -> None:
    shares = {column.name: float(column.is_missing.mean()) for column in columns}
    many = {name: share for name, share in shares.items() if share > REFUSE_MISSING}
    if many and not allow_missing:
        name = next(iter(many))
        raise ClinicalError(
            f"{many[name]:.0%} of the values of {name!r} are missing",
            f"More than {REFUSE_MISSING:.0%} would be imputed in {examples(many)}",
            "Leave the column out, or impute it all the same with "
            "chains=ns.ChainedEquations(allow_missing=True)",
            shares=many,
        )
