"""The manifest of a run folder: what the report shows, in which order, in which words."""

from typing import Any

import pandas as pd

from neurosig.keys import SCORED, Coverage, Result
from neurosig.outcomes.chance.null_columns import what_survives
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.report.manifest import Fact, Manifest, Notice, Section
from neurosig.study.analysis import StudyAnalysis
from neurosig.study.columns import (
    COHORT_COLUMNS,
    POOLED_COLUMNS,
    table_item,
)
from neurosig.study.config import Study
from neurosig.study.data_sections import (
    assessment_section,
    coverage_section,
    flow_section,
    reporting_section,
    section_of,
)
from neurosig.study.figures import StudyFigure
from neurosig.study.notices import Notices

Q_THRESHOLD = 0.05


def build_manifest(
    study: Study,
    analysis: StudyAnalysis,
    *,
    tables: dict[str, pd.DataFrame],
    figures: list[StudyFigure],
    notices: Notices,
    provenance: dict[str, Any],
) -> Manifest:
    """Everything the report needs to know besides the tables and pictures themselves."""
    sections = [
        _pooled_section(analysis, tables, figures),
        _cohort_section(analysis, tables, figures),
        section_of("curves", "Kaplan-Meier curves", _CURVES, [], figures),
        _regression_section(tables, figures),
        _sensitivity_section(analysis, tables),
        section_of("heatmaps", "Scores", _score_words(analysis), [], figures),
        assessment_section(analysis, tables, figures),
        coverage_section(tables, figures),
        flow_section(tables),
        reporting_section(tables),
    ]
    labels = [Notice(level="warning", text=text) for text in notices.texts]
    if study.config.exploratory:
        labels.insert(0, Notice(level="exploratory", text=_EXPLORATORY))
    labels += [
        Notice(level="info", text=f"{c.source.title or c.source.id}: {c.source.notes}")
        for c in analysis.cohorts
        if c.source.notes
    ]
    return Manifest(
        title=study.config.title,
        subtitle=study.config.subtitle,
        summary=_summary(study, analysis),
        notices=tuple(labels),
        sections=tuple(s for s in sections if s is not None),
        provenance=provenance,
    )


_EXPLORATORY = (
    "This run uses settings that were chosen to let more signatures in or to try "
    "something out. Its p- and q-values do not confirm anything."
)
_CURVES = (
    "Groups are a median split and for display only: the test is the Cox model of the continuous "
    "score, printed below each figure."
)


def _summary(study: Study, analysis: StudyAnalysis) -> tuple[Fact, ...]:
    entries = []
    for cohort in analysis.cohorts:
        name = f" ({cohort.endpoint_name})" if cohort.endpoint_name else ""
        entries.append((f"{cohort.source.title or cohort.source.id}{name}", cohort.cohort.echo))
    for cohort in analysis.cohorts:
        status = cohort.main.coverage[Coverage.STATUS]
        n_refused = int((~status.isin(SCORED)).sum())
        text = f"{len(status) - n_refused} of {len(status)}"
        entries.append((f"Signatures scored, {cohort.source.id}", text))
    main = analysis.methods[analysis.main_method]
    entries.append(("Scoring method", f"{main.spec.title} ({main.spec.name})"))
    if len(analysis.methods) > 1:
        entries.append(("Sensitivity runs", ", ".join(list(analysis.methods)[1:])))
    if analysis.pooled:
        entries.append((f"Pooled ({analysis.pooled_endpoint})", _verdict(analysis)))
    if study.config.exploratory:
        entries.append(("Status", "exploratory"))
    return tuple(Fact(label=label, value=value) for label, value in entries)


def _verdict(analysis: StudyAnalysis) -> str:
    table = analysis.pooled[analysis.main_method].table
    tested = table[table[Result.Q_VALUE].notna()]
    n_small = int((tested[Result.Q_VALUE] < Q_THRESHOLD).sum())
    return f"{n_small} of {len(tested)} signatures with q below {Q_THRESHOLD:g}"


def _pooled_section(
    analysis: StudyAnalysis, tables: dict[str, pd.DataFrame], figures: list[StudyFigure]
) -> Section | None:
    if "pooled" not in tables:
        return None
    endpoint = analysis.pooled_endpoint
    inside = [c for c in analysis.cohorts if c.endpoint_name == endpoint and c.survival]
    unfitted = [c for c in analysis.cohorts if c.endpoint_name == endpoint and not c.survival]
    outside = [
        f"{c.source.id} ({c.endpoint_name})"
        for c in analysis.cohorts
        if c.endpoint_name not in (endpoint, None)
    ]
    intro = f"Pooled over the {endpoint} cohorts {', '.join(c.source.id for c in inside)}."
    if unfitted:
        intro += (
            f" {', '.join(c.source.id for c in unfitted)} could not be fitted and is not in it."
        )
    if len({tuple(map(str, c.source.adjust)) for c in inside}) > 1:
        intro += " The cohorts are adjusted for different covariates, as the tables say."
    if outside:
        intro += (
            f" {', '.join(outside)} has another endpoint; it is shown beside the pooled result and "
            "never in it."
        )
    if len(inside) < 5:
        intro += (
            " With fewer than five cohorts the variance between them can hardly be estimated: read "
            "the common-effect result and the wider interval as well, and expect no prediction "
            "interval. q is over the p-values of the wider interval."
        )
    table = table_item(
        "pooled",
        "Pooled effects",
        "One row per signature: random effects, then the common effect and the wider of the "
        "Hartung-Knapp and normal intervals. HK factor below 1: the Hartung-Knapp standard error "
        "is smaller than the normal one.",
        tables["pooled"],
        POOLED_COLUMNS,
    )
    items = [table]
    if "pooled_crude" in tables:
        items.append(
            table_item(
                "pooled_crude",
                "Pooled effects without covariates",
                "The same rows without covariates, pooled in the same way.",
                tables["pooled_crude"],
                POOLED_COLUMNS,
            )
        )
    return section_of("pooled", "Pooled over cohorts", intro, items, figures)


