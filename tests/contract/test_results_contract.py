"""Every row of every public verb that returns `Results` says what it rests on.

A row carries the model, n, the events, the events per parameter, and a score's row its q-value with
the family of tests that it is over. What does not apply to a verb is left out here with the reason,
and that it is really not there is tested too.
"""

import inspect
import warnings

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import ClinicalError, ClinicalWarning
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.outcomes.results import Results

COLUMNS = (
    Result.MODEL,
    Result.N,
    Result.N_EVENTS,
    Result.EVENTS_PER_PARAM,
    Result.Q_VALUE,
    Result.FAMILY,
)
_ESTIMATES = "an estimate of performance with an interval: nothing is tested, so nothing is q"
_NO_MODEL = "groups or ranks are compared: no parameter is fitted and no event is counted"
_NO_TEST = "an effect taken apart, or left with a cohort less: its test is that of the whole model"
LEFT_OUT = {
    "compare_groups": {Result.N_EVENTS: _NO_MODEL, Result.EVENTS_PER_PARAM: _NO_MODEL},
    "correlate": {Result.N_EVENTS: _NO_MODEL, Result.EVENTS_PER_PARAM: _NO_MODEL},
    "egger_test": dict.fromkeys(
        (Result.N, Result.N_EVENTS, Result.EVENTS_PER_PARAM),
        "cohorts are the rows of its regression (n_cohorts), each with its own in its own table",
    )
    | dict.fromkeys(
        (Result.Q_VALUE, Result.FAMILY),
        "a check of the pooled effect, beside it and not a search over signatures",
    ),
    "interplay_corners": {
        Result.Q_VALUE: _ESTIMATES,
        Result.FAMILY: _ESTIMATES,
    },
    "leave_one_out": {
        Result.EVENTS_PER_PARAM: "cohorts are pooled, each with its own in its own table",
        Result.Q_VALUE: _NO_TEST,
        Result.FAMILY: _NO_TEST,
    },
    "mediation": {Result.Q_VALUE: _NO_TEST, Result.FAMILY: _NO_TEST},
    "validate": {
        Result.EVENTS_PER_PARAM: "a frozen model is judged: no parameter is fitted",
        Result.Q_VALUE: _ESTIMATES,
        Result.FAMILY: _ESTIMATES,
    },
    "calibration": {Result.Q_VALUE: _ESTIMATES, Result.FAMILY: _ESTIMATES},
    "concordance": {
        Result.EVENTS_PER_PARAM: "the score itself is judged: no parameter is fitted",
        Result.Q_VALUE: _ESTIMATES,
        Result.FAMILY: _ESTIMATES,
    },
    "decision_curve": {Result.Q_VALUE: _ESTIMATES, Result.FAMILY: _ESTIMATES},
    "discrimination": {Result.Q_VALUE: _ESTIMATES, Result.FAMILY: _ESTIMATES},
    "meta": {Result.EVENTS_PER_PARAM: "cohorts are pooled, each with its own in its own table"},
}
OWN_TERMS = {
    "compare_concordance": ("difference",),
    "interplay": ("first:second",),
    "mediation": ("total", "total_indirect"),
    "nonlinearity": ("nonlinear", "overall"),
    "validate": ("NGF", "linear predictor"),
}
WITHOUT_TERMS = {"interplay_corners": "a row per corner of the two scores and time"}
EVENTS_DO_NOT_COUNT = {"linear": "a linear model has no events"}


def make_cohort(n=160, n_missing=0, seed=3, name="one"):
    rng = np.random.default_rng(seed)
    ids = [f"{name}{i}" for i in range(n)]
    scores = pd.DataFrame({"NGF": rng.normal(size=n), "SCHWANN": rng.normal(size=n)}, ids)
    time, lost = rng.exponential(900 * np.exp(-0.4 * scores["NGF"])), rng.uniform(300, 3000, n)
    cause = np.where(time > lost, 0, 1 + rng.integers(0, 2, n))
    clinic = pd.DataFrame(
        {
            "t": np.minimum(time, lost) + 1,
            "dead": (cause > 0).astype(int),
            "cause": cause,
            "age": rng.normal(60, 8, n),
            "pni": np.where(rng.random(n) < 0.5, "yes", "no"),
        },
        ids,
    )
    clinic.loc[ids[:n_missing], "age"] = np.nan
    endpoint = ns.Endpoint(time="t", event="dead", name="OS")
    return ns.Cohort.join(scores, clinic, endpoint, name=name)


def competing(n_missing=0):
    cohort = make_cohort(n_missing=n_missing)
    endpoint = ns.Endpoint(time="t", event="cause", causes={"cancer": 1, "other": 2})
    clinic = cohort.data.drop(columns=list(cohort.signatures))
    return ns.Cohort.join(cohort.scores, clinic, endpoint, name="one")


