"""`neurosig meta`."""

from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer

from neurosig.cli._files import give, refuse_results_over
from neurosig.cli._options import Confidence
from neurosig.cli._result_files import about_of, read_results
from neurosig.errors import InputError, ParameterError
from neurosig.keys import Result
from neurosig.outcomes.pooling.heterogeneity import Method
from neurosig.outcomes.pooling.omitted_cohorts import leave_one_out
from neurosig.outcomes.pooling.small_studies import egger_test
from neurosig.outcomes.pooling.verb import meta
from neurosig.outcomes.results import Results


def command(
    tables: Annotated[list[Path], typer.Argument(help="tables of cox or regress, one per cohort")],
    endpoint: Annotated[str | None, typer.Option(help="endpoint to pool")] = None,
    method: Annotated[
        Method, typer.Option(help="estimator of the between-cohort variance")
    ] = "REML",
    knha: Annotated[bool, typer.Option(help="Hartung-Knapp intervals")] = True,
    confidence: Confidence = 0.95,
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
    read = [read_results(path) for path in tables]
    result = _result(read, table, endpoint, method, confidence, knha=knha)
    about = {
        "kind": "pooled",
        "method": _one_scoring_method(tables),
        "endpoint": str(result.table[Result.ENDPOINT].iloc[0]),
    }
    give(result, output, inputs=tables, about=about if table == "pooled" else None)


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
