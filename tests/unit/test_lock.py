"""One holder at a time of the lock of a folder, however its holder ended."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from neurosig import _lock, _processes
from neurosig._lock import lock_of, locked
from neurosig.errors import ResourceError

ENDED = 2**22 + 1  # above the largest number of a process on Linux


def entry(**changes: Any) -> str:
    """What a holder of this machine writes."""
    return json.dumps(_lock._this_process() | changes)


def test_a_lock_is_held_in_the_block_and_gone_after_it(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with locked(target) as left_by:
        assert left_by == ""
        content = json.loads(lock_of(target).read_text())
        assert (content["pid"], content["host"]) == (os.getpid(), socket.gethostname())
        with (
            pytest.raises(ResourceError, match=f"process {os.getpid()} on") as refused,
            locked(target),
        ):
            pass
        assert refused.value.facts["pid"] == os.getpid()
        assert refused.value.exit_code == 5
    assert list(tmp_path.iterdir()) == []
    with locked(target):
        pass


def test_a_lock_is_gone_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), locked(tmp_path / "out"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_two_folders_have_two_locks(tmp_path: Path) -> None:
    with locked(tmp_path / "a"), locked(tmp_path / "b"):
        assert {path.name for path in tmp_path.iterdir()} == {".a.lock", ".b.lock"}


@pytest.mark.parametrize("has_flock", [True, False])
def test_the_lock_of_a_dead_process_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_flock: bool
) -> None:
    if not has_flock:
        monkeypatch.setattr(_lock, "_flock", lambda *_, **__: None)
    lock_of(tmp_path / "out").write_text(entry(pid=ENDED, since="2026-01-02T03:04:05Z"))
    with locked(tmp_path / "out") as left_by:
        host = socket.gethostname()
        assert left_by == f"process {ENDED} on {host}, since 2026-01-02T03:04:05Z"
        assert json.loads(lock_of(tmp_path / "out").read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("left", ["", "{", "[1]"])
def test_a_lock_whose_holder_died_before_it_said_who_it_is_is_taken_over(
    tmp_path: Path, left: str
) -> None:
    lock_of(tmp_path / "out").write_text(left)
    with locked(tmp_path / "out"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_flock_a_running_process_keeps_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lock, "_flock", lambda *_, **__: None)
    lock_of(tmp_path / "out").write_text(entry())
    with pytest.raises(ResourceError, match=f"process {os.getpid()} on"), locked(tmp_path / "out"):
        pass
    number_given_again = entry(start=str(int(_processes.started(os.getpid())) - 1))
    lock_of(tmp_path / "out").write_text(number_given_again)
    with locked(tmp_path / "out") as left_by:
        assert left_by


@pytest.mark.parametrize("has_flock", [True, False])
def test_a_lock_of_another_machine_is_respected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_flock: bool
) -> None:
    if not has_flock:
        monkeypatch.setattr(_lock, "_flock", lambda *_, **__: None)
    left = entry(pid=ENDED, host="node17", machine="00000000", boot="another")
    lock_of(tmp_path / "out").write_text(left)
    with (
        pytest.raises(ResourceError, match=r"on node17.*delete the lock"),
        locked(tmp_path / "out"),
    ):
        pass
    assert lock_of(tmp_path / "out").read_text() == left


def test_a_lock_of_a_container_that_was_killed_on_this_kernel_is_taken_over(tmp_path: Path) -> None:
    if not _processes.boot():
        pytest.skip("the kernel has no name here")
    lock_of(tmp_path / "out").write_text(entry(pid=1, host="3f2a91", machine="00000000"))
    with locked(tmp_path / "out") as left_by:
        assert "on 3f2a91" in left_by


HOLDING = """
import sys, signal
from pathlib import Path
from neurosig._lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_process_that_waits_gets_the_lock_when_its_holder_is_killed(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    target = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(ResourceError, match=f"process {child.pid} on"), locked(target):
            pass
        os.kill(child.pid, signal.SIGKILL)
        with locked(target, waits=True) as left_by:
            assert f"process {child.pid} on" in left_by


def test_a_process_that_ended_and_was_not_yet_asked_for_its_code_does_not_run() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as child:
        start = _processes.started(child.pid)
        assert child.stdout is not None
        child.stdout.read()  # closed when it ends
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not _processes.is_running(child.pid, start)
    assert _processes.is_running(os.getpid(), _processes.started(os.getpid()))
    assert not _processes.is_running(ENDED, "0")
