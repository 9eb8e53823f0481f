"""The interpreter, the cores and the memory that this process may use."""

import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from neurosig.diagnosis.findings import Problem, Section

GIB: Final = 2**30
_LITTLE_MEMORY: Final = 2 * GIB
_CGROUP: Final = Path("/sys/fs/cgroup")
_UNLIMITED: Final = 2**60  # what version 1 of cgroups writes for "no limit" is near 2^63
_VARIABLES: Final = (
    "NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONPATH", "SOURCE_DATE_EPOCH",
)  # fmt: skip
_OURS: Final = ("NEUROSIG_DATA", "NEUROSIG_TEST_DATA", "NEUROSIG_ORG_HS_SQLITE")


def python_section() -> Section:
    """The interpreter and the system."""
    facts = {
        "python": f"{platform.python_version()} ({sys.executable})",
        "neurosig is in": str(Path(__file__).resolve().parents[1]),
        "platform": platform.platform(),
        "machine": platform.machine(),
    }
    return Section("python", facts)


def core_section(threads: Mapping[str, Any], *, cgroup: Path = _CGROUP) -> Section:
    """Cores that may be used, and threads that libraries start."""
    allowed = allowed_cores(cgroup)
    facts: dict[str, Any] = {
        "cores": os.cpu_count(),
        "cores of this process": f"{allowed:g}",
    }
    problems = []
    if "numba" in threads:
        facts["numba threads"] = threads["numba"]
    for pool, n in threads.get("pools", {}).items():
        facts[f"{pool} threads"] = n
        if n > max(1, allowed):
            problems.append(
                Problem(
                    "warning",
                    f"{pool} starts {n} threads on {allowed:g} cores",
                    "They wait for each other",
                    f"export OMP_NUM_THREADS={max(1, int(allowed))}",
                )
            )
    return Section("threads", facts, tuple(problems))


def allowed_cores(cgroup: Path = _CGROUP) -> float:
    """Cores by affinity and by the quota of the control group (containers, SLURM)."""
    has_affinity = hasattr(os, "sched_getaffinity")
    n: float = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    quota = _first_line(cgroup / "cpu.max").split()
    if not quota:  # version 1
        quota = [_first_line(cgroup / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
    if len(quota) == 2 and all(part.isdigit() for part in quota) and int(quota[1]):
        n = min(n, int(quota[0]) / int(quota[1]))
    return n


def memory_section(*, cgroup: Path = _CGROUP) -> Section:
    """Memory of the machine and the limits of this process."""
    total, available = _meminfo("MemTotal"), _meminfo("MemAvailable")
    limits = {
        "limit of the control group": _cgroup_memory(cgroup),
        "limit of the process": _process_limit(),
    }
    sizes = {"memory": total, "memory free": available, **limits}
    facts = {name: f"{size / GIB:.1f} GiB" for name, size in sizes.items() if size is not None}
    usable = min((size for size in (total, *limits.values()) if size is not None), default=None)
    problems = []
    if usable is not None and usable < _LITTLE_MEMORY:
        problems.append(
            Problem(
                "warning",
                f"There are {usable / GIB:.1f} GiB of memory",
                "Matrices in memory of more than some hundred samples may not fit",
                "Raise the limit, or read by blocks: an h5ad file, opened backed",
            )
        )
    return Section("memory", facts, tuple(problems))


def variable_section(environment: Mapping[str, str]) -> Section:
    """Environment variables that change what neurosig does."""
    facts = {
        name: value
        for name, value in sorted(environment.items())
        if name in _VARIABLES or name.startswith("NEUROSIG_")
    }
    problems = [
        Problem(
            "warning",
            f"{name} is set, and neurosig knows no such variable",
            f"It knows {', '.join(_OURS)}",
            f"unset {name}, or correct its name",
        )
        for name in facts
        if name.startswith("NEUROSIG_") and name not in _OURS
    ]
    if environment.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        problems.append(
            Problem(
                "warning",
                "Functions are not compiled",
                f"NUMBA_DISABLE_JIT is {environment['NUMBA_DISABLE_JIT']}; scoring is some "
                "hundred times slower",
                "unset NUMBA_DISABLE_JIT",
            )
        )
    return Section("environment", facts, tuple(problems))


def _cgroup_memory(cgroup: Path) -> int | None:
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        text = _first_line(cgroup / name)
        if text.isdigit() and int(text) < _UNLIMITED:
            return int(text)
    return None


def _process_limit() -> int | None:
    try:
        import resource
    except ModuleNotFoundError:  # not of POSIX
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def _meminfo(name: str) -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return 1024 * int(sizes[0]) if sizes else None


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError):
        return ""
