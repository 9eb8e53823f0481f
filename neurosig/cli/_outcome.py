"""The outcome of a model that may be an endpoint or a clinical column, as options."""

from dataclasses import dataclass
from typing import Annotated, Literal

from neurosig._params import Help
from neurosig.errors import ParameterError
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.clinic.follow_up import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeChoice:
    """A Cox model of times and events, or a model of a clinical column."""

    model: Annotated[
        Literal["cox", "logistic", "linear"],
        Help("cox: of --time and --event; logistic or linear: of --outcome"),
    ] = "cox"
    time: Annotated[str | None, Help("column with the time to event or last contact")] = None
    event: Annotated[str | None, Help("column that says whether the event happened")] = None
    unit: Annotated[Unit, Help("unit of the time column")] = "days"
    event_values: Annotated[
        tuple[str, ...] | None,
        Help("values of the event column that mean the event; all others are censored"),
    ] = None
    entry: Annotated[
        str | None, Help("column with the time at which observation began, where not at 0")
    ] = None
    outcome: Annotated[str | None, Help("clinical column of a logistic or linear model")] = None
    positive: Annotated[str | None, Help("its level that counts as yes")] = None

    def endpoint(self) -> Endpoint | None:
        """The endpoint of a Cox model, None for others.

        Raises
        ------
        ParameterError
            A Cox model without time and event, or another one with them.
        """
        given = [name for name in ("time", "event") if getattr(self, name) is not None]
        if self.model != "cox":
            if given:
                raise ParameterError(
                    f"A {self.model} model has no --{given[0]}",
                    f"--{given[0]} {getattr(self, given[0])}",
                    "Leave it out, or use --model cox",
                )
            return None
        if self.time is None or self.event is None:
            raise ParameterError(
                "A Cox model needs --time and --event",
                f"Given: {', '.join(f'--{name}' for name in given) or 'neither'}",
                "Name both columns of the clinical table, or use --model logistic or linear",
            )
        return Endpoint(
            time=self.time,
            event=self.event,
            unit=self.unit,
            event_values=self.event_values,
            entry=self.entry,
        )
