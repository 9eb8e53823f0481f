"""The functions that a figures.yaml can name, by name; one file each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from neurosig.reproduction.recipes.agreement import AgreementRecipe
from neurosig.reproduction.recipes.base import Recipe
from neurosig.reproduction.recipes.correlation import CorrelationRecipe
from neurosig.reproduction.recipes.coverage import CoverageRecipe
from neurosig.reproduction.recipes.dotplot import DotplotRecipe
from neurosig.reproduction.recipes.forest import ForestRecipe
from neurosig.reproduction.recipes.forest_summary import ForestSummaryRecipe
from neurosig.reproduction.recipes.heatmap import HeatmapRecipe
from neurosig.reproduction.recipes.kaplan_meier import KaplanMeierRecipe
from neurosig.reproduction.recipes.random_signatures import RandomSignaturesRecipe

RECIPES: Final[Mapping[str, type[Recipe]]] = MappingProxyType(
    {
        "agreement": AgreementRecipe,
        "correlation": CorrelationRecipe,
        "coverage": CoverageRecipe,
        "dotplot": DotplotRecipe,
        "forest": ForestRecipe,
        "forest_summary": ForestSummaryRecipe,
        "heatmap": HeatmapRecipe,
        "kaplan_meier": KaplanMeierRecipe,
        "random_signatures": RandomSignaturesRecipe,
    }
)
