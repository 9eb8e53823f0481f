"""Which columns of a table the page shows, under which heads and in which format."""

import pandas as pd

from neurosig.keys import Null, Pooled, Quality, Result
from neurosig.report.manifest import Column, Format, TableItem

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
    "p_null": "p (random)",
    "q_null": "q (random)",
    "p_permuted": "p (permuted)",
    "catalogue_rank": "Rank in catalogue",
    "n_catalogue": "of",
    "p_ph_global": "p (PH, all terms)",
    "split_time": "Split at",
    "effect_early": "Early",
    "effect_early_low": "Low (early)",
    "effect_early_high": "High (early)",
    "effect_late": "Late",
    "effect_late_low": "Low (late)",
    "effect_late_high": "High (late)",
    "rmst_tau": "RMST up to",
    "rmst_effect": "RMST difference",
    "rmst_low": "Low (RMST)",
    "rmst_high": "High (RMST)",
    "rmst_p_value": "p (RMST)",
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
    "p_value_wider": "p (wider)",
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
    "verdict": "Verdict",
    "reasons": "Reasons",
    "coverage": "Genes found",
    "detected": "Genes seen",
    "low_variance": "Low variance",
    "correlation": "Median rho",
    "percentile": "Above random",
    "reliability": "Reliability",
    "pc1_share": "PC1 share",
    "rho_mean_median": "Mean, median",
    "rho_mean_pc1": "Mean, PC1",
    "rho_mean_z": "Raw, z-values",
    "dominance": "Largest gene",
    "dominant_gene": "Which gene",
    "n_obs": "Observations",
    "model": "Model",
    "method": "Method",
    "compared_with": "Compared with",
    "group": "Group",
    "n_cells": "Cells",
    "n_donors": "Donors",
    "item": "Item",
    "topic": "Topic",
    "asks": "Asks for",
    "state": "State",
    "answer": "Answer of this run",
    "authors_add": "Left to the authors",
    "aspect": "Aspect",
    "entry": "Entry",
    "analysis": "Analysis",
    "variables": "Variables",
    "remarks": "Remarks",
    "variable": "Variable",
    "n_known": "Known",
    "n_missing": "Missing",
    "distribution": "Distribution",
}
_P_COLUMNS = {"p_value", "p_lr", "p_ph", "p_ph_global", "rmst_p_value", "q_value"}
_P_COLUMNS |= {"p_heterogeneity", "p_null", "q_null", "p_permuted"}
_P_COLUMNS |= {f"p_value_{kind}" for kind in ("adjusted", "crude", "common", "wider")}
_INTEGER_COLUMNS = {"n", "n_events", "n_params", "n_cohorts", "n_genes", "n_found"}
_INTEGER_COLUMNS |= {"n_in", "n_lost", "n_out", "df", "n_obs", "catalogue_rank", "n_catalogue"}
_INTEGER_COLUMNS |= {"n_cells", "n_donors"}
_PROSE_COLUMNS = {"asks", "answer", "authors_add", "entry", "distribution", "remarks"}
_PERCENT_COLUMNS = {
    Quality.COVERAGE,
    Quality.DETECTED,
    Quality.LOW_VARIANCE,
    Quality.PERCENTILE,
    Quality.PC1_SHARE,
    Quality.DOMINANCE,
}

ASSESSMENT_COLUMNS = [
    Result.COHORT,
    Result.SIGNATURE,
    Quality.VERDICT,
    Quality.REASONS,
    Quality.COVERAGE,
    Quality.DETECTED,
    Quality.LOW_VARIANCE,
    Quality.CORRELATION,
    Quality.PERCENTILE,
    Quality.RELIABILITY,
    Quality.PC1_SHARE,
    Quality.RHO_MEAN_MEDIAN,
    Quality.RHO_MEAN_PC1,
    Quality.RHO_MEAN_Z,
    Quality.DOMINANCE,
    Quality.DOMINANT_GENE,
    Quality.N_OBS,
]

COHORT_COLUMNS = [
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
    Result.P_PH_GLOBAL,
    Result.EFFECT_EARLY,
    Result.EFFECT_LATE,
    Result.SPLIT_TIME,
    Result.RMST_EFFECT,
    Result.RMST_LOW,
    Result.RMST_HIGH,
    Result.RMST_TAU,
    Result.P_NULL,
    Result.Q_VALUE,
    Result.FAMILY,
    Null.Q_NULL,
    Null.P_PERMUTED,
    Null.CATALOGUE_RANK,
    Null.N_CATALOGUE,
    Result.N,
    Result.N_EVENTS,
    Result.EVENTS_PER_PARAM,
    Result.ADJUSTED_FOR,
    Result.EFFECT_SCALE,
    Result.MODEL,
    Result.STATUS,
    Result.MESSAGE,
]

POOLED_COLUMNS = [
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
    Pooled.P_VALUE_WIDER,
    Pooled.I2,
    Pooled.TAU2,
    Pooled.P_HETEROGENEITY,
    Pooled.Q_SCALE,
    Result.N,
    Result.N_EVENTS,
    Pooled.COHORTS,
    Result.ADJUSTED_FOR,
    Result.EFFECT_SCALE,
    Result.MODEL,
    Result.STATUS,
    Result.MESSAGE,
]


_CHECKLIST = ["item", "topic", "asks", "answer", "state", "authors_add"]
REPORTING_COLUMNS = {"checklist_remark": _CHECKLIST, "checklist_tripod": _CHECKLIST}


def table_item(
    name: str, title: str, caption: str, table: pd.DataFrame, columns: list[str] | None = None
) -> TableItem:
    """A table of the page: tables/<name>.csv with the columns asked for, or all of them."""
    shown = [c for c in columns or table.columns if c in table.columns]
    return TableItem(
        id=name,
        title=title,
        caption=caption,
        file=f"tables/{name}.csv",
        columns=tuple(
            Column(
                name=c,
                label=_LABELS.get(c, c.replace("_", " ")),
                format=_format_of(c, table[c]),
            )
            for c in shown
        ),
    )


def _format_of(name: str, values: pd.Series) -> Format:
    if name in _PROSE_COLUMNS:
        return "prose"
    if name in _P_COLUMNS:
        return "p"
    if name in _PERCENT_COLUMNS:
        return "percent"
    if name in _INTEGER_COLUMNS:
        return "integer"
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return "number" if is_number else "text"
