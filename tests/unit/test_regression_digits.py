"""Regressions on data that cost digits, or lead a search astray; expected numbers from R 4.2.2.

Terms that are nearly collinear: z = x + d / 10,000. A model of x and z is one of x and d, which R
fits without loss; the coefficient of z and its error are 10,000 times those of d.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import AssumptionWarning
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.regression.mixed_likelihood import MixedLikelihood
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.verb import regress

pytestmark = pytest.mark.filterwarnings("ignore::neurosig.errors.SmallSampleWarning")

TO_SIX = {"rel": 1e-6}  # where R's own search stops
NUMBERS = ["estimate", "std_error"]


def fit(outcome, score, kind, *, adjust=(), positive=None, columns=None, **options):
    ids = [f"p{i}" for i in range(len(score))]
    clinic = pd.DataFrame({"outcome": outcome, **(columns or {})}, ids)
    return regress(
        Cohort.join(pd.DataFrame({"S": score}, ids), clinic),
        outcome="outcome", kind=kind, adjust=adjust, scale="none", positive=positive,
        model=RegressionModel(**options),
    ).table  # fmt: skip


def nearly_collinear(n):
    i = np.arange(n)
    x = np.sin(1.7 * i)
    return i, x, x + np.cos(2.3 * i) / 10_000


def test_a_logistic_fit_and_its_profile_keep_their_digits_with_nearly_collinear_terms():
    """glm(y ~ x + d, binomial); drop in deviance of glm(y ~ x, offset = b * d) and uniroot."""
    i, x, z = nearly_collinear(40)
    y = np.where(np.sin(5.1 * i) + 0.3 * x > 0, "yes", "no")
    options = {"adjust": ["z"], "positive": "yes", "columns": {"z": z}}
    row = fit(y, x, "logistic", intervals="profile", **options).iloc[1]
    assert row[[*NUMBERS, "ci_low", "ci_high"]].tolist() == pytest.approx(
        [1388.584303994, 4485.851923669, -7438.865015240, 10361.867754484], rel=1e-8
    )
    assert row["message"] == ""


def test_firths_penalty_keeps_its_digits_with_nearly_collinear_terms():
    """glm(y ~ x + d, binomial, method = "brglmFit", type = "AS_mean"), brglm2."""
    i, x, z = nearly_collinear(40)
    y = np.where(np.sin(5.1 * i) + 0.3 * x > 0, "yes", "no")
    options = {"adjust": ["z"], "positive": "yes", "columns": {"z": z}}
    row = fit(y, x, "logistic", firth=True, **options).iloc[1]
    assert row["estimate"] == pytest.approx(1273.899883963, rel=1e-8)
    assert np.isfinite(row[["ci_low", "ci_high"]].to_numpy(dtype=float)).all()


def test_a_multinomial_fit_converges_with_nearly_collinear_terms():
    """multinom(L ~ x + d, reltol = 1e-16), its test against multinom(L ~ z)."""
    i, x, z = nearly_collinear(60)
    u = np.sin(5.1 * i) + 0.3 * x
    levels = np.array(["A", "B", "C"])[np.digitize(u, [-0.5, 0.5])]
    table = fit(levels, x, "multinomial", adjust=["z"], columns={"z": z}, reference="A")
    of_z = table[table["term"] == "z"]
    assert of_z["estimate"].tolist() == pytest.approx([-1598.403468560, 1722.767634786], **TO_SIX)
    assert of_z["std_error"].tolist() == pytest.approx([4581.721364322, 4584.538971850], **TO_SIX)
    assert table["p_lr"].iloc[0] == pytest.approx(0.7673809032655, **TO_SIX)


def test_robust_errors_keep_their_digits_with_nearly_collinear_terms():
    """vcovHC(lm(y ~ x + d), type = "HC3"); coef_test(type = "CR2"), clubSandwich; d / 50,000."""
    i, x, _ = nearly_collinear(60)
    z = x + np.cos(2.3 * i) / 50_000
    clusters = [f"c{k}" for k in i // 6]
    options = {"adjust": ["z"], "columns": {"z": z, "centre": clusters}}
    y = np.sin(3.3 * i) + x
    row = fit(y, x, "linear", errors="HC3", **options).iloc[1]
    # z has 1e-11 of rounding per unit of d, times the ratio of errors
    assert row[NUMBERS].tolist() == pytest.approx([-780.3848782105, 6830.4193487817], rel=1e-9)
    row = fit(y, x, "linear", cluster="centre", cluster_errors="CR2", **options).iloc[1]
    assert row[["std_error", "df"]].tolist() == pytest.approx(
        [5199.681559587, 8.685371198162], rel=1e-9
    )


def test_a_rare_level_with_large_counts_has_its_rate():
    """Newton's first step from 0 is far too long; log(39) - log(15 / 146), sqrt(1 / 78 + 1 / 15).

    glm(y ~ x, poisson) gives 5.939118066736 and 0.2819347078442.
    """
    y = [49, 29, *([1] + [0] * 9) * 14, 0, 0, 0, 0, 0, 1]
    x = [1.0, 1.0, *[0.0] * 146]
    row = fit(y, x, "poisson").iloc[0]
    assert row[NUMBERS].tolist() == pytest.approx(
        [np.log(39) - np.log(15 / 146), np.sqrt(1 / 78 + 1 / 15)], rel=1e-10
    )


def test_a_negative_binomial_likelihood_can_fall_from_the_poisson_limit_and_rise_above_it():
    """glm.nb(y ~ x, control = glm.control(1e-12, 100)): theta 16.859, loglik -46.097, Poisson's

    -46.263. The test is that of the highest likelihoods, optimize(theta) over 5 to 50.
    """
    y = [8, 7, 12, 10, 13, 0, 19, 28, 25, 34, 40, 52, 57]
    row = fit(y, np.arange(13.0), "negative_binomial").iloc[0]
    assert row[[*NUMBERS, "theta"]].tolist() == pytest.approx(
        [0.189501372109, 0.0264914162531, 16.8586454792], **TO_SIX
    )
    assert row["p_lr"] == pytest.approx(7.29788590687e-05, **TO_SIX)
    assert row["message"] == ""


@pytest.mark.parametrize("level", [0.0, 1e6])
@pytest.mark.parametrize(
    ("noise", "expected", "sd_group"),
    [
        (1.0, (1.0998080561399, 0.1374723828465, 0.7445941316249), 74.0040799717474),
        (1e-3, (1.0000998358050, 0.0001374723872217, 0.0007445941328), 73.96672442647),
    ],
)
def test_a_mixed_model_keeps_its_digits_where_groups_or_the_level_are_large(
    level, noise, expected, sd_group
):
    """lme(y ~ x, random = ~ 1 | g), nlme; the level of y changes the intercept alone."""
    i, x, _ = nearly_collinear(60)
    y = np.sin(2.0 * (i % 6)) * 100 + x + noise * np.cos(7.7 * i) + level
    groups = [f"g{k}" for k in i % 6]
    row = fit(y, x, "mixed", columns={"site": groups}, group="site").iloc[0]
    assert row[[*NUMBERS, "sd_residual"]].tolist() == pytest.approx(list(expected), **TO_SIX)
    assert row["sd_group"] == pytest.approx(sd_group, **TO_SIX)


def test_terms_far_from_where_the_complementary_log_log_link_ends_are_fitted():
    """clm(L ~ s, link = "cloglog"), ordinal; s reaches 27, where exp(exp(u)) overflows."""
    i, x, _ = nearly_collinear(60)
    v = 12 * x**3 + np.log(-np.log1p(-(0.98 * np.abs(np.sin(5.1 * i)) + 0.01)))
    levels = np.array(["l0", "l1", "l2"])[np.digitize(v, [-2, 1])]
    options = {"order": ("l0", "l1", "l2"), "link": "cloglog"}
    with pytest.warns(UserWarning, match="differ between"):
        row = fit(levels, np.sinh(4 * x), "ordinal", **options).iloc[0]
    assert row[NUMBERS].tolist() == pytest.approx([0.8722325145460, 0.2676427422549], **TO_SIX)
    assert row["p_lr"] == pytest.approx(1.709852337834e-25, **TO_SIX)
    assert np.isfinite(row["p_proportional"])


def test_proportionality_is_tested_where_a_level_has_no_rows_beyond_a_threshold():
    """The limit of the model with an effect at each threshold is the table itself.

    clm(y ~ x), ordinal, has the log-likelihood -26.745819249151; sum of n log(n / n of the group)
    is -23.168349379105 for 8, 4, 3 and 0, 9, 4: pchisq(7.15494, 1, lower.tail = FALSE).
    """
    cells = [8, 4, 3, 0, 9, 4]
    x = np.repeat([0.0, 0, 0, 1, 1, 1], cells)
    grade = np.repeat(["a", "b", "c", "a", "b", "c"], cells)
    with pytest.warns(UserWarning, match="differ between"):
        row = fit(grade, x, "ordinal", order=("a", "b", "c")).iloc[0]
    assert row["p_proportional"] == pytest.approx(0.0074757806502331, rel=1e-9)
    assert row["message"] == ""


@pytest.mark.parametrize("kind", ["poisson", "negative_binomial"])
def test_robust_errors_of_counts_without_any_residual_are_zero(kind):
    """Counts of 2, and 5 where z is 1: rounding is no variance below 0, nor one that is unknown.

    sandwich(glm(y ~ x + z, poisson)) is 0 but for rounding.
    """
    y = [2, 2, 2, 5, 2, 2, 5, 2, 5, 2]
    x = [0.0, 1.0, 0, 0, 0, 0, 0, 1.0, 0, 0]
    z = [0.0, 0, 0, 1.0, 0, 0, 1.0, 0, 1.0, 0]
    table = fit(y, x, kind, adjust=["z"], columns={"z": z}, errors="HC0")
    assert table["estimate"].tolist() == pytest.approx([0, np.log(5 / 2)], abs=1e-10)
    assert table["status"].tolist() == ["ok", "ok"]
    assert table["std_error"].tolist() == pytest.approx([0, 0], abs=1e-8)


def test_cluster_errors_keep_the_digits_of_rows_with_small_means_beside_large_ones():
    """coef_test(glm(y ~ x, poisson, offset = log(area)), type = "CR2"), clubSandwich.

    Means from 0.0007 to 50,000: the rows with an event against a mean of 0.001 count.
    """
    i, x, _ = nearly_collinear(36)
    area = 10.0 ** (1.5 * (i % 6) - 3)
    y = np.round(area * np.exp(0.4 * x) * (1 + 0.5 * np.cos(5.1 * i)))
    y[[0, 13]] = 1
    columns = {"area": area, "centre": [f"c{k}" for k in i // 6]}
    options = {"exposure": "area", "cluster": "centre", "cluster_errors": "CR2"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AssumptionWarning)  # overdispersion
        row = fit(y, x, "poisson", columns=columns, **options).iloc[0]
    assert row[[*NUMBERS, "df"]].tolist() == pytest.approx(
        [0.472903172023790, 0.27860174777558, 2.9988026129291], rel=1e-8
    )


def test_cr2_errors_with_a_row_whose_outcome_is_certain():
    """coef_test(glm(y ~ x, binomial), type = "CR2"), clubSandwich; x = 60 has p (1 - p) = 0."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    x[0] = 60
    y = np.where(rng.random(60) < 1 / (1 + np.exp(-x)), "yes", "no")
    columns = {"centre": [f"c{i % 15}" for i in range(60)]}
    row = fit(y, x, "logistic", positive="yes", columns=columns, cluster="centre").iloc[0]
    assert row[["std_error", "df"]].tolist() == pytest.approx(
        [0.271715296230764, 10.8281839841191], rel=1e-7
    )


