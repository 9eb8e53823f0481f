"""`neurosig signatures`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig._bundled import bundled
from neurosig.cli._options import expand
from neurosig.engine import coverage_of
from neurosig.errors import ParameterError, SignatureLintError, count
from neurosig.genesets.catalogue import catalogue_table, load_signatures
from neurosig.genesets.lint import lint
from neurosig.keys import OK, Coverage
from neurosig.study.analysis import choose_signatures
from neurosig.study.config import ExpressionReading, SignatureChoice
from neurosig.study.sources import read_expression_as

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_entries(
    panel: Annotated[str | None, typer.Option(help="only those of a panel")] = None,
    category: Annotated[str | None, typer.Option(help="only those of a category")] = None,
) -> None:
    """List the entries of the catalogue with size, evidence and licence."""
    table = catalogue_table()
    if panel is not None:
        table = table[
            table["id"].isin(list(load_signatures(panel=panel, include_provisional=True)))
        ]
    if category is not None:
        table = table[
            table["id"].isin(list(load_signatures(category=category, include_provisional=True)))
        ]
    for row in table.to_dict("records"):
        verified = "verified" if row["verified"] else "not verified"
        sys.stdout.write(
            f"{row['id']:<34} {row['n_genes']:>4} genes  {row['category']:<20} "
            f"{row['evidence']}, {verified}, licence: {row['licence']}\n"
        )
    sys.stdout.write(f"{len(table)} entries\n")


@app.command("show")
def show(signature: Annotated[str, typer.Argument(help="id of an entry")]) -> None:
    """Show one entry with its genes and source."""
    entry = load_signatures(ids=[signature])[signature]
    facts = {
        "id": entry.id,
        "title": entry.title,
        "category": entry.category,
        "evidence": entry.evidence,
        "verified": entry.verified,
        "licence": entry.licence,
        "recipe": entry.recipe,
        "controls": list(entry.controls),
        "cancer_context": list(entry.cancer_context),
        "source": dict(entry.source),
        "notes": entry.notes,
        "genes": entry.weight_of if entry.weights else list(entry.genes),
    }
    sys.stdout.write(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


@app.command("lint")
def lint_catalogue(
    folder: Annotated[Path | None, typer.Argument(help="folder of entries; none: ours")] = None,
) -> None:
    """Check the entries of a catalogue; ends with an error if a rule is broken."""
    findings = lint(folder or bundled("signatures"))
    for finding in findings:
        sys.stdout.write(f"{finding.level}: {finding.signature}: {finding.message}\n")
    errors = [f for f in findings if f.level == "error"]
    if errors:
        raise SignatureLintError(
            f"{count(len(errors), 'rule is', 'rules are')} broken",
            f"The first: {errors[0].signature}: {errors[0].message}",
            "Correct the entries named above",
        )
    sys.stdout.write("The catalogue is sound.\n")


@app.command("export")
@expand
def export(
    output: Annotated[Path, typer.Option(help=".gmt, .json or .csv file to write")],
    choice: SignatureChoice,
) -> None:
    """Write signatures to a file of another format."""
    collection = choose_signatures(choice, Path.cwd())
    writers = {
        ".gmt": collection.to_gmt,
        ".json": collection.to_json,
        ".csv": collection.to_csv,
    }
    if output.suffix not in writers:
        raise ParameterError(
            f"--output cannot be {str(output)!r}",
            f"Formats: {', '.join(writers)}",
            "Give a file name with one of these endings",
        )
    writers[output.suffix](output)
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
