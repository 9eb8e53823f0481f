"""The folder of a run: filled beside its final place, then put there as a whole."""

import secrets
import shutil
from pathlib import Path

from neurosig.errors import ResourceError, examples
from neurosig.report.build import REPORT
from neurosig.study.figures import FOLDER as FIGURES
from neurosig.study.tables import FOLDER as TABLES

MANIFEST = "manifest.json"
PROVENANCE = "provenance.json"
CONFIG = "config.yaml"
CONTENT = frozenset({MANIFEST, PROVENANCE, CONFIG, REPORT, TABLES, FIGURES})
BYSTANDERS = frozenset({".DS_Store", ".snakemake_timestamp"})


def refuse_foreign_folder(target: Path) -> None:
    """A folder that holds other things than an earlier run is never replaced."""
    if not target.exists():
        return
    if not target.is_dir():
        raise ResourceError(
            f"The output {str(target)!r} is not a folder", "It is a file", "Choose another output"
        )
    names = {path.name for path in target.iterdir()} - BYSTANDERS
    if not names or (names <= CONTENT and {MANIFEST, PROVENANCE} <= names):
        return
    foreign = sorted(names - CONTENT)
    raise ResourceError(
        f"The output {str(target)!r} exists and is not just the folder of an earlier run",
        f"It holds {examples(foreign)}" if foreign else f"It lacks {MANIFEST} or {PROVENANCE}",
        "Choose another output, or empty this one: it would be replaced as a whole",
    )


def staging_folder(target: Path) -> Path:
    """A new folder beside the final one, to be filled first."""
    folder = _beside(target, "partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except OSError as error:
        raise _not_writable(target, error) from error
    return folder


def swap(staging: Path, target: Path) -> None:
    """Put the new folder in the place of the old one, or the old one back if that fails."""
    old = _beside(target, "old")
    try:
        if target.exists():
            target.rename(old)
        staging.rename(target)
    except BaseException as error:
        if old.exists() and not target.exists():
            old.rename(target)
        if isinstance(error, OSError):
            raise _not_writable(target, error) from error
        raise
    shutil.rmtree(old, ignore_errors=True)


def _beside(target: Path, what: str) -> Path:
    return target.with_name(f".{target.name}-{what}-{secrets.token_hex(4)}")


def _not_writable(target: Path, error: OSError) -> ResourceError:
    return ResourceError(
        f"The output {str(target)!r} cannot be written: {error.strerror or error}",
        f"Its parent folder is {str(target.parent)!r}",
        "Choose another output (inside a mounted folder, not the mounted folder itself) or give "
        "the parent folder write permission",
    )
