"""Univariate linear models against decoupler, which has no R reference among the goldens.

EXPECTED: decoupler 2.2.0 (numpy 2.4.6), ``dc.mt.ulm(X, net, tmin=1)`` on the table X and the sets
below as net (source, target, weight), printed with repr. Tolerance 1e-13: t values of order 1 from
sums in another order.
"""

import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

import neurosig as ns

X = pd.DataFrame(
    [
        [5.25, 0, 3.5, 1.125, 4, 0, 2.75, 6],
        [0, 2.5, 3, 0, 1, 7.25, 0, 0.5],
        [1, 1, 2, 4.5, 0, 3.25, 8, 2.0625],
    ],
    index=["s1", "s2", "s3"],
    columns=list("abcdefgh"),
)
SETS = {
    "P": {"a": 0.5, "b": -1.25, "c": 2.0},
    "Q": {"d": 1.0, "e": 1.0, "f": 1.0, "g": 1.0},
    "R": {"a": -0.75, "f": 0.3, "h": -1.0, "b": 0.1, "d": 2.5},
}
EXPECTED = {
    "P": [1.148115132759632, 0.10148853262045786, -0.024215983579255123],
    "Q": [-1.0737628165486615, 0.2969903479705338, 1.4417305150943738],
    "R": [-1.9145301940104364, -0.01643693074578284, 0.8835401874473233],
}


def test_t_values_equal_decoupler_2_2_0():
    found = ns.score(X, SETS, method=ns.methods.Ulm()).values
    expected = pd.DataFrame(EXPECTED, index=X.index)
    np.testing.assert_allclose(found[list(expected)], expected, rtol=0, atol=1e-13)


def random_net(genes) -> pd.DataFrame:
    """Twelve sets of 10 to 120 genes, every second one with weights other than one."""
    rng = np.random.default_rng(5)
    edges = []
    for k in range(12):
        members = rng.choice(genes, 10 + 10 * k, replace=False)
        weights = rng.normal(size=len(members)) if k % 2 else np.ones(len(members))
        edges += [(f"set{k}", g, float(w)) for g, w in zip(members, weights, strict=True)]
    return pd.DataFrame(edges, columns=["source", "target", "weight"])


@pytest.mark.data
@pytest.mark.parametrize("matrix", ["a_expr", "b_logcpm", "c_lognorm"])
@pytest.mark.filterwarnings("ignore")  # of the other package's import and its compilation
def test_t_values_of_thousands_of_genes_equal_decoupler_run_here(goldens, matrix):
    dc = pytest.importorskip("decoupler", reason="decoupler is not installed")
    import anndata

    folder = goldens / "inputs"
    if matrix == "c_lognorm":
        x = anndata.AnnData(
            scipy.sparse.csr_matrix(scipy.io.mmread(folder / "c_lognorm.mtx", spmatrix=False).T),
            obs=pd.DataFrame(index=(folder / "c_cells.txt").read_text().split()),
            var=pd.DataFrame(index=(folder / "c_genes.txt").read_text().split()),
        )
        genes = x.var_names
    else:
        x = pd.read_csv(folder / f"{matrix}.csv", index_col=0).T
        genes = x.columns
    net = random_net(genes)
    scored = dc.mt.ulm(x, net, tmin=1, empty=False)
    expected = scored[0] if scored is not None else x.obsm["score_ulm"]
    sets = ns.SignatureCollection.from_frame(net)
    found = ns.score(x, sets, method=ns.methods.Ulm()).values
    span = expected.to_numpy().max() - expected.to_numpy().min()
    np.testing.assert_allclose(
        found.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-11 * span
    )
