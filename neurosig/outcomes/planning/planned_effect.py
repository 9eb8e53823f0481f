"""The arithmetic that the plans share: which quantity is missing, and the normal quantiles."""

from collections.abc import Mapping
from dataclasses import dataclass

from neurosig.errors import ParameterError


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
    """Refuse a number that is not strictly between two others."""
    if value is not None and not low < value < high:
        raise ParameterError(
            f"{name} cannot be {value!r}",
            f"It lies between {low:g} and {high:g}",
            "Give another value",
        )


def checked_test(alpha: float | None, n_tests: int, sides: int, power: float | None) -> Test:
    """The planned test, checked."""
    refuse_outside("alpha", alpha, 0.0, 1.0)
    refuse_outside("power", power, 0.0, 1.0)
    if n_tests < 1 or sides not in (1, 2):
        raise ParameterError(
            f"n_tests={n_tests!r} and sides={sides!r} make no test",
            "n_tests is at least 1, sides is 1 or 2",
            "The defaults are 1 and 2",
        )
    return Test(alpha, n_tests, sides)
