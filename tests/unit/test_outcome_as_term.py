"""A model never explains an outcome by its own columns."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import ParameterError

RNG = np.random.default_rng(8)
N = 60
CLINIC = pd.DataFrame(
    {
        "months": RNG.exponential(30, N).round(2) + 0.01,
        "dead": RNG.choice([0, 1, 2], N),
        "age": RNG.normal(60, 10, N),
    }
)
CAUSES = ns.Endpoint(time="months", event="dead", unit="months", causes={"cancer": 1, "other": 2})
DEATH = ns.Endpoint(time="months", event="dead", unit="months", event_values=[1, 2])


def joined(endpoint):
    return ns.Cohort.join(pd.DataFrame({"NGF": RNG.normal(size=N)}), CLINIC, endpoint)


@pytest.mark.parametrize("column", ["months", "dead"])
@pytest.mark.parametrize(
    ("verb", "endpoint", "options"),
    [
        (ns.cox, DEATH, {}),
        (ns.fit_cox, DEATH, {"signature": "NGF"}),
        (ns.train, DEATH, {"signatures": "NGF"}),
        (ns.calibration, DEATH, {"time": 20}),
        (ns.decision_curve, DEATH, {"time": 20, "thresholds": [0.2]}),
        (ns.discrimination, DEATH, {"times": 20}),
        (ns.fine_gray, CAUSES, {}),
    ],
)
def test_the_endpoint_is_no_covariate(verb, endpoint, options, column):
    with pytest.raises(
        ParameterError, match=rf"'{column}' cannot be a covariate too.*Leave it out"
    ):
        verb(joined(endpoint), adjust=["age", {"column": column}], **options)


@pytest.mark.parametrize("column", ["months", "dead"])
def test_the_endpoint_is_no_stratum_and_no_base(column):
    with pytest.raises(ParameterError, match=rf"'{column}' cannot be a stratum too"):
        ns.cox(joined(DEATH), strata=[column])
    with pytest.raises(ParameterError, match=rf"'{column}' cannot be a covariate too"):
        ns.added_value(joined(DEATH), base=[column], times=20)


def test_an_endpoint_can_explain_another_outcome():
    table = ns.regress(joined(DEATH), outcome="age", kind="linear", adjust=["months"]).table
    assert table["status"].tolist() == ["ok", "ok"]


def test_what_a_score_is_correlated_with_is_not_held_constant():
    with pytest.raises(ParameterError, match="'age' cannot be a covariate too"):
        ns.correlate(joined(DEATH), with_="age", given=["age"])
