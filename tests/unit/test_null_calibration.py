"""The benchmark of false-positive rates: its bounds, its cohorts, and what it must flag."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from benchmarks import null_page
from benchmarks.null_cohorts import REGIMES, Regime, draw
from benchmarks.null_rates import allowed, bounds, rates
from benchmarks.null_regressions import correlations, groups, pair
from benchmarks.null_tests import NAIVE, naive_cutpoint, p_values, ranks

SMALL = REGIMES[0]
TIED = next(r for r in REGIMES if r.n == 100 and r.tied and r.adjusted)


def test_one_interval_is_that_of_clopper_and_pearson_by_hand():
    # 1 of 2: P(X >= 1) = 1 - (1 - p)^2 = 0.025 and P(X <= 1) = 1 - p^2 = 0.025
    assert bounds(1, 2, n_rates=1) == pytest.approx((1 - 0.975**0.5, 0.975**0.5), rel=1e-12)
    # 0 of 20: (1 - p)^20 = 0.025; 20 of 20 is its mirror
    high = 1 - 0.025 ** (1 / 20)
    assert bounds(0, 20, n_rates=1) == (0.0, pytest.approx(high, rel=1e-12))
    assert bounds(20, 20, n_rates=1) == (pytest.approx(1 - high, rel=1e-12), 1.0)


def test_bounds_of_many_rates_share_their_five_percent():
    # Sidak: each of 10 independent intervals covers with 0.95^(1/10), all of them with 0.95
    tail = (1 - 0.95**0.1) / 2
    assert bounds(0, 20, n_rates=10)[1] == pytest.approx(1 - tail ** (1 / 20), rel=1e-12)


def test_the_allowed_rates_are_those_whose_bounds_hold_the_level():
    low, high = allowed(1_000, 0.05, n_rates=1)
    # scipy's binomtest(k, 1000).proportion_ci(method="exact"), first and last k with 0.05 inside
    from scipy.stats import binomtest

    inside = [
        k
        for k in range(120)
        for limits in (binomtest(k, 1_000).proportion_ci(method="exact"),)
        if limits.low <= 0.05 <= limits.high
    ]
    assert (low, high) == (min(inside) / 1_000, max(inside) / 1_000)


def test_cohorts_without_a_test_do_not_count():
    table = pd.DataFrame({"t": [0.01, 0.02, np.nan, 0.5], "never": [np.nan] * 4})
    found = rates([("R", table)])
    assert [(r.test, r.level, r.n, r.hits) for r in found] == [("t", 0.05, 3, 2), ("t", 0.01, 3, 1)]


def test_a_wrong_test_is_flagged_and_the_right_one_is_not():
    # the log-rank test at the best cut rejects in about 40 % of cohorts without any effect
    rng = np.random.default_rng(5)
    rows = []
    for _ in range(120):
        cohort = draw(SMALL, rng)
        data = cohort.patients["time"], cohort.patients["event"]
        right = ns.logrank(*data, cohort.patients["noise"] > 0).p_value
        rows.append(naive_cutpoint(cohort) | {"log-rank at a given cut": right})
    found = rates([(SMALL.label, pd.DataFrame(rows))])
    verdicts = {(rate.test, rate.level): rate.verdict for rate in found}
    assert verdicts[NAIVE, 0.05] == "too often"
    assert verdicts[NAIVE, 0.01] == "too often"
    assert verdicts["log-rank at a given cut", 0.05] == ""
    shown = null_page.text(found, [], 120)
    line = next(line for line in shown.splitlines() if "at the best cut" in line)
    assert line.count("▲") == 2


@pytest.mark.parametrize("regime", REGIMES, ids=lambda r: r.label)
def test_a_regime_is_what_it_says(regime):
    rng = np.random.default_rng(1)
    many = pd.concat([draw(regime, rng).patients for _ in range(12_000 // regime.n)])
    # a share of 12,000 has a standard error below 0.5 %; frailty and covariates move it a little
    assert 1 - many["event"].mean() == pytest.approx(regime.censored, abs=0.04)
    assert (many["time"] == many["time"].round()).all() == regime.tied
    correlation = np.corrcoef(np.log(many["score"]) if regime.skewed else many["score"], many["z1"])
    assert correlation[0, 1] == pytest.approx(0.5 if regime.adjusted else 0.0, abs=0.03)
    assert np.corrcoef(many["noise"], many["z1"])[0, 1] == pytest.approx(0, abs=0.03)
    assert many.groupby("cluster").size().max() == regime.cluster_size * (12_000 // regime.n)


def test_the_regimes_cover_what_is_declared():
    assert {r.n for r in REGIMES} == {50, 100, 200, 500}
    assert {r.censored for r in REGIMES} == {0.3, 0.5, 0.7}
    for name in ("tied", "skewed", "adjusted"):
        assert {getattr(r, name) for r in REGIMES} == {True, False}
    assert len({r.cluster_size for r in REGIMES}) > 3


@pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
def test_the_p_values_are_those_of_the_commands():
    cohort = draw(TIED, np.random.default_rng(3))
    found, patients = p_values(cohort, 1), cohort.patients
    endpoint = ns.Endpoint(time="time", event="event", unit="months", event_values=[1])
    joined = ns.Cohort.join(patients[["score"]], patients.drop(columns="score"), endpoint)
    adjust = ["z1", "z2"]
    table = ns.cox(joined, adjust=adjust).table.iloc[0]
    for name, column in (
        ("Cox, Wald", "p_value"),
        ("Cox, likelihood ratio", "p_lr"),
        ("proportional hazards, km", "p_ph"),
        ("proportional hazards, km, all terms", "p_ph_global"),
    ):
        assert found[name] == pytest.approx(table[column], rel=1e-9), name
    robust = ns.cox(joined, adjust=adjust, model=ns.CoxModel(robust=True)).table
    assert found["Cox, robust"] == pytest.approx(robust["p_value"][0], rel=1e-9)
    pairs = ns.cox(joined, adjust=adjust, interactions=[("score", "z1")]).table
    pair = pairs.loc[pairs["term"] == "score:z1", "p_value"].iloc[0]
    assert found["Cox, interaction"] == pytest.approx(pair, rel=1e-9)
    later = ns.landmark(joined, at=float(np.quantile(patients["time"], 0.25)))
    p_later = ns.cox(later, adjust=adjust).table["p_value"][0]
    assert found["Cox, after a landmark"] == pytest.approx(p_later, rel=1e-9)
    added = ns.added_value(
        joined, base=adjust, times=10, resampling=ns.Resampling(n_resamples=20)
    ).table
    assert found["added value, likelihood ratio"] == pytest.approx(added["p_lr"][0], rel=1e-9)
    causes = ns.Endpoint(time="time", event="cause", unit="months", causes={"a": 1, "b": 2})
    competing = ns.Cohort.join(patients[["score"]], patients.drop(columns="score"), causes)
    row = ns.fine_gray(competing, adjust=adjust).table.iloc[0]
    assert found["Fine-Gray, Wald"] == pytest.approx(row["p_value"], rel=1e-7)
    assert found["Fine-Gray, likelihood ratio"] == pytest.approx(row["p_lr"], rel=1e-7)
    clusters = ns.Endpoint(
        time="cluster_time", event="cluster_event", unit="months", event_values=[1]
    )
    columns = patients.drop(columns="cluster_score")
    grouped = ns.Cohort.join(patients[["cluster_score"]], columns, clusters)
    for errors, words in (("auto", "Cox, clusters"), ("sandwich", "Cox, clusters, sandwich")):
        of_clusters = ns.CoxModel(cluster="cluster", cluster_errors=errors)
        table = ns.cox(grouped, model=of_clusters).table
        assert found[words] == pytest.approx(table["p_value"][0], rel=1e-9)
    shorter = ns.Endpoint(time="strata_time", event="event", unit="months", event_values=[1])
    strata = ns.Cohort.join(patients[["score"]], patients.drop(columns="score"), shorter)
    apart = ns.cox(strata, adjust=adjust, strata=["half"]).table
    assert found["Cox, stratified"] == pytest.approx(apart["p_value"][0], rel=1e-9)
    late = ns.Endpoint(time="time", event="event", unit="months", event_values=[1], entry="entry")
    seen = patients[patients["entry"] < patients["time"]]
    entered = ns.Cohort.join(seen[["score"]], seen.drop(columns="score"), late)
    p_entered = ns.cox(entered, adjust=adjust).table["p_value"][0]
    assert found["Cox, delayed entry"] == pytest.approx(p_entered, rel=1e-9)
    correlated = ns.confounding(patients[["noise"]], patients[["measured"]]).table
    assert found["rank correlation"] == pytest.approx(correlated["p_value"][0], rel=1e-12)


@pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
def test_the_p_values_of_regressions_are_those_of_the_commands():
    cohort = draw(TIED, np.random.default_rng(3))
    patients, adjust = cohort.patients, ["z1", "z2"]
    clinic = patients.drop(columns=["score", "noise", "cluster_score"])
    endpoint = ns.Endpoint(time="time", event="event", unit="months", event_values=[1])
    joined = ns.Cohort.join(patients[["score", "noise", "cluster_score"]], clinic, endpoint)
    found = p_values(cohort, 0)
    for kind, outcome, name, options in (
        ("linear", "measured", "linear", {}),
        *(
            (kind, outcome, f"{name}, {errors}", {"errors": errors})
            for kind, outcome, name, several in (
                ("linear", "measured", "linear", ("HC0", "HC1", "HC2", "HC3")),
                ("logistic", "binary", "logistic", ("HC0", "HC3")),
                ("poisson", "count", "Poisson", ("HC0", "HC3")),
            )
            for errors in several
        ),
        ("logistic", "binary", "logistic", {}),
        ("ordinal", "grade", "ordinal", {"order": ("0", "1", "2")}),
        ("multinomial", "grade", "multinomial", {"reference": "0"}),
        ("poisson", "count", "Poisson", {}),
        ("negative_binomial", "scattered_count", "negative binomial", {}),
    ):
        row = ns.regress(
            joined,
            outcome=outcome,
            kind=kind,
            positive=1 if kind == "logistic" else None,
            signatures=["score"],
            adjust=adjust,
            model=ns.RegressionModel(**options),
        ).table.iloc[0]
        if kind == "linear" or "errors" in options:
            assert found[name] == pytest.approx(row["p_value"], rel=1e-9), name
        else:
            assert found[f"{name}, Wald"] == pytest.approx(row["p_value"], rel=1e-9), name
            assert found[f"{name}, likelihood ratio"] == pytest.approx(row["p_lr"], rel=1e-9), name
        if kind == "ordinal":
            p = found["ordinal, proportional odds"]
            assert p == pytest.approx(row["p_proportional"], rel=1e-6)
    for kind, outcome, name in (
        ("linear", "cluster_measured", "linear"),
        ("logistic", "cluster_binary", "logistic"),
        ("poisson", "cluster_count", "Poisson"),
        ("ordinal", "cluster_grade", "ordinal"),
        ("multinomial", "cluster_grade", "multinomial"),
        ("negative_binomial", "cluster_count", "negative binomial"),
    ):
        for errors, words in (("CR1", "clusters, CR1"), ("auto", "clusters")):
            row = ns.regress(
                joined,
                outcome=outcome,
                kind=kind,
                positive=1 if kind == "logistic" else None,
                signatures=["cluster_score"],
                model=ns.RegressionModel(
                    cluster="cluster",
                    cluster_errors=errors,
                    order=("0", "1", "2") if kind == "ordinal" else (),
                    reference="0" if kind == "multinomial" else None,
                ),
            ).table.iloc[0]
            assert found[f"{name}, {words}"] == pytest.approx(row["p_value"], rel=1e-9), name
    by_cluster = ns.regress(
        joined,
        outcome="cluster_measured",
        kind="mixed",
        signatures=["cluster_score"],
        model=ns.RegressionModel(group="cluster"),
    ).table.iloc[0]
    assert found["mixed, Wald"] == pytest.approx(by_cluster["p_value"], rel=1e-9)
    assert found["mixed, likelihood ratio"] == pytest.approx(by_cluster["p_lr"], rel=1e-9)
    scores = ("score", "noise")
    product = ns.interplay(joined, scores, adjust=adjust).table.set_index("term")
    assert pair(cohort)["interplay, product of two scores"] == pytest.approx(
        product.loc["first:second", "p_value"], rel=1e-9
    )
    assert found["interplay, product of two scores, beside their squares"] == pytest.approx(
        product.loc["first:second", "p_with_squares"], rel=1e-9
    )
    binary = {"model": "logistic", "outcome": "binary", "positive": 1}
    product = ns.interplay(joined, scores, adjust=adjust, **binary).table.set_index("term")
    assert found["logistic, product of two scores"] == pytest.approx(
        product.loc["first:second", "p_value"], rel=1e-6
    )
    ranked = ns.compare_groups(joined, by="group", signatures=["noise"]).table
    assert groups(cohort)["Kruskal-Wallis"] == pytest.approx(ranked["p_value"][0], rel=1e-12)
    for method, name in (("spearman", "rank"), ("pearson", "Pearson"), ("kendall", "Kendall")):
        table = ns.correlate(joined, with_="measured", signatures=["noise"], method=method).table
        p = correlations(cohort)[f"{name} correlation"]
        assert p == pytest.approx(table["p_value"][0], rel=1e-12)
    bent = ns.nonlinearity(joined, signatures=["score"], adjust=adjust).table.set_index("term")
    for term in ("nonlinear", "overall"):
        assert found[f"spline, {term}, Wald"] == pytest.approx(bent.loc[term, "p_value"], rel=1e-9)


def test_a_run_that_ends_early_has_as_many_cohorts_of_each_regime(monkeypatch, tmp_path):
    from benchmarks import null_calibration, null_meta

    monkeypatch.setattr(null_calibration, "p_values", lambda _cohort, number: {"t": number / 40})
    monkeypatch.setattr(null_calibration, "CHUNK", 2)
    monkeypatch.setattr(null_meta, "p_values", lambda *_: pd.DataFrame({"t": [0.5]}))
    tables = null_calibration.simulate(40, n_jobs=1, minutes=0)
    n_cohorts = len(tables[0][1])
    assert 2 <= n_cohorts < 40
    assert [len(table) for _, table in tables[: len(REGIMES)]] == [n_cohorts] * len(REGIMES)
    assert tables[0][1]["t"].tolist() == [number / 40 for number in range(n_cohorts)]
    null_calibration.save(tmp_path, tables)
    again = null_calibration.load(tmp_path)
    assert [label for label, _ in again] == [label for label, _ in tables]
    pd.testing.assert_frame_equal(again[3][1], tables[3][1])
    whole = null_calibration.simulate(n_cohorts + 2, n_jobs=1, had=again)
    assert whole[0][1]["t"].tolist() == [number / 40 for number in range(n_cohorts + 2)]
    assert [len(table) for _, table in whole] == [n_cohorts + 2] * len(REGIMES) + [1] * 5
    (tmp_path / "00.parquet").unlink()
    with pytest.raises(SystemExit, match="other regimes"):
        null_calibration.load(tmp_path)


@pytest.mark.filterwarnings("ignore:Weights for late events")
def test_a_test_that_a_cohort_does_not_allow_has_no_p_value():
    tiny = Regime(n=6, censored=0.7, tied=True, skewed=True, adjusted=True, cluster_size=2)
    cohort = draw(tiny, np.random.default_rng(2))
    found = p_values(cohort, 1)
    assert "Cox, Wald" not in found  # fewer events than parameters
    assert set(ranks(cohort)) >= {"log-rank"}


def test_tables_go_between_the_marks_of_their_benchmark(tmp_path):
    page = tmp_path / "page.md"
    begin, end = (f"<!-- python -m benchmarks.b: {word} -->" for word in ("begin", "end"))
    page.write_text(f"before\n{begin}\nold\n{end}\nafter\n")
    null_page.put(page, "b", "new")
    assert page.read_text() == f"before\n{begin}\n\nnew\n\n{end}\nafter\n"
    with pytest.raises(SystemExit, match="no place"):
        null_page.put(page, "c", "new")
