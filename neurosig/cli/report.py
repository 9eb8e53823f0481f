"""`neurosig report`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig.report.build import build_report


def command(
    folder: Annotated[Path, typer.Argument(help="folder that `neurosig run` wrote")],
) -> None:
    """Build the report of a run folder again, from its tables, figures and manifest."""
    sys.stdout.write(f"report: {build_report(folder)}\n")
