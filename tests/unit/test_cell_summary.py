"""Scores of cells by group, tested across donors."""

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

import neurosig as ns
from neurosig.errors import CellsWarning, InputError, ParameterError
from neurosig.keys import CellSummary
from neurosig.sc.auc import delong_variances, group_aucs
from neurosig.sc.summary import tau

NAN = float("nan")
COLUMNS = (
    "signature group n_cells n_donors mean median fraction_high auc auc_low auc_high tau "
    "p_value q_value status"
)


def cells(scores, key="score_ucell", **obs):
    """An AnnData without genes, with these scores and labels."""
    names = pd.Index([f"c{i}" for i in range(len(next(iter(scores.values()))))])
    return anndata.AnnData(
        obs=pd.DataFrame(obs, index=names), obsm={key: pd.DataFrame(scores, index=names)}
    )


@pytest.fixture
def many():
    """400 cells of 4 types and 5 donors; two signatures, one with many ties."""
    rng = np.random.default_rng(3)
    kind = rng.choice(list("BEMT"), 400)
    donor = rng.choice([f"d{i}" for i in range(5)], 400)
    smooth = rng.normal(size=400) + (kind == "E") + 0.5 * (donor == "d1")
    tied = rng.poisson(0.7 + 1.0 * (kind == "M"), 400) / 4.0
    return cells({"smooth": smooth, "tied": tied}, cell_type=kind, donor=donor)


def row(table, signature, group):
    return table.set_index(["signature", "group"]).loc[(signature, group)]


def test_the_table_has_a_row_per_signature_and_group_and_these_columns(many):
    table = ns.sc.summarise(many)
    assert list(table.columns) == COLUMNS.split() == list(CellSummary.ALL)
    assert list(zip(table["signature"], table["group"], strict=True)) == [
        (s, g) for s in ("smooth", "tied") for g in "BEMT"
    ]


def test_the_auc_is_that_of_scikit_learn_and_of_the_mann_whitney_statistic(many):
    table = ns.sc.summarise(many)
    for _, found in table.iterrows():
        inside = (many.obs["cell_type"] == found["group"]).to_numpy()
        values = many.obsm["score_ucell"][found["signature"]].to_numpy()
        assert found["auc"] == pytest.approx(roc_auc_score(inside, values), abs=1e-14)
        u = stats.mannwhitneyu(values[inside], values[~inside]).statistic
        assert found["auc"] == pytest.approx(u / (inside.sum() * (~inside).sum()), abs=1e-14)


def test_level_and_share_of_high_cells_by_hand():
    # quartile of 0..7 is 5.25 (between the 6th and 7th value): of E, 6 and 7 lie above
    adata = cells({"s": [1.0, 5.0, 6.0, 7.0, 0.0, 2.0, 3.0, 4.0]}, cell_type=list("EEEETTTT"))
    table = ns.sc.summarise(adata, min_cells=2)
    assert table[["n_cells", "mean", "median", "fraction_high"]].to_numpy().tolist() == [
        [4, 4.75, 5.5, 0.5],
        [4, 2.25, 2.5, 0.0],
    ]
    # the median of all, 3.5: 5, 6, 7 of E and 4 of T
    half = ns.sc.summarise(adata, min_cells=2, high_quantile=0.5)
    assert half["fraction_high"].tolist() == [0.75, 0.25]


def test_a_score_equal_to_the_threshold_is_not_high():
    adata = cells({"s": [0.0] * 7 + [1.0]}, cell_type=list("EEEETTTT"))  # the quartile is 0
    assert ns.sc.summarise(adata, min_cells=2)["fraction_high"].tolist() == [0.0, 0.25]


def test_tau_by_hand():
    assert tau(np.array([0.0, 0.0, 8.0, 0.0])) == 1.0  # one group alone
    assert tau(np.array([-3.0, 1.0, -1.0])) == 0.75  # y = 0, 1, 1/2: (1 + 0 + 1/2) / 2
    assert tau(np.array([0.2, 0.2, 0.2])) == 0.0
    assert np.isnan(tau(np.array([1.0])))


