"""Scoring end to end: what `score` accepts, what it refuses and in which words."""

import json
import warnings

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import neurosig as ns
from neurosig.errors import (
    CoverageError,
    CoverageWarning,
    DuplicateGenesError,
    ExpressionError,
    NonFiniteError,
    OrientationError,
    ParameterError,
    ScaleWarning,
    SignatureError,
    UnknownMethodError,
)
from neurosig.expression.base import Expression
from neurosig.methods.registry import registered

# Enough to see what the engine does; what each method promises is in the contract suite.
METHODS = ["mean", "singscore", "ssgsea", "zscore"]
GENES = [
    *("NGF", "NTRK1", "NGFR", "BDNF", "NTRK2", "GDNF", "RET", "ARTN"),
    *("SEMA3A", "NRP1", "PLXNA1", "ROBO1", "SLIT2", "EPHA4", "CD8A", "GZMB"),
]
SETS = {"trk": ["NGF", "NTRK1", "BDNF", "NTRK2"], "guidance": ["SEMA3A", "NRP1", "ROBO1"]}


def make_expression(n_obs: int = 6, genes=GENES) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    values = rng.normal(6, 2, (n_obs, len(genes))).clip(0)
    return pd.DataFrame(values, [f"p{i}" for i in range(n_obs)], list(genes))


def make_adata(x: pd.DataFrame, matrix=None) -> anndata.AnnData:
    values = x.to_numpy(copy=True) if matrix is None else matrix
    return anndata.AnnData(
        values, obs=pd.DataFrame(index=list(x.index)), var=pd.DataFrame(index=list(x.columns))
    )


def refusal(error, x, signatures=SETS, **options):
    """The message, which has to hold what, evidence and remedy."""
    with pytest.raises(error) as caught:
        ns.score(x, signatures, **options)
    assert caught.value.what
    assert caught.value.evidence
    assert caught.value.remedy
    return str(caught.value)


class TestGeneNames:
    def test_entrez_ids_are_recognised(self):
        x = make_expression().set_axis([str(4803 + i) for i in range(len(GENES))], axis=1)
        message = refusal(CoverageError, x)
        assert "Entrez" in message
        assert "'4803', '4804', '4805', '4806', '4807' and 11 more" in message

    def test_whole_numbers_as_names_of_genes_are_recognised_too(self):
        x = make_expression().set_axis(range(len(GENES)), axis=1)
        assert "Entrez ids, or positions" in refusal(CoverageError, x)

    def test_mouse_symbols_are_recognised(self):
        x = make_expression().set_axis([gene.capitalize() for gene in GENES], axis=1)
        assert "mouse symbols" in refusal(CoverageError, x)

    def test_ensembl_ids_are_recognised(self):
        ids = [f"ENSG{i:011d}" for i in range(len(GENES))]
        assert "Ensembl" in refusal(CoverageError, make_expression(genes=ids))

    def test_no_overlap_shows_five_names_of_each_side(self):
        x = make_expression().set_axis([f"probe{i}" for i in range(len(GENES))], axis=1)
        message = refusal(CoverageError, x)
        assert "'probe0', 'probe1', 'probe2', 'probe3', 'probe4' and 11 more" in message
        assert "'BDNF', 'NGF', 'NRP1', 'NTRK1', 'NTRK2' and 2 more" in message

    def test_names_with_blanks_are_recognised(self):
        x = make_expression().set_axis([f" {gene}" for gene in GENES], axis=1)
        assert "blanks" in refusal(CoverageError, x)

    def test_a_transposed_matrix_is_recognised(self):
        message = refusal(OrientationError, make_expression().T)
        assert "genes look to be in the rows" in message
        assert "expression.T" in message

    def test_repeated_genes_are_refused(self):
        x = make_expression().set_axis([*GENES[:-1], "NGF"], axis=1)
        assert "'NGF' 2 times" in refusal(DuplicateGenesError, x)

    def test_repeated_samples_are_refused(self):
        x = make_expression()
        x.index = ["p0", "p0", *x.index[2:]]
        assert "'p0' 2 times" in refusal(ExpressionError, x)

    def test_whole_numbers_as_names_of_samples_become_text_and_that_is_recorded(self):
        x = make_expression().set_axis(range(6), axis=0)
        scores = ns.score(x, SETS)
        assert list(scores.values.index) == ["0", "1", "2", "3", "4", "5"]
        assert scores.provenance["expression"]["observation_names"] == "made text from int"


