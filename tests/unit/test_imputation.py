"""Multiple imputation: what is imputed from what, what is refused, what the results say."""

import warnings

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    EndpointError,
    ParameterError,
    SmallSampleWarning,
    UnknownSignatureError,
)
from neurosig.outcomes.imputation.category_draws import (
    augmented,
    impute_multinomial,
    impute_ordinal,
)
from neurosig.outcomes.imputation.number_draws import draw_linear, impute_matched, impute_normal
from neurosig.outcomes.imputation.rubin import pool_estimates

ENDPOINT = ns.Endpoint(time="days", event="dead", name="OS")


def make_clinic(n=200, seed=0, per_year=0.06):
    """Score, age (grows with the score), stage and sex; the hazard grows with all of them."""
    rng = np.random.default_rng(seed)
    ids = [f"p{i}" for i in range(n)]
    ngf = rng.normal(size=n)
    age = 60 + 6 * ngf + rng.normal(0, 6, n)
    stage = np.where(rng.random(n) < 0.5, "I", "II")
    hazard = np.exp(0.5 * ngf + per_year * (age - 60) + 0.5 * (stage == "II")) / 1000
    time, lost = rng.exponential(1 / hazard), rng.uniform(200, 3000, n)
    clinic = pd.DataFrame(
        {
            "days": np.minimum(time, lost) + 1,
            "dead": (time <= lost).astype(int),
            "age": age,
            "stage": stage,
            "grade": rng.choice(["G1", "G2", "G3"], n),
            "invasion": np.where(rng.random(n) < 1 / (1 + np.exp(-ngf)), "yes", "no"),
        },
        index=ids,
    )
    scores = pd.DataFrame({"NGF": ngf, "SCHWANN": rng.normal(size=n)}, index=ids)
    return scores, clinic


def make_cohort(n=200, seed=0, **missing):
    """`missing`: column -> how many of its first rows are unknown."""
    scores, clinic = make_clinic(n, seed)
    for column, count in missing.items():
        part = scores if column in scores else clinic
        part.loc[part.index[:count], column] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClinicalWarning)  # of rows without time
        return ns.Cohort.join(scores, clinic, ENDPOINT, name="breast")


