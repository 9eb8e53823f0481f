"""Module score: a signature against control genes of similar expression."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from neurosig._params import Help, Range
from neurosig.errors import CoverageWarning, count, examples
from neurosig.expression.base import BlockData, Expression
from neurosig.genesets.compiled import CompiledSignatures, GeneSets
from neurosig.methods.base import Invariance, Scope, Spec
from neurosig.methods.control_genes import (
    Positions,
    draw_like_scanpy,
    draw_like_seurat,
    gene_means,
    given_controls,
    scanpy_bins,
    seurat_bins,
)
from neurosig.methods.set_sums import SetSumMethod, weighted_sums


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleScore(SetSumMethod):
    """Module score of single cells (Tirosh et al. 2016), by scanpy's or by Seurat's rule.

    score[i, s] = mean_{g in s} x[i, g] - mean_{g in c(s)} x[i, g]

    x: (n_obs, n_genes) log-scale expression; c(s): control genes of s, drawn from the bins of
    average expression over all observations that hold genes of s. A signature with up and down arm
    is the score of the up arm minus that of the down arm. Unbounded, in the units of x; 0 =
    expressed like genes of the same average. A score depends on the order of the genes through the
    draw, and on the other observations through the bins; `controls` takes both away.

    Parameters
    ----------
    rule
        "scanpy": bins by rank, `ctrl_size` genes a bin, the genes of s never among them.
        "seurat": `n_bins` bins between quantiles, `ctrl_size` genes of its bin for each gene of s,
        itself included; a bin with fewer genes is refused. Seurat's own defaults are n_bins=24 and
        ctrl_size=100.
    ctrl_size
        Control genes a bin ("scanpy") or a gene ("seurat").
    n_bins
        Bins of average expression.
    ctrl_as_ref
        Whether genes of s are left out of the controls after the draw (True, the default of scanpy
        1) or before it. Seurat's rule keeps them.
    seed
        Fixes the draw, separately for each signature; with scanpy's rule it is `random_state`.
    controls
        Control genes by signature, {name: genes}; nothing is drawn then, and the parameters above
        have no part.
    na
        A missing value stops the run ("error"), or makes signatures that hold it missing and is
        left out of averages and controls ("propagate").

    References
    ----------
    Tirosh et al. 2016, doi:10.1126/science.aad0501 (Supplement, "Cell scores"). With
    ``rule="scanpy"`` equal to scanpy's ``tl.score_genes`` of the same options and seed, on numbers
    in double precision: scanpy 1.11 averages float32 in single precision (1.12 dense matrices
    only), which can move genes to other bins. It also tells equal averages apart by their last bit,
    which hangs on the order of the cells; here they tie. With ``rule="seurat"`` equal to Seurat
    4.3.0's ``AddModuleScore`` where nothing is left to chance; R's random numbers are not
    reproduced, but the genes they picked can be given as `controls`.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame([[4.0, 2.0, 1.0, 0.0]], index=["c1"], columns=["NGF", "BDNF", "A", "B"])
    >>> method = ns.methods.ModuleScore(controls={"S": ("A", "B")})
    >>> float(ns.score(x, {"S": ["NGF", "BDNF"]}, method=method).values.loc["c1", "S"])
    2.5
    """

    rule: Annotated[Literal["scanpy", "seurat"], Help("whose bins and draw")] = "scanpy"
    ctrl_size: Annotated[int, Range(1), Help("control genes a bin or a gene")] = 50
    n_bins: Annotated[int, Range(2), Help("bins of average expression")] = 25
    ctrl_as_ref: Annotated[bool, Help("leave genes of the set out after the draw")] = True
    seed: Annotated[int, Range(0, 2**32 - 1), Help("fixes the draw of controls")] = 0
    controls: Annotated[
        Mapping[str, tuple[str, ...]] | None, Help("control genes by signature, not drawn")
    ] = None
    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="module_score",
        title="Module score",
        doi="10.1126/science.aad0501",
        scope="cohort",
        bounds=(-np.inf, np.inf),
        scale="log",
        weights="sign",
        invariant_to=frozenset({"other_signatures"}),
        revision=1,
    )

    @property
    def scope(self) -> Scope:
        """Cohort, for the averages of genes; sample where the controls are given."""
        return "cohort" if self.controls is None else "sample"

    @property
    def invariant_to(self) -> frozenset[Invariance]:
        """As declared; with given controls neither bins nor a draw have a part."""
        if self.controls is None:
            return self.spec.invariant_to
        return frozenset({"gene_order", "other_samples", "other_signatures"})

    def fit_genes(self, expression: Expression) -> NDArray[np.float64] | None:
        """Average expression of each gene, unless the controls are given."""
        return gene_means(expression) if self.controls is None else None

    def fit_sets(self, expression: Expression, sets: CompiledSignatures, genes: Any) -> GeneSets:
        """The genes of each arm, then the control genes of each."""
        if self.controls is not None:
            positions = given_controls(self.controls, expression, sets)
        else:
            positions = self._drawn(genes, sets.arms)
        both = [*_genes_of(sets.arms), *positions]
        return GeneSets.from_lists(both, [np.ones(len(genes)) for genes in both])

    def warn(self, sets: CompiledSignatures, cohort: Any) -> None:
        """Warn of signatures without control genes."""
        n_controls = cohort.sizes[sets.arms.n_sets :]
        _warn_of_no_controls([sets.names[owner] for owner in sets.arm_owner[n_controls == 0]])

    def _drawn(self, means: NDArray[np.float64], arms: GeneSets) -> list[Positions]:
        if self.rule == "seurat":
            bins = seurat_bins(means, self.n_bins, self.seed)
            return [draw_like_seurat(g, bins, self.ctrl_size, self.seed) for g in _genes_of(arms)]
        bins = scanpy_bins(means, self.n_bins)
        return [
            draw_like_scanpy(g, bins, self.ctrl_size, self.seed, ctrl_as_ref=self.ctrl_as_ref)
            for g in _genes_of(arms)
        ]

    def score_data(
        self, data: BlockData, sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores of rows as they are stored."""
        both: GeneSets = cohort
        n_arms = sets.arms.n_sets
        sums, n_genes = weighted_sums(data, both), both.sizes.astype(np.float64)
        if self.allows_missing:
            known, is_missing = _split_missing(data)
            sums[:, n_arms:] = weighted_sums(known, both)[:, n_arms:]
            n_genes = n_genes - weighted_sums(is_missing, both)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = sums / n_genes
        return sets.combine_arms(means[:, :n_arms] - means[:, n_arms:])


def _genes_of(arms: GeneSets) -> list[Positions]:
    return np.split(arms.indices, arms.indptr[1:-1])


def _warn_of_no_controls(names: list[str]) -> None:
    if names:
        warnings.warn(
            CoverageWarning(
                f"{count(len(names), 'signature')} {'has' if len(names) == 1 else 'have'} no "
                "control genes and no score",
                f"All genes of their bins are their own: {examples(dict.fromkeys(names))}",
                "Use a smaller n_bins, or score data with more genes",
            ),
            stacklevel=4,
        )


def _split_missing(data: BlockData) -> tuple[BlockData, BlockData]:
    """The data with zeros for missing values, and ones where they are."""
    values = data if isinstance(data, np.ndarray) else data.data
    is_missing = np.isnan(values)
    known, ones = np.where(is_missing, 0.0, values), is_missing.astype(np.float64)
    if isinstance(data, np.ndarray):
        return known, ones
    places = (data.indices, data.indptr)
    return csr_matrix((known, *places), data.shape), csr_matrix((ones, *places), data.shape)
