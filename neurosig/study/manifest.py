"""The manifest of a run folder: what the report shows, in which order, in which words."""

from typing import Any

import pandas as pd

from neurosig.keys import OK, Coverage, Pooled, Result
from neurosig.study.analysis import StudyAnalysis
from neurosig.study.config import Study
from neurosig.study.figures import StudyFigure
from neurosig.study.notices import Notices

Q_THRESHOLD = 0.05

_LABELS = {
    "cohort": "Cohort",
    "endpoint": "Endpoint",
    "signature": "Signature",
    "effect_scale": "Effect",
    "effect": "Estimate",
    "effect_low": "Low",
    "effect_high": "High",
    "p_value": "p",
    "p_lr": "p (LR)",
    "p_ph": "p (PH)",
    "q_value": "q",
    "family": "q over",
    "n": "n",
    "n_events": "Events",
    "events_per_param": "Events/param.",
    "adjusted_for": "Adjusted for",
    "status": "Status",
    "message": "Message",
    "cohorts": "Cohorts",
    "n_cohorts": "Cohorts",
    "tau2": "tau²",
    "i2": "I² (%)",
    "q_scale": "HK factor",
    "p_heterogeneity": "p (heterogeneity)",
    "effect_common": "Common effect",
    "effect_low_common": "Low (common)",
    "effect_high_common": "High (common)",
    "p_value_common": "p (common)",
    "effect_low_wider": "Low (wider)",
    "effect_high_wider": "High (wider)",
    "effect_adjusted": "Adjusted",
    "effect_low_adjusted": "Low",
    "effect_high_adjusted": "High",
    "p_value_adjusted": "p (adjusted)",
    "effect_crude": "Crude",
    "effect_low_crude": "Low (crude)",
    "effect_high_crude": "High (crude)",
    "p_value_crude": "p (crude)",
    "spearman": "Spearman's rho",
    "term": "Term",
    "model": "Model",
}
_P_COLUMNS = {"p_value", "p_lr", "p_ph", "q_value", "p_heterogeneity"}
_P_COLUMNS |= {f"p_value_{kind}" for kind in ("adjusted", "crude", "common")}
_INTEGER_COLUMNS = {"n", "n_events", "n_params", "n_cohorts", "n_genes", "n_found"}
_INTEGER_COLUMNS |= {"n_in", "n_lost", "n_out", "df"}

_COHORT_COLUMNS = [
    Result.COHORT,
    Result.ENDPOINT,
    Result.SIGNATURE,
    Result.TERM,
    Result.EFFECT,
    Result.EFFECT_LOW,
    Result.EFFECT_HIGH,
    Result.P_VALUE,
    Result.P_LR,
    Result.P_PH,
    Result.Q_VALUE,
    Result.FAMILY,
    Result.N,
    Result.N_EVENTS,
    Result.EVENTS_PER_PARAM,
    Result.ADJUSTED_FOR,
    Result.EFFECT_SCALE,
    Result.MODEL,
    Result.STATUS,
    Result.MESSAGE,
]


_POOLED_COLUMNS = [
    Result.SIGNATURE,
    Result.EFFECT,
    Result.EFFECT_LOW,
    Result.EFFECT_HIGH,
    Result.P_VALUE,
    Result.Q_VALUE,
    Result.FAMILY,
    Pooled.EFFECT_COMMON,
    Pooled.EFFECT_LOW_COMMON,
    Pooled.EFFECT_HIGH_COMMON,
    Pooled.P_VALUE_COMMON,
    Pooled.EFFECT_LOW_WIDER,
    Pooled.EFFECT_HIGH_WIDER,
    Pooled.I2,
    Pooled.TAU2,
    Pooled.P_HETEROGENEITY,
    Pooled.Q_SCALE,
    Result.N,
    Result.N_EVENTS,
    Pooled.COHORTS,
    Result.EFFECT_SCALE,
    Result.MODEL,
    Result.STATUS,
    Result.MESSAGE,
]


