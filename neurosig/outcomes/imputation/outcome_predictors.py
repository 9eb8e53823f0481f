"""What the outcome of an analysis is to the imputation of its covariates."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurosig.outcomes.clinic.clean import find_column, numbers_of, reads_as_numbers, texts_of
from neurosig.outcomes.curves.cumulative_hazard import nelson_aalen
from neurosig.outcomes.given_columns import array_of

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]


def survival_predictors(cohort: "Cohort") -> FloatArray:
    """The event indicator and the Nelson-Aalen cumulative hazard at each row's time.

    With an entry the hazard is that from the entry to the time. Of competing causes each has an
    indicator and a hazard (Bartlett and Taylor 2016). Every row has a time and an event.

    References
    ----------
    White IR, Royston P (2009) Stat Med 28:1982-1998, doi:10.1002/sim.3618; Bartlett JW, Taylor JMG
    (2016) Biostatistics 17:751-763, doi:10.1093/biostatistics/kxw019.

    Examples
    --------
    >>> import pandas as pd
    >>> import neurosig as ns
    >>> clinic = pd.DataFrame({"t": [1, 1, 2, 3], "e": [1, 1, 1, 0]}, index=list("abcd"))
    >>> scores = pd.DataFrame({"NGF": [0.0, 1, 2, 3]}, index=list("abcd"))
    >>> endpoint = ns.Endpoint(time="t", event="e", unit="years")
    >>> survival_predictors(ns.Cohort.join(scores, clinic, endpoint))
    array([[1. , 0.5],
           [1. , 0.5],
           [1. , 1. ],
           [0. , 1. ]])
    """
    time = np.asarray(cohort.time, dtype=np.float64)
    has_causes = cohort.endpoint is not None and bool(cohort.endpoint.causes)
    cause = np.asarray(cohort.cause if has_causes else cohort.event, dtype=np.float64)
    columns = []
    for number in range(1, int(np.nanmax(cause)) + 1):
        event = (cause == number).astype(np.float64)
        columns += [event, _hazard(time, event, array_of(cohort.entry))]
    return np.column_stack(columns)


def column_predictors(cohort: "Cohort", outcome: str) -> FloatArray:
    """A clinical outcome as one column of numbers, or one per level after the first."""
    values = find_column(cohort.data, outcome)
    if reads_as_numbers(values):
        return numbers_of(values)[:, None]
    cells = np.array(texts_of(values), dtype=object)
    levels = list(dict.fromkeys(cells))[1:]
    return np.column_stack([(cells == level).astype(np.float64) for level in levels])


def is_known(cohort: "Cohort", outcome: str | None, scores: Sequence[str]) -> NDArray[np.bool_]:
    """Rows with the outcome, or with time and event where None, and with the scores."""
    known = np.ones(len(cohort.data), dtype=np.bool_)
    if outcome is not None:
        cells = texts_of(find_column(cohort.data, outcome))
        known &= np.array([cell is not None for cell in cells], dtype=np.bool_)
    elif cohort.time is not None and cohort.event is not None:
        for values in (cohort.time, cohort.event, cohort.entry):
            known &= True if values is None else np.isfinite(np.asarray(values))
    if scores:
        known &= cohort.data[list(scores)].notna().all(axis=1).to_numpy()
    return known


def _hazard(time: FloatArray, event: FloatArray, entry: FloatArray | None) -> FloatArray:
    if not event.any():
        return np.zeros(time.size)
    curve = nelson_aalen(time, event, entry=entry)
    steps = np.concatenate([[0.0], curve["cumulative_hazard"].to_numpy()])
    ends = curve["time"].to_numpy()
    at = steps[np.searchsorted(ends, time * (1 + 1e-8), side="right")]
    if entry is None:
        return np.asarray(at)
    return np.asarray(at - steps[np.searchsorted(ends, entry * (1 + 1e-8), side="right")])
