"""The figures of a report of collected tables."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from neurosig.assessment.quality import Assessment
from neurosig.keys import CellSummary, Result
from neurosig.pl.assessment import assessment_alt, assessment_data, assessment_figure
from neurosig.pl.coverage import coverage_alt, coverage_data, coverage_figure
from neurosig.pl.dotplot import dotplot_alt, dotplot_data, dotplot_figure
from neurosig.pl.forest import forest_alt, forest_data, forest_figure, summary_forest_data
from neurosig.pl.heatmap import heatmap_alt, heatmap_data, heatmap_figure
from neurosig.pl.style import save_figure
from neurosig.study.collected import CollectedTable, Collection, stacked
from neurosig.study.figures import StudyFigure, safe_name, untaken

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CELLS: Final = 2000
"""Above this many observations scores are not drawn as a heatmap."""


def drawn_figures(collection: Collection, folder: Path) -> list[StudyFigure]:
    """Draw the figures of the report into its folder."""
    written: list[StudyFigure] = []
    for figure, data, about in _figures(collection):
        named = replace(about, id=untaken(about.id, {f.id for f in written}))
        save_figure(figure, data, folder / named.stem)
        written.append(named)
    return written


Drawn = tuple["Figure", pd.DataFrame, StudyFigure]


def _figures(collection: Collection) -> Iterator[Drawn]:
    main = collection.main
    survival = stacked(collection.of("survival", method=main))
    pooled = stacked(collection.of("pooled", method=main))
    if len(pooled):
        yield _summary_forest("pooled", "forest_all", "Pooled effect of every signature", pooled)
    elif len(collection.of("survival", method=main)) == 1:
        yield _summary_forest("cohorts", "forest_all", "Effect of every signature", survival)
    if len(survival):
        for name in collection.shown:
            if name in set(survival[Result.SIGNATURE]):
                yield _forest(survival, pooled if len(pooled) else None, name)
    for one in collection.of("regression", method=main):
        title = f"{one.endpoint} in {one.cohort}"
        stem = f"forest_{safe_name(f'{one.cohort}_{one.endpoint}')}"
        yield _summary_forest("regressions", stem, title, one.table)
    for one in collection.of("cells", method=main):
        yield _dots(one, collection.shown)
    for one in collection.of("assessment"):
        yield _assessment(one)
    scored = collection.of("scores", method=main)
    for one in scored:
        if len(one.table) <= MOST_CELLS and one.table.notna().any().any():
            yield _heatmap(one)
    if any(len(one.coverage) for one in scored):
        yield _coverage_figure(scored)


def _summary_forest(section: str, name: str, title: str, table: pd.DataFrame) -> Drawn:
    data = summary_forest_data(table)
    about = StudyFigure(
        section=section,
        id=name,
        title=title,
        caption="Effect per standard deviation of the score with its confidence interval, the "
        "largest first. q: Benjamini-Hochberg over the family named in the table.",
        alt=forest_alt(data, "all signatures"),
    )
    return forest_figure(data), data, about


def _forest(survival: pd.DataFrame, pooled: pd.DataFrame | None, name: str) -> Drawn:
    data = forest_data(survival, pooled, signature=name)
    about = StudyFigure(
        section="pooled" if pooled is not None else "cohorts",
        id=f"forest_{safe_name(name)}",
        title=name,
        caption="Effect per standard deviation of the score in each cohort, adjusted as the table "
        "says. Another endpoint than the pooled one stands beside it and is not in the diamond.",
        alt=forest_alt(data, name),
    )
    return forest_figure(data), data, about


def _dots(one: CollectedTable, shown: tuple[str, ...]) -> Drawn:
    rows = one.table
    if shown:
        rows = rows[rows[CellSummary.SIGNATURE].isin(shown)]
    data = dotplot_data(rows)
    about = StudyFigure(
        section="cells",
        id=f"dots_{safe_name(one.cohort or 'cells')}",
        title=f"Groups in {one.cohort}",
        caption="Colour: probability that a cell of the group scores higher than one outside. "
        "Size: share of cells with a high score. Ring: q below 0.05 across donors.",
        alt=dotplot_alt(data),
    )
    return dotplot_figure(data), data, about


def _assessment(one: CollectedTable) -> Drawn:
    table = one.table.set_index(Result.SIGNATURE)
    data = assessment_data(Assessment(table, pd.DataFrame(), {}))
    about = StudyFigure(
        section="assessment",
        id=f"assessment_{safe_name(one.cohort or 'data')}",
        title=f"Verdicts in {one.cohort}",
        caption="The figures that led to a verdict are marked. Above random: share of random sets "
        "of like expression whose genes correlate less.",
        alt=assessment_alt(data),
    )
    return assessment_figure(data), data, about


def _heatmap(one: CollectedTable) -> Drawn:
    data = heatmap_data(one.table.loc[:, one.table.notna().any()])
    about = StudyFigure(
        section="heatmaps",
        id=f"heatmap_{safe_name(one.cohort or 'scores')}",
        title=f"Scores in {one.cohort}",
        caption=f"Scores ({one.method}) as z-scores, observations and signatures clustered.",
        alt=heatmap_alt(data),
    )
    return heatmap_figure(data), data.table, about


def _coverage_figure(scored: tuple[CollectedTable, ...]) -> Drawn:
    tables = {
        str(one.cohort): one.coverage.set_index(Result.SIGNATURE)
        for one in scored
        if len(one.coverage)
    }
    limits = {
        float(((one.record.get("scores") or {}).get("coverage") or {}).get("min_coverage", 0.5))
        for one in scored
    }
    data = coverage_data(tables, min(limits))
    about = StudyFigure(
        section="coverage",
        id="coverage",
        title="Share of each signature's genes found",
        caption=f"Signatures below {min(limits):.0%} in a cohort were not scored there.",
        alt=coverage_alt(data),
    )
    return coverage_figure(data), data, about
