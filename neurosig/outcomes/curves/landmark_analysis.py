"""Landmark analysis: follow-up counted from a fixed time, on the rows still at risk then."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from neurosig.errors import EndpointError, ParameterError, count
from neurosig.outcomes.arguments import is_number
from neurosig.outcomes.clinic.causes import cohort_causes
from neurosig.outcomes.delayed_entry import refuse_intervals
from neurosig.outcomes.given_cohorts import refuse_no_cohort

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

AtLandmark = Literal["exclude", "keep"]


def landmark(cohort: "Cohort", at: float, *, exactly: AtLandmark = "exclude") -> "Cohort":
    """Count follow-up from the landmark, on the rows that are still at risk then.

    Groups that are known only after the start (response to treatment, a biopsy at month three)
    must not be compared from the start: whoever lived long enough to be in them could not have died
    before (immortal time). With a landmark L everything about groups is known by L, and only what
    comes after L counts: T' = T - L for the rows with T > L.

    Parameters
    ----------
    cohort
        A cohort with an endpoint.
    at
        The landmark L, in the unit of the endpoint; fixed in advance.
    exactly
        What becomes of rows that end exactly at L. "exclude" (default): they are no longer at risk
        after L, so that survival is S(t) / S(L) of the whole curve. "keep": they count, with
        a time of 0; not with an endpoint that has an entry, as they would end when they enter.

    Returns
    -------
    Cohort
        The rows at risk, with `time` from the landmark and the endpoint's name saying so. Rows
        without a known time stay, as in every cohort. `row_flow` counts who was lost: to events,
        to competing events and to censoring before L, and to each exactly at L.

    Raises
    ------
    EndpointError
        The cohort has no endpoint, patients in several rows, or nobody at risk at the landmark.
    ParameterError
        `at` is not above 0, or `exactly` has a value that is not allowed.

    References
    ----------
    Anderson JR, Cain KC, Gelber RD (1983) J Clin Oncol 1:710-719, doi:10.1200/JCO.1983.1.11.710;
    Giobbie-Hurder A, Gelber RD, Regan MM (2013) J Clin Oncol 31:2963-2969,
    doi:10.1200/JCO.2013.49.5283.

    Examples
    --------
    By hand: of four, one has the event before 100 days and one is censored at 100.

    >>> import pandas as pd
    >>> import neurosig as ns
    >>> clinical = pd.DataFrame({"days": [50, 100, 150, 300], "dead": [1, 0, 1, 0]})
    >>> cohort = ns.Cohort.join(
    ...     pd.DataFrame({"NGF": [0.1, 0.2, 0.3, 0.4]}), clinical,
    ...     ns.Endpoint(time="days", event="dead", name="OS"),
    ... )
    >>> later = landmark(cohort, at=100)
    >>> later.time.tolist(), later.endpoint.name
    ([50.0, 200.0], 'OS from 100 days')
    >>> later.row_flow.loc[later.row_flow["step"] == "kept", ["n_lost", "reason"]].values.tolist()
    [[1, 'event before 100 days'], [1, 'censored exactly at 100 days']]
    """
    refuse_no_cohort(cohort, "A landmark")
    if cohort.time is None or cohort.event is None or cohort.endpoint is None:
        raise EndpointError(
            f"The cohort {cohort.name!r} has no endpoint",
            "A landmark is a time of follow-up",
            'Join it with endpoint=ns.Endpoint(time="...", event="...")',
        )
    refuse_intervals(cohort, "A landmark")
    if not (is_number(at) and np.isfinite(at) and at > 0):
        raise ParameterError(
            f"at cannot be {at!r}",
            f"It is a time of follow-up in {cohort.endpoint.unit}, above 0",
            "Choose it before looking at the outcome",
        )
    if exactly not in get_args(AtLandmark):
        raise ParameterError(
            f"exactly cannot be {exactly!r}",
            f"Allowed: {', '.join(get_args(AtLandmark))}",
            "The default is 'exclude'",
        )
    if exactly == "keep" and cohort.entry is not None:
        raise ParameterError(
            "exactly cannot be 'keep' where rows enter late",
            f"The entry is {cohort.endpoint.entry!r}; a row that ends at {at:g} would enter and "
            "end at 0",
            "Use exactly='exclude'",
        )
    label = f"{at:g} {cohort.endpoint.unit}"
    time, event = np.asarray(cohort.time), np.asarray(cohort.event)
    known = np.isfinite(time) & np.isfinite(event)
    at_risk = time > at if exactly == "exclude" else time >= at
    if not (known & at_risk).any():
        raise EndpointError(
            f"Nobody of the cohort {cohort.name!r} is at risk at {label}",
            f"{count(int(known.sum()), 'row')} with a time, the last at "
            f"{np.max(time[known], initial=0.0):g}",
            "Choose an earlier landmark",
        )
    moved = replace(
        cohort,
        time=cohort.time - at,
        entry=None if cohort.entry is None else (cohort.entry - at).clip(lower=0.0),
        endpoint=replace(cohort.endpoint, name=f"{cohort.endpoint.name} from {label}"),
    )
    cause = cohort_causes(cohort).code if cohort.endpoint.causes else event
    reasons = (("event", cause == 1), ("competing event", cause > 1), ("censored", cause == 0))
    left = np.ones(time.size, dtype=np.bool_)
    for when, hit in (("before", time < at), ("exactly at", time == at)):
        for what, ended in reasons:
            lost = hit & ~at_risk & ended
            if lost.any():
                moved = moved.subset(~lost[left], f"{what} {when} {label}")
                left &= ~lost
    return moved