def test_tau_is_the_same_in_all_rows_of_a_signature_and_leaves_out_small_groups():
    # means 4, 2, 0 and one cell at 100: y = 1, 1/2, 0: (0 + 1/2 + 1) / 2
    values = [4.0, 4.0, 2.0, 2.0, 0.0, 0.0, 100.0]
    table = ns.sc.summarise(cells({"s": values}, cell_type=list("AABBCCX")), min_cells=2)
    assert table["tau"].tolist() == [0.75] * 4


def test_without_donors_the_rows_describe_and_the_interval_is_delongs(many):
    table = ns.sc.summarise(many, ci_level=0.9)
    assert set(table["status"]) == {"single_donor"}
    assert set(table["n_donors"]) == {1}
    assert table[["p_value", "q_value"]].isna().all(axis=None)
    for _, found in table.iterrows():
        inside = (many.obs["cell_type"] == found["group"]).to_numpy()
        values = many.obsm["score_ucell"][found["signature"]].to_numpy()
        # DeLong et al. 1988: placements of each cell among those of the other side
        wins = np.sign(values[inside][:, None] - values[~inside][None, :]) / 2 + 0.5
        variance = wins.mean(1).var(ddof=1) / inside.sum() + wins.mean(0).var(ddof=1) / (
            (~inside).sum()
        )
        half = 1.6448536269514722 * np.sqrt(variance)  # R qnorm(0.95)
        assert found["auc_low"] == pytest.approx(found["auc"] - half, abs=1e-12)
        assert found["auc_high"] == pytest.approx(found["auc"] + half, abs=1e-12)


def test_the_variance_of_a_group_does_not_depend_on_how_the_rest_is_divided():
    rng = np.random.default_rng(5)
    codes = np.repeat(np.arange(40), 6)
    values = rng.integers(0, 30, 240).astype(float)
    together = delong_variances(values, codes, 40)
    for group in (0, 17, 39):
        alone = delong_variances(values, (codes == group).astype(np.intp), 2)
        assert together[group] == pytest.approx(alone[1], rel=1e-12)


def test_with_donors_the_test_is_the_t_test_of_their_aucs(many):
    table = ns.sc.summarise(many, donor="donor", min_cells=5)
    assert set(table["status"]) == {"ok"}
    for _, found in table.iterrows():
        aucs = []
        for donor in sorted(set(many.obs["donor"])):
            own = (many.obs["donor"] == donor).to_numpy()
            inside = (many.obs["cell_type"] == found["group"]).to_numpy()[own]
            values = many.obsm["score_ucell"][found["signature"]].to_numpy()[own]
            aucs.append(roc_auc_score(inside, values))
        theirs = stats.ttest_1samp(aucs, 0.5)
        low, high = theirs.confidence_interval()
        assert found["n_donors"] == 5
        assert found["auc"] == pytest.approx(np.mean(aucs), abs=1e-12)
        assert found["p_value"] == pytest.approx(theirs.pvalue, rel=1e-10)
        assert (found["auc_low"], found["auc_high"]) == pytest.approx((low, high), abs=1e-12)


def test_q_is_benjamini_hochberg_over_all_tests_of_the_call(many):
    table = ns.sc.summarise(many, donor="donor", min_cells=5)
    np.testing.assert_allclose(
        table["q_value"], stats.false_discovery_control(table["p_value"]), rtol=1e-12
    )


def test_copying_every_cell_does_not_make_an_effect_more_certain(many):
    """Cells are not replicates: ten times the cells of the same donors is the same evidence."""
    tenfold = anndata.AnnData(
        obs=pd.concat([many.obs] * 10).set_axis([f"x{i}" for i in range(4000)]),
        obsm={
            "score_ucell": pd.concat([many.obsm["score_ucell"]] * 10).set_axis(
                [f"x{i}" for i in range(4000)]
            )
        },
    )
    options = {"donor": "donor", "min_cells": 5}
    once, often = ns.sc.summarise(many, **options), ns.sc.summarise(tenfold, **options)
    for name in ("auc", "auc_low", "auc_high", "p_value", "q_value"):
        np.testing.assert_allclose(once[name], often[name], rtol=1e-9)


