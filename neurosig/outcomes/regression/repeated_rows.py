"""Rows of one donor or patient, which are not independent observations."""

from typing import TYPE_CHECKING, Final

import pandas as pd

from neurosig.errors import ClinicalError, count
from neurosig.outcomes.clinic.clean import texts_of
from neurosig.outcomes.delayed_entry import refuse_intervals
from neurosig.outcomes.given_cohorts import refuse_no_cohort

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

_UNITS: Final = ("donor", "patient", "subject", "individual", "participant", "animal", "sample")
NAMES: Final = frozenset(unit + ending for unit in _UNITS for ending in ("", "id")) | {"origident"}
"""Columns that hold who a row comes from, in small letters without blanks and signs."""


def refuse_repeats(
    cohort: "Cohort",
    what: str,
    *,
    cluster: str | None = None,
    group: str | None = None,
    allow_repeats: bool = False,
    has_options: bool = True,
) -> None:
    """Refuse rows that share a donor or patient, unless the model takes that into account.

    has_options: whether the verb takes `allow_repeats`, for the remedy. cluster, group: columns of
    robust errors or a random effect. Donors within larger clusters
    (centres) are accounted for by errors clustered by centre.

    Raises
    ------
    EndpointError
        The cohort has patients in several rows (`Cohort.from_intervals`).
    ClinicalError
        A column named like a donor or patient has levels in several rows.
    """
    refuse_no_cohort(cohort, what)
    if allow_repeats:
        return
    if cohort.patients is None or cohort.patients.name not in (cluster, group):
        refuse_intervals(cohort, what)
    for name in cohort.data.columns:
        if _plain(str(name)) not in NAMES or name in cohort.signatures or name == group:
            continue
        units = pd.Series(texts_of(cohort.data[name]), index=cohort.data.index, dtype="object")
        n_rows = units.value_counts()
        if not len(n_rows) or n_rows.iloc[0] < 2:
            continue
        if cluster is not None and _is_within(units, cohort, cluster):
            continue
        raise ClinicalError(
            f"{what} would take {count(int(n_rows.sum()), 'row')} of "
            f"{count(len(n_rows), str(name), str(name) + ' levels')} for independent ones",
            f"{name!r} repeats: {n_rows.index[0]!r} has {n_rows.iloc[0]:,} rows; p-values over "
            "cells or samples of few donors are far too small",
            _remedy(str(name), has_options=has_options),
            column=str(name),
            n_rows=int(n_rows.sum()),
            n_units=len(n_rows),
        )


def _remedy(name: str, *, has_options: bool) -> str:
    average = "Average over each level first"
    if not has_options:
        return f"{average}; if the rows are independent after all, rename the column {name!r}"
    return (
        f'{average}, or use ns.regress with kind="mixed" and RegressionModel(group={name!r}), or '
        f"with cluster={name!r}; if the rows are independent after all: allow_repeats=True"
    )


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _is_within(units: pd.Series, cohort: "Cohort", cluster: str) -> bool:
    """Whether every unit lies in one cluster."""
    if cluster not in cohort.data.columns:
        return False
    clusters = pd.Series(texts_of(cohort.data[cluster]), index=units.index, dtype="object")
    pairs = pd.DataFrame({"unit": units, "cluster": clusters}).dropna().drop_duplicates()
    return not pairs["unit"].duplicated().any()
