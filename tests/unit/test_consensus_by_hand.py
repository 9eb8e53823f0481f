"""The consensus of methods by hand: ranks, agreement, and what members cannot do."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import (
    AgreementWarning,
    CoverageWarning,
    InputError,
    NonFiniteError,
    ParameterError,
    ScaleWarning,
    UnknownMethodError,
)
from neurosig.kernels.concordance import average_ranks, kendalls_w, rank_correlations
from neurosig.methods import consensus, registry

PAIR = ns.methods.Consensus(methods=("mean", "zscore"), min_agreement=0.0)
# mean: a 3, b 5.5, c 6. z of NGF: mean 4, sd sqrt(19): -3 -2 5; of TH: mean 17/3, sd sqrt(28/3).
# sums of z: a -.69-.22 = -.91, b -.46+1.09 = .63, c 1.15-.87 = .28. Ranks 1 2 3 and 1 3 2.
X = pd.DataFrame({"NGF": [1.0, 2.0, 9.0], "TH": [5.0, 9.0, 3.0]}, index=["a", "b", "c"])
SETS = {"S": ["NGF", "TH"]}


def random_expression(n_obs=12, n_genes=30) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    genes = [f"G{i:02d}" for i in range(n_genes)]
    return pd.DataFrame(rng.normal(6, 1, (n_obs, n_genes)), [f"p{i}" for i in range(n_obs)], genes)


class TestArithmetic:
    def test_ranks_are_scaled_to_0_and_1_and_averaged(self):
        # a (0 + 0) / 2, b (1/2 + 1) / 2, c (1 + 1/2) / 2.
        assert ns.score(X, SETS, method=PAIR).values["S"].tolist() == [0.0, 0.75, 0.75]

    def test_the_agreement_is_kendalls_w(self):
        # Rank sums 2 5 5, mean 4, S = 4 + 1 + 1 = 6; W = 12 * 6 / (4 * (27 - 3)) = 0.75.
        assert ns.score(X, SETS, method=PAIR).coverage.loc["S", "agreement"] == 0.75

    def test_the_pairs_of_methods_have_spearmans_rho(self):
        # Ranks 1 2 3 and 1 3 2: rho = 1 - 6 * 2 / (3 * 8) = 0.5 = (2 W - 1) / 1.
        table = ns.method_agreement(X, SETS, methods=["mean", ns.methods.ZScore()])
        assert table.index.names == ["signature", "method"]
        assert table.loc["S"].loc["mean", "zscore"] == pytest.approx(0.5, abs=1e-15)
        assert table.loc["S"].loc["zscore", "zscore"] == pytest.approx(1.0, abs=1e-15)

    def test_ties_share_their_average_rank(self):
        x = X.assign(NGF=[1.0, 3.0, 3.0], TH=[2.0, 4.0, 4.0])
        assert ns.score(x, SETS, method=PAIR).values["S"].tolist() == [0.0, 0.75, 0.75]

    def test_the_consensus_is_that_of_its_members_scores(self):
        x, sets = random_expression(), {"A": [f"G{i:02d}" for i in range(9)], "B": ["G20", "G21"]}
        names = ("ssgsea", "singscore", "gsva")
        method = ns.methods.Consensus(methods=names, min_agreement=0.0)
        found = ns.score(x, sets, method=method).values
        members = [ns.score(x, sets, method=name).values for name in names]
        expected = sum((table.rank() - 1) / 11 for table in members) / 3
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)

    def test_a_member_that_rescales_all_scores_finishes_first(self, monkeypatch):
        """plaid with normalize=True subtracts the median over the signatures of a sample."""
        normalised = ns.methods.Plaid(normalize=True)

        def get_method(name):
            return normalised if name == "plaid" else registry.get_method(name)

        monkeypatch.setattr(consensus, "get_method", get_method)
        x = random_expression()
        sets = {name: [f"G{i + k:02d}" for k in range(3)] for name, i in [("A", 0), ("B", 9)]}
        sets["C"] = ["G20", "G21"]
        method = ns.methods.Consensus(methods=("plaid", "mean"), min_agreement=0.0)
        found = ns.score(x, sets, method=method).values
        members = [ns.score(x, sets, method=m).values for m in (normalised, "mean")]
        expected = sum((table.rank() - 1) / 11 for table in members) / 2
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)


class TestConcordance:
    def test_one_number_added_in_two_ways_is_a_tie(self):
        values = np.array([[0.1 + 0.2], [0.3], [1.0]])
        assert values[0] != values[1]
        assert average_ranks(values).ravel().tolist() == [1.5, 1.5, 3.0]

    def test_numbers_that_differ_are_none(self):
        assert average_ranks(np.array([[1.0], [1.0 + 1e-9], [2.0]])).ravel().tolist() == [1, 2, 3]

    def test_the_same_ranking_has_w_1_and_opposite_ones_0(self):
        up = np.arange(1.0, 6.0)
        assert kendalls_w(np.column_stack([up, up, up])) == 1.0
        assert kendalls_w(np.column_stack([up, up[::-1]])) == 0.0

    def test_without_any_order_there_is_no_agreement_to_measure(self):
        same = np.full((4, 3), 2.5)
        assert np.isnan(kendalls_w(same))
        assert np.isnan(rank_correlations(same)).all()


class TestAgreement:
    def test_low_agreement_is_scored_with_a_warning_and_a_status(self):
        method = ns.methods.Consensus(methods=("mean", "zscore"), min_agreement=0.8)
        with pytest.warns(
            AgreementWarning, match=r"disagree on 1 signature.*S \(0\.75\)"
        ) as caught:
            scores = ns.score(X, SETS, method=method)
        assert "method_agreement" in str(caught[0].message)
        assert caught[0].filename == __file__
        assert scores.coverage.loc["S", "status"] == "low_agreement"
        assert scores.values.notna().all(axis=None)

    def test_the_limit_itself_is_allowed(self):
        method = ns.methods.Consensus(methods=("mean", "zscore"), min_agreement=0.75)
        assert ns.score(X, SETS, method=method).coverage.loc["S", "status"] == "ok"

    def test_only_the_consensus_has_the_column(self):
        assert "agreement" not in ns.score(X, SETS, method="mean").coverage
        sets = {**SETS, "absent": ["Q1", "Q2"]}
        with pytest.warns(CoverageWarning, match="absent"):
            coverage = ns.score(X, sets, method=PAIR).coverage
        assert coverage["agreement"].isna().tolist() == [False, True]

    def test_pairs_of_methods_are_over_the_observations_that_all_score(self):
        x = random_expression()
        x.iloc[3, 0] = np.nan
        methods = [ns.methods.Mean(na="propagate"), ns.methods.Singscore(na="propagate")]
        found = ns.method_agreement(x, {"S": ["G00", "G01"]}, methods=methods)
        dropped = ns.method_agreement(x.drop(index="p3"), {"S": ["G00", "G01"]}, methods=methods)
        pd.testing.assert_frame_equal(found, dropped)

    def test_a_signature_that_no_method_scores_has_no_agreement(self):
        with pytest.warns(CoverageWarning):
            table = ns.method_agreement(X, {**SETS, "Q": ["Q1"]}, methods=["mean", "zscore"])
        assert table.loc["Q"].isna().all(axis=None)

    @pytest.mark.parametrize("methods", [["mean"], [], ["mean", "mean"]])
    def test_fewer_than_two_methods_agree_on_nothing(self, methods):
        with pytest.raises(ParameterError, match="at least two methods, each once"):
            ns.method_agreement(X, SETS, methods=methods)


class TestMembers:
    def test_a_member_that_cannot_score_a_signature_is_named_and_the_rest_is_scored(self):
        x = random_expression()
        sets = {"long": list(x.columns[:12]), "short": ["G01", "G02", "G03"]}
        method = ns.methods.Consensus(methods=("mean", "ssgsea", "zscore"), min_agreement=0.0)
        x[sets["short"]] = 4.0  # no z-value
        with pytest.warns(CoverageWarning) as caught:
            scores = ns.score(x, sets, method=method)
        messages = [str(w.message) for w in caught]
        assert any("Most genes of 1 signature" in m for m in messages)  # the member's own
        (ours,) = [m for m in messages if "no consensus" in m]
        assert "'zscore' gives no score" in ours
        assert "'short'" in ours
        assert scores.values["short"].isna().all()
        assert scores.values["long"].notna().all()
        assert scores.coverage["status"].to_dict() == {"long": "ok", "short": "no_score"}

    def test_the_error_of_a_member_is_the_error(self):
        method = ns.methods.Consensus(methods=("mean", "module_score"))
        with pytest.raises(NonFiniteError):
            ns.score(X.assign(TH=np.nan), SETS, method=method)
        cut = ns.methods.Consensus(methods=("mean", "zscore"))
        with pytest.raises(InputError, match="needs two"):
            ns.score(X.iloc[:1], SETS, method=cut)

    def test_a_missing_value_is_passed_on(self):
        x = random_expression()
        x.iloc[3, 0] = np.nan
        method = ns.methods.Consensus(min_agreement=0.0, na="propagate")
        found = ns.score(x, {"S": ["G00", "G01"]}, method=method).values["S"]
        assert found.isna().sum() == 1
        rest = ns.score(
            x.drop(index="p3").drop(columns="G29"), {"S": ["G00", "G01"]}, method=method
        )
        assert (found.dropna().min(), found.dropna().max()) <= (1.0, 1.0)
        assert len(rest.values) == found.notna().sum()

    def test_counts_are_warned_about_when_a_member_wants_logarithms(self):
        counts = (2 ** random_expression(30)).round()
        sets = {"S": ["G00", "G01", "G02"]}
        with pytest.warns(ScaleWarning, match="look like counts") as caught:
            ns.score(counts, sets, method=PAIR)
        assert caught[0].filename == __file__
        ranks = ns.methods.Consensus(methods=("singscore", "ssgsea"), min_agreement=0.0)
        ns.score(counts, sets, method=ranks)  # no warning, which would be an error here

    def test_weights_count_where_every_member_uses_them(self):
        sets = {"S": {"NGF": 1.0, "TH": 0.5}}
        full = ns.methods.Consensus(methods=("weighted", "ulm"), min_agreement=0.0)
        assert full.weights == "full"
        with pytest.warns(CoverageWarning, match="not the size of their weights"):
            ns.score(X, sets, method=PAIR)

    @pytest.mark.parametrize(
        ("parameters", "error", "message"),
        [
            ({"methods": ("mean",)}, ParameterError, "at least two"),
            ({"methods": ()}, ParameterError, "at least two"),
            ({"methods": ("mean", "mean", "zscore")}, ParameterError, "each once"),
            ({"methods": ("mean", "consensus")}, ParameterError, "cannot name 'consensus'"),
            ({"methods": ("mean", "published")}, ParameterError, "cannot name 'published'"),
            ({"methods": ("mean", "zscor")}, UnknownMethodError, "Did you mean 'zscore'"),
            ({"methods": "mean"}, ParameterError, "list of text"),
            ({"methods": ("mean", "zscore"), "min_agreement": 2.0}, ParameterError, "at most 1"),
        ],
    )
    def test_members_that_make_no_consensus_are_refused(self, parameters, error, message):
        with pytest.raises(error, match=message):
            ns.methods.Consensus(**parameters)

    def test_what_it_does_not_depend_on_follows_from_its_members(self):
        assert PAIR.invariant_to == {"gene_order", "other_signatures", "other_genes"}
        assert ns.methods.Consensus().invariant_to == {"other_signatures"}
        assert PAIR.scope == "cohort"
