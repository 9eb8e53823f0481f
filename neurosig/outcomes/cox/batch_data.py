"""What a batch of Cox models is fitted on, and its robust variances."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.cox import PLAIN, CoxFits, CoxOptions, Ties, cox_fit_batch, risk_rows
from neurosig.kernels.hazard_steps import HazardSteps, hazard_steps, score_residuals
from neurosig.kernels.partial_likelihood import RiskRows
from neurosig.kernels.times import RiskSets, risk_sets

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class CoxData:
    """What a batch of Cox models is fitted on.

    time, event (0/1): (n,); scores: (n, S), one model per column; covariates: (n, p);
    strata: (n,) codes or None; options: delayed entry, weights, offset and ridge.
    """

    time: FloatArray
    event: FloatArray
    scores: FloatArray
    covariates: FloatArray
    strata: NDArray[np.int64] | None = None
    ties: Ties = "efron"
    options: CoxOptions = PLAIN
    n_jobs: int = 1

    def fit(self, time_function: Callable[[FloatArray], FloatArray] | None = None) -> CoxFits:
        """One fit per score; time_function: for the test of proportional hazards."""
        return cox_fit_batch(
            self.time,
            self.event,
            self.scores,
            self.covariates,
            strata=self.strata,
            ties=self.ties,
            options=self.options,
            n_jobs=self.n_jobs,
            time_function=time_function,
        )

    def choose(self, models: NDArray[np.int64]) -> "CoxData":
        """Some of the models, each named once and in order."""
        if models.size == self.scores.shape[1]:
            return self
        return replace(self, scores=self.scores[:, models])

    def design(self, model: int) -> FloatArray:
        """The columns (n, k) of one model."""
        return np.column_stack([self.scores[:, model], self.covariates])

    def ordered(self) -> tuple[RiskSets, RiskRows]:
        """The risk sets, and the rows in their order."""
        sets = risk_sets(self.time, self.strata, self.options.entry)
        return sets, risk_rows(sets, self.event, ties=self.ties, options=self.options)


def steps_of(
    x: FloatArray, coef: FloatArray, sets: RiskSets, rows: RiskRows
) -> tuple[FloatArray, HazardSteps]:
    """The centred design in the order of the risk sets, and the hazard's steps for it."""
    centred = (x - x.mean(axis=0))[sets.order]
    return centred, hazard_steps(centred, coef, rows)


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