def build_manifest(
    study: Study,
    analysis: StudyAnalysis,
    *,
    tables: dict[str, pd.DataFrame],
    figures: list[StudyFigure],
    notices: Notices,
    provenance: dict[str, Any],
) -> dict[str, Any]:
    """Everything the report needs to know besides the tables and pictures themselves."""
    sections = [
        _pooled_section(analysis, tables, figures),
        _cohort_section(analysis, tables, figures),
        _section("curves", "Kaplan-Meier curves", _CURVES, [], figures),
        _regression_section(tables, figures),
        _sensitivity_section(analysis, tables),
        _section("heatmaps", "Scores", _score_words(analysis), [], figures),
        _coverage_section(tables, figures),
        _flow_section(tables),
    ]
    labels = [{"level": "warning", "text": text} for text in notices.texts]
    if study.config.exploratory:
        labels.insert(0, {"level": "exploratory", "text": _EXPLORATORY})
    labels += [
        {"level": "info", "text": f"{c.source.title or c.source.id}: {c.source.notes}"}
        for c in analysis.cohorts
        if c.source.notes
    ]
    return {
        "title": study.config.title,
        "subtitle": study.config.subtitle,
        "summary": _summary(study, analysis),
        "notices": labels,
        "sections": [s for s in sections if s is not None],
        "provenance": provenance,
    }


_EXPLORATORY = (
    "Exploratory: this run uses settings that were chosen to let more signatures in or to try "
    "something out. Its p- and q-values do not confirm anything."
)
_CURVES = (
    "Groups are a median split and for display only: the test is the Cox model of the continuous "
    "score, printed below each figure."
)


def _summary(study: Study, analysis: StudyAnalysis) -> list[dict[str, str]]:
    entries = []
    for cohort in analysis.cohorts:
        name = f" ({cohort.endpoint_name})" if cohort.endpoint_name else ""
        entries.append((f"{cohort.source.title or cohort.source.id}{name}", cohort.cohort.echo))
    for cohort in analysis.cohorts:
        status = cohort.main.coverage[Coverage.STATUS]
        n_refused = int((~status.isin([OK, "weights_ignored"])).sum())
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
    return [{"label": label, "value": value} for label, value in entries]


def _verdict(analysis: StudyAnalysis) -> str:
    table = analysis.pooled[analysis.main_method].table
    tested = table[table[Result.Q_VALUE].notna()]
    n_small = int((tested[Result.Q_VALUE] < Q_THRESHOLD).sum())
    return f"{n_small} of {len(tested)} signatures with q below {Q_THRESHOLD:g}"


def _pooled_section(
    analysis: StudyAnalysis, tables: dict[str, pd.DataFrame], figures: list[StudyFigure]
) -> dict[str, Any] | None:
    if "pooled" not in tables:
        return None
    endpoint = analysis.pooled_endpoint
    inside = [c.source.id for c in analysis.cohorts if c.endpoint_name == endpoint]
    outside = [
        f"{c.source.id} ({c.endpoint_name})"
        for c in analysis.cohorts
        if c.endpoint_name not in (endpoint, None)
    ]
    intro = f"Pooled over the {endpoint} cohorts {', '.join(inside)}."
    if outside:
        intro += (
            f" {', '.join(outside)} has another endpoint; it is shown beside the pooled result and "
            "never in it."
        )
    if len(inside) < 5:
        intro += (
            " With fewer than five cohorts the variance between them can hardly be estimated: read "
            "the common-effect result and the wider interval as well, and expect no prediction "
            "interval."
        )
    table = _table(
        "pooled",
        "Pooled effects",
        "One row per signature: random effects, then the common effect and the wider of the "
        "Hartung-Knapp and normal intervals. HK factor below 1: the Hartung-Knapp standard error "
        "is smaller than the normal one.",
        tables["pooled"],
        _POOLED_COLUMNS,
    )
    return _section("pooled", "Pooled over cohorts", intro, [table], figures)


