"""What `score` says of signatures and observations that are not scored as they were asked for.

Each function looks at one thing, writes the status of the signatures concerned into the coverage,
and warns once.
"""

import warnings
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import CoverageError, CoverageWarning, ScoreWarning, count, examples
from neurosig.expression.base import Expression
from neurosig.expression.checks import check_orientation, check_overlap
from neurosig.expression.mismatch import HARMONISE, Mismatch, explain_mismatch
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.genesets.gene_table import gene_table
from neurosig.genesets.refusals import Refusal, refusals
from neurosig.genesets.signature import SignatureCollection
from neurosig.genesets.symbols import earlier_names
from neurosig.keys import OK, SCORED, Coverage
from neurosig.methods.base import Method

_WITHOUT_RANKING: Final = (
    "Their genes do not differ in the ranking of the method; look at these observations, leave "
    'them out, or use a method that needs no ranking, such as method="mean"'
)
_WITHOUT_RECIPE: Final = (
    "A value of theirs is negative where the recipe reads linear ones; give TPM, FPKM or "
    "normalised counts as for the cohort"
)


def check_coverage(
    expression: Expression,
    collection: SignatureCollection,
    sets: CompiledSignatures,
    min_genes: int | None,
    min_coverage: float,
) -> None:
    """Warn of signatures that are refused, and refuse if all are.

    Where genes seem to be there under another name, the message says so.

    Raises
    ------
    OrientationError, CoverageError
        No signature can be scored.
    """
    rule = f"min_coverage={min_coverage:g}, min_genes={min_genes if min_genes else 'up to 3'}"
    refused = refusals(sets.coverage, rule)
    if not sets.names:
        genes = {gene for signature in collection.values() for gene in signature.genes}
        check_orientation(expression, genes)
        check_overlap(expression, genes)
    hint = _naming_hint(expression, sets) if any(r.lacks_genes for r in refused) else None
    messages = [_hinted(refusal, hint) for refusal in refused]
    if not sets.names:
        what, evidence, remedy = ("; ".join(texts) for texts in zip(*messages, strict=True))
        raise CoverageError(what, evidence, remedy, coverage=sets.coverage)
    for message in messages:
        warnings.warn(CoverageWarning(*message), stacklevel=3)


def _hinted(refusal: Refusal, hint: Mismatch | None) -> tuple[str, str, str]:
    what, evidence, remedy, lacks_genes = refusal
    if hint is None or not lacks_genes:
        return what, evidence, remedy
    return what, f"{evidence}. {hint.cause}", f"{hint.remedy}. {remedy}"


def _naming_hint(expression: Expression, sets: CompiledSignatures) -> Mismatch | None:
    """Why genes are missing, if the data have them under another kind of name."""
    refused = sets.coverage[~sets.coverage[Coverage.STATUS].isin(SCORED)]
    missing = {gene for genes in refused[Coverage.MISSING] for gene in genes.split(";") if gene}
    hint = explain_mismatch(expression.var_names, missing)
    if hint is not None:
        return hint
    earlier = earlier_names(missing, set(expression.var_names), gene_table("human"))
    if not earlier:
        return None
    shown = examples((f"{name} for {gene}" for gene, name in earlier.items()), quoted=False)
    cause = f"The data have {count(len(earlier), 'missing gene')} under an earlier name: {shown}"
    return Mismatch("earlier_names", cause, HARMONISE)


def warn_of_ignored_weights(
    collection: SignatureCollection, sets: CompiledSignatures, method: Method
) -> None:
    """Weights whose size the method does not use."""
    weighted = [name for name in sets.names if collection[name].is_weighted]
    if weighted and method.weights == "sign":
        sets.coverage.loc[weighted, Coverage.STATUS] = Coverage.WEIGHTS_IGNORED
        warnings.warn(
            CoverageWarning(
                f"{method.spec.name} uses the direction of genes, not the size of their weights",
                f"{count(len(weighted), 'signature')} with weights: {examples(weighted)}",
                "Their coverage.status says weights_ignored; leave them out of this call if the "
                "weights matter",
            ),
            stacklevel=3,
        )


