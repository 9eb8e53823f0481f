"""First principal component of a signature."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from neurosig._params import Help
from neurosig.expression.base import Expression
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.methods.base import Spec
from neurosig.methods.first_component import (
    ComponentMethod,
    Loadings,
    as_loadings,
    first_components,
)
from neurosig.methods.gene_moments import GeneMoments


@dataclass(frozen=True, slots=True, kw_only=True)
class Pc1(ComponentMethod):
    """Score on the first principal component of a signature's genes (as in IOBR).

    score[i, s] = sum_{g in s} u_g z[i, g]

    z: (n_obs, k_s) log-scale expression of the genes of s that vary, standardised over
    observations (n - 1), with the other sign for the down arm; u: (k_s,) loadings of unit norm of
    the component with the largest variance. Unbounded; 0 = cohort average; variance = the largest
    eigenvalue of the correlation matrix of the genes. The sign of a component is arbitrary; here a
    score rises with the mean expression of its genes (that of the up arm less that of the down arm,
    not standardised), and where it does so with none, with the first of them in the matrix. Where
    two components have the largest variance there is no first one and no score. Genes constant over
    the cohort are left out; a signature that loses most of its genes that way is warned about.

    Parameters
    ----------
    na
        A missing value stops the run ("error"), or is left out of mean and sd, takes its sample out
        of the component of that signature, and makes the score there missing ("propagate").

    References
    ----------
    Zeng et al. 2021, doi:10.3389/fimmu.2021.687975 (IOBR, PCA signature score). Equal to IOBR's
    ``sigScore(methods = "PCA")``, which stops at a constant gene.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame({"NGF": [1.0, 2.0, 3.0], "BDNF": [2.0, 4.0, 6.0]}, index=list("abc"))
    >>> ns.score(x, {"S": ["NGF", "BDNF"]}, method="pc1").values["S"].round(4).tolist()
    [-1.4142, 0.0, 1.4142]
    """

    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="pc1",
        title="First principal component",
        doi="10.3389/fimmu.2021.687975",
        scope="cohort",
        bounds=(-np.inf, np.inf),
        scale="log",
        weights="sign",
        invariant_to=frozenset({"gene_order", "other_signatures", "other_genes"}),
        revision=2,
    )

    def fit_sets(
        self, expression: Expression, sets: CompiledSignatures, genes: GeneMoments
    ) -> Loadings:
        """The loadings u of each signature."""
        components = first_components(expression, sets, genes)
        # The covariance of the score with the mean expression is that of the sum of u_g sd_g.
        weights = [c.oriented(genes.deviations[c.genes]) for c in components]
        return as_loadings(genes, components, weights)
