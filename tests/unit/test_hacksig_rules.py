"""Which rules of the R package hacksig are ours under which parameters, on four small samples.

The expected numbers were computed in R 4.2.2 by the formulas of hacksig's source (R/ss_methods.R):
``hack_sig(X, S, method =, rank_norm =, sample_norm =, direction =)``. Without ties, for hacksig
does not truncate the average ranks of ties in ssgsea and has one rule for them in singscore.
"""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns

X = pd.DataFrame(
    [
        [8, 3, 5, 1, 7, 2, 6, 4],
        [2, 6, 1, 8, 3, 7, 4, 5],
        [5, 1, 8, 4, 2, 6, 3, 7],
        [3, 8, 2, 6, 5, 1, 7, 4],
    ],
    index=["s1", "s2", "s3", "s4"],
    columns=list("abcdefgh"),
    dtype=float,
)
SETS = {"P": list("abe"), "Q": list("cfgh")}

RAW = {
    "P": [2.6253114791486207, -1.1386408797858829, -2.6538761137437814, 1.5370831643069778],
    "Q": [-0.35325536357044018, -0.14035516917968305, 3.1683391991023173, -1.5953508237416236],
}
ALL = {
    "P": [0.45091281206247219, -0.19556832212535885, -0.45581895741442024, 0.26400314686328541],
    "Q": [-0.060673703150589398, -0.024106832474917971, 0.54418104258557964, -0.27401096284118032],
}
SEPARATE = {
    "P": [1.0, 0.28702053247699039, 0.0, 0.79386443544708052],
    "Q": [0.26074229309942543, 0.3054345785692627, 1.0, 0.0],
}
LOG_RANKS = {
    "P": [2.4268093849955519, -1.3105520677090552, -2.8988622985326482, 1.3566733788298873],
    "Q": [-0.48185704162679621, -0.45226698412589184, 3.0200940269544265, -1.9503938812160637],
}
ZSCORE = {
    "P": [1.2012586189549268, -0.59247399577646287, -1.1266748379153928, 0.51789021473692887],
    "Q": [-0.26126133907565041, -0.23867826241277179, 1.131522865958436, -0.63158326447001367],
}
UP = {"P": [0.8, 1 / 3, 2 / 15, 2 / 3], "Q": [0.4375, 0.4375, 0.875, 0.25]}
DOWN = {"P": [0.2, 2 / 3, 13 / 15, 1 / 3], "Q": [0.5625, 0.5625, 0.125, 0.75]}
NO_DIRECTION = {"P": [7 / 12, 1 / 12, 0.25, 0.25], "Q": [-0.125, 0.125, 0.5, 0.25]}


def scored(method, signatures=SETS) -> pd.DataFrame:
    return ns.score(X, signatures, method=method).values


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (ns.methods.SsGsea(), RAW),  # rank_norm = "none", and "rank", whose factor cancels
        (ns.methods.SsGsea(normalize=True), ALL),  # sample_norm = "all"
        (ns.methods.ZScore(), ZSCORE),
        (ns.methods.Singscore(center=False, ties="average"), UP),
    ],
)
def test_the_rule_is_ours(method, expected):
    np.testing.assert_allclose(scored(method), pd.DataFrame(expected), rtol=0, atol=1e-14)


def test_scores_separate_by_signature_are_ours_stretched_to_0_and_1():
    raw = scored("ssgsea")
    found = (raw - raw.min()) / (raw.max() - raw.min())
    np.testing.assert_allclose(found, pd.DataFrame(SEPARATE), rtol=0, atol=1e-14)


def test_the_direction_down_is_our_down_arm():
    down = {name: {"down": genes} for name, genes in SETS.items()}
    found = scored(ns.methods.Singscore(center=False, ties="average"), down)
    np.testing.assert_allclose(found, pd.DataFrame(DOWN), rtol=0, atol=1e-14)


def test_logged_ranks_are_another_rule():
    """Weights log(10000 r / n + e) instead of r: no exponent alpha of ours makes them."""
    assert np.abs(scored("ssgsea") - pd.DataFrame(LOG_RANKS, X.index)).to_numpy().max() > 0.1


def test_without_direction_hacksig_has_other_bounds_than_singscore():
    """P of s1 has the ranks 8, 3, 7 of 8.

    singscore: distances from ceiling(4.5) = 5 are 3, 2, 2; lowest mean (floor(3 / 2) + 1) / 2 = 1,
    highest (8 - floor(3 / 2) + 1) / 2 = 4. hacksig: distances from 8 / 2 = 4 are 4, 1, 3; lowest
    (ceiling(3 / 2) + 1) / 2 = 1.5, highest (8 - ceiling(3 / 2) + 1) / 2 = 3.5.
    """
    found = scored(ns.methods.Singscore(known_direction=False))
    assert found.loc["s1", "P"] == pytest.approx((7 / 3 - 1) / (4 - 1), rel=1e-15)
    assert NO_DIRECTION["P"][0] == pytest.approx((8 / 3 - 1.5) / (3.5 - 1.5), rel=1e-15)
