"""Overlap of signatures as data and as a drawing."""

from itertools import pairwise

import numpy as np
import pytest

import neurosig as ns
from neurosig import pl
from neurosig.errors import InputError

SETS = {
    "nerve": ["NGF", "TH", "DBH", "GAP43"],
    "alone": ["VEGFA"],
    "small": ["NGF", "TH"],
}


@pytest.fixture
def data():
    return pl.overlap_data(ns.signature_overlap(SETS))


def test_the_rows_are_the_signatures_and_the_pairs_that_share_genes(data):
    own = data[data["first"].eq(data["second"])]
    assert dict(zip(own["first"], own["n_shared"], strict=True)) == {
        "nerve": 4,
        "small": 2,
        "alone": 1,
    }
    (pair,) = data[data["first"].ne(data["second"])].to_dict("records")
    assert {pair["first"], pair["second"]} == {"nerve", "small"}
    assert (pair["n_shared"], pair["jaccard"], pair["containment"]) == (2, 0.5, 1.0)


def test_signatures_that_are_alike_stand_side_by_side(data):
    shown = data["first"].drop_duplicates().tolist()
    assert abs(shown.index("nerve") - shown.index("small")) == 1


def test_the_given_order_can_be_kept():
    data = pl.overlap_data(ns.signature_overlap(SETS), order="given")
    assert data["first"].drop_duplicates().tolist() == list(SETS)


def test_jaccard_is_above_and_containment_below_the_diagonal(data):
    axes = pl.overlap_figure(data).axes[0]
    values = np.asarray(axes.images[0].get_array().filled(np.nan))
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [label.get_text() for label in axes.get_xticklabels()]
    first, second = sorted((names.index("nerve"), names.index("small")))
    assert values[first, second] == 0.5
    assert values[second, first] == 1.0
    assert np.isnan(values[names.index("alone")]).all()


def test_few_signatures_have_their_shared_genes_written(data):
    written = [text.get_text() for text in pl.overlap_figure(data).axes[0].texts]
    assert sorted(written) == ["1", "2", "2", "2", "4"]


def test_many_signatures_have_names_at_all_sides_and_no_numbers():
    many = {f"S{i}": [f"G{i}", f"G{i + 1}"] for i in range(41)}
    axes = pl.overlap_figure(pl.overlap_data(ns.signature_overlap(many))).axes[0]
    assert len(axes.texts) == 0
    tick = axes.yaxis.get_major_ticks()[0]
    assert tick.label1.get_visible()
    assert tick.label2.get_visible()


def test_names_do_not_run_into_each_other_or_out_of_the_figure():
    many = {f"GO.A_LONG_NAME_OF_A_SIGNATURE_{i}": [f"G{i}", f"G{i + 1}"] for i in range(60)}
    figure = pl.overlap_figure(pl.overlap_data(ns.signature_overlap(many)))
    figure.canvas.draw()
    axes = figure.axes[0]
    boxes = [label.get_window_extent() for label in axes.get_yticklabels()]
    heights = sorted({(box.y0, box.y1) for box in boxes})  # at both sides, so twice
    assert all(low[1] <= high[0] + 1 for low, high in pairwise(heights))
    assert min(box.x0 for box in boxes) >= 0
    assert max(b.get_window_extent().y1 for b in axes.get_xticklabels()) <= figure.bbox.height


def test_two_collections_are_refused():
    with pytest.raises(InputError, match="against itself"):
        pl.overlap_data(ns.signature_overlap(SETS, {"other": ["NGF"]}))


def test_one_signature_can_be_drawn():
    pl.overlap_figure(pl.overlap_data(ns.signature_overlap({"one": ["NGF"]})))


def test_the_words_for_the_figure_name_the_pairs_most_alike(data):
    words = pl.overlap_alt(data)
    assert words.startswith("Shared genes of 3 signatures: 1 pair of 3 share a gene. Most alike: ")
    assert words.endswith("(2 shared, Jaccard 0.50, containment 1.00).")
