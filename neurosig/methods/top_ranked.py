"""What the scores of a cell's highest genes, ucell and aucell, have in common."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosig.expression.base import Block
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.top_ranks import Stored, stored_values
from neurosig.methods.base import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class TopRankedMethod(Method):
    """A method that works on the non-zero values of rows, whatever the storage."""

    @abstractmethod
    def score_stored(self, stored: Stored, sets: CompiledSignatures) -> NDArray[np.float64]:
        """Scores (n_rows, n_signatures) of the non-zero values of rows."""

    def score_rows(
        self,
        x: NDArray[np.float64],
        sets: CompiledSignatures,
        cohort: Any,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Scores of dense rows."""
        return self.score_stored(stored_values(x), sets)

    def score_block(
        self, block: Block, sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores of a block; a sparse one is read as it is stored."""
        if isinstance(block.data, np.ndarray):
            return Method.score_block(self, block, sets, cohort)
        rows = block.data
        return self.score_stored((rows.indptr, rows.indices, rows.data), sets)
