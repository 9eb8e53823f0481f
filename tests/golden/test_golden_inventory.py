"""No reference number of a scoring method is forgotten: each file is compared or left out by name.

A file counts as compared if its name can be put together from strings that the code of one test
module of this folder holds, docstrings aside: ``f"gsva214_{case}.csv"`` and ``"a_zscore"`` make
``gsva214_a_zscore``.
"""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

FAMILIES = re.compile(r"(gsva|singscore|ucell|aucell|seurat|plaid|hacksig|iobr|tiny)[0-9]*_")

NOT_COMPARED = {
    "*_OUTCOMES": "a log of the calls, no scores",
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
}


def scoring_goldens(goldens: Path) -> list[str]:
    files = [*(goldens / "expected").glob("*.csv"), *(goldens / "real").glob("*.csv.gz")]
    names = {file.name.removesuffix(".gz").removesuffix(".csv") for file in files}
    return sorted(name for name in names if FAMILIES.match(name))


def strings_of(module: Path) -> frozenset[str]:
    """The string constants of a module, those of f-strings included, without docstrings."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    statements = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    docstrings = {id(value) for value in statements if isinstance(value, ast.Constant)}
    return frozenset(
        node.value.removesuffix(".gz").removesuffix(".csv")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ) - {""}


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
    module.write_text('"""gsva214_b."""\nCASES = ["a_zscore"]\nread(f"gsva214_{case}.csv")\n')
    strings = strings_of(module)
    assert strings == {"a_zscore", "gsva214_"}
    assert can_be_put_together("gsva214_a_zscore", strings)
    assert not can_be_put_together("gsva214_b", strings)
    assert not can_be_put_together("gsva214_a_zscore_sparse", strings)


@pytest.mark.data
def test_every_golden_of_a_scoring_method_is_compared_or_left_out_with_a_reason(goldens):
    strings = [strings_of(path) for path in modules()]
    forgotten = [
        name
        for name in scoring_goldens(goldens)
        if not any(can_be_put_together(name, of_module) for of_module in strings)
        and not any(fnmatch(name, pattern) for pattern in NOT_COMPARED)
    ]
    assert forgotten == []


@pytest.mark.data
@pytest.mark.parametrize("pattern", NOT_COMPARED)
def test_what_is_left_out_is_there_to_be_compared(goldens, pattern):
    assert any(fnmatch(name, pattern) for name in scoring_goldens(goldens))
