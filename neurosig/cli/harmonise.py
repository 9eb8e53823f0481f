"""`neurosig harmonise`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from neurosig import _atomic
from neurosig._hdf5 import write_h5ad
from neurosig.cli._files import beside, refuse_overwriting
from neurosig.cli._options import expand
from neurosig.errors import DuplicateGenesError, ParameterError
from neurosig.expression.adapters import is_anndata
from neurosig.expression.io import ANNDATA_ENDINGS, read_anndata, read_table
from neurosig.harmonisation.verb import HarmoniseOptions, harmonise
from neurosig.keys import ORIGINAL_IDS, UNS
from neurosig.records.writing import write_sidecar
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
    identifier of the file) and the provenance. Where a gene has several columns and no rule is
    given, the report alone is written. A table has no place for the annotation of an h5ad; what is
    left behind is listed.
    """
    report = beside(output, "report.csv")
    _refuse_format(output)
    refuse_overwriting([expression], [output, report])
    data = _read(expression, reading)
    try:
        result = harmonise(
            data,
            options.to,
            organism=options.organism,
            from_=options.from_,
            from_organism=options.from_organism,
            duplicates=options.duplicates,
        )
    except DuplicateGenesError as error:
        found = error.facts.get("report")
        if isinstance(found, pd.DataFrame):
            _atomic.write_csv(report, found)
            write_sidecar([report], inputs=[expression])
            sys.stderr.write(f"{report}: what each identifier would become\n")
        raise
    _write(result.data, output, genes_in_rows=reading.orientation == "genes_in_rows")
    _atomic.write_csv(report, result.report)
    facts = result.provenance["harmonise"]
    lost = [*facts["not_carried"], *([] if output.suffix == ".h5ad" else _annotation(result.data))]
    write_sidecar([output, report], inputs=[expression], harmonise={**facts, "not_carried": lost})
    if lost:
        sys.stderr.write(f"{output} does not hold {', '.join(lost)} of {expression.name}\n")
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
        write_h5ad(output, _as_anndata(data))
        return
    table: pd.DataFrame = data.to_df() if is_anndata(data) else data
    table = _whole_numbers(table)
    table = table.T.rename_axis("gene") if genes_in_rows else table.rename_axis("observation")
    if output.suffix == ".parquet":
        _atomic.write_with(output, table.to_parquet)
    else:
        _atomic.write_csv(output, table.reset_index(), sep="\t" if output.suffix == ".tsv" else ",")


def _whole_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The same as integers, where all values are whole and a float holds them exactly."""
    values = table.to_numpy()
    is_whole = np.isfinite(values).all() and (np.rint(values) == values).all()
    return table.astype("int64") if is_whole and (np.abs(values) < 2**53).all() else table


def _annotation(data: Any) -> list[str]:
    """What of an AnnData has no place in a table."""
    if not is_anndata(data):
        return []
    names = {
        "layers": [key for key in data.layers if key is not None],  # None: X, of anndata 0.13
        "obs": data.obs.columns,
        "var": [name for name in data.var.columns if name != ORIGINAL_IDS],  # in the report
        "obsm": data.obsm,
        "varm": data.varm,
        "obsp": data.obsp,
        "uns": [key for key in data.uns if key != UNS],
    }
    return [f"{place}[{name!r}]" for place, keys in names.items() for name in keys]


def _as_anndata(data: Any) -> Any:
    if is_anndata(data):
        return data
    import anndata

    return anndata.AnnData(data)
