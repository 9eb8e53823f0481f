"""What is said of regressions besides their numbers: notes and warnings."""

import warnings
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import AssumptionWarning, ClinicalWarning, SmallSampleWarning, count, examples
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.outcomes.clusters import NO_JACKKNIFE, warn_without_jackknife
from neurosig.outcomes.lost_rows import WARN_LOSS
from neurosig.outcomes.model_rows import SEPARATION, warn_of_few_events
from neurosig.outcomes.regression.fitting import Task
from neurosig.outcomes.regression.kind import NO_FINITE_ESTIMATE, SINGULAR_FIT

ALPHA: Final = 0.05
OVERDISPERSED: Final = 1.5
"""Pearson's chi-square over its degrees of freedom; errors are then too small by 22 % or more."""
FEW_GROUPS: Final = 5
FEWEST_DF: Final = 4
"""Below, Satterthwaite's t does not keep its level: Tipton E (2015) doi:10.1037/met0000011."""


def warn_of_unknown(outcome: str, known: NDArray[np.bool_], n_frames: int = 2) -> None:
    """Warn of many rows without the outcome; n_frames: from here to the caller of the verb."""
    n_lost = int((~known).sum())
    if n_lost > WARN_LOSS * known.size:
        warnings.warn(
            ClinicalWarning(
                f"{n_lost:,} of {count(known.size, 'row')} have no {outcome!r} and are left out",
                f"{n_lost / known.size:.0%}; the row flow counts them",
                "Ask why it was not recorded: the rows left may differ from those lost",
            ),
            stacklevel=n_frames + 1,
        )


def notes_of(table: pd.DataFrame, task: Task) -> tuple[str, ...]:
    """What a reader of the table has to know."""
    notes = [
        "Scores are divided by their standard deviation (n - 1) over the rows of each fit"
        if task.scale == "sd"
        else "Scores are used as they are"
    ]
    if task.model.allow_repeats:
        notes.append("Rows of one donor or patient count as independent, as asked for")
    if Result.LEVEL in table:
        notes.append(
            "q-values are over the score rows of all levels; p_lr tests a score in all levels"
        )
    if task.kind.has_df and Result.N_GROUPS in table:
        notes.append(
            "df: between groups for terms that do not vary within them, else within groups"
        )
    scores = table[table[Result.TERM] == SCORE_TERM]
    failed = scores.loc[scores[Result.STATUS] != OK, Result.STATUS].value_counts()
    if len(failed):
        notes.append("Not fitted: " + ", ".join(f"{name} ({n})" for name, n in failed.items()))
    return tuple(notes)


def warn_of_fits(table: pd.DataFrame, task: Task) -> None:
    """At most one warning of each kind per call; to be called by the verb."""
    scores = table[table[Result.TERM] == SCORE_TERM]
    fitted = scores[scores[Result.STATUS] == OK]
    if Result.EVENTS_PER_PARAM in fitted:
        once = fitted.drop_duplicates(Result.SIGNATURE)
        warn_of_few_events(once[Result.EVENTS_PER_PARAM], task.kind.of)
    _warn_of_separation(table)
    _warn_of_thresholds(fitted)
    _warn_of_dispersion(fitted)
    _warn_of_groups(fitted, task)
    _warn_of_clusters(fitted, task)


def _warn_of_separation(table: pd.DataFrame) -> None:
    is_infinite = table[Result.MESSAGE].str.contains(NO_FINITE_ESTIMATE, regex=False)
    separated = table[(table[Result.STATUS] == SEPARATION) | is_infinite]
    if not len(separated):
        return
    names = separated[Result.SIGNATURE].unique()
    warnings.warn(
        SmallSampleWarning(
            "Maximum-likelihood estimates are infinite: terms separate the levels",
            f"{count(len(names), 'signature')}: {examples(names)}",
            "Where the model says so, estimate, interval and p-value are Firth's; rows with the "
            'status "separation" have none',
        ),
        stacklevel=4,
    )


def _warn_of_thresholds(fitted: pd.DataFrame) -> None:
    if Result.P_PROPORTIONAL not in fitted:
        return
    suspect = fitted[fitted[Result.P_PROPORTIONAL] < ALPHA]
    if len(suspect):
        warnings.warn(
            AssumptionWarning(
                f"The effect of {count(len(suspect), 'score')} seems to differ between thresholds",
                f"p_proportional < {ALPHA} for {examples(suspect[Result.SIGNATURE])}, of "
                f"{count(len(fitted), 'fit')} tested",
                'Read the effect as an average over thresholds, beside kind="multinomial"',
            ),
            stacklevel=4,
        )


def _warn_of_dispersion(fitted: pd.DataFrame) -> None:
    if Result.DISPERSION not in fitted:
        return
    over = fitted[fitted[Result.DISPERSION] > OVERDISPERSED]
    if len(over) and not over[Result.MODEL].str.contains("errors").any():
        largest = float(over[Result.DISPERSION].max())
        warnings.warn(
            AssumptionWarning(
                "The counts vary more than a Poisson model allows",
                f"Dispersion up to {largest:.3g} in {count(len(over), 'fit')} of {len(fitted)}: "
                f"standard errors are too small by a factor of up to {np.sqrt(largest):.2g}",
                'Use kind="negative_binomial", or robust errors: RegressionModel(errors="HC3")',
            ),
            stacklevel=4,
        )


def _warn_of_groups(fitted: pd.DataFrame, task: Task) -> None:
    if Result.N_GROUPS not in fitted or not len(fitted):
        return
    fewest = int(fitted[Result.N_GROUPS].min())
    if fewest < FEW_GROUPS:
        warnings.warn(
            SmallSampleWarning(
                f"The variance between {count(fewest, 'group')} is hardly known",
                f"{task.model.group!r} has fewer than {FEW_GROUPS} levels on the rows used",
                "Read the errors as uncertain; more groups are needed, not more rows",
            ),
            stacklevel=4,
        )
    singular = fitted[fitted[Result.MESSAGE].str.startswith(SINGULAR_FIT)]
    if len(singular):
        found = singular[Result.MESSAGE].iloc[0].removeprefix(SINGULAR_FIT)
        warnings.warn(
            AssumptionWarning(
                f"Mixed models are singular: {found}",
                f"{count(len(singular), 'fit')} of {len(fitted)}: "
                f"{examples(singular[Result.SIGNATURE])}",
                "With few groups a variance above 0 is often missed; more groups would tell it",
            ),
            stacklevel=4,
        )


def _warn_of_clusters(fitted: pd.DataFrame, task: Task) -> None:
    """Of clusters that are so few, or one of them so large, that their errors are rough."""
    without = fitted[fitted[Result.MESSAGE].str.contains(NO_JACKKNIFE, regex=False)]
    warn_without_jackknife(without[Result.SIGNATURE].unique().tolist(), n_frames=3)
    if task.model.cluster_errors != "CR2" or Result.DF not in fitted:
        return
    few = fitted[fitted[Result.DF] < FEWEST_DF]
    if not len(few):
        return
    warnings.warn(
        SmallSampleWarning(
            f"The clusters of {task.model.cluster!r} leave fewer than {FEWEST_DF} degrees of "
            "freedom",
            f"{few[Result.DF].min():.3g} for {examples(few[Result.SIGNATURE])}: the clusters are "
            "few, or few of them carry the estimate; then the p-value is a rough one "
            "(Tipton 2015)",
            "Read it as such, or use the column as a covariate",
        ),
        stacklevel=4,
    )
