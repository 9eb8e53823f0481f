"""The figures of a study; each is an SVG with its source table beside it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from neurosig.genesets.finding import load_signatures
from neurosig.keys import Result
from neurosig.pl.assessment import assessment_alt, assessment_data, assessment_figure
from neurosig.pl.coverage import coverage_alt, coverage_data, coverage_figure
from neurosig.pl.forest import forest_alt, forest_data, forest_figure, summary_forest_data
from neurosig.pl.heatmap import heatmap_alt, heatmap_data, heatmap_figure
from neurosig.pl.null import null_alt, null_data, null_figure
from neurosig.pl.style import save_figure
from neurosig.study.analysis import CohortAnalysis, StudyAnalysis
from neurosig.study.config import Study
from neurosig.study.curves import draw_curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = "figures"
N_SHOWN = 4


@dataclass(frozen=True, slots=True)
class StudyFigure:
    """A written figure: where it is and what a page says of it."""

    section: str
    id: str
    title: str
    caption: str
    alt: str

    @property
    def stem(self) -> str:
        """Path of the files without their suffix, inside the run folder."""
        return f"{FOLDER}/{self.id}"


@dataclass(frozen=True, slots=True)
class _Drawn:
    figure: "Figure"
    data: pd.DataFrame
    about: StudyFigure


def write_figures(study: Study, analysis: StudyAnalysis, folder: Path) -> list[StudyFigure]:
    """Draw all figures of a study into the run folder."""
    written: list[StudyFigure] = []
    for drawn in _figures(study, analysis):
        about = replace(drawn.about, id=untaken(drawn.about.id, {f.id for f in written}))
        save_figure(drawn.figure, drawn.data, folder / about.stem)
        written.append(about)
    return written


def untaken(name: str, taken: set[str]) -> str:
    """A file name of its own, also where upper and lower case are the same.

    >>> untaken("forest_A-B", {"forest_a-b"})
    'forest_A-B-2'
    """
    folded, candidate, number = {other.casefold() for other in taken}, name, 1
    while candidate.casefold() in folded:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def shown_signatures(study: Study, analysis: StudyAnalysis) -> list[str]:
    """The signatures with figures of their own.

    Those of the configuration, else those of the headline panel that are in the study, else its
    first four.
    """
    names = list(analysis.signatures)
    wanted = list(study.config.figures.signatures)
    headline = [name for name in load_signatures(panel="headline") if name in names]
    return wanted or headline or names[:N_SHOWN]


def _figures(study: Study, analysis: StudyAnalysis) -> Iterator[_Drawn]:
    shown = shown_signatures(study, analysis)
    main = analysis.main_method
    table = analysis.survival_table(main)
    pooled = analysis.pooled[main].table if main in analysis.pooled else None
    if not table.empty:
        yield _summary_forest(table if pooled is None else pooled, is_pooled=pooled is not None)
        for name in shown:
            yield _forest(analysis, table, pooled, name)
        for cohort in analysis.cohorts:
            yield from _null(cohort, shown)
        for cohort in analysis.cohorts:
            if cohort.survival:
                yield from _curves(cohort, analysis, shown)
    for cohort in analysis.cohorts:
        for outcome, result in cohort.regressions:
            yield _regression_forest(cohort, outcome.outcome, outcome.kind, result.table)
    for cohort in analysis.cohorts:
        yield _assessment(cohort)
    yield _coverage(study, analysis)
    for cohort in analysis.cohorts:
        yield _heatmap(study, cohort)


def _summary_forest(table: pd.DataFrame, *, is_pooled: bool) -> _Drawn:
    data = summary_forest_data(table)
    what = "Pooled effect" if is_pooled else "Effect"
    about = StudyFigure(
        section="pooled" if is_pooled else "cohorts",
        id="forest_all",
        title=f"{what} of every signature",
        caption=f"{what} per standard deviation of the score with its confidence interval, the "
        "largest first. q: Benjamini-Hochberg over the family named in the table.",
        alt=forest_alt(data, "all signatures"),
    )
    return _Drawn(forest_figure(data), data, about)


def _forest(
    analysis: StudyAnalysis, table: pd.DataFrame, pooled: pd.DataFrame | None, name: str
) -> _Drawn:
    data = forest_data(table, pooled, signature=name)
    title = analysis.signatures[name].title or name
    others = sorted(set(data[Result.ENDPOINT]) - {analysis.pooled_endpoint})
    beside = (
        f" {', '.join(others)} is another endpoint: it stands beside and is not in the diamond."
        if pooled is not None and others
        else ""
    )
    about = StudyFigure(
        section="pooled" if pooled is not None else "cohorts",
        id=f"forest_{safe_name(name)}",
        title=f"{name}: {title}",
        caption="Effect per standard deviation of the score in each cohort, adjusted as the table "
        f"says.{beside}",
        alt=forest_alt(data, name),
    )
    return _Drawn(forest_figure(data), data, about)


def _null(cohort: CohortAnalysis, shown: list[str]) -> Iterator[_Drawn]:
    """The signatures shown among random ones, where there are any."""
    if cohort.nulls is None:
        return
    rows = cohort.nulls.table
    drawn = rows[rows[Result.SIGNATURE].isin(shown) & rows[Result.P_NULL].notna()]
    if drawn.empty:
        return
    data = null_data(drawn, cohort.nulls.random)
    about = StudyFigure(
        section="cohorts",
        id=f"null_{cohort.source.id}",
        title=f"Among random signatures in {cohort.source.title or cohort.source.id}",
        caption="Grey: size of the score test of random signatures of the same size and average "
        "expression, scored by the same method and fitted by the same model. Line: the signature "
        "itself. p: the share of random signatures that reach it.",
        alt=null_alt(data),
    )
    yield _Drawn(null_figure(data), data, about)


def _curves(cohort: CohortAnalysis, analysis: StudyAnalysis, shown: list[str]) -> Iterator[_Drawn]:
    rows = cohort.survival[analysis.main_method].scores
    scored = cohort.main.values.columns[cohort.main.values.notna().any()]
    for name in [n for n in shown if n in scored]:
        test = rows[rows[Result.SIGNATURE] == name].iloc[0]
        curves = draw_curves(cohort.cohort, name, test)
        adjusted = f", adjusted for {test[Result.ADJUSTED_FOR]}" if cohort.source.adjust else ""
        about = StudyFigure(
            section="curves",
            id=f"km_{cohort.source.id}_{safe_name(name)}",
            title=f"{name} in {cohort.source.title or cohort.source.id}",
            caption=f"Kaplan-Meier curves with log-log intervals, {cohort.endpoint_name}. "
            f"{curves.note} The model has {test[Result.N]} rows{adjusted}.",
            alt=curves.alt,
        )
        yield _Drawn(curves.figure, curves.data, about)


def _regression_forest(
    cohort: CohortAnalysis, outcome: str, kind: str, table: pd.DataFrame
) -> _Drawn:
    data, words = summary_forest_data(table), kind.replace("_", " ")
    about = StudyFigure(
        section="regressions",
        id=f"forest_{kind}_{cohort.source.id}_{safe_name(outcome)}",
        title=f"{outcome} in {cohort.source.title or cohort.source.id}",
        caption=f"{words.capitalize()} regression of {outcome} on each score: effect per standard "
        "deviation with its confidence interval.",
        alt=forest_alt(data, outcome),
    )
    return _Drawn(forest_figure(data), data, about)


def _assessment(cohort: CohortAnalysis) -> _Drawn:
    data = assessment_data(cohort.assessment)
    about = StudyFigure(
        section="assessment",
        id=f"assessment_{cohort.source.id}",
        title=f"Verdicts in {cohort.source.title or cohort.source.id}",
        caption="The figures that led to a verdict are marked. Above random: share of random sets "
        "of like expression whose genes correlate less. Mean, PC1 and the like: rank correlation "
        "of two ways to sum the genes up. Largest gene: its share in the variance of the mean.",
        alt=assessment_alt(data),
    )
    return _Drawn(assessment_figure(data), data, about)


def _coverage(study: Study, analysis: StudyAnalysis) -> _Drawn:
    coverages = {c.source.id: c.main.coverage for c in analysis.cohorts}
    threshold = study.config.scoring.min_coverage
    data = coverage_data(coverages, threshold)
    about = StudyFigure(
        section="coverage",
        id="coverage",
        title="Share of each signature's genes found",
        caption=f"Signatures below {threshold:.0%} in a cohort were not scored there.",
        alt=coverage_alt(data),
    )
    return _Drawn(coverage_figure(data), data, about)


def _heatmap(study: Study, cohort: CohortAnalysis) -> _Drawn:
    scores = cohort.cohort.scores
    wanted = study.config.figures.annotations or _covariates(cohort)
    present = [name for name in wanted if name in cohort.cohort.data.columns]
    data = heatmap_data(scores.loc[:, scores.notna().any()], cohort.cohort.data[present])
    about = StudyFigure(
        section="heatmaps",
        id=f"heatmap_{cohort.source.id}",
        title=f"Scores in {cohort.source.title or cohort.source.id}",
        caption=f"Scores ({cohort.main.method}) as z-scores over the cohort, samples and "
        "signatures clustered, with clinical annotation.",
        alt=heatmap_alt(data),
    )
    return _Drawn(heatmap_figure(data), data.table, about)


def _covariates(cohort: CohortAnalysis) -> list[str]:
    terms = [*cohort.source.adjust]
    for outcome in cohort.source.regressions:
        terms += [*outcome.adjust, outcome.outcome]
    names = [term if isinstance(term, str) else term.column for term in terms]
    if cohort.source.endpoint is not None:
        names.append(cohort.source.endpoint.event)
    return list(dict.fromkeys(names))


def safe_name(text: str) -> str:
    """A text as part of a file name: other signs become dashes.

    >>> safe_name("perineural invasion/../x")
    'perineural-invasion-..-x'
    """
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in text)
