"""UCell against the R package UCell 2.17.0; the calls are in the goldens' README.

Not compared, each for a reason:

- ``ucell_c_duppos``, sets y and z: genes given as "A" and "A+", or twice in a down arm, count twice
  there; a signature that names a gene twice is refused here. Set x, where the reference takes the
  gene once, is compared.
- the set NOMATCH in every table: none of its genes is in the data. The reference says 0, here it
  is missing with the status no_genes.
"""

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

import neurosig as ns
from neurosig.errors import CoverageWarning, SignatureError

pytestmark = [
    pytest.mark.data,
    pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning"),
]

# Ranks are multiples of 1/2, so all sums are exact; what is left is one division and two
# subtractions of numbers up to 1, in the order of the reference.
TOLERANCE = 1e-15


def read(path: Path) -> pd.DataFrame:
    """Samples or cells in rows; from text, since pandas' parser can be off by a last bit."""
    return pd.read_csv(path, index_col=0, dtype=str).astype(float).T


def cells(goldens: Path, name: str, storage: str) -> anndata.AnnData | pd.DataFrame:
    folder = goldens / "inputs"
    if not name.startswith("c_"):
        table = read(folder / f"{name}.csv")
        if storage == "dense":
            return table
        return anndata.AnnData(
            scipy.sparse.csr_matrix(table.to_numpy()),
            obs=pd.DataFrame(index=list(table.index)),
            var=pd.DataFrame(index=list(table.columns)),
        )
    matrix = scipy.sparse.csr_matrix(scipy.io.mmread(folder / f"{name}.mtx", spmatrix=False).T)
    matrix = matrix.astype(np.float64)
    return anndata.AnnData(
        matrix if storage == "sparse" else matrix.toarray(),
        obs=pd.DataFrame(index=(folder / "c_cells.txt").read_text().split()),
        var=pd.DataFrame(index=(folder / "c_genes.txt").read_text().split()),
    )


def signatures(goldens: Path, name: str, directed: bool) -> dict[str, object]:
    table = pd.read_csv(goldens / "inputs" / f"{name}.csv", dtype=str).drop_duplicates()
    listed = table.groupby(["set", "dir"], sort=False)["gene"].agg(list)
    if not directed:
        return listed.xs("none", level="dir").to_dict()
    ups, downs = listed.xs("up", level="dir"), listed.xs("down", level="dir")
    return {name: {"up": genes, "down": downs[name]} for name, genes in ups.items()}


def reference(goldens: Path, case: str) -> pd.DataFrame:
    return read(goldens / "expected" / f"ucell_{case}.csv")


def check(goldens, case, matrix, storage, method, directed=False) -> None:
    expected = reference(goldens, case)
    sets = signatures(goldens, "sets_c" if matrix[0] == "c" else "sets_ab", directed)
    sets = {name: genes for name, genes in sets.items() if name in expected}
    x = cells(goldens, matrix, storage)
    found = ns.score(x, sets, method=method, min_coverage=0, min_genes=1).values
    assert found.get("NOMATCH", pd.Series(np.nan)).isna().all()
    expected = expected.drop(columns="NOMATCH", errors="ignore")
    assert found.shape[1] - ("NOMATCH" in found) == expected.shape[1] > 0
    difference = (found.loc[expected.index, expected.columns] - expected).abs().to_numpy().max()
    assert difference <= TOLERANCE


storages = pytest.mark.parametrize("storage", ["dense", "sparse"])


@storages
@pytest.mark.parametrize(
    ("case", "matrix", "method"),
    [
        ("a_mr1500", "a_expr", ns.methods.UCell()),
        ("a_maxrank5000", "a_expr", ns.methods.UCell(max_rank=5000)),
        ("b_mr1500", "b_counts", ns.methods.UCell()),
        ("c_counts_mr1500_impute", "c_counts", ns.methods.UCell()),
        ("c_counts_mr1500_skip", "c_counts", ns.methods.UCell(missing_genes="skip")),
        ("c_counts_mr300", "c_counts", ns.methods.UCell(max_rank=300)),
        ("c_lognorm_mr1500", "c_lognorm", ns.methods.UCell()),
        # Of stored rankings the reference takes the highest rank plus one for maxRank, not 1500.
        ("c_from_rankings", "c_counts", ns.methods.UCell(max_rank=325)),
        ("c_counts_ties_min", "c_counts", ns.methods.UCell(ties="min")),
        ("c_counts_ties_max", "c_counts", ns.methods.UCell(ties="max")),
        ("c_counts_ties_dense", "c_counts", ns.methods.UCell(ties="dense")),
    ],
)
def test_plain_sets_equal_the_reference(goldens, case, matrix, storage, method):
    check(goldens, case, matrix, storage, method)