def test_missing_at_random_biases_complete_cases_and_not_imputations():
    """Age is lost in most patients with a high score who die: the truth is 0.5 and 0.03.

    Beside the fit without missing values, so that the chance of one cohort is the same in all
    three; the error of a pooled estimate by what is lost is about 0.02.
    """
    scores, clinic = make_clinic(4000, seed=10, per_year=0.03)
    lost = np.random.default_rng(19).random(4000)
    is_likely = (clinic["dead"] == 1) & (scores["NGF"] > 0)
    holes = clinic.assign(age=clinic["age"].mask(lost < np.where(is_likely, 0.8, 0.02)))
    options = {"adjust": ["age", "stage"], "scale": "none"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rows lost, few imputations, changing hazards
        full = ns.cox(ns.Cohort.join(scores[["NGF"]], clinic, ENDPOINT), **options).table
        cohort = ns.Cohort.join(scores[["NGF"]], holes, ENDPOINT)
        complete = ns.cox(cohort, **options).table
        two_rounds = ns.ChainedEquations(n_iterations=2)
        filled = ns.impute(cohort, ["age", "stage"], m=10, seed=1, chains=two_rounds)
        imputed = ns.cox(filled, **options).table
    gap_complete = complete["estimate"] - full["estimate"]
    gap_imputed = imputed["estimate"] - full["estimate"]
    assert gap_complete[0] < -0.15
    assert abs(gap_imputed[0]) < 0.06
    assert abs(gap_imputed[1]) < 0.01
    assert (np.abs(imputed["estimate"][:2] - [0.5, 0.03]) < 3 * imputed["std_error"][:2]).all()
    assert abs(complete["estimate"][0] - 0.5) > 3 * complete["std_error"][0]


def test_imputations_without_the_outcome_would_draw_the_effect_towards_none():
    """Why a model is refused whose outcome or covariate the imputation has not."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=2000)
    y = x + rng.normal(size=2000)
    missing = rng.random(2000) < 0.5

    def slope(predictors):
        filled = x.copy()
        inside = np.column_stack([np.ones(2000), *predictors])
        filled[missing] = impute_normal(inside[~missing], x[~missing], inside[missing], rng)
        return np.polyfit(filled, y, 1)[0]

    assert slope([y]) == pytest.approx(1, abs=0.06)
    assert slope([]) == pytest.approx(0.5, abs=0.08)


def test_a_seed_gives_the_same_imputations_and_more_begin_with_those_of_fewer():
    cohort = make_cohort(age=20, grade=10)
    columns = ["age", "grade", "stage"]
    one = ns.impute(cohort, columns, m=15, seed=3)
    again = ns.impute(cohort, columns, m=15, seed=3)
    more = ns.impute(cohort, columns, m=17, seed=3)
    other = ns.impute(cohort, columns, m=15, seed=4)
    for i in range(15):
        pd.testing.assert_frame_equal(one.cohorts[i].data, again.cohorts[i].data)
        pd.testing.assert_frame_equal(one.cohorts[i].data, more.cohorts[i].data)
    assert not one.cohorts[0].data["age"].equals(other.cohorts[0].data["age"])
    assert not one.cohorts[0].data["age"].equals(one.cohorts[1].data["age"])


def test_known_values_scores_and_outcomes_are_as_they_were_and_nothing_is_left_missing():
    cohort = make_cohort(age=20, grade=10)
    before = cohort.data.copy(deep=True)
    imputed = ns.impute(cohort, ["age", "grade"], m=15)
    pd.testing.assert_frame_equal(cohort.data, before)
    for one in imputed.cohorts:
        assert one.data[["age", "grade"]].notna().all().all()
        known = before.notna()
        for name in before.columns:
            assert one.data.loc[known[name], name].equals(before.loc[known[name], name])
        assert set(one.data["grade"]) == {"G1", "G2", "G3"}
        assert one.data["age"].isin(before["age"].dropna()).all()  # matched to values that occur


def test_an_outcome_is_never_imputed_its_rows_are_left_out_and_counted():
    cohort = make_cohort(days=5, age=20)
    imputed = ns.impute(cohort, ["age"], m=10)
    assert len(imputed.cohorts[0].data) == 195
    flow = imputed.row_flow.set_index("step")
    assert flow.loc["kept", ["n_in", "n_lost", "reason"]].tolist() == [200, 5, "no endpoint"]
    assert flow.loc["covariates imputed", "reason"] == "imputed 10 times: age (15)"
    assert ns.cox(imputed, adjust=["age"]).row_flow["n_out"].iloc[-1] == 195


def test_rows_without_the_outcome_of_a_regression_are_left_out_with_a_warning():
    cohort = make_cohort(invasion=20, age=40)
    with pytest.warns(ClinicalWarning, match="10% of the rows have no invasion"):
        imputed = ns.impute(cohort, ["age"], outcome="invasion", m=12)
    assert len(imputed.cohorts[0].data) == 180
    result = ns.regress(imputed, outcome="invasion", positive="yes", adjust=["age"])
    assert result.table["n"].tolist() == [180] * 4
    assert result.table["model"].unique().tolist() == ["logistic regression, 12 imputations"]
    assert (result.table["df"] < 180 - 3).all()


def test_scores_are_not_imputed_unless_asked_for():
    cohort = make_cohort(NGF=4, age=20)
    left = ns.impute(cohort, ["age"], m=10)
    assert len(left.cohorts[0].data) == 196
    assert "no score" in left.row_flow["reason"].tolist()
    options = ns.ChainedEquations(impute_scores=True)
    filled = ns.impute(cohort, ["age"], m=11, chains=options)
    assert filled.cohorts[0].data["NGF"].notna().all()
    assert ns.cox(filled, adjust=["age"]).table["n"].unique().tolist() == [200]


def test_a_score_that_is_mostly_missing_is_refused_with_the_way_out():
    cohort = make_cohort(NGF=150, age=20)
    with pytest.raises(ClinicalError, match=r"75% of the rows lack a score.*signatures="):
        ns.impute(cohort, ["age"])
    imputed = ns.impute(cohort, ["age"], signatures="SCHWANN", m=10)
    with pytest.raises(UnknownSignatureError, match="does not hold the score 'NGF'"):
        ns.cox(imputed, signatures=["NGF"])
    assert ns.cox(imputed).table["signature"].tolist() == ["SCHWANN"]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"columns": ["age"], "m": 1}, ParameterError, "m cannot be 1.*at least two"),
        ({"columns": []}, ParameterError, "No column was named"),
        ({"columns": ["age", "age"]}, ParameterError, "'age' cannot be imputed so"),
        ({"columns": [ns.Term("age", transform="log2")]}, ParameterError, "without a transform"),
        ({"columns": ["days"]}, ParameterError, "'days' is not imputed"),
        ({"columns": ["NGF"]}, ParameterError, "'NGF' is not imputed. It is a score"),
        ({"columns": ["invasion"], "outcome": "invasion"}, ParameterError, "belongs to the outco"),
        ({"columns": ["weight"]}, ClinicalError, "'weight'"),
        ({"columns": ["stage"]}, ClinicalError, "There is nothing to impute"),
        ({"columns": ["empty"]}, ClinicalError, "has no value at all"),
        ({"columns": ["constant"]}, ClinicalError, "known values are the same"),
        ({"columns": ["infinite"]}, ClinicalError, "holds infinite values.*p9"),
        ({"columns": ["many"]}, ClinicalError, "too many levels"),
        ({"columns": ["sparse"]}, ClinicalError, "60% of the values of 'sparse' are missing"),
        ({"columns": ["age"], "methods": {"age": "magic"}}, ParameterError, "cannot be 'magic'"),
        ({"columns": ["age"], "methods": {"sex": "pmm"}}, ParameterError, "not among the columns"),
        ({"columns": ["grade"], "methods": {"grade": "pmm"}}, ParameterError, "holds categories"),
        ({"columns": ["grade"], "methods": {"grade": "logistic"}}, ParameterError, "has 3 levels"),
        ({"columns": ["age"], "signatures": "X"}, UnknownSignatureError, "no signature 'X'"),
    ],
)
def test_what_cannot_be_imputed_is_refused(options, error, text):
    scores, clinic = make_clinic()
    first = np.arange(200) < 20
    clinic = clinic.assign(
        age=clinic["age"].mask(first),
        grade=clinic["grade"].mask(first),
        empty=np.nan,
        constant=np.where(first, np.nan, 1.0),
        infinite=np.where(np.arange(200) == 9, np.inf, np.arange(200.0)),
        many=[None, *(f"L{i}" for i in range(1, 200))],
        sparse=np.where(np.arange(200) < 120, np.nan, np.arange(200.0)),
    )
    cohort = ns.Cohort(
        name="x",
        data=clinic.join(scores),
        signatures=("NGF", "SCHWANN"),
        endpoint=ENDPOINT,
        time=clinic["days"].to_numpy(float),
        event=clinic["dead"].to_numpy(float),
    )
    with pytest.raises(error, match=text):
        ns.impute(cohort, **options)


def test_more_than_half_missing_is_imputed_when_allowed():
    options = ns.ChainedEquations(allow_missing=True)
    imputed = ns.impute(make_cohort(age=120), ["age"], m=60, chains=options)
    assert imputed.summary["missing"].tolist() == [0.6]


def test_fewer_imputations_than_the_percentage_of_incomplete_rows_warn():
    with pytest.warns(SmallSampleWarning, match="5 imputations are few. 10 % of the rows"):
        ns.impute(make_cohort(age=20), ["age"], m=5)


def test_few_values_per_predictor_warn_and_too_few_are_refused():
    scores, clinic = make_clinic(60)
    scores = scores.join(
        pd.DataFrame(np.random.default_rng(0).normal(size=(60, 60)), scores.index).add_prefix("S")
    )
    clinic.loc[clinic.index[:4], "age"] = np.nan
    cohort = ns.Cohort.join(scores, clinic, ENDPOINT)
    with pytest.raises(ClinicalError, match=r"56 values for 64 predictors.*signatures="):
        ns.impute(cohort, ["age"])
    with pytest.warns(SmallSampleWarning, match="as few as 4.0 values per predictor"):
        ns.impute(cohort, ["age"], signatures=list(scores.columns[:12]), m=7)


def test_a_cohort_without_endpoint_needs_an_outcome_and_intervals_are_refused():
    scores, clinic = make_clinic()
    with pytest.raises(ParameterError, match="has no endpoint to impute its covariates with"):
        ns.impute(ns.Cohort.join(scores, clinic), ["age"])
    rows = pd.DataFrame(
        {
            "id": ["a", "a", "b"],
            "start": [0, 10, 0],
            "stop": [10, 25, 30],
            "dead": [0, 1, 0],
            "NGF": [0.2, 0.9, 0.4],
            "age": [50.0, 50.0, np.nan],
        }
    )
    intervals = ns.Cohort.from_intervals(
        rows, id="id", start="start", stop="stop", event="dead", signatures=["NGF"]
    )
    with pytest.raises(EndpointError, match="An imputation would take each row"):
        ns.impute(intervals, ["age"])


def test_a_model_that_the_imputation_does_not_hold_is_refused():
    imputed = ns.impute(make_cohort(age=20), ["age"], m=10)
    with pytest.raises(ParameterError, match="does not hold the covariate 'stage'"):
        ns.cox(imputed, adjust=["age", "stage"])
    with pytest.raises(ParameterError, match="does not hold the covariate 'stage'"):
        ns.cox(imputed, strata=["stage"])
    with pytest.raises(ParameterError, match="made for the endpoint, not for 'invasion'"):
        ns.regress(imputed, outcome="invasion", positive="yes")
    for_invasion = ns.impute(make_cohort(age=20), ["age"], outcome="invasion", m=10)
    with pytest.raises(ParameterError, match="made for 'invasion', not for the endpoint"):
        ns.cox(for_invasion)


@pytest.mark.parametrize(
    "verb",
    [
        lambda imputed: ns.fit_cox(imputed, "NGF"),
        lambda imputed: ns.landmark(imputed, at=100),
        lambda imputed: ns.null_test(imputed, None, {}),
        ns.nonlinearity,
        ns.concordance,
        lambda imputed: ns.added_value(imputed, base=["age"], times=[500]),
        lambda imputed: ns.calibration(imputed, time=500),
        lambda imputed: ns.decision_curve(imputed, time=500),
        lambda imputed: ns.discrimination(imputed, times=[500]),
    ],
)
def test_what_does_not_pool_imputations_says_so(verb):
    imputed = ns.impute(make_cohort(age=20), ["age"], m=10)
    with pytest.raises(ParameterError, match=r"does not pool imputations.*imputed.cohorts"):
        verb(imputed)


def test_a_pooled_row_is_rubins_rules_over_the_rows_of_the_fits():
    imputed = ns.impute(make_cohort(age=30, grade=20), ["age", "grade"], m=25, seed=2)
    pooled = ns.cox(imputed, adjust=["age", "grade"]).table
    fits = [ns.cox(one, adjust=["age", "grade"]).table for one in imputed.cohorts]
    estimates = np.array([fit["estimate"] for fit in fits])
    variances = np.array([fit["std_error"] ** 2 for fit in fits])
    df = fits[0]["n_events"].to_numpy() - 4.0
    by_hand = pool_estimates(estimates, variances, df)
    np.testing.assert_allclose(pooled["estimate"], estimates.mean(axis=0))
    total = variances.mean(axis=0) + (1 + 1 / 25) * estimates.var(axis=0, ddof=1)
    np.testing.assert_allclose(pooled["std_error"] ** 2, total)
    np.testing.assert_allclose(pooled["df"], by_hand.df)
    np.testing.assert_allclose(pooled["effect"], np.exp(pooled["estimate"]))
    np.testing.assert_allclose(pooled["mc_error"], estimates.std(axis=0, ddof=1) / 5)
    np.testing.assert_allclose(pooled["relative_efficiency"], 1 / (1 + pooled["fmi"] / 25))
    p_ph = np.median([fit["p_ph"] for fit in fits], axis=0)
    np.testing.assert_allclose(pooled["p_ph"], p_ph)
    scores = pooled[pooled["term"] == "score"]
    smaller, larger = sorted(scores["p_value"])
    assert sorted(scores["q_value"]) == pytest.approx([min(2 * smaller, larger), larger])
    assert scores["family"].unique().tolist() == ["2 score rows of breast, OS"]
    assert "p_lr" not in pooled


def test_adjusted_and_unadjusted_models_keep_their_own_families():
    imputed = ns.impute(make_cohort(age=20), ["age"], m=10)
    table = ns.cox(imputed, adjust=["age"], unadjusted=True).table
    scores = table[table["term"] == "score"]
    assert scores["family"].unique().tolist() == [
        "2 score rows of breast, OS, adjusted",
        "2 score rows of breast, OS, unadjusted",
    ]
    crude = ns.cox(make_cohort(), unadjusted=True).table
    of_crude = scores[scores["adjusted_for"] == ""]
    np.testing.assert_allclose(of_crude["estimate"], crude["estimate"])
    assert of_crude["fmi"].max() < 0.02  # nothing of it was missing


def test_a_warning_of_the_fits_comes_once_and_is_put_where_the_call_is():
    scores, clinic = make_clinic(60)
    clinic.loc[clinic.index[:6], "age"] = np.nan
    clinic["dead"] = [1] * 12 + [0] * 48
    imputed = ns.impute(ns.Cohort.join(scores[["NGF"]], clinic, ENDPOINT), ["age"], m=10)
    with pytest.warns(SmallSampleWarning, match="As few as 6.0 events per parameter") as caught:
        ns.cox(imputed, adjust=["age"])
    few = [w for w in caught if issubclass(w.category, SmallSampleWarning)]
    assert len(few) == 1
    assert few[0].filename == __file__


def test_warnings_that_differ_in_numbers_are_one_and_say_in_how_many():
    from neurosig.outcomes.imputation.pooled_fits import fit_each, warn_of_pooled
    from neurosig.outcomes.results import Results

    def fit(text):
        def run():
            if text:
                warnings.warn(SmallSampleWarning(text), stacklevel=1)
            return Results(pd.DataFrame({"term": ["score"]}))

        return run

    fits = fit_each([fit("3 of 7 rows"), fit(""), fit("4 of 7 rows"), fit("another")])
    assert [(text, n) for _, text, n in fits.warned] == [("3 of 7 rows.", 2), ("another.", 1)]
    with pytest.warns(SmallSampleWarning) as caught:
        warn_of_pooled(fits, fits.results[0].table)
    assert str(caught[0].message) == "3 of 7 rows. In 2 of 4 imputations."


def test_interactions_with_imputed_columns_are_warned_of():
    imputed = ns.impute(make_cohort(age=20), ["age"], m=10)
    with pytest.warns(ClinicalWarning, match="The imputation knows no interactions"):
        ns.cox(imputed, adjust=["age"], interactions=[("score", "age")])


def test_a_fit_that_fails_in_one_imputation_is_not_pooled_and_says_why():
    from neurosig.outcomes.imputation.pooled_fits import pool_tables

    cohort = make_cohort(age=20)
    fits = [ns.cox(c, adjust=["age"]).table for c in ns.impute(cohort, ["age"], m=10).cohorts[:3]]
    broken = fits[1].copy()
    broken.loc[0, ["estimate", "std_error", "p_value"]] = np.nan
    broken.loc[0, ["status", "message"]] = ["not_converged", "too many steps"]
    pooled = pool_tables([fits[0], broken, fits[2]], "events")
    assert pooled.loc[0, "status"] == "not_converged"
    assert pooled.loc[0, "message"] == "in 1 of 3 imputations: too many steps"
    assert np.isnan(pooled.loc[0, "estimate"])
    assert np.isnan(pooled.loc[0, "q_value"])
    assert pooled.loc[2, "family"] == "1 score rows of breast, OS"


def test_competing_causes_each_predict_and_a_fine_gray_model_is_pooled():
    scores, clinic = make_clinic(300)
    clinic["dead"] = np.where(clinic["dead"].eq(0), 0, np.arange(300) % 3 % 2 + 1)
    clinic.loc[clinic.index[:30], "age"] = np.nan
    endpoint = ns.Endpoint(time="days", event="dead", causes={"cancer": 1, "other": 2})
    cohort = ns.Cohort.join(scores, clinic, endpoint)
    imputed = ns.impute(cohort, ["age"], m=10)
    table = ns.fine_gray(imputed, adjust=["age"]).table
    assert table["n"].unique().tolist() == [300]
    assert table["effect_scale"].tolist()[:2] == ["SHR per SD", "SHR per unit"]
    assert table["family"].iloc[0].endswith("cancer, Fine-Gray")  # p_lr is not pooled
    p, q = (sorted(table.loc[table["term"] == "score", name]) for name in ("p_value", "q_value"))
    assert len(p) == 2
    assert q == pytest.approx([min(2 * p[0], p[1]), p[1]])
    with pytest.raises(ParameterError, match="does not hold the covariate 'stage'"):
        ns.fine_gray(imputed, adjust=["age"], censoring_by="stage")


def test_the_event_and_the_hazard_are_what_imputation_models_see(monkeypatch):
    """The first of 200 times has H = 1 / 200 if it is an event, and H never falls."""
    from neurosig.outcomes.imputation import verb

    seen = []
    run = verb.run_chain

    def looked_at(columns, outcome, options, rng):
        seen.append(outcome)
        return run(columns, outcome, options, rng)

    monkeypatch.setattr(verb, "run_chain", looked_at)
    cohort = make_cohort(age=20)
    ns.impute(cohort, ["age"], m=10)
    event, hazard, *scores = seen[0].T
    assert event.tolist() == cohort.event.tolist()
    at = int(np.argmin(cohort.time))
    assert hazard[at] == pytest.approx(cohort.event.iloc[at] / 200)
    assert np.all(np.diff(hazard[np.argsort(cohort.time)]) >= 0)
    np.testing.assert_array_equal(np.array(scores).T, cohort.scores)


def test_delayed_entry_counts_the_hazard_from_the_entry_on():
    from neurosig.outcomes.imputation.outcome_predictors import survival_predictors

    clinic = pd.DataFrame(
        {"t": [2.0, 3, 4], "e": [1, 1, 1], "from": [0.0, 2, 0]}, index=list("abc")
    )
    scores = pd.DataFrame({"NGF": [0.0, 1, 2]}, index=list("abc"))
    endpoint = ns.Endpoint(time="t", event="e", unit="years", entry="from")
    got = survival_predictors(ns.Cohort.join(scores, clinic, endpoint))
    # by hand: at 2 two at risk (b enters after 2), at 3 two, at 4 one: H = 1/2, 1, 2; b: 1 - 1/2
    np.testing.assert_allclose(got, [[1, 0.5], [1, 0.5], [1, 2.0]])


def test_numbers_of_two_values_stay_numbers_and_are_drawn_as_levels():
    scores, clinic = make_clinic()
    clinic["node"] = (np.arange(200) % 2).astype(float)
    clinic.loc[clinic.index[:20], "node"] = np.nan
    imputed = ns.impute(ns.Cohort.join(scores, clinic, ENDPOINT), ["node"], m=10)
    assert imputed.summary["method"].tolist() == ["logistic", "logistic"]
    assert imputed.cohorts[0].data["node"].dtype == np.float64
    assert set(imputed.cohorts[0].data["node"]) == {0.0, 1.0}


def test_the_summary_and_the_traces_show_observed_beside_imputed_values():
    cohort = make_cohort(age=40, grade=20)
    imputed = ns.impute(cohort, ["age", "grade", "stage"], m=20)
    summary = imputed.summary
    assert summary["column"].tolist() == ["age", *["grade"] * 3, *["stage"] * 2]
    age = summary.iloc[0]
    drawn = np.concatenate([c.data["age"].to_numpy()[:40] for c in imputed.cohorts])
    assert age["imputed_mean"] == pytest.approx(drawn.mean())
    assert age["observed_mean"] == pytest.approx(cohort.data["age"].mean())
    assert summary["method"].tolist()[-1] == "complete"
    assert summary.iloc[1:4]["imputed_mean"].sum() == pytest.approx(1)
    traces = imputed.traces
    assert len(traces) == 20 * 10 * 2 * 2
    last = traces.query("iteration == 10 and column == 'age' and statistic == 'mean'")
    assert last["value"].iloc[0] == pytest.approx(imputed.cohorts[0].data["age"][:40].mean())


def test_the_draws_of_a_linear_model_have_its_posterior_mean_and_covariance():
    """beta | y is t with n - p degrees of freedom: its covariance is RSS (x'x)^-1 / (n - p - 2)."""
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(30), rng.normal(size=30)])
    y = x @ [1.0, 2.0] + rng.normal(size=30)
    draws = np.array([draw_linear(x, y, rng).drawn for _ in range(20_000)])
    beta, rss = np.linalg.lstsq(x, y, rcond=None)[:2]
    covariance = rss[0] / 28 * np.linalg.inv(x.T @ x) * 28 / 26
    np.testing.assert_allclose(draws.mean(axis=0), beta, atol=0.01)
    np.testing.assert_allclose(np.cov(draws.T), covariance, rtol=0.06, atol=2e-4)


