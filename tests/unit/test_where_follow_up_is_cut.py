"""Follow-up cut into intervals in which nothing changes: no number may depend on where."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import NeurosigWarning
from neurosig.keys import Interplay

N = 120
END = ns.Endpoint(time="stop", event="dead", name="OS")


def patients():
    rng = np.random.default_rng(8)
    x, z = rng.normal(size=N), rng.gamma(2.0, size=N)
    stop = np.ceil(rng.exponential(300 * np.exp(-0.5 * x + 0.2 * z))) + 1
    return pd.DataFrame(
        {
            "id": [f"p{i}" for i in range(N)],
            "stop": stop,
            "dead": (rng.random(N) < 0.7).astype(int),
            "age": z * 10 + 40,
            "w": rng.choice([0.5, 1.0, 1.5], N),
            "axon": x,
            "immune": z + rng.normal(size=N),
        }
    )


def quiet(call, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        return call(*args, **options)


@pytest.fixture(scope="module")
def both():
    """The cohort whole, and cut anywhere: patients in one to four rows of unequal length."""
    data = patients()
    clinic = data.drop(columns=["axon", "immune"]).set_index("id")
    whole = ns.Cohort.join(data.set_index("id")[["axon", "immune"]], clinic, END, name="A")
    rng, rows = np.random.default_rng(3), []
    for _, patient in data.iterrows():
        cuts = np.unique(np.ceil(rng.uniform(0, patient["stop"], rng.integers(0, 4))))
        edges = [0.0, *cuts[(cuts > 0) & (cuts < patient["stop"])], patient["stop"]]
        for start, stop in itertools.pairwise(edges):
            ended = patient["dead"] if stop == patient["stop"] else 0
            rows.append(patient.to_dict() | {"start": start, "stop": stop, "dead": ended})
    columns = {"id": "id", "start": "start", "stop": "stop", "event": "dead"}
    cut = ns.Cohort.from_intervals(
        pd.DataFrame(rows), **columns, signatures=["axon", "immune"], name="A"
    )
    assert len(cut.data) > 1.8 * N
    return whole, cut


def assert_same(one, other, columns, rtol=1e-8):
    assert len(one) == len(other)
    for column in columns:
        np.testing.assert_allclose(
            other[column].to_numpy(float), one[column].to_numpy(float), rtol=rtol, atol=1e-10
        )


@pytest.mark.parametrize(
    "options",
    [
        {"model": ns.CoxModel(robust=True)},
        {"model": ns.CoxModel(weights="w")},
        {"model": ns.CoxModel(penalty=5.0)},
        {"adjust": [ns.Term("age", transform="spline")]},
        {"adjust": ["age"], "interactions": ["score:age"]},
        {"adjust": ["age"], "model": ns.CoxModel(penalty=3.0), "interactions": ["score:age"]},
        {"adjust": ["age"], "model": ns.CoxModel(ties="breslow", weights="w")},
    ],
    ids=["robust", "weights", "ridge", "knots", "centres", "ridge of products", "breslow"],
)
def test_cox_models(both, options):
    one, other = (quiet(ns.cox, cohort, **options).table for cohort in both)
    assert_same(one, other, ["estimate", "std_error", "p_value", "n"], rtol=1e-6)


def test_products_of_covariates(both):
    options = {"adjust": ["age", "w"], "interactions": ["age:w"]}
    one, other = (quiet(ns.cox, cohort, **options).table for cohort in both)
    assert_same(one, other, ["estimate", "std_error"], rtol=1e-7)


def test_nonlinearity(both):
    one, other = (quiet(ns.nonlinearity, cohort, adjust=["age"]).table for cohort in both)
    assert_same(one, other, ["statistic", "p_value", "p_lr", "n"], rtol=1e-6)


def test_interplay(both):
    one, other = (quiet(ns.interplay, cohort, ("axon", "immune")) for cohort in both)
    assert_same(one.table, other.table, ["estimate", "std_error", "n"], rtol=1e-6)
    assert_same(one.products, other.products, ["correlation", "vif"], rtol=1e-6)
    assert_same(one.slopes, other.slopes, ["estimate", "std_error", Interplay.AT_SCORE], rtol=1e-6)
    assert_same(one.regions, other.regions, ["share"])


def test_the_model_says_whose_errors_they_are(both):
    table = quiet(ns.cox, both[1], model=ns.CoxModel(robust=True)).table
    assert table["model"].iloc[0].endswith("robust errors by patient")


def test_effective_patients_are_told_not_intervals(both):
    whole, cut = both
    told = []
    for cohort in (whole, cut):
        values = np.where(cohort.data.index.str.match(r"p[0-2]( |$)"), 9.0, 0.0)
        some = cohort.data["axon"] * 0 + values
        changed = ns.Cohort(
            cohort.name, cohort.data.assign(axon=some), ("axon",), cohort.endpoint,
            cohort.time, cohort.event, entry=cohort.entry, patients=cohort.patients,
        )  # fmt: skip
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ns.cox(changed, model=ns.CoxModel(robust=True))
        texts = [str(w.message) for w in caught if "carry a score" in str(w.message)]
        assert len(texts) == 1
        told.append(texts[0].replace("patients", "rows"))
    assert told[0] == told[1]
