"""Expression files: csv, tsv, txt (plain or gzip), parquet, h5ad and zarr."""

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pandas as pd

from neurosig import provenance
from neurosig.errors import (
    InputError,
    ParameterError,
    count,
    examples,
)
from neurosig.expression.adapters import matrix_of_anndata, values_of_frame
from neurosig.expression.backed import Place, open_anndata, reading
from neurosig.expression.base import Expression
from neurosig.expression.checks import check_has_values
from neurosig.expression.delimited import Dialect, NamedMatrix, read_matrix
from neurosig.expression.duplicates import DuplicatesRule, combine_duplicates
from neurosig.expression.h5ad_file import H5adPlace
from neurosig.expression.matrix_choice import refuse_number_type
from neurosig.expression.memory import in_memory
from neurosig.expression.mismatch import gene_share
from neurosig.expression.unreadable import unreadable
from neurosig.expression.zarr_store import ZarrPlace

if TYPE_CHECKING:
    from anndata import AnnData

Orientation: TypeAlias = Literal["genes_in_rows", "genes_in_columns"]

MAX_BYTES = 4 * 2**30
MAX_COLUMNS = 100_000
TEXT_ENDINGS = (".csv", ".tsv", ".txt")
ANNDATA_ENDINGS = (".h5ad", ".zarr")
ENDINGS = (*TEXT_ENDINGS, ".parquet", *ANNDATA_ENDINGS)


def read_expression(
    path: str | Path,
    *,
    orientation: Orientation | None = None,
    layer: str | None = None,
    use_raw: bool = False,
    sep: str | None = None,
    decimal: str = ".",
    encoding: str = "utf-8",
    duplicates: DuplicatesRule = "error",
    id_column: str | None = None,
    max_bytes: int = MAX_BYTES,
    backed: bool = False,
) -> Expression:
    """Read an expression matrix from a csv, tsv, txt, parquet or h5ad file or a zarr store.

    Parameters
    ----------
    path
        The file; text may be gzip-compressed, told by its content.
    orientation
        "genes_in_rows" or "genes_in_columns"; needed for every table, an AnnData has genes in
        columns.
    layer, use_raw
        Which matrix of an h5ad or zarr to take instead of `X`.
    sep, decimal, encoding
        How a text file is written; by default the separator its header uses most.
    duplicates
        What to do with a gene that occurs more than once: "error", the "mean" or "sum" of its
        values, or the one with the "highest_mean" over observations; recorded in `.origin`.
    id_column
        The column of a table with the names of its rows, if it is not the first.
    max_bytes
        Limit of what is read into memory, in bytes, unpacked.
    backed
        Leave the matrix of an h5ad or zarr on disk and read it block by block as it is used
        (dense or CSR). `.origin` then has the size and date of the file instead of its sha256,
        which would read all of it.

    Returns
    -------
    Expression
        Observations x genes with `obs_names` and `var_names`, whichever way round the file is;
        `origin` says in text where the numbers come from. The values are those of the file.

    Raises
    ------
    ParameterError
        If an option is missing, or does not fit the kind of file.
    InputError
        If the content cannot be used (ExpressionError for names and values).
    ResourceError
        If the file is missing, unreadable or damaged.

    References
    ----------
    h5ad and zarr are the formats of anndata: Virshup I et al. (2024) J Open Source Softw 9:4371,
    doi:10.21105/joss.04371.

    Examples
    --------
    A table of two genes in two samples, turned round to samples x genes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "counts.csv"
    ...     pd.DataFrame({"s1": [3, 1], "s2": [0, 7]}, index=["NGF", "BDNF"]).to_csv(path)
    ...     expression = read_expression(path, orientation="genes_in_rows")
    >>> expression.to_frame().loc["s2", ["NGF", "BDNF"]].tolist(), expression.n_obs
    ([0.0, 7.0], 2)
    """
    path = Path(path)
    ending = _ending(path)
    dialect = Dialect(sep=sep, decimal=decimal, encoding=encoding)
    _refuse_options(
        ending, orientation, id_column, dialect, layer=layer, use_raw=use_raw, backed=backed
    )
    if duplicates not in {"error", "mean", "highest_mean", "sum"}:
        raise ParameterError(
            f"duplicates cannot be {duplicates!r}",
            "Allowed: error, mean, highest_mean, sum",
            'The default is "error"',
        )
    if backed:
        return _open_backed(path, layer, use_raw, duplicates)
    origin = {"file": path.name}
    if ending in ANNDATA_ENDINGS:
        matrix, obs_names, genes, origin["source"] = _matrix_of_file(
            path, layer, use_raw, max_bytes
        )
    else:
        table = _read_table(path, dialect, id_column, max_bytes)
        matrix, obs_names, genes = _oriented(table, orientation, path)
        origin |= {"source": f"{ending[1:]} table", "orientation": str(orientation)}
    if path.is_file():  # a zarr store is a folder
        origin["sha256"] = provenance.sha256_of_file(path)
    if duplicates != "error":
        matrix, genes, n_combined = combine_duplicates(matrix, genes, duplicates)
        origin["duplicates"] = f"{duplicates} of {count(n_combined, 'repeated gene name')}"
    expression = in_memory(matrix, obs_names, genes, origin)
    check_has_values(expression)
    return expression


