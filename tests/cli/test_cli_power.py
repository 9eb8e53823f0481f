"""`neurosig power`, and `neurosig cox --imputations`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

Run = Callable[..., Any]


def test_the_plan_is_printed_as_csv_and_as_a_sentence(neurosig: Run) -> None:
    told = neurosig("power", "--hr", 1.5, "--power", 0.8, "--allocation", 0.5, "--event-rate", 0.8)
    head, row = told.out.splitlines()
    plan = dict(zip(head.split(","), row.split(","), strict=True))
    assert (plan["n_events"], plan["n"], plan["solved_for"]) == ("191", "239", "n_events")
    assert told.err.startswith("191 events in 239 patients give a power of 80%")


def test_the_event_rate_is_found_and_logistic_regressions_are_planned(
    neurosig: Run, tmp_path: Path
) -> None:
    out = tmp_path / "plan.csv"
    times = ["--median", 24, "--follow-up", 24]
    assert neurosig("power", "--n", 200, "--power", 0.8, *times, "--output", out).code == 0
    assert pd.read_csv(out)["event_rate"].tolist() == [pytest.approx(0.5)]
    told = neurosig("power", "--odds-ratio", 1.5, "--prevalence", 0.5, "--power", 0.95)
    assert told.err.startswith("317 patients, 50% of them positive")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--hr", 2, "--prevalence", 0.5], "--hr"),
        (["--odds-ratio", 2, "--power", 0.8], "no --prevalence"),
        (["--hr", 2, "--power", 0.8, "--follow-up", 3], "--median None"),
        (["--hr", 2], "missing: power, n_events"),
    ],
)
def test_contradicting_options_are_refused(
    arguments: list[object], text: str, neurosig: Run
) -> None:
    ended = neurosig("power", *arguments)
    assert ended.code == 2
    assert text in ended.err


def test_cox_imputes_covariates_by_option_as_the_function_does(
    neurosig: Run, small_data: Path, tmp_path: Path
) -> None:
    clinical = pd.read_csv(small_data / "alpha_clinical.csv", index_col="patient")
    scores = pd.DataFrame({"S": np.sin(np.arange(60.0))}, clinical.index)
    scores.to_csv(tmp_path / "scores.csv")
    ended = neurosig(
        "cox", tmp_path / "scores.csv", small_data / "alpha_clinical.csv", "--id", "patient",
        "--time", "OS.time", "--event", "OS", "--adjust", "age", "--strata", "grade",
        "--imputations", 8, "--seed", 3, "--output", tmp_path / "cox.csv",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    ours = pd.read_csv(tmp_path / "cox.csv")
    assert ours["n"].tolist() == [60, 60]
    assert ours["n_imputations"].tolist() == [8, 8]
    flow = pd.read_csv(tmp_path / "cox.row_flow.csv")
    assert "imputed 8 times: age (3), grade (1)" in flow["reason"].tolist()