def test_a_mixed_model_takes_the_highest_of_two_maxima():
    """lmer(y ~ 1 + (1 | g), REML = FALSE): loglik -24.69481665301; without groups -24.71716972878.

    optimize() of its deviance function over 0.3 to 1: 0.56466398933 residual standard deviations.
    """
    y = np.array([-3.0, -2, 0, -1, -3, -2, 1, -2, 0, -1, -1, -2, 2, 0])
    ones, group = np.ones((14, 1)), np.repeat([0, 1, 2, 3], [2, 8, 2, 2])
    found = MixedLikelihood(y, ones, ones, group, "ML").maximise()
    assert found.loglik == pytest.approx(-24.69481665301, rel=1e-12)
    assert found.factor[0, 0] == pytest.approx(0.56466398933, **TO_SIX)
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(0.52622657086267, **TO_SIX)


def test_a_mixed_model_with_slopes_takes_the_highest_of_two_maxima():
    """lmer(y ~ x + (x | g), start = c(8, -1.5, 0)): loglik -41.98884310641; from the default start

    -42.15103938797, where slopes have another variance and correlation.
    """
    x = [float(digit) for digit in "0001101101100011101111000"]
    y = [1, 1, 2, 0, 2, 0, 2, 2, 1, -1, -1, -2, -3, -1, 5, 1, 1, 1, 1, 1, 1, 2, 0, 1, 2]
    groups = np.repeat(list("abcdefg"), [4, 5, 2, 3, 5, 2, 4])
    options = {"columns": {"site": groups}, "group": "site", "slope": "score"}
    with pytest.warns(AssumptionWarning, match="correlate at -1 or 1"):
        row = fit(y, x, "mixed", **options).iloc[0]
    assert row[[*NUMBERS, "sd_group", "sd_slope"]].tolist() == pytest.approx(
        [0.720736074251, 1.145033898368, 1.39253112623, 2.78609402973], **TO_SIX
    )
    assert row["cor_slope"] == pytest.approx(-1, abs=1e-6)
