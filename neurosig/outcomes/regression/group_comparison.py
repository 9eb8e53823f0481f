"""Scores compared between groups of patients."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, count
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.outcomes.clinic.clean import find_column, texts_of
from neurosig.outcomes.lost_rows import NO_SCORE, check_models, explained, losses_of_models, without
from neurosig.outcomes.model_rows import (
    CONSTANT,
    check_scale,
    choose_signatures,
    joined_flow,
)
from neurosig.outcomes.regression.levels import (
    coded,
    level_counts,
    level_named,
    levels_text,
)
from neurosig.outcomes.regression.rank_sums import kruskal_wallis, rank_sum
from neurosig.outcomes.regression.repeated_rows import refuse_repeats
from neurosig.outcomes.regression.words import warn_of_unknown
from neurosig.outcomes.results import Results, declare_family, ordered
from neurosig.outcomes.row_flow import FlowStep, flow_table

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]

FEWEST_ROWS = 2
TOO_FEW_ROWS = "too_few_rows"
MANY_GROUPS = 30


def compare_groups(
    cohort: "Cohort",
    *,
    by: str,
    reference: str | float | None = None,
    signatures: str | Sequence[str] = "all",
    confidence: float = 0.95,
    allow_repeats: bool = False,
    allow_loss: bool = False,
) -> Results:
    """Compare each signature's score between groups: Wilcoxon for two, Kruskal-Wallis for more.

        two groups     W: pairs in which the score of the other group is higher, ties half
                       estimate = median of all differences (Hodges-Lehmann shift)
                       effect   = 2 W / (n1 n2) - 1 (rank-biserial correlation)
        more groups    H of Kruskal and Wallis, estimate = effect = H / (n - 1) (epsilon squared)

    Parameters
    ----------
    cohort, signatures, confidence, allow_loss
        As in `cox`; an endpoint is not needed.
    by
        The clinical column with the groups.
    reference
        Of two groups the one compared with; by default the first in order.
    allow_repeats
        Take rows of one donor or patient for independent ones.

    Returns
    -------
    Results
        `table`: a row per signature with `p_value` and `q_value` over all of them, no covariates.
        Of two groups `level` says which, `ci_low` and `ci_high` are the interval of the shift in
        units of the score, `effect_low` and `effect_high` that of the rank-biserial correlation
        (DeLong), NaN where there is none (`rank_sum`). Of more groups `df` is their number minus
        1, and there are no intervals. What cannot be compared has a status: no_score, constant,
        too_few_rows (a group with fewer than two scores).

    Raises
    ------
    ClinicalError
        The column does not exist, has fewer than two groups, one with fewer than two rows, or over
        30; `reference` is not one of them, or there are more than two; rows share a donor or
        patient; more than half of the rows with a group have no score, without `allow_loss`.
    UnknownSignatureError, ParameterError, EndpointError
        No such score; `confidence` is not between 0 and 1; patients in several rows.

    Warns
    -----
    ClinicalWarning
        More than 5 % of the rows without a group, or of those with one without a score.

    Examples
    --------
    >>> from neurosig.outcomes.clinic.cohort import Cohort
    >>> clinical = pd.DataFrame({"invasion": ["no", "no", "yes", "yes", "yes"]})
    >>> cohort = Cohort.join(pd.DataFrame({"NGF": [1.0, 4, 2, 5, 6]}), clinical)
    >>> table = compare_groups(cohort, by="invasion").table
    >>> table[["level", "estimate", "effect", "p_value"]].round(3).values.tolist()
    [['yes vs no', 1.5, 0.667, 0.4]]
    """
    check_scale("none", confidence)
    refuse_repeats(cohort, "A comparison of groups", allow_repeats=allow_repeats)
    chosen = choose_signatures(cohort, signatures)
    codes, levels = _groups(cohort, by, reference)
    known = np.isfinite(codes)
    warn_of_unknown(by, known)
    step = FlowStep.losing(f"{by} known", known.size, cohort.data.index[~known], f"no {by}")
    scores = cohort.data[list(chosen)].to_numpy(dtype=np.float64)
    losses, n_known = losses_of_models(scores, chosen, known, known), int(known.sum())
    withheld = check_models(losses, n_known, n_known, allow_loss=allow_loss)
    scores = without(scores, chosen, withheld)
    records = [_compared(scores[:, s], codes, levels, confidence) for s in range(len(chosen))]
    table = pd.DataFrame(records)
    table.insert(0, Result.SIGNATURE, list(chosen))
    table = explained(table, withheld).assign(
        **{Result.COHORT: cohort.name, Result.ENDPOINT: by, Result.TERM: SCORE_TERM}
    )
    table[Result.CI_LEVEL] = confidence
    if len(levels) > 2:
        table = table.drop(columns=Result.CI_LEVEL)
    table = declare_family(ordered(table), f"score rows of {cohort.name}, {by}")
    counts = ", ".join(f"{level} ({int((codes == i).sum())})" for i, level in enumerate(levels))
    flow = joined_flow([cohort.join_flow, flow_table([step])])
    return Results(table=table, row_flow=flow, notes=(f"Groups of {by}: {counts}",))


def _groups(
    cohort: "Cohort", by: str, reference: str | float | None
) -> tuple[FloatArray, tuple[str, ...]]:
    """Codes of the groups, the reference first."""
    values = find_column(cohort.data, by)
    cells, sizes = texts_of(values), level_counts(values)
    few = [level for level, n in sizes.items() if n < FEWEST_ROWS]
    if len(sizes) < 2 or few or len(sizes) > MANY_GROUPS:
        what = f"has {count(len(sizes), 'group')}"
        if len(sizes) >= 2 and few:
            what = f"has a group with fewer than {FEWEST_ROWS} rows: {few[0]!r}"
        raise ClinicalError(
            f"The column {by!r} {what}",
            levels_text(sizes),
            "Keep or join groups: cohort.where(...), or recode the column; ns.correlate takes "
            "numbers",
            levels=dict(sizes),
        )
    if reference is not None and len(sizes) > 2:
        raise ClinicalError(
            f"More than two groups of {by!r} are not compared with a reference",
            f"{levels_text(sizes)}; reference={reference!r}",
            "Keep two groups with cohort.where(...), or leave the reference out",
        )
    levels = tuple(sizes)
    if reference is not None:
        first = level_named(reference, sizes, by, "reference")
        levels = (first, *(level for level in levels if level != first))
    return coded(cells, levels), levels


def _compared(
    score: FloatArray, codes: FloatArray, levels: tuple[str, ...], confidence: float
) -> dict[str, object]:
    """The row of one signature."""
    groups = [score[(codes == i) & np.isfinite(score)] for i in range(len(levels))]
    n = sum(group.size for group in groups)
    status, message = OK, ""
    if not n:
        status = NO_SCORE
    elif min(group.size for group in groups) < FEWEST_ROWS:
        status, message = TOO_FEW_ROWS, f"a group has fewer than {FEWEST_ROWS} scores"
    elif np.ptp(np.concatenate(groups)) == 0:
        status, message = CONSTANT, "the score is the same on all rows used"
    make = _two if len(levels) == 2 else _several
    row = make(groups if status == OK else None, levels, confidence)
    return row | {Result.N: n, Result.STATUS: status, Result.MESSAGE: message}


def _two(
    groups: list[FloatArray] | None, levels: tuple[str, ...], confidence: float
) -> dict[str, object]:
    pair = f"{levels[1]} vs {levels[0]}"
    row: dict[str, object] = {
        Result.LEVEL: pair,
        Result.EFFECT_SCALE: "rank-biserial correlation",
        Result.MODEL: "Wilcoxon rank-sum test",
    }
    numbers = (
        Result.STATISTIC,
        Result.P_VALUE,
        Result.ESTIMATE,
        Result.CI_LOW,
        Result.CI_HIGH,
        Result.EFFECT,
        Result.EFFECT_LOW,
        Result.EFFECT_HIGH,
    )
    if groups is None:
        return row | dict.fromkeys(numbers, np.nan)
    test = rank_sum(groups[0], groups[1], confidence)
    row[Result.MODEL] = f"Wilcoxon rank-sum test, {'exact' if test.is_exact else 'normal'}"
    return row | dict(zip(numbers, test[:-1], strict=True))


def _several(
    groups: list[FloatArray] | None, levels: tuple[str, ...], confidence: float
) -> dict[str, object]:
    del confidence
    row: dict[str, object] = {
        Result.EFFECT_SCALE: "epsilon squared",
        Result.MODEL: f"Kruskal-Wallis test of {count(len(levels), 'group')}",
        Result.DF: float(len(levels) - 1),
    }
    numbers = (Result.STATISTIC, Result.P_VALUE, Result.ESTIMATE, Result.EFFECT)
    if groups is None:
        return row | dict.fromkeys(numbers, np.nan)
    test = kruskal_wallis(groups)
    values = (test.statistic, test.p_value, test.epsilon2, test.epsilon2)
    return row | dict(zip(numbers, values, strict=True))
