"""Limits of profile likelihoods that have several maxima, no limit, or no end."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import ConvergenceError, SmallSampleWarning
from neurosig.outcomes.profile_likelihood import Profile, crossing, profile_limits

DROP = 3.841458820694124  # chi-square (1), 0.95


def test_a_profile_gives_the_same_loss_whatever_was_looked_at_before():
    """Two ridges: what a search finds hangs on its start, so only stored values are consistent."""

    def maximise(start, free):
        del free
        level = 0.0 if start[1] < 5 else -4.0
        return np.array([start[0], start[1] + (start[0] > 2) * 10]), level - start[0] ** 2 / 50

    profile = Profile(maximise, np.zeros(2), 0.0, 0, is_concave=False)
    before = profile(1.0)
    assert profile(3.0) == pytest.approx(2 * 9 / 50)
    assert profile(4.0) == pytest.approx(2 * (4 + 16 / 50))
    assert profile(1.0) == before
    limit = crossing(Profile(maximise, np.zeros(2), 0.0, 0, is_concave=False), DROP, 0.0, 1.0)
    assert 2.0 < limit < 20


def test_a_limit_that_does_not_exist_is_infinite_and_one_that_is_not_found_is_nan():
    def maximise(start, free):
        del free
        if start[0] < -3:
            raise ConvergenceError("It did not end", "", "")
        return start.copy(), -min(start[0] ** 2 / 20, 1.0)

    found = profile_limits(maximise, (np.zeros(1), 0.0), np.ones(1), 0.95, is_concave=False)
    assert math.isnan(found.interval[0, 0])
    assert found.interval[0, 1] == math.inf
    assert found.notes == (
        "lower limit not found: the profile likelihood could not be followed; no upper limit: the "
        "profile likelihood does not drop far enough",
    )
    assert found.p_value[0] == 1.0


def test_a_higher_maximum_that_a_profile_meets_is_handed_back():
    def maximise(start, free):
        del free
        return start.copy(), -((start[0] - 1) ** 2)

    top = (np.zeros(1), -1.0)  # not the maximum, which is 0 at 1
    found = profile_limits(maximise, top, np.full(1, 0.5), 0.95, is_concave=False)
    assert found.higher is not None
    assert found.higher[0] > 0


def rank_cohort(n, seed):
    """A score that is the rank of the survival times: the first to die have the lowest."""
    rng = np.random.default_rng(seed)
    t, lost = rng.exponential(900, n) + 1, rng.uniform(300, 3000, n)
    dead, t = (t <= lost).astype(int), np.minimum(t, lost)
    clinic = pd.DataFrame(
        {
            "t": t, "d": dead, "age": rng.normal(60, 8, n), "sex": rng.choice(["m", "f"], n),
            "grade": rng.choice(list("123"), n), "centre": rng.choice(list("ABC"), n),
        },
        [f"p{i}" for i in range(n)],
    )  # fmt: skip
    clinic.loc[rng.random(n) < 0.15, "age"] = np.nan
    clinic.loc[rng.random(n) < 0.15, "grade"] = np.nan
    scores = pd.DataFrame(
        {"RANK": pd.Series(t).rank().to_numpy(), "NGF": rng.normal(size=n)}, clinic.index
    )
    return ns.Cohort.join(scores, clinic, ns.Endpoint(time="t", event="d"))


@pytest.mark.parametrize(
    ("seed", "options"),
    [
        (2, {"adjust": ["age"], "strata": ["centre"]}),
        (3, {"adjust": ["age", "sex", "grade"], "strata": ["centre"]}),
        (3, {"adjust": ["age"], "strata": ["centre", "grade"]}),
    ],
)
def test_a_score_that_is_the_rank_of_survival_does_not_end_the_other_signatures(seed, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ns.errors.NeurosigWarning)
        cohort = rank_cohort(60, seed)
        imputed = ns.impute(cohort, ["age", "sex", "grade", "centre"], m=5, seed=seed)
        for given in (cohort, *imputed.cohorts[:2], imputed):
            table = ns.cox(given, **options, allow_loss=True).table
            scores = table[table["term"] == "score"].set_index("signature")
            assert scores.loc["NGF", "status"] == "ok"
            rank = scores.loc["RANK"]
            assert rank["status"] == "ok"
            assert rank["estimate"] < 0
            if given is not imputed:
                found = rank[["ci_low", "ci_high"]].notna()
                assert found.all() or "not found" in rank["message"]
                assert not rank["ci_high"] < rank["estimate"]
                assert not rank["ci_low"] > rank["estimate"]


@pytest.mark.filterwarnings("ignore:As few as:neurosig.errors.SmallSampleWarning")
def test_limits_of_a_logistic_score_that_is_the_rank_of_the_outcome_are_finite_or_told():
    rng = np.random.default_rng(3)
    n = 60
    latent = rng.normal(size=n)
    ids = [f"p{i}" for i in range(n)]
    scores = pd.DataFrame(
        {"RANK": latent.argsort().argsort() + 1.0, "NGF": rng.normal(size=n)}, ids
    )
    clinic = pd.DataFrame(
        {"y": np.where(latent > 0, "yes", "no"), "age": rng.normal(60, 8, n),
         "centre": rng.choice(list("ABC"), n)}, ids,
    )  # fmt: skip
    cohort = ns.Cohort.join(scores, clinic)
    with pytest.warns(SmallSampleWarning, match="infinite"):
        table = ns.regress(cohort, outcome="y", positive="yes", adjust=["age", "centre"]).table
    scores = table[table["term"] == "score"].set_index("signature")
    assert scores["status"].eq("ok").all()
    rank = scores.loc["RANK"]
    assert rank["ci_low"] < rank["estimate"] < rank["ci_high"]
    assert np.isfinite(rank[["ci_low", "ci_high"]].to_numpy(dtype=float)).all()


def test_a_logistic_profile_that_cannot_be_followed_leaves_the_estimate(monkeypatch):
    from neurosig.outcomes.regression.logistic_likelihood import Likelihood

    ends = Likelihood.maximise

    def stuck(self, start, free=None):
        if free is not None and start[1] < 0:
            raise ConvergenceError("It did not end", "", "")
        return ends(self, start, free)

    monkeypatch.setattr(Likelihood, "maximise", stuck)
    y = np.arange(40) % 2
    ids = [f"p{i}" for i in range(40)]
    scores = pd.DataFrame({"S": y + np.linspace(-0.9, 0.9, 40)}, ids)
    cohort = ns.Cohort.join(scores, pd.DataFrame({"y": np.where(y, "yes", "no")}, ids))
    model = ns.RegressionModel(firth=True)
    row = ns.regress(cohort, outcome="y", positive="yes", model=model).table.iloc[0]
    assert row["status"] == "ok"
    assert row["estimate"] > 0
    assert np.isfinite(row["ci_low"]) or "score: lower limit not found" in row["message"]
