"""Cox regression of a cohort: the table, its statuses, errors and warnings."""

import warnings

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    EndpointError,
    ParameterError,
    ProportionalHazardsWarning,
    SmallSampleWarning,
    TooFewEventsError,
    UnknownSignatureError,
)
from neurosig.keys import Result
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.verb import cox

ENDPOINT = Endpoint(time="days", event="dead", name="OS")


def make_cohort(n=200, seed=0, **columns):
    """A cohort with two scores, age and sex; `columns` replace or add columns."""
    rng = np.random.default_rng(seed)
    ngf = rng.normal(size=n)
    time = np.ceil(rng.exponential(1000, n) * np.exp(-0.5 * ngf))
    event = (rng.random(n) < 0.7).astype(float)
    data = pd.DataFrame(
        {
            "days": time,
            "dead": event,
            "age": rng.normal(60, 8, n),
            "sex": np.where(rng.random(n) < 0.5, "f", "m"),
            "NGF": ngf,
            "SCHWANN": rng.normal(size=n),
        },
        index=[f"p{i}" for i in range(n)],
    ).assign(**columns)
    return Cohort(
        name="breast",
        data=data,
        signatures=("NGF", "SCHWANN"),
        endpoint=ENDPOINT,
        time=data["days"].to_numpy(float),
        event=data["dead"].to_numpy(float),
    )


def test_the_table_has_a_row_per_signature_and_term_in_the_fixed_columns():
    table = cox(make_cohort(), adjust=["age", "sex"]).table
    assert table["signature"].tolist() == ["NGF"] * 3 + ["SCHWANN"] * 3
    assert table["term"].tolist() == ["score", "age", "sex[m]"] * 2
    known = [name for name in Result.ALL if name in table.columns]
    assert list(table.columns) == known
    assert table["adjusted_for"].unique().tolist() == ["age, sex"]
    assert table["effect_scale"].tolist()[:3] == ["HR per SD", "HR per unit", "HR vs reference"]
    assert table["cohort"].unique().tolist() == ["breast"]
    assert table["endpoint"].unique().tolist() == ["OS"]
    assert table["n_params"].unique().tolist() == [3]


def test_estimates_are_per_standard_deviation_and_equal_statsmodels():
    from statsmodels.duration.hazard_regression import PHReg

    cohort = make_cohort()
    data = cohort.data
    score = data["NGF"] / data["NGF"].std(ddof=1)
    design = np.column_stack([score, data["age"], data["sex"] == "m"]).astype(float)
    oracle = PHReg(cohort.time, design, status=cohort.event, ties="efron").fit()
    reduced = PHReg(cohort.time, design[:, 1:], status=cohort.event, ties="efron").fit()
    table = cox(cohort, signatures="NGF", adjust=["age", "sex"]).table
    np.testing.assert_allclose(table["estimate"], oracle.params, atol=1e-7)
    np.testing.assert_allclose(table["std_error"], oracle.bse, atol=1e-6)
    np.testing.assert_allclose(table["p_value"], oracle.pvalues, rtol=1e-4)
    low_high = table[["ci_low", "ci_high"]].to_numpy()
    np.testing.assert_allclose(low_high, oracle.conf_int(), atol=1e-5)
    from scipy import stats

    p_lr = stats.chi2.sf(2 * (oracle.llf - reduced.llf), 1)
    assert table["p_lr"][0] == pytest.approx(p_lr, rel=1e-6)
    assert table["p_lr"][1:].isna().all()
    assert table["effect"][0] == pytest.approx(np.exp(oracle.params[0]), rel=1e-6)
    assert table["n_events"][0] == int(cohort.event.sum())
    assert table["events_per_param"][0] == pytest.approx(cohort.event.sum() / 3)


def test_a_scale_of_none_keeps_the_units_of_the_score():
    cohort = make_cohort()
    per_sd = cox(cohort).table
    per_unit = cox(cohort, scale="none").table
    sd = cohort.data["NGF"].std(ddof=1)
    assert per_sd["estimate"][0] == pytest.approx(per_unit["estimate"][0] * sd, rel=1e-12)
    assert per_sd["p_value"][0] == pytest.approx(per_unit["p_value"][0], rel=1e-12)
    assert per_unit["effect_scale"][0] == "HR per unit"


def test_q_values_are_over_the_score_rows_of_the_call():
    table = cox(make_cohort(), adjust=["age"]).table
    p = table.loc[table["term"] == "score", "p_value"].to_numpy()
    low, high = np.sort(p)
    expected = np.where(p == high, high, min(2 * low, high))  # Benjamini-Hochberg of two, by hand
    np.testing.assert_allclose(table.loc[table["term"] == "score", "q_value"], expected)
    assert table["family"][0] == "2 score rows of breast, OS"
    assert table.loc[table["term"] == "age", "q_value"].isna().all()


