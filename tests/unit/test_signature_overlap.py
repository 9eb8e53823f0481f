"""What signatures share, against counts by hand."""

import pytest

import neurosig as ns
from neurosig.errors import SignatureError, UnknownSignatureError

SETS = {
    "nerve": ["NGF", "TH", "DBH", "GAP43"],
    "small": ["NGF", "TH"],
    "mixed": {"up": ["TH", "FOS"], "down": ["IFNB1"]},
    "alone": ["VEGFA"],
}


@pytest.fixture
def overlap():
    return ns.signature_overlap(SETS)


def test_the_figures_are_those_of_a_count_by_hand(overlap):
    # nerve and small: 2 of 4 genes; nerve and mixed: TH alone, 6 genes in either, 3 in the smaller.
    assert overlap.n_shared.loc["nerve"].tolist() == [4, 2, 1, 0]
    assert overlap.jaccard.loc["nerve"].tolist() == [1.0, 0.5, 1 / 6, 0.0]
    assert overlap.containment.loc["nerve"].tolist() == [1.0, 1.0, 1 / 3, 0.0]
    assert overlap.jaccard.loc["small", "mixed"] == 1 / 4
    for matrix in (overlap.n_shared, overlap.jaccard, overlap.containment):
        assert (matrix == matrix.T).all().all()


def test_the_shared_genes_are_named_in_the_order_of_the_first(overlap):
    assert overlap.genes("small", "nerve") == ("NGF", "TH")
    assert overlap.genes("mixed", "nerve") == ("TH",)
    assert overlap.genes("alone", "nerve") == ()


def test_the_table_has_each_sharing_pair_once_most_alike_first(overlap):
    table = overlap.table
    assert table[["first", "second", "n_shared"]].to_numpy().tolist() == [
        ["nerve", "small", 2],
        ["small", "mixed", 1],
        ["nerve", "mixed", 1],
    ]
    assert table.loc[0, "shared_genes"] == "NGF, TH"
    assert table.loc[2, ["n_first", "n_second"]].tolist() == [4, 3]


def test_two_collections_are_compared_row_by_column(overlap):
    others = {"x": ["VEGFA", "TH"], "nerve": ["NGF"]}
    two = ns.signature_overlap(SETS, others)
    assert two.n_shared.shape == (4, 2)
    assert two.n_shared["x"].tolist() == [1, 1, 1, 1]
    assert two.genes("nerve", "nerve") == ("NGF",)
    assert len(two.table) == 6  # x with all four, nerve with nerve and small


def test_nothing_to_compare_and_unknown_names_are_refused(overlap):
    with pytest.raises(SignatureError, match="no signatures to compare"):
        ns.signature_overlap({})
    with pytest.raises(SignatureError, match="no signatures to compare"):
        ns.signature_overlap(SETS, {})
    with pytest.raises(UnknownSignatureError, match="'nerves' was not compared"):
        overlap.genes("nerves", "small")
