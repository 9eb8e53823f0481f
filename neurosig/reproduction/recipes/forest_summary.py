"""All signatures at once: their pooled effects, or those of one cohort."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurosig.pl.forest import forest_alt, forest_figure, summary_forest_data
from neurosig.reproduction.recipes.base import Drawn, named_numbers
from neurosig.reproduction.recipes.survival import NUMBERS, SurvivalRecipe

if TYPE_CHECKING:
    from neurosig.reproduction.inputs import FigureData


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestSummaryRecipe(SurvivalRecipe):
    """The pooled hazard ratio of each signature, the largest first."""

    def draw(self, data: "FigureData") -> Drawn:
        """Numbers: effect, its interval, p_value, n and more by signature."""
        table, pooled = self.fitted(data)
        rows = summary_forest_data(table if pooled is None else pooled)
        numbers = named_numbers(rows, ["label"], NUMBERS)
        return Drawn(forest_figure(rows), rows, numbers, forest_alt(rows, "all signatures"))
