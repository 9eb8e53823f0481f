"""Scores of single cells by group."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from neurosig import tl
from neurosig._params import Help, Range
from neurosig.keys import CellSummary
from neurosig.pl.dotplot import SHOWN, dotplot_alt, dotplot_data, dotplot_figure
from neurosig.reproduction.recipes.base import Drawn, ScoringRecipe, named_numbers
from neurosig.sc.summary import summarise

if TYPE_CHECKING:
    from neurosig.reproduction.inputs import FigureData


@dataclass(frozen=True, slots=True, kw_only=True)
class DotplotRecipe(ScoringRecipe):
    """Level and share of high cells of each signature in each group of cells."""

    cells: Annotated[str, Help("single-cell data set or h5ad file")]
    by: Annotated[str, Help("column of obs with the groups")] = "cell_type"
    donor: Annotated[str | None, Help("column of obs with the donors")] = None
    use_raw: Annotated[bool, Help("take raw of the cells")] = False
    colour: Annotated[Literal["auc", "mean"], Help("what the colour shows")] = "auc"
    min_cells: Annotated[int, Range(2), Help("fewest cells inside and outside a group")] = 10

    def draw(self, data: "FigureData") -> Drawn:
        """Numbers: n_cells, mean, median, fraction_high, auc and its limits by signature, group."""
        cells = data.cells(self.cells)
        with data.noting(self.cells):
            tl.score(
                cells,
                data.signatures(self.signatures),
                method=self.chosen_method(),
                min_coverage=self.min_coverage,
                use_raw=self.use_raw,
                key_added="score",
            )
            found = summarise(
                cells, by=self.by, donor=self.donor, key="score", min_cells=self.min_cells
            )
        table = dotplot_data(found, colour=self.colour)
        keys = [CellSummary.SIGNATURE, CellSummary.GROUP]
        columns = [
            CellSummary.N_CELLS,
            CellSummary.MEAN,
            CellSummary.MEDIAN,
            CellSummary.FRACTION_HIGH,
            CellSummary.AUC,
            CellSummary.AUC_LOW,
            CellSummary.AUC_HIGH,
        ]
        numbers = named_numbers(found, keys, columns) | named_numbers(table, keys, [SHOWN])
        return Drawn(dotplot_figure(table), table, numbers, dotplot_alt(table))
