"""How much effects differ between studies: estimators of the variance, and its interval (arrays).

Everything is for S meta-analyses at once; a study that one of them lacks has weight 0 there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Method = Literal["REML", "DL", "PM", "ML", "HE", "SJ", "FE"]
REML_STEP = 1e-5
_SMALL, _LARGE = 1e-3, 1e3
"""Mean sampling variances between which the step is that of the effects as they are."""
_MAX_ITERATIONS = 1000
_ROOT_STEP = 1e-14


@dataclass(frozen=True, eq=False)
class Studies:
    """Estimates and sampling variances of S meta-analyses, (S, k): 0 and inf where missing."""

    y: FloatArray
    variance: FloatArray

    @classmethod
    def of(cls, estimate: FloatArray, std_error: FloatArray) -> "Studies":
        """From estimates and standard errors (S, k), NaN where a study is missing."""
        known = np.isfinite(estimate) & np.isfinite(std_error)
        return cls(np.where(known, estimate, 0.0), np.where(known, std_error**2, np.inf))

    @property
    def known(self) -> NDArray[np.bool_]:
        """(S, k) which studies there are."""
        return np.isfinite(self.variance)

    @property
    def n(self) -> FloatArray:
        """(S,) how many studies there are."""
        return np.asarray(self.known.sum(axis=1), dtype=np.float64)

    def rows(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Studies":
        """Some of the meta-analyses."""
        return Studies(self.y[which], self.variance[which])

    def weights(self, tau2: FloatArray) -> FloatArray:
        """1 / (variance + tau2), (S, k)."""
        return np.asarray(1.0 / (self.variance + tau2[:, None]))

    def mean(self, weight: FloatArray) -> FloatArray:
        """Weighted mean, (S,)."""
        return np.asarray((weight * self.y).sum(axis=1) / weight.sum(axis=1))

    def residuals(self, weight: FloatArray) -> FloatArray:
        """Distance of each study from the weighted mean, (S, k)."""
        return np.asarray(self.y - self.mean(weight)[:, None])

    def q(self, tau2: FloatArray) -> FloatArray:
        """Generalised Q: sum w (y - mu)^2, (S,); Cochran's at tau2 = 0."""
        weight = self.weights(tau2)
        return np.asarray((weight * self.residuals(weight) ** 2).sum(axis=1))

    @property
    def typical_variance(self) -> FloatArray:
        """Higgins and Thompson's (k - 1) / (sum w - sum w^2 / sum w), w = 1 / variance, (S,)."""
        weight = 1.0 / self.variance
        total = weight.sum(axis=1)
        return np.asarray((self.n - 1) / (total - (weight**2).sum(axis=1) / total))

    @property
    def spread(self) -> FloatArray:
        """Variance (n - 1) of the estimates, (S,)."""
        mean = self.y.sum(axis=1) / self.n
        squares = np.where(self.known, (self.y - mean[:, None]) ** 2, 0.0)
        return np.asarray(squares.sum(axis=1) / (self.n - 1))

    @property
    def mean_variance(self) -> FloatArray:
        """Mean sampling variance, (S,)."""
        return np.asarray(np.where(self.known, self.variance, 0.0).sum(axis=1) / self.n)


def between_variance(studies: Studies, method: Method) -> FloatArray:
    """Variance tau2 of the true effects between studies, (S,), not negative.

    FE: 0. DL: (Q - (k - 1)) / (sum w - sum w^2 / sum w), w = 1 / variance. HE: variance of the
    estimates less the mean sampling variance. SJ: t Q(t) / (k - 1) with t the variance (n) of the
    estimates. PM: the tau2 with Q(tau2) = k - 1. ML, REML: Fisher scoring, stopped where metafor
    stops; NaN where they do not converge.

    References
    ----------
    DerSimonian R, Laird N (1986), doi:10.1016/0197-2456(86)90046-2; Hedges LV, Olkin I (1985)
    Statistical Methods for Meta-Analysis; Sidik K, Jonkman JN (2005) J R Stat Soc C 54:367-384,
    doi:10.1111/j.1467-9876.2005.00489.x; Paule RC, Mandel J (1982) J Res Natl Bur Stand 87:377-385,
    doi:10.6028/jres.087.022; Viechtbauer W (2005) J Educ Behav Stat 30:261-293,
    doi:10.3102/10769986030003261.

    Examples
    --------
    Two studies, 0 and 1, with standard errors of 0.5: Q = 2, weights 4 and 4.

    >>> two = Studies.of(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]]))
    >>> [float(between_variance(two, method)[0]) for method in ("FE", "DL", "HE", "PM")]
    [0.0, 0.25, 0.25, 0.25]
    """
    zero = np.zeros(len(studies.y))
    if method == "FE":
        return zero
    if method == "DL":
        excess = studies.q(zero) - (studies.n - 1)
        return np.asarray(np.maximum(excess / (studies.n - 1) * studies.typical_variance, 0.0))
    if method == "HE":
        return np.asarray(np.maximum(studies.spread - studies.mean_variance, 0.0))
    if method == "SJ":
        start = studies.spread * (studies.n - 1) / studies.n
        return np.asarray(start * studies.q(start) / (studies.n - 1))
    if method == "PM":
        return tau2_at(studies, studies.n - 1)
    return _likeliest(studies, restricted=method == "REML")


