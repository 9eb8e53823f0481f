"""What a scoring method is.

A method is a frozen dataclass in one file. Its fields are its parameters, its `spec` says what it
promises, and its functions do the work: `fit_genes` and `fit_sets` look at a whole cohort (only
where the method needs one), `score_rows` turns dense rows of expression into scores, and
`fit_scores` and `finish` rescale them (only where the method does). What they find in a cohort is
data: dataclasses of arrays, numbers and texts, which can be saved and applied to other samples.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neurosig import _params
from neurosig.expression.base import Block, Expression
from neurosig.expression.checks import ScaleGuess, check_scale
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
        whose order within a sample means something) or "any" (genes are put on a common scale) or
        "recipe" (each signature's recipe says).
    weights
        What becomes of signature weights: "sign" (direction only), "full", or "recipe": only
        signatures with a recipe are scored, and their recipes say.
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
    scale: Literal["log", "ranks", "any", "recipe"]
    weights: Literal["sign", "full", "recipe"]
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
    def weights(self) -> Literal["sign", "full", "recipe"]:
        """What becomes of signature weights with these parameters."""
        return self.spec.weights

    @property
    def allows_missing(self) -> bool:
        """Whether NaN in the expression is accepted."""
        return getattr(self, "na", "error") != "error"

    def parameters(self) -> dict[str, Any]:
        """The parameters by name."""
        return asdict(self)

    def check_scale(self, guess: ScaleGuess, sets: CompiledSignatures) -> None:  # noqa: ARG002
        """Warn if the values do not look like what the method wants; called by `score`."""
        if self.spec.scale in ("log", "ranks"):
            check_scale(guess, self.spec.scale, stacklevel=4)

    @property
    def applies_to_new_samples(self) -> bool:
        """Whether what was found in a cohort gives the score of a sample that is not in it."""
        return True

    @property
    def why_no_null(self) -> str | None:
        """Why random gene sets cannot be scored in the place of signatures; None if they can."""
        return None

    def fit_genes(self, expression: Expression) -> Any:  # noqa: ARG002
        """Statistics of each gene over the cohort, whatever the signatures; None if not needed."""
        return None

    def fit_sets(self, expression: Expression, sets: CompiledSignatures, genes: Any) -> Any:  # noqa: ARG002
        """What `score_rows` needs of the cohort, from the statistics of its genes."""
        return genes

    def fit_bytes(self, sizes: NDArray[np.int64], n_obs: int) -> NDArray[np.int64]:  # noqa: ARG002
        """Memory that `fit_sets` takes for each set of these numbers of genes."""
        return np.zeros_like(sizes)

    def warn(self, sets: CompiledSignatures, cohort: Any) -> None:  # noqa: B027
        """Warn of signatures that the cohort does not support; called by `score` itself."""

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

    def n_columns(self, sets: CompiledSignatures) -> int:
        """How many numbers an observation gets before `finish`: one for each signature."""
        return sets.n_signatures

    def fit_scores(self, scores: NDArray[np.float64]) -> Any:  # noqa: ARG002
        """What `finish` needs of all scores of a cohort; None for a method that leaves them be."""
        return None

    def finish(
        self,
        scores: NDArray[np.float64],
        fitted: Any,  # noqa: ARG002
        sets: CompiledSignatures,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """A last step, for methods that rescale or combine scores."""
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
