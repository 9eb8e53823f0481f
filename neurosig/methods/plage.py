"""Pathway level analysis of gene expression."""

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
class Plage(ComponentMethod):
    """PLAGE, the first singular vector of a signature (Tomfohr et al. 2005).

    score[i, s] = sum_{g in s} u_g z[i, g] / d,   with Z_s = V D U', u and d its first column
                  and singular value

    z: (n_obs, k_s) log-scale expression of the genes of s that vary, standardised over
    observations (n - 1), with the other sign for the down arm; u: (k_s,) loadings of unit norm; the
    scores of a signature are the first column of V: they sum to 0 and their squares to 1, so they
    shrink as the cohort grows. Between -1 and 1. The sign of a singular vector is arbitrary; here a
    score rises with the mean z of its genes, and where it does so with none (two genes that are
    negatively correlated) with the first of them in the matrix. Where the two largest singular
    values are equal there is no first vector and no score. Genes constant over the cohort are left
    out; a signature that loses most of its genes that way is warned about.

    Parameters
    ----------
    na
        A missing value stops the run ("error"), or is left out of mean and sd, takes its sample out
        of the component of that signature, and makes the score there missing ("propagate").

    References
    ----------
    Tomfohr et al. 2005, doi:10.1186/1471-2105-6-225 (Methods, activity levels). Equal to GSVA's
    plage up to the sign; of a signature with one gene GSVA 2.1.4 gives 1 for all samples, a fault,
    and this gives the standardised gene at unit norm.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame({"NGF": [1.0, 2.0, 3.0], "BDNF": [2.0, 4.0, 6.0]}, index=list("abc"))
    >>> ns.score(x, {"S": ["NGF", "BDNF"]}, method="plage").values["S"].round(4).tolist()
    [-0.7071, 0.0, 0.7071]
    """

    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="plage",
        title="PLAGE",
        doi="10.1186/1471-2105-6-225",
        scope="cohort",
        bounds=(-1.0, 1.0),
        scale="log",
        weights="sign",
        invariant_to=frozenset({"gene_order", "other_signatures", "other_genes"}),
        revision=2,
    )

    def fit_sets(
        self, expression: Expression, sets: CompiledSignatures, genes: GeneMoments
    ) -> Loadings:
        """The loadings u / d of each signature."""
        components = first_components(expression, sets, genes)
        with np.errstate(divide="ignore", invalid="ignore"):
            weights = [c.oriented(1.0) / c.singular_value for c in components]
        return as_loadings(genes, components, weights)
