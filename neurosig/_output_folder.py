"""Output folders that are whole or not there: filled beside their place, then put into it.

While a folder is held, no other process writes it. What a process ended by force left beside it is
cleared away by the next one: its half-filled folder goes, a result that it had moved is put back.
"""

import re
import secrets
import shutil
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from neurosig._lock import locked
from neurosig.errors import ResourceError, UnfinishedRunWarning

BYSTANDERS = frozenset({".DS_Store", ".snakemake_timestamp", "Thumbs.db", "desktop.ini"})
"""Files that other programs leave in any folder."""


@contextmanager
def held(target: Path, *, mark: str) -> Iterator[None]:
    """Keep other runs out of a folder, and clear away what a run ended by force left of it.

    mark: the file that a finished folder has.

    Raises
    ------
    ResourceError
        Another run is at work there, or the place cannot be written to.
    """
    with ExitStack() as stack:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            left_by = stack.enter_context(locked(target))
        except OSError as error:
            raise _not_writable(target, error) from error
        cleared = _cleared_away(target, mark)
        if left_by or cleared:
            warnings.warn(
                UnfinishedRunWarning(
                    f"An earlier run into {str(target)!r} did not come to its end",
                    f"It was {left_by or 'one that left no lock'}, and no longer runs",
                    f"Nothing has to be done: {cleared or 'its lock was taken over'}",
                ),
                stacklevel=4,
            )
        yield


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Yield a folder beside `target` that takes its place when the block ends without an error.

    An earlier folder is as it was if the block, or the change of places, fails.

    Raises
    ------
    ResourceError
        The place cannot be written to.
    """
    staging, old = _beside(target, "partial"), _beside(target, "old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging.mkdir()
    except OSError as error:
        raise _not_writable(target, error) from error
    try:
        yield staging
        try:
            if target.exists():
                target.rename(old)
            staging.rename(target)
        except OSError as error:
            raise _not_writable(target, error) from error
    finally:
        if old.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(staging, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def content_of(target: Path) -> frozenset[str]:
    """Names in a folder that is to be replaced, without bystanders; none where it is not there.

    Raises
    ------
    ResourceError
        It is a file.
    """
    if not target.exists():
        return frozenset()
    if not target.is_dir():
        raise ResourceError(
            f"The output {str(target)!r} is not a folder", "It is a file", "Choose another output"
        )
    return frozenset(path.name for path in target.iterdir()) - BYSTANDERS


def foreign(target: Path, what: str, evidence: str) -> ResourceError:
    """The error for a folder that holds other things; `what` would have been replaced."""
    return ResourceError(
        f"The output {str(target)!r} exists and is not just {what}",
        evidence,
        "Choose another output, or empty this one: it would be replaced as a whole",
    )


def _cleared_away(target: Path, mark: str) -> str:
    """Remove folders of an unfinished run; an earlier result that it had moved is put back."""
    pattern = re.compile(rf"\.{re.escape(target.name)}-(partial|old)-[0-9a-f]{{8}}")
    said = []
    for path in sorted(target.parent.iterdir()):
        found = pattern.fullmatch(path.name)
        if found is None:
            continue
        is_result = found[1] == "old" and (path / mark).is_file()
        if is_result and not target.exists():
            path.rename(target)
            said.append("the result before it was put back in its place")
        else:
            shutil.rmtree(path, ignore_errors=True)
            said.append("its unfinished folder was removed")
    return " and ".join(said)


def _beside(target: Path, what: str) -> Path:
    return target.with_name(f".{target.name}-{what}-{secrets.token_hex(4)}")


def _not_writable(target: Path, error: OSError) -> ResourceError:
    return ResourceError(
        f"The output {str(target)!r} cannot be written: {error.strerror or error}",
        f"Its parent folder is {str(target.parent)!r}",
        "Choose another output (inside a mounted folder, not the mounted folder itself) or give "
        "the parent folder write permission",
    )
