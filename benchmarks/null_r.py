"""The same cohorts in R, for the tests whose rates are outside their bounds."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.null_cohorts import REGIMES, NullCohort
from benchmarks.null_rates import Rate

N_CHECKED = 40
SCRIPT = Path(__file__).with_suffix(".R")
_EQUAL = 1e-5  # where R stops its iterations


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A rate outside its bounds, and how far R's p-values are from ours.

    n_compared: cohorts for which both have one; 0 where R has no such test here.
    """

    rate: Rate
    n_compared: int
    largest: float
    call: str

    @property
    def is_equal(self) -> bool:
        """Whether the test is like that in R too."""
        return self.n_compared > 0 and self.largest <= _EQUAL


def check(
    outside: Sequence[Rate],
    found: Mapping[str, pd.DataFrame],
    cohort: Callable[[int, int], NullCohort],
) -> list[Checked]:
    """R's p-values of the first cohorts in which each test was made; [] without Rscript."""
    if shutil.which("Rscript") is None:
        return []
    places = {regime.label: place for place, regime in enumerate(REGIMES)}
    wanted = []
    for rate in outside:
        if rate.regime not in places:
            continue
        p = found[rate.regime][rate.test].dropna().iloc[:N_CHECKED]
        wanted += [(places[rate.regime], number, rate.test, value) for number, value in p.items()]
    columns = ["place", "number", "test", "p"]
    asked = pd.DataFrame(wanted, columns=columns).drop_duplicates()
    answers = _ask_r(asked, cohort) if len(asked) else pd.DataFrame(columns=[*columns, "p_r"])
    rows = []
    for rate in outside:
        mine = answers["place"].eq(places.get(rate.regime, -1)) & answers["test"].eq(rate.test)
        both = answers[mine & answers["p_r"].notna()]
        gap = np.abs(both["p"] - both["p_r"])
        calls = both["call"].unique() if len(both) else [""]
        rows.append(
            Checked(
                rate=rate,
                n_compared=len(both),
                largest=float(gap.max()) if len(both) else float("nan"),
                call=str(calls[0]),
            )
        )
    return rows


def _ask_r(asked: pd.DataFrame, cohort: Callable[[int, int], NullCohort]) -> pd.DataFrame:
    """Write the cohorts, run the script, read its p-values."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asked.to_csv(folder / "wanted.csv", index=False)
        for place, number in asked[["place", "number"]].drop_duplicates().itertuples(index=False):
            drawn = cohort(int(place), int(number))
            table = drawn.patients.assign(adjusted=int(drawn.regime.adjusted))
            table.to_csv(folder / f"cohort_{place}_{number}.csv", float_format="%.17g")
        run = subprocess.run(
            ["Rscript", "--vanilla", str(SCRIPT), name],
            check=False,
            capture_output=True,
            text=True,
            timeout=1800,
        )
        if run.returncode:
            raise RuntimeError(f"R stopped: {run.stderr[-800:]}")
        return pd.read_csv(folder / "checked.csv")
