"""What a scoring method is.

A method is a frozen dataclass in one file. Its fields are its parameters, its `spec` says what it
promises, and two functions do the work: `fit` looks at a whole cohort (only where the method needs
one) and `score_rows` turns dense rows of expression into scores.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neurosig import _params
from neurosig.expression.base import Block, Expression
from neurosig.genesets.compiled import CompiledSignatures

Scope: TypeAlias = Literal["sample", "cohort"]
Invariance: TypeAlias = Literal[
    "gene_order", "other_samples", "other_signatures", "monotone_transform", "other_genes"
]
INVARIANCES: tuple[Invariance, ...] = (
    "gene_order",
    "other_samples",
    "other_signatures",
    "monotone_transform",
    "other_genes",
)

CHUNK_BYTES = 2 * 2**20
"""Memory of the dense rows a method sees at once; small enough to stay in the processor's cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a method promises; the contract suite tests each promise.

    Attributes
    ----------
    name, title
        Registered name and the name in words.
    doi
        The paper the method comes from.
    scope
        "sample": a sample's score depends on that sample alone. "cohort": on all samples given.
    bounds
        Lowest and highest possible score.
    scale
        Input the method wants: "log" (differences of values mean something) or "ranks" (any scale
        whose order within a sample means something) or "any" (genes are put on a common scale).
    weights
        What becomes of signature weights: "sign" (direction only) or "full".
    invariant_to
        What a score does not depend on: the order of genes where values tie, the other samples,
        the other signatures, a monotone transform of each sample, genes of no signature.
    revision
        Raised whenever numbers change; part of the provenance.
    """

    name: str
    title: str
    doi: str
    scope: Scope
    bounds: tuple[float, float]
    scale: Literal["log", "ranks", "any"]
    weights: Literal["sign", "full"]
    invariant_to: frozenset[Invariance]
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(ABC):
    """Base of the scoring methods."""

    spec: ClassVar[Spec]
    chunk_bytes: ClassVar[int] = CHUNK_BYTES

    def __post_init__(self) -> None:
        _params.check(self)

    @property
    def scope(self) -> Scope:
        """The scope of this instance; parameters may widen that of the spec."""
        return self.spec.scope

    @property
    def invariant_to(self) -> frozenset[Invariance]:
        """What the scores of this instance do not depend on."""
        return self.spec.invariant_to

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest possible score with these parameters."""
        return self.spec.bounds

    @property
    def allows_missing(self) -> bool:
        """Whether NaN in the expression is accepted."""
        return getattr(self, "na", "error") != "error"

    def parameters(self) -> dict[str, Any]:
        """The parameters by name."""
        return asdict(self)

    def fit(self, expression: Expression, sets: CompiledSignatures) -> object:  # noqa: ARG002
        """Statistics of the cohort that `score_rows` needs; None for a method of sample scope."""
        return None

    @abstractmethod
    def score_rows(
        self, x: NDArray[np.float64], sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores (n_rows, n_signatures) of dense rows x (n_rows, n_genes); x is not modified."""

    def score_block(
        self, block: Block, sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores (n_rows, n_signatures) of a block.

        By default its rows are scored a dense chunk at a time. A method that is faster on the
        stored values of a sparse block overrides this; its scores have to be equal to the bit.
        """
        scores = np.empty((block.n_obs, sets.n_signatures))
        for start, x in dense_chunks_of(0, block.data, self.chunk_bytes):
            scores[start : start + len(x)] = self.score_rows(x, sets, cohort)
        return scores

    def finish(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """A last step over all scores of a call, for methods that rescale them."""
        return scores


def dense_chunks(expression: Expression) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """All rows in order as small dense chunks, each with the position of its first row."""
    for block in expression.blocks():
        yield from dense_chunks_of(block.start, block.data)


def dense_chunks_of(
    start: int, data: Any, max_bytes: int = CHUNK_BYTES
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """The rows of one block as dense chunks of at most `max_bytes`, one row at the least.

    A sparse block is written into a small buffer a few rows at a time: it is never dense as a
    whole.
    """
    n_rows, n_genes = data.shape
    step = max(1, max_bytes // (8 * n_genes))
    for low in range(0, n_rows, step):
        high = min(low + step, n_rows)
        if isinstance(data, np.ndarray):
            yield start + low, data[low:high]
        else:
            first, last = data.indptr[low], data.indptr[high]
            chunk = np.zeros((high - low, n_genes))
            rows = np.repeat(np.arange(high - low), np.diff(data.indptr[low : high + 1]))
            chunk[rows, data.indices[first:last]] = data.data[first:last]
            yield start + low, chunk
