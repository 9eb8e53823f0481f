"""Meta-analysis of one effect: common effect, random effects, Hartung-Knapp."""

from dataclasses import dataclass, fields
from typing import Generic, TypeVar, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import ConvergenceError, ParameterError, count, examples
from neurosig.outcomes.model_rows import check_scale
from neurosig.outcomes.pooling.heterogeneity import (
    Method,
    Studies,
    between_variance,
    tau2_interval,
)
from neurosig.outcomes.results import wald

FloatArray = NDArray[np.float64]
Number = TypeVar("Number", float, FloatArray)
NARROW_BELOW = 0.999  # what REML leaves of 1 by stopping early is no narrowing
FEW_COHORTS = 5
"""Below it there is no prediction interval, and the table of `meta` has more beside each row."""
_ROUNDING = 1e-20  # of a sum of squared standardised differences: equal estimates


@dataclass(frozen=True, kw_only=True)
class PooledEffect(Generic[Number]):
    """A pooled effect and the heterogeneity it was pooled over; of many, arrays (S,).

    q, q_p_value: Cochran's test; i2: in percent; q_scale: the Hartung-Knapp factor of the
    variance, NaN without it; df: of the t distribution, NaN for the normal; `*_low`, `*_high` of
    tau2, i2 and h2: by the Q-profile, NaN for a common effect; prediction_low, prediction_high:
    where the effect of a further study lies, NaN below 5 studies and for a common effect.
    """

    estimate: Number
    std_error: Number
    statistic: Number
    df: Number
    p_value: Number
    ci_low: Number
    ci_high: Number
    prediction_low: Number
    prediction_high: Number
    tau2: Number
    tau2_low: Number
    tau2_high: Number
    i2: Number
    i2_low: Number
    i2_high: Number
    h2: Number
    h2_low: Number
    h2_high: Number
    q: Number
    q_p_value: Number
    q_scale: Number
    k: Number


def is_narrow(q_scale: float) -> bool:
    """Whether a Hartung-Knapp factor makes the standard error smaller than the normal one.

    >>> is_narrow(0.5), is_narrow(0.99999), is_narrow(float("nan"))
    (True, False, False)
    """
    return q_scale < NARROW_BELOW


def pool_effects(
    estimate: ArrayLike,
    std_error: ArrayLike,
    *,
    method: Method = "REML",
    knha: bool = True,
    confidence: float = 0.95,
) -> PooledEffect[float]:
    """Inverse-variance pooled effect of k >= 2 studies.

        mu = sum w_i y_i / sum w_i,   w_i = 1 / (se_i^2 + tau2)
        var(mu) = s / sum w_i,  s = sum w_i (y_i - mu)^2 / (k - 1) with Hartung-Knapp, else 1
        prediction: mu -+ t sqrt(var(mu) + tau2),  t the quantile of the interval of mu

    tau2: 0 ("FE", the common-effect model) or what `between_variance` estimates. With
    Hartung-Knapp the reference is t with k - 1 degrees of freedom; s may be below 1, and the
    interval then narrower than the normal one. Equal estimates have s = 0: no Hartung-Knapp test
    exists and its p-value is NaN.
    I2 = 100 tau2 / (tau2 + v), H2 = 1 + tau2 / v with v the typical sampling variance; under "FE"
    both come from Cochran's Q. Their limits are those of tau2 (Q-profile) in the same formulas.

    Raises
    ------
    ParameterError
        Fewer than two studies, a standard error that is not positive, or an unknown method.
    ConvergenceError
        REML or ML did not converge.

    References
    ----------
    DerSimonian R, Laird N (1986) Control Clin Trials 7:177-188, doi:10.1016/0197-2456(86)90046-2;
    Hartung J, Knapp G (2001) Stat Med 20:3875-3889, doi:10.1002/sim.1009;
    Higgins JPT, Thompson SG (2002) Stat Med 21:1539-1558, doi:10.1002/sim.1186, equation 9;
    Viechtbauer W (2007) Stat Med 26:37-52, doi:10.1002/sim.2514; Higgins JPT, Thompson SG,
    Spiegelhalter DJ (2009) J R Stat Soc A 172:137-159, doi:10.1111/j.1467-985X.2008.00552.x.

    Examples
    --------
    >>> pooled = pool_effects([0.0, 1.0], [0.5, 0.5], method="FE", knha=False)
    >>> pooled.estimate, round(pooled.std_error, 6), pooled.q
    (0.5, 0.353553, 2.0)
    """
    check_method(method, confidence)
    y, se = _checked(estimate, std_error)
    many = pool_many(y[None, :], se[None, :], method=method, knha=knha, confidence=confidence)
    if np.isnan(many.tau2[0]):
        raise ConvergenceError(
            f"The between-study variance ({method}) did not converge",
            f"{count(y.size, 'study', 'studies')}; estimates {examples(y)}",
            'Use method="DL"',
        )
    return PooledEffect(**{f.name: float(getattr(many, f.name)[0]) for f in fields(many)})