class TestValues:
    @pytest.mark.parametrize("method", METHODS)
    def test_a_missing_value_is_refused_with_its_place(self, method):
        x = make_expression()
        x.loc["p3", "RET"] = np.nan
        assert "RET in p3" in refusal(NonFiniteError, x, method=method)

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("na", ["error", "propagate"])
    @pytest.mark.parametrize("value", [np.inf, -np.inf])
    def test_an_infinite_value_is_refused_whatever_the_policy_for_missing_ones(
        self, method, na, value
    ):
        x = make_expression()
        x.loc["p3", "NGF"] = value
        message = refusal(NonFiniteError, x, method=registered()[method](na=na))
        assert "1 infinite value" in message
        assert "NGF in p3" in message

    def test_missing_values_in_a_sparse_matrix_are_refused(self):
        x = make_expression()
        x.loc["p3", "RET"] = np.nan
        refusal(NonFiniteError, make_adata(x, sparse.csr_matrix(x.to_numpy())))

    @pytest.mark.parametrize("method", METHODS)
    def test_a_matrix_of_zeros_is_refused(self, method):
        assert "zero" in refusal(ExpressionError, make_expression() * 0, method=method)

    def test_constant_genes_leave_the_z_score_and_all_others_stay(self):
        x = make_expression().assign(NTRK1=4.0)
        without = {**SETS, "trk": ["NGF", "BDNF", "NTRK2"]}
        found = ns.score(x, SETS, method="zscore").values
        pd.testing.assert_frame_equal(found, ns.score(x, without, method="zscore").values)

    def test_a_signature_of_mostly_constant_genes_is_warned_about(self):
        x = make_expression().assign(NTRK1=4.0, BDNF=0.0, NTRK2=1.0)
        with pytest.warns(CoverageWarning, match=r"Most genes of 1 signature .* trk \(1 of 4\)"):
            scores = ns.score(x, SETS, method="zscore")
        assert scores.values.notna().all(axis=None)

    def test_a_signature_of_constant_genes_has_no_z_score_a_warning_and_a_status(self):
        x = make_expression().assign(**dict.fromkeys(SETS["trk"], 4.0))
        with pytest.warns(CoverageWarning) as caught:
            scores = ns.score(x, SETS, method="zscore")
        assert any("zscore gives no score to 1 signature" in str(w.message) for w in caught)
        assert scores.values["trk"].isna().all()
        assert scores.values["guidance"].notna().all()
        assert scores.coverage["status"].to_dict() == {"trk": "no_score", "guidance": "ok"}

    @pytest.mark.parametrize("method", ["mean", "ssgsea", "singscore"])
    def test_constant_genes_count_in_methods_of_sample_scope(self, method):
        x = make_expression().assign(**dict.fromkeys(SETS["trk"], 4.0))
        assert ns.score(x, SETS, method=method).values.notna().all(axis=None)

    def test_other_things_than_tables_and_adatas_are_refused(self):
        assert "ndarray" in refusal(ExpressionError, make_expression().to_numpy())


