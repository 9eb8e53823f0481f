"""Ordinal regression: proportional odds, and its probit and complementary log-log relatives."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from neurosig.errors import ClinicalError
from neurosig.keys import Result
from neurosig.outcomes.clinic.clean import declared_levels, find_column
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.model_rows import (
    NOT_CONVERGED,
    NOT_ENDED,
    ModelRows,
)
from neurosig.outcomes.regression.cumulative_link import CumulativeFit, CumulativeLink
from neurosig.outcomes.regression.kind import Cases, Data, Fit, Kind, Outcome
from neurosig.outcomes.regression.levels import (
    coded,
    known_levels,
    level_named,
    levels_text,
    no_maximum,
    refuse_few,
)
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.robust_errors import clustered

FloatArray = NDArray[np.float64]


NOT_TESTED = (
    "p_proportional not known: with an effect at each threshold the likelihood has no maximum"
)
_CLOSE_TO_LIMIT = 1e-12  # of a log-likelihood


class Ordinal(Kind):
    """link P(outcome <= l) = a_l - beta x - gamma' z, the same beta at every threshold."""

    name = "ordinal"
    title = "ordinal regression"
    options = frozenset({"errors", "cluster", "cluster_errors", "link", "order"})
    robust = frozenset({"HC0"})
    ratio = "OR"
    of = "effective rows"

    def read(
        self, cohort: Cohort, column: str, positive: str | float | None, model: RegressionModel
    ) -> Outcome:
        """Codes of the levels in the order that was stated, or that the column has."""
        del positive
        cells, counts = known_levels(cohort, column, self.name)
        order: Sequence[str] = model.order
        if not order and declared_levels(find_column(cohort.data, column)):
            order = tuple(counts)
        if not order:
            raise ClinicalError(
                f"The order of the levels of {column!r} is not stated",
                levels_text(counts),
                'State all of it, as in RegressionModel(order=("lowest", ..., "highest")), or let '
                "the column be an ordered categorical",
                levels=dict(counts),
            )
        named = tuple(level_named(level, counts, column, "order") for level in order)
        missing = [level for level in counts if level not in named]
        if missing or len(set(named)) < len(named):
            what = f"lacks {missing[0]!r}" if missing else "names a level twice"
            raise ClinicalError(
                f"The order of the levels of {column!r} {what}",
                f"{levels_text(counts)}; order: {', '.join(order)}",
                "Name every level once, or keep some with cohort.where(...)",
                levels=dict(counts),
            )
        return Outcome(coded(cells, named), f"{column}: {' < '.join(named)}", named)

    def refuse(self, outcome: Outcome, y: FloatArray, rows: ModelRows, cases: Cases) -> None:
        """Refuse a level without rows."""
        del rows, cases
        refuse_few(outcome.label.partition(": ")[0], y, outcome.levels, 0)

    def n_needed(self, k: int, model: RegressionModel) -> int:
        """More rows than terms and thresholds."""
        return k + max(len(model.order), 3)

    def counts(self, y: FloatArray, n_levels: int) -> tuple[int, int]:
        """Rows above the lowest level; n - sum n_l^3 / n^2 rows count (Harrell 2015, 4.4)."""
        n_rows = np.bincount(y.astype(np.int64), minlength=n_levels)
        effective = y.size - (n_rows.astype(np.float64) ** 3).sum() / max(y.size, 1) ** 2
        return int((y > 0).sum()), int(effective)

    def effect(self, model: RegressionModel) -> str:
        """The odds ratio of a higher level; without logits a shift on the scale of the link."""
        return "OR" if model.link == "logit" else f"{model.link} shift"

    def is_ratio(self, model: RegressionModel) -> bool:
        """Whether exp(estimate) is an odds ratio."""
        return model.link == "logit"

    def describe(self, model: RegressionModel) -> str:
        """The link in words."""
        name = "proportional odds" if model.link == "logit" else model.link
        return super().describe(model).replace(self.title, f"{self.title} ({name})")

    def fit(self, data: Data, model: RegressionModel, confidence: float) -> Fit:
        """Maximum likelihood, and the test of each term's proportionality."""
        del confidence
        terms, k = data.design[:, 1:], data.design.shape[1] - 1
        likelihood = CumulativeLink(data.y, terms, data.n_levels, model.link)
        without = no_maximum(data.y, data.n_levels, likelihood.growing_rows)
        if without is not None:
            return Fit.failed(k, *without)
        full = likelihood.maximise()
        reduced = CumulativeLink(data.y, terms[:, 1:], data.n_levels, model.link).maximise()
        if full is None or reduced is None:
            return Fit.failed(k, NOT_CONVERGED, NOT_ENDED)
        covariance, n_cuts = full.covariance, data.n_levels - 1
        if data.cases.cluster is not None:
            covariance = clustered(covariance, full.scores, data.cases.cluster)
        elif model.is_robust:
            covariance = covariance @ (full.scores.T @ full.scores) @ covariance
        gain = max(0.0, 2 * (full.loglik - reduced.loglik))
        p_proportional = _proportional(data, model, full)
        return Fit(
            estimate=full.estimate[n_cuts:],
            std_error=np.sqrt(np.diag(covariance))[n_cuts:],
            p_lr=float("nan") if model.is_robust else float(special.chdtrc(1, gain)),
            message=NOT_TESTED if np.isnan(p_proportional).any() else "",
            facts={Result.P_PROPORTIONAL: p_proportional},
        )

    def estimate(self, data: Data, model: RegressionModel) -> FloatArray | None:
        """The coefficients alone."""
        likelihood = CumulativeLink(data.y, data.design[:, 1:], data.n_levels, model.link)
        if no_maximum(data.y, data.n_levels, likelihood.growing_rows) is not None:
            return None
        found = likelihood.maximise()
        return None if found is None else found.estimate[data.n_levels - 1 :]


def _proportional(data: Data, model: RegressionModel, full: CumulativeFit) -> FloatArray:
    """p-values (k,) of the likelihood-ratio tests that each term's effect is one at all cuts.

    An effect can be infinite at one of the cuts, beyond which a level has no rows; the likelihood
    is then its limit, which Newton's steps come close to while the information is not yet singular.
    """
    terms, n_cuts = data.design[:, 1:], data.n_levels - 1
    p_value = np.full(terms.shape[1], np.nan)
    for j in range(terms.shape[1]):
        wider = CumulativeLink(data.y, terms, data.n_levels, model.link, free=(j,))
        at = n_cuts + j
        start = np.concatenate(
            [full.estimate[:at], np.repeat(full.estimate[at], n_cuts), full.estimate[at + 1 :]]
        )
        fitted = wider.maximise(start, close=_CLOSE_TO_LIMIT)
        if fitted is not None:
            gain = max(0.0, 2 * (fitted.loglik - full.loglik))
            p_value[j] = special.chdtrc(n_cuts - 1, gain)
    return p_value


KIND = Ordinal()
