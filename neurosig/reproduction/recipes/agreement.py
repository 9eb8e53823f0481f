"""How far scoring methods order the samples of a cohort alike."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from neurosig._params import Help
from neurosig.agreement import method_agreement
from neurosig.engine import score
from neurosig.keys import Coverage, Result
from neurosig.methods.consensus import DEFAULT_METHODS
from neurosig.methods.registry import get_method
from neurosig.pl.agreement import agreement_alt, agreement_data, agreement_figure
from neurosig.reproduction.recipes.base import Drawn, Recipe, named_numbers
from neurosig.study.config import CohortSource

if TYPE_CHECKING:
    from neurosig.reproduction.inputs import FigureData


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementRecipe(Recipe):
    """Spearman's rho between each two methods, and Kendall's W of all of them."""

    cohort: Annotated[str | CohortSource, Help("data set of survset or a cohort")]
    methods: Annotated[tuple[str, ...], Help("at least two scoring methods")] = DEFAULT_METHODS

    def draw(self, data: "FigureData") -> Drawn:
        """Numbers: rho[signature, first, second] and agreement[signature] (Kendall's W)."""
        cohort = data.cohort(self.cohort)
        signatures = data.signatures(self.signatures)
        with data.noting(cohort.source.id):
            pairs = method_agreement(
                cohort.expression,
                signatures,
                methods=self.methods,
                min_coverage=self.min_coverage,
            )
            together = score(
                cohort.expression,
                signatures,
                method=get_method("consensus", {"methods": self.methods}),
                min_coverage=self.min_coverage,
            )
        whole = together.coverage[Coverage.AGREEMENT].astype(float)
        table = agreement_data(
            pairs,
            n_obs=cohort.expression.n_obs,
            agreement={str(name): float(value) for name, value in whole.items()},
        )
        numbers = named_numbers(table, [Result.SIGNATURE, "first", "second"], ["rho"])
        numbers |= named_numbers(
            table.drop_duplicates(Result.SIGNATURE), [Result.SIGNATURE], [Coverage.AGREEMENT]
        )
        return Drawn(agreement_figure(table), table, numbers, agreement_alt(table))
