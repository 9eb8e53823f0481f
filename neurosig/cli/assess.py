"""`neurosig assess`."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from neurosig import _atomic
from neurosig.assessment.quality import AssessOptions, assess
from neurosig.assessment.rules import VERDICTS, QualityThresholds
from neurosig.cli._files import beside, refuse_one_file_twice, refuse_overwriting
from neurosig.cli._options import expand
from neurosig.cli._rows import EXCLUDE_HELP, ROWS_HELP, read_rows_as
from neurosig.errors import ParameterError
from neurosig.pl.assessment import assessment_data, assessment_figure
from neurosig.pl.style import save_figure
from neurosig.records.finding import made_with
from neurosig.records.writing import write_sidecar
from neurosig.study.config import ExpressionReading, SignatureChoice
from neurosig.study.signature_choice import choose_signatures


@expand
def command(
    expression: Annotated[Path, typer.Argument(help="csv, tsv (gzipped or not), parquet or h5ad")],
    output: Annotated[Path, typer.Option(help=".csv file to write")],
    reading: ExpressionReading,
    choice: SignatureChoice,
    options: AssessOptions,
    thresholds: QualityThresholds,
    figure: Annotated[
        Path | None, typer.Option(help=".svg file to draw; its numbers go beside it")
    ] = None,
    rows: Annotated[Path | None, typer.Option(help=ROWS_HELP)] = None,
    exclude: Annotated[list[str] | None, typer.Option(help=EXCLUDE_HELP)] = None,
    cohort: Annotated[str, typer.Option(help="name of the cohort in a report")] = "cohort",
) -> None:
    """Judge signatures in a matrix: ok, caution or refuse.

    Writes one row per signature with the verdict, its reasons and the figures behind it, and next
    to it the rules and the provenance.
    """
    for name, path, ending in (("--output", output, ".csv"), ("--figure", figure, ".svg")):
        if path is not None and path.suffix != ending:
            raise ParameterError(
                f"{name} cannot be {str(path)!r}",
                f"Its name ends in {path.suffix or 'nothing'}",
                f"Give a {ending} file",
            )
    numbers = [] if figure is None else [figure, figure.with_suffix(".csv")]
    rules = beside(output, "rules.csv")
    inputs = [expression, *map(Path, choice.files), *([rows] if rows else [])]
    refuse_overwriting(inputs, [output, rules, *numbers])
    refuse_one_file_twice(output, figure, rules)
    result = assess(
        read_rows_as(expression, reading, rows=rows, exclude=exclude or [], name=cohort),
        choose_signatures(choice, Path.cwd()),
        thresholds=thresholds,
        **asdict(options),
    )
    _atomic.write_csv(output, result.table.reset_index())
    _atomic.write_csv(rules, result.rules)
    if figure is not None:
        data = assessment_data(result)
        save_figure(assessment_figure(data), data, figure)
    who = {"seed": options.seed, **made_with(result.provenance)}
    write_sidecar(
        [output, rules, *numbers],
        inputs=inputs,
        assessment=result.provenance,
        about={"kind": "assessment", "cohort": cohort},
        **who,
    )
    counts = ", ".join(f"{len(result.ids(verdict))} {verdict}" for verdict in VERDICTS)
    sys.stderr.write(f"{output}: {counts}\n")
