"""The table of docs/equality.md is complete, current and true.

Complete: every sub-item of SUB_ITEMS has a row, every row a number of another program, a paper or a
count by hand, and tests that exist. True: no measured difference is above the limit of its row.
"""

import ast
import csv
import os
import re
import runpy
import shutil
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent

# What the outcome statistics offer, by heading of the table
SUB_ITEMS = {
    "Cox regression": (
        "Efron ties, Breslow ties, strata, case weights, offset, delayed entry, time-varying "
        "intervals, robust standard errors, cluster standard errors, ridge penalty, Firth "
        "correction, interactions, restricted cubic splines, test of non-linearity, baseline "
        "hazard, predicted survival, martingale residuals, deviance residuals, score residuals, "
        "dfbeta residuals, Schoenfeld residuals"
    ),
    "Proportional hazards": (
        "transform km, transform rank, transform identity, transform log, per term, global, run on "
        "every model, split-time hazard ratios, RMST effect per SD, median split is display only"
    ),
    "Curves, rank tests, restricted means": (
        "interval log, interval log-log, interval plain, interval logit, interval arcsin, weights "
        "and delayed entry, medians with intervals, at-risk tables, cumulative hazard, stratified "
        "log-rank, weighted log-rank, Fleming-Harrington, Gehan, Tarone-Ware, trend, RMST, RMST "
        "difference, RMST ratio, landmark"
    ),
    "Competing risks": "Aalen-Johansen with intervals, Gray's test, Fine-Gray",
    "Regressions, groups, correlations": (
        "linear, HC0-HC3, cluster, logistic, Wald intervals, profile intervals, Firth on "
        "separation, separation detected, ordinal, multinomial, Poisson, negative binomial, mixed "
        "models, singular fits, Wilcoxon, effect sizes, Kruskal-Wallis, Spearman, partial "
        "correlations, FDR"
    ),
    "Many signatures at once": "batched fits",
    "More than chance": (
        "same model, random signatures, label permutation, catalogue null, empirical p, q over "
        "empirical p"
    ),
    "Cutpoints": (
        "continuous per SD, display groups, statistic, cut, Lau92, Lau94, Monte-Carlo p, bootstrap "
        "interval of the cut, optimism by cross-validation"
    ),
    "Discrimination and calibration": (
        "Harrell C, Uno C, intervals of C, two models not nested, likelihood-ratio test, change in "
        "C and Brier, bootstrap intervals of changes, time-dependent AUC, Brier, IBS, calibration "
        "curve, net benefit, calibration slope, bootstrap optimism correction"
    ),
    "Across cohorts": (
        "fixed effect, DL, REML, PM, Hartung-Knapp, I2, tau2, prediction interval, leave-one-out, "
        "common effect and wider interval, q-scale below 1, no prediction interval, Egger, funnel, "
        "stratified pooled Cox, many signatures, train and validate"
    ),
    "Interplay and mediation": (
        "interaction in Cox, interaction in logistic, simple slopes, mediation on survival, "
        "mediation on RMST, g-computation, linear mediation, logistic mediation, sensitivity to "
        "confounding, bootstrap intervals"
    ),
    "Missing data": (
        "complete case with row flow, warn over 5 %, refuse over 50 %, Rubin's rules, multiple "
        "imputation"
    ),
    "Reporting and planning": (
        "REMARK profile, REMARK items, TRIPOD items, what every row carries, power for a hazard "
        "ratio, sample size for a hazard ratio, power for an odds ratio, sample size of a "
        "prediction model"
    ),
}


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(HERE / "equality.py"), run_name="equality")


@pytest.fixture(scope="module")
def sections(script):
    return script["read_table"]()


@pytest.fixture(scope="module")
def measured(script):
    return script["read_differences"]()


