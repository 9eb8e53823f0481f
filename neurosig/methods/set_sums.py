"""Weighted sums over gene sets on blocks of any storage, and the base of methods made of them."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosig.expression.base import Block, BlockData
from neurosig.genesets.compiled import CompiledSignatures, GeneSets
from neurosig.kernels.set_sums import dense_set_sums, sets_by_gene, sparse_set_sums
from neurosig.methods.base import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSumMethod(Method):
    """A method that scores rows as they are stored, dense or sparse."""

    @abstractmethod
    def score_data(
        self, data: BlockData, sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores (n_rows, n_signatures) of dense rows or of the stored values of sparse ones."""

    def score_rows(
        self, x: NDArray[np.float64], sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores of dense rows."""
        return self.score_data(x, sets, cohort)

    def score_block(
        self, block: Block, sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores of a block, of its stored values alone where it is sparse."""
        return self.score_data(block.data, sets, cohort)


def weighted_sums(data: BlockData, sets: GeneSets) -> NDArray[np.float64]:
    """Sum of w_g x[i, g] over the genes of each set: (n_rows, n_sets), NaN where a gene is missing.

    Equal to the bit for dense and sparse rows; sparse rows are read where values are stored.
    """
    if isinstance(data, np.ndarray):
        return dense_set_sums(data, sets.indptr, sets.indices, sets.weights)
    by_gene = sets_by_gene(sets.indptr, sets.indices, sets.weights, data.shape[1])
    return sparse_set_sums(data.indptr, data.indices, data.data, *by_gene, sets.n_sets)


def plain(sets: GeneSets) -> GeneSets:
    """The same sets with every weight 1."""
    return GeneSets(sets.indptr, sets.indices, np.ones(len(sets.indices)))
