"""Running workflows as a user does: `neurosig workflow run`, as a program of its own."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from neurosig._bundled import bundled
from neurosig._lock import locked


class Ran(NamedTuple):
    """Exit code and all that was said."""

    code: int
    text: str

    @property
    def jobs(self) -> Counter[str]:
        """The jobs by rule, as Snakemake's table says them, without the one of all."""
        table = self.text.partition("Job stats:")[2].partition("total")[0]
        found = re.findall(r"^(\w+) +(\d+)$", table, flags=re.M)
        return Counter({rule: int(n) for rule, n in found if rule != "all"})


def environment() -> dict[str, str]:
    """Jobs find the program and the source tree that is tested."""
    here = str(Path(sys.executable).parent)
    return os.environ | {
        "PATH": os.pathsep.join([here, os.environ["PATH"]]),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONWARNINGS": "default",
    }


def command(name: str, *arguments: object, profile: str = "default") -> list[str]:
    """The command that runs a workflow."""
    program = [sys.executable, "-m", "neurosig", "workflow", "run", name, "--profile", profile]
    return [*program, "--", *map(str, arguments)]


@pytest.fixture(scope="session")
def workflow() -> Callable[..., Ran]:
    """Run a workflow in a folder."""
    pytest.importorskip("snakemake")

    def run(name: str, folder: Path, *arguments: object, profile: str = "default") -> Ran:
        ended = subprocess.run(
            command(name, *arguments, profile=profile),
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )
        return Ran(ended.returncode, ended.stdout)

    return run


@pytest.fixture
def start_workflow() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a workflow in a session of its own; what still runs after the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str, folder: Path, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command(name, *arguments),
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture(scope="session")
def plain_snakemake(workflows_folder: Path) -> Callable[..., Ran]:
    """Run a workflow by Snakemake alone."""

    def run(name: str, folder: Path, *arguments: str) -> Ran:
        ended = subprocess.run(
            [sys.executable, "-m", "snakemake", "--snakefile",
             str(workflows_folder / name / "workflow" / "Snakefile"), *arguments],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )  # fmt: skip
        return Ran(ended.returncode, ended.stdout)

    return run


@pytest.fixture(scope="session")
def write_config() -> Callable[[Path, dict[str, Any]], None]:
    """Write the configuration of a working folder."""

    def write(folder: Path, config: dict[str, Any]) -> None:
        (folder / "config").mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(config, sort_keys=False)
        (folder / "config" / "config.yaml").write_text(text)

    return write


@pytest.fixture(scope="session")
def cohorts_config(small_data: Path) -> Callable[[], dict[str, Any]]:
    """A configuration of two cohorts of `small_data` and one method, to be changed."""

    def cohort(name: str, file: str) -> dict[str, Any]:
        return {
            "id": name,
            "expression": {
                "file": str(small_data / file),
                "orientation": "genes_in_rows",
                "duplicates": "mean",  # two of the made-up names are one gene today
            },
            "clinical": {"file": str(small_data / f"{name}_clinical.csv"), "id": "patient"},
            "endpoint": {"time": "OS.time", "event": "OS", "unit": "days"},
            "adjust": ["age"],
        }

    def make() -> dict[str, Any]:
        return {
            "title": "A small workflow",
            "signatures": {"files": [str(small_data / "signatures.gmt")]},
            "methods": ["zscore"],
            "figures": ["AXON"],
            "cohorts": [cohort("alpha", "alpha.csv"), cohort("beta", "beta.tsv.gz")],
        }

    return make


@pytest.fixture(scope="session")
def finished(
    workflow: Callable[..., Ran],
    cohorts_config: Callable[[], dict[str, Any]],
    write_config: Callable[[Path, dict[str, Any]], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Ran]:
    """The folder of a finished run of score_cohorts and what it said; nobody changes the folder.

    Test processes side by side share one run: it takes half a minute.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "finished_workflow"
    with locked(folder, waits=True):
        if not (folder / "said.json").exists():
            write_config(folder, cohorts_config())
            ran = workflow("score_cohorts", folder, "--cores", "2")
            (folder / "said.json").write_text(json.dumps([ran.code, ran.text]))
        return folder, Ran(*json.loads((folder / "said.json").read_text()))


@pytest.fixture(scope="session")
def workflows_folder() -> Path:
    """The shipped workflows."""
    return bundled("workflows")
