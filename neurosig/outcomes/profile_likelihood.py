"""Limits of an interval where a profile likelihood has dropped far enough."""

import math
from collections.abc import Callable

_WIDEST = 200.0  # standard errors; a bound that is not found within is infinite


def crossing(profile: Callable[[float], float], drop: float, best: float, step: float) -> float:
    """Where twice the loss in log-likelihood, going from the best value by steps, reaches `drop`.

    A parabola of curvature 1 has lost 3.84 at 1.96 standard errors:

    >>> round(crossing(lambda value: (value - 5) ** 2, 3.841458820694124, 5.0, 1.0), 6)
    6.959964
    """
    from scipy import optimize

    inside, width = best, step
    while abs(width) <= _WIDEST * abs(step):
        outside = best + width
        if profile(outside) > drop:
            return float(optimize.brentq(lambda v: profile(v) - drop, inside, outside, xtol=1e-11))
        inside, width = outside, width * 1.6
    return math.copysign(math.inf, step)