def warn_of_missing_arms(collection: SignatureCollection, sets: CompiledSignatures) -> None:
    """Signatures of two arms that are scored by one of them."""
    n_arms = np.bincount(sets.arm_owner, minlength=sets.n_signatures)
    lost = [
        name
        for name, n_found in zip(sets.names, n_arms, strict=True)
        if n_found < bool(collection[name].up) + bool(collection[name].down)
    ]
    if lost:
        warnings.warn(
            CoverageWarning(
                f"{count(len(lost), 'signature')} with an up and a down arm "
                f"{'has' if len(lost) == 1 else 'have'} no gene of one arm in the data",
                f"Scored by the other arm alone: {examples(lost)}",
                "Such scores are not on the scale of cohorts that hold both arms; see "
                "coverage.missing_genes",
            ),
            stacklevel=3,
        )


def warn_of_missing_scores(
    values: NDArray[np.float64], sets: CompiledSignatures, method: Method
) -> None:
    """Signatures that have their genes and no score in any observation."""
    status = sets.coverage[Coverage.STATUS]
    missing = [
        name
        for i, name in enumerate(sets.names)
        if np.isnan(values[:, i]).all() and status[name] in SCORED
    ]
    if missing:
        sets.coverage.loc[missing, Coverage.STATUS] = Coverage.NO_SCORE
        warnings.warn(
            CoverageWarning(
                f"{method.spec.name} gives no score to {count(len(missing), 'signature')} in any "
                "observation",
                f"Their genes are found, the scores are not defined: {examples(missing)}",
                "Leave them out, or give what they lack: a set of all genes needs other genes to "
                "rank among, constant genes have no z-value, components of equal variance have no "
                'first one, one score has no range, and with na="propagate" a gene that is always '
                "missing takes its signatures with it",
            ),
            stacklevel=3,
        )


def warn_of_flat_observations(names: pd.Index, method: Method) -> None:
    """Observations whose genes all have one value, where the method ranks them."""
    if len(names) and method.spec.scale == "ranks":
        warnings.warn(
            ScoreWarning(
                f"{method.spec.name} ranks the genes of an observation, and in "
                f"{count(len(names), 'observation')} all genes have one and the same value",
                f"{examples(names)}: their scores are missing or what the rule for ties gives to "
                "any genes",
                "Leave them out, data[data.nunique(axis=1) > 1] of a table or "
                "sc.pp.filter_cells(adata, min_genes=1), or find the step that emptied them",
            ),
            stacklevel=3,
        )


def warn_of_observations_without_score(
    values: NDArray[np.float64],
    is_flat: NDArray[np.bool_],
    obs_names: pd.Index,
    sets: CompiledSignatures,
    method: Method,
) -> None:
    """Observations that have no score of signatures which others have."""
    if method.allows_missing:  # then the policy that was stated says what is missing
        return
    is_missing = np.isnan(values)
    n_missing = np.count_nonzero(is_missing, axis=0)
    is_partial = (n_missing > 0) & (n_missing < len(values))
    partial = [sets.names[s] for s in np.flatnonzero(is_partial)]
    status = sets.coverage.loc[partial, Coverage.STATUS]
    sets.coverage.loc[status.index[status == OK], Coverage.STATUS] = Coverage.PARTLY_SCORED
    are_told = is_flat if method.spec.scale == "ranks" else np.zeros_like(is_flat)
    without = is_missing[:, is_partial].any(axis=1) & ~are_told
    if without.any():
        warnings.warn(
            ScoreWarning(
                f"{method.spec.name} gives no score to {count(int(without.sum()), 'observation')} "
                f"of {len(obs_names)} for {count(len(partial), 'signature')}",
                f"Observations: {examples(obs_names[without])}; signatures: {examples(partial)}",
                _WITHOUT_RECIPE if method.weights == "recipe" else _WITHOUT_RANKING,
            ),
            stacklevel=3,
        )
