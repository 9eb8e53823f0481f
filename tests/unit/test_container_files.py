"""The container and the environment file name what constraints.txt and pyproject.toml name."""

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "container"
if not FOLDER.is_dir():
    pytest.skip("the documentation is not here", allow_module_level=True)
REMEDY = "python docs/container/environment.py"
INSTRUCTIONS = {
    "FROM", "ENV", "WORKDIR", "COPY", "ARG", "RUN", "LABEL", "USER", "ENTRYPOINT", "CMD",
}  # fmt: skip


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("environment", FOLDER / "environment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / "environment.yml").read_text()))


def instructions() -> list[tuple[str, str]]:
    """Instruction and argument of each line of the Dockerfile, continuation lines joined."""
    text = (FOLDER / "Dockerfile").read_text()
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


def test_the_files_are_what_the_script_writes(script: ModuleType) -> None:
    assert (FOLDER / "environment.yml").read_text() == script.environment_text(), REMEDY
    assert (FOLDER / "Dockerfile").read_text() == script.dockerfile_text(), REMEDY


def test_every_version_of_the_environment_is_that_of_the_constraints(
    environment: dict[str, Any],
) -> None:
    """By hand, without the script: lines of constraints.txt for Python 3.12 and above."""
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        found = re.fullmatch(r"([\w.-]+)==([\w.]+)(?:; python_version (\S+) \"3\.12\")?", line)
        if found and found[3] in (None, ">="):
            pins[found[1].lower().replace("_", "-")] = found[2]
    conda = [d for d in environment["dependencies"] if isinstance(d, str) and "=" in d]
    (pip,) = (d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    stated = [re.split("=+", text) for text in conda + [p for p in pip if "==" in p]]
    other = {"matplotlib-base": "matplotlib"}
    versions = {other.get(name, name): version for name, version in stated}
    assert versions.pop("python") == "3.13"
    assert {name: pins[name] for name in versions} == versions
    assert len(versions) > 15
    assert "--constraint ../../constraints.txt" in pip
    assert (FOLDER / "../../constraints.txt").is_file()


def test_every_direct_dependency_is_in_the_environment(environment: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[\[<>=!; ]", line)[0].lower() for line in project["dependencies"]}
    text = (FOLDER / "environment.yml").read_text()
    named = {n.removesuffix("-base") for n in re.findall(r"^ +- ([\w-]+)=", text, re.MULTILINE)}
    assert needed <= named
    assert environment["channels"][0] == "conda-forge"


def test_the_dockerfile_is_sound() -> None:
    found = instructions()
    assert {name for name, _ in found} <= INSTRUCTIONS
    bases = [text.split()[0] for name, text in found if name == "FROM"]
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.13-slim-\w+", bases[0])  # a version and a release, not latest
    users = [text for name, text in found if name == "USER"]
    assert users
    assert users[-1] not in ("root", "0")
    for name, text in found:
        if name in ("ENTRYPOINT", "CMD"):
            assert re.fullmatch(r'\["[^"]+"(, "[^"]+")*\]', text)  # no shell in between
    installs = [t for n, t in found if n == "RUN" and "pip install" in t]
    assert len(installs) == 1
    assert "--constraint constraints.txt" in installs[0]
    assert "://" not in (FOLDER / "Dockerfile").read_text()


def test_what_the_dockerfile_copies_is_there_and_is_not_ignored() -> None:
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text().split()
    assert ignored[0] == "*"
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = [text.split()[:-1] for name, text in instructions() if name == "COPY"]
    sources = {s for parts in copied for s in parts if not any(p.startswith("--") for p in parts)}
    assert sources == kept
    assert all((ROOT / source).exists() for source in sources)
