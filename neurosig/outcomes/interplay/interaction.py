"""Interaction of two scores: whether the effect of one depends on the level of the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import FitError, ParameterError, count, examples
from neurosig.genesets.signature import SignaturesLike
from neurosig.keys import SCORE_TERM, Interplay, Result
from neurosig.outcomes.arguments import listed_terms, number_list
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.given_cohorts import refuse_no_cohort
from neurosig.outcomes.interplay.outcome_rows import Kind, OutcomeModel, outcome_rows
from neurosig.outcomes.interplay.pair_model import PairModel, fit_pair
from neurosig.outcomes.interplay.pair_slopes import pair_regions, pair_slopes
from neurosig.outcomes.interplay.pair_table import pair_table, with_checks, with_family
from neurosig.outcomes.interplay.pair_words import pair_notes, warn_of_pairs
from neurosig.outcomes.interplay.shared_genes import known_signatures
from neurosig.outcomes.model_rows import TermLike
from neurosig.outcomes.results import Results

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Interactions(Results):
    """Interactions of pairs of scores.

    table: a row per pair and term; slopes: of each score at levels of the other; regions: where
    the band of a slope excludes zero; models: the fits, by pair.
    """

    slopes: pd.DataFrame = field(default_factory=pd.DataFrame)
    regions: pd.DataFrame = field(default_factory=pd.DataFrame)
    models: dict[tuple[str, str], PairModel] = field(default_factory=dict)
    confidence: float = 0.95

    @property
    def products(self) -> pd.DataFrame:
        """The rows of the products, with the term "score", as `meta` pools them over cohorts."""
        rows = self.table[self.table[Result.TERM] == Interplay.PRODUCT]
        return rows.assign(**{Result.TERM: SCORE_TERM}).reset_index(drop=True)

    def lines(self, first: str, second: str, n_points: int = 81) -> pd.DataFrame:
        """The slope of each score over the observed range of the other, with both bands.

        Raises
        ------
        ParameterError
            The pair was not fitted.
        """
        if (first, second) not in self.models:
            raise ParameterError(
                f"There is no model of {first!r} and {second!r}",
                f"Pairs that were fitted: {examples(map(' x '.join, self.models))}",
                "Name one of these, in this order",
            )
        model, parts = self.models[first, second], []
        for of in (0, 1):
            z = model.z[:, 1 - of]
            at = np.linspace(float(z.min()), float(z.max()), n_points)
            estimate, error = model.slopes(of, at)
            wide = model.critical(self.confidence, "simultaneous") * error
            half = model.critical(self.confidence, "pointwise") * error
            parts.append(
                pd.DataFrame(
                    {
                        Interplay.FIRST: first,
                        Interplay.SECOND: second,
                        Interplay.SLOPE_OF: (first, second)[of],
                        Interplay.MODERATOR: (second, first)[of],
                        Interplay.AT: at,
                        Result.ESTIMATE: estimate,
                        Result.CI_LOW: estimate - half,
                        Result.CI_HIGH: estimate + half,
                        "band_low": estimate - wide,
                        "band_high": estimate + wide,
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)


def interplay(
    cohort: "Cohort",
    pairs: Sequence[tuple[str, str]] | tuple[str, str],
    *,
    model: Kind | CoxModel = "cox",
    outcome: str | None = None,
    positive: str | float | None = None,
    adjust: Sequence[TermLike] = (),
    strata: Sequence[str] = (),
    at: Sequence[float] = (-1.0, 0.0, 1.0),
    signatures: SignaturesLike | None = None,
    confidence: float = 0.95,
    allow_loss: bool = False,
) -> Interactions:
    """Interaction of two scores, such as nerve x immune, in one model per pair.

        eta = b1 z1 + b2 z2 + b3 z1 z2 + gamma' c

    eta: the log hazard (Cox), log odds (logistic) or mean (linear); z1, z2: the scores minus their
    mean over their standard deviation (n - 1), on the rows that have both; c: the columns of
    `adjust`. b1 is the slope of the first score at the mean of the second; b3 is how much that
    slope changes per SD of the second, and the other way round.

    Parameters
    ----------
    cohort, adjust, strata, confidence, allow_loss
        As in `cox`; strata and the endpoint are for Cox models.
    pairs
        One pair of scores or several.
    model, outcome, positive
        "cox" or a `CoxModel` for the endpoint of the cohort; "logistic" or "linear" for a clinical
        column and, if logistic, the level that counts as 1.
    at
        Levels of the moderator, in standard deviations from its mean, of the simple slopes.
    signatures
        What the scores were made with, for the genes a pair shares; by default those of the
        catalogue with the scores' names.

    Returns
    -------
    Interactions
        `table`: a row per pair and term; the term "first:second" has the product's `estimate` per
        SD x SD, Wald's p, the likelihood-ratio p (without robust errors and for no linear model)
        and q over all pairs of this call. Its row also has the `correlation` of the scores, the
        largest variance inflation factor (`vif`), the genes shared, the product's estimate and p
        with both squares added (a curved effect of one score looks like an interaction with a
        score that correlates with it), and for ratios the additive interaction `reri` for both
        scores 1 SD above their means, with the delta method's interval.
        `slopes`: of each score at the levels `at` of the other. `regions`: where in the observed
        range of the moderator the slope's band excludes zero, for each level by itself
        ("pointwise", Johnson-Neyman) and for all levels at once ("simultaneous", Potthoff).

    Raises
    ------
    EndpointError, TooFewEventsError, ClinicalError, UnknownSignatureError
        As in `cox` and `regress`.
    ParameterError
        A pair is no pair of two different scores or occurs twice; a score is a covariate too; an
        option has a value that is not allowed.

    Warns
    -----
    ScoreWarning
        Scores of a pair share genes, correlate by 0.7 or more, or have a variance inflation factor
        above 5.
    SmallSampleWarning
        Fewer than 10 events per parameter; a term separates the outcome.
    ProportionalHazardsWarning
        The lowest p_ph of a pair's three terms is below 0.05 / 3.

    References
    ----------
    Simple slopes: Aiken LS, West SG (1991) Multiple Regression. Squares: Ganzach Y (1997) Psychol
    Methods 2:235-247, doi:10.1037/1082-989X.2.3.235. RERI: Hosmer DW, Lemeshow S (1992)
    Epidemiology 3:452-456, doi:10.1097/00001648-199209000-00012; for continuous exposures: Knol MJ
    et al. (2007) Int J Epidemiol 36:1111-1118, doi:10.1093/ije/dym157.

    Examples
    --------
    Growth that is 2 nerve + nerve x immune exactly, but for a pattern that no term follows; the
    scores' standard deviation is sqrt(8/7).

    >>> import neurosig as ns
    >>> nerve, immune = [-1, -1, 1, 1] * 2, [-1, 1, -1, 1] * 2
    >>> growth = [2 * x + x * m + e for x, m, e in zip(nerve, immune, [0.1] * 4 + [-0.1] * 4)]
    >>> scores = pd.DataFrame({"nerve": nerve, "immune": immune}, dtype=float)
    >>> cohort = ns.Cohort.join(scores, pd.DataFrame({"growth": growth}))
    >>> found = ns.interplay(cohort, ("nerve", "immune"), model="linear", outcome="growth")
    >>> found.table["estimate"].round(4).tolist()  # 2 sqrt(8/7), 0, 8/7
    [2.1381, 0.0, 1.1429]
    >>> of_nerve = found.slopes[found.slopes["slope_of"] == "nerve"]
    >>> of_nerve["estimate"].round(3).tolist()
    [0.995, 2.138, 3.281]
    """
    refuse_no_cohort(cohort, "A model of two scores")
    listed = _pairs(cohort, pairs)
    levels = _levels(at)
    names = list(dict.fromkeys(chain.from_iterable(listed)))
    how = OutcomeModel.of(model, outcome, positive)
    rows = outcome_rows(
        cohort,
        names,
        how,
        adjust=adjust,
        strata=strata,
        confidence=confidence,
        allow_loss=allow_loss,
        together=listed,
    )
    known = known_signatures(names, signatures)
    models: dict[tuple[str, str], PairModel] = {}
    failures: dict[tuple[str, str], FitError] = {}
    for pair in listed:
        try:
            models[pair] = fit_pair(rows, *pair)
        except FitError as error:
            failures[pair] = error
    table = pair_table(rows, listed, models, failures, confidence)
    table = with_checks(table, rows, models, known, confidence)
    table = with_family(table, f"interactions of {rows.cohort}, {rows.label}")
    warn_of_pairs(table, rows.kind, known_all=len(known) == len(names))
    return Interactions(
        table=table,
        row_flow=rows.rows.row_flow,
        notes=pair_notes(rows, names, known),
        slopes=pair_slopes(rows, models, levels, confidence),
        regions=pair_regions(rows, models, confidence),
        models=models,
        confidence=confidence,
    )


def _pairs(
    cohort: "Cohort", pairs: Sequence[tuple[str, str]] | tuple[str, str]
) -> list[tuple[str, str]]:
    pairs = cast("Sequence[tuple[str, str]]", listed_terms("pairs", pairs))
    is_single = len(pairs) == 2 and all(isinstance(name, str) for name in pairs)
    given = [tuple(pairs)] if is_single else pairs
    listed = [cast(tuple[str, str], tuple(p) if isinstance(p, Sequence) else (p,)) for p in given]
    wrong = [p for p in listed if len(p) != 2 or p[0] == p[1]]
    if wrong or not listed:
        raise ParameterError(
            f"{wrong[0]!r} is no pair of two different scores" if wrong else "pairs is empty",
            f"Scores of the cohort: {examples(cohort.signatures)}",
            'Give pairs such as [("axon", "immune")]',
        )
    repeated = [p for i, p in enumerate(listed) if set(p) in map(set, listed[:i])]
    if repeated:
        raise ParameterError(
            f"The pair {' x '.join(repeated[0])!r} occurs more than once",
            f"{count(len(listed), 'pair')}; the order within a pair does not matter",
            "Name each once",
        )
    return listed


def _levels(at: Sequence[float]) -> FloatArray:
    levels = number_list("at", at)
    if not levels.size or not np.isfinite(levels).all():
        raise ParameterError(
            f"at cannot be {at!r}",
            "Levels are finite numbers, in standard deviations of the moderator",
            "The default is (-1, 0, 1)",
        )
    return levels
