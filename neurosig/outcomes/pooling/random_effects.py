"""Meta-analysis of one effect: common effect, random effects, Hartung-Knapp."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosig.errors import ConvergenceError, ParameterError, count, examples
from neurosig.outcomes.results import wald

FloatArray = NDArray[np.float64]
Method = Literal["REML", "DL", "FE"]
REML_STEP = 1e-5
NARROW_BELOW = 0.999  # what REML leaves of 1 by stopping early is no narrowing
_ROUNDING = 1e-20  # of a sum of squared standardised differences: equal estimates


@dataclass(frozen=True, kw_only=True)
class PooledEffect:
    """A pooled effect and the heterogeneity it was pooled over.

    q, q_p_value: Cochran's test; i2: in percent; q_scale: the Hartung-Knapp factor of the
    variance, NaN without it; df: of the t distribution, NaN for the normal.
    """

    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    tau2: float
    i2: float
    h2: float
    q: float
    q_p_value: float
    q_scale: float
    k: int


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
) -> PooledEffect:
    """Inverse-variance pooled effect of k >= 2 studies.

        mu = sum w_i y_i / sum w_i,   w_i = 1 / (se_i^2 + tau2)
        var(mu) = s / sum w_i,  s = sum w_i (y_i - mu)^2 / (k - 1) with Hartung-Knapp, else 1

    tau2: 0 ("FE", the common-effect model), DerSimonian and Laird's moment estimate ("DL") or
    restricted maximum likelihood ("REML"). With Hartung-Knapp the reference is t with k - 1
    degrees of freedom; s may be below 1, and the interval then narrower than the normal one. Equal
    estimates have s = 0: no Hartung-Knapp test exists and its p-value is NaN.
    I2 = 100 tau2 / (tau2 + v), H2 = 1 + tau2 / v with v the typical sampling variance; under "FE"
    both come from Cochran's Q.

    Raises
    ------
    ParameterError
        Fewer than two studies, a standard error that is not positive, or an unknown method.
    ConvergenceError
        REML did not converge.

    References
    ----------
    DerSimonian R, Laird N (1986) Control Clin Trials 7:177-188, doi:10.1016/0197-2456(86)90046-2;
    Hartung J, Knapp G (2001) Stat Med 20:3875-3889, doi:10.1002/sim.1009;
    Higgins JPT, Thompson SG (2002) Stat Med 21:1539-1558, doi:10.1002/sim.1186, equation 9.

    Examples
    --------
    >>> pooled = pool_effects([0.0, 1.0], [0.5, 0.5], method="FE", knha=False)
    >>> pooled.estimate, round(pooled.std_error, 6), pooled.q
    (0.5, 0.353553, 2.0)
    """
    y, variance = _checked(estimate, std_error, method)
    k = y.size
    w = 1 / variance
    common = float(w @ y / w.sum())
    q = float(w @ (y - common) ** 2)
    typical = (k - 1) / (w.sum() - (w @ w) / w.sum())
    tau2 = _tau2(y, variance, q, method)
    if method == "FE":
        i2, h2 = (100 * max(0.0, (q - (k - 1)) / q) if q > 0 else 0.0), q / (k - 1)
    else:
        i2, h2 = 100 * tau2 / (typical + tau2), 1 + tau2 / typical
    w = 1 / (variance + tau2)
    mu = float(w @ y / w.sum())
    q_scale = float(w @ (y - mu) ** 2 / (k - 1)) if knha else float("nan")
    if q_scale < _ROUNDING:
        q_scale = 0.0
    se = float(np.sqrt((q_scale if knha else 1.0) / w.sum()))
    df = float(k - 1) if knha else float("nan")
    statistic, p_value, half = wald(
        np.array([mu]), np.array([se]), confidence, np.array([df]) if knha else None
    )
    return PooledEffect(
        estimate=mu,
        std_error=se,
        statistic=float(statistic[0]),
        df=df,
        p_value=float(p_value[0]),
        ci_low=mu - float(half[0]),
        ci_high=mu + float(half[0]),
        tau2=tau2,
        i2=float(i2),
        h2=float(h2),
        q=q,
        q_p_value=_chi2_p(q, k - 1),
        q_scale=q_scale,
        k=k,
    )


def _checked(
    estimate: ArrayLike, std_error: ArrayLike, method: str
) -> tuple[FloatArray, FloatArray]:
    if method not in get_args(Method):
        raise ParameterError(
            f"method cannot be {method!r}",
            f"Allowed: {', '.join(get_args(Method))}",
            "The default is 'REML'",
        )
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
    return y, se**2


def _tau2(y: FloatArray, variance: FloatArray, q: float, method: Method) -> float:
    """Between-study variance, not negative."""
    if method == "FE":
        return 0.0
    w = 1 / variance
    moment = max(0.0, (q - (y.size - 1)) / float(w.sum() - (w @ w) / w.sum()))
    return moment if method == "DL" else _reml(y, variance)


def _reml(y: FloatArray, variance: FloatArray) -> float:
    """Fisher scoring on the restricted likelihood, stopped where metafor stops.

    With P = W - W 1 1' W / sum w the step is (y'PPy - tr P) / tr PP, from Hedges' estimate on; a
    step below 0 is halved until it is not. The last step is one of less than 1e-5, and 0 is taken
    if its likelihood is higher: the rules of metafor's `rma`, so that its numbers are met.
    """
    tau2 = max(0.0, float(np.var(y, ddof=1) - variance.mean()))
    for _ in range(1000):
        w = 1 / (variance + tau2)
        total, square, cube = w.sum(), w @ w, (w * w) @ w
        residual = w * (y - w @ y / total)
        trace = total - square / total
        trace_square = square - 2 * cube / total + (square / total) ** 2
        step = float((residual @ residual - trace) / trace_square)
        while tau2 + step < 0:
            step = -tau2 if abs(step) < REML_STEP * 1e-3 else step / 2
        tau2 += step
        if abs(step) <= REML_STEP:
            is_none_likelier = _loglik(y, variance) > _loglik(y, variance + tau2)
            return 0.0 if is_none_likelier else tau2
    raise ConvergenceError(
        "The between-study variance (REML) did not converge",
        f"{y.size} studies, last value {tau2:g}",
        'Use method="DL"',
    )


def _loglik(y: FloatArray, variance: FloatArray) -> float:
    """Restricted log-likelihood up to a constant."""
    w = 1 / variance
    mu = w @ y / w.sum()
    return float(-0.5 * (np.log(variance).sum() + np.log(w.sum()) + w @ (y - mu) ** 2))


def _chi2_p(statistic: float, df: int) -> float:
    from scipy import special

    return float(special.chdtrc(df, statistic))
