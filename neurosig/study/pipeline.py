"""`run`: from a configuration to a folder with tables, figures, report and provenance."""

import hashlib
import re
import secrets
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from neurosig import _atomic, provenance
from neurosig._lock import locked
from neurosig._progress import Advance, progress_bar
from neurosig.errors import ResourceError, UnfinishedRunWarning, examples
from neurosig.records.checking import BYSTANDERS
from neurosig.records.files import FOLDER_RECORD
from neurosig.records.writing import write_folder_record
from neurosig.report.build import REPORT, build_report
from neurosig.study.analysis import StudyAnalysis, analyse
from neurosig.study.config import Study, read_config, study_of, with_folders
from neurosig.study.figures import FOLDER as FIGURES
from neurosig.study.figures import write_figures
from neurosig.study.manifest import build_manifest
from neurosig.study.notices import Notices
from neurosig.study.reporting import CHECKLISTS, reporting_text
from neurosig.study.sources import input_files
from neurosig.study.tables import FOLDER as TABLES
from neurosig.study.tables import study_tables, write_tables

MANIFEST = "manifest.json"
CONFIG = "config.yaml"
CONTENT = frozenset({MANIFEST, FOLDER_RECORD, CONFIG, REPORT, CHECKLISTS, TABLES, FIGURES})


@dataclass(frozen=True, eq=False)
class StudyRun:
    """A finished run: its folder, its tables by name, and what the reader was warned of."""

    folder: Path
    tables: Mapping[str, pd.DataFrame]
    notices: tuple[str, ...]
    is_exploratory: bool = False

    @property
    def report(self) -> Path:
        """The report to open in a browser."""
        return self.folder / REPORT


def run(
    config: str | Path | Mapping[str, Any],
    *,
    output: str | Path | None = None,
    data: str | Path | None = None,
) -> StudyRun:
    """Run a study: score, model, pool, draw and report.

    Everything is written to a folder beside the final one, which takes its place when all is done:
    an interrupted run leaves an earlier result as it was. The same inputs give the same tables,
    byte for byte.

    Parameters
    ----------
    config
        Path of a YAML configuration, or its content as a mapping (relative paths then start from
        the current folder). `neurosig.study.config` has every key.
    output
        Folder of the results instead of the configuration's; relative to the current folder.
    data
        Folder that the configuration's relative data files start from, instead of its own.

    Returns
    -------
    StudyRun

    Raises
    ------
    ParameterError
        The configuration is wrong; the key is named.
    InputError, FitError, ResourceError
        The data cannot be used, fitted or written.
    """
    study = study_of(config) if isinstance(config, Mapping) else read_config(config)
    study = with_folders(study, output=output, data=data)
    target = study.output
    refuse_foreign_folder(target)
    notices = Notices()
    with (
        run_folder_held(target),
        progress_bar(len(study.config.cohorts) + 3, "neurosig") as advance,
    ):
        analysis = analyse(study, notices, advance)
        advance("tables")
        staging = staging_folder(target)
        try:
            tables = _write(study, analysis, notices, staging, advance)
            swap(staging, target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return StudyRun(target, tables, tuple(notices.texts), study.config.exploratory)


@contextmanager
def run_folder_held(target: Path) -> Iterator[None]:
    """Keep other runs out of a folder, and clear away what a run ended by force left of it.

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
        cleared = _cleared_away(target)
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


def _cleared_away(target: Path) -> str:
    """Remove folders of an unfinished run; an earlier result that it had moved is put back."""
    pattern = re.compile(rf"\.{re.escape(target.name)}-(partial|old)-[0-9a-f]{{8}}")
    said = []
    for path in sorted(target.parent.iterdir()):
        found = pattern.fullmatch(path.name)
        if found is None:
            continue
        is_result = found[1] == "old" and (path / FOLDER_RECORD).is_file()
        if is_result and not target.exists():
            path.rename(target)
            said.append("the result before it was put back in its place")
        else:
            shutil.rmtree(path, ignore_errors=True)
            said.append("its unfinished folder was removed")
    return " and ".join(said)


def _write(
    study: Study, analysis: StudyAnalysis, notices: Notices, folder: Path, advance: Advance
) -> Mapping[str, pd.DataFrame]:
    tables = study_tables(analysis)
    write_tables(tables, folder)
    advance("figures")
    figures = write_figures(study, analysis, folder)
    advance("report")
    facts = _facts(study, analysis)
    _atomic.write_text(folder / CONFIG, study.text)
    _atomic.write_text(folder / CHECKLISTS, reporting_text(analysis))
    shown = {key: value for key, value in provenance.record(**facts).items() if key != "created"}
    manifest = build_manifest(
        study, analysis, tables=tables, figures=figures, notices=notices, provenance=shown
    )
    _atomic.write_json(folder / MANIFEST, asdict(manifest))
    build_report(folder)
    write_folder_record(folder, final=study.output, inputs=input_files(study), **facts)
    return tables


def refuse_foreign_folder(target: Path) -> None:
    """A folder that holds other things than an earlier run is never replaced."""
    if not target.exists():
        return
    if not target.is_dir():
        raise ResourceError(
            f"The output {str(target)!r} is not a folder", "It is a file", "Choose another output"
        )
    names = {path.name for path in target.iterdir()} - BYSTANDERS
    # A workflow engine takes the record, an output that it knows of, away before it runs again.
    marks = {FOLDER_RECORD, TABLES}
    if not names or (names <= CONTENT and MANIFEST in names and marks & names):
        return
    foreign = sorted(names - CONTENT)
    raise ResourceError(
        f"The output {str(target)!r} exists and is not just the folder of an earlier run",
        f"It holds {examples(foreign)}" if foreign else f"It lacks {MANIFEST} or {FOLDER_RECORD}",
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


def _facts(study: Study, analysis: StudyAnalysis) -> dict[str, Any]:
    """What the record of a run says besides its files."""
    return {
        "config_sha256": hashlib.sha256(study.text.encode("utf-8")).hexdigest(),
        "seed": study.config.null_test.seed,
        "signatures": {"sha256": analysis.signatures.sha256, "ids": list(analysis.signatures)},
        "methods": {
            name: {"parameters": m.parameters(), "revision": m.spec.revision, "doi": m.spec.doi}
            for name, m in analysis.methods.items()
        },
        "null_test": asdict(study.config.null_test),
        "cohorts": {
            c.source.id: {
                **{key: dict(value) for key, value in c.origin.items()},
                "scale_guess": c.scale,
                "endpoint": {
                    "name": c.endpoint_name,
                    "understood": c.cohort.echo,
                    "coding": c.cohort.coding,
                    "reason": c.cohort.endpoint.reason if c.cohort.endpoint else "",
                },
                "n_observations": len(c.cohort.data),
            }
            for c in analysis.cohorts
        },
    }
