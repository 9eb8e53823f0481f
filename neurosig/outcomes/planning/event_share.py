"""The share of patients who will have the event by the end of a study."""

import math

from neurosig.errors import ParameterError
from neurosig.outcomes.planning.planned_effect import refuse_no_number, refuse_outside


def event_probability(
    *,
    follow_up: float,
    accrual: float = 0.0,
    median: float | None = None,
    hazard: float | None = None,
    dropout: float = 0.0,
    hr: float = 1.0,
    allocation: float = 0.5,
) -> float:
    """Probability that a patient has the event before the study ends.

        P = lambda / (lambda + eta) (1 - (e^(-(lambda + eta) F) - e^(-(lambda + eta) (A + F)))
                                         / ((lambda + eta) A))

    Exponential survival with hazard lambda and dropout with hazard eta, uniform accrual over A and
    F further follow-up of the last patient. With a hazard ratio it is the mean of the two groups.
    All times are in one unit.

    Parameters
    ----------
    follow_up, accrual
        F and A. Without accrual every patient is followed for `follow_up`.
    median, hazard
        Survival (of the reference group), by its median or its hazard.
    dropout
        Hazard of being lost: -log(1 - share lost in one unit of time).
    hr, allocation
        Hazard ratio of a second group and its share of the patients.

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        A value is not allowed, or not exactly one of `median` and `hazard` is given.

    References
    ----------
    Lachin JM, Foulkes MA (1986) Biometrics 42:507-519, doi:10.2307/2531201.

    Examples
    --------
    By hand: everybody is followed for the median, so half of them have the event.

    >>> round(event_probability(follow_up=24, median=24), 12)
    0.5
    """
    if (median is None) == (hazard is None):
        raise ParameterError(
            "Survival is told by its median or by its hazard",
            f"median={median!r}, hazard={hazard!r}",
            "Give one of the two",
        )
    refuse_outside("median", median, 0.0, math.inf)
    refuse_outside("hazard", hazard, 0.0, math.inf)
    refuse_outside("hr", hr, 0.0, math.inf)
    refuse_outside("allocation", allocation, 0.0, 1.0)
    for name, value in (("follow_up", follow_up), ("accrual", accrual), ("dropout", dropout)):
        refuse_no_number(name, value)
        if not 0 <= value < math.inf:
            raise ParameterError(f"{name} cannot be {value!r}", "It is at least 0", "Give another")
    if follow_up + accrual == 0:
        raise ParameterError("Nobody is followed", "follow_up and accrual are 0", "Give one")
    own = hazard if hazard is not None else math.log(2) / float(median or 1)
    reference = _share(own, follow_up, accrual, dropout)
    other = _share(own * hr, follow_up, accrual, dropout)
    return (1 - allocation) * reference + allocation * other


def _share(hazard: float, follow_up: float, accrual: float, dropout: float) -> float:
    total = hazard + dropout
    if accrual == 0:
        return hazard / total * -math.expm1(-total * follow_up)
    mean_left = math.exp(-total * follow_up) * -math.expm1(-total * accrual) / (total * accrual)
    return hazard / total * (1 - mean_left)
