"""Sections of a run's report that are about its data and its conduct, not its results."""

import pandas as pd

from neurosig.assessment.rules import VERDICTS
from neurosig.outcomes.reporting.checklist_table import ANSWERED, IN_PART
from neurosig.report.manifest import FigureItem, Item, Section, TableItem
from neurosig.study.analysis import StudyAnalysis
from neurosig.study.columns import ASSESSMENT_COLUMNS, REPORTING_COLUMNS, table_item
from neurosig.study.figures import StudyFigure


def assessment_section(
    analysis: StudyAnalysis, tables: dict[str, pd.DataFrame], figures: list[StudyFigure]
) -> Section | None:
    """Whether each signature can be trusted in each cohort."""
    item = table_item(
        "assessment",
        "Verdicts and reasons",
        "One row per cohort and signature. Reasons are the rules that fired, with their numbers.",
        tables["assessment"],
        ASSESSMENT_COLUMNS,
    )
    numbers = "; ".join(
        f"{c.source.id}: "
        + ", ".join(f"{len(c.assessment.ids(v))} {v}" for v in reversed(VERDICTS))
        for c in analysis.cohorts
    )
    intro = (
        f"Whether the genes of each signature are measured, vary and go together. {numbers}. "
        "Only genes that are not measured refuse a signature. A caution is about what its score "
        "can mean: sets made from functions correlate weakly by nature."
    )
    return section_of("assessment", "Can the signatures be trusted here", intro, [item], figures)


def coverage_section(tables: dict[str, pd.DataFrame], figures: list[StudyFigure]) -> Section | None:
    """What was scored, on how many genes, and where the signatures come from."""
    items = [
        table_item(
            "coverage",
            "Genes found",
            "low_coverage and the like: not scored in that cohort. weights_ignored: scored, by the "
            "direction of the genes alone. partly_scored: some observations have no score.",
            tables["coverage"],
        ),
        table_item(
            "signatures",
            "The signatures and where they come from",
            "verified: the list was read in the primary source. A licence may be unknown.",
            tables["signatures"],
        ),
    ]
    return section_of(
        "coverage",
        "Signatures and coverage",
        "What was scored, and on how many genes.",
        items,
        figures,
    )


def flow_section(tables: dict[str, pd.DataFrame]) -> Section | None:
    """Where rows were lost; None where no model was fitted."""
    if "row_flow" not in tables:
        return None
    item = table_item(
        "row_flow", "Row flow", "Rows in, lost and out of every step.", tables["row_flow"]
    )
    return section_of("row_flow", "Where rows were lost", "", [item], [])


def reporting_section(tables: dict[str, pd.DataFrame]) -> Section | None:
    """The REMARK profile and the checklists; None where there are none."""
    if "remark_analyses" not in tables:
        return None
    n = {
        name: int(tables[name]["state"].isin([ANSWERED, IN_PART]).sum())
        for name in ("checklist_remark", "checklist_tripod")
    }
    items = [
        table_item(name, title, caption, tables[name], REPORTING_COLUMNS.get(name))
        for name, title, caption in _REPORTING
    ]
    intro = (
        "What the guidelines for studies of prognostic markers (REMARK) and of prediction models "
        f"(TRIPOD+AI) ask for. This run answers {n['checklist_remark']} of "
        f"{len(tables['checklist_remark'])} items of REMARK and {n['checklist_tripod']} of "
        f"{len(tables['checklist_tripod'])} of TRIPOD+AI, at least in part; the others are for the "
        "authors, or no software can know them. checklists.md holds all of it as text."
    )
    return section_of("reporting", "For the report of the study", intro, items, [])


_REPORTING = (
    (
        "remark_patients",
        "REMARK profile: patients and variables",
        "Part A: who was studied, how they were treated, what happened, and what was measured.",
    ),
    (
        "remark_analyses",
        "REMARK profile: analyses",
        "Part B: every analysis that was made, also those that show nothing.",
    ),
    ("characteristics", "Characteristics", "Covariates and scores, with the number missing."),
    (
        "checklist_remark",
        "REMARK checklist",
        "Items in our own words; doi:10.1371/journal.pmed.1001216 has theirs and explains them.",
    ),
    (
        "checklist_tripod",
        "TRIPOD+AI checklist",
        "For prediction models; items in our own words, doi:10.1136/bmj-2023-078378 has theirs.",
    ),
)


def section_of(
    section_id: str,
    title: str,
    intro: str,
    items: list[TableItem],
    figures: list[StudyFigure],
) -> Section | None:
    """A section with its figures before its tables; None where it would be empty."""
    pictures = [
        FigureItem(
            id=f.id,
            title=f.title,
            caption=f.caption,
            alt=f.alt,
            svg=f"{f.stem}.svg",
            csv=f"{f.stem}.csv",
        )
        for f in figures
        if f.section == section_id
    ]
    contents: tuple[Item, ...] = (*pictures, *items)
    return Section(id=section_id, title=title, intro=intro, items=contents) if contents else None
