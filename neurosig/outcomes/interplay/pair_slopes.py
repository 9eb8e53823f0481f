"""Simple slopes of pairs of scores, and where they differ from zero, as tables."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.keys import OK, Interplay, Result
from neurosig.outcomes.interplay.outcome_rows import OutcomeRows
from neurosig.outcomes.interplay.pair_model import N_PAIR_TERMS, Band, PairModel
from neurosig.outcomes.results import one_family, wald

FloatArray = NDArray[np.float64]
Models = dict[tuple[str, str], PairModel]

BANDS: Final[tuple[Band, ...]] = ("pointwise", "simultaneous")
_FRONT: Final = (
    Result.COHORT,
    Result.ENDPOINT,
    Result.SIGNATURE,
    Interplay.FIRST,
    Interplay.SECOND,
    Interplay.SLOPE_OF,
    Interplay.MODERATOR,
    Interplay.AT,
    Interplay.AT_SCORE,
    "is_observed",
)
NOWHERE: Final = "nowhere in the observed range"


def pair_slopes(
    outcome: OutcomeRows, models: Models, at: FloatArray, confidence: float
) -> pd.DataFrame:
    """The slope of each score at levels of the other, per SD of the score."""
    parts = []
    is_ratio = outcome.ratio != "difference"
    for pair, model in models.items():
        for of in (0, 1):
            estimate, error = model.slopes(of, at)
            df = None if np.isinf(model.fitted.df) else np.full(at.size, model.fitted.df)
            statistic, p_value, half = wald(estimate, error, confidence, df)
            low, high = estimate - half, estimate + half
            z = model.z[:, 1 - of]
            with np.errstate(over="ignore"):
                effects = [np.exp(v) if is_ratio else v for v in (estimate, low, high)]
            parts.append(
                pd.DataFrame(
                    _labels(outcome, pair, of)
                    | {
                        Interplay.AT: at,
                        Interplay.AT_SCORE: model.centre[1 - of] + at * model.sd[1 - of],
                        "is_observed": (at >= z.min()) & (at <= z.max()),
                        Result.ESTIMATE: estimate,
                        Result.STD_ERROR: error,
                        Result.CI_LOW: low,
                        Result.CI_HIGH: high,
                        Result.CI_LEVEL: confidence,
                        Result.STATISTIC: statistic,
                        Result.P_VALUE: p_value,
                        Result.EFFECT: effects[0],
                        Result.EFFECT_LOW: effects[1],
                        Result.EFFECT_HIGH: effects[2],
                        Result.EFFECT_SCALE: f"{outcome.ratio} per SD",
                    }
                    | model_facts(outcome, model)
                )
            )
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    family = f"simple slopes of {outcome.cohort}, {outcome.label}"
    return with_names_in_front(one_family(table, family))


def model_facts(outcome: OutcomeRows, model: PairModel) -> dict[str, object]:
    """What each row that comes from a model of a pair says of it."""
    k = N_PAIR_TERMS + len(outcome.rows.names)
    n_events = outcome.n_events(model.known)
    events: dict[str, object] = {}
    if n_events is not None:
        events = {
            Result.N_EVENTS: n_events,
            Result.EVENTS_PER_PARAM: outcome.limiting(model.known) / k,
        }
    return {
        Result.N: outcome.n(model.known),
        Result.N_PARAMS: k,
        **events,
        Result.ADJUSTED_FOR: ", ".join(outcome.rows.adjusted_for),
        Result.MODEL: f"{outcome.words}, product of two scores",
        Result.STATUS: OK,
        Result.MESSAGE: model.message,
    }


def with_names_in_front(table: pd.DataFrame) -> pd.DataFrame:
    """The columns of the tables of pairs, what a row is first."""
    front = [name for name in _FRONT if name in table.columns]
    return table[[*front, *(name for name in table.columns if name not in front)]]


def pair_regions(outcome: OutcomeRows, models: Models, confidence: float) -> pd.DataFrame:
    """Where in the observed range of the moderator the band of the slope excludes zero.

    A row per part, in standard deviations (`low`, `high`) and in units of the moderator's score;
    `share` of the patients lies in it. Without a part there is one row that says so.
    """
    rows: list[dict[str, object]] = []
    for pair, model in models.items():
        for of in (0, 1):
            z, centre, sd = model.z[:, 1 - of], model.centre[1 - of], model.sd[1 - of]
            of_patients = model.of_patients[:, 1 - of]
            for band in BANDS:
                label = _labels(outcome, pair, of) | {
                    "band": band,
                    Result.CI_LEVEL: confidence,
                    "range_low": float(z.min()),
                    "range_high": float(z.max()),
                }
                parts = model.regions(of, confidence, band)
                if not parts:
                    empty = dict.fromkeys(("low", "high", "score_low", "score_high"), np.nan)
                    rows.append(
                        label | empty | {"slope": "", "share": 0.0, Result.MESSAGE: NOWHERE}
                    )
                for low, high, sign in parts:
                    rows.append(
                        label
                        | {
                            "low": low,
                            "high": high,
                            "score_low": float(centre + low * sd),
                            "score_high": float(centre + high * sd),
                            "slope": "above zero" if sign > 0 else "below zero",
                            "share": float(np.mean((of_patients >= low) & (of_patients <= high))),
                            Result.MESSAGE: "",
                        }
                    )
    return pd.DataFrame(rows)


def _labels(outcome: OutcomeRows, pair: tuple[str, str], of: int) -> dict[str, object]:
    return {
        Result.COHORT: outcome.cohort,
        Result.ENDPOINT: outcome.label,
        Result.SIGNATURE: " x ".join(pair),
        Interplay.FIRST: pair[0],
        Interplay.SECOND: pair[1],
        Interplay.SLOPE_OF: pair[of],
        Interplay.MODERATOR: pair[1 - of],
    }
