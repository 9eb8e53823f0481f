"""Random gene sets as the yardstick of how much the genes of a signature go together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosig.assessment.sample import Sample, unit_ranks
from neurosig.kernels.draws import draw_from_bins
from neurosig.kernels.set_pairs import mean_of_pairs

POOL_GENES = 2_000
"""Genes that random sets are drawn from; their correlations are kept, 32 MB."""

MOST_BINS = 25
SMALLEST_BIN = 20


@dataclass(frozen=True, slots=True)
class Reference:
    """Genes to draw from, by ascending average expression, and their correlations."""

    means: NDArray[np.float64]
    correlations: NDArray[np.float64]
    n_sets: int
    seed: int

    def percentile(
        self, observed: float, means: NDArray[np.float64], signs: NDArray[np.float64]
    ) -> float:
        """Share of random sets whose mean correlation is below that of the signature.

        Each gene is replaced by one of its bin of average expression, with its direction. Ties
        count half. NaN where there are too few genes to draw from.
        """
        k, n_pool = len(means), len(self.means)
        if np.isnan(observed) or self.n_sets == 0 or k < 2 or n_pool < max(SMALLEST_BIN, 2 * k):
            return np.nan
        n_bins = min(MOST_BINS, max(1, n_pool // max(SMALLEST_BIN, 2 * k)))
        starts = np.linspace(0, n_pool, n_bins + 1).astype(np.int64)
        place = np.minimum(np.searchsorted(self.means, means), n_pool - 1)
        bin_of = np.searchsorted(starts, place, side="right") - 1
        uniform = np.random.default_rng([self.seed, k]).random((self.n_sets, k))
        drawn = draw_from_bins(uniform, bin_of, starts, np.arange(n_pool))
        found = mean_of_pairs(self.correlations, drawn, signs)
        return float(np.mean(found < observed) + 0.5 * np.mean(found == observed))


def pool_of(
    varies: NDArray[np.bool_], names: NDArray[np.object_], *, n_sets: int, seed: int
) -> NDArray[np.int64]:
    """Ascending positions of at most `POOL_GENES` random genes that vary, whatever their order."""
    if n_sets == 0:
        return np.zeros(0, dtype=np.int64)
    candidates = np.flatnonzero(varies)
    if len(candidates) > POOL_GENES:
        by_name = candidates[np.argsort(names[candidates], kind="stable")]
        rng = np.random.default_rng(seed)
        candidates = rng.choice(by_name, size=POOL_GENES, replace=False)
    return np.sort(candidates)


def reference_of(
    sample: Sample,
    pool: NDArray[np.int64],
    means: NDArray[np.float64],
    *,
    n_sets: int,
    seed: int,
) -> Reference:
    """Correlations of the genes of the pool that vary in the sample.

    means: average expression of all genes of the matrix.
    """
    places = sample.places(pool)
    kept = pool[sample.varies[places]]
    ascending = kept[np.argsort(means[kept], kind="stable")]
    ranks = unit_ranks(sample.values[:, sample.places(ascending)])
    return Reference(means[ascending], ranks.T @ ranks, n_sets, seed)
