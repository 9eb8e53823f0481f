"""GSVA on numbers small enough to check with a pencil, and its kernels against slow twins.

TINY is the 6 genes x 4 samples example of the reference numbers; the scores of P and Q on it were
printed by GSVA 2.1.4, ``gsva(gsvaParam(X, s, kcdf=))`` with s = list(P = c("a", "b"),
Q = c("c", "d", "e")).

Sample s1 without kernel: number of values at or below its own, a 3, b 3, c 3, f 3, e 2, d 1; of
genes that tie the first is higher, so from the top a b c f e d with weights |3 - rank| 3 2 1 0 1 2.
Walk of Q: a -1/3, b -2/3, c +1/4, f -1/3 to the lowest -3/4, then e and d up to 0.
"""

from decimal import Decimal, getcontext

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import (
    CoverageWarning,
    InputError,
    NonFiniteError,
    ParameterError,
    ScaleError,
)
from neurosig.expression.adapters import as_expression
from neurosig.genesets.compiled import GeneSets, compile_signatures
from neurosig.genesets.signature import SignatureCollection
from neurosig.kernels.gene_cdf import bandwidth, gaussian_cdf, poisson_cdf
from neurosig.kernels.gsva_walk import genes_from_top, gsva_walk, order_of_counts
from neurosig.kernels.set_sums import sets_by_gene
from neurosig.methods.gene_distributions import normal_table

TINY = pd.DataFrame(
    {
        "a": [5.0, 1, 6, 2],
        "b": [3.0, 2, 5, 2],
        "c": [3.0, 3, 4, 2],
        "d": [1.0, 4, 3, 9],
        "e": [4.0, 5, 2, 9],
        "f": [2.0, 6, 1, 1],
    },
    index=["s1", "s2", "s3", "s4"],
)
SETS = {"P": ["a", "b"], "Q": ["c", "d", "e"]}
CLOSE = {"rtol": 0, "atol": 1e-15}  # a few fractions below 1


def gsva(x: pd.DataFrame, signatures=SETS, **parameters) -> pd.DataFrame:
    method = ns.methods.Gsva(**parameters)
    return ns.score(x, signatures, method=method, min_genes=1).values


def fitted(x: pd.DataFrame, **parameters):
    """Method, compiled signatures and cohort statistics of a set of the first two genes."""
    method = ns.methods.Gsva(**parameters)
    sets = compile_signatures(
        SignatureCollection.of({"S": list(x.columns[:2])}), as_expression(x).var_names
    )
    return method, sets, method.fit_genes(as_expression(x))


