"""GMT files: one gene set per line, `name <tab> description <tab> gene <tab> gene ...`.

Reading is strict, since a set that loses genes in silence still gives a score. Two directions are
two lines, `NAME_UP` and `NAME_DN`, as MSigDB has them. Enrichr's `GENE,0.5` is read as a weight; a
GMT is never written with weights, since most readers would take them for a part of the name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from neurosig import _atomic
from neurosig._text_files import open_text
from neurosig.errors import GmtError, ParameterError, SignatureError, count, examples
from neurosig.genesets.signature import Signature, SignatureCollection

UP, DOWN = "_UP", "_DN"
MAX_BYTES = 200_000_000

_WEIGHTED_GENE = re.compile(r"([^,]+),([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)")
_ADDRESS = re.compile(r"https?://\S+")


def read_gmt(
    path: Path | str,
    *,
    duplicates: Literal["error", "drop"] = "error",
    pair_up_down: bool = False,
    max_bytes: int = MAX_BYTES,
) -> SignatureCollection:
    r"""Read gene sets from a GMT file, plain or gzip.

    Blanks around a field, blank lines and tabs at the end of a line are dropped; Windows line ends
    and a byte-order mark are fine. The description becomes the title; an address, as MSigDB has
    it there, becomes `source["url"]` instead. Where every gene of a line is `GENE,number`, as in
    libraries of Enrichr, the numbers are its weights.

    Parameters
    ----------
    path : Path or str
        The file; gzip is told by its first bytes, not by its name.
    duplicates : {"error", "drop"}
        A gene listed twice in one set: refuse the file, or keep it once.
    pair_up_down : bool
        Join `NAME_UP` and `NAME_DN` into one signature `NAME` with +1 and -1 where both exist.
    max_bytes : int
        Refuse more than this many bytes, counted after unpacking.

    Returns
    -------
    SignatureCollection
        In the order of the file.

    Raises
    ------
    GmtError
        A line breaks the format (its number is named), the file is empty, too large, not UTF-8 or
        a damaged gzip.
    ResourceError
        The file is missing.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> folder = TemporaryDirectory()
    >>> path = Path(folder.name) / "sets.gmt"
    >>> _ = path.write_text("PAIN\tcancer pain\tNGF\tTRPV1\n")
    >>> read_gmt(path)["PAIN"].genes
    ('NGF', 'TRPV1')
    >>> folder.cleanup()
    """
    path = Path(path)
    text = open_text(path, max_bytes=max_bytes, error=GmtError).text
    rows = (
        (Place(path.name, "line", number), line.rstrip("\t\r ").split("\t"))
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    )
    return collected(rows, duplicates=duplicates, pair_up_down=pair_up_down)


class Place(NamedTuple):
    """Where a set stands in a file: line 3 of a GMT, column 3 of a GMX."""

    file: str
    unit: Literal["line", "column"]
    number: int

    def error(self, what: str, evidence: str, remedy: str) -> GmtError:
        """What is wrong there."""
        return GmtError(
            f"{self.file}, {self.unit} {self.number}: {what}",
            evidence,
            remedy,
            file=self.file,
            **{self.unit: self.number},
        )


def collected(
    rows: Iterable[tuple[Place, list[str]]], *, duplicates: str, pair_up_down: bool
) -> SignatureCollection:
    """A collection of rows of name, description and genes."""
    if duplicates not in ("error", "drop"):
        raise ParameterError(
            f"duplicates cannot be {duplicates!r}", "Allowed: error, drop", "The default is 'error'"
        )
    places: dict[str, Place] = {}
    signatures: dict[str, Signature] = {}
    for place, fields in rows:
        signature = _parsed([field.strip() for field in fields], place, duplicates)
        if signature.id in signatures:
            raise place.error(
                f"the set {signature.id!r} is there already",
                f"Its first {place.unit} is {places[signature.id].number}",
                "Rename or remove one of the two",
            )
        places[signature.id] = place
        signatures[signature.id] = signature
    if pair_up_down:
        return SignatureCollection(_paired(signatures, places))
    return SignatureCollection(signatures.values())


def write_gmt(signatures: SignatureCollection, path: Path | str) -> None:
    """Write a collection as a GMT file, in one step.

    A signature with both directions becomes two lines, `NAME_UP` and `NAME_DN`;
    ``read_gmt(path, pair_up_down=True)`` joins them again. Names, genes, directions and titles come
    back the same (so does the `sha256`); everything else about a signature is not in a GMT.

    Raises
    ------
    SignatureError
        What a GMT cannot hold: no signature at all, weights other than +1 and -1, only `down`
        genes, a title with tabs or line ends, or names that collide with the two lines.
    """
    lines = {
        name: (title, genes)
        for signature in writable(signatures, "GMT")
        for name, title, genes in arms_of(signature)
    }
    text = "".join(
        "\t".join((name, title, *genes)) + "\n" for name, (title, genes) in lines.items()
    )
    _atomic.write_text(Path(path), text)


def _parsed(fields: list[str], place: Place, duplicates: str) -> Signature:
    if len(fields) < 3:
        has_tab = len(fields) > 1
        raise place.error(
            "the set is empty" if has_tab and fields[0] else "there is no tab",
            f"It has {count(len(fields), 'field')}: {examples(f[:40] for f in fields)}",
            "A line is: name <tab> description <tab> gene <tab> gene ...; the description may be "
            "empty, its tab may not",
        )
    name, title, *genes = fields
    if "" in genes:
        raise place.error(
            f"the set {name!r} has an empty gene",
            f"It is gene {genes.index('') + 1} of {len(genes)}",
            "Remove the doubled tab",
        )
    if duplicates == "drop":
        genes = list(dict.fromkeys(genes))
    is_address = _ADDRESS.fullmatch(title)
    try:
        return Signature(
            id=name,
            title="" if is_address else title,
            source={"url": title} if is_address else {},
            **_genes_and_weights(genes),
        )
    except SignatureError as error:
        has_repeats = len(set(genes)) < len(genes)
        remedy = "Correct the line or read with duplicates='drop'" if has_repeats else error.remedy
        raise place.error(error.what, error.evidence, remedy) from error


def _genes_and_weights(genes: list[str]) -> dict[str, Any]:
    """Names alone, or names and numbers where every gene has one."""
    parts = [_WEIGHTED_GENE.fullmatch(gene) for gene in genes]
    if not all(parts):
        return {"genes": tuple(genes)}
    return {
        "genes": tuple(part[1] for part in parts if part),
        "weights": tuple(float(part[2]) for part in parts if part),
    }


def _paired(
    signatures: Mapping[str, Signature], places: Mapping[str, Place]
) -> Iterator[Signature]:
    """Join complete pairs where the first of the two stands; leave everything else alone."""
    stems = {
        name.removesuffix(UP)
        for name in signatures
        if name.endswith(UP) and name != UP and name.removesuffix(UP) + DOWN in signatures
    }
    done: set[str] = set()
    for name, signature in signatures.items():
        stem = name.removesuffix(UP) if name.endswith(UP) else name.removesuffix(DOWN)
        if stem == name or stem not in stems:
            yield signature
        elif stem not in done:
            done.add(stem)
            yield _joined(stem, signatures, places)


def _joined(
    stem: str, signatures: Mapping[str, Signature], places: Mapping[str, Place]
) -> Signature:
    up, down = signatures[stem + UP], signatures[stem + DOWN]
    place = places[down.id]
    if stem in signatures:
        raise place.error(
            f"joining {up.id!r} and {down.id!r} gives {stem!r}, which is there already",
            f"{place.unit.capitalize()} {places[stem].number} holds it",
            "Rename one, or read with pair_up_down=False",
        )
    both = [gene for gene in up.genes if gene in set(down.genes)]
    if both:
        raise place.error(
            f"{up.id!r} and {down.id!r} share {count(len(both), 'gene')}",
            f"They are {examples(both)}",
            "Remove them from one of the two, or read with pair_up_down=False",
        )
    weights = (1.0,) * up.n_genes + (-1.0,) * down.n_genes
    return Signature(
        id=stem, title=up.title, source=up.source, genes=up.genes + down.genes, weights=weights
    )


def arms_of(signature: Signature) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, description and genes of each line (or column) that a signature takes in a file."""
    address = str(signature.source.get("url", ""))
    description = signature.title or (address if _ADDRESS.fullmatch(address) else "")
    if not signature.is_directed:
        yield signature.id, description, signature.genes
        return
    yield signature.id + UP, description, signature.up
    yield signature.id + DOWN, description, signature.down


