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
    from neurosig.matched_null import MatchedNull as MatchedNull
    from neurosig.methods.registry import available_methods as available_methods
    from neurosig.outcomes.clinical_io import read_clinical as read_clinical
    from neurosig.outcomes.cohort import Cohort as Cohort
    from neurosig.outcomes.cox_fit import CoxFit as CoxFit
    from neurosig.outcomes.cox_fit import fit_cox as fit_cox
    from neurosig.outcomes.cox_model import cox as cox
    from neurosig.outcomes.cox_options import CoxModel as CoxModel
    from neurosig.outcomes.curvature import nonlinearity as nonlinearity
    from neurosig.outcomes.curves import kaplan_meier as kaplan_meier
    from neurosig.outcomes.curves import survival_quantile as survival_quantile
    from neurosig.outcomes.design import Term as Term
    from neurosig.outcomes.endpoint import Endpoint as Endpoint
    from neurosig.outcomes.pooling import meta as meta
    from neurosig.outcomes.proportional_hazards import ph_test as ph_test
    from neurosig.outcomes.rank_tests import logrank as logrank
    from neurosig.outcomes.regression import regress as regress
    from neurosig.report.build import build_report as build_report
    from neurosig.scores import Scores as Scores
    from neurosig.study.pipeline import run as run

_HOME = {
    "Cohort": "outcomes.cohort",
    "CohortStats": "cohort_stats",
    "CoxFit": "outcomes.cox_fit",
    "CoxModel": "outcomes.cox_options",
    "Endpoint": "outcomes.endpoint",
    "MatchedNull": "matched_null",
    "Scores": "scores",
    "Signature": "genesets.signature",
    "SignatureCollection": "genesets.signature",
    "SignatureOverlap": "genesets.overlap",
    "Term": "outcomes.design",
    "available_methods": "methods.registry",
    "build_report": "report.build",
    "catalogue_table": "genesets.finding",
    "cox": "outcomes.cox_model",
    "errors": "errors",
    "fit_cox": "outcomes.cox_fit",
    "kaplan_meier": "outcomes.curves",
    "load_signatures": "genesets.finding",
    "logrank": "outcomes.rank_tests",
    "meta": "outcomes.pooling",
    "methods": "methods",
    "nonlinearity": "outcomes.curvature",
    "ph_test": "outcomes.proportional_hazards",
    "pl": "pl",
    "read_clinical": "outcomes.clinical_io",
    "read_enrichr": "genesets.enrichr",
    "read_expression": "expression.io",
    "read_gmt": "genesets.gmt",
    "read_signatures": "genesets.formats",
    "regress": "outcomes.regression",
    "run": "study.pipeline",
    "score": "engine",
    "search_signatures": "genesets.finding",
    "signature_overlap": "genesets.overlap",
    "survival_quantile": "outcomes.curves",
    "transform": "expression.transforms",
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
