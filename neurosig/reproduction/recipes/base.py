"""What a figure's function has in common with the others."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd

from neurosig._params import Help, Range
from neurosig.methods.base import Method
from neurosig.methods.registry import get_method
from neurosig.study.config import SignatureChoice

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neurosig.reproduction.inputs import FigureData


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A drawn figure: the picture, its source table, its numbers by quantity, and it in words."""

    figure: "Figure"
    table: pd.DataFrame
    numbers: Mapping[str, float]
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe(ABC):
    """A function that draws a figure; its fields are its arguments."""

    signatures: Annotated[SignatureChoice, Help("which signatures")] = field(
        default_factory=lambda: SignatureChoice(panel="core")
    )
    min_coverage: Annotated[
        float, Range(0, 1), Help("smallest share of a signature's genes found")
    ] = 0.5

    @abstractmethod
    def draw(self, data: "FigureData") -> Drawn:
        """Draw the figure from its inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringRecipe(Recipe):
    """A figure of scores."""

    method: Annotated[str, Help("scoring method, see `neurosig methods`")] = "zscore"
    parameters: Annotated[dict[str, str | float | int | bool], Help("parameters of the method")] = (
        field(default_factory=dict)
    )

    def chosen_method(self) -> Method:
        """The method with its parameters."""
        return get_method(self.method, self.parameters)


def named_numbers(
    table: pd.DataFrame, keys: Sequence[str], columns: Sequence[str]
) -> dict[str, float]:
    """Each number of a table by its name, ``column[key, ...]``; cells without a number are NaN.

    Keys that are numbers are written short (24, not 24.0).

    >>> table = pd.DataFrame({"cohort": ["A", "B"], "effect": [1.2, 1.4], "n": [20, 30]})
    >>> named_numbers(table, ["cohort"], ["effect", "n"])["effect[B]"]
    1.4
    """
    labels = [
        ", ".join(_key_text(key) for key in row)
        for row in table[list(keys)].itertuples(index=False, name=None)
    ]
    return {
        f"{column}[{label}]": float(value)
        for column in columns
        if column in table.columns
        for label, value in zip(
            labels, pd.to_numeric(table[column], errors="coerce").astype(np.float64), strict=True
        )
    }


def _key_text(key: object) -> str:
    return f"{key:.15g}" if isinstance(key, float) else str(key)
