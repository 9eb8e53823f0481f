"""Scores against plaid 0.1.0.9001, ``plaid(X, G, stats=, normalize=)``.

The reference gives the set NOMATCH, of which no gene is in the data, the score 0; here such a set
is missing. Its zeros make the lowest score exactly 0, and zeros are then left out of the medians,
so all other scores stay what they are. The ``replaid.*`` numbers are imitations of other tools,
which the methods here equal directly; they are left out.
"""

import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

import neurosig as ns

pytestmark = [
    pytest.mark.data,
    pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning"),
]

# The reference adds in another order: about 1e-14 of scores of 2 to 2000.
TOLERANCE = 1e-12


def read_exactly(path) -> pd.DataFrame:
    """Numbers as they are printed: pandas' own parser is off by a last bit at times."""
    return pd.read_csv(path, dtype=str, index_col=0, keep_default_na=False).astype(float)


def read_matrix(goldens, name: str):
    folder = goldens / "inputs"
    if name != "c_lognorm":
        return read_exactly(folder / f"{name}.csv").T
    import anndata

    return anndata.AnnData(
        scipy.sparse.csr_matrix(scipy.io.mmread(folder / "c_lognorm.mtx", spmatrix=False).T),
        obs=pd.DataFrame(index=(folder / "c_cells.txt").read_text().split()),
        var=pd.DataFrame(index=(folder / "c_genes.txt").read_text().split()),
    )


def read_sets(goldens, name: str) -> dict[str, list[str]]:
    """The undirected sets; a gene that is listed twice counts once, as in the reference call."""
    table = pd.read_csv(goldens / "inputs" / f"{name}.csv", dtype=str)
    table = table[table["dir"] == "none"]
    grouped = table.groupby("set", sort=False)["gene"]
    return {label: list(dict.fromkeys(genes)) for label, genes in grouped}


@pytest.mark.parametrize(
    ("case", "matrix", "sets", "method"),
    [
        ("a_mean_nonorm", "a_expr", "sets_ab", ns.methods.Plaid()),
        ("a_mean_norm", "a_expr", "sets_ab", ns.methods.Plaid(normalize=True)),
        ("a_sum_norm", "a_expr", "sets_ab", ns.methods.Plaid(stats="sum", normalize=True)),
        ("b_logcpm_mean_norm", "b_logcpm", "sets_ab", ns.methods.Plaid(normalize=True)),
        ("c_lognorm_mean_nonorm", "c_lognorm", "sets_c", ns.methods.Plaid()),
        ("c_lognorm_mean_norm", "c_lognorm", "sets_c", ns.methods.Plaid(normalize=True)),
        ("one_mean_norm", "d_onesample", "sets_ab", ns.methods.Plaid(normalize=True)),
    ],
)
def test_scores_equal_plaid(goldens, case, matrix, sets, method):
    expected = read_exactly(goldens / "expected" / f"plaid_{case}.csv").T
    scores = ns.score(
        read_matrix(goldens, matrix),
        read_sets(goldens, sets),
        method=method,
        min_coverage=0,
        min_genes=1,
    )
    found = scores.values
    assert list(found.columns[found.isna().any()]) == ["NOMATCH"]
    assert list(found.columns) == list(expected.columns)
    kept = expected.drop(columns="NOMATCH")
    span = kept.to_numpy().max() - kept.to_numpy().min()
    difference = np.abs(found.loc[kept.index, kept.columns].to_numpy() - kept.to_numpy())
    assert difference.max() <= TOLERANCE * span
