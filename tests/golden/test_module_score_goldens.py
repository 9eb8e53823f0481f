"""Module scores against Seurat's printed numbers, and against scanpy run here.

Seurat 4.3.0: ``AddModuleScore(object, features, nbin, ctrl, seed = 1)`` on normalised data. The
numbers of ``a_nbin20_ctrl100_deterministic`` have bins of exactly `ctrl` genes, so that nothing is
drawn. For the others the control genes that R picked are given; R's generator is not reproduced.
scanpy is a dependency: ``scanpy.tl.score_genes`` runs in the test, on double precision.
"""

import warnings

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

import neurosig as ns
from neurosig.methods.control_genes import seurat_bins

pytestmark = pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")

# Means of up to 2,000 numbers of order 1 to 10 added in another order: about 1e-15 of the range.
TOLERANCE = 1e-12


def read_sets(goldens, name: str) -> dict[str, list[str]]:
    table = pd.read_csv(goldens / "inputs" / f"{name}.csv", dtype=str)
    grouped = table[table["dir"] == "none"].groupby("set", sort=False)["gene"]
    return {label: list(dict.fromkeys(genes)) for label, genes in grouped}


def read_exactly(path) -> pd.DataFrame:
    """Numbers as they are printed: pandas' own parser is off by a last bit at times."""
    return pd.read_csv(path, dtype=str, index_col=0, keep_default_na=False).astype(float)


def read_cells(goldens) -> anndata.AnnData:
    folder = goldens / "inputs"
    return anndata.AnnData(
        scipy.sparse.csr_matrix(scipy.io.mmread(folder / "c_lognorm.mtx", spmatrix=False).T),
        obs=pd.DataFrame(index=(folder / "c_cells.txt").read_text().split()),
        var=pd.DataFrame(index=(folder / "c_genes.txt").read_text().split()),
    )


def largest_difference(found: pd.DataFrame, expected: pd.DataFrame) -> float:
    """As a share of the range of the reference."""
    wanted = expected.to_numpy()
    difference = np.abs(found.loc[expected.index, expected.columns].to_numpy() - wanted)
    return float(difference.max() / (wanted.max() - wanted.min()))


def score_all(x, sets, method) -> pd.DataFrame:
    return ns.score(x, sets, method=method, min_coverage=0, min_genes=1).values


@pytest.mark.data
class TestSeurat:
    def test_bins_of_exactly_as_many_genes_as_controls_leave_nothing_to_chance(self, goldens):
        case = "seurat_ams_a_nbin20_ctrl100_deterministic"
        expected = read_exactly(goldens / "expected" / f"{case}.csv").T
        x = read_exactly(goldens / "inputs" / "a_expr.csv").T
        sets = {k: v for k, v in read_sets(goldens, "sets_ab").items() if k in expected}
        method = ns.methods.ModuleScore(rule="seurat", n_bins=20, ctrl_size=100)
        assert largest_difference(score_all(x, sets, method), expected) <= TOLERANCE

    @pytest.mark.parametrize("case", ["c_nbin24_ctrl100_seed1", "c_nbin24_ctrl5_seed1"])
    @pytest.mark.parametrize("is_sparse", [False, True])
    def test_the_controls_that_r_picked_give_its_scores(self, goldens, case, is_sparse):
        folder = goldens / "expected"
        expected = read_exactly(folder / f"seurat_ams_{case}.csv").T
        picked = pd.read_csv(folder / f"seurat_ams_{case}_controls.csv").groupby("set")["control"]
        cells = read_cells(goldens)
        x = cells if is_sparse else cells.to_df()
        sets = {k: v for k, v in read_sets(goldens, "sets_c").items() if k in expected}
        method = ns.methods.ModuleScore(
            rule="seurat", controls={name: tuple(genes) for name, genes in picked}
        )
        assert largest_difference(score_all(x, sets, method), expected) <= TOLERANCE

    @pytest.mark.parametrize(
        ("case", "n_bins"), [("a_nbin20_ctrl100_deterministic", 20), ("c_nbin24_ctrl5_seed1", 24)]
    )
    def test_the_bins_are_seurats_for_all_genes_that_are_expressed(self, goldens, case, n_bins):
        """Genes that are zero everywhere are put into bins by noise."""
        table = read_exactly(goldens / "expected" / f"seurat_ams_{case}_bins.csv")
        found = seurat_bins(table["mean"].to_numpy(), n_bins, seed=0).of_gene + 1
        is_expressed = (table["mean"] > 0).to_numpy()
        assert is_expressed.sum() > 1900
        np.testing.assert_array_equal(found[is_expressed], table["bin"][is_expressed])


