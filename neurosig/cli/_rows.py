"""Which observations of a matrix a command takes."""

from pathlib import Path

from neurosig.expression.base import Expression
from neurosig.outcomes.clinic.clinical_io import read_clinical
from neurosig.study.config import ExpressionReading
from neurosig.study.rows import rows_to_score, without_excluded
from neurosig.study.sources import kept_rows, read_expression_as

ROWS_HELP = (
    "clinical table, ids first, as `neurosig clinic` writes it: only observations with a row in it"
)
EXCLUDE_HELP = "observation not to be used; repeatable"


def read_rows_as(
    path: Path, reading: ExpressionReading, *, rows: Path | None, exclude: list[str], name: str
) -> Expression:
    """Read a file of expression and keep the observations asked for."""
    expression = read_expression_as(path, reading)
    if rows is not None:
        chosen = rows_to_score(
            expression.obs_names, read_clinical(rows), name=name, exclude=exclude
        )
        return kept_rows(expression, chosen.data.index)
    if exclude:
        return kept_rows(expression, without_excluded(expression.obs_names, exclude, name))
    return expression