def test_a_difference_between_donors_is_not_taken_for_one_between_groups():
    """E comes mostly from a donor whose scores are all higher; within donors there is nothing."""
    # within each donor E and T hold the same two scores equally often: AUC 1/2 in each
    parts = [("d1", 10, 2, 8), ("d2", 0, 8, 2), ("d3", 0.5, 4, 4)]
    scores, kind, donor = [], [], []
    for name, shift, n_e, n_t in parts:
        scores += [shift, shift + 1] * (n_e + n_t)
        kind += ["E"] * (2 * n_e) + ["T"] * (2 * n_t)
        donor += [name] * (2 * (n_e + n_t))
    adata = cells({"s": np.array(scores, dtype=float)}, cell_type=kind, donor=donor)
    assert row(ns.sc.summarise(adata, min_cells=2), "s", "E")["auc"] < 0.3
    within = ns.sc.summarise(adata, donor="donor", min_cells=2)
    assert within["auc"].tolist() == [0.5, 0.5]
    assert within["status"].tolist() == ["no_variation"] * 2
    assert within["p_value"].tolist() == [1.0, 1.0]


def test_a_marker_that_is_perfect_in_every_donor_has_a_p_value_by_hand():
    """Donors without any spread give no standard error; that of no effect stands in for it."""
    kind = list("EEEETTTT") * 3
    donor = [d for d in "abc" for _ in range(8)]
    adata = cells({"s": np.array([9.0 - i for i in range(8)] * 3)}, cell_type=kind, donor=donor)
    table = ns.sc.summarise(adata, donor="donor", min_cells=4)
    assert table["auc"].tolist() == [1.0, 0.0]
    assert table["status"].tolist() == ["no_variation"] * 2
    assert table[["auc_low", "auc_high"]].isna().all(axis=None)
    # variance 9 / (12 * 4 * 4), over 3 donors: standard error 1/8, t = 4 with 2 degrees of freedom
    by_hand = 1 - 4 / np.sqrt(2 + 4**2)
    assert table["p_value"].tolist() == pytest.approx([by_hand] * 2, rel=1e-12)


def test_donors_with_few_cells_of_a_group_are_not_used_and_two_are_too_few():
    rng = np.random.default_rng(2)
    kind = list("ET" * 20) * 2 + list("E" + "T" * 20)  # the third donor has one E
    donor = ["d1"] * 40 + ["d2"] * 40 + ["d3"] * 21
    adata = cells({"s": rng.normal(size=101)}, cell_type=kind, donor=donor)
    table = ns.sc.summarise(adata, donor="donor", min_cells=10)
    assert table["n_donors"].tolist() == [2, 2]
    assert table["status"].tolist() == ["too_few_donors"] * 2
    assert table[["auc_low", "auc_high", "p_value", "q_value"]].isna().all(axis=None)
    first, second = (
        group_aucs(
            adata.obsm["score_ucell"]["s"].to_numpy()[part],
            (np.array(kind)[part] == "T").astype(np.intp),
            2,
        )[0]
        for part in (slice(0, 40), slice(40, 80))
    )
    assert table["auc"].iloc[0] == pytest.approx((first + second) / 2, abs=1e-12)


def test_a_group_with_too_few_cells_has_a_status_and_no_auc(many):
    kind = many.obs["cell_type"].to_numpy().copy()
    kind[:3] = "rare"
    many.obs["cell_type"] = kind
    for donor in (None, "donor"):
        rare = row(ns.sc.summarise(many, donor=donor, min_cells=5), "smooth", "rare")
        assert (rare["status"], rare["n_cells"]) == ("too_few_cells", 3)
        assert np.isfinite(rare["mean"])
        assert rare[["auc", "auc_low", "auc_high", "p_value"]].isna().all()


def test_one_group_alone_has_nothing_to_be_compared_with():
    table = ns.sc.summarise(cells({"s": np.arange(30.0)}, cell_type=["E"] * 30))
    assert table["status"].tolist() == ["too_few_cells"]
    assert table[["auc", "tau"]].isna().all(axis=None)


