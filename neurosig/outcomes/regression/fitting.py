"""One model per signature: what can be fitted, on which rows, in which units."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurosig.keys import SCORE_TERM
from neurosig.outcomes.lost_rows import NO_SCORE
from neurosig.outcomes.model_rows import (
    COLLINEAR,
    CONSTANT,
    TOO_FEW_EVENTS,
    ModelRows,
    Scale,
    spread,
)
from neurosig.outcomes.regression.cluster_jackknife import fit_with_jackknife
from neurosig.outcomes.regression.kind import Cases, Data, Fit, Kind, Outcome
from neurosig.outcomes.regression.options import RegressionModel

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Task:
    """One call of `regress` on the rows it uses."""

    kind: Kind
    model: RegressionModel
    outcome: Outcome
    y: FloatArray
    rows: ModelRows
    cases: Cases
    scale: Scale
    confidence: float

    @property
    def equations(self) -> tuple[str, ...]:
        """Levels with coefficients of their own."""
        return self.kind.equations(self.outcome)


def fit_all(task: Task) -> list[Fit]:
    """The fits of all signatures, in the units asked for."""
    known = np.isfinite(task.rows.scores)
    return [_fit_one(task, s, here) for s, here in enumerate(known.T)]


def _fit_one(task: Task, signature: int, here: NDArray[np.bool_]) -> Fit:
    """Fit with standardised columns, and give the estimates back in the units asked for."""
    y, score = task.y[here], task.rows.scores[here, signature]
    cases = task.cases.at(here)
    columns = np.column_stack([score, task.rows.covariates[here]])
    n_equations, k = len(task.equations), columns.shape[1]
    failure = _not_fittable(task, y, columns, cases)
    if failure is not None:
        return Fit.failed(k * n_equations, *failure)
    sd = spread(columns)
    if task.model.slope == SCORE_TERM:
        cases = replace(cases, slope=score / sd[0] if task.scale == "sd" else score)
    design = np.column_stack([np.ones(y.size), (columns - columns.mean(axis=0)) / sd])
    data = Data(y=y, design=design, cases=cases, n_levels=len(task.outcome.levels))
    fit = fit_kind(task.kind, data, task.model, task.confidence)
    unit = 1 / sd
    if task.scale == "sd":
        unit[0] = 1.0
    unit = np.tile(unit, n_equations)
    return replace(
        fit,
        estimate=fit.estimate * unit,
        std_error=fit.std_error * unit,
        interval=None if fit.interval is None else fit.interval * unit[:, None],
    )


def fit_kind(kind: Kind, data: Data, model: RegressionModel, confidence: float) -> Fit:
    """One fit of a kind, with the errors that the model asks for."""
    if model.cluster_errors == "jackknife":
        return fit_with_jackknife(kind, data, model, confidence)
    return kind.fit(data, model, confidence)


def _not_fittable(
    task: Task, y: FloatArray, columns: FloatArray, cases: Cases
) -> tuple[str, str] | None:
    """Status and message of a signature that has no fit; None when it can be tried."""
    k = columns.shape[1]
    if not len(columns):
        return NO_SCORE, ""
    too_few = task.kind.too_few(y, k, cases)
    if too_few is not None:
        return TOO_FEW_EVENTS, too_few
    if y.size < task.kind.n_needed(k, task.model):
        return TOO_FEW_EVENTS, f"{y.size} rows for {k} parameters and the intercept"
    if cases.cluster is not None and np.unique(cases.cluster).size <= k:
        return TOO_FEW_EVENTS, f"no more clusters than {k} parameters"
    if np.ptp(y) == 0:
        return CONSTANT, "the outcome is the same on all rows with a score"
    sd = spread(columns)
    if not sd[0] > 0:
        return CONSTANT, "the score is the same on all rows used"
    if not (sd > 0).all():
        return COLLINEAR, "a covariate is constant on the rows with a score"
    scaled = (columns - columns.mean(axis=0)) / (sd * np.sqrt(y.size - 1))
    if np.linalg.eigvalsh(scaled.T @ scaled)[0] < 1e-10:
        return COLLINEAR, "the score is determined by the covariates"
    return None
