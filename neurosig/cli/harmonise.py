"""`neurosig harmonise`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from neurosig import _atomic
from neurosig.cli._files import PROVENANCE, beside, refuse_overwriting, write_provenance
from neurosig.cli._options import expand
from neurosig.errors import ParameterError
from neurosig.expression.adapters import is_anndata
from neurosig.expression.io import ANNDATA_ENDINGS, read_anndata, read_table
from neurosig.harmonisation.verb import HarmoniseOptions, harmonise
from neurosig.study.config import TableReading

OUTPUTS = (".csv", ".tsv", ".parquet", ".h5ad")


@expand
def command(
    expression: Annotated[
        Path, typer.Argument(help="csv, tsv (gzipped or not), parquet, h5ad or zarr")
    ],
    output: Annotated[Path, typer.Option(help=".csv, .tsv, .parquet or .h5ad file to write")],
    reading: TableReading,
    options: HarmoniseOptions,
) -> None:
    """Name the genes of a matrix as signatures do.

    Writes the matrix, a table the way round it was, and next to it the report (one row per
    identifier of the file) and the provenance.
    """
    report = beside(output, "report.csv")
    _refuse_format(output)
    refuse_overwriting([expression], [output, report, beside(output, PROVENANCE)])
    result = harmonise(
        _read(expression, reading),
        options.to,
        organism=options.organism,
        from_=options.from_,
        from_organism=options.from_organism,
        duplicates=options.duplicates,
    )
    _write(result.data, output, genes_in_rows=reading.orientation == "genes_in_rows")
    _atomic.write_csv(report, result.report)
    write_provenance(
        output,
        [expression] if expression.is_file() else [],
        harmonise=result.provenance["harmonise"],
    )
    counts = ", ".join(f"{name} {n:,}" for name, n in result.summary.items())
    sys.stderr.write(f"{result.identifiers.evidence}\n{output}: {counts}\n")


def _read(path: Path, reading: TableReading) -> Any:
    if path.suffix not in ANNDATA_ENDINGS:
        return read_table(
            path,
            orientation=reading.orientation,
            sep=reading.sep,
            decimal=reading.decimal,
            encoding=reading.encoding,
        )
    if reading != TableReading():
        raise ParameterError(
            f"{path.name!r} takes no options of a table",
            "An h5ad or zarr has genes in columns, no separator and no text encoding",
            "Leave --orientation, --sep, --decimal and --encoding out",
        )
    return read_anndata(path)


def _refuse_format(output: Path) -> None:
    if output.suffix not in OUTPUTS:
        raise ParameterError(
            f"--output cannot be {str(output)!r}",
            f"Its name ends in {output.suffix or 'nothing'}",
            f"Give a file that ends in {', '.join(OUTPUTS)}",
        )


def _write(data: Any, output: Path, *, genes_in_rows: bool) -> None:
    if output.suffix == ".h5ad":
        _atomic.write_with(output, _as_anndata(data).write_h5ad)
        return
    table: pd.DataFrame = data.to_df() if is_anndata(data) else data
    table = table.T.rename_axis("gene") if genes_in_rows else table.rename_axis("observation")
    if output.suffix == ".parquet":
        _atomic.write_with(output, table.to_parquet)
    else:
        _atomic.write_csv(output, table.reset_index(), sep="\t" if output.suffix == ".tsv" else ",")


def _as_anndata(data: Any) -> Any:
    if is_anndata(data):
        return data
    import anndata

    return anndata.AnnData(data)