@cache
def names_in(file: Path) -> frozenset[str]:
    """The names under which pytest knows the tests of a module."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for group in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        names |= {f"{group.name}::{x.name}" for x in group.body if isinstance(x, ast.FunctionDef)}
    return frozenset(name for name in names if "test_" in name)


def faults(sections, measured) -> list[str]:
    """What is wrong with the table, in words."""
    found = []
    for section in sections:
        wanted = set(SUB_ITEMS[section.title].split(", "))
        covered = {item for row in section.rows for item in row.covers}
        found += [f"{section.title}: no row covers {item}" for item in sorted(wanted - covered)]
        found += [f"{section.title}: unknown sub-item {x}" for x in sorted(covered - wanted)]
        for row in section.rows:
            found += [f"{section.title}, {row.part}: {fault}" for fault in faults_of(row, measured)]
    return found


def faults_of(row, measured) -> list[str]:
    found = []
    if len(re.findall(r"\w", row.reference)) < 5:
        found.append("no independent number")
    if not row.tests:
        found.append("no test")
    for test in row.tests:
        file, _, name = test.partition("::")
        if not (TESTS / file).is_file() or name not in names_in(TESTS / file):
            found.append(f"{test} does not exist")
        elif test not in measured:
            found.append(f"{test} was not measured")
        elif not measured[test].difference <= row.tolerance:
            found.append(f"{test} differs by {measured[test].difference}")
    compared = sum(measured[test].n for test in row.tests if test in measured)
    if row.tolerance and not compared:
        found.append("nothing that its tests compare is measured")
    return found


def test_every_sub_item_has_a_row_with_a_number_tests_and_a_difference_below_its_limit(
    sections, measured
):
    assert [section.title for section in sections] == list(SUB_ITEMS)
    assert faults(sections, measured) == []


def test_the_page_is_what_the_table_and_the_differences_give(script, sections, measured):
    if not script["PAGE"].is_file():
        pytest.skip("the documentation is not part of this installation")
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"](sections, measured), (
        "run python tests/golden/equality.py"
    )


def test_only_tests_of_the_table_have_a_measured_difference(sections, measured):
    named = {test for section in sections for row in section.rows for test in row.tests}
    assert sorted(measured) == sorted(named)


def test_faults_of_a_row_are_found(script):
    good = "golden/test_equality_table.py::test_faults_of_a_row_are_found"
    measured = {good: script["Measured"](3, 1e-8)}

    def of(**changes):
        fields = {"part": "p", "covers": ("x",), "reference": "R `lm`: lung", "variants": "ties"}
        row = script["Row"](**{**fields, "tolerance": 1e-6, "tests": (good,)} | changes)
        return faults_of(row, measured)

    assert of() == []
    assert of(reference=" - ") == ["no independent number"]
    assert of(tolerance=1e-9) == [f"{good} differs by 1e-08"]
    assert of(tolerance=0.0) == [f"{good} differs by 1e-08"]
    assert of(tests=(f"{good}_x",))[0] == f"{good}_x does not exist"
    assert of(tests=("golden/test_no.py::test_x",))[0].endswith("does not exist")
    assert of(tests=())[0] == "no test"
    other = "golden/test_equality_table.py::test_a_sub_item_without_a_row_is_found"
    assert of(tests=(other,))[0] == f"{other} was not measured"
    measured[good] = script["Measured"](0, 0.0)
    assert of() == ["nothing that its tests compare is measured"]


def test_a_sub_item_without_a_row_is_found(script):
    section = script["Section"]("Many signatures at once", ())
    assert faults([section], {}) == ["Many signatures at once: no row covers batched fits"]


@pytest.fixture
def differences_of(tmp_path):
    """Runs a module in a pytest of its own with the option; its rows, or None without a file."""

    def run(text):
        folder = tmp_path / "tests" / "golden"
        folder.mkdir(parents=True)
        shutil.copy(HERE / "conftest.py", folder)
        (folder / "test_made_up.py").write_text(textwrap.dedent(text), encoding="utf-8")
        file = tmp_path / "found.csv"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
        environment = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}
        subprocess.run(
            [*command, "--differences", str(file), f"--rootdir={tmp_path}"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            check=False,
        )
        if not file.is_file():
            return None
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))[1:]
        return [[row[0].removeprefix("golden/test_made_up.py::"), *row[1:]] for row in rows]

    return run


def test_the_largest_difference_of_every_comparison_is_recorded(differences_of):
    rows = differences_of(
        """
        import numpy as np, pytest
        @pytest.mark.parametrize("by", [1e-9, 3e-7])
        def test_small(by):
            np.testing.assert_allclose([1 + by, np.nan], [1.0, np.nan], rtol=1e-6)
        def test_large():
            assert 200.0 == pytest.approx(200.5, abs=1)
            assert [0.0, 1.0] == pytest.approx([0.25, 1.0], abs=1)
            assert {"a": 1e-3} == pytest.approx({"a": 2e-3}, abs=1)
        def test_words():
            assert "a" == "a"
        class TestGroup:
            def test_equal(self):
                np.testing.assert_array_equal([1, 2], [1, 2])
        """
    )
    assert {name: [float(x) for x in numbers] for name, *numbers in rows} == {
        "test_small": [4, 3e-7, 3e-7, 3e-7],
        "test_large": [4, 0.5, 1.0, 0.25],
        "test_words": [0, 0, 0, 0],
        "TestGroup::test_equal": [2, 0, 0, 0],
    }


def test_a_run_that_fails_writes_no_differences(differences_of):
    assert differences_of("def test_x():\n    assert 1 == 2\n") is None
