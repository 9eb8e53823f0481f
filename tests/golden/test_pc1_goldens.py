"""First principal components against R's IOBR 2.2.3.9000; the calls are in the goldens' README.

``calculate_sig_score(method = "pca")`` and ``sigScore(methods = "PCA")``: prcomp(scale. = TRUE),
turned by the sign of the correlation with the mean of the set. A constant gene stops the reference;
here it is left out, which a test by hand shows.
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

# Of numbers up to 10; two linear-algebra libraries.
TOLERANCE = 1e-12


def read_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, index_col=0, float_precision="round_trip").astype(float)


def read_sets(goldens: Path) -> dict[str, list[str]]:
    table = pd.read_csv(goldens / "inputs" / "sets_ab.csv", dtype=str).drop_duplicates()
    table = table[table["dir"] == "none"]
    return table.groupby("set", sort=False)["gene"].agg(list).to_dict()


def test_all_sets_equal_iobr_with_their_signs(goldens):
    expected = read_table(goldens / "expected" / "iobr_a_pca.csv")
    sets = {name: read_sets(goldens)[name] for name in expected}
    x = read_table(goldens / "inputs" / "a_expr.csv").T
    found = ns.score(x, sets, method=ns.methods.Pc1(), min_coverage=0, min_genes=1).values
    span = expected.to_numpy().max() - expected.to_numpy().min()
    difference = (found.loc[expected.index, expected.columns] - expected).abs().to_numpy().max()
    assert difference <= TOLERANCE * span


def test_one_set_equals_iobr(goldens):
    expected = read_table(goldens / "expected" / "iobr_sigScore_a_SET10_PCA.csv")["score"]
    x = read_table(goldens / "inputs" / "a_expr.csv").T
    found = ns.score(x, {"SET10": read_sets(goldens)["SET10"]}, method="pc1").values["SET10"]
    np.testing.assert_allclose(found[expected.index], expected, rtol=0, atol=TOLERANCE)
