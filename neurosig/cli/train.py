"""`neurosig train`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from neurosig import _atomic
from neurosig.cli._files import TERM_HELP, join_files, parse_term, refuse_overwriting
from neurosig.cli._options import AllowLoss, expand
from neurosig.errors import count
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.pooling.training import train
from neurosig.records.writing import write_sidecar
from neurosig.study.config import ClinicalReading


@expand
def command(
    scores: Annotated[Path, typer.Argument(help="scores, as `neurosig score` writes them")],
    clinical: Annotated[Path, typer.Argument(help="clinical table")],
    reading: ClinicalReading,
    endpoint: Endpoint,
    signature: Annotated[
        list[str], typer.Option(help="signature; repeatable: all enter one model")
    ],
    output: Annotated[Path, typer.Option(help="JSON file of the model")],
    adjust: Annotated[list[str] | None, typer.Option(help=TERM_HELP)] = None,
    cut: Annotated[
        Literal["none", "median", "maxstat"],
        typer.Option(help="divide patients into low and high risk"),
    ] = "none",
    allow_loss: AllowLoss = False,
    cohort: Annotated[str, typer.Option(help="name of the training cohort")] = "cohort",
) -> None:
    """Fit a Cox model in one cohort and save it frozen, to validate it in others."""
    refuse_overwriting([scores, clinical], [output])
    joined = join_files(scores, clinical, reading, endpoint, cohort)
    sys.stderr.write(f"{joined.echo}; {joined.coding}\n")
    terms = [parse_term(text) for text in adjust or []]
    chosen = None if cut == "none" else cut
    model = train(joined, signature, adjust=terms, cut=chosen, allow_loss=allow_loss)
    model.save(output)
    write_sidecar([output], inputs=[scores, clinical])
    sys.stdout.write(_atomic.csv_text(model.table))
    sys.stderr.write(
        f"{output}: {count(model.n, 'patient')}, {count(model.n_events, 'event')}; validate it in "
        "other patients with neurosig validate\n"
    )
