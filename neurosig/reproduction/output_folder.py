"""The folder of a reproduction: complete or not there, and never one that holds other things."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurosig.errors import ResourceError, examples

CRATE = "ro-crate-metadata.json"
PROVENANCE = "provenance.json"
RESULTS = "results.csv"
DEFINITIONS = "figures.yaml"
OWN = frozenset({CRATE, PROVENANCE, RESULTS, DEFINITIONS})
BYSTANDERS = frozenset({".DS_Store", ".snakemake_timestamp"})


def refuse_foreign(target: Path, figure_files: frozenset[str], definitions: Path) -> None:
    """Refuse a folder that holds anything but what an earlier reproduction left.

    Part of it may be gone, as where a workflow engine removes the files it is about to make again.

    Raises
    ------
    ResourceError
        What it holds is named; or it is where the definitions are read from.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise ResourceError(
            f"The output {str(target)!r} is not a folder", "It is a file", "Choose another --output"
        )
    source = definitions.resolve()
    foreign = sorted({p.name for p in target.iterdir()} - BYSTANDERS - OWN - figure_files)
    if not foreign and target not in source.parents and not _is_someones(target, source):
        return
    raise ResourceError(
        f"The output {str(target)!r} exists and is not just that of an earlier reproduction",
        f"It holds {examples(foreign or [DEFINITIONS])}",
        "Choose another --output, or empty this one: it would be replaced as a whole",
    )


def _is_someones(target: Path, source: Path) -> bool:
    """Whether it holds definitions that no reproduction put there."""
    own = target / DEFINITIONS
    if not own.is_file() or any((target / name).exists() for name in OWN - {DEFINITIONS}):
        return False
    return own.read_bytes() != source.read_bytes()


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Yield a folder beside `target` that takes its place when the block ends without an error."""
    staging, old = _beside(target, "partial"), _beside(target, "old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging.mkdir()
    except OSError as error:
        raise _not_written(target, error) from error
    try:
        yield staging
        try:
            if target.exists():
                target.rename(old)
            staging.rename(target)
        except OSError as error:
            raise _not_written(target, error) from error
    finally:
        if old.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(staging, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _beside(target: Path, what: str) -> Path:
    return target.with_name(f".{target.name}-{what}-{secrets.token_hex(4)}")


def _not_written(target: Path, error: OSError) -> ResourceError:
    return ResourceError(
        f"The output {str(target)!r} cannot be written: {error.strerror or error}",
        f"Its parent folder is {str(target.parent)!r}",
        "Choose another --output or give the parent folder write permission",
    )
