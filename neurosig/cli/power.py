"""`neurosig power`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig import _atomic
from neurosig.errors import ParameterError
from neurosig.outcomes.planning.cox_power import CoxPlan
from neurosig.outcomes.planning.cox_power import power as plan_cox
from neurosig.outcomes.planning.event_share import event_probability
from neurosig.outcomes.planning.logistic_power import LogisticPlan, power_logistic
from neurosig.records.writing import write_sidecar


def command(
    hr: Annotated[float | None, typer.Option(help="hazard ratio per unit of the covariate")] = None,
    power: Annotated[float | None, typer.Option(help="power to detect it")] = None,
    n_events: Annotated[float | None, typer.Option(help="events")] = None,
    n: Annotated[int | None, typer.Option(help="patients")] = None,
    event_rate: Annotated[float | None, typer.Option(help="share of patients with event")] = None,
    median: Annotated[
        float | None, typer.Option(help="median survival, to find the event rate")
    ] = None,
    follow_up: Annotated[float, typer.Option(help="follow-up of the last patient")] = 0.0,
    accrual: Annotated[float, typer.Option(help="time of accrual")] = 0.0,
    dropout: Annotated[float, typer.Option(help="hazard of being lost")] = 0.0,
    odds_ratio: Annotated[
        float | None, typer.Option(help="odds ratio per SD: plans a logistic regression")
    ] = None,
    prevalence: Annotated[
        float | None, typer.Option(help="share of positives of a logistic regression")
    ] = None,
    alpha: Annotated[float, typer.Option(help="level shared by all tests")] = 0.05,
    n_tests: Annotated[int, typer.Option(help="tests that share the level")] = 1,
    sd: Annotated[float, typer.Option(help="standard deviation of the covariate")] = 1.0,
    allocation: Annotated[float | None, typer.Option(help="share of one of two groups")] = None,
    r2: Annotated[
        float, typer.Option(help="share of its variance that the other covariates explain")
    ] = 0.0,
    sides: Annotated[int, typer.Option(help="sides of the test")] = 2,
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """Power, sample size or detectable effect of a planned model: leave one out."""
    plan: CoxPlan | LogisticPlan
    if odds_ratio is not None or prevalence is not None:
        cox_only = {"hr": hr, "n_events": n_events, "event_rate": event_rate, "median": median}
        wrong = [f"--{name.replace('_', '-')}" for name, v in cox_only.items() if v is not None]
        if wrong or prevalence is None or sd != 1:
            raise ParameterError(
                "A logistic regression is planned by --prevalence and two of --odds-ratio, "
                "--power and --n",
                f"Given besides: {', '.join(wrong) or 'no --prevalence, or --sd'}",
                "The odds ratio is per standard deviation; leave out the options of survival",
            )
        plan = power_logistic(
            prevalence=prevalence,
            odds_ratio=odds_ratio,
            power=power,
            n=n,
            alpha=alpha,
            n_tests=n_tests,
            allocation=allocation,
            r2_with_covariates=r2,
            sides=sides,
        )
    else:
        plan = plan_cox(
            hr=hr,
            power=power,
            n_events=n_events,
            n=n,
            event_rate=_event_rate(event_rate, median, follow_up, accrual, dropout),
            alpha=alpha,
            n_tests=n_tests,
            sd_of_covariate=sd,
            allocation=allocation,
            r2_with_covariates=r2,
            sides=sides,
        )
    sys.stderr.write(f"{plan.text}\n")
    if output is None:
        sys.stdout.write(_atomic.csv_text(plan.table))
    else:
        _atomic.write_csv(output, plan.table)
        write_sidecar([output])


def _event_rate(
    given: float | None, median: float | None, follow_up: float, accrual: float, dropout: float
) -> float | None:
    """The event rate, given or by survival, accrual, follow-up and dropout."""
    has_times = follow_up > 0 or accrual > 0 or dropout > 0
    if median is None and not has_times:
        return given
    if median is None or given is not None:
        raise ParameterError(
            "The event rate is given, or found from --median, --follow-up, --accrual and --dropout",
            f"--event-rate {given}, --median {median}",
            "Give one of the two",
        )
    return event_probability(median=median, follow_up=follow_up, accrual=accrual, dropout=dropout)