class TestScale:
    def counts(self) -> pd.DataFrame:
        rng = np.random.default_rng(4)
        return pd.DataFrame(rng.poisson(80, (6, len(GENES))), make_expression().index, GENES)

    @pytest.mark.parametrize("method", ["mean", "zscore"])
    def test_counts_given_to_a_method_that_wants_logs_are_warned_about(self, method):
        with pytest.warns(ScaleWarning, match="these look like counts"):
            ns.score(self.counts(), SETS, method=method)

    @pytest.mark.parametrize("method", ["ssgsea", "singscore"])
    def test_counts_are_fine_for_ranks(self, method):
        assert ns.score(self.counts(), SETS, method=method).values.notna().all(axis=None)

    def test_sparse_counts_of_whole_numbers_score_like_dense_ones(self):
        x = self.counts()
        adata = make_adata(x, sparse.csr_matrix(x.to_numpy().astype(np.int32)))
        found = ns.score(adata, SETS).values
        pd.testing.assert_frame_equal(found, ns.score(x, SETS).values)

    def test_values_logged_twice_are_warned_about(self):
        x = make_expression(genes=[*GENES, *(f"ZNF{i}" for i in range(1000))])
        with pytest.warns(ScaleWarning, match="logged twice"):
            ns.score(np.log2(1 + x), SETS, method="mean")

    def test_the_warning_points_at_the_line_of_the_caller(self):
        with pytest.warns(ScaleWarning) as caught:
            ns.score(self.counts(), SETS, method="mean")
        assert caught[0].filename == __file__

    def test_standardised_genes_are_warned_about_by_methods_of_ranks(self):
        x = make_expression(n_obs=40)
        z = (x - x.mean()) / x.std()
        with pytest.warns(ScaleWarning, match="standardised by gene"):
            ns.score(z, SETS, method="ssgsea")


class TestCoverage:
    def test_a_signature_without_genes_is_refused(self):
        assert "no genes" in refusal(SignatureError, make_expression(), {"S": []})

    def test_one_gene_is_a_signature_when_it_is_all_there_is(self):
        scores = ns.score(make_expression(), {"S": ["NGF"]}, method="mean")
        assert scores.values["S"].tolist() == make_expression()["NGF"].tolist()

    def test_low_coverage_is_missing_with_a_warning_and_a_status(self):
        sets = {**SETS, "poor": ["NGF", "X1", "X2"], "none": ["X1", "X2"]}
        with pytest.warns(CoverageWarning) as caught:
            scores = ns.score(make_expression(), sets)
        assert len(caught) == 1
        assert "2 signatures of 4 cannot be scored" in str(caught[0].message)
        assert "poor (1 of 3 genes, low_coverage)" in str(caught[0].message)
        assert caught[0].filename == __file__
        assert scores.values[["poor", "none"]].isna().all(axis=None)
        assert scores.values[list(SETS)].notna().all(axis=None)
        assert scores.coverage["status"].tolist() == ["ok", "ok", "low_coverage", "no_genes"]
        assert scores.coverage.loc["poor", "missing_genes"] == "X1;X2"
        assert list(scores.values.columns) == list(sets)

    def test_nothing_left_to_score_is_an_error_with_the_coverage(self):
        sets = {"poor": ["NGF", "X1", "X2"]}
        with pytest.raises(CoverageError, match="1 signature of 1 cannot be scored") as caught:
            ns.score(make_expression(), sets)
        assert caught.value.facts["coverage"].loc["poor", "n_found"] == 1

    def test_no_signature_at_all_is_an_error(self):
        assert "no signatures" in refusal(SignatureError, make_expression(), {})

    def test_min_genes_is_three_or_all_of_a_shorter_signature(self):
        sets = {"two": ["NGF", "RET"], "two of three": ["NGF", "RET", "X"]}
        with pytest.warns(CoverageWarning, match=r"two of three \(2 of 3 genes, too_few_genes\)"):
            scores = ns.score(make_expression(), sets)
        assert scores.coverage["status"].tolist() == ["ok", "too_few_genes"]

    def test_min_genes_and_min_coverage_are_limits_that_are_allowed_themselves(self):
        x = make_expression()
        sets = {"S": ["NGF", "RET", "X1", "X2"]}
        assert ns.score(x, sets, min_genes=2, min_coverage=0.5).coverage.loc["S", "status"] == "ok"
        refusal(CoverageError, x, sets, min_genes=3, min_coverage=0.5)
        refusal(CoverageError, x, sets, min_genes=2, min_coverage=0.51)
        refusal(CoverageError, x, sets, min_genes=2, min_coverage=1)
        assert ns.score(x, SETS, min_genes=3, min_coverage=1).coverage["status"].eq("ok").all()

    @pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), None, "0.5", True])
    def test_a_coverage_that_is_no_share_is_refused(self, value):
        assert "min_coverage cannot be" in refusal(
            ParameterError, make_expression(), min_coverage=value
        )

    @pytest.mark.parametrize("value", [0, -1, 2.0, "2", True])
    @pytest.mark.parametrize("name", ["min_genes", "n_jobs"])
    def test_a_count_that_is_none_is_refused(self, name, value):
        message = refusal(ParameterError, make_expression(), **{name: value})
        assert f"{name} cannot be {value!r}" in message

    def test_no_number_of_threads_is_refused(self):
        refusal(ParameterError, make_expression(), n_jobs=None)

    def test_a_whole_number_of_numpy_is_a_count(self):
        scores = ns.score(make_expression(), SETS, n_jobs=np.int64(2), min_genes=np.int32(1))
        assert scores.values.notna().all(axis=None)


