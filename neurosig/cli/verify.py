"""`neurosig verify`."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from neurosig.errors import InputError, ParameterError, count, examples
from neurosig.records.checking import Check, check_records

FAILED = ("changed", "missing", "extra")


def command(
    run: Annotated[Path, typer.Argument(help="folder of a run, or a file with a record")],
    data: Annotated[
        Path | None, typer.Option(help="folder to look for the files that were read")
    ] = None,
    allow_extra: Annotated[
        bool, typer.Option("--allow-extra", help="files in no record do not count")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="CSV file of all that was compared")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="all that was compared, as JSON")] = False,
) -> None:
    """Check that every file of a run is the one that was written, and that inputs are as read.

    Names what changed, is missing, or is in no record; ends with an error if there is any. An input
    that is nowhere to be found is counted and is no error.
    """
    if output is not None and output.resolve().is_relative_to(run.resolve()):
        raise ParameterError(
            f"--output cannot be {str(output)!r}",
            "It lies in the folder that is checked, and would be a file in no record",
            "Give a file elsewhere",
        )
    checks = check_records(run, data=data)
    if output is not None:
        _write(checks, output, folder=run if run.is_dir() else run.parent)
    if as_json:
        sys.stdout.write(json.dumps([check.to_dict() for check in checks], indent=2) + "\n")
    else:
        sys.stdout.write(_table(checks))
    failed = [c for c in checks if c.status in FAILED and not (allow_extra and not c.role)]
    if failed:
        n = Counter(check.status for check in failed)
        named = [f"{check.path} ({check.status})" for check in failed]
        raise InputError(
            f"{count(len(failed), 'file')} of {str(run)!r} "
            f"{'is' if len(failed) == 1 else 'are'} not as recorded",
            f"{', '.join(f'{k} {status}' for status, k in sorted(n.items()))}: "
            f"{examples(named, quoted=False)}",
            "Restore them from a copy, or run the command again that made them (neurosig "
            "provenance shows it)",
        )


def _table(checks: list[Check]) -> str:
    """A line for each file that is not as recorded, and the counts."""
    lines = [f"{check.status:<9}{check.role:<8}{check.path}" for check in checks if _is_told(check)]
    counts = Counter((check.role or "other file", check.status) for check in checks)
    told = [f"{count(n, role)} {status}" for (role, status), n in sorted(counts.items())]
    return "\n".join([*lines, ", ".join(told)]) + "\n"


def _is_told(check: Check) -> bool:
    return check.status != "ok"


def _write(checks: list[Check], output: Path, *, folder: Path) -> None:
    import pandas as pd

    from neurosig import _atomic
    from neurosig.cli._files import refuse_overwriting
    from neurosig.records.writing import write_sidecar

    refuse_overwriting([folder / check.path for check in checks], [output])
    _atomic.write_csv(output, pd.DataFrame([check.to_dict() for check in checks]))
    write_sidecar([output])
