"""What a model needs besides outcome and covariates is not lost unseen."""

import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import ClinicalError, ClinicalWarning, NeurosigWarning, ParameterError

N = 160
END = ns.Endpoint(time="days", event="dead", name="OS")
FEW = ns.Resampling(n_resamples=20)


def missing(values, n_missing):
    values = np.asarray(values, dtype=object).copy()
    values[:n_missing] = None
    return values


def cohort(n_missing=0, where="NGF", **columns):
    rng = np.random.default_rng(4)
    clinic = pd.DataFrame(
        {
            "days": np.ceil(rng.exponential(500, N)) + 1,
            "dead": (np.arange(N) % 3 > 0).astype(int),
            "pain": rng.normal(size=N),
            "pni": np.where(rng.random(N) < 0.5, "yes", "no"),
            "nerves": rng.poisson(4, N),
            "centre": np.arange(N) % 40,
            "w": rng.choice([1.0, 2.0], N),
            "o": rng.normal(size=N) / 9,
            "entry": 0.5,
        },
        index=[f"p{i}" for i in range(N)],
    ).assign(**columns)
    scores = pd.DataFrame(rng.normal(size=(N, 2)), columns=["NGF", "TH"], index=clinic.index)
    for table in (clinic, scores):
        if where in table:
            table[where] = missing(table[where], n_missing)
            table[where] = pd.to_numeric(table[where])
    end = END if where != "entry" else ns.Endpoint(time="days", event="dead", entry="entry")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        return ns.Cohort.join(scores, clinic, end, name="A")


VERBS = {
    "cox": ns.cox,
    "fit_cox": lambda c, **o: ns.fit_cox(c, "NGF", **o),
    "nonlinearity": ns.nonlinearity,
    "linear": partial(ns.regress, outcome="pain", kind="linear"),
    "logistic": partial(ns.regress, outcome="pni", positive="yes"),
    "correlate": partial(ns.correlate, with_="pain"),
    "compare_groups": partial(ns.compare_groups, by="pni"),
    "concordance": ns.concordance,
    "discrimination": partial(ns.discrimination, times=300, resampling=FEW),
    "added_value": partial(ns.added_value, base=["pain"], times=300, resampling=FEW),
    "interplay": lambda c, **o: ns.interplay(c, ("NGF", "TH"), **o),
    "mediation": lambda c, **o: ns.mediation(
        c, exposure="NGF", mediator="TH", horizon=300, bootstrap=ns.Bootstrap(n_resamples=20), **o
    ),
    "train": lambda c, **o: ns.train(c, ["NGF", "TH"], **o),
}
ONE_OR_ALL = {"fit_cox", "interplay", "mediation", "train"}


