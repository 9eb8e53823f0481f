"""Logistic regression, with Firth's penalty where the maximum-likelihood estimate is infinite."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neurosig.errors import ConvergenceError, TooFewEventsError, count
from neurosig.keys import OK
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.model_rows import (
    NOT_CONVERGED,
    NOT_ENDED,
    SEPARATION,
    ModelRows,
)
from neurosig.outcomes.profile_likelihood import ProfileLimits
from neurosig.outcomes.regression.kind import (
    LEVERAGE,
    NO_FINITE_ESTIMATE,
    Cases,
    Data,
    Fit,
    Kind,
    Outcome,
)
from neurosig.outcomes.regression.kinds.linear import leverage_message
from neurosig.outcomes.regression.levels import two_levels
from neurosig.outcomes.regression.logistic_likelihood import Likelihood, residuals_of
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.robust_errors import RobustErrors, Sandwich
from neurosig.outcomes.regression.separation import Separation, binary_separation

FloatArray = NDArray[np.float64]

FIRTH = "Firth's penalty"
_MAX_RESTARTS = 5  # from a higher maximum that a profile met


class Logistic(Kind):
    """log odds(outcome = positive) = a + beta x + gamma' z."""

    name = "logistic"
    title = "logistic regression"
    options = frozenset({"positive", "errors", "cluster", "cluster_errors", "intervals", "firth"})
    robust = frozenset({"HC0", "HC1", "HC2", "HC3"})
    cluster_robust = frozenset({"CR1", "CR2", "jackknife"})
    ratio = "OR"
    of = "rows of the rarer level"

    def read(
        self, cohort: Cohort, column: str, positive: str | float | None, model: RegressionModel
    ) -> Outcome:
        """1 where the column has the positive level."""
        del model
        values = two_levels(cohort, column, positive)
        return Outcome(values, f"{column} = {positive}")

    def refuse(self, outcome: Outcome, y: FloatArray, rows: ModelRows, cases: Cases) -> None:
        """Refuse no more rows of the rarer level than parameters."""
        del cases
        n_params, n_rarer = 1 + len(rows.names), _n_rarer(y)
        if n_rarer <= n_params:
            raise TooFewEventsError(
                f"The rarer level of {outcome.label.partition(' = ')[0]!r} has too few rows for "
                "this model",
                f"{count(n_rarer, 'row')} of {y.size} for {count(n_params, 'parameter')}",
                "Adjust for fewer covariates or choose another outcome",
                n_events=n_rarer,
                n_params=n_params,
            )

    def n_needed(self, k: int, model: RegressionModel) -> int:
        """The rarer level decides, see `refuse`."""
        del k, model
        return 1

    def too_few(self, y: FloatArray, k: int, cases: Cases) -> str | None:
        """No more rows of the rarer level than parameters."""
        del cases
        n_rarer = _n_rarer(y)
        return f"{n_rarer} rows of the rarer level for {k} parameters" if n_rarer <= k else None

    def counts(self, y: FloatArray, n_levels: int) -> tuple[int, int]:
        """Rows of the positive level, and of the rarer one."""
        del n_levels
        return int(y.sum()), _n_rarer(y)

    def fit(self, data: Data, model: RegressionModel, confidence: float) -> Fit:
        """Maximum likelihood, or Firth's penalty where that has no maximum."""
        k = data.design.shape[1] - 1
        separated = binary_separation(data.y, data.design)
        score_is_infinite = separated is not None and bool(separated.infinite[1])
        try:
            if model.firth is True or (score_is_infinite and model.firth == "auto"):
                if model.is_robust:
                    why = "Firth's fit, which is finite, has no robust errors"
                    return Fit.failed(k, SEPARATION, f"{_words(score=True)}; {why}")
                return _firth(data, confidence, is_separated=score_is_infinite)
            if score_is_infinite:
                return Fit.failed(k, SEPARATION, _words(score=True))
            return _likely(data, model, confidence, separated)
        except (ConvergenceError, np.linalg.LinAlgError) as error:
            return Fit.failed(k, NOT_CONVERGED, str(error))


class _Maximum(NamedTuple):
    estimate: FloatArray
    std_error: FloatArray
    loglik: float


