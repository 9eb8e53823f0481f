"""`neurosig meta`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from neurosig.cli._files import give, refuse_results_over
from neurosig.cli._result_files import about_of, read_results
from neurosig.errors import InputError
from neurosig.keys import Result
from neurosig.outcomes.pooling.verb import meta


def command(
    tables: Annotated[list[Path], typer.Argument(help="tables of cox or regress, one per cohort")],
    endpoint: Annotated[str | None, typer.Option(help="endpoint to pool")] = None,
    method: Annotated[
        Literal["REML", "DL", "FE"], typer.Option(help="estimator of the between-cohort variance")
    ] = "REML",
    knha: Annotated[bool, typer.Option(help="Hartung-Knapp intervals")] = True,
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """Pool each signature over cohorts with a random-effects model."""
    refuse_results_over(tables, output)
    read = [read_results(path) for path in tables]
    result = meta(read, method=method, knha=knha, endpoint=endpoint)
    give(
        result,
        output,
        inputs=tables,
        about={
            "kind": "pooled",
            "method": _one_scoring_method(tables),
            "endpoint": str(result.table[Result.ENDPOINT].iloc[0]),
        },
    )


def _one_scoring_method(tables: list[Path]) -> str | None:
    """The method behind all tables, as far as their provenance says; several are refused."""
    known = {path: about_of(path).get("method") for path in tables}
    methods = list(dict.fromkeys(name for name in known.values() if name is not None))
    if len(methods) > 1:
        raise InputError(
            "Results of several scoring methods cannot be pooled",
            "; ".join(f"{path.name!r} is of {name}" for path, name in list(known.items())[:5]),
            "Pool the tables of one method at a time",
        )
    return str(methods[0]) if methods else None
