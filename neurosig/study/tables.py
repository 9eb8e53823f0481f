"""The tables of a study, each as one CSV file; the same inputs give the same bytes."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from neurosig import _atomic
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.study.analysis import StudyAnalysis
from neurosig.study.reporting import reporting_tables

FOLDER = "tables"


def study_tables(analysis: StudyAnalysis) -> dict[str, pd.DataFrame]:
    """All tables by name; a table without rows is left out."""
    main = analysis.main_method
    tables = {
        "pooled": analysis.pooled[main].table if main in analysis.pooled else pd.DataFrame(),
        "pooled_crude": analysis.pooled_crude,
        "cohorts": analysis.survival_table(main),
        "adjusted_and_crude": _adjusted_and_crude(analysis),
        "regressions": _regressions(analysis),
        "sensitivity": _sensitivity(analysis),
        "method_agreement": _method_agreement(analysis),
        "assessment": _assessment(analysis),
        "coverage": _coverage(analysis),
        "signatures": _signatures(analysis),
        "row_flow": _row_flow(analysis),
        **reporting_tables(analysis),
    }
    for cohort in analysis.cohorts:
        for method, scores in cohort.scores.items():
            tables[f"scores_{cohort.source.id}_{method}"] = scores.values.rename_axis(
                "observation"
            ).reset_index()
    return {name: table for name, table in tables.items() if len(table)}


def write_tables(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write each table as tables/<name>.csv."""
    for name, table in tables.items():
        _atomic.write_csv(folder / FOLDER / f"{name}.csv", table)


def _adjusted_and_crude(analysis: StudyAnalysis) -> pd.DataFrame:
    """Hazard ratios with and without covariates, of the same rows, side by side."""
    columns = [Result.COHORT, Result.ENDPOINT, Result.SIGNATURE]
    effects = [Result.EFFECT, Result.EFFECT_LOW, Result.EFFECT_HIGH, Result.P_VALUE]
    parts = []
    for cohort in analysis.cohorts:
        if cohort.crude.empty:
            continue
        adjusted = cohort.survival[analysis.main_method].scores
        crude = cohort.crude[cohort.crude[Result.TERM] == SCORE_TERM]
        parts.append(
            adjusted[columns + effects + [Result.ADJUSTED_FOR]].merge(
                crude[columns + effects], on=columns, suffixes=("_adjusted", "_crude")
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _regressions(analysis: StudyAnalysis) -> pd.DataFrame:
    tables = [result.table for c in analysis.cohorts for _, result in c.regressions]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _sensitivity(analysis: StudyAnalysis) -> pd.DataFrame:
    """The headline result of every method: pooled rows, or those of the cohorts if none."""
    if len(analysis.methods) < 2:
        return pd.DataFrame()
    parts = []
    for method in analysis.methods:
        pooled = analysis.pooled.get(method)
        table = analysis.survival_table(method) if pooled is None else pooled.table
        if table.empty:
            continue
        parts.append(table[table[Result.TERM] == SCORE_TERM].assign(method=method))
    if not parts:
        return pd.DataFrame()
    joined = pd.concat(parts, ignore_index=True)
    return joined[["method", *[c for c in joined.columns if c != "method"]]]


def _assessment(analysis: StudyAnalysis) -> pd.DataFrame:
    return _with_cohort({c.source.id: c.assessment.table for c in analysis.cohorts})


def _coverage(analysis: StudyAnalysis) -> pd.DataFrame:
    return _with_cohort({c.source.id: c.main.coverage for c in analysis.cohorts})


def _with_cohort(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables of one row per signature, one below the other, the cohort in front."""
    parts = [table.reset_index().assign(**{Result.COHORT: id_}) for id_, table in tables.items()]
    table = pd.concat(parts, ignore_index=True)
    return table[[Result.COHORT, *[c for c in table.columns if c != Result.COHORT]]]


def _signatures(analysis: StudyAnalysis) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "signature": s.id,
            "title": s.title,
            "category": s.category,
            "n_genes": s.n_genes,
            "directed": s.is_directed,
            "evidence": s.evidence,
            "source": _source_text(s.source),
            "licence": s.licence,
            "verified": s.verified,
            "genes": " ".join(s.genes),
        }
        for s in analysis.signatures.values()
    )


def _source_text(source: object) -> str:
    if not isinstance(source, dict):
        return str(source)
    keys = ("citation", "doi", "pmid", "go_id", "hgnc_group_id", "standard_name", "release")
    parts = [f"{key} {source[key]}" for key in keys if source.get(key)]
    return "; ".join(parts) or str(source.get("kind", ""))


def _row_flow(analysis: StudyAnalysis) -> pd.DataFrame:
    parts = []
    for cohort in analysis.cohorts:
        models = [(f"{o.kind}: {o.outcome}", result) for o, result in cohort.regressions]
        if cohort.survival:
            survival = cohort.survival[analysis.main_method]
            models.insert(0, (f"survival: {cohort.endpoint_name}", survival))
        flows = [(model, result.row_flow) for model, result in models]
        if cohort.endpoint_name is not None and not cohort.survival:
            name = f"survival: {cohort.endpoint_name} (no model)"
            flows.insert(0, (name, cohort.cohort.row_flow))
        for model, rows in flows:
            flow = rows.copy()
            flow.insert(0, "model", model)
            flow.insert(0, Result.COHORT, cohort.source.id)
            parts.append(flow)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _method_agreement(analysis: StudyAnalysis) -> pd.DataFrame:
    """How far the other methods agree with the main one, in each cohort."""
    tables = [
        agreement_of_scores(c.source.id, {name: s.values for name, s in c.scores.items()})
        for c in analysis.cohorts
    ]
    return pd.concat(tables, ignore_index=True)


def agreement_of_scores(cohort: str, scores: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Spearman correlation of the first method's scores with those of each other method.

    >>> first = pd.DataFrame({"S": [1.0, 2.0, 3.0]})
    >>> table = agreement_of_scores("A", {"mean": first, "zscore": first ** 3, "plage": -first})
    >>> table[["method", "compared_with", "spearman"]].to_numpy().tolist()
    [['zscore', 'mean', 1.0], ['plage', 'mean', -1.0]]
    """
    (main_name, main), *others = scores.items()
    rows = []
    for name, other in others:
        for signature in main.columns:
            pair = main[signature].rank(), other[signature].rank()
            has_both = pair[0].notna().all() and pair[1].notna().all()
            rows.append(
                {
                    Result.COHORT: cohort,
                    Result.SIGNATURE: signature,
                    "method": name,
                    "compared_with": main_name,
                    "spearman": float(pair[0].corr(pair[1])) if has_both else np.nan,
                    Result.STATUS: OK if has_both else "no_score",
                }
            )
    return pd.DataFrame(rows)
