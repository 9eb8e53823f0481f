"""The genes of a DataFrame, an AnnData or an Expression, and the same object with other genes."""

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from neurosig.errors import ExpressionError, examples
from neurosig.expression.adapters import as_expression, is_anndata, matrix_of_frame
from neurosig.expression.base import Expression
from neurosig.expression.duplicates import column_means
from neurosig.expression.matrix_choice import refuse_number_type
from neurosig.expression.memory import in_memory
from neurosig.expression.regrouped import RegroupedExpression, Regrouping, block_means
from neurosig.keys import ORIGINAL_IDS

if TYPE_CHECKING:
    from anndata import AnnData


def gene_names(data: Any) -> list[str]:
    """The gene names as text, repeated and empty ones too.

    Raises
    ------
    ExpressionError
        If the object is of another kind, or an AnnData whose matrix is not in memory.
    """
    if isinstance(data, pd.DataFrame):
        matrix_of_frame(data.iloc[:0])  # refuses levels and columns without numbers
        names: Any = data.columns
    elif is_anndata(data):
        _refuse_not_in_memory(data)
        names = data.var_names
    else:
        names = as_expression(data).var_names
    return [name if isinstance(name, str) else _text(name) for name in names]


def _text(name: object) -> str:
    return "" if pd.isna(name) else str(name)  # type: ignore[call-overload]


def gene_means(data: Any) -> NDArray[np.float64]:
    """The mean of each gene over observations; of X in an AnnData."""
    if isinstance(data, Expression):
        return block_means(data)
    if is_anndata(data) and data.X is None:
        raise ExpressionError(
            "The AnnData has no X, whose means say which column is the highest",
            f"Its layers: {examples([key for key, _ in _layers(data)])}",
            'Copy one first, adata.X = adata.layers[name], or use duplicates="sum" or "mean"',
        )
    return column_means(data.X if is_anndata(data) else matrix_of_frame(data))


def values_of(data: Any) -> Expression | None:
    """The values to guess a scale from: of X, or of the first layer; None where all are missing.

    Names of observations may repeat here: nothing is looked up by them.
    """
    if isinstance(data, Expression):
        return data
    matrix: Any
    if is_anndata(data):
        matrices = [data.X, *(layer for _, layer in _layers(data))]
        matrix = next(m for m in matrices if m is not None)
    else:
        matrix = matrix_of_frame(data)
    values = cast(Any, matrix).data if sparse.issparse(matrix) else matrix
    if not np.isfinite(values).any():
        return None
    n_obs, n_vars = matrix.shape
    return in_memory(matrix, map(str, range(n_obs)), map(str, range(n_vars)), {})


def with_genes(
    data: Any, regrouping: Regrouping, original_ids: list[str], notes: Mapping[str, str]
) -> Any:
    """The same kind of object with the genes of a regrouping.

    Parameters
    ----------
    data
        A DataFrame, an Expression, or an AnnData in memory; it stays as it is.
    regrouping
        Which columns make which gene.
    original_ids
        For each gene what it was called before, for `var` of an AnnData.
    notes
        Added to the `origin` of an Expression.
    """
    if isinstance(data, Expression):
        return RegroupedExpression(data, regrouping, notes)
    if is_anndata(data):
        return _anndata(data, regrouping, original_ids)
    values = regrouping.apply(matrix_of_frame(data))
    columns = regrouping.names.rename(data.columns.name)
    if sparse.issparse(values):
        make: Any = pd.DataFrame.sparse
        return make.from_spmatrix(values, data.index, columns)
    return pd.DataFrame(values, index=data.index, columns=columns)


def not_carried(data: Any, regrouping: Regrouping) -> list[str]:
    """What of an AnnData has no place in one with other genes."""
    if not is_anndata(data):
        return []
    lost = ["raw"] if data.raw is not None else []
    if regrouping.combines:
        lost += [f"varm[{key!r}]" for key in data.varm]
    return lost + [f"varp[{key!r}]" for key in data.varp]


def _anndata(adata: "AnnData", regrouping: Regrouping, original_ids: list[str]) -> "AnnData":
    import anndata

    first = regrouping.first_columns
    var = adata.var.iloc[first].copy()
    var.index = pd.Index(regrouping.names, name=adata.var.index.name)
    var[ORIGINAL_IDS] = original_ids
    varm = {} if regrouping.combines else {key: value[first] for key, value in _items(adata.varm)}
    return anndata.AnnData(
        X=None if adata.X is None else regrouping.apply(adata.X),
        obs=adata.obs,  # anndata copies it
        var=var,
        uns=copy.deepcopy(dict(adata.uns)),
        obsm=dict(_items(adata.obsm)),
        obsp=dict(_items(adata.obsp)),
        varm=varm,
        layers={key: regrouping.apply(matrix) for key, matrix in _layers(adata)},
    )


def _layers(adata: "AnnData") -> list[tuple[str, Any]]:
    # anndata 0.13 lists X among the layers, under None.
    return [(key, adata.layers[key]) for key in adata.layers if key is not None]


def _items(mapping: Any) -> list[tuple[str, Any]]:
    return [(key, mapping[key].copy()) for key in mapping]


def _refuse_not_in_memory(adata: "AnnData") -> None:
    matrices: dict[str, Any] = {} if adata.isbacked else {"X": adata.X}
    matrices |= {f"layer {key!r}": matrix for key, matrix in _layers(adata)}
    elsewhere = ["X"] if adata.isbacked else []
    for name, matrix in matrices.items():
        is_array: bool = isinstance(matrix, np.ndarray) or sparse.issparse(matrix)
        if is_array:
            refuse_number_type(matrix.dtype)
        elif matrix is not None:
            elsewhere.append(name)
    if elsewhere:
        raise ExpressionError(
            "The matrix of the AnnData is not in memory",
            f"On disk or in a dask array: {', '.join(elsewhere)}",
            'Read it block by block: harmonise(neurosig.transform(adata, "none")) gives an '
            "Expression that can be scored; or load it: adata.to_memory()",
        )
