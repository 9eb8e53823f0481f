"""Random gene sets of the size and the average expression of signatures.

They are drawn a group at a time, so that memory does not grow with their number.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.expression.base import Expression
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.draws import draw_from_bins
from neurosig.methods.base import Method
from neurosig.methods.control_genes import gene_means

GROUP_BYTES = 48 * 2**20
"""Memory of the random sets drawn at once, and of what a method fits to them."""

SMALLEST_BIN = 20
"""Genes of a bin at the least; with fewer genes there are fewer bins."""


@dataclass(frozen=True, slots=True)
class _Bins:
    """Genes by average expression: those of bin b are at places `starts[b]` to `starts[b + 1]`."""

    of_gene: NDArray[np.int64]
    starts: NDArray[np.int64]
    members: NDArray[np.int64]

    @classmethod
    def of(cls, means: NDArray[np.float64], n_bins: int) -> "_Bins":
        order = np.argsort(means, kind="stable")  # NaN, a gene without a value, comes last
        starts = np.linspace(0, len(means), n_bins + 1).astype(np.int64)
        of_gene = np.empty(len(means), dtype=np.int64)
        of_gene[order] = np.repeat(np.arange(n_bins), np.diff(starts))
        return cls(of_gene, starts, order.astype(np.int64))


class Part(NamedTuple):
    """Random sets `first` to before `last` of signature number `signature`."""

    signature: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """Random sets of some signatures, those of one part after those of another."""

    sets: CompiledSignatures
    parts: tuple[Part, ...]

    @property
    def signatures(self) -> NDArray[np.int64]:
        """The signature of each part."""
        return np.array([part.signature for part in self.parts], dtype=np.int64)

    @property
    def starts(self) -> NDArray[np.int64]:
        """The place of the first set of each part."""
        n_drawn = np.array([part.last - part.first for part in self.parts], dtype=np.int64)
        return np.cumsum(n_drawn) - n_drawn


@dataclass(frozen=True, slots=True)
class RandomSets:
    """All random sets of all signatures, drawn when they are asked for.

    Each gene of a signature is replaced by one of its bin of average expression over all
    observations, with its direction and its weight; no gene is drawn twice for a set. The draw for
    a signature depends on the seed and on its genes and weights, not on the other signatures.
    """

    sets: CompiledSignatures
    var_names: pd.Index
    bins: _Bins
    n_sets: int
    seed: int

    @classmethod
    def of(
        cls,
        expression: Expression,
        sets: CompiledSignatures,
        *,
        n_sets: int,
        n_bins: int,
        seed: int,
    ) -> "RandomSets":
        """Random sets like `sets`; there are fewer bins where one would be too small to draw."""
        n_most = max(SMALLEST_BIN, int(sets.sets.sizes.max(initial=0)))
        n_bins = min(n_bins, max(1, expression.n_vars // n_most))
        bins = _Bins.of(gene_means(expression), n_bins)
        return cls(sets, expression.var_names, bins, n_sets, seed)

    def groups(self, method: Method, n_obs: int, *, kept_bytes: int = 0) -> list[list[Part]]:
        """Which to draw together, so that a group takes at most `GROUP_BYTES`.

        kept_bytes: what the caller keeps of each set besides, such as its scores.
        """
        sizes = self.sets.sets.sizes
        # A gene of a set is a position and a weight, once in its set and once in its arm.
        set_bytes = 32 * sizes + method.fit_bytes(sizes, n_obs) + kept_bytes
        groups: list[list[Part]] = []
        group: list[Part] = []
        free = GROUP_BYTES
        for s, n_bytes in enumerate(set_bytes.tolist()):
            first = 0
            while first < self.n_sets:
                n_fit = min(self.n_sets - first, max(free // n_bytes, 0 if group else 1))
                if n_fit == 0:
                    groups.append(group)
                    group, free = [], GROUP_BYTES
                    continue
                group.append(Part(s, first, first + n_fit))
                free -= n_fit * n_bytes
                first += n_fit
        return [*groups, group] if group else groups

    def draw(self, group: list[Part]) -> Drawn:
        """The random sets of a group."""
        positions: list[NDArray[np.int64]] = []
        weights: list[NDArray[np.float64]] = []
        for part in group:
            drawn, drawn_weights = self._draw(part)
            positions += list(drawn)
            weights += list(drawn_weights)
        owners = [np.full(part.last - part.first, part.signature) for part in group]
        sets = self.sets.with_genes(np.concatenate(owners), positions, weights)
        return Drawn(sets, tuple(group))

    def _draw(self, part: Part) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Positions, ascending, and weights of the genes of each set: (n_sets, n_genes) each."""
        sets = self.sets.sets
        genes = slice(sets.indptr[part.signature], sets.indptr[part.signature + 1])
        held, weights = sets.indices[genes], sets.weights[genes]
        names = self.var_names[held]
        by_name = np.argsort(names.to_numpy(dtype=object), kind="stable")
        held, weights = held[by_name], weights[by_name]
        uniform = _generator(names[by_name], weights, self.seed).random((self.n_sets, len(held)))
        drawn = draw_from_bins(
            uniform, self.bins.of_gene[held], self.bins.starts, self.bins.members
        )[part.first : part.last]
        ascending = np.argsort(drawn, axis=1)
        rows = np.arange(len(drawn))[:, None]
        return drawn[rows, ascending], weights[ascending]


def _generator(
    names: Iterable[str], weights: NDArray[np.float64], seed: int
) -> np.random.Generator:
    """Random numbers that depend on the seed and on the genes of one signature alone."""
    text = "\n".join(
        f"{name}\t{weight!r}" for name, weight in zip(names, weights.tolist(), strict=True)
    )
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, dtype="<u4").tolist()])
