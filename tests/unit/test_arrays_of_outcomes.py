"""Columns given as arrays: rows that do not belong together, and what is no number."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import EndpointError, NeurosigError, ParameterError

N = 40
RNG = np.random.default_rng(2)
IDS = [f"p{i}" for i in range(N)]
TABLE = pd.DataFrame(
    {
        "time": np.ceil(RNG.exponential(300, N)) + 1,
        "event": np.arange(N) % 3 > 0,
        "cause": np.arange(N) % 3,
        "arm": np.where(np.arange(N) % 2, "b", "a"),
        "x": RNG.normal(size=N),
        "entry": 0.5,
    },
    index=IDS,
)
TAU = float(TABLE["time"].sort_values().iloc[-8])

CALLS = {
    "kaplan_meier": lambda t, e, g: ns.kaplan_meier(t, e, groups=g),
    "nelson_aalen": lambda t, e, g: ns.nelson_aalen(t, e, groups=g),
    "at_risk_table": lambda t, e, g: ns.at_risk_table(t, e, [100], groups=g),
    "rmst": lambda t, e, g: ns.rmst(t, e, tau=TAU, groups=g),
    "logrank": ns.logrank,
    "logrank_trend": ns.logrank_trend,
    "pairwise_logrank": ns.pairwise_logrank,
    "strata": lambda t, e, g: ns.logrank(t, e, np.arange(N) % 4 < 2, strata=g),
    "cumulative_incidence": lambda t, e, g: ns.cumulative_incidence(t, e, groups=g),
    "gray_test": ns.gray_test,
    "arms": lambda t, e, g: ns.rmst_regression(t, e, np.arange(N) % 5, tau=TAU, arms=g),
}
FEW = {"n_permutations": 50, "n_bootstrap": 20, "n_folds": 2, "n_repeats": 1}
WITH_NUMBERS = {
    "maxstat": lambda t, e, x: ns.maxstat(t, e, x, **FEW),
    "entry": lambda t, e, x: ns.kaplan_meier(t, e, entry=x),
    "weights": lambda t, e, x: ns.kaplan_meier(t, e, weights=x),
    "covariates": lambda t, e, x: ns.rmst_regression(t, e, x, tau=TAU),
    "ph_test": ns.ph_test,
}
ALL = CALLS | WITH_NUMBERS


def column(name):
    if name in CALLS:
        return TABLE["arm"]
    return TABLE["entry"] if name == "entry" else TABLE["x"].abs() + 0.1


def events(name):
    return TABLE["cause"] if name in ("cumulative_incidence", "gray_test") else TABLE["event"]


@pytest.mark.parametrize("name", sorted(ALL))
def test_columns_of_other_rows_are_refused(name):
    time, event, third = TABLE["time"], events(name), column(name)
    turned = third.sample(frac=1, random_state=1)
    with pytest.raises(EndpointError, match=r"are not of the same rows.*Row 1 is 'p0' in time and"):
        ALL[name](time, event, turned)
    with pytest.raises(EndpointError, match=r"time has 40 rows, .* 39.*reindex"):
        ALL[name](time, event, third.iloc[1:])
    with pytest.raises(EndpointError, match=r"time and (event|cause) are not of the same rows"):
        ALL[name](time, event.iloc[::-1], third)
    ALL[name](time, event, turned.reindex(time.index))


@pytest.mark.parametrize("name", sorted(ALL))
def test_arrays_lists_and_nullable_columns_are_taken_by_position(name):
    time, event, third = TABLE["time"], events(name), column(name)
    kinds = [
        (time.to_numpy(), event.to_numpy(), third.to_numpy()),
        (time.tolist(), event.tolist(), third.to_numpy()),
        (time, event.to_numpy(), third.to_numpy()),
        (time.astype("Float64"), event.astype("Int64"), third),
        (time.astype(object), event.astype(object), third),
    ]
    results = [str(ALL[name](*kind)) for kind in kinds]
    if name != "covariates" and name != "ph_test":  # whose terms are named after the columns
        assert len(set(results)) == 1


@pytest.mark.parametrize("name", sorted(ALL))
def test_texts_where_numbers_belong_are_one_error(name):
    time, event, third = TABLE["time"], events(name), column(name)
    dead = pd.Series(np.where(TABLE["event"], "Dead", "Alive"), index=IDS)
    days = pd.to_datetime("2020-01-01") + pd.to_timedelta(TABLE["time"], unit="D")
    for wrong, match in (
        ((time.astype(str), event, third), "time cannot be "),
        ((days, event, third), "time cannot be "),
        ((time, dead, third), r"(event|cause) cannot be '(Dead|Alive)'"),
        ((time, None, third), r"(event|cause) cannot be None"),
        ((TABLE[["time"]], event, third), "time cannot be a table of 40 rows with 'time'"),
        ((time, TABLE[["event"]], third), r"(event|cause) cannot be a table"),
        ((time.to_numpy()[:, None], event, third), "It has 2 dimensions"),
        ((time.to_numpy()[1:], event.to_numpy(), third.to_numpy()), "They have 39|39 "),
    ):
        with pytest.raises(EndpointError, match=match):
            ALL[name](*wrong)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, e: ns.maxstat(t, e, TABLE["arm"], **FEW),
        lambda t, e: ns.kaplan_meier(t, e, entry=TABLE["arm"]),
        lambda t, e: ns.rmst(t, e, tau=TAU, entry=TABLE["arm"]),
        lambda t, e: ns.kaplan_meier(t, e, weights=TABLE["arm"]),
        lambda t, e: ns.rmst_regression(t, e, TABLE[["x", "arm"]], tau=TAU),
        lambda t, e: ns.rmst_regression(t, e, TABLE["arm"], tau=TAU),
        lambda t, e: ns.rmst_regression(t, e, ["x"], tau=TAU),
        lambda t, e: ns.rmst_regression(t, e, TABLE[["x"]], tau="500"),
        lambda t, e: ns.rmst_regression(t, e, TABLE[["x"]], tau=TAU, confidence="0.95"),
        lambda t, e: ns.rmst(t, e, tau="500"),
        lambda t, e: ns.rmst(t, e, tau=None),
        lambda t, e: ns.kaplan_meier(t, e, confidence=None),
        lambda t, e: ns.logrank(t, e, TABLE[["arm"]]),
        lambda t, e: ns.logrank(t, e, "arm"),
        lambda t, e: ns.logrank_trend(t, e, TABLE["arm"], scores=["a", "b"]),
        lambda t, e: ns.logrank_trend(t, e, TABLE["arm"], scores={"a": "x", "b": 1}),
        lambda t, e: ns.gray_test(t, TABLE["cause"], TABLE["arm"], rho="1"),
        lambda t, e: ns.survival_quantile(pd.DataFrame()),
        lambda t, e: ns.survival_quantile(ns.kaplan_meier(t, e), probability="0.5"),
        lambda t, e: ns.ph_test(t, e, TABLE[["x", "arm"]]),
        lambda t, e: ns.ph_test(t, e, TABLE[["x"]], names=["x", "y"]),
        lambda t, e: ns.ph_test(t, e, TABLE[["x"]].mask(TABLE["x"] > 0)),
        lambda t, e: ns.kaplan_meier([], []),
        lambda t, e: ns.kaplan_meier([[1.0], [2.0, 3.0]], [1, 0]),
        lambda t, e: ns.kaplan_meier([1.0, [2.0]], [1, 0]),
        lambda t, e: ns.kaplan_meier(pd.Series([1.0, [2.0]]), [1, 0]),
        lambda t, e: ns.logrank([1.0, 2.0], [1, 0], [["a"], ["b"]]),
        lambda t, e: ns.kaplan_meier(3.0, 1),
        lambda t, e: ns.kaplan_meier(t + 0j, e),
        lambda t, e: ns.kaplan_meier(pd.MultiIndex.from_arrays([t, t]), e),
        lambda t, e: ns.kaplan_meier(t, e, interval=np.array(["log", "plain"])),
        lambda t, e: ns.nelson_aalen(t, e, ties=["together"]),
        lambda t, e: ns.logrank(t, e, TABLE["arm"], weighting=np.array(["gehan", "logrank"])),
        lambda t, e: ns.rmst_regression(t, e, TABLE[["x"]], tau=TAU, effect=np.array(["ratio"])),
        lambda t, e: ns.ph_test(t, e, TABLE[["x"]], transform=np.array(["km", "log"])),
        lambda t, e: ns.maxstat(t, e, TABLE["x"], minprop=None, **FEW),
        lambda t, e: ns.maxstat(t, e, TABLE["x"], confidence="0.9", **FEW),
        lambda t, e: ns.gray_test(t, TABLE["cause"].replace(2, np.inf), TABLE["arm"]),
        lambda t, e: ns.cumulative_incidence(t, TABLE["cause"], names=5),
        lambda t, e: ns.logrank_trend(t, e, pd.Categorical(np.arange(N) % 3, [2, 0, 1])),
        lambda t, e: ns.kaplan_meier({"a": 1.0}, {"a": 1}),
    ],
)
def test_other_arguments_of_a_wrong_kind_are_one_error(call):
    with pytest.raises(NeurosigError) as caught:
        call(TABLE["time"], TABLE["event"])
    assert caught.value.remedy


def test_covariates_are_a_table_a_column_or_an_array():
    fit = partial(ns.rmst_regression, TABLE["time"], TABLE["event"], tau=TAU)
    table = fit(TABLE[["x"]])
    assert table["term"].tolist() == ["intercept", "x"]
    for other, name in ((TABLE["x"], "x"), (TABLE["x"].to_numpy(), "x1")):
        found = fit(other)
        assert found["term"].tolist() == ["intercept", name]
        assert found["estimate"].tolist() == table["estimate"].tolist()
    test = ns.ph_test(TABLE["time"], TABLE["event"], TABLE[["x", "cause"]])
    assert test["term"].tolist() == ["x", "cause", "GLOBAL"]


def test_equal_labels_of_another_type_are_the_same_rows():
    as_text = TABLE["arm"].set_axis(pd.Index(IDS, dtype="string"))
    plain = ns.logrank(TABLE["time"], TABLE["event"], TABLE["arm"])
    assert ns.logrank(TABLE["time"], TABLE["event"], as_text).statistic == plain.statistic


def test_scores_of_a_trend_may_be_a_column_by_group():
    call = partial(ns.logrank_trend, TABLE["time"], TABLE["event"], TABLE["arm"])
    by_column = call(scores=pd.Series({"b": 5.0, "a": 1.0}))
    assert by_column.table["score"].tolist() == [1.0, 5.0]


def test_pairs_that_never_meet_say_so():
    table = ns.pairwise_logrank([1, 2, 5, 6], [1, 1, 1, 1], list("aabb"), entry=[0, 0, 3, 3])
    assert table["status"].tolist() == ["not comparable"]
    assert table["p_value"].isna().all()


def test_the_error_of_a_horizon_names_it():
    with pytest.raises(ParameterError, match="tau cannot be '500'"):
        ns.rmst(TABLE["time"], TABLE["event"], tau="500")
