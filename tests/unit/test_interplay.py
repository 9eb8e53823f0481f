"""Interactions of two scores: by hand, and what is refused and warned of."""

import warnings

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import (
    ClinicalError,
    EndpointError,
    FitError,
    ParameterError,
    ProportionalHazardsWarning,
    ScoreWarning,
    SmallSampleWarning,
    TooFewEventsError,
    UnknownSignatureError,
)
from neurosig.outcomes.interplay.model_fits import linear_fit, logistic_fit
from neurosig.outcomes.interplay.pair_model import excluding_zero

DAYS = ns.Endpoint(time="days", event="dead")


def cohort_of(scores, clinic, endpoint=DAYS, name="cohort"):
    return ns.Cohort.join(pd.DataFrame(scores), pd.DataFrame(clinic), endpoint, name=name)


@pytest.fixture(scope="module")
def cohort():
    """Three scores; the hazard follows axon x immune, nothing else."""
    rng = np.random.default_rng(8)
    axon, immune, vessel = rng.normal(size=(3, 200))
    days = rng.exponential(500 * np.exp(-0.8 * axon * immune))
    limit = rng.uniform(200, 2000, 200)
    clinic = {
        "days": np.minimum(days, limit),
        "dead": (days <= limit).astype(int),
        "age": rng.normal(60, 8, 200),
        "growth": axon + immune - 0.5 * axon * immune + rng.normal(size=200),
        "invasion": np.where(axon * immune + rng.logistic(size=200) > 0, "yes", "no"),
    }
    return cohort_of({"axon": axon, "immune": immune, "vessel": vessel}, clinic)


