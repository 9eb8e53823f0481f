"""Raw scores of all observations, block by block."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import count
from neurosig.expression.base import Block, Expression
from neurosig.expression.checks import rows_of_one_value
from neurosig.expression.passes import run_blocks
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.methods.base import Method


def score_blocks(
    expression: Expression,
    sets: CompiledSignatures,
    method: Method,
    cohort: Any,
    *,
    n_jobs: int,
    title: str | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores before `Method.finish`, and in which observations all genes have one value."""
    values = np.empty((expression.n_obs, method.n_columns(sets)))
    is_flat = np.empty(expression.n_obs, dtype=np.bool_)
    task = partial(_scored, method=method, sets=sets, cohort=cohort)
    title = title or f"{method.spec.name}: {count(expression.n_obs, 'observation')}"
    for start, (scores, flat) in run_blocks(expression, task, n_jobs=n_jobs, title=title):
        rows = slice(start, start + len(flat))
        values[rows], is_flat[rows] = scores, flat
    return values, is_flat


def _scored(
    block: Block, *, method: Method, sets: CompiledSignatures, cohort: Any
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return method.score_block(block, sets, cohort), rows_of_one_value(block)
