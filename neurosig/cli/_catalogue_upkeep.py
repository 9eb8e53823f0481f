"""The commands of `neurosig signatures` for those who keep a catalogue."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from neurosig import _atomic
from neurosig._bundled import bundled
from neurosig._tables import read_rows
from neurosig.errors import InputError, SignatureLintError, count, examples
from neurosig.genesets.catalogue import Catalogue
from neurosig.genesets.derivation import Derivation, Sources, derive
from neurosig.genesets.entry_text import text_of
from neurosig.genesets.gene_table import gene_table
from neurosig.genesets.lint import lint
from neurosig.records.writing import write_folder_record

_SOURCE_OPTIONS: Final = {
    "gene_ontology": "--go, org.Hs.eg.sqlite of org.Hs.eg.db",
    "symbol_root_family": "--genes, a gene table with the columns symbol and biotype",
}


def lint_catalogue(
    folder: Annotated[Path | None, typer.Argument(help="folder of entries; none: ours")] = None,
    symbols: Annotated[
        Path | None,
        typer.Option(help="table of approved human symbols, with a column symbol; none: ours"),
    ] = None,
) -> None:
    """Check the entries of a catalogue; ends with an error if a rule is broken."""
    approved = gene_table("human") if symbols is None else _symbols_of(symbols)
    findings = lint(folder or bundled("signatures"), approved)
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


def build_catalogue(
    go: Annotated[
        Path | None, typer.Option(help="org.Hs.eg.sqlite of the Bioconductor package org.Hs.eg.db")
    ] = None,
    genes: Annotated[
        Path | None, typer.Option(help="gene table with the columns symbol and biotype (CSV)")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="folder of entries; none: ours")] = None,
    output: Annotated[
        Path | None, typer.Option(help="folder to write changed entries to; none: only compare")
    ] = None,
) -> None:
    """Ask the rules of derived entries again: ontology terms, HGNC groups, symbol families.

    Without --output, a list that its rule does not give ends with an error. Lists whose source is
    not given are not checked, and counted.
    """
    catalogue = Catalogue(folder or bundled("signatures"))
    sources = Sources(hgnc=catalogue.folder / "hgnc_groups.yaml", go=go, gene_table=genes)
    derivations = list(derive(catalogue.entries(catalogue.ids()), sources))
    for (kind, status), n in sorted(Counter((d.kind, d.status) for d in derivations).items()):
        sys.stdout.write(f"{kind:<22} {status:<16} {n:>4}\n")
    _write_unchecked(derivations)
    changed = [d for d in derivations if d.status == "changed"]
    for derivation in changed:
        sys.stdout.write(
            f"{derivation.id}: adds {examples(derivation.added)}; "
            f"removes {examples(derivation.removed)}\n"
        )
    if output is not None:
        for derivation in changed:
            _write(derivation, output)
        if changed:
            written = [_path(derivation, output) for derivation in changed]
            sources_read = [path for path in (sources.hgnc, go, genes) if path is not None]
            write_folder_record(output, files=written, inputs=sources_read)
        sys.stdout.write(f"{count(len(changed), 'changed entry', 'changed entries')} written\n")
    elif changed:
        raise SignatureLintError(
            f"{count(len(changed), 'list is', 'lists are')} not what the rule gives",
            f"They are {examples(d.id for d in changed)}",
            "Write the new entries with --output, and read them before they replace the old",
        )


def _write_unchecked(derivations: Iterable[Derivation]) -> None:
    """Say how many lists could not be checked, and what they need."""
    kinds = Counter(d.kind for d in derivations if d.status == "no source given")
    for kind, n in sorted(kinds.items()):
        sys.stdout.write(
            f"{count(n, 'list')} of {kind} not checked: needs {_SOURCE_OPTIONS[kind]}\n"
        )


def _write(derivation: Derivation, folder: Path) -> None:
    _atomic.write_text(_path(derivation, folder), text_of(derivation.entry))


def _path(derivation: Derivation, folder: Path) -> Path:
    return folder / str(derivation.entry["category"]) / f"{derivation.id}.yaml"


def _symbols_of(path: Path) -> set[str]:
    table = read_rows(path)
    if "symbol" not in table.header:
        raise InputError(
            f"{path.name!r} has no column 'symbol'",
            f"Its columns are {examples(table.header, 10)}",
            "Name the column of approved symbols 'symbol'",
        )
    column = table.header.index("symbol")
    return {row[column] for row in table.rows}
