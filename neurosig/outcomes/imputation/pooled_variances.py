"""Variances and dispersions of models on completed cohorts, pooled."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.keys import Result

FloatArray = NDArray[np.float64]


def pool_variances(tables: Sequence[pd.DataFrame]) -> dict[str, FloatArray]:
    """The columns of the tables that say how much the data vary, pooled row by row.

        sd = sqrt(mean sd_i^2),  cor = mean(cor_i sd_i,group sd_i,slope) / (sd_group sd_slope)
        icc = sd_group^2 / (sd_group^2 + sd_residual^2)
        theta = mean theta_i,  std_error^2 = W + (1 + 1/m) B,  dispersion = mean dispersion_i

    sums over i = 1 .. m imputations; W: mean of the squared errors of theta, B: its variance.
    A correlation that one imputation does not define (no variance) counts as a covariance of 0.

    References
    ----------
    Variance components are averaged as in Grund S, Robitzsch A, Luedtke O, mitml, R package
    (testEstimates); Van Buuren S (2018) Flexible Imputation of Missing Data, section 7.

    Examples
    --------
    >>> tables = [pd.DataFrame({"sd_group": [g], "sd_residual": [1.0], "icc": [g]}) for g in (0, 2)]
    >>> {name: float(value[0].round(4)) for name, value in pool_variances(tables).items()}
    {'sd_group': 1.4142, 'sd_residual': 1.0, 'icc': 0.6667}
    """
    first, pooled = tables[0], dict[str, FloatArray]()
    for name in (Result.SD_GROUP, Result.SD_SLOPE, Result.SD_RESIDUAL):
        if name in first:
            pooled[name] = np.sqrt((_stack(tables, name) ** 2).mean(axis=0))
    if Result.ICC in first:
        between, within = pooled[Result.SD_GROUP] ** 2, pooled[Result.SD_RESIDUAL] ** 2
        pooled[Result.ICC] = between / (between + within)
    if Result.COR_SLOPE in first:
        sds = _stack(tables, Result.SD_GROUP) * _stack(tables, Result.SD_SLOPE)
        together = np.where(sds == 0, 0.0, _stack(tables, Result.COR_SLOPE) * sds).mean(axis=0)
        product = pooled[Result.SD_GROUP] * pooled[Result.SD_SLOPE]
        pooled[Result.COR_SLOPE] = np.divide(
            together, product, out=np.full(product.shape, np.nan), where=product > 0
        )
    for name in (Result.DISPERSION, Result.THETA):
        if name in first:
            pooled[name] = _stack(tables, name).mean(axis=0)
    if Result.THETA_STD_ERROR in first:
        within = (_stack(tables, Result.THETA_STD_ERROR) ** 2).mean(axis=0)
        between = _stack(tables, Result.THETA).var(axis=0, ddof=1)
        pooled[Result.THETA_STD_ERROR] = np.sqrt(within + (1 + 1 / len(tables)) * between)
    return pooled


def _stack(tables: Sequence[pd.DataFrame], name: str) -> FloatArray:
    return np.array([table[name].to_numpy(dtype=np.float64) for table in tables])
