"""Errors of Cox models that do not rest on the model: sandwich, and jackknife of clusters."""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.cox import CONVERGED, CoxFits
from neurosig.kernels.hazard_steps import score_residuals
from neurosig.outcomes.cox.batch_data import CoxData, steps_of

FloatArray = NDArray[np.float64]


class Errors(NamedTuple):
    """Of S models: variance (S, k, k), df (S,) of their t distributions, infinite for the normal.

    undefined: (S,) of the models whose jackknife is not defined, and whose errors are the
    sandwich's.
    """

    variance: FloatArray
    df: FloatArray
    undefined: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ErrorKind:
    """The errors of the model, robust ones, or with clusters (n,) theirs, perhaps by jackknife."""

    is_robust: bool = False
    cluster: NDArray[np.int64] | None = None
    by_jackknife: bool = False

    def at(self, rows: NDArray[np.bool_]) -> "ErrorKind":
        """The same for some of the rows."""
        return self if self.cluster is None else replace(self, cluster=self.cluster[rows])

    def of(self, data: CoxData, fits: CoxFits) -> Errors:
        """The errors of fitted models."""
        df = np.full(fits.code.size, np.inf)
        undefined = np.zeros(fits.code.size, dtype=np.bool_)
        if not self.is_robust:
            return Errors(fits.covariance, df, undefined)
        if self.cluster is None or not self.by_jackknife:
            return Errors(robust_covariances(data, fits, self.cluster), df, undefined)
        df[:] = np.unique(self.cluster).size - 1
        variance = jackknife_covariances(data, fits, self.cluster)
        undefined |= np.isnan(variance).any(axis=(1, 2)) & np.isfinite(fits.coef).all(axis=1)
        if undefined.any():
            variance[undefined] = robust_covariances(data, fits, self.cluster)[undefined]
        return Errors(variance, df, undefined)


MODEL_ERRORS: Final = ErrorKind()


def robust_covariances(
    data: CoxData, fits: CoxFits, cluster: NDArray[np.int64] | None = None
) -> FloatArray:
    """Sandwich variances (S, k, k) of S models; NaN where a fit has none.

        D' D,   D the rows (or sums over each cluster) of  weight * score residual * covariance

    References
    ----------
    Lin DY, Wei LJ (1989) J Am Stat Assoc 84:1074-1078, doi:10.1080/01621459.1989.10478874; for
    clusters Lee EW, Wei LJ, Amato DA (1992), doi:10.1007/978-94-015-7983-4_14.

    Examples
    --------
    >>> time, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 0.0, 1.0, 0.0])
    >>> x = np.array([[1.0], [0.0], [0.0], [1.0]])
    >>> data = CoxData(time=time, event=event, scores=x, covariates=np.empty((4, 0)))

    By hand: beta = 0 and the mean of x is 1/2 at both events; the residuals are
    1/2 - 1/2 * 1/4, 1/2 * 1/4, -1/2 + 1/2 * (1/4 + 1/2) and -1/2 * (1/4 + 1/2), the information is
    1/2, so the variance is 4 * (9 + 1 + 1 + 9) / 64 = 1.25.

    >>> robust_covariances(data, data.fit()).round(6).tolist()
    [[[1.25]]]
    """
    sets, rows = data.ordered()
    variances = np.full(fits.covariance.shape, np.nan)
    groups = None if cluster is None else np.unique(cluster, return_inverse=True)[1][sets.order]
    for s in np.flatnonzero(np.isfinite(fits.coef).all(axis=1)).tolist():
        x, steps = steps_of(data.design(s), fits.coef[s], sets, rows)
        residuals = score_residuals(x, fits.coef[s], sets, rows, steps) * rows.weight[:, None]
        if groups is not None:
            summed = np.zeros((int(groups.max()) + 1, x.shape[1]))
            np.add.at(summed, groups, residuals)
            residuals = summed
        influence = residuals @ fits.covariance[s]
        variances[s] = influence.T @ influence
    return variances


def jackknife_covariances(data: CoxData, fits: CoxFits, cluster: NDArray[np.int64]) -> FloatArray:
    """Jackknife variances (S, k, k) of S models, each cluster left out once.

        (G - 1) / G sum_g (b_g - b) (b_g - b)',   b_g the coefficients without cluster g

    NaN where a fit, or one without a cluster, has no maximum.

    References
    ----------
    Lipsitz SR, Dear KB, Zhao L (1994) Biometrics 50:842-846, doi:10.2307/2532797.

    Examples
    --------
    Two clusters, each a stratum and the mirror of the other. The first alone has b = log(2) / 2,
    since 2 / (2 exp(b) + 2) = exp(b) / (exp(b) + 2); the second -b, both together 0.

    >>> time, event = np.array([1.0, 2, 3, 3] * 2), np.array([1.0, 1, 0, 0] * 2)
    >>> x, cluster = np.array([[1.0, 0, 1, 0, 0, 1, 0, 1]]).T, np.repeat([0, 1], 4)
    >>> none = np.empty((8, 0))
    >>> data = CoxData(time=time, event=event, scores=x, covariates=none, strata=cluster)
    >>> jackknife_covariances(data, data.fit(), cluster).round(6).tolist()  # log(2)^2 / 4
    [[[0.120113]]]
    """
    clusters = np.unique(cluster)
    total = np.zeros(fits.covariance.shape)
    is_defined = (fits.code == CONVERGED) & ~fits.infinite.any(axis=1)
    for left_out in clusters:
        models = np.flatnonzero(is_defined)
        if not models.size:
            break
        part = data.choose(models).at(cluster != left_out)
        if part.event.sum() == 0:
            is_defined[:] = False
            break
        without = part.fit()
        moved = without.coef - fits.coef[models]
        total[models] += moved[:, :, None] * moved[:, None, :]
        is_defined[models] = (without.code == CONVERGED) & ~without.infinite.any(axis=1)
    total[~is_defined] = np.nan
    return total * (clusters.size - 1) / clusters.size
