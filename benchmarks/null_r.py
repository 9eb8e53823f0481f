"""The same cohorts in R, for the tests whose rates are outside their bounds."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

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
    rows_of: Callable[[int, int], pd.DataFrame],
) -> list[Checked]:
    """R's p-values of the first cohorts in which each test was made; [] without Rscript.

    rows_of: place of the regime in found, number of the cohort -> the table that R reads.
    """
    if shutil.which("Rscript") is None:
        return []
    places = {regime: place for place, regime in enumerate(found)}
    wanted = []
    for rate in outside:
        p = found[rate.regime][rate.test].dropna().iloc[:N_CHECKED]
        wanted += [(places[rate.regime], number, rate.test, value) for number, value in p.items()]
    columns = ["place", "number", "test", "p"]
    asked = pd.DataFrame(wanted, columns=columns).drop_duplicates()
    answers = _ask_r(asked, rows_of) if len(asked) else pd.DataFrame(columns=[*columns, "p_r"])
    checked = []
    for rate in outside:
        mine = answers["place"].eq(places[rate.regime]) & answers["test"].eq(rate.test)
        both = answers[mine & answers["p_r"].notna()]
        gap = np.abs(both["p"] - both["p_r"])
        calls = both["call"].unique() if len(both) else [""]
        checked.append(
            Checked(
                rate=rate,
                n_compared=len(both),
                largest=float(gap.max()) if len(both) else float("nan"),
                call=str(calls[0]),
            )
        )
    return checked


def _ask_r(asked: pd.DataFrame, rows_of: Callable[[int, int], pd.DataFrame]) -> pd.DataFrame:
    """Write the cohorts, run the script, read its p-values."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asked.to_csv(folder / "wanted.csv", index=False)
        for place, number in asked[["place", "number"]].drop_duplicates().itertuples(index=False):
            table = rows_of(int(place), int(number))
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