def quiet(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def test_a_two_by_two_table_gives_its_log_odds_by_hand():
    # yes/no: both low 10/20, second high 12/12, first high 15/10, both high 24/6
    counts = {(0, 0): (10, 20), (0, 1): (12, 12), (1, 0): (15, 10), (1, 1): (24, 6)}
    rows = [
        (a, b, word)
        for (a, b), both in counts.items()
        for word, n in zip(("yes", "no"), both, strict=True)
        for _ in range(n)
    ]
    data = pd.DataFrame(rows, columns=["a", "b", "invasion"])
    cohort = cohort_of(data[["a", "b"]].astype(float), data[["invasion"]], None)
    found = ns.interplay(
        cohort, ("a", "b"), model="logistic", outcome="invasion", positive="yes",
        at=[(0 - data["b"].mean()) / data["b"].std(), (1 - data["b"].mean()) / data["b"].std()],
    )  # fmt: skip
    log_ratio = np.log(24 / 6) - np.log(15 / 10) - np.log(12 / 12) + np.log(10 / 20)
    per_unit = found.products["estimate"][0] / (data["a"].std() * data["b"].std())
    assert per_unit == pytest.approx(log_ratio, abs=1e-8)
    error = found.products["std_error"][0] / (data["a"].std() * data["b"].std())
    variance = sum(1 / n for both in counts.values() for n in both)
    assert error == pytest.approx(np.sqrt(variance), abs=1e-8)
    slopes = found.slopes.query("slope_of == 'a'")["estimate"] / data["a"].std()
    assert slopes.iloc[0] == pytest.approx(np.log(15 / 10) - np.log(10 / 20), abs=1e-8)
    assert slopes.iloc[1] == pytest.approx(np.log(24 / 6) - np.log(12 / 12), abs=1e-8)
    at_zero = np.array([data["a"].mean(), data["b"].mean()]) / data[["a", "b"]].std().to_numpy()
    corners = ns.interplay_corners(
        cohort, ("a", "b"), model="logistic", outcome="invasion", positive="yes",
        levels=(-at_zero[0], -at_zero[0] + 1 / data["a"].std()),
    ).table  # fmt: skip
    # the low level of a is 0; levels of b are in its own SD, so only both-low rows are cells
    assert corners["n_quadrant"].tolist() == [30, 24, 25, 30]


def test_a_product_is_found_and_no_other_pair(cohort):
    found = quiet(ns.interplay, cohort, [("axon", "immune"), ("axon", "vessel")])
    products = found.products.set_index("signature")
    assert products.loc["axon x immune", "p_lr"] < 1e-6
    assert products.loc["axon x vessel", "p_value"] > 0.05
    assert products["family"].tolist() == ["2 interactions of cohort, dead"] * 2
    # two tests: the smaller p is doubled at most
    assert products.loc["axon x immune", "q_value"] == pytest.approx(
        2 * products.loc["axon x immune", "p_value"], rel=1e-9, abs=0
    )
    others = found.table[found.table["term"] != "first:second"]
    assert others["q_value"].isna().all()
    slopes = found.slopes.query("first == 'axon' and second == 'immune' and slope_of == 'axon'")
    assert slopes["estimate"].iloc[0] < 0 < slopes["estimate"].iloc[2]
    assert slopes["effect"].to_numpy() == pytest.approx(np.exp(slopes["estimate"].to_numpy()))


def test_an_interaction_does_not_depend_on_units_order_and_rows(cohort):
    moved = cohort.scores.mul([10.0, -0.1, 1.0]).add([5.0, 3.0, 0.0]).sample(frac=1, random_state=1)
    clinic = cohort.data.drop(columns=list(cohort.signatures))
    other = ns.Cohort.join(moved, clinic, DAYS)
    one = quiet(ns.interplay, cohort, ("axon", "immune"), adjust=["age"]).products.iloc[0]
    two = quiet(ns.interplay, other, ("immune", "axon"), adjust=["age"]).products.iloc[0]
    assert two["estimate"] == pytest.approx(-one["estimate"], rel=1e-9)
    assert two["std_error"] == pytest.approx(one["std_error"], rel=1e-9)
    assert two["p_lr"] == pytest.approx(one["p_lr"], rel=1e-6)


def test_the_row_of_a_score_is_its_slope_at_the_mean_of_the_other(cohort):
    found = quiet(ns.interplay, cohort, ("axon", "immune"), adjust=["age"])
    rows = found.table.set_index("term")
    middle = found.slopes[found.slopes["moderator_at"] == 0].set_index("slope_of")
    assert middle["estimate"]["axon"] == rows["estimate"]["first"]
    assert middle["std_error"]["immune"] == pytest.approx(rows["std_error"]["second"], rel=1e-12)
    alone = quiet(
        ns.cox, cohort, signatures="axon", adjust=["age", "immune"],
        interactions=[("score", "immune")],
    ).table.set_index("term")  # fmt: skip
    assert rows["estimate"]["first"] == pytest.approx(alone["estimate"]["score"], abs=1e-9)
    assert rows["p_value"]["first:second"] == pytest.approx(
        alone["p_value"]["score:immune"], rel=1e-6
    )


def test_a_linear_interaction_is_that_of_least_squares(cohort):
    found = ns.interplay(cohort, ("axon", "immune"), model="linear", outcome="growth")
    z = (cohort.scores - cohort.scores.mean()) / cohort.scores.std()
    x = np.column_stack([z["axon"], z["immune"], z["axon"] * z["immune"], np.ones(200)])
    y = cohort.data["growth"].to_numpy(dtype=float)
    coef, squares = np.linalg.lstsq(x, y, rcond=None)[:2]
    assert found.table["estimate"].to_numpy() == pytest.approx(coef[:3], abs=1e-10)
    error = np.sqrt(squares[0] / 196 * np.linalg.inv(x.T @ x)[2, 2])
    assert found.products["std_error"][0] == pytest.approx(error, rel=1e-10)
    assert found.products["df"][0] == 196
    assert "p_lr" not in found.table
    assert "reri" not in found.table


def test_regions_by_hand_and_none():
    # slope 1 + m, independent errors of variance 1/4: (1 + m)^2 > q (1 + m^2) / 4
    parts = excluding_zero((1.0, 1.0), (0.25, 0.0, 0.25), 1.0, (-3.0, 3.0))
    root = np.roots([0.75, 2, 0.75])
    assert parts == [(-3.0, pytest.approx(root.min()), -1), (pytest.approx(root.max()), 3.0, 1)]
    assert excluding_zero((0.0, 0.1), (1.0, 0.0, 1.0), 2.0, (-3.0, 3.0)) == []
    assert excluding_zero((5.0, 0.0), (1.0, 0.0, 0.0), 2.0, (-3.0, 3.0)) == [(-3.0, 3.0, 1)]


def test_a_region_that_is_nowhere_says_so_and_simultaneous_ones_are_smaller(cohort):
    found = quiet(ns.interplay, cohort, [("axon", "immune"), ("axon", "vessel")])
    regions = found.regions
    none = regions[regions["second"] == "vessel"]
    assert (none["message"] == "nowhere in the observed range").any()
    share = regions.pivot_table("share", ["signature", "slope_of"], "band", aggfunc="sum")
    assert (share["simultaneous"] <= share["pointwise"]).all()
    assert share.loc["axon x immune"].to_numpy().min() > 0.3
    inside = regions.dropna(subset="low")
    assert (inside["low"] >= inside["range_low"]).all()
    assert (inside["high"] <= inside["range_high"]).all()


def test_lines_hold_the_slopes_and_their_bands(cohort):
    found = quiet(ns.interplay, cohort, ("axon", "immune"))
    lines = found.lines("axon", "immune", n_points=5)
    assert lines.groupby("slope_of").size().tolist() == [5, 5]
    assert (lines["band_low"] < lines["ci_low"]).all()
    edge = found.regions.query("slope_of == 'axon' and band == 'pointwise'")["high"].iloc[0]
    exact = found.models["axon", "immune"].slopes(0, np.array([edge]))
    assert exact[0][0] + 1.959963984540054 * exact[1][0] == pytest.approx(0, abs=1e-9)
    with pytest.raises(ParameterError, match="no model of 'immune' and 'axon'"):
        found.lines("immune", "axon")


def test_products_are_pooled_over_cohorts(cohort):
    half = np.arange(200) < 100
    clinic = cohort.data.drop(columns=list(cohort.signatures))
    tables = [
        quiet(
            ns.interplay,
            ns.Cohort.join(cohort.scores[rows], clinic[rows], DAYS, name=name),
            ("axon", "immune"),
        ).products
        for name, rows in (("one", half), ("two", ~half))
    ]
    pooled = quiet(ns.meta, tables, method="FE", knha=False).table.iloc[0]
    weight = [1 / table["std_error"][0] ** 2 for table in tables]
    by_hand = np.average([table["estimate"][0] for table in tables], weights=weight)
    assert pooled["estimate"] == pytest.approx(by_hand, rel=1e-9)
    assert pooled["signature"] == "axon x immune"


def test_a_curved_effect_of_one_score_is_told_from_an_interaction():
    rng = np.random.default_rng(3)
    axon = rng.normal(size=400)
    immune = 0.6 * axon + 0.8 * rng.normal(size=400)  # r = 0.6
    growth = axon**2 + rng.normal(size=400)
    cohort = cohort_of({"axon": axon, "immune": immune}, {"growth": growth}, None)
    row = quiet(
        ns.interplay, cohort, ("axon", "immune"), model="linear", outcome="growth"
    ).products.iloc[0]
    assert row["p_value"] < 1e-6
    assert row["p_with_squares"] > 0.05


def test_shared_genes_and_high_correlation_are_warned_of_once(cohort):
    scores = cohort.scores.assign(copy=cohort.scores["axon"] + 0.3 * cohort.scores["vessel"])
    other = ns.Cohort.join(scores, cohort.data.drop(columns=list(cohort.signatures)), DAYS)
    genes = {"axon": ["NGF", "SLIT2"], "immune": ["CD8A", "SLIT2"], "vessel": ["VEGFA"]}
    pairs = [("axon", "immune"), ("axon", "vessel"), ("axon", "copy")]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = ns.interplay(other, pairs, signatures=genes)
    overlap = [w for w in caught if issubclass(w.category, ScoreWarning)]
    assert len(overlap) == 1
    message = str(overlap[0].message)
    assert message.startswith("2 pairs of 3 hold scores that measure partly the same")
    assert "axon x immune (1 shared gene)" in message
    assert "axon x copy (r 0.9" in message
    products = found.products.set_index("second")
    assert products["n_shared_genes"].tolist()[:2] == [1, 0]
    assert products["shared_genes"]["immune"] == "SLIT2"
    assert np.isnan(products["n_shared_genes"]["copy"])
    assert any("genes unknown of 'copy'" in note for note in found.notes)


def test_rows_without_one_of_the_scores_are_left_out_of_their_pair_alone(cohort):
    scores = cohort.scores.copy()
    scores.iloc[:30, 2] = np.nan
    clinic = cohort.data.drop(columns=list(cohort.signatures))
    other = ns.Cohort.join(scores, clinic, DAYS)
    found = quiet(ns.interplay, other, [("axon", "immune"), ("axon", "vessel")]).products
    assert found["n"].tolist() == [200, 170]
    part = ns.Cohort.join(scores.iloc[30:], clinic, DAYS)
    alone = quiet(ns.interplay, part, ("axon", "vessel")).products
    assert found["estimate"][1] == pytest.approx(alone["estimate"][0], rel=1e-12)


def test_few_events_and_changing_hazards_are_warned_of(cohort):
    part = cohort.subset(np.arange(200) < 40, "few")
    with pytest.warns(SmallSampleWarning, match=r"As few as \d\.\d events per parameter"):
        quiet_but_one(part)
    rng = np.random.default_rng(5)
    score = np.repeat([-1.0, 1.0], 100) + rng.normal(0, 0.01, 200)
    days = np.where(score > 0, rng.uniform(400, 500, 200), rng.exponential(450, 200)) + 1
    crossing = cohort_of(
        {"a": score, "b": rng.normal(size=200)},
        {"days": days, "dead": np.where(np.arange(200) % 9 > 0, 1, 0)},
    )
    with pytest.warns(ProportionalHazardsWarning, match="seem to change with time in 1 pair"):
        ns.interplay(crossing, ("a", "b"))


def quiet_but_one(cohort):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProportionalHazardsWarning)
        return ns.interplay(cohort, ("axon", "immune"), adjust=["age"])


