"""The distribution of each gene over a cohort, by which gsva ranks the genes of a sample."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from neurosig.expression.base import Expression
from neurosig.kernels.gene_cdf import bandwidth, gaussian_cdf, gaussian_cdf_at, poisson_cdf
from neurosig.kernels.gene_values import (
    known_statistics,
    places_among,
    store_values,
    tally_values,
)
from neurosig.kernels.gsva_walk import order_of_counts
from neurosig.kernels.ranks import Order, ascending_order
from neurosig.methods.base import dense_chunks

Kernel: TypeAlias = Literal["gaussian", "poisson"]
FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]

BELOW_ALL = -1.0
"""Statistic of a zero where zeros stand apart; the others are shares then."""


@dataclass(frozen=True, slots=True)
class GeneTally:
    """What one pass over a cohort says of each gene: how many values of which kind, and extremes.

    `n_stored` counts the values that are not zero, missing ones included; `lows` and `highs` are
    the extremes of those that are neither.
    """

    n_obs: int
    n_stored: IntArray
    n_missing: IntArray
    lows: FloatArray
    highs: FloatArray
    are_counts: bool

    @classmethod
    def of(cls, expression: Expression) -> "GeneTally":
        """One pass over the cohort."""
        n_genes = expression.n_vars
        n_stored, n_missing = np.zeros(n_genes, dtype=np.int64), np.zeros(n_genes, dtype=np.int64)
        lows, highs = np.full(n_genes, np.inf), np.full(n_genes, -np.inf)
        are_counts = True
        for _, x in dense_chunks(expression):
            are_counts = tally_values(x, n_stored, n_missing, lows, highs) and are_counts
        return cls(expression.n_obs, n_stored, n_missing, lows, highs, are_counts)

    @property
    def n_present(self) -> IntArray:
        """Number of values that are neither zero nor missing."""
        return self.n_stored - self.n_missing

    @property
    def n_zeros(self) -> IntArray:
        """Number of zeros."""
        return self.n_obs - self.n_stored

    def varies(self, *, skip_zeros: bool) -> NDArray[np.bool_]:
        """Whether a gene has two different values, zero being one unless it is skipped.

        A gene with nothing but missing values counts as varying, so that its sets become missing.
        """
        differ = self.highs > self.lows
        with_zeros = (self.n_zeros > 0) & (self.n_present > 0) & (not skip_zeros)
        varies: NDArray[np.bool_] = differ | with_zeros | (self.n_missing == self.n_obs)
        return varies


@dataclass(frozen=True, slots=True)
class GeneValues:
    """The values of the kept genes that are not zero, in the order of the observations."""

    indptr: IntArray
    values: FloatArray
    samples: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        expression: Expression,
        tally: GeneTally,
        keep: NDArray[np.bool_],
        *,
        placed: bool,
        room: int = 0,
    ) -> "GeneValues":
        """One pass over the cohort; `samples` says whose a value is, and is empty if not asked.

        `room` places before the values of the first gene are left free.
        """
        indptr = room + np.concatenate(([0], np.cumsum(np.where(keep, tally.n_stored, 0))))
        free, values = indptr[:-1].copy(), np.empty(indptr[-1])
        samples = np.empty(len(values) if placed else 0, dtype=np.int32)
        for start, x in dense_chunks(expression):
            store_values(x, start, keep, free, values, samples)
        return cls(indptr, values, samples)

    def present(self, g: int, n_obs: int, *, skip_zeros: bool) -> FloatArray:
        """The values of one gene that are not missing, in the order of the observations."""
        slots = slice(self.indptr[g], self.indptr[g + 1])
        row = self.values[slots]
        if not skip_zeros and len(row) < n_obs:
            row = np.zeros(n_obs)
            row[self.samples[slots]] = self.values[slots]
        is_missing = np.isnan(row)
        return row[~is_missing] if is_missing.any() else row


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneDistributions(ABC):
    """Distributions of the kept genes; the ascending values of gene g begin at `starts[g]`."""

    keep: NDArray[np.bool_]
    skip_zeros: bool
    starts: IntArray
    sizes: IntArray
    values: FloatArray

    @property
    def zero_apart(self) -> float:
        """The statistic of zeros that stand apart; NaN, which nothing equals, if they do not."""
        return BELOW_ALL if self.skip_zeros else np.nan

    @abstractmethod
    def ranked(self, x: FloatArray) -> tuple[FloatArray, Order]:
        """The statistic of each value of x (n_rows, n_genes), and each row's ascending order.

        The statistic rises with the share of the cohort at or below the value; it is NaN for a
        missing value and a gene that is not kept. Ties are in column order.
        """

    def _masked(self, statistics: FloatArray, x: FloatArray) -> FloatArray:
        if self.skip_zeros:
            statistics[x == 0.0] = BELOW_ALL
        statistics[np.isnan(x)] = np.nan
        statistics[:, ~self.keep] = np.nan
        return statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class EmpiricalDistributions(GeneDistributions):
    """The plain distribution function: how many values of the cohort are at or below a value."""

    n_obs: int
    n_zeros: IntArray

    @classmethod
    def of(
        cls,
        expression: Expression,
        tally: GeneTally,
        keep: NDArray[np.bool_],
        *,
        skip_zeros: bool,
    ) -> "EmpiricalDistributions":
        """From a second pass over the cohort."""
        stored = GeneValues.of(expression, tally, keep, placed=False)
        for low, high in zip(stored.indptr[:-1], stored.indptr[1:], strict=True):
            stored.values[low:high].sort()  # NumPy's sort is several times one of compiled code
        return cls(
            keep=keep,
            skip_zeros=skip_zeros,
            starts=stored.indptr[:-1],
            sizes=np.where(keep, tally.n_present, 0),
            values=stored.values,
            n_obs=expression.n_obs,
            n_zeros=tally.n_zeros,
        )

    def ranked(self, x: FloatArray) -> tuple[FloatArray, Order]:
        """Counts, or shares of the values that are not zero where zeros are skipped."""
        places = places_among(x, self.starts, self.sizes, self.values)
        if self.skip_zeros:
            with np.errstate(invalid="ignore"):
                shares = self._masked(places / self.sizes, x)
            return shares, ascending_order(shares)
        places += np.where(x >= 0.0, self.n_zeros, 0)
        counts = self._masked(places.astype(np.float64), x)
        n_last = self.n_obs + 1
        places[np.isnan(counts)] = n_last
        return counts, order_of_counts(places, n_last)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmoothedDistributions(GeneDistributions):
    """Distribution functions smoothed by a kernel, estimated at every value of the cohort.

    `values` are distinct, occur `times` each and have the statistics `known`: the log-odds of the
    distribution function, or that function itself where zeros are skipped.
    """

    kernel: Kernel
    times: NDArray[np.int32]
    known: FloatArray

    @classmethod
    def of(
        cls,
        expression: Expression,
        tally: GeneTally,
        keep: NDArray[np.bool_],
        *,
        kernel: Kernel,
        skip_zeros: bool,
    ) -> "SmoothedDistributions":
        """From a second pass over the cohort and one estimate a gene."""
        # The distinct values of a gene take the places of those stored, of it and of the genes
        # before: there is one more of them at the most, a zero, hence the room.
        stored = GeneValues.of(expression, tally, keep, placed=True, room=expression.n_vars)
        values, times, known = stored.values, stored.samples, np.empty(len(stored.values))
        sizes = np.zeros(expression.n_vars, dtype=np.int64)
        table, low = normal_table(), 0
        for g in np.flatnonzero(keep):
            x = stored.present(int(g), expression.n_obs, skip_zeros=skip_zeros)
            if len(x) > 0:
                distinct, n_each, cdf = _smoothed(x, kernel, table)
                sizes[g] = len(cdf)
                high = low + sizes[g]
                values[low:high], times[low:high] = distinct, n_each
                known[low:high] = cdf if skip_zeros else _log_odds(cdf)
                low = high
        return cls(
            keep=keep,
            skip_zeros=skip_zeros,
            starts=np.cumsum(sizes) - sizes,
            sizes=sizes,
            values=values[:low],
            kernel=kernel,
            times=times[:low],
            known=known[:low],
        )

    def ranked(self, x: FloatArray) -> tuple[FloatArray, Order]:
        """Statistics known from the cohort; those of values it does not hold are estimated."""
        statistics, is_known = known_statistics(x, self.starts, self.sizes, self.values, self.known)
        is_new = ~is_known & self.keep & ~np.isnan(x)
        if self.skip_zeros:
            is_new &= x != 0.0
        statistics = self._masked(statistics, x)
        new = np.argwhere(is_new)
        table = normal_table() if len(new) else np.empty(0)
        for i, g in new:
            statistics[i, g] = self._estimate(x[i, g], g, table)
        return statistics, ascending_order(statistics)

    def _estimate(self, value: float, g: int, table: FloatArray) -> float:
        gene = slice(self.starts[g], self.starts[g] + self.sizes[g])
        values, times = self.values[gene], self.times[gene]
        if self.kernel == "gaussian":
            width = bandwidth(np.repeat(values, times))
            cdf = np.array([gaussian_cdf_at(value, values, times, width, table)])
        else:
            places = np.repeat(np.arange(len(values)), times)
            cdf = poisson_cdf(np.array([value]), values, places)
        return float(cdf[0] if self.skip_zeros else _log_odds(cdf)[0])


def _smoothed(
    x: FloatArray, kernel: Kernel, table: FloatArray
) -> tuple[FloatArray, NDArray[np.int32], FloatArray]:
    """Distinct values of a gene, how often each occurs, and the distribution function there."""
    order = x.argsort()
    ascending = x[order]
    first = np.flatnonzero(np.concatenate(([True], ascending[1:] != ascending[:-1])))
    values = ascending[first]
    times = (np.append(first[1:], len(x)) - first).astype(np.int32)
    if kernel == "gaussian":
        cdf = gaussian_cdf(x, bandwidth(x), table)[order[first]]
    else:
        cdf = poisson_cdf(values, values, np.searchsorted(values, x))
    return values, times, cdf


def _log_odds(cdf: FloatArray) -> FloatArray:
    odds = 1.0 - cdf
    with np.errstate(divide="ignore"):  # the odds of 0 and 1 are infinite
        odds /= cdf
        np.log(odds, out=odds)
    odds *= -1.0
    return odds


def normal_table() -> FloatArray:
    """Normal distribution function at -10, -9.999, ..., 10, the half below 0 as 1 less the other.

    What lies beyond counts as the ends, which are 0 and 1 to the last digit.
    """
    above = ndtr(10.0 * np.arange(10_001) / 10_000)
    table: FloatArray = np.concatenate((1.0 - above[:0:-1], above))
    return table
