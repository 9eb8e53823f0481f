"""What a look at the installation gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: what, how it is known, and what to do.

    An "error" breaks a run or changes its numbers; a "warning" makes it slower or smaller.
    """

    level: Literal["error", "warning"]
    what: str
    evidence: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.level}: {self.what}. {self.evidence}. {self.remedy}."


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the installation: facts by name, and what is wrong with it."""

    title: str
    facts: Mapping[str, Any]
    problems: tuple[Problem, ...] = field(default=())
