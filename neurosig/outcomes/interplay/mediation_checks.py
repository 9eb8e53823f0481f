"""What a mediation refuses, and what it warns of."""

import warnings
from typing import Final

import numpy as np
import pandas as pd

from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    FitError,
    ParameterError,
    ProportionalHazardsWarning,
    ScoreWarning,
    SmallSampleWarning,
    TooFewEventsError,
    count,
)
from neurosig.genesets.signature import SignaturesLike
from neurosig.outcomes.arguments import check_name, number_list
from neurosig.outcomes.cox.batch import PH_ALPHA
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.cox.proportional_hazards import ph_p_values
from neurosig.outcomes.cox.verb import check_events
from neurosig.outcomes.interplay.counterfactual import Errors, GFormula, MediationData
from neurosig.outcomes.interplay.mediation_paths import residual_skewness
from neurosig.outcomes.interplay.outcome_rows import Kind, OutcomeRows
from neurosig.outcomes.interplay.pair_model import LARGEST_CORRELATION, correlation
from neurosig.outcomes.interplay.shared_genes import known_signatures, shared_genes
from neurosig.outcomes.model_rows import warn_of_few_events

SHARED_TO_WARN: Final = 0.10
HIGH_CORRELATION: Final = 0.8
AT_RISK_TO_WARN: Final = 0.10
SKEWED: Final = 1.0


def checked_formula(
    kind: Kind,
    contrast: tuple[float, float],
    horizon: float | None,
    tau: float | None,
    *,
    interaction: bool,
    errors: Errors,
) -> GFormula:
    """How the means are computed, from what was asked for; refuses what contradicts itself."""
    ends = number_list("contrast", contrast)
    if not (ends.size == 2 and np.isfinite(ends).all() and ends[0] != ends[1]):
        raise ParameterError(
            f"contrast cannot be {contrast!r}",
            "It is two different levels of the exposure, in standard deviations from its mean",
            "The default is (-1, 1)",
        )
    if errors not in ("normal", "empirical"):
        raise ParameterError(
            f"errors cannot be {errors!r}", 'Allowed: "normal", "empirical"', "'normal'"
        )
    if (kind == "cox") == (horizon is None and tau is None):
        raise ParameterError(
            "A mediation of survival needs a time: horizon, tau or both"
            if kind == "cox"
            else f"A {kind} model has no horizon and no tau",
            f"horizon={horizon!r}, tau={tau!r}, model={kind!r}",
            "Say horizon=1825 for survival at that time, tau=1825 for mean survival up to it"
            if kind == "cox"
            else "Leave them out",
        )
    for name, time in (("horizon", horizon), ("tau", tau)):
        if time is not None and number_list(name, time).size != 1:
            raise ParameterError(f"{name} cannot be {time!r}", "It is one time", "Give a number")
    return GFormula(
        contrast=(float(contrast[0]), float(contrast[1])),
        horizon=horizon,
        tau=tau,
        interaction=interaction,
        errors=errors,
    )


def check_scores(exposure: str, mediator: str, signatures: SignaturesLike | None) -> str:
    """Refuse one score twice; what the two signatures share, in words, where it is much."""
    if exposure == mediator:
        raise ParameterError(
            "The mediator is the exposure",
            f"Both are {exposure!r}",
            "Name two scores that measure different things",
        )
    check_name("exposure", exposure)
    check_name("mediator", mediator)
    known = known_signatures([exposure, mediator], signatures)
    both = shared_genes(known, exposure, mediator)
    if both is None or both.containment < SHARED_TO_WARN:
        return ""
    if both.jaccard == 1:
        raise ParameterError(
            f"Exposure and mediator, {exposure!r} and {mediator!r}, have the same genes",
            f"{count(len(both.genes), 'gene')}",
            "Name two scores that measure different things",
        )
    return f"{count(len(both.genes), 'shared gene')}, {both.containment:.0%} of the smaller one"


def mediation_data(rows: OutcomeRows, exposure: str, mediator: str) -> MediationData:
    """Rows that have both scores, in standard deviations; refuses scores that are one."""
    scores = np.column_stack([rows.column(exposure), rows.column(mediator)])
    known = np.asarray(np.isfinite(scores).all(axis=1))
    if not known.any():
        raise FitError(
            "No row has both scores",
            f"{exposure!r} and {mediator!r} on {count(known.size, 'row')}",
            "See the coverage of the scores",
        )
    scores = scores[known]
    sd = rows.spread(scores, known)
    if not (sd > 0).all():
        name = exposure if not sd[0] > 0 else mediator
        raise FitError(
            f"The score {name!r} is constant",
            f"{count(len(scores), 'row')} used",
            "Choose another score",
        )
    z = (scores - scores.mean(axis=0)) / sd
    r = correlation(z)
    if abs(r) > LARGEST_CORRELATION:
        raise ClinicalError(
            "The mediator is the exposure in another unit",
            f"{exposure!r} and {mediator!r} correlate by {r:.6f}",
            "Name two scores that measure different things",
        )
    return MediationData(
        exposure=z[:, 0],
        mediator=z[:, 1],
        covariates=rows.rows.covariates[known],
        y=rows.y[known],
        time=None if rows.task is None else rows.task.time[known],
        is_binary=rows.kind == "logistic",
    )


