"""Gene sets as MSigDB's JSON files have them: name to symbols and where the set comes from."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from neurosig.errors import SignatureError, examples
from neurosig.genesets.signature import Signature, SignatureCollection

_FIELDS: Final[Mapping[str, str]] = {
    "systematicName": "systematic_name",
    "pmid": "pmid",
    "exactSource": "table",
    "msigdbURL": "url",
    "collection": "collection",
}
"""Field of MSigDB to the field of `Signature.source` that says the same."""


def is_msigdb(content: object) -> bool:
    """Whether a JSON document is one of MSigDB's: every set has its `geneSymbols`."""
    return (
        isinstance(content, Mapping)
        and bool(content)
        and all(isinstance(part, Mapping) and "geneSymbols" in part for part in content.values())
    )


def signatures_of_msigdb(content: Mapping[str, Any], file: str) -> SignatureCollection:
    """A collection of a JSON document of MSigDB.

    Raises
    ------
    SignatureError
        The symbols of a set are not a list, or a set cannot be used.
    """
    return SignatureCollection(_signatures(content, file))


def _signatures(content: Mapping[str, Any], file: str) -> Iterator[Signature]:
    for name, fields in content.items():
        genes = fields["geneSymbols"]
        if not isinstance(genes, list) or not all(isinstance(gene, str) for gene in genes):
            raise SignatureError(
                f"{file}: the geneSymbols of {name!r} are not a list of symbols",
                f"Its fields are {examples(fields, 20)}",
                "Download the JSON file of the set again",
            )
        source = {
            ours: str(fields[theirs]) for theirs, ours in _FIELDS.items() if fields.get(theirs)
        }
        yield Signature(id=name, genes=tuple(genes), source={"kind": "msigdb", **source})
