"""The arithmetic that the plans share: which quantity is missing, and the normal quantiles."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Final, cast

from neurosig.errors import ParameterError

_LARGEST_LOG: Final = 700.0


@dataclass(frozen=True, slots=True)
class Test:
    """A planned test: significance level, of how many tests it is one, and its sides.

    The level of one test is alpha / n_tests (Bonferroni).
    """

    alpha: float | None
    n_tests: int = 1
    sides: int = 2

    def quantile(self) -> float:
        """The standard normal quantile that the statistic has to pass."""
        from scipy import special

        if self.alpha is None:
            raise ParameterError("alpha is missing", "", "Give it, or solve for it")
        return -float(special.ndtri(self.alpha / self.n_tests / self.sides))

    def alpha_of(self, quantile: float) -> float:
        """The level whose quantile this is."""
        from scipy import special

        return min(1.0, float(special.ndtr(-quantile)) * self.sides * self.n_tests)


def power_of(drift: float, quantile: float) -> float:
    """Power of a test whose statistic has the mean `drift`: P(Z > quantile - drift)."""
    from scipy import special

    return float(special.ndtr(drift - quantile))


def quantile_of(probability: float) -> float:
    """The standard normal quantile of a probability."""
    from scipy import special

    return float(special.ndtri(probability))


def missing_quantity(values: Mapping[str, object]) -> str:
    """The one quantity that is not given.

    Raises
    ------
    ParameterError
        None of them, or more than one, is missing.

    Examples
    --------
    >>> missing_quantity({"hr": 1.5, "power": None, "n_events": 100})
    'power'
    """
    missing = [name for name, value in values.items() if value is None]
    if len(missing) == 1:
        return missing[0]
    given = ", ".join(f"{name}={value}" for name, value in values.items() if value is not None)
    raise ParameterError(
        "A plan leaves out one quantity, which is then solved for",
        f"Given: {given or 'none'}; missing: {', '.join(missing) or 'none'}",
        f"Leave out one of {', '.join(values)} and give the others",
    )


def refuse_outside(name: str, value: float | None, low: float, high: float) -> None:
    """Refuse what is no number strictly between two others."""
    refuse_no_number(name, value)
    if value is not None and not low < value < high:
        raise ParameterError(
            f"{name} cannot be {value!r}",
            f"It lies between {low:g} and {high:g}",
            "Give another value",
        )


def refuse_no_number(name: str, value: object) -> None:
    """Refuse a text or another thing where a number belongs; None is not given."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if value is not None and not is_number:
        raise ParameterError(
            f"{name} cannot be {value!r}", f"It is a {type(value).__name__}", "Give a number"
        )


def refuse_no_count(name: str, value: object) -> None:
    """Refuse what is no whole number of at least 1; None is not given."""
    refuse_no_number(name, value)
    number = cast(float, value)
    if value is not None and not (1 <= number < math.inf and number == math.floor(number)):
        raise ParameterError(
            f"{name} cannot be {value!r}", "It is a whole number of at least 1", "Give another"
        )


def reach_of(quantile: float, power: float) -> float:
    """The sum of both quantiles, which a planned effect has to reach.

    Raises
    ------
    ParameterError
        It is not above 0: any effect has that power.
    """
    reach = quantile + quantile_of(power)
    if reach > 0:
        return reach
    raise ParameterError(
        "The power is not above the level of the test",
        "Any effect has at least the power alpha / sides",
        "Ask for more power",
    )


def exp_of(log_effect: float, name: str) -> float:
    """The effect of a logarithm.

    Raises
    ------
    ParameterError
        It is too large for a number.
    """
    if log_effect > _LARGEST_LOG:
        raise ParameterError(
            f"No {name} has that power",
            f"Its logarithm would be {log_effect:.3g}",
            "Plan more events or patients, or give the standard deviation of the covariate",
        )
    return math.exp(log_effect)


def checked_test(alpha: float | None, n_tests: int, sides: int, power: float | None) -> Test:
    """The planned test, checked."""
    refuse_outside("alpha", alpha, 0.0, 1.0)
    refuse_outside("power", power, 0.0, 1.0)
    refuse_no_count("n_tests", n_tests)
    if sides not in (1, 2):
        raise ParameterError(f"sides cannot be {sides!r}", "It is 1 or 2", "The default is 2")
    return Test(alpha, n_tests, sides)