def read_table(
    path: str | Path,
    *,
    orientation: Orientation | None,
    sep: str | None = None,
    decimal: str = ".",
    encoding: str = "utf-8",
) -> pd.DataFrame:
    """Read a table of expression as observations x genes with the gene names it has.

    Unlike `read_expression` it leaves repeated and empty gene names as they are.

    Raises
    ------
    ParameterError, InputError, ResourceError
        As `read_expression`.
    """
    path = Path(path)
    ending = _ending(path)
    dialect = Dialect(sep=sep, decimal=decimal, encoding=encoding)
    _refuse_options(ending, orientation, None, dialect, layer=None, use_raw=False, backed=False)
    matrix, obs_names, genes = _oriented(_read_table(path, dialect), orientation, path)
    return pd.DataFrame(matrix, index=obs_names, columns=genes)


def read_anndata(path: str | Path, *, max_bytes: int = MAX_BYTES) -> "AnnData":
    """Read an h5ad file or a zarr store as it is, repeated gene names too.

    Raises
    ------
    InputError
        If it is larger than `max_bytes` unpacked.
    ResourceError
        If it is missing or damaged.
    """
    import anndata

    path = Path(path)
    place = _place(path)
    read = anndata.read_h5ad if isinstance(place, H5adPlace) else anndata.io.read_zarr
    with reading(place) as root, warnings.catch_warnings():
        _refuse_size(path, _stored_bytes(root), max_bytes)
        # Repeated names are refused or combined by who asks, with more to say than that.
        warnings.filterwarnings("ignore", message=".* names are not unique", category=UserWarning)
        try:
            return read(path)
        except TypeError as error:  # anndata's own word for a file that is no AnnData
            raise unreadable(path, place.kind, error) from error


def _ending(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    ending = suffixes[-1] if suffixes else ""
    if ending not in ENDINGS:
        raise ParameterError(
            f"{path.name!r} is not a kind of expression file that can be read",
            f"Its ending is {ending!r}; known are {', '.join(ENDINGS)}, text also with .gz",
            "Give the file the ending of what it holds",
        )
    return ending


def _refuse_options(
    ending: str,
    orientation: Orientation | None,
    id_column: str | None,
    dialect: Dialect,
    *,
    layer: str | None,
    use_raw: bool,
    backed: bool,
) -> None:
    """Nothing a user asks for is ignored in silence."""
    if orientation not in {None, "genes_in_rows", "genes_in_columns"}:
        raise ParameterError(
            f"orientation cannot be {orientation!r}",
            "Allowed: genes_in_rows, genes_in_columns",
            "Look at the first column of the file: are they genes?",
        )
    is_anndata = ending in ANNDATA_ENDINGS
    unfit = {
        "layer": layer is not None and not is_anndata,
        "use_raw": use_raw and not is_anndata,
        "backed=True": backed and not is_anndata,
        "sep, decimal or encoding": dialect != Dialect() and ending not in TEXT_ENDINGS,
        "id_column": id_column is not None and is_anndata,
        'orientation="genes_in_rows"': orientation == "genes_in_rows" and is_anndata,
    }
    for option, is_unfit in unfit.items():
        if is_unfit:
            raise ParameterError(
                f"{option} cannot be used with a {ending} file",
                "An h5ad or zarr has layers, genes in columns and can stay on disk; only text has "
                "separators and encodings",
                "Leave the option out",
            )


def _oriented(
    table: NamedMatrix, orientation: Orientation | None, path: Path
) -> tuple[Any, list[str], list[str]]:
    if orientation == "genes_in_rows":
        return table.values.T, table.column_names, table.row_names
    if orientation == "genes_in_columns":
        return table.values, table.row_names, table.column_names
    in_rows, in_columns = gene_share(table.row_names), gene_share(table.column_names)
    if in_rows == in_columns:
        in_rows, in_columns = len(table.row_names), len(table.column_names)
    guess = "genes_in_rows" if in_rows >= in_columns else "genes_in_columns"
    raise ParameterError(
        f"orientation is needed to read {path.name!r}",
        f"It has {count(len(table.row_names), 'row')} ({examples(table.row_names)}) and "
        f"{count(len(table.column_names), 'column')} ({examples(table.column_names)}): "
        f"it looks like {guess}",
        f'Give orientation="{guess}" if that is right',
        guess=guess,
    )


def _read_table(
    path: Path, dialect: Dialect, id_column: str | None = None, max_bytes: int = MAX_BYTES
) -> NamedMatrix:
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path, id_column, max_bytes)
    return read_matrix(path, dialect, id_column=id_column, max_bytes=max_bytes)


