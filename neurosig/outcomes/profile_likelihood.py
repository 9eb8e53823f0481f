"""Intervals and tests of profile likelihoods: one coefficient held, the others at their best."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ConvergenceError

FloatArray = NDArray[np.float64]
Maximise = Callable[[FloatArray, NDArray[np.bool_]], tuple[FloatArray, float]]
"""From a start (k,), over the free coefficients: where the log-likelihood is highest, and it."""

_WIDEST = 200.0  # standard errors; a limit that is not found within is infinite
_LARGEST_LOSS = 1e9  # stands for one without end, with which no root can be looked for
_HIGHER = 1e-6  # by which a maximum is higher than another and not the same


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ProfileLimits:
    """What profile likelihoods say of k coefficients.

    interval: (k, 2), infinite where the likelihood never drops far enough, NaN where it could not
    be followed; p_value: (k,); notes: (k,) of either, "" where both limits were found; higher: a
    point above the maximum that was given, where one was met.
    """

    interval: FloatArray
    p_value: FloatArray
    notes: tuple[str, ...]
    higher: FloatArray | None


def profile_limits(
    maximise: Maximise,
    top: tuple[FloatArray, float],
    std_error: FloatArray,
    confidence: float,
    *,
    is_concave: bool,
    first: int = 0,
) -> ProfileLimits:
    """Limits where twice the log-likelihood has dropped by the quantile of chi-square (1).

    top: the maximum, coefficients (k,) and log-likelihood; std_error: (k,), the first step to
    either side; is_concave: whether there is one maximum only; first: the coefficients before are
    left out (NaN), as an intercept is.
    """
    from scipy import special

    drop = float(special.chdtri(1, 1 - confidence))
    best, value = top
    k = best.size
    interval, p_value = np.full((k, 2), np.nan), np.full(k, np.nan)
    notes, higher, highest = [""] * k, None, value + _HIGHER
    for j in range(first, k):
        profile = Profile(maximise, best, value, j, is_concave=is_concave)
        at, step = float(best[j]), float(std_error[j])
        interval[j] = [crossing(profile, drop, at, sign * step) for sign in (-1.0, 1.0)]
        p_value[j] = special.chdtrc(1, max(profile(0.0), 0.0))
        notes[j] = limits_in_words(interval[j])
        found, reached = profile.highest
        if reached > highest:
            higher, highest = found, reached
    return ProfileLimits(interval=interval, p_value=p_value, notes=tuple(notes), higher=higher)


class Profile:
    """Twice the loss in log-likelihood when coefficient j is held at a value.

    With a penalty there can be several maxima where the data are far from deciding: the best is
    taken of searches that start at the nearest values looked at on either side. Each value is
    looked at once, so that it has the same loss however it was come by; a search for a root needs
    that. The loss is NaN where no search came to its end.
    """

    def __init__(
        self, maximise: Maximise, best: FloatArray, value: float, j: int, *, is_concave: bool
    ) -> None:
        self._maximise, self._top, self._j, self._is_concave = maximise, value, j, is_concave
        self._free = np.arange(best.size) != j
        self._found = {float(best[j]): (best.copy(), value)}
        self._lost: set[float] = set()

    def __call__(self, value: float) -> float:
        """The loss at a value."""
        if value in self._lost:
            return math.nan
        if value not in self._found:
            found = [f for f in map(self._search, self._starts(value)) if f is not None]
            if not found:
                self._lost.add(value)
                return math.nan
            self._found[value] = max(found, key=lambda search: search[1])
        return min(2 * (self._top - self._found[value][1]), _LARGEST_LOSS)

    @property
    def highest(self) -> tuple[FloatArray, float]:
        """The highest of all points that were met."""
        return max(self._found.values(), key=lambda search: search[1])

    def _search(self, start: FloatArray) -> tuple[FloatArray, float] | None:
        try:
            found = self._maximise(start, self._free)
        except (ConvergenceError, np.linalg.LinAlgError):
            return None
        return None if math.isnan(found[1]) else found

    def _starts(self, value: float) -> list[FloatArray]:
        below = max((at for at in self._found if at < value), default=None)
        above = min((at for at in self._found if at > value), default=None)
        near = [at for at in (below, above) if at is not None]
        if self._is_concave:  # one search will do
            near = sorted(near, key=lambda at: abs(at - value))[:1]
        starts = [self._found[at][0].copy() for at in near]
        for start in starts:
            start[self._j] = value
        return starts


def crossing(profile: Callable[[float], float], drop: float, best: float, step: float) -> float:
    """Where twice the loss in log-likelihood, going from the best value by steps, reaches `drop`.

    Infinite where it is not reached, NaN where the profile cannot be followed that far. `profile`
    has to give the same loss for the same value.

    A parabola of curvature 1 has lost 3.84 at 1.96 standard errors:

    >>> round(crossing(lambda value: (value - 5) ** 2, 3.841458820694124, 5.0, 1.0), 6)
    6.959964

    One that levels off at a loss of 2 has no limit:

    >>> crossing(lambda value: min(value**2, 2.0), 3.841458820694124, 0.0, 1.0)
    inf
    """
    from scipy import optimize

    if not (math.isfinite(step) and step != 0):
        return math.nan
    inside, width = best, step
    while abs(width) <= _WIDEST * abs(step):
        outside = best + width
        loss = profile(outside)
        if math.isnan(loss):
            return math.nan
        if loss > drop:
            # A value that cannot be looked at counts as beyond: the limit is the last that can.
            return float(
                optimize.brentq(lambda v: _beyond(profile(v), drop), inside, outside, xtol=1e-11)
            )
        inside, width = outside, width * 1.6
    return math.copysign(math.inf, step)


def limits_in_words(interval: Sequence[float] | FloatArray) -> str:
    """Why limits are not numbers; empty where both are.

    >>> limits_in_words([-1.0, math.inf])
    'no upper limit: the profile likelihood does not drop far enough'
    """
    told = []
    for name, limit in zip(("lower", "upper"), interval, strict=True):
        if math.isinf(limit):
            told.append(f"no {name} limit: the profile likelihood does not drop far enough")
        elif math.isnan(limit):
            told.append(f"{name} limit not found: the profile likelihood could not be followed")
    return "; ".join(told)


def _beyond(loss: float, drop: float) -> float:
    return _LARGEST_LOSS if math.isnan(loss) else loss - drop
