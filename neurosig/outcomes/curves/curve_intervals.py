"""Pointwise confidence intervals of a probability, on five scales."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neurosig.outcomes.arguments import check_choice, check_share

FloatArray = NDArray[np.float64]
Interval = Literal["log-log", "log", "plain", "logit", "arcsin"]


def probability_interval(
    probability: FloatArray, std_error: FloatArray, interval: Interval, confidence: float
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper limits, cut at 0 and 1; NaN where the scale is not defined.

    g(p) -+ z se g'(p), carried back by g's inverse, with g(p) = p (plain), log p (log),
    log(-log p) (log-log), log(p / (1 - p)) (logit) or arcsin(sqrt p) (arcsin).
    """
    from scipy import special

    z = float(special.ndtri(0.5 + confidence / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(probability > 0, probability, np.nan)
        inside = np.where(probability < 1, p, np.nan)
        match interval:
            case "plain":
                low, high = probability - z * std_error, probability + z * std_error
            case "log":
                width = z * std_error / p
                low, high = p * np.exp(-width), p * np.exp(width)
            case "log-log":
                width = z * std_error / (inside * -np.log(inside))
                low, high = inside ** np.exp(width), inside ** np.exp(-width)
            case "logit":
                odds, width = inside / (1 - inside), z * std_error / (inside * (1 - inside))
                low, high = (
                    odds / (odds + np.exp(width)),
                    odds / (odds + np.exp(-width)),
                )
            case "arcsin":
                angle = np.arcsin(np.sqrt(inside))
                width = z * std_error / (2 * np.sqrt(inside * (1 - inside)))
                low = np.sin(np.maximum(angle - width, 0.0)) ** 2
                high = np.sin(np.minimum(angle + width, np.pi / 2)) ** 2
    return np.maximum(low, 0.0), np.minimum(high, 1.0)


def check_interval(interval: str, confidence: float) -> None:
    """Refuse an unknown scale and a confidence level outside 0 to 1."""
    check_choice("interval", interval, get_args(Interval), "log-log")
    check_confidence(confidence)


def check_confidence(confidence: float) -> None:
    """Refuse a confidence level outside 0 to 1."""
    check_share("confidence", confidence, "the coverage of the intervals", 0.95)