def test_unadjusted_models_stand_beside_the_adjusted_on_the_same_rows():
    age = np.random.default_rng(99).normal(60, 8, 200)
    age[:8] = np.nan
    table = cox(make_cohort(age=age), adjust=["age"], unadjusted=True).table
    scores = table[table["term"] == "score"]
    assert scores["adjusted_for"].tolist() == ["age", "age", "", ""]
    assert scores["n"].unique().tolist() == [192]
    assert scores["family"].nunique() == 2


def test_strata_change_the_model_and_are_named():
    cohort = make_cohort()
    table = cox(cohort, strata=["sex"]).table
    assert table["model"][0] == "Cox regression, Efron ties, stratified by sex"
    assert table["estimate"][0] != cox(cohort).table["estimate"][0]


def test_breslow_ties_are_named():
    table = cox(make_cohort(), model=CoxModel(ties="breslow")).table
    assert table["model"][0] == "Cox regression, Breslow ties"
    with pytest.raises(ParameterError, match="exact"):
        CoxModel(ties="exact")


def test_the_inputs_are_not_modified():
    cohort = make_cohort()
    before = cohort.data.copy(deep=True)
    cox(cohort, adjust=["age", "sex"])
    pd.testing.assert_frame_equal(cohort.data, before)


# ---- rows of the table of bad inputs


def test_a_cohort_without_events_is_refused_in_plain_words():  # row 12
    with pytest.raises(TooFewEventsError, match="no events") as caught:
        cox(make_cohort(dead=0.0))
    assert "200 rows are censored" in str(caught.value)


def test_two_patients_or_one_event_are_refused():  # row 13
    with pytest.raises(TooFewEventsError, match="too few events"):
        cox(make_cohort(n=2, dead=[1.0, 0.0]))
    with pytest.raises(TooFewEventsError, match="1 event in 200 rows"):
        cox(make_cohort(dead=[1.0] + [0.0] * 199))


def test_as_many_parameters_as_events_are_refused():
    with pytest.raises(TooFewEventsError, match="3 events in 200 rows for 3 parameters"):
        cox(make_cohort(dead=[1.0] * 3 + [0.0] * 197), adjust=["age", "sex"])


def test_a_constant_covariate_is_refused_by_name():  # row 15
    with pytest.raises(ClinicalError, match="age"):
        cox(make_cohort(age=61.0), adjust=["age"])


def test_a_covariate_constant_within_strata_is_refused_by_name():
    cohort = make_cohort()
    centre_size = np.where(cohort.data["sex"] == "m", 10.0, 20.0)
    with pytest.raises(ClinicalError, match=r"'size' is constant.*within sex"):
        cox(make_cohort(size=centre_size), adjust=["size"], strata=["sex"])


def test_collinear_covariates_are_refused_with_the_whole_set():  # row 16
    cohort = make_cohort()
    copy = 2 * cohort.data["age"] - 5
    with pytest.raises(ClinicalError, match="'age', 'age_months' are collinear"):
        cox(make_cohort(age_months=copy), adjust=["age", "sex", "age_months"])


def test_a_score_that_separates_the_events_is_a_row_and_a_warning():  # row 17
    cohort = make_cohort()
    separated = make_cohort(NGF=-cohort.time, dead=1.0)
    with pytest.warns(SmallSampleWarning, match="infinite"):
        table = cox(separated, model=CoxModel(firth=False)).table
    row = table.iloc[0]
    assert row["status"] == "separation"
    assert row[["estimate", "std_error", "p_value", "q_value"]].isna().all()
    assert row["p_lr"] < 1e-10
    assert "+infinite" in row["message"]
    assert table["status"][1] == "ok"
    with pytest.warns(SmallSampleWarning, match="Firth's"):
        penalised = cox(separated).table.iloc[0]
    assert penalised["status"] == "ok"
    assert penalised["model"] == "Cox regression, Efron ties, Firth's penalty"
    assert "no maximum" in penalised["message"]
    assert 0 < penalised["ci_low"] < penalised["estimate"] < penalised["ci_high"] < np.inf
    assert penalised["q_value"] < 1e-10


def test_strata_with_one_level_are_left_out_with_a_reason():  # row 62
    cohort = make_cohort(centre="Oslo")
    with pytest.warns(ClinicalWarning, match="'centre' has one level only"):
        table = cox(cohort, strata=["centre"]).table
    assert table["model"][0] == "Cox regression, Efron ties"
    np.testing.assert_array_equal(table["estimate"], cox(cohort).table["estimate"])


def test_a_cohort_without_endpoint_is_refused():
    cohort = make_cohort()
    bare = Cohort(name="breast", data=cohort.data, signatures=cohort.signatures)
    with pytest.raises(EndpointError, match="no endpoint"):
        cox(bare)


def test_an_unknown_signature_and_an_unknown_scale_are_refused():
    with pytest.raises(UnknownSignatureError, match="'BDNF'"):
        cox(make_cohort(), signatures=["NGF", "BDNF"])
    with pytest.raises(ParameterError, match="zscore"):
        cox(make_cohort(), scale="zscore")
    with pytest.raises(ParameterError, match="confidence"):
        cox(make_cohort(), confidence=95)


