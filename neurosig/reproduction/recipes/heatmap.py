"""Scores of a cohort as z-scores, with the clinic above them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from neurosig._params import Help
from neurosig.pl.heatmap import heatmap_alt, heatmap_data, heatmap_figure
from neurosig.reproduction.recipes.base import Drawn, ScoringRecipe
from neurosig.study.config import CohortSource

if TYPE_CHECKING:
    from neurosig.reproduction.inputs import FigureData


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatmapRecipe(ScoringRecipe):
    """Signatures x samples of one cohort."""

    cohort: Annotated[str | CohortSource, Help("data set of survset or a cohort")]
    annotations: Annotated[tuple[str, ...], Help("clinical columns drawn as bars")] = ()

    def draw(self, data: "FigureData") -> Drawn:
        """Numbers: z by signature and sample, z[signature, sample]."""
        cohort = data.cohort(self.cohort)
        scores = data.scores(
            cohort.expression,
            data.signatures(self.signatures),
            self.chosen_method(),
            min_coverage=self.min_coverage,
            subject=cohort.source.id,
        )
        values = scores.values.loc[:, scores.values.notna().any()]
        with data.noting(cohort.source.id):
            clinic = cohort.joined(scores).data.reindex(values.index)
        shown = heatmap_data(values, clinic[list(self.annotations)])
        numbers = {
            f"z[{signature}, {sample}]": float(value)
            for signature, row in shown.values.iterrows()
            for sample, value in row.items()
        }
        return Drawn(heatmap_figure(shown), shown.table, numbers, heatmap_alt(shown))
