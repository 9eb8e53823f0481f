"""Total, direct and indirect effects made of four counterfactual means, as rows of a table."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.keys import OK, Interplay, Performance, Result
from neurosig.outcomes.interplay.bootstrap import Draws
from neurosig.outcomes.interplay.outcome_rows import Kind
from neurosig.outcomes.interplay.sensitivity import (
    e_value,
    e_value_of_limit,
    ratio_of_difference,
)

FloatArray = NDArray[np.float64]
Scale = Literal["difference", "risk", "event risk", "odds"]

TOTAL: Final = "total"
PROPORTION: Final = "proportion_mediated"
EFFECTS: Final = ("total", "pure_direct", "total_indirect", "total_direct", "pure_indirect")
_PLUS: Final = (3, 1, 3, 3, 2)
_MINUS: Final = (0, 0, 1, 2, 0)
WITHHELD: Final = "withheld"


class Measure(NamedTuple):
    """A scale on which effects are told.

    place: which of the g-formula's means it is made of; time: of survival or its limit.
    """

    name: str
    place: int
    scale: Scale
    time: float
    effect_scale: str

    @property
    def is_ratio(self) -> bool:
        """Estimates are logarithms, effects ratios."""
        return self.scale != "difference"

    def contrasts(self, means: FloatArray) -> FloatArray:
        """Effects (..., 5) of means (..., n_means * 4), as logarithms for ratios."""
        q = means[..., 4 * self.place : 4 * self.place + 4]
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.scale == "risk":
                q = np.log(q)
            elif self.scale == "event risk":
                q = np.log1p(-q)
            elif self.scale == "odds":
                q = np.log(q) - np.log1p(-q)
            return np.asarray(q[..., _PLUS] - q[..., _MINUS])


def measures(kind: Kind, horizon: float | None, tau: float | None, unit: str) -> list[Measure]:
    """The scales of an outcome, in the order of `GFormula.means`."""
    nan = float("nan")
    if kind == "linear":
        return [Measure("mean difference", 0, "difference", nan, "difference in the outcome")]
    if kind == "logistic":
        return [
            Measure("risk difference", 0, "difference", nan, "difference in probability"),
            Measure("risk ratio", 0, "risk", nan, "ratio of probabilities"),
            Measure("odds ratio", 0, "odds", nan, "ratio of odds"),
        ]
    found = []
    if horizon is not None:
        found += [
            Measure(
                "survival difference",
                0,
                "difference",
                horizon,
                f"difference in survival at {horizon:g} {unit}",
            ),
            Measure("risk ratio", 0, "event risk", horizon, _risks(horizon, unit)),
        ]
    if tau is not None:
        place = int(horizon is not None)
        scale = f"{unit} of survival up to {tau:g}"
        found.append(Measure("RMST difference", place, "difference", tau, scale))
        if horizon is None:
            found.append(Measure("risk ratio", place + 1, "event risk", tau, _risks(tau, unit)))
    return found


def _risks(time: float, unit: str) -> str:
    return f"ratio of risks of the event by {time:g} {unit}"


@dataclass(frozen=True, kw_only=True)
class EffectText:
    """What all rows of a mediation share."""

    first: dict[str, object]
    last: dict[str, object]
    confidence: float
    outcome_sd: float


def effect_rows(measure: Measure, draws: Draws, text: EffectText) -> pd.DataFrame:
    """The five effects on one scale, and the proportion mediated where they are differences."""
    effects = draws.transformed(measure.contrasts)
    low, high = effects.interval(text.confidence)
    change = np.exp if measure.is_ratio else np.asarray
    estimate = effects.estimate
    columns: dict[str, object] = {
        Result.TERM: EFFECTS,
        Performance.MEASURE: measure.name,
        Performance.TIME: measure.time,
        Result.ESTIMATE: estimate,
        Result.STD_ERROR: effects.std_error,
        Result.CI_LOW: low,
        Result.CI_HIGH: high,
        Result.CI_LEVEL: text.confidence,
        Result.P_VALUE: effects.p_value,
        Result.EFFECT: change(estimate),
        Result.EFFECT_LOW: change(low),
        Result.EFFECT_HIGH: change(high),
        Result.EFFECT_SCALE: measure.effect_scale,
    }
    e_values = _e_values(measure, estimate, low, high, text.outcome_sd)
    if e_values is not None:
        columns[Interplay.E_VALUE], columns[Interplay.E_VALUE_LIMIT] = e_values
    columns[Performance.N_RESAMPLES] = effects.n_known
    status = {Result.STATUS: OK, Result.MESSAGE: effects.messages}
    table = pd.DataFrame(text.first | columns | text.last | status)
    if measure.is_ratio:
        return table
    share = pd.DataFrame(
        text.first
        | {Result.TERM: [PROPORTION], Performance.MEASURE: measure.name}
        | {Performance.TIME: measure.time, Result.CI_LEVEL: text.confidence}
        | _proportion(effects, low, high, text.confidence)
        | text.last
    )
    return pd.concat([table, share], ignore_index=True)


def _e_values(
    measure: Measure, estimate: FloatArray, low: FloatArray, high: FloatArray, sd: float
) -> tuple[list[float], list[float]] | None:
    if measure.scale in ("risk", "event risk"):
        ratios = [np.exp(v) for v in (estimate, low, high)]
    elif measure.name == "mean difference":
        ratios = [np.array([ratio_of_difference(v, sd) for v in a]) for a in (estimate, low, high)]
    else:
        return None
    limits = zip(ratios[1], ratios[2], strict=True)
    return [e_value(r) for r in ratios[0]], [e_value_of_limit(a, b) for a, b in limits]


def _proportion(
    effects: Draws, low: FloatArray, high: FloatArray, confidence: float
) -> dict[str, object]:
    """Indirect over total effect, unless that says nothing: then the reason instead."""
    total, direct, indirect = effects.estimate[:3]
    reason = ""
    if not (low[0] > 0 or high[0] < 0):
        reason = (
            f"the total effect is not clearly away from zero: {total:.3g} "
            f"[{low[0]:.3g}, {high[0]:.3g}]"
        )
    elif direct * indirect < 0:
        reason = f"direct ({direct:.3g}) and indirect effect ({indirect:.3g}) have opposite signs"
    if reason:
        return {
            Result.ESTIMATE: np.nan,
            Performance.N_RESAMPLES: len(effects.samples),
            Result.STATUS: WITHHELD,
            Result.MESSAGE: f"no proportion: {reason}",
        }
    with np.errstate(divide="ignore", invalid="ignore"):
        share = effects.transformed(lambda e: e[..., 2:3] / e[..., :1])
    share_low, share_high = share.interval(confidence)
    return {
        Result.ESTIMATE: share.estimate,
        Result.STD_ERROR: share.std_error,
        Result.CI_LOW: share_low,
        Result.CI_HIGH: share_high,
        Result.EFFECT: share.estimate,
        Result.EFFECT_LOW: share_low,
        Result.EFFECT_HIGH: share_high,
        Result.EFFECT_SCALE: "share of the total effect",
        Performance.N_RESAMPLES: share.n_known,
        Result.STATUS: OK,
        Result.MESSAGE: share.messages,
    }