def test_a_refused_signature_keeps_its_rows_with_the_status_of_its_coverage():
    x = pd.DataFrame(
        np.random.default_rng(1).gamma(2, 1, (30, 20)), columns=[f"G{i}" for i in range(20)]
    )
    adata = anndata.AnnData(x.set_axis([f"c{i}" for i in range(30)]))
    adata.obs["cell_type"] = ["E", "T"] * 15
    sets = {"scored": ["G1", "G2", "G3"], "thin": ["G1", "A", "B", "C"], "absent": ["A", "B", "C"]}
    with pytest.warns(ns.errors.CoverageWarning):
        ns.tl.score(adata, sets, method="mean")
    table = ns.sc.summarise(adata)
    assert table["status"].tolist() == [
        "single_donor", "single_donor", "low_coverage", "low_coverage", "no_genes", "no_genes",
    ]  # fmt: skip
    refused = table[table["status"] != "single_donor"]
    assert refused[["mean", "auc", "tau", "p_value"]].isna().all(axis=None)
    assert (refused[["n_cells", "n_donors"]] == 0).all(axis=None)


def test_cells_without_a_label_are_counted_warned_about_and_left_out(many):
    kind = many.obs["cell_type"].astype(object)
    kind.iloc[:7] = None
    donor = many.obs["donor"].astype(object)
    donor.iloc[5:9] = NAN
    bare = many[9:].copy()
    many.obs = pd.DataFrame({"cell_type": kind, "donor": donor})
    with pytest.warns(CellsWarning) as warned:
        table = ns.sc.summarise(many, donor="donor", min_cells=5)
    assert [str(w.message).split(" are ")[0] for w in warned] == [
        "7 cells of 400 have no label in 'cell_type' and",
        "4 cells of 400 have no label in 'donor' and",
    ]
    pd.testing.assert_frame_equal(table, ns.sc.summarise(bare, donor="donor", min_cells=5))


def test_cells_without_a_score_are_left_out_of_that_signature_and_warned_about(many):
    bare = many[4:].copy()
    scores = many.obsm["score_ucell"].copy()
    scores.iloc[:4, 0] = NAN
    many.obsm["score_ucell"] = scores
    with pytest.warns(CellsWarning, match="1 signature has no score in some cells"):
        table = ns.sc.summarise(many)
    assert table.loc[table["signature"] == "smooth", "n_cells"].sum() == 396
    assert table.loc[table["signature"] == "tied", "n_cells"].sum() == 400
    pd.testing.assert_frame_equal(table.iloc[:4], ns.sc.summarise(bare).iloc[:4])


def test_groups_stand_in_the_order_of_the_categories_and_unused_ones_have_no_row(many):
    many.obs["cell_type"] = pd.Categorical(many.obs["cell_type"], ["T", "unused", "M", "E", "B"])
    assert ns.sc.summarise(many)["group"].tolist() == list("TMEB") * 2


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (np.repeat([2, 10], 10), ["2", "10"]),
        (np.repeat([2.0, 10.0], 10), ["2", "10"]),
        (np.repeat([False, True], 10), ["False", "True"]),
    ],
)
def test_numbers_and_truth_values_can_be_labels(labels, names):
    table = ns.sc.summarise(cells({"s": np.arange(20.0)}, cell_type=labels))
    assert table["group"].tolist() == names


def test_measurements_are_no_groups(many):
    many.obs["depth"] = np.linspace(0, 1, 400)
    with pytest.raises(InputError, match="holds measurements, not groups"):
        ns.sc.summarise(many, "depth")


@pytest.mark.parametrize("option", ["by", "donor"])
def test_an_unknown_column_is_refused_with_the_close_ones(many, option):
    with pytest.raises(InputError, match=r"no column 'cell_typ'.*Did you mean 'cell_type'\?"):
        ns.sc.summarise(many, **{option: "cell_typ"})


def test_a_column_without_any_label_is_refused(many):
    many.obs["empty"] = pd.Series([None] * 400, index=many.obs_names, dtype=object)
    with pytest.raises(InputError, match="No cell has a label in the column 'empty'"):
        ns.sc.summarise(many, "empty")


def test_groups_cannot_be_donors(many):
    with pytest.raises(ParameterError, match="by and donor cannot both be 'donor'"):
        ns.sc.summarise(many, "donor", "donor")


