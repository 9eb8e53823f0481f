"""Training and validating on the command line, and the further tables of `neurosig meta`."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.records.writing import write_sidecar

# The commands write warnings to stderr; the test runner would turn them into errors before.
pytestmark = pytest.mark.filterwarnings("default::neurosig.errors.NeurosigWarning")

Run = Callable[..., Any]
END = ("--time", "days", "--event", "dead", "--unit", "days", "--id", "patient")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Scores and clinical tables of two cohorts."""
    for seed, name in enumerate("ab"):
        rng = np.random.default_rng(seed)
        score = rng.normal(size=120)
        ids = [f"{name}{i}" for i in range(120)]
        pd.DataFrame({"id": ids, "NGF": score}).to_csv(tmp_path / f"{name}.csv", index=False)
        pd.DataFrame(
            {
                "patient": ids,
                "days": np.ceil(rng.exponential(500 * np.exp(-0.5 * score))),
                "dead": [1, 1, 1, 0] * 30,
                "age": rng.normal(60, 9, 120).round(1),
            }
        ).to_csv(tmp_path / f"{name}_clinic.csv", index=False)
    return tmp_path


def test_train_and_validate_equal_the_functions(neurosig: Run, files: Path) -> None:
    model, output = files / "model.json", files / "validated.csv"
    ended = neurosig(
        "train", files / "a.csv", files / "a_clinic.csv", *END, "--signature", "NGF",
        "--adjust", "age", "--cut", "median", "--cohort", "A", "--output", model,
    )  # fmt: skip
    assert ended.code == 0
    assert [row["term"] for row in rows_of(ended.out)] == ["NGF", "age"]
    assert "90 events" in ended.err
    ended = neurosig(
        "validate", model, files / "b.csv", files / "b_clinic.csv", *END, "--cohort", "B",
        "--at", 200, "--output", output,
    )  # fmt: skip
    assert ended.code == 0
    assert "Frozen in A (120 patients, 90 events)" in ended.err

    def cohort(name: str) -> ns.Cohort:
        scores = pd.read_csv(files / f"{name}.csv", index_col=0)
        end = ns.Endpoint(time="days", event="dead")
        clinic = ns.read_clinical(files / f"{name}_clinic.csv", id="patient")
        return ns.Cohort.join(scores, clinic, end, name=name.upper())

    trained = ns.train(cohort("a"), "NGF", adjust=["age"], cut="median")
    expected = ns.validate(trained, cohort("b"), times=[200]).table
    found = pd.read_csv(output)
    for column in ("measure", "estimate", "ci_low", "p_value", "n"):
        theirs = expected[column].reset_index(drop=True)
        pd.testing.assert_series_equal(found[column], theirs, check_dtype=False)
    record = json.loads((files / "validated.csv.provenance.json").read_text())
    assert [one["path"] for one in record["inputs"]] == ["model.json", "b.csv", "b_clinic.csv"]


def test_scores_say_how_they_were_made_through_the_file_beside_them(
    neurosig: Run, files: Path
) -> None:
    record = {"method": {"name": "ssgsea", "parameters": {}, "revision": 1, "scope": "sample"}}
    write_sidecar([files / "a.csv"], scores=record)
    model = files / "model.json"
    neurosig(
        "train", files / "a.csv", files / "a_clinic.csv", *END, "--signature", "NGF",
        "--output", model,
    )  # fmt: skip
    record["method"]["name"] = "gsva"
    (beside_b,) = write_sidecar([files / "b.csv"], scores=record)
    ended = neurosig("validate", model, files / "b.csv", files / "b_clinic.csv", *END)
    assert ended.code == 3
    assert "method ssgsea, here gsva" in ended.err
    beside_b.write_text("{")  # says nothing
    ended = neurosig("validate", model, files / "b.csv", files / "b_clinic.csv", *END)
    assert ended.code == 0
    assert "not known how the scores" in ended.err


def test_what_is_no_model_ends_with_5(neurosig: Run, files: Path) -> None:
    ended = neurosig("validate", files / "a.csv", files / "b.csv", files / "b_clinic.csv", *END)
    assert ended.code == 5
    assert "does not hold a saved model" in ended.err
    ended = neurosig(
        "train", files / "a.csv", files / "a_clinic.csv", *END, "--signature", "NGF",
        "--output", files / "a.csv",
    )  # fmt: skip
    assert ended.code == 2
    assert "would be overwritten" in ended.err


def test_meta_has_a_table_without_each_cohort_and_one_of_eggers_test(
    neurosig: Run, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    shared = {"endpoint": "OS", "signature": "NGF", "term": "score", "effect_scale": "HR per SD"}
    table = pd.DataFrame({"cohort": [f"c{i}" for i in range(10)]}).assign(**shared, status="ok")
    table["estimate"], table["std_error"] = rng.normal(size=10), rng.uniform(0.1, 0.4, 10)
    path = tmp_path / "cox.csv"
    table.to_csv(path, index=False)
    for name, function in (("leave-one-out", ns.leave_one_out), ("egger", ns.egger_test)):
        ended = neurosig("meta", path, "--table", name, "--confidence", 0.9)
        assert ended.code == 0
        found, expected = rows_of(ended.out), function(table, confidence=0.9).table
        assert [float(row["ci_low"]) for row in found] == expected["ci_low"].tolist()
    paule = rows_of(neurosig("meta", path, "--method", "PM").out)[0]
    assert float(paule["tau2"]) == ns.meta(table, method="PM").table["tau2"].iloc[0]
    table.head(9).to_csv(path, index=False)
    ended = neurosig("meta", path, "--table", "egger")
    assert ended.code == 3
    assert "need 10 cohorts" in ended.err
    assert neurosig("meta", path, "--table", "egger", "--method", "DL").code == 2
