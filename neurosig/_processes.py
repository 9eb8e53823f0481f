"""Which process wrote something, and whether it still runs."""

import hashlib
import os
import socket
from functools import cache
from pathlib import Path
from typing import Final

_STAT: Final = "/proc/{pid}/stat"
_ENDED: Final = ("Z", "X", "x")


@cache
def machine() -> str:
    """Short name of the machine, or container, in which process ids mean something."""
    try:
        processes = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        processes = ""
    text = f"{socket.gethostname()}\n{processes}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]


@cache
def boot() -> str:
    """What names the running kernel, which containers share; empty where it has no such name."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def started(pid: int) -> str:
    """When a process started, in clock ticks since the boot; "0" where that is not known.

    Process ids are given again: an id and its start together are one process.
    """
    fields = _stat(pid)
    return fields[19] if fields else "0"


def is_running(pid: int, start: str) -> bool:
    """Whether the process of that id and start still runs; yes where that cannot be told."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it is of another user
    fields = _stat(pid)
    if not fields:
        return True
    return fields[0] not in _ENDED and start in ("0", fields[19])


def _stat(pid: int) -> list[str]:
    """Fields of /proc/<pid>/stat from the state on; the name before it can hold anything."""
    try:
        text = Path(_STAT.format(pid=pid)).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
