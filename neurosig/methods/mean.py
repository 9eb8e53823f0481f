"""Mean expression of a signature."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.moments import set_means
from neurosig.methods.base import Method, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean(Method):
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

    def score_rows(
        self,
        x: NDArray[np.float64],
        sets: CompiledSignatures,
        cohort: Any,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Scores of dense rows."""
        return sets.combine_arms(set_means(x, sets.arms.indptr, sets.arms.indices))