GENES = {"NGF": [f"G{i}" for i in range(5)], "SCHWANN": [f"G{i}" for i in range(5, 12)]}


def null_test(n_missing):
    """Scores that are made from an expression matrix, so that they have a null."""
    cohort = make_cohort(n_missing=n_missing)
    genes = [f"G{i}" for i in range(60)]
    values = np.random.default_rng(0).normal(8, 1, (160, 60))
    expression = pd.DataFrame(values, cohort.data.index, genes)
    scores = ns.score(expression, GENES, method="mean")
    clinic = cohort.data.drop(columns=list(cohort.signatures))
    scored = ns.Cohort.join(scores, clinic, cohort.endpoint, name="one")
    null = ns.MatchedNull(n_sets=100)
    return ns.null_test(
        scored,
        expression,
        GENES,
        method="mean",
        adjust=["age"],
        null=null,
        n_permutations=0,
        catalogue=None,
    )


FEW = ns.Resampling(n_resamples=20)
PAIR = ("NGF", "SCHWANN")
NAMES = ("one", "three", "eleven", "a cohort")


def tables(n_cohorts=3):
    cohorts = [make_cohort(seed=i, name=f"cohort {i}") for i in range(n_cohorts)]
    return [ns.cox(cohort).table for cohort in cohorts]


def several(n_missing):
    return [make_cohort(seed=len(name), name=name, n_missing=n_missing) for name in NAMES[:1]] + [
        make_cohort(seed=len(name), name=name) for name in NAMES[1:3]
    ]


def frozen():
    return ns.train(make_cohort(), ["NGF"], adjust=["age"])


FITS = {
    "added_value": lambda k: ns.added_value(
        make_cohort(n_missing=k), base=["age"], times=[700], resampling=FEW
    ),
    "calibration": lambda k: ns.calibration(
        make_cohort(n_missing=k), adjust=["age"], time=700, resampling=FEW
    ),
    "compare_groups": lambda k: ns.compare_groups(make_cohort(n_missing=k), by="pni"),
    "correlate": lambda k: ns.correlate(make_cohort(n_missing=k), with_=["t"]),
    "egger_test": lambda k: ns.egger_test(tables(10)),
    "interplay": lambda k: ns.interplay(make_cohort(n_missing=k), PAIR, adjust=["age"]),
    "interplay_corners": lambda k: ns.interplay_corners(
        make_cohort(n_missing=k), PAIR, adjust=["age"], times=[700]
    ),
    "leave_one_out": lambda k: ns.leave_one_out(tables()),
    "mediation": lambda k: ns.mediation(
        make_cohort(n_missing=k), exposure="NGF", mediator="SCHWANN", adjust=["age"], horizon=700
    ),
    "pooled_cox": lambda k: ns.pooled_cox(several(k)),
    "validate": lambda k: ns.validate(frozen(), make_cohort(seed=9, name="two")),
    "compare_concordance": lambda k: ns.compare_concordance(
        make_cohort(n_missing=k), ["NGF", "age"], ["SCHWANN", "age"]
    ),
    "concordance": lambda k: ns.concordance(make_cohort(n_missing=k)),
    "cox": lambda k: ns.cox(make_cohort(n_missing=k), adjust=["age"]),
    "decision_curve": lambda k: ns.decision_curve(
        make_cohort(n_missing=k), adjust=["age"], time=700, thresholds=[0.3], resampling=FEW
    ),
    "discrimination": lambda k: ns.discrimination(
        make_cohort(n_missing=k), adjust=["age"], times=[700], resampling=FEW
    ),
    "fine_gray": lambda k: ns.fine_gray(competing(k), adjust=["age"]),
    "meta": lambda k: ns.meta(
        [ns.cox(make_cohort(seed=len(name), name=name)).table for name in ("one", "three")]
    ),
    "nonlinearity": lambda k: ns.nonlinearity(make_cohort(n_missing=k), adjust=["age"]),
    "null_test": null_test,
    "regress": lambda k: ns.regress(
        make_cohort(n_missing=k), outcome="pni", positive="yes", adjust=["age"]
    ),
    "linear": lambda k: ns.regress(
        make_cohort(n_missing=k), outcome="t", kind="linear", adjust=["age"]
    ),
    "imputed": lambda k: ns.cox(ns.impute(make_cohort(n_missing=20), ["age"]), adjust=["age"]),
}
WITHOUT_COVARIATES = {
    "compare_groups", "concordance", "correlate", "egger_test", "imputed", "leave_one_out", "meta",
    "pooled_cox", "validate",
}  # fmt: skip


