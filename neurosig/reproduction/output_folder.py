"""What the folder of a reproduction holds, and that one that holds other things is refused."""

from pathlib import Path

from neurosig._output_folder import content_of, foreign
from neurosig.errors import examples

CRATE = "ro-crate-metadata.json"
PROVENANCE = "provenance.json"
RESULTS = "results.csv"
DEFINITIONS = "figures.yaml"
OWN = frozenset({CRATE, PROVENANCE, RESULTS, DEFINITIONS})


def refuse_foreign(target: Path, figure_files: frozenset[str], definitions: Path) -> None:
    """Refuse a folder that holds anything but what an earlier reproduction left.

    Part of it may be gone, as where a workflow engine removes the files it is about to make again.

    Raises
    ------
    ResourceError
        What it holds is named; or it is where the definitions are read from.
    """
    names = content_of(target)
    if not target.exists():
        return
    source = definitions.resolve()
    others = sorted(names - OWN - figure_files)
    if not others and target not in source.parents and not _is_someones(target, source):
        return
    evidence = f"It holds {examples(others or [DEFINITIONS])}"
    raise foreign(target, "that of an earlier reproduction", evidence)


def _is_someones(target: Path, source: Path) -> bool:
    """Whether it holds definitions that no reproduction put there."""
    own = target / DEFINITIONS
    if not own.is_file() or any((target / name).exists() for name in OWN - {DEFINITIONS}):
        return False
    return own.read_bytes() != source.read_bytes()