def cells_by_genes(kind: str, n_cells: int = 150, n_genes: int = 1500) -> anndata.AnnData:
    """Log-normalised counts, about 80 % zeros; 1,500 genes make bins of 62, more than are drawn."""
    rng = np.random.default_rng(12)
    counts = rng.poisson(rng.gamma(0.3, 0.8, n_genes), (n_cells, n_genes)).astype(float)
    values = np.log1p(counts / counts.sum(axis=1, keepdims=True).clip(1) * 1e4)
    return anndata.AnnData(
        values if kind == "dense" else getattr(scipy.sparse, f"{kind}_matrix")(values),
        obs=pd.DataFrame(index=[f"c{i}" for i in range(n_cells)]),
        var=pd.DataFrame(index=[f"g{i}" for i in range(n_genes)]),
    )


def random_sets(genes) -> dict[str, list[str]]:
    rng = np.random.default_rng(3)
    return {f"set{k}": list(rng.choice(genes, k, replace=False)) for k in (3, 8, 20, 60, 150)}


def scored_by_scanpy(adata, sets, **options) -> pd.DataFrame:
    import scanpy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the other package, about its own defaults
        for name, genes in sets.items():
            scanpy.tl.score_genes(adata, genes, score_name=name, use_raw=False, **options)
    return adata.obs[list(sets)]


@pytest.mark.parametrize("kind", ["dense", "csr", "csc"])
@pytest.mark.parametrize(
    ("seed", "options"),
    [
        (0, {}),
        (7, {}),
        (1, {"ctrl_as_ref": False}),
        (2, {"ctrl_size": 10, "n_bins": 12}),
        (3, {"ctrl_size": 200, "n_bins": 5, "ctrl_as_ref": False}),
        (4, {"ctrl_size": 1000}),
    ],
)
def test_scores_equal_scanpy_with_the_same_seed(kind, seed, options):
    adata = cells_by_genes(kind)
    sets = random_sets(adata.var_names)
    found = score_all(adata, sets, ns.methods.ModuleScore(seed=seed, **options))
    expected = scored_by_scanpy(adata, sets, random_state=seed, **options)
    assert largest_difference(found, expected) <= TOLERANCE


def test_scores_of_fewer_genes_than_bins_equal_scanpy():
    adata = cells_by_genes("csr", n_genes=11)
    sets = {"S": ["g1", "g4"], "T": ["g0", "g2", "g3"]}
    found = score_all(adata, sets, ns.methods.ModuleScore())
    assert largest_difference(found, scored_by_scanpy(adata, sets)) <= TOLERANCE


@pytest.mark.data
@pytest.mark.parametrize("is_sparse", [False, True])
def test_scores_of_3000_genes_in_200_cells_equal_scanpy(goldens, is_sparse):
    adata = read_cells(goldens)
    if not is_sparse:
        adata.X = adata.X.toarray()
    sets = {k: v for k, v in read_sets(goldens, "sets_c").items() if k != "NOMATCH"}
    found = score_all(adata, sets, ns.methods.ModuleScore())
    assert largest_difference(found, scored_by_scanpy(adata, sets)) <= TOLERANCE


def test_equal_averages_tie_here_while_scanpy_parts_them_by_the_order_of_the_cells():
    """A fault of the reference that is not imitated: with logged counts many genes have equal
    averages; added up cell by cell they differ in the last bit, and so may the bins."""
    rng = np.random.default_rng(1)
    counts = rng.poisson(rng.gamma(0.5, 1.0, 2000), (300, 2000)).astype(float)
    genes = [f"g{i}" for i in range(2000)]
    adata = anndata.AnnData(
        np.log1p(counts),
        obs=pd.DataFrame(index=[f"c{i}" for i in range(300)]),
        var=pd.DataFrame(index=genes),
    )
    sets = random_sets(genes)
    turned = adata[::-1].copy()
    ours, theirs = [], []
    for data in (adata, turned):
        ours.append(score_all(data, sets, ns.methods.ModuleScore()))
        theirs.append(scored_by_scanpy(data, sets).copy())
    assert largest_difference(*theirs) > 1e-3
    assert largest_difference(*ours) <= TOLERANCE
