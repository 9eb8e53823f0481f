"""Weighted scores against decoupler, which has no R reference among the goldens.

EXPECTED: decoupler 2.2.0 (numpy 2.4.6), ``dc.mt.waggr(X, net, tmin=1, fun=..., times=0)`` on the
table X and the sets below as net (source, target, weight), printed with repr. Tolerance 1e-14:
sums of a few numbers below 20, which decoupler adds pairwise.
"""

import numpy as np
import pandas as pd
import pytest

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
    "none": {
        "P": [9.625, 2.875, 3.25],
        "Q": [7.875, 8.25, 15.75],
        "R": [-7.125, 1.9249999999999998, 9.5125],
    },
    "sum_abs": {
        "P": [2.566666666666667, 0.7666666666666667, 0.8666666666666667],
        "Q": [1.96875, 2.0625, 3.9375],
        "R": [-1.532258064516129, 0.4139784946236558, 2.0456989247311825],
    },
}


@pytest.mark.parametrize("normalize", ["none", "sum_abs"])
def test_weighted_scores_equal_decoupler_2_2_0(normalize):
    found = ns.score(X, SETS, method=ns.methods.Weighted(normalize=normalize)).values
    expected = pd.DataFrame(EXPECTED[normalize], index=X.index)
    np.testing.assert_allclose(found[list(expected)], expected, rtol=0, atol=1e-14)


@pytest.mark.data
@pytest.mark.parametrize(("normalize", "fun"), [("none", "wsum"), ("sum_abs", "wmean")])
@pytest.mark.filterwarnings("ignore")  # of the other package's import and its compilation
def test_weighted_scores_of_2000_genes_equal_decoupler_run_here(goldens, normalize, fun):
    dc = pytest.importorskip("decoupler", reason="decoupler is not installed")
    x = pd.read_csv(goldens / "inputs" / "a_expr.csv", index_col=0).T
    rng = np.random.default_rng(5)
    edges = [
        (f"set{k}", gene, float(weight))
        for k in range(12)
        for gene, weight in zip(
            rng.choice(x.columns, 10 + 10 * k, replace=False), rng.normal(size=300), strict=False
        )
    ]
    net = pd.DataFrame(edges, columns=["source", "target", "weight"])
    expected, _ = dc.mt.waggr(x, net, tmin=1, fun=fun, times=0)
    sets = ns.SignatureCollection.from_frame(net)
    found = ns.score(x, sets, method=ns.methods.Weighted(normalize=normalize)).values
    span = expected.to_numpy().max() - expected.to_numpy().min()
    # Another order of additions: about 1e-13 of the range.
    np.testing.assert_allclose(found[expected.columns], expected, rtol=0, atol=1e-12 * span)
