"""Mean expression of a signature."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help
from neurosig.expression.base import BlockData
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.methods.base import Spec
from neurosig.methods.set_sums import SetSumMethod, plain, weighted_sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean(SetSumMethod):
    """Mean expression of the genes of a signature.

    score[i, s] = mean_{g in up(s)} x[i, g] - mean_{g in down(s)} x[i, g]

    x: (n_obs, n_genes) log-scale expression. A signature without direction has only an up arm.
    Unbounded, in the units of x.

    Parameters
    ----------
    na
        A missing value stops the run ("error") or makes the score of that sample and signature
        missing ("propagate").

    References
    ----------
    The average of a gene set as a score: doi:10.1186/1471-2105-10-47 (Section Methods).

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame([[1.0, 2.0, 6.0]], index=["s"], columns=["NGF", "BDNF", "GDNF"])
    >>> sets = {"up": ["NGF", "BDNF"], "both": {"up": ["NGF", "BDNF"], "down": ["GDNF"]}}
    >>> ns.score(x, sets, method="mean").values.loc["s"].tolist()
    [1.5, -4.5]
    """

    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="mean",
        title="Mean expression",
        doi="10.1186/1471-2105-10-47",
        scope="sample",
        bounds=(-np.inf, np.inf),
        scale="log",
        weights="sign",
        invariant_to=frozenset({"gene_order", "other_samples", "other_signatures", "other_genes"}),
        revision=1,
    )

    def score_data(
        self,
        data: BlockData,
        sets: CompiledSignatures,
        cohort: Any,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Scores of rows as they are stored."""
        return sets.combine_arms(weighted_sums(data, plain(sets.arms)) / sets.arms.sizes)
