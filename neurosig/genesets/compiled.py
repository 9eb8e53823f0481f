"""Signatures laid over the genes of a matrix: what is found, what is missing, where it is."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.genesets.recipes import RECIPES
from neurosig.genesets.signature import Signature, SignatureCollection
from neurosig.keys import OK, Coverage

DEFAULT_MIN_GENES = 3
NO_RECIPE: Final = "no_recipe"
INCOMPLETE_RECIPE: Final = "incomplete_recipe"


@dataclass(frozen=True, slots=True)
class GeneSets:
    """Gene positions of many sets, one after another (compressed sparse rows).

    `indices[indptr[s]:indptr[s + 1]]` are the ascending column positions of the genes of set s and
    `weights` their weights. Ascending order makes every sum over a set one fixed sum.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    weights: NDArray[np.float64]

    @property
    def n_sets(self) -> int:
        """Number of sets."""
        return len(self.indptr) - 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of genes of each set."""
        return np.diff(self.indptr)

    @classmethod
    def from_lists(
        cls, positions: list[NDArray[np.int64]], weights: list[NDArray[np.float64]]
    ) -> "GeneSets":
        """Gene sets from one array of positions and one of weights a set."""
        indptr = np.zeros(len(positions) + 1, dtype=np.int64)
        np.cumsum([len(p) for p in positions], out=indptr[1:])
        return cls(
            indptr,
            np.concatenate(positions) if positions else np.zeros(0, dtype=np.int64),
            np.concatenate(weights) if weights else np.zeros(0, dtype=np.float64),
        )

    def select(self, keep: NDArray[np.bool_]) -> "GeneSets":
        """The same sets with only the genes for which `keep` (one flag per column) is true."""
        mask = keep[self.indices]
        kept_before = np.concatenate(([0], np.cumsum(mask)))
        return GeneSets(kept_before[self.indptr], self.indices[mask], self.weights[mask])

    def lists(self) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Positions and weights of each set."""
        inner = self.indptr[1:-1]
        return list(
            zip(np.split(self.indices, inner), np.split(self.weights, inner), strict=True)
            if self.n_sets
            else ()
        )

    def take(self, places: NDArray[np.int64]) -> "GeneSets":
        """The sets at some places, in the order of `places`."""
        lists = self.lists()
        return GeneSets.from_lists([lists[i][0] for i in places], [lists[i][1] for i in places])


