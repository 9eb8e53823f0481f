"""The folders that neurosig reads: its catalogue, its workflows, fetched data."""

import json
import os
from pathlib import Path
from typing import Any, Final, Literal

from neurosig._bundled import bundled
from neurosig.diagnosis.findings import Problem, Section
from neurosig.errors import ResourceError, count

_LEDGER: Final = "checksums.json"
_VARIABLE: Final = "NEUROSIG_DATA"
_AGAIN: Final = "neurosig data fetch COHORT --again"


def bundled_section(*, package: Path | None = None) -> Section:
    """The catalogue of signatures and the workflows."""
    facts: dict[str, Any] = {}
    problems = []
    wanted: tuple[tuple[Literal["signatures", "workflows"], str], ...] = (
        ("signatures", "*/*.yaml"),
        ("workflows", "*"),
    )
    for name, pattern in wanted:
        try:
            folder = bundled(name, package=package)
        except ResourceError as error:
            facts[name] = "not found"
            problems.append(Problem("error", error.what, error.evidence, error.remedy))
            continue
        n = sum(1 for path in folder.glob(pattern) if not path.name.startswith("."))
        noun = ("entry", "entries") if name == "signatures" else ("folder", "folders")
        facts[name] = f"{folder} ({count(n, *noun)})"
        if n == 0:
            problems.append(
                Problem(
                    "error",
                    f"The folder of {name} is empty",
                    f"It is {str(folder)!r}",
                    "python -m pip install --force-reinstall neurosig",
                )
            )
    return Section("folders", facts, tuple(problems))


def data_section() -> Section:
    """The folder of fetched data, and whether what it lists is there whole."""
    stated = os.environ.get(_VARIABLE)
    folder = Path(stated) if stated else _default_folder()
    if folder is None:
        return Section("data", {"folder": "the extra `data` is not installed"})
    facts: dict[str, Any] = {"folder": str(folder)}
    if not folder.exists():
        facts["files"] = "none: nothing was fetched"
        return Section("data", facts)
    if not folder.is_dir():
        problem = Problem(
            "error",
            "The folder of fetched data is a file",
            f"{str(folder)!r}, of {_VARIABLE}",
            f"Let {_VARIABLE} name a folder",
        )
        return Section("data", facts, (problem,))
    facts["can be written to"] = "yes" if os.access(folder, os.W_OK) else "no"
    listed, problems = _ledger(folder)
    wrong = [name for name, facts_of in listed.items() if not _is_whole(folder / name, facts_of)]
    facts["files"] = f"{len(listed) - len(wrong)} of {len(listed)} listed are there whole"
    problems += [
        Problem(
            "error",
            f"The fetched file {name!r} is missing or of another size than it was",
            f"In {str(folder)!r}, {listed[name].get('bytes')} bytes were fetched",
            _AGAIN.replace("COHORT", Path(name).parts[0]),
        )
        for name in wrong
    ]
    unfinished = [path.name for path in folder.rglob("*.part")]
    if unfinished:
        facts["unfinished"] = f"{', '.join(unfinished)} (the next fetch goes on from there)"
    return Section("data", facts, tuple(problems))


def _default_folder() -> Path | None:
    try:
        import pooch
    except Exception:  # noqa: BLE001  # missing, or broken in whatever way
        return None
    return Path(str(pooch.os_cache("neurosig")))


def _ledger(folder: Path) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    path = folder / _LEDGER
    if not path.exists():
        return {}, []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): dict(facts) for name, facts in content.items()}, []
    except (OSError, ValueError, AttributeError, TypeError) as error:
        problem = Problem(
            "error",
            f"{str(path)!r} cannot be read",
            f"{type(error).__name__}: {error}",
            f"Delete it, and {_AGAIN}",
        )
        return {}, [problem]


def _is_whole(path: Path, facts: dict[str, Any]) -> bool:
    return path.is_file() and facts.get("bytes") in (None, path.stat().st_size)
