"""`neurosig doctor`."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from neurosig.diagnosis.examination import examine, problems_of
from neurosig.diagnosis.findings import Section
from neurosig.errors import MissingDependencyError, ResourceError, count, examples


def command(
    quick: Annotated[
        bool, typer.Option("--quick", help="import nothing, look at versions and folders alone")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
    clear_cache: Annotated[
        bool, typer.Option("--clear-cache", help="delete the compiled code and leave")
    ] = False,
) -> None:
    """Say what is wrong with this installation, if anything.

    Versions, extras, compiled code, threads, memory, data folders and environment variables; each
    problem with its remedy. Ends with an error if one would break a run.
    """
    if clear_cache:
        _clear_cache()
        return
    sections = examine(imports=not quick)
    problems = problems_of(sections)
    if as_json:
        content = {
            "sections": {section.title: dict(section.facts) for section in sections},
            "problems": [asdict(problem) for problem in problems],
        }
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_text(section) for section in sections))
        sys.stdout.write("\n" + ("".join(f"{p}\n" for p in problems) or "No problem was found.\n"))
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        raise ResourceError(
            f"{count(len(errors), 'problem')} would break a run",
            examples([problem.what for problem in errors], quoted=False),
            "Do what is said above for each",
        )


def _text(section: Section) -> str:
    width = max((len(name) for name in section.facts), default=0)
    lines = [f"  {name:<{width}}  {value}\n" for name, value in section.facts.items()]
    return f"{section.title}\n{''.join(lines) or '  none set' + chr(10)}"


def _clear_cache() -> None:
    try:
        from neurosig.kernels.cached_code import clear_cache

        n_deleted = clear_cache()
    except ImportError as error:
        raise MissingDependencyError(
            "The compiled code cannot be looked for",
            f"{type(error).__name__}: {error}",
            "neurosig doctor says which package is broken",
        ) from error
    sys.stdout.write(f"{count(n_deleted, 'file')} of compiled code deleted\n")
