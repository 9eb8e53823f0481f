"""A gene signature, and an ordered, immutable collection of them."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from neurosig.errors import SignatureError, count, examples
from neurosig.genesets.gene_lists import (
    check_genes,
    check_name,
    checked_weights,
    gene_list,
    is_weight,
    refuse_both_arms,
)
from neurosig.genesets.recipes import check_recipe

if TYPE_CHECKING:
    import pandas as pd

SignaturesLike: TypeAlias = Union["SignatureCollection", "Signature", Mapping[str, Any]]
"""What `SignatureCollection.of` accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A named list of genes, each with a weight whose sign is its direction.

    `weights` is aligned with `genes`; None means that every gene counts with +1 (weights that are
    all 1 are stored as None, so that there is one way to say it).

    Parameters
    ----------
    id : str
        The name; any printable text without blanks around it.
    genes : sequence of str
        Gene names as in the expression data, each once.
    weights : sequence of float, optional
        One finite, non-zero number per gene.
    title, category, organism, evidence, licence, notes : str
        What is known of the signature; a catalogue entry fills them in.
    source : mapping
        Where the list was read (kind, DOI, release and so on). Treat it as read-only.
    verified : bool
        Whether the list was checked against its primary source.
    recipe : str, optional
        How its paper scores it, where that is more than a set of genes; a name out of
        `neurosig.genesets.recipes.RECIPES`. The method "published" follows it.
    controls : sequence of str
        Genes whose mean the recipe subtracts, where it does so.
    cancer_context : sequence of str
        Cancers it was made or used in.

    Raises
    ------
    SignatureError
        Empty or unprintable name; no genes; a gene that is not text, blank, or listed twice (for
        instance as up and as down); a weight that is zero, not finite or missing; a recipe that is
        unknown, or that the weights and controls do not fit.

    Examples
    --------
    >>> pain = Signature(id="pain", genes=("NGF", "TRPV1", "OPRM1"), weights=(1, 2, -1))
    >>> pain.up, pain.down, pain.is_weighted, pain.is_directed, pain.weight_of["TRPV1"]
    (('NGF', 'TRPV1'), ('OPRM1',), True, True, 2.0)
    """

    id: str
    genes: tuple[str, ...]
    weights: tuple[float, ...] | None = None
    title: str = ""
    category: str = ""
    organism: str = ""
    source: Mapping[str, Any] = field(default_factory=dict, hash=False)
    evidence: str = ""
    licence: str = "unknown"
    verified: bool = False
    recipe: str | None = None
    controls: tuple[str, ...] = ()
    cancer_context: tuple[str, ...] = ()
    notes: str = ""

    def __post_init__(self) -> None:
        check_name(self.id)
        object.__setattr__(self, "genes", gene_list(self.id, self.genes))
        check_genes(self.id, self.genes)
        object.__setattr__(self, "weights", checked_weights(self.id, self.genes, self.weights))
        object.__setattr__(self, "controls", gene_list(self.id, self.controls))
        if self.controls:
            check_genes(self.id, self.controls)
        check_recipe(self.id, self.recipe, self.genes, self.weights, self.controls)
        object.__setattr__(self, "source", dict(self.source))
        object.__setattr__(self, "cancer_context", tuple(self.cancer_context))

    @property
    def n_genes(self) -> int:
        """Number of genes."""
        return len(self.genes)

    @property
    def weight_of(self) -> dict[str, float]:
        """Gene to weight, in the order of the genes."""
        weights = self.weights or (1.0,) * len(self.genes)
        return dict(zip(self.genes, weights, strict=True))

    @property
    def up(self) -> tuple[str, ...]:
        """Genes with a positive weight."""
        return tuple(gene for gene, weight in self.weight_of.items() if weight > 0)

    @property
    def down(self) -> tuple[str, ...]:
        """Genes with a negative weight."""
        return tuple(gene for gene, weight in self.weight_of.items() if weight < 0)

    @property
    def is_weighted(self) -> bool:
        """Whether any weight is other than +1 or -1."""
        return any(abs(weight) != 1 for weight in self.weights or ())

    @property
    def is_directed(self) -> bool:
        """Whether any weight is negative."""
        return any(weight < 0 for weight in self.weights or ())

    @property
    def sha256(self) -> str:
        """SHA-256 of the genes and weights; the order of the genes does not matter.

        The text hashed is compact JSON: [[gene, weight], ...] sorted by gene, weights as floats.
        """
        return _sha256(sorted(self.weight_of.items()))


class SignatureCollection(Mapping[str, Signature]):
    """An ordered, immutable mapping of signature id to `Signature`.

    Parameters
    ----------
    signatures : iterable of Signature
        Their ids have to differ.

    Examples
    --------
    >>> both = SignatureCollection.of({"nerve": ["NGF", "BDNF"]}) | SignatureCollection.of(
    ...     {"stress": {"up": ["FOS"], "down": ["IFNB1"]}}
    ... )
    >>> list(both), both["stress"].down
    (['nerve', 'stress'], ('IFNB1',))
    >>> both.to_frame()
       source target  weight
    0   nerve    NGF     1.0
    1   nerve   BDNF     1.0
    2  stress    FOS     1.0
    3  stress  IFNB1    -1.0
    """

    __slots__ = ("_by_id",)

    def __init__(self, signatures: Iterable[Signature] = ()) -> None:
        listed = tuple(signatures)
        _refuse_repeats([signature.id for signature in listed])
        self._by_id = {signature.id: signature for signature in listed}

    @classmethod
    def of(cls, signatures: SignaturesLike) -> "SignatureCollection":
        """Make a collection of what a user may hand in.

        Parameters
        ----------
        signatures : SignatureCollection, Signature or mapping
            A mapping has the names as keys; a value is a list of genes, a mapping of gene to
            weight, or ``{"up": [...], "down": [...]}``.

        Raises
        ------
        SignatureError
            Anything else, or a signature that cannot be used.

        Examples
        --------
        >>> SignatureCollection.of({"a": ["NGF", "NTRK1"], "b": {"CD8A": 0.5}})
        SignatureCollection of 2 signatures: 'a', 'b'
        """
        if isinstance(signatures, SignatureCollection):
            return signatures
        if isinstance(signatures, Signature):
            return cls([signatures])
        if isinstance(signatures, Mapping):
            return cls(_of_entry(name, value) for name, value in signatures.items())
        raise SignatureError(
            f"Signatures cannot be of type {type(signatures).__name__}",
            "Accepted: a SignatureCollection, a Signature, {name: [genes]}, "
            "{name: {gene: weight}}, {name: {'up': [...], 'down': [...]}}",
            "Give the list a name: {'my_signature': [...]}, or read a file: ns.read_gmt(path)",
        )

    @classmethod
    def from_frame(cls, frame: "pd.DataFrame") -> "SignatureCollection":
        """Make a collection of a table with the columns source, target and, if wanted, weight.

        Raises
        ------
        SignatureError
            A column is missing, or a row cannot be used.

        Examples
        --------
        >>> import pandas as pd
        >>> network = pd.DataFrame({"source": ["a", "a"], "target": ["NGF", "TH"]})
        >>> SignatureCollection.from_frame(network)["a"].genes
        ('NGF', 'TH')
        """
        missing = [name for name in ("source", "target") if name not in frame.columns]
        if missing:
            raise SignatureError(
                f"The table of signatures lacks the column {' and '.join(missing)}",
                f"It has {examples(map(str, frame.columns))}",
                "Rename: source = signature, target = gene, weight = weight (may be absent)",
            )
        weights = frame["weight"].tolist() if "weight" in frame.columns else [1.0] * len(frame)
        return cls.from_edges(
            zip(frame["source"].tolist(), frame["target"].tolist(), weights, strict=True)
        )

    @classmethod
    def from_edges(cls, edges: Iterable[tuple[str, str, float]]) -> "SignatureCollection":
        """Make a collection of (signature, gene, weight) rows, in order of first appearance."""
        genes: dict[str, list[str]] = {}
        weights: dict[str, list[float]] = {}
        for name, gene, weight in edges:
            genes.setdefault(name, []).append(gene)
            weights.setdefault(name, []).append(weight)
        return cls(
            Signature(id=name, genes=tuple(genes[name]), weights=tuple(weights[name]))
            for name in genes
        )

    def to_frame(self) -> "pd.DataFrame":
        """Columns source (signature), target (gene) and weight, one row per signature x gene."""
        import pandas as pd

        edges = [
            (signature.id, gene, weight)
            for signature in self.values()
            for gene, weight in signature.weight_of.items()
        ]
        sources, targets, weights = zip(*edges, strict=True) if edges else ((), (), ())
        return pd.DataFrame(
            {
                "source": pd.Series(sources, dtype="str"),
                "target": pd.Series(targets, dtype="str"),
                "weight": pd.Series(weights, dtype="float64"),
            }
        )

    def to_gmt(self, path: Path | str) -> None:
        """Write a GMT file (see `neurosig.genesets.gmt.write_gmt`)."""
        from neurosig.genesets.gmt import write_gmt

        write_gmt(self, path)

    def to_gmx(self, path: Path | str) -> None:
        """Write a GMX file, one column per set (see `neurosig.genesets.gmx.write_gmx`)."""
        from neurosig.genesets.gmx import write_gmx

        write_gmx(self, path)

    def to_json(self, path: Path | str) -> None:
        """Write everything that is known of the signatures as JSON."""
        from neurosig.genesets.exchange import write_json

        write_json(self, path)

    def to_csv(self, path: Path | str) -> None:
        """Write source, target, weight as CSV; titles and sources are not kept."""
        from neurosig.genesets.exchange import write_csv

        write_csv(self, path)

    @property
    def sha256(self) -> str:
        """SHA-256 of ids, genes and weights; the order of signatures and genes does not matter.

        The text hashed is compact JSON: [[id, [[gene, weight], ...]], ...], both levels sorted.
        """
        return _sha256(sorted((s.id, sorted(s.weight_of.items())) for s in self.values()))

    def __getitem__(self, name: str) -> Signature:
        return self._by_id[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def __or__(self, other: "SignatureCollection") -> "SignatureCollection":
        """All signatures of both; a name in both is refused."""
        if not isinstance(other, SignatureCollection):
            return NotImplemented
        return SignatureCollection([*self.values(), *other.values()])

    def __repr__(self) -> str:
        names = f": {examples(self)}" if self else ""
        return f"SignatureCollection of {count(len(self), 'signature')}{names}"


def _sha256(content: object) -> str:
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _refuse_repeats(names: list[str]) -> None:
    repeated = [name for name, n in Counter(names).items() if n > 1]
    if repeated:
        raise SignatureError(
            f"{count(len(repeated), 'signature name')} occur more than once",
            f"They are {examples(repeated)}",
            "Rename one of each pair, for example with dataclasses.replace(signature, id='...')",
            signatures=repeated,
        )


def _of_entry(name: object, value: object) -> Signature:
    check_name(name)
    label = str(name)
    if isinstance(value, Signature):
        return _renamed_is_refused(label, value)
    if isinstance(value, Mapping):
        if value and set(value) <= {"up", "down"} and not any(map(is_weight, value.values())):
            up = gene_list(label, value.get("up", ()))
            down = gene_list(label, value.get("down", ()))
            refuse_both_arms(label, up, down)
            signs = (1.0,) * len(up) + (-1.0,) * len(down)
            return Signature(id=label, genes=up + down, weights=signs)
        return Signature(id=label, genes=tuple(value), weights=tuple(value.values()))
    return Signature(id=label, genes=gene_list(label, value))


def _renamed_is_refused(name: str, signature: Signature) -> Signature:
    if signature.id == name:
        return signature
    raise SignatureError(
        f"The signature {signature.id!r} is listed under the name {name!r}",
        "",
        f"Rename it: dataclasses.replace(signature, id={name!r})",
    )