class TestScores:
    @pytest.mark.parametrize(
        ("kcdf", "p", "q"),
        [
            ("none", [1, -1, 1, 0], [-3 / 4, 1 / 3, -2 / 3, 3 / 7]),
            ("gaussian", [1, -1, 3 / 4, -1 / 4], [-1, 1 / 3, -1 / 3, 3 / 7]),
        ],
    )
    def test_the_tiny_example_equals_gsva(self, kcdf, p, q):
        found = gsva(TINY, kcdf=kcdf)
        np.testing.assert_allclose(found["P"], p, **CLOSE)
        np.testing.assert_allclose(found["Q"], q, **CLOSE)

    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [
            ({"max_diff": False}, -3 / 4),  # the lowest beats the highest, 0
            ({"abs_ranking": True}, 3 / 4),  # highest less lowest
            ({"tau": 2.0}, -5 / 6),  # weights 1 1 4: after c 1/6, then f to -1
            ({"tau": 0.0}, -2 / 3),  # equal weights: after c 1/3, then f to -1
        ],
    )
    def test_each_parameter_by_hand_on_s1(self, parameters, expected):
        found = gsva(TINY, kcdf="none", **parameters).loc["s1", "Q"]
        assert found == pytest.approx(expected, abs=1e-15)

    def test_a_directed_signature_is_the_up_arm_minus_the_down_arm(self):
        found = gsva(TINY, {"D": {"up": SETS["P"], "down": SETS["Q"]}}, kcdf="none")["D"]
        np.testing.assert_allclose(found, [7 / 4, -4 / 3, 5 / 3, -3 / 7], **CLOSE)

    def test_a_gene_that_is_constant_is_no_step_of_the_walk(self):
        found = gsva(TINY.assign(constant=4.0), kcdf="none")
        np.testing.assert_allclose(found["Q"], [-3 / 4, 1 / 3, -2 / 3, 3 / 7], **CLOSE)

    def test_a_set_of_all_genes_has_no_score_and_says_so(self):
        method = ns.methods.Gsva(kcdf="none")
        with pytest.warns(CoverageWarning, match="gives no score"):
            scores = ns.score(TINY, {"all": list("abcdef"), **SETS}, method=method, min_genes=1)
        assert scores.values["all"].isna().all()
        assert scores.coverage.loc["all", "status"] == "no_score"
        assert scores.values[["P", "Q"]].notna().all(axis=None)

    def test_zeros_that_stand_apart_by_hand(self):
        """First row: a 2 of (2, 1, 3) gives 2/3, d 1 of (1, 2) gives 1/2; b, c and e are 0. From
        the top a d, then the zeros with the last gene first: e c b. Two values that are not zero:
        the middle is 3/2, a (rank 3) weighs 3/2, d (rank 2) 1/2, a zero (rank 1) 1/2. {b, d}: a
        -1/3, d +1/2 to the highest 1/6, e, c to the lowest -1/2, b 0: 1/6 - 1/2 = -1/3."""
        x = pd.DataFrame(
            {"a": [2.0, 1, 3], "b": [0.0, 5, 4], "c": [0.0, 1, 2], "d": [1.0, 0, 2],
             "e": [0.0, 3, 4], "one value": [0.0, 3, 3]},
            index=list("xyz"),
        )  # fmt: skip
        found = gsva(x, {"S": ["b", "d"]}, kcdf="none", zeros="nonzero")
        assert found.loc["x", "S"] == pytest.approx(-1 / 3, abs=1e-15)

    def test_missing_values_by_each_policy(self):
        """Without f, s1 has from the top a b c e d with weights |5/2 - rank| 2.5 1.5 .5 .5 1.5; f
        is a step out of Q at the bottom. Q: a -1/3, b -2/3, c +1/5, e +1/5, d +3/5 to 1/3, f 0:
        1/3 - 2/3."""
        x = TINY.assign(f=np.nan)
        sets = {**SETS, "with f": ["a", "f"]}
        with pytest.raises(NonFiniteError, match="4 missing values"):
            gsva(x, sets)
        omitted = gsva(x, sets, kcdf="none", na="omit")
        assert omitted.loc["s1", "Q"] == pytest.approx(-1 / 3, abs=1e-15)
        assert omitted.loc["s1", "with f"] == 1.0  # a alone, at the top
        for max_diff in (True, False):
            with pytest.warns(CoverageWarning, match="with f"):
                kept = gsva(x, sets, kcdf="none", na="propagate", max_diff=max_diff)
            assert kept["with f"].isna().all()
            lowest = -2 / 3  # of Q, and farther from 0 than its highest
            assert kept.loc["s1", "Q"] == (omitted.loc["s1", "Q"] if max_diff else lowest)


