"""Scores against R's reference packages; versions and calls are in the goldens' README.

Tolerance: 1e-9 of the range of the reference, unless a test says otherwise. R and NumPy add in a
different order (and R in long double), which costs about 1e-13.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

import neurosig as ns
from neurosig.kernels.ranks import TIES, ascending_order, rank_rows

pytestmark = pytest.mark.data

TOLERANCE = 1e-9


def read_matrix(goldens: Path, name: str) -> pd.DataFrame:
    """Genes x samples of an input, as samples x genes."""
    return pd.read_csv(goldens / "inputs" / f"{name}.csv", index_col=0, keep_default_na=True).T


def read_sparse(goldens: Path) -> tuple[scipy.sparse.csr_matrix, list[str], list[str]]:
    folder = goldens / "inputs"
    matrix = scipy.sparse.csr_matrix(scipy.io.mmread(folder / "c_lognorm.mtx", spmatrix=False).T)
    genes = (folder / "c_genes.txt").read_text().split()
    return matrix, (folder / "c_cells.txt").read_text().split(), genes


def read_sets(goldens: Path, name: str) -> dict[str, list[str]]:
    """Undirected sets by name, the arms of directed ones as UDk_up and UDk_dn."""
    table = pd.read_csv(goldens / "inputs" / f"{name}.csv", dtype=str)
    suffix = table["dir"].map({"none": "", "up": "_up", "down": "_dn"})
    grouped = table.groupby(table["set"] + suffix, sort=False)["gene"]
    return {name: list(dict.fromkeys(genes)) for name, genes in grouped}


def read_exactly(path: Path, text: tuple[str, ...] = (), **options) -> pd.DataFrame:
    """Numbers as they are printed: pandas' own parser is off by a last bit at times."""
    cells = pd.read_csv(path, dtype=str, keep_default_na=False, **options).replace("NA", "nan")
    return cells.astype({name: float for name in cells.columns if name not in text})


def reference(goldens: Path, name: str) -> pd.DataFrame:
    return read_exactly(goldens / "expected" / f"{name}.csv", index_col=0).T.astype(float)


def assert_equal_to(scores: pd.DataFrame, expected: pd.DataFrame, tolerance: float) -> None:
    both = scores.loc[expected.index, expected.columns].to_numpy()
    wanted = expected.to_numpy()
    assert (np.isnan(both) == np.isnan(wanted)).all(), "missing in other places than the reference"
    span = np.nanmax(wanted) - np.nanmin(wanted)
    assert np.nanmax(np.abs(both - wanted)) <= tolerance * span


def score_all(x, sets, method):
    """All sets, one gene being enough, as the reference calls do."""
    return ns.score(x, sets, method=method, min_coverage=0, min_genes=1).values


@pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
class TestGsvaPackage:
    @pytest.mark.parametrize(
        ("case", "matrix", "method"),
        [
            ("a_ssgsea_raw", "a_expr", ns.methods.SsGsea()),
            ("a_ssgsea_norm", "a_expr", ns.methods.SsGsea(normalize=True)),
            ("a_ssgsea_alpha0_raw", "a_expr", ns.methods.SsGsea(alpha=0.0)),
            ("a_ssgsea_alpha1_raw", "a_expr", ns.methods.SsGsea(alpha=1.0)),
            ("a_zscore", "a_expr", ns.methods.ZScore()),
            ("b_ssgsea_raw", "b_counts", ns.methods.SsGsea()),
            ("b_ssgsea_norm", "b_counts", ns.methods.SsGsea(normalize=True)),
            ("b_zscore", "b_counts", ns.methods.ZScore()),
            ("blogcpm_ssgsea_raw", "b_logcpm", ns.methods.SsGsea()),
            ("blogcpm_zscore", "b_logcpm", ns.methods.ZScore()),
        ],
    )
    def test_scores_equal_gsva_2_1_4(self, goldens, case, matrix, method):
        expected = reference(goldens, f"gsva214_{case}")
        sets = {k: v for k, v in read_sets(goldens, "sets_ab").items() if k in expected}
        scores = score_all(read_matrix(goldens, matrix), sets, method)
        assert_equal_to(scores, expected, TOLERANCE)

    @pytest.mark.parametrize(
        ("golden", "matrix", "sets_name", "method"),
        [
            ("gsva146_a_ssgsea_raw", "a_expr", "sets_ab", ns.methods.SsGsea()),
            ("gsva146_a_ssgsea_norm", "a_expr", "sets_ab", ns.methods.SsGsea(normalize=True)),
            ("gsva146_b_ssgsea_raw", "b_counts", "sets_ab", ns.methods.SsGsea()),
            ("gsva146_d_ssgsea_raw", "d_edge", "sets_d", ns.methods.SsGsea()),
            ("gsva146_one_ssgsea_raw", "d_onesample", "sets_ab", ns.methods.SsGsea()),
            ("gsva146_a_zscore", "a_expr", "sets_ab", ns.methods.ZScore()),
            ("gsva146_d_zscore", "d_edge", "sets_d", ns.methods.ZScore()),
        ],
    )
    def test_scores_equal_gsva_1_46(self, goldens, golden, matrix, sets_name, method):
        """But for DUPGENES and E_dup, whose repeated genes count twice there."""
        expected = reference(goldens, golden).drop(columns=["DUPGENES", "E_dup"], errors="ignore")
        sets = {k: v for k, v in read_sets(goldens, sets_name).items() if k in expected}
        scores = score_all(read_matrix(goldens, matrix), sets, method)
        assert_equal_to(scores, expected, TOLERANCE)

    @pytest.mark.parametrize("normalize", [False, True])
    def test_size_filter_of_10_to_100_genes_changes_only_normalised_scores(
        self, goldens, normalize
    ):
        name = "norm" if normalize else "raw"
        expected = reference(goldens, f"gsva214_a_ssgsea_{name}_min10max100")
        sets = {k: v for k, v in read_sets(goldens, "sets_ab").items() if k in expected}
        method = ns.methods.SsGsea(normalize=normalize)
        scores = score_all(read_matrix(goldens, "a_expr"), sets, method)
        assert_equal_to(scores, expected, TOLERANCE)

    @pytest.mark.parametrize(
        ("case", "method"),
        [
            ("d_ssgsea_raw", ns.methods.SsGsea()),
            ("d_zscore", ns.methods.ZScore()),
            ("d_noall_ssgsea_raw", ns.methods.SsGsea()),
            ("d_noall_ssgsea_norm", ns.methods.SsGsea(normalize=True)),
            ("d_noall_zscore", ns.methods.ZScore()),
        ],
    )
    def test_constant_tied_and_one_gene_sets(self, goldens, case, method):
        expected = reference(goldens, f"gsva214_{case}")
        sets = {k: v for k, v in read_sets(goldens, "sets_d").items() if k in expected}
        scores = score_all(read_matrix(goldens, "d_edge"), sets, method)
        assert_equal_to(scores, expected, TOLERANCE)

    @pytest.mark.parametrize(
        ("case", "method"),
        [
            ("ssgsea_raw_everything", ns.methods.SsGsea(na="propagate")),
            ("ssgsea_raw_na.rm", ns.methods.SsGsea(na="omit")),
            ("zscore", ns.methods.ZScore(na="propagate")),
        ],
    )
    def test_missing_values_by_stated_policy(self, goldens, case, method):
        expected = reference(goldens, f"gsva214_dna_{case}")
        sets = {k: v for k, v in read_sets(goldens, "sets_d").items() if k in expected}
        scores = score_all(read_matrix(goldens, "d_edge_na"), sets, method)
        assert_equal_to(scores, expected, TOLERANCE)

    @pytest.mark.parametrize(
        ("golden", "matrix", "normalize"),
        [
            ("gsva214_one_ssgsea_raw", "d_onesample", False),
            ("gsva214_one_ssgsea_norm", "d_onesample", True),
            ("gsva214_one_set_ssgsea_norm", "a_expr", True),
        ],
    )
    def test_one_sample_or_one_set_alone(self, goldens, golden, matrix, normalize):
        expected = reference(goldens, golden)
        sets = {k: v for k, v in read_sets(goldens, "sets_ab").items() if k in expected}
        method = ns.methods.SsGsea(normalize=normalize)
        scores = score_all(read_matrix(goldens, matrix), sets, method)
        assert_equal_to(scores, expected, TOLERANCE)

    @pytest.mark.parametrize(
        ("case", "method", "is_sparse"),
        [
            ("c_ssgsea_sparse_raw", ns.methods.SsGsea(), True),
            ("c_ssgsea_dense_raw", ns.methods.SsGsea(), False),
            ("c_zscore_dense", ns.methods.ZScore(), True),
            ("c_zscore_dense", ns.methods.ZScore(), False),
            ("c_zscore_sparse", ns.methods.ZScore(zeros="nonzero"), True),
            ("c_zscore_sparse", ns.methods.ZScore(zeros="nonzero"), False),
        ],
    )
    def test_zeros_are_a_parameter_and_storage_does_not_matter(
        self, goldens, case, method, is_sparse
    ):
        import anndata

        matrix, cells, genes = read_sparse(goldens)
        adata = anndata.AnnData(
            matrix if is_sparse else matrix.toarray(),
            obs=pd.DataFrame(index=cells),
            var=pd.DataFrame(index=genes),
        )
        expected = reference(goldens, f"gsva214_{case}")
        sets = {k: v for k, v in read_sets(goldens, "sets_c").items() if k in expected}
        assert_equal_to(score_all(adata, sets, method), expected, TOLERANCE)

    @pytest.mark.parametrize(
        ("case", "method"),
        [
            ("ssgsea_raw", ns.methods.SsGsea()),
            ("ssgsea_norm", ns.methods.SsGsea(normalize=True)),
            ("zscore", ns.methods.ZScore()),
        ],
    )
    def test_real_cohort_cholangiocarcinoma_with_50_hallmark_sets(
        self, goldens, shared_data, case, method
    ):
        x = pd.read_csv(
            goldens / "real" / "gsva146_input_chol_log2.csv.gz", index_col=0, keep_default_na=False
        ).T.astype(float)
        hallmark = ns.read_gmt(shared_data / "gene_resources" / "h.all.v7.2.symbols.gmt")
        expected = pd.read_csv(
            goldens / "real" / f"gsva146_chol_hallmark_{case}.csv.gz", index_col=0
        ).T.astype(float)
        scores = score_all(x, hallmark, method).loc[expected.index, expected.columns]
        # The reference was printed with nine significant digits: half a unit of the ninth.
        unit = 10.0 ** (np.floor(np.log10(expected.abs())) - 8)
        assert ((scores - expected).abs() <= 0.51 * unit).all(axis=None)


@pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
class TestSingscorePackage:
    """singscore 1.29.1 simpleScore, scores and dispersions, exactly."""

    STABLE = tuple(f"G{i:04d}" for i in (3, 50, 211, 400, 801, 999, 1500, 1712, 1900, 33))

    def check(self, goldens, case, matrix, sets_name, method, directed, without=()):
        table = read_exactly(goldens / "expected" / f"singscore_{case}.csv", ("set", "sample"))
        table = table[~table["set"].isin(without)]
        statistics = {"score": "TotalScore", "dispersion": "TotalDispersion"}
        for statistic, column in statistics.items():
            expected = table.pivot_table(
                index="sample", columns="set", values=column, dropna=False, sort=False
            )
            self.compare(
                goldens, expected, matrix, sets_name, replace(method, statistic=statistic), directed
            )

    def compare(self, goldens, expected, matrix, sets_name, method, directed):
        sets = read_sets(goldens, sets_name)
        if directed:
            sets = {
                name: {"up": sets[f"{name}_up"], "down": sets[f"{name}_dn"]}
                for name in expected.columns
            }
        sets = {name: sets[name] for name in expected.columns}
        scores = score_all(read_matrix(goldens, matrix), sets, method)
        # Ranks are whole numbers; against stable genes they are fractions, which R adds in 80 bits.
        assert_equal_to(scores, expected, 1e-14 if method.stable_genes else 0.0)

    @pytest.mark.parametrize("matrix", ["a", "b"])
    @pytest.mark.parametrize(
        ("case", "method", "directed"),
        [
            ("up_centred", ns.methods.Singscore(), False),
            ("up_uncentred", ns.methods.Singscore(center=False), False),
            ("up_ties_average", ns.methods.Singscore(ties="average"), False),
            ("up_ties_max", ns.methods.Singscore(ties="max"), False),
            ("unknownDirection", ns.methods.Singscore(known_direction=False), False),
            ("updown_centred", ns.methods.Singscore(), True),
            ("updown_uncentred", ns.methods.Singscore(center=False), True),
            ("updown_unknownDirection", ns.methods.Singscore(known_direction=False), True),
            ("stable_up", ns.methods.Singscore(stable_genes=STABLE), False),
            ("stable_updown", ns.methods.Singscore(stable_genes=STABLE), True),
            (
                "stable_updown_uncentred",
                ns.methods.Singscore(stable_genes=STABLE, center=False),
                True,
            ),
        ],
    )
    def test_scores_equal_singscore(self, goldens, matrix, case, method, directed):
        name = {"a": "a_expr", "b": "b_counts"}[matrix]
        self.check(goldens, f"{matrix}_{case}", name, "sets_ab", method, directed)

    def test_constant_and_tied_genes(self, goldens):
        method = ns.methods.Singscore()
        self.check(goldens, "d_up", "d_edge", "sets_d", method, False, without=["E_all"])

    def test_a_set_of_all_genes_is_missing_where_the_reference_divides_by_zero(self, goldens):
        """All genes have one possible mean rank: the score is 0/0. The reference gives -Inf, since
        the lowest rank of ties lets the mean fall below that one value."""
        x = read_matrix(goldens, "d_edge")
        scores = score_all(x, {"E_all": list(x.columns)}, "singscore")
        assert scores["E_all"].isna().all()

    def test_missing_values_propagate(self, goldens):
        method = ns.methods.Singscore(na="propagate")
        self.check(goldens, "dna_up", "d_edge_na", "sets_d", method, False)

    def test_one_sample_alone(self, goldens):
        self.check(goldens, "one_up", "d_onesample", "sets_ab", ns.methods.Singscore(), False)

    @pytest.mark.parametrize(
        ("golden", "directed"),
        [("singscore_a_multiScore_scores", False), ("singscore_a_multiScore_updown_scores", True)],
    )
    def test_many_sets_at_once(self, goldens, golden, directed):
        """multiScore(); NOMATCH, of which no gene is in the data, is missing on both sides."""
        expected = reference(goldens, golden)
        sets = read_sets(goldens, "sets_ab")
        sets = {
            name: {"up": sets[f"{name}_up"], "down": sets[f"{name}_dn"]} if directed else sets[name]
            for name in expected
        }
        scores = score_all(read_matrix(goldens, "a_expr"), sets, ns.methods.Singscore())
        assert_equal_to(scores, expected, 0.0)
        assert list(scores.columns[scores.isna().any()]) == ([] if directed else ["NOMATCH"])

    @pytest.mark.parametrize(
        ("golden", "matrix"),
        [
            ("singscore_a_ranks_min", "a_expr"),
            ("singscore_b_ranks_min", "b_counts"),
            ("singscore_dna_ranks_min", "d_edge_na"),
        ],
    )
    def test_ranks_equal_those_of_rank_genes(self, goldens, golden, matrix):
        x = read_matrix(goldens, matrix).to_numpy(copy=True).astype(float)
        ranks = rank_rows(x, ascending_order(x), TIES["min"])
        assert np.array_equal(ranks, reference(goldens, golden).to_numpy(), equal_nan=True)

    @pytest.mark.parametrize("arm", ["up", "down"])
    @pytest.mark.parametrize("matrix", ["a", "b"])
    def test_the_dispersion_of_each_arm_is_that_of_the_arm_alone(self, goldens, matrix, arm):
        name = f"singscore_{matrix}_updown_centred"
        table = read_exactly(goldens / "expected" / f"{name}.csv", ("set", "sample"))
        expected = table.pivot_table(
            index="sample", columns="set", values=f"{arm.title()}Dispersion", sort=False
        )
        suffix = {"up": "_up", "down": "_dn"}[arm]
        sets = {n: read_sets(goldens, "sets_ab")[n + suffix] for n in expected.columns}
        x = read_matrix(goldens, {"a": "a_expr", "b": "b_counts"}[matrix])
        method = ns.methods.Singscore(statistic="dispersion")
        assert_equal_to(score_all(x, sets, method), expected, 0.0)

    def test_the_dispersions_of_many_sets_equal_multi_score(self, goldens):
        expected = reference(goldens, "singscore_a_multiScore_dispersions")
        sets = {name: read_sets(goldens, "sets_ab")[name] for name in expected}
        method = ns.methods.Singscore(statistic="dispersion")
        assert_equal_to(score_all(read_matrix(goldens, "a_expr"), sets, method), expected, 0.0)


@pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
@pytest.mark.parametrize(
    ("golden", "method"),
    [
        ("tiny_ssgsea_raw", ns.methods.SsGsea()),
        ("tiny_zscore", ns.methods.ZScore()),
        ("tiny_gsva_none", ns.methods.Gsva(kcdf="none")),
        ("tiny_gsva_Gaussian", ns.methods.Gsva(kcdf="gaussian")),
    ],
)
def test_six_genes_of_four_samples_equal_gsva(goldens, golden, method):
    scores = score_all(
        read_matrix(goldens, "f_tiny"), {"P": ["a", "b"], "Q": ["c", "d", "e"]}, method
    )
    assert_equal_to(scores, reference(goldens, golden), 1e-15)
