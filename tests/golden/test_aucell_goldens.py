"""AUCell against the R package AUCell 1.25.2; the calls are in the goldens' README.

The reference breaks ties at random. Where there are none, and where the ranks it drew are given to
us instead of the values, the scores have to be equal to the bit: points are whole numbers, so there
is one division. Not compared for equality: ``aucell_c_counts_5pct_seed7``, whose random ranks were
not kept; it has to lie within what the ties allow, and our scores have to be the expectation.

NOMATCH and ONEMATCH: the reference leaves sets out that lack 80 % of their genes; here
`min_coverage` of the call decides, so only the sets in the tables are compared.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse
from scipy.stats import rankdata

import neurosig as ns

pytestmark = [
    pytest.mark.data,
    pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning"),
]

# seed123: the same numbers come from the dense matrix and with keepZeroesAsNA = TRUE.
SEED_123 = ["c_counts_5pct_seed123", "c_counts_5pct_dense_seed123", "c_keepZeroesAsNA"]
N_TOP = 150  # ceiling(0.05 x 3000)


def read(path: Path) -> pd.DataFrame:
    """Samples or cells in rows; from text, since pandas' parser can be off by a last bit."""
    return pd.read_csv(path, index_col=0, dtype=str).astype(float).T


def counts(goldens: Path) -> pd.DataFrame:
    folder = goldens / "inputs"
    return pd.DataFrame(
        scipy.io.mmread(folder / "c_counts.mtx", spmatrix=False).T.toarray().astype(float),
        index=(folder / "c_cells.txt").read_text().split(),
        columns=(folder / "c_genes.txt").read_text().split(),
    )


def tie_free_counts(goldens: Path) -> pd.DataFrame:
    """As in the reference's script: row i of 1..3000 plus (3000 - i) / 2^20."""
    x = counts(goldens)
    return x + (3000 - np.arange(1, 3001)) / 2**20


def plain_sets(goldens: Path, name: str) -> dict[str, list[str]]:
    table = pd.read_csv(goldens / "inputs" / f"{name}.csv", dtype=str).drop_duplicates()
    return table[table["dir"] == "none"].groupby("set", sort=False)["gene"].agg(list).to_dict()


def scored(x: pd.DataFrame, sets: dict[str, list[str]], method: ns.methods.AuCell) -> pd.DataFrame:
    return ns.score(x, sets, method=method, min_coverage=0, min_genes=1).values


def check(goldens: Path, case: str, x: pd.DataFrame, sets_name: str, method) -> None:
    expected = read(goldens / "expected" / f"aucell_{case}.csv")
    sets = {n: g for n, g in plain_sets(goldens, sets_name).items() if n in expected}
    found = scored(x, sets, method)
    assert found.shape == expected.shape
    assert (found.loc[expected.index, expected.columns] == expected).all(axis=None)


@pytest.mark.parametrize(
    ("case", "method"),
    [
        ("a_notie_5pct", ns.methods.AuCell()),
        ("a_notie_5pct_seed9", ns.methods.AuCell()),
        ("a_notie_20pct", ns.methods.AuCell(top=0.2)),
        ("a_notie_20pct", ns.methods.AuCell(auc_max_rank=400)),
        ("a_no_nomatch", ns.methods.AuCell(auc_max_rank=100)),
        ("a_aucMaxRank_nonint", ns.methods.AuCell(auc_max_rank=99.5)),
        ("a_normAUC_arg", ns.methods.AuCell(auc_max_rank=100)),
    ],
)
def test_scores_without_ties_equal_the_reference(goldens, case, method):
    check(goldens, case, read(goldens / "inputs" / "a_expr.csv"), "sets_ab", method)


@pytest.mark.parametrize(("case", "top"), [("5pct", 0.05), ("20pct", 0.2)])
def test_counts_with_ties_broken_by_jitter_equal_the_reference(goldens, case, top):
    method = ns.methods.AuCell(top=top)
    check(goldens, f"c_jitter_tiefree_{case}", tie_free_counts(goldens), "sets_c", method)


