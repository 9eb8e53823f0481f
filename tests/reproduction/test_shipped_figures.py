"""The figures that come with the package: made once here, all their numbers compared."""

import csv
import importlib.util
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest

import neurosig as ns
from neurosig._bundled import bundled
from neurosig._yaml import load_yaml
from neurosig.datasets.cells import CELL_DATASETS
from neurosig.datasets.demo import DATASETS
from neurosig.reproduction.comparison import compare
from neurosig.reproduction.definition import read_figures
from neurosig.reproduction.verb import shipped_figures

needs_data = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("SurvSet", "infercnvpy", "rocrate")),
    reason="the packages of the extra reproduce are not installed",
)
IDS = (
    "coverage",
    "heatmap",
    "correlation",
    "forest",
    "forest_pooled",
    "kaplan_meier",
    "random_signatures",
    "agreement",
    "oligodendroglioma",
    "blood_cells",
)
PARENT = bundled("workflows") / "reproduce_figures"


@pytest.fixture(scope="module")
def book():
    return read_figures(shipped_figures())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return ns.reproduce("all", output=tmp_path_factory.mktemp("made") / "all")


@needs_data
def test_every_number_of_every_figure_is_that_of_the_other_program(made):
    assert made.errors == {}
    assert [str(check) for check in made.checks if not check.is_passed] == []
    assert len(made.checks) > 800


@needs_data
@pytest.mark.slow
def test_a_program_of_its_own_gives_the_same_bytes(made, tmp_path):
    command = [sys.executable, "-m", "neurosig", "reproduce", "all", "--output", tmp_path / "out"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("PASS  ") == len(made.checks)
    for name in IDS:
        for ending in ("svg", "csv"):
            first = made.folder / f"{name}.{ending}"
            assert first.read_bytes() == (tmp_path / "out" / first.name).read_bytes(), first.name


@needs_data
@pytest.mark.parametrize("name", IDS)
def test_a_figure_is_a_picture_with_text_and_a_table(made, name):
    root = ET.parse(made.folder / f"{name}.svg").getroot()  # noqa: S314  our own file
    words = [element.text for element in root.iter() if element.tag.endswith("}text")]
    assert len(words) > 8
    assert len(pd.read_csv(made.folder / f"{name}.csv")) > 3


@needs_data
@pytest.mark.parametrize("name", IDS)
def test_a_changed_expected_number_of_any_figure_fails_by_its_name(made, book, name):
    checks = [check for check in made.checks if check.figure == name]
    found = {check.quantity: check.found for check in checks}
    for check in checks:
        far = max(3 * check.tolerance, 1e-6 * abs(check.expected), 1e-9)
        changed = found | {check.quantity: check.expected + far}
        failed = [c for c in compare(name, book.figures[name], changed) if not c.is_passed]
        assert [c.quantity for c in failed] == [check.quantity]


def test_the_figures_are_those_that_are_documented(book):
    assert tuple(book.figures) == IDS


def test_expected_numbers_are_those_of_the_scripts_tables(book):
    for name, figure in book.figures.items():
        with (PARENT / "expected" / f"{name}.csv").open(encoding="utf-8") as file:
            table = {row["quantity"]: float(row["value"]) for row in csv.DictReader(file)}
        listed = {q: v for expected in figure.expected for q, v in expected.numbers.items()}
        assert listed == table, name


def test_every_number_has_an_origin_and_a_script_that_is_there(book):
    scripts = (PARENT / "expected" / "make.sh").read_text(encoding="utf-8")
    for figure in book.figures.values():
        for expected in figure.expected:
            assert "R 4.2.2" in expected.origin
            assert (PARENT / expected.script).is_file()
            assert Path(expected.script).stem in scripts
            assert expected.reason or expected.rtol == expected.atol == 0


def test_recorded_hashes_are_those_of_the_registries(book):
    known = {d.id: (d.sha256,) for d in DATASETS.values()}
    known |= {d.id: d.sha256 for d in CELL_DATASETS.values()}
    for figure in book.figures.values():
        for recorded in figure.inputs:
            if recorded.source != "signatures":
                assert recorded.hashes == known[recorded.name]


def test_no_script_of_the_expected_numbers_uses_neurosig():
    for script in (PARENT / "expected").iterdir():
        if script.suffix in (".R", ".py"):
            assert "import neurosig" not in script.read_text(encoding="utf-8")
            assert "from neurosig" not in script.read_text(encoding="utf-8")


def test_the_cohorts_of_the_forest_plot_are_those_of_the_demo(book):
    demo = load_yaml(bundled("workflows") / "score_cohorts" / "config" / "demo.yaml")
    of_demo = {cohort["id"]: cohort for cohort in demo["cohorts"]}
    for cohort in book.figures["forest"].arguments["cohorts"]:
        for key in ("dataset", "clinical", "endpoint", "adjust"):
            assert cohort[key] == of_demo[cohort["id"]][key]
