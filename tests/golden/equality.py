"""Write docs/equality.md from equality.yaml and the differences that its tests measured.

python tests/golden/equality.py tests prints the tests of the table; python tests/golden/equality.py
writes the page.
"""

import csv
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
TABLE = HERE / "equality.yaml"
DIFFERENCES = HERE / "differences.csv"
PAGE = HERE.parents[1] / "docs" / "equality.md"

INTRO = """# What is compared with what

Every part of the outcome statistics, and the number that it has to be equal to: of another program,
of a paper, or counted by hand. Formulas and defaults are in [outcomes.md](outcomes.md),
[regression.md](regression.md), [pooling.md](pooling.md), [interplay.md](interplay.md),
[missing_data.md](missing_data.md) and [reporting.md](reporting.md); scoring methods have a
[table of their own](methods.md).

- **Largest difference** is measured, over all comparisons of the row's tests: |ours - theirs| /
  max(1, |theirs|), absolute for small numbers and relative for large ones. "equal" means no
  difference in any number. In brackets: the most that is allowed.
- **Monte Carlo**: one side draws random numbers, or both do.
- Programs: survival 3.5-3, cmprsk 2.2-11, survRM2 1.0.4, coxphf 1.13.4, rms 6.5-0, maxstat 0.7-25,
  riskRegression 2022.11.28, timeROC 0.4.1, metafor 3.8-1, logistf 1.26.1, sandwich 3.0-2, MASS
  7.3-58.2, nnet 7.3-18, ordinal 2022.11-16, lme4 1.1-31, nlme 3.1-162, mice 3.15.0, all with R
  4.2.2; lifelines 0.30.3 and statsmodels 0.15.0. Other versions are named in the row. Each test
  module names the calls, and the folders of `tests/golden` hold the scripts for our own data.

Made from `tests/golden/equality.yaml`; a test keeps it current and fails if a row lacks a number, a
test or a measured difference, or if a difference is larger than its limit:

```
pytest $(python tests/golden/equality.py tests) --differences tests/golden/differences.csv
python tests/golden/equality.py
```

The first needs the reference numbers (`NEUROSIG_TEST_DATA`), the second nothing.
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One part that is compared; `covers` names sub-items of the list in the test of this table."""

    part: str
    covers: tuple[str, ...]
    reference: str
    variants: str
    tolerance: float
    tests: tuple[str, ...]
    is_random: bool = False


@dataclass(frozen=True)
class Section:
    """A heading and its rows."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Measured:
    """What the comparisons of one test saw."""

    n: int
    difference: float


def read_table(path: Path = TABLE) -> list[Section]:
    """The sections of the table; a row with an unknown or missing field is an error."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        Section(
            title,
            tuple(
                Row(**{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()})
                for row in rows
            ),
        )
        for title, rows in content.items()
    ]


def read_differences(path: Path = DIFFERENCES) -> dict[str, Measured]:
    """What was measured, by test."""
    with path.open(encoding="utf-8", newline="") as stream:
        return {
            row["test"]: Measured(int(row["n"]), float(row["scaled"]))
            for row in csv.DictReader(stream)
        }


def largest(row: Row, measured: dict[str, Measured]) -> float:
    """The largest difference of a row's tests."""
    return max(measured[test].difference for test in row.tests)


def page(sections: Iterable[Section], measured: dict[str, Measured]) -> str:
    """The page as text; the same table and differences give the same bytes."""
    header = ("part", "independent number", "variants covered", "largest difference", "tests")
    parts = [INTRO]
    for section in sections:
        lines = [header, ("---",) * len(header)]
        lines += [_cells(row, measured) for row in section.rows]
        parts += [f"## {section.title}\n", "".join(f"| {' | '.join(x)} |\n" for x in lines)]
    return "\n".join(parts)


def _cells(row: Row, measured: dict[str, Measured]) -> tuple[str, ...]:
    seen = largest(row, measured)
    limit = f"({row.tolerance:.2g}{', Monte Carlo' if row.is_random else ''})"
    cells = (
        row.part,
        row.reference,
        row.variants,
        f"{seen:.1e} {limit}" if seen else "equal",
        "<br>".join(f"`{test}`" for test in row.tests),
    )
    return tuple(cell.replace("|", "\\|") for cell in cells)


def main(arguments: list[str]) -> None:
    """Command line."""
    sections = read_table()
    if arguments == ["tests"]:
        rows = [row for section in sections for row in section.rows]
        names = sorted({f"tests/{test}" for row in rows for test in row.tests})
        sys.stdout.write("\n".join(names) + "\n")
        return
    PAGE.write_text(page(sections, read_differences()), encoding="utf-8")
    sys.stdout.write(f"{PAGE} written\n")


if __name__ == "__main__":
    main(sys.argv[1:])
