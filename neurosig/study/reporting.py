"""What reporting guidelines want of a study, from what the study has made."""

from collections.abc import Mapping

import pandas as pd

from neurosig.errors import count
from neurosig.outcomes.reporting.analysis_facts import ReportingFacts
from neurosig.outcomes.reporting.checklist_table import Checklist, checklist
from neurosig.outcomes.reporting.profile_tables import RemarkProfile, remark_profile
from neurosig.outcomes.results import Results
from neurosig.study.analysis import StudyAnalysis

CHECKLISTS = "checklists.md"


def study_reporting(analysis: StudyAnalysis) -> tuple[RemarkProfile, tuple[Checklist, ...]]:
    """The REMARK profile of a study, and its REMARK and TRIPOD+AI checklists."""
    cohorts = [c.cohort for c in analysis.cohorts]
    done = _analyses(analysis)
    facts = _facts(analysis)
    return remark_profile(cohorts, done), (
        checklist(cohorts, done, guideline="REMARK", facts=facts),
        checklist(cohorts, done, guideline="TRIPOD+AI", facts=facts),
    )


def reporting_tables(analysis: StudyAnalysis) -> dict[str, pd.DataFrame]:
    """The profile and the checklists as tables of the run."""
    if not _analyses(analysis):
        return {}
    profile, (remark, tripod) = study_reporting(analysis)
    return {
        "remark_patients": profile.patients,
        "remark_analyses": profile.analyses,
        "characteristics": profile.characteristics,
        "checklist_remark": remark.table,
        "checklist_tripod": tripod.table,
    }


def reporting_text(analysis: StudyAnalysis) -> str:
    """The profile and the checklists in Markdown, to be edited by the authors."""
    if not _analyses(analysis):
        return "# Reporting\n\nNo model could be fitted.\n"
    profile, checklists = study_reporting(analysis)
    parts = ["# Reporting", profile.markdown, *(one.markdown for one in checklists)]
    return "\n\n".join(parts) + "\n"


def _analyses(analysis: StudyAnalysis) -> Mapping[str, Results]:
    """Every analysis of the study by name: the main method first, then the others."""
    done: dict[str, Results] = {}
    main = analysis.main_method
    for cohort in analysis.cohorts:
        for method, result in cohort.survival.items():
            suffix = "" if method == main else f" ({method})"
            done[f"Cox {cohort.source.id}{suffix}"] = result
        if len(cohort.crude):
            flow = cohort.survival[main].row_flow
            done[f"Cox {cohort.source.id} without covariates"] = Results(cohort.crude, flow)
        for outcome, result in cohort.regressions:
            done[f"{outcome.outcome} {cohort.source.id}"] = result
    for method, result in analysis.pooled.items():
        done["Pooled" + ("" if method == main else f" ({method})")] = result
    return done


def _facts(analysis: StudyAnalysis) -> ReportingFacts:
    method = analysis.methods[analysis.main_method]
    others = [m.spec.title for m in list(analysis.methods.values())[1:]]
    nulls = [c for c in analysis.cohorts if c.nulls is not None]
    scales = "; ".join(f"{c.source.id}: {c.scale}" for c in analysis.cohorts)
    return ReportingFacts(
        scoring=f"{count(len(analysis.signatures), 'signature')} scored by {method.spec.title} "
        f"(revision {method.spec.revision}, doi:{method.spec.doi}); the genes of each and those "
        "found are in the tables of signatures and coverage.",
        preparation=f"Scale of the expression as found: {scales}; each signature is assessed for "
        "genes measured, variance and coherence.",
        sensitivity=f"Scored again with {', '.join(others)}." if others else "",
        null=f"Scores beside random signatures of the same size and expression in "
        f"{', '.join(c.source.id for c in nulls)}."
        if nulls
        else "",
        software="neurosig; versions, parameters, seeds and checksums are in provenance.json, the "
        "configuration in config.yaml.",
    )
