"""Weighted sum of a signature."""

import warnings
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help
from neurosig.errors import CoverageWarning, count, examples
from neurosig.expression.base import BlockData, Expression
from neurosig.genesets.compiled import CompiledSignatures, GeneSets
from neurosig.methods.base import Spec
from neurosig.methods.set_sums import SetSumMethod, weighted_sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted(SetSumMethod):
    """Weighted sum or mean of the genes of a signature, with signed and fractional weights.

    score[i, s] = sum_{g in s} w[g] x[i, g] / c_s

    x: (n_obs, n_genes) log-scale expression; w: weights of the genes of s, 1 where the signature
    states none, negative in a down arm; c_s = 1, sum_{g in s} |w[g]| or sum_{g in s} w[g]. Only
    genes found in the data count in both sums. Unbounded, in the units of x times those of w; with
    c_s = sum |w| it lies between -max |x| and max |x|.

    Parameters
    ----------
    normalize
        "none": the sum, as published risk scores are computed. "sum_abs": divided by sum |w|.
        "sum": divided by sum w, the weighted mean; where weights of both signs cancel the score is
        missing, with a warning.
    na
        A missing value stops the run ("error") or makes the score of that sample and signature
        missing ("propagate").

    References
    ----------
    Badia-i-Mompel et al. 2022, doi:10.1093/bioadv/vbac016 (weighted aggregates). Equal to
    decoupler 2's ``waggr(fun="wsum")`` with "none" and ``waggr(fun="wmean")`` with "sum_abs", both
    with ``times=0``. The text of the latter says sum w, its code divides by sum |w|.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame([[2.0, 3.0, 4.0]], index=["s"], columns=["NGF", "BDNF", "GDNF"])
    >>> sets = {"S": {"NGF": 0.5, "BDNF": 1.5, "GDNF": -1.0}}
    >>> float(ns.score(x, sets, method="weighted").values.loc["s", "S"])
    1.5
    >>> mean = ns.methods.Weighted(normalize="sum_abs")
    >>> float(ns.score(x, sets, method=mean).values.loc["s", "S"])
    0.5
    """

    normalize: Annotated[
        Literal["none", "sum_abs", "sum"], Help("what the weighted sum is divided by")
    ] = "none"
    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="weighted",
        title="Weighted sum",
        doi="10.1093/bioadv/vbac016",
        scope="sample",
        bounds=(-np.inf, np.inf),
        scale="log",
        weights="full",
        invariant_to=frozenset({"gene_order", "other_samples", "other_signatures", "other_genes"}),
        revision=1,
    )

    def fit_sets(
        self,
        expression: Expression,  # noqa: ARG002
        sets: CompiledSignatures,
        genes: None,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """The divisor c_s of each signature, which no sample has a part in."""
        return self._divisors(sets.sets)

    def warn(self, sets: CompiledSignatures, cohort: Any) -> None:
        """Warn of signatures without a divisor."""
        lost = [name for name, c in zip(sets.names, cohort, strict=True) if np.isnan(c)]
        if lost:
            warnings.warn(
                CoverageWarning(
                    f"The weights of {count(len(lost), 'signature')} add up to zero, so that there "
                    "is no weighted mean",
                    f"Of the genes found: {examples(lost)}",
                    'Use Weighted(normalize="sum_abs") or Weighted(normalize="none")',
                ),
                stacklevel=3,
            )

    def score_data(
        self, data: BlockData, sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores of rows as they are stored."""
        divisors: NDArray[np.float64] = cohort
        return weighted_sums(data, sets.sets) / divisors

    def _divisors(self, sets: GeneSets) -> NDArray[np.float64]:
        if self.normalize == "none":
            return np.ones(sets.n_sets)
        sizes = np.add.reduceat(np.abs(sets.weights), sets.indptr[:-1])
        if self.normalize == "sum_abs":
            return sizes
        sums = np.add.reduceat(sets.weights, sets.indptr[:-1])
        # Decimal fractions such as 0.1 + 0.2 - 0.3 cancel to a few last bits instead of zero.
        return np.where(np.abs(sums) <= 1e-12 * sizes, np.nan, sums)