def test_a_pair_that_cannot_be_fitted_is_a_row_with_a_status(cohort):
    same = cohort.scores.assign(twice=2 * cohort.scores["axon"] + 1, flat=1.0)
    other = ns.Cohort.join(same, cohort.data.drop(columns=list(cohort.signatures)), DAYS)
    pairs = [("axon", "twice"), ("axon", "flat"), ("axon", "immune")]
    found = quiet(ns.interplay, other, pairs)
    assert found.products["status"].tolist() == ["collinear", "constant", "ok"]
    assert found.products["estimate"].isna().tolist() == [True, True, False]
    assert found.products["family"][2] == "1 interactions of cohort, dead"
    assert set(found.slopes["signature"]) == {"axon x immune"}
    with pytest.raises(FitError, match="the same but for their unit"):
        ns.interplay_corners(other, ("axon", "twice"))


def test_intervals_and_their_patients_are_counted_as_such():
    rng = np.random.default_rng(4)
    split = pd.DataFrame({"axon": rng.normal(size=60), "immune": rng.normal(size=60)})
    days = rng.exponential(100, 60) + 2
    whole = cohort_of(split, {"days": days, "dead": [1, 1, 0] * 20})
    first = split.assign(id=[f"p{i}" for i in range(60)], start=0.0, stop=1.0, event=0)
    second = first.assign(start=1.0, stop=days, event=[1, 1, 0] * 20)
    cut = ns.Cohort.from_intervals(
        pd.concat([first, second], ignore_index=True),
        id="id", start="start", stop="stop", event="event", signatures=["axon", "immune"],
    )  # fmt: skip
    one = quiet(ns.interplay, whole, ("axon", "immune")).products.iloc[0]
    two = quiet(ns.interplay, cut, ("axon", "immune")).products.iloc[0]
    assert (one["n"], two["n"]) == (60, 60)
    assert two["estimate"] == pytest.approx(one["estimate"], abs=1e-9)
    assert two["std_error"] == pytest.approx(one["std_error"], abs=1e-9)
    with pytest.raises(EndpointError, match="take each row"):
        ns.interplay_corners(cut, ("axon", "immune"))


