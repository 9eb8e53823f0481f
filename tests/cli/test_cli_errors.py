"""What the program says when something is wrong: plain words, an exit code, no traceback."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., Any]
ROWS = ("--orientation", "genes_in_rows")

pytestmark = pytest.mark.filterwarnings("default::neurosig.errors.NeurosigWarning")


def _scores(folder: Path, n: int = 12) -> Path:
    path = folder / "scores.csv"
    ids = [f"p{i}" for i in range(n)]
    pd.DataFrame({"id": ids, "NGF": [i * 0.7 % 3 for i in range(n)]}).to_csv(path, index=False)
    return path


def _clinical(folder: Path, events: list[int]) -> Path:
    path = folder / "clinical.csv"
    table = {"id": [f"p{i}" for i in range(len(events))], "days": range(100, 100 + len(events))}
    pd.DataFrame(table | {"dead": events}).to_csv(path, index=False)
    return path


def _assert_refused(ended: Any, code: int, *texts: str) -> None:
    assert ended.code == code, ended
    assert ended.out == ""
    assert "Traceback" not in ended.err
    for text in texts:
        assert text in ended.err


def test_usage_errors_end_with_2(neurosig: Run, tmp_path: Path) -> None:
    for arguments in (
        ("cox",),
        ("scores",),
        ("cox", "a.csv", "b.csv", "--tyme", "x"),
        ("cox", "a.csv", "b.csv", "--time", "t", "--event", "e", "--unit", "day"),
        ("score", "x.csv"),
        ("meta", "a.csv", "--method", "EB"),
        ("signatures", "nothing"),
    ):
        _assert_refused(neurosig(*arguments), 2)


def test_parameter_errors_end_with_2(neurosig: Run, small_data: Path, tmp_path: Path) -> None:
    matrix, output = small_data / "alpha.csv", tmp_path / "x.csv"
    to = ("--output", output)
    _assert_refused(neurosig("run"), 2, "There is no configuration")
    _assert_refused(neurosig("score", matrix, *to), 2, "orientation is needed")
    _assert_refused(neurosig("score", matrix, *ROWS, "--output", "x.xlsx"), 2, ".xlsx")
    unknown = ("--method", "ssgse", "--param", "alpha=1")
    _assert_refused(neurosig("score", matrix, *ROWS, *unknown, *to), 2, "Did you mean 'ssgsea'?")
    wrong = ("--param", "alpha=often")
    _assert_refused(neurosig("score", matrix, *ROWS, *wrong, *to), 2, "ssgsea.alpha", "'often'")
    wrong = ("--param", "alpha")
    _assert_refused(neurosig("score", matrix, *ROWS, *wrong, *to), 2, "NAME=VALUE")
    wrong = ("--min-coverage", "2")
    _assert_refused(neurosig("score", matrix, *ROWS, *wrong, *to), 2, "min_coverage")
    km = ("km", "s.csv", "c.csv", "--time", "t", "--event", "e", "--signature", "NGF")
    _assert_refused(neurosig(*km, "--output", "x.png"), 2, ".svg")
    assert list(tmp_path.iterdir()) == []


def test_bad_input_ends_with_3(neurosig: Run, small_data: Path, tmp_path: Path) -> None:
    scores, clinical = _scores(tmp_path), _clinical(tmp_path, [0, 1] * 6)
    survival = ("--time", "days", "--event", "dead")
    _assert_refused(neurosig("cox", clinical, scores, *survival), 3, "Give the scores first")
    missing = ("--time", "months", "--event", "dead")
    _assert_refused(neurosig("cox", scores, clinical, *missing), 3, "'months'", "days")
    other = _clinical(tmp_path, [1, 2] * 6)
    _assert_refused(neurosig("cox", scores, other, *survival), 3, "dead")
    _assert_refused(neurosig("meta", scores), 3, "is not a table of results", "NGF")
    matrix = small_data / "alpha.csv"
    upside = ("--orientation", "genes_in_columns", "--output", tmp_path / "x.csv")
    signatures = ("--file", small_data / "signatures.gmt")
    _assert_refused(neurosig("score", matrix, *upside, *signatures), 3, "genes")
    (tmp_path / "text.csv").write_text("id,NGF\np1,high\n")
    _assert_refused(
        neurosig("cox", tmp_path / "text.csv", clinical, *survival), 3, "is not a table of scores"
    )


def test_a_result_table_with_a_text_for_a_number_ends_with_3(neurosig: Run, tmp_path: Path) -> None:
    path = tmp_path / "cox.csv"
    path.write_text("signature,estimate\nNGF,large\n")
    _assert_refused(neurosig("meta", path), 3, "'large'", "'estimate'")


def test_a_model_that_cannot_be_fitted_ends_with_4(neurosig: Run, tmp_path: Path) -> None:
    scores, clinical = _scores(tmp_path), _clinical(tmp_path, [1] + [0] * 11)
    survival = ("--time", "days", "--event", "dead")
    ended = neurosig("cox", scores, clinical, *survival)
    _assert_refused(ended, 4, "TooFewEventsError", "1 event")


def test_a_missing_file_ends_with_5(neurosig: Run, tmp_path: Path) -> None:
    absent = tmp_path / "absent.csv"
    survival = ("--time", "days", "--event", "dead")
    for arguments in (
        ("score", absent, *ROWS, "--output", tmp_path / "x.csv"),
        ("cox", absent, absent, *survival),
        ("cox", tmp_path / "absent.h5ad", absent, *survival),
        ("meta", absent),
        ("run", absent),
        ("report", absent),
        ("signatures", "coverage", absent, *ROWS),
    ):
        _assert_refused(neurosig(*arguments), 5, "absent")
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_written_ends_with_5(
    neurosig: Run, small_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    ended = neurosig(
        "score", small_data / "alpha.csv", *ROWS, "--file", small_data / "signatures.gmt",
        "--output", tmp_path / "file" / "scores.csv",
    )  # fmt: skip
    _assert_refused(ended, 5, "cannot be written")


def test_the_traceback_is_shown_with_debug_alone(program: Run, tmp_path: Path) -> None:
    absent = tmp_path / "absent.yaml"
    ended = program("run", absent)
    _assert_refused(ended, 5, "ResourceError: ", "absent.yaml")
    assert ended.err.count("\n") == 1
    ended = program("run", absent, "--debug")
    assert "Traceback" in ended.err
    assert ended.code != 0


def test_a_warning_is_one_line_on_stderr_and_leaves_the_output_clean(
    program: Run, tmp_path: Path
) -> None:
    scores, clinical = _scores(tmp_path, 40), _clinical(tmp_path, [0, 0, 0, 0, 1] * 8)
    ended = program("cox", scores, clinical, "--time", "days", "--event", "dead")
    assert ended.code == 0
    echo, warning = ended.err.splitlines()
    assert echo.startswith("8 events / 40, median follow-up")
    assert echo.endswith("'1' = event; '0' = censored")
    assert warning.startswith("SmallSampleWarning: As few as 8.0 events per parameter.")
    assert "site-packages" not in ended.err
    assert ended.out.startswith("cohort,endpoint,signature,")
    assert len(ended.out.splitlines()) == 2


def test_a_reader_that_stops_reading_does_not_cause_a_traceback(
    tmp_path: Path,
) -> None:
    import subprocess
    import sys

    arguments = [sys.executable, "-m", "neurosig", "signatures", "list"]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.close()
        assert child.stderr is not None
        errors = child.stderr.read()
    assert "Traceback" not in errors
