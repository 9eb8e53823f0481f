"""Files of signatures: which format a file has by its name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from neurosig.errors import ParameterError, SignatureError
from neurosig.genesets.exchange import read_csv, read_json, write_csv, write_json
from neurosig.genesets.gmt import read_gmt, write_gmt
from neurosig.genesets.gmx import read_gmx, write_gmx
from neurosig.genesets.signature import SignatureCollection

_READERS: Final[Mapping[str, Callable[[Path], SignatureCollection]]] = {
    ".gmt": read_gmt,
    ".gmx": read_gmx,
    ".json": read_json,
    ".csv": read_csv,
}
_WRITERS: Final[Mapping[str, Callable[[SignatureCollection, Path], None]]] = {
    ".gmt": write_gmt,
    ".gmx": write_gmx,
    ".json": write_json,
    ".csv": write_csv,
}
_NAMES: Final = "GMT (.gmt), GMX (.gmx), JSON (.json), source,target,weight (.csv)"


def read_signatures(path: Path | str) -> SignatureCollection:
    r"""Read a file of signatures; its name says the format, `.gz` behind it is fine.

    GMT and GMX files (also of MSigDB and Enrichr), JSON (ours or MSigDB's) and CSV with source,
    target and weight.

    Parameters
    ----------
    path
        File of signatures.

    Returns
    -------
    SignatureCollection
        In the order of the file.

    Raises
    ------
    SignatureError
        The name has another ending, or the content cannot be used.
    ResourceError
        The file is missing.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> folder = TemporaryDirectory()
    >>> path = Path(folder.name) / "network.csv"
    >>> _ = path.write_text("source,target,weight\nPAIN,NGF,1\nPAIN,OPRM1,-1\n")
    >>> read_signatures(path)["PAIN"].down
    ('OPRM1',)
    >>> folder.cleanup()
    """
    path = Path(path)
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if suffix not in _READERS:
        raise SignatureError(
            f"{path.name!r} is not a file of signatures",
            f"Its name ends in {path.suffix!r}; formats are {_NAMES}",
            "Give a file with one of these endings",
        )
    return _READERS[suffix](path)


def write_signatures(signatures: SignatureCollection, path: Path | str) -> None:
    """Write a file of signatures; its name says the format.

    Raises
    ------
    ParameterError
        The name has another ending.
    SignatureError
        The format cannot hold what the signatures say.
    """
    path = Path(path)
    if path.suffix not in _WRITERS:
        raise ParameterError(
            f"{path.name!r} does not say which format to write",
            f"Formats are {_NAMES}",
            "Give a file name with one of these endings",
        )
    _WRITERS[path.suffix](signatures, path)
