"""GSVA scores against R's GSVA 2.1.4 and 1.46.0; the calls are in the goldens' README.

Not compared, each for a reason:

- in 1.46.0 the signatures with repeated genes (DUPGENES, E_dup), which count twice there, and
  E_all, the set of all genes: 1 for every sample there, no score in 2.1.4 and here;
- ``gsva214_dna_gsva_none_everything``: the four signatures that hold a missing value get the score
  of the signature before them in the list (the rest is compared);
- ``gsva214_dna_gsva_Gaussian_everything``: the same, and a gene that misses one value leaves the
  ranking of all samples there; here it leaves that of the sample that misses it.

The reference with kcdf = "none" was said to read out of bounds for the first set of a call; all
goldens agree for that set too. Poisson statistics can tie but for the last digit; the goldens agree
in all ranks, since the kernel is exact to that digit.
"""

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

import neurosig as ns
from neurosig.expression.adapters import as_expression
from neurosig.kernels.gsva_walk import genes_from_top

pytestmark = [
    pytest.mark.data,
    pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning"),
    # The default from pandas 3.1 on, which says so; before, the default was off by a last bit.
    pytest.mark.filterwarnings("ignore:The 'float_precision' argument is deprecated"),
]

# A walk of up to 2,000 steps between -1 and 1; with the same ranks all that is left is rounding.
TOLERANCE = 1e-12
GAUSSIAN, POISSON, NONE = ({"kcdf": kcdf} for kcdf in ("gaussian", "poisson", "none"))


def read_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, index_col=0, float_precision="round_trip").astype(float)


def read_sets(goldens: Path, name: str) -> dict[str, list[str]]:
    table = pd.read_csv(goldens / "inputs" / f"{name}.csv", dtype=str).drop_duplicates()
    suffix = table["dir"].map({"none": "", "up": "_up", "down": "_dn"})
    return table.groupby(table["set"] + suffix, sort=False)["gene"].agg(list).to_dict()


def check(expected: pd.DataFrame, x, sets, **parameters) -> None:
    method = ns.methods.Gsva(**parameters)
    chosen = {name: sets[name] for name in expected}
    scores = ns.score(x, chosen, method=method, min_coverage=0, min_genes=1).values
    found = scores.loc[expected.index, expected.columns].to_numpy()
    np.testing.assert_allclose(found, expected.to_numpy(), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("golden", "matrix", "parameters"),
    [
        ("gsva214_a_gsva_Gaussian_maxDiffTRUE", "a_expr", GAUSSIAN),
        ("gsva214_a_gsva_Gaussian_maxDiffFALSE", "a_expr", {**GAUSSIAN, "max_diff": False}),
        (
            "gsva214_a_gsva_Gaussian_maxDiffTRUE_absRanking",
            "a_expr",
            {**GAUSSIAN, "abs_ranking": True},
        ),
        ("gsva214_a_gsva_Gaussian_tau025", "a_expr", {**GAUSSIAN, "tau": 0.25}),
        ("gsva214_a_gsva_Gaussian_min10max100", "a_expr", GAUSSIAN),
        ("gsva214_a_gsva_auto", "a_expr", {}),
        ("gsva214_a_gsva_none_maxDiffTRUE", "a_expr", NONE),
        ("gsva214_a_gsva_none_maxDiffFALSE", "a_expr", {**NONE, "max_diff": False}),
        ("gsva214_b_gsva_Poisson_maxDiffTRUE", "b_counts", POISSON),
        ("gsva214_b_gsva_Poisson_maxDiffFALSE", "b_counts", {**POISSON, "max_diff": False}),
        ("gsva214_b_gsva_none", "b_counts", NONE),
        ("gsva214_b_gsva_Gaussian_doubles", "b_counts", GAUSSIAN),
        # There "auto" goes by the storage of whole numbers, here by the numbers themselves.
        ("gsva214_b_gsva_auto_integerstorage", "b_counts", {}),
        ("gsva214_b_gsva_auto_doublestorage", "b_counts", GAUSSIAN),
        ("gsva214_blogcpm_gsva_Gaussian", "b_logcpm", GAUSSIAN),
    ],
)
def test_scores_equal_gsva_2_1_4(goldens, golden, matrix, parameters):
    expected = read_table(goldens / "expected" / f"{golden}.csv").T
    x = read_table(goldens / "inputs" / f"{matrix}.csv").T
    check(expected, x, read_sets(goldens, "sets_ab"), **parameters)


@pytest.mark.parametrize(
    ("golden", "matrix", "parameters", "excluded"),
    [
        ("a_gsva_Gaussian_mxdiffTRUE", "a_expr", GAUSSIAN, ["DUPGENES"]),
        ("a_gsva_Gaussian_mxdiffFALSE", "a_expr", {**GAUSSIAN, "max_diff": False}, ["DUPGENES"]),
        ("a_gsva_absrank", "a_expr", {**GAUSSIAN, "abs_ranking": True}, ["DUPGENES"]),
        ("a_gsva_none_mxdiffTRUE", "a_expr", NONE, ["DUPGENES"]),
        ("b_gsva_Poisson_mxdiffTRUE", "b_counts", POISSON, ["DUPGENES"]),
        ("d_gsva", "d_edge", GAUSSIAN, ["E_dup", "E_all"]),
    ],
)
def test_scores_equal_gsva_1_46(goldens, golden, matrix, parameters, excluded):
    expected = read_table(goldens / "expected" / f"gsva146_{golden}.csv").T
    x = read_table(goldens / "inputs" / f"{matrix}.csv").T
    sets = read_sets(goldens, "sets_d" if matrix == "d_edge" else "sets_ab")
    check(expected.drop(columns=excluded), x, sets, **parameters)


