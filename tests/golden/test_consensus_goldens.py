"""The consensus against R's scores, ranked and combined with other programs.

The members' scores are those of R's packages: GSVA 2.1.4 ssGSEA and z-score, singscore 1.29.1. They
are ranked by scipy's ``rankdata`` after rounding to twelve digits (in R's ssGSEA of log-CPM two
samples differ by the last bit of one and the same number); Kendall's W comes out of scipy's
``friedmanchisquare`` of the same numbers, chi2 = m (n - 1) W with ties, and out of a published
example; Spearman's rho from scipy.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare, rankdata, spearmanr

import neurosig as ns
from neurosig.kernels.concordance import average_ranks, kendalls_w, rank_correlations

METHODS = ("ssgsea", "zscore", "singscore")


def read_table(path) -> pd.DataFrame:
    return pd.read_csv(path, index_col=0, dtype=str).astype(float)


@pytest.mark.data
@pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
class TestScoresOfR:
    @pytest.fixture(params=["a", "blogcpm"])
    def case(self, request, goldens):
        """Scores (method, sample, set) of R, and the input they were made of."""
        name, folder = request.param, goldens / "expected"
        table = pd.read_csv(folder / f"singscore_{name[0]}_up_centred.csv", dtype=str)
        singscore = table.pivot_table(
            index="sample", columns="set", values="TotalScore", sort=False, aggfunc="first"
        ).astype(float)
        tables = [
            read_table(folder / f"gsva214_{name}_ssgsea_raw.csv").T,
            read_table(folder / f"gsva214_{name}_zscore.csv").T,
            singscore,
        ]
        sets = [column for column in singscore if column.startswith("SET")]
        matrix = {"a": "a_expr", "blogcpm": "b_logcpm"}[name]
        x = read_table(goldens / "inputs" / f"{matrix}.csv").T
        rounded = [t.loc[x.index, sets].map(lambda score: float(f"{score:.12g}")) for t in tables]
        return x, np.stack(rounded), sets

    def test_ranks_and_agreement_equal_those_of_scipy(self, goldens, case):
        x, by_method, names = case
        sets = pd.read_csv(goldens / "inputs" / "sets_ab.csv", dtype=str).drop_duplicates()
        genes = sets[sets["dir"] == "none"].groupby("set")["gene"].agg(list)
        method = ns.methods.Consensus(methods=METHODS)
        scores = ns.score(x, genes[names].to_dict(), method=method, min_coverage=0, min_genes=1)
        pairs = ns.method_agreement(
            x, genes[names].to_dict(), methods=METHODS, min_coverage=0, min_genes=1
        )
        for s, name in enumerate(names):
            columns = by_method[:, :, s]
            ranks = np.stack([rankdata(column) for column in columns])
            expected = ((ranks - 1) / (len(x) - 1)).mean(axis=0)
            np.testing.assert_allclose(scores.values[name], expected, rtol=0, atol=1e-12)
            chi2 = friedmanchisquare(*columns.T)[0]
            w = chi2 / (len(METHODS) * (len(x) - 1))
            assert scores.coverage.loc[name, "agreement"] == pytest.approx(w, abs=1e-12)
            rho = spearmanr(columns.T)[0]
            np.testing.assert_allclose(pairs.loc[name], rho, rtol=0, atol=1e-12)


def test_w_of_a_published_example():
    """Four judges A to D rank three competitors X, Y, Z: W = 1/16 (Nelson, Penguin Dictionary of
    Mathematics, coefficient of concordance)."""
    ranks = np.array([[1, 1, 2, 3], [3, 2, 3, 1], [2, 3, 1, 2]], dtype=float)
    assert kendalls_w(ranks) == 1 / 16


def test_ranks_and_w_with_many_ties_equal_scipy():
    rng = np.random.default_rng(5)
    for n, m in [(4, 3), (10, 4), (25, 3)]:
        values = rng.integers(0, 4, (n, m)).astype(float)
        ranks = average_ranks(values)
        assert (ranks == rankdata(values, axis=0)).all()
        chi2 = friedmanchisquare(*values)[0]
        assert kendalls_w(ranks) == pytest.approx(chi2 / (m * (n - 1)), abs=1e-12)
        np.testing.assert_allclose(rank_correlations(ranks), spearmanr(values)[0], atol=1e-12)
