"""`neurosig regress`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from neurosig.cli._files import TERM_HELP, give_models, join_files, parse_term, refuse_results_over
from neurosig.cli._imputations import imputed
from neurosig.cli._options import AllowLoss, Confidence, expand
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.verb import regress
from neurosig.study.config import ClinicalReading

KIND_HELP = "logistic, linear, ordinal, multinomial, poisson, negative_binomial or mixed"


@expand
def command(
    scores: Annotated[Path, typer.Argument(help="scores, as `neurosig score` writes them")],
    clinical: Annotated[Path, typer.Argument(help="clinical table")],
    outcome: Annotated[str, typer.Option(help="clinical column to explain")],
    reading: ClinicalReading,
    model: RegressionModel,
    kind: Annotated[str, typer.Option(help=KIND_HELP)] = "logistic",
    positive: Annotated[str | None, typer.Option(help="level that counts as yes")] = None,
    adjust: Annotated[list[str] | None, typer.Option(help=TERM_HELP)] = None,
    scale: Annotated[Literal["sd", "none"], typer.Option(help="per SD, or as it is")] = "sd",
    imputations: Annotated[
        int | None, typer.Option(help="impute missing covariates so many times")
    ] = None,
    seed: Annotated[int, typer.Option(help="fixes the imputations")] = 0,
    confidence: Confidence = 0.95,
    allow_loss: AllowLoss = False,
    cohort: Annotated[str, typer.Option(help="name of the cohort in the table")] = "cohort",
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """Effect of each score on a clinical column, per standard deviation."""
    refuse_results_over([scores, clinical], output)
    joined = join_files(scores, clinical, reading, None, cohort)
    terms = [parse_term(text) for text in adjust or []]
    result = regress(
        joined
        if imputations is None
        else imputed(joined, terms, m=imputations, seed=seed, outcome=outcome),
        outcome=outcome,
        kind=kind,
        positive=positive,
        adjust=terms,
        scale=scale,
        model=model,
        confidence=confidence,
        allow_loss=allow_loss,
    )
    give_models(
        result,
        output,
        scores,
        clinical,
        about={"kind": "regression", "cohort": cohort, "endpoint": outcome},
        imputation_seed=None if imputations is None else seed,
    )
