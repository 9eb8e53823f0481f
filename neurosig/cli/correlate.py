"""`neurosig correlate`."""

from pathlib import Path
from typing import Annotated

import typer

from neurosig.cli._files import TERM_HELP, give, join_files, parse_term, refuse_results_over
from neurosig.cli._options import AllowLoss, Confidence, expand
from neurosig.outcomes.regression.associations import Correlation, correlate
from neurosig.study.config import ClinicalReading


@expand
def command(
    scores: Annotated[Path, typer.Argument(help="scores, as `neurosig score` writes them")],
    clinical: Annotated[Path, typer.Argument(help="clinical table")],
    with_: Annotated[list[str], typer.Option("--with", help="numeric column; repeatable")],
    reading: ClinicalReading,
    given: Annotated[list[str] | None, typer.Option(help=f"held constant: {TERM_HELP}")] = None,
    method: Annotated[Correlation, typer.Option(help="of ranks or of values")] = "spearman",
    allow_repeats: Annotated[
        bool, typer.Option(help="take rows of one donor for independent ones")
    ] = False,
    allow_loss: AllowLoss = False,
    confidence: Confidence = 0.95,
    cohort: Annotated[str, typer.Option(help="name of the cohort in the table")] = "cohort",
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """Correlation of each score with clinical numbers, plain or given covariates."""
    refuse_results_over([scores, clinical], output)
    joined = join_files(scores, clinical, reading, None, cohort)
    result = correlate(
        joined,
        with_=with_,
        given=[parse_term(text) for text in given or []],
        method=method,
        confidence=confidence,
        allow_repeats=allow_repeats,
        allow_loss=allow_loss,
    )
    give(result, output, inputs=[scores, clinical])
