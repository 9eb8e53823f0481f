"""From the objects people have (DataFrame, AnnData) to an `Expression`."""

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from neurosig.errors import ExpressionError, ParameterError, count, examples
from neurosig.expression.base import Expression, in_memory
from neurosig.expression.checks import check_has_values

if TYPE_CHECKING:
    from anndata import AnnData


def as_expression(data: Any, *, layer: str | None = None, use_raw: bool = False) -> Expression:
    """Expression data as methods see it; the values are neither copied nor converted here.

    Parameters
    ----------
    data
        A DataFrame of observations x genes, an AnnData in memory (dense, CSR or CSC), or an
        `Expression`, which is returned as it is.
    layer, use_raw
        Which matrix of an AnnData to take instead of `X`; neither is ever guessed.

    Raises
    ------
    ParameterError
        If `layer` and `use_raw` are both given, or given for something that is no AnnData.
    ExpressionError
        If the object, its matrix or its names cannot be used (DuplicateGenesError for genes).

    Examples
    --------
    >>> table = pd.DataFrame({"NGF": [1.5, 2.0], "BDNF": [0.0, 3.0]}, index=["s1", "s2"])
    >>> as_expression(table)
    <dense expression of 2 genes in 2 observations>
    """
    is_anndata = _is_anndata(data)
    if not is_anndata and (layer is not None or use_raw):
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
    elif is_anndata:
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


def _is_anndata(data: Any) -> bool:
    # Whoever holds an AnnData has imported anndata: no need to load it for the others.
    module = sys.modules.get("anndata")
    return module is not None and isinstance(data, module.AnnData)


def _from_frame(frame: pd.DataFrame) -> Expression:
    for axis, what in ((frame.index, "index"), (frame.columns, "columns")):
        if isinstance(axis, pd.MultiIndex):
            raise ExpressionError(
                f"The {what} of the expression table has {axis.nlevels} levels",
                f"Levels: {examples(axis.names)}",
                f"Use one level: expression.{what} = expression.{what}.get_level_values(0)",
            )
    if len(frame.columns) and all(isinstance(t, pd.SparseDtype) for t in frame.dtypes):
        _refuse_column_types(frame)
        accessor: Any = frame.sparse
        matrix = accessor.to_coo()
    else:
        matrix = values_of_frame(frame)
    return in_memory(matrix, frame.index, frame.columns, {"source": "DataFrame"})


def values_of_frame(frame: pd.DataFrame) -> NDArray[Any]:
    """The values of a table of numbers, without a copy where pandas holds them in one piece.

    Raises
    ------
    ExpressionError
        If a column does not hold numbers.
    """
    _refuse_column_types(frame)
    if all(isinstance(t, np.dtype) for t in frame.dtypes):
        return frame.to_numpy()
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)  # nullable types: pd.NA becomes NaN


def _refuse_column_types(frame: pd.DataFrame) -> None:
    is_number = [
        pd.api.types.is_numeric_dtype(t) and _is_real(getattr(t, "subtype", t))
        for t in frame.dtypes
    ]
    if all(is_number):
        return
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
    matrix, var_names, source = matrix_of_anndata(adata, layer, use_raw=use_raw)
    return in_memory(matrix, adata.obs_names, var_names, {"source": source})


def matrix_of_anndata(
    adata: "AnnData", layer: str | None, *, use_raw: bool
) -> tuple[Any, pd.Index, str]:
    """The matrix asked for (array or scipy sparse), its gene names, and what it is called.

    Raises
    ------
    ParameterError
        If `layer` and `use_raw` are both given.
    ExpressionError
        If the matrix is not there, not in memory or not of real numbers.
    """
    if layer is not None and use_raw:
        raise ParameterError(
            f"layer={layer!r} and use_raw=True cannot both be used",
            "They name two different matrices",
            "Choose one of them",
        )
    chosen, source = _chosen_part(adata, layer, use_raw)
    matrix = adata.layers[layer] if layer is not None else chosen.X
    _refuse_matrix_types(matrix)
    return matrix, chosen.var_names, source


def _chosen_part(adata: "AnnData", layer: str | None, use_raw: bool) -> tuple[Any, str]:
    """The object with the gene names of the matrix, and what the matrix is called."""
    known = f"Layers: {examples(adata.layers)}"
    if layer is not None:
        if layer not in adata.layers:
            raise ExpressionError(
                f"The AnnData has no layer {layer!r}",
                known,
                "Name one of them, or leave layer out to use adata.X",
            )
        return adata, f"AnnData layer {layer!r}"
    if use_raw:
        if adata.raw is None:
            raise ExpressionError(
                "use_raw=True, but adata.raw is None",
                known,
                "Leave use_raw out to use adata.X, or set adata.raw before scaling",
            )
        return adata.raw, "AnnData raw"
    if adata.X is None:
        raise ExpressionError("adata.X is None", known, "Name the matrix: layer=...")
    return adata, "AnnData X"


def _refuse_matrix_types(matrix: Any) -> None:
    if not (sparse.issparse(matrix) or isinstance(matrix, np.ndarray)):
        raise ExpressionError(
            "The matrix of the AnnData is not in memory, or of a kind that cannot be used",
            f"It is a {type(matrix).__module__}.{type(matrix).__name__}, neither an array nor a "
            "sparse matrix of scipy",
            "Load it: adata.to_memory()",
        )
    number_type = np.dtype(matrix.dtype)  # type: ignore[union-attr]
    if number_type.kind not in "fiu":
        raise ExpressionError(
            f"The matrix of the AnnData has the type {number_type}",
            "Expression values are real numbers",
            "Convert it: adata.X = adata.X.astype('float32')",
        )
