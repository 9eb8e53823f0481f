"""What cannot take into account that rows of a cohort enter late."""

from typing import TYPE_CHECKING

from neurosig.errors import EndpointError

if TYPE_CHECKING:
    from neurosig.outcomes.cohort import Cohort


def refuse_delayed_entry(cohort: "Cohort", what: str) -> None:
    """Refuse a cohort whose rows are not observed from time 0.

    Raises
    ------
    EndpointError
        The cohort has entry times, of its endpoint or of intervals.
    """
    if cohort.entry is None:
        return
    column = cohort.endpoint.entry if cohort.endpoint is not None else None
    raise EndpointError(
        f"{what} would ignore that rows of {cohort.name!r} enter late",
        f"The entry is {column!r}" if column else "The cohort is made of intervals",
        "Use ns.cox, which takes delayed entry into account, or an endpoint without entry",
    )
