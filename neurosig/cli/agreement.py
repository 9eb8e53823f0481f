"""`neurosig agreement`."""

from pathlib import Path
from typing import Annotated

import typer

from neurosig.cli._files import give, method_of, read_scores, refuse_results_over, scoring_of
from neurosig.errors import InputError, ParameterError, examples
from neurosig.outcomes.results import Results
from neurosig.study.tables import agreement_of_scores


def command(
    scores: Annotated[
        list[Path], typer.Argument(help="scores of one cohort, a file for each method")
    ],
    cohort: Annotated[str, typer.Option(help="name of the cohort in the table")] = "cohort",
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """Compare scoring methods: Spearman's rho of the first with each other, for each signature."""
    refuse_results_over(scores, output)
    names = [method_of(scoring_of(path)) or path.stem for path in scores]
    if len(set(names)) < max(2, len(names)):
        raise ParameterError(
            "Scores of at least two different methods are needed",
            f"The files are of {examples(names)}",
            "Give one file for each method, as `neurosig score` writes them",
        )
    tables = {name: read_scores(path) for name, path in zip(names, scores, strict=True)}
    first, *others = tables.values()
    for path, table in zip(scores[1:], others, strict=True):
        if list(table.index) != list(first.index) or set(table) != set(first):
            raise InputError(
                f"{str(path)!r} and {str(scores[0])!r} are not of the same cohort",
                f"Observations: {examples(table.index, 3)} and {examples(first.index, 3)}; "
                f"signatures: {examples(table.columns, 3)} and {examples(first.columns, 3)}",
                "Score the same file and the same signatures with each method",
            )
    table = agreement_of_scores(cohort, tables)
    give(Results(table), output, inputs=scores, about={"kind": "agreement", "cohort": cohort})
