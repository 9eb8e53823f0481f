"""`neurosig report`."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from neurosig._output_folder import held
from neurosig.errors import ParameterError, examples
from neurosig.records.files import FOLDER_RECORD
from neurosig.records.writing import amend_folder_record
from neurosig.report.build import build_report


def command(
    what: Annotated[
        list[Path],
        typer.Argument(
            help="folder that `neurosig run` wrote; or tables that other commands wrote, the main "
            "method's first"
        ),
    ],
    output: Annotated[
        Path | None, typer.Option(help="folder of a report of tables; it is replaced as a whole")
    ] = None,
    title: Annotated[str | None, typer.Option(help="its title [default: Report]")] = None,
    subtitle: Annotated[str | None, typer.Option(help="line below the title")] = None,
    signature: Annotated[
        list[str] | None, typer.Option(help="signature with a figure of its own; repeatable")
    ] = None,
) -> None:
    """Build the report of a run folder again, or one of tables that commands wrote.

    A table is known by the provenance beside it: of score, assess, cox, regress, meta, agreement
    and sc summarise.
    """
    if len(what) == 1 and (what[0].is_dir() or (output is None and not what[0].is_file())):
        _refuse_options_of_tables(output, title, subtitle, signature)
        sys.stdout.write(f"report: {_built_again(what[0])}\n")
        return
    folders = [path for path in what if path.is_dir()]
    if folders:
        raise ParameterError(
            f"{str(folders[0])!r} is a folder, and more is given",
            f"There are {len(what)} files and folders: {examples(map(str, what))}",
            "Give one folder of `neurosig run`, or tables only",
        )
    if output is None:
        raise ParameterError(
            "It is not said where the report goes",
            f"{len(what)} tables are given: {examples(map(str, what))}",
            "Name a folder: --output report",
        )
    from neurosig.cli._result_files import collect
    from neurosig.study.collected import Collection
    from neurosig.study.collected_report import collected_report

    collection = Collection(
        tables=tuple(collect(path) for path in what),
        title=title or "Report",
        subtitle=subtitle or "",
        shown=tuple(signature or ()),
    )
    sys.stdout.write(f"report: {collected_report(collection, output.resolve())}\n")


def _built_again(folder: Path) -> Path:
    """Build the report of a run folder, and write that down where the folder has a record."""
    # Where nothing can be put beside the folder, no run can take its place.
    is_replaceable = os.access(folder.resolve().parent, os.W_OK)
    with held(folder.resolve(), mark=FOLDER_RECORD) if is_replaceable else nullcontext():
        report = build_report(folder)
        if (folder / FOLDER_RECORD).is_file():  # not in one that other programs made
            amend_folder_record(folder, [report])
    return report


def _refuse_options_of_tables(
    output: Path | None, title: str | None, subtitle: str | None, signature: list[str] | None
) -> None:
    given = {"--output": output, "--title": title, "--subtitle": subtitle, "--signature": signature}
    named = [option for option, value in given.items() if value]
    if named:
        raise ParameterError(
            f"{named[0]} cannot be used here",
            "The folder of a run has its own title, figures and place",
            "Leave it out, or give tables",
        )
