"""What scores must not depend on, on random expression, sets and parameters.

Values are multiples of 1/8 of moderate size, so that shifts and powers of two are exact and a
change of more than rounding is a change of the score.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import neurosig as ns

pytestmark = pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
few = settings(deadline=None, max_examples=40)

SAMPLE_SCOPE = ["mean", "ssgsea", "singscore"]
ALL = [*SAMPLE_SCOPE, "zscore"]
RANK_METHODS = [
    ns.methods.SsGsea(),
    ns.methods.SsGsea(alpha=0.0),
    ns.methods.SsGsea(alpha=1.0),
    ns.methods.Singscore(),
    ns.methods.Singscore(ties="average"),
    ns.methods.Singscore(ties="max", center=False),
    ns.methods.Singscore(known_direction=False),
]


@st.composite
def expressions(draw, min_obs=2, ties=True) -> pd.DataFrame:
    n_obs, n_genes = draw(st.integers(min_obs, 6)), draw(st.integers(6, 25))
    if ties:
        eighths = draw(arrays(np.int64, (n_obs, n_genes), elements=st.integers(0, 40)))
        eighths[0, 0] += 1  # a matrix of zeros is refused
    else:
        seed = draw(st.integers(0, 2**32 - 1))
        rng = np.random.default_rng(seed)
        eighths = np.stack([rng.permutation(n_genes) + 1 for _ in range(n_obs)])
    return pd.DataFrame(
        eighths / 8, [f"p{i}" for i in range(n_obs)], [f"G{i}" for i in range(n_genes)]
    )


@st.composite
def cases(draw, ties=True):
    """Expression with a plain and a directed signature; always some genes in neither."""
    x = draw(expressions(ties=ties))
    genes = draw(st.permutations(list(x.columns)))
    n_up, n_down = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    sets = {
        "plain": sorted(genes[:n_up]),
        "directed": {"up": genes[:n_up], "down": genes[n_up : n_up + n_down]},
    }
    return x, sets


def values(x, sets, method) -> pd.DataFrame:
    return ns.score(x, sets, method=method).values


def assert_close(found: pd.DataFrame, expected: pd.DataFrame, tolerance: float) -> None:
    np.testing.assert_allclose(
        found.loc[expected.index, expected.columns], expected, rtol=0, atol=tolerance
    )


@few
@given(cases(), st.sampled_from(RANK_METHODS), st.integers(-3, 3), st.integers(-4, 4))
def test_methods_of_ranks_ignore_a_monotone_transform(case, method, shift, power):
    x, sets = case
    expected = values(x, sets, method)
    found = values((x + shift) * 2.0**power, sets, method)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(values(x**3 + 1, sets, method), expected)


@few
@given(cases(), st.sampled_from(ALL), st.randoms(use_true_random=False))
def test_the_order_of_samples_does_not_matter(case, method, random):
    x, sets = case
    shuffled = random.sample(list(x.index), len(x))
    found, expected = values(x.loc[shuffled], sets, method), values(x, sets, method)
    # Sums of at most six numbers below 50, z-values among them.
    assert_close(found, expected, 0.0 if method in SAMPLE_SCOPE else 1e-12)


@few
@given(cases(ties=False), st.sampled_from(ALL), st.randoms(use_true_random=False))
def test_the_order_of_genes_does_not_matter_without_ties(case, method, random):
    x, sets = case
    shuffled = random.sample(list(x.columns), x.shape[1])
    assert_close(values(x[shuffled], sets, method), values(x, sets, method), 1e-12)


@few
@given(cases(), st.sampled_from(["mean", "singscore", "zscore"]), st.randoms(use_true_random=False))
def test_only_ssgsea_breaks_ties_by_the_order_of_genes(case, method, random):
    x, sets = case
    shuffled = random.sample(list(x.columns), x.shape[1])
    assert_close(values(x[shuffled], sets, method), values(x, sets, method), 1e-12)


@few
@given(cases(), st.sampled_from(SAMPLE_SCOPE), st.integers(1, 5))
def test_other_samples_do_not_change_a_bit_in_methods_of_sample_scope(case, method, n_more):
    x, sets = case
    rng = np.random.default_rng(n_more)
    more = pd.DataFrame(
        rng.normal(5, 3, (n_more, x.shape[1])), [f"new{i}" for i in range(n_more)], x.columns
    )
    found = values(pd.concat([more, x]), sets, method).loc[x.index]
    np.testing.assert_array_equal(found, values(x, sets, method))


@few
@given(cases(), st.sampled_from(ALL))
def test_other_signatures_do_not_change_a_bit(case, method):
    x, sets = case
    more = {"first": list(x.columns[:4]), **sets, "last": list(x.columns[-3:])}
    found = values(x, more, method)[list(sets)]
    np.testing.assert_array_equal(found, values(x, sets, method))


@few
@given(cases(), st.integers(-4, 4), st.integers(-20, 20), st.integers(0, 2**32 - 1))
def test_the_z_score_ignores_shift_and_scale_of_every_gene(case, power, shift, seed):
    x, sets = case
    rng = np.random.default_rng(seed)
    scales = 2.0 ** rng.integers(-3, 4, x.shape[1])
    shifts = rng.integers(-9, 9, x.shape[1])
    found = values(x * scales * 2.0**power + shifts + shift, sets, "zscore")
    # Means of six numbers up to 700, rounded, over deviations that are 1/20 or more.
    assert_close(found, values(x, sets, "zscore"), 1e-9)


@few
@given(cases(), st.integers(-4, 4), st.integers(-20, 20))
def test_the_mean_shifts_and_scales_with_the_values(case, power, shift):
    x, sets = case
    plain = {"plain": sets["plain"]}
    found = values(x * 2.0**power + shift, plain, "mean")
    assert_close(found, values(x, plain, "mean") * 2.0**power + shift, 1e-12)


@few
@given(cases(), st.integers(-20, 20))
def test_the_difference_of_two_arms_does_not_shift(case, shift):
    x, sets = case
    directed = {"directed": sets["directed"]}
    assert_close(values(x + shift, directed, "mean"), values(x, directed, "mean"), 1e-12)


@few
@given(
    cases(), st.sampled_from([ns.methods.Mean(), ns.methods.SsGsea(), ns.methods.SsGsea(alpha=1)])
)
def test_a_directed_score_is_the_up_arm_minus_the_down_arm(case, method):
    x, sets = case
    up, down = sets["directed"]["up"], sets["directed"]["down"]
    arms = values(x, {"up": up, "down": down}, method)
    found = values(x, {"both": {"up": up, "down": down}}, method)["both"]
    np.testing.assert_array_equal(found, arms["up"] - arms["down"])


@few
@given(cases(), st.sampled_from(["mean", "zscore", "ssgsea"]))
def test_a_directed_signature_turned_round_changes_sign(case, method):
    x, sets = case
    both = sets["directed"]
    turned = {"directed": {"up": both["down"], "down": both["up"]}}
    found = values(x, turned, method)
    assert_close(found, -values(x, {"directed": both}, method), 1e-12)


@few
@given(cases())
def test_a_directed_singscore_turned_round_changes_sign(case):
    """1 - s - 1/2 = -(s - 1/2) for each arm."""
    x, sets = case
    both = sets["directed"]
    turned = {"directed": {"up": both["down"], "down": both["up"]}}
    found = values(x, turned, "singscore")
    assert_close(found, -values(x, {"directed": both}, "singscore"), 1e-12)


@few
@given(cases(), st.booleans())
def test_singscore_with_average_ties_stays_within_its_bounds(case, center):
    """With average ranks k genes add up to at least 1 + .. + k, also where values tie."""
    x, sets = case
    found = values(x, sets, ns.methods.Singscore(ties="average", center=center))
    width, low = 1.0, -0.5 if center else 0.0
    slack = 1e-12
    assert found["plain"].between(low - slack, low + width + slack).all()
    assert found["directed"].between(2 * low - slack, 2 * (low + width) + slack).all()


@few
@given(cases(ties=False), st.sampled_from(["min", "max"]))
def test_singscore_stays_within_its_bounds_without_ties(case, ties):
    x, sets = case
    found = values(x, sets, ns.methods.Singscore(ties=ties))
    assert found["plain"].between(-0.5 - 1e-12, 0.5 + 1e-12).all()
    assert found["directed"].between(-1 - 1e-12, 1 + 1e-12).all()


@few
@given(cases(), st.sampled_from(["min", "max"]))
def test_singscore_with_ties_leaves_its_bounds_by_no_more_than_documented(case, ties):
    x, sets = case
    found = values(x, sets, ns.methods.Singscore(ties=ties))["plain"]
    k, n = len(sets["plain"]), x.shape[1]
    excess = (k - 1) / (2 * (n - k)) + 1e-12
    assert found.between(-0.5 - excess, 0.5 + excess).all()


@few
@given(expressions(ties=False), st.integers(1, 5))
def test_the_top_genes_have_the_highest_singscore_and_the_bottom_ones_the_lowest(x, k):
    row = x.iloc[[0]]
    ordered = list(row.iloc[0].sort_values().index)
    found = values(row, {"top": ordered[-k:], "bottom": ordered[:k]}, "singscore").iloc[0]
    np.testing.assert_allclose(found, [0.5, -0.5], rtol=0, atol=1e-15)


@few
@given(expressions(ties=False), st.integers(1, 5))
def test_with_alpha_0_the_top_genes_have_half_n_and_the_bottom_ones_minus_half_n(x, k):
    """The k top genes have n, .., n-k+1 steps left: mean n - (k-1)/2; the others (n-k+1)/2 on
    average. The difference is n/2, whatever k."""
    row = x.iloc[[0]]
    ordered = list(row.iloc[0].sort_values().index)
    sets = {"top": ordered[-k:], "bottom": ordered[:k]}
    found = values(row, sets, ns.methods.SsGsea(alpha=0.0)).iloc[0]
    n = x.shape[1]
    np.testing.assert_allclose(found, [n / 2, -n / 2], rtol=0, atol=1e-12)


@few
@given(cases(), st.sampled_from(RANK_METHODS[:6]), st.sampled_from(ALL))
def test_a_score_depends_on_the_call_alone(case, first, second):
    x, sets = case
    before = values(x, sets, first)
    values(x, sets, second)
    np.testing.assert_array_equal(values(x, sets, first), before)


@few
@given(cases())
def test_z_scores_of_a_gene_have_mean_0_and_deviation_1_over_the_cohort(case):
    x, _ = case
    varying = x.columns[x.max() > x.min()]
    found = values(x, {gene: [gene] for gene in varying}, "zscore") if len(varying) else None
    if found is not None:
        np.testing.assert_allclose(found.mean(), 0, atol=1e-9)
        np.testing.assert_allclose(found.std(ddof=1), 1, atol=1e-9)
