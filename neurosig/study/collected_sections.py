"""What a report of collected tables shows: tables and the words around them."""

from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from neurosig.assessment.rules import VERDICTS
from neurosig.errors import InputError, count
from neurosig.keys import OK, SCORE_TERM, SCORED, CellSummary, Coverage, Quality, Result
from neurosig.report.manifest import Fact, FigureItem, Item, Manifest, Notice, Section
from neurosig.study.collected import Collection, stacked
from neurosig.study.columns import (
    ASSESSMENT_COLUMNS,
    COHORT_COLUMNS,
    POOLED_COLUMNS,
    table_item,
)
from neurosig.study.figures import StudyFigure

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
