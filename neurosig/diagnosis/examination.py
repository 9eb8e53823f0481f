"""The whole look at an installation."""

import os
from typing import Any

from neurosig.diagnosis.compiled import compiled_section
from neurosig.diagnosis.findings import Problem, Section
from neurosig.diagnosis.folders import bundled_section, data_section
from neurosig.diagnosis.machine import (
    core_section,
    memory_section,
    python_section,
    variable_section,
)
from neurosig.diagnosis.packages import extras_section, package_section, probed, requirements


def examine(*, imports: bool = True) -> list[Section]:
    """Every section, each made whether or not the others could be.

    With `imports`, what neurosig needs is imported in a process of its own.
    """
    needed = requirements()
    modules = [requirement.module for requirement in needed if not requirement.extra]
    found: dict[str, Any] = probed(modules) if imports else {"imports": {}}
    return [
        python_section(),
        package_section(needed, found["imports"]),
        extras_section(needed),
        compiled_section(found.get("compiled_code", {})),
        core_section(found.get("threads", {})),
        memory_section(),
        bundled_section(),
        data_section(),
        variable_section(os.environ),
    ]


def problems_of(sections: list[Section]) -> list[Problem]:
    """All problems, those that break a run first."""
    found = [problem for section in sections for problem in section.problems]
    return sorted(found, key=lambda problem: problem.level != "error")
