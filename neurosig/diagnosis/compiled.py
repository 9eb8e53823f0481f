"""What a probe says of the compiled code."""

from collections.abc import Mapping
from typing import Any, Final

from neurosig.diagnosis.findings import Problem, Section
from neurosig.errors import count, examples

CLEAR: Final = "neurosig doctor --clear-cache"


def compiled_section(found: Mapping[str, Any]) -> Section:
    """Where compiled code is kept and in which state; empty if nobody looked."""
    if not found:
        return Section("compiled code", {"state": "not looked at (--quick)"})
    if "error" in found:
        return Section("compiled code", {"state": f"cannot be looked at: {found['error']}"})
    functions: Mapping[str, list[str]] = found["functions"]
    facts: dict[str, Any] = {
        folder: "can be written to" if is_writable else "cannot be written to"
        for folder, is_writable in found["folders"].items()
    }
    facts["functions"] = ", ".join(f"{len(names)} {state}" for state, names in functions.items())
    facts["entries"] = found["n_entries"]
    problems = []
    if damaged := functions.get("damaged", []):
        problems.append(
            Problem(
                "warning",
                f"The compiled code of {count(len(damaged), 'function')} is damaged",
                f"{examples(damaged, quoted=False)}; it is compiled again when it is used",
                CLEAR,
            )
        )
    if leftover := found["leftover"]:
        facts["left over"] = f"{count(len(leftover), 'file')} of earlier versions ({CLEAR})"
    if kept_nowhere := functions.get("never kept", []):
        problems.append(
            Problem(
                "warning",
                f"{count(len(kept_nowhere), 'function')} cannot be kept: each process compiles "
                "what it uses, which takes some seconds",
                "No folder of the cache can be written to",
                "export NUMBA_CACHE_DIR=/a/folder/that/can/be/written/to",
            )
        )
    return Section("compiled code", facts, tuple(problems))
