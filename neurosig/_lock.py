"""One run at a time in a folder.

The lock is a file beside the folder, held with flock: the kernel gives it free when its holder
ends, however it ends. What it says (process, machine, time) is for messages, and decides where the
file system knows no flock or another machine is involved.
"""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from neurosig import _processes
from neurosig.errors import ResourceError

_SIZE: Final = 10_000


def lock_of(target: Path) -> Path:
    """The lock file of a folder or file.

    >>> lock_of(Path("results/out")).as_posix()
    'results/.out.lock'
    """
    return target.with_name(f".{target.name}.lock")


@contextmanager
def locked(target: Path, *, waits: bool = False) -> Iterator[str]:
    """Hold the lock of `target` during the block; gives who left it behind, empty if nobody did.

    With `waits`, for a holder on this machine to be done.

    Raises
    ------
    ResourceError
        Another process holds it, or one of another machine may.
    OSError
        The lock file cannot be made.
    """
    path = lock_of(target)
    descriptor = _held(path, target, waits=waits)
    try:
        left_by = _holder(descriptor)
        _refuse_if(_is_of_another_kernel(left_by), left_by, path, target)
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, json.dumps(_this_process()).encode("utf-8"))
        try:
            yield _in_words(left_by) if left_by else ""
        finally:
            with suppress(OSError):  # Windows removes no file that is open
                path.unlink()
    finally:
        os.close(descriptor)


def _held(path: Path, target: Path, *, waits: bool) -> int:
    """The descriptor of the lock file once it is ours."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            is_ours = _flock(descriptor, waits=waits)
            if is_ours is None:  # no flock here: what the file says decides
                is_ours = not _is_running(_holder(descriptor))
            _refuse_if(not is_ours, _holder(descriptor), path, target)
            if _is_in_place(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its holder removed it between our opening and locking it


def _flock(descriptor: int, *, waits: bool) -> bool | None:
    """Whether the lock could be taken; None where there is no such lock."""
    try:
        import fcntl
    except ModuleNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True


def _is_in_place(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _this_process() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "start": _processes.started(os.getpid()),
        "machine": _processes.machine(),
        "boot": _processes.boot(),
    }


def _holder(descriptor: int) -> dict[str, Any]:
    """What the lock file says; nothing if it is new, or its holder died while it wrote."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        content = json.loads(os.read(descriptor, _SIZE))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _is_running(holder: Mapping[str, Any]) -> bool:
    if holder.get("machine") != _processes.machine():
        return bool(holder)
    return _processes.is_running(int(holder["pid"]), str(holder["start"]))


def _is_of_another_kernel(holder: Mapping[str, Any]) -> bool:
    """Whether our kernel may not have seen its lock, as on some network file systems."""
    same = holder.get("machine") == _processes.machine()
    shares_kernel = holder.get("boot") == _processes.boot() != ""
    return bool(holder) and not same and not shares_kernel


def _refuse_if(is_held: bool, holder: Mapping[str, Any], path: Path, target: Path) -> None:
    if not is_held:
        return
    raise ResourceError(
        f"Another run is writing {str(target)!r}",
        f"It is {_in_words(holder)}; its lock is {str(path)!r}",
        "Wait for it to end, or choose another output; if that machine was switched off, delete "
        "the lock",
        path=str(path),
        **{key: holder[key] for key in ("pid", "host", "since") if key in holder},
    )


def _in_words(holder: Mapping[str, Any]) -> str:
    if not holder:
        return "a process that did not yet say who it is"
    return f"process {holder.get('pid')} on {holder.get('host')}, since {holder.get('since')}"
