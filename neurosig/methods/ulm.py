"""Univariate linear model."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help
from neurosig.expression.base import BlockData
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.row_moments import dense_row_moments, sparse_row_moments
from neurosig.methods.base import Spec
from neurosig.methods.set_sums import SetSumMethod, weighted_sums

# decoupler adds this to 1 - r and 1 + r, so that a perfect fit has a large t and not an infinite.
_ROUNDING = 2.2e-16


@dataclass(frozen=True, slots=True, kw_only=True)
class Ulm(SetSumMethod):
    """Univariate linear model (Badia-i-Mompel et al. 2022).

    score[i, s] = r[i, s] sqrt((n - 2) / (1 - r[i, s]^2))

    r: Pearson correlation over the n genes of the matrix between the expression x[i, :] of sample i
    (log-scale) and the weights of s, 0 for genes that s does not hold. It is the t value of the
    slope of x[i, :] = a + b w + error, with n - 2 degrees of freedom. Unbounded; positive where
    genes with positive weights are expressed above the average gene of the sample. A sample whose
    genes all have one value, and a signature of all genes with one weight, have no score.

    Parameters
    ----------
    na
        A missing value stops the run ("error"), or makes signatures that hold it missing and leaves
        the regression of the others in that sample, n going down by one ("propagate").

    References
    ----------
    Badia-i-Mompel et al. 2022, doi:10.1093/bioadv/vbac016 (univariate linear model). Equal to
    decoupler 2's ``ulm(empty=False)``. With ``empty=True``, its default, decoupler first drops
    genes that are zero in all samples given; then n, and with it the score of a sample, depends on
    the other samples. Here it does not: leave such genes out of the data to get those numbers.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame([[3.0, 2.0, 0.0, 1.0]], index=["s"], columns=["NGF", "BDNF", "A", "B"])
    >>> score = ns.score(x, {"S": ["NGF", "BDNF"]}, method="ulm").values.loc["s", "S"]
    >>> round(float(score), 4)  # r = 2 / sqrt(5): t = r sqrt(2 / (1 - r^2)) = sqrt(8)
    2.8284
    """

    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="ulm",
        title="Univariate linear model",
        doi="10.1093/bioadv/vbac016",
        scope="sample",
        bounds=(-np.inf, np.inf),
        scale="log",
        weights="full",
        invariant_to=frozenset({"gene_order", "other_samples", "other_signatures"}),
        revision=1,
    )

    def score_data(
        self,
        data: BlockData,
        sets: CompiledSignatures,
        cohort: Any,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Scores of rows as they are stored."""
        return _t_values(data, sets)


def _t_values(data: BlockData, sets: CompiledSignatures) -> NDArray[np.float64]:
    if isinstance(data, np.ndarray):
        n_present, means, squares = dense_row_moments(data)
    else:
        n_present, means, squares = sparse_row_moments(data.indptr, data.data, sets.n_genes)
    n = n_present[:, None].astype(np.float64)
    weights, starts = sets.sets.weights, sets.sets.indptr[:-1]
    weight_sums = np.add.reduceat(weights, starts)
    weight_squares = np.add.reduceat(weights**2, starts)
    mean, of_expression = means[:, None], squares[:, None]
    # Sums of products of deviations: of the weights over n genes, and of weights and expression.
    with np.errstate(divide="ignore", invalid="ignore"):  # a sample without any value
        of_weights = weight_squares - weight_sums**2 / n
    of_both = weighted_sums(data, sets.sets) - mean * weight_sums
    # What is below these limits is the rounding error of sums that are zero.
    is_defined = (
        (n > 2) & (of_weights > 1e-12 * weight_squares) & (of_expression > 1e-20 * n * mean**2)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.clip(of_both / np.sqrt(of_expression * of_weights), -1.0, 1.0)
        t = r * np.sqrt((n - 2) / ((1 - r + _ROUNDING) * (1 + r + _ROUNDING)))
    return np.where(is_defined, t, np.nan)
