"""`neurosig interplay` and `neurosig mediation`: what they write equals the functions."""

import json

import numpy as np
import pandas as pd
import pytest

import neurosig as ns


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(2)
    nerve, immune = rng.normal(size=(2, 120))
    ids = pd.Index([f"p{i:03d}" for i in range(120)], name="patient")
    days = rng.exponential(600 * np.exp(-0.4 * nerve - 0.3 * immune)) + 1
    clinic = pd.DataFrame(
        {
            "days": np.minimum(days, 1500).round(3),
            "dead": (days <= 1500).astype(int),
            "age": rng.integers(40, 80, 120),
            "pni": np.where(nerve + rng.logistic(size=120) > 0, "yes", "no"),
        },
        index=ids,
    )
    scores = pd.DataFrame({"nerve": nerve, "immune": immune}, index=ids)
    scores.to_csv(tmp_path / "s.csv")
    clinic.to_csv(tmp_path / "c.csv")
    return tmp_path, scores, clinic


def test_interplay_writes_what_the_function_gives(neurosig, files):
    folder, scores, clinic = files
    said = neurosig(
        "interplay", folder / "s.csv", folder / "c.csv", "--first", "nerve", "--second", "immune",
        "--time", "days", "--event", "dead", "--adjust", "age", "--output", folder / "i.csv",
    )  # fmt: skip
    assert said.code == 0, said.err
    cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="days", event="dead"))
    found = ns.interplay(cohort, ("nerve", "immune"), adjust=["age"])
    written = pd.read_csv(folder / "i.csv")
    np.testing.assert_allclose(written["estimate"], found.table["estimate"], rtol=1e-12)
    slopes = pd.read_csv(folder / "i.slopes.csv")
    np.testing.assert_allclose(slopes["ci_low"], found.slopes["ci_low"], rtol=1e-12)
    assert len(pd.read_csv(folder / "i.regions.csv")) == len(found.regions)
    assert "no further tests of it" in said.err


def test_mediation_writes_effects_means_figure_and_assumptions(neurosig, files):
    folder, scores, clinic = files
    said = neurosig(
        "mediation", folder / "s.csv", folder / "c.csv", "--exposure", "nerve",
        "--mediator", "immune", "--time", "days", "--event", "dead", "--horizon", "365",
        "--contrast", "0", "1", "--n-resamples", "40", "--seed", "5", "--product",
        "--output", folder / "m.csv", "--figure", folder / "drawn.svg",
    )  # fmt: skip
    assert said.code == 0, said.err
    cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="days", event="dead"))
    found = ns.mediation(
        cohort, exposure="nerve", mediator="immune", horizon=365, contrast=(0, 1),
        interaction=True, bootstrap=ns.Bootstrap(n_resamples=40, seed=5),
    )  # fmt: skip
    written = pd.read_csv(folder / "m.csv")
    for column in ("estimate", "ci_low", "e_value"):
        np.testing.assert_allclose(written[column], found.table[column], rtol=1e-12)
    assert len(pd.read_csv(folder / "m.means.csv")) == 4
    assert "One biopsy" in said.err
    assert "One biopsy" in (folder / "drawn.svg").read_text(encoding="utf-8")
    assert json.loads((folder / "m.csv.provenance.json").read_text())["seed"] == 5


def test_a_clinical_column_is_an_outcome_too(neurosig, files):
    folder, *_ = files
    said = neurosig(
        "mediation", folder / "s.csv", folder / "c.csv", "--exposure", "nerve",
        "--mediator", "immune", "--model", "logistic", "--outcome", "pni", "--positive", "yes",
        "--n-resamples", "20",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert "odds ratio" in said.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--time", "days"], "needs --time and --event"),
        (["--model", "linear", "--outcome", "age", "--event", "dead"], "has no --event"),
    ],
)
def test_an_outcome_said_by_halves_is_a_usage_error(neurosig, files, options, words):
    folder, *_ = files
    said = neurosig(
        "interplay", folder / "s.csv", folder / "c.csv", "--first", "nerve", "--second", "immune",
        *options,
    )  # fmt: skip
    assert said.code == 2
    assert words in said.err
