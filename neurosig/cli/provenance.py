"""`neurosig provenance`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig.records.finding import find_records
from neurosig.records.words import describe


def command(
    file: Annotated[Path, typer.Argument(help="a file that neurosig wrote, or a run folder")],
    as_json: Annotated[bool, typer.Option("--json", help="everything, as JSON")] = False,
) -> None:
    """Show who made a file: command, versions, inputs, signatures, method, seed and time.

    Looks beside the file, in the record of its run folder, and inside h5ad, zarr and npz files.
    """
    found = find_records(file)
    current = [f for f in found if f.is_current is not False] or found
    if as_json:
        records = [
            {
                "place": str(f.place),
                "key": f.key,
                "is_current": f.is_current,
                "record": f.record,
            }
            for f in current
        ]
        sys.stdout.write(json.dumps({"file": str(file), "records": records}, indent=2) + "\n")
        return
    sys.stdout.write("\n".join(describe(f) for f in current))
