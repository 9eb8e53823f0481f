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
    n_combined = int(np.count_nonzero(np.bincount(codes) > 1))
    if n_combined == 0:
        return matrix, list(names), 0
    if rule == "highest_mean":
        combined = matrix[:, highest_mean_columns(column_means(matrix), codes)]
    else:
        combined = add_columns(matrix, codes, divide=rule == "mean")
    return combined, [str(name) for name in unique], n_combined


def column_means(matrix: Any) -> NDArray[np.float64]:
    """The mean of each column of an array or a scipy sparse matrix."""
    return np.asarray(matrix.mean(axis=0, dtype=np.float64)).ravel()


def highest_mean_columns(means: NDArray[np.float64], codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each gene the position of its column with the highest mean, the first of equals.

    `means` and `codes` have one value per column; codes count the genes from 0.

    >>> highest_mean_columns(np.array([1.5, 5.0, 4.5]), np.array([0, 1, 0])).tolist()
    [2, 1]
    """
    means = np.where(np.isnan(means), -np.inf, means)
    by_gene = np.lexsort((-means, codes))  # stable: the first of equals stays first
    _, first = np.unique(codes[by_gene], return_index=True)
    chosen: NDArray[np.intp] = by_gene[first]
    return chosen


def add_columns(matrix: Any, codes: NDArray[np.intp], *, divide: bool) -> Any:
    """The sum of the columns of each gene, or their mean; a column with the code -1 is left out.

    Sums of whole numbers stay whole numbers, everything else is float64.

    Parameters
    ----------
    matrix
        (n_obs, n_columns) array or scipy sparse matrix; a sparse one stays sparse.
    codes
        The number of the gene of each column.
    divide
        Whether to divide by the number of columns of the gene.
    """
    (used,) = np.nonzero(codes >= 0)
    is_whole = matrix.dtype.kind in "iu" and not divide
    ones = np.ones(len(used), dtype=np.int64 if is_whole else np.float64)
    columns = sparse.csr_matrix(
        (ones, (used, codes[used])), shape=(len(codes), int(codes.max()) + 1)
    )
    total = matrix @ columns
    if not divide:
        return total
    sizes = np.bincount(codes[used])
    if isinstance(total, np.ndarray):
        return total / sizes
    rows = total.tocsr()
    rows.data = rows.data / sizes[rows.indices]
    return rows