@pytest.mark.parametrize(
    ("golden", "parameters"),
    [("d_gsva_Gaussian", GAUSSIAN), ("d_noall_gsva_Gaussian", GAUSSIAN), ("d_gsva_none", NONE)],
)
def test_constant_and_tied_genes_and_sets_of_one_and_of_all(goldens, golden, parameters):
    expected = read_table(goldens / "expected" / f"gsva214_{golden}.csv").T
    x = read_table(goldens / "inputs" / "d_edge.csv").T
    check(expected, x, read_sets(goldens, "sets_d"), **parameters)


@pytest.mark.parametrize(("name", "parameters"), [("Gaussian", GAUSSIAN), ("none", NONE)])
def test_missing_values_left_out_as_by_the_reference(goldens, name, parameters):
    expected = read_table(goldens / "expected" / f"gsva214_dna_gsva_{name}_na.rm.csv").T
    x = read_table(goldens / "inputs" / "d_edge_na.csv").T
    check(expected, x, read_sets(goldens, "sets_d"), **parameters, na="omit")


def test_missing_values_propagate_to_the_sets_that_hold_them_and_change_no_other(goldens):
    """The reference repeats the set before where it should give NA, see the top of this file."""
    expected = read_table(goldens / "expected" / "gsva214_dna_gsva_none_everything.csv").T
    assert expected["E_most"].equals(expected["E_one"].rename("E_most"))
    x = read_table(goldens / "inputs" / "d_edge_na.csv").T
    sets = read_sets(goldens, "sets_d")
    for name in expected:
        genes = [gene for gene in sets[name] if gene in x]
        expected.loc[x[genes].isna().any(axis=1), name] = np.nan
    assert expected.isna().sum().sum() == 20
    check(expected, x, sets, **NONE, na="propagate")


@pytest.mark.parametrize("is_sparse", [True, False])
@pytest.mark.parametrize(
    ("golden", "parameters"),
    [
        ("c_gsva_dense_none", NONE),
        ("c_gsva_dgC_sparseFALSE_none", NONE),
        ("c_gsva_sparse_none", {**NONE, "zeros": "nonzero"}),
        ("c_gsva_sparse_Gaussian", {**GAUSSIAN, "zeros": "nonzero"}),
    ],
)
def test_zeros_are_a_parameter_and_storage_does_not_matter(goldens, golden, parameters, is_sparse):
    folder = goldens / "inputs"
    matrix = scipy.sparse.csr_matrix(scipy.io.mmread(folder / "c_lognorm.mtx", spmatrix=False).T)
    cells = anndata.AnnData(
        matrix if is_sparse else matrix.toarray(),
        obs=pd.DataFrame(index=(folder / "c_cells.txt").read_text().split()),
        var=pd.DataFrame(index=(folder / "c_genes.txt").read_text().split()),
    )
    if "sparseFALSE" in golden:
        # There a sparse matrix also loses the 239 genes whose non-zero values are all equal.
        columns = matrix.tocsc()
        differ = [
            len(set(columns.data[i:j])) != 1
            for i, j in zip(columns.indptr[:-1], columns.indptr[1:], strict=True)
        ]
        assert differ.count(False) == 239
        cells = cells[:, differ].copy()
    expected = read_table(goldens / "expected" / f"gsva214_{golden}.csv").T
    check(expected, cells, read_sets(goldens, "sets_c"), **parameters)


@pytest.mark.parametrize(
    ("matrix", "statistics", "ranks", "parameters"),
    [
        ("a_expr", "a_kcdf_Gaussian_logodds", "a_gsvaRanks_Gaussian", GAUSSIAN),
        ("a_expr", None, "a_gsvaRanks_none", NONE),
        ("b_counts", "b_kcdf_Poisson_logodds", "b_gsvaRanks_Poisson", POISSON),
    ],
)
def test_statistics_and_ranks_of_the_genes_equal_gsva(
    goldens, matrix, statistics, ranks, parameters
):
    """Log-odds to 1e-13 of their range of 8 (sums of 40 in the same order); ranks exactly."""
    x = read_table(goldens / "inputs" / f"{matrix}.csv").T
    expression = as_expression(x)
    cohort = ns.methods.Gsva(**parameters).fit_genes(expression)
    found, order = cohort.ranked(x.to_numpy(copy=True))
    if statistics:
        wanted = read_table(goldens / "expected" / f"gsva214_{statistics}.csv").T.to_numpy()
        kept = cohort.keep
        np.testing.assert_allclose(found[:, kept], wanted[:, kept], rtol=1e-13, atol=1e-13)
    wanted = read_table(goldens / "expected" / f"gsva214_{ranks}.csv").T
    n = wanted.shape[1]
    from_top = genes_from_top(order, np.zeros(len(x), dtype=np.int64))
    places = pd.DataFrame(np.argsort(from_top, axis=1) + 1, x.index, x.columns)[wanted.columns]
    assert (n - places + 1 == wanted).all(axis=None)


def test_real_cohort_cholangiocarcinoma_with_50_hallmark_sets(goldens, shared_data):
    folder = goldens / "real"
    x = read_table(folder / "gsva146_input_chol_log2.csv.gz").T
    hallmark = ns.read_gmt(shared_data / "gene_resources" / "h.all.v7.2.symbols.gmt")
    expected = read_table(folder / "gsva146_chol_hallmark_gsva_gaussian.csv.gz").T
    method = ns.methods.Gsva(kcdf="gaussian")
    found = ns.score(x, hallmark, method=method, min_coverage=0).values
    # The reference was printed with nine significant digits of numbers below 1.
    assert (found[expected.columns].loc[expected.index] - expected).abs().max().max() <= 0.51e-9