def test_a_set_that_lacks_80_percent_of_its_genes_equals_the_reference(goldens):
    x = read(goldens / "inputs" / "a_expr.csv")
    genes = list(x.columns)
    sets = {"x": genes[:2] + [f"N{i}" for i in range(1, 9)], "y": genes[4:20]}
    expected = read(goldens / "expected" / "aucell_a_80pct_missing_kept.csv")
    assert (scored(x, sets, ns.methods.AuCell(auc_max_rank=100)) == expected).all(axis=None)


def test_the_ranks_of_the_reference_give_its_scores(goldens):
    ranks = read(goldens / "expected" / "aucell_a_ranking.csv")
    check(goldens, "a_notie_5pct", -ranks, "sets_ab", ns.methods.AuCell())


@pytest.mark.parametrize("case", SEED_123)
def test_the_random_ranks_of_the_reference_give_its_scores(goldens, case):
    ranks = read(goldens / "expected" / "aucell_c_ranking_seed123.csv")
    check(goldens, case, -ranks, "sets_c", ns.methods.AuCell())


def limits_by_ties(row: np.ndarray, in_set: np.ndarray) -> tuple[float, float]:
    """Lowest and highest AUC of a set over all ways to break the ties of a row."""
    first = rankdata(-row, method="min").astype(int)
    low = high = 0
    for start in np.unique(first[in_set]):
        run = first == start
        n_run, n_ours = int(run.sum()), int((run & in_set).sum())
        points = np.maximum(0, N_TOP - np.arange(start, start + n_run))
        high += points[:n_ours].sum()
        low += points[n_run - n_ours :].sum()
    best = np.arange(N_TOP - 1, 0, -1)[: in_set.sum()].sum()
    return low / best, high / best


@pytest.mark.parametrize("seed", ["seed7", "seed123"])
def test_random_scores_of_the_reference_lie_within_what_the_ties_allow_as_ours_do(goldens, seed):
    expected = read(goldens / "expected" / f"aucell_c_counts_5pct_{seed}.csv")
    x = counts(goldens)
    sets = {n: g for n, g in plain_sets(goldens, "sets_c").items() if n in expected}
    found = scored(x, sets, ns.methods.AuCell())
    for name, genes in sets.items():
        in_set = x.columns.isin(genes)
        for cell in x.index[::5]:
            low, high = limits_by_ties(x.loc[cell].to_numpy(), in_set)
            for value in (expected.loc[cell, name], found.loc[cell, name]):
                assert low - 1e-12 <= value <= high + 1e-12


@pytest.mark.parametrize("seed", ["seed7", "seed123"])
def test_our_scores_are_the_centre_of_the_random_ones(goldens, seed):
    """The mean over 200 cells of (random - ours) is 0 within four standard errors in every set."""
    expected = read(goldens / "expected" / f"aucell_c_counts_5pct_{seed}.csv")
    sets = {n: g for n, g in plain_sets(goldens, "sets_c").items() if n in expected}
    difference = expected - scored(counts(goldens), sets, ns.methods.AuCell())[expected.columns]
    standard_error = difference.std() / np.sqrt(len(difference))
    assert (difference.std() > 0).all()
    assert (difference.mean().abs() <= 4 * standard_error).all()


def test_sparse_storage_gives_the_same_bits(goldens):
    import anndata

    x = counts(goldens)
    sets = plain_sets(goldens, "sets_c")
    sparse = anndata.AnnData(
        scipy.sparse.csr_matrix(x.to_numpy()),
        obs=pd.DataFrame(index=list(x.index)),
        var=pd.DataFrame(index=list(x.columns)),
    )
    for method in (ns.methods.AuCell(), ns.methods.AuCell(top=0.2)):
        assert scored(sparse, sets, method).equals(scored(x, sets, method))
