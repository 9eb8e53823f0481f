"""Several cohorts as one, each row knowing where it came from."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ClinicalWarning, EndpointError, ParameterError, examples
from neurosig.outcomes.clinic.causes import competing_causes
from neurosig.outcomes.clinic.clean import declared_levels, texts_of
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.level_order import common_order
from neurosig.outcomes.delayed_entry import refuse_intervals
from neurosig.outcomes.design import Term
from neurosig.outcomes.given_cohorts import several_cohorts
from neurosig.outcomes.given_columns import array_of

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.endpoint import Endpoint

FloatArray = NDArray[np.float64]
_BEFORE_ALL = -1.0  # entry of rows that are observed from the start


@dataclass(frozen=True, eq=False)
class JoinedCohorts:
    """One cohort with the rows of several; `column` of its data names the cohort of a row.

    within: the column of what is told apart by the cohort besides its value.
    """

    cohort: Cohort
    column: str
    names: tuple[str, ...]
    within: str | None = None

    @property
    def code(self) -> NDArray[np.int64]:
        """(n,) which of `names` each row belongs to."""
        origin = self.cohort.data[self.column].to_numpy(dtype=object)
        return np.asarray([self.names.index(name) for name in origin], dtype=np.int64)


def joined_cohorts(
    cohorts: Sequence[Cohort], columns: Iterable[str], within: str | None = None
) -> JoinedCohorts:
    """Put the rows of cohorts with one endpoint below one another.

    columns: those of the clinical tables that are needed; every cohort has to have them. A score
    that a cohort lacks is missing in its rows. Cohorts without an event are left out. within: a
    column whose values, such as 1 for the first centre, mean another thing in each cohort.

    Raises
    ------
    ParameterError
        There are fewer than two cohorts, or two of one name.
    EndpointError
        A cohort has no endpoint, or endpoints, units or competing causes differ.
    ClinicalError
        A cohort lacks a column.

    Warns
    -----
    ClinicalWarning
        A cohort has no event, or was scored in another way.
    """
    given = several_cohorts(cohorts, "A pooled model")
    for cohort in given:
        refuse_intervals(cohort, "A pooled model")
    _check_names(given)
    _check_endpoints(given)
    needed = list(dict.fromkeys(columns))
    _check_columns(given, needed)
    used = _with_events(given)
    _warn_of_scoring(used)
    signatures = tuple(dict.fromkeys(name for cohort in used for name in cohort.signatures))
    clinical = [name for name in needed if name not in signatures]
    origin = "cohort"
    while origin in signatures or origin in clinical:
        origin += "_"
    index = [f"{cohort.name}:{row}" for cohort in used for row in cohort.data.index]
    table: dict[str, Any] = {
        origin: np.repeat([c.name for c in used], [len(c.data) for c in used]).astype(object)
    }
    table |= {name: _column([cohort.data[name] for cohort in used]) for name in clinical}
    table |= {
        name: np.concatenate([_score(cohort, name) for cohort in used]) for name in signatures
    }
    told_apart = None if within is None else f"{within} within {origin}"
    if within is not None and told_apart is not None:
        table[told_apart] = np.concatenate([_within(cohort, within) for cohort in used])
    data, entries = pd.DataFrame(table, index=pd.Index(index, name="observation")), _entries(used)
    joined = Cohort(
        name="pooled",
        data=data,
        signatures=signatures,
        endpoint=used[0].endpoint,
        time=pd.Series(np.concatenate([_values(cohort.time) for cohort in used]), data.index),
        event=pd.Series(np.concatenate([_values(cohort.event) for cohort in used]), data.index),
        entry=None if entries is None else pd.Series(entries, data.index),
        row_flow=_flow(used),
    )
    return JoinedCohorts(joined, origin, tuple(cohort.name for cohort in used), told_apart)


def columns_needed(
    adjust: Iterable[Term], strata: Iterable[str], others: Iterable[str | None]
) -> list[str]:
    """The clinical columns that terms, strata and options of a model name."""
    return [*(term.column for term in adjust), *strata, *(name for name in others if name)]


def endpoint_name(endpoint: "Endpoint | None") -> str:
    """Its name, or the event column's."""
    return "" if endpoint is None else endpoint.name or endpoint.event


def _check_names(cohorts: Sequence[Cohort]) -> None:
    repeated = [name for name, n in Counter(c.name for c in cohorts).items() if n > 1]
    if len(cohorts) < 2 or repeated:
        raise ParameterError(
            f"The name {repeated[0]!r} occurs more than once"
            if repeated
            else "A pooled model needs at least two cohorts",
            f"The cohorts are {examples(c.name for c in cohorts)}",
            'Give several cohorts of different names: Cohort.join(..., name="A")',
        )


def _check_endpoints(cohorts: Sequence[Cohort]) -> None:
    without = [c.name for c in cohorts if c.time is None or c.event is None or c.endpoint is None]
    if without:
        raise EndpointError(
            f"The cohort {without[0]!r} has no endpoint",
            f"Without one: {examples(without)}",
            'Join it with endpoint=ns.Endpoint(time="...", event="...")',
        )
    _refuse_different(
        cohorts, "endpoints", lambda c: endpoint_name(c.endpoint), "Pool each by itself"
    )
    _refuse_different(
        cohorts,
        "units of time",
        lambda c: c.endpoint.unit if c.endpoint else "",
        "Convert the times of one side and join it again",
    )
    _refuse_different(
        cohorts,
        "competing causes",
        lambda c: ", ".join(competing_causes(c.endpoint)) or "none",
        "Name the same causes in each endpoint",
    )