def check_size(rows: OutcomeRows, data: MediationData, k: int) -> int:
    """What limits the number of parameters; refuses no more of it than parameters."""
    if rows.kind == "cox":
        check_events(rows.cohort, data.y, n_params=k)
        return int(data.y.sum())
    positive = int(data.y.sum()) if data.is_binary else 0
    limiting = min(positive, data.y.size - positive) if data.is_binary else data.y.size
    if limiting <= k + int(rows.kind == "linear"):
        noun = "row of the rarer level" if data.is_binary else "row"
        raise TooFewEventsError(
            f"There are too few rows for a {rows.kind} mediation of {rows.label!r}",
            f"{count(limiting, noun, 'rows of the rarer level' if data.is_binary else None)} for "
            f"{count(k, 'parameter')}",
            "Adjust for fewer covariates or choose another outcome",
            n_params=k,
        )
    return limiting


def check_times(rows: OutcomeRows, data: MediationData, formula: GFormula) -> None:
    """Refuse a time outside the follow-up; warn where few rows are left."""
    if data.time is None or rows.task is None:
        return
    first, last = data.time[data.y > 0].min(), data.time.max()
    for name, value in (("horizon", formula.horizon), ("tau", formula.tau)):
        if value is None:
            continue
        if not first <= value <= last:
            raise ParameterError(
                f"{name} cannot be {value:g}",
                f"The first event is at {first:g}, the last patient leaves at {last:g} "
                f"{rows.task.time_unit}",
                "Give a time between them, in the unit of the endpoint",
            )
        n_left = int(np.sum(data.time >= value))
        if n_left < AT_RISK_TO_WARN * data.time.size:
            warnings.warn(
                SmallSampleWarning(
                    f"Few rows are still at risk at {name}={value:g}",
                    f"{n_left} of {data.time.size:,}",
                    "Choose an earlier time: what is predicted there hangs on few patients",
                ),
                stacklevel=4,
            )


def warn_of_data(
    rows: OutcomeRows,
    data: MediationData,
    formula: GFormula,
    *,
    genes: str,
    per_param: float,
) -> None:
    """Warn of scores that overlap, few events, skewed residuals and changing hazards."""
    r = correlation(np.column_stack([data.exposure, data.mediator]))
    overlap = [genes] if genes else []
    if abs(r) >= HIGH_CORRELATION:
        overlap.append(f"r {r:.2f}")
    if overlap:
        warnings.warn(
            ScoreWarning(
                "Exposure and mediator measure partly the same",
                ", ".join(overlap),
                "An indirect effect then says little: remove shared genes from one of them and "
                "score again",
            ),
            stacklevel=3,
        )
    if rows.kind != "linear":
        counted = "events" if rows.kind == "cox" else "rows of the rarer level"
        warn_of_few_events(pd.Series([per_param]), counted)
    skewness = residual_skewness(data)
    if formula.errors == "normal" and rows.kind != "linear" and abs(skewness) > SKEWED:
        warnings.warn(
            ClinicalWarning(
                "The mediator's residuals are skewed while its errors are taken as normal",
                f"Skewness {skewness:.2f}",
                'Use errors="empirical", or scores on a log scale',
            ),
            stacklevel=3,
        )
    if data.time is not None:
        _warn_of_hazards(data, formula)


def _warn_of_hazards(data: MediationData, formula: GFormula) -> None:
    others = [data.mediator[:, None], data.covariates]
    if formula.interaction:
        others.append((data.exposure * data.mediator)[:, None])
    cox = CoxData(
        time=np.asarray(data.time),
        event=data.y,
        scores=data.exposure[:, None],
        covariates=np.hstack(others),
    )
    p_values = ph_p_values(cox, cox.fit()).columns[0]
    if np.nanmin(np.append(p_values, 1.0)) < PH_ALPHA / p_values.size:
        warnings.warn(
            ProportionalHazardsWarning(
                "Hazard ratios of the outcome model seem to change with time",
                f"The lowest p_ph of {count(p_values.size, 'term')} is {np.nanmin(p_values):.2g}, "
                f"below {PH_ALPHA} / {p_values.size}",
                "Predicted survival rests on proportional hazards: compare several horizons",
            ),
            stacklevel=4,
        )