class TestSignatures:
    def test_a_gene_both_up_and_down_is_refused(self):
        sets = {"S": {"up": ["NGF", "RET"], "down": ["RET"]}}
        assert "both up and down" in refusal(SignatureError, make_expression(), sets)

    def test_a_gene_listed_twice_is_refused_with_the_way_out(self):
        message = refusal(SignatureError, make_expression(), {"S": ["NGF", "NGF", "RET"]})
        assert "'NGF'" in message
        assert "dict.fromkeys" in message

    @pytest.mark.parametrize("signatures", [["NGF"], "NGF", None, {"S": "NGF"}])
    def test_what_is_no_collection_of_named_lists_is_refused(self, signatures):
        refusal(SignatureError, make_expression(), signatures)

    @pytest.mark.parametrize("method", METHODS)
    def test_sizes_of_weights_are_ignored_with_a_warning_and_a_status(self, method):
        weighted = {"W": {"NGF": 2.0, "RET": 0.5, "CD8A": -1.5}, **SETS}
        plain = {"W": {"NGF": 1.0, "RET": 1.0, "CD8A": -1.0}, **SETS}
        with pytest.warns(CoverageWarning, match=r"not the size of their weights.*'W'"):
            scores = ns.score(make_expression(), weighted, method=method)
        assert scores.coverage["status"].tolist() == ["weights_ignored", "ok", "ok"]
        expected = ns.score(make_expression(), plain, method=method).values
        pd.testing.assert_frame_equal(scores.values, expected)

    @pytest.mark.parametrize("method", METHODS)
    def test_a_lost_arm_is_warned_about(self, method):
        sets = {"S": {"up": ["NGF", "RET", "BDNF"], "down": ["X1", "X2"]}, **SETS}
        with pytest.warns(CoverageWarning, match=r"no gene of one arm in the data.*'S'"):
            scores = ns.score(make_expression(), sets, method=method)
        alone = ns.score(make_expression(), {"S": ["NGF", "RET", "BDNF"]}, method=method)
        assert scores.values["S"].tolist() == alone.values["S"].tolist()

    def test_a_signature_with_a_down_arm_alone_has_lost_nothing(self):
        scores = ns.score(make_expression(), {"S": {"down": ["NGF", "RET", "BDNF"]}})
        assert scores.coverage.loc["S", "status"] == "ok"