@dataclass(frozen=True, slots=True)
class CompiledSignatures:
    """The scorable part of a collection over the genes of one matrix.

    `names` are the signatures that have enough genes, `sets` their genes with signed weights, and
    `arms` the same genes split by direction: arm a belongs to signature `arm_owner[a]` with
    direction `arm_sign[a]` (+1 up, -1 down), and `arm_n_absent[a]` genes of it are not in the
    matrix. `coverage` has a row for each signature asked for, scorable or not. `recipes` are the
    names of the signatures' recipes and `controls` the genes that these subtract, weights 1.
    """

    names: tuple[str, ...]
    sets: GeneSets
    arms: GeneSets
    arm_owner: NDArray[np.int64]
    arm_sign: NDArray[np.float64]
    arm_n_absent: NDArray[np.int64]
    coverage: pd.DataFrame
    n_genes: int
    recipes: tuple[str | None, ...]
    controls: GeneSets

    @property
    def n_signatures(self) -> int:
        """Number of scorable signatures."""
        return len(self.names)

    def with_genes(
        self,
        owners: NDArray[np.int64],
        positions: list[NDArray[np.int64]],
        weights: list[NDArray[np.float64]],
    ) -> "CompiledSignatures":
        """Other genes in the place of those found: set i is signature `owners[i]` with its own.

        positions, weights: ascending for each set, as many of either direction as the signature
        has; its absent genes stay absent.
        """
        arms, owner, sign = _split_arms(positions, weights)
        of_signature = [np.flatnonzero(self.arm_owner == s) for s in range(self.n_signatures)]
        copied = np.concatenate([of_signature[s] for s in owners])
        return replace(
            self,
            names=tuple(self.names[s] for s in owners),
            sets=GeneSets.from_lists(positions, weights),
            arms=arms,
            arm_owner=owner,
            arm_sign=sign,
            arm_n_absent=self.arm_n_absent[copied],
            recipes=tuple(self.recipes[s] for s in owners),
            controls=self.controls.take(owners),
        )

    def combine_arms(self, arm_values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores (n_obs, n_signatures) as up arm minus down arm from (n_obs, n_arms) values."""
        scores = np.zeros((arm_values.shape[0], self.n_signatures))
        is_up = self.arm_sign > 0  # a signature has at most one arm of each direction
        scores[:, self.arm_owner[is_up]] += arm_values[:, is_up]
        scores[:, self.arm_owner[~is_up]] -= arm_values[:, ~is_up]
        return scores

    def take(self, places: NDArray[np.int64]) -> "CompiledSignatures":
        """The signatures at some ascending places, over the same coverage table."""
        arms = np.flatnonzero(np.isin(self.arm_owner, places))
        return replace(
            self,
            names=tuple(self.names[i] for i in places),
            sets=self.sets.take(places),
            arms=self.arms.take(arms),
            arm_owner=np.searchsorted(places, self.arm_owner[arms]),
            arm_sign=self.arm_sign[arms],
            arm_n_absent=self.arm_n_absent[arms],
            recipes=tuple(self.recipes[i] for i in places),
            controls=self.controls.take(places),
        )


def compile_signatures(
    signatures: SignatureCollection,
    var_names: pd.Index,
    *,
    min_genes: int | None = None,
    min_coverage: float = 0.5,
    by_recipe: bool = False,
) -> CompiledSignatures:
    """Find each signature's genes among `var_names` and decide whether it can be scored.

    A signature is scorable when at least `min_coverage` of its genes and at least `min_genes` of
    them (None: 3, or all of a shorter signature) are found. `coverage.status` says ``ok``,
    ``no_genes``, ``low_coverage`` or ``too_few_genes``. With `by_recipe` it has to have a recipe
    (else ``no_recipe``) and all genes and controls that this needs (else ``incomplete_recipe``).

    >>> collection = SignatureCollection.of({"S": ["NGF", "NTRK1", "NGFR"], "T": ["XYZ"]})
    >>> compiled = compile_signatures(collection, pd.Index(["NTRK1", "NGF", "TP53"]), min_genes=2)
    >>> compiled.names, compiled.sets.indices.tolist()
    (('S',), [0, 1])
    >>> compiled.coverage[["n_genes", "n_found", "status"]].to_dict("index")["T"]
    {'n_genes': 1, 'n_found': 0, 'status': 'no_genes'}
    """
    rows, names = [], []
    recipes: list[str | None] = []
    positions: list[NDArray[np.int64]] = []
    weights: list[NDArray[np.float64]] = []
    absent_weights: list[NDArray[np.float64]] = []
    controls: list[NDArray[np.int64]] = []
    for signature in signatures.values():
        found = _positions(signature.genes, var_names)
        is_found = found >= 0
        found_controls = _positions(signature.controls, var_names) if by_recipe else found[:0]
        status = _status(signature, int(is_found.sum()), min_genes, min_coverage)
        if by_recipe:
            status = _recipe_status(signature, status, is_found, found_controls >= 0)
        rows.append(_coverage_row(signature, is_found, found_controls >= 0, status))
        if status == OK:
            order = np.argsort(found[is_found], kind="stable")
            names.append(signature.id)
            recipes.append(signature.recipe)
            positions.append(found[is_found][order])
            gene_weights = np.asarray(_weights_of(signature))
            weights.append(gene_weights[is_found][order])
            absent_weights.append(gene_weights[~is_found])
            controls.append(np.sort(found_controls))
    index = pd.Index(list(signatures), name="signature", dtype="str")
    coverage = pd.DataFrame(rows, index=index, columns=list(Coverage.ALL))
    arms, owner, sign = _split_arms(positions, weights)
    return CompiledSignatures(
        names=tuple(names),
        sets=GeneSets.from_lists(positions, weights),
        arms=arms,
        arm_owner=owner,
        arm_sign=sign,
        arm_n_absent=_count_absent(absent_weights, owner, sign),
        coverage=coverage,
        n_genes=len(var_names),
        recipes=tuple(recipes),
        controls=GeneSets.from_lists(controls, [np.ones(len(genes)) for genes in controls]),
    )


def _positions(genes: tuple[str, ...], var_names: pd.Index) -> NDArray[np.int64]:
    """Column of each gene, -1 where it is absent."""
    return var_names.get_indexer(pd.Index(genes, dtype=object)).astype(np.int64)


def _weights_of(signature: Signature) -> tuple[float, ...]:
    return signature.weights if signature.weights is not None else (1.0,) * len(signature.genes)


def _status(signature: Signature, n_found: int, min_genes: int | None, min_coverage: float) -> str:
    n_genes = len(signature.genes)
    needed = min(DEFAULT_MIN_GENES, n_genes) if min_genes is None else min_genes
    if n_found == 0:
        return "no_genes"
    if n_found / n_genes < min_coverage:
        return "low_coverage"
    return "too_few_genes" if n_found < needed else OK


def _recipe_status(
    signature: Signature,
    status: str,
    is_found: NDArray[np.bool_],
    is_control_found: NDArray[np.bool_],
) -> str:
    """The status for a method that follows recipes, from that for one that does not."""
    if signature.recipe is None:
        return NO_RECIPE
    if RECIPES[signature.recipe].needs_all:
        has_all = bool(is_found.all() and is_control_found.all())
        return OK if has_all else INCOMPLETE_RECIPE
    is_up = np.asarray(_weights_of(signature)) > 0
    has_lost_an_arm = any(arm.any() and not is_found[arm].any() for arm in (is_up, ~is_up))
    return INCOMPLETE_RECIPE if status == OK and has_lost_an_arm else status


def _coverage_row(
    signature: Signature,
    is_found: NDArray[np.bool_],
    is_control_found: NDArray[np.bool_],
    status: str,
) -> dict[str, object]:
    missing = [g for g, f in zip(signature.genes, is_found, strict=True) if not f]
    missing += [g for g, f in zip(signature.controls, is_control_found, strict=False) if not f]
    return {
        Coverage.N_GENES: len(signature.genes),
        Coverage.N_FOUND: int(is_found.sum()),
        Coverage.COVERAGE: float(is_found.mean()),
        Coverage.STATUS: status,
        Coverage.MISSING: ";".join(missing),
    }


def _split_arms(
    positions: list[NDArray[np.int64]], weights: list[NDArray[np.float64]]
) -> tuple[GeneSets, NDArray[np.int64], NDArray[np.float64]]:
    arm_positions, arm_weights, owner, sign = [], [], [], []
    for i, (genes, gene_weights) in enumerate(zip(positions, weights, strict=True)):
        for direction in (1.0, -1.0):
            in_arm = np.sign(gene_weights) == direction
            if in_arm.any():
                arm_positions.append(genes[in_arm])
                arm_weights.append(np.abs(gene_weights[in_arm]))
                owner.append(i)
                sign.append(direction)
    return (
        GeneSets.from_lists(arm_positions, arm_weights),
        np.asarray(owner, dtype=np.int64),
        np.asarray(sign, dtype=np.float64),
    )


def _count_absent(
    absent_weights: list[NDArray[np.float64]],
    owner: NDArray[np.int64],
    sign: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Absent genes of each arm from the weights of the absent genes of each signature."""
    counts = [
        np.count_nonzero(np.sign(absent_weights[i]) == direction)
        for i, direction in zip(owner, sign, strict=True)
    ]
    return np.asarray(counts, dtype=np.int64)
