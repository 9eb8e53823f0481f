"""Curves of the halves of a score, with the numbers at risk."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from neurosig._params import Help
from neurosig.keys import Result
from neurosig.outcomes.cox.verb import cox
from neurosig.outcomes.curves.rank_tests import logrank
from neurosig.outcomes.curves.survival_curve import kaplan_meier, survival_quantile
from neurosig.pl.km import AT_RISK
from neurosig.reproduction.recipes.base import Drawn, ScoringRecipe, named_numbers
from neurosig.study.config import CohortSource
from neurosig.study.curves import draw_curves

if TYPE_CHECKING:
    import pandas as pd

    from neurosig.reproduction.inputs import FigureData


@dataclass(frozen=True, slots=True, kw_only=True)
class KaplanMeierRecipe(ScoringRecipe):
    """Survival of the median halves of one score; the test is that of the continuous score."""

    cohort: Annotated[str | CohortSource, Help("data set of survset or a cohort")]
    signature: Annotated[str, Help("the signature that is shown")]

    def draw(self, data: "FigureData") -> Drawn:
        """Numbers: see the keys below.

        ``n_risk[group, time]`` and ``survival[group, time]`` at the times below the curves;
        ``median[group]`` with its limits; ``effect``, ``effect_low``, ``effect_high`` and
        ``p_value`` of the Cox model in the note;
        ``logrank_p`` of the halves, which the figure does not show.
        """
        cohort = data.cohort(self.cohort)
        scores = data.scores(
            cohort.expression,
            data.signatures(self.signatures),
            self.chosen_method(),
            min_coverage=self.min_coverage,
            subject=cohort.source.id,
        )
        with data.noting(cohort.source.id):
            joined = cohort.joined(scores)
            row = cox(joined, signatures=[self.signature]).scores.iloc[0]
            curves = draw_curves(joined, self.signature, row)
        groups = curves.groups
        entry = groups.get("entry")
        curve = kaplan_meier(groups["time"], groups["event"], groups=groups["group"], entry=entry)
        medians = survival_quantile(curve).rename(columns={"time": "median"})
        at_risk = curves.data[curves.data["part"].eq(AT_RISK)]
        numbers = named_numbers(at_risk, ["group", "time"], ["n_risk"])
        numbers |= named_numbers(_at_times(curve, at_risk), ["group", "time"], ["survival"])
        numbers |= named_numbers(medians, ["group"], ["median"])
        limits = medians.rename(columns={"ci_low": "median_low", "ci_high": "median_high"})
        numbers |= named_numbers(limits, ["group"], ["median_low", "median_high"])
        shown = (Result.EFFECT, Result.EFFECT_LOW, Result.EFFECT_HIGH, Result.P_VALUE)
        numbers |= {name: float(row[name]) for name in shown}
        test = logrank(groups["time"], groups["event"], groups["group"], entry=entry)
        numbers["logrank_p"] = float(test.p_value)
        return Drawn(curves.figure, curves.data, numbers, curves.alt)


def _at_times(curve: "pd.DataFrame", at_risk: "pd.DataFrame") -> "pd.DataFrame":
    """The curves at the times of the numbers at risk: the last step at or before each."""
    rows = at_risk[["group", "time"]].reset_index(drop=True)
    survival = []
    for group, time in rows.itertuples(index=False):
        before = curve[curve["group"].eq(group) & curve["time"].le(time)]
        survival.append(float(before["survival"].iloc[-1]) if len(before) else 1.0)
    return rows.assign(survival=survival)
