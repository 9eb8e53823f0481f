"""Signatures laid over the genes of a matrix."""

import numpy as np
import pandas as pd
import pytest

from neurosig.engine import coverage_of
from neurosig.genesets.compiled import GeneSets, compile_signatures
from neurosig.genesets.signature import SignatureCollection

GENES = pd.Index(["TP53", "NGF", "RET", "BDNF", "CD8A", "NTRK1"], dtype="str")


def compiled(signatures, **options):
    return compile_signatures(SignatureCollection.of(signatures), GENES, **options)


def members(sets: GeneSets) -> list[list[int]]:
    return [sets.indices[a:b].tolist() for a, b in zip(sets.indptr, sets.indptr[1:], strict=False)]


def test_positions_ascend_and_weights_follow_their_genes():
    sets = compiled({"S": {"NTRK1": 3.0, "NGF": -1.0, "RET": 2.0, "ABSENT": 9.0}}).sets
    assert members(sets) == [[1, 2, 5]]
    assert sets.weights.tolist() == [-1.0, 2.0, 3.0]


def test_arms_hold_the_genes_of_one_direction_with_positive_weights():
    found = compiled({"S": {"NTRK1": 3.0, "NGF": -1.5, "RET": 2.0}, "T": ["BDNF"]})
    assert members(found.arms) == [[2, 5], [1], [3]]
    assert found.arms.weights.tolist() == [2.0, 3.0, 1.5, 1.0]
    assert found.arm_owner.tolist() == [0, 0, 1]
    assert found.arm_sign.tolist() == [1.0, -1.0, 1.0]


def test_arms_are_combined_as_up_minus_down():
    found = compiled({"S": {"NGF": 1.0, "RET": -1.0}, "T": {"BDNF": -1.0}, "U": ["CD8A"]})
    arms = np.array([[5.0, 3.0, 7.0, 1.0]])
    assert found.combine_arms(arms).tolist() == [[2.0, -7.0, 1.0]]


def test_coverage_has_a_row_for_each_signature_in_the_order_asked_for():
    found = compiled(
        {
            "good": ["NGF", "RET", "BDNF", "X"],
            "none": ["X", "Y"],
            "poor": ["NGF", "X", "Y"],
            "few": ["NGF", "RET", "X"],
            "short": ["NGF"],
        }
    )
    assert found.names == ("good", "short")
    assert found.n_signatures == found.sets.n_sets == 2
    assert found.n_genes == 6
    assert found.sets.sizes.tolist() == [3, 1]
    table = found.coverage
    assert table["status"].to_dict() == {
        "good": "ok",
        "none": "no_genes",
        "poor": "low_coverage",
        "few": "too_few_genes",
        "short": "ok",
    }
    assert table["n_genes"].tolist() == [4, 2, 3, 3, 1]
    assert table["n_found"].tolist() == [3, 0, 1, 2, 1]
    assert table["coverage"].tolist() == [0.75, 0.0, 1 / 3, 2 / 3, 1.0]
    assert table["missing_genes"].tolist() == ["X", "X;Y", "X;Y", "X", ""]


@pytest.mark.parametrize(("n_found", "n_genes"), [(55, 100), (7, 25), (29, 50), (3, 10), (57, 100)])
def test_a_share_that_is_reached_exactly_is_enough(n_found, n_genes):
    """0.55 x 100 is 55.00000000000001 in binary; 55 / 100 is 0.55."""
    genes = [f"G{i}" for i in range(n_genes)]
    collection = SignatureCollection.of({"S": genes})
    data = pd.Index(genes[:n_found])
    share = float(f"{n_found / n_genes:.2f}")
    found = compile_signatures(collection, data, min_coverage=share)
    assert found.coverage.loc["S", "status"] == "ok"
    more = compile_signatures(collection, data, min_coverage=share + 0.01)
    assert more.coverage.loc["S", "status"] == "low_coverage"


def test_no_signature_gives_empty_sets():
    found = compiled({"none": ["X"]})
    assert found.names == ()
    assert (found.sets.n_sets, found.arms.n_sets) == (0, 0)
    assert found.combine_arms(np.zeros((3, 0))).shape == (3, 0)


def test_an_empty_collection_has_an_empty_coverage_with_all_columns():
    table = compiled({}).coverage
    assert list(table.columns) == ["n_genes", "n_found", "coverage", "status", "missing_genes"]
    assert table.empty


def test_selected_genes_keep_their_sets_and_weights():
    sets = compiled({"S": {"NTRK1": 3.0, "NGF": -1.0, "RET": 2.0}, "T": ["NGF"], "U": ["RET"]}).sets
    keep = np.array([True, False, True, True, True, True])
    kept = sets.select(keep)
    assert members(kept) == [[2, 5], [], [2]]
    assert kept.weights.tolist() == [2.0, 3.0, 1.0]
    assert members(sets) == [[1, 2, 5], [1], [2]]
    assert members(sets.select(np.zeros(6, dtype=bool))) == [[], [], []]


def test_coverage_without_scoring_is_that_of_scoring():
    signatures = {"S": ["NGF", "RET", "X"], "T": ["X"]}
    table = coverage_of(signatures, GENES, min_genes=2)
    pd.testing.assert_frame_equal(table, compiled(signatures, min_genes=2).coverage)
