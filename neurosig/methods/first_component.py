"""The first component of each signature's standardised genes, which plage and pc1 share."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from neurosig.expression.base import Expression
from neurosig.genesets.compiled import CompiledSignatures, GeneSets
from neurosig.kernels.svd import add_set_products, leading_vector, project_sets
from neurosig.methods.base import Method, dense_chunks
from neurosig.methods.gene_moments import (
    GeneMoments,
    gene_moments,
    require_two_samples,
    warn_of_constant_genes,
)

# A sum of loadings this small beside their absolute sum is zero but for rounding: two genes that
# are negatively correlated have the loadings 1 and -1.
_BALANCED = 1e-9


class Component(NamedTuple):
    """First component of one set: its genes, their signs, and the singular vector and value."""

    genes: NDArray[np.int64]
    signs: NDArray[np.float64]
    vector: NDArray[np.float64]
    singular_value: float

    def oriented(self, weights: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """The vector, turned so that its sum weighted by `weights` is positive.

        Where that sum is zero, the first gene of the matrix with a share counts positively.
        """
        if len(self.vector) == 0:
            return self.vector
        balance = np.sum(self.vector * weights)
        if abs(balance) <= _BALANCED * np.sum(np.abs(self.vector * weights)):
            with_share = np.abs(self.vector) > _BALANCED * np.max(np.abs(self.vector))
            balance = self.vector[np.argmax(with_share)]
        return self.vector if balance >= 0 else -self.vector


@dataclass(frozen=True, slots=True)
class Loadings:
    """What turns the expression of a sample into its scores: z-values times `sets.weights`."""

    moments: GeneMoments
    sets: GeneSets

    def project(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores (n_rows, n_signatures) of dense rows."""
        sets = self.sets
        return project_sets(
            x,
            self.moments.means,
            self.moments.deviations,
            sets.indptr,
            sets.indices,
            sets.weights,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentMethod(Method):
    """A method that scores by the first component; its `fit_sets` returns the loadings."""

    def fit_genes(self, expression: Expression) -> GeneMoments:
        """Mean and standard deviation of each gene."""
        reason = "The standard deviation of a gene needs two"
        require_two_samples(expression, self.spec.name, reason)
        return gene_moments(expression)

    def fit_bytes(self, sizes: NDArray[np.int64], n_obs: int) -> NDArray[np.int64]:
        """Memory of the products of the genes of each set with each other or with the samples."""
        return 8 * sizes * np.minimum(sizes, n_obs)

    def warn(self, sets: CompiledSignatures, cohort: Any) -> None:
        """Warn of signatures that lose most of their genes."""
        warn_of_constant_genes(sets, cohort.moments.varies)

    def score_rows(
        self,
        x: NDArray[np.float64],
        sets: CompiledSignatures,  # noqa: ARG002
        cohort: Any,
    ) -> NDArray[np.float64]:
        """Scores of dense rows."""
        scores: NDArray[np.float64] = cohort.project(x)
        return scores


def first_components(
    expression: Expression, signatures: CompiledSignatures, moments: GeneMoments
) -> list[Component]:
    """The first component of each signature over the genes that vary, in order.

    The genes of a down arm enter with the other sign. Memory: for each signature of k genes the
    smaller of (k, k) and (n_obs, k) numbers.
    """
    sets = signatures.sets.select(moments.varies)
    sizes, n_obs = sets.sizes, expression.n_obs
    starts = np.concatenate(([0], np.cumsum(sizes * np.minimum(sizes, n_obs))))
    products = np.zeros(starts[-1])
    for start, x in dense_chunks(expression):
        add_set_products(
            x,
            start,
            n_obs,
            moments.means,
            moments.deviations,
            sets.indptr,
            sets.indices,
            sets.weights,
            starts,
            products,
        )
    blocks = np.split(products, starts[1:-1])
    # Matrices of a few hundred genes: threads would wait for each other longer than they work.
    with threadpool_limits(1, user_api="blas"):
        return [_component(sets, s, block, n_obs) for s, block in enumerate(blocks)]


def _component(sets: GeneSets, s: int, block: NDArray[np.float64], n_obs: int) -> Component:
    genes = slice(sets.indptr[s], sets.indptr[s + 1])
    k = int(sets.sizes[s])
    vector, value = leading_vector(block, n_obs, k) if k > 0 else (np.zeros(0), 0.0)
    return Component(sets.indices[genes], np.sign(sets.weights[genes]), vector, value)


def as_loadings(
    moments: GeneMoments, components: list[Component], weights: list[NDArray[np.float64]]
) -> Loadings:
    """Loadings from one array of oriented weights a component.

    A component of nothing, and one that is not the only first one, is NaN.
    """
    signed = [
        w * c.signs if c.singular_value > 0 else np.full(len(w), np.nan)
        for c, w in zip(components, weights, strict=True)
    ]
    return Loadings(moments, GeneSets.from_lists([c.genes for c in components], signed))
