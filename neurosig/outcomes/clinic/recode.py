"""Levels of a clinical column merged or renamed by a stated mapping."""

from collections.abc import Mapping

import pandas as pd

from neurosig.errors import ClinicalError, count, examples
from neurosig.outcomes.clinic.clean import as_ordered, declared_levels, find_column, texts_of


def recode(table: pd.DataFrame, column: str, mapping: Mapping[str, str]) -> pd.DataFrame:
    """The table with some levels of one column replaced; other values stay as they are.

    Values are compared as text, blanks around them removed. An ordered categorical keeps its order:
    a new level has the place of the lowest one that it stands for.

    Raises
    ------
    ClinicalError
        There is no such column, or none of the levels occurs in it.

    Examples
    --------
    >>> stages = pd.DataFrame({"stage": ["Stage IIA", "Stage II", "Stage I", None]})
    >>> recode(stages, "stage", {"Stage IIA": "II", "Stage II": "II"})["stage"].tolist()
    ['II', 'II', 'Stage I', None]
    """
    column_values = find_column(table, column)
    cells, declared = texts_of(column_values), declared_levels(column_values)
    known = {old.strip(): new for old, new in mapping.items()}
    if not any(cell in known for cell in cells):
        present = dict.fromkeys(cell for cell in cells if cell is not None)
        raise ClinicalError(
            f"No value of the column {column!r} is among those to recode",
            f"To recode: {examples(known)}; the column has {count(len(present), 'level')}: "
            f"{examples(present)}",
            "Write the levels as the column has them",
            column=column,
        )
    values = [None if cell is None else known.get(cell, cell) for cell in cells]
    recoded = pd.Series(values, index=table.index, dtype="object")
    if declared:
        levels = dict.fromkeys(known.get(level, level) for level in declared)
        recoded = as_ordered(values, list(levels), table.index)
    return table.assign(**{column: recoded})
