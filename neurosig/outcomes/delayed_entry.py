"""What cannot take into account that rows enter late, or that a patient has several rows."""

from typing import TYPE_CHECKING

from neurosig.errors import EndpointError, count
from neurosig.outcomes.given_cohorts import refuse_no_cohort

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort


def refuse_delayed_entry(cohort: "Cohort", what: str) -> None:
    """Refuse a cohort whose rows are not observed from time 0.

    Raises
    ------
    EndpointError
        The cohort has entry times, or patients in several rows.
    """
    refuse_intervals(cohort, what)
    if cohort.entry is None:
        return
    column = cohort.endpoint.entry if cohort.endpoint is not None else None
    raise EndpointError(
        f"{what} would ignore that rows of {cohort.name!r} enter late",
        f"The entry is {column!r}",
        "Use ns.cox, which takes delayed entry into account, or an endpoint without entry",
    )


def refuse_intervals(cohort: "Cohort", what: str) -> None:
    """Refuse a cohort in which patients have several rows.

    Raises
    ------
    EndpointError
        A patient of the cohort has more than one row.
    ParameterError
        It is no cohort but imputations of one.
    """
    refuse_no_cohort(cohort, what)
    if cohort.patients is None or cohort.patients.is_unique:
        return
    n_rows = cohort.patients.value_counts()
    raise EndpointError(
        f"{what} would take each row of {cohort.name!r} for a patient",
        f"{count(len(cohort.patients), 'interval')} of {count(len(n_rows), 'patient')}: "
        f"{n_rows.index[0]!r} has {n_rows.iloc[0]:,}",
        "Use ns.cox, which takes intervals, or keep one row per patient: cohort.subset(...)",
    )