@pytest.mark.parametrize(
    "option", [{"high_quantile": 75}, {"min_cells": 1}, {"min_cells": 2.5}, {"ci_level": 1.0}]
)
def test_an_option_outside_its_bounds_is_refused(many, option):
    (name,) = option
    with pytest.raises(ParameterError, match=rf"summarise\.{name} cannot be"):
        ns.sc.summarise(many, **option)


def test_of_several_scores_one_has_to_be_named(many):
    many.obsm["score_aucell"] = many.obsm["score_ucell"] * -1
    many.obsm["score_aucell_pvalue"] = many.obsm["score_ucell"]
    with pytest.raises(ParameterError, match=r"'score_ucell', 'score_aucell'\. Choose one"):
        ns.sc.summarise(many)
    by_method = ns.sc.summarise(many, method="aucell")
    pd.testing.assert_frame_equal(by_method, ns.sc.summarise(many, key="score_aucell"))
    np.testing.assert_allclose(by_method["auc"], 1 - ns.sc.summarise(many, method="ucell")["auc"])
    with pytest.raises(ParameterError, match="cannot both be used"):
        ns.sc.summarise(many, method="ucell", key="score_aucell")


def test_scores_that_are_not_there_are_refused(many):
    with pytest.raises(InputError, match=r"no scores in adata\.obsm\['score_gsva'\]"):
        ns.sc.summarise(many, method="gsva")
    del many.obsm["score_ucell"]
    with pytest.raises(InputError, match=r"Score first: neurosig\.tl\.score"):
        ns.sc.summarise(many)


def test_scores_without_names_are_refused(many):
    many.obsm["score_ucell"] = many.obsm["score_ucell"].to_numpy()
    with pytest.raises(InputError, match="the signatures need names"):
        ns.sc.summarise(many)


def test_a_column_that_is_no_score_is_refused(many):
    scores = many.obsm["score_ucell"]
    many.obsm["score_ucell"] = scores.assign(kind="text")
    with pytest.raises(InputError, match=r"The column 'kind' .* does not hold numbers"):
        ns.sc.summarise(many)
    many.obsm["score_ucell"] = pd.concat([scores, scores[["tied"]]], axis=1)
    with pytest.raises(InputError, match=r"The column 'tied' .* occurs twice"):
        ns.sc.summarise(many)


def test_scores_of_single_precision_are_taken(many):
    exact = ns.sc.summarise(many)
    many.obsm["score_ucell"] = many.obsm["score_ucell"].astype(np.float32)
    np.testing.assert_allclose(ns.sc.summarise(many)["mean"], exact["mean"], rtol=1e-6)


def test_a_summary_changes_nothing(many):
    before = many.copy()
    ns.sc.summarise(many, donor="donor", min_cells=5)
    pd.testing.assert_frame_equal(many.obs, before.obs)
    pd.testing.assert_frame_equal(many.obsm["score_ucell"], before.obsm["score_ucell"])
    assert list(many.uns) == list(before.uns)


def test_scanpy_is_not_loaded_for_a_summary():
    import subprocess
    import sys

    code = (
        "import sys, neurosig as ns; ns.sc.summarise; ns.tl.score; print('scanpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_groups_and_donors_that_never_meet_are_refused():
    adata = cells(
        {"s": np.arange(4.0)}, cell_type=["E", "T", None, None], donor=[None, None, "a", "b"]
    )
    with (
        pytest.warns(CellsWarning),
        pytest.raises(InputError, match="label both in 'cell_type' and in 'donor'"),
    ):
        ns.sc.summarise(adata, donor="donor")


def test_groups_that_do_not_overlap_have_an_auc_without_an_interval():
    # all placement values are 1 (or 0), so DeLong's variance is 0 whatever the number of cells
    adata = cells({"s": np.arange(12.0)}, cell_type=["E"] * 6 + ["T"] * 6)
    table = ns.sc.summarise(adata, min_cells=2).set_index("group")
    assert table["auc"].to_dict() == {"E": 0.0, "T": 1.0}
    assert table[["auc_low", "auc_high"]].isna().all(axis=None)
