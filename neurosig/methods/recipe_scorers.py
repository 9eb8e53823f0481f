"""The arithmetic of published recipes: what each makes of the signatures that state it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from neurosig.expression.base import Expression
from neurosig.genesets.compiled import CompiledSignatures, GeneSets
from neurosig.kernels.set_sums import dense_set_sums
from neurosig.methods.first_component import Loadings
from neurosig.methods.gene_moments import gene_moments
from neurosig.methods.pc1 import Pc1
from neurosig.methods.set_sums import plain

OFFSET: Final = 0.01
"""What Rooney et al. add to TPM before the geometric mean."""


class Scorer(Protocol):
    """What turns rows of expression into the scores of some signatures."""

    def project(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores (n_rows, n_signatures) of dense rows."""


@dataclass(frozen=True, slots=True)
class WeightedSums:
    """Sums of weighted expression."""

    sets: GeneSets

    def project(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores (n_rows, n_signatures) of dense rows."""
        return dense_set_sums(x, self.sets.indptr, self.sets.indices, self.sets.weights)


@dataclass(frozen=True, slots=True)
class GeometricMeans:
    """Geometric means of expression, each value raised by `OFFSET`."""

    sets: GeneSets

    def project(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores (n_rows, n_signatures) of dense rows."""
        logs = np.zeros_like(x)
        genes = np.unique(self.sets.indices)
        with np.errstate(invalid="ignore", divide="ignore"):  # negative values: refused by `fit`
            logs[:, genes] = np.log(x[:, genes] + OFFSET)
        return np.exp(WeightedSums(self.sets).project(logs) / self.sets.sizes)


def _geometric_means(_x: Expression, sets: CompiledSignatures, _na: str) -> Scorer:
    return GeometricMeans(plain(sets.sets))


def _weighted_sums(_x: Expression, sets: CompiledSignatures, _na: str) -> Scorer:
    return WeightedSums(sets.sets)


def _minus_housekeeping(_x: Expression, sets: CompiledSignatures, _na: str) -> Scorer:
    """Subtracting the mean of the controls is giving each of them a weight of its own."""
    genes, weights = [], []
    for (held, w), (controls, _) in zip(sets.sets.lists(), sets.controls.lists(), strict=True):
        genes.append(np.concatenate([held, controls]))
        weights.append(np.concatenate([w, np.full(len(controls), -w.sum() / len(controls))]))
    return WeightedSums(GeneSets.from_lists(genes, weights))


def _contrasts(expression: Expression, sets: CompiledSignatures, _na: str) -> Scorer:
    moments = gene_moments(expression)
    genes, weights = [], []
    for held, w in sets.sets.select(moments.varies).lists():
        n_alike = np.where(w > 0, np.count_nonzero(w > 0), np.count_nonzero(w < 0))
        genes.append(held)
        weights.append(np.sign(w) / n_alike)
    return Loadings(moments, GeneSets.from_lists(genes, weights))


def _first_components(expression: Expression, sets: CompiledSignatures, na: str) -> Scorer:
    method = Pc1(na=na)  # type: ignore[arg-type]
    return method.fit_sets(expression, sets, method.fit_genes(expression))


SCORERS: Final[dict[str, Callable[[Expression, CompiledSignatures, str], Scorer]]] = {
    "geometric_mean": _geometric_means,
    "weighted_sum": _weighted_sums,
    "weighted_sum_of_log_expr": _weighted_sums,
    "weighted_sum_of_log_expr_minus_mean_housekeeping": _minus_housekeeping,
    "contrast_mean_z": _contrasts,
    "pc1": _first_components,
}
"""What makes the scorer of a recipe, from the cohort, its signatures and the `na` policy."""
