"""Restricted mean survival time: hand arithmetic, refusals, and its regression."""

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import ClinicalError, ClinicalWarning, ParameterError, SmallSampleWarning
from neurosig.outcomes.curves.restricted_mean import rmst
from neurosig.outcomes.curves.restricted_mean_regression import rmst_regression

TIME = [1, 2, 3, 4]


def test_the_mean_is_the_area_under_the_curve():
    # S = 1, 3/4, 3/8, 3/8 on [0, 1), [1, 3), [3, 4), up to 3.5: 1 + 2 * 3/4 + 0.5 * 3/8
    result = rmst(TIME, [1, 0, 1, 0], tau=3.5)
    assert result.groups["rmst"].iloc[0] == pytest.approx(1 + 1.5 + 0.1875)
    # A(1) = 1.6875, A(3) = 0.1875; d / (n (n - d)) = 1/12 and 1/2
    variance = 1.6875**2 / 12 + 0.1875**2 / 2
    assert result.groups["std_error"].iloc[0] == pytest.approx(np.sqrt(variance))
    assert result.groups["rmtl"].iloc[0] == pytest.approx(3.5 - 2.6875)
    assert result.groups["n_events"].iloc[0] == 2
    assert result.contrasts.empty


def test_without_censoring_before_tau_it_is_the_mean_of_the_cut_times():
    rng = np.random.default_rng(5)
    time = rng.exponential(10, 60)
    group = np.repeat(["a", "b"], 30)
    result = rmst(time, np.ones(60), tau=8, groups=group)
    cut = np.minimum(time, 8)
    means = [cut[:30].mean(), cut[30:].mean()]
    errors = [cut[:30].std() / np.sqrt(30), cut[30:].std() / np.sqrt(30)]
    np.testing.assert_allclose(result.groups["rmst"], means)
    np.testing.assert_allclose(result.groups["std_error"], errors)
    by_name = result.contrasts.set_index("contrast")
    assert by_name.loc["difference", "estimate"] == pytest.approx(means[1] - means[0])
    assert by_name.loc["difference", "std_error"] == pytest.approx(np.hypot(*errors))
    assert by_name.loc["ratio", "estimate"] == pytest.approx(means[1] / means[0])
    log_error = np.hypot(errors[0] / means[0], errors[1] / means[1])
    assert by_name.loc["ratio", "std_error"] == pytest.approx(log_error)
    assert by_name.loc["lost_ratio", "estimate"] == pytest.approx((8 - means[1]) / (8 - means[0]))


def test_the_means_of_the_remission_data_equal_survfit():
    # R 4.2.2, survival 3.5-3: summary(survfit(Surv(t, e) ~ g), rmean = 20)$table
    six_mp = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    relapse = [int(digit) for digit in "111010100110001100000" + "1" * 21]
    groups = rmst(six_mp + placebo, relapse, tau=20, groups=["6-MP"] * 21 + ["p"] * 21).groups
    np.testing.assert_allclose(groups["rmst"], [16.116527, 8.428571], atol=5e-7)
    np.testing.assert_allclose(groups["std_error"], [1.251560, 1.268083], atol=5e-7)


