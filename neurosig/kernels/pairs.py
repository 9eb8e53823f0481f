"""Arithmetic on unevaluated sums of two floats, which hold about 32 digits.

A number is the pair (high, low) with |low| at most half a unit in the last place of high.
References: Dekker 1971, doi:10.1007/BF01397083; Knuth, The Art of Computer Programming, vol. 2,
section 4.2.2.
"""

from neurosig.kernels.jit import jit

_SPLITTER = 134217729.0  # 2 ** 27 + 1 cuts a float into halves of 26 bits


@jit
def add_exactly(a: float, b: float) -> tuple[float, float]:
    """The sum of two floats and its rounding error."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@jit
def multiply_exactly(a: float, b: float) -> tuple[float, float]:
    """The product of two floats and its rounding error."""
    product = a * b
    cut = _SPLITTER * a
    a_high = cut - (cut - a)
    a_low = a - a_high
    cut = _SPLITTER * b
    b_high = cut - (cut - b)
    b_low = b - b_high
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


@jit
def add_pairs(high: float, low: float, other_high: float, other_low: float) -> tuple[float, float]:
    """The sum of two pairs."""
    total, error = add_exactly(high, other_high)
    return add_exactly(total, error + low + other_low)


@jit
def scale_pair(high: float, low: float, times: float, over: float) -> tuple[float, float]:
    """A pair times one float, divided by another."""
    product, error = multiply_exactly(high, times)
    product, error = add_exactly(product, error + low * times)
    quotient = product / over
    back, back_error = multiply_exactly(quotient, over)
    rest = ((product - back) - back_error + error) / over
    return add_exactly(quotient, rest)
