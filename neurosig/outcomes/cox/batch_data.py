"""What a batch of Cox models is fitted on."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurosig.kernels.cox import PLAIN, CoxFits, CoxOptions, Ties, cox_fit_batch, risk_rows
from neurosig.kernels.hazard_steps import HazardSteps, hazard_steps
from neurosig.kernels.partial_likelihood import RiskRows
from neurosig.kernels.times import RiskSets, risk_sets
from neurosig.outcomes.clinic.intervals import PatientRows
from neurosig.outcomes.model_rows import spread

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class CoxData:
    """What a batch of Cox models is fitted on.

    time, event (0/1): (n,); scores: (n, S), one model per column; covariates: (n, p);
    strata: (n,) codes or None; options: delayed entry, weights, offset and ridge; patients: where
    they have several rows.
    """

    time: FloatArray
    event: FloatArray
    scores: FloatArray
    covariates: FloatArray
    strata: NDArray[np.int64] | None = None
    ties: Ties = "efron"
    options: CoxOptions = PLAIN
    n_jobs: int = 1
    patients: PatientRows | None = None

    def fit(self, time_function: Callable[[FloatArray], FloatArray] | None = None) -> CoxFits:
        """One fit per score; time_function: for the test of proportional hazards."""
        return cox_fit_batch(
            self.time,
            self.event,
            self.scores,
            self.covariates,
            strata=self.strata,
            ties=self.ties,
            options=self.options._replace(ridge=self._ridge()),
            n_jobs=self.n_jobs,
            time_function=time_function,
        )

    def choose(self, models: NDArray[np.int64]) -> "CoxData":
        """Some of the models, each named once and in order."""
        if models.size == self.scores.shape[1]:
            return self
        return replace(self, scores=self.scores[:, models])

    def at(self, rows: NDArray[np.bool_]) -> "CoxData":
        """The same models on some of the rows."""
        cases = {
            name: None if values is None else values[rows]
            for name, values in zip(("entry", "weights", "offset"), self.options, strict=False)
        }
        return replace(
            self,
            time=self.time[rows],
            event=self.event[rows],
            scores=self.scores[rows],
            covariates=self.covariates[rows],
            strata=None if self.strata is None else self.strata[rows],
            options=self.options._replace(**cases),
            patients=None if self.patients is None else self.patients.at(rows),
        )

    def design(self, model: int) -> FloatArray:
        """The columns (n, k) of one model."""
        return np.column_stack([self.scores[:, model], self.covariates])

    def _ridge(self) -> FloatArray | None:
        """The ridge of each model, on the scale of standard deviations of the patients.

        The kernel's are those of the rows, which depend on where follow-up is cut.
        """
        ridge = self.options.ridge
        if ridge is None or self.patients is None:
            return ridge
        of_scores, of_others = (
            spread(columns, self.patients) / spread(columns)
            for columns in (self.scores, self.covariates)
        )
        ratios = np.tile(np.append(1.0, of_others), (of_scores.size, 1))
        ratios[:, 0] = of_scores
        return np.asarray(ridge * ratios**2)

    def ordered(self) -> tuple[RiskSets, RiskRows]:
        """The risk sets, and the rows in their order."""
        sets = risk_sets(self.time, self.strata, self.options.entry)
        return sets, risk_rows(sets, self.event, ties=self.ties, options=self.options)


def steps_of(
    x: FloatArray, coef: FloatArray, sets: RiskSets, rows: RiskRows
) -> tuple[FloatArray, HazardSteps]:
    """The centred design in the order of the risk sets, and the hazard's steps for it."""
    centred = (x - x.mean(axis=0))[sets.order]
    return centred, hazard_steps(centred, coef, rows)
