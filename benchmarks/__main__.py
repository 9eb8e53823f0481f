"""`python -m benchmarks`: the table of speed and memory, ours and the peers', in one run.

Each task is run once to compile and once more to be timed, on one thread. A peer that is not
installed is left out and said so. Ratios are what counts: single seconds depend on the machine.
"""

import argparse
import importlib.metadata
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from benchmarks import data, peers


@dataclass(frozen=True)
class Comparison:
    """One line of the table: our method, its data, the peer and how much faster we aim to be."""

    method: str
    on: str
    peer: str
    package: str
    prepare: Callable[[Any, dict[str, list[str]]], peers.Task]
    aim: float


COMPARISONS = (
    Comparison("ssgsea", "bulk", "gseapy ssgsea", "gseapy", peers.gseapy_ssgsea, 12),
    Comparison("gsva", "bulk", "gseapy gsva", "gseapy", peers.gseapy_gsva, 5),
    Comparison("ucell", "cells", "pyucell", "pyucell", peers.pyucell, 12),
    Comparison("aucell", "cells", "decoupler aucell", "decoupler", peers.decoupler("aucell"), 15),
    Comparison(
        "module_score", "cells", "scanpy score_genes", "scanpy", peers.scanpy_score_genes, 20
    ),
    Comparison("ulm", "cells", "decoupler ulm", "decoupler", peers.decoupler("ulm"), 4),
)
ALONE = (
    ("zscore", "bulk"),
    ("plage", "bulk"),
    ("singscore", "bulk"),
    ("mean", "cells"),
    ("plaid", "cells"),
    ("weighted", "cells"),
)


def seconds(task: peers.Task) -> float:
    """Processor time of the second of two runs."""
    task()
    started = time.process_time()
    task()
    return time.process_time() - started


def our_task(method: str, x: Any, sets: dict[str, list[str]]) -> peers.Task:
    """Our scoring as a task; gsva with the kernel that the peer has."""
    import neurosig as ns

    chosen: Any = ns.methods.Gsva(kcdf="gaussian") if method == "gsva" else method
    return lambda: ns.score(x, sets, method=chosen)


def lines(n_samples: int, n_cells: int) -> Iterator[str]:
    """The table, line by line as it is measured."""
    inputs = {"bulk": data.bulk(n_samples), "cells": data.cells(n_cells)}
    sets = data.gene_sets()
    yield f"{'method':<14}{'data':<8}{'ours s':>9}  {'peer':<28}{'peer s':>9}{'ratio':>8}{'aim':>6}"
    for c in COMPARISONS:
        ours = seconds(our_task(c.method, inputs[c.on], sets))
        try:
            version = importlib.metadata.version(c.package)
            theirs = seconds(c.prepare(inputs[c.on], sets))
        except importlib.metadata.PackageNotFoundError:
            yield f"{c.method:<14}{c.on:<8}{ours:>9.2f}  {c.peer} is not installed"
            continue
        peer = f"{c.peer} {version}"
        ratio = f"{theirs / ours:>7.1f}x{c.aim:>5.0f}x"
        yield f"{c.method:<14}{c.on:<8}{ours:>9.2f}  {peer:<28}{theirs:>9.2f}{ratio}"
    for method, on in ALONE:
        ours = seconds(our_task(method, inputs[on], sets))
        yield f"{method:<14}{on:<8}{ours:>9.2f}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield f"peak memory of this process: {peak:,.0f} MB, peers and data included"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--samples", type=int, default=500, help="samples of the bulk cohort")
    parser.add_argument("--cells", type=int, default=5_000, help="single cells")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, one thread, 50 sets")
    for line in lines(asked.samples, asked.cells):
        print(line, flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
