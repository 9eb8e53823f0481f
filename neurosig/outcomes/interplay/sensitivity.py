"""How strong unmeasured confounding would have to be to explain an effect of a mediation."""

import numpy as np
from numpy.typing import NDArray

from neurosig.outcomes.interplay.counterfactual import MediationData
from neurosig.outcomes.interplay.model_fits import linear_fit

FloatArray = NDArray[np.float64]


def e_value(risk_ratio: float) -> float:
    """The E-value of a risk ratio; that of 1 / RR where it is below 1.

        E = RR + sqrt(RR (RR - 1))

    The least risk ratio with which an unmeasured confounder would have to be associated with both
    the cause and the outcome, given the covariates, to explain the effect away. 1: nothing needed.

    References
    ----------
    VanderWeele TJ, Ding P (2017) Ann Intern Med 167:268-274, doi:10.7326/M16-2607; of direct and
    indirect effects: Smith LH, VanderWeele TJ (2019) Epidemiology 30:835-837,
    doi:10.1097/EDE.0000000000001064.

    Examples
    --------
    Breastfeeding and respiratory death, and its lower limit, in VanderWeele and Ding.

    >>> round(e_value(3.9), 2), round(e_value(1.8), 1), round(e_value(1 / 3.9), 2)
    (7.26, 3.0, 7.26)
    """
    if not risk_ratio > 0:
        return float("nan")
    ratio = max(risk_ratio, 1 / risk_ratio)
    return float(ratio + np.sqrt(ratio * (ratio - 1)))


def e_value_of_limit(low: float, high: float) -> float:
    """The E-value of the limit of a risk ratio's interval that is nearer to 1; 1 if it holds 1.

    >>> round(e_value_of_limit(1.8, 8.7), 1), e_value_of_limit(0.9, 2.0)
    (3.0, 1.0)
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        return float("nan")
    if low <= 1 <= high:
        return 1.0
    return e_value(low if low > 1 else high)


def ratio_of_difference(difference: float, sd: float) -> float:
    """An approximate risk ratio for a difference in means: exp(0.91 difference / sd).

    References
    ----------
    VanderWeele TJ, Ding P (2017), as in `e_value`, table 2.

    Examples
    --------
    >>> round(ratio_of_difference(1.0, 2.0), 4)
    1.5762
    """
    with np.errstate(over="ignore"):
        return float(np.exp(0.91 * difference / sd)) if sd > 0 else float("nan")


def correlated_errors(data: MediationData, step: float, rho: FloatArray) -> FloatArray:
    """The indirect effect of a linear mediation if the errors of both models correlate by rho.

        indirect(rho) = step a1 s1 / s2 (r - rho sqrt((1 - r^2) / (1 - rho^2)))

    a1: effect of the exposure on the mediator; s1, s2, r: standard deviations and correlation of
    the residuals of outcome and mediator, each given exposure and covariates (no mediator). rho
    stands for confounders of mediator and outcome that were not measured; at rho = 0 this is the
    estimate, at rho = r it is 0.

    References
    ----------
    Imai K, Keele L, Yamamoto T (2010) Stat Sci 25:51-71, doi:10.1214/10-STS321, theorem 4; Imai K,
    Keele L, Tingley D (2010) Psychol Methods 15:309-334, doi:10.1037/a0020761.

    Examples
    --------
    Residuals with r = 1/2, equal spread and a1 = 1.

    >>> x = np.repeat([0.0, 1.0], 4)
    >>> e1, e2 = np.tile([1.0, 1, -1, -1], 2), np.tile([1.0, -1, 1, -1], 2)
    >>> data = MediationData(exposure=x, mediator=x + e1, covariates=np.empty((8, 0)),
    ...                      y=e1 / 2 + 0.75**0.5 * e2)
    >>> correlated_errors(data, 1.0, np.array([0.0, 0.5])).round(6).tolist()
    [0.5, 0.0]
    """
    design = np.column_stack([data.exposure, data.covariates, np.ones(data.y.size)])
    fit = linear_fit(data.mediator, design)
    of_mediator = data.mediator - design @ fit.coef
    of_outcome = data.y - design @ linear_fit(data.y, design).coef
    s1, s2 = np.sqrt(np.mean(of_outcome**2)), np.sqrt(np.mean(of_mediator**2))
    r = residual_correlation(data)
    return np.asarray(step * fit.coef[0] * s1 / s2 * (r - rho * np.sqrt((1 - r**2) / (1 - rho**2))))


def residual_correlation(data: MediationData) -> float:
    """The rho at which the indirect effect vanishes: of mediator and outcome given the rest."""
    design = np.column_stack([data.exposure, data.covariates, np.ones(data.y.size)])
    left = [v - design @ linear_fit(v, design).coef for v in (data.mediator, data.y)]
    return float(left[0] @ left[1] / np.sqrt((left[0] @ left[0]) * (left[1] @ left[1])))
