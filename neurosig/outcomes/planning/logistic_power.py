"""Power and sample size of an odds ratio (Hsieh, Bloch and Larsen 1998)."""

import math
from dataclasses import asdict, dataclass

import pandas as pd

from neurosig.errors import ParameterError, count
from neurosig.outcomes.planning.planned_effect import (
    Test,
    checked_test,
    missing_quantity,
    power_of,
    quantile_of,
    reach_of,
    refuse_no_count,
    refuse_no_number,
    refuse_outside,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticPlan:
    """A planned logistic regression: what was given and, under `solved_for`, what follows."""

    solved_for: str
    odds_ratio: float
    power: float
    n: int
    prevalence: float
    alpha: float
    n_tests: int
    sides: int
    r2_with_covariates: float

    @property
    def table(self) -> pd.DataFrame:
        """The plan as a table of one row."""
        return pd.DataFrame([asdict(self)])

    @property
    def text(self) -> str:
        """The plan as one sentence."""
        tests = f" divided over {self.n_tests} tests" if self.n_tests > 1 else ""
        return (
            f"{count(self.n, 'patient')}, {self.prevalence:.0%} of them positive, give a power of "
            f"{self.power:.0%} to detect an odds ratio of {self.odds_ratio:.2f} at a "
            f"{'two' if self.sides == 2 else 'one'}-sided level of {self.alpha:g}{tests}."
        )


def power_logistic(
    *,
    prevalence: float,
    odds_ratio: float | None = None,
    power: float | None = None,
    n: int | None = None,
    alpha: float | None = 0.05,
    n_tests: int = 1,
    allocation: float | None = None,
    r2_with_covariates: float = 0.0,
    sides: int = 2,
) -> LogisticPlan:
    """Plan a logistic regression on one score: leave out one quantity and it is solved for.

        continuous  n = (z_a + z_b)^2 / (P (1 - P) log(OR)^2) / (1 - R^2)
        two groups  n = (z_a sqrt(Q (1 - Q) / B) + z_b sqrt(P (1 - P) + P2 (1 - P2) (1 - B) / B))^2
                        / ((P - P2)^2 (1 - B)) / (1 - R^2)

    P: share of positives at the mean of the score, or in the reference group; P2: that in the
    other group, of odds OR times as high; B: its share of the patients; Q = (1 - B) P + B P2. The
    odds ratio is per standard deviation.

    Parameters
    ----------
    prevalence
        P.
    odds_ratio, power, n, alpha
        One is left out (None). An odds ratio that is solved for is above 1.
    n_tests, r2_with_covariates, sides
        As in `power`.
    allocation
        B, of a covariate of two groups.

    Returns
    -------
    LogisticPlan

    Raises
    ------
    ParameterError
        Not exactly one quantity is left out, or a value is not allowed; no odds ratio is reached,
        or any is, since the power is not above the level of the test.

    References
    ----------
    Hsieh FY, Bloch DA, Larsen MD (1998) Stat Med 17:1623-1634, equations 1 and 2,
    doi:10.1002/(SICI)1097-0258(19980730)17:14<1623::AID-SIM871>3.0.CO;2-S.

    Examples
    --------
    >>> power_logistic(prevalence=0.5, odds_ratio=1.5, power=0.95).n  # 12.995 / (0.25 * 0.4055^2)
    317
    """
    test = checked_test(alpha, n_tests, sides, power)
    refuse_outside("prevalence", prevalence, 0.0, 1.0)
    refuse_outside("odds_ratio", odds_ratio, 0.0, math.inf)
    refuse_outside("allocation", allocation, 0.0, 1.0)
    refuse_no_count("n", n)
    refuse_no_number("r2_with_covariates", r2_with_covariates)
    if odds_ratio == 1 or not 0 <= r2_with_covariates < 1:
        raise ParameterError(
            f"odds_ratio={odds_ratio!r} and r2_with_covariates={r2_with_covariates!r} make no plan",
            "An odds ratio is not 1, the share is at least 0 and below 1",
            "Give others",
        )
    given = {"odds_ratio": odds_ratio, "power": power, "n": n, "alpha": alpha}
    asked = missing_quantity(given)
    if power is not None and alpha is not None:
        reach_of(test.quantile(), power)
    model = _Model(prevalence, allocation, 1 - r2_with_covariates)
    if odds_ratio is None:
        odds_ratio = _odds_ratio(model, test, float(power or 0), int(n or 0))
    elif power is None:
        power = model.power(odds_ratio, int(n or 0), test.quantile())
    elif alpha is None:
        alpha = test.alpha_of(model.quantile(odds_ratio, int(n or 0), power))
    else:
        size = model.size(odds_ratio, test.quantile(), quantile_of(power))
        n = math.ceil(size - 1e-9)
    return LogisticPlan(
        solved_for=asked,
        odds_ratio=odds_ratio,
        power=float(power or 0),
        n=int(n or 0),
        prevalence=prevalence,
        alpha=float(alpha or 0),
        n_tests=n_tests,
        sides=sides,
        r2_with_covariates=r2_with_covariates,
    )


@dataclass(frozen=True, slots=True)
class _Model:
    """The share of positives, the share of the second group (None: continuous) and 1 - R^2."""

    p: float
    b: float | None
    unexplained: float

    def _scales(self, odds_ratio: float) -> tuple[float, float, float]:
        """a, b and d with n = (z_a a + z_b b)^2 / d."""
        if self.b is None:
            d = self.p * (1 - self.p) * math.log(odds_ratio) ** 2
            return 1.0, 1.0, d * self.unexplained
        odds = odds_ratio * self.p / (1 - self.p)
        other = odds / (1 + odds)
        mean = (1 - self.b) * self.p + self.b * other
        null = math.sqrt(mean * (1 - mean) / self.b)
        own = self.p * (1 - self.p) + other * (1 - other) * (1 - self.b) / self.b
        d = (self.p - other) ** 2 * (1 - self.b)
        return null, math.sqrt(own), d * self.unexplained

    def size(self, odds_ratio: float, z_alpha: float, z_power: float) -> float:
        a, b, d = self._scales(odds_ratio)
        return (z_alpha * a + z_power * b) ** 2 / d

    def power(self, odds_ratio: float, n: int, z_alpha: float) -> float:
        a, b, d = self._scales(odds_ratio)
        return power_of(math.sqrt(n * d) / b, z_alpha * a / b)

    def quantile(self, odds_ratio: float, n: int, power: float) -> float:
        a, b, d = self._scales(odds_ratio)
        return (math.sqrt(n * d) - quantile_of(power) * b) / a


def _odds_ratio(model: _Model, test: Test, power: float, n: int) -> float:
    """The odds ratio above 1 that has the power, by bisection on its logarithm."""
    low, high = 1e-9, 1.0
    while model.power(math.exp(high), n, test.quantile()) < power:
        high *= 2
        if high > 50:
            raise ParameterError(
                f"No odds ratio has a power of {power:g} with {count(n, 'patient')}",
                f"The prevalence is {model.p:g}",
                "Plan more patients",
            )
    for _ in range(200):
        middle = (low + high) / 2
        if model.power(math.exp(middle), n, test.quantile()) < power:
            low = middle
        else:
            high = middle
    return math.exp(high)
