"""What every scoring method makes of input that is no good, tested on all of them.

Either a typed error that names the fault, or a typed warning, with a status in `coverage` where it
is a signature that is at fault. The scores of all other signatures and observations are what they
are without the fault, so that one bad set or sample costs no other.
"""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import neurosig as ns
from neurosig.errors import (
    CoverageError,
    CoverageWarning,
    DuplicateGenesError,
    ExpressionError,
    InputError,
    NeurosigWarning,
    NonFiniteError,
    ParameterError,
    ScaleWarning,
    ScoreWarning,
    SignatureError,
)
from neurosig.methods.registry import registered

from .conftest import N_GENES, SIGNATURES, as_adata, make_expression, method_of

SCORED = list(SIGNATURES)
GENES = [f"G{i:03d}" for i in range(N_GENES)]

# What becomes of a signature of all genes of the matrix. It is the highest and the lowest genes at
# once: where a score compares with the genes outside there is none, and ucell and aucell, which
# count how high the genes can stand, give the highest score.
NO_SCORE_OF_ALL_GENES = {"ssgsea", "gsva", "singscore", "module_score", "ulm", "consensus"}
ONE_OF_ALL_GENES = {"ucell", "aucell"}

# Methods that standardise or rank a gene over the cohort: a constant gene says nothing there.
COMPARE_SAMPLES = {"zscore", "plage", "pc1", "gsva", "consensus"}

# Methods whose score of a sample with one value for all genes is another than the rule for ties or
# the sum of the values makes it.
NO_SCORE_OF_ONE_VALUE = {"ssgsea", "ulm", "consensus"}


@pytest.fixture(params=sorted(set(registered()) - {"published"}))
def method(request):
    """Every method but `published`: what a recipe refuses is in test_published_by_hand.py."""
    return method_of(request.param)


def scored(x, signatures, method, **options) -> tuple[ns.Scores, list[NeurosigWarning]]:
    """The scores with what was warned of; any other warning is an error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scores = ns.score(x, signatures, method=method, **options)
    told = [entry.message for entry in caught]
    assert all(isinstance(message, NeurosigWarning) for message in told), told
    return scores, told


def texts(told: list[NeurosigWarning], kind: type[NeurosigWarning]) -> str:
    return "\n".join(str(message) for message in told if type(message) is kind)


def assert_others_are_as_without(scores: ns.Scores, x, method) -> None:
    """Exactly, for no method's score of a signature depends on the other signatures."""
    alone = ns.score(x, SIGNATURES, method=method).values
    pd.testing.assert_frame_equal(scores.values[SCORED], alone, check_names=False)


def assert_not_scored(scores: ns.Scores, told, name: str, status: str) -> None:
    assert scores.values[name].isna().all()
    assert scores.coverage.loc[name, "status"] == status
    assert name in texts(told, CoverageWarning)


@pytest.mark.parametrize(
    ("genes", "options", "status"),
    [
        (["X1", "X2", "X3"], {}, "no_genes"),
        (["G001", "G002", "X1", "X2", "X3"], {}, "low_coverage"),
        (["G001", "G002", "X1"], {}, "too_few_genes"),
        (["G001", "G002"], {"min_genes": 3}, "too_few_genes"),
    ],
)
def test_a_signature_with_few_genes_is_named_with_a_status(
    method, expression, genes, options, status
):
    scores, told = scored(expression, {**SIGNATURES, "bad": genes}, method, **options)
    assert_not_scored(scores, told, "bad", status)
    assert "lower min_coverage" in texts(told, CoverageWarning)
    assert_others_are_as_without(scores, expression, method)


def test_if_no_signature_has_enough_genes_that_is_an_error_with_the_counts(method, expression):
    with pytest.raises(CoverageError, match="1 of 3 genes, low_coverage"):
        ns.score(expression, {"bad": ["G001", "X1", "X2"]}, method=method)


def test_a_gene_listed_twice_is_refused_by_name(method, expression):
    with pytest.raises(SignatureError, match=r"'bad' lists 1 gene more than once.*'G001'"):
        ns.score(expression, {**SIGNATURES, "bad": ["G001", "G001", "G002"]}, method=method)


def test_a_gene_that_is_there_twice_in_the_data_is_refused_by_name(method, expression):
    twice = expression.rename(columns={"G170": "G171"})
    with pytest.raises(DuplicateGenesError, match="'G171' 2 times"):
        ns.score(twice, SIGNATURES, method=method)


def test_a_signature_of_all_genes_is_scored_or_named(method, expression):
    name = method.spec.name
    scores, told = scored(expression, {**SIGNATURES, "all": GENES}, method)
    if name in NO_SCORE_OF_ALL_GENES:
        assert_not_scored(scores, told, "all", "no_score")
    else:
        assert np.isfinite(scores.values["all"]).all()
        assert scores.coverage.loc["all", "status"] == "ok"
    if name in ONE_OF_ALL_GENES:
        assert (scores.values["all"] == 1).all()
    assert_others_are_as_without(scores, expression, method)


