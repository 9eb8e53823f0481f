"""Multinomial logistic regression: each level against a reference."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neurosig.errors import ClinicalError
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.model_rows import (
    NOT_CONVERGED,
    NOT_ENDED,
    ModelRows,
)
from neurosig.outcomes.regression.kind import Cases, Data, Fit, Kind, Outcome
from neurosig.outcomes.regression.levels import (
    coded,
    known_levels,
    level_named,
    levels_text,
    n_rarest,
    no_maximum,
    refuse_few,
)
from neurosig.outcomes.regression.newton import Basis, maximise
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.robust_errors import clustered

FloatArray = NDArray[np.float64]


class Multinomial(Kind):
    """log(P(outcome = l) / P(outcome = reference)) = a_l + beta_l x + gamma_l' z."""

    name = "multinomial"
    title = "multinomial logistic regression"
    options = frozenset({"errors", "cluster", "cluster_errors", "reference"})
    robust = frozenset({"HC0"})
    ratio = "OR"
    of = "rows of the rarest level"

    def read(
        self, cohort: Cohort, column: str, positive: str | float | None, model: RegressionModel
    ) -> Outcome:
        """Codes of the levels, 0 for the reference, the others in order."""
        del positive
        cells, counts = known_levels(cohort, column, self.name)
        if model.reference is None:
            raise ClinicalError(
                f"It is not said which level of {column!r} the others are compared with",
                levels_text(counts),
                f"Say it: RegressionModel(reference={counts.most_common(1)[0][0]!r})",
                levels=dict(counts),
            )
        reference = level_named(model.reference, counts, column, "reference")
        others = (level for level in counts if level != reference)
        levels = (reference, *others)
        return Outcome(coded(cells, levels), f"{column} vs {reference}", levels)

    def equations(self, outcome: Outcome) -> tuple[str, ...]:
        """Every level but the reference."""
        return outcome.levels[1:]

    def refuse(self, outcome: Outcome, y: FloatArray, rows: ModelRows, cases: Cases) -> None:
        """Refuse levels with no more rows than terms."""
        del cases
        column = outcome.label.partition(" vs ")[0]
        refuse_few(column, y, outcome.levels, 1 + len(rows.names))

    def too_few(self, y: FloatArray, k: int, cases: Cases) -> str | None:
        """A level that has no more rows than terms."""
        del cases
        n_fewest = int(np.unique(y, return_counts=True)[1].min(initial=y.size))
        return f"{n_fewest} rows of a level for {k} parameters" if n_fewest <= k else None

    def counts(self, y: FloatArray, n_levels: int) -> tuple[int, int]:
        """Rows that are not of the reference; those of the rarest level limit the parameters."""
        return int((y > 0).sum()), n_rarest(y, n_levels)

    def fit(self, data: Data, model: RegressionModel, confidence: float) -> Fit:
        """Maximum likelihood; `p_lr` drops the score from the equations of all levels."""
        del confidence
        n_columns = (data.n_levels - 1) * (data.design.shape[1] - 1)
        without = no_maximum(data.y, data.n_levels, _rows(data))
        if without is not None:
            return Fit.failed(n_columns, *without)
        full, reduced = _maximum(data.y, data.design), _maximum(data.y, data.without_score)
        if full is None or reduced is None:
            return Fit.failed(n_columns, NOT_CONVERGED, NOT_ENDED)
        covariance = _covariance(data, full, model)
        std_error = np.sqrt(np.diag(covariance)).reshape(full.estimate.shape)
        gain = max(0.0, 2 * (full.loglik - reduced.loglik))
        return Fit(
            estimate=full.estimate[:, 1:].ravel(),
            std_error=std_error[:, 1:].ravel(),
            p_lr=float("nan")
            if model.is_robust
            else float(special.chdtrc(data.n_levels - 1, gain)),
        )

    def estimate(self, data: Data, model: RegressionModel) -> FloatArray | None:
        """The coefficients alone, level by level."""
        del model
        if no_maximum(data.y, data.n_levels, _rows(data)) is not None:
            return None
        found = _maximum(data.y, data.design)
        return None if found is None else found.estimate[:, 1:].ravel()


class _Maximum(NamedTuple):
    """Estimates by level (L - 1, k) with their covariance in that order, and probabilities."""

    estimate: FloatArray
    covariance: FloatArray
    probability: FloatArray
    loglik: float


def _maximum(y: FloatArray, design: FloatArray) -> _Maximum | None:
    columns, back = Basis.of(design)
    n_equations, k = int(y.max()), design.shape[1]
    own = (y[:, None] == np.arange(n_equations + 1)).astype(np.float64)

    def logs(beta: FloatArray) -> FloatArray:
        eta = np.column_stack([np.zeros(y.size), columns @ beta.reshape(n_equations, k).T])
        return np.asarray(special.log_softmax(eta, axis=1))

    def derivatives(beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        p = np.exp(logs(beta))[:, 1:]
        gradient = ((own[:, 1:] - p).T @ columns).ravel()
        information = np.zeros((n_equations, k, n_equations, k))
        for a in range(n_equations):
            for b in range(a + 1):
                weight = p[:, a] * ((a == b) - p[:, b])
                block = columns.T @ (weight[:, None] * columns)
                information[a, :, b] = information[b, :, a] = block
        return gradient, information.reshape(n_equations * k, n_equations * k)

    start = np.zeros(n_equations * k)
    found = maximise(lambda beta: float((own * logs(beta)).sum()), derivatives, start)
    if found is None:
        return None
    turn = np.kron(np.eye(n_equations), back)
    covariance = turn @ np.linalg.inv(derivatives(found[0])[1]) @ turn.T
    estimate = (turn @ found[0]).reshape(n_equations, k)
    return _Maximum(estimate, covariance, np.exp(logs(found[0])), found[1])


def _covariance(data: Data, full: _Maximum, model: RegressionModel) -> FloatArray:
    if not model.is_robust:
        return full.covariance
    levels = np.arange(1, data.n_levels)
    left = (data.y[:, None] == levels) - full.probability[:, 1:]
    scores = (left[:, :, None] * data.design[:, None, :]).reshape(data.y.size, -1)
    if data.cases.cluster is not None:
        return clustered(full.covariance, scores, data.cases.cluster)
    return np.asarray(full.covariance @ (scores.T @ scores) @ full.covariance)


def _rows(data: Data) -> FloatArray:
    """Differences of the own level's linear predictor and each other one's."""
    n, k = data.design.shape
    own, blocks = data.y.astype(np.int64), []
    for other in range(data.n_levels):
        rows = np.zeros((n, data.n_levels, k))
        rows[np.arange(n), own] += data.design
        rows[:, other] -= data.design
        blocks.append(rows[own != other, 1:].reshape(-1, (data.n_levels - 1) * k))
    return np.vstack(blocks)


KIND = Multinomial()
