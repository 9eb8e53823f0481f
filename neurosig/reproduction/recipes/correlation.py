"""Signatures against immune, vascular and metabolic scores."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from neurosig._params import Help
from neurosig.genesets.signature import SignatureCollection
from neurosig.keys import Confounder, Result
from neurosig.outcomes.confounders.verb import confounding
from neurosig.pl.correlation import correlation_alt, correlation_data, correlation_figure
from neurosig.reproduction.recipes.base import Drawn, ScoringRecipe, named_numbers
from neurosig.study.config import CohortSource

if TYPE_CHECKING:
    from neurosig.reproduction.inputs import FigureData


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationRecipe(ScoringRecipe):
    """Spearman's rho of each signature with each of other signatures in one cohort."""

    cohort: Annotated[str | CohortSource, Help("data set of survset or a cohort")]
    against: Annotated[tuple[str, ...], Help("the signatures that the others are set against")]

    def draw(self, data: "FigureData") -> Drawn:
        """Numbers: estimate, p_value, n and n_shared_genes by signature and covariate."""
        cohort = data.cohort(self.cohort)
        # One hash for all: those of the rows and those they are set against.
        ids = tuple(dict.fromkeys([*self.signatures.ids, *self.against]))
        everything = data.signatures(replace(self.signatures, ids=ids))
        others = SignatureCollection(everything[name] for name in self.against)
        rows = SignatureCollection(s for name, s in everything.items() if name not in others)
        scores = data.scores(
            cohort.expression,
            rows,
            self.chosen_method(),
            min_coverage=self.min_coverage,
            subject=cohort.source.id,
        )
        values = scores.values.loc[:, scores.values.notna().any()]
        with data.noting(cohort.source.id):
            found = confounding(
                values,
                expression=cohort.expression,
                controls=others,
                signatures=rows,
                method=self.chosen_method(),
            )
        table = correlation_data(found.table)
        numbers = named_numbers(
            table,
            [Result.SIGNATURE, Confounder.COVARIATE],
            [Result.ESTIMATE, Result.P_VALUE, Result.N, Confounder.N_SHARED],
        )
        return Drawn(correlation_figure(table), table, numbers, correlation_alt(table))
