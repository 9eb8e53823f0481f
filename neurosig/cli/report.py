"""`neurosig report`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig.records.files import FOLDER_RECORD
from neurosig.records.writing import amend_folder_record
from neurosig.report.build import build_report


def command(
    folder: Annotated[Path, typer.Argument(help="folder that `neurosig run` wrote")],
) -> None:
    """Build the report of a run folder again, from its tables, figures and manifest."""
    report = build_report(folder)
    if (folder / FOLDER_RECORD).is_file():
        amend_folder_record(folder, [report])
    sys.stdout.write(f"report: {report}\n")