def writable(signatures: SignatureCollection, form: str) -> tuple[Signature, ...]:
    """The signatures of a collection that a file of names alone can hold, or the reason why not."""
    listed = tuple(signatures.values())
    directed = [s.id for s in listed if s.is_directed]
    plain = {s.id for s in listed if not s.is_directed}
    refusals = {
        "have weights other than +1 and -1": [s.id for s in listed if s.is_weighted],
        "would be read as genes with weights": [
            s.id for s in listed if all(_WEIGHTED_GENE.fullmatch(gene) for gene in s.genes)
        ],
        "have genes that go down but none that goes up": [s.id for s in listed if not s.up],
        "have a title with tabs, line ends or blanks around it": [
            s.id for s in listed if s.title and not _is_one_field(s.title)
        ],
        f"are directed, and the names with {UP} or {DOWN} are taken": [
            name for name in directed if {name + UP, name + DOWN} & set(signatures)
        ],
    }
    if directed:
        # With pairs to join on reading, an undirected pair of names would be joined as well.
        refusals[f"are undirected but form a pair of {UP} and {DOWN} beside directed ones"] = [
            name
            for name in sorted(plain)
            if name.endswith(UP) and name.removesuffix(UP) + DOWN in plain
        ]
    if not listed:
        raise SignatureError(f"An empty collection cannot be a {form} file", "", "Add a signature")
    for why, names in refusals.items():
        if names:
            raise SignatureError(
                f"{count(len(names), 'signature')} cannot be written as {form}: they {why}",
                f"They are {examples(names)}",
                "Keep everything with .to_json(path), or genes and weights with .to_csv(path)",
                signatures=names,
            )
    return listed


def _is_one_field(title: str) -> bool:
    return title.isprintable() and title == title.strip()
