"""Tables of models on the command line: imputed, refused where they would overwrite, reported."""

import json

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import SmallSampleWarning

pytestmark = pytest.mark.filterwarnings("default::neurosig.errors.NeurosigWarning")

COMMANDS = {
    "compare": ("--by", "pni"),
    "correlate": ("--with", "age"),
    "regress": ("--outcome", "pni", "--positive", "yes"),
    "cox": ("--time", "days", "--event", "dead"),
    "interplay": ("--time", "days", "--event", "dead", "--first", "NGF", "--second", "RET"),
    "mediation": (
        "--time", "days", "--event", "dead", "--exposure", "NGF", "--mediator", "RET",
        "--horizon", "300",
    ),
    "train": ("--time", "days", "--event", "dead", "--signature", "NGF"),
}  # fmt: skip


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(2)
    ids = pd.Index([f"p{i:03d}" for i in range(100)], name="patient")
    scores = pd.DataFrame(rng.normal(size=(100, 2)), ids, ["NGF", "RET"])
    clinic = pd.DataFrame(
        {
            "days": rng.exponential(600, 100) + 1,
            "dead": rng.integers(0, 2, 100),
            "age": rng.integers(40, 80, 100).astype(float),
            "pni": np.where(scores["NGF"] + rng.logistic(size=100) > 0, "yes", "no"),
        },
        ids,
    )
    clinic.loc[ids[:8], "age"] = np.nan
    scores.to_csv(tmp_path / "s.csv")
    clinic.to_csv(tmp_path / "c.csv")
    return tmp_path, scores, clinic


def test_regress_imputes_as_the_function_does(neurosig, files):
    folder, scores, clinic = files
    said = neurosig(
        "regress", folder / "s.csv", folder / "c.csv", "--outcome", "pni", "--positive", "yes",
        "--adjust", "age", "--imputations", "5", "--seed", "3", "--output", folder / "r.csv",
    )  # fmt: skip
    assert said.code == 0, said.err
    with pytest.warns(SmallSampleWarning):
        imputed = ns.impute(ns.Cohort.join(scores, clinic), ["age"], outcome="pni", m=5, seed=3)
    table = ns.regress(imputed, outcome="pni", positive="yes", adjust=["age"]).table
    written = pd.read_csv(folder / "r.csv")
    np.testing.assert_allclose(written["estimate"], table["estimate"], rtol=1e-12)
    assert written["n_imputations"].unique().tolist() == [5]
    assert json.loads((folder / "r.csv.provenance.json").read_text())["imputation_seed"] == 3
    assert written["n"].unique().tolist() == [100]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("read", ["s.csv", "c.csv"])
def test_no_command_writes_over_a_file_that_it_reads(neurosig, files, command, read):
    folder, *_ = files
    before = (folder / read).read_bytes()
    said = neurosig(
        command, folder / "s.csv", folder / "c.csv", *COMMANDS[command], "--output", folder / read
    )
    assert said.code != 0
    assert "would be overwritten" in said.err
    assert (folder / read).read_bytes() == before


@pytest.mark.parametrize("command", ["compare", "correlate", "interplay", "train"])
def test_a_report_refuses_tables_that_it_has_no_section_for(neurosig, files, command):
    folder, *_ = files
    output = folder / f"out.{'json' if command == 'train' else 'csv'}"
    made = neurosig(
        command, folder / "s.csv", folder / "c.csv", *COMMANDS[command], "--output", output
    )
    assert made.code == 0, made.err
    said = neurosig("report", output, "--output", folder / "report")
    assert said.code == 3
    assert "It is not known what" in said.err
    assert not (folder / "report").exists()


def test_a_report_takes_a_multinomial_table_with_its_levels(neurosig, files):
    folder, _, clinic = files
    clinic["grade"] = np.arange(100) % 3 + 1
    clinic.to_csv(folder / "c.csv")
    made = neurosig(
        "regress", folder / "s.csv", folder / "c.csv", "--outcome", "grade", "--kind",
        "multinomial", "--reference", "1", "--output", folder / "m.csv",
    )  # fmt: skip
    assert made.code == 0, made.err
    said = neurosig("report", folder / "m.csv", "--output", folder / "report")
    assert said.code == 0, said.err
    table = pd.read_csv(next((folder / "report" / "tables").glob("*regression*.csv")))
    assert sorted(table["level"].unique()) == [2, 3]
    assert len(table) == 4  # two scores, two levels against the reference
    page = (folder / "report" / "report.html").read_text()
    assert "level" in page