def test_three_groups_have_three_contrasts_against_the_earlier_one():
    result = rmst([1, 2, 3, 4, 5, 6], [1] * 6, tau=6, groups=list("aabbcc"))
    pairs = result.contrasts[["group", "reference"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["b", "a"], ["c", "a"], ["c", "b"]]


def test_rows_that_enter_late_do_not_count_before():
    # at 1 only the first is at risk and its curve falls to 0, which nothing can undo
    assert rmst([1, 3, 4], [1, 1, 0], tau=2, entry=[0, 1, 1]).groups["rmst"].iloc[0] == 1.0


def test_a_horizon_beyond_the_follow_up_of_a_group_is_refused():
    with pytest.raises(ParameterError, match=r"tau=4 is beyond the follow-up of the group 'b'"):
        rmst([5, 6, 2, 3], [0, 0, 1, 0], tau=4, groups=list("aabb"))
    dead = rmst([5, 6, 2, 3], [0, 0, 1, 1], tau=4, groups=list("aabb"))  # the curve is at 0
    assert dead.groups["rmst"].tolist() == [4.0, 2.5]


@pytest.mark.parametrize("tau", [0, -1, np.inf, np.nan])
def test_a_horizon_that_is_no_time_is_refused(tau):
    with pytest.raises(ParameterError, match="tau cannot be"):
        rmst(TIME, [1, 1, 1, 0], tau=tau)
    with pytest.raises(ParameterError, match="tau cannot be"):
        rmst_regression(TIME, [1, 1, 1, 0], pd.DataFrame({"x": [0, 1, 0, 1]}), tau=tau)


def test_one_binary_covariate_gives_the_difference_of_the_arms():
    rng = np.random.default_rng(6)
    time, event = rng.exponential(10, 90), rng.random(90) < 0.7
    arm = np.repeat([0, 1], 45)
    curves = rmst(time, event, tau=9, groups=arm).contrasts.set_index("contrast")
    covariates = pd.DataFrame({"arm": arm})
    fits = {
        effect: rmst_regression(
            time, event, covariates, tau=9, effect=effect, arms=arm, method="ipcw"
        )
        for effect in ("difference", "ratio")
    }
    # without ties, weighting by 1 / G and the area under S are the same mean (Satten, Datta 2001)
    for effect, fit in fits.items():
        ours = fit.set_index("term").loc["arm"]
        assert ours["effect"] == pytest.approx(curves.loc[effect, "estimate"], rel=1e-9)
        assert ours["std_error"] == pytest.approx(curves.loc[effect, "std_error"], rel=0.03)


@pytest.mark.parametrize(("method", "errors"), [("pseudo", "HC2"), ("ipcw", "HC0")])
def test_without_censoring_the_regression_is_least_squares_with_robust_errors(method, errors):
    import statsmodels.api as sm

    rng = np.random.default_rng(7)
    x = rng.normal(size=80)
    data = rng.exponential(np.exp(0.5 * x) * 5), np.ones(80), pd.DataFrame({"x": x})
    cut = np.minimum(data[0], 6)
    fit = rmst_regression(*data, tau=6, method=method)
    reference = sm.OLS(cut, sm.add_constant(x)).fit(cov_type=errors)
    np.testing.assert_allclose(fit["estimate"], reference.params)
    np.testing.assert_allclose(fit["std_error"], reference.bse)
    ratio = rmst_regression(*data, tau=6, effect="ratio", method=method)
    poisson = sm.GLM(cut, sm.add_constant(x), sm.families.Poisson())
    reference = poisson.fit(cov_type="HC0", tol=1e-12)
    np.testing.assert_allclose(ratio["estimate"], reference.params, rtol=1e-8)
    if method == "ipcw":
        np.testing.assert_allclose(ratio["std_error"], reference.bse, rtol=1e-8)


def test_a_score_with_a_long_tail_is_tested_with_few_degrees_of_freedom():
    rng = np.random.default_rng(10)
    time, event = rng.exponential(10, 60), rng.random(60) < 0.6
    scores = pd.DataFrame({"even": rng.normal(size=60), "tail": np.exp(2 * rng.normal(size=60))})
    with pytest.warns(SmallSampleWarning, match=r"'tail'\. \d\.\d degrees of freedom in 60 rows"):
        table = rmst_regression(time, event, scores, tau=15)
    by_term = table.set_index("term")["df"]
    assert by_term["tail"] < 5 < 15 < by_term["even"]
    ranked = rmst_regression(time, event, scores.rank(), tau=15).set_index("term")["df"]
    assert ranked["tail"] > 15


def test_a_coefficient_of_one_row_has_no_error_and_does_not_spoil_the_others():
    rng = np.random.default_rng(9)
    time, alone = rng.exponential(10, 30), np.arange(30) == 7
    x = rng.normal(size=30)
    covariates = pd.DataFrame({"x": x, "alone": alone.astype(float)})
    both = rmst_regression(time, np.ones(30), covariates, tau=12).set_index("term")
    rest = rmst_regression(time[~alone], np.ones(29), covariates[["x"]][~alone], tau=12)
    assert np.isnan(both.loc["alone", "std_error"])
    for name in ("estimate", "std_error", "df"):
        assert both.loc["x", name] == pytest.approx(rest.set_index("term").loc["x", name])


def test_covariates_that_cannot_be_used_are_refused():
    with pytest.raises(ClinicalError, match=r"one number for every row.*'x'"):
        rmst_regression(TIME, [1] * 4, pd.DataFrame({"x": [0, 1, np.nan, 1]}), tau=3)
    with pytest.raises(ClinicalError, match="collinear or constant"):
        rmst_regression(TIME, [1] * 4, pd.DataFrame({"x": [1, 1, 1, 1]}), tau=3)
    with pytest.raises(ParameterError, match="effect cannot be 'hazard'"):
        rmst_regression(TIME, [1] * 4, pd.DataFrame({"x": [1, 0, 1, 0]}), tau=3, effect="hazard")
    with pytest.raises(ParameterError, match=r"method cannot be 'tian'.*'pseudo', 'ipcw'"):
        rmst_regression(TIME, [1] * 4, pd.DataFrame({"x": [1, 0, 1, 0]}), tau=3, method="tian")
    with pytest.raises(ParameterError, match="beyond the follow-up of the arm"):
        rmst_regression(TIME, [1] * 4, pd.DataFrame({"x": [1, 0, 1, 0]}), tau=5)


def test_rows_without_a_time_are_left_out_with_their_covariates():
    time, x = [1, 2, np.nan, 3, 4], [0, 0, np.nan, 1, 1]
    with pytest.warns(ClinicalWarning, match="left out"):
        table = rmst_regression(time, [1] * 5, pd.DataFrame({"x": x}), tau=4)
    # Nobody is censored: the mean of 1 and 2, and that of 3 and 4 less it.
    np.testing.assert_allclose(table["estimate"], [1.5, 2.0], atol=1e-12)
    with pytest.raises(ClinicalError, match="4 rows for 5 times"):
        rmst_regression(range(1, 6), [1] * 5, pd.DataFrame({"x": [0, 0, 1, 1]}), tau=4)
