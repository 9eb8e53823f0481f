"""Cohorts that a verb cannot take into account: each is refused in plain words, or fitted rightly.

Imputations, patients in several rows, rows that enter late and competing causes, given to every
public verb that takes a cohort.
"""

import inspect
import warnings

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import (
    ClinicalError,
    EndpointError,
    NeurosigError,
    NeurosigWarning,
    ParameterError,
)

IDS = [f"p{i}" for i in range(120)]


def parts(seed=6):
    rng = np.random.default_rng(seed)
    scores = pd.DataFrame({"NGF": rng.normal(size=120), "RET": rng.normal(size=120)}, IDS)
    clinic = pd.DataFrame(
        {
            "patient": IDS, "t": rng.exponential(900, 120) + 50, "d": rng.integers(0, 2, 120),
            "cause": rng.integers(0, 3, 120), "entry": rng.uniform(0, 49, 120),
            "age": rng.normal(60, 8, 120), "pni": rng.choice(["yes", "no"], 120),
        },
        IDS,
    )  # fmt: skip
    return scores, clinic


def plain(name="two", **options):
    scores, clinic = parts()
    endpoint = ns.Endpoint(**({"time": "t", "event": "d"} | options))
    return ns.Cohort.join(scores, clinic, endpoint, name=name)


def competing():
    return plain(event="cause", causes={"cancer": 1, "other": 2})


def delayed():
    return plain(entry="entry")


def intervals():
    scores, clinic = parts()
    first = clinic.assign(start=0.0, stop=20.0, died=0)
    rows = pd.concat([first, clinic.assign(start=20.0, stop=clinic["t"], died=clinic["d"])])
    rows = rows.join(scores, how="left").drop(columns=["t", "d"]).rename(columns={"cause": "t"})
    return ns.Cohort.from_intervals(
        rows.reset_index(drop=True), id="patient", start="start", stop="stop", event="died",
        signatures=["NGF", "RET"], name="two",
    )  # fmt: skip


def imputed():
    scores, clinic = parts()
    clinic.loc[IDS[:10], "age"] = np.nan
    cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="t", event="d"), name="one")
    return ns.impute(cohort, ["age"], m=10)


def frozen():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        return ns.train(plain(), signatures=["NGF"])


FEW = ns.Resampling(n_resamples=20)
VERBS = {
    "added_value": lambda c: ns.added_value(c, base=["age"], times=[700], resampling=FEW),
    "calibration": lambda c: ns.calibration(c, time=700, resampling=FEW),
    "compare_concordance": lambda c: ns.compare_concordance(c, ["NGF"], ["RET"]),
    "compare_groups": lambda c: ns.compare_groups(c, by="pni"),
    "concordance": ns.concordance,
    "correlate": lambda c: ns.correlate(c, with_=["t"]),
    "cox": ns.cox,
    "decision_curve": lambda c: ns.decision_curve(c, time=700, thresholds=[0.3], resampling=FEW),
    "discrimination": lambda c: ns.discrimination(c, times=[700], resampling=FEW),
    "fine_gray": ns.fine_gray,
    "fit_cox": lambda c: ns.fit_cox(c, "NGF"),
    "impute": lambda c: ns.impute(c, ["age"]),
    "interplay": lambda c: ns.interplay(c, ("NGF", "RET")),
    "landmark": lambda c: ns.landmark(c, at=100),
    "mediation": lambda c: ns.mediation(c, exposure="NGF", mediator="RET", horizon=700),
    "nonlinearity": ns.nonlinearity,
    "pooled_cox": lambda c: ns.pooled_cox([c, plain(name="three")]),
    "regress": lambda c: ns.regress(c, outcome="pni", positive="yes"),
    "train": lambda c: ns.train(c, signatures=["NGF"]),
    "validate": lambda c: ns.validate(frozen(), c),
}

BY_COX = {"cox", "fit_cox", "interplay", "nonlinearity"}
"""Cox models take rows of intervals, late entry, and count competing causes as censored."""
OF_COLUMNS = {"compare_groups", "correlate", "regress"}
"""No endpoint is read."""
TAKEN = {
    "imputed": {"cox"},
    "intervals": BY_COX,
    "delayed": {*BY_COX, *OF_COLUMNS, "landmark", "pooled_cox"},
    "competing": {
        *BY_COX, *OF_COLUMNS, "landmark", "compare_concordance", "concordance", "fine_gray"
    },
}  # fmt: skip
NOT_HERE = {
    "imputed": {"fine_gray", "regress"},  # pooled: tests of imputation
    "delayed": {"impute"},  # nothing is missing here
    "competing": {"impute"},
}
TOLD = {
    "imputed": (ParameterError, "does not pool imputations"),
    "intervals": (EndpointError, "would take each row of 'two' for a patient|endpoint of 'two'"),
    "delayed": (EndpointError, "would ignore that rows of 'two' enter late"),
    "competing": (
        (ClinicalError, EndpointError),
        "would take competing causes of 'two' for censored|different endpoints|endpoint of 'two'",
    ),
}
MADE = {"imputed": imputed, "intervals": intervals, "delayed": delayed, "competing": competing}


@pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
@pytest.mark.parametrize("what", MADE)
def test_a_verb_refuses_in_plain_words_what_it_cannot_take_into_account(what):
    cohort, (error, text) = MADE[what](), TOLD[what]
    for name, verb in VERBS.items():
        if name in NOT_HERE.get(what, ()):
            continue
        if name in TAKEN[what]:
            assert verb(cohort) is not None, name
            continue
        with pytest.raises(error, match=text):
            verb(cohort)


def test_every_public_verb_of_a_cohort_is_looked_at():
    verbs = {
        name
        for name in ns.__all__
        if inspect.isfunction(getattr(ns, name))
        and "cohort" in inspect.signature(getattr(ns, name)).parameters
    }
    elsewhere = {
        "null_test": "needs an expression matrix; its own tests",
        "interplay_corners": "reads the cohort as interplay does; below",
    }
    assert verbs - set(elsewhere) == set(VERBS) - {"pooled_cox"}


@pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
@pytest.mark.parametrize("make", [imputed, intervals])
def test_predictions_at_corners_refuse_imputations_and_intervals(make):
    with pytest.raises(NeurosigError, match=r"does not pool|would take each row"):
        ns.interplay_corners(make(), ("NGF", "RET"), times=[700])
