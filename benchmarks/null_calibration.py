"""`python -m benchmarks.null_calibration`: false-positive rates of every test of the package.

Draws null cohorts in the regimes of null_cohorts.py (and pooled ones, null_meta.py), runs every
test of null_tests.py on each, and prints how often it is below 5 % and 1 %, with bounds that hold
for the whole table at once. Where a level is outside, the first cohorts of that regime go to R, if
it is there: an equal p-value means that the test itself is like that, and not the program.

With `--write docs/calibration.md` the tables go between the marks of that page.
"""

import argparse
import math
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import null_meta, null_page, null_r
from benchmarks.null_cohorts import REGIMES, NullCohort, draw
from benchmarks.null_rates import rates
from benchmarks.null_tests import p_values

SEED = 20
CHUNK = 20
Tables = Sequence[tuple[str, pd.DataFrame]]


def cohort(place: int, number: int) -> NullCohort:
    """The numbered cohort of a regime; the same in every run."""
    return draw(REGIMES[place], np.random.default_rng([SEED, place, number]))


def rows_for_r(place: int, number: int) -> pd.DataFrame:
    """The patients of a numbered cohort, or the estimates of a numbered draw of several."""
    if place >= len(REGIMES):
        k = null_meta.N_COHORTS[place - len(REGIMES)]
        return null_meta.estimates(null_meta.cohorts(k, number, SEED))
    drawn = cohort(place, number)
    return drawn.patients.assign(adjusted=int(drawn.regime.adjusted))


def _chunk(task: tuple[int, int, int]) -> tuple[int, int, list[dict[str, float]]]:
    place, low, high = task
    return place, low, [p_values(cohort(place, number), number) for number in range(low, high)]


def _pooled(task: tuple[int, int]) -> tuple[int, pd.DataFrame]:
    return task[0], null_meta.p_values(task[0], task[1], SEED)


def simulate(n_cohorts: int, n_jobs: int, minutes: float = math.inf, had: Tables = ()) -> Tables:
    """The p-values of each regime, a row per cohort.

    After so many minutes no more cohorts are taken; every regime then has the same, the first ones.
    had: what a run had that ended early, and is continued.
    """
    first = len(had[0][1]) if had else 0
    end = time.monotonic() + 60 * minutes
    places = range(len(REGIMES))
    tasks = [
        (place, low, min(low + CHUNK, n_cohorts))
        for low in range(first, n_cohorts, CHUNK)
        for place in places
    ]
    parts: dict[int, dict[int, list[dict[str, float]]]] = defaultdict(dict)
    p_values(cohort(0, 0), 0)  # compiles, before the processes part
    with get_context("fork").Pool(n_jobs) as pool:
        draws = [(k, n_cohorts) for k in null_meta.N_COHORTS if not had]
        pooled = dict(pool.imap_unordered(_pooled, draws))
        for done, (place, low, found) in enumerate(pool.imap_unordered(_chunk, tasks), 1):
            parts[low][place] = found
            if done % 50 == 0:
                print(f"{done} of {len(tasks)} chunks", file=sys.stderr, flush=True)
            if time.monotonic() > end and len(parts[first]) == len(REGIMES):
                break
    whole = [low for low in sorted(parts) if len(parts[low]) == len(REGIMES)]
    tables = [
        (regime.label, pd.DataFrame([one for low in whole for one in parts[low][place]]))
        for place, regime in enumerate(REGIMES)
    ]
    if had:
        both = zip(had, tables, strict=False)  # the pooled ones were all drawn before
        tables = [
            (label, pd.concat([old, new], ignore_index=True)) for (label, old), (_, new) in both
        ]
        return [*tables, *had[len(tables) :]]
    tables += [(null_meta.label(k), pooled[k].reset_index(drop=True)) for k in null_meta.N_COHORTS]
    return tables


def save(folder: Path, found: Tables) -> None:
    """Keep the p-values: one file per regime, a row per cohort, a column per test."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, (label, table) in enumerate(found):
        table.rename_axis(columns=label).to_parquet(folder / f"{place:02d}.parquet")


def load(folder: Path) -> Tables:
    """What `save` kept; the regimes have to be those of today."""
    labels = [r.label for r in REGIMES] + [null_meta.label(k) for k in null_meta.N_COHORTS]
    tables = [pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
    if [table.columns.name for table in tables] != labels:
        raise SystemExit(f"{folder} has p-values of other regimes")
    return [(str(table.columns.name), table.rename_axis(columns=None)) for table in tables]


def main() -> None:
    """Simulate, print, and write the page where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.null_calibration")
    parser.add_argument("--cohorts", type=int, default=2_000, help="null cohorts of each regime")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop drawing after these")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="keep all p-values")
    parser.add_argument("--load", type=Path, metavar="FOLDER", help="go on from kept ones")
    parser.add_argument("--no-r", action="store_true", help="leave R out where it is installed")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every rate with its bounds")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into the page")
    asked = parser.parse_args()
    begun = time.perf_counter()
    found = load(asked.load) if asked.load else ()
    if not found or len(found[0][1]) < asked.cohorts:
        found = simulate(asked.cohorts, asked.jobs, asked.minutes, found)
    if asked.save:
        save(asked.save, found)
    n_cohorts = len(found[0][1])
    table = rates(found)
    outside = [rate for rate in table if rate.verdict]
    checked = [] if asked.no_r else null_r.check(outside, dict(found), rows_for_r)
    text = null_page.text(table, checked, n_cohorts)
    print(text)
    print(f"{(time.perf_counter() - begun) / 60:.0f} minutes", file=sys.stderr)
    if asked.csv:
        pd.DataFrame([vars(rate) | {"verdict": rate.verdict} for rate in table]).to_csv(
            asked.csv, index=False
        )
    if asked.write:
        null_page.put(asked.write, null_page.NAME, text)


if __name__ == "__main__":
    main()
