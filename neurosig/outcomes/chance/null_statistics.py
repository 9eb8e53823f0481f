"""The statistic that a signature is compared by with random, permuted and other signatures.

It is the signed root z of the score test of the score in a Cox or a logistic model with the
covariates: it needs no iteration, and |z| orders signatures as the Wald test does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.block_scores import score_blocks
from neurosig.errors import AlignmentError, SeparationError, count, examples
from neurosig.expression.base import Expression
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.cox import CONVERGED, Ties, cox_fit_batch
from neurosig.kernels.cox_score_test import score_test_terms, score_test_z
from neurosig.kernels.logistic_score_test import logistic_terms, logistic_z
from neurosig.matched_null import MatchedNull
from neurosig.methods.base import Method
from neurosig.outcomes.model_rows import ModelRows, patterns
from neurosig.random_sets import RandomSets

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
ColumnTest: TypeAlias = Callable[[FloatArray], FloatArray]
"""From columns of scores (n, C) on the rows of a model to their z (C,)."""

PERMUTED_BYTES = 16 * 2**20
"""Memory of permuted scores held at once."""


@dataclass(frozen=True, eq=False)
class ScoreTest:
    """The test of a score on some rows: their places in the expression, strata, and the test."""

    places: NDArray[np.int64]
    strata: NDArray[np.int64] | None
    of_rows: ColumnTest

    def z(self, scores: FloatArray) -> FloatArray:
        """One z per column of scores (n_obs of the expression, C)."""
        return self.of_rows(scores[self.places])


class Response(Protocol):
    """What scores are tested for."""

    def test(self, known: NDArray[np.bool_]) -> ColumnTest | None:
        """The test on some of the rows of a model; None where they hold too few events."""


@dataclass(frozen=True, eq=False)
class SurvivalResponse:
    """Times and events of the rows of a Cox model."""

    time: FloatArray
    event: FloatArray
    rows: ModelRows
    ties: Ties

    def test(self, known: NDArray[np.bool_]) -> ColumnTest | None:
        """The test in the model with the covariates, fitted on these rows."""
        time, event, covariates = self.time[known], self.event[known], self.rows.covariates[known]
        if event.sum() <= 1 + len(self.rows.names):
            return None
        strata = None if self.rows.strata is None else self.rows.strata[known]
        coef = np.empty(0)
        if covariates.shape[1]:
            fit = cox_fit_batch(
                time, event, covariates[:, :1], covariates[:, 1:], strata=strata, ties=self.ties
            )
            if fit.code[0] != CONVERGED or fit.infinite.any():
                names = zip(self.rows.names, fit.infinite[0], strict=True)
                separating = tuple(name for name, is_so in names if is_so)
                raise _without_estimate(event, self.rows.names, separating)
            coef = fit.coef[0]
        terms = score_test_terms(time, event, covariates, coef, strata=strata, ties=self.ties)
        return partial(score_test_z, terms)


@dataclass(frozen=True, eq=False)
class BinaryResponse:
    """The 0 and 1 of the rows of a logistic model."""

    y: FloatArray
    rows: ModelRows

    def test(self, known: NDArray[np.bool_]) -> ColumnTest | None:
        """The test in the model with the covariates, fitted on these rows."""
        y, covariates = self.y[known], self.rows.covariates[known]
        if min(y.sum(), y.size - y.sum()) <= 1 + len(self.rows.names):
            return None
        terms = logistic_terms(y, covariates)
        if terms is None:
            raise _without_estimate(y, self.rows.names)
        return partial(logistic_z, terms)


def score_tests(
    cohort: "Cohort", rows: ModelRows, expression: Expression, response: Response
) -> dict[str, ScoreTest]:
    """The test of each signature; those known on the same rows share one.

    A signature whose rows hold too few events for the model has none.

    Raises
    ------
    AlignmentError
        An observation of the cohort is not in the expression.
    SeparationError
        A covariate separates the events, so that there is no model to add a score to.
    """
    places = _places(cohort, rows, expression)
    tests: dict[str, ScoreTest] = {}
    for shared in patterns(rows.scores):
        known = shared.known
        of_rows = response.test(known)
        if of_rows is not None:
            strata = None if rows.strata is None else rows.strata[known]
            test = ScoreTest(places[known], strata, of_rows)
            tests |= {rows.signatures[s]: test for s in shared.members}
    return tests


def _places(cohort: "Cohort", rows: ModelRows, expression: Expression) -> NDArray[np.int64]:
    ids = cohort.data.index[rows.rows]
    places = expression.obs_names.get_indexer(ids)
    if (places < 0).any():
        absent = ids[places < 0]
        raise AlignmentError(
            f"{count(len(absent), 'observation')} of the cohort {cohort.name!r} not in the "
            "expression",
            f"Absent: {examples(absent)}; the expression has {examples(expression.obs_names)}",
            "Give the expression that the scores of the cohort were made from",
        )
    return np.asarray(places, dtype=np.int64)


def _without_estimate(
    event: FloatArray, names: tuple[str, ...], separating: tuple[str, ...] = ()
) -> SeparationError:
    """separating: the columns that are known to have no finite estimate."""
    which = f"infinite: {examples(separating)}" if separating else f"columns: {examples(names)}"
    return SeparationError(
        "The model with the covariates alone has no finite estimate",
        f"{count(int(event.sum()), 'event')} in {count(event.size, 'row')}; {which}",
        "Join its rare levels, or remove the covariate that separates the events or repeats "
        "another",
        separating=separating,
    )


@dataclass(frozen=True, eq=False)
class Scored:
    """A method on an expression, with what it found of the genes: scores before `finish`."""

    expression: Expression
    method: Method
    genes: Any
    n_jobs: int

    @classmethod
    def of(cls, expression: Expression, method: Method, n_jobs: int) -> "Scored":
        """Look at the genes once for all sets that are to be scored."""
        return cls(expression, method, method.fit_genes(expression), n_jobs)

    def scores(self, sets: CompiledSignatures, title: str | None = None) -> FloatArray:
        """Scores (n_obs, n_sets)."""
        cohort = self.method.fit_sets(self.expression, sets, self.genes)
        scores, _ = score_blocks(
            self.expression, sets, self.method, cohort, n_jobs=self.n_jobs, title=title
        )
        return scores


def random_z(
    scored: Scored,
    sets: CompiledSignatures,
    tests: Mapping[str, ScoreTest],
    null: MatchedNull,
    seed: int,
) -> pd.DataFrame:
    """The z of random sets like each signature: n_sets x signatures.

    They are drawn, scored and tested a group at a time.
    """
    found = np.full((null.n_sets, sets.n_signatures), np.nan)
    random_sets = RandomSets.of(
        scored.expression, sets, n_sets=null.n_sets, n_bins=null.n_bins, seed=seed
    )
    n_obs = scored.expression.n_obs
    groups = random_sets.groups(scored.method, n_obs, kept_bytes=8 * n_obs)
    for number, group in enumerate(groups, start=1):
        drawn = random_sets.draw(group)
        title = (
            f"{scored.method.spec.name}: {count(null.n_sets, 'random set')} a signature, "
            f"part {number} of {len(groups)}"
        )
        scores = scored.scores(drawn.sets, title)
        for part, start in zip(drawn.parts, drawn.starts, strict=True):
            test = tests.get(sets.names[part.signature])
            if test is not None:
                columns = slice(start, start + part.last - part.first)
                found[part.first : part.last, part.signature] = test.z(scores[:, columns])
    return pd.DataFrame(found, columns=list(sets.names))


def permuted_z(
    observed: pd.DataFrame, tests: Mapping[str, ScoreTest], n_permutations: int, seed: int
) -> pd.DataFrame:
    """The z of scores given to other observations at random: n_permutations x signatures.

    observed: scores (n_obs of the expression x signatures). Signatures known on the same rows are
    permuted together; with strata an observation gets the scores of another of its stratum.
    """
    found = pd.DataFrame(np.nan, index=range(n_permutations), columns=list(observed.columns))
    groups: dict[int, list[str]] = {}
    for name in observed.columns:
        if name in tests:
            groups.setdefault(id(tests[name]), []).append(name)
    for names in groups.values():
        test = tests[names[0]]
        x = observed[names].to_numpy()[test.places]
        rng = np.random.default_rng([seed, len(x)])
        step = max(1, PERMUTED_BYTES // (8 * x.size))
        for low in range(0, n_permutations, step):
            high = min(low + step, n_permutations)
            shuffled = [x[_permutation(rng, len(x), test.strata)] for _ in range(low, high)]
            z = test.of_rows(np.hstack(shuffled))
            found.loc[low : high - 1, names] = z.reshape(high - low, len(names))
    return found


def _permutation(
    rng: np.random.Generator, n: int, strata: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Which row's score each row gets."""
    if strata is None:
        return rng.permutation(n)
    given = np.empty(n, dtype=np.int64)
    given[np.argsort(strata, kind="stable")] = np.lexsort((rng.random(n), strata))
    return given
