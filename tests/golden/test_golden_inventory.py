"""No reference number is forgotten: each file is compared or left out by name, with the reason.

A file counts as compared if its name can be put together from strings that the code of one test
module of this folder holds, docstrings aside: ``f"gsva214_{case}.csv"`` and ``"a_zscore"`` make
``gsva214_a_zscore``.
"""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

NOT_COMPARED = {
    "*_OUTCOMES": "a log of the calls, no numbers",
    "gsva146_input_chol_log2": "an input",
    "seurat_NormalizeData_block": "normalisation of counts comes before scoring and is not ours",
    "seurat_ams_a_nbin20_ctrl100_deterministic_controls": (
        "every gene of a bin is a control there, so that the bins, which are compared, say it all"
    ),
    "seurat_ams_c_nbin24_ctrl100_seed1_bins": (
        "the same cells and bins as c_nbin24_ctrl5_seed1, which is compared"
    ),
    "plaid_*_replaid_*": (
        "approximations of other tools; ssgsea, singscore, ucell, aucell and gsva are compared "
        "with those tools themselves, and scSE is a share of counts that no method here computes"
    ),
    "gsva214_dna_gsva_Gaussian_everything": (
        "with missing values GSVA 2.1.4 returns the score of the set before, and drops a gene that "
        "misses one value from the ranking of all samples"
    ),
    "singscore_stable_genes_carcinoma50": "a list of genes",
    "singscore_*_ranks_stable": "the ranks behind scores against stable genes, which are compared",
    "cox_*_exact_*": "exact ties are not part of neurosig",
    "cox_lung_pspline_coef": "penalised splines are not part of neurosig",
    "cox_separation_[cv]*": "where coxph stops on its way to infinity; its statistics are compared",
    "cutpointr_lung_age_youden": (
        "a cut for a yes-or-no outcome is not part of neurosig; the AUC in it is that of "
        "pROC_lung, which is compared"
    ),
    "glm_separated_coef": (
        "where glm stops on its way to infinity: no estimate (ours is refused or penalised, and "
        "the same data are compared as logistf_separated)"
    ),
    "limma_*": "differential expression and gene-set tests of genes are not part of neurosig",
    "metafor_trimfill": "trim and fill is not part of neurosig",
    "rms_lrm_stats_lung": (
        "measures of a logistic model's predictions, which regress does not make; its "
        "likelihood ratio is the difference of the deviances of glm_logit_lung_fit, compared"
    ),
    "survivalROC_lung_age": (
        "estimators of the AUC (conditional Kaplan-Meier, nearest neighbours) that neurosig does "
        "not offer; ours weights by the censoring, as riskRegression and timeROC, compared"
    ),
    "survreg_*": "parametric survival models are not part of neurosig",
    "timeROC_lung_age_curve": "points of an ROC curve; the area under it is compared",
    "timeROC_lung_coxweights": (
        "weights from a Cox model of the censoring are not offered; ours are marginal, compared"
    ),
}


def all_goldens(goldens: Path) -> list[str]:
    files = [*(goldens / "expected").iterdir(), *(goldens / "real").iterdir()]
    return sorted(file.name.removesuffix(".gz").removesuffix(".csv") for file in files)


def strings_of(module: Path) -> frozenset[str]:
    """The strings and numbers above 9 of a module, those of f-strings too, without docstrings."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    statements = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    docstrings = {id(value) for value in statements if isinstance(value, ast.Constant)}
    constants = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and id(node) not in docstrings
    ]
    numbers = {str(value) for value in constants if isinstance(value, int) and value > 9}
    texts = {value for value in constants if isinstance(value, str)}
    return frozenset(v.removesuffix(".gz").removesuffix(".csv") for v in texts | numbers) - {""}


def can_be_put_together(name: str, strings: frozenset[str], n_pieces: int = 5) -> bool:
    @cache
    def fits(rest: str, n_left: int) -> bool:
        if not rest:
            return True
        return n_left > 0 and any(
            rest.startswith(piece) and fits(rest[len(piece) :], n_left - 1) for piece in strings
        )

    return fits(name, n_pieces)


def modules() -> Iterator[Path]:
    here = Path(__file__)
    yield from (path for path in sorted(here.parent.glob("test_*.py")) if path != here)


def test_names_are_put_together_from_strings_and_not_from_docstrings(tmp_path):
    module = tmp_path / "test_x.py"
    module.write_text(
        '"""gsva214_b."""\nCASES = ["a_zscore", 365, 1]\nread(f"gsva214_{case}.csv")\n'
    )
    strings = strings_of(module)
    assert strings == {"a_zscore", "365", "gsva214_"}
    assert can_be_put_together("gsva214_a_zscore", strings)
    assert can_be_put_together("gsva214_365", strings)
    assert not can_be_put_together("gsva214_b", strings)
    assert not can_be_put_together("gsva214_a_zscore_sparse", strings)


@pytest.mark.data
def test_every_golden_is_compared_or_left_out_with_a_reason(goldens):
    strings = [strings_of(path) for path in modules()]
    forgotten = [
        name
        for name in all_goldens(goldens)
        if not any(can_be_put_together(name, of_module) for of_module in strings)
        and not any(fnmatch(name, pattern) for pattern in NOT_COMPARED)
    ]
    assert forgotten == []


@pytest.mark.data
@pytest.mark.parametrize("pattern", NOT_COMPARED)
def test_what_is_left_out_is_there_to_be_compared(goldens, pattern):
    assert any(fnmatch(name, pattern) for name in all_goldens(goldens))
