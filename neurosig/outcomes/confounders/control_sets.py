"""Control sets as possible confounders: their scores, and the genes they share with a signature."""

import math
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from neurosig.engine import score
from neurosig.errors import ParameterError, examples
from neurosig.expression.adapters import as_expression
from neurosig.genesets.catalogue import Catalogue
from neurosig.genesets.compiled import DEFAULT_MIN_GENES, compile_signatures
from neurosig.genesets.finding import load_signatures
from neurosig.genesets.signature import Signature, SignatureCollection
from neurosig.keys import OK, Coverage
from neurosig.methods.base import Method
from neurosig.methods.registry import get_method

CONTROL_PANEL: Final = "confounders"
"""The panel of the catalogue that holds the control sets."""


@dataclass(frozen=True, slots=True, eq=False)
class ControlScores:
    """Scores of control sets, whole and without the genes that a signature shares with them.

    Attributes
    ----------
    whole
        (n_obs, n_controls); a control that could not be scored is NaN.
    status
        Why a control could not be scored, "ok" for the others.
    shared
        Genes in the matrix that belong to both, by signature and control; absent where none.
    reduced
        (n_obs,) scores of the control without them; absent where too few genes are left.
    """

    whole: pd.DataFrame
    status: dict[str, str]
    shared: dict[tuple[str, str], tuple[str, ...]]
    reduced: dict[tuple[str, str], pd.Series]


def catalogue_controls() -> SignatureCollection:
    """The control sets of the catalogue, for stroma, immune cells, proliferation and metabolism."""
    return load_signatures(panel=CONTROL_PANEL)


def signatures_of(names: list[str], given: Any) -> SignatureCollection:
    """The genes behind scores: from the collection given, or from the catalogue.

    Raises
    ------
    ParameterError
        The genes of a score are not known.
    """
    if given is None:
        known = set(Catalogue.bundled().ids())
        collection = load_signatures(ids=[name for name in names if name in known])
    else:
        collection = SignatureCollection.of(given)
    unknown = [name for name in names if name not in collection]
    if unknown:
        where = "the catalogue" if given is None else "signatures"
        raise ParameterError(
            f"The genes of the score {unknown[0]!r} are not known",
            f"{len(unknown)} of {len(names)} scores are not in {where}: {examples(unknown)}",
            "Pass signatures=, what the scores were made with: genes that a signature shares with "
            "a control set make them correlate",
        )
    return collection


def score_controls(
    expression: Any,
    controls: SignatureCollection,
    signatures: SignatureCollection,
    *,
    method: str | Method,
) -> ControlScores:
    """Score the control sets, and each once more for every signature it shares genes with."""
    matrix, chosen = as_expression(expression), get_method(method)
    shared: dict[tuple[str, str], tuple[str, ...]] = {}
    reduced: dict[tuple[str, str], Signature] = {}
    for name, signature in signatures.items():
        held = set(signature.genes)
        for control_name, control in controls.items():
            both = tuple(g for g in control.genes if g in held and g in matrix.var_names)
            if both and name != control_name:
                shared[name, control_name] = both
                part = _without(control, held, f"{control_name} without {name}")
                if part is not None:
                    reduced[name, control_name] = part
    collection = SignatureCollection(reduced.values())
    scorable = set(compile_signatures(collection, matrix.var_names).names)
    left = {pair: part.id for pair, part in reduced.items() if part.id in scorable}
    collection = SignatureCollection(s for s in collection.values() if s.id in scorable)
    if chosen.spec.weights == "sign":  # one warning of ignored weights for the whole sets will do
        collection = SignatureCollection(map(_by_direction, collection.values()))
    scores = score(matrix, controls | collection, method=chosen)
    status = scores.coverage.loc[list(controls), Coverage.STATUS].replace("weights_ignored", OK)
    return ControlScores(
        scores.values[list(controls)],
        {str(name): str(why) for name, why in status.items()},
        shared,
        {pair: scores.values[name] for pair, name in left.items()},
    )


def _by_direction(signature: Signature) -> Signature:
    signs = tuple(math.copysign(1.0, weight) for weight in signature.weight_of.values())
    return Signature(id=signature.id, genes=signature.genes, weights=signs)


def _without(control: Signature, genes: set[str], name: str) -> Signature | None:
    """The control set without some genes; None if less than three of it (or all) are left."""
    kept = {gene: weight for gene, weight in control.weight_of.items() if gene not in genes}
    if len(kept) < min(DEFAULT_MIN_GENES, control.n_genes):
        return None
    return Signature(id=name, genes=tuple(kept), weights=tuple(kept.values()))
