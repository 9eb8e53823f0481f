"""`neurosig cox`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from neurosig.cli._files import TERM_HELP, give_models, join_files, parse_term, refuse_results_over
from neurosig.cli._imputations import imputed
from neurosig.cli._options import AllowLoss, Confidence, expand
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.verb import cox
from neurosig.study.config import ClinicalReading


@expand
def command(
    scores: Annotated[Path, typer.Argument(help="scores, as `neurosig score` writes them")],
    clinical: Annotated[Path, typer.Argument(help="clinical table")],
    reading: ClinicalReading,
    endpoint: Endpoint,
    model: CoxModel,
    adjust: Annotated[list[str] | None, typer.Option(help=TERM_HELP)] = None,
    strata: Annotated[list[str] | None, typer.Option(help="stratum; repeatable")] = None,
    interaction: Annotated[
        list[str] | None, typer.Option(help="product of two terms, as score:COLUMN; repeatable")
    ] = None,
    scale: Annotated[Literal["sd", "none"], typer.Option(help="per SD, or as it is")] = "sd",
    imputations: Annotated[
        int | None, typer.Option(help="impute missing covariates and strata so many times")
    ] = None,
    seed: Annotated[int, typer.Option(help="fixes the imputations")] = 0,
    confidence: Confidence = 0.95,
    allow_loss: AllowLoss = False,
    cohort: Annotated[str, typer.Option(help="name of the cohort in the table")] = "cohort",
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """Hazard ratio of each score, per standard deviation, one Cox model per signature."""
    refuse_results_over([scores, clinical], output)
    joined = join_files(scores, clinical, reading, endpoint, cohort)
    reason = f"; {endpoint.reason}" if endpoint.reason else ""
    sys.stderr.write(f"{joined.echo}; {joined.coding}{reason}\n")
    terms = [parse_term(text) for text in adjust or []]
    result = cox(
        joined
        if imputations is None
        else imputed(joined, terms, m=imputations, seed=seed, strata=strata or []),
        adjust=terms,
        strata=strata or [],
        interactions=interaction or [],
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
        about={
            "kind": "survival",
            "cohort": cohort,
            "endpoint": endpoint.name,
            "understood": joined.echo,
        },
        imputation_seed=None if imputations is None else seed,
    )
