"""Residuals of a Cox model."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.hazard_steps import martingale_residuals, score_residuals
from neurosig.outcomes.cox.batch_data import CoxData, steps_of

FloatArray = NDArray[np.float64]
RowResidual = Literal["martingale", "deviance", "score", "dfbeta", "dfbetas"]


def row_residuals(
    data: CoxData, coef: FloatArray, covariance: FloatArray, kind: RowResidual
) -> FloatArray:
    """Residuals of every row, (n, 1) or (n, k), in the order of the rows.

        martingale  M = d - expected events,  d = 1 in rows with the event
        deviance    sign(M) sqrt(-2 (M + d log(d - M)))
        score       see `kernels.hazard_steps`
        dfbeta      weight * score * covariance;  dfbetas: that over the standard errors

    Their sums of squares and products are the robust variance (dfbeta); a large one marks a row
    that moves the coefficient by about that much.
    """
    sets, rows = data.ordered()
    x, steps = steps_of(data.design(0), coef, sets, rows)
    if kind in ("martingale", "deviance"):
        values = martingale_residuals(x, coef, sets, rows, steps)
        if kind == "deviance":
            expected = np.where(rows.event > 0, rows.event - values, 1.0)
            inside = values + rows.event * np.log(expected)
            values = np.sign(values) * np.sqrt(np.maximum(-2 * inside, 0.0))
        values = values[:, None]
    else:
        values = score_residuals(x, coef, sets, rows, steps)
        if kind != "score":
            values = (rows.weight[:, None] * values) @ covariance
        if kind == "dfbetas":
            values = values / np.sqrt(np.diag(covariance))
    residuals = np.empty_like(values)
    residuals[sets.order] = values
    return residuals


def schoenfeld_residuals(
    data: CoxData, coef: FloatArray, covariance: FloatArray, *, scaled: bool
) -> tuple[NDArray[np.int64], FloatArray]:
    """Rows with the event, by stratum and time, and their residuals (n_events, k).

        x - mean of x in the risk set;   scaled: that * covariance * n_events + coef

    A scaled residual against time shows the course of the coefficient.
    """
    sets, rows = data.ordered()
    x, steps = steps_of(data.design(0), coef, sets, rows)
    group = np.repeat(np.arange(sets.time.size), np.diff(sets.start))
    residuals = x - steps.mean[group]
    if scaled:
        residuals = residuals @ covariance * rows.event.sum() + coef
    is_event = rows.event > 0
    stratum = np.cumsum(sets.opens)[group[is_event]]
    in_time = np.lexsort((sets.order[is_event], sets.time[group[is_event]], stratum))
    return sets.order[is_event][in_time], residuals[is_event][in_time]
