"""Times, events and groups given as arrays: checked, and without the rows that are not known."""

import warnings
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import ClinicalWarning, EndpointError, count, examples
from neurosig.kernels.times import merge_close_times
from neurosig.outcomes.given_columns import (
    number_column,
    one_column,
    refuse_lengths,
    refuse_other_rows,
)

FloatArray = NDArray[np.float64]
ALL_ROWS = "all"


@dataclass(frozen=True, eq=False)
class SurvivalSample:
    """Known rows only: times with rounding merged, events, group codes and the group names.

    entry: a row is at risk at t where entry < t <= time, -inf for rows observed from the start.
    weight: 1 for each row unless weights were given; known: (n_given,) which of the given rows.
    """

    time: FloatArray
    event: FloatArray
    code: NDArray[np.int64]
    names: tuple[Hashable, ...]
    stratum: NDArray[np.int64]
    entry: FloatArray
    weight: FloatArray
    known: NDArray[np.bool_]


def survival_sample(
    time: ArrayLike,
    event: ArrayLike,
    groups: ArrayLike | pd.Series | None,
    strata: ArrayLike | pd.Series | None = None,
    *,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    word: str = "groups",
) -> SurvivalSample:
    """Read and check them; rows with a missing value are left out with a warning.

    word: what the argument with the groups is called there.

    Raises
    ------
    EndpointError
        A time is negative or infinite, an event is neither 0 nor 1, a row enters at or after its
        time, a weight is not above 0, a column holds what is no number, lengths or pandas indexes
        differ, or no row is known.
    """
    given = {
        "time": time, "event": event, word: groups, "strata": strata, "entry": entry,
        "weights": weights,
    }  # fmt: skip
    refuse_other_rows(given)
    times, events = number_column("time", time), number_column("event", event)
    entries = np.full(times.shape, -np.inf) if entry is None else number_column("entry", entry)
    weight = np.ones(times.shape) if weights is None else number_column("weights", weights)
    codes, names = _codes(word, groups, times.size)
    stratum, _ = _codes("strata", strata, times.size)
    columns = (times, events, codes, stratum, entries, weight)
    refuse_lengths(
        {
            name: column
            for (name, values), column in zip(given.items(), columns, strict=True)
            if values is not None
        }
    )
    unknown = {
        "time": np.isnan(times),
        "event": np.isnan(events),
        word.removesuffix("s"): codes < 0,
        "stratum": stratum < 0,
        "entry": np.isnan(entries),
        "weight": np.isnan(weight),
    }
    known = ~np.any(list(unknown.values()), axis=0)
    _check_values(times[known], events[known])
    _check_weights(weight[known])
    if not known.all():
        missing = " or ".join(name for name, where in unknown.items() if where.any())
        warnings.warn(
            ClinicalWarning(
                f"{count(int((~known).sum()), 'row')} with a missing {missing} left out",
                f"{int(known.sum()):,} of {known.size:,} rows are used",
                "Remove or complete them to silence this",
            ),
            stacklevel=3,
        )
    present = np.unique(codes[known])
    merged, entered = _merged(times[known], None if entry is None else entries[known])
    return SurvivalSample(
        time=merged,
        event=events[known],
        code=np.searchsorted(present, codes[known]),
        names=tuple(names[i] for i in present),
        stratum=stratum[known],
        entry=entered,
        weight=weight[known],
        known=known,
    )


def _merged(time: FloatArray, entry: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Times and entries with rounding merged; without entries, -inf."""
    if entry is None:
        return merge_close_times(time), np.full(time.size, -np.inf)
    if np.isinf(entry).any():
        raise EndpointError(
            "An entry cannot be infinite",
            f"{count(int(np.isinf(entry).sum()), 'row')} of {entry.size:,}",
            "Give the time at which observation of the row began, 0 for the start",
        )
    both = merge_close_times(np.concatenate((time, entry)))
    merged, entered = both[: time.size], both[time.size :]
    late = entered >= merged
    if late.any():
        pairs = [f"{e:g} to {t:g}" for e, t in zip(entry[late], time[late], strict=True)]
        raise EndpointError(
            f"A row cannot enter at {entry[late][0]:g} and end at {time[late][0]:g}",
            f"{count(len(pairs), 'row')}: {examples(pairs, quoted=False)}",
            "Remove rows that were never under observation, or correct their entry",
        )
    return merged, entered


def _codes(
    name: str, values: ArrayLike | pd.Series | None, n: int
) -> tuple[NDArray[np.int64], tuple[Hashable, ...]]:
    """Integer codes (-1: missing) and their names: categories in order, others sorted."""
    if values is None:
        return np.zeros(n, dtype=np.int64), (ALL_ROWS,)
    series: pd.Series[Any] = one_column(name, values)
    as_category = series if isinstance(series.dtype, pd.CategoricalDtype) else None
    categorical = (as_category if as_category is not None else series.astype("category")).cat
    codes = np.asarray(categorical.codes, dtype=np.int64)
    return codes, tuple(categorical.categories.tolist())


def _check_values(time: FloatArray, event: FloatArray) -> None:
    if not time.size:
        raise EndpointError(
            "No row has both a time and an event",
            "All are missing, or the table is empty",
            "Check the columns of the endpoint",
        )
    wrong = (time < 0) | np.isinf(time)
    if wrong.any():
        raise EndpointError(
            f"A follow-up time cannot be {time[wrong][0]:g}",
            f"{count(int(wrong.sum()), 'time')} negative or infinite: {examples(time[wrong])}",
            "Correct or remove these rows",
        )
    odd = (event != 0) & (event != 1)
    if odd.any():
        raise EndpointError(
            f"An event cannot be {event[odd][0]:g}",
            f"{count(int(odd.sum()), 'value')} neither 0 nor 1: {examples(np.unique(event[odd]))}",
            "Code events 1 and censorings 0, or read the columns through ns.Endpoint",
        )


def _check_weights(weight: FloatArray) -> None:
    wrong = ~(weight > 0) | np.isinf(weight)
    if wrong.any():
        raise EndpointError(
            f"A weight cannot be {weight[wrong][0]:g}",
            f"{count(int(wrong.sum()), 'row')}: {examples(weight[wrong])}",
            "Weights are above 0; leave out the rows that should not count",
        )
