"""Numbers and names as a reader wants to see them, the same in figures and in the report."""

import math
import re
from collections.abc import Iterable

MISSING = "–"
_MINUS = "\u2212"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]+")


def format_p(p_value: float) -> str:
    """A p-value without false precision.

    >>> [format_p(p) for p in (0.00002, 0.0123, 0.0996, 0.25, 0.999, float("nan"))]
    ['<0.001', '0.012', '0.100', '0.25', '>0.99', '–']
    """
    if not math.isfinite(p_value):
        return MISSING
    if p_value < 0.001:
        return "<0.001"
    if p_value < 0.1:
        return f"{p_value:.3f}"
    return f"{p_value:.2f}" if p_value <= 0.99 else ">0.99"


def p_phrase(p_value: float, symbol: str = "p") -> str:
    """A p-value inside a sentence.

    >>> p_phrase(0.0004), p_phrase(0.03)
    ('p <0.001', 'p = 0.030')
    """
    text = format_p(p_value)
    return f"{symbol} {text}" if text[0] in "<>" else f"{symbol} = {text}"


def decimals_for(values: Iterable[float]) -> int:
    """How many decimals show two or three significant digits of a typical value of a column.

    >>> decimals_for([1.23, 2.5]), decimals_for([0.82, 0.9]), decimals_for([0.01, 0.04])
    (2, 2, 3)
    >>> decimals_for([24.1, 31.0]), decimals_for([1200, 3400])
    (1, 0)
    """
    sizes = sorted(abs(v) for v in values if math.isfinite(v) and v != 0)
    if not sizes:
        return 0
    exponent = math.floor(math.log10(sizes[len(sizes) // 2]))
    return min(max(2 - exponent if exponent >= 0 else 1 - exponent, 0), 4)


def format_number(value: float, decimals: int | None = None) -> str:
    """A number with a true minus sign and thousands separators.

    `decimals` is that of the column; a value it would show as zero is written with a power of ten.

    >>> format_number(-1.2345), format_number(12345.6), format_number(0.00002, 2)
    ('−1.23', '12,346', '2.0e−05')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else _MINUS + "∞"
    places = decimals_for([value]) if decimals is None else decimals
    is_lost = value != 0 and abs(value) < 0.5 * 10**-places
    text = f"{value:.1e}" if is_lost or abs(value) >= 1e9 else f"{value:,.{places}f}"
    return text.replace("-", _MINUS)


def format_interval(estimate: float, low: float, high: float) -> str:
    """An effect with its interval.

    >>> format_interval(1.448, 1.1, 1.9)
    '1.45 [1.10, 1.90]'
    """
    if not math.isfinite(estimate):
        return MISSING
    return f"{_effect(estimate)} [{_effect(low)}, {_effect(high)}]"


def _effect(value: float) -> str:
    if math.isnan(value):
        return MISSING
    return format_number(value, 2) if 0.005 <= abs(value) < 1000 else format_number(value)


def clean_label(text: object, limit: int = 60) -> str:
    r"""A name as one line of printable text.

    >>> clean_label("axon\nguidance"), clean_label("a" * 9, limit=5)
    ('axon guidance', 'aaaa…')
    """
    line = _CONTROL.sub(" ", str(text)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
