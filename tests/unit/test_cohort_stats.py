"""Statistics of a cohort: saved, and applied to one patient in another process."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig._array_file import read_arrays, write_arrays
from neurosig.errors import (
    CoverageError,
    InputError,
    MethodError,
    OrientationError,
    ResourceError,
    ScaleWarning,
)

X = pd.DataFrame(
    {
        "NGF": [1.0, 2.0, 3.0, 5.0],
        "BDNF": [0.0, 4.0, 2.0, 1.0],
        "TH": [2.0, 2.5, 1.0, 0.5],
        "DBH": [3.0, 0.5, 1.5, 2.0],
    },
    index=list("abcd"),
)
SETS = {"S": ["NGF", "BDNF"], "T": {"up": ["NGF"], "down": ["TH"]}, "absent": ["X", "Y"]}

pytestmark = pytest.mark.filterwarnings("ignore::neurosig.errors.CoverageWarning")


@pytest.fixture
def stats():
    return ns.score(X, SETS, method="zscore").cohort_stats


def test_a_new_patient_is_scored_by_the_means_and_deviations_of_the_cohort(stats):
    """NGF: mean 2.75, sd sqrt(8.75 / 3); BDNF: mean 1.75, sd sqrt(8.75 / 3)."""
    patient = pd.DataFrame({"TH": [1.0], "BDNF": [3.5], "NGF": [4.5]}, index=["new"])
    found = stats.score(patient).values.loc["new", "S"]
    expected = (1.75 + 1.75) / np.sqrt(8.75 / 3) / np.sqrt(2)
    assert found == pytest.approx(expected, rel=1e-15)


def test_a_patient_of_the_cohort_has_the_score_it_has_there_in_a_new_process(stats, tmp_path):
    inside = ns.score(X, SETS, method="zscore").values.loc["c"]
    stats.save(tmp_path / "cohort.npz")
    X.loc[["c"]].to_csv(tmp_path / "patient.csv")
    program = (
        "import json, sys, pandas as pd, neurosig as ns; "
        "stats = ns.CohortStats.load(sys.argv[1]); "
        "x = pd.read_csv(sys.argv[2], index_col=0); "
        "print(json.dumps(stats.score(x).values.loc['c'].to_dict()))"
    )
    files = (str(tmp_path / "cohort.npz"), str(tmp_path / "patient.csv"))
    said = subprocess.run(
        [sys.executable, "-c", program, *files], capture_output=True, text=True, check=True
    )
    found = pd.Series(json.loads(said.stdout))
    assert found["S"] == inside["S"]
    assert found["T"] == inside["T"]
    assert np.isnan(found["absent"])


def test_the_record_says_which_cohort_and_which_patient(stats):
    scores = stats.score(X.loc[["b"]])
    assert scores.provenance["cohort"]["n_obs"] == 4
    assert scores.provenance["expression"]["n_obs"] == 1
    assert scores.provenance["method"]["name"] == "zscore"
    assert scores.coverage.loc["absent", "status"] == "no_genes"


def test_genes_of_no_signature_may_be_missing_where_they_do_not_matter(stats):
    without_dbh = X[["TH", "NGF", "BDNF"]]
    expected = ns.score(X, SETS, method="zscore").values
    pd.testing.assert_frame_equal(stats.score(without_dbh).values, expected)


def test_a_missing_gene_of_a_signature_is_named(stats):
    with pytest.raises(CoverageError, match=r"1 gene of the cohort is missing.*'TH'"):
        stats.score(X[["NGF", "BDNF", "DBH"]])


def test_a_method_that_compares_genes_needs_all_of_them():
    method = ns.methods.Gsva(kcdf="none")
    stats = ns.score(X, {"S": ["NGF", "BDNF"]}, method=method).cohort_stats
    with pytest.raises(CoverageError, match=r"compares genes with each other.*'DBH'"):
        stats.score(X[["NGF", "BDNF", "TH"]])


def test_a_transposed_patient_is_told_so(stats):
    with pytest.raises(OrientationError, match="genes look to be in the rows"):
        stats.score(X.T)


def test_counts_for_a_cohort_of_logarithms_are_warned_about(stats):
    counts = pd.DataFrame({"NGF": [250], "BDNF": [12], "TH": [3]}, index=["new"])
    with pytest.warns(ScaleWarning, match="look like counts, those of the cohort like log"):
        stats.score(counts)


@pytest.mark.parametrize(
    ("method", "reason"),
    [("singscore", "each sample by itself"), ("ssgsea", "each sample by itself")],
)
def test_a_method_of_one_sample_has_none_and_says_why(method, reason):
    scores = ns.score(X, {"S": ["NGF", "BDNF"]}, method=method)
    with pytest.raises(MethodError, match=reason):
        _ = scores.cohort_stats


def test_scores_read_from_a_file_have_none_and_say_why(stats, tmp_path):
    ns.score(X, SETS, method="zscore").save(tmp_path / "scores.h5ad")
    with pytest.raises(MethodError, match="do not travel"):
        _ = ns.Scores.load(tmp_path / "scores.h5ad").cohort_stats


def test_another_ending_is_refused(stats, tmp_path):
    with pytest.raises(InputError, match=r"saved as \.npz, not '\.pkl'"):
        stats.save(tmp_path / "cohort.pkl")


def test_a_damaged_file_is_named(stats, tmp_path):
    path = tmp_path / "cohort.npz"
    stats.save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ResourceError, match=r"cohort\.npz"):
        ns.CohortStats.load(path)
    with pytest.raises(ResourceError, match=r"nothing\.npz"):
        ns.CohortStats.load(tmp_path / "nothing.npz")


def test_a_file_of_something_else_is_named(tmp_path):
    write_arrays(tmp_path / "other.npz", {"format": "another/1"})
    with pytest.raises(ResourceError, match="does not hold the statistics of a cohort"):
        ns.CohortStats.load(tmp_path / "other.npz")


def test_another_revision_of_the_method_is_refused(stats, tmp_path):
    stats.save(tmp_path / "cohort.npz")
    content = read_arrays(tmp_path / "cohort.npz", packages=("neurosig",))
    write_arrays(tmp_path / "old.npz", content | {"revision": 0})
    with pytest.raises(ResourceError, match="another revision of zscore"):
        ns.CohortStats.load(tmp_path / "old.npz")


def test_a_file_cannot_name_a_class_of_another_package(tmp_path):
    from fractions import Fraction

    write_arrays(tmp_path / "cohort.npz", {"format": "neurosig-cohort/1", "cohort": [1, "a"]})
    path = tmp_path / "foreign.npz"
    layout = {"items": {"cohort": {"module": "fractions", "class": "Fraction", "fields": {}}}}
    np.savez(path, layout=np.array(json.dumps(layout)))
    assert Fraction.__module__ == "fractions"
    with pytest.raises(ResourceError, match=r"fractions\.Fraction, which is not of neurosig"):
        read_arrays(path, packages=("neurosig",))


def test_arrays_lists_tuples_and_texts_come_back_as_they_were(tmp_path):
    content = {"a": np.arange(3), "b": [1, ("x", None, True)], "c": {"d": np.array(["NGF"])}}
    write_arrays(tmp_path / "content.npz", content)
    found = read_arrays(tmp_path / "content.npz", packages=())
    assert found["a"].tolist() == [0, 1, 2]
    assert found["b"] == [1, ("x", None, True)]
    assert found["c"]["d"].tolist() == ["NGF"]


def test_statuses_of_the_cohort_stay_with_new_samples(stats, tmp_path):
    weighted = {"W": {"NGF": 2.0, "BDNF": 0.5}}
    cohort = ns.score(X, weighted, method="zscore").cohort_stats
    cohort.save(tmp_path / "cohort.npz")
    for kept in (cohort, ns.CohortStats.load(tmp_path / "cohort.npz")):
        new = kept.score(X.iloc[:1])
        assert new.coverage.loc["W", "status"] == "weights_ignored"
        pd.testing.assert_frame_equal(new.coverage, cohort.coverage, check_dtype=False)


@pytest.mark.filterwarnings("ignore::neurosig.errors.ScaleWarning")
def test_negative_values_of_a_new_sample_have_no_score_of_linear_recipes():
    linear = pd.DataFrame(
        {"GZMA": [30.5, 80.5], "PRF1": [20.5, 20.5], "TP53": [50.5, 90.5]}, index=["p1", "p2"]
    )
    cyt = ns.Signature(id="CYT", genes=("GZMA", "PRF1"), recipe="geometric_mean")
    sums = ns.Signature(
        id="SUM", genes=("PRF1", "TP53"), weights=(1.0, -1.0), recipe="weighted_sum"
    )
    collection = ns.SignatureCollection([cyt, sums])
    method = ns.methods.Published(input_scale="linear")
    cohort = ns.score(linear, collection, method=method).cohort_stats
    patients = linear.assign(GZMA=[-4.0, 80.5])
    with pytest.warns(ns.errors.ScoreWarning, match="negative where the recipe reads linear"):
        scores = cohort.score(patients)
    assert np.isnan(scores.values.loc["p1", "CYT"])
    assert scores.values.loc["p2", "CYT"] == pytest.approx(np.sqrt(80.51 * 20.51))
    assert scores.values["SUM"].tolist() == [-30.0, -70.0]
    assert scores.coverage["status"].to_dict() == {"CYT": "partly_scored", "SUM": "ok"}
