"""One signature over cohorts, with the pooled effect."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from neurosig._params import Help
from neurosig.pl.forest import forest_alt, forest_data, forest_figure
from neurosig.reproduction.recipes.base import Drawn, named_numbers
from neurosig.reproduction.recipes.survival import NUMBERS, SurvivalRecipe

if TYPE_CHECKING:
    from neurosig.reproduction.inputs import FigureData


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRecipe(SurvivalRecipe):
    """Hazard ratios of one signature in each cohort and pooled over those of one endpoint."""

    signature: Annotated[str, Help("the signature that is shown")]

    def draw(self, data: "FigureData") -> Drawn:
        """Numbers: effect, its interval, p_value, n and more by cohort, and for "pooled"."""
        table, pooled = self.fitted(data)
        rows = forest_data(table, pooled, signature=self.signature)
        numbers = named_numbers(rows, ["label"], NUMBERS)
        figure = forest_figure(rows, title=self.signature)
        return Drawn(figure, rows, numbers, forest_alt(rows, self.signature))
