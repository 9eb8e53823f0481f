"""Running the program inside this process and as a program of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from neurosig.cli import main


class Ended(NamedTuple):
    """Exit code and what was said."""

    code: int
    out: str
    err: str


@pytest.fixture
def neurosig(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ended]]:
    """Run a command in this process; what `main` sets for its process is put back afterwards."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Ended]:
    """Run a command as a program of its own."""

    def run(*arguments: object, **environment: str) -> Ended:
        ended = subprocess.run(
            [sys.executable, "-m", "neurosig", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=os.environ | environment,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run
