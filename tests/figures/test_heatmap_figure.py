"""Heatmaps as data and as a drawing."""

import numpy as np
import pandas as pd
import pytest

from neurosig import pl
from neurosig.errors import AlignmentError, InputError, ParameterError
from neurosig.pl.clinical_bars import bar_of


@pytest.fixture
def scores():
    """Two kinds of samples that alternate, and a signature without a score."""
    high = [5.0, 1.0, 5.2, 0.8, 5.1, 1.1]
    return pd.DataFrame(
        {"axon": high, "immune": [-v for v in high], "refused": np.nan},
        index=[f"s{i}" for i in range(6)],
    )


def test_z_scores_are_those_of_the_samples_shown():
    data = pl.heatmap_data(pd.DataFrame({"a": [1.0, 2.0, 3.0]}), order="a")
    # mean 2, sd 1
    assert data.values.to_numpy().tolist() == [[-1.0, 0.0, 1.0]]


def test_a_constant_score_is_average_everywhere():
    data = pl.heatmap_data(pd.DataFrame({"a": [1.0, 2.0, 3.0], "flat": 7.0}), order="a")
    assert data.values.loc["flat"].tolist() == [0.0, 0.0, 0.0]


def test_scores_can_be_shown_as_they_are(scores):
    data = pl.heatmap_data(scores, order="axon", standardise=False)
    assert data.values.loc["axon"].tolist() == [0.8, 1.0, 1.1, 5.0, 5.1, 5.2]


def test_clustering_puts_like_samples_together(scores):
    order = pl.heatmap_data(scores).values.columns.tolist()
    kinds = ["high" if name in {"s0", "s2", "s4"} else "low" for name in order]
    assert kinds in (["high"] * 3 + ["low"] * 3, ["low"] * 3 + ["high"] * 3)


def test_a_signature_without_a_score_stays_and_is_missing(scores):
    data = pl.heatmap_data(scores)
    assert data.values.loc["refused"].isna().all()
    assert "1 signature without a score in grey." in pl.heatmap_alt(data)


def test_the_source_table_has_a_row_per_sample_in_the_order_shown(scores):
    clinic = pd.DataFrame({"stage": list("abcdef")}, index=scores.index)
    data = pl.heatmap_data(scores, clinic, order="axon")
    assert data.table["sample"].tolist() == ["s3", "s1", "s5", "s0", "s4", "s2"]
    assert data.table["clinical: stage"].tolist() == list("dbfaec")


def test_the_scores_are_not_changed(scores):
    before = scores.copy()
    pl.heatmap_data(scores)
    pd.testing.assert_frame_equal(scores, before)


def test_no_score_at_all_is_refused(scores):
    with pytest.raises(InputError, match="no score to draw"):
        pl.heatmap_data(scores[["refused"]])


def test_a_sample_without_clinic_is_named(scores):
    with pytest.raises(AlignmentError, match="'s5'"):
        pl.heatmap_data(scores, pd.DataFrame({"age": range(5)}, index=scores.index[:5]))


def test_an_order_that_is_no_signature_is_refused(scores):
    with pytest.raises(ParameterError, match="'axon', 'immune', 'refused'"):
        pl.heatmap_data(scores, order="axom")


def test_too_many_samples_for_a_tree_are_refused_with_the_way_out():
    many = pd.DataFrame({"axon": np.arange(5001.0)})
    with pytest.raises(ParameterError, match="order='axon'"):
        pl.heatmap_data(many)
    assert pl.heatmap_data(many, order="axon").values.shape == (1, 5001)


def test_the_drawn_image_is_the_matrix_with_colours_even_around_zero(scores):
    data = pl.heatmap_data(scores)
    image = pl.heatmap_figure(data).axes[0].images[0]
    np.testing.assert_array_equal(np.ma.getdata(image.get_array())[0], data.values.iloc[0])
    low, high = image.get_clim()
    assert low == -high


def test_groups_beyond_the_colours_are_shown_together():
    # eight groups, six colours: the five most frequent and "other"
    column = pd.Series(list("aabbccddeefgh"), name="site")
    bar = bar_of(column)
    assert bar.groups == ("a", "b", "c", "d", "e", "other")
    assert bar.values.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5]


def test_whole_numbers_with_gaps_are_groups_without_decimals():
    assert bar_of(pd.Series([1.0, 2.0, None], name="grade")).groups == ("1", "2")


def test_many_numbers_are_a_scale_and_unknown_ones_are_missing():
    bar = bar_of(pd.Series([10, 20, 30, 40, 50, 60, None], name="age"))
    assert bar.groups == ()
    assert bar.ends == (10, 60)
    assert bar.has_unknown


def test_true_and_false_are_groups():
    assert bar_of(pd.Series([True, False], name="ER")).groups == ("False", "True")


def test_a_column_that_is_empty_can_be_drawn(scores):
    clinic = pd.DataFrame({"stage": [None] * 6}, index=scores.index, dtype=object)
    assert pl.heatmap_figure(pl.heatmap_data(scores, clinic)).axes


def test_the_words_for_the_figure_name_the_bars(scores):
    clinic = pd.DataFrame({"stage": list("abcabc")}, index=scores.index)
    alt = pl.heatmap_alt(pl.heatmap_data(scores, clinic))
    assert alt.startswith(
        "Heatmap of the z-score of 3 signatures in 6 samples. Bars above it: stage."
    )