def _read_parquet(path: Path, id_column: str | None, max_bytes: int) -> NamedMatrix:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            layout = file.metadata
            _refuse_size(path, 8 * layout.num_rows * layout.num_columns, max_bytes)
            _refuse_width(path, layout.num_columns)
            frame: pd.DataFrame = file.read().to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise unreadable(path, "parquet", error) from error
    frame = _with_ids(frame, id_column, path)
    columns = [str(name) for name in frame.columns]
    rows = [name if isinstance(name, str) else str(name) for name in frame.index]
    return NamedMatrix(values_of_frame(frame), rows, columns)


def _with_ids(frame: pd.DataFrame, id_column: str | None, path: Path) -> pd.DataFrame:
    if id_column is None and not isinstance(frame.index, pd.RangeIndex):
        return frame
    texts = [c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c].dtype)]
    chosen = id_column if id_column is not None else (texts[0] if len(texts) == 1 else None)
    if chosen is None or chosen not in frame.columns:
        raise ParameterError(
            f"The column with the row names of {path.name!r} is not clear"
            if id_column is None
            else f"id_column={id_column!r} is no column of {path.name!r}",
            f"Columns of text: {examples(texts)}; all columns: {examples(frame.columns)}",
            "Name it: id_column=...",
        )
    return frame.set_index(chosen)


def _matrix_of_file(
    path: Path, layer: str | None, use_raw: bool, max_bytes: int
) -> tuple[Any, list[str], list[str], str]:
    adata = read_anndata(path, max_bytes=max_bytes)
    matrix, var_names, source = matrix_of_anndata(adata, layer, use_raw=use_raw)
    refuse_number_type(matrix.dtype)
    return matrix, list(adata.obs_names), list(var_names), source


def _open_backed(
    path: Path, layer: str | None, use_raw: bool, duplicates: DuplicatesRule
) -> Expression:
    if duplicates != "error":
        raise ParameterError(
            f"duplicates={duplicates!r} cannot be used with backed=True",
            "Genes are combined in memory",
            "Leave backed out, or combine them and write the file again",
        )
    with reading(_place(path)):
        facts = path.stat()
    modified = datetime.fromtimestamp(facts.st_mtime, UTC).isoformat(timespec="seconds")
    origin = {"file": path.name, "bytes": str(facts.st_size), "modified": modified}
    if not path.is_file():
        del origin["bytes"]  # of the folder itself
    expression = open_anndata(_place(path), layer, use_raw=use_raw, origin=origin)
    check_has_values(expression)
    return expression


def _place(path: Path) -> Place:
    return ZarrPlace(str(path.resolve())) if path.suffix == ".zarr" else H5adPlace(path.resolve())


def _stored_bytes(stored: Any) -> int:
    """The size of an array, or of all arrays in a group, unpacked."""
    if hasattr(stored, "nbytes"):
        return int(stored.nbytes)
    return sum(_stored_bytes(stored[name]) for name in stored)


def _refuse_size(path: Path, n_bytes: int, max_bytes: int) -> None:
    if n_bytes > max_bytes:
        raise InputError(
            f"{path.name!r} is larger than the limit",
            f"Unpacked it takes {n_bytes:,} bytes, the limit is {max_bytes:,}",
            "If the file is what you think it is, raise max_bytes",
            path=str(path),
            max_bytes=max_bytes,
        )


def _refuse_width(path: Path, n_columns: int) -> None:
    if n_columns > MAX_COLUMNS:
        raise InputError(
            f"{path.name!r} has too many columns",
            f"It has {n_columns:,}, the limit is {MAX_COLUMNS:,}",
            "Turn the table round",
            path=str(path),
        )