# ---- one signature's trouble is its own row


def test_scores_that_cannot_be_fitted_are_rows_with_a_status():
    cohort = make_cohort()
    few = np.full(200, np.nan)
    few[:3] = [1.0, 2.0, 0.5]
    data = cohort.data.assign(
        MISSING=np.nan, FLAT=1.5, FEW=few, AGED=cohort.data["age"] * 2, NGF2=cohort.data["NGF"]
    )
    names = ("NGF2", "MISSING", "FLAT", "FEW", "AGED")
    broken = Cohort("breast", data, names, ENDPOINT, cohort.time, cohort.event)
    with pytest.warns(ClinicalWarning, match="lack the score 'FEW'"):
        table = cox(broken, adjust=["age"], allow_loss=True).table
    status = table[table["term"] == "score"].set_index("signature")["status"].to_dict()
    assert status == {
        "NGF2": "ok",
        "MISSING": "no_score",
        "FLAT": "constant",
        "FEW": "too_few_events",
        "AGED": "collinear",
    }
    failed = table[(table["status"] != "ok")]
    assert failed[["estimate", "p_value", "p_lr", "q_value"]].isna().all(axis=None)
    assert (failed["message"] != "").all()
    assert table["family"][0] == "1 score rows of breast, OS"


def test_a_score_missing_in_some_rows_is_fitted_on_its_own():
    cohort = make_cohort()
    ngf = cohort.data["NGF"].copy()
    ngf.iloc[:30] = np.nan
    with pytest.warns(ClinicalWarning, match="lack the score 'NGF'"):
        table = cox(make_cohort(NGF=ngf)).table
    part = Cohort(
        "breast", cohort.data[30:], ("NGF",), ENDPOINT, cohort.time[30:], cohort.event[30:]
    )
    alone = cox(part).table
    assert table["n"].tolist() == [170, 200]
    assert table["estimate"][0] == alone["estimate"][0]


# ---- losses and warnings


def test_few_missing_covariates_are_counted_and_many_warned_of():
    age = np.random.default_rng(99).normal(60, 8, 200)
    age[:4] = np.nan
    result = cox(make_cohort(age=age), adjust=["age"])
    assert result.table["n"].unique().tolist() == [196]
    lost = result.row_flow.set_index("step").loc["age known"]
    assert (lost["n_in"], lost["n_lost"], lost["n_out"]) == (200, 4, 196)
    age[:20] = np.nan
    with pytest.warns(ClinicalWarning, match="10% of the rows"):
        cox(make_cohort(age=age), adjust=["age"])


def test_losing_more_than_half_is_refused_unless_allowed():
    age = np.random.default_rng(99).normal(60, 8, 200)
    age[:120] = np.nan
    cohort = make_cohort(age=age)
    with pytest.raises(ClinicalError, match="60% of the rows"):
        cox(cohort, adjust=["age"])
    with pytest.warns(ClinicalWarning, match="60% of the rows"):
        table = cox(cohort, adjust=["age"], allow_loss=True).table
    assert table["n"][0] == 80


def test_rows_without_stratum_are_lost_and_counted():
    sex = make_cohort().data["sex"].astype(object)
    sex.iloc[:5] = None
    result = cox(make_cohort(sex=sex), adjust=["age"], strata=["sex"])
    assert result.table["n"][0] == 195
    assert result.row_flow.iloc[-1]["n_lost"] == 5


def test_rows_without_time_or_event_are_not_used():
    cohort = make_cohort()
    time, event = np.array(cohort.time), np.array(cohort.event)
    time[0], event[1] = np.nan, np.nan
    partial = Cohort("breast", cohort.data, cohort.signatures, ENDPOINT, time, event)
    assert cox(partial).table["n"].tolist() == [198, 198]


def test_few_events_per_parameter_warn_once():
    dead = np.array([1.0] * 12 + [0.0] * 188)
    with pytest.warns(SmallSampleWarning, match=r"6\.0 events per parameter") as caught:
        cox(make_cohort(dead=dead), adjust=["age"])
    assert len(caught) == 1


def test_changing_hazards_warn_once_and_name_the_signature():
    rng = np.random.default_rng(2)
    group = np.repeat([0.0, 1.0], 150)
    # the group is at high risk early and, once that is over, at low risk
    early = np.where(rng.random(300) < 0.5, rng.uniform(0, 10, 300), rng.uniform(90, 100, 300))
    time = np.where(group == 1, early, rng.uniform(0, 60, 300))
    noise = rng.normal(size=300)
    cohort = make_cohort(n=300, days=time, dead=1.0, NGF=group, SCHWANN=noise)
    with pytest.warns(ProportionalHazardsWarning, match="'NGF'") as caught:
        table = cox(cohort, signatures=["NGF"]).table
    assert len(caught) == 1
    assert table["p_ph"][0] < 1e-6


def test_a_well_behaved_cohort_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = cox(make_cohort(), adjust=["age", "sex"])
    assert result.notes[0].startswith("Scores are divided by their standard deviation")
    assert len(result.scores) == 2