def test_collinear_predictors_do_not_stop_a_linear_draw():
    rng = np.random.default_rng(0)
    z = rng.normal(size=50)
    x = np.column_stack([np.ones(50), z, 2 * z])
    drawn = impute_normal(x, 3 * z, x[:5], rng)
    np.testing.assert_allclose(drawn, 3 * z[:5], atol=1e-6)


def test_matching_chooses_all_nearest_donors_equally_often():
    """Four donors tie at the prediction: each is drawn in a quarter of 4,000 (SD 0.007)."""
    x = np.column_stack([np.ones(8), [0.0, 0, 0, 0, 9, 9, 9, 9]])
    y = np.array([-1.0, -0.5, 0.5, 1.0, 8.0, 8.5, 9.5, 10.0])
    rng = np.random.default_rng(1)
    drawn = impute_matched(x, y, np.tile([1.0, 0.0], (4000, 1)), rng, 2)
    shares = pd.Series(drawn).value_counts(normalize=True)
    assert set(shares.index) == {-1.0, -0.5, 0.5, 1.0}
    assert shares.between(0.22, 0.28).all()


@pytest.mark.parametrize("impute_levels", [impute_multinomial, impute_ordinal])
def test_separated_levels_are_drawn_without_infinite_estimates(impute_levels):
    x = np.linspace(-1.7, 1.7, 90)[:, None]
    level = np.repeat([0, 1, 2], 30)
    drawn = impute_levels(x, level, x, 3, np.random.default_rng(0))
    assert (drawn == level).mean() > 0.8
    assert augmented(x, level, 3).weight[90:].sum() == pytest.approx(2)


