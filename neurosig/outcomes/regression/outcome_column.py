"""Reading a clinical outcome of numbers, and refusing it among the scores."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ParameterError, count, examples
from neurosig.outcomes.clinic.clean import find_column, numbers_of

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort


def finite_numbers(cohort: "Cohort", column: str) -> NDArray[np.float64]:
    """A column as numbers, NaN where unknown.

    Raises
    ------
    ClinicalError
        The column does not exist, holds no numbers or infinite ones.
    """
    values = numbers_of(find_column(cohort.data, column))
    infinite = np.isinf(values)
    if infinite.any():
        raise ClinicalError(
            f"The column {column!r} holds infinite values",
            f"{count(int(infinite.sum()), 'row')}: {examples(cohort.data.index[infinite])}",
            "Set them to missing",
            column=column,
        )
    return values


def refuse_outcome_as_score(outcome: str, scores: Sequence[str]) -> None:
    """Refuse a model that explains a score by itself.

    Raises
    ------
    ParameterError
        The outcome is among the scores of the model.
    """
    if outcome in scores:
        raise ParameterError(
            f"The outcome {outcome!r} is one of the scores of the model",
            f"It would explain itself; scores: {examples(scores)}",
            "Name the other scores in signatures=[...]",
        )
