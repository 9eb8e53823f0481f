"""From the objects people have (DataFrame, AnnData) to an `Expression`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from neurosig.errors import ExpressionError, ParameterError, count, examples
from neurosig.expression.backed import stored_expression
from neurosig.expression.base import Expression
from neurosig.expression.checks import check_has_values
from neurosig.expression.dask_arrays import DaskExpression
from neurosig.expression.h5ad_file import H5adPlace, h5ad_place_of
from neurosig.expression.matrix_choice import choose_matrix, refuse_number_type
from neurosig.expression.memory import in_memory
from neurosig.expression.zarr_store import zarr_place_of

if TYPE_CHECKING:
    from anndata import AnnData


def as_expression(data: Any, *, layer: str | None = None, use_raw: bool = False) -> Expression:
    """Expression data as methods see it; the values are neither copied nor converted here.

    Parameters
    ----------
    data
        A DataFrame of observations x genes; an AnnData in memory (dense, CSR or CSC), backed by
        an h5ad file or with a matrix in zarr (dense or CSR; read block by block), or with a dask
        array (computed chunk by chunk); or an `Expression`, which is returned as it is.
    layer, use_raw
        Which matrix of an AnnData to take instead of `X`; neither is ever guessed.

    Raises
    ------
    ParameterError
        If `layer` and `use_raw` are both given, or given for something that is no AnnData.
    ExpressionError
        If the object, its matrix or its names cannot be used (DuplicateGenesError for genes).
    ResourceError
        If a file behind it is missing or damaged.

    Examples
    --------
    >>> table = pd.DataFrame({"NGF": [1.5, 2.0], "BDNF": [0.0, 3.0]}, index=["s1", "s2"])
    >>> as_expression(table)
    <dense expression of 2 genes in 2 observations>
    """
    if not is_anndata(data) and (layer is not None or use_raw):
        option = f"layer={layer!r}" if layer is not None else "use_raw=True"
        raise ParameterError(
            f"{option} cannot be used here",
            f"Only an AnnData has layers and raw; this is a {type(data).__name__}",
            "Leave the option out, or select the values before",
        )
    if isinstance(data, Expression):
        return data
    if isinstance(data, pd.DataFrame):
        expression = _from_frame(data)
    elif is_anndata(data):
        expression = _from_anndata(data, layer, use_raw)
    else:
        raise ExpressionError(
            f"Expression data cannot be a {type(data).__name__}",
            "Genes and observations need names",
            "Use pandas.DataFrame(values, index=sample_names, columns=gene_names) or an AnnData; "
            "for a file, read_expression(path)",
        )
    check_has_values(expression)
    return expression


def is_anndata(data: Any) -> bool:
    """Whether something is an AnnData, told without importing anndata."""
    return _is_a(data, "anndata", "AnnData")


def matrix_of_frame(frame: pd.DataFrame) -> Any:
    """The values of a table as an array, or as a sparse matrix if all its columns are sparse.

    Raises
    ------
    ExpressionError
        If an axis has several levels or a column does not hold numbers.
    """
    for axis, what in ((frame.index, "index"), (frame.columns, "columns")):
        if isinstance(axis, pd.MultiIndex):
            raise ExpressionError(
                f"The {what} of the expression table has {axis.nlevels} levels",
                f"Levels: {examples(axis.names)}",
                f"Use one level: expression.{what} = expression.{what}.get_level_values(0)",
            )
    if len(frame.columns) and all(isinstance(t, pd.SparseDtype) for t in set(frame.dtypes)):
        _refuse_column_types(frame)
        accessor: Any = frame.sparse
        return accessor.to_coo().tocsr()
    return values_of_frame(frame)


def _from_frame(frame: pd.DataFrame) -> Expression:
    matrix = matrix_of_frame(frame)
    return in_memory(matrix, frame.index, frame.columns, {"source": "DataFrame"})


def values_of_frame(frame: pd.DataFrame) -> NDArray[Any]:
    """The values of a table of numbers, without a copy where pandas holds them in one piece.

    Raises
    ------
    ExpressionError
        If a column does not hold numbers.
    """
    _refuse_column_types(frame)
    if all(isinstance(t, np.dtype) for t in set(frame.dtypes)):
        return frame.to_numpy()
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)  # nullable types: pd.NA becomes NaN


def _refuse_column_types(frame: pd.DataFrame) -> None:
    are_numbers = {
        t: pd.api.types.is_numeric_dtype(t) and _is_real(getattr(t, "subtype", t))
        for t in set(frame.dtypes)
    }
    if all(are_numbers.values()):
        return
    is_number = [are_numbers[t] for t in frame.dtypes]
    columns = [name for name, good in zip(frame.columns, is_number, strict=True) if not good]
    kinds = sorted({str(t) for t, good in zip(frame.dtypes, is_number, strict=True) if not good})
    raise ExpressionError(
        f"{count(len(columns), 'column')} of the expression table "
        f"{'does' if len(columns) == 1 else 'do'} not hold numbers",
        f"Columns: {examples(columns)}; their type is {', '.join(kinds)}",
        "Drop what is no gene (expression.drop(columns=[...])); make text numbers with "
        "expression.apply(pandas.to_numeric)",
        columns=tuple(columns),
    )


def _is_real(dtype: Any) -> bool:
    return not (pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_complex_dtype(dtype))


def _from_anndata(adata: "AnnData", layer: str | None, use_raw: bool) -> Expression:
    if adata.isbacked and layer is None:  # the layers of a backed AnnData are in memory
        return _from_backed(adata, use_raw)
    matrix, var_names, source = matrix_of_anndata(adata, layer, use_raw=use_raw)
    return _expression_of(matrix, adata.obs_names, var_names, {"source": source})


def _from_backed(adata: "AnnData", use_raw: bool) -> Expression:
    path = Path(str(adata.filename)).resolve()
    if adata.is_view:
        raise ExpressionError(
            f"This is a part of the backed AnnData {path.name!r}",
            "anndata would read the part as a whole",
            'If it fits in memory, adata[...].to_memory(); if not, adata[...].copy("part.h5ad")',
        )
    key, source = choose_matrix(
        None, use_raw=use_raw, layers=list(adata.layers), has_raw=adata.raw is not None, has_x=True
    )
    var_names = adata.raw.var_names if use_raw else adata.var_names
    origin = {"file": path.name, "source": source}
    return stored_expression(H5adPlace(path, key), adata.obs_names, var_names, origin)


def matrix_of_anndata(
    adata: "AnnData", layer: str | None, *, use_raw: bool
) -> tuple[Any, pd.Index, str]:
    """The matrix asked for, its gene names, and what it is called.

    Raises
    ------
    ParameterError
        If `layer` and `use_raw` are both given.
    ExpressionError
        If the matrix is not there.
    """
    _, source = choose_matrix(
        layer,
        use_raw=use_raw,
        layers=list(adata.layers),
        has_raw=adata.raw is not None,
        has_x=layer is not None or use_raw or adata.X is not None,
    )
    if layer is not None:
        return adata.layers[layer], adata.var_names, source
    chosen = adata.raw if use_raw else adata
    return chosen.X, chosen.var_names, source


def _expression_of(
    matrix: Any, obs_names: pd.Index, var_names: pd.Index, origin: dict[str, str]
) -> Expression:
    """The expression that fits what the matrix is stored in."""
    names = (obs_names, var_names, origin)
    if isinstance(matrix, np.ndarray) or sparse.issparse(matrix):
        refuse_number_type(matrix.dtype)  # type: ignore[union-attr]
        return in_memory(matrix, *names)
    if _is_a(matrix, "dask.array", "Array"):
        return DaskExpression(matrix, *names)
    # A sparse matrix on disk is anndata's wrapper around the group that holds it.
    stored = getattr(matrix, "group", matrix)
    if _is_a(stored, "zarr", "Array") or _is_a(stored, "zarr", "Group"):
        return stored_expression(zarr_place_of(stored), *names)
    if _is_a(stored, "h5py", "Dataset") or _is_a(stored, "h5py", "Group"):
        return stored_expression(h5ad_place_of(stored), *names)
    raise ExpressionError(
        "The matrix of the AnnData is of a kind that cannot be used",
        f"It is a {type(matrix).__module__}.{type(matrix).__name__}, neither an array, a sparse "
        "matrix of scipy, a dask array nor a matrix on disk",
        "Load it: adata.to_memory()",
    )


def _is_a(thing: Any, module_name: str, class_name: str) -> bool:
    # Whoever holds such an object has imported its module: no need to load it for the others.
    module = sys.modules.get(module_name)
    return module is not None and isinstance(thing, getattr(module, class_name))
