"""`neurosig interplay`."""

import sys
from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from neurosig.cli._files import (
    TERM_HELP,
    give,
    join_files,
    parse_term,
    refuse_results_over,
)
from neurosig.cli._options import AllowLoss, Confidence, expand
from neurosig.cli._outcome import OutcomeChoice
from neurosig.outcomes.interplay.interaction import interplay
from neurosig.study.config import ClinicalReading


@expand
def command(
    scores: Annotated[Path, typer.Argument(help="scores, as `neurosig score` writes them")],
    clinical: Annotated[Path, typer.Argument(help="clinical table")],
    first: Annotated[list[str], typer.Option(help="score; repeatable")],
    second: Annotated[list[str], typer.Option(help="score to pair with each first; repeatable")],
    reading: ClinicalReading,
    outcome: OutcomeChoice,
    adjust: Annotated[list[str] | None, typer.Option(help=TERM_HELP)] = None,
    strata: Annotated[list[str] | None, typer.Option(help="stratum; repeatable")] = None,
    confidence: Confidence = 0.95,
    allow_loss: AllowLoss = False,
    cohort: Annotated[str, typer.Option(help="name of the cohort in the table")] = "cohort",
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """Interaction of two scores in their effect on an outcome, one model per pair.

    With an output the slopes and the regions in which they differ from zero stand beside it.
    """
    inputs = [scores, clinical]
    refuse_results_over(inputs, output, tables=("slopes", "regions"))
    joined = join_files(scores, clinical, reading, outcome.endpoint(), cohort)
    found = interplay(
        joined,
        list(product(first, second)),
        model=outcome.model,
        outcome=outcome.outcome,
        positive=outcome.positive,
        adjust=[parse_term(text) for text in adjust or []],
        strata=strata or [],
        confidence=confidence,
        allow_loss=allow_loss,
    )
    give(
        found,
        output,
        inputs=inputs,
        tables={"slopes": found.slopes, "regions": found.regions},
    )
    sys.stderr.write("".join(f"{note}\n" for note in found.notes))
