"""Who made a result: versions, method and revision, signatures, inputs, seed, command."""

import hashlib
import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from neurosig.errors import InputError
from neurosig.keys import UNS

PACKAGES = ("neurosig", "numpy", "pandas", "scipy", "numba", "anndata", "statsmodels", "matplotlib")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on."""
    return dict(_versions(PACKAGES))


@cache
def _versions(packages: tuple[str, ...]) -> Mapping[str, str]:
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def sha256_of_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def command() -> str:
    """The command line of this process, without the folder of the program."""
    program = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    return " ".join([program, *sys.argv[1:]])


def record(**facts: Any) -> dict[str, Any]:
    """A provenance record: the facts given, with versions and the command.

    Mappings are turned into plain dictionaries so that the record can be written as JSON.
    """
    plain = {key: _plain(value) for key, value in facts.items()}
    return {**plain, "versions": versions(), "command": command()}


def records_of(adata: Any) -> dict[str, Any]:
    """A copy of the records that an AnnData holds.

    Raises
    ------
    InputError
        Their place is taken by something else.
    """
    present = adata.uns.get(UNS, {})
    if not isinstance(present, Mapping):
        raise InputError(
            f"adata.uns[{UNS!r}] is in use",
            f"It is a {type(present).__name__}, not the mapping that records are kept in",
            f"Rename it: adata.uns['other'] = adata.uns.pop({UNS!r})",
        )
    return dict(present)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
