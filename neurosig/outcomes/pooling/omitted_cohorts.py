"""How much a pooled effect hangs on a single cohort."""

import numpy as np
import pandas as pd

from neurosig.errors import ClinicalError, count, examples
from neurosig.keys import OK, Pooled, Result
from neurosig.outcomes.model_rows import NOT_CONVERGED
from neurosig.outcomes.pooling.effect_tables import Tables, effects_of
from neurosig.outcomes.pooling.heterogeneity import Method
from neurosig.outcomes.pooling.random_effects import check_method, pool_many
from neurosig.outcomes.pooling.verb import NO_VARIANCE, columns_of, dressed, model_words
from neurosig.outcomes.results import Results, ordered

_FEWEST = 3


def leave_one_out(
    tables: Tables,
    *,
    method: Method = "REML",
    knha: bool = True,
    endpoint: str | None = None,
    confidence: float = 0.95,
) -> Results:
    """Pool each signature again without each of its cohorts.

    A pooled effect that needs one cohort is not a finding of several. The p-values are for that
    look, and no tests of their own: there are no q-values.

    Parameters
    ----------
    tables, method, knha, endpoint, confidence
        As in `meta`.

    Returns
    -------
    Results
        `table`: a row per signature and cohort left out (`omitted`), with the columns of `meta`;
        only signatures of at least three cohorts, the others are named in the notes.

    Raises
    ------
    ClinicalError
        As in `meta`; no signature has three cohorts.
    ParameterError
        As in `meta`.

    Warns
    -----
    ClinicalWarning
        As in `meta`.

    References
    ----------
    Viechtbauer W, Cheung MW-L (2010) Res Synth Methods 1:112-125, doi:10.1002/jrsm.11.

    Examples
    --------
    >>> one = pd.DataFrame({"endpoint": "OS", "signature": ["NGF"], "term": "score", "status": "ok",
    ...                     "estimate": 0.5, "std_error": 0.5, "effect_scale": "HR per SD"})
    >>> tables = [one.assign(cohort=c, estimate=y) for c, y in zip("ABC", (0.0, 0.5, 1.0))]
    >>> table = leave_one_out(tables, method="FE", knha=False).table
    >>> table[["omitted", "estimate"]].values.tolist()
    [['A', 0.75], ['B', 0.5], ['C', 0.25]]
    """
    check_method(method, confidence)
    effects = effects_of(tables, endpoint)
    n_cohorts = effects.used.sum(axis=1)
    s, j = np.nonzero(effects.used & (n_cohorts >= _FEWEST)[:, None])
    if not s.size:
        raise ClinicalError(
            "No signature has cohorts enough to leave one out",
            f"The most is {count(int(n_cohorts.max()), 'cohort')}; {_FEWEST} are needed",
            "Give tables of more cohorts",
        )
    left = np.arange(s.size)
    y, se, used = effects.estimate[s], effects.std_error[s], effects.used[s]
    y[left, j] = np.nan
    used[left, j] = False
    pooled = pool_many(y, se, method=method, knha=knha, confidence=confidence)
    table = pd.DataFrame(
        {
            Result.SIGNATURE: np.asarray(effects.signatures, dtype=object)[s],
            Pooled.OMITTED: np.asarray(effects.cohorts, dtype=object)[j],
            **columns_of(pooled),
            Pooled.N_COHORTS: used.sum(axis=1),
            Pooled.COHORTS: effects.names(used),
            Result.MODEL: model_words(method, knha=knha),
            Result.STATUS: np.where(np.isnan(pooled.tau2), NOT_CONVERGED, OK),
            Result.MESSAGE: np.where(np.isnan(pooled.tau2), NO_VARIANCE, ""),
        }
    )
    for column in (Result.N, Result.N_EVENTS):
        if column in effects.rows.columns:
            table[column] = np.where(used, effects.counts(column)[s], 0).sum(axis=1)
    skipped = np.asarray(effects.signatures, dtype=object)[n_cohorts < _FEWEST]
    notes = [f"Pooled within one endpoint: {effects.endpoint}"]
    if skipped.size:
        notes.append(f"Fewer than {_FEWEST} cohorts: {examples(skipped, quoted=False)}")
    table = ordered(dressed(table, effects, confidence))
    front = [Result.COHORT, Result.ENDPOINT, Result.SIGNATURE, Pooled.OMITTED]
    return Results(table=table[front + [c for c in table if c not in front]], notes=tuple(notes))
