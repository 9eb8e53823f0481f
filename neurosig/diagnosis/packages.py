"""Which packages are installed, in which versions, and whether they can be imported."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Literal

from neurosig.diagnosis.findings import Problem, Section

_REQUIREMENT: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?\s*\(?(?P<bounds>[^;)]*)")
_EXTRA: Final = re.compile(r"extra\s*==\s*['\"](?P<extra>[\w-]+)['\"]")
_MODULES: Final = {"pyyaml": "yaml", "scikit-learn": "sklearn", "survset": "SurvSet"}
_TIMEOUT: Final = 180.0


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package that neurosig needs, or an extra of it."""

    name: str
    bounds: str
    extra: str = ""

    @property
    def module(self) -> str:
        """What is imported of it."""
        return _MODULES.get(self.name.lower(), self.name.lower().replace("-", "_"))


def requirements() -> list[Requirement]:
    """What neurosig needs, as its installation or its source tree says."""
    try:
        lines = metadata.requires("neurosig") or []
    except metadata.PackageNotFoundError:
        lines = _of_source_tree()
    found = []
    for line in lines:
        parts = _REQUIREMENT.match(line)
        extra = _EXTRA.search(line)
        if parts is not None:
            name, bounds = parts["name"], parts["bounds"].strip()
            found.append(Requirement(name, bounds, extra["extra"] if extra else ""))
    return found


def installed_version(name: str) -> str | None:
    """The version of an installed package; None if it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def package_section(needed: Iterable[Requirement], tried: Mapping[str, str]) -> Section:
    """Packages with their versions.

    `tried` gives the error of each module that could not be imported, "" for one that could; it is
    empty if none was tried.
    """
    core = [r for r in needed if not r.extra]
    facts: dict[str, Any] = {"neurosig": installed_version("neurosig") or "not installed"}
    problems = []
    for requirement in core:
        version = installed_version(requirement.name)
        facts[requirement.name] = version or "missing"
        problem = problem_of(requirement, version, tried.get(requirement.module, ""))
        if problem is not None:
            problems.append(problem)
            facts[requirement.name] = f"{facts[requirement.name]} (see below)"
    return Section("packages", facts, tuple(problems))


def extras_section(needed: Iterable[Requirement]) -> Section:
    """Extras: installed, or what they lack."""
    extras: dict[str, list[Requirement]] = {}
    for requirement in needed:
        if requirement.extra:
            extras.setdefault(requirement.extra, []).append(requirement)
    facts, problems = {}, []
    for name, members in extras.items():
        absent = [m.name for m in members if installed_version(m.name) is None]
        there = [f"{m.name} {installed_version(m.name)}" for m in members if m.name not in absent]
        facts[name] = ", ".join(there) if not absent else f"missing: {', '.join(absent)}"
        for member in members:
            problem = problem_of(member, installed_version(member.name), level="warning")
            if problem is not None and member.name not in absent:
                problems.append(problem)
    return Section("extras", facts, tuple(dict.fromkeys(problems)))


def problem_of(
    requirement: Requirement,
    version: str | None,
    error: str = "",
    *,
    level: Literal["error", "warning"] = "error",
) -> Problem | None:
    """What is wrong with a package of that version, and of which importing it gave an error."""
    install = f'python -m pip install --force-reinstall "{requirement.name}{requirement.bounds}"'
    if version is None:
        return Problem(level, f"{requirement.name} is not installed", "neurosig needs it", install)
    if error:
        return Problem(level, f"{requirement.name} {version} cannot be imported", error, install)
    if not _is_within(version, requirement.bounds):
        return Problem(
            level,
            f"{requirement.name} is of a version that neurosig was not made for",
            f"{version} is installed, {requirement.bounds} is needed",
            install,
        )
    return None


def _is_within(version: str, bounds: str) -> bool:
    try:
        from packaging.specifiers import SpecifierSet
    except ModuleNotFoundError:  # it comes with matplotlib, which is then named as broken
        return True
    return SpecifierSet(bounds).contains(version, prereleases=True)


def _of_source_tree() -> list[str]:
    file = Path(__file__).resolve().parents[2] / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return []
    extras = project.get("optional-dependencies", {})
    more = [f'{line}; extra == "{name}"' for name, lines in extras.items() for line in lines]
    return [*project.get("dependencies", []), *more]


def probed(modules: Iterable[str]) -> dict[str, Any]:
    """What importing modules gives, in a process of its own, which may crash.

    Keys: `imports` (error of each module, "" if it could be imported) and what
    `neurosig.diagnosis.probe` says of compiled code and threads.
    """
    names = list(modules)
    command = [sys.executable, "-m", "neurosig.diagnosis.probe", *names]
    try:
        ended = subprocess.run(  # noqa: S603  # our own program
            command, capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
        text, said = ended.stdout, ended.stderr
        fate = f"the process ended with code {ended.returncode}"
    except subprocess.TimeoutExpired as error:
        text, said = _text(error.stdout), _text(error.stderr)
        fate = f"it was not done after {_TIMEOUT:.0f} s"
    return _understood(names, text, f"{fate}: {said.strip()[-200:]}".rstrip(": "))


def _text(output: bytes | str | None) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""


def _understood(names: list[str], text: str, fate: str) -> dict[str, Any]:
    """The lines of a probe; the first module without a line is the one that it ended at."""
    found: dict[str, Any] = {"imports": {}}
    for line in text.splitlines():
        try:
            part = json.loads(line)
        except ValueError:  # a library printed it
            continue
        if isinstance(part, dict) and "module" in part:
            found["imports"][part["module"]] = part["error"]
        elif isinstance(part, dict):
            found |= part
    untried = [name for name in names if name not in found["imports"]]
    if untried:
        found["imports"][untried[0]] = fate
    return found
