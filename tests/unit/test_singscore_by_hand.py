"""Dispersion and stable genes of singscore, by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import ParameterError

X = pd.DataFrame(
    [[5.0, 3.0, 2.0, 1.0, 4.0, 0.0, 9.0], [1.0, 7.0, 7.0, 2.0, 7.0, 3.0, 0.5]],
    index=["s1", "s2"],
    columns=list("abcdefg"),
)
DISPERSION = ns.methods.Singscore(statistic="dispersion")
PANEL = ns.methods.Singscore(stable_genes=("b", "c", "d"))


def score(sets, method, x=X):
    return ns.score(x, sets, method=method).values


def test_the_dispersion_is_the_median_absolute_deviation_of_the_ranks():
    # s1, ascending: f d c b e a g have the ranks 1 to 7. a, b, f: 6, 4, 1; median 4;
    # deviations 2, 0, 3; their median 2. s2: g a d f (b c e tie at 5): 2, 5, 4; 2, 1, 0 -> 1.
    found = score({"S": ["a", "b", "f"]}, DISPERSION)["S"]
    assert found.tolist() == [1.4826 * 2, 1.4826 * 1]


def test_the_dispersion_of_an_even_number_of_genes_takes_the_middle_of_two():
    # a, e of s1: ranks 6, 5; median 5.5; both are 0.5 away.
    assert score({"S": ["a", "e"]}, DISPERSION).loc["s1", "S"] == 1.4826 * 0.5


def test_the_dispersion_of_two_arms_is_the_mean_of_both():
    # up a, b, f: 2 (above); down c, d, g: ranks 3, 2, 7; median 3; 0, 1, 4 -> 1.
    found = score({"S": {"up": ["a", "b", "f"], "down": ["c", "d", "g"]}}, DISPERSION)
    assert found.loc["s1", "S"] == pytest.approx(1.4826 * (2 + 1) / 2, abs=1e-15)


def test_centring_has_no_bearing_on_the_dispersion():
    sets = {"S": ["a", "b", "f"]}
    pd.testing.assert_frame_equal(
        score(sets, DISPERSION), score(sets, replace(DISPERSION, center=False))
    )


def test_stable_genes_are_counted_below_each_gene():
    # s1, of b=3, c=2, d=1: below a=5 three, below c=2 one, below f=0 none: 4/4, 2/4, 1/4.
    # s2, of b=7, c=7, d=2: below a=1 none, below c=7 one (an equal value is not below), f=3 one.
    found = score({"S": ["a", "c", "f"]}, PANEL)["S"]
    assert found.tolist() == pytest.approx([7 / 12 - 0.5, 5 / 12 - 0.5], abs=1e-15)


def test_a_down_arm_against_stable_genes_is_mirrored():
    # s1: up a: 4/4 - 1/2; down f: 1 - 1/4 - 1/2.
    found = score({"S": {"up": ["a"], "down": ["f"]}}, PANEL)
    assert found.loc["s1", "S"] == 0.75


def test_other_genes_have_no_part_in_ranks_against_stable_genes():
    sets = {"S": ["a", "f"]}
    pd.testing.assert_frame_equal(
        score(sets, PANEL), score(sets, PANEL, X.drop(columns=["e", "g"]))
    )


def test_a_missing_stable_gene_makes_the_sample_missing_and_no_other():
    x = X.copy()
    x.loc["s2", "c"] = np.nan
    found = score({"S": ["a", "f"]}, replace(PANEL, na="propagate"), x)["S"]
    assert found.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"stable_genes": ()}, "is empty.*Name genes"),
        ({"stable_genes": ("b",), "ties": "max"}, "cannot be combined.*ties='max'"),
        ({"stable_genes": ("b",), "known_direction": False}, "known_direction=False"),
        ({"stable_genes": "b"}, "cannot be 'b'.*list of text"),
        ({"statistic": "dispersal"}, "Did you mean 'dispersion'"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(parameters, message):
    with pytest.raises(ParameterError, match=message):
        ns.methods.Singscore(**parameters)


def test_a_stable_gene_that_is_absent_is_named():
    method = ns.methods.Singscore(stable_genes=("b", "NOPE"))
    with pytest.raises(ParameterError, match=r"1 stable gene is not in the data.*'NOPE'"):
        score({"S": ["a", "f"]}, method)
