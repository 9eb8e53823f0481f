"""Which observations are scored: those with a clinical row that is to be kept."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import pandas as pd

from neurosig.errors import InputError, count, examples
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.row_flow import FlowStep, flow_table


def rows_to_score(
    obs_names: pd.Index,
    clinical: pd.DataFrame,
    *,
    name: str,
    exclude: Sequence[str] = (),
    keep: Mapping[str, Sequence[str | int | float]] | None = None,
    duplicates: Literal["error", "first"] = "error",
) -> Cohort:
    """The observations that have a clinical row that is to be kept, without the excluded ones.

    They are chosen before scoring, because a method of cohort scope compares samples with each
    other: normal tissue must not be part of a tumour's cohort.

    Parameters
    ----------
    obs_names
        Observations of the expression.
    clinical
        The clinical table, ids in the index.
    name
        The cohort's name.
    exclude
        Observations not to be used.
    keep
        Column to the values allowed in it.
    duplicates
        What to do with a repeated clinical id.

    Raises
    ------
    InputError
        An observation is to be excluded that is not there; or as `Cohort.join` and `Cohort.where`.

    Examples
    --------
    >>> clinical = pd.DataFrame({"tissue": ["tumour", "normal"]}, index=["a", "b"])
    >>> rows = rows_to_score(pd.Index(["a", "b", "c"]), clinical, name="X", exclude=["c"],
    ...                      keep={"tissue": ["tumour"]})
    >>> list(rows.data.index)
    ['a']
    """
    used = without_excluded(obs_names, exclude, name)
    without_scores = pd.DataFrame(index=used)
    rows = Cohort.join(without_scores, clinical, name=name, duplicates=duplicates)
    for column, values in (keep or {}).items():
        rows = rows.where(column, values)
    if len(used) == len(obs_names):
        return rows
    excluded = obs_names[obs_names.isin(exclude)]
    step = FlowStep.losing(
        "observations used", len(obs_names), excluded, "excluded by the configuration"
    )
    flow = pd.concat([flow_table([step]), rows.row_flow], ignore_index=True)
    return replace(rows, row_flow=flow)


def without_excluded(obs_names: pd.Index, exclude: Sequence[str], name: str) -> pd.Index:
    """The observations but for those to exclude, each of which has to be there."""
    unknown = [excluded for excluded in exclude if excluded not in obs_names]
    if unknown:
        raise InputError(
            f"Cohort {name!r} is to exclude {unknown[0]!r}, which it does not have",
            f"{count(len(unknown), 'name')} of {len(exclude)}: {examples(unknown)}; it has "
            f"{examples(obs_names)}",
            "Correct the names under 'exclude:'",
        )
    return obs_names[~obs_names.isin(exclude)]
