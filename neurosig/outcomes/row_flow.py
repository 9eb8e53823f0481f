"""The row flow: how many rows each step took in, lost and passed on, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

COLUMNS: Final = ("step", "n_in", "n_lost", "n_out", "reason", "examples")
_N_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One step of a row flow; `examples` are up to five ids of the rows it lost."""

    step: str
    n_in: int
    n_lost: int
    reason: str = ""
    examples: tuple[str, ...] = ()

    @classmethod
    def losing(cls, step: str, n_in: int, lost_ids: Iterable[object], reason: str) -> "FlowStep":
        """Make the step that lost these ids; without any, the reason stays empty.

        >>> FlowStep.losing("time known", 10, ["TCGA-01"], "no time")
        FlowStep(step='time known', n_in=10, n_lost=1, reason='no time', examples=('TCGA-01',))
        """
        ids = [str(value) for value in lost_ids]
        return cls(step, n_in, len(ids), reason if ids else "", tuple(ids[:_N_EXAMPLES]))

    @property
    def n_out(self) -> int:
        """The rows that are left."""
        return self.n_in - self.n_lost


def flow_table(steps: Sequence[FlowStep]) -> pd.DataFrame:
    """Return the steps as a table with one row each and fixed columns; examples are one text."""
    records = [(s.step, s.n_in, s.n_lost, s.n_out, s.reason, ", ".join(s.examples)) for s in steps]
    return pd.DataFrame.from_records(records, columns=list(COLUMNS))