@pytest.mark.parametrize("impute_levels", [impute_multinomial, impute_ordinal])
def test_levels_are_drawn_with_the_probabilities_of_their_model(impute_levels):
    """Proportional odds with log odds ratio 1: both models have to give the level shares back."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=3000)
    level = np.digitize(x + rng.logistic(size=3000), [-1, 1])
    z = ((x - x.mean()) / x.std())[:, None]
    drawn = np.concatenate([impute_levels(z, level, z[:1000], 3, rng) for _ in range(20)])
    for low, high in ((-9, -0.5), (-0.5, 0.5), (0.5, 9)):
        inside = np.tile((z[:1000, 0] > low) & (z[:1000, 0] <= high), 20)
        near = (z[:, 0] > low) & (z[:, 0] <= high)
        observed = np.bincount(level[near], minlength=3) / near.sum()
        np.testing.assert_allclose(np.bincount(drawn[inside]) / inside.sum(), observed, atol=0.05)


def test_variance_between_imputations_is_that_of_a_proper_imputation():
    """Mean of x with half of it missing at random, no predictor: the fmi tends to 0.5."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=400)
    ones = np.ones((200, 1))
    means, variances = [], []
    for _ in range(200):
        filled = np.concatenate([x[:200], impute_normal(ones, x[:200], ones, rng)])
        means.append([filled.mean()])
        variances.append([filled.var(ddof=1) / 400])
    pool = pool_estimates(np.array(means), np.array(variances), np.array([399.0]))
    assert pool.fmi[0] == pytest.approx(0.5, abs=0.07)
    assert pool.total[0] == pytest.approx(x[:200].var(ddof=1) / 200, rel=0.12)


