"""pc1, zscore, ssgsea and mean against R's IOBR 2.2.3.9000; the calls are in the goldens' README.

``calculate_sig_score(method = "pca" | "zscore" | "ssgsea" | "integration")`` and ``sigScore()``.
What IOBR does beside the method is done here in the test: it takes log2(x + 1) of the counts, its
z-score is the mean of the z-values of all genes found (z of a constant gene is 0) where ours, as
Lee et al. and GSVA, is their sum over the root of the genes that vary, and its ssgsea is the
normalised one of GSVA 1.46. Sets with fewer than 3 genes found (5 for ssgsea) are not in its
tables. A constant gene stops its PCA; here it is left out, which a test by hand shows.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import neurosig as ns

pytestmark = [
    pytest.mark.data,
    pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning"),
    # The default from pandas 3.1 on, which says so; before, the default was off by a last bit.
    pytest.mark.filterwarnings("ignore:The 'float_precision' argument is deprecated"),
]

# Of the range; two linear-algebra libraries, two orders of sums.
TOLERANCE = 1e-12


def read_table(path: Path, **options) -> pd.DataFrame:
    return pd.read_csv(path, index_col=0, float_precision="round_trip", **options).astype(float)


def read_sets(goldens: Path) -> dict[str, list[str]]:
    table = pd.read_csv(goldens / "inputs" / "sets_ab.csv", dtype=str).drop_duplicates()
    table = table[table["dir"] == "none"]
    return table.groupby("set", sort=False)["gene"].agg(list).to_dict()


def read_logged(goldens: Path, name: str) -> pd.DataFrame:
    """The matrix as IOBR scores it: counts are logged by a rule that leaves logged values alone."""
    x = read_table(goldens / "inputs" / f"{name}.csv").T
    return np.log2(x + 1) if name == "b_counts" else x


def score_all(x: pd.DataFrame, sets: dict[str, list[str]], method) -> pd.DataFrame:
    return ns.score(x, sets, method=method, min_coverage=0, min_genes=1).values


def mean_z(x: pd.DataFrame, sets: dict[str, list[str]]) -> pd.DataFrame:
    """IOBR's z-score from ours: the sum of z is ours times the root of the genes that vary."""
    found = {name: [gene for gene in genes if gene in x] for name, genes in sets.items()}
    n_varying = {name: int((np.ptp(x[genes], axis=0) > 0).sum()) for name, genes in found.items()}
    factors = {name: np.sqrt(n_varying[name]) / len(genes) for name, genes in found.items()}
    return score_all(x, sets, ns.methods.ZScore()) * pd.Series(factors)


def check(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    span = expected.to_numpy().max() - expected.to_numpy().min()
    difference = (found.loc[expected.index, expected.columns] - expected).abs().to_numpy().max()
    assert difference <= TOLERANCE * span


METHODS = {
    "PCA": lambda x, sets: score_all(x, sets, ns.methods.Pc1()),
    "zscore": mean_z,
    "ssGSEA": lambda x, sets: score_all(x, sets, ns.methods.SsGsea(normalize=True)),
}


@pytest.mark.parametrize(
    ("golden", "matrix", "method"),
    [
        ("iobr_a_pca", "a_expr", "PCA"),  # with its signs
        ("iobr_a_zscore", "a_expr", "zscore"),
        ("iobr_b_zscore_autolog2", "b_counts", "zscore"),
        ("iobr_a_ssgsea", "a_expr", "ssGSEA"),
        ("iobr_b_ssgsea_autolog2", "b_counts", "ssGSEA"),
    ],
)
def test_all_sets_equal_iobr(goldens, golden, matrix, method):
    expected = read_table(goldens / "expected" / f"{golden}.csv")
    sets = {name: read_sets(goldens)[name] for name in expected}
    check(METHODS[method](read_logged(goldens, matrix), sets), expected)


@pytest.mark.parametrize("method", METHODS)
def test_the_integration_of_iobr_is_its_three_methods_beside_each_other(goldens, method):
    table = read_table(goldens / "expected" / "iobr_a_integration.csv")
    names = {column: column.removesuffix(f"_{method}") for column in table if method in column}
    expected = table[list(names)].rename(columns=names)
    assert expected.shape == (40, 22)
    sets = {name: read_sets(goldens)[name] for name in expected}
    check(METHODS[method](read_logged(goldens, "a_expr"), sets), expected)


@pytest.mark.parametrize(
    ("golden", "scored"),
    [
        ("iobr_sigScore_a_SET10_PCA", METHODS["PCA"]),
        ("iobr_sigScore_a_SET10_zscore", mean_z),
        ("iobr_sigScore_a_SET10_mean", lambda x, sets: score_all(x, sets, ns.methods.Mean())),
    ],
)
def test_one_set_equals_iobr(goldens, golden, scored):
    expected = read_table(goldens / "expected" / f"{golden}.csv").set_axis(["SET10"], axis=1)
    x = read_logged(goldens, "a_expr")
    check(scored(x, {"SET10": read_sets(goldens)["SET10"]}), expected)


def test_a_constant_gene_counts_as_a_z_of_0_in_iobr_and_not_at_all_here(goldens):
    expected = read_table(goldens / "expected" / "iobr_sigScore_d_Econst_zscore.csv")["score"]
    x = read_table(goldens / "inputs" / "d_edge.csv").T
    found = score_all(x, {"S": ["E01", "E06", "E07"]}, ns.methods.ZScore())["S"]
    # E01 is constant: the sum of two z is ours times sqrt(2), and theirs times 3.
    np.testing.assert_allclose(found * np.sqrt(2), expected * 3, rtol=0, atol=1e-14)
