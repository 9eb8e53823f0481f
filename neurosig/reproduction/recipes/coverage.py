"""How much of each signature each data set measures."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from neurosig._params import Help
from neurosig.engine import coverage_of
from neurosig.keys import Coverage, Result
from neurosig.pl.coverage import coverage_alt, coverage_data, coverage_figure
from neurosig.reproduction.recipes.base import Drawn, Recipe, named_numbers
from neurosig.study.config import CohortSource

if TYPE_CHECKING:
    from neurosig.reproduction.inputs import FigureData


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRecipe(Recipe):
    """Share of each signature's genes found in each cohort and each set of cells."""

    cohorts: Annotated[tuple[str | CohortSource, ...], Help("data sets of survset or cohorts")]
    cells: Annotated[tuple[str, ...], Help("single-cell data sets")] = ()

    def draw(self, data: "FigureData") -> Drawn:
        """Numbers: n_genes, n_found and coverage by signature and data set."""
        signatures = data.signatures(self.signatures)
        genes = {}
        for source in self.cohorts:
            cohort = data.cohort(source)
            genes[cohort.source.id] = cohort.expression.var_names
        for name in self.cells:
            cells = data.cells(name)
            genes[name] = cells.var_names if cells.raw is None else cells.raw.var_names
        found = {
            name: coverage_of(signatures, names, min_coverage=self.min_coverage)
            for name, names in genes.items()
        }
        table = coverage_data(found, self.min_coverage)
        numbers = named_numbers(
            table,
            [Result.SIGNATURE, Result.COHORT],
            [Coverage.N_GENES, Coverage.N_FOUND, Coverage.COVERAGE],
        )
        return Drawn(coverage_figure(table), table, numbers, coverage_alt(table))