@pytest.mark.parametrize("seed", [-1, "one", 1.5, True])
def test_a_seed_is_a_whole_number(seed):
    ids = [f"p{i}" for i in range(40)]
    scores = pd.DataFrame({"NGF": np.sin(np.arange(40.0))}, ids)
    clinic = pd.DataFrame({"y": np.cos(np.arange(40.0)), "age": np.arange(40.0)}, ids)
    clinic.loc["p3", "age"] = np.nan
    with pytest.raises(ParameterError, match="seed cannot be"):
        ns.impute(ns.Cohort.join(scores, clinic), ["age"], outcome="y", seed=seed)


@pytest.mark.parametrize(
    "analyse",
    [
        lambda i: ns.correlate(i, with_="age"),
        lambda i: ns.compare_groups(i, by="grade"),
        lambda i: ns.interplay(i, ("NGF", "TH"), model="linear", outcome="y"),
        lambda i: ns.interplay_corners(i, ("NGF", "TH")),
        lambda i: ns.mediation(i, exposure="NGF", mediator="TH", model="linear", outcome="y"),
        lambda i: ns.mediation(i, exposure="NGF", mediator="TH", horizon=3),
        lambda i: ns.remark_profile(i, {"nothing": ns.correlate(i.cohorts[0], with_="age")}),
    ],
)
def test_what_pools_no_imputations_says_so(analyse):
    ids = [f"p{i}" for i in range(60)]
    x = np.arange(60.0)
    scores = pd.DataFrame({"NGF": np.sin(x), "TH": np.cos(x)}, ids)
    clinic = pd.DataFrame({"y": np.cos(x**2), "age": x, "grade": ["a", "b"] * 30}, ids)
    clinic.loc["p3", "age"] = np.nan
    imputed = ns.impute(ns.Cohort.join(scores, clinic), ["age", "grade"], outcome="y")
    with pytest.raises(ParameterError, match="does not pool imputations"):
        analyse(imputed)