def quiet(name, n_missing=0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of small samples, which is not what this is about
        return FITS[name](n_missing)


def public_verbs():
    """Public functions that return `Results` or a kind of it."""
    for name in ns.__all__:
        value = getattr(ns, name)
        kind = inspect.signature(value).return_annotation if inspect.isfunction(value) else None
        if inspect.isclass(kind) and issubclass(kind, Results):
            yield name


def test_every_public_verb_that_returns_results_is_looked_at():
    assert sorted(public_verbs()) == sorted(set(FITS) - {"linear", "imputed"})


@pytest.mark.parametrize("name", FITS)
def test_every_row_says_what_it_rests_on(name):
    table = quiet(name).table
    left_out = LEFT_OUT.get(name, {})
    for column in COLUMNS:
        if column in left_out or (name in EVENTS_DO_NOT_COUNT and "event" in column):
            assert column not in table or table[column].isna().all(), f"{column} is there after all"
            continue
        assert column in table, column
    if name in WITHOUT_TERMS:
        assert Result.TERM not in table
        assert (table[Result.N] > 0).all()
        return
    own_terms = OWN_TERMS.get(name, (SCORE_TERM,))
    scores = table[table[Result.TERM].isin(own_terms) & (table[Result.STATUS] == OK)]
    assert len(scores) >= 1
    assert (table[Result.MODEL].str.len() > 5).all()
    assert (scores["n_cohorts" if Result.N in left_out else Result.N] > 0).all()
    if (
        Result.N_PARAMS in table
        and Result.EVENTS_PER_PARAM in table
        and name not in EVENTS_DO_NOT_COUNT
    ):
        limiting = scores[Result.EVENTS_PER_PARAM] * scores[Result.N_PARAMS]
        assert (limiting <= scores[Result.N_EVENTS] + 1e-9).all()
    if Result.Q_VALUE in table and Result.Q_VALUE not in left_out:
        tested = scores[scores[Result.P_VALUE].notna()] if Result.P_VALUE in scores else scores
        has_q = tested[Result.Q_VALUE].notna()
        assert has_q.any()
        sizes = tested[Result.FAMILY][has_q].str.extract(r"^(\d+) ")[0].astype(int)
        assert (sizes >= 1).all()


@pytest.mark.parametrize("name", sorted(set(FITS) - WITHOUT_COVARIATES))
def test_a_loss_over_5_percent_warns_and_one_over_50_percent_is_refused(name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = FITS[name](16)
    lost = [w for w in caught if "of the rows lack" in str(w.message)]
    assert [w.category for w in lost] == [ClinicalWarning]
    assert "10% of the rows" in str(lost[0].message)
    flow = result.row_flow
    assert flow.loc[flow["step"] == "age known", "n_lost"].tolist() == [16]
    assert int(result.table[Result.N].max()) == 144
    with pytest.raises(ClinicalError, match=r"56% of the rows lack age.*allow_loss=True"):
        quiet(name, 90)


@pytest.mark.parametrize("name", sorted(set(FITS) - WITHOUT_COVARIATES))
def test_no_warning_of_loss_up_to_5_percent(name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        FITS[name](8)
    assert not [w for w in caught if "of the rows lack" in str(w.message)]


def side_tables():
    """Tables beside `Results.table`, and of functions that take arrays."""
    cohort = make_cohort()
    data = (cohort.data["t"], cohort.data["dead"])
    third = np.arange(len(cohort.data)) % 3
    pair = ns.interplay(cohort, PAIR, adjust=["age"])
    fit = ns.fit_cox(cohort, "NGF", adjust=["age"])
    return {
        "slopes": pair.slopes,
        "coefficients": fit.coefficients(),
        "pairwise_logrank": ns.pairwise_logrank(*data, third),
        "rmst": ns.rmst(*data, tau=500, groups=third).contrasts,
        "rmst_regression": ns.rmst_regression(*data, cohort.data[["NGF", "age"]], tau=500),
    }


@pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
def test_side_tables_say_what_they_rest_on():
    for name, table in side_tables().items():
        tested = table[table.get("term", pd.Series("", table.index)) != "intercept"]
        assert (table["n"] > 0).all(), name
        assert (table["n_events"] > 0).all(), name
        assert (table["model"].str.len() > 5).all(), name
        assert (tested["q_value"] >= tested["p_value"]).all(), name
        sizes = tested["family"].str.extract(r"^(\d+) ")[0].astype(int)
        assert sizes.tolist() == tested.groupby("family")["p_value"].transform("size").tolist()
        if name in ("slopes", "coefficients", "rmst_regression"):
            per = table["n_events"] / table["n_params"]
            assert table["events_per_param"].tolist() == per.tolist()
