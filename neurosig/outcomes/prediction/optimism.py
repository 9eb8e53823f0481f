"""Bootstrap correction of what a model seems to achieve on the data it was fitted to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ConvergenceError, FitError, ParameterError, count
from neurosig.outcomes.model_rows import check_scale
from neurosig.outcomes.prediction.risk_model import SurvivalData

FloatArray = NDArray[np.float64]
M = TypeVar("M")

MIN_SHARE_FITTED = 0.5
MIN_RESAMPLES = 20
_NO_SPREAD = 1e-6


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """How the bootstrap is done.

    Parameters
    ----------
    n_resamples, seed
        Number of bootstrap samples, at least 20, and where their random numbers start.
    confidence
        Coverage of the intervals.

    Examples
    --------
    >>> Resampling(n_resamples=500).seed
    0
    """

    n_resamples: int = 200
    seed: int = 0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_scale("none", self.confidence)
        if self.n_resamples < MIN_RESAMPLES:
            raise ParameterError(
                f"n_resamples cannot be {self.n_resamples}",
                f"Fewer than {MIN_RESAMPLES} say nothing about optimism",
                "The default is 200",
            )


@dataclass(frozen=True, eq=False)
class Corrected:
    """Statistics of a model, (m,) each, apparent and corrected for optimism.

    low, high: bootstrap interval of the corrected value; n_resamples: (m,) samples in which it has
    a value; n_failed: samples without a fit.
    """

    apparent: FloatArray
    optimism: FloatArray
    low: FloatArray
    high: FloatArray
    n_resamples: NDArray[np.int64]
    n_asked: int
    n_failed: int = 0

    def messages(self, why_undefined: str = "no value") -> list[str]:
        """The message of each statistic; why_undefined: what makes one NaN on the data."""
        failed = f"{self.n_failed:,} of {self.n_asked:,} bootstrap samples could not be fitted"
        of_all = [f"{failed}: left out"] if self.n_failed else []
        messages = []
        for j, used in enumerate(self.n_resamples.tolist()):
            own, n_without = [], self.n_asked - self.n_failed - used
            if np.isnan(self.apparent[j]):
                own = [why_undefined]
            elif np.isnan(self.value[j]):
                own = [f"{why_undefined} in most bootstrap samples"]
            elif n_without:
                own = [f"{why_undefined} in {n_without:,} bootstrap samples: left out"]
            messages.append("; ".join(own + of_all))
        return messages

    @property
    def value(self) -> FloatArray:
        """Apparent value less its optimism."""
        return self.apparent - self.optimism

    def part(self, which: slice) -> "Corrected":
        """Some of the statistics."""
        part = self._each(lambda values: values[which])
        return replace(part, n_resamples=self.n_resamples[which])

    def after_empty_row(self) -> "Corrected":
        """The statistics behind a row that has none."""
        behind = self._each(lambda values: np.append(np.nan, values))
        return replace(behind, n_resamples=np.append(0, self.n_resamples))

    def moved_by(self, offset: FloatArray) -> "Corrected":
        """The statistics plus known numbers, which have no optimism."""
        return replace(
            self,
            apparent=self.apparent + offset,
            low=self.low + offset,
            high=self.high + offset,
        )

    def limited(self, lowest: FloatArray, highest: FloatArray) -> "Corrected":
        """Corrected values and limits cut off where the statistics cannot be."""
        value = np.clip(self.value, lowest, highest)
        return replace(
            self,
            optimism=self.apparent - value,
            low=np.clip(self.low, lowest, highest),
            high=np.clip(self.high, lowest, highest),
        )

    def _each(self, change: Callable[[FloatArray], FloatArray]) -> "Corrected":
        return replace(
            self,
            apparent=change(self.apparent),
            optimism=change(self.optimism),
            low=change(self.low),
            high=change(self.high),
        )


def correct_optimism(
    data: SurvivalData,
    fit: Callable[[SurvivalData], M],
    evaluate: Callable[[M, SurvivalData], FloatArray],
    resampling: Resampling,
) -> Corrected:
    """Harrell's bootstrap correction, with location-shifted percentile intervals.

        optimism = mean_b [ theta(fit_b, sample_b) - theta(fit_b, data) ]
        corrected = theta(fit, data) - optimism
        interval = percentiles over b of theta(fit_b, sample_b) - optimism

    sample_b: n rows drawn with replacement, the same ones for every model with the same seed and
    number of rows; fit_b: everything that was fitted, fitted again on them. A statistic that is the
    same in every sample its model was fitted to, as the calibration slope is, has no interval. One
    that is NaN in some samples is corrected by the others, if these are half of them.

    Raises
    ------
    FitError
        The model cannot be fitted on the data.
    ConvergenceError
        It cannot be fitted on half of the samples.

    References
    ----------
    Harrell FE et al. (1996) Stat Med 15:361-387, section 5; Noma H et al. (2021) Stat Med
    40:5691-5701, doi:10.1002/sim.9148, section 3.2.
    """
    apparent = evaluate(fit(data), data)
    rng = np.random.default_rng(resampling.seed)
    n = data.time.size
    within, outside = [], []
    for _ in range(resampling.n_resamples):
        sample = data.take(rng.integers(0, n, n))
        try:
            model = fit(sample)
            pair = evaluate(model, sample), evaluate(model, data)
        except FitError:
            continue
        within.append(pair[0])
        outside.append(pair[1])
    if len(within) < MIN_SHARE_FITTED * resampling.n_resamples:
        raise ConvergenceError(
            "The model cannot be fitted on most bootstrap samples",
            f"{count(len(within), 'fit')} of {resampling.n_resamples:,}",
            "Adjust for fewer covariates, or join rare levels",
            n_fitted=len(within),
        )
    train = np.array(within)
    losses = train - np.array(outside)
    defined = np.isfinite(losses)
    enough = defined.sum(axis=0) >= MIN_SHARE_FITTED * resampling.n_resamples
    enough &= np.isfinite(apparent)
    optimism, low, high = np.full((3, apparent.size), np.nan)
    tail = (1 - resampling.confidence) / 2
    losses[~defined] = train[~defined] = np.nan
    optimism[enough] = np.nanmean(losses[:, enough], axis=0)
    low[enough], high[enough] = np.nanquantile(train[:, enough], [tail, 1 - tail], axis=0)
    low, high = low - optimism, high - optimism
    is_fixed = np.ptp(train, axis=0) < _NO_SPREAD
    low[is_fixed] = high[is_fixed] = np.nan
    asked, n_used = resampling.n_resamples, defined.sum(axis=0)
    return Corrected(apparent, optimism, low, high, n_used, asked, asked - len(within))
