"""AUCell on numbers small enough to check with a pencil."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import neurosig as ns
from neurosig.errors import NonFiniteError, ParameterError

# Descending ranks: a 1, e 2, b 3, c 4, d 5, f 6.
X = pd.DataFrame([[9.0, 5.0, 2.0, 1.0, 7.0, 0.0]], index=["s"], columns=list("abcdef"))


def scored(signatures, x=X, **parameters) -> pd.DataFrame:
    method = ns.methods.AuCell(**parameters)
    return ns.score(x, signatures, method=method, min_coverage=0, min_genes=1).values


def as_sparse(x: pd.DataFrame):
    import anndata

    return anndata.AnnData(
        scipy.sparse.csr_matrix(x.to_numpy()),
        obs=pd.DataFrame(index=list(x.index)),
        var=pd.DataFrame(index=list(x.columns)),
    )


def test_the_area_by_hand():
    """t = 4. a and b: (4 - 1) + (4 - 3) = 4 of 3 + 2 = 5. c is at rank 4, which does not count."""
    found = scored({"S": ["a", "b"], "low": ["c", "d"], "top": ["a", "e", "b"]}, auc_max_rank=4)
    assert found.loc["s"].to_dict() == {"S": 4 / 5, "low": 0.0, "top": 1.0}


def test_a_set_larger_than_the_top_is_compared_with_the_whole_top():
    """t = 4, five genes, but only ranks 1..3 count: (3 + 2 + 1) / (3 + 2 + 1)."""
    found = scored({"S": ["a", "e", "b", "c", "d"]}, auc_max_rank=4)
    assert found.loc["s", "S"] == 1.0


def test_absent_genes_leave_the_set():
    """t = 4. a alone of three: 3 / 3."""
    assert scored({"S": ["a", "X", "Y"]}, auc_max_rank=4).loc["s", "S"] == 1.0


@pytest.mark.parametrize(
    ("parameters", "cut"),
    [
        ({"top": 0.5}, 3),
        ({"top": 0.51}, 4),
        ({"top": 1.0}, 6),
        ({"auc_max_rank": 3.5}, 4),  # halves go to the even number, as in R
        ({"auc_max_rank": 4.5}, 4),
        ({"auc_max_rank": 4.6}, 5),
    ],
)
def test_the_number_of_top_ranks(parameters, cut):
    """Gene e at rank 2 alone: (t - 2) / (t - 1)."""
    assert scored({"S": ["e"]}, **parameters).loc["s", "S"] == (cut - 2) / (cut - 1)


def test_a_down_arm_is_subtracted():
    """t = 4. Up a, b: 4/5. Down e: 2/3."""
    found = scored({"S": {"up": ["a", "b"], "down": ["e"]}}, auc_max_rank=4)
    assert found.loc["s", "S"] == 4 / 5 - 2 / 3


def all_ways_to_break_ties(row: np.ndarray, in_set: np.ndarray, cut: int) -> float:
    """Mean AUC over all orders of the genes that a descending sort allows."""
    areas = []
    for order in permutations(range(len(row))):
        if (np.diff(row[list(order)]) <= 0).all():
            ranks = np.empty(len(row))
            ranks[list(order)] = np.arange(1, len(row) + 1)
            areas.append(np.maximum(0, cut - ranks[in_set]).sum())
    best = sum(cut - q for q in range(1, min(int(in_set.sum()), cut - 1) + 1))
    return float(np.mean(areas)) / best


@pytest.mark.parametrize("cut", [2, 3, 4, 5, 7])
@pytest.mark.parametrize(
    "row",
    [
        [3.0, 3.0, 3.0, 1.0, 0.0, 0.0, 0.0],
        [5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [2.0, 2.0, 1.0, 1.0, 1.0, 1.0, -1.0],
        [0.0] * 6 + [-2.0],
    ],
)
def test_with_ties_the_score_is_the_mean_over_all_ways_to_break_them(row, cut):
    genes = [f"g{i}" for i in range(7)]
    # A second sample keeps the matrix from being all zeros.
    x = pd.DataFrame([row, np.arange(7.0)], index=["s", "other"], columns=genes)
    in_set = np.array([True, False, True, False, True, False, False])
    found = scored({"S": ["g0", "g2", "g4"]}, x, auc_max_rank=cut).loc["s", "S"]
    expected = all_ways_to_break_ties(np.asarray(row), in_set, cut)
    assert found == pytest.approx(expected, rel=1e-14, abs=0)  # a mean of up to 5,040 areas
    assert scored({"S": ["g0", "g2", "g4"]}, as_sparse(x), auc_max_rank=cut).loc["s", "S"] == found


def test_a_tie_at_the_cut_by_hand():
    """t = 4; a 1, then b c d e tie at ranks 2..5 with points 2, 1, 0, 0: 3/4 each. a and b:
    (3 + 3/4) / (3 + 2)."""
    x = pd.DataFrame([[9.0, 2.0, 2.0, 2.0, 2.0, 0.0]], index=["s"], columns=list("abcdef"))
    assert scored({"S": ["a", "b"]}, x, auc_max_rank=4).loc["s", "S"] == 3.75 / 5


def test_the_order_of_genes_does_not_change_a_bit():
    rng = np.random.default_rng(3)
    x = pd.DataFrame(
        rng.poisson(0.4, (30, 400)).astype(float),
        [f"c{i}" for i in range(30)],
        [f"g{i}" for i in range(400)],
    )
    sets = {"S": [f"g{i}" for i in range(0, 400, 7)], "T": {"up": ["g1", "g2"], "down": ["g3"]}}
    expected = scored(sets, x, top=0.2)
    shuffled = x.iloc[:, rng.permutation(400)]
    assert scored(sets, shuffled, top=0.2).equals(expected)
    assert scored(sets, as_sparse(x), top=0.2).equals(expected)
    assert scored(sets, x + 1, top=0.2).equals(expected)  # the zeros are values like others


def test_a_missing_value_ranks_lowest_and_makes_only_its_signatures_missing():
    holed = pd.concat([X, X.rename(index={"s": "whole"})])
    holed.loc["s", "e"] = np.nan
    with pytest.raises(NonFiniteError):
        scored({"S": ["a", "b"]}, holed, auc_max_rank=4)
    for x in (holed, as_sparse(holed)):
        found = scored({"S": ["a", "b"], "T": ["a", "e"]}, x, auc_max_rank=4, na="propagate")
        assert found.loc["s", "S"] == 1.0  # b is second without e
        assert np.isnan(found.loc["s", "T"])
        assert found.loc["whole"].tolist() == [4 / 5, 1.0]


def test_of_few_genes_the_highest_one_counts():
    """5 % of 6 genes is one rank, above which there is none: t is 2 instead. a: (2 - 1) / 1."""
    assert scored({"S": ["a", "b"], "T": ["e"]}).loc["s"].to_dict() == {"S": 1.0, "T": 0.0}


def test_a_share_and_a_number_of_top_ranks_together_are_refused():
    with pytest.raises(ParameterError, match=r"top=0\.1, auc_max_rank=50"):
        ns.methods.AuCell(top=0.1, auc_max_rank=50)


@pytest.mark.parametrize("parameters", [{"top": 0.0}, {"top": 1.5}, {"auc_max_rank": 1}])
def test_parameters_that_make_no_sense_are_refused(parameters):
    with pytest.raises(ParameterError):
        ns.methods.AuCell(**parameters)
