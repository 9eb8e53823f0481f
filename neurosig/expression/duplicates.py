"""One column per gene, by a rule the user states."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

DuplicatesRule: TypeAlias = Literal["error", "mean", "highest_mean", "sum"]


def combine_duplicates(
    matrix: Any, names: Sequence[str], rule: Literal["mean", "highest_mean", "sum"]
) -> tuple[Any, list[str], int]:
    """Combine the columns that share a name; other columns keep their values.

    Parameters
    ----------
    matrix
        (n_obs, n_columns) array or scipy sparse matrix. A missing value makes the mean or the sum
        of its gene missing in that observation, and its column the last choice of "highest_mean".
    names
        The gene of each column.
    rule
        "mean" or "sum" of the columns, or the column with the "highest_mean" over observations
        (the first of equals).

    Returns
    -------
    tuple
        The matrix, the names in the order of their first column, and how many were combined.

    Examples
    --------
    >>> x = np.array([[1.0, 5.0, 3.0], [2.0, 5.0, 6.0]])
    >>> combine_duplicates(x, ["NGF", "BDNF", "NGF"], "mean")[0].tolist()
    [[2.0, 5.0], [4.0, 5.0]]
    >>> combine_duplicates(x, ["NGF", "BDNF", "NGF"], "highest_mean")[0].tolist()
    [[3.0, 5.0], [6.0, 5.0]]
    """
    codes, unique = pd.factorize(np.asarray(names, dtype=object))
    sizes = np.bincount(codes)
    n_combined = int(np.count_nonzero(sizes > 1))
    if n_combined == 0:
        return matrix, list(names), 0
    if rule == "highest_mean":
        combined = matrix[:, _highest_mean(matrix, codes)]
    else:
        ones = np.ones(len(codes))
        combined = matrix @ sparse.csr_matrix((ones, (np.arange(len(codes)), codes)))
        if rule == "mean":
            combined = _divided(combined, sizes)
    return combined, [str(name) for name in unique], n_combined


def _highest_mean(matrix: Any, codes: NDArray[np.intp]) -> NDArray[np.intp]:
    means = np.asarray(matrix.mean(axis=0, dtype=np.float64)).ravel()
    means = np.where(np.isnan(means), -np.inf, means)
    by_gene = np.lexsort((-means, codes))  # stable: the first of equals stays first
    _, first = np.unique(codes[by_gene], return_index=True)
    chosen: NDArray[np.intp] = by_gene[first]
    return chosen


def _divided(combined: Any, sizes: NDArray[np.intp]) -> Any:
    if isinstance(combined, np.ndarray):
        return combined / sizes
    rows = combined.tocsr()
    rows.data = rows.data / sizes[rows.indices]
    return rows
