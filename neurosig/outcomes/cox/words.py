"""What is said of Cox models besides their numbers: the model in words, notes and warnings."""

import warnings

import numpy as np
import pandas as pd

from neurosig.errors import ProportionalHazardsWarning, SmallSampleWarning, count, examples
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.outcomes.clusters import FEW_CLUSTERS, NO_JACKKNIFE, warn_without_jackknife
from neurosig.outcomes.cox.batch import FIRTH, PH_ALPHA, CoxTask
from neurosig.outcomes.model_rows import SEPARATION, warn_of_few_events


def model_text(task: CoxTask) -> str:
    """The model in words."""
    model, rows = task.model, task.rows
    parts = [f"Cox regression, {model.ties.capitalize()} ties"]
    if task.competing:
        parts.append(f"cause-specific, competing: {' and '.join(task.competing)}")
    if rows.stratified_by:
        parts.append(f"stratified by {', '.join(rows.stratified_by)}")
    if task.products.references:
        parts.append(f"score at {' and '.join(task.products.references)}")
    if task.cases.entry is not None:
        parts.append("delayed entry")
    if model.weights is not None:
        parts.append(f"weights {model.weights}")
    if model.offset is not None:
        parts.append(f"offset {model.offset}")
    if model.cluster is not None:
        kind = "jackknife" if task.has_jackknife else "robust"
        parts.append(f"{kind} errors by {model.cluster}")
    elif task.is_robust:
        parts.append("robust errors" if task.rows.patients is None else "robust errors by patient")
    if model.penalty is not None:
        parts.append(f"ridge {model.penalty:g}")
    return ", ".join(parts)


def notes_of(task: CoxTask, table: pd.DataFrame) -> tuple[str, ...]:
    """What a reader of the table has to know."""
    patients = task.rows.patients
    over = "rows of each fit" if patients is None else "patients, of their means over time"
    notes = [
        f"Scores are divided by their standard deviation (n - 1) over the {over}"
        if task.scale == "sd"
        else "Scores are used as they are"
    ]
    if patients is not None:
        notes.append(
            f"n counts patients: {count(patients.n, 'patient')} in "
            f"{count(patients.patients.size, 'interval')}"
        )
    if Result.SPLIT_TIME in table:
        notes.append(
            f"Where p_ph < {PH_ALPHA}: effect_early and effect_late are the hazard ratios up to "
            "and after split_time, the median event time"
        )
    if Result.RMST_EFFECT in table:
        notes.append(
            "rmst_effect is the difference in mean survival time up to rmst_tau, in "
            f"{task.time_unit}, per unit of the score; rmst_p_value is not adjusted; shown "
            f"because p_ph < {PH_ALPHA}"
        )
    if task.products.references:
        notes.append(
            f"The row of the score is its effect at {' and '.join(task.products.references)} "
            "(reference); in another level add the row of the product"
        )
    if task.has_jackknife:
        notes.append(
            f"Errors are those of a jackknife of {count(task.n_clusters or 0, 'cluster')}, with "
            "Student's t"
        )
    elif task.n_clusters is not None and task.n_clusters < FEW_CLUSTERS:
        notes.append(
            f"Robust errors rest on {count(task.n_clusters, 'cluster')}: below {FEW_CLUSTERS} "
            "they are too small, p-values too low"
        )
    failed = table.loc[
        (table[Result.TERM] == SCORE_TERM) & (table[Result.STATUS] != OK), Result.STATUS
    ].value_counts()
    if len(failed):
        counts = ", ".join(f"{status} ({n})" for status, n in failed.items())
        notes.append(f"Not fitted: {counts}")
    return tuple(notes)


def warn_of_fits(table: pd.DataFrame) -> None:
    """At most one warning of each kind per call."""
    tested = Result.P_PH in table
    columns = [Result.SIGNATURE, Result.STATUS, Result.EVENTS_PER_PARAM]
    if tested:
        columns.append(Result.P_PH)
    scores = table.loc[table[Result.TERM] == SCORE_TERM, columns]
    fitted = scores[scores[Result.STATUS].isin([OK, SEPARATION])]
    warn_of_few_events(fitted[Result.EVENTS_PER_PARAM])
    is_firth = np.array([text.startswith(FIRTH) for text in table[Result.MESSAGE]], dtype=np.bool_)
    separated = table[(table[Result.STATUS] == SEPARATION) | is_firth]
    if len(separated):
        pairs = (separated[Result.SIGNATURE] + " (" + separated[Result.TERM] + ")").unique()
        warnings.warn(
            SmallSampleWarning(
                "Maximum-likelihood estimates are infinite: a term separates the events perfectly",
                f"{count(len(pairs), 'row')}: {examples(pairs)}",
                "Where the model says so, estimate, interval and p-value are Firth's; other such "
                "rows have no Wald test",
            ),
            stacklevel=3,
        )
    without_jackknife = table.loc[table[Result.MESSAGE] == NO_JACKKNIFE, Result.SIGNATURE].unique()
    warn_without_jackknife(without_jackknife.tolist(), n_frames=2)
    suspect = scores[scores[Result.P_PH] < PH_ALPHA] if tested else scores[:0]
    has_rmst = Result.RMST_EFFECT in table
    if len(suspect):
        warnings.warn(
            ProportionalHazardsWarning(
                f"The hazard ratio seems to change with time for "
                f"{count(suspect[Result.SIGNATURE].nunique(), 'signature')}",
                f"p_ph < {PH_ALPHA} for {examples(suspect[Result.SIGNATURE].unique())}, of "
                f"{count(int(np.isfinite(scores[Result.P_PH]).sum()), 'fit')} tested",
                "Read such a hazard ratio as an average over follow-up, beside effect_early"
                + (", effect_late and rmst_effect" if has_rmst else " and effect_late")
                + " in its row",
            ),
            stacklevel=3,
        )
