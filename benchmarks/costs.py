"""Cost against cells, genes and signatures: ours and the peers', measured and drawn.

One axis grows while the other two stay; each axis is measured in one fresh process, so that its
points share the data. `python -m benchmarks.costs AXIS` prints the points of one axis.
"""

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

from benchmarks import data, measure, peers

AXES = {
    "cells": (500, 1_000, 2_000, 5_000, 10_000, 20_000),
    "genes": (5_000, 10_000, 20_000, 40_000),
    "signatures": (10, 50, 200, 1_000),
}
FIXED = {"cells": 2_000, "genes": 20_000, "signatures": 50}
OURS = ("ucell", "aucell", "module_score", "mean")
PEERS = ("pyucell", "decoupler aucell", "scanpy score_genes")
PEERS_TO = {"cells": 5_000, "genes": 20_000, "signatures": 200}
"""Where the peers stop, so that all takes minutes."""


@dataclass(frozen=True)
class Point:
    """Processor seconds of a program at one place of an axis."""

    axis: str
    at: int
    program: str
    seconds: float


def points() -> Iterator[Point]:
    """All points, axis by axis."""
    for axis in AXES:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.costs", axis],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**os.environ, **measure.ONE_THREAD},
        )
        yield from (Point(**found) for found in json.loads(done.stdout.splitlines()[-1]))


def _points_of(axis: str) -> Iterator[Point]:
    largest = FIXED | {axis: max(AXES[axis])}
    cells = data.cells(largest["cells"], FIXED["genes"])
    compiled = set()
    for at in AXES[axis]:
        size = FIXED | {axis: at}
        x = data.cells(size["cells"], at) if axis == "genes" else cells[: size["cells"]].copy()
        sets = data.gene_sets(size["signatures"], size["genes"])
        for program in OURS + (PEERS if at <= PEERS_TO[axis] else ()):
            try:
                peers.version_of(measure.package_of(program))
            except PackageNotFoundError:
                continue
            if program not in compiled:
                measure.compile_on_few(program, x, sets)
                compiled.add(program)
            yield Point(axis, at, program, measure.seconds_of(program, x, sets))


def draw(found: list[Point], path: Path) -> None:
    """One panel an axis, both scales logarithmic; ours as lines, the peers dashed."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    panels = figure.subplots(1, len(AXES), sharey=True)
    names = OURS + PEERS
    for panel, axis in zip(panels, AXES, strict=True):
        for i, program in enumerate(names):
            line = [(p.at, p.seconds) for p in found if (p.axis, p.program) == (axis, program)]
            if line:
                style: dict[str, Any] = {"ls": "-" if program in OURS else "--", "marker": "o"}
                panel.plot(*zip(*line, strict=True), color=f"C{i}", ms=4, label=program, **style)
        others = [f"{n:,} {name}" for name, n in FIXED.items() if name != axis]
        panel.set(xscale="log", yscale="log", xlabel=axis, title=", ".join(others))
        panel.set_xticks(AXES[axis], [f"{at:,}" for at in AXES[axis]], fontsize=8)
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    _draw_guide(panels[0], found)
    panels[0].set_ylabel("processor seconds, one thread")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "costs"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_guide(panel: Any, found: list[Point]) -> None:
    """A straight line of cost in proportion to the cells, through the last point of ucell."""
    ours = [p for p in found if (p.axis, p.program) == ("cells", "ucell")]
    ends = (ours[0].at, ours[-1].at)
    per_cell = ours[-1].seconds / ours[-1].at
    panel.plot(ends, [at * per_cell for at in ends], color="0.6", ls=":", label="linear in cells")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps([point.__dict__ for point in _points_of(sys.argv[1])]))
