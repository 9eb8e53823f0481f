"""A report of tables that the commands wrote one by one, as a workflow does."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from neurosig import _atomic, provenance
from neurosig._output_folder import held, staged
from neurosig.records.files import FOLDER_RECORD
from neurosig.records.writing import write_folder_record
from neurosig.report.build import REPORT, build_report
from neurosig.study.collected import CollectedTable, Collection
from neurosig.study.collected_figures import drawn_figures
from neurosig.study.collected_sections import collected_manifest, shown_tables
from neurosig.study.pipeline import MANIFEST, refuse_foreign_folder
from neurosig.study.tables import FOLDER as TABLES


def collected_report(collection: Collection, folder: Path) -> Path:
    """Write tables, figures and one self-contained page of them to a folder; where the page is.

    Nothing is computed: the tables are shown as they are, and figures are drawn of their numbers.
    An earlier report in the folder is replaced when the new one is complete.

    Raises
    ------
    ParameterError, InputError
        Two tables are about the same, or there is nothing to show.
    ResourceError
        The folder holds other things, or cannot be written.
    """
    with held(folder, mark=FOLDER_RECORD):
        refuse_foreign_folder(folder)
        return _written(collection, folder)


def _written(collection: Collection, folder: Path) -> Path:
    facts = _facts(collection)
    shown = {key: value for key, value in provenance.record(**facts).items() if key != "created"}
    with staged(folder) as staging:
        tables = shown_tables(collection)
        for name, table in tables.items():
            _atomic.write_csv(staging / TABLES / f"{name}.csv", table)
        figures = drawn_figures(collection, staging)
        manifest = collected_manifest(collection, tables, figures, shown)
        _atomic.write_json(staging / MANIFEST, asdict(manifest))
        build_report(staging)
        write_folder_record(
            staging, final=folder, inputs=[one.path for one in collection.tables], **facts
        )
    return folder / REPORT


def _facts(collection: Collection) -> dict[str, Any]:
    """What is in the report, and who made it."""
    return {
        "signature_collections": list(_signature_hashes(collection.tables)),
        "tables": [
            {
                "file": one.path.name,
                "kind": one.kind,
                **{
                    name: value
                    for name in ("cohort", "method", "endpoint")
                    if (value := getattr(one, name)) is not None
                },
                "made_by": one.record.get("command", ""),
            }
            for one in collection.tables
        ],
    }


def _signature_hashes(tables: Sequence[CollectedTable]) -> Iterator[str]:
    """The different collections of signatures that were scored; more than one is a mistake."""
    seen = set()
    for one in tables:
        scoring = one.record.get("scores") or {}
        sha = (scoring.get("signatures") or {}).get("sha256")
        if sha is not None and sha not in seen:
            seen.add(sha)
            yield sha
