"""`neurosig provenance` and `neurosig verify`, and that no command overwrites what it reads."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
ROWS = ("--orientation", "genes_in_rows")


@pytest.fixture
def folder(neurosig: Run, small_data: Path, tmp_path: Path) -> Path:
    """A folder with the files of a cohort, and scores of it in another."""
    given = tmp_path / "given"
    given.mkdir()
    for name in ("alpha.csv", "alpha_clinical.csv", "signatures.gmt"):
        shutil.copy(small_data / name, given)
    ended = neurosig(
        "score", given / "alpha.csv", *ROWS, "--file", given / "signatures.gmt",
        "--method", "zscore", "--output", tmp_path / "out" / "s.csv",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return tmp_path


def test_provenance_says_who_made_a_file_with_what_from_what(neurosig: Run, folder: Path) -> None:
    ended = neurosig("provenance", folder / "out" / "s.coverage.csv")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == str(folder / "out" / "s.coverage.csv")
    told = {line[2:14].strip(): line[14:] for line in reversed(lines[1:])}
    assert told["state"] == "the file is as it was written"
    assert told["signatures"].startswith("3, sha256 ")
    assert told["method"] == "zscore, revision 1: na=error, zeros=rank"
    assert told["made"].endswith("Z")
    assert told["input"].startswith("../given/alpha.csv  sha256 ")
    assert told["wrote also"] == "1 file: s.csv"
    assert f"numpy {np.__version__}" in told["versions"]


def test_provenance_as_json_holds_the_whole_record(neurosig: Run, folder: Path) -> None:
    ended = neurosig("provenance", folder / "out" / "s.csv", "--json")
    content = json.loads(ended.out)
    (found,) = content["records"]
    place = folder / "out" / "s.csv.provenance.json"
    assert (found["place"], found["is_current"]) == (str(place), True)
    assert found["record"] == json.loads(place.read_text())


def test_provenance_of_a_file_without_a_record_is_an_input_error(
    neurosig: Run, folder: Path
) -> None:
    ended = neurosig("provenance", folder / "given" / "alpha.csv")
    assert ended.code == 3
    assert "has no provenance record" in ended.err
    assert "Keep files together with their record" in ended.err


def test_verify_of_what_was_written_ends_well_and_counts(neurosig: Run, folder: Path) -> None:
    ended = neurosig("verify", folder / "out")
    assert (ended.code, ended.out, ended.err) == (0, "2 inputs ok, 2 outputs ok\n", "")


def test_verify_names_what_changed_is_missing_or_extra(
    neurosig: Run, folder: Path, tmp_path: Path
) -> None:
    out = folder / "out"
    (out / "s.csv").write_text("x")
    (out / "s.coverage.csv").unlink()
    (out / "notes.txt").write_text("mine")
    with (folder / "given" / "alpha.csv").open("a") as file:
        file.write("\n")
    table = tmp_path / "checks.csv"
    ended = neurosig("verify", out, "--output", table)
    assert ended.code == 3
    assert ended.out.splitlines() == [
        "missing  output  s.coverage.csv",
        "changed  output  s.csv",
        "extra            notes.txt",
        "changed  input   ../given/alpha.csv",
        "1 input changed, 1 input ok, 1 other file extra, 1 output changed, 1 output missing",
    ]
    assert ended.err.startswith(
        f"InputError: 4 files of '{out}' are not as recorded. 2 changed, 1 extra, 1 missing: "
    )
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["status"] for row in rows] == ["missing", "changed", "extra", "changed", "ok"]
    assert len(rows[1]["found_sha256"]) == 64
    assert Path(f"{table}.provenance.json").is_file()
    as_json = neurosig("verify", out, "--json")
    assert as_json.code == 3
    assert json.loads(as_json.out) == rows


def test_verify_lets_extra_files_be_when_asked(neurosig: Run, folder: Path) -> None:
    (folder / "out" / "log.txt").write_text("of a workflow")
    assert neurosig("verify", folder / "out").code == 3
    ended = neurosig("verify", folder / "out", "--allow-extra")
    assert ended.code == 0
    assert "extra            log.txt" in ended.out


def test_verify_looks_for_inputs_in_the_folder_that_is_named(neurosig: Run, folder: Path) -> None:
    shutil.move(folder / "given", folder / "moved")
    ended = neurosig("verify", folder / "out")
    assert ended.code == 0
    assert "not here input   ../given/alpha.csv" in ended.out
    ended = neurosig("verify", folder / "out", "--data", folder / "moved")
    assert ended.out == "2 inputs ok, 2 outputs ok\n"


def test_verify_does_not_write_into_what_it_checks(neurosig: Run, folder: Path) -> None:
    ended = neurosig("verify", folder / "out", "--output", folder / "out" / "checks.csv")
    assert ended.code == 2
    assert "lies in the folder that is checked" in ended.err
    over_input = neurosig("verify", folder / "out", "--output", folder / "given" / "alpha.csv")
    assert over_input.code == 2
    assert "would be overwritten" in over_input.err


OVERWRITING = {
    "score": (
        "score {given}/alpha.csv {rows} --file {given}/signatures.gmt --output {given}/alpha.csv"
    ),
    "score over signatures": (
        "score {given}/alpha.csv {rows} --file {given}/s.csv --output {given}/s.csv"
    ),
    "cox": "cox {given}/s.csv {clinic} --output {given}/s.csv",
    "km over its numbers": "km {given}/s.csv {clinic} --signature AXON --output {given}/s.svg",
    "km over its picture": "km {given}/s.svg {clinic} --signature AXON --output {given}/s.svg",
    "km over a record": (
        "km {given}/s.csv {given}/k.svg.provenance.json --time t --event e --signature AXON "
        "--output {given}/k.svg"
    ),
    "cox over the record of its input": (
        "cox {given}/s {clinic} --output {given}/s.provenance.json"
    ),
    "regress": (
        "regress {given}/s.csv {given}/alpha_clinical.csv --outcome pni --id patient "
        "--output {given}/alpha_clinical.csv"
    ),
    "meta": "meta {given}/s.csv {given}/s.csv --output {given}/s.csv",
    "harmonise over its report": (
        "harmonise {given}/n.report.csv {rows} --output {given}/n.csv"
    ),
    "export": "signatures export --file {given}/signatures.gmt --output {given}/signatures.gmt",
    "compare": "signatures compare --file {given}/s.csv --output {given}/s.csv",
    "compare over numbers": "signatures compare --file {given}/s.csv --figure {given}/s.svg",
    "sc": "sc summarise {given}/s.csv --file {given}/s.csv --output {given}/s.csv",
    "assess over its rules": (
        "assess {given}/v.rules.csv {rows} --file {given}/signatures.gmt --output {given}/v.csv"
    ),
}  # fmt: skip


@pytest.mark.parametrize("typed", OVERWRITING.values(), ids=OVERWRITING)
def test_no_command_overwrites_what_it_reads_or_its_record(
    neurosig: Run, folder: Path, typed: str
) -> None:
    given = folder / "given"
    for name in ("s", "s.csv", "s.svg", "n.report.csv", "v.rules.csv", "k.svg.provenance.json"):
        shutil.copy(folder / "out" / "s.csv", given / name)
    shutil.copy(folder / "out" / "s.csv.provenance.json", given / "s.csv.provenance.json")
    before = {path: path.read_bytes() for path in given.iterdir()}
    clinic = f"{given}/alpha_clinical.csv --id patient --time OS.time --event OS"
    line = typed.format(given=given, rows=" ".join(ROWS), clinic=clinic)
    ended = neurosig(*line.split())
    assert ended.code == 2, ended.err
    assert "would be overwritten" in ended.err
    assert {path: path.read_bytes() for path in given.iterdir()} == before