def _refuse_different(
    cohorts: Sequence[Cohort], what: str, of: Callable[[Cohort], str], remedy: str
) -> None:
    found: dict[str, list[str]] = {}
    for cohort in cohorts:
        found.setdefault(of(cohort), []).append(cohort.name)
    if len(found) > 1:
        raise EndpointError(
            f"Cohorts with different {what} are not pooled",
            "; ".join(f"{value}: {examples(names)}" for value, names in found.items()),
            remedy,
        )


def _check_columns(cohorts: Sequence[Cohort], needed: Sequence[str]) -> None:
    lacking: Mapping[str, list[str]] = {
        name: [c.name for c in cohorts if name not in c.data.columns] for name in needed
    }
    absent = {name: names for name, names in lacking.items() if names}
    if absent:
        first, names = next(iter(absent.items()))
        raise ClinicalError(
            f"The column {first!r} is not in every cohort",
            f"{examples(names)} lack it"
            + (f"; further missing: {examples(list(absent)[1:])}" if len(absent) > 1 else ""),
            "Leave the column or the cohorts out, or give it the same name everywhere",
            column=first,
            cohorts=tuple(names),
        )


def _with_events(cohorts: Sequence[Cohort]) -> list[Cohort]:
    """The cohorts with an event; the others say nothing about a hazard."""
    used = [c for c in cohorts if np.nansum(_values(c.event)[np.isfinite(_values(c.time))]) > 0]
    left_out = [c.name for c in cohorts if all(c is not other for other in used)]
    if left_out and len(used) > 1:
        warnings.warn(
            ClinicalWarning(
                f"Cohorts without an event are left out: {examples(left_out)}",
                f"{len(used)} of {len(cohorts)} cohorts are pooled",
                "Check the coding of their event column",
            ),
            stacklevel=5,
        )
    if len(used) < 2:
        raise EndpointError(
            "Fewer than two cohorts have an event",
            f"Without one: {examples(left_out)}",
            "Check the coding of their event column, or use ns.cox for one cohort",
        )
    return used


def _warn_of_scoring(cohorts: Sequence[Cohort]) -> None:
    """Say where cohorts were scored in different ways, as far as they tell."""
    known = [c for c in cohorts if c.scoring is not None]
    different = [
        f"{other.name}: {'; '.join(found)}"
        for other in known[1:]
        if (found := _differences(known[0], other))
    ]
    if different:
        warnings.warn(
            ClinicalWarning(
                f"Scores were not made everywhere as in {known[0].name!r}",
                examples(different, quoted=False),
                "Score all cohorts by one method, so that a signature means the same in each",
            ),
            stacklevel=5,
        )


def _differences(first: Cohort, other: Cohort) -> list[str]:
    if first.scoring is None or other.scoring is None:
        return []
    shared = tuple(name for name in first.signatures if name in other.signatures)
    return first.scoring.differences(other.scoring, shared)


def _values(values: pd.Series | None) -> FloatArray:
    return np.empty(0) if values is None else np.asarray(values)


def _entries(cohorts: Sequence[Cohort]) -> FloatArray | None:
    starts = [array_of(cohort.entry) for cohort in cohorts]
    if all(start is None for start in starts):
        return None
    return np.concatenate(
        [
            np.full(len(cohort.data), _BEFORE_ALL) if start is None else start
            for cohort, start in zip(cohorts, starts, strict=True)
        ]
    )


def _column(parts: Sequence["pd.Series[Any]"]) -> "NDArray[Any] | pd.Categorical":
    """Numbers where all cohorts have numbers, else texts, so that levels agree.

    Ordered categoricals keep an order that holds those of all cohorts.
    """
    if all(pd.api.types.is_numeric_dtype(part) for part in parts):
        return np.concatenate([part.to_numpy(dtype=np.float64, na_value=np.nan) for part in parts])
    cells = np.concatenate([np.asarray(texts_of(part), dtype=object) for part in parts])
    order = common_order([declared_levels(part) for part in parts])
    return pd.Categorical(cells, list(order), ordered=True) if order else cells


def _within(cohort: Cohort, name: str) -> NDArray[Any]:
    """Texts that tell the cohort besides the value; missing stays missing."""
    texts = texts_of(cohort.data[name])
    return np.asarray(
        [text if pd.isna(text) else f"{cohort.name}: {text}" for text in texts], dtype=object
    )


def _score(cohort: Cohort, name: str) -> FloatArray:
    if name not in cohort.signatures:
        return np.full(len(cohort.data), np.nan)
    return cohort.data[name].to_numpy(dtype=np.float64)


def _flow(cohorts: Sequence[Cohort]) -> pd.DataFrame:
    flows = [
        cohort.row_flow.assign(step=[f"{cohort.name}: {step}" for step in cohort.row_flow["step"]])
        for cohort in cohorts
        if len(cohort.row_flow)
    ]
    return pd.concat(flows, ignore_index=True) if flows else cohorts[0].row_flow
