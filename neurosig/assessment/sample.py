"""The part of a matrix that an assessment looks at: some genes in some observations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from neurosig.expression.base import Expression
from neurosig.expression.columns import WithGenes


@dataclass(frozen=True, slots=True)
class Sample:
    """Values of some genes in some observations.

    Attributes
    ----------
    genes
        (n_genes,) ascending positions in the whole matrix.
    values
        (n_obs, n_genes); a missing value is the mean of its gene.
    varies
        (n_genes,) whether a gene has two different values.
    """

    genes: NDArray[np.int64]
    values: NDArray[np.float64]
    varies: NDArray[np.bool_]

    @property
    def n_obs(self) -> int:
        """Number of observations looked at."""
        return len(self.values)

    def places(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Columns here of genes given by their positions in the whole matrix."""
        return np.searchsorted(self.genes, positions)


def take_sample(
    expression: Expression,
    genes: NDArray[np.int64],
    means: NDArray[np.float64],
    *,
    max_obs: int,
    seed: int,
) -> Sample:
    """Read the genes (ascending positions) in all observations, or in `max_obs` drawn ones.

    One pass over the blocks; only the columns asked for are kept. means: (n_genes,) what stands in
    for a missing value.
    """
    rows = chosen_rows(expression.n_obs, max_obs, seed)
    values = np.empty((len(rows), len(genes)))
    columns = WithGenes(expression, expression.var_names[genes])
    for block in columns.blocks():
        first, last = np.searchsorted(rows, (block.start, block.stop))
        part = block.data[rows[first:last] - block.start]
        values[first:last] = part if isinstance(part, np.ndarray) else part.toarray()
    missing = np.isnan(values)
    if missing.any():
        values[missing] = np.broadcast_to(means, values.shape)[missing]
    varies = np.ptp(values, axis=0) > 0
    return Sample(genes, values, varies)


def chosen_rows(n_obs: int, max_obs: int, seed: int) -> NDArray[np.int64]:
    """All observations, or `max_obs` of them at random, ascending."""
    if n_obs <= max_obs:
        return np.arange(n_obs)
    drawn = np.random.default_rng(seed).choice(n_obs, size=max_obs, replace=False)
    return np.sort(drawn)


def unit_columns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns with mean 0 and length 1: the product of two is Pearson's correlation.

    No column may be constant.
    """
    centred = values - values.mean(axis=0)
    unit: NDArray[np.float64] = centred / np.sqrt(np.einsum("ij,ij->j", centred, centred))
    return unit


def unit_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average ranks of each column as `unit_columns`: the product of two is Spearman's rho."""
    return unit_columns(stats.rankdata(values, axis=0))