class TestChoiceOfKernel:
    def test_auto_is_poisson_for_counts_whatever_their_number_type(self):
        x = np.floor(TINY * 7)
        expected = gsva(x, kcdf="poisson")
        assert gsva(x).equals(expected)
        assert gsva(x.astype(np.int32)).equals(expected)

    def test_auto_is_gaussian_for_values_with_a_fraction_or_below_zero(self):
        for x in (TINY + 0.5, TINY - 3):
            assert gsva(x).equals(gsva(x, kcdf="gaussian"))

    def test_auto_is_no_kernel_from_200_samples_on(self):
        rng = np.random.default_rng(5)
        x = pd.DataFrame(rng.normal(5, 1, (200, 12)), columns=list("abcdefghijkl"))
        assert gsva(x).equals(gsva(x, kcdf="none"))
        assert gsva(x.iloc[1:]).equals(gsva(x.iloc[1:], kcdf="gaussian"))

    @pytest.mark.parametrize("shift", [0.5, -3.0])
    def test_poisson_on_values_that_are_no_counts_is_refused(self, shift):
        with pytest.raises(ScaleError, match="for counts") as caught:
            gsva(TINY + shift, kcdf="poisson")
        assert "gaussian" in caught.value.remedy

    def test_one_sample_is_refused_with_a_method_that_takes_one(self):
        with pytest.raises(InputError, match="gsva compares samples") as caught:
            gsva(TINY.iloc[:1])
        assert "singscore" in caught.value.remedy

    @pytest.mark.parametrize("tau", [-1.0, 11.0, float("nan"), True])
    def test_an_exponent_out_of_range_is_refused(self, tau):
        with pytest.raises(ParameterError, match="tau cannot be"):
            ns.methods.Gsva(tau=tau)


def slow_gaussian(value: float, x: np.ndarray) -> float:
    """Sum over the samples, with the table of the normal distribution read at a step cut off."""
    from scipy.stats import norm

    total = 0.0
    for other in x:
        v = (value - other) / (np.std(x, ddof=1) / 4)
        step = norm.cdf(int(abs(v) / 10 * 10000) / 1000) if abs(v) <= 10 else 1.0
        total += step if v >= 0 else 1 - step
    return total / len(x)


def exact_poisson(count: int, mean: float) -> float:
    """The sum of probabilities with 50 digits."""
    getcontext().prec = 50
    probability, total = (-Decimal(mean)).exp(), Decimal(0)
    for k in range(count + 1):
        total += probability
        probability = probability * Decimal(mean) / (k + 1)
    return float(total)


class TestDistributionFunctions:
    @pytest.mark.parametrize("n", [2, 3, 4, 5, 30])
    def test_the_gaussian_kernel_equals_a_slow_sum(self, n):
        x = np.random.default_rng(n).normal(3, 2, n)
        x[-1] = x[0] + 40 * (n > 2)  # far beyond ten bandwidths, or a tie of two
        x[0] += 1.0 * (n == 2)
        width = np.std(x, ddof=1) / 4
        expected = [slow_gaussian(value, x) for value in x]
        found = gaussian_cdf(x, width, normal_table())
        np.testing.assert_allclose(found, expected, rtol=1e-14)

    @pytest.mark.parametrize("width", [0.5, 0.7, 1 / 3])
    def test_values_on_whole_steps_of_the_table_fall_as_the_rule_says(self, width):
        """Steps of |v| / 10 x 10000 cut off: 0.07 / 0.7 is 100 steps, or 99 by rounding."""
        from scipy.stats import norm

        x = np.arange(0, 12) * 0.07
        v = (x[:, None] - x) / width
        above = norm.cdf((np.abs(v) / 10 * 10000).astype(int) / 1000)
        expected = np.where(v < 0, 1 - above, above)
        total = np.zeros(len(x))
        for j in range(len(x)):
            total += expected[:, j]
        np.testing.assert_allclose(
            gaussian_cdf(x, width, normal_table()), total / len(x), rtol=1e-15
        )

    @pytest.mark.parametrize("size", [5e-324, 1e-200, 1e200, 1e308])
    def test_squares_out_of_the_range_of_floats_leave_the_plain_distribution_function(self, size):
        """Of 1 2 2 9 times the size: halves for ties, (0 + 1/2, 1 + 2 / 2, 1 + 2 / 2, 3.5) / 4."""
        x = np.array([1.0, 2.0, 2.0, 9.0]) * (size / 9 if size == 1e308 else size)
        found = gaussian_cdf(x, bandwidth(x), normal_table())
        # The smallest floats are within the least width of each other: all tie.
        assert found.tolist() == ([0.5] * 4 if size == 5e-324 else [0.125, 0.5, 0.5, 0.875])

    @pytest.mark.parametrize("mean", [0.5, 1.5, 7.5, 100.5, 1234.5])
    def test_the_poisson_kernel_is_exact_to_the_last_digit(self, mean):
        counts = np.unique(np.floor(mean + np.sqrt(mean) * np.arange(-6, 7)).clip(0))
        found = poisson_cdf(counts, np.array([mean - 0.5]), np.array([0]))
        expected = np.array([exact_poisson(int(c), mean) for c in counts])
        # Far below the mode only absolute digits count: they are added to numbers near 1/2.
        assert (np.abs(found - expected) <= np.maximum(np.spacing(expected) / 2, 1e-24)).all()

    def test_counts_far_from_the_mean_have_probability_0_and_1(self):
        found = poisson_cdf(np.array([0.0, 1e6]), np.array([5e4]), np.array([0]))
        assert found.tolist() == [0.0, 1.0]


