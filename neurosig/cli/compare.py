"""`neurosig compare`."""

from pathlib import Path
from typing import Annotated

import typer

from neurosig.cli._files import give, join_files, refuse_results_over
from neurosig.cli._options import AllowLoss, Confidence, expand
from neurosig.outcomes.regression.group_comparison import compare_groups
from neurosig.study.config import ClinicalReading


@expand
def command(
    scores: Annotated[Path, typer.Argument(help="scores, as `neurosig score` writes them")],
    clinical: Annotated[Path, typer.Argument(help="clinical table")],
    by: Annotated[str, typer.Option(help="clinical column with the groups")],
    reading: ClinicalReading,
    reference: Annotated[
        str | None, typer.Option(help="of two groups the one compared with")
    ] = None,
    allow_repeats: Annotated[
        bool, typer.Option(help="take rows of one donor for independent ones")
    ] = False,
    allow_loss: AllowLoss = False,
    confidence: Confidence = 0.95,
    cohort: Annotated[str, typer.Option(help="name of the cohort in the table")] = "cohort",
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """Compare each score between groups: Wilcoxon for two, Kruskal-Wallis for more."""
    refuse_results_over([scores, clinical], output)
    joined = join_files(scores, clinical, reading, None, cohort)
    result = compare_groups(
        joined,
        by=by,
        reference=reference,
        confidence=confidence,
        allow_repeats=allow_repeats,
        allow_loss=allow_loss,
    )
    give(result, output, inputs=[scores, clinical])
