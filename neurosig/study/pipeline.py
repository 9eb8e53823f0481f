"""`run`: from a configuration to a folder with tables, figures, report and provenance."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from neurosig import _atomic, provenance
from neurosig._output_folder import content_of, foreign, held, staged
from neurosig._progress import Advance, progress_bar
from neurosig.errors import examples
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
        held(target, mark=FOLDER_RECORD),
        progress_bar(len(study.config.cohorts) + 3, "neurosig") as advance,
    ):
        analysis = analyse(study, notices, advance)
        advance("tables")
        with staged(target) as staging:
            tables = _write(study, analysis, notices, staging, advance)
    return StudyRun(target, tables, tuple(notices.texts), study.config.exploratory)


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
    names = content_of(target)
    # A workflow engine takes the record, an output that it knows of, away before it runs again.
    marks = {FOLDER_RECORD, TABLES}
    if not names or (names <= CONTENT and MANIFEST in names and marks & names):
        return
    others = sorted(names - CONTENT)
    evidence = (
        f"It holds {examples(others)}" if others else f"It lacks {MANIFEST} or {FOLDER_RECORD}"
    )
    raise foreign(target, "the folder of an earlier run", evidence)


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
