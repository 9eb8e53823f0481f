"""`neurosig score`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from neurosig import _atomic, _params
from neurosig.cli._files import beside, refuse_overwriting, write_provenance
from neurosig.cli._options import expand
from neurosig.engine import score
from neurosig.errors import ParameterError
from neurosig.methods.registry import get_method
from neurosig.scores import Scores
from neurosig.study.analysis import choose_signatures
from neurosig.study.config import ExpressionReading, SignatureChoice
from neurosig.study.sources import read_expression_as


@expand
def command(
    expression: Annotated[Path, typer.Argument(help="csv, tsv (gzipped or not), parquet or h5ad")],
    output: Annotated[Path, typer.Option(help=".csv, .tsv or .h5ad file to write")],
    reading: ExpressionReading,
    choice: SignatureChoice,
    method: Annotated[str, typer.Option(help="scoring method, see neurosig methods")] = "ssgsea",
    param: Annotated[
        list[str] | None, typer.Option(help="parameter of the method, NAME=VALUE; repeatable")
    ] = None,
    min_coverage: Annotated[float, typer.Option(help="smallest share of genes found")] = 0.5,
    min_genes: Annotated[int | None, typer.Option(help="fewest genes found")] = None,
    threads: Annotated[int, typer.Option(help="threads over blocks of observations")] = 1,
) -> None:
    """Score signatures over an expression matrix.

    Writes the scores (observations x signatures), and next to them the coverage of each signature
    and the provenance.
    """
    _refuse_format(output)
    refuse_overwriting([expression], [output])
    chosen = get_method(method, parse_parameters(method, param or []))
    scores = score(
        read_expression_as(expression, reading),
        choose_signatures(choice, Path.cwd()),
        method=chosen,
        min_coverage=min_coverage,
        min_genes=min_genes,
        n_jobs=threads,
    )
    _write(scores, output)
    write_provenance(output, [expression], scores=scores.provenance)
    sys.stderr.write(f"{output}: {scores.values.shape[0]} x {scores.values.shape[1]} scores\n")


def _refuse_format(output: Path) -> None:
    if output.suffix not in (".csv", ".tsv", ".h5ad"):
        raise ParameterError(
            f"--output cannot be {str(output)!r}",
            f"Its name ends in {output.suffix or 'nothing'}",
            "Give a .csv, .tsv or .h5ad file",
        )


def _write(scores: Scores, output: Path) -> None:
    if output.suffix == ".h5ad":
        scores.save(output)
    else:
        table = scores.values.rename_axis("observation").reset_index()
        _atomic.write_csv(output, table, sep="\t" if output.suffix == ".tsv" else ",")
    coverage = scores.coverage.reset_index()
    _atomic.write_csv(beside(output, "coverage.csv"), coverage)


def parse_parameters(method: str, texts: list[str]) -> dict[str, Any]:
    """NAME=VALUE texts as the types that the method's fields have.

    >>> parse_parameters("ssgsea", ["alpha=0.5", "normalize=true"])
    {'alpha': 0.5, 'normalize': True}
    """
    from neurosig._yaml import load_yaml

    values: dict[str, Any] = {}
    known = [p.name for p in _params.describe(type(get_method(method)))] if texts else []
    for text in texts:
        name, has_value, value = text.partition("=")
        if not has_value:
            raise ParameterError(
                f"--param cannot be {text!r}",
                f"Parameters of {method}: {', '.join(known) or 'none'}",
                "Write --param NAME=VALUE",
            )
        values[name] = load_yaml(value)
    return values
