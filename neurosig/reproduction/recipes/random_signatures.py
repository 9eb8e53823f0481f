"""Signatures among random ones of their size and expression."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from neurosig._params import Help, Range
from neurosig.keys import Null, Result
from neurosig.matched_null import MatchedNull
from neurosig.outcomes.chance.empirical import null_test
from neurosig.pl.null import null_alt, null_data, null_figure
from neurosig.reproduction.recipes.base import Drawn, ScoringRecipe, named_numbers
from neurosig.study.config import CohortSource

if TYPE_CHECKING:
    from neurosig.reproduction.inputs import FigureData


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomSignaturesRecipe(ScoringRecipe):
    """Distribution of the score test of random signatures, with the signature's own."""

    cohort: Annotated[str | CohortSource, Help("data set of survset or a cohort")]
    n_sets: Annotated[int, Range(1), Help("random signatures for each signature")] = 1000

    def draw(self, data: "FigureData") -> Drawn:
        """Numbers: z_score_test, p_null and n_null by signature."""
        cohort = data.cohort(self.cohort)
        signatures = data.signatures(self.signatures)
        scores = data.scores(
            cohort.expression,
            signatures,
            self.chosen_method(),
            min_coverage=self.min_coverage,
            subject=cohort.source.id,
        )
        with data.noting(cohort.source.id):
            found = null_test(
                cohort.joined(scores),
                cohort.expression,
                signatures,
                method=self.chosen_method(),
                adjust=cohort.source.adjust,
                strata=cohort.source.strata,
                null=MatchedNull(n_sets=self.n_sets),
                n_permutations=0,
                catalogue=None,
                seed=data.seed,
            )
        table = null_data(found.table, found.random)
        numbers = named_numbers(
            found.table, [Result.SIGNATURE], [Null.Z, Result.P_NULL, Null.N_NULL]
        )
        return Drawn(null_figure(table), table, numbers, null_alt(table))