def slow_walk(ranked: list[int], members: set[int], n_genes: int, n_apart: int, tau: float):
    """Extremes of the walk over every place, down the genes of one row from the top."""
    n, n_others = len(ranked), len(ranked) - n_apart
    if n_apart:  # ranks from 2 on, one rank for all zeros, and the middle of the ranks above it
        weights = [abs((n_others + 1) / 2 - (max(n_others - t, 0) + 1)) ** tau for t in range(n)]
    else:
        weights = [abs(n / 2 - (n - t)) ** tau for t in range(n)]
    inside = sum(w for g, w in zip(ranked, weights, strict=True) if g in members)
    n_out = n_genes - sum(g in members for g in ranked)
    if inside == 0 or n_out == 0:
        return np.nan, np.nan
    height, heights = 0.0, [0.0]
    for g, w in zip(ranked, weights, strict=True):
        height += w / inside if g in members else -1 / n_out
        heights.append(height)
    return max(heights), min(heights)


@pytest.mark.parametrize("tau", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("n_apart", [0, 1, 7])
def test_the_walk_of_all_sets_together_equals_a_loop_over_the_places(tau, n_apart):
    rng = np.random.default_rng(n_apart)
    n_genes, n_ranked = 30, 27  # the last three miss their values
    sizes = [0, 1, 4, 12, n_genes]
    sets = GeneSets.from_lists(
        [np.sort(rng.choice(n_genes, k, replace=False)) for k in sizes], [np.ones(k) for k in sizes]
    )
    from_top = np.array([rng.permutation(n_genes) for _ in range(5)], dtype=np.int32)
    above, below, n_in = gsva_walk(
        from_top,
        np.full(5, n_ranked),
        np.full(5, n_apart),
        n_genes,
        (np.arange(n_genes + 2) / 2) ** tau,
        sets_by_gene(sets.indptr, sets.indices, sets.weights, n_genes)[:2],
        len(sizes),
    )
    for i, row in enumerate(from_top):
        ranked = row[:n_ranked].tolist()
        for s, genes in enumerate(np.split(sets.indices, sets.indptr[1:-1])):
            expected = slow_walk(ranked, set(genes.tolist()), n_genes, n_apart, tau)
            # The loop adds up to 30 steps below 1 in another order.
            np.testing.assert_allclose((above[i, s], below[i, s]), expected, rtol=0, atol=1e-13)
            assert n_in[i, s] == len(set(genes) & set(ranked))


def test_genes_from_the_top_by_hand():
    """Ascending 4 | 0 2 | 1 3, values missing in 5: from the top the pair 1 3, then 0 2, then 4.
    With three zeros apart at the bottom, the zeros 4 0 2 come last gene of them first: 2 0 4."""
    places = np.array([[4, 0, 2, 1, 3, 5]] * 2, dtype=np.int32)
    is_larger = np.array([[1, 1, 0, 1, 0, 0], [1, 0, 0, 1, 0, 0]], dtype=bool)
    found = genes_from_top((places, is_larger, np.array([5, 5])), np.array([0, 3]))
    assert found.tolist() == [[1, 3, 0, 2, 4, 5], [1, 3, 2, 0, 4, 5]]


def test_the_order_of_counts_is_that_of_a_stable_sort():
    counts = np.random.default_rng(3).integers(0, 6, (4, 25))
    places, is_larger, n_present = order_of_counts(counts, 5)  # 5 is missing
    np.testing.assert_array_equal(places, np.argsort(counts, axis=1, kind="stable"))
    np.testing.assert_array_equal(n_present, (counts < 5).sum(axis=1))
    ascending = np.sort(counts, axis=1)
    np.testing.assert_array_equal(is_larger[:, 1:], ascending[:, 1:] > ascending[:, :-1])
    assert is_larger[:, 0].all()


class TestRowsOfACohort:
    """A row is placed by its values alone, so that one patient can be scored later."""

    @pytest.mark.parametrize("kcdf", ["gaussian", "poisson", "none"])
    @pytest.mark.parametrize("zeros", ["rank", "nonzero"])
    def test_one_row_scored_alone_equals_its_score_in_the_cohort(self, kcdf, zeros):
        x = TINY.assign(g=[0.0, 0, 3, 1], h=[0.0, 5, 2, 0])
        method, sets, cohort = fitted(x, kcdf=kcdf, zeros=zeros)
        together = method.score_rows(x.to_numpy(copy=True), sets, cohort)
        for i in range(len(x)):
            alone = method.score_rows(x.iloc[[i]].to_numpy(copy=True), sets, cohort)
            assert (alone == together[[i]]).all()

    def test_a_value_the_cohort_does_not_hold_is_estimated(self):
        """2.5, 0.1 and 99 of gene a = 5 1 6 2 by the slow sum; 3 in c is known."""
        _, _, cohort = fitted(TINY, kcdf="gaussian")
        row = TINY.iloc[[0]].to_numpy(copy=True)
        for value in (2.5, 0.1, 99.0):
            row[0, 0] = value
            statistics, _ = cohort.ranked(row)
            share = slow_gaussian(value, TINY["a"].to_numpy())
            with np.errstate(divide="ignore"):
                expected = np.log(share / (1 - share)) if share < 1 else np.inf
            assert statistics[0, 0] == pytest.approx(expected, rel=1e-12)
            assert statistics[0, 2] == cohort.ranked(TINY.to_numpy(copy=True))[0][0, 2]

    def test_a_count_the_cohort_does_not_hold_is_estimated(self):
        """Gene a = 5 1 6 2 and the count 4: mean of P(Poisson(x + 1/2) <= 4)."""
        _, _, cohort = fitted(TINY, kcdf="poisson")
        row = TINY.iloc[[0]].to_numpy(copy=True)
        row[0, 0] = 4.0
        share = np.mean([exact_poisson(4, x + 0.5) for x in TINY["a"]])
        statistics, _ = cohort.ranked(row)
        assert statistics[0, 0] == pytest.approx(np.log(share / (1 - share)), rel=1e-13)

    def test_a_value_below_all_of_the_cohort_is_not_taken_for_the_gene_before(self):
        """The last value stored of a is 6; a new 6 in b, whose values are all above 6, is new."""
        x = TINY.assign(b=TINY["b"] + 10)
        _, _, cohort = fitted(x, kcdf="gaussian")
        row = x.iloc[[0]].to_numpy(copy=True)
        row[0, 1] = 6.0
        share = slow_gaussian(6.0, x["b"].to_numpy())
        statistics, _ = cohort.ranked(row)
        with np.errstate(divide="ignore"):
            assert statistics[0, 1] == pytest.approx(np.log(share / (1 - share)), rel=1e-12)
