"""Ways to fail for real: processes that are killed, disks that are full or cannot be written to."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from neurosig.cli import main

PARENT = """
import json, os, resource, signal, sys
import anndata, matplotlib.figure, numba, pandas, pyarrow, statsmodels.api
import neurosig.cli.app as app
import neurosig.study.pipeline
from pathlib import Path

def end_at_sync(ending):
    # kill -9 when all is in the temporary file and nothing under the final name
    sync = os.fsync
    def fsync(descriptor):
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith(ending):
            os.kill(os.getpid(), signal.SIGKILL)
        sync(descriptor)
    os.fsync = fsync

def end_at_byte(n):
    # the kernel ends the process when a file of it would grow beyond n bytes
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (n, n))

def end_at_rename(part):
    rename = Path.rename
    def killed(self, target):
        if part in self.name:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(self, target)
    Path.rename = killed

ENDS = {"sync": end_at_sync, "byte": end_at_byte, "rename": end_at_rename}
print("ready", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    child = os.fork()
    if child == 0:
        said = os.open(request["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1); os.dup2(said, 2)
        os.chdir(request["folder"])
        ENDS[request["at"]](request["what"])
        try:
            app.main(request["arguments"])
        except SystemExit as end:
            os._exit(end.code or 0)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


class Ended(NamedTuple):
    """Exit code and what was said."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def _parent() -> Iterator[subprocess.Popen[str]]:
    if sys.platform != "linux":
        pytest.skip("processes are ended as Linux does it")
    environment = os.environ | {"PYTHONWARNINGS": "ignore", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        yield parent
        parent.stdin.close()
        parent.wait(timeout=60)


@pytest.fixture
def ended_by_force(
    _parent: subprocess.Popen[str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., int]:
    """Run a command in a new process that is ended at a point; gives the signal that ended it.

    ``at`` and ``what``: at "sync", when the temporary file of an ending is whole; at "byte", when a
    file grows beyond that size; at "rename", when a path with that text in its name is moved.
    """

    def run(*arguments: object, at: str, what: object, folder: Path) -> int:
        said = tmp_path_factory.mktemp("said") / "text"
        request = {
            "arguments": [str(argument) for argument in arguments],
            "at": at,
            "what": what,
            "folder": str(folder),
            "said": str(said),
        }
        assert _parent.stdin is not None
        assert _parent.stdout is not None
        _parent.stdin.write(json.dumps(request) + "\n")
        _parent.stdin.flush()
        code = int(_parent.stdout.readline())
        assert code < 0, said.read_text()
        return -code

    return run


@pytest.fixture
def neurosig(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ended]]:
    """Run a command in this process."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        code: Any = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code or 0
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    yield run
    signal.signal(signal.SIGTERM, before)


def _mount(folder: Path, *options: str) -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    if shutil.which("mount") is None:
        pytest.skip("there is no program mount")
    done = subprocess.run(
        ["mount", *options, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of its own, with one page left: the first bytes can be written."""
    folder = tmp_path / "full"
    folder.mkdir()
    _mount(folder, "-t", "tmpfs", "-o", "size=64k", "none")
    page = os.sysconf("SC_PAGE_SIZE")
    (folder / "filling").write_bytes(bytes(shutil.disk_usage(folder).free - page))
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody can write to, root neither."""
    folder = tmp_path / "fixed"
    folder.mkdir()
    _mount(folder, "-t", "tmpfs", "-o", "size=64k", "none")
    try:
        _mount(folder, "-o", "remount,ro")
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
