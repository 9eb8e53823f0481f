"""PLAGE against R's GSVA 2.1.4 and 1.46.0; the calls are in the goldens' README.

The sign of a singular vector is LAPACK's there, so each signature is compared up to its sign. Not
compared, each for a reason:

- signatures with one gene found (ONEMATCH, E_one, and those that keep one gene that varies): the
  reference drops the matrix to a vector and returns 1 for every sample;
- in 1.46.0 the signatures with repeated genes (DUPGENES, E_dup), which count twice there.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import NonFiniteError

pytestmark = [
    pytest.mark.data,
    pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning"),
    # The default from pandas 3.1 on, which says so; before, the default was off by a last bit.
    pytest.mark.filterwarnings("ignore:The 'float_precision' argument is deprecated"),
]

# Unit vectors; the two linear-algebra libraries differ by a few units in the last place times the
# condition of the leading vector.
TOLERANCE = 1e-12


def read_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, index_col=0, float_precision="round_trip").astype(float)


def read_sets(goldens: Path, name: str) -> dict[str, list[str]]:
    table = pd.read_csv(goldens / "inputs" / f"{name}.csv", dtype=str).drop_duplicates()
    suffix = table["dir"].map({"none": "", "up": "_up", "down": "_dn"})
    return table.groupby(table["set"] + suffix, sort=False)["gene"].agg(list).to_dict()


def plage(x: pd.DataFrame, sets: dict[str, list[str]]) -> pd.DataFrame:
    return ns.score(x, sets, method=ns.methods.Plage(), min_coverage=0, min_genes=1).values


def difference_up_to_sign(found: pd.DataFrame, expected: pd.DataFrame) -> float:
    a, b = found.loc[expected.index, expected.columns].to_numpy(), expected.to_numpy()
    return float(np.minimum(np.abs(a - b).max(axis=0), np.abs(a + b).max(axis=0)).max())


@pytest.mark.parametrize(
    ("golden", "matrix", "sets_name", "excluded"),
    [
        ("gsva214_a_plage", "a_expr", "sets_ab", ["ONEMATCH"]),
        ("gsva214_b_plage", "b_counts", "sets_ab", ["ONEMATCH"]),
        ("gsva214_blogcpm_plage", "b_logcpm", "sets_ab", ["ONEMATCH"]),
        ("gsva214_d_plage", "d_edge", "sets_d", ["E_one"]),
        ("gsva214_d_noall_plage", "d_edge", "sets_d", ["E_one"]),
        ("gsva214_d_min3_plage", "d_edge", "sets_d", []),
        ("gsva146_a_plage", "a_expr", "sets_ab", ["ONEMATCH", "DUPGENES"]),
        ("gsva146_d_plage", "d_edge", "sets_d", ["E_one", "E_dup"]),
    ],
)
def test_scores_equal_gsva_up_to_sign(goldens, golden, matrix, sets_name, excluded):
    expected = read_table(goldens / "expected" / f"{golden}.csv").T.drop(columns=excluded)
    sets = {name: read_sets(goldens, sets_name)[name] for name in expected}
    found = plage(read_table(goldens / "inputs" / f"{matrix}.csv").T, sets)
    assert difference_up_to_sign(found, expected) <= TOLERANCE


def test_one_gene_gives_its_z_values_at_unit_norm_where_the_reference_gives_1(goldens):
    """GSVA 2.1.4 returns 1 for all samples; SciPy's z-score (n - 1) divided by its norm."""
    from scipy.stats import zscore

    expected = read_table(goldens / "expected" / "gsva214_a_plage.csv").loc["ONEMATCH"]
    assert (expected == 1.0).all()
    x = read_table(goldens / "inputs" / "a_expr.csv").T
    genes = read_sets(goldens, "sets_ab")["ONEMATCH"]
    z = zscore(x[[gene for gene in genes if gene in x]].to_numpy()[:, 0], ddof=1)
    found = plage(x, {"ONEMATCH": genes})["ONEMATCH"]
    np.testing.assert_allclose(found, z / np.linalg.norm(z), rtol=0, atol=1e-14)


def test_missing_values_are_refused_as_by_the_reference(goldens):
    x = read_table(goldens / "inputs" / "d_edge_na.csv").T
    with pytest.raises(NonFiniteError, match="missing value"):
        plage(x, {"S": ["E06", "E07", "E08"]})


def test_real_cohort_cholangiocarcinoma_with_50_hallmark_sets(goldens, shared_data):
    folder = goldens / "real"
    x = read_table(folder / "gsva146_input_chol_log2.csv.gz").T
    hallmark = ns.read_gmt(shared_data / "gene_resources" / "h.all.v7.2.symbols.gmt")
    expected = read_table(folder / "gsva146_chol_hallmark_plage.csv.gz").T
    # The reference was printed with nine significant digits of numbers below 1.
    assert difference_up_to_sign(plage(x, hallmark), expected) <= 0.51e-9
