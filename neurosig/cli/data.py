"""`neurosig data`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig import _atomic
from neurosig.datasets.cache import data_folder, recorded
from neurosig.datasets.registry import COHORTS, UNITS, home_cohort
from neurosig.datasets.tcga import load_cohort
from neurosig.errors import count
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.records.writing import write_sidecar

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_Folder = Annotated[
    Path | None, typer.Option(help="where files are kept [default: $NEUROSIG_DATA or the cache]")
]


@app.command("list")
def list_cohorts(folder: _Folder = None) -> None:
    """List the home cohorts, the endpoint recommended for each, and which are here."""
    kept = recorded(folder)
    for cohort in COHORTS.values():
        n_here = sum(file.name in kept for file in cohort.files)
        state = "fetched" if n_here == len(cohort.files) else f"{n_here} of {len(cohort.files)}"
        sys.stdout.write(f"{cohort.id:<6}{cohort.title:<40}{state}\n")
        sys.stdout.write(f"{'':<6}{Endpoint.recommended(cohort.id).reason}\n")


@app.command("fetch")
def fetch_cohort(
    cohort: Annotated[str, typer.Argument(help="a TCGA cancer, such as PRAD")],
    folder: _Folder = None,
    again: Annotated[bool, typer.Option("--again", help="fetch anew, whatever is here")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="never use the network")] = False,
) -> None:
    """Fetch a cohort, check it, and print its lines for a study's configuration.

    Clinical matrix and survival file are joined to clinical.csv.
    """
    known = home_cohort(cohort)
    folder = folder or data_folder()
    data = load_cohort(known.id, folder=folder, again=again, offline=offline)
    clinical = folder / known.id / "clinical.csv"
    _atomic.write_csv(clinical, data.clinical.rename_axis("sample").reset_index())
    sources = [folder / file.name for file in (known.clinical, known.survival)]
    write_sidecar([clinical], inputs=sources, notes=list(data.notes))
    endpoint = Endpoint.recommended(known.id)
    sys.stderr.write(
        f"{known.id}: {count(data.expression.n_vars, 'gene')} in "
        f"{count(data.expression.n_obs, 'sample')}, {UNITS}; {'; '.join(data.notes)}\n"
    )
    sys.stdout.write(
        f"  - id: {known.id}\n"
        f"    title: {known.title}\n"
        f"    expression: {{file: {folder / known.expression.name}, "
        "orientation: genes_in_rows}\n"
        f"    clinical: {{file: {clinical}, id: sample, "
        "keep: {sample_type: [Primary Tumor]}}\n"
        f"    endpoint: {{time: {endpoint.time}, event: {endpoint.event}, unit: days}}\n"
    )


@app.command("where")
def where(
    cohort: Annotated[str | None, typer.Argument(help="a cohort, for its files")] = None,
    folder: _Folder = None,
) -> None:
    """Print the folder that keeps the data, or the files of a cohort with their checksums."""
    folder = folder or data_folder()
    if cohort is None:
        sys.stdout.write(f"{folder}\n")
        return
    kept = recorded(folder)
    for file in home_cohort(cohort).files:
        facts = kept.get(file.name)
        state = f"sha256 {facts['sha256']}" if facts else f"not here; from {file.url}"
        sys.stdout.write(f"{folder / file.name}  {state}\n")
