"""`neurosig signatures`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from neurosig import _atomic
from neurosig.cli._catalogue_upkeep import build_catalogue, lint_catalogue
from neurosig.cli._files import refuse_one_file_twice, refuse_overwriting
from neurosig.cli._options import expand
from neurosig.engine import coverage_of
from neurosig.errors import count
from neurosig.genesets.catalogue import Catalogue
from neurosig.genesets.finding import catalogue_table, load_signatures, search_signatures
from neurosig.genesets.formats import write_signatures
from neurosig.genesets.overlap import signature_overlap
from neurosig.genesets.signature import SignatureCollection
from neurosig.keys import OK, Coverage
from neurosig.records.writing import write_sidecar
from neurosig.study.config import ExpressionReading, SignatureChoice
from neurosig.study.signature_choice import choose_signatures
from neurosig.study.sources import read_expression_as

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("lint")(lint_catalogue)
app.command("build")(build_catalogue)

SEARCHED = "word; several mean all of them"


@app.command("list")
def list_entries(
    panel: Annotated[str | None, typer.Option(help="only those of a panel or theme")] = None,
    category: Annotated[
        list[str] | None, typer.Option(help="only those of a category; repeatable")
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option(help="only those made or used in a cancer, such as prostate; repeatable"),
    ] = None,
    evidence: Annotated[
        list[str] | None, typer.Option(help="only those of an evidence level; repeatable")
    ] = None,
) -> None:
    """List the entries of the catalogue with size, evidence and licence."""
    nothing_asked = panel is None and not (category or context or evidence)
    listed = load_signatures(
        panel="all" if nothing_asked else panel,
        category=category or None,
        context=context or None,
        evidence=evidence or None,
        include_provisional=True,
    )
    table = catalogue_table(listed)
    for row in table.to_dict("records"):
        sys.stdout.write(_line(row) + "\n")
    sys.stdout.write(count(len(table), "entry", "entries") + "\n")


@app.command("search")
def search(words: Annotated[list[str], typer.Argument(help=SEARCHED)]) -> None:
    """Find entries by words in id, title, cancer, source, theme, or by a gene they hold."""
    table = search_signatures(" ".join(words))
    for row in table.to_dict("records"):
        sys.stdout.write(f"{_line(row)}; found in {row['found_in']}\n")
    sys.stdout.write(count(len(table), "entry", "entries") + "\n")


@app.command("show")
def show(signature: Annotated[str, typer.Argument(help="id of an entry")]) -> None:
    """Show one entry with its genes, source, licence and whether it was verified."""
    (entry,) = Catalogue.bundled().entries([signature])
    lists = ("genes", "genes_up", "genes_down", "weights")
    facts = {name: value for name, value in entry.items() if name not in ("schema", *lists)}
    genes = {name: entry[name] for name in lists if name in entry}
    sys.stdout.write(json.dumps(facts | genes, indent=2, ensure_ascii=False) + "\n")


@app.command("compare")
@expand
def compare(
    choice: SignatureChoice,
    signatures: Annotated[
        list[str] | None, typer.Argument(help="ids of entries, beside those of the options")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="CSV file of all pairs")] = None,
    figure: Annotated[Path | None, typer.Option(help="SVG file of the matrix")] = None,
    at_least: Annotated[
        float, typer.Option(help="print pairs whose Jaccard index or containment reaches this")
    ] = 0.0,
) -> None:
    """Compare signatures: shared genes, Jaccard index and containment of each pair."""
    numbers = [] if figure is None else [figure, figure.with_suffix(".csv")]
    outputs = [*([] if output is None else [output]), *numbers]
    inputs = [Path(name) for name in choice.files]
    refuse_overwriting(inputs, outputs)
    refuse_one_file_twice(output, figure)
    named = SignatureChoice(
        panel=choice.panel,
        category=choice.category,
        ids=(*(signatures or ()), *choice.ids),
        files=choice.files,
        include_provisional=choice.include_provisional,
    )
    collection = choose_signatures(named, Path.cwd())
    overlap = signature_overlap(collection)
    pairs = overlap.table
    for row in pairs.to_dict("records"):
        if max(row["jaccard"], row["containment"]) >= at_least:
            sys.stdout.write(
                f"{row['first']} ({row['n_first']}) and {row['second']} ({row['n_second']}): "
                f"{row['n_shared']} shared, Jaccard {row['jaccard']:.2f}, "
                f"containment {row['containment']:.2f}: {row['shared_genes']:.200}\n"
            )
    n = len(overlap.rows)
    sys.stdout.write(
        f"{count(len(pairs), 'pair')} of {n * (n - 1) // 2:,} share a gene "
        f"({count(n, 'signature')})\n"
    )
    if output is not None:
        _atomic.write_csv(output, pairs)
    if figure is not None:
        from neurosig import pl

        data = pl.overlap_data(overlap)
        pl.save_figure(pl.overlap_figure(data), data, figure)
    if outputs:
        write_sidecar(outputs, inputs=inputs, signatures=_in_brief(collection))


@app.command("export")
@expand
def export(
    output: Annotated[Path, typer.Option(help=".gmt, .gmx, .json or .csv file to write")],
    choice: SignatureChoice,
) -> None:
    """Write signatures to a file of another format."""
    inputs = [Path(name) for name in choice.files]
    refuse_overwriting(inputs, [output])
    collection = choose_signatures(choice, Path.cwd())
    write_signatures(collection, output)
    write_sidecar([output], inputs=inputs, signatures=_in_brief(collection))
    sys.stderr.write(f"{output}: {count(len(collection), 'signature')}\n")


@app.command("coverage")
@expand
def coverage(
    expression: Annotated[Path, typer.Argument(help="csv, tsv (gzipped or not), parquet or h5ad")],
    reading: ExpressionReading,
    choice: SignatureChoice,
    min_coverage: Annotated[float, typer.Option(help="smallest share of genes found")] = 0.5,
) -> None:
    """Say how many genes of each signature a matrix holds."""
    matrix = read_expression_as(expression, reading)
    collection = choose_signatures(choice, Path.cwd())
    table = coverage_of(collection, matrix.var_names, min_coverage=min_coverage)
    for name, row in table.iterrows():
        sys.stdout.write(
            f"{name:<34} {row[Coverage.N_FOUND]:>4} of {row[Coverage.N_GENES]:>4} "
            f"({row[Coverage.COVERAGE]:>4.0%})  {row[Coverage.STATUS]}\n"
        )
    n_ok = int((table[Coverage.STATUS] == OK).sum())
    sys.stdout.write(f"{n_ok} of {len(table)} can be scored\n")


def _in_brief(collection: SignatureCollection) -> dict[str, Any]:
    """What a record says of signatures."""
    return {"sha256": collection.sha256, "n": len(collection)}


def _line(row: dict[Any, Any]) -> str:
    """One entry in a line."""
    verified = "verified" if row["verified"] else "not verified"
    return (
        f"{row['id']:<34} {row['n_genes']:>4} genes  {row['category']:<20} "
        f"{row['evidence']}, {verified}, licence: {row['licence']}"
    )
