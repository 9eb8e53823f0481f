"""Effects pooled over cohorts."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import ClinicalError, ClinicalWarning, ParameterError
from neurosig.outcomes.pooling.omitted_cohorts import leave_one_out
from neurosig.outcomes.pooling.random_effects import pool_effects
from neurosig.outcomes.pooling.verb import meta
from neurosig.outcomes.results import Results

# Colditz et al. 1994 (BCG vaccine), log relative risks and variances as printed in Viechtbauer
# 2010, doi:10.18637/jss.v036.i03, section 3; results there for REML.
BCG_LOG_RR = [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209, 0.0120, -0.4694,
              -1.3713, -0.3394, 0.4459, -0.0173]  # fmt: skip
BCG_VARIANCE = [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730,
                0.0124, 0.5325, 0.0714]  # fmt: skip


def rows_of(cohort, estimates, endpoint="OS", se=0.2, **columns):
    """The score rows of one cohort; estimates: signature -> estimate."""
    n = len(estimates)
    return pd.DataFrame(
        {
            "cohort": cohort,
            "endpoint": endpoint,
            "signature": list(estimates),
            "term": "score",
            "estimate": list(estimates.values()),
            "std_error": se,
            "effect_scale": "HR per SD",
            "n": 100,
            "n_events": 40,
            "adjusted_for": "",
            "status": ["ok" if np.isfinite(v) else "separation" for v in estimates.values()],
        },
        index=range(n),
    ).assign(**columns)


def test_the_bcg_trials_pool_as_published():
    pooled = pool_effects(BCG_LOG_RR, np.sqrt(BCG_VARIANCE), method="REML", knha=False)
    # -0.7145 (0.1798), tau2 0.3132, I2 92.22 %, Q 152.23; inputs have four decimals
    assert pooled.estimate == pytest.approx(-0.7145, abs=2e-3)
    assert pooled.std_error == pytest.approx(0.1798, abs=1e-3)
    assert pooled.tau2 == pytest.approx(0.3132, abs=2e-3)
    assert pooled.i2 == pytest.approx(92.22, abs=0.3)
    assert pooled.q == pytest.approx(152.23, rel=0.02)


def test_two_studies_pool_as_by_hand():
    # y = 0 and 1, se = 0.5: mu = 0.5, Q = 4 * 0.25 * 2 = 2, DL tau2 = (2 - 1) / (8 - 32 / 8) = 0.25
    pooled = pool_effects([0.0, 1.0], [0.5, 0.5], method="DL", knha=True)
    assert pooled.tau2 == pytest.approx(0.25)
    # weights 2 and 2: s = 2 * 0.25 * 2 / 1 = 1, se = sqrt(1 / 4) = 0.5; t with 1 df
    assert (pooled.estimate, pooled.q_scale, pooled.std_error) == pytest.approx((0.5, 1.0, 0.5))
    assert pooled.ci_high == pytest.approx(0.5 + 12.7062 * 0.5, abs=1e-4)
    assert pooled.i2 == pytest.approx(50.0)  # (Q - df) / Q with equal variances


def test_equal_studies_have_no_heterogeneity():
    pooled = pool_effects([0.3, 0.3, 0.3], [0.1, 0.2, 0.3], method="REML", knha=False)
    assert pooled.tau2 == 0
    assert pooled.i2 == 0
    w = np.array([100, 25, 100 / 9])
    assert pooled.std_error == pytest.approx(w.sum() ** -0.5)


def test_equal_estimates_have_no_hartung_knapp_test():
    pooled = pool_effects([0.1, 0.1, 0.1], [0.11, 0.23, 0.37])
    assert pooled.q_scale == 0
    assert np.isnan(pooled.p_value)


def test_statsmodels_gives_the_same_moment_estimate():
    from statsmodels.stats.meta_analysis import combine_effects

    rng = np.random.default_rng(0)
    y, variance = rng.normal(0.2, 0.4, 7), rng.uniform(0.01, 0.1, 7)
    oracle = combine_effects(y, variance, method_re="dl", use_t=False)
    ours = pool_effects(y, np.sqrt(variance), method="DL", knha=False)
    assert ours.tau2 == pytest.approx(oracle.tau2, rel=1e-10)
    assert ours.estimate == pytest.approx(oracle.mean_effect_re, rel=1e-10)
    assert ours.q == pytest.approx(oracle.q, rel=1e-10)


@pytest.mark.parametrize(
    ("estimate", "se"), [([0.1], [0.1]), ([0.1, 0.2], [0.1, 0.0]), ([0.1, np.nan], [0.1, 0.1])]
)
def test_unusable_studies_are_refused(estimate, se):
    with pytest.raises(ParameterError):
        pool_effects(estimate, se)


def test_an_unknown_method_is_refused():
    with pytest.raises(ParameterError, match="EB"):
        pool_effects([0.1, 0.2], [0.1, 0.1], method="EB")


def test_each_signature_is_pooled_over_the_cohorts():
    tables = [
        rows_of("A", {"NGF": 0.1, "TH": 0.3}),
        Results(rows_of("B", {"NGF": 0.5, "TH": 0.3})),
        rows_of("C", {"NGF": 0.3, "TH": 0.3}),
    ]
    result = meta(tables)
    table = result.table.set_index("signature")
    expected = pool_effects([0.1, 0.5, 0.3], [0.2] * 3)
    assert table.loc["NGF", "estimate"] == pytest.approx(expected.estimate)
    assert table.loc["NGF", "p_value"] == pytest.approx(expected.p_value)
    assert table.loc["NGF", "effect"] == pytest.approx(np.exp(expected.estimate))
    assert table["cohort"].unique().tolist() == ["pooled"]
    assert table["model"].unique().tolist() == ["random effects (REML, Hartung-Knapp)"]
    assert table["cohorts"].tolist() == ["A, B, C"] * 2
    assert table["n_cohorts"].tolist() == [3, 3]
    assert table["n"].tolist() == [300, 300]
    assert table["n_events"].tolist() == [120, 120]
    assert table.loc["NGF", "family"] == "2 pooled score rows (OS), p of the wider interval"


def test_with_few_cohorts_the_common_effect_and_the_wider_interval_stand_beside():
    table = meta([rows_of(c, {"NGF": y}) for c, y in zip("ABC", (0.29, 0.30, 0.31), strict=True)])
    row = table.table.iloc[0]
    normal = pool_effects([0.29, 0.30, 0.31], [0.2] * 3, knha=False)
    # nearly equal estimates: Hartung-Knapp is narrower than the normal interval
    assert row["q_scale"] < 1
    assert "below 1" in row["message"]
    assert row["ci_high"] < normal.ci_high
    assert (row["ci_low_wider"], row["ci_high_wider"]) == (normal.ci_low, normal.ci_high)
    assert row["p_value_wider"] == normal.p_value
    assert row["q_value"] == normal.p_value  # a family of one: q is its p, and not the small one
    assert row["p_value"] < normal.p_value
    assert row["estimate_common"] == pytest.approx(0.30)
    assert row["ci_high_common"] == pytest.approx(0.30 + 1.959964 * 0.2 / 3**0.5, abs=1e-6)
    many = [rows_of(c, {"NGF": y}) for c, y in zip("ABCDE", (0, 0.1, 0.4, 0.5, 0.7), strict=True)]
    assert "ci_low_wider" not in meta(many).table.columns


def test_different_endpoints_are_never_mixed():
    tables = [rows_of("A", {"NGF": 0.1}), rows_of("B", {"NGF": 0.2}, endpoint="PFI")]
    with pytest.raises(ClinicalError, match=r"OS: 'A'; PFI: 'B'"):
        meta(tables)
    tables.append(rows_of("C", {"NGF": 0.4}))
    table = meta(tables, endpoint="OS").table
    assert table["cohorts"].tolist() == ["A, C"]
    with pytest.raises(ClinicalError, match="'DFS'"):
        meta(tables, endpoint="DFS")


def test_a_signature_of_one_cohort_is_not_pooled():
    tables = [rows_of("A", {"NGF": 0.5, "TH": 0.1}), rows_of("B", {"NGF": 0.4, "TH": np.nan})]
    with pytest.warns(ClinicalWarning, match=r"1 pooled row.* TH: B \(separation\)"):
        table = meta(tables).table.set_index("signature")
    row = table.loc["TH"]
    assert row["message"].endswith("left out: B (separation)")
    assert (row["status"], row["cohorts"]) == ("single_cohort", "A")
    assert row["estimate"] == 0.1
    assert row["ci_high"] == pytest.approx(0.1 + 1.959964 * 0.2, abs=1e-6)
    assert row[["tau2", "i2", "q_value"]].isna().all()
    assert table.loc["NGF", "family"] == "1 pooled score rows (OS), p of the wider interval"
    assert (row["model"], row["family"]) == ("one cohort, as it was fitted", "")


def test_a_signature_without_a_usable_cohort_keeps_its_row():
    tables = [rows_of(c, {"NGF": y, "TH": np.nan}) for c, y in (("A", 0.1), ("B", 0.2))]
    with pytest.warns(ClinicalWarning, match=r"TH: A \(separation\), B \(separation\)"):
        row = meta(tables).table.set_index("signature").loc["TH"]
    assert row["status"] == "no_cohort"
    assert np.isnan(row["estimate"])


def test_a_signature_twice_in_a_cohort_is_refused():
    twice = pd.concat([rows_of("A", {"NGF": 0.1}), rows_of("A", {"NGF": 0.2})])
    with pytest.raises(ClinicalError, match="NGF in A"):
        meta(twice)


def test_effects_on_different_scales_are_refused():
    tables = [
        rows_of("A", {"NGF": 0.1}),
        rows_of("B", {"NGF": 0.1}, effect_scale="HR per unit"),
    ]
    with pytest.raises(ClinicalError, match="different scales"):
        meta(tables)


def test_a_table_without_the_columns_is_refused():
    with pytest.raises(ParameterError, match="'std_error'"):
        meta(rows_of("A", {"NGF": 0.1}).drop(columns="std_error"))
    with pytest.raises(ParameterError, match="nothing to pool"):
        meta([])


def test_differences_are_not_exponentiated():
    tables = [
        rows_of(c, {"NGF": y}, effect_scale="difference per SD") for c, y in (("A", 1), ("B", 3))
    ]
    row = meta(tables, method="FE", knha=False).table.iloc[0]
    assert row["effect"] == row["estimate"] == 2.0
    assert row["model"] == "common effect"


def _firth_rows(*cohorts: str) -> pd.DataFrame:
    shared = {"endpoint": "OS", "signature": "NGF", "term": "score", "effect_scale": "HR per SD"}
    numbers = {"estimate": 2.0, "std_error": 1.0, "ci_low": 0.7, "ci_high": 6.5, "p_value": 0.003}
    more = {"ci_level": 0.95, "status": "ok", "model": "Cox regression, Firth's penalty"}
    return pd.DataFrame([{"cohort": name, **shared, **numbers, **more} for name in cohorts])


def test_one_cohort_keeps_its_own_interval_and_p_value():
    row = meta(_firth_rows("A")).table.iloc[0]
    assert row["status"] == "single_cohort"
    assert row[["ci_low", "ci_high", "p_value"]].tolist() == [0.7, 6.5, 0.003]
    other_level = meta(_firth_rows("A"), confidence=0.9).table.iloc[0]
    assert other_level["ci_high"] == pytest.approx(2 + 1.644854)  # normal quantile of 0.95
    assert "Wald" in other_level["message"]


def test_pooled_firth_estimates_are_named():
    plain = _firth_rows("B").assign(model="Cox regression")
    notes = meta([_firth_rows("A"), plain]).notes
    assert [note for note in notes if note.startswith("Firth's estimates of A are weighted")]
    assert not any("Firth" in note for note in meta([plain, plain.assign(cohort="C")]).notes)


# ---- effects that are not one quantity


def test_cohorts_with_other_covariates_are_warned_of_and_told_apart():
    one, two, three = (rows_of(c, {"NGF": v}) for c, v in (("A", 0.1), ("B", 0.3), ("C", 0.2)))
    tables = [
        one.assign(adjusted_for="stage, age"),
        two.assign(adjusted_for="age, stage"),
        three.assign(adjusted_for=np.nan),  # as a table read from a file has it
    ]
    for pool in (meta, leave_one_out):
        with pytest.warns(ClinicalWarning, match="adjust for different covariates in 1 pooled row"):
            found = pool(tables)
    with pytest.warns(ClinicalWarning, match="adjust for different covariates"):
        found = meta(tables).table
    assert found["adjusted_for"].tolist() == ["stage, age (A, B); none (C)"]
    assert meta(tables[:2]).table["adjusted_for"].tolist() == ["stage, age"]
    assert meta([one, three.assign(adjusted_for=np.nan)]).table["adjusted_for"].tolist() == [""]


@pytest.mark.parametrize(
    ("first", "second", "match"),
    [
        ("score at sex = FEMALE, weights w", "score at sex = MALE", "different reference levels"),
        ("score at sex = FEMALE", "", r"'?sex = FEMALE'?: 'A'; none: 'B'"),
        ("score at a = x, y and b = z, ridge 2", "score at a = x, y and b = z", "ridge penalties"),
        ("ridge 2", "ridge 2.5", "2: 'A'; 2.5: 'B'"),
    ],
)
def test_effects_at_other_levels_or_with_other_penalties_are_refused(first, second, match):
    text = "Cox regression, Efron ties, "
    one, two = rows_of("A", {"NGF": 0.1}, model=text + first), rows_of("B", {"NGF": 0.3})
    with pytest.raises(ClinicalError, match=match):
        meta([one, two.assign(model=text + second)])
    meta([one, two.assign(model=text + first + ", robust errors")])


@pytest.mark.filterwarnings("ignore::neurosig.errors.SmallSampleWarning")
def test_models_of_cox_say_what_pooling_looks_for():
    def fitted(name, sex, **options):
        rng = np.random.default_rng(len(name))
        clinic = pd.DataFrame(
            {"t": rng.exponential(300, 80) + 1, "e": [1, 1, 0, 1] * 20, "sex": sex * 40}
        )
        scores = pd.DataFrame({"NGF": rng.normal(size=80)})
        cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="t", event="e"), name=name)
        return ns.cox(cohort, **options)

    modified = {"adjust": ["sex"], "interactions": ["score:sex"]}
    tables = [fitted("A", ["f", "m"], **modified), fitted("BB", ["m", "u"], **modified)]
    with pytest.raises(ClinicalError, match=r"sex = f: 'A'; sex = m: 'BB'"):
        meta(tables)
    tables = [fitted("A", ["f", "m"], model=ns.CoxModel(penalty=3)), fitted("BB", ["f", "m"])]
    with pytest.raises(ClinicalError, match=r"3: 'A'; none: 'BB'"):
        meta(tables)