@storages
@pytest.mark.parametrize(
    ("case", "matrix", "method"),
    [
        ("a_pm_wneg1", "a_expr", ns.methods.UCell()),
        ("c_counts_pm_wneg0", "c_counts", ns.methods.UCell(w_neg=0.0)),
        ("c_counts_pm_wneg05", "c_counts", ns.methods.UCell(w_neg=0.5)),
        ("c_counts_pm_wneg1_impute", "c_counts", ns.methods.UCell()),
        ("c_counts_pm_wneg1_skip", "c_counts", ns.methods.UCell(missing_genes="skip")),
    ],
)
def test_directed_sets_equal_the_reference(goldens, case, matrix, storage, method):
    check(goldens, case, matrix, storage, method, directed=True)


def test_a_signature_with_only_a_down_arm_is_zero_as_in_the_reference(goldens):
    expected = reference(goldens, "c_downonly")["d"]
    down = signatures(goldens, "sets_c", directed=True)["UD2"]["down"]
    found = ns.score(cells(goldens, "c_counts", "sparse"), {"d": {"down": down}}, method="ucell")
    assert found.values["d"].equals(expected)


def test_where_the_reference_stops_for_a_long_set_the_others_are_scored(goldens):
    """ucell_a_setbiggerthanmaxrank: max_rank 500 stops the reference, MOST having 1,200 genes."""
    sets = signatures(goldens, "sets_ab", directed=False)
    x, method = cells(goldens, "a_expr", "dense"), ns.methods.UCell(max_rank=500)
    with pytest.warns(CoverageWarning, match=r"MOST \(1,200 genes up\)"):
        scores = ns.score(x, {name: sets[name] for name in ("MOST", "SET10")}, method=method)
    assert scores.values["MOST"].isna().all()
    assert scores.coverage["status"].to_dict() == {"MOST": "no_score", "SET10": "ok"}
    alone = ns.score(x, {"SET10": sets["SET10"]}, method=method).values
    assert scores.values["SET10"].equals(alone["SET10"])


def test_a_gene_listed_twice_counts_once_in_a_plain_set_of_the_reference(goldens):
    expected = reference(goldens, "c_duppos")["x"]  # G0001, G0001, G0002
    found = ns.score(
        cells(goldens, "c_counts", "sparse"), {"x": ["G0001", "G0002"]}, method="ucell"
    )
    assert found.values["x"].equals(expected)


def test_a_gene_named_twice_which_the_reference_counts_twice_is_refused(goldens):
    with pytest.raises(SignatureError, match="G0001"):
        ns.score(
            cells(goldens, "c_counts", "sparse"), {"x": ["G0001", "G0001", "G0002"]}, method="ucell"
        )


class TestSmoothing:
    """``SmoothKNN(k=10, decay=0.1)`` with exact neighbours of a five-dimensional embedding."""

    @pytest.fixture
    def scores(self, goldens):
        expected = read_smoothed(goldens, up_only=False)
        table = pd.read_csv(goldens / "inputs" / "sets_c.csv", dtype=str)
        sets = table.groupby("set")["gene"].agg(lambda genes: list(dict.fromkeys(genes)))
        data = cells(goldens, "c_counts", "sparse")
        return ns.score(data, sets[expected.columns].to_dict(), method="ucell", min_coverage=0)

    def test_the_neighbours_are_those_of_the_reference(self, goldens):
        embedding = read(goldens / "inputs" / "c_pca.csv").T
        index = read(goldens / "expected" / "ucell_knn_index_exact_k10.csv").T
        assert (ns.nearest_neighbours(embedding, k=10) == index.astype(int).to_numpy() - 1).all()

    @pytest.mark.parametrize("up_only", [False, True])
    def test_smoothed_scores_equal_ucell(self, goldens, scores, up_only):
        expected = read_smoothed(goldens, up_only)
        neighbours = ns.nearest_neighbours(read(goldens / "inputs" / "c_pca.csv").T, k=10)
        found = ns.smooth_knn(scores, neighbours, decay=0.1, up_only=up_only).values
        # Eleven terms up to 1, added in another order.
        np.testing.assert_allclose(
            found.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-15
        )


def read_smoothed(goldens: Path, up_only: bool) -> pd.DataFrame:
    word = {True: "TRUE", False: "FALSE"}[up_only]
    name = f"ucell_c_SmoothKNN_k10_decay0.1_uponly{word}.csv"
    return read(goldens / "expected" / name).rename(columns=lambda c: c.removesuffix("_UCell_kNN"))