def test_only_ucell_refuses_a_signature_longer_than_its_ranking_and_says_how_to_score_it(
    method, expression
):
    if method.spec.name == "ucell":
        method = replace(method, max_rank=100)
    scores, told = scored(expression, {**SIGNATURES, "long": GENES[:101]}, method)
    if method.spec.name == "ucell":
        assert_not_scored(scores, told, "long", "no_score")
        assert "Use a larger max_rank (now 100" in texts(told, CoverageWarning)
    else:
        assert scores.values["long"].notna().all()
    assert_others_are_as_without(scores, expression, method)


def test_weights_that_a_method_ignores_are_warned_of_with_the_signature(method, expression):
    weighted = {"G010": 0.5, "G011": 2.0, "G012": 1.0}
    scores, told = scored(expression, {**SIGNATURES, "weighted": weighted}, method)
    assert scores.values["weighted"].notna().all()
    if method.spec.weights == "sign":
        assert scores.coverage.loc["weighted", "status"] == "weights_ignored"
        assert "'weighted'" in texts(told, CoverageWarning)
        listed = ns.score(expression, {"weighted": list(weighted)}, method=method).values
        assert scores.values["weighted"].equals(listed["weighted"])
    else:
        assert told == []
        assert scores.coverage.loc["weighted", "status"] == "ok"
    assert_others_are_as_without(scores, expression, method)


def test_one_sample_is_scored_or_refused_with_a_method_that_takes_it(method, expression):
    one = expression.iloc[[3]]
    if method.spec.name in COMPARE_SAMPLES:
        with pytest.raises(InputError, match=r"given 1 sample.*method=\"singscore\""):
            ns.score(one, SIGNATURES, method=method)
        return
    found, told = scored(one, SIGNATURES, method)
    assert told == []
    assert np.isfinite(found.values).all(axis=None)
    if method.scope == "sample":
        inside = ns.score(expression, SIGNATURES, method=method).values.iloc[[3]]
        pd.testing.assert_frame_equal(found.values, inside)


@pytest.mark.parametrize("value", [0.0, 0.1, 5.0])
@pytest.mark.parametrize("storage", ["table", "sparse"])
def test_samples_of_one_value_are_counted_and_cost_no_other_its_score(
    method, expression, value, storage
):
    x = expression.copy()
    x.loc[["s03", "s07"]] = value
    data = x if storage == "table" else as_adata(x, scipy.sparse.csr_matrix)
    scores, told = scored(data, SIGNATURES, method)
    flat, others = scores.values.loc[["s03", "s07"]], scores.values.drop(index=["s03", "s07"])
    assert np.isfinite(others).all(axis=None)
    said = texts(told, ScoreWarning)
    if method.spec.scale == "ranks" or method.spec.name in NO_SCORE_OF_ONE_VALUE:
        assert "2 observations" in said
        assert "'s03', 's07'" in said
    else:
        assert said == ""
    if method.spec.name in NO_SCORE_OF_ONE_VALUE:
        assert flat.isna().all(axis=None)
        assert (scores.coverage["status"] == "partly_scored").all()
    else:
        assert np.isfinite(flat).all(axis=None)
        assert (flat.iloc[0] == flat.iloc[1]).all()
        assert (scores.coverage["status"] == "ok").all()
    if method.scope == "sample":
        alone = ns.score(x.drop(index=["s03", "s07"]), SIGNATURES, method=method).values
        pd.testing.assert_frame_equal(others, alone, check_index_type=False)


def test_a_matrix_of_zeros_is_refused(method, expression):
    with pytest.raises(ExpressionError, match="Every value of the expression matrix is zero"):
        ns.score(expression * 0.0, SIGNATURES, method=method)


def test_genes_that_are_constant_over_the_cohort_are_named_where_samples_are_compared(
    method, expression
):
    x = expression.copy()
    x[SIGNATURES["small"]] = [2.0, 3.0, 4.0]
    scores, told = scored(x, SIGNATURES, method)
    if method.spec.name in COMPARE_SAMPLES:
        assert_not_scored(scores, told, "small", "no_score")
        assert "small (0 of 3)" in texts(told, CoverageWarning)
    else:
        assert told == []
    assert np.isfinite(scores.values.drop(columns="small")).all(axis=None)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("na", ["error", "propagate"])
def test_infinite_values_are_refused_whatever_the_policy(method, expression, value, na):
    x = expression.copy()
    x.iloc[2, 170] = value
    with pytest.raises(NonFiniteError, match=r"1 infinite value.*G170 in s02"):
        ns.score(x, SIGNATURES, method=replace(method, na=na))


def test_a_sample_without_any_value_is_missing_and_costs_no_other_its_score(method, expression):
    x = expression.copy()
    x.loc["s03"] = np.nan
    with pytest.raises(NonFiniteError, match=f"{N_GENES} missing values"):
        ns.score(x, SIGNATURES, method=method)
    scores, _ = scored(x, SIGNATURES, replace(method, na="propagate"))
    assert scores.values.loc["s03"].isna().all()
    assert np.isfinite(scores.values.drop(index="s03")).all(axis=None)


