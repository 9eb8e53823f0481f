"""`neurosig score`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from neurosig import _atomic, _params
from neurosig.cli._files import beside, refuse_overwriting
from neurosig.cli._options import expand
from neurosig.cli._rows import EXCLUDE_HELP, ROWS_HELP, read_rows_as
from neurosig.cohort_stats import ENDING, CohortStats
from neurosig.engine import score
from neurosig.errors import ParameterError
from neurosig.expression.base import Expression
from neurosig.expression.dask_workers import connected, refuse_missing_dask
from neurosig.matched_null import MatchedNull, null_of
from neurosig.methods.base import Method
from neurosig.methods.registry import get_method
from neurosig.records.finding import made_with
from neurosig.records.writing import write_sidecar
from neurosig.scores import Scores
from neurosig.study.config import ExpressionReading, SignatureChoice
from neurosig.study.signature_choice import choose_signatures
from neurosig.study.sources import read_lazily_as

COVERAGE = "coverage.csv"
DASK_ROWS = 1000


@expand
def command(
    expression: Annotated[Path, typer.Argument(help="csv, tsv (gzipped or not), parquet or h5ad")],
    output: Annotated[Path, typer.Option(help=".csv, .tsv or .h5ad file to write")],
    reading: ExpressionReading,
    choice: SignatureChoice,
    method: Annotated[
        str | None, typer.Option(help="scoring method, see neurosig methods [default: ssgsea]")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="parameter of the method, NAME=VALUE; repeatable")
    ] = None,
    min_coverage: Annotated[
        float | None, typer.Option(help="smallest share of genes found [default: 0.5]")
    ] = None,
    min_genes: Annotated[int | None, typer.Option(help="fewest genes found")] = None,
    threads: Annotated[
        int, typer.Option("--threads", "--n-jobs", help="threads over blocks of observations")
    ] = 1,
    null: Annotated[
        str | None, typer.Option(help='"matched" for p-values against random gene sets')
    ] = None,
    null_sets: Annotated[
        int | None, typer.Option(help="random sets a signature [default: 1000]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="fixes the random sets [default: 0]")] = None,
    save_cohort: Annotated[
        Path | None, typer.Option(help=".npz file for what the method found in the cohort")
    ] = None,
    cohort: Annotated[
        Path | None, typer.Option(help="score by such a file; it holds method and signatures")
    ] = None,
    rows: Annotated[Path | None, typer.Option(help=ROWS_HELP)] = None,
    exclude: Annotated[list[str] | None, typer.Option(help=EXCLUDE_HELP)] = None,
    name: Annotated[str, typer.Option(help="name of the cohort in a report")] = "cohort",
    dask_scheduler: Annotated[
        str | None,
        typer.Option(help="address of a dask scheduler whose workers score, as tcp://HOST:PORT"),
    ] = None,
    dask_rows: Annotated[
        int | None, typer.Option(min=1, help="observations a worker takes at once [default: 1000]")
    ] = None,
) -> None:
    """Score signatures over an expression matrix.

    Writes the scores (observations x signatures), and next to them the coverage of each signature,
    the p-values if they are asked for, and the provenance.
    """
    _refuse_format(output)
    inputs = [
        expression,
        *([cohort] if cohort else []),
        *map(Path, choice.files),
        *([rows] if rows else []),
    ]
    saved = [save_cohort] if save_cohort else []
    refuse_overwriting(inputs, [output, _p_values_of(output), beside(output, COVERAGE), *saved])
    data = _expression(
        expression,
        reading,
        rows=rows,
        exclude=exclude or [],
        name=name,
        dask=_Dask(dask_scheduler, dask_rows, threads),
    )
    if cohort is not None:
        _refuse_what_the_cohort_says(
            {
                "--method": method,
                "--param": param,
                "--min-coverage": min_coverage,
                "--min-genes": min_genes,
                "--null": null,
                "--null-sets": null_sets,
                "--seed": seed,
                "--save-cohort": save_cohort,
                "the choice of signatures": None if choice == SignatureChoice() else choice,
            }
        )
        stats = CohortStats.load(cohort)
        with data as matrix:
            scores = stats.score(matrix, n_jobs=threads)
    else:
        method = method or "ssgsea"
        chosen = get_method(method, parse_parameters(method, param or []))
        if save_cohort is not None:
            _refuse_saving(save_cohort, chosen)
        with data as matrix:
            scores = score(
                matrix,
                choose_signatures(choice, Path.cwd()),
                method=chosen,
                min_coverage=0.5 if min_coverage is None else min_coverage,
                min_genes=min_genes,
                n_jobs=threads,
                null=_null(null, null_sets, seed),
                seed=seed or 0,
            )
    written = _write(scores, output)
    if save_cohort is not None:
        scores.cohort_stats.save(save_cohort)
    who = made_with(scores.provenance)
    write_sidecar(
        [*written, *saved],
        inputs=inputs,
        scores=scores.provenance,
        about={"kind": "scores", "cohort": name, "method": scores.method},
        **who,
    )
    sys.stderr.write(f"{output}: {scores.values.shape[0]} x {scores.values.shape[1]} scores\n")


@dataclass(frozen=True, slots=True)
class _Dask:
    """Where the workers are, how many observations they take at once, and threads asked for."""

    scheduler: str | None
    rows: int | None
    threads: int


@contextmanager
def _expression(
    path: Path,
    reading: ExpressionReading,
    *,
    rows: Path | None,
    exclude: list[str],
    name: str,
    dask: _Dask,
) -> Iterator[Expression]:
    """The matrix to score: read here, or left in its file for the workers of a scheduler."""
    if dask.scheduler is None:
        if dask.rows is not None:
            raise ParameterError(
                f"--dask-rows {dask.rows} has nothing to divide",
                "--dask-scheduler is not given",
                "Add --dask-scheduler ADDRESS",
            )
        yield read_rows_as(path, reading, rows=rows, exclude=exclude, name=name)
        return
    for option, is_given in (
        ("--rows", rows is not None),
        ("--exclude", bool(exclude)),
        ("--threads", dask.threads != 1),
    ):
        if is_given:
            raise ParameterError(
                f"{option} cannot be used with --dask-scheduler",
                "The workers read the file themselves, all of its rows, a process for each block",
                "Leave it out",
            )
    refuse_missing_dask(dask.scheduler)
    matrix = read_lazily_as(path, reading, n_rows=dask.rows or DASK_ROWS)
    with connected(dask.scheduler):
        yield matrix


def _null(name: str | None, n_sets: int | None, seed: int | None) -> MatchedNull | None:
    for option, value, what in (("--null-sets", n_sets, "count"), ("--seed", seed, "fix")):
        if value is not None and name is None:
            raise ParameterError(
                f"{option} {value} has nothing to {what}",
                "--null is not given",
                "Add --null matched",
            )
    if n_sets is None:
        return null_of(name)
    return replace(null_of(name) or MatchedNull(), n_sets=n_sets)


def _refuse_what_the_cohort_says(given: dict[str, Any]) -> None:
    named = [name for name, value in given.items() if value is not None]
    if named:
        raise ParameterError(
            f"--cohort cannot be given together with {', '.join(named)}",
            "The file holds the method, its parameters and the signatures of the cohort",
            "Leave them out; neurosig methods and the provenance of the cohort say what they are",
        )


def _refuse_saving(path: Path, method: Method) -> None:
    """Refuse, before anything is read, what could not be saved after all is scored."""
    if path.suffix != ENDING:
        raise ParameterError(
            f"--save-cohort cannot be {str(path)!r}",
            f"Its name ends in {path.suffix or 'nothing'}",
            f"Give a {ENDING} file",
        )
    if method.scope == "cohort" and method.applies_to_new_samples:
        return
    if method.scope == "sample":
        why, remedy = "scores each sample by itself", "Leave it out, and score a new sample alone"
    else:
        why = "ranks the samples of a cohort among each other"
        remedy = "Leave it out, and score the cohort again with a new sample in it"
    raise ParameterError(
        f"--save-cohort {str(path)!r} has nothing to save", f"{method.spec.name} {why}", remedy
    )


def _refuse_format(output: Path) -> None:
    if output.suffix not in (".csv", ".tsv", ".h5ad"):
        raise ParameterError(
            f"--output cannot be {str(output)!r}",
            f"Its name ends in {output.suffix or 'nothing'}",
            "Give a .csv, .tsv or .h5ad file",
        )


def _p_values_of(output: Path) -> Path:
    return beside(output, f"pvalues{output.suffix}")


def _write(scores: Scores, output: Path) -> list[Path]:
    """Write scores, coverage and p-values; p-values of earlier scores under that name go."""
    written = [output]
    if output.suffix == ".h5ad":
        scores.save(output)
    else:
        sep = "\t" if output.suffix == ".tsv" else ","
        table = scores.values.rename_axis("observation").reset_index()
        _atomic.write_csv(output, table, sep=sep)
        if scores.pvalues is not None:
            table = scores.pvalues.rename_axis("observation").reset_index()
            _atomic.write_csv(_p_values_of(output), table, sep=sep)
            written.append(_p_values_of(output))
        else:
            _p_values_of(output).unlink(missing_ok=True)
    coverage = scores.coverage.reset_index()
    _atomic.write_csv(beside(output, COVERAGE), coverage)
    return [*written, beside(output, COVERAGE)]


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
