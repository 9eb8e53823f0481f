"""GMT files: one gene set per line, `name <tab> description <tab> gene <tab> gene ...`.

Reading is strict, since a set that loses genes in silence still gives a score. A GMT holds no
weights; two directions are two lines, `NAME_UP` and `NAME_DN`, as MSigDB has them.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from neurosig import _atomic
from neurosig._text_files import open_text
from neurosig.errors import GmtError, ParameterError, SignatureError, count, examples
from neurosig.genesets.signature import Signature, SignatureCollection

UP, DOWN = "_UP", "_DN"
MAX_BYTES = 200_000_000

_WEIGHTED_GENE = re.compile(r"[^,]+,[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?")


def read_gmt(
    path: Path | str,
    *,
    duplicates: Literal["error", "drop"] = "error",
    pair_up_down: bool = False,
    max_bytes: int = MAX_BYTES,
) -> SignatureCollection:
    r"""Read gene sets from a GMT file, plain or gzip.

    Blanks around a field, blank lines and tabs at the end of a line are dropped; Windows line ends
    and a byte-order mark are fine. The description becomes the title.

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
    if duplicates not in ("error", "drop"):
        raise ParameterError(
            f"duplicates cannot be {duplicates!r}", "Allowed: error, drop", "The default is 'error'"
        )
    path = Path(path)
    text = open_text(path, max_bytes=max_bytes, error=GmtError).text
    first_lines: dict[str, int] = {}
    signatures: dict[str, Signature] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        signature = _parsed(line, number, path.name, duplicates)
        if signature.id in signatures:
            raise _line_error(
                path.name,
                number,
                f"the set {signature.id!r} is there already",
                f"Its first line is {first_lines[signature.id]}",
                "Rename or remove one of the two",
            )
        first_lines[signature.id] = number
        signatures[signature.id] = signature
    if pair_up_down:
        return SignatureCollection(_paired(signatures, first_lines, path.name))
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
        for signature in _writable(signatures)
        for name, title, genes in _lines_of(signature)
    }
    text = "".join(
        "\t".join((name, title, *genes)) + "\n" for name, (title, genes) in lines.items()
    )
    _atomic.write_text(Path(path), text)


def _line_error(file: str, number: int, what: str, evidence: str, remedy: str) -> GmtError:
    return GmtError(f"{file}, line {number}: {what}", evidence, remedy, file=file, line=number)


def _parsed(line: str, number: int, file: str, duplicates: str) -> Signature:
    fields = [field.strip() for field in line.rstrip("\t\r ").split("\t")]
    if len(fields) < 3:
        has_tab = "\t" in line
        raise _line_error(
            file,
            number,
            "the set is empty" if has_tab and fields[0] else "there is no tab",
            f"The line has {count(len(fields), 'field')}: {examples(f[:40] for f in fields)}",
            "A line is: name <tab> description <tab> gene <tab> gene ...; the description may be "
            "empty, its tab may not",
        )
    name, title, *genes = fields
    if "" in genes:
        raise _line_error(
            file,
            number,
            f"the set {name!r} has an empty gene",
            f"It is gene {genes.index('') + 1} of {len(genes)}",
            "Remove the doubled tab",
        )
    if all(_WEIGHTED_GENE.fullmatch(gene) for gene in genes):
        raise _line_error(
            file,
            number,
            f"the genes of {name!r} carry weights",
            f"For example {examples(genes, 3)}",
            "A GMT holds names only: remove ',number' after each gene, or keep the weights in a "
            "CSV with source,target,weight",
        )
    if duplicates == "drop":
        genes = list(dict.fromkeys(genes))
    try:
        return Signature(id=name, title=title, genes=tuple(genes))
    except SignatureError as error:
        has_repeats = len(set(genes)) < len(genes)
        remedy = "Correct the line or read with duplicates='drop'" if has_repeats else error.remedy
        raise _line_error(file, number, error.what, error.evidence, remedy) from error


def _paired(
    signatures: Mapping[str, Signature], lines: Mapping[str, int], file: str
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
            yield _joined(stem, signatures, lines, file)


def _joined(
    stem: str, signatures: Mapping[str, Signature], lines: Mapping[str, int], file: str
) -> Signature:
    up, down = signatures[stem + UP], signatures[stem + DOWN]
    number = lines[down.id]
    if stem in signatures:
        raise _line_error(
            file,
            number,
            f"joining {up.id!r} and {down.id!r} gives {stem!r}, which is there already",
            f"Line {lines[stem]} holds it",
            "Rename one, or read with pair_up_down=False",
        )
    both = [gene for gene in up.genes if gene in set(down.genes)]
    if both:
        raise _line_error(
            file,
            number,
            f"{up.id!r} and {down.id!r} share {count(len(both), 'gene')}",
            f"They are {examples(both)}",
            "Remove them from one of the two, or read with pair_up_down=False",
        )
    weights = (1.0,) * up.n_genes + (-1.0,) * down.n_genes
    return Signature(id=stem, title=up.title, genes=up.genes + down.genes, weights=weights)


def _lines_of(signature: Signature) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if not signature.is_directed:
        yield signature.id, signature.title, signature.genes
        return
    yield signature.id + UP, signature.title, signature.up
    yield signature.id + DOWN, signature.title, signature.down


def _writable(signatures: SignatureCollection) -> tuple[Signature, ...]:
    listed = tuple(signatures.values())
    directed = [s.id for s in listed if s.is_directed]
    plain = {s.id for s in listed if not s.is_directed}
    refusals = {
        "have weights other than +1 and -1": [s.id for s in listed if s.is_weighted],
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
        raise SignatureError("An empty collection cannot be a GMT file", "", "Add a signature")
    for why, names in refusals.items():
        if names:
            raise SignatureError(
                f"{count(len(names), 'signature')} cannot be written as GMT: they {why}",
                f"They are {examples(names)}",
                "Keep everything with .to_json(path), or genes and weights with .to_csv(path)",
                signatures=names,
            )
    return listed


def _is_one_field(title: str) -> bool:
    return title.isprintable() and title == title.strip()