def _cohort_section(
    analysis: StudyAnalysis, tables: dict[str, pd.DataFrame], figures: list[StudyFigure]
) -> Section | None:
    if "cohorts" not in tables:
        return None
    items = [
        table_item(
            "cohorts",
            "Models of each cohort",
            "One row per signature and term; the row of the score has the term 'score'. q is over "
            "the family named in its row; p (PH) tests proportional hazards.",
            tables["cohorts"],
            COHORT_COLUMNS,
        )
    ]
    if "adjusted_and_crude" in tables:
        items.append(
            table_item(
                "adjusted_and_crude",
                "With and without covariates",
                "The same rows, once with the covariates and once without.",
                tables["adjusted_and_crude"],
            )
        )
    echoes = ". ".join(
        f"{c.source.id}: {c.endpoint_name}, {c.cohort.echo} ({c.cohort.coding})"
        f"{_reason(c.cohort.endpoint)}"
        for c in analysis.cohorts
        if c.survival
    )
    intro = (
        "Cox models, one per signature, of the continuous score. A unit is one standard deviation "
        "(n - 1) over the rows of that model, so that it is the cohort's own spread and not an "
        f"absolute amount of expression. {echoes}.{_against_chance(analysis)}"
    )
    return section_of("cohorts", "Each cohort", intro, items, figures)


def _against_chance(analysis: StudyAnalysis) -> str:
    """What p (random) is, and a sentence per cohort on what survives it."""
    main = analysis.main_method
    sentences = [
        f"{c.source.id}: {what_survives(c.survival[main].scores)}"
        for c in analysis.cohorts
        if main in c.survival and Result.P_NULL in c.survival[main].table
    ]
    if not sentences:
        return ""
    return (
        " p (random) is the place of a signature among random ones of its size and average "
        "expression, scored by the same method and fitted by the same model: where most genes "
        "follow the outcome, a small p is no sign of a special signature. It stands beside p and "
        "not in its place: random sets of many genes score alike, so that p (random) can be small "
        f"where p is not. {' '.join(sentences)}"
    )


def _reason(endpoint: Endpoint | None) -> str:
    return f"; {endpoint.reason}" if endpoint is not None and endpoint.reason else ""


def _regression_section(
    tables: dict[str, pd.DataFrame], figures: list[StudyFigure]
) -> Section | None:
    if "regressions" not in tables:
        return None
    item = table_item(
        "regressions",
        "Regression models",
        "One row per signature and term.",
        tables["regressions"],
        COHORT_COLUMNS,
    )
    return section_of(
        "regressions", "Outcomes without time", "Effect per standard deviation.", [item], figures
    )


def _sensitivity_section(
    analysis: StudyAnalysis, tables: dict[str, pd.DataFrame]
) -> Section | None:
    items = []
    if "sensitivity" in tables:
        items.append(
            table_item(
                "sensitivity",
                "The same models with each scoring method",
                "A result that changes with the method is a result of the method.",
                tables["sensitivity"],
            )
        )
    if "method_agreement" in tables:
        items.append(
            table_item(
                "method_agreement",
                "Agreement of the scores",
                "Spearman correlation over the samples of a cohort.",
                tables["method_agreement"],
            )
        )
    others = ", ".join(list(analysis.methods)[1:])
    intro = f"Scored again with {others}; everything else is unchanged."
    return section_of("sensitivity", "Sensitivity to the method", intro, items, [])


def _score_words(analysis: StudyAnalysis) -> str:
    words = []
    for method in analysis.methods.values():
        parameters = ", ".join(f"{k} = {v}" for k, v in method.parameters().items())
        words.append(
            f"{method.spec.title}: {_formula(method)} ({parameters}; revision "
            f"{method.spec.revision}; doi:{method.spec.doi})."
        )
    return " ".join(words)


def _formula(method: object) -> str:
    """The formula block of a method's docstring in one line."""
    lines = (type(method).__doc__ or "").splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip().startswith("score[")), None)
    if start is None:
        return ""
    block = []
    for line in lines[start:]:
        if not line.strip():
            break
        block.append(line.strip())
    return " ".join(block)
