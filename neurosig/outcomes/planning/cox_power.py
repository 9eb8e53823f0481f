"""Power and sample size of a hazard ratio (Schoenfeld 1983; Hsieh and Lavori 2000)."""

import math
from dataclasses import asdict, dataclass

import pandas as pd

from neurosig.errors import ParameterError, count
from neurosig.outcomes.planning.planned_effect import (
    checked_test,
    exp_of,
    missing_quantity,
    power_of,
    quantile_of,
    reach_of,
    refuse_no_count,
    refuse_no_number,
    refuse_outside,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoxPlan:
    """A planned Cox model: what was given and, under `solved_for`, what follows.

    n_events and n are rounded up where they were solved for; n is None without an event rate.
    """

    solved_for: str
    hr: float
    power: float
    n_events: float
    n: int | None
    event_rate: float | None
    alpha: float
    n_tests: int
    sides: int
    variance: float
    r2_with_covariates: float

    @property
    def table(self) -> pd.DataFrame:
        """The plan as a table of one row."""
        return pd.DataFrame([asdict(self)])

    @property
    def text(self) -> str:
        """The plan as one sentence, for a protocol or REMARK item 9."""
        patients = "" if self.n is None else f" in {count(self.n, 'patient')}"
        tests = f" divided over {self.n_tests} tests" if self.n_tests > 1 else ""
        return (
            f"{count(math.ceil(self.n_events), 'event')}{patients} give a power of "
            f"{self.power:.0%} to detect a hazard ratio of {self.hr:.2f} at a "
            f"{'two' if self.sides == 2 else 'one'}-sided level of {self.alpha:g}{tests} "
            f"(variance of the covariate {self.variance:.3g}, of which the other covariates "
            f"explain {self.r2_with_covariates:.0%})."
        )


def power(
    *,
    hr: float | None = None,
    power: float | None = None,
    n_events: float | None = None,
    n: int | None = None,
    event_rate: float | None = None,
    alpha: float | None = 0.05,
    n_tests: int = 1,
    sd_of_covariate: float = 1.0,
    allocation: float | None = None,
    r2_with_covariates: float = 0.0,
    sides: int = 2,
) -> CoxPlan:
    """Plan a Cox model of one score: leave out one quantity and it is solved for.

        D = (z_(1 - alpha / sides m) + z_power)^2 / (V (1 - R^2) log(hr)^2)

    D: events; V: variance of the covariate, sd^2 of a score (Hsieh and Lavori) or p (1 - p) of two
    groups (Schoenfeld); m: tests that share the level. It holds for small effects, as in the
    papers, and where most of the information is in the events.

    Parameters
    ----------
    hr, power, n_events, alpha
        One is left out (None). The hazard ratio is per unit of the covariate: per SD if
        `sd_of_covariate` is 1. A hazard ratio that is solved for is above 1; its inverse is
        detected as well.
    n, event_rate
        Patients, and the share of them with the event (see `event_probability`): n_events =
        n event_rate.
    n_tests
        Tests that share alpha, by Bonferroni.
    sd_of_covariate, allocation
        Standard deviation of a continuous covariate, or the share of one of two groups.
    r2_with_covariates
        Share of the covariate's variance that the other covariates explain.
    sides
        2, or 1 where only one direction counts.

    Returns
    -------
    CoxPlan

    Raises
    ------
    ParameterError
        Not exactly one quantity is left out, a value is not allowed, or two contradict each other.

    References
    ----------
    Schoenfeld DA (1983) Biometrics 39:499-503, doi:10.2307/2531021; Hsieh FY, Lavori PW (2000)
    Control Clin Trials 21:552-560, doi:10.1016/S0197-2456(00)00104-5.

    Examples
    --------
    Two equal groups and a hazard ratio of 1.5: 4 (1.96 + 0.84)^2 / log(1.5)^2 = 190.97 events.

    >>> plan = power(hr=1.5, power=0.8, allocation=0.5, event_rate=0.8)
    >>> plan.n_events, plan.n
    (191, 239)
    >>> round(power(power=0.8, n_events=100).hr, 2)  # the smallest per SD that 100 events detect
    1.32
    """
    test = checked_test(alpha, n_tests, sides, power)
    _check_effect(hr, sd_of_covariate, allocation, r2_with_covariates, event_rate)
    n_events, event_rate = _events(n_events, n, event_rate)
    asked = missing_quantity({"hr": hr, "power": power, "n_events": n_events, "alpha": alpha})
    spread = sd_of_covariate**2 if allocation is None else allocation * (1 - allocation)
    information = spread * (1 - r2_with_covariates)
    if hr is None:
        reach = reach_of(test.quantile(), float(power or 0))
        hr = exp_of(reach / math.sqrt(information * float(n_events or 0)), "hazard ratio")
    elif power is None:
        drift = math.sqrt(information * float(n_events or 0)) * abs(math.log(hr))
        power = power_of(drift, test.quantile())
    elif alpha is None:
        drift = math.sqrt(information * float(n_events or 0)) * abs(math.log(hr))
        alpha = test.alpha_of(drift - quantile_of(power))
    else:
        reach = reach_of(test.quantile(), power)
        n_events = math.ceil(reach**2 / (information * math.log(hr) ** 2) - 1e-9)
    events = float(n_events or 0)
    if n is None and event_rate is not None:
        n = math.ceil(events / event_rate - 1e-9)
    return CoxPlan(
        solved_for=asked,
        hr=hr,
        power=float(power or 0),
        n_events=int(events) if events == int(events) else events,
        n=n,
        event_rate=event_rate,
        alpha=float(alpha or 0),
        n_tests=n_tests,
        sides=sides,
        variance=spread,
        r2_with_covariates=r2_with_covariates,
    )


def _check_effect(
    hr: float | None, sd: float, allocation: float | None, r2: float, event_rate: float | None
) -> None:
    refuse_outside("hr", hr, 0.0, math.inf)
    if hr == 1:
        raise ParameterError("hr cannot be 1", "It is no effect: nothing to detect", "Give another")
    refuse_outside("sd_of_covariate", sd, 0.0, math.inf)
    refuse_outside("allocation", allocation, 0.0, 1.0)
    if allocation is not None and sd != 1:
        raise ParameterError(
            "A covariate is either continuous or two groups",
            f"sd_of_covariate={sd!r}, allocation={allocation!r}",
            "Leave out one of the two",
        )
    refuse_no_number("r2_with_covariates", r2)
    refuse_no_number("event_rate", event_rate)
    if not 0 <= r2 < 1:
        raise ParameterError(
            f"r2_with_covariates cannot be {r2!r}", "It is at least 0 and below 1", "Such as 0.1"
        )
    if event_rate is not None and not 0 < event_rate <= 1:
        raise ParameterError(
            f"event_rate cannot be {event_rate!r}",
            "It is the share of patients with the event, above 0 and at most 1",
            "See ns.event_probability",
        )


def _events(
    n_events: float | None, n: int | None, event_rate: float | None
) -> tuple[float | None, float | None]:
    """Events and event rate from whichever two of events, patients and rate are given."""
    refuse_outside("n_events", n_events, 0.0, math.inf)
    refuse_no_count("n", n)
    if n is None:
        return n_events, event_rate
    if n_events is None:
        if event_rate is None:
            raise ParameterError(
                "The number of patients does not say how many events there will be",
                f"n={n}",
                "Add event_rate=..., from ns.event_probability(...), or give n_events",
            )
        return n * event_rate, event_rate
    if event_rate is not None or n_events > n:
        raise ParameterError(
            "The numbers of patients and events contradict the rest",
            f"n={n}, n_events={n_events}, event_rate={event_rate}",
            "Give two of the three, and no more events than patients",
        )
    return n_events, n_events / n