def pool_many(
    estimate: FloatArray,
    std_error: FloatArray,
    *,
    method: Method,
    knha: bool,
    confidence: float,
) -> PooledEffect[FloatArray]:
    """`pool_effects` of S effects at once: (S, k), NaN where a study lacks one, two at least each.

    Where REML or ML do not converge all but Cochran's Q and the limits of tau2 is NaN.

    >>> y = np.array([[0.0, 1.0, np.nan], [0.0, 1.0, 0.5]])
    >>> pool_many(y, 0 * y + 0.5, method="FE", knha=False, confidence=0.95).k.tolist()
    [2.0, 3.0]
    """
    from scipy import special

    studies = Studies.of(estimate, std_error)
    k, zero = studies.n, np.zeros(len(studies.y))
    q = studies.q(zero)
    tau2 = between_variance(studies, method)
    weight = studies.weights(tau2)
    mu, total = studies.mean(weight), weight.sum(axis=1)
    q_scale = df = zero + np.nan
    variance = 1 / total
    if knha:
        df = k - 1
        q_scale = (weight * studies.residuals(weight) ** 2).sum(axis=1) / df
        q_scale = np.where(q_scale < _ROUNDING, 0.0, q_scale)
        variance = q_scale / total
    se = np.sqrt(variance)
    statistic, p_value, half = wald(mu, se, confidence, df if knha else None)
    spread = np.sqrt(variance + tau2)
    _, _, reach = wald(mu, spread, confidence, df if knha else None)
    reach = np.where((k >= FEW_COHORTS) & (method != "FE"), reach, np.nan)
    return PooledEffect(
        estimate=mu,
        std_error=se,
        statistic=statistic,
        df=df,
        p_value=p_value,
        ci_low=mu - half,
        ci_high=mu + half,
        prediction_low=mu - reach,
        prediction_high=mu + reach,
        **_heterogeneity(studies, tau2, q, method, confidence),
        q=q,
        q_p_value=np.asarray(special.chdtrc(k - 1, q)),
        q_scale=q_scale,
        k=k,
    )


def _heterogeneity(
    studies: Studies, tau2: FloatArray, q: FloatArray, method: Method, confidence: float
) -> dict[str, FloatArray]:
    """tau2, I2 and H2 with their limits."""
    typical, nothing = studies.typical_variance, np.full(tau2.size, np.nan)
    limits = (nothing, nothing) if method == "FE" else tau2_interval(studies, confidence)
    found = {"tau2": tau2, "tau2_low": limits[0], "tau2_high": limits[1]}
    for end, value in (("", tau2), ("_low", limits[0]), ("_high", limits[1])):
        found[f"i2{end}"] = 100 * value / (typical + value)
        found[f"h2{end}"] = 1 + value / typical
    if method == "FE":
        df = studies.n - 1
        found["h2"] = q / df
        found["i2"] = 100 * np.maximum(q - df, 0.0) / np.where(q > 0, q, 1.0)
    return found


def check_method(method: str, confidence: float) -> None:
    """Refuse an unknown estimator and an impossible level of the intervals."""
    check_scale("none", confidence)
    if method not in get_args(Method):
        raise ParameterError(
            f"method cannot be {method!r}",
            f"Allowed: {', '.join(get_args(Method))}",
            "The default is 'REML'",
        )


def _checked(estimate: ArrayLike, std_error: ArrayLike) -> tuple[FloatArray, FloatArray]:
    y = np.asarray(estimate, dtype=np.float64)
    se = np.asarray(std_error, dtype=np.float64)
    if y.ndim != 1 or y.shape != se.shape or y.size < 2:
        raise ParameterError(
            "Pooling needs an estimate and a standard error of at least two studies",
            f"There are {count(y.size, 'estimate')} and {count(se.size, 'standard error')}",
            "Give two lists of the same length",
        )
    if not (np.isfinite(y).all() and np.isfinite(se).all() and (se > 0).all()):
        raise ParameterError(
            "Estimates have to be finite and standard errors positive",
            f"Estimates {examples(y)}; standard errors {examples(se)}",
            "Leave studies without an estimate out",
        )
    return y, se
