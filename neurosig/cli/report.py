"""`neurosig report`."""

import os
import sys
from contextlib import nullcontext
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
    # Where nothing can be put beside the folder, no run can take its place.
    is_replaceable = os.access(folder.resolve().parent, os.W_OK)
    with run_folder_held(folder.resolve()) if is_replaceable else nullcontext():
        report = build_report(folder)
        if (folder / FOLDER_RECORD).is_file():  # not in one that other programs made
            amend_folder_record(folder, [report])
    sys.stdout.write(f"report: {report}\n")
