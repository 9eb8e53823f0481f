"""What every verb of outcomes does with arguments of a wrong kind: an error of ours, not Python's.

The verbs are found by the name of their first parameter, so that a new one is looked at too.
"""

import inspect
import warnings
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import NeurosigError, ParameterError

RIGHT = {
    "at": 300,
    "base": ["age"],
    "by": "pni",
    "columns": ["age"],
    "exposure": "NGF",
    "first": ["NGF"],
    "mediator": "TH",
    "outcome": "pni",
    "pair": ("NGF", "TH"),
    "pairs": ("NGF", "TH"),
    "second": ["TH"],
    "signature": "NGF",
    "signatures": "NGF",
    "time": 300,
    "times": 300,
    "with_": ["age"],
}
WRONG = (5, -1.5, None, {"x": 1}, object(), "", ["NGF", "NGF"], [1, 2])
ANYTHING_GOES = {
    "allow_loss", "allow_repeats", "other_endpoint", "unadjusted",  # used for their truth
    "analyses", "covariates",
}  # fmt: skip


END = ns.Endpoint(time="t", event="e")


def cohort(name="A", n=120, seed=0, endpoint=END):
    rng = np.random.default_rng(seed)
    clinic = pd.DataFrame(
        {
            "t": np.ceil(rng.exponential(500, n)),
            "e": rng.integers(0, 2, n),
            "age": rng.normal(60, 9, n),
            "pni": rng.choice(["yes", "no"], n),
        }
    )
    clinic.loc[:2, "age"] = np.nan
    scores = pd.DataFrame({"NGF": rng.normal(size=n), "TH": rng.normal(size=n)})
    return ns.Cohort.join(scores, clinic, endpoint, name=name)


ONE = cohort()
COMPETING = cohort(endpoint=ns.Endpoint(time="t", event="e", causes={"cancer": 1}))


def verbs():
    """Name, function and right arguments of public verbs whose first parameter is a cohort."""
    for name in ns.__all__:
        verb = getattr(ns, name)
        if not inspect.isfunction(verb):
            continue
        parameters = inspect.signature(verb).parameters
        if not {"cohort", "cohorts"} & set(list(parameters)[:2]) or "expression" in parameters:
            continue
        one = COMPETING if name == "fine_gray" else ONE
        given = {"cohort": one, "cohorts": [ONE, cohort("B", seed=1)]}
        needed = [p for p in parameters.values() if p.default is p.empty]
        right = {p.name: (given | RIGHT).get(p.name) for p in needed}
        if name == "regress":
            right["positive"] = "yes"
        if name == "mediation":
            right["tau"] = 300
        if name == "validate":
            right["model"] = ns.train(ONE, "NGF")
        if name in ("remark_profile", "checklist"):
            right["analyses"] = {"Cox": ns.cox(ONE)}
        yield name, verb, right


VERBS = {name: (verb, right) for name, verb, right in verbs()}


def called(name, **wrong):
    verb, right = VERBS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return verb(**(right | wrong))


def test_the_verbs_are_found_and_called_rightly():
    assert len(VERBS) >= 20
    for name in VERBS:
        assert called(name) is not None


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("wrong", [None, 5, "TCGA", pd.DataFrame({"t": [1], "e": [1]})])
def test_what_is_no_cohort_is_refused_with_how_to_make_one(name, wrong):
    parameter = "cohort" if "cohort" in VERBS[name][1] else "cohorts"
    with pytest.raises(ParameterError, match=r"needs a cohort, not a .*ns\.Cohort\.join"):
        called(name, **{parameter: wrong})


@pytest.mark.parametrize("name", [name for name in VERBS if "cohort" in VERBS[name][1]])
def test_several_cohorts_are_refused_where_one_is_wanted(name):
    with pytest.raises(ParameterError, match=r"needs one cohort, not several.*list of 2"):
        called(name, cohort=[ONE, ONE])


@pytest.mark.parametrize("name", VERBS)
def test_no_argument_of_a_wrong_kind_ends_in_an_error_of_python(name):
    parameters = set(inspect.signature(VERBS[name][0]).parameters) - ANYTHING_GOES
    for parameter in sorted(parameters - {"cohort", "cohorts"}):
        for wrong in WRONG:
            with suppress(NeurosigError):
                called(name, **{parameter: wrong})


@pytest.mark.parametrize("names", [pd.Index(["NGF", "TH"]), np.array(["NGF", "TH"]), ("NGF", "TH")])
def test_signatures_may_be_any_list_of_names(names):
    for name in ("cox", "regress", "concordance", "pooled_cox"):
        table = called(name, signatures=names).table
        assert set(table["signature"]) == {"NGF", "TH"}
