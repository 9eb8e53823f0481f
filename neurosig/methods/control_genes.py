"""Control genes of a module score: genes expressed like those of a signature, drawn from bins.

Genes are put into bins of average expression over the cohort; the controls of a gene set are drawn
from the bins that hold its genes. scanpy and Seurat do both in other ways.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ParameterError, count, examples
from neurosig.expression.base import Expression
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.gene_totals import add_dense, add_sparse
from neurosig.methods.named_genes import positions_of

Positions: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bins:
    """Genes by average expression: the bin of each gene (-1: none), the genes of each in order."""

    of_gene: Positions
    genes: list[Positions]

    @classmethod
    def of(cls, numbers: Positions, is_known: NDArray[np.bool_]) -> "Bins":
        """Bins from the bin number of each gene that has an average."""
        of_gene = np.full(len(is_known), -1, dtype=np.int64)
        of_gene[is_known] = numbers
        order = np.argsort(of_gene, kind="stable")
        starts = np.searchsorted(of_gene[order], np.arange(numbers.max(initial=-1) + 1))
        return cls(of_gene, np.split(order, starts)[1:])

    def of_known(self, genes: Positions) -> Positions:
        """The bins of those genes that are in one."""
        numbers = self.of_gene[genes]
        return numbers[numbers >= 0]


def gene_means(expression: Expression) -> NDArray[np.float64]:
    """Mean of each gene over the observations where it is not missing; NaN if it is in all."""
    totals, lost = np.zeros(expression.n_vars), np.zeros(expression.n_vars)
    n_missing = np.zeros(expression.n_vars, dtype=np.int64)
    for block in expression.blocks():
        if isinstance(block.data, np.ndarray):
            add_dense(block.data, totals, lost, n_missing)
        else:
            add_sparse(block.data.indices, block.data.data, totals, lost, n_missing)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: NDArray[np.float64] = (totals + lost) / (expression.n_obs - n_missing)
    return means


def scanpy_bins(means: NDArray[np.float64], n_bins: int) -> Bins:
    """Bins of ranks by mean, lowest of ties, in steps of n / (n_bins - 1).

    >>> scanpy_bins(np.array([5.0, 1.0, 3.0, 2.0]), n_bins=3).of_gene  # ranks 4 1 3 2, steps of 2
    array([2, 0, 1, 1])
    """
    is_known = np.isfinite(means)
    width = round(is_known.sum() / (n_bins - 1))
    known = means[is_known]
    ranks = 1 + np.searchsorted(np.sort(known), known)
    # With much fewer genes than bins the width is 0, and all of them are one bin.
    return Bins.of(ranks // width if width else np.zeros_like(ranks), is_known)


def draw_like_scanpy(
    held: Positions, bins: Bins, ctrl_size: int, seed: int, *, ctrl_as_ref: bool
) -> Positions:
    """Up to `ctrl_size` genes of each bin that holds one of the genes `held`, without these.

    They are left out after the draw with `ctrl_as_ref`, else before it.
    """
    # The generator and the call that pandas' sample makes after numpy.random.seed(seed).
    generator = np.random.RandomState(seed)
    is_held = np.zeros(len(bins.of_gene), dtype=np.bool_)
    is_held[held] = True
    drawn = [np.zeros(0, dtype=np.int64)]
    for b in np.unique(bins.of_known(held)):
        candidates = bins.genes[b] if ctrl_as_ref else bins.genes[b][~is_held[bins.genes[b]]]
        if ctrl_size < len(candidates):
            picked = generator.choice(len(candidates), size=ctrl_size, replace=False)
            candidates = candidates[picked]
        drawn.append(candidates[~is_held[candidates]])
    return np.sort(np.concatenate(drawn))


def seurat_bins(means: NDArray[np.float64], n_bins: int, seed: int) -> Bins:
    """Bins between quantiles of the means (R's type 7), left-closed.

    Noise of 1e-30 is added, which parts genes that are zero everywhere and no others.

    Raises
    ------
    ParameterError
        If so many genes have one mean that quantiles coincide.
    """
    is_known = np.isfinite(means)
    noise = np.random.default_rng(seed).standard_normal(len(means)) / 1e30
    known = (means + noise)[is_known]
    edges = np.quantile(known, np.linspace(0, 1, n_bins + 1))
    if not (np.diff(edges) > 0).all():
        raise ParameterError(
            f"The average expression of the genes cannot be cut into {n_bins} bins",
            f"{count(int(is_known.sum()), 'gene')} with "
            f"{count(len(np.unique(means[is_known])), 'different average')}",
            "Use a smaller n_bins, for instance ModuleScore(rule='seurat', n_bins=10)",
        )
    return Bins.of(np.searchsorted(edges[1:-1], known, side="right"), is_known)


def draw_like_seurat(held: Positions, bins: Bins, ctrl_size: int, seed: int) -> Positions:
    """`ctrl_size` genes of the bin of each of the genes `held`, which may be drawn as well.

    Raises
    ------
    ParameterError
        If a bin has fewer genes than that.
    """
    generator = np.random.default_rng(seed)
    drawn = [np.zeros(0, dtype=np.int64)]
    for b in bins.of_known(held):
        candidates = bins.genes[b]
        if len(candidates) < ctrl_size:
            raise ParameterError(
                f"ctrl_size={ctrl_size} is more than a bin of average expression holds",
                f"Bin {b + 1} has {count(len(candidates), 'gene')}",
                f"Use ctrl_size={len(candidates)} or fewer bins (n_bins)",
            )
        drawn.append(generator.choice(candidates, size=ctrl_size, replace=False))
    return np.unique(np.concatenate(drawn))


def given_controls(
    controls: Mapping[str, tuple[str, ...]], expression: Expression, sets: CompiledSignatures
) -> list[Positions]:
    """The positions of the controls that are named for each arm of the signatures.

    Raises
    ------
    ParameterError
        If a signature has no controls, or one of them is not in the data.
    """
    without = [name for name in sets.names if not controls.get(name)]
    if without:
        raise ParameterError(
            f"controls names no control genes for {count(len(without), 'signature')}",
            f"Without: {examples(without)}; named: {examples(controls)}",
            "Give each signature its genes, or leave controls out to have them drawn",
        )
    return [
        positions_of(
            controls[name],
            expression,
            parameter="controls",
            noun="control gene",
            owner=repr(name),
        )
        for name in (sets.names[owner] for owner in sets.arm_owner)
    ]
