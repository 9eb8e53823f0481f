"""`neurosig meta`."""

from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer

from neurosig._atomic import unguard_cell
from neurosig._tables import read_rows
from neurosig.cli._files import give, refuse_results_over
from neurosig.errors import InputError, ParameterError
from neurosig.keys import Result
from neurosig.outcomes.pooling.heterogeneity import Method
from neurosig.outcomes.pooling.omitted_cohorts import leave_one_out
from neurosig.outcomes.pooling.small_studies import egger_test
from neurosig.outcomes.pooling.verb import meta
from neurosig.outcomes.results import Results

TEXT_COLUMNS = {
    Result.COHORT,
    Result.ENDPOINT,
    Result.SIGNATURE,
    Result.TERM,
    Result.FAMILY,
    Result.EFFECT_SCALE,
    Result.ADJUSTED_FOR,
    Result.MODEL,
    Result.STATUS,
    Result.MESSAGE,
}


def command(
    tables: Annotated[list[Path], typer.Argument(help="tables of cox or regress, one per cohort")],
    endpoint: Annotated[str | None, typer.Option(help="endpoint to pool")] = None,
    method: Annotated[
        Method, typer.Option(help="estimator of the between-cohort variance")
    ] = "REML",
    knha: Annotated[bool, typer.Option(help="Hartung-Knapp intervals")] = True,
    confidence: Annotated[float, typer.Option(help="coverage of the intervals")] = 0.95,
    table: Annotated[
        Literal["pooled", "leave-one-out", "egger"],
        typer.Option(
            help="pooled effects, those without each cohort, or Egger's test (10 cohorts)"
        ),
    ] = "pooled",
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """Pool each signature over cohorts with a random-effects model."""
    refuse_results_over(tables, output)
    read = [_read_results(path) for path in tables]
    give(_result(read, table, endpoint, method, confidence, knha=knha), output, inputs=tables)


def _result(
    read: list[pd.DataFrame],
    table: str,
    endpoint: str | None,
    method: Method,
    confidence: float,
    *,
    knha: bool,
) -> Results:
    if table == "egger":
        if method != "REML" or not knha:
            raise ParameterError(
                "Egger's test has no estimator of the between-cohort variance",
                f"--method {method}{'' if knha else ' --no-knha'} was given",
                "Leave them out with --table egger",
            )
        return egger_test(read, endpoint=endpoint, confidence=confidence)
    pool = leave_one_out if table == "leave-one-out" else meta
    return pool(read, method=method, knha=knha, endpoint=endpoint, confidence=confidence)


def _read_results(path: Path) -> pd.DataFrame:
    raw = read_rows(path)
    table = pd.DataFrame(raw.rows, columns=raw.header, dtype=object)
    if Result.ESTIMATE not in table.columns:
        raise InputError(
            f"{str(path)!r} is not a table of results",
            f"Its columns are {', '.join(table.columns[:5])} ...",
            "Give what `neurosig cox` or `neurosig regress` wrote",
        )
    for name in table.columns:
        if name in TEXT_COLUMNS:
            table[name] = [unguard_cell(cell) for cell in table[name]]
        else:
            table[name] = [_number(path, name, cell) for cell in table[name]]
    return table


def _number(path: Path, column: str, cell: str) -> float:
    try:
        return float(cell or "nan")
    except ValueError as error:
        raise InputError(
            f"{str(path)!r} holds {cell!r} in the column {column!r}",
            "It is not a number",
            "Give what `neurosig cox` or `neurosig regress` wrote",
        ) from error
