"""Kaplan-Meier curves of one score in one cohort, with the test that goes with them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from neurosig.errors import EndpointError
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.cox.verb import cox
from neurosig.outcomes.curves.curve_intervals import Interval
from neurosig.outcomes.curves.survival_curve import at_risk_table, kaplan_meier, km_groups
from neurosig.pl.km import (
    display_note,
    kaplan_meier_alt,
    kaplan_meier_data,
    kaplan_meier_figure,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COMPETING_NOTE: Final = (
    "Other causes are censored in these curves, so that one minus a curve is larger than the "
    "incidence of the cause: ns.cumulative_incidence."
)
"""What a reader of curves has to know where causes compete."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Drawn curves: the picture, its numbers, the rows behind it and two texts about it."""

    figure: "Figure"
    data: pd.DataFrame
    groups: pd.DataFrame
    note: str
    alt: str


def draw_curves(
    cohort: Cohort,
    signature: str,
    test: pd.Series | None = None,
    *,
    interval: Interval = "log-log",
) -> Curves:
    """Draw the halves of a score; the note quotes the Cox model of the continuous score.

    Where the endpoint has competing causes the note says that the curves censor them.

    Parameters
    ----------
    test
        The score's row of a `cox` table; by default that of a model without covariates.
    interval
        Scale of the curves' confidence intervals.
    """
    if cohort.endpoint is None:
        raise EndpointError(
            f"The cohort {cohort.name!r} has no endpoint",
            "Curves need a time and an event",
            'Join it with endpoint=ns.Endpoint(time="...", event="...")',
        )
    groups = km_groups(cohort, signature)
    row = cox(cohort, signatures=[signature]).scores.iloc[0] if test is None else test
    entry = groups.get("entry")
    curves = kaplan_meier(
        groups["time"], groups["event"], groups=groups["group"], interval=interval, entry=entry
    )
    times = _times_shown(float(groups["time"].max()), cohort.endpoint.unit)
    at_risk = at_risk_table(
        groups["time"], groups["event"], times, groups=groups["group"], entry=entry
    )
    data = kaplan_meier_data(curves, at_risk)
    note = display_note({str(key): value for key, value in row.items()})
    figure = kaplan_meier_figure(
        data,
        time_label=f"Time ({cohort.endpoint.unit})",
        survival_label=f"{cohort.endpoint.name}: {signature}, {cohort.name}",
        note=note,
    )
    if cohort.endpoint.causes:
        note = f"{note} {COMPETING_NOTE}"
    alt = kaplan_meier_alt(data, f"{signature} in {cohort.name}", note)
    return Curves(figure, data, groups, note, alt)


_STEPS = {
    "days": (30, 60, 90, 180, 365, 730, 1095, 1825, 3650),
    "weeks": (4, 8, 13, 26, 52, 104, 156, 260, 520),
    "months": (1, 2, 3, 6, 12, 24, 36, 60, 120),
    "years": (0.25, 0.5, 1, 2, 3, 5, 10, 20),
}


def _times_shown(last: float, unit: str, n_times: int = 7) -> list[float]:
    """Up to `n_times` times from 0 to the last one, in steps that fit the calendar.

    >>> _times_shown(118.0, "months"), _times_shown(1000.0, "days")
    ([0.0, 24.0, 48.0, 72.0, 96.0], [0.0, 180.0, 360.0, 540.0, 720.0, 900.0])
    """
    steps = _STEPS[unit]
    step = next((s for s in steps if last / s < n_times), last / (n_times - 1))
    return [float(t) for t in np.arange(0, last * (1 + 1e-9), step)]