def _likely(
    data: Data, model: RegressionModel, confidence: float, separated: Separation | None
) -> Fit:
    """The likelihood's estimates; of covariates that separate, the limits of the others."""
    k = data.design.shape[1]
    columns, rows = np.arange(k), np.ones(data.y.size, dtype=np.bool_)
    if separated is not None:
        rows = separated.undecided
        columns = _independent(data.design[rows], separated.infinite)
    y, design = data.y[rows], data.design[np.ix_(rows, columns)]
    full, reduced = _logit(y, design), _logit(y, np.delete(design, _place(columns), axis=1))
    if full is None or reduced is None:
        return Fit.failed(k - 1, NOT_CONVERGED, NOT_ENDED)
    p_lr = float(special.chdtrc(1, max(0.0, 2 * (full.loglik - reduced.loglik))))
    errors, interval, message = RobustErrors(full.std_error), None, ""
    if model.is_robust:
        p_lr = float("nan")
        parts = Sandwich.of(design, *residuals_of(y, design @ full.estimate))
        robust = parts.errors(model, data.cases.at(rows).cluster)
        if robust is None:
            return Fit.failed(k - 1, LEVERAGE, leverage_message(model))
        errors = robust
    if model.intervals == "profile":
        likelihood = Likelihood(y, design, is_penalised=False)
        best, value = likelihood.maximise(full.estimate)
        limits = likelihood.profiles(best, value, errors.std_error, confidence)
        interval, message = limits.interval, _notes(limits)
    fitted = Fit(
        estimate=full.estimate,
        std_error=errors.std_error,
        interval=interval,
        df=errors.df,
        p_lr=p_lr,
        message=message,
    )
    infinite = None if separated is None else separated.infinite
    is_unknown = np.zeros(k, dtype=np.bool_)
    is_unknown[columns] = errors.is_unknown
    return _of_all_columns(fitted, columns, k, infinite).without_errors(is_unknown[1:])


def _of_all_columns(
    fitted: Fit, columns: NDArray[np.int64], k: int, infinite: NDArray[np.bool_] | None
) -> Fit:
    """The fit of some of k columns as one of all, without the intercept."""
    if infinite is None:
        infinite = np.zeros(k, dtype=np.bool_)
    spread = np.full((k, 5), np.nan)
    spread[columns, 0], spread[columns, 1] = fitted.estimate, fitted.std_error
    if fitted.interval is not None:
        spread[columns, 2:4] = fitted.interval
    if fitted.df is not None:
        spread[columns, 4] = fitted.df
    spread[infinite] = np.nan
    return replace(
        fitted,
        estimate=spread[1:, 0],
        std_error=spread[1:, 1],
        interval=None if fitted.interval is None else spread[1:, 2:4],
        df=None if fitted.df is None else spread[1:, 4],
        statuses=tuple(SEPARATION if is_so else OK for is_so in infinite[1:]),
        message="; ".join(
            filter(None, [_words(score=False) if infinite.any() else "", fitted.message])
        ),
    )


def _firth(data: Data, confidence: float, *, is_separated: bool) -> Fit:
    likelihood = Likelihood(data.y, data.design, is_penalised=True)
    start = np.zeros(data.design.shape[1])
    for _ in range(_MAX_RESTARTS):
        best, value = likelihood.maximise(start)
        std_error = likelihood.std_errors(best)
        limits = likelihood.profiles(best, value, std_error, confidence)
        if limits.higher is None:
            break
        start = limits.higher
    told = [f"{FIRTH}: {_words(score=True)}" if is_separated else "", _notes(limits)]
    return Fit(
        estimate=best[1:],
        std_error=std_error[1:],
        interval=limits.interval[1:],
        p_value=limits.p_value[1:],
        p_lr=float(limits.p_value[1]),
        message="; ".join(filter(None, told)),
        method=f", {FIRTH}",
    )


def _notes(limits: ProfileLimits) -> str:
    """Why limits are not numbers, by the place of the term."""
    return "; ".join(
        f"{'score' if j == 1 else f'covariate {j - 1}'}: {note}"
        for j, note in enumerate(limits.notes)
        if note
    )


def _words(*, score: bool) -> str:
    if score:
        return f"{NO_FINITE_ESTIMATE}the score separates the two levels"
    return "a covariate separates the two levels; the other estimates are their limits"


def _independent(design: FloatArray, infinite: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Columns that determine the others; those with a finite estimate are kept first."""
    order = [*np.flatnonzero(~infinite), *np.flatnonzero(infinite)]
    kept: list[int] = []
    for j in order:
        column = design[:, j]
        left = column
        if kept:
            left = column - design[:, kept] @ np.linalg.lstsq(design[:, kept], column)[0]
        if left @ left > 1e-10 * max(1.0, float(column @ column)):
            kept.append(int(j))
    return np.array(sorted(kept), dtype=np.int64)


def _place(columns: NDArray[np.int64]) -> int:
    """Where the score is among the columns kept."""
    return int(np.flatnonzero(columns == 1)[0])


def _logit(y: FloatArray, design: FloatArray) -> _Maximum | None:
    """None without convergence."""
    likelihood = Likelihood(y, design, is_penalised=False)
    try:
        estimate, loglik = likelihood.maximise(np.zeros(design.shape[1]))
    except ConvergenceError:
        return None
    return _Maximum(estimate, likelihood.std_errors(estimate), loglik)


def _n_rarer(y: FloatArray) -> int:
    return int(min(y.sum(), y.size - y.sum()))


KIND = Logistic()
