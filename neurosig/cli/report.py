"""`neurosig report`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig.records.files import FOLDER_RECORD
from neurosig.records.writing import amend_folder_record
from neurosig.report.build import build_report
from neurosig.study.pipeline import run_folder_held


def command(
    folder: Annotated[Path, typer.Argument(help="folder that `neurosig run` wrote")],
) -> None:
    """Build the report of a run folder again, from its tables, figures and manifest."""
    if not (folder / FOLDER_RECORD).is_file():  # one that other programs made
        report = build_report(folder)
    else:
        with run_folder_held(folder.resolve()):
            report = build_report(folder)
            amend_folder_record(folder, [report])
    sys.stdout.write(f"report: {report}\n")
