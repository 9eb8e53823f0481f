"""What to report where the hazards are not proportional: hazard ratios by period, and RMST."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.kernels.cox import CONVERGED
from neurosig.kernels.times import merge_close_times
from neurosig.keys import Result
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.cox.robust_errors import MODEL_ERRORS, ErrorKind
from neurosig.outcomes.curves.pseudo_means import least_squares, pseudo_means
from neurosig.outcomes.curves.restricted_times import default_tau
from neurosig.outcomes.results import wald

FloatArray = NDArray[np.float64]

_RMST_MODELS = 32  # regressions at a time, to bound the memory
COLUMNS = (
    Result.SPLIT_TIME,
    Result.EFFECT_EARLY,
    Result.EFFECT_EARLY_LOW,
    Result.EFFECT_EARLY_HIGH,
    Result.EFFECT_LATE,
    Result.EFFECT_LATE_LOW,
    Result.EFFECT_LATE_HIGH,
    Result.RMST_TAU,
    Result.RMST_EFFECT,
    Result.RMST_LOW,
    Result.RMST_HIGH,
    Result.RMST_P_VALUE,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Reported:
    """How the models of a batch are reported.

    unit: (S,) of the scores; errors: of what kind; has_survival: False where causes compete, so
    that no mean survival follows from the hazard.
    """

    unit: FloatArray
    confidence: float
    errors: ErrorKind = MODEL_ERRORS
    has_survival: bool = True


def changing_hazards(data: CoxData, reported: Reported) -> pd.DataFrame:
    """Hazard ratios before and after the median event time, and the effect on the RMST.

    Each period has a Cox model of its own, in which the covariates' coefficients may differ too:
    up to the split with follow-up ended there, after it with the rows still at risk. A period with
    as few events as parameters has none. The RMST effect is the difference in mean survival time
    up to tau per unit of the score, adjusted for the covariates and strata; with delayed entry,
    weights, an offset, clusters or competing causes there is none.

    data: the models (S) whose hazards change. The table has the columns of `keys.Result` from
    `split_time` to `rmst_p_value` and a row per model.
    """
    n_models = data.scores.shape[1]
    table = pd.DataFrame(np.nan, index=range(n_models), columns=list(COLUMNS))
    merged = merge_close_times(data.time)
    split = float(np.median(merged[data.event > 0]))
    table[Result.SPLIT_TIME] = split
    early = replace(
        data, time=np.minimum(merged, split), event=data.event * (merged <= split).astype(float)
    )
    started = (
        np.ones(merged.size, dtype=bool)
        if data.options.entry is None
        else (data.options.entry < split)
    )
    for names, period, rows in (
        (COLUMNS[1:4], early, started),
        (COLUMNS[4:7], data, merged > split),
    ):
        table[list(names)] = _hazard_ratios(period.at(rows), rows, reported)
    has_more = any(values is not None for values in data.options[:3])
    if not has_more and reported.errors.cluster is None and reported.has_survival:
        table[list(COLUMNS[7:])] = _rmst_effects(data, reported)
    return table


def _hazard_ratios(period: CoxData, rows: NDArray[np.bool_], reported: Reported) -> FloatArray:
    """(S, 3): the ratio per unit and its interval."""
    ratios = np.full((period.scores.shape[1], 3), np.nan)
    if period.event.sum() <= 1 + period.covariates.shape[1]:
        return ratios
    fits = period.fit()
    usable = (fits.code == CONVERGED) & ~fits.infinite.any(axis=1)
    errors = reported.errors.at(rows).of(period, fits)
    error = np.sqrt(errors.variance[usable, 0, 0])
    estimate, unit = fits.coef[usable, 0] * reported.unit[usable], reported.unit[usable]
    _, _, width = wald(estimate, error * unit, reported.confidence, errors.df[usable])
    ratios[usable] = np.exp(np.column_stack([estimate, estimate - width, estimate + width]))
    return ratios


def _rmst_effects(data: CoxData, reported: Reported) -> FloatArray:
    """(S, 5): tau, the effect per unit, its interval and its p-value."""
    tau = default_tau(data.time, data.event)
    outcome = pseudo_means(data.time, data.event, tau)
    shared = [np.ones(data.time.size), *data.covariates.T]
    if data.strata is not None:
        shared += [(data.strata == code).astype(float) for code in np.unique(data.strata)[1:]]
    effects = np.full((data.scores.shape[1], 5), np.nan)
    effects[:, 0] = tau
    for low in range(0, data.scores.shape[1], _RMST_MODELS):
        scores = data.scores[:, low : low + _RMST_MODELS] / reported.unit[low : low + _RMST_MODELS]
        designs = np.empty((scores.shape[1], data.time.size, 1 + len(shared)))
        designs[:, :, 0], designs[:, :, 1:] = scores.T, np.column_stack(shared)
        fit = least_squares(outcome, designs, n_terms=1)
        estimate, df = fit.coef[:, 0], fit.df[:, 0]
        _, p_value, width = wald(estimate, fit.std_error[:, 0], reported.confidence, df)
        columns = (estimate, estimate - width, estimate + width, p_value)
        effects[low : low + len(designs), 1:] = np.column_stack(columns)
    return effects
