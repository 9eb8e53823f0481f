"""`neurosig workflow` up to the moment at which Snakemake starts."""

import importlib.util
import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from neurosig.diagnosis.packages import Requirement
from neurosig.study.workflows import WORKFLOWS, workflow_folder

Run = Callable[..., Any]


@pytest.fixture
def folder(small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a configuration that is right; Snakemake only says what it is given."""

    def said(arguments: list[str]) -> None:
        print(*arguments)  # noqa: T201

    monkeypatch.setattr("neurosig.cli.workflow._snakemake", said)
    write(tmp_path, lambda _: None, small_data)
    return tmp_path


def write(folder: Path, change: Callable[[dict[str, Any]], object], small_data: Path) -> None:
    config: dict[str, Any] = {
        "title": "T",
        "methods": ["zscore", {"name": "ssgsea", "parameters": {"alpha": 0.5}}],
        "signatures": {"files": [str(small_data / "signatures.gmt")]},
        "cohorts": [
            {
                "id": "alpha",
                "expression": {"file": str(small_data / "alpha.csv")},
                "clinical": {"file": str(small_data / "alpha_clinical.csv")},
                "endpoint": {"time": "OS.time", "event": "OS"},
            }
        ],
    }
    change(config)
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))


def test_list_names_every_workflow(neurosig: Run) -> None:
    lines = neurosig("workflow", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == list(WORKFLOWS)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_init_copies_configuration_with_comments_and_profiles_and_overwrites_nothing(
    neurosig: Run, tmp_path: Path, name: str
) -> None:
    assert neurosig("workflow", "init", name, "--folder", tmp_path).code == 0
    config = tmp_path / "config" / "config.yaml"
    assert config.read_text() == (workflow_folder(name) / "config" / "config.yaml").read_text()
    assert config.read_text().startswith("# ")
    profiles = sorted(p.parent.name for p in (tmp_path / "profiles").rglob("*.yaml"))
    assert profiles == ["cluster-generic", "default", "kubernetes", "slurm"]
    config.write_text("mine")
    (tmp_path / "profiles" / "slurm" / "config.yaml").unlink()
    again = neurosig("workflow", "init", name, "--folder", tmp_path)
    assert again.code == 5
    assert "would be overwritten" in again.err
    assert config.read_text() == "mine"
    assert not (tmp_path / "profiles" / "slurm" / "config.yaml").exists()


def test_what_stands_after_two_dashes_goes_to_snakemake(neurosig: Run, folder: Path) -> None:
    ended = neurosig("workflow", "run", "score_cohorts", "--folder", folder, "--", "--cores", "2",
                     "-n", "--debug", "some/target")  # fmt: skip
    assert ended.code == 0, ended.err
    words = ended.out.split()
    assert words[-5:] == ["--cores", "2", "-n", "--debug", "some/target"]
    given = dict(zip(words[:8:2], words[1:8:2], strict=True))
    assert given["--directory"] == str(folder)
    assert given["--configfile"] == str(folder / "config" / "config.yaml")
    assert given["--snakefile"].endswith("score_cohorts/workflow/Snakefile")
    assert given["--workflow-profile"].endswith("score_cohorts/profiles/default")


def test_a_profile_of_the_folder_comes_before_the_shipped_one(neurosig: Run, folder: Path) -> None:
    run = ("workflow", "run", "score_cohorts", "--folder", folder, "--profile", "slurm")
    assert "workflows/score_cohorts/profiles/slurm" in neurosig(*run).out
    (folder / "profiles" / "slurm").mkdir(parents=True)
    (folder / "profiles" / "slurm" / "config.yaml").write_text("executor: slurm")
    assert str(folder / "profiles" / "slurm") in neurosig(*run).out
    refused = neurosig(*run[:-1], "moon")
    assert refused.code == 2
    assert "Shipped are cluster-generic, default, kubernetes, slurm" in refused.err


WRONG = {
    "an unknown key": (lambda c: c.update(methd=c.pop("methods")), 2, "Did you mean 'methods'"),
    "an id that is a path": (
        lambda c: c["cohorts"][0].update(id="a/b"), 2, "cohorts[0].id cannot be 'a/b'",
    ),
    "a method that is a path": (
        lambda c: c["methods"].append("../x"), 2, "methods[2] cannot be '../x'",
    ),
    "results elsewhere": (lambda c: c.update(output="../../x"), 2, "output cannot be"),
    "results that are wildcards": (lambda c: c.update(output="x/{y}"), 2, "output cannot be"),
    "results that are an option": (lambda c: c.update(output="-x"), 2, "output cannot be"),
    "an unknown method": (lambda c: c["methods"].append("magic"), 2, "magic"),
    "a wrong parameter": (
        lambda c: c["methods"][1]["parameters"].update(alpha=-1), 2, "alpha cannot be -1",
    ),
    "a file that is not there": (
        lambda c: c["cohorts"][0]["expression"].update(file="x.csv"), 5,
        "cohorts[0].expression.file names 'x.csv'",
    ),
    "a file with a wildcard": (
        lambda c: c["cohorts"][0]["clinical"].update(file="{x}.csv"), 2,
        "cohorts[0].clinical.file cannot be '{x}.csv'",
    ),
    "a file that is an option": (
        lambda c: c["signatures"].update(files=["-x.gmt"]), 2, "files[0] cannot be '-x.gmt'",
    ),
    "two cohorts of one name": (
        lambda c: c["cohorts"].append({**deepcopy(c["cohorts"][0]), "id": "Alpha"}), 2,
        "'cohorts' has to",
    ),
    "no outcome": (lambda c: c["cohorts"][0].pop("endpoint"), 2, "nothing to explain"),
    "a figure of no signature": (
        lambda c: c.update(figures=["NOPE"]), 2, "figures names 'NOPE'",
    ),
    "a key that only a study has": (
        lambda c: c["cohorts"][0].update(notes="x"), 2, "Unknown key 'notes' in cohorts[0]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_configuration_is_refused_before_snakemake_starts_and_the_key_is_named(
    neurosig: Run, folder: Path, small_data: Path, what: str
) -> None:
    change, code, words = WRONG[what]
    write(folder, change, small_data)
    ended = neurosig("workflow", "run", "score_cohorts", "--folder", folder)
    assert ended.code == code, ended
    assert words in ended.err
    assert ended.out == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keep: {pni: [NO]}", "clinical.keep.pni[0] can be read in two ways. It is 'NO' here and"),
        ("keep: {pni: [1e3]}", "Write numbers plainly"),
        ("keep: {pni: ['NO']}", ""),
    ],
)
def test_what_snakemake_would_read_in_another_way_is_refused(
    neurosig: Run, folder: Path, text: str, words: str
) -> None:
    """YAML 1.1, which Snakemake follows, takes NO for false and 1e3 for a text."""
    path = folder / "config" / "config.yaml"
    path.write_text(path.read_text().replace("clinical:\n", f"clinical:\n    {text}\n"))
    ended = neurosig("workflow", "run", "score_cohorts", "--folder", folder)
    assert ended.code == (2 if words else 0), ended
    assert words in ended.err


def test_without_a_configuration_the_message_says_how_to_make_one(
    neurosig: Run, tmp_path: Path
) -> None:
    ended = neurosig("workflow", "run", "single_cell", "--folder", tmp_path)
    assert ended.code == 5
    assert "neurosig workflow init single_cell" in ended.err
    assert neurosig("workflow", "run", "nothing").code == 2


def test_without_snakemake_the_message_says_what_to_install(
    neurosig: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    ended = neurosig("workflow", "run", "single_cell", "--folder", tmp_path)
    assert ended.code == 5
    assert ended.err.startswith("MissingDependencyError: Snakemake is not installed.")
    assert "pip install 'neurosig[workflow]'" in ended.err


def test_another_version_of_snakemake_is_refused_with_what_to_install(
    neurosig: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = [Requirement("snakemake", ">=9,<10", "workflow")]
    monkeypatch.setattr("neurosig.cli.workflow.requirements", lambda: needed)
    monkeypatch.setattr("neurosig.cli.workflow.installed_version", lambda _: "8.30.0")
    ended = neurosig("workflow", "run", "score_cohorts", "--folder", folder)
    assert ended.code == 5
    assert "snakemake is of a version that neurosig was not made for. 8.30.0 is " in ended.err
    assert "python -m pip install --force-reinstall" in ended.err
    assert ended.out == ""


def test_without_a_home_to_write_to_the_cache_is_in_the_working_folder(
    neurosig: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nothing/can/be/made/here")
    assert neurosig("workflow", "run", "score_cohorts", "--folder", folder).code == 0
    assert os.environ["XDG_CACHE_HOME"] == str(folder / ".snakemake" / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "mine"))
    assert neurosig("workflow", "run", "score_cohorts", "--folder", folder).code == 0
    assert os.environ["XDG_CACHE_HOME"] == str(folder / "mine")
