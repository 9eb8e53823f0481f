"""First singular vectors of many gene sets, from one pass over the observations."""

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.jit import jit

_TIED = 1e-10
"""Share of the largest eigenvalue by which the second has to be smaller; less is rounding."""


@jit
def add_set_products(
    x: NDArray[np.float64],
    n_before: int,
    n_obs: int,
    means: NDArray[np.float64],
    deviations: NDArray[np.float64],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int64],
    signs: NDArray[np.float64],
    starts: NDArray[np.int64],
    products: NDArray[np.float64],
) -> None:
    """Add what the rows of x say about each set's signed z-values Z (n_obs, k).

    `products[starts[s]:starts[s + 1]]` holds, row by row, the upper triangle of Z'Z (k, k) of a set
    with fewer genes than observations, and Z itself (n_obs, k) otherwise: whichever is smaller.
    n_before: observations of earlier chunks. An observation that misses a gene of the set adds
    nothing.
    """
    n_rows = x.shape[0]
    z = np.empty(0 if len(indptr) < 2 else np.max(indptr[1:] - indptr[:-1]))
    for s in range(len(indptr) - 1):
        first = indptr[s]
        k = indptr[s + 1] - first
        block = products[starts[s] : starts[s + 1]]
        for i in range(n_rows):
            is_complete = True
            for a in range(k):
                g = indices[first + a]
                z[a] = np.sign(signs[first + a]) * ((x[i, g] - means[g]) / deviations[g])
                is_complete = is_complete and not np.isnan(z[a])
            if not is_complete:
                continue
            if k >= n_obs:
                block[(n_before + i) * k : (n_before + i + 1) * k] = z[:k]
                continue
            for a in range(k):
                row = block[a * k : (a + 1) * k]
                for b in range(a, k):
                    row[b] += z[a] * z[b]


def leading_vector(
    block: NDArray[np.float64], n_obs: int, k: int
) -> tuple[NDArray[np.float64], float]:
    """First right singular vector (k,) and singular value of a set, from `add_set_products`.

    Only the leading vector is wanted: its error is eps x largest / (largest - second) for the
    eigenvalues of Z'Z, which is not more than that for the singular values of Z. Where the two are
    equal any mixture of their vectors would do as well: there is no first one, and all is NaN.
    """
    if k >= n_obs:
        _, values, vectors = np.linalg.svd(block.reshape(n_obs, k), full_matrices=False)
        eigenvalues, leading = values[::-1] ** 2, vectors[0]
    else:
        eigenvalues, vectors = np.linalg.eigh(block.reshape(k, k), UPLO="U")
        leading = vectors[:, -1]
    largest = max(eigenvalues[-1], 0.0)
    if len(eigenvalues) > 1 and largest > 0 and largest - eigenvalues[-2] <= _TIED * largest:
        return np.full(k, np.nan), np.nan
    return leading, float(np.sqrt(largest))


@jit
def project_sets(
    x: NDArray[np.float64],
    means: NDArray[np.float64],
    deviations: NDArray[np.float64],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int64],
    loadings: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum of z-value times loading over each set, (n_obs, n_sets); NaN for a set of no gene."""
    scores = np.empty((x.shape[0], len(indptr) - 1))
    for i in range(x.shape[0]):
        for s in range(len(indptr) - 1):
            total = 0.0
            for j in range(indptr[s], indptr[s + 1]):
                g = indices[j]
                total += loadings[j] * ((x[i, g] - means[g]) / deviations[g])
            scores[i, s] = total if indptr[s + 1] > indptr[s] else np.nan
    return scores
