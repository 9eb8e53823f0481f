"""What a report of collected tables shows: tables, figures and the words around them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from neurosig.assessment.quality import Assessment
from neurosig.assessment.rules import VERDICTS
from neurosig.errors import InputError, count
from neurosig.keys import OK, SCORE_TERM, SCORED, CellSummary, Coverage, Quality, Result
from neurosig.pl.assessment import assessment_alt, assessment_data, assessment_figure
from neurosig.pl.coverage import coverage_alt, coverage_data, coverage_figure
from neurosig.pl.dotplot import dotplot_alt, dotplot_data, dotplot_figure
from neurosig.pl.forest import forest_alt, forest_data, forest_figure, summary_forest_data
from neurosig.pl.heatmap import heatmap_alt, heatmap_data, heatmap_figure
from neurosig.pl.style import save_figure
from neurosig.report.manifest import Fact, FigureItem, Item, Manifest, Notice, Section
from neurosig.study.collected import CollectedTable, Collection, stacked
from neurosig.study.columns import (
    ASSESSMENT_COLUMNS,
    COHORT_COLUMNS,
    POOLED_COLUMNS,
    table_item,
)
from neurosig.study.figures import StudyFigure, safe_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CELLS: Final = 2000
"""Above this many observations scores are not drawn as a heatmap."""
Q_THRESHOLD: Final = 0.05

_TITLES: Final = {
    "pooled": ("Pooled over cohorts", "One meta-analysis for each signature and scoring method."),
    "cohorts": (
        "Each cohort",
        "A model for each signature, per standard deviation of its score.",
    ),
    "regressions": ("Outcomes without time", "Effect per standard deviation."),
    "cells": (
        "Groups of cells",
        "How well the score of each signature tells a group from the other cells.",
    ),
    "agreement": (
        "Sensitivity to the method",
        "A result that changes with the scoring method is a result of the method.",
    ),
    "assessment": (
        "Can the signatures be trusted here",
        "Whether the genes of each signature are measured, vary and go together.",
    ),
    "heatmaps": ("Scores", "Scores of the first method, as z-scores over the observations."),
    "coverage": ("Signatures and coverage", "What was scored, and on how many genes."),
    "row_flow": ("Where rows were lost", "Rows in, lost and out of every step."),
}
_WORDS: Final = {
    "pooled": ("Pooled effects", "One row per signature: random effects, then the common effect "
               "and the wider of two intervals where cohorts are few."),
    "pooled_by_method": ("Pooled effects of every method", "The same with each scoring method."),
    "cohorts": ("Models of each cohort", "One row per signature and term; the row of the score "
                "has the term 'score'. q is over the family named in its row."),
    "cohorts_by_method": ("Models with every method", "The rows of the scores, of each method."),
    "regressions": ("Regression models", "One row per signature and term."),
    "cells": ("Summaries", "One row per signature and group. Without donors there is no test."),
    "agreement": ("Agreement of the scores", "Spearman correlation over the observations."),
    "assessment": ("Verdicts and reasons", "One row per cohort and signature. Reasons are the "
                   "rules that fired, with their numbers."),
    "coverage": ("Genes found", "low_coverage and the like: not scored there."),
    "row_flow": ("Row flow", "Rows in, lost and out of every step."),
}  # fmt: skip
_SECTION_OF: Final = {"pooled_by_method": "agreement", "cohorts_by_method": "agreement"}
_COLUMNS: Final = {
    "pooled": POOLED_COLUMNS,
    "cohorts": COHORT_COLUMNS,
    "regressions": COHORT_COLUMNS,
    "assessment": ASSESSMENT_COLUMNS,
}


def shown_tables(collection: Collection) -> dict[str, pd.DataFrame]:
    """The tables of the report by name; those of the main method, then all methods side by side."""
    main, several = collection.main, len(collection.methods) > 1
    tables = {
        "pooled": stacked(collection.of("pooled", method=main)),
        "cohorts": stacked(collection.of("survival", method=main)),
        "regressions": stacked(collection.of("regression", method=main)),
        "cells": stacked(collection.of("cells", method=main), cohort=True),
        "pooled_by_method": _by_method(collection, "pooled") if several else pd.DataFrame(),
        "cohorts_by_method": _by_method(collection, "survival") if several else pd.DataFrame(),
        "agreement": stacked(collection.of("agreement")),
        "assessment": stacked(collection.of("assessment"), cohort=True),
        "coverage": _coverage(collection),
        "row_flow": _row_flow(collection),
    }
    shown = {name: table for name, table in tables.items() if len(table)}
    if not shown:
        raise InputError("There is nothing to report", "No table has a row", "Give other tables")
    return shown


def _by_method(collection: Collection, kind: str) -> pd.DataFrame:
    parts = []
    for one in collection.of(kind):
        rows = one.table[one.table[Result.TERM] == SCORE_TERM].copy()
        rows.insert(0, "method", one.method or "")
        parts.append(rows)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _coverage(collection: Collection) -> pd.DataFrame:
    parts = []
    for one in collection.of("scores", method=collection.main):
        part = one.coverage.copy()
        part.insert(0, Result.COHORT, one.cohort or "")
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _row_flow(collection: Collection) -> pd.DataFrame:
    parts = []
    for one in collection.of("survival", "regression", method=collection.main):
        part = one.row_flow.copy()
        part.insert(0, "model", f"{one.kind}: {one.endpoint or ''}")
        part.insert(0, Result.COHORT, one.cohort or "")
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def drawn_figures(collection: Collection, folder: Path) -> list[StudyFigure]:
    """Draw the figures of the report into its folder."""
    written: list[StudyFigure] = []
    for figure, data, about in _figures(collection):
        taken = {f.id.casefold() for f in written}
        while about.id.casefold() in taken:
            about = replace(about, id=f"{about.id}-2")
        save_figure(figure, data, folder / about.stem)
        written.append(about)
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


def collected_manifest(
    collection: Collection,
    tables: dict[str, pd.DataFrame],
    figures: list[StudyFigure],
    record: dict[str, Any],
) -> Manifest:
    """Everything the page needs to know besides the tables and pictures themselves."""
    sections = []
    for name, (title, intro) in _TITLES.items():
        pictures: list[Item] = [_figure_item(f) for f in figures if f.section == name]
        items: list[Item] = [
            table_item(table, *_WORDS[table], tables[table], _columns(table))
            for table in _WORDS
            if table in tables and _SECTION_OF.get(table, table) == name
        ]
        if pictures or items:
            contents = (*pictures, *items)
            sections.append(Section(id=name, title=title, intro=intro, items=contents))
    return Manifest(
        title=collection.title,
        subtitle=collection.subtitle,
        summary=tuple(_facts(collection, tables)),
        notices=tuple(_notices(collection, record)),
        sections=tuple(sections),
        provenance=record,
    )


def _columns(table: str) -> list[str] | None:
    columns = _COLUMNS.get(_SECTION_OF.get(table, table))
    if table == "pooled_by_method":
        columns = POOLED_COLUMNS
    if table == "cohorts_by_method":
        columns = COHORT_COLUMNS
    return ["method", *columns] if columns and table.endswith("_by_method") else columns


def _figure_item(figure: StudyFigure) -> FigureItem:
    return FigureItem(
        id=figure.id,
        title=figure.title,
        caption=figure.caption,
        alt=figure.alt,
        svg=f"{figure.stem}.svg",
        csv=f"{figure.stem}.csv",
    )


def _facts(collection: Collection, tables: dict[str, pd.DataFrame]) -> Iterator[Fact]:
    for one in collection.of("survival", method=collection.main):
        name = f" ({one.endpoint})" if one.endpoint else ""
        yield Fact(label=f"{one.cohort}{name}", value=one.understood or "see the tables")
    for one in collection.of("cells", method=collection.main):
        groups = one.table[CellSummary.GROUP].nunique()
        yield Fact(label=str(one.cohort), value=count(groups, "group"))
    for one in collection.of("scores", method=collection.main):
        if len(one.coverage):
            n_scored = int(one.coverage[Coverage.STATUS].isin(SCORED).sum())
            text = f"{n_scored} of {len(one.coverage)}"
            yield Fact(label=f"Signatures scored, {one.cohort}", value=text)
    if collection.methods:
        first, *others = collection.methods
        yield Fact(label="Scoring method", value=first)
        if others:
            yield Fact(label="Sensitivity runs", value=", ".join(others))
    for one in collection.of("pooled", method=collection.main):
        tested = one.table[one.table[Result.Q_VALUE].notna()]
        n_small = int((tested[Result.Q_VALUE] < Q_THRESHOLD).sum())
        text = f"{n_small} of {len(tested)} signatures with q below {Q_THRESHOLD:g}"
        yield Fact(label=f"Pooled ({one.endpoint})", value=text)
    if "assessment" in tables:
        verdicts = tables["assessment"][Quality.VERDICT]
        text = ", ".join(f"{int((verdicts == v).sum())} {v}" for v in reversed(VERDICTS))
        yield Fact(label="Verdicts", value=text)


def _notices(collection: Collection, record: dict[str, Any]) -> Iterator[Notice]:
    """What a reader has to know: failed models, and tables that do not belong together."""
    for one in collection.of("survival", "regression", "pooled"):
        failed = one.table[~one.table[Result.STATUS].isin([OK, *SCORED, "single_cohort"])]
        reasons = failed.groupby(Result.STATUS, sort=False)[Result.SIGNATURE].nunique()
        for status, n in reasons.items():
            yield Notice(
                level="warning",
                text=f"{one.cohort or 'Pooled'}, {one.method}: "
                f"{count(int(n), 'signature')} without a result ({status}).",
            )
    n_collections = len(record["signature_collections"])
    if n_collections > 1:
        yield Notice(
            level="warning",
            text=f"The scores are of {n_collections} different collections of "
            "signatures: a signature of one name may have other genes in another table.",
        )
    pooled = collection.of("pooled", method=collection.main)
    few = [one for one in pooled if one.table.get("n_cohorts", pd.Series([9.0])).max() < 5]
    if few:
        yield Notice(
            level="info",
            text="With fewer than five cohorts the variance between them can hardly be estimated: "
            "read the common-effect result and the wider interval as well.",
        )
