"""Cox models of several cohorts and their pooled effects, as the forest plots show them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import pandas as pd

from neurosig._params import Help
from neurosig.keys import SCORE_TERM, Pooled, Result
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.verb import cox
from neurosig.outcomes.pooling.verb import meta
from neurosig.reproduction.recipes.base import ScoringRecipe
from neurosig.study.config import CohortSource, Pooling

if TYPE_CHECKING:
    from neurosig.reproduction.inputs import FigureData

NUMBERS = (
    Result.EFFECT,
    Result.EFFECT_LOW,
    Result.EFFECT_HIGH,
    Result.STD_ERROR,
    Result.P_VALUE,
    Result.N,
    Result.N_EVENTS,
    Pooled.TAU2,
    Pooled.I2,
    Pooled.EFFECT_COMMON,
    Pooled.EFFECT_LOW_COMMON,
    Pooled.EFFECT_HIGH_COMMON,
    Pooled.EFFECT_LOW_WIDER,
    Pooled.EFFECT_HIGH_WIDER,
)
"""The columns of a forest plot's source table that can be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalRecipe(ScoringRecipe):
    """A figure of hazard ratios in several cohorts."""

    cohorts: Annotated[
        tuple[str | CohortSource, ...],
        Help("data sets of survset, or cohorts with endpoint and covariates"),
    ]
    pooling: Annotated[Pooling, Help("how cohorts are pooled")] = field(default_factory=Pooling)
    model: Annotated[CoxModel, Help("options of the Cox models")] = field(default_factory=CoxModel)

    def fitted(self, data: "FigureData") -> tuple[pd.DataFrame, pd.DataFrame | None]:
        """The rows of the scores of all cohorts, and of the pooled effects if there are several."""
        signatures = data.signatures(self.signatures)
        tables = []
        for source in self.cohorts:
            cohort = data.cohort(source)
            scores = data.scores(
                cohort.expression,
                signatures,
                self.chosen_method(),
                min_coverage=self.min_coverage,
                subject=cohort.source.id,
            )
            with data.noting(cohort.source.id):
                result = cox(
                    cohort.joined(scores),
                    adjust=cohort.source.adjust,
                    strata=cohort.source.strata,
                    model=self.model,
                )
            tables.append(result.table)
        together = pd.concat(tables, ignore_index=True)
        together = together[together[Result.TERM] == SCORE_TERM].reset_index(drop=True)
        return together, self._pooled(data, tables)

    def _pooled(self, data: "FigureData", tables: Sequence[pd.DataFrame]) -> pd.DataFrame | None:
        endpoints = [str(table[Result.ENDPOINT].iloc[0]) for table in tables]
        endpoint = self.pooling.endpoint or max(endpoints, key=endpoints.count)
        if endpoints.count(endpoint) < 2:
            return None
        with data.noting("pooled"):
            return meta(
                list(tables),
                method=self.pooling.method,
                knha=self.pooling.knha,
                endpoint=endpoint,
            ).table
