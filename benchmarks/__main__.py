"""`python -m benchmarks`: speed and memory, ours and the peers', on the same data in one run.

Each program runs in a fresh process on one thread. A peer that is not installed is left out and
said so. Ratios are what counts: single seconds depend on the machine.
"""

import argparse
import sys
from pathlib import Path

from benchmarks import costs, page
from benchmarks.measure import Size
from benchmarks.results import Results, as_text


def tell(line: str) -> None:
    """Say on the error stream how far it is."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print the tables, and write the page or draw the figure where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--samples", type=int, default=500, help="samples of the bulk cohort")
    parser.add_argument("--cells", type=int, default=5_000, help="single cells")
    parser.add_argument("--no-r", action="store_true", help="leave R out where it is installed")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="draw the costs (.svg, .png)")
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="write the page, and the costs to images/ beside"
    )
    asked = parser.parse_args()
    results = Results(Size(asked.samples, asked.cells), not asked.no_r, tell)
    tables = list(results.tables())
    print(results.conditions())
    for title, table in tables:
        print(f"\n{title}\n{as_text(table)}")
    figures = [asked.draw] if asked.draw else []
    if asked.write:
        figures.append(asked.write.parent / "images" / "benchmarks.svg")
    if figures:
        tell("costs against cells, genes and signatures")
        points = list(costs.points())
        for figure in figures:
            costs.draw(points, figure)
    if asked.write:
        asked.write.write_text(page.page(results, "images/benchmarks.svg"))


if __name__ == "__main__":
    main()
