"""A cohort ready to be scored and joined: expression, clinical table, endpoint."""

from dataclasses import dataclass

import pandas as pd

from neurosig.expression.base import Expression
from neurosig.outcomes.clinic.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class CohortData:
    """What `neurosig.score` and `neurosig.Cohort.join` take.

    Attributes
    ----------
    expression
        Observations x genes.
    clinical
        One row per sample or patient.
    endpoint
        The endpoint recommended for the cancer, where one is known.
    notes
        What was left out or merged while reading, in sentences.
    """

    expression: Expression
    clinical: pd.DataFrame
    endpoint: Endpoint | None = None
    notes: tuple[str, ...] = ()
