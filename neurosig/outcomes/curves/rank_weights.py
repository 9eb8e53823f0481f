"""Weights of the event times in a log-rank test."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help, Range, check
from neurosig.errors import ParameterError

FloatArray = NDArray[np.float64]
Weighting = Literal["logrank", "gehan", "tarone-ware", "fleming-harrington"]


@dataclass(frozen=True, slots=True)
class RankWeights:
    """Which event times count more.

    logrank: 1; gehan: n(t); tarone-ware: sqrt n(t); fleming-harrington: S(t-)^rho times
    (1 - S(t-))^gamma, with n rows at risk and S the Kaplan-Meier curve of all groups together, per
    stratum.
    """

    weighting: Annotated[Weighting, Help("which event times count more in the log-rank test")] = (
        "logrank"
    )
    rho: Annotated[float, Range(0), Help("Fleming-Harrington exponent for early events")] = 0.0
    gamma: Annotated[float, Range(0), Help("Fleming-Harrington exponent for late events")] = 0.0

    def __post_init__(self) -> None:
        check(self)
        if (self.rho or self.gamma) and self.weighting != "fleming-harrington":
            raise ParameterError(
                f"rho={self.rho:g} and gamma={self.gamma:g} do not belong to "
                f"weighting={self.weighting!r}",
                "They are the exponents of the Fleming-Harrington weights",
                'Use weighting="fleming-harrington", or leave them out',
            )

    @property
    def words(self) -> str:
        """The test in words."""
        if self.weighting == "logrank":
            return "log-rank test"
        exponents = f" (rho {self.rho:g}, gamma {self.gamma:g})"
        named = f"{self.weighting}{exponents if self.weighting == 'fleming-harrington' else ''}"
        return f"log-rank test, {named} weights"

    def at(self, n_risk: FloatArray, n_event: FloatArray) -> FloatArray:
        """Weights at the event times of one stratum: (m,), (m,) to (m,)."""
        match self.weighting:
            case "gehan":
                return n_risk
            case "tarone-ware":
                return np.sqrt(n_risk)
            case "fleming-harrington":
                survival = np.cumprod(1.0 - n_event / n_risk)
                before = np.concatenate(([1.0], survival[:-1]))
                return np.asarray(before**self.rho * (1.0 - before) ** self.gamma)
            case _:
                return np.ones_like(n_risk)
