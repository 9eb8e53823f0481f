"""`neurosig reproduce`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig.errors import ParameterError
from neurosig.reproduction.definition import figures_schema, read_figures
from neurosig.reproduction.verb import OUTPUT, Reproduction, reproduce, shipped_figures, summary


def command(
    figure: Annotated[str | None, typer.Argument(help="id of a figure, or all")] = None,
    output: Annotated[Path, typer.Option(help="folder of the results")] = Path(OUTPUT),
    figures: Annotated[
        Path | None, typer.Option(help="a figures.yaml of your own instead of the shipped one")
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="print the ids of the figures, one a line, and leave")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="print the JSON schema of a figures.yaml and leave")
    ] = False,
) -> None:
    """Draw recorded figures again and compare their numbers with those of another program.

    Writes each figure (svg) with its source table (csv), results.csv, provenance.json and an
    RO-Crate to the folder; an earlier reproduction there is replaced when the new one is complete.
    Ends with 1 if a number is not within its tolerance, with the exit code of what went wrong if a
    figure could not be made.
    """
    if schema:
        sys.stdout.write(json.dumps(figures_schema(), indent=2) + "\n")
        return
    book = shipped_figures() if figures is None else figures
    if list_:
        sys.stdout.write("".join(f"{name}\n" for name in read_figures(book).figures))
        return
    if figure is None:
        known = ", ".join(read_figures(book).figures)
        raise ParameterError(
            "There is no figure to reproduce", f"Known: {known}", "neurosig reproduce FIGURE or all"
        )
    found = reproduce(figure, output=output, figures=figures)
    _report(found)
    if not found.is_passed:
        raise SystemExit(next((e.exit_code for e in found.errors.values()), 1))


def _report(found: Reproduction) -> None:
    for note in found.notes:
        sys.stderr.write(f"note: {note}\n")
    for check in found.checks:
        sys.stdout.write(f"{check}\n")
    sys.stdout.write(f"{summary(found)}\nfolder: {found.folder}\n")
