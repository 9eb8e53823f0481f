"""Bootstrap samples of rows, and intervals of what is computed on them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help, Range, check
from neurosig._progress import progress
from neurosig.errors import ConvergenceError, FitError, count

FloatArray = NDArray[np.float64]
Statistic = Callable[[NDArray[np.int64]], FloatArray]

MIN_SHARE_FITTED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """How intervals are bootstrapped.

    Parameters
    ----------
    n_resamples, seed
        Samples of n rows with replacement, and where their random numbers start.
    confidence
        Coverage of the intervals.
    interval
        Percentiles of the samples, or corrected for bias and skewness (BCa), which fits the model
        once more for each row left out.
    n_jobs
        Threads; the result does not depend on it.

    Raises
    ------
    ParameterError
        A field has a value that is not allowed.

    References
    ----------
    Efron B (1987) J Am Stat Assoc 82:171-185, doi:10.1080/01621459.1987.10478410.

    Examples
    --------
    >>> Bootstrap(n_resamples=200).interval
    'percentile'
    """

    n_resamples: Annotated[int, Help("bootstrap samples"), Range(low=20)] = 1000
    seed: Annotated[int, Help("where random numbers start"), Range(low=0)] = 0
    confidence: Annotated[
        float, Help("coverage of the intervals"), Range(0.0, 1.0, open_low=True, open_high=True)
    ] = 0.95
    interval: Annotated[Literal["percentile", "bca"], Help("kind of interval")] = "percentile"
    n_jobs: Annotated[int, Help("threads"), Range(low=1)] = 1

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, eq=False)
class Draws:
    """A statistic of m numbers on the data (m,), on B samples (B, m), and without each row (n, m).

    without: empty unless the interval is BCa's; n_failed: samples that could not be fitted. A
    number that is not finite in a sample, such as the logarithm of a risk of 0, is judged by the
    others; there is no interval, error or p-value where these are fewer than half.
    """

    estimate: FloatArray
    samples: FloatArray
    without: FloatArray
    n_failed: int

    @cached_property
    def n_known(self) -> NDArray[np.int64]:
        """(m,) samples in which each number is finite."""
        return np.asarray(np.isfinite(self.samples).sum(axis=0))

    @property
    def messages(self) -> list[str]:
        """What a reader has to know of the samples of each number."""
        failed = f"{self.n_failed:,} bootstrap samples could not be fitted: left out"
        of_all = [failed] if self.n_failed else []
        n_without = len(self.samples) - self.n_known
        return [
            "; ".join(([f"no value in {n:,} bootstrap samples: left out"] if n else []) + of_all)
            for n in n_without.tolist()
        ]

    @cached_property
    def _finite(self) -> FloatArray:
        """The samples (B, m), NaN where not finite and for numbers without enough of them."""
        enough = self.n_known >= MIN_SHARE_FITTED * len(self.samples)
        return np.where(np.isfinite(self.samples) & enough, self.samples, np.nan)

    def transformed(self, change: Callable[[FloatArray], FloatArray]) -> "Draws":
        """The same for numbers made of the statistic; change: (..., m) to (..., m')."""
        return Draws(
            change(self.estimate), change(self.samples), change(self.without), self.n_failed
        )

    def interval(self, confidence: float) -> tuple[FloatArray, FloatArray]:
        """Limits (m,), percentiles or BCa's where rows were left out in turn."""
        tail = (1 - confidence) / 2
        tails = np.tile([[tail], [1 - tail]], self.estimate.size)
        if len(self.without):
            tails = self._corrected(tails)
        low, high = (
            np.array([_quantile(self._finite[:, j], q[j]) for j in range(q.size)]) for q in tails
        )
        return low, high

    def _corrected(self, tails: FloatArray) -> FloatArray:
        """Tails (2, m) corrected for bias z0 and acceleration a of each number.

        a = sum d^3 / (6 (sum d^2)^1.5), d = mean of the estimates without a row - each;
        tail' = Phi(z0 + (z0 + z) / (1 - a (z0 + z)))
        """
        from scipy import special

        below = np.sum(self.samples < self.estimate, axis=0, where=np.isfinite(self.samples))
        equal = np.sum(self.samples == self.estimate, axis=0)
        b = np.maximum(self.n_known, 1)
        z0 = special.ndtri(np.clip((below + equal / 2) / b, 0.5 / b, 1 - 0.5 / b))
        known = np.isfinite(self.without)
        mean = np.sum(self.without, axis=0, where=known) / np.maximum(known.sum(axis=0), 1)
        d = np.where(known, mean - self.without, 0.0)
        squares = np.sum(d**2, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            a = np.where(squares > 0, np.sum(d**3, axis=0) / (6 * squares**1.5), 0.0)
        z = z0 + special.ndtri(tails)
        return np.asarray(special.ndtr(z0 + z / (1 - a * z)))

    @property
    def std_error(self) -> FloatArray:
        """Standard deviation over the samples."""
        # without one the deviations are NaN, without NumPy's warning of empty columns
        known = np.isfinite(self._finite)
        return np.asarray(np.std(self._finite, axis=0, ddof=1, where=known | ~known.any(axis=0)))

    @property
    def p_value(self) -> FloatArray:
        """Two-sided, from the share of samples on the far side of zero.

        p = min(1, 2 (1 + min(#{<= 0}, #{>= 0})) / (1 + B)), B the samples with a value
        """
        drawn = self._finite
        fewer = np.minimum(np.sum(drawn <= 0, axis=0), np.sum(drawn >= 0, axis=0))
        p = np.minimum(1.0, 2 * (1 + fewer) / (1 + self.n_known))
        return np.where(np.isfinite(self.estimate) & np.isfinite(drawn).any(axis=0), p, np.nan)


def _quantile(values: FloatArray, share: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.quantile(known, share)) if known.size and np.isfinite(share) else np.nan


def draw(statistic: Statistic, n: int, bootstrap: Bootstrap) -> Draws:
    """Compute a statistic on the data and on bootstrap samples of its n rows.

    statistic: from row numbers to an array (m,); a sample in which it raises FitError is left out.
    Each sample has a random generator of its own, so that the samples are the same whatever the
    number of threads.

    Raises
    ------
    FitError
        The statistic has no value on the data.
    ConvergenceError
        It has none on half of the samples.

    Examples
    --------
    >>> x = np.arange(10.0)
    >>> draws = draw(lambda rows: x[rows].mean(keepdims=True), 10, Bootstrap(n_resamples=400))
    >>> low, high = draws.interval(0.95)
    >>> round(float(draws.estimate[0]), 1), bool(2 < low[0] < 4.5 < high[0] < 7)
    (4.5, True)
    """
    everyone = np.arange(n)
    estimate = statistic(everyone)
    seeds = np.random.SeedSequence(bootstrap.seed).spawn(bootstrap.n_resamples)

    def one(seed: np.random.SeedSequence) -> FloatArray | None:
        try:
            return statistic(np.random.default_rng(seed).integers(0, n, n))
        except FitError:
            return None

    with ThreadPoolExecutor(max_workers=bootstrap.n_jobs) as pool:
        done = map(one, seeds) if bootstrap.n_jobs == 1 else pool.map(one, seeds)
        found = list(progress(done, total=len(seeds), title="Bootstrap samples"))
    samples = [values for values in found if values is not None]
    if len(samples) < MIN_SHARE_FITTED * bootstrap.n_resamples:
        raise ConvergenceError(
            "The models cannot be fitted on most bootstrap samples",
            f"{count(len(samples), 'fit')} of {bootstrap.n_resamples:,}",
            "Adjust for fewer covariates, or join rare levels",
            n_fitted=len(samples),
        )
    without = np.empty((0, estimate.size))
    if bootstrap.interval == "bca":
        without = np.array([statistic(np.delete(everyone, i)) for i in range(n)])
    return Draws(estimate, np.array(samples), without, bootstrap.n_resamples - len(samples))
