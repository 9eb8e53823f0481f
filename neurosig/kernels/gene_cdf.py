"""Smoothed distribution function of one gene over a cohort.

All sums run over the observations in their order, as the reference's do: genes with like patterns
of values have estimates that differ in the last digit alone, and their ranks hang on it.
"""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit
from neurosig.kernels.pairs import add_exactly, add_pairs, scale_pair

_REACH = 10.0  # bandwidths from the centre to either end of the table
_STEPS = 10_000  # of the table, from the centre to either end
_LEAST_WIDTH = 1e-300  # of a kernel: 1 / width and 0 / width have to be numbers
_NEGLIGIBLE = 1e-25  # of the largest Poisson probability


@jit
def bandwidth(x: NDArray[np.float64]) -> float:
    """A quarter of the standard deviation (n - 1), summed as if in extended precision.

    Where the squares are too small or too large for a float, it is as good as 0: every pair of
    different values is then far apart.
    """
    n = len(x)
    total, rest = 0.0, 0.0
    for value in x:
        total, error = add_exactly(total, value)
        rest += error
    mean = (total + rest) / n
    total, rest = 0.0, 0.0
    for value in x:
        total, error = add_exactly(total, (value - mean) * (value - mean))
        rest += error
    width = float(np.sqrt((total + rest) / (n - 1)) / 4.0)
    return width if _LEAST_WIDTH < width < np.inf else _LEAST_WIDTH


@jit
def _step(value: float, centre: float, width: float) -> int:
    """Entry of the table for a value; the place in between is cut off towards the centre."""
    distance = min(max((value - centre) / width, -_REACH), _REACH)
    return int(distance / _REACH * _STEPS) + _STEPS


@jit
def _steps(x: NDArray[np.float64], centre: float, width: float, steps: NDArray[np.uint32]) -> None:
    """The same for all of x, in loops that become vector instructions.

    A product stands in for the two divisions of `_step`. It is off by less than 1e-11 steps, so
    only where it comes close to a whole number (values that tie do) are the divisions made.
    """
    per_step = _STEPS / _REACH / width
    n_close = 0
    for i in range(len(x)):
        step = min(max((x[i] - centre) * per_step, -1.0 * _STEPS), 1.0 * _STEPS)
        n_close += abs(step - np.rint(step)) < 1e-9 and abs(step) < _STEPS
        steps[i] = np.uint32(np.int32(step) + _STEPS)
    if n_close > 0:
        for i in range(len(x)):
            steps[i] = np.uint32(_step(x[i], centre, width))


@jit
def _add_pairs_of_samples(
    x: NDArray[np.float64],
    first: int,
    last: int,
    width: float,
    table: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add the pairs among the samples from `first` to before `last`, and each with itself."""
    for j in range(first, last):
        own = sums[j] + table[_STEPS]
        for i in range(j + 1, last):
            kernel = table[_step(x[i], x[j], width)]
            sums[i] += kernel
            own += 1.0 - kernel
        sums[j] = own


@jit
def gaussian_cdf(
    x: NDArray[np.float64], width: float, table: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distribution function of x (n,), smoothed by a normal kernel, at each of its values.

    cdf[i] = sum_j Phi((x[i] - x[j]) / width) / n, j = 0 .. n - 1, with Phi from `table` (see
    `normal_table`). As Phi(-v) = 1 - Phi(v), each pair is looked up once. Four samples at a time:
    their four sums run side by side, each in its own order.
    """
    n = len(x)
    sums = np.zeros(n)
    a, b = np.empty(n, dtype=np.uint32), np.empty(n, dtype=np.uint32)
    c, d = np.empty(n, dtype=np.uint32), np.empty(n, dtype=np.uint32)
    n_in_fours = n - n % 4
    for j in range(0, n_in_fours, 4):
        _add_pairs_of_samples(x, j, j + 4, width, table, sums)
        after, later = x[j + 4 :], sums[j + 4 :]
        _steps(after, x[j], width, a)
        _steps(after, x[j + 1], width, b)
        _steps(after, x[j + 2], width, c)
        _steps(after, x[j + 3], width, d)
        sum_a, sum_b, sum_c, sum_d = sums[j], sums[j + 1], sums[j + 2], sums[j + 3]
        for i in range(len(after)):
            of_a, of_b, of_c, of_d = table[a[i]], table[b[i]], table[c[i]], table[d[i]]
            later[i] = (((later[i] + of_a) + of_b) + of_c) + of_d
            sum_a += 1.0 - of_a
            sum_b += 1.0 - of_b
            sum_c += 1.0 - of_c
            sum_d += 1.0 - of_d
        sums[j], sums[j + 1], sums[j + 2], sums[j + 3] = sum_a, sum_b, sum_c, sum_d
    _add_pairs_of_samples(x, n_in_fours, n, width, table, sums)
    return sums / n


@jit
def gaussian_cdf_at(
    value: float,
    x: NDArray[np.float64],
    times: NDArray[np.int32],
    width: float,
    table: NDArray[np.float64],
) -> float:
    """The same at any value, for distinct x (m,) that occur `times` (m,) each."""
    total, n = 0.0, 0
    for j in range(len(x)):
        total += times[j] * table[_step(value, x[j], width)]
        n += times[j]
    return total / n


@jit
def poisson_cdf(
    counts: NDArray[np.float64], x: NDArray[np.float64], places: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Distribution function of counts, smoothed by a Poisson kernel, at the ascending `counts`.

    cdf[c] = sum_j P(Poisson(x[places[j]] + 1/2) <= counts[c]) / n, for distinct x (m,) and the
    place (n,) that each observation has among them.
    """
    kernels = np.empty((len(x), len(counts)))
    for d in range(len(x)):
        _poisson_kernel(x[d] + 0.5, counts, kernels[d])
    cdf = np.zeros(len(counts))
    for place in places:
        for c in range(len(counts)):
            cdf[c] += kernels[place, c]
    return cdf / len(places)


@jit
def _poisson_kernel(mean: float, counts: NDArray[np.float64], cdf: NDArray[np.float64]) -> None:
    """Poisson distribution function at `counts`, to the last digit.

    The probabilities are multiplied up and down from the largest, in pairs of floats, and divided
    by their sum: no exponential or gamma function rounds.
    """
    mode = np.floor(mean)
    middle = int(12.0 * np.sqrt(mean) + 60.0)  # further away all is negligible
    highs, lows = np.zeros(2 * middle + 1), np.zeros(2 * middle + 1)
    highs[middle] = 1.0
    top = middle
    while top < 2 * middle and highs[top] > _NEGLIGIBLE:
        top += 1
        highs[top], lows[top] = scale_pair(
            highs[top - 1], lows[top - 1], mean, mode + (top - middle)
        )
    bottom = middle
    while bottom > 0 and highs[bottom] > _NEGLIGIBLE and mode + (bottom - middle) > 0.0:
        bottom -= 1
        highs[bottom], lows[bottom] = scale_pair(
            highs[bottom + 1], lows[bottom + 1], mode + (bottom + 1 - middle), mean
        )
    for t in range(bottom + 1, top + 1):
        highs[t], lows[t] = add_pairs(highs[t], lows[t], highs[t - 1], lows[t - 1])
    for c in range(len(counts)):
        place = counts[c] - mode + middle
        if place < bottom or place >= top:
            cdf[c] = 0.0 if place < bottom else 1.0
        else:
            t = int(place)
            share, rest = scale_pair(highs[t], lows[t], 1.0, highs[top])
            cdf[c] = share + (rest - share * lows[top] / highs[top])