def _cohort_section(
    analysis: StudyAnalysis, tables: dict[str, pd.DataFrame], figures: list[StudyFigure]
) -> dict[str, Any] | None:
    if "cohorts" not in tables:
        return None
    items = [
        _table(
            "cohorts",
            "Models of each cohort",
            "One row per signature and term; the row of the score has the term 'score'. q is over "
            "the family named in its row; p (PH) tests proportional hazards.",
            tables["cohorts"],
            _COHORT_COLUMNS,
        )
    ]
    if "adjusted_and_crude" in tables:
        items.append(
            _table(
                "adjusted_and_crude",
                "With and without covariates",
                "The same rows, once with the covariates and once without.",
                tables["adjusted_and_crude"],
            )
        )
    echoes = "; ".join(
        f"{c.source.id}: {c.endpoint_name}, {c.cohort.echo}" for c in analysis.cohorts if c.survival
    )
    intro = (
        f"Cox models, one per signature, of the continuous score per standard deviation. {echoes}."
    )
    return _section("cohorts", "Each cohort", intro, items, figures)


def _regression_section(
    tables: dict[str, pd.DataFrame], figures: list[StudyFigure]
) -> dict[str, Any] | None:
    if "regressions" not in tables:
        return None
    item = _table(
        "regressions",
        "Regression models",
        "One row per signature and term.",
        tables["regressions"],
        _COHORT_COLUMNS,
    )
    return _section(
        "regressions", "Outcomes without time", "Effect per standard deviation.", [item], figures
    )


def _sensitivity_section(
    analysis: StudyAnalysis, tables: dict[str, pd.DataFrame]
) -> dict[str, Any] | None:
    items = []
    if "sensitivity" in tables:
        items.append(
            _table(
                "sensitivity",
                "The same models with each scoring method",
                "A result that changes with the method is a result of the method.",
                tables["sensitivity"],
            )
        )
    if "method_agreement" in tables:
        items.append(
            _table(
                "method_agreement",
                "Agreement of the scores",
                "Spearman correlation over the samples of a cohort.",
                tables["method_agreement"],
            )
        )
    others = ", ".join(list(analysis.methods)[1:])
    intro = f"Scored again with {others}; everything else is unchanged."
    return _section("sensitivity", "Sensitivity to the method", intro, items, [])


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


def _coverage_section(
    tables: dict[str, pd.DataFrame], figures: list[StudyFigure]
) -> dict[str, Any] | None:
    items = [
        _table(
            "coverage",
            "Genes found",
            "low_coverage and the like: not scored in that cohort. weights_ignored: scored, by the "
            "direction of the genes alone.",
            tables["coverage"],
        ),
        _table(
            "signatures",
            "The signatures and where they come from",
            "verified: the list was read in the primary source. A licence may be unknown.",
            tables["signatures"],
        ),
    ]
    return _section(
        "coverage",
        "Signatures and coverage",
        "What was scored, and on how many genes.",
        items,
        figures,
    )


def _flow_section(tables: dict[str, pd.DataFrame]) -> dict[str, Any] | None:
    if "row_flow" not in tables:
        return None
    item = _table(
        "row_flow", "Row flow", "Rows in, lost and out of every step.", tables["row_flow"]
    )
    return _section("row_flow", "Where rows were lost", "", [item], [])


def _section(
    section_id: str,
    title: str,
    intro: str,
    items: list[dict[str, Any]],
    figures: list[StudyFigure],
) -> dict[str, Any] | None:
    pictures = [
        {
            "kind": "figure",
            "id": f.id,
            "title": f.title,
            "caption": f.caption,
            "alt": f.alt,
            "svg": f"{f.stem}.svg",
            "csv": f"{f.stem}.csv",
        }
        for f in figures
        if f.section == section_id
    ]
    contents = pictures + items
    if not contents:
        return None
    return {"id": section_id, "title": title, "intro": intro, "items": contents}


def _table(
    name: str, title: str, caption: str, table: pd.DataFrame, columns: list[str] | None = None
) -> dict[str, Any]:
    shown = [c for c in columns or table.columns if c in table.columns]
    return {
        "kind": "table",
        "id": name,
        "title": title,
        "caption": caption,
        "file": f"tables/{name}.csv",
        "columns": [
            {
                "name": c,
                "label": _LABELS.get(c, c.replace("_", " ")),
                "format": _format_of(c, table[c]),
            }
            for c in shown
        ],
    }


def _format_of(name: str, values: pd.Series) -> str:
    if name in _P_COLUMNS:
        return "p"
    if name == Coverage.COVERAGE:
        return "percent"
    if name in _INTEGER_COLUMNS:
        return "integer"
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return "number" if is_number else "text"