def said(call, *args, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call(*args, **options)
    return result, [str(w.message) for w in caught if w.category is ClinicalWarning]


@pytest.mark.parametrize("name", sorted(VERBS))
def test_a_score_missing_in_some_rows_is_warned_of(name):
    _, told = said(VERBS[name], cohort(16))
    assert len(told) == 1
    assert told[0].startswith("10% of the rows lack the score 'NGF'")
    assert "144 of 160 rows" in told[0]
    assert not said(VERBS[name], cohort(8))[1]


@pytest.mark.parametrize("name", sorted(ONE_OR_ALL))
def test_a_score_missing_in_most_rows_is_refused(name):
    with pytest.raises(ClinicalError, match=r"69% of the rows lack the score 'NGF'.*allow_loss=T"):
        VERBS[name](cohort(110))
    said(VERBS[name], cohort(110), allow_loss=True)


@pytest.mark.parametrize("name", sorted(set(VERBS) - ONE_OR_ALL))
def test_among_others_it_has_no_fit_and_a_warning(name):
    found, told = said(VERBS[name], cohort(110))
    assert len(told) == 1
    assert told[0].startswith(
        "1 model of 2 not fitted: over half of the rows lack the score. 'NGF'"
    )
    table = found.table[found.table["signature"] == "NGF"]
    assert set(table["status"]) == {"no_score"}
    assert table["message"].str.contains("50 of 160 rows have the score and all else").all()
    assert (found.table.loc[found.table["signature"] == "TH", "status"] == "ok").any()
    if name != "added_value":
        with pytest.raises(ClinicalError, match=r"69% of the rows lack the score 'NGF'"):
            VERBS[name](cohort(110), signatures=["NGF"])
    allowed = said(VERBS[name], cohort(110), allow_loss=True)[0].table
    assert allowed.loc[allowed["signature"] == "NGF", "n"].iloc[0] == 50


@pytest.mark.parametrize(
    ("where", "call"),
    [
        ("centre", partial(ns.cox, model=ns.CoxModel(cluster="centre"))),
        ("w", partial(ns.cox, model=ns.CoxModel(weights="w"))),
        ("o", partial(ns.cox, model=ns.CoxModel(offset="o"))),
        ("entry", ns.cox),
        ("centre", lambda c, **o: ns.interplay(
            c, ("NGF", "TH"), model=ns.CoxModel(cluster="centre"), **o)),
        ("centre", partial(
            ns.regress, outcome="pain", kind="linear", model=ns.RegressionModel(cluster="centre"))),
        ("centre", partial(
            ns.regress, outcome="pain", kind="mixed", model=ns.RegressionModel(group="centre"))),
        ("w", partial(
            ns.regress, outcome="nerves", kind="poisson", model=ns.RegressionModel(exposure="w"))),
        ("o", partial(
            ns.regress, outcome="nerves", kind="poisson", model=ns.RegressionModel(offset="o"))),
    ],
    ids=["cluster", "weights", "offset", "entry", "interplay", "CR", "group", "exposure", "counts"],
)  # fmt: skip
def test_so_is_what_else_a_model_needs(where, call):
    found, told = said(call, cohort(16, where))
    assert sum(text.startswith("10% of the rows lack ") for text in told) == 1
    assert found.row_flow["n_lost"].sum() == 16
    with pytest.raises(ClinicalError, match=r"69% of the rows lack .*allow_loss=True"):
        call(cohort(110, where))
    said(call, cohort(110, where), allow_loss=True)
    with pytest.raises(ClinicalError, match=r"All rows lack .*0 of 160"):
        call(cohort(N, where), allow_loss=True)


def test_the_row_flow_counts_rows_without_any_score():
    flow = said(ns.cox, cohort(16), signatures=["NGF"])[0].row_flow
    assert flow.loc[flow["step"] == "score known", ["n_in", "n_lost", "n_out"]].values.tolist() == [
        [160, 16, 144]
    ]
    assert not said(ns.cox, cohort(16))[0].row_flow["step"].eq("score known").any()


def test_two_scores_that_are_hardly_known_together_are_no_pair():
    half = cohort(60)
    data = half.data.assign(TH=half.data["TH"].mask(np.arange(N) > 110))
    apart = ns.Cohort("A", data, ("NGF", "TH"), half.endpoint, half.time, half.event)
    with pytest.raises(ClinicalError, match=r"68% of the rows lack the score 'NGF' or 'TH'"):
        ns.interplay(apart, ("NGF", "TH"))


def test_a_cohort_that_never_measured_a_score_is_no_loss_to_a_pooled_model():
    without = cohort(N)
    both = [cohort(0), ns.Cohort(
        "B", without.data, without.signatures, without.endpoint, without.time, without.event
    )]  # fmt: skip
    assert not said(ns.pooled_cox, both)[1]
    both[1] = ns.Cohort(
        "B", cohort(50).data, without.signatures, without.endpoint, without.time, without.event
    )
    assert "16% of the rows lack the score 'NGF'" in said(ns.pooled_cox, both)[1][0]


@pytest.mark.parametrize(
    "call",
    [
        partial(ns.cox, adjust=["score"]),
        partial(ns.cox, adjust=["score"], interactions=["score:score"]),
        partial(ns.regress, outcome="pain", kind="linear", adjust=[{"column": "score"}]),
        partial(ns.correlate, with_="pain", given=["score"]),
        partial(ns.added_value, base=["score"], times=300),
        lambda c, **o: ns.pooled_cox([c, c], adjust=["score"]),
        lambda c, **o: ns.train(c, ["NGF"], adjust=["score"]),
    ],
)
def test_a_covariate_named_score_is_refused(call):
    with pytest.raises(ParameterError, match="A covariate cannot be named 'score'"):
        call(cohort(score=np.arange(N)))
