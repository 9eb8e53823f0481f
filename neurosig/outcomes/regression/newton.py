"""Newton's method for log-likelihoods, and designs in which it keeps its digits."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

CLOSE = 1e-20
"""A next step that gains less log-likelihood is none: 1e-10 standard errors from the maximum."""
_ROUNDING = 1e-9  # gain of steps that no longer become shorter: rounding of sums of large numbers
_NEAR = 1e-4  # gain of a step so short that the parabola holds: it is not checked, as its gain may
# be less than the rounding of the log-likelihood
_MAX_ITERATIONS = 200
_MAX_HALVINGS = 60


class Basis(NamedTuple):
    """A design as combinations of columns that are orthogonal and of mean square 1.

    design = columns @ inv(back), so that coefficients of the design are back @ those of the
    columns. Nearly collinear designs, whose information loses twice the digits, keep them so.
    """

    columns: FloatArray
    back: FloatArray

    @classmethod
    def of(cls, design: FloatArray) -> "Basis":
        """Of a design (n, k) of full rank."""
        columns, root = np.linalg.qr(design)
        size = np.sqrt(len(design))
        return cls(columns * size, np.asarray(np.linalg.inv(root)) * size)


class _Convergence:
    """Whether Newton's steps have come to their end.

    A step of gradient g and information H gains g' H^-1 g / 2 of a parabola, whatever the scale
    and the correlation of the coefficients. close: the gain of a step that is none.

    >>> steps = _Convergence(CLOSE)
    >>> [steps.is_reached(gain) for gain in (1.0, 1e-9, 1e-14, 2e-14)]
    [False, False, False, True]
    """

    def __init__(self, close: float) -> None:
        self._close, self._last = close, np.inf

    def is_reached(self, gain: float) -> bool:
        """Whether the next step would gain nothing, gain = g' H^-1 g, or is rounding."""
        stays = self._last <= abs(gain) <= _ROUNDING
        self._last = abs(gain)
        return abs(gain) <= self._close or stays


def maximise(
    value: Callable[[FloatArray], float],
    derivatives: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    start: FloatArray,
    *,
    close: float = CLOSE,
    longest: float = np.inf,
) -> tuple[FloatArray, float] | None:
    """Where a log-likelihood is highest, and it; None without convergence.

    derivatives: gradient (k,) and information (k, k), positive definite. Steps are halved until the
    log-likelihood does not fall, so that a start far away does no harm. close: what the next step
    may gain at the end; longest: of a step, unless the coefficients are larger already.

    The mean of counts 1 and 3, log(2):

    >>> y = np.array([1.0, 3])
    >>> found = maximise(
    ...     lambda b: float(y.sum() * b[0] - 2 * np.exp(b[0])),
    ...     lambda b: (y.sum() - 2 * np.exp(b), np.array([2 * np.exp(b)])),
    ...     np.array([-1.0]),
    ... )
    >>> round(float(np.exp(found[0][0])), 12)
    2.0
    """
    beta, now, convergence = start, value(start), _Convergence(close)
    for _ in range(_MAX_ITERATIONS):
        try:
            with np.errstate(all="ignore"):  # of what is almost singular; the gain is then NaN
                gradient, information = derivatives(beta)
                step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return None
        gain = float(gradient @ step)
        if not (np.isfinite(gain) and gain >= -_ROUNDING):
            return None
        if convergence.is_reached(gain):
            return beta, now
        allowed = max(longest, np.abs(beta).max(initial=0.0))
        step = step * min(1.0, allowed / np.abs(step).max())
        for _ in range(_MAX_HALVINGS):
            new = value(beta + step)
            if new >= now - 1e-12 * abs(now) or gain <= _NEAR:
                break
            step = step / 2
        else:
            return None
        beta, now = beta + step, new
    return None
