"""Time and memory of one program, in a fresh process on one thread.

Seconds are processor time, which other work on the machine disturbs least. What has to be compiled
is compiled on a few observations before. A run of under two seconds is made three times and the
shortest counts.
"""

import json
import os
import subprocess
import sys
import time
import warnings
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError
from typing import Any

from benchmarks import data, peers
from benchmarks.tasks import LIMITS, On, Run

THREAD_SETTINGS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
)
ONE_THREAD = dict.fromkeys(THREAD_SETTINGS, "1")
N_TO_COMPILE = 12
SHORT_SECONDS = 2.0


@dataclass(frozen=True)
class Size:
    """How many observations the data have."""

    bulk: int = 500
    cells: int = 5_000

    def make(self, on: On) -> Any:
        """The data."""
        return data.bulk(self.bulk) if on == "bulk" else data.cells(self.cells)


@dataclass(frozen=True)
class Measured:
    """What one program took: processor seconds and the peak of its process, data included."""

    version: str
    seconds: float
    peak_mb: float


def task_of(program: str, x: Any, sets: peers.Sets) -> peers.Task:
    """The task of a program of any kind."""
    if program in peers.PEERS:
        return peers.PEERS[program].prepare(x, sets)
    if program in {limit.program for limit in LIMITS.values()}:
        return peers.numpy_sort(x, sets)
    return peers.ours(program)(x, sets)


def package_of(program: str) -> str:
    """The package a program comes in."""
    if program in peers.PEERS:
        return peers.PEERS[program].package
    return "numpy" if program.startswith("numpy") else "neurosig"


def seconds_of(program: str, x: Any, sets: peers.Sets) -> float:
    """Processor seconds of a program that has been compiled."""
    task = task_of(program, x, sets)
    shortest = float("inf")
    for _ in range(3):
        started = time.process_time()
        task()
        shortest = min(shortest, time.process_time() - started)
        if shortest > SHORT_SECONDS:
            break
    return shortest


def compile_on_few(program: str, x: Any, sets: peers.Sets) -> None:
    """Run once on a few observations."""
    task_of(program, x[:N_TO_COMPILE].copy(), sets)()


def measured(run: Run, size: Size) -> Measured | None:
    """What a program takes, measured in a fresh process; None if it is not installed."""
    asked = json.dumps([asdict(run), asdict(size)])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", asked],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, **ONE_THREAD},
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return Measured(**found) if found else None


def _peak_mb() -> float:
    import resource

    in_bytes = sys.platform == "darwin"  # kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** (20 if in_bytes else 10)


def _measure_here(run: Run, size: Size) -> dict[str, Any] | None:
    sets = data.gene_sets(run.n_sets)
    if run.program.startswith("R GSVA "):
        if not peers.has_r_gsva():
            return None
        return peers.r_gsva(run.program.split()[-1], size.make(run.on), sets, dict(os.environ))
    try:
        version = peers.version_of(package_of(run.program))
    except PackageNotFoundError:
        return None
    x = size.make(run.on)
    compile_on_few(run.program, x, sets)
    seconds = seconds_of(run.program, x, sets)
    return {"version": version, "seconds": seconds, "peak_mb": _peak_mb()}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    given_run, given_size = json.loads(sys.argv[1])
    print(json.dumps(_measure_here(Run(**given_run), Size(**given_size))))
