"""Errors of clusters by jackknife, of any kind of regression."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurosig.keys import OK
from neurosig.outcomes.clusters import NO_JACKKNIFE
from neurosig.outcomes.regression.kind import Data, Fit, Kind
from neurosig.outcomes.regression.options import RegressionModel

FloatArray = NDArray[np.float64]


def fit_with_jackknife(kind: Kind, data: Data, model: RegressionModel, confidence: float) -> Fit:
    """A fit whose errors are those of the estimates without each cluster, with Student's t.

        (G - 1) / G sum_g (b_g - b)^2,   b_g the estimates without cluster g,   G - 1 df

    Where one of the fits fails the errors are CR1, with the same t, and the message says so.

    References
    ----------
    Lipsitz SR, Dear KB, Zhao L (1994) Biometrics 50:842-846, doi:10.2307/2532797.
    """
    cluster = data.cases.cluster
    if cluster is None:
        raise ValueError("a jackknife of clusters needs their codes")
    own = replace(model, cluster=None, cluster_errors="auto", firth=False)
    full = kind.fit(data, own, confidence)
    if full.status != OK:
        return full
    clusters = np.unique(cluster)
    df = np.full(full.estimate.size, clusters.size - 1.0)
    squares = np.zeros(full.estimate.size)
    for left_out in clusters:
        part = _estimate(kind, data.at(cluster != left_out), own)
        if part is None:
            sandwich = kind.fit(data, replace(model, cluster_errors="CR1"), confidence)
            message = "; ".join(filter(None, [sandwich.message, NO_JACKKNIFE]))
            return replace(sandwich, df=df, message=message)
        squares += (part - full.estimate) ** 2
    std_error = np.sqrt(squares * (clusters.size - 1) / clusters.size)
    return replace(full, std_error=std_error, df=df, p_lr=float("nan"))


def _estimate(kind: Kind, data: Data, model: RegressionModel) -> FloatArray | None:
    """The estimates, None where they are not all determined."""
    if np.ptp(data.y) == 0 or np.linalg.matrix_rank(data.design) < data.design.shape[1]:
        return None
    estimate = kind.estimate(data, model)
    return estimate if estimate is not None and np.isfinite(estimate).all() else None
