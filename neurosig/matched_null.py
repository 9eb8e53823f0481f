"""Empirical p-values of scores: how often random genes like those of a signature score as high.

Random gene sets of the same size and like expression are scored as the signature is. They are
drawn, scored and counted a group at a time: memory does not grow with their number.
"""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neurosig import _params
from neurosig._params import Help, Range
from neurosig.errors import ParameterError, count
from neurosig.expression.base import Block, Expression
from neurosig.expression.passes import run_blocks
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.methods.base import Method
from neurosig.random_sets import Drawn, RandomSets

SCORES_BYTES = 16 * 2**20
"""Memory of the scores of random sets held at once by a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedNull:
    """Random gene sets of the size and the average expression of a signature.

    p[i, s] = (1 + #{t: score[i, t] >= score[i, s]}) / (1 + m)

    t: m random sets. Each gene of s is replaced by one of its bin of average expression over all
    observations, with its direction and its weight; no gene is drawn twice for a set, and the genes
    of s may be drawn, so that s is one of the sets that could be. One-sided: a small p says that
    the genes of s score higher than like genes do in observation i; 1 - p is about the other side.
    It says nothing of differences between observations. The smallest p is 1 / (1 + m), which no
    correction for many tests takes below any threshold if m is small; these p-values are for
    reading one by one. A random set without a defined score in an observation is left out of m
    there.

    The draw for a signature depends on the seed and its genes and weights, not on the others.

    Parameters
    ----------
    n_sets
        m, the number of random sets for each signature.
    n_bins
        Bins of average expression, of equally many genes; fewer where a bin would hold less than
        20 genes, or less than a signature draws from it.

    References
    ----------
    Phipson and Smyth 2010, doi:10.2202/1544-6115.1585 (p-values of random draws are never zero);
    Venet et al. 2011, doi:10.1371/journal.pcbi.1002240 (random signatures as the yardstick).

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame([range(100)], index=["s"], columns=[f"g{i}" for i in range(100)]) / 10
    >>> null = ns.MatchedNull(n_sets=99, n_bins=1)
    >>> high = {"S": ["g97", "g98", "g99"]}  # no other three genes score as high
    >>> float(ns.score(x, high, method="mean", null=null).pvalues.loc["s", "S"])
    0.01
    """

    n_sets: Annotated[int, Range(1), Help("random sets for each signature")] = 1000
    n_bins: Annotated[int, Range(1), Help("bins of average expression to draw from")] = 25

    def __post_init__(self) -> None:
        _params.check(self)


NullLike: TypeAlias = Literal["matched"] | MatchedNull | None
"""What `score` accepts as `null`."""


def null_of(null: object) -> MatchedNull | None:
    """The null that was asked for.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    if null is None or isinstance(null, MatchedNull):
        return null
    if null == "matched":
        return MatchedNull()
    raise ParameterError(
        f"null cannot be {null!r}",
        'It is None, "matched" or MatchedNull(n_sets=..., n_bins=...)',
        'Use null="matched" for 1,000 random sets of the same size and like expression',
    )


def check_has_null(method: Method) -> None:
    """Refuse a method whose scores of random sets cannot be compared with those of signatures.

    Raises
    ------
    ParameterError
        If it has a reason against it.
    """
    if method.why_no_null is not None:
        raise ParameterError(
            f"null cannot be given for {method.spec.name}",
            method.why_no_null,
            "Ask for the p-values of another method",
        )


def matched_p_values(
    expression: Expression,
    sets: CompiledSignatures,
    method: Method,
    genes: Any,
    observed: NDArray[np.float64],
    *,
    null: MatchedNull,
    seed: int,
    n_jobs: int,
) -> NDArray[np.float64]:
    """Empirical p-values (n_obs, n_signatures) of scores that are not finished yet.

    genes: what `method.fit_genes` found; observed: (n_obs, n_signatures).
    """
    random_sets = RandomSets.of(expression, sets, n_sets=null.n_sets, n_bins=null.n_bins, seed=seed)
    n_as_high = np.zeros(observed.shape, dtype=np.int64)
    n_scored = np.zeros(observed.shape, dtype=np.int64)
    groups = random_sets.groups(method, expression.n_obs)
    for number, group in enumerate(groups, start=1):
        drawn = random_sets.draw(group)
        cohort = method.fit_sets(expression, drawn.sets, genes)
        task = partial(_counts, drawn=drawn, method=method, cohort=cohort, observed=observed)
        title = (
            f"{method.spec.name}: {count(null.n_sets, 'random set')} a signature, "
            f"part {number} of {len(groups)}"
        )
        for start, (as_high, scored) in run_blocks(expression, task, n_jobs=n_jobs, title=title):
            rows = slice(start, start + len(scored))
            n_as_high[rows, drawn.signatures] += as_high
            n_scored[rows, drawn.signatures] += scored
    p_values = (n_as_high + 1.0) / (n_scored + 1.0)
    p_values[np.isnan(observed) | (n_scored == 0)] = np.nan
    return p_values


def _counts(
    block: Block, *, drawn: Drawn, method: Method, cohort: Any, observed: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many random sets score as high, and how many have a score: (n_rows, n_parts) each."""
    n_parts = len(drawn.signatures)
    as_high = np.empty((block.n_obs, n_parts), dtype=np.int64)
    scored = np.empty_like(as_high)
    n_drawn = np.diff(np.append(drawn.starts, drawn.sets.n_signatures))
    step = max(1, SCORES_BYTES // (8 * drawn.sets.n_signatures))
    for low in range(0, block.n_obs, step):
        rows = slice(low, min(low + step, block.n_obs))
        piece = Block(block.start + low, block.data[rows])
        scores = method.score_block(piece, drawn.sets, cohort)
        found = observed[piece.start : piece.stop, drawn.signatures]
        is_as_high = scores >= np.repeat(found, n_drawn, axis=1)
        as_high[rows] = np.add.reduceat(is_as_high, drawn.starts, axis=1, dtype=np.int64)
        scored[rows] = np.add.reduceat(~np.isnan(scores), drawn.starts, axis=1, dtype=np.int64)
    return as_high, scored
