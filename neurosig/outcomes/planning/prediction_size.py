"""The smallest sample for developing a prediction model (Riley et al. 2019, 2020)."""

import math
from dataclasses import dataclass

import pandas as pd

from neurosig.errors import ParameterError
from neurosig.outcomes.planning.planned_effect import (
    missing_quantity,
    refuse_no_count,
    refuse_outside,
)


@dataclass(frozen=True, slots=True, eq=False)
class PredictionSize:
    """What a prediction model needs: the largest of its criteria.

    table: one row per criterion with n, n_events, events_per_param and shrinkage; risk_low,
    risk_high: 95 % interval of the overall risk with n patients.
    """

    table: pd.DataFrame
    n: int
    n_events: float
    events_per_param: float
    max_r2: float
    risk: float
    risk_low: float
    risk_high: float


def prediction_sample_size(
    *,
    n_params: int,
    r2: float,
    prevalence: float | None = None,
    rate: float | None = None,
    mean_follow_up: float | None = None,
    time: float | None = None,
    shrinkage: float = 0.9,
) -> PredictionSize:
    """Patients for a model of `n_params` candidate parameters, of a binary or survival outcome.

        1  n = P / ((S - 1) log(1 - R2 / S)),               S = shrinkage
        2  the same with S = R2 / (R2 + 0.05 max R2)
        3  binary: n = (1.96 / 0.05)^2 prevalence (1 - prevalence); survival: the larger of 1 and 2,
           and the interval of the risk by `time` that it gives

    1 keeps overfitting small, 2 the gap between apparent and adjusted Nagelkerke R2, 3 the overall
    risk precise. max R2 = 1 - exp(2 l), l the log-likelihood per patient of a model without
    covariates: q log(q) + (1 - q) log(1 - q), q the prevalence; or r log(r) - r, r the events per
    patient (rate times mean follow-up).

    Parameters
    ----------
    n_params
        Candidate parameters P: each level of a category and each bend of a spline counts.
    r2
        Cox-Snell R2 that the model is expected to have.
    prevalence
        Share of patients with a binary outcome.
    rate, mean_follow_up, time
        Of a survival outcome: events per unit of time, mean follow-up, the time of prediction.
    shrinkage
        Target of criterion 1.

    Returns
    -------
    PredictionSize

    Raises
    ------
    ParameterError
        Neither a binary nor a survival outcome is described, or a value is not allowed.

    References
    ----------
    Riley RD et al. (2019) Stat Med 38:1276-1296, doi:10.1002/sim.7992; Riley RD et al. (2020) BMJ
    368:m441, doi:10.1136/bmj.m441.

    Examples
    --------
    The diagnostic model for Chagas disease of the paper: 4.8 events per parameter.

    >>> size = prediction_sample_size(n_params=24, r2=0.288, prevalence=0.174)
    >>> size.n, round(size.events_per_param, 1)
    (662, 4.8)
    """
    missing_quantity({"prevalence": prevalence, "rate": rate})
    refuse_outside("r2", r2, 0.0, 1.0)
    refuse_outside("shrinkage", shrinkage, 0.0, 1.0)
    refuse_outside("prevalence", prevalence, 0.0, 1.0)
    refuse_outside("rate", rate, 0.0, math.inf)
    refuse_no_count("n_params", n_params)
    per_patient, likelihood = _outcome(prevalence, rate, mean_follow_up, time)
    max_r2 = -math.expm1(2 * likelihood)
    if r2 >= min(max_r2, shrinkage):
        raise ParameterError(
            f"r2 cannot be {r2!r}",
            f"With these events the largest Cox-Snell R2 is {max_r2:.3f}, and it is below the "
            f"shrinkage {shrinkage:g}",
            "Give the R2 of an earlier model; 0.15 of the largest where there is none",
        )
    small_gap = r2 / (r2 + 0.05 * max_r2)
    sizes = [_size(n_params, r2, s) for s in (shrinkage, small_gap)]
    if prevalence is not None:
        sizes.append(math.ceil((1.96 / 0.05) ** 2 * prevalence * (1 - prevalence)))
    else:
        sizes.append(max(sizes))
    n = max(sizes)
    targets = [shrinkage, small_gap, max(shrinkage, small_gap)]
    table = pd.DataFrame(
        {
            "criterion": ["small overfitting", "small gap of R2", "precise overall risk"],
            "n": sizes,
            "n_events": [size * per_patient for size in sizes],
            "events_per_param": [size * per_patient / n_params for size in sizes],
            "shrinkage": targets,
        }
    )
    risk, low, high = _risk(n, prevalence, rate, mean_follow_up, time)
    n_events = n * per_patient
    return PredictionSize(table, n, n_events, n_events / n_params, max_r2, risk, low, high)


def _outcome(
    prevalence: float | None, rate: float | None, mean_follow_up: float | None, time: float | None
) -> tuple[float, float]:
    """Events per patient, and the null log-likelihood per patient."""
    if prevalence is not None:
        if mean_follow_up is not None or time is not None:
            raise ParameterError(
                "A binary outcome has no follow-up",
                f"prevalence={prevalence}, mean_follow_up={mean_follow_up}, time={time}",
                "Give rate instead of prevalence, or leave out the times",
            )
        q = prevalence
        return q, q * math.log(q) + (1 - q) * math.log1p(-q)
    if mean_follow_up is None or time is None:
        raise ParameterError(
            "A survival outcome needs its follow-up and the time of prediction",
            f"mean_follow_up={mean_follow_up}, time={time}",
            "Give both, in the unit of time of the rate",
        )
    refuse_outside("mean_follow_up", mean_follow_up, 0.0, math.inf)
    refuse_outside("time", time, 0.0, math.inf)
    r = float(rate or 0) * mean_follow_up
    if r > 1:
        raise ParameterError(
            f"rate and mean_follow_up give {r:.3g} events per patient",
            f"rate={rate}, mean_follow_up={mean_follow_up}; a patient has the event at most once",
            "Give the rate per unit of time that mean_follow_up is in",
        )
    return r, r * math.log(r) - r


def _size(n_params: int, r2: float, shrinkage: float) -> int:
    return math.ceil(n_params / ((shrinkage - 1) * math.log1p(-r2 / shrinkage)))


def _risk(
    n: int,
    prevalence: float | None,
    rate: float | None,
    mean_follow_up: float | None,
    time: float | None,
) -> tuple[float, float, float]:
    """The overall risk and its 95 % interval with n patients."""
    if prevalence is not None:
        half = 1.96 * math.sqrt(prevalence * (1 - prevalence) / n)
        return prevalence, prevalence - half, prevalence + half
    hazard, horizon = float(rate or 0), float(time or 0)
    half = 1.96 * math.sqrt(hazard / (n * float(mean_follow_up or 0)))
    bounds = (hazard, hazard - half, hazard + half)
    risk, low, high = (-math.expm1(-value * horizon) for value in bounds)
    return risk, low, high
