"""Scores smoothed over neighbours, by hand."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import InputError, ParameterError

X = pd.DataFrame(
    {"NGF": [1.0, 2.0, 6.0, 10.0], "BDNF": [0.0, 4.0, 1.0, 0.0]}, index=["c1", "c2", "c3", "c4"]
)
NEAR = np.array([[1, 2], [0, 2], [3, 1], [2, 1]])


def scored(method="mean") -> ns.Scores:
    return ns.score(X, {"S": ["NGF"], "T": ["BDNF"]}, method=method)


def values(**options):
    return ns.smooth_knn(scored(), NEAR, **options).values


def test_each_next_neighbour_counts_less_by_the_decay():
    # decay 1/2: weights 1, 1/2, 1/4, sum 7/4.
    # c1: 1 + 2/2 + 6/4 = 3.5; c3: 6 + 10/2 + 2/4 = 11.5; of T, c3: 1 + 0/2 + 4/4 = 2.
    found = values(decay=0.5)
    assert found.loc["c1", "S"] == 3.5 / 1.75
    assert found.loc["c3", "S"] == pytest.approx(11.5 / 1.75, abs=1e-15)
    assert found.loc["c3", "T"] == pytest.approx(2 / 1.75, abs=1e-15)


def test_without_decay_all_count_alike_and_with_full_decay_none():
    assert values(decay=0.0).loc["c1", "S"] == (1 + 2 + 6) / 3
    pd.testing.assert_frame_equal(values(decay=1.0), scored().values)


def test_up_only_keeps_what_smoothing_would_lower():
    both = values(decay=0.0), values(decay=0.0, up_only=True)
    assert both[0].loc["c4", "S"] == (10 + 6 + 2) / 3
    assert both[1].loc["c4", "S"] == 10.0
    assert both[1].loc["c1", "S"] == both[0].loc["c1", "S"] == 3.0


def test_fewer_neighbours_are_the_nearest():
    assert values(k=1, decay=0.0).loc["c3", "S"] == (6 + 10) / 2


def test_a_missing_neighbour_is_left_out_and_a_missing_score_stays_missing():
    x = X.assign(NGF=[1.0, np.nan, 6.0, 10.0])
    scores = ns.score(x, {"S": ["NGF"]}, method=ns.methods.Mean(na="propagate"))
    found = ns.smooth_knn(scores, NEAR, decay=0.5).values["S"]
    assert found["c1"] == (1 + 6 / 4) / (1 + 1 / 4)
    assert np.isnan(found["c2"])


def test_a_table_of_positions_has_to_be_of_these_observations():
    table = pd.DataFrame(NEAR, index=X.index)
    pd.testing.assert_frame_equal(ns.smooth_knn(scored(), table).values, values())
    with pytest.raises(InputError, match=r"same in another order.*adata\[scores.values.index\]"):
        ns.smooth_knn(scored(), table.iloc[::-1])
    with pytest.raises(InputError, match=r"'c1'.*with neighbours: 'd1'"):
        ns.smooth_knn(scored(), table.set_axis(["d1", "d2", "d3", "d4"]))


@pytest.mark.parametrize(
    ("neighbours", "message"),
    [
        (NEAR[:3], r"shape \(3, 2\)"),
        (NEAR[:, :0], r"shape \(4, 0\)"),
        (NEAR[:, 0], r"shape \(4,\)"),
        (NEAR.astype(float), "type float64"),
        ("graph", r"shape \(\)"),
        (NEAR + 1, "from 1 to 4.*counted from 1.*neighbours - 1"),
        (NEAR + 7, "from 7 to 10.*no others"),
        (NEAR - 1, "from -1 to 2"),
        (np.array([[0, 1], [0, 2], [3, 1], [2, 1]]), "1 observation is its own.*'c1'"),
        (np.array([[1, 1], [0, 2], [3, 1], [2, 1]]), "1 observation has a neighbour twice.*'c1'"),
    ],
)
def test_impossible_neighbours_are_refused(neighbours, message):
    with pytest.raises(InputError, match=message):
        ns.smooth_knn(scored(), neighbours)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 3}, "k cannot be 3.*at most 2 neighbours"),
        ({"k": 0}, "k cannot be 0"),
        ({"k": 1.0}, "k cannot be 1.0"),
        ({"decay": 1.5}, "decay cannot be 1.5"),
        ({"decay": True}, "decay cannot be True"),
        ({"decay": float("nan")}, "decay cannot be nan"),
        ({"up_only": "yes"}, "up_only cannot be 'yes'"),
    ],
)
def test_options_that_are_not_allowed_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        values(**options)


def test_something_else_than_scores_is_refused():
    with pytest.raises(InputError, match="not DataFrame"):
        ns.smooth_knn(scored().values, NEAR)


def test_the_provenance_says_what_was_done_each_time():
    once = ns.smooth_knn(scored(), NEAR, decay=0.5)
    twice = ns.smooth_knn(once, NEAR, k=1)
    steps = twice.provenance["smoothing"]
    assert [(step["k"], step["decay"]) for step in steps] == [(2, 0.5), (1, 0.1)]
    assert steps[0]["neighbours_sha256"] != steps[1]["neighbours_sha256"]
    assert "smoothing" not in scored().provenance
    assert twice.method == "mean"


def test_smoothed_scores_survive_a_round_trip_through_a_file(tmp_path):
    smoothed = ns.smooth_knn(scored(), NEAR)
    smoothed.save(tmp_path / "scores.h5ad")
    loaded = ns.Scores.load(tmp_path / "scores.h5ad")
    pd.testing.assert_frame_equal(loaded.values, smoothed.values, check_names=False)
    assert loaded.provenance == smoothed.provenance


def test_the_scores_given_are_not_modified():
    scores = scored()
    before = scores.values.copy()
    ns.smooth_knn(scores, NEAR, up_only=True)
    pd.testing.assert_frame_equal(scores.values, before)


class TestNearestNeighbours:
    def test_a_point_on_top_of_another_is_its_neighbour_and_never_its_own(self):
        points = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0]])
        assert ns.nearest_neighbours(points, k=1)[:2].tolist() == [[1], [0]]

    def test_they_are_sorted_by_distance(self):
        rng = np.random.default_rng(3)
        points = rng.normal(size=(50, 5))
        distances = np.linalg.norm(points[:, None] - points[None], axis=2)
        np.fill_diagonal(distances, np.inf)
        expected = np.argsort(distances, axis=1)[:, :7]
        assert (ns.nearest_neighbours(points, k=7) == expected).all()

    @pytest.mark.parametrize(
        ("points", "k", "error", "message"),
        [
            ([[0.0], [1.0]], 2, ParameterError, "2 observations, so 1 others"),
            ([[0.0], [1.0]], 0, ParameterError, "k cannot be 0"),
            ([0.0, 1.0], 1, InputError, r"shape is \(2,\)"),
            ([["a"], ["b"]], 1, InputError, "no table of finite numbers"),
            ([[0.0], [np.nan]], 1, InputError, "no table of finite numbers"),
        ],
    )
    def test_what_has_no_neighbours_is_refused(self, points, k, error, message):
        with pytest.raises(error, match=message):
            ns.nearest_neighbours(points, k=k)


class TestGraph:
    """An AnnData as scanpy.pp.neighbors leaves it: distances without the cell itself."""

    def adata(self, distances, names=X.index):
        import anndata
        import scipy.sparse

        graph = scipy.sparse.csr_matrix(np.array(distances, dtype=float))
        obs = pd.DataFrame(index=list(names))
        return anndata.AnnData(obs=obs, obsp={"distances": graph})

    def test_the_nearest_of_a_graph_is_the_one_at_the_smallest_distance(self):
        graph = [[0, 5, 3, 0], [5, 0, 2, 0], [0, 2, 0, 1], [0, 9, 1, 0]]
        expected = ns.smooth_knn(scored(), [[2, 1], [2, 0], [3, 1], [2, 1]])
        found = ns.smooth_knn(scored(), self.adata(graph))
        pd.testing.assert_frame_equal(found.values, expected.values)
        assert found.provenance["smoothing"][0]["neighbours"] == "obsp['distances']"
        assert found.provenance["smoothing"][0]["k"] == 2

    def test_a_cell_with_fewer_neighbours_in_the_graph_uses_those(self):
        graph = [[0, 5, 3, 0], [0, 0, 2, 0], [0, 0, 0, 0], [0, 9, 1, 0]]
        found = ns.smooth_knn(scored(), self.adata(graph), decay=0.5).values["S"]
        assert found["c2"] == (2 + 6 / 2) / 1.5
        assert found["c3"] == 6.0

    def test_a_graph_is_refused_when_it_is_missing_empty_or_of_other_cells(self):
        empty = self.adata(np.zeros((4, 4)))
        with pytest.raises(InputError, match="is empty"):
            ns.smooth_knn(scored(), empty)
        del empty.obsp["distances"]
        with pytest.raises(InputError, match=r"no neighbour graph.*scanpy.pp.neighbors"):
            ns.smooth_knn(scored(), empty)
        with pytest.raises(InputError, match="another order"):
            ns.smooth_knn(scored(), self.adata(np.eye(4), X.index[::-1]))

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore")  # of scanpy's own imports
    def test_scanpys_graph_gives_the_neighbours_of_its_embedding(self):
        import anndata
        import scanpy as sc

        rng = np.random.default_rng(8)
        genes = [f"G{i}" for i in range(8)]
        adata = anndata.AnnData(rng.gamma(2.0, 1.0, (60, 8)))
        adata.var_names = genes
        adata.obsm["X_pca"] = rng.normal(size=(60, 4))
        sc.pp.neighbors(adata, n_neighbors=9, use_rep="X_pca")  # the cell itself is one of the 9
        scores = ns.score(adata, {"S": genes[:4]}, method="mean")
        expected = ns.smooth_knn(scores, ns.nearest_neighbours(adata.obsm["X_pca"], k=8))
        pd.testing.assert_frame_equal(ns.smooth_knn(scores, adata).values, expected.values)


def test_p_values_belong_to_scores_before_smoothing():
    x = pd.DataFrame(np.arange(12.0).reshape(3, 4), list("abc"), list("WXYZ"))
    scores = ns.score(x, {"S": ["W", "X"]}, method="mean", null=ns.MatchedNull(n_sets=9))
    smoothed = ns.smooth_knn(scores, [[1], [0], [1]])
    assert smoothed.pvalues is None
    assert "null" not in smoothed.provenance