def test_a_gene_without_any_value_takes_only_its_signature_with_it(method, expression):
    x = expression.copy()
    x["G005"] = np.nan  # in "small"
    scores, told = scored(x, SIGNATURES, replace(method, na="propagate"))
    assert_not_scored(scores, told, "small", "no_score")
    assert np.isfinite(scores.values.drop(columns="small")).all(axis=None)


def test_missing_values_that_are_omitted_leave_a_score_by_the_other_genes(method, expression):
    """Only ssgsea and gsva have that policy; the others name the policies they have."""
    x = expression.copy()
    x.loc["s03", ["G005", "G170"]] = np.nan  # one of "small", one of no signature
    if method.spec.name not in ("ssgsea", "gsva"):
        with pytest.raises(ParameterError, match=r"Allowed: one of error, propagate"):
            replace(method, na="omit")
        return
    scores, told = scored(x, SIGNATURES, replace(method, na="omit"))
    assert told == []
    assert np.isfinite(scores.values).all(axis=None)
    if method.scope == "sample":
        without = x.drop(columns=["G005", "G170"])
        expected = ns.score(without, SIGNATURES, method=method, min_genes=2).values
        pd.testing.assert_series_equal(scores.values.loc["s03"], expected.loc["s03"])


def test_counts_are_warned_of_where_logged_values_are_wanted(method, expression):
    counts = (expression * 100).round()
    scores, told = scored(counts, SIGNATURES, method)
    if method.spec.scale == "log":
        assert 'transform(data, "log2cpm")' in texts(told, ScaleWarning)
    else:
        assert told == []
    assert np.isfinite(scores.values).all(axis=None)


def test_many_faults_at_once_leave_the_sound_signatures_as_they_are(method, expression):
    faults = {
        "absent": ["X1", "X2", "X3"],
        "half": ["G001", "X1", "X2"],
        "all": GENES,
        "weighted": {"G010": 0.5, "G011": -2.0, "G012": 1.0},
        "one arm": {"up": ["G013", "G014", "G015"], "down": ["X4", "X5"]},
    }
    mixed = dict(reversed({**SIGNATURES, **faults}.items()))
    scores, told = scored(expression, mixed, method)
    assert list(scores.values.columns) == list(mixed)
    assert list(scores.coverage.index) == list(mixed)
    said = texts(told, CoverageWarning)
    for name in ("absent", "half", "one arm"):
        assert name in said
    assert_others_are_as_without(scores, expression, method)


def test_every_method_is_in_the_tables_of_this_module():
    named = NO_SCORE_OF_ALL_GENES | ONE_OF_ALL_GENES | COMPARE_SAMPLES | NO_SCORE_OF_ONE_VALUE
    assert named <= set(registered())


@pytest.mark.parametrize(
    ("method", "value"),
    [
        (ns.methods.SsGsea(), 50.0),
        (ns.methods.SsGsea(normalize=True), 0.0),
        (ns.methods.Gsva(kcdf="none"), 50.0),  # above all others in every gene: all shares are 1
        (ns.methods.Gsva(kcdf="none", zeros="nonzero"), 0.0),
        (ns.methods.Gsva(kcdf="gaussian", zeros="nonzero"), 0.0),
    ],
)
def test_what_the_order_of_the_genes_alone_would_decide_is_missing(method, value):
    """The reference gives a number: GSVA 1.46 scores three of the first genes of 60 in a sample of
    one value 25.8 (ssgsea) and 0.86 (gsva), and with the rows turned round -25.8 and -0.86."""
    x = make_expression(n_ties=False)
    x.loc["s03"] = value
    scores, told = scored(x, SIGNATURES, method)
    assert scores.values.loc["s03"].isna().all()
    assert np.isfinite(scores.values.drop(index="s03")).all(axis=None)
    assert (scores.coverage["status"] == "partly_scored").all()
    assert "1 observation" in texts(told, ScoreWarning)


@pytest.mark.parametrize("name", ["plage", "pc1"])
@pytest.mark.parametrize("n_obs", [24, 4])  # more and fewer observations than genes of "even"
def test_components_of_equal_variance_have_no_first_one(name, n_obs):
    """Genes expressed in one sample each: all correlations are -1 / (n - 1), so that of their
    three eigenvalues the two largest are 1 + 1 / (n - 1), and any mixture of both is a first one.
    """
    x = make_expression(n_ties=False).iloc[:n_obs].copy()
    even = ["G170", "G171", "G172"]
    x[even] = 0.0
    for i, gene in enumerate(even):
        x.iloc[i, x.columns.get_loc(gene)] = 2.0 + i
    scores, told = scored(x, {**SIGNATURES, "even": even}, name)
    assert_not_scored(scores, told, "even", "no_score")
    assert "components of equal variance" in texts(told, CoverageWarning)
    assert_others_are_as_without(scores, x, name)
