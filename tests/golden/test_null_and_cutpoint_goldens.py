"""Null tests against R 4.2.2 and survival 3.5-3, cutpoints against maxstat 0.7-25.

score_test/ holds made-up data with many ties, R's score tests of them, and the script. Goldens:
expected/maxstat_*, survminer_cutpoint_lung (calls in scripts/30_survival.R).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurosig.kernels.cox import cox_fit_batch
from neurosig.kernels.cox_score_test import score_test_terms, score_test_z
from neurosig.kernels.logistic_score_test import logistic_terms, logistic_z
from neurosig.outcomes.chance.searched_cutpoint import MaxStat, logrank_scores, maxstat

FOLDER = Path(__file__).parent / "score_test"
R_ROWS = pd.read_csv(FOLDER / "expected.csv", keep_default_na=False)


@pytest.mark.parametrize("row", list(R_ROWS.itertuples()), ids=lambda r: "-".join(map(str, r[1:5])))
def test_the_score_test_of_one_more_column_equals_r(row):
    data = pd.read_csv(FOLDER / "data.csv")
    time, event = data["time"].to_numpy(float), data["event"].to_numpy(float)
    strata = None if row.strata == "none" else data["centre"].to_numpy(np.int64)
    z = data[[] if row.adjust == "none" else ["age", "grade"]].to_numpy(float)
    gamma = np.empty(0)
    if z.shape[1]:
        fit = cox_fit_batch(time, event, z[:, :1], z[:, 1:], strata=strata, ties=row.ties)
        gamma = fit.coef[0]
    terms = score_test_terms(time, event, z, gamma, strata=strata, ties=row.ties)
    found = score_test_z(terms, data[[row.score]].to_numpy(float))
    # R's gamma has converged to about 1e-7 of itself
    np.testing.assert_allclose(found**2, float(row.statistic), rtol=1e-6)


R_LOGISTIC = pd.read_csv(FOLDER / "expected_logistic.csv", keep_default_na=False)


@pytest.mark.parametrize("row", list(R_LOGISTIC.itertuples()), ids=lambda r: f"{r[1]}-{r[2]}")
def test_the_score_test_in_a_logistic_model_equals_r(row):
    data = pd.read_csv(FOLDER / "data.csv")
    z = data[[] if row.adjust == "none" else ["age", "grade"]].to_numpy(float)
    terms = logistic_terms(data["event"].to_numpy(float), z)
    found = logistic_z(terms, data[[row.score]].to_numpy(float))
    np.testing.assert_allclose(found**2, float(row.statistic), rtol=1e-9)


CASES = {
    "DLBCL_MGE": ("DLBCL", "time", "cens", 1, "MGE"),
    "gbsg_pgr": ("gbsg", "rfstime", "status", 1, "pgr"),
    "lung_age": ("lung", "time", "status", 2, "age"),
    "veteran_karno": ("veteran", "time", "status", 1, "karno"),
    "pbc_bili": ("pbc", "time", "status", 2, "bili"),
}


def _searched(goldens: Path, case: str, **options) -> MaxStat:
    file, time, event, value, score = CASES[case]
    data = pd.read_csv(goldens / "inputs" / f"surv_{file}.csv").dropna(subset=[time, event, score])
    options = {"n_bootstrap": 1, "n_folds": 2, "n_repeats": 1, "n_permutations": 99} | options
    return maxstat(data[time], data[event] == value, data[score], **options)


@pytest.mark.data
@pytest.mark.parametrize("case", CASES)
def test_statistic_cut_and_approximate_p_values_equal_maxstat(goldens, case):
    table = pd.read_csv(goldens / "expected" / "maxstat_tests.csv").query("case == @case")
    expected = table.set_index("pmethod")
    found = _searched(goldens, case, minprop=0.1)
    assert found.cut == pytest.approx(expected.loc["none", "cutpoint"], abs=1e-12)
    assert found.statistic == pytest.approx(expected.loc["none", "statistic"], rel=1e-12)
    assert len(found.profile) == expected.loc["none", "ncut"]
    assert found.p_lau92 == pytest.approx(expected.loc["Lau92", "p"], rel=1e-9)
    assert found.p_lau94 == pytest.approx(expected.loc["Lau94", "p"], rel=1e-9, abs=1e-16)


@pytest.mark.data
@pytest.mark.parametrize("case", ["DLBCL_MGE", "lung_age", "veteran_karno"])
def test_the_permutation_p_value_equals_maxstats_within_monte_carlo_error(goldens, case):
    table = pd.read_csv(goldens / "expected" / "maxstat_tests.csv").query("case == @case")
    expected = float(table.set_index("pmethod").loc["condMC", "p"])
    found = _searched(goldens, case, minprop=0.1, n_permutations=10_000)
    assert found.p_value == pytest.approx(expected, abs=0.01)


@pytest.mark.data
@pytest.mark.parametrize(("case", "file"), [("DLBCL_MGE", "DLBCL"), ("lung_age", "lung_age")])
def test_the_statistic_of_every_cut_equals_maxstat(goldens, case, file):
    expected = pd.read_csv(goldens / "expected" / f"maxstat_{file}_profile.csv")
    profile = _searched(goldens, case, minprop=0.1).profile
    np.testing.assert_allclose(profile["cut"], expected["cut"], atol=1e-12)
    np.testing.assert_allclose(profile["statistic"], expected["stat"], rtol=1e-11)


@pytest.mark.data
def test_the_scores_of_the_rows_equal_exactranktests(goldens):
    lung = pd.read_csv(goldens / "inputs" / "surv_lung.csv")
    expected = pd.read_csv(goldens / "expected" / "maxstat_lung_logrank_scores.csv")["score"]
    found = logrank_scores(lung["time"].to_numpy(float), (lung["status"] == 2).to_numpy(float))
    np.testing.assert_allclose(found, expected, atol=1e-13)


@pytest.mark.data
def test_the_cut_of_a_score_with_missing_values_equals_survminer(goldens):
    lung = pd.read_csv(goldens / "inputs" / "surv_lung.csv")
    expected = pd.read_csv(goldens / "expected" / "survminer_cutpoint_lung.csv")
    for row in expected.itertuples():
        known = lung.dropna(subset=[row.variable])
        found = maxstat(
            known["time"],
            known["status"] == 2,
            known[row.variable],
            minprop=0.1,
            n_bootstrap=1,
            n_permutations=1,
        )
        assert found.cut == row.cutpoint
        assert found.statistic == pytest.approx(row.statistic, rel=1e-12)
