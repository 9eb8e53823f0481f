"""`neurosig validate`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig.cli._files import give, join_files, refuse_results_over
from neurosig.cli._options import AllowLoss, Confidence, expand
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.pooling.frozen_model import FrozenModel
from neurosig.outcomes.pooling.validation import validate
from neurosig.study.config import ClinicalReading


@expand
def command(
    model: Annotated[Path, typer.Argument(help="model, as `neurosig train` writes it")],
    scores: Annotated[Path, typer.Argument(help="scores, as `neurosig score` writes them")],
    clinical: Annotated[Path, typer.Argument(help="clinical table")],
    reading: ClinicalReading,
    endpoint: Endpoint,
    at: Annotated[
        list[float] | None, typer.Option(help="time for AUC, Brier score and risks; repeatable")
    ] = None,
    confidence: Confidence = 0.95,
    allow_loss: AllowLoss = False,
    other_endpoint: Annotated[
        bool, typer.Option("--other-endpoint", help="accept an endpoint of another name")
    ] = False,
    cohort: Annotated[str, typer.Option(help="name of the cohort in the table")] = "cohort",
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """Judge a model trained elsewhere in this cohort: discrimination, calibration, groups."""
    inputs = [model, scores, clinical]
    refuse_results_over(inputs, output)
    frozen = FrozenModel.load(model)
    joined = join_files(scores, clinical, reading, endpoint, cohort)
    sys.stderr.write(f"{joined.echo}; {joined.coding}\n")
    result = validate(
        frozen,
        joined,
        times=at or [],
        confidence=confidence,
        allow_loss=allow_loss,
        other_endpoint=other_endpoint,
    )
    for note in result.notes:
        sys.stderr.write(f"{note}\n")
    give(result, output, inputs=inputs)
