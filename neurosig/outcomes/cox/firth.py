"""Cox regression with Firth's penalty: finite estimates where the likelihood has no maximum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ConvergenceError
from neurosig.kernels.firth import firth_derivatives
from neurosig.kernels.partial_likelihood import RiskRows
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.profile_likelihood import profile_limits

FloatArray = NDArray[np.float64]

_MAX_ITERATIONS = 200
_LONGEST_STEP = 5.0  # per standard deviation of x, or as large as the coefficients already are
_MAX_HALVINGS = 40
_MAX_RESTARTS = 5  # from a higher maximum that a profile met
_NEAR = 1e-9  # gain of a step, over the log-likelihood, that is left for the exact root


@dataclass(frozen=True, eq=False, kw_only=True)
class FirthFit:
    """Estimates (k,), covariance (k, k), profile intervals (k, 2) and p-values (k,).

    loglik_null, loglik: penalised, at zero and at the maximum; notes: of each coefficient, why a
    limit is infinite or NaN.
    """

    coef: FloatArray
    covariance: FloatArray
    interval: FloatArray
    p_value: FloatArray
    loglik_null: float
    loglik: float
    notes: tuple[str, ...]


def firth_fit(data: CoxData, confidence: float = 0.95) -> FirthFit:
    """Fit the (first) model of the data with Firth's penalty.

        maximise  loglik(beta) + log(det(information(beta))) / 2

    Intervals are of the penalised profile likelihood, p-values of its ratio test; the covariance
    is the inverse of the information at the maximum. The penalised likelihood of a score that
    separates can have several maxima: where a profile meets a higher one, the fit begins again
    there.

    Raises
    ------
    ConvergenceError
        The iterations do not end.

    References
    ----------
    Firth D (1993) Biometrika 80:27-38, doi:10.1093/biomet/80.1.27; Heinze G, Schemper M (2001)
    Biometrics 57:114-119, doi:10.1111/j.0006-341X.2001.00114.x.

    Examples
    --------
    Two rows, the one with x = 1 dies first: the likelihood e^b / (e^b + 1) grows without end. With
    p that value the information is p (1 - p), so p^3 (1 - p) is maximal: p = 3/4 and b = log 3.

    >>> data = CoxData(time=np.array([1.0, 2.0]), event=np.array([1.0, 0.0]),
    ...                scores=np.array([[1.0], [0.0]]), covariates=np.empty((2, 0)))
    >>> round(float(np.exp(firth_fit(data).coef[0])), 6)
    3.0
    """
    sets, rows = data.ordered()
    design = data.design(0)
    sd = design.std(axis=0, ddof=1)
    x = np.ascontiguousarray(((design - design.mean(axis=0)) / sd)[sets.order])
    k = x.shape[1]
    everything = np.ones(k, dtype=np.bool_)
    beta, loglik, covariance = _maximise(x, rows, np.zeros(k), everything)
    null = firth_derivatives(x, np.zeros(k), rows, np.zeros(k), np.zeros((k, k)))

    def profiled(start: FloatArray, free: NDArray[np.bool_]) -> tuple[FloatArray, float]:
        return _maximise(x, rows, start, free)[:2]

    for _ in range(_MAX_RESTARTS):
        errors = np.sqrt(np.diag(covariance))
        limits = profile_limits(profiled, (beta, loglik), errors, confidence, is_concave=False)
        if limits.higher is None:
            break
        beta, loglik, covariance = _maximise(x, rows, limits.higher, everything)
    return FirthFit(
        coef=beta / sd,
        covariance=covariance / np.outer(sd, sd),
        interval=limits.interval / sd[:, None],
        p_value=limits.p_value,
        loglik_null=null,
        loglik=loglik,
        notes=limits.notes,
    )


def _maximise(
    x: FloatArray, rows: RiskRows, start: FloatArray, free: NDArray[np.bool_]
) -> tuple[FloatArray, float, FloatArray]:
    """Coefficients, penalised log-likelihood and covariance; only the free coefficients move.

    Steps with the information of the likelihood lead near the maximum; the root of the gradient is
    then found exactly, since the likelihood itself is too flat there to tell.
    """
    from scipy import optimize

    k = start.size
    gradient, information = np.zeros(k), np.zeros((k, k))
    near = _climb(x, rows, start, free)

    def slope(values: FloatArray) -> FloatArray:
        beta = near.copy()
        beta[free] = values
        firth_derivatives(x, beta, rows, gradient, information)
        return gradient[free].copy()

    best = near.copy()
    if free.any():
        root = optimize.root(slope, near[free], tol=1e-13).x
        if np.abs(slope(root)).sum() <= np.abs(slope(near[free])).sum():
            best[free] = root
    loglik = firth_derivatives(x, best, rows, gradient, information)
    return best, loglik, np.asarray(np.linalg.inv(information))


def _climb(x: FloatArray, rows: RiskRows, start: FloatArray, free: NDArray[np.bool_]) -> FloatArray:
    """Newton's steps, bounded, and halved until the penalised log-likelihood grows."""
    k = start.size
    gradient, information = np.zeros(k), np.zeros((k, k))
    beta = start.copy()
    loglik = firth_derivatives(x, beta, rows, gradient, information)
    for _ in range(_MAX_ITERATIONS):
        if not np.isfinite(loglik):
            break
        step = np.zeros(k)
        if free.any():
            step[free] = np.linalg.solve(information[np.ix_(free, free)], gradient[free])
        gain = float(gradient @ step)
        if gain < _NEAR * max(1.0, abs(loglik)):
            return beta
        size, longest = max(1.0, float(np.abs(beta).max())), float(np.abs(step).max())
        share = min(1.0, max(_LONGEST_STEP, size) / longest)
        for _ in range(_MAX_HALVINGS):
            new = firth_derivatives(x, beta + share * step, rows, gradient, information)
            if new > loglik + 1e-4 * share * gain:
                break
            share /= 2
        else:
            break
        beta, loglik = beta + share * step, new
    raise ConvergenceError(
        "A fit with Firth's penalty did not converge",
        f"Up to {_MAX_ITERATIONS} steps; the penalised log-likelihood reached {loglik:.4g}",
        "Use fewer covariates",
    )
