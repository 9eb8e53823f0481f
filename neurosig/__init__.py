"""Gene-signature scores that equal the reference implementations, linked to clinical outcomes.

    import neurosig as ns

    signatures = ns.load_signatures(panel="core")
    scores = ns.score(expression, signatures, method="ssgsea")
    endpoint = ns.Endpoint(time="OS.time", event="OS", unit="days")
    cohort = ns.Cohort.join(scores, clinical, endpoint=endpoint)
    table = ns.cox(cohort, adjust=["age", "stage"]).table

Public names load on first use, so that importing the package costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurosig import methods as methods
    from neurosig import pl as pl
    from neurosig import sc as sc
    from neurosig import tl as tl
    from neurosig.agreement import method_agreement as method_agreement
    from neurosig.assessment.quality import Assessment as Assessment
    from neurosig.assessment.quality import assess as assess
    from neurosig.assessment.rules import QualityThresholds as QualityThresholds
    from neurosig.cohort_stats import CohortStats as CohortStats
    from neurosig.engine import score as score
    from neurosig.expression.io import read_expression as read_expression
    from neurosig.expression.transforms import transform as transform
    from neurosig.genesets.enrichr import read_enrichr as read_enrichr
    from neurosig.genesets.finding import catalogue_table as catalogue_table
    from neurosig.genesets.finding import load_signatures as load_signatures
    from neurosig.genesets.finding import search_signatures as search_signatures
    from neurosig.genesets.formats import read_signatures as read_signatures
    from neurosig.genesets.gmt import read_gmt as read_gmt
    from neurosig.genesets.overlap import SignatureOverlap as SignatureOverlap
    from neurosig.genesets.overlap import signature_overlap as signature_overlap
    from neurosig.genesets.signature import Signature as Signature
    from neurosig.genesets.signature import SignatureCollection as SignatureCollection
    from neurosig.harmonisation.verb import Harmonised as Harmonised
    from neurosig.harmonisation.verb import harmonise as harmonise
    from neurosig.matched_null import MatchedNull as MatchedNull
    from neurosig.methods.registry import available_methods as available_methods
    from neurosig.outcomes.chance.empirical import null_test as null_test
    from neurosig.outcomes.chance.searched_cutpoint import maxstat as maxstat
    from neurosig.outcomes.clinic.clinical_io import read_clinical as read_clinical
    from neurosig.outcomes.clinic.cohort import Cohort as Cohort
    from neurosig.outcomes.clinic.endpoint import Endpoint as Endpoint
    from neurosig.outcomes.competing.fine_gray_model import fine_gray as fine_gray
    from neurosig.outcomes.competing.incidence import cumulative_incidence as cumulative_incidence
    from neurosig.outcomes.competing.incidence_test import gray_test as gray_test
    from neurosig.outcomes.confounders.verb import Confounding as Confounding
    from neurosig.outcomes.confounders.verb import confounding as confounding
    from neurosig.outcomes.cox.curvature import nonlinearity as nonlinearity
    from neurosig.outcomes.cox.options import CoxModel as CoxModel
    from neurosig.outcomes.cox.proportional_hazards import ph_test as ph_test
    from neurosig.outcomes.cox.single_fit import CoxFit as CoxFit
    from neurosig.outcomes.cox.single_fit import fit_cox as fit_cox
    from neurosig.outcomes.cox.verb import cox as cox
    from neurosig.outcomes.curves.cumulative_hazard import nelson_aalen as nelson_aalen
    from neurosig.outcomes.curves.landmark_analysis import landmark as landmark
    from neurosig.outcomes.curves.rank_comparisons import logrank_trend as logrank_trend
    from neurosig.outcomes.curves.rank_comparisons import pairwise_logrank as pairwise_logrank
    from neurosig.outcomes.curves.rank_tests import logrank as logrank
    from neurosig.outcomes.curves.restricted_mean import rmst as rmst
    from neurosig.outcomes.curves.restricted_mean_regression import (
        rmst_regression as rmst_regression,
    )
    from neurosig.outcomes.curves.survival_curve import at_risk_table as at_risk_table
    from neurosig.outcomes.curves.survival_curve import kaplan_meier as kaplan_meier
    from neurosig.outcomes.curves.survival_curve import survival_quantile as survival_quantile
    from neurosig.outcomes.design import Term as Term
    from neurosig.outcomes.imputation.chains import ChainedEquations as ChainedEquations
    from neurosig.outcomes.imputation.imputed import Imputed as Imputed
    from neurosig.outcomes.imputation.verb import impute as impute
    from neurosig.outcomes.interplay.bootstrap import Bootstrap as Bootstrap
    from neurosig.outcomes.interplay.causal_mediation import mediation as mediation
    from neurosig.outcomes.interplay.corners import interplay_corners as interplay_corners
    from neurosig.outcomes.interplay.interaction import interplay as interplay
    from neurosig.outcomes.planning.cox_power import CoxPlan as CoxPlan
    from neurosig.outcomes.planning.cox_power import power as power
    from neurosig.outcomes.planning.event_share import event_probability as event_probability
    from neurosig.outcomes.planning.logistic_power import LogisticPlan as LogisticPlan
    from neurosig.outcomes.planning.logistic_power import power_logistic as power_logistic
    from neurosig.outcomes.planning.prediction_size import PredictionSize as PredictionSize
    from neurosig.outcomes.planning.prediction_size import (
        prediction_sample_size as prediction_sample_size,
    )
    from neurosig.outcomes.pooling.frozen_model import FrozenModel as FrozenModel
    from neurosig.outcomes.pooling.omitted_cohorts import leave_one_out as leave_one_out
    from neurosig.outcomes.pooling.one_stage import pooled_cox as pooled_cox
    from neurosig.outcomes.pooling.small_studies import egger_test as egger_test
    from neurosig.outcomes.pooling.training import train as train
    from neurosig.outcomes.pooling.validation import validate as validate
    from neurosig.outcomes.pooling.verb import meta as meta
    from neurosig.outcomes.prediction.calibration_curve import calibration as calibration
    from neurosig.outcomes.prediction.concordance_contrast import (
        compare_concordance as compare_concordance,
    )
    from neurosig.outcomes.prediction.concordance_index import concordance as concordance
    from neurosig.outcomes.prediction.increment import added_value as added_value
    from neurosig.outcomes.prediction.net_benefit import decision_curve as decision_curve
    from neurosig.outcomes.prediction.optimism import Resampling as Resampling
    from neurosig.outcomes.prediction.performance import discrimination as discrimination
    from neurosig.outcomes.regression.associations import correlate as correlate
    from neurosig.outcomes.regression.group_comparison import compare_groups as compare_groups
    from neurosig.outcomes.regression.options import RegressionModel as RegressionModel
    from neurosig.outcomes.regression.verb import regress as regress
    from neurosig.outcomes.reporting.analysis_facts import ReportingFacts as ReportingFacts
    from neurosig.outcomes.reporting.checklist_table import Checklist as Checklist
    from neurosig.outcomes.reporting.checklist_table import checklist as checklist
    from neurosig.outcomes.reporting.profile_tables import RemarkProfile as RemarkProfile
    from neurosig.outcomes.reporting.profile_tables import remark_profile as remark_profile
    from neurosig.report.build import build_report as build_report
    from neurosig.reproduction.verb import Reproduction as Reproduction
    from neurosig.reproduction.verb import reproduce as reproduce
    from neurosig.scores import Scores as Scores
    from neurosig.smoothing import nearest_neighbours as nearest_neighbours
    from neurosig.smoothing import smooth_knn as smooth_knn
    from neurosig.study.pipeline import run as run

_HOME = {
    "Assessment": "assessment.quality",
    "Bootstrap": "outcomes.interplay.bootstrap",
    "ChainedEquations": "outcomes.imputation.chains",
    "Checklist": "outcomes.reporting.checklist_table",
    "Cohort": "outcomes.clinic.cohort",
    "CohortStats": "cohort_stats",
    "Confounding": "outcomes.confounders.verb",
    "CoxFit": "outcomes.cox.single_fit",
    "CoxModel": "outcomes.cox.options",
    "CoxPlan": "outcomes.planning.cox_power",
    "Endpoint": "outcomes.clinic.endpoint",
    "FrozenModel": "outcomes.pooling.frozen_model",
    "Harmonised": "harmonisation.verb",
    "Imputed": "outcomes.imputation.imputed",
    "LogisticPlan": "outcomes.planning.logistic_power",
    "MatchedNull": "matched_null",
    "PredictionSize": "outcomes.planning.prediction_size",
    "QualityThresholds": "assessment.rules",
    "RegressionModel": "outcomes.regression.options",
    "RemarkProfile": "outcomes.reporting.profile_tables",
    "ReportingFacts": "outcomes.reporting.analysis_facts",
    "Reproduction": "reproduction.verb",
    "Resampling": "outcomes.prediction.optimism",
    "Scores": "scores",
    "Signature": "genesets.signature",
    "SignatureCollection": "genesets.signature",
    "SignatureOverlap": "genesets.overlap",
    "Term": "outcomes.design",
    "added_value": "outcomes.prediction.increment",
    "assess": "assessment.quality",
    "at_risk_table": "outcomes.curves.survival_curve",
    "available_methods": "methods.registry",
    "build_report": "report.build",
    "calibration": "outcomes.prediction.calibration_curve",
    "catalogue_table": "genesets.finding",
    "checklist": "outcomes.reporting.checklist_table",
    "compare_concordance": "outcomes.prediction.concordance_contrast",
    "compare_groups": "outcomes.regression.group_comparison",
    "concordance": "outcomes.prediction.concordance_index",
    "confounding": "outcomes.confounders.verb",
    "correlate": "outcomes.regression.associations",
    "cox": "outcomes.cox.verb",
    "cumulative_incidence": "outcomes.competing.incidence",
    "decision_curve": "outcomes.prediction.net_benefit",
    "discrimination": "outcomes.prediction.performance",
    "egger_test": "outcomes.pooling.small_studies",
    "errors": "errors",
    "event_probability": "outcomes.planning.event_share",
    "fine_gray": "outcomes.competing.fine_gray_model",
    "fit_cox": "outcomes.cox.single_fit",
    "gray_test": "outcomes.competing.incidence_test",
    "harmonise": "harmonisation.verb",
    "impute": "outcomes.imputation.verb",
    "interplay": "outcomes.interplay.interaction",
    "interplay_corners": "outcomes.interplay.corners",
    "kaplan_meier": "outcomes.curves.survival_curve",
    "landmark": "outcomes.curves.landmark_analysis",
    "leave_one_out": "outcomes.pooling.omitted_cohorts",
    "load_signatures": "genesets.finding",
    "logrank": "outcomes.curves.rank_tests",
    "logrank_trend": "outcomes.curves.rank_comparisons",
    "maxstat": "outcomes.chance.searched_cutpoint",
    "mediation": "outcomes.interplay.causal_mediation",
    "meta": "outcomes.pooling.verb",
    "method_agreement": "agreement",
    "methods": "methods",
    "nearest_neighbours": "smoothing",
    "nelson_aalen": "outcomes.curves.cumulative_hazard",
    "nonlinearity": "outcomes.cox.curvature",
    "null_test": "outcomes.chance.empirical",
    "pairwise_logrank": "outcomes.curves.rank_comparisons",
    "ph_test": "outcomes.cox.proportional_hazards",
    "pl": "pl",
    "pooled_cox": "outcomes.pooling.one_stage",
    "power": "outcomes.planning.cox_power",
    "power_logistic": "outcomes.planning.logistic_power",
    "prediction_sample_size": "outcomes.planning.prediction_size",
    "read_clinical": "outcomes.clinic.clinical_io",
    "read_enrichr": "genesets.enrichr",
    "read_expression": "expression.io",
    "read_gmt": "genesets.gmt",
    "read_signatures": "genesets.formats",
    "regress": "outcomes.regression.verb",
    "remark_profile": "outcomes.reporting.profile_tables",
    "reproduce": "reproduction.verb",
    "rmst": "outcomes.curves.restricted_mean",
    "rmst_regression": "outcomes.curves.restricted_mean_regression",
    "run": "study.pipeline",
    "sc": "sc",
    "score": "engine",
    "search_signatures": "genesets.finding",
    "signature_overlap": "genesets.overlap",
    "smooth_knn": "smoothing",
    "survival_quantile": "outcomes.curves.survival_curve",
    "tl": "tl",
    "train": "outcomes.pooling.training",
    "transform": "expression.transforms",
    "validate": "outcomes.pooling.validation",
}

__all__ = [  # noqa: PLE0604 - the names are the keys above, written once
    *_HOME
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'neurosig' has no attribute {name!r}")
    module = importlib.import_module(f"neurosig.{_HOME[name]}")
    is_module = _HOME[name].rpartition(".")[2] == name
    return module if is_module else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
