"""Whether small cohorts have other effects than large ones: Egger's regression test."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, count, examples
from neurosig.keys import OK, SCORE_TERM, Pooled, Result
from neurosig.outcomes.model_rows import check_scale
from neurosig.outcomes.pooling.effect_tables import Effects, Tables, effects_of
from neurosig.outcomes.results import Results, ordered, wald

FloatArray = NDArray[np.float64]
FEWEST_FOR_FUNNEL = 10
TOO_FEW_COHORTS = "too_few_cohorts"
EQUAL_ERRORS = "equal_errors"
LIMIT, LIMIT_LOW, LIMIT_HIGH = "limit_estimate", "limit_low", "limit_high"
_LIMIT_EFFECT = {
    LIMIT: "effect_limit",
    LIMIT_LOW: "effect_limit_low",
    LIMIT_HIGH: "effect_limit_high",
}


def egger_test(tables: Tables, *, endpoint: str | None = None, confidence: float = 0.95) -> Results:
    """Egger's regression test of each signature with at least 10 cohorts.

        y_i = a + b se_i,  weights 1 / se_i^2;  t = b / se(b) with k - 2 degrees of freedom

    b is the small-study effect: how much the estimate grows with its standard error. It has causes
    besides unpublished cohorts: other patients or other measurements in small ones, and chance. a
    is the effect at a standard error of 0. Below 10 cohorts the test has hardly any power, and an
    asymmetry of the funnel is mostly chance: it is refused.

    Parameters
    ----------
    tables, endpoint, confidence
        As in `meta`.

    Returns
    -------
    Results
        `table`: a row per signature; `estimate` is b, with its interval, `statistic` t, `df`,
        `p_value`; `limit_estimate` is a (`effect_limit` as an effect) with its interval. Signatures
        with fewer than 10 cohorts have the status "too_few_cohorts", those whose standard errors
        are all equal "equal_errors". No q-values: it is a check, not a finding.

    Raises
    ------
    ClinicalError
        No signature has 10 cohorts, or 10 of different standard errors; further as in `meta`.
    ParameterError
        As in `meta`.

    Warns
    -----
    ClinicalWarning
        As in `meta`.

    References
    ----------
    Egger M et al. (1997) BMJ 315:629-634, doi:10.1136/bmj.315.7109.629; Sterne JAC et al. (2011)
    BMJ 343:d4002, doi:10.1136/bmj.d4002 (10 studies).

    Examples
    --------
    Estimates that lie on 0.1 + 2 se but for the first, which weighs most.

    >>> table = pd.DataFrame({"cohort": list("ABCDEFGHIJ"), "endpoint": "OS", "signature": "NGF",
    ...                       "term": "score", "status": "ok", "effect_scale": "HR per SD"})
    >>> table["std_error"] = np.arange(1, 11) / 20
    >>> table["estimate"] = 0.1 + 2 * table["std_error"] + np.eye(10)[0] / 100
    >>> row = egger_test(table).table.iloc[0]
    >>> round(float(row["estimate"]), 2), round(float(row["limit_estimate"]), 2), int(row["df"])
    (1.96, 0.11, 8)
    """
    check_scale("none", confidence)
    effects = effects_of(tables, endpoint)
    n_cohorts = effects.used.sum(axis=1)
    _refuse_few(effects, n_cohorts)
    enough = np.flatnonzero(n_cohorts >= FEWEST_FOR_FUNNEL)
    table = pd.DataFrame({Result.SIGNATURE: effects.signatures, Pooled.N_COHORTS: n_cohorts})
    fitted = egger_regression(effects.estimate[enough], effects.std_error[enough], confidence)
    for name, values in fitted.items():
        column = np.full(n_cohorts.size, np.nan)
        column[enough] = values
        table[name] = column
    for source, target in _LIMIT_EFFECT.items():
        table[target] = effects.on_effect_scale(table[source])
    is_enough = n_cohorts >= FEWEST_FOR_FUNNEL
    is_fitted = table[Result.ESTIMATE].notna().to_numpy()
    _refuse_equal(is_fitted)
    shared: dict[str, Any] = {
        Result.COHORT: "all",
        Result.ENDPOINT: effects.endpoint,
        Result.TERM: SCORE_TERM,
        Result.CI_LEVEL: confidence,
        Result.MODEL: "regression on the standard error (Egger)",
        Pooled.COHORTS: effects.names(effects.used),
        Result.STATUS: np.select([is_fitted, is_enough], [OK, EQUAL_ERRORS], TOO_FEW_COHORTS),
        Result.MESSAGE: np.select(
            [is_fitted, is_enough],
            ["", "the standard errors are the same in all cohorts"],
            f"fewer than {FEWEST_FOR_FUNNEL} cohorts",
        ),
    }
    note = f"Tested with at least {FEWEST_FOR_FUNNEL} cohorts within one endpoint"
    return Results(table=ordered(table.assign(**shared)), notes=(f"{note}: {effects.endpoint}",))


def egger_regression(
    estimate: FloatArray, std_error: FloatArray, confidence: float
) -> dict[str, FloatArray]:
    """The regressions of S effects, (S, k) with NaN where missing, three or more studies each.

    NaN where the standard errors are all equal.
    """
    known = np.isfinite(estimate)
    y, x = np.where(known, estimate, 0.0), np.where(known, std_error, 1.0)
    w = np.where(known, 1 / x**2, 0.0)
    total = w.sum(axis=1)
    mean_x, mean_y = (w * x).sum(axis=1) / total, (w * y).sum(axis=1) / total
    dx, dy = x - mean_x[:, None], y - mean_y[:, None]
    sxx = (w * dx**2).sum(axis=1)
    sxx = np.where(sxx > 1e-12 * (w * x**2).sum(axis=1), sxx, np.nan)
    slope = (w * dx * dy).sum(axis=1) / sxx
    limit = mean_y - slope * mean_x
    df = np.asarray(known.sum(axis=1) - 2, dtype=np.float64)
    variance = (w * (dy - slope[:, None] * dx) ** 2).sum(axis=1) / df
    se = np.sqrt(variance / sxx)
    t, p, half = wald(slope, se, confidence, df)
    _, _, reach = wald(limit, np.sqrt(variance * (1 / total + mean_x**2 / sxx)), confidence, df)
    return {
        Result.ESTIMATE: slope,
        Result.STD_ERROR: se,
        Result.CI_LOW: slope - half,
        Result.CI_HIGH: slope + half,
        Result.STATISTIC: t,
        Result.DF: df,
        Result.P_VALUE: p,
        LIMIT: limit,
        LIMIT_LOW: limit - reach,
        LIMIT_HIGH: limit + reach,
    }


def _refuse_equal(is_fitted: NDArray[np.bool_]) -> None:
    if not is_fitted.any():
        raise ClinicalError(
            "Small and large cohorts cannot be told apart",
            "The standard errors of a signature are the same in all cohorts",
            "Egger's test needs cohorts of different sizes",
        )


def _refuse_few(effects: Effects, n_cohorts: NDArray[np.int64]) -> None:
    if n_cohorts.max() >= FEWEST_FOR_FUNNEL:
        return
    raise ClinicalError(
        f"Egger's test and a funnel need {FEWEST_FOR_FUNNEL} cohorts",
        f"The most is {count(int(n_cohorts.max()), 'cohort')} for a signature; there are "
        f"{examples(effects.cohorts)}",
        "With fewer an asymmetry is mostly chance; use leave_one_out, and say how cohorts were "
        "found",
        n_cohorts=int(n_cohorts.max()),
    )
