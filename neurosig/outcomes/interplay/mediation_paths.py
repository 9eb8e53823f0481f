"""The coefficients of the two models of a mediation."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.kernels.cox import cox_fit_batch
from neurosig.keys import Result
from neurosig.outcomes.interplay.counterfactual import MediationData
from neurosig.outcomes.interplay.model_fits import Fitted, linear_fit, logistic_fit
from neurosig.outcomes.results import wald

FloatArray = NDArray[np.float64]


def mediation_paths(
    data: MediationData,
    covariates: tuple[str, ...],
    scores: tuple[str, str],
    *,
    interaction: bool,
    confidence: float,
) -> pd.DataFrame:
    """A row per coefficient (no intercepts): model, term, estimate and Wald's test."""
    ones = np.ones((data.y.size, 1))
    of_mediator = np.column_stack([data.exposure, data.covariates, ones])
    columns = [data.exposure, data.mediator]
    names = list(scores)
    if interaction:
        columns.append(data.exposure * data.mediator)
        names.append(":".join(scores))
    x = np.column_stack([*columns, data.covariates])
    parts = [
        _rows(
            "mediator",
            (scores[0], *covariates),
            linear_fit(data.mediator, of_mediator),
            confidence,
        ),
        _rows("outcome", (*names, *covariates), _outcome(data, x, ones), confidence),
    ]
    return pd.concat(parts, ignore_index=True)


def _outcome(data: MediationData, x: FloatArray, ones: FloatArray) -> Fitted:
    if data.time is not None:
        fits = cox_fit_batch(data.time, data.y, x[:, :1], x[:, 1:])
        return Fitted(fits.coef[0], fits.covariance[0], float(fits.loglik[0]), float("inf"))
    return (logistic_fit if data.is_binary else linear_fit)(data.y, np.hstack([x, ones]))


def _rows(model: str, terms: tuple[str, ...], fit: Fitted, confidence: float) -> pd.DataFrame:
    k = len(terms)
    estimate, error = fit.coef[:k], np.sqrt(np.diagonal(fit.covariance))[:k]
    df = None if np.isinf(fit.df) else np.full(k, fit.df)
    statistic, p_value, half = wald(estimate, error, confidence, df)
    return pd.DataFrame(
        {
            Result.MODEL: model,
            Result.TERM: terms,
            Result.ESTIMATE: estimate,
            Result.STD_ERROR: error,
            Result.CI_LOW: estimate - half,
            Result.CI_HIGH: estimate + half,
            Result.STATISTIC: statistic,
            Result.P_VALUE: p_value,
        }
    )


def residual_skewness(data: MediationData) -> float:
    """Third standardised moment of the mediator given exposure and covariates."""
    design = np.column_stack([data.exposure, data.covariates, np.ones(data.y.size)])
    left = data.mediator - design @ linear_fit(data.mediator, design).coef
    size = np.mean(left**2)
    return float(np.mean(left**3) / size**1.5) if size > 0 else 0.0
