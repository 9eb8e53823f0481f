"""Mediation: a known truth, hand calculations, intervals, and what is refused and warned of."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import neurosig as ns
from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    ConvergenceError,
    EndpointError,
    FitError,
    ParameterError,
    ProportionalHazardsWarning,
    ScoreWarning,
    SmallSampleWarning,
    TooFewEventsError,
    UnknownSignatureError,
)
from neurosig.outcomes.interplay.bootstrap import Draws, draw
from neurosig.outcomes.interplay.counterfactual import GFormula, MediationData
from neurosig.outcomes.interplay.sensitivity import e_value, e_value_of_limit

DAYS = ns.Endpoint(time="days", event="dead")
FEW = ns.Bootstrap(n_resamples=20)
RATE, EXPOSURE, MEDIATOR, PATH = 1 / 900, 0.3, 0.5, 0.6


def made_up(n, seed, product=0.0):
    """An exposure, a mediator that follows it, exponential times that follow both."""
    rng = np.random.default_rng(seed)
    nerve = rng.normal(size=n)
    vessel = PATH * nerve + 0.8 * rng.normal(size=n)
    eta = EXPOSURE * nerve + MEDIATOR * vessel + product * nerve * vessel
    dead = rng.exponential(np.exp(-eta) / RATE)
    lost = rng.uniform(500, 3000, n)
    clinic = {
        "days": np.minimum(dead, lost),
        "dead": (dead <= lost).astype(int),
        "age": rng.normal(60, 8, n),
        "size": nerve + vessel + rng.normal(size=n),
        "invasion": np.where(eta + rng.logistic(size=n) > 0, "yes", "no"),
    }
    return ns.Cohort.join(
        pd.DataFrame({"nerve": nerve, "vessel": vessel}), pd.DataFrame(clinic), DAYS
    )


@pytest.fixture(scope="module")
def cohort():
    return made_up(300, 4)


def mediation(cohort, **options):
    given = {"exposure": "nerve", "mediator": "vessel", "bootstrap": FEW} | options
    if given.get("model", "cox") == "cox" and not {"horizon", "tau"} & set(given):
        given["horizon"] = 900
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProportionalHazardsWarning)
        return ns.mediation(cohort, **given)


def on(found, measure):
    return found.table[found.table["measure"] == measure].set_index("term")


def true_mean(x, made_by, value, product=0.0):
    """E[value(hazard ratio)] over the mediator that the exposure `made_by` gives."""

    def at(u):
        m = PATH * made_by + 0.8 * u
        return value(np.exp(EXPOSURE * x + MEDIATOR * m + product * x * m)) * stats.norm.pdf(u)

    return integrate.quad(at, -9, 9, epsabs=1e-12)[0]


@pytest.mark.parametrize("product", [0.0, 0.25])
def test_counterfactual_means_are_the_known_truth_in_a_large_cohort(product):
    cohort = made_up(40_000, 1, product)
    data = MediationData(
        exposure=cohort.data["nerve"].to_numpy(),
        mediator=cohort.data["vessel"].to_numpy(),
        covariates=np.empty((40_000, 0)),
        y=np.asarray(cohort.event),
        time=np.asarray(cohort.time),
    )
    formula = GFormula(contrast=(-1, 1), horizon=900, tau=1500, interaction=product > 0)
    ours = formula.means(data)
    at = [(-1, -1), (1, -1), (-1, 1), (1, 1)]  # outcome, mediator
    survival = [true_mean(*w, lambda r: np.exp(-RATE * 900 * r), product) for w in at]
    area = [true_mean(*w, lambda r: -np.expm1(-RATE * 1500 * r) / (RATE * r), product) for w in at]
    # standard errors, from 12 cohorts of this size: below 0.0055 and 6.5 days
    np.testing.assert_allclose(ours[:4], survival, atol=0.018)
    np.testing.assert_allclose(ours[4:8], area, atol=22)
    # in one large cohort the errors of the means go together: indirect effects are sharper
    assert ours[3] - ours[1] == pytest.approx(survival[3] - survival[1], abs=0.012)
    assert survival[3] - survival[1] < -0.05


def test_effects_add_up_and_ratios_multiply(cohort):
    for options, difference, ratio in (
        (
            {"horizon": 900, "interaction": True, "adjust": ["age"]},
            "survival difference",
            "risk ratio",
        ),
        (
            {"model": "logistic", "outcome": "invasion", "positive": "yes", "interaction": True},
            "risk difference",
            "odds ratio",
        ),
    ):
        found = mediation(cohort, **options)
        for measure in (difference, ratio):
            e = on(found, measure)["estimate"]
            assert e["pure_direct"] + e["total_indirect"] == pytest.approx(e["total"], abs=1e-12)
            assert e["total_direct"] + e["pure_indirect"] == pytest.approx(e["total"], abs=1e-12)
        e = on(found, ratio)
        assert e["effect"]["pure_direct"] * e["effect"]["total_indirect"] == pytest.approx(
            e["effect"]["total"]
        )
        means = found.means.set_index(["exposure_at", "mediator_as_at"])["estimate"]
        total = on(found, difference)["estimate"]["total"]
        assert means[1, 1] - means[-1, -1] == pytest.approx(total, abs=1e-12)


def test_a_mean_over_the_mediator_by_hand():
    # x 0 or 1, mediator x + 1 or x - 1, y = 2 x + 3 m: the world (1, 0) has 2 + 3 * 0
    x = np.repeat([0.0, 1.0], 4)
    m = x + np.tile([1.0, -1.0], 4)
    data = MediationData(exposure=x, mediator=m, covariates=np.empty((8, 0)), y=2 * x + 3 * m)
    assert GFormula(contrast=(0.0, 1.0)).means(data) == pytest.approx([0, 2, 3, 5], abs=1e-12)
    over_residuals = GFormula(contrast=(0.0, 1.0), errors="empirical").means(data)
    assert over_residuals == pytest.approx([0, 2, 3, 5], abs=1e-12)


def test_a_probability_over_two_residuals_by_hand():
    # balanced, so that the mediator's residuals are exactly -1 and 1
    x = np.repeat([0.0, 1.0], 8)
    m = 0.5 * x + np.tile([1.0, -1.0], 8)
    y = np.array([1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 0], dtype=float)
    data = MediationData(exposure=x, mediator=m, covariates=np.empty((16, 0)), y=y, is_binary=True)
    q = GFormula(contrast=(0.0, 1.0), errors="empirical").means(data)
    import statsmodels.api as sm

    fit = sm.Logit(y, np.column_stack([np.ones(16), x, m])).fit(disp=0, tol=1e-12)
    a, b, c = fit.params
    for place, (level, made_by) in enumerate([(0, 0), (1, 0), (0, 1), (1, 1)]):
        eta = a + b * level + c * (0.5 * made_by + np.array([-1, 1]))
        assert q[place] == pytest.approx(np.mean(1 / (1 + np.exp(-eta))), abs=1e-9)


def test_the_restricted_mean_is_the_area_under_predicted_survival(cohort):
    found = mediation(cohort, tau=1200)
    fit = ns.fit_cox(cohort, "nerve", adjust=["vessel"], scale="none")
    nerve, vessel = cohort.data["nerve"], cohort.data["vessel"]
    slope = np.polyfit(nerve, vessel, 1)
    sigma = np.std(vessel - np.polyval(slope, nerve)) * np.sqrt(300 / 298)
    at = nerve.mean() + nerve.std()
    u, weight = np.polynomial.hermite_e.hermegauss(60)
    new = pd.DataFrame({"score": at, "vessel": np.polyval(slope, at) + sigma * u})
    times = np.unique(cohort.time[(cohort.event == 1) & (cohort.time < 1200)])
    survival = fit.survival(new, times=times)["survival"].to_numpy().reshape(60, -1)
    steps = np.diff(np.concatenate([[0.0], times, [1200]]))
    area = np.column_stack([np.ones(60), survival]) @ steps
    expected = area @ weight / weight.sum()
    ours = found.means.query("exposure_at == 1 and mediator_as_at == 1")["estimate"].iloc[0]
    assert ours == pytest.approx(expected, rel=1e-7)


def test_results_do_not_depend_on_threads_and_do_on_the_seed(cohort):
    def table(seed, n_jobs):
        bootstrap = ns.Bootstrap(n_resamples=60, seed=seed, n_jobs=n_jobs)
        return mediation(cohort, adjust=["age"], bootstrap=bootstrap).table

    pd.testing.assert_frame_equal(table(3, 1), table(3, 2))
    one, other = table(3, 1), table(4, 1)
    assert (one["estimate"] == other["estimate"]).all()
    assert (one["ci_low"] != other["ci_low"]).any()


def test_the_order_and_the_units_of_the_data_do_not_matter(cohort):
    moved = cohort.scores.mul([3.0, 0.2]).add([5.0, -1.0]).sample(frac=1, random_state=2)
    other = ns.Cohort.join(moved, cohort.data.drop(columns=["nerve", "vessel"]), DAYS)
    one, two = mediation(cohort, tau=900), mediation(other, tau=900)
    np.testing.assert_allclose(one.table["estimate"], two.table["estimate"], rtol=1e-7)


def test_a_proportion_is_withheld_where_the_total_effect_is_not_clear(cohort):
    rng = np.random.default_rng(0)
    scores = cohort.scores.assign(noise=rng.normal(size=300))
    other = ns.Cohort.join(scores, cohort.data.drop(columns=["nerve", "vessel"]), DAYS)
    found = mediation(other, exposure="noise", bootstrap=ns.Bootstrap(n_resamples=100))
    row = on(found, "survival difference").loc["proportion_mediated"]
    assert np.isnan(row["estimate"])
    assert row["status"] == "withheld"
    assert "not clearly away from zero" in row["message"]
    clear = on(mediation(cohort), "survival difference")
    share = clear["estimate"]["total_indirect"] / clear["estimate"]["total"]
    assert clear["estimate"]["proportion_mediated"] == pytest.approx(share)
    assert clear["status"]["proportion_mediated"] == "ok"


def test_a_proportion_is_withheld_where_direct_and_indirect_effect_oppose():
    rng = np.random.default_rng(1)
    x = rng.normal(size=200)
    m = x + 0.3 * rng.normal(size=200)
    size = 3 * x - m + 0.1 * rng.normal(size=200)
    cohort = ns.Cohort.join(pd.DataFrame({"nerve": x, "vessel": m}), pd.DataFrame({"size": size}))
    with pytest.warns(ScoreWarning, match=r"measure partly the same\. r 0\.9"):
        found = mediation(cohort, model="linear", outcome="size")
    row = on(found, "mean difference").loc["proportion_mediated"]
    assert row["status"] == "withheld"
    assert "opposite signs" in row["message"]


def test_assumptions_are_notes_and_name_what_was_adjusted_for(cohort):
    notes = mediation(cohort, adjust=["age"]).notes
    assert any(note.startswith("One biopsy: nerve and vessel") for note in notes)
    assert any(note.startswith("Mixed cells") for note in notes)
    assert any("mediator and outcome, given age;" in note for note in notes)
    assert any("proportional hazards" in note and "without exposure" in note for note in notes)
    linear = mediation(cohort, model="linear", outcome="size")
    assert linear.notes[-1].endswith(f"correlate by {linear.rho_zero:.2f}")
    partial = linear.sensitivity.set_index("rho")["total_indirect"]
    assert partial[0.0] == pytest.approx(
        on(linear, "mean difference")["estimate"]["total_indirect"], abs=1e-12
    )
    assert partial[0.9] < 0 < partial[-0.9]


def test_e_values_are_those_of_the_risk_ratio(cohort):
    rows = on(mediation(cohort), "risk ratio")
    for _, row in rows.iterrows():
        assert row["e_value"] == pytest.approx(e_value(row["effect"]))
        assert row["e_value_limit"] == pytest.approx(
            e_value_of_limit(row["effect_low"], row["effect_high"])
        )
    linear = on(mediation(cohort, model="linear", outcome="size"), "mean difference")
    sd = cohort.data["size"].astype(float).std()
    ratio = np.exp(0.91 * linear["estimate"]["total"] / sd)
    assert linear["e_value"]["total"] == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)))
    assert "e_value" not in on(mediation(cohort, tau=900), "RMST difference").dropna(axis=1)


def test_percentile_and_bca_intervals_by_hand():
    samples = np.arange(1.0, 101.0)[:, None]
    plain = Draws(np.array([50.5]), samples, np.empty((0, 1)), 0)
    assert plain.interval(0.9) == (pytest.approx([5.95]), pytest.approx([95.05]))
    # 30 of 100 samples below the estimate: z0 = Phi^-1(0.30); a = 0 for a symmetric jackknife
    skewed = Draws(np.array([30.5]), samples, np.array([[1.0], [-1.0]]), 0)
    z0, z = stats.norm.ppf(0.30), stats.norm.ppf(0.95)
    expected = np.quantile(samples, stats.norm.cdf([2 * z0 - z, 2 * z0 + z]))
    low, high = skewed.interval(0.9)
    assert [low[0], high[0]] == pytest.approx(expected)
    # acceleration: d = (2, -1, -1) has sum d^3 = 6, sum d^2 = 6
    bent = Draws(np.array([50.5]), samples, np.array([[-2.0], [1.0], [1.0]]), 0)
    a = 6 / (6 * 6**1.5)
    tails = [stats.norm.cdf(s * z / (1 - a * s * z)) for s in (-1, 1)]
    low, high = bent.interval(0.9)
    assert [low[0], high[0]] == pytest.approx(np.quantile(samples, tails))
    assert plain.p_value[0] == pytest.approx(2 / 101)


def test_bca_intervals_equal_those_of_scipy_up_to_simulation():
    x = np.random.default_rng(3).exponential(size=60)
    ours = draw(
        lambda rows: np.array([x[rows].mean()]), 60, ns.Bootstrap(n_resamples=4000, interval="bca")
    ).interval(0.95)
    theirs = stats.bootstrap(
        (x,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    assert [ours[0][0], ours[1][0]] == pytest.approx([theirs.low, theirs.high], rel=0.02)


def test_a_number_without_a_value_in_some_samples_is_judged_by_the_others():
    samples = np.column_stack([np.arange(1.0, 101.0)] * 2)
    gaps = samples.copy()
    gaps[::4, 0], gaps[::2, 1], gaps[1, 1] = -np.inf, np.nan, np.inf  # 25 and 51 of 100
    draws = Draws(np.array([50.5, 50.5]), gaps, np.empty((0, 2)), 3)
    kept = samples[np.arange(100) % 4 > 0, :1]
    alone = Draws(np.array([50.5]), kept, np.empty((0, 1)), 3)
    assert draws.n_known.tolist() == [75, 49]
    for found, expected in zip(draws.interval(0.9), alone.interval(0.9), strict=True):
        assert found.tolist() == [expected[0], pytest.approx(np.nan, nan_ok=True)]
    assert draws.std_error[0] == pytest.approx(np.std(kept, ddof=1), rel=1e-12)
    assert draws.p_value[0] == alone.p_value[0] == pytest.approx(2 / 76)
    assert np.isnan([draws.std_error[1], draws.p_value[1]]).all()
    assert draws.messages == [
        f"no value in {n} bootstrap samples: left out; "
        "3 bootstrap samples could not be fitted: left out"
        for n in (25, 51)
    ]
    corrected = [
        Draws(d.estimate, d.samples, np.full((2, d.estimate.size), [[1.0], [-1.0]]), 0)
        for d in (draws, alone)
    ]
    low, high = corrected[0].interval(0.9)
    assert [low[:1], high[:1]] == list(corrected[1].interval(0.9))


def test_samples_that_cannot_be_fitted_are_counted_and_most_of_them_refused():
    def fails_below(share):
        def statistic(rows):
            if len(set(rows)) < len(rows) and rows[0] < share * 20:
                raise ConvergenceError("no fit")
            return np.array([rows.mean()])

        return statistic

    some = draw(fails_below(0.3), 20, ns.Bootstrap(n_resamples=100))
    assert 15 < some.n_failed < 45
    assert len(some.samples) + some.n_failed == 100
    with pytest.raises(ConvergenceError, match="on most bootstrap samples"):
        draw(fails_below(0.9), 20, ns.Bootstrap(n_resamples=100))


def test_overlapping_scores_skewed_residuals_and_few_events_are_warned_of(cohort):
    genes = {"nerve": ["NGF", "SLIT2", "ROBO1"], "vessel": ["SLIT2", "VEGFA"]}
    with pytest.warns(ScoreWarning, match="1 shared gene, 50% of the smaller one"):
        mediation(cohort, signatures=genes)
    skewed = cohort.scores.assign(vessel=np.exp(1.5 * cohort.scores["vessel"]))
    other = ns.Cohort.join(skewed, cohort.data.drop(columns=["nerve", "vessel"]), DAYS)
    with pytest.warns(ClinicalWarning, match="residuals are skewed"):
        mediation(other)
    mediation(other, errors="empirical")
    few = cohort.subset(np.arange(300) < 35, "few")
    with pytest.warns(SmallSampleWarning, match="events per parameter"):
        mediation(few, adjust=["age"], horizon=700)
    with pytest.warns(SmallSampleWarning, match="Few rows are still at risk at horizon=2500"):
        mediation(cohort, horizon=2500)


def test_hazards_that_change_with_time_are_warned_of():
    rng = np.random.default_rng(6)
    nerve = rng.normal(size=300)
    vessel = rng.normal(size=300)
    days = 100 * rng.weibull(np.where(nerve > 0, 4.0, 0.7)) + 1
    clinic = pd.DataFrame({"days": days, "dead": (np.arange(300) % 10 > 0).astype(int)})
    other = ns.Cohort.join(pd.DataFrame({"nerve": nerve, "vessel": vessel}), clinic, DAYS)
    with pytest.warns(ProportionalHazardsWarning, match="compare several horizons"):
        ns.mediation(other, exposure="nerve", mediator="vessel", horizon=80, bootstrap=FEW)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"mediator": "nerve"}, ParameterError, "The mediator is the exposure"),
        ({"mediator": "NGF"}, UnknownSignatureError, "no signature 'NGF'"),
        ({"model": ns.CoxModel(), "horizon": 9}, ParameterError, "no options of a Cox model"),
        ({"contrast": (1, 1)}, ParameterError, "contrast cannot be"),
        ({"errors": "t"}, ParameterError, "errors cannot be 't'"),
        ({"horizon": 9000}, ParameterError, "horizon cannot be 9000"),
        ({"tau": 9000}, ParameterError, "tau cannot be 9000"),
        ({"horizon": 0}, ParameterError, "The first event is at"),
        ({"horizon": None}, ParameterError, "needs a time"),
        ({"model": "linear", "outcome": "size", "horizon": 9}, ParameterError, "no horizon"),
        ({"model": "linear"}, ParameterError, "takes the endpoint"),
        ({"adjust": ["vessel"]}, ParameterError, "covariate too"),
        (
            {"signatures": {"nerve": ["NGF", "TH"], "vessel": ["TH", "NGF"]}},
            ParameterError,
            "have the same genes",
        ),
        (
            {"model": "logistic", "outcome": "invasion", "positive": "perhaps"},
            ClinicalError,
            "'perhaps' is not one level",
        ),
    ],
)
def test_what_cannot_be_mediated_is_refused(cohort, options, error, words):
    with pytest.raises(error, match=words):
        mediation(cohort, **options)


def test_a_mediator_that_is_the_exposure_in_another_unit_is_refused(cohort):
    scores = cohort.scores.assign(vessel=-2 * cohort.scores["nerve"] + 1)
    other = ns.Cohort.join(scores, cohort.data.drop(columns=["nerve", "vessel"]), DAYS)
    with pytest.raises(ClinicalError, match="exposure in another unit"):
        mediation(other)
    flat = ns.Cohort.join(
        cohort.scores.assign(vessel=1.0), cohort.data.drop(columns=["nerve", "vessel"]), DAYS
    )
    with pytest.raises(FitError, match="'vessel' is constant"):
        mediation(flat)


def test_too_few_events_competing_causes_and_late_entry_are_refused(cohort):
    clinic = cohort.data.drop(columns=["nerve", "vessel"])
    rare = clinic.assign(dead=(np.arange(300) < 2).astype(int))
    with pytest.raises(TooFewEventsError, match="2 events in 300 rows for 2 parameters"):
        mediation(ns.Cohort.join(cohort.scores, rare, DAYS), horizon=float(rare["days"].max()))
    odd = clinic.assign(invasion=np.where(np.arange(300) < 2, "yes", "no"))
    with pytest.raises(TooFewEventsError, match="2 rows of the rarer level for 2 parameters"):
        mediation(
            ns.Cohort.join(cohort.scores, odd), model="logistic", outcome="invasion",
            positive="yes",
        )  # fmt: skip
    late = ns.Endpoint(time="days", event="dead", entry="start")
    entering = ns.Cohort.join(cohort.scores, clinic.assign(start=0.5), late)
    with pytest.raises(EndpointError, match="enter late"):
        mediation(entering.subset(entering.time > 1, "positive"))
    causes = ns.Endpoint(time="days", event="dead", causes={"cancer": 1, "other": 2})
    competing = ns.Cohort.join(
        cohort.scores, clinic.assign(dead=np.where(np.arange(300) % 7 == 0, 2, clinic["dead"])),
        causes,
    )  # fmt: skip
    with pytest.raises(ClinicalError, match="compet"):
        mediation(competing)
    with pytest.raises(EndpointError, match="no endpoint"):
        mediation(ns.Cohort.join(cohort.scores, clinic[["age"]]))


def test_paths_are_the_coefficients_of_both_models(cohort):
    paths = mediation(cohort, interaction=True, adjust=["age"]).paths
    assert paths["term"].tolist() == [
        "nerve", "age", "nerve", "vessel", "nerve:vessel", "age",
    ]  # fmt: skip
    z = (cohort.scores - cohort.scores.mean()) / cohort.scores.std()
    x = np.column_stack([z["nerve"], cohort.data["age"].astype(float), np.ones(300)])
    assert paths["estimate"][:2].to_numpy() == pytest.approx(
        np.linalg.lstsq(x, z["vessel"].to_numpy(), rcond=None)[0][:2], abs=1e-10
    )


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("mediation", {"exposure": "A", "mediator": "B", "horizon": 5, "contrast": ("a", "b")}),
        ("mediation", {"exposure": "A", "mediator": "B", "horizon": "5"}),
        ("mediation", {"exposure": "A", "mediator": "B", "tau": [5, 6]}),
        ("interplay", {"pairs": ("A", "B"), "at": ["low"]}),
        ("interplay", {"pairs": [1, 2]}),
        ("interplay_corners", {"pair": ("A", "B"), "times": ["soon"]}),
        ("interplay_corners", {"pair": ("A", "B"), "levels": ("low", "high")}),
    ],
)
def test_what_is_no_number_or_pair_is_refused_by_name(verb, options):
    rng = np.random.default_rng(0)
    scores = pd.DataFrame(rng.normal(size=(80, 2)), columns=["A", "B"])
    clinic = pd.DataFrame({"t": rng.exponential(10, 80), "e": np.tile([1, 0], 40)})
    cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="t", event="e"))
    with pytest.raises(ParameterError):
        getattr(ns, verb)(cohort, **options)
