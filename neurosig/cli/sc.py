"""`neurosig sc`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurosig import keys, tl
from neurosig.cli._files import (
    give,
    method_of,
    read_scores,
    refuse_one_file_twice,
    refuse_overwriting,
    refuse_results_over,
    scoring_of,
)
from neurosig.cli._options import expand
from neurosig.errors import InputError, ParameterError, examples
from neurosig.expression.unreadable import unreadable
from neurosig.outcomes.results import Results
from neurosig.pl.dotplot import dotplot_data, dotplot_figure
from neurosig.pl.style import save_figure
from neurosig.records.finding import made_with
from neurosig.records.writing import write_sidecar
from neurosig.sc.stored_scores import score_keys
from neurosig.sc.summary import summarise
from neurosig.study.config import SignatureChoice
from neurosig.study.signature_choice import choose_signatures

if TYPE_CHECKING:
    from anndata import AnnData

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Summarise scores of single cells."""


@app.command("summarise")
@expand
def summarise_file(
    cells: Annotated[Path, typer.Argument(help="h5ad file")],
    choice: SignatureChoice,
    by: Annotated[str, typer.Option(help="column of obs with the groups")] = "cell_type",
    donor: Annotated[str | None, typer.Option(help="column of obs with the donors")] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="scoring method, see neurosig methods [default: ucell, or that of the scores in "
            "the file]"
        ),
    ] = None,
    layer: Annotated[str | None, typer.Option(help="layer to score")] = None,
    use_raw: Annotated[bool, typer.Option("--use-raw", help="score raw")] = False,
    threads: Annotated[
        int | None,
        typer.Option("--threads", "--n-jobs", help="threads over blocks of cells [default: 1]"),
    ] = None,
    high_quantile: Annotated[
        float, typer.Option(help="above this quantile a score is high")
    ] = 0.75,
    min_cells: Annotated[int, typer.Option(help="fewest cells inside and outside a group")] = 10,
    scores: Annotated[
        Path | None, typer.Option(help="scores of these cells, as `neurosig score` writes them")
    ] = None,
    name: Annotated[str, typer.Option(help="name of the data set in a report")] = "cells",
    figure: Annotated[
        Path | None, typer.Option(help=".svg file with a dot plot; its numbers go beside it")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="CSV file; none: print it")] = None,
) -> None:
    """Summarise scores by group of cells; with donors, test across them which groups stand out.

    With signatures named, the file is scored first, block by block; with --scores, that file has
    the scores; without either, those that the file of cells holds (of neurosig.tl.score) are taken.
    The file is not changed.
    """
    inputs = [cells, *map(Path, choice.files), *([scores] if scores else [])]
    refuse_results_over(inputs, output)
    _refuse_figure(figure, output, inputs)
    adata = _open(cells)
    if scores is not None:
        _refuse_scoring(layer=layer, use_raw=use_raw, threads=threads, where="--scores")
        method = _with_scores_of(scores, adata, choice, method)
    elif choice != SignatureChoice():
        signatures = choose_signatures(choice, Path.cwd())
        method = method or "ucell"
        tl.score(
            adata,
            signatures,
            method=method,
            layer=layer,
            use_raw=use_raw,
            n_jobs=1 if threads is None else threads,
        )
    else:
        _refuse_scoring(layer=layer, use_raw=use_raw, threads=threads)
        method = method or _method_of(adata)
    table = summarise(
        adata, by, donor, method=method, high_quantile=high_quantile, min_cells=min_cells
    )
    record = scoring_of(scores) if scores is not None else _provenance(adata, method)
    give(
        Results(table),
        output,
        inputs=inputs,
        scores=record,
        about={"kind": "cells", "cohort": name, "method": method_of(record or {})},
        **made_with(record or {}),
    )
    if figure is not None:
        data = dotplot_data(table)
        drawn = save_figure(dotplot_figure(data), data, figure)
        write_sidecar(drawn, inputs=inputs, scores=record, **made_with(record or {}))


def _refuse_figure(figure: Path | None, output: Path | None, inputs: list[Path]) -> None:
    """Refuse a figure that is no SVG, or that would go where something else is."""
    if figure is None:
        return
    if figure.suffix != ".svg":
        raise ParameterError(
            f"--figure cannot be {str(figure)!r}", "Figures are SVG files", "Give a .svg file"
        )
    refuse_overwriting(inputs, [figure, figure.with_suffix(".csv")])
    refuse_one_file_twice(output, figure)


def _with_scores_of(
    path: Path, adata: "AnnData", choice: SignatureChoice, method: str | None
) -> str:
    """Put the scores of a file beside the cells, in memory; the name of their method."""
    if choice != SignatureChoice() or method is not None:
        raise ParameterError(
            "--scores cannot be used with --method or a choice of signatures",
            f"{path.name!r} holds the scores of its signatures by its method",
            "Leave one of them out",
        )
    values = read_scores(path)
    missing = adata.obs_names.difference(values.index)
    if len(missing) or values.index.has_duplicates:
        raise InputError(
            f"{path.name!r} does not hold the scores of these cells",
            f"{len(missing)} of {adata.n_obs} cells have none, such as {examples(missing)}; it has "
            f"{examples(values.index)}",
            "Score the same file: neurosig score CELLS.h5ad --output SCORES.csv",
        )
    name = method_of(scoring_of(path)) or path.stem
    adata.obsm[keys.score_key(name)] = values.loc[adata.obs_names]
    return name


def _open(path: Path) -> "AnnData":
    import anndata

    try:
        return anndata.read_h5ad(path, backed="r")
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise unreadable(path, "h5ad", error) from error


def _refuse_scoring(
    *, layer: str | None, use_raw: bool, threads: int | None, where: str = "the file"
) -> None:
    given = {"--use-raw": use_raw, f"--layer {layer}": layer, f"--threads {threads}": threads}
    for option, value in given.items():
        if value is not None and value is not False:
            raise ParameterError(
                f"{option} cannot be used here",
                f"No signatures are named, so that the scores in {where} are taken",
                "Name signatures to score, such as --panel core, or leave it out",
            )


def _method_of(adata: "AnnData") -> str | None:
    """The method of the scores in a file; None if they are under a key of their own, or absent."""
    present = score_keys(adata)
    start = keys.score_key("")
    methods = [key.removeprefix(start) for key in present if key.startswith(start)]
    if len(present) > 1 and methods:
        raise ParameterError(
            f"There are {len(present)} tables of scores in the file",
            f"Their keys are {examples(present, 20)}",
            f"Choose one, such as --method {methods[0]}",
        )
    return methods[0] if methods else None


def _provenance(adata: "AnnData", method: str | None) -> Any:
    """How the scores were made; None if another tool made them."""
    present = score_keys(adata)
    key = present[0] if method is None else keys.score_key(method)
    record = adata.uns.get(keys.UNS, {}).get(key, {})
    return json.loads(str(record["provenance"])) if "provenance" in record else None
