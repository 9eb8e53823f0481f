"""Who made a result: versions, method and revision, signatures, inputs, seed, command, time.

`record` makes what travels inside results (scores, h5ad, npz); `neurosig.records` writes it beside
files and into run folders, finds it again and checks it.
"""

import hashlib
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from neurosig.errors import InputError
from neurosig.keys import UNS

SCHEMA: Final = "neurosig-provenance/1"
"""Name and version of the format: raised when a key changes its meaning or goes."""

EPOCH_VARIABLE: Final = "SOURCE_DATE_EPOCH"
"""Seconds since 1970 to write instead of the time, for files that are the same bytes each time."""

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


def sha256_of_folder(path: str | Path) -> str:
    """SHA-256 of a folder such as a zarr store: of a line "hash  name" per file, sorted by name."""
    root = Path(path)
    names = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
    lines = [f"{sha256_of_file(root / name)}  {name}\n" for name in names]
    return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()


def sha256_of(path: str | Path) -> str:
    """SHA-256 of a file or of a folder."""
    return sha256_of_folder(path) if Path(path).is_dir() else sha256_of_file(path)


def command() -> str:
    """The command line of this process, quoted for a shell, without the folder of the program."""
    program = Path(sys.argv[0]) if sys.argv and sys.argv[0] else Path("python")
    is_ours = program.name == "__main__.py" and program.parent.name == "neurosig"
    return shlex.join(["neurosig" if is_ours else program.name, *sys.argv[1:]])


def now() -> str:
    """The time in UTC to the second, or that of $SOURCE_DATE_EPOCH.

    >>> import os
    >>> os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
    >>> now()
    '2023-11-14T22:13:20Z'
    >>> del os.environ["SOURCE_DATE_EPOCH"]
    """
    stated = os.environ.get(EPOCH_VARIABLE, "")
    moment = datetime.fromtimestamp(int(stated), UTC) if stated.isdigit() else datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def record(**facts: Any) -> dict[str, Any]:
    """A provenance record: the facts given, with versions, command and time (`created`, UTC).

    Mappings are turned into plain dictionaries so that the record can be written as JSON.
    """
    plain = {key: _plain(value) for key, value in facts.items()}
    return {
        **plain,
        "schema": SCHEMA,
        "versions": versions(),
        "platform": f"{platform.system()} {platform.machine()}",
        "command": command(),
        "created": now(),
    }


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
