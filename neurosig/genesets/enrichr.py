"""Gene-set libraries of Enrichr, through gseapy and the network."""

import socket
from typing import Final, Literal, get_args
from urllib.request import getproxies

from neurosig.errors import (
    ParameterError,
    ResourceError,
    SignatureError,
    UnknownSignatureError,
    count,
    examples,
)
from neurosig.genesets.catalogue import unknown_name
from neurosig.genesets.signature import Signature, SignatureCollection

Organism = Literal["Human", "Mouse", "Yeast", "Fly", "Fish", "Worm"]

HOST: Final = "maayanlab.cloud"
_NO_LIMIT: Final = 2**31


def read_enrichr(library: str, *, organism: Organism = "Human") -> SignatureCollection:
    """Download a library of Enrichr, such as "KEGG_2021_Human" (needs a network).

    gseapy fetches the library and leaves out the weights that some old ones have. A licence is not
    stated by Enrichr: it stays "unknown".

    Parameters
    ----------
    library : str
        The name as on Enrichr's page of libraries.
    organism : {"Human", "Mouse", "Yeast", "Fly", "Fish", "Worm"}
        Whose libraries.

    Returns
    -------
    SignatureCollection
        One signature per term, in the order of the library.

    Raises
    ------
    ParameterError
        There is no such organism.
    UnknownSignatureError
        There is no such library; the closest names are in the message.
    ResourceError
        The server cannot be reached or does not answer as it should.
    """
    if organism not in get_args(Organism):
        raise ParameterError(
            f"organism cannot be {organism!r}",
            f"Allowed: {', '.join(get_args(Organism))}",
            "The default is 'Human'",
        )
    terms = _download(library, organism)
    empty = [term for term, genes in terms.items() if not genes]
    if empty or not terms:
        raise SignatureError(
            f"The library {library!r} has {count(len(empty), 'term')} without genes",
            f"They are {examples(empty)}, of {count(len(terms), 'term')}",
            "Download the library as a GMT file, correct it, and read it with ns.read_gmt(path)",
        )
    source = {"kind": "enrichr", "database": library}
    return SignatureCollection(
        Signature(
            id=term.strip(), genes=tuple(dict.fromkeys(genes)), organism=organism, source=source
        )
        for term, genes in terms.items()
    )


def _download(library: str, organism: str) -> dict[str, list[str]]:
    """The terms of a library; whatever gseapy raises becomes one of our errors."""
    import gseapy

    _check_host()
    try:
        known: list[str] = gseapy.get_library_name(organism=organism)
        if library in known:
            terms: dict[str, list[str]] = gseapy.get_library(
                library, organism=organism, min_size=0, max_size=_NO_LIMIT
            )
            return terms
    except Exception as error:  # gseapy raises a bare Exception for some answers of the server
        raise _unreachable(f"{type(error).__name__}: {error!s:.200}") from error
    raise _unknown_library(library, known)


def _unknown_library(library: str, known: list[str]) -> UnknownSignatureError:
    error = unknown_name("library", "libraries", library, known)
    return UnknownSignatureError(
        error.what,
        f"Enrichr has {count(len(known), 'library', 'libraries')}: {examples(known)}",
        error.remedy if error.facts["closest"] else "gseapy.get_library_name() lists all of them",
        **error.facts,
    )


def _check_host() -> None:
    """Say at once that there is no network; gseapy would try for half a minute."""
    if getproxies():
        return  # the proxy resolves the name
    try:
        socket.getaddrinfo(HOST, 443)
    except OSError as error:
        raise _unreachable(str(error)) from error


def _unreachable(why: str) -> ResourceError:
    return ResourceError(
        f"The server of Enrichr ({HOST}) cannot be used",
        why,
        "Download the library's GMT file where there is a network and read it with "
        "ns.read_gmt(path)",
        host=HOST,
    )