class TestMethodArgument:
    def test_a_name_and_the_method_with_defaults_are_the_same(self):
        by_name = ns.score(make_expression(), SETS, method="ssgsea")
        by_method = ns.score(make_expression(), SETS, method=ns.methods.SsGsea())
        pd.testing.assert_frame_equal(by_name.values, by_method.values)
        assert by_name.provenance["method"] == by_method.provenance["method"]

    @pytest.mark.parametrize(
        ("method", "suggestion"),
        [
            ("sgsea", "ssgsea"),
            ("z-score", "zscore"),
            ("SINGSCORE", "singscore"),
            ("SsGsea", "ssgsea"),
        ],
    )
    def test_an_unknown_name_is_refused_with_the_closest(self, method, suggestion):
        message = refusal(UnknownMethodError, make_expression(), method=method)
        assert f"Did you mean '{suggestion}'?" in message

    @pytest.mark.parametrize("method", ["qwertz", None, 3, ["ssgsea"], {"name": "ssgsea"}])
    def test_what_is_no_method_is_refused(self, method):
        assert "no scoring method" in refusal(UnknownMethodError, make_expression(), method=method)

    def test_a_class_instead_of_an_instance_is_refused_with_the_name(self):
        message = refusal(UnknownMethodError, make_expression(), method=ns.methods.ZScore)
        assert "Did you mean 'zscore'?" in message

    def test_a_parameter_that_does_not_exist_is_refused(self):
        with pytest.raises(TypeError, match="alfa"):
            ns.methods.SsGsea(alfa=0.5)

    def test_parameters_are_in_the_provenance(self):
        method = ns.methods.SsGsea(alpha=0.5)
        record = ns.score(make_expression(), SETS, method=method).provenance["method"]
        assert record["parameters"] == {"alpha": 0.5, "normalize": False, "na": "error"}
        assert (record["name"], record["scope"]) == ("ssgsea", "sample")


class TestAnnData:
    def test_the_layer_or_raw_that_is_named_is_scored(self):
        x, other = make_expression(), make_expression() + 1
        adata = make_adata(x)
        adata.layers["other"] = other.to_numpy()
        adata.raw = make_adata(x * 2)
        for options, expected in (
            ({}, x),
            ({"layer": "other"}, other),
            ({"use_raw": True}, x * 2),
        ):
            scores = ns.score(adata, SETS, method="mean", **options)
            pd.testing.assert_frame_equal(
                scores.values, ns.score(expected, SETS, method="mean").values
            )
        assert scores.provenance["expression"]["source"] == "AnnData raw"

    def test_a_layer_that_is_not_there_is_refused(self):
        assert "no layer" in refusal(ExpressionError, make_adata(make_expression()), layer="log")

    def test_layer_and_raw_together_are_refused(self):
        adata = make_adata(make_expression())
        refusal(ParameterError, adata, layer="log", use_raw=True)

    def test_a_layer_of_a_table_is_refused(self):
        refusal(ParameterError, make_expression(), layer="log")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_rows", [1, 4, 7])
def test_blocks_and_threads_do_not_change_a_bit(method, n_rows, monkeypatch):
    """Blocks of n_rows observations, whatever memory was asked for."""
    x = make_expression(n_obs=23).round(1)
    expected = ns.score(x, SETS, method=method).values

    def bounds(self, max_bytes=0):
        return [(i, min(i + n_rows, self.n_obs)) for i in range(0, self.n_obs, n_rows)]

    monkeypatch.setattr(Expression, "bounds", bounds)
    for data in (x, make_adata(x, sparse.csr_matrix(x.to_numpy()))):
        for n_jobs in (1, 2):
            found = ns.score(data, SETS, method=method, n_jobs=n_jobs).values
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("method", METHODS)
def test_scores_are_a_table_of_floats_named_like_the_input(method):
    scores = ns.score(make_expression().astype(np.float32), SETS, method=method)
    assert list(scores.values.index) == list(make_expression().index)
    assert list(scores.values.columns) == list(SETS)
    assert scores.values.columns.name == "signature"
    assert (scores.values.dtypes == np.float64).all()
    assert scores.method == method


def test_a_good_call_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for method in METHODS:
            ns.score(make_expression(), SETS, method=method)


def test_numpy_numbers_are_taken_and_can_be_recorded(tmp_path):
    x = pd.DataFrame(np.arange(12.0).reshape(3, 4), list("abc"), list("WXYZ"))
    scores = ns.score(
        x,
        {"S": ["W", "X"]},
        method="mean",
        null=ns.MatchedNull(n_sets=9),
        seed=np.int64(3),
        min_genes=np.int64(2),
        min_coverage=np.float32(0.5),
    )
    json.dumps(scores.provenance)
    assert scores.provenance["null"]["seed"] == 3
