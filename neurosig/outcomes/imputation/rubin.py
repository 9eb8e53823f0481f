"""Rubin's rules: one estimate with its error from the estimates of completed data."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import InputError
from neurosig.outcomes.results import wald

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RubinPool:
    """Pooled estimates, each array with one value per parameter.

    estimate: mean over the m completed data sets; within: mean variance W; between: variance B of
    the estimates (m - 1); total: T = W + (1 + 1/m) B; df: Barnard and Rubin's degrees of freedom;
    riv: relative increase in variance (1 + 1/m) B / W; fmi: fraction of missing information.
    """

    m: int
    estimate: FloatArray
    within: FloatArray
    between: FloatArray
    total: FloatArray
    df: FloatArray
    riv: FloatArray
    fmi: FloatArray

    @property
    def relative_efficiency(self) -> FloatArray:
        """Precision with m imputations over that with endlessly many: 1 / (1 + fmi / m)."""
        return np.asarray(1 / (1 + self.fmi / self.m))

    @property
    def mc_error(self) -> FloatArray:
        """Monte-Carlo error of the estimate, sqrt(B / m): how it varies with the seed."""
        return np.asarray(np.sqrt(self.between / self.m))


def pool_estimates(
    estimates: FloatArray, variances: FloatArray, df_complete: FloatArray
) -> RubinPool:
    """Pool the estimates of m completed data sets.

        T = W + (1 + 1/m) B
        df = 1 / (1 / df_old + 1 / df_obs)
        df_old = (m - 1) / lambda^2,  df_obs = (v + 1) / (v + 3) v (1 - lambda)
        fmi = (riv + 2 / (df + 3)) / (riv + 1)

    estimates, variances: (m, k); df_complete: (k,) degrees of freedom v that the model has on
    complete data; lambda = (1 + 1/m) B / T. Without variance between the estimates df is df_obs.

    Raises
    ------
    InputError
        The shapes do not fit, or there are fewer than two data sets.

    References
    ----------
    Rubin DB (1987) Multiple Imputation for Nonresponse in Surveys, equations 3.1.2 to 3.1.10,
    doi:10.1002/9780470316696; Barnard J, Rubin DB (1999) Biometrika 86:948-955,
    doi:10.1093/biomet/86.4.948.

    Examples
    --------
    By hand: mean 2, W = 0.5, B = 1, so T = 0.5 + 4/3.

    >>> pool = pool_estimates(np.array([[1.0], [2.0], [3.0]]), np.full((3, 1), 0.5), np.full(1, 50))
    >>> pool.estimate.tolist(), pool.total.round(4).tolist(), pool.mc_error.round(4).tolist()
    ([2.0], [1.8333], [0.5774])
    """
    q, u = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    v = np.asarray(df_complete, dtype=np.float64)
    if q.ndim != 2 or q.shape != u.shape or v.shape != q.shape[1:] or len(q) < 2:
        raise InputError(
            "The estimates cannot be pooled",
            f"Estimates are {q.shape}, variances {u.shape}, degrees of freedom {v.shape}",
            "Give (m, k) estimates and variances with m of at least 2, and k degrees of freedom",
        )
    m = len(q)
    within, between = u.mean(axis=0), q.var(axis=0, ddof=1)
    increase = (1 + 1 / m) * between
    total = within + increase
    with np.errstate(divide="ignore", invalid="ignore"):
        share, riv = increase / total, increase / within
        observed = (v + 1) / (v + 3) * v * (1 - share)
        df = 1 / (share**2 / (m - 1) + 1 / observed)
        fmi = (riv + 2 / (df + 3)) / (riv + 1)
    return RubinPool(
        m=m,
        estimate=q.mean(axis=0),
        within=within,
        between=between,
        total=total,
        df=df,
        riv=riv,
        fmi=fmi,
    )


def p_value_error(
    estimates: FloatArray, variances: FloatArray, df_complete: FloatArray
) -> FloatArray:
    """Monte-Carlo error of the pooled p-value: the jackknife over the imputations.

    sqrt((m - 1) / m sum_i (p_(-i) - mean)^2), p_(-i) pooled without imputation i; NaN for two.

    References
    ----------
    White IR, Royston P, Wood AM (2011) Stat Med 30:377-399, doi:10.1002/sim.4067, section 7.

    Examples
    --------
    >>> same = np.full((4, 1), 1.0)
    >>> p_value_error(same, same, np.full(1, 20)).tolist()  # imputations that agree
    [0.0]
    """
    m = len(estimates)
    if m < 3:
        return np.full(estimates.shape[1], np.nan)
    left = np.empty(estimates.shape)
    for i in range(m):
        kept = np.arange(m) != i
        pool = pool_estimates(estimates[kept], variances[kept], df_complete)
        left[i] = wald(pool.estimate, np.sqrt(pool.total), 0.95, pool.df)[1]
    return np.asarray(np.sqrt((m - 1) * left.var(axis=0)))
