"""Regression of the restricted mean survival time on covariates, by weighting for censoring."""

from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import ClinicalError, ConvergenceError, ParameterError, count, examples
from neurosig.outcomes.curves.curve_intervals import check_confidence
from neurosig.outcomes.curves.restricted_times import Restricted, RmstRegression
from neurosig.outcomes.curves.survival_sample import SurvivalSample, survival_sample
from neurosig.outcomes.results import wald

FloatArray = NDArray[np.float64]
RmstEffect = Literal["difference", "ratio"]

_N_ITERATIONS = 50
_TOLERANCE = 1e-12
INTERCEPT = "intercept"


def rmst_regression(
    time: ArrayLike,
    event: ArrayLike,
    covariates: pd.DataFrame,
    *,
    tau: float,
    effect: RmstEffect = "difference",
    arms: ArrayLike | pd.Series | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Effects of covariates on the restricted mean survival time up to tau.

        E[min(T, tau) | x] = beta' x              (difference)
        E[min(T, tau) | x] = exp(beta' x)         (ratio)
        sum_i w_i x_i (min(T_i, tau) - mean_i) = 0,   w_i = 1 / G(min(T_i, tau))

    x: (p + 1,) covariates with an intercept; w_i for the rows that had the event or reached tau,
    0 for those censored before; G: Kaplan-Meier of the censoring, per arm where arms are given.
    The variance is the sandwich with the term for the estimated G. A coefficient of a score reads
    "days of life during the first tau, per unit".

    Parameters
    ----------
    time, event
        (n,) as in `kaplan_meier`.
    covariates
        (n, p) numbers, one column per term, without an intercept; only the rows with a time, an
        event and an arm need them.
    tau
        Horizon, in the unit of `time`, at most the last time of each arm.
    effect
        "difference" (identity link) or "ratio" (log link; estimates are logarithms).
    arms
        (n,) groups whose censoring differs, such as the arms of a trial; put the arm into
        `covariates` too. Without it one censoring curve serves all rows.
    confidence
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per term, the intercept first: `term, estimate, std_error, ci_low, ci_high,
        statistic, p_value, effect, effect_low, effect_high`; `effect` is exp(estimate) for
        ratios.

    Raises
    ------
    ParameterError
        `tau`, `effect` or `confidence` has a value that is not allowed.
    ClinicalError
        A covariate is missing somewhere, or covariates are collinear.
    EndpointError
        As in `kaplan_meier`.
    ConvergenceError
        The log-link model did not converge.

    References
    ----------
    Tian L, Zhao L, Wei LJ (2014) Biostatistics 15:222-233, doi:10.1093/biostatistics/kxt050.

    Examples
    --------
    Without censoring the difference is that of the means: (3 + 4) / 2 - (1 + 2) / 2.

    >>> table = rmst_regression([1, 2, 3, 4], [1] * 4, pd.DataFrame({"x": [0, 0, 1, 1]}), tau=4)
    >>> table["estimate"].round(10).tolist()
    [1.5, 2.0]
    """
    _check_options(effect, tau, confidence)
    sample = survival_sample(time, event, arms)
    matrix = _design(covariates, sample.known)
    _check_horizon(sample, tau)
    restricted = Restricted.of(sample.time, sample.event, tau, sample.code)
    fit = restricted.regress(matrix) if effect == "difference" else _ratio(matrix, restricted)
    return _table(
        [INTERCEPT, *map(str, covariates.columns)],
        fit.coef,
        np.sqrt(np.diag(fit.covariance)),
        effect,
        confidence,
    )


def _check_options(effect: str, tau: float, confidence: float) -> None:
    check_confidence(confidence)
    if effect not in get_args(RmstEffect):
        raise ParameterError(
            f"effect cannot be {effect!r}",
            f"Allowed: {', '.join(get_args(RmstEffect))}",
            "The default is 'difference'",
        )
    if not (np.isfinite(tau) and tau > 0):
        raise ParameterError(
            f"tau cannot be {tau!r}", "It is a time above 0", "Such as tau=1826 for days"
        )


def _design(covariates: pd.DataFrame, known: NDArray[np.bool_]) -> FloatArray:
    """The known rows with an intercept."""
    values, n = covariates.to_numpy(dtype=np.float64), int(known.sum())
    if len(values) != known.size:
        raise ClinicalError(
            "Covariates need one row per time",
            f"{count(len(values), 'row')} for {count(known.size, 'time')}",
            "Take both from the same rows of one table",
        )
    values = values[known]
    missing = ~np.isfinite(values)
    if missing.any():
        raise ClinicalError(
            "Covariates need one number for every row with a time and an event",
            f"{int(missing.any(axis=1).sum()):,} of {count(n, 'row')} missing or infinite, in "
            f"{examples(covariates.columns[missing.any(axis=0)])}",
            "Take complete rows only",
        )
    matrix = np.column_stack((np.ones(n), values))
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        raise ClinicalError(
            "The covariates are collinear or constant",
            f"{count(values.shape[1], 'covariate')}: {examples(covariates.columns)}",
            "Remove one of them",
        )
    return matrix


def _check_horizon(sample: SurvivalSample, tau: float) -> None:
    for code, name in enumerate(sample.names):
        last = sample.time[sample.code == code].max()
        if last < tau:
            raise ParameterError(
                f"tau={tau:g} is beyond the follow-up of the arm {name!r}",
                f"Its last time is {last:g}",
                "Choose an earlier tau",
            )


def _ratio(matrix: FloatArray, restricted: Restricted) -> RmstRegression:
    """The log-link regression, by Newton steps from the mean."""
    outcome, weight = restricted.limited, restricted.weight
    beta = np.zeros(matrix.shape[1])
    beta[0] = np.log(np.average(outcome, weights=weight))
    for _ in range(_N_ITERATIONS):
        mean = np.exp(matrix @ beta)
        slope = matrix.T @ (matrix * (weight * mean)[:, None])
        step = np.linalg.solve(slope, matrix.T @ (weight * (outcome - mean)))
        beta = beta + step
        if np.max(np.abs(step)) < _TOLERANCE * max(1.0, np.max(np.abs(beta))):
            mean = np.exp(matrix @ beta)
            return RmstRegression(beta, restricted.covariance(matrix, mean, mean))
    raise ConvergenceError(
        "The log-link regression of restricted means did not converge",
        f"{_N_ITERATIONS} steps; the last was {np.max(np.abs(step)):.2g}",
        'Use effect="difference"',
    )


def _table(
    terms: list[str],
    beta: FloatArray,
    std_error: FloatArray,
    effect: RmstEffect,
    confidence: float,
) -> pd.DataFrame:
    statistic, p_value, half = wald(beta, std_error, confidence)
    shown = np.exp if effect == "ratio" else np.asarray
    return pd.DataFrame(
        {
            "term": pd.Series(terms, dtype=object),
            "estimate": beta,
            "std_error": std_error,
            "ci_low": beta - half,
            "ci_high": beta + half,
            "statistic": statistic,
            "p_value": p_value,
            "effect": shown(beta),
            "effect_low": shown(beta - half),
            "effect_high": shown(beta + half),
        }
    )