def tau2_at(studies: Studies, target: FloatArray) -> FloatArray:
    """The tau2 at which the generalised Q has fallen to its target (S,); 0 where it starts below.

    Q falls and is convex, so that Newton's steps from 0 never pass the root.
    """
    tau2 = np.zeros(len(studies.y))
    for _ in range(_MAX_ITERATIONS):
        weight = studies.weights(tau2)
        weighted = weight * studies.residuals(weight) ** 2
        excess = np.maximum(weighted.sum(axis=1) - target, 0.0)
        slope = (weight * weighted).sum(axis=1)
        step = np.divide(excess, slope, out=np.zeros_like(tau2), where=excess > 0)
        tau2 += step
        if np.all(step <= _ROOT_STEP * tau2):
            break
    return tau2


def tau2_interval(studies: Studies, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Q-profile interval of tau2, (S,) each; both limits are 0 where Q is below all of it.

    The tau2 at which Q equals the upper and the lower quantile of chi2 with k - 1 degrees.

    References
    ----------
    Viechtbauer W (2007) Stat Med 26:37-52, doi:10.1002/sim.2514.
    """
    from scipy import special

    tail, df = (1 - confidence) / 2, studies.n - 1
    targets = (np.asarray(special.chdtri(df, p), dtype=np.float64) for p in (tail, 1 - tail))
    low, high = (tau2_at(studies, target) for target in targets)
    return low, high


def _likeliest(studies: Studies, *, restricted: bool) -> FloatArray:
    """Fisher scoring on the (restricted) likelihood, from Hedges' estimate on.

    With P = W - W 1 1' W / sum w the step is (y'PPy - tr P) / tr PP, for ML with W in place of P in
    the traces; a step below 0 is halved until it is not. The last step is one of less than 1e-5,
    and 0 is taken if its likelihood is higher: the rules of metafor's `rma`, so that its numbers
    are met. Effects of a very small or very large unit, for which that step is none or never
    reached, are taken in units of their mean sampling variance. NaN without convergence.
    """
    size = studies.mean_variance
    unit = np.where((size < _SMALL) | (size > _LARGE), size, 1.0)
    studies = Studies(studies.y / np.sqrt(unit)[:, None], studies.variance / unit[:, None])
    tau2 = between_variance(studies, "HE")
    moving = np.arange(tau2.size)
    for _ in range(_MAX_ITERATIONS):
        some = studies.rows(moving)
        step = _allowed(_fisher_step(some, tau2[moving], restricted=restricted), tau2[moving])
        tau2[moving] += step
        moving = moving[np.abs(step) > REML_STEP]
        if not moving.size:
            break
    of = _loglik(restricted=restricted)
    tau2 = np.where(of(studies, 0 * tau2) > of(studies, tau2), 0.0, tau2)
    tau2[moving] = np.nan
    return np.asarray(tau2 * unit)


def _fisher_step(studies: Studies, tau2: FloatArray, *, restricted: bool) -> FloatArray:
    weight = studies.weights(tau2)
    total, square = weight.sum(axis=1), (weight**2).sum(axis=1)
    gain = ((weight * studies.residuals(weight)) ** 2).sum(axis=1)
    if not restricted:
        return np.asarray((gain - total) / square)
    cube = (weight**3).sum(axis=1)
    trace, trace_square = total - square / total, square - 2 * cube / total + (square / total) ** 2
    return np.asarray((gain - trace) / trace_square)


def _allowed(step: FloatArray, tau2: FloatArray) -> FloatArray:
    """The steps, halved until tau2 does not fall below 0; a tiny one goes to 0 at once."""
    step = step.copy()
    while (below := tau2 + step < 0).any():
        is_tiny = np.abs(step) < REML_STEP * 1e-3
        step[below] = np.where(is_tiny[below], -tau2[below], step[below] / 2)
    return step


def _loglik(*, restricted: bool) -> Callable[[Studies, FloatArray], FloatArray]:
    """The (restricted) log-likelihood up to a constant."""

    def of(studies: Studies, tau2: FloatArray) -> FloatArray:
        weight = studies.weights(tau2)
        logs = np.where(studies.known, np.log(np.where(studies.known, weight, 1.0)), 0.0)
        value = logs.sum(axis=1) - (weight * studies.residuals(weight) ** 2).sum(axis=1)
        return np.asarray(value - np.log(weight.sum(axis=1)) if restricted else value) / 2

    return of
