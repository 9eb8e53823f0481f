"""What a frozen model's predictions are measured by in other patients (arrays in, rows out)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import FitError
from neurosig.kernels.cox import CONVERGED, CoxFits, cox_fit_batch
from neurosig.keys import OK, Performance, Result
from neurosig.outcomes.curves.rank_tests import logrank
from neurosig.outcomes.curves.survival_curve import kaplan_meier
from neurosig.outcomes.model_rows import (
    CONSTANT,
    NOT_CONVERGED,
    SEPARATION,
    TOO_FEW_EVENTS,
    spread,
)
from neurosig.outcomes.pooling.frozen_model import FrozenModel
from neurosig.outcomes.prediction.calibration_curve import OBSERVED
from neurosig.outcomes.prediction.concordance_index import index_numbers
from neurosig.outcomes.prediction.pair_concordance import pair_concordance
from neurosig.outcomes.prediction.performance import AUC, BRIER, HARRELL, SLOPE, UNO
from neurosig.outcomes.prediction.risk_model import SurvivalData, relative_hazard
from neurosig.outcomes.prediction.time_dependent import (
    Estimate,
    brier_estimate,
    time_dependent_auc,
)
from neurosig.outcomes.results import wald

FloatArray = NDArray[np.float64]
Row = dict[str, object]

LARGE, PER_SD, GROUPS = "calibration in the large", "HR per frozen SD", "high against low risk"
PREDICTOR = "linear predictor"
ONE_GROUP = "one_group"
IMPLAUSIBLE = "implausible"
MOST_EXPECTED = 10.0
"""Events expected of a patient, on average, that are more than other patients explain."""


@dataclass(frozen=True, eq=False)
class Validation:
    """A frozen model and the patients it is judged in."""

    model: FrozenModel
    data: SurvivalData
    confidence: float
    predictor: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "predictor", self.model.risk_model.linear_predictor(self.data.x))


def measures(found: Validation, horizons: FloatArray) -> list[Row]:
    """The rows of all measures; one that cannot be had says why in status and message."""
    rows = [
        _tried(HARRELL, lambda: _concordance(found, uno=False)),
        _tried(UNO, lambda: _concordance(found, uno=True)),
        _tried(SLOPE, lambda: _slope(found)),
        _tried(LARGE, lambda: _in_the_large(found)),
        *_per_frozen_sd(found),
    ]
    if found.model.cut is not None:
        rows.append(_tried(GROUPS, lambda: _groups(found)))
    for t in horizons.tolist():
        rows += list(_at(found, t))
    return rows


def _tried(measure: str, make: Callable[[], Row]) -> Row:
    """The row of a measure, or the reason for none."""
    try:
        row = make()
    except FitError as error:
        why = ": ".join(filter(None, (error.what, error.evidence)))
        row = _row(Result.STATUS, TOO_FEW_EVENTS) | {Result.MESSAGE: why}
    return {Performance.MEASURE: measure, Result.TERM: PREDICTOR, **row}


def _row(*pairs: object) -> Row:
    """An empty row with some of its cells."""
    row: Row = dict.fromkeys((Result.ESTIMATE, Result.STD_ERROR), np.nan)
    row |= {Result.CI_LOW: np.nan, Result.CI_HIGH: np.nan, Result.STATUS: OK, Result.MESSAGE: ""}
    return row | dict(zip(map(str, pairs[::2]), pairs[1::2], strict=True))


def _concordance(found: Validation, *, uno: bool) -> Row:
    index = pair_concordance(
        found.data.time, found.data.event, found.predictor, kind="uno" if uno else "harrell"
    )
    return _row() | index_numbers(index, found.confidence)


def _wald_row(
    estimate: float, std_error: float, confidence: float, *, null: float = 0.0, scale: str
) -> Row:
    """Estimate, interval and test against `null` on the log scale, and the same as a ratio."""
    _, _, half = wald(np.array([estimate]), np.array([std_error]), confidence)
    z, p, _ = wald(np.array([estimate - null]), np.array([std_error]), confidence)
    low, high = estimate - float(half[0]), estimate + float(half[0])
    row = _row(Result.ESTIMATE, estimate, Result.STD_ERROR, std_error)
    row |= {Result.CI_LOW: low, Result.CI_HIGH: high}
    row |= {Result.STATISTIC: float(z[0]), Result.P_VALUE: float(p[0])}
    if scale:
        row |= {
            Result.EFFECT: float(np.exp(estimate)),
            Result.EFFECT_LOW: float(np.exp(low)),
            Result.EFFECT_HIGH: float(np.exp(high)),
            Result.EFFECT_SCALE: scale,
        }
    return row


def _slope(found: Validation) -> Row:
    if not spread(found.predictor[:, None])[0] > 0:
        return _row(Result.STATUS, CONSTANT, Result.MESSAGE, "the linear predictor has one value")
    fits = cox_fit_batch(found.data.time, found.data.event, found.predictor[:, None])
    failed = _failure(fits, 0)
    if failed:
        return _row(Result.STATUS, failed, Result.MESSAGE, "the linear predictor cannot be fitted")
    se = float(np.sqrt(fits.covariance[0, 0, 0]))
    row = _wald_row(float(fits.coef[0, 0]), se, found.confidence, null=1.0, scale="")
    return row | {Result.MESSAGE: "p: slope of 1"}


def _failure(fits: CoxFits, column: int) -> str:
    """The status of a fit without an estimate of that column, or nothing."""
    if fits.infinite[0, column]:
        return SEPARATION
    return "" if fits.code[0] == CONVERGED else NOT_CONVERGED


def _in_the_large(found: Validation) -> Row:
    """Observed over expected events: intercept of a Poisson model with offset log(expected).

    The expected events of a patient are H0(t) exp(lp) at the end of its follow-up, which is cut at
    the last event time of training. More than ten of each patient are no estimate.
    """
    model, data = found.model, found.data
    last = float(model.event_time[-1])
    is_later = data.time > last
    seen = np.minimum(data.time, last)
    hazard = np.concatenate(([0.0], model.hazard))
    place = np.searchsorted(model.event_time, seen, side="right")
    expected = float((hazard[place] * relative_hazard(found.predictor)).sum())
    observed = float(data.event[~is_later].sum())
    if not observed or not expected:
        return _row(Result.STATUS, TOO_FEW_EVENTS) | {
            Result.MESSAGE: f"{observed:g} observed and {expected:.3g} expected events"
        }
    if not expected <= MOST_EXPECTED * data.time.size:
        return _row(Result.STATUS, IMPLAUSIBLE) | {
            Result.MESSAGE: f"{observed:g} observed, {expected:.3g} expected of "
            f"{data.time.size:,} patients: scores or covariates are not on the scale of training"
        }
    row = _wald_row(
        float(np.log(observed / expected)),
        observed**-0.5,
        found.confidence,
        scale="observed / expected events",
    )
    cut = f"; follow-up cut at {last:g} in {is_later.sum()} patients" if is_later.any() else ""
    return row | {
        Performance.PREDICTED: expected,
        Result.MESSAGE: f"{observed:g} observed, {expected:.4g} expected{cut}",
    }


def _per_frozen_sd(found: Validation) -> Iterator[Row]:
    """Hazard ratios of the scores in a model of the same terms, fitted to these patients."""
    model, data = found.model, found.data
    varies = np.flatnonzero(spread(data.x) > 0)
    left_out = [name for j, name in enumerate(model.names) if j not in varies]
    note = f"one value here, left out: {', '.join(left_out)}" if left_out else ""
    fits = None
    if varies.size and data.event.sum() > varies.size:
        x = data.x[:, varies]
        fits = cox_fit_batch(data.time, data.event, x[:, :1], x[:, 1:])
    for s, name in enumerate(model.signatures):
        shared: Row = {Performance.MEASURE: PER_SD, Result.TERM: name}
        if s not in varies:
            yield shared | _row(Result.STATUS, CONSTANT, Result.MESSAGE, "the score has one value")
        elif fits is None:
            yield shared | _row(Result.STATUS, TOO_FEW_EVENTS, Result.MESSAGE, note)
        else:
            j = int(np.searchsorted(varies, s))
            failed = _failure(fits, j)
            if failed:
                yield shared | _row(Result.STATUS, failed, Result.MESSAGE, note)
                continue
            se = float(np.sqrt(fits.covariance[0, j, j]))
            row = _wald_row(float(fits.coef[0, j]), se, found.confidence, scale=PER_SD)
            yield shared | row | {Result.MESSAGE: note}


def _groups(found: Validation) -> Row:
    model, data = found.model, found.data
    cut = float(model.cut or 0.0)
    is_high = found.predictor > cut
    n_high = int(is_high.sum())
    words = f"{is_high.size - n_high} low, {n_high} high; {model.cut_kind} cut at {cut:.4g}"
    if n_high in (0, is_high.size):
        return _row(Result.STATUS, ONE_GROUP, Result.MESSAGE, words)
    test = logrank(data.time, data.event, is_high)
    tested: Row = {Result.STATISTIC: test.statistic, Result.P_VALUE: test.p_value}
    message = {Result.MESSAGE: f"{words}; p: log-rank"}
    fits = cox_fit_batch(data.time, data.event, is_high[:, None].astype(np.float64))
    failed = _failure(fits, 0)
    if failed:
        return _row(Result.STATUS, failed) | tested | message
    se = float(np.sqrt(fits.covariance[0, 0, 0]))
    row = _wald_row(float(fits.coef[0, 0]), se, found.confidence, scale="HR high vs low")
    return row | tested | message


def _at(found: Validation, t: float) -> Iterator[Row]:
    """AUC, Brier score and the observed risk by a time."""
    data, predictor = found.data, found.predictor
    risk = found.model.risk_model.risk_by(data.x, t)
    when = {Performance.TIME: t}

    def estimate(value: Estimate) -> Row:
        row = _wald_row(value.value, value.std_error, found.confidence, scale="")
        return row | {Result.STATISTIC: np.nan, Result.P_VALUE: np.nan}

    seen = data.time, data.event
    yield _tried(AUC, lambda: estimate(time_dependent_auc(*seen, predictor, t))) | when
    yield _tried(BRIER, lambda: estimate(brier_estimate(*seen, risk, t))) | when
    yield _tried(OBSERVED, lambda: _observed(found, t, float(risk.mean()))) | when


def _observed(found: Validation, t: float, predicted: float) -> Row:
    """1 - Kaplan-Meier with its log-log interval; none after the last follow-up."""
    data = found.data
    row = _row(Performance.PREDICTED, predicted)
    if t > data.time.max():
        return row | {
            Result.STATUS: TOO_FEW_EVENTS,
            Result.MESSAGE: f"follow-up ends at {data.time.max():g}",
        }
    curve = kaplan_meier(data.time, data.event, confidence=found.confidence)
    until = curve[curve["time"] <= t]
    if until.empty:
        return row | {Result.ESTIMATE: 0.0, Result.STD_ERROR: 0.0}
    last = until.iloc[-1]
    return row | {
        Result.ESTIMATE: 1 - float(last["survival"]),
        Result.STD_ERROR: float(last["std_error"]),
        Result.CI_LOW: 1 - float(last["ci_high"]),
        Result.CI_HIGH: 1 - float(last["ci_low"]),
    }