def test_separation_is_a_status_and_a_warning():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 60))
    cohort = cohort_of({"a": a, "b": b}, {"pni": np.where(a > 0, "yes", "no")}, None)
    options = {"model": "logistic", "outcome": "pni", "positive": "yes"}
    with pytest.warns(SmallSampleWarning, match="separates the outcome perfectly"):
        found = ns.interplay(cohort, ("a", "b"), **options)
    assert found.products["status"].tolist() == ["separation"]
    assert found.slopes.empty


@pytest.mark.parametrize(
    ("pairs", "options", "error", "words"),
    [
        ([], {}, ParameterError, "pairs is empty"),
        (("axon", "axon"), {}, ParameterError, "no pair of two different scores"),
        ([("axon",)], {}, ParameterError, "no pair of two different scores"),
        ([("axon", "immune"), ("immune", "axon")], {}, ParameterError, "occurs more than once"),
        (("axon", "NGF"), {}, UnknownSignatureError, "no signature 'NGF'"),
        (("axon", "immune"), {"adjust": ["axon"]}, ParameterError, "covariate too"),
        (("axon", "immune"), {"at": [np.nan]}, ParameterError, "at cannot be"),
        (("axon", "immune"), {"model": "probit"}, ParameterError, "model cannot be 'probit'"),
        (("axon", "immune"), {"outcome": "growth"}, ParameterError, "takes the endpoint"),
        (("axon", "immune"), {"model": "linear"}, ParameterError, "takes the endpoint"),
        (("axon", "immune"), {"positive": "x"}, ParameterError, "no positive level"),
        (
            ("axon", "immune"),
            {"model": ns.CoxModel(penalty=1.0)},
            ParameterError,
            "has no penalty",
        ),
        (
            ("axon", "immune"),
            {"model": "linear", "outcome": "growth", "strata": ["invasion"]},
            ParameterError,
            "has no strata",
        ),
        (
            ("axon", "immune"),
            {"model": "logistic", "outcome": "invasion"},
            ClinicalError,
            "not said which level",
        ),
        (
            ("axon", "immune"),
            {"model": "logistic", "outcome": "invasion", "positive": "maybe"},
            ClinicalError,
            "'maybe' is not one level",
        ),
        (
            ("axon", "immune"),
            {"model": "logistic", "outcome": "age", "positive": 60},
            ClinicalError,
            "needs an outcome with two levels",
        ),
        (
            ("axon", "immune"),
            {"signatures": {"other": ["NGF"]}},
            ParameterError,
            "None of the signatures given",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(cohort, pairs, options, error, words):
    with pytest.raises(error, match=words):
        ns.interplay(cohort, pairs, **options)


def test_corners_refuse_times_and_levels_outside(cohort):
    pair = ("axon", "immune")
    with pytest.raises(ParameterError, match="levels cannot be"):
        ns.interplay_corners(cohort, pair, levels=(1, -1))
    with pytest.raises(ParameterError, match=r"times cannot be 5000\.0"):
        ns.interplay_corners(cohort, pair, times=[5000])
    with pytest.raises(ParameterError, match="A linear model has no times"):
        ns.interplay_corners(cohort, pair, model="linear", outcome="growth", times=[1])
    bare = ns.Cohort.join(cohort.scores, cohort.data[["age"]])
    with pytest.raises(EndpointError, match="has no endpoint"):
        ns.interplay_corners(bare, pair)


def test_corners_average_over_the_covariates(cohort):
    table = quiet(
        ns.interplay_corners, cohort, ("axon", "immune"), adjust=["age"], times=[365]
    ).table
    assert table["group"].tolist() == [
        "axon low, immune low", "axon low, immune high",
        "axon high, immune low", "axon high, immune high",
    ]  # fmt: skip
    fit = quiet(
        ns.fit_cox, cohort, "axon", adjust=["age", "immune"], interactions=[("score", "immune")]
    )
    sd = cohort.scores.std()
    mean = cohort.scores.mean()
    rows = pd.DataFrame(
        {
            "score": (mean["axon"] - sd["axon"]) / sd["axon"],
            "age": cohort.data["age"].to_numpy(dtype=float),
            "immune": mean["immune"] + sd["immune"],
        }
    )
    rows["score:immune"] = -sd["immune"]  # centred scores, of axon per SD: -1 times 1 sd
    expected = fit.survival(rows[list(fit.names)], times=[365])["survival"].mean()
    assert table["estimate"][1] == pytest.approx(expected, abs=1e-9)
    assert table["n_quadrant"].sum() == 200


def test_too_few_events_are_refused_or_a_status():
    rng = np.random.default_rng(2)
    scores = {"a": rng.normal(size=30), "b": rng.normal(size=30)}
    clinic = {"days": np.arange(1.0, 31), "dead": [1, 1, 1] + [0] * 27}
    found = quiet(ns.interplay, cohort_of(scores, clinic), ("a", "b"))
    assert found.products["status"].tolist() == ["too_few_events"]
    assert "3 events for 3 parameters" in found.products["message"][0]
    with pytest.raises(TooFewEventsError):
        ns.interplay(cohort_of(scores, clinic | {"dead": [1] + [0] * 29}), ("a", "b"))


def test_fits_refuse_collinear_columns():
    x = np.column_stack([np.arange(8.0), 2 * np.arange(8.0), np.ones(8)])
    with pytest.raises(FitError, match="collinear"):
        linear_fit(np.arange(8.0), x)
    with pytest.raises(FitError, match="collinear"):
        logistic_fit(np.tile([0.0, 1.0], 4), x)


@pytest.mark.parametrize("verb", ["interplay", "interplay_corners", "mediation"])
def test_cells_of_one_donor_are_no_independent_rows_of_two_scores(verb):
    rng = np.random.default_rng(1)
    scores = pd.DataFrame(rng.normal(size=(40, 2)), columns=["A", "B"])
    clinic = pd.DataFrame({"size": rng.normal(size=40), "donor": np.repeat(list("abcd"), 10)})
    cohort = ns.Cohort.join(scores, clinic, name="cells")
    names = {"exposure": "A", "mediator": "B"} if verb == "mediation" else {}
    given = () if names else (("A", "B"),)
    with pytest.raises(ClinicalError, match="rename the column 'donor'"):
        getattr(ns, verb)(cohort, *given, model="linear", outcome="size", **names)


@pytest.mark.parametrize(("outcome", "adjust"), [("size", ["size"]), ("A", [])])
def test_an_outcome_is_no_term_of_a_model_of_two_scores(outcome, adjust):
    rng = np.random.default_rng(1)
    scores = pd.DataFrame(rng.normal(size=(40, 2)), columns=["A", "B"])
    cohort = ns.Cohort.join(scores, pd.DataFrame({"size": rng.normal(size=40)}))
    with pytest.raises(ParameterError, match="would explain itself"):
        ns.interplay(cohort, ("A", "B"), model="linear", outcome=outcome, adjust=adjust)
