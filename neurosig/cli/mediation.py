"""`neurosig mediation`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from neurosig.cli._files import (
    TERM_HELP,
    give,
    join_files,
    parse_term,
    refuse_one_file_twice,
    refuse_overwriting,
    refuse_results_over,
)
from neurosig.cli._options import AllowLoss, expand
from neurosig.cli._outcome import OutcomeChoice
from neurosig.outcomes.interplay.bootstrap import Bootstrap
from neurosig.outcomes.interplay.causal_mediation import mediation
from neurosig.pl.mediation import mediation_data, mediation_figure
from neurosig.pl.style import save_figure
from neurosig.records.writing import write_sidecar
from neurosig.study.config import ClinicalReading


@expand
def command(
    scores: Annotated[Path, typer.Argument(help="scores, as `neurosig score` writes them")],
    clinical: Annotated[Path, typer.Argument(help="clinical table")],
    exposure: Annotated[str, typer.Option(help="score whose effect is taken apart")],
    mediator: Annotated[str, typer.Option(help="score it may run through")],
    reading: ClinicalReading,
    outcome: OutcomeChoice,
    bootstrap: Bootstrap,
    horizon: Annotated[float | None, typer.Option(help="when survival is compared")] = None,
    tau: Annotated[float | None, typer.Option(help="up to when mean survival is taken")] = None,
    contrast: Annotated[
        tuple[float, float], typer.Option(help="levels of the exposure, in SD from its mean")
    ] = (-1.0, 1.0),
    product: Annotated[
        bool, typer.Option("--product", help="add exposure x mediator to the outcome model")
    ] = False,
    errors: Annotated[
        Literal["normal", "empirical"], typer.Option(help="errors of the mediator")
    ] = "normal",
    adjust: Annotated[list[str] | None, typer.Option(help=TERM_HELP)] = None,
    allow_loss: AllowLoss = False,
    cohort: Annotated[str, typer.Option(help="name of the cohort in the table")] = "cohort",
    figure: Annotated[
        Path | None, typer.Option(help=".svg file to draw; its numbers go beside it")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """How much of a score's effect runs through another score, with what has to be assumed.

    With an output the counterfactual means and the models' coefficients stand beside it.
    """
    inputs = [scores, clinical]
    refuse_results_over(inputs, output, tables=("means", "paths"))
    refuse_one_file_twice(output, figure)
    if figure is not None:
        refuse_overwriting(inputs, [figure, figure.with_suffix(".csv")])
    joined = join_files(scores, clinical, reading, outcome.endpoint(), cohort)
    found = mediation(
        joined,
        exposure=exposure,
        mediator=mediator,
        model=outcome.model,
        outcome=outcome.outcome,
        positive=outcome.positive,
        adjust=[parse_term(text) for text in adjust or []],
        contrast=contrast,
        horizon=horizon,
        tau=tau,
        interaction=product,
        errors=errors,
        bootstrap=bootstrap,
        allow_loss=allow_loss,
    )
    drawn: tuple[Path, ...] = ()
    if figure is not None:
        data = mediation_data(found.table)
        drawn = save_figure(mediation_figure(data, notes=found.notes), data, figure)
    give(
        found,
        output,
        inputs=inputs,
        tables={"means": found.means, "paths": found.paths},
        figures=drawn,
        seed=bootstrap.seed,
    )
    if output is None and drawn:
        write_sidecar(drawn, inputs=inputs, seed=bootstrap.seed)
    sys.stderr.write("".join(f"{note}\n" for note in found.notes))
