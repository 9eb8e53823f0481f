"""Columns given side by side as arrays: numbers or groups, one value per row, of the same rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import EndpointError, count, examples
from neurosig.outcomes.arguments import is_number, shown

FloatArray = NDArray[np.float64]
_DUMMIES = "Code categories as columns of 0 and 1, such as pd.get_dummies(clinic, drop_first=True)"
_ONE_TABLE = "Take all of them from the same rows of one table"


def refuse_other_rows(given: Mapping[str, object]) -> None:
    """Refuse pandas columns whose indexes differ: by position they would be of other rows.

    Arrays and lists have no index and are taken by position.

    Raises
    ------
    EndpointError
        Two of them have different indexes.

    Examples
    --------
    >>> time, sex = pd.Series([1, 2], ["p1", "p2"]), pd.Series(["f", "m"], ["p2", "p1"])
    >>> refuse_other_rows({"time": time, "event": [1, 0], "groups": sex})
    Traceback (most recent call last):
    ...
    neurosig.errors.EndpointError: time and groups are not of the same rows. Row 1 is 'p1' in ...
    """
    indexes = {
        name: values.index
        for name, values in given.items()
        if isinstance(values, pd.Series | pd.DataFrame)
    }
    if len(indexes) < 2:
        return
    (first, index), *others = indexes.items()
    for name, other in others:
        if index.equals(other):
            continue
        if len(index) != len(other):
            evidence = f"{first} has {count(len(index), 'row')}, {name} {len(other):,}"
        else:
            labels = index.to_numpy(dtype=object), other.to_numpy(dtype=object)
            differ = (labels[0] != labels[1]) & ~(pd.isna(labels[0]) & pd.isna(labels[1]))
            if not differ.any():  # the same labels in another type
                continue
            at = int(np.argmax(differ))
            evidence = f"Row {at + 1:,} is {index[at]!r} in {first} and {other[at]!r} in {name}"
        raise EndpointError(
            f"{first} and {name} are not of the same rows",
            evidence,
            f"Take both from one table, or bring one into the order of the other: "
            f"{name}.reindex({first}.index)",
        )


_NUMBERS = "Give one number per row, 1 or 0 for an event; ns.Endpoint and ns.Cohort.join read texts"


def number_column(name: str, values: ArrayLike, remedy: str = _NUMBERS) -> FloatArray:
    """One number per row, NaN where missing; True is 1.

    Raises
    ------
    EndpointError
        It is a table or has several dimensions, or a value is no number.

    Examples
    --------
    >>> number_column("event", [True, None, 0]).tolist()
    [1.0, nan, 0.0]
    """
    series = one_column(name, values)
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    is_real = not pd.api.types.is_complex_dtype(series.dtype)
    if is_real and pd.api.types.is_numeric_dtype(series.dtype):  # booleans and nullable types too
        return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
    cells = series.to_numpy(dtype=object)
    known = ~series.isna().to_numpy()
    wrong = [v for v in cells[known] if not (is_number(v) or isinstance(v, bool | np.bool_))]
    if wrong:
        raise EndpointError(
            f"{name} cannot be {shown(wrong[0])}",
            f"{count(len(wrong), 'value')} of {len(cells):,} no number: "
            f"{examples(dict.fromkeys(map(shown, wrong)), quoted=False)}",
            remedy,
        )
    numbers = np.full(cells.size, np.nan)
    numbers[known] = cells[known].astype(np.float64)
    return numbers


def covariate_table(covariates: "pd.DataFrame | pd.Series[float] | FloatArray") -> pd.DataFrame:
    """A column of numbers per term.

    Raises
    ------
    EndpointError
        It is no table, or a column of it holds no numbers.
    """
    if isinstance(covariates, pd.Series):
        named = "x1" if covariates.name is None else covariates.name
        covariates = covariates.to_frame(named)
    if isinstance(covariates, np.ndarray) and covariates.ndim in (1, 2):
        values = covariates.reshape(len(covariates), -1)
        covariates = pd.DataFrame(values, columns=[f"x{j + 1}" for j in range(values.shape[1])])
    if not isinstance(covariates, pd.DataFrame):
        raise EndpointError(
            f"covariates cannot be {shown(covariates)}",
            f"It is of type {type(covariates).__name__}",
            'Give a table such as clinic[["age"]], a column or an array',
        )
    columns = [
        number_column(f"The covariate {name!r}", covariates.iloc[:, j], _DUMMIES)
        for j, name in enumerate(covariates.columns)
    ]
    return pd.DataFrame(dict(enumerate(columns))).set_axis(covariates.columns, axis=1)


def one_column(name: str, values: Any) -> "pd.Series[Any]":
    """The values with one place per row, whatever they are.

    Raises
    ------
    EndpointError
        It is a table, one value, or has several dimensions.
    """
    if isinstance(values, pd.Series):
        return values
    is_flat = not isinstance(values, pd.DataFrame | pd.MultiIndex | str | bytes | Mapping)
    if is_flat and not isinstance(values, np.ndarray | pd.Index | pd.api.extensions.ExtensionArray):
        values = list(values) if np.iterable(values) else values
        is_flat = isinstance(values, list)
    dimensions = 0
    if is_flat:
        is_nested = isinstance(values, list) and any(map(_is_list, values))
        dimensions = 2 if is_nested else np.ndim(values)
    if dimensions != 1:
        raise EndpointError(
            f"{name} cannot be {shown(values)}",
            f"It has {count(dimensions, 'dimension')}"
            if dimensions
            else f"It is of type {type(values).__name__}",
            'Give one column, such as table["days"], or a list with one value per row',
        )
    return pd.Series(values, dtype=object if isinstance(values, list) else None)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | set | Mapping | np.ndarray | pd.Series)


def refuse_lengths(columns: Mapping[str, NDArray[np.generic]]) -> None:
    """Refuse columns that have not one value per row.

    Raises
    ------
    EndpointError
        Their lengths differ.
    """
    if len({column.size for column in columns.values()}) > 1:
        raise EndpointError(
            f"{', '.join(columns)} need one value per row",
            "They have " + ", ".join(f"{column.size:,}" for column in columns.values()),
            _ONE_TABLE,
        )


def refuse_incomplete(columns: Mapping[str, FloatArray]) -> None:
    """Refuse columns, of one or several dimensions, of other lengths or with missing values.

    Raises
    ------
    EndpointError
        Lengths differ, or a value is missing or infinite.
    """
    refuse_lengths({name: np.empty(len(column)) for name, column in columns.items()})
    for name, column in columns.items():
        wrong = ~np.isfinite(column)
        if wrong.any():
            n = int(wrong.reshape(len(column), -1).any(axis=1).sum())
            raise EndpointError(
                f"{name} has missing or infinite values",
                f"{count(n, 'row')} of {len(column):,}",
                "Take complete rows only",
            )


def row_series(name: str, values: ArrayLike, index: pd.Index) -> "pd.Series[float]":
    """Numbers that belong to the rows of a table, indexed as it is; arrays by position.

    Raises
    ------
    EndpointError
        They have another index or length, or are no numbers.
    """
    refuse_other_rows({"data": index.to_series(), name: values})
    numbers = number_column(name, values)
    refuse_lengths({"data": np.empty(len(index)), name: numbers})
    return pd.Series(numbers, index=index, name=name)


def array_of(values: "pd.Series[float] | None") -> FloatArray | None:
    """The numbers of a column by position; None where there is none."""
    return None if values is None else np.asarray(values, dtype=np.float64)
