"""What is said of pairs of scores besides their numbers: notes and warnings."""

import warnings
from typing import Final

import numpy as np
import pandas as pd

from neurosig.errors import (
    ProportionalHazardsWarning,
    ScoreWarning,
    SmallSampleWarning,
    count,
    examples,
)
from neurosig.genesets.signature import SignatureCollection
from neurosig.keys import OK, Interplay, Result
from neurosig.outcomes.clusters import NO_JACKKNIFE, warn_without_jackknife
from neurosig.outcomes.cox.batch import PH_ALPHA
from neurosig.outcomes.interplay.outcome_rows import Kind, OutcomeRows
from neurosig.outcomes.interplay.pair_table import TERMS
from neurosig.outcomes.model_rows import SEPARATION, warn_of_few_events

HIGH_CORRELATION: Final = 0.7
HIGH_VIF: Final = 5.0


def pair_notes(
    outcome: OutcomeRows, names: list[str], known: SignatureCollection
) -> tuple[str, ...]:
    """What a reader of the tables has to know."""
    notes = [
        "Scores are centred and divided by their standard deviation (n - 1) on the rows of each "
        "pair: the row of a score is its slope at the mean of the other",
        "q-values are over the products of this call; slopes and regions describe an interaction "
        "and are no further tests of it",
        "A pointwise region holds for one level of the moderator; read the simultaneous one where "
        "the level was not chosen beforehand",
    ]
    if outcome.kind != "linear":
        notes.append(
            "reri is for both scores 1 SD above their means; where a score lowers the risk, turn "
            "its sign before reading it"
        )
    unknown = [name for name in names if name not in known]
    if unknown:
        notes.append(f"Shared genes were not looked for: genes unknown of {examples(unknown)}")
    return tuple(notes)


def warn_of_pairs(table: pd.DataFrame, kind: Kind, *, known_all: bool) -> None:
    """At most one warning of each kind per call."""
    products = table[table[Result.TERM] == Interplay.PRODUCT]
    fitted = products[products[Result.STATUS] == OK]
    if Result.EVENTS_PER_PARAM in fitted:
        counted = "events" if kind == "cox" else "rows of the rarer level"
        warn_of_few_events(fitted[Result.EVENTS_PER_PARAM], counted)
    separated = products.loc[products[Result.STATUS] == SEPARATION, Result.SIGNATURE]
    if len(separated):
        warnings.warn(
            SmallSampleWarning(
                "Estimates are infinite: a term separates the outcome perfectly",
                f"{count(len(separated), 'pair')}: {examples(separated)}",
                "These pairs have no slopes; adjust for fewer covariates",
            ),
            stacklevel=3,
        )
    without = products[products[Result.MESSAGE] == NO_JACKKNIFE]
    warn_without_jackknife(without[Result.SIGNATURE].tolist(), n_frames=2)
    _warn_of_overlap(products, known_all=known_all)
    if Result.P_PH in table:
        pairs = table[table[Result.TERM].isin(TERMS)].groupby(Result.SIGNATURE, sort=False)
        lowest = pairs[Result.P_PH].min()
        suspect = lowest.index[lowest < PH_ALPHA / len(TERMS)]
        if len(suspect):
            warnings.warn(
                ProportionalHazardsWarning(
                    "Slopes or the interaction seem to change with time in "
                    f"{count(len(suspect), 'pair')}",
                    f"p_ph of one of three terms < {PH_ALPHA} / 3 for {examples(suspect)}, of "
                    f"{len(lowest)} tested",
                    "Read them as averages over follow-up",
                ),
                stacklevel=3,
            )


def _warn_of_overlap(products: pd.DataFrame, *, known_all: bool) -> None:
    reasons = []
    for _, row in products.iterrows():
        found = []
        if row.get(Interplay.N_SHARED, 0) > 0:
            found.append(count(int(row[Interplay.N_SHARED]), "shared gene"))
        r, vif = row.get(Interplay.CORRELATION, np.nan), row.get(Interplay.VIF, np.nan)
        if abs(r) >= HIGH_CORRELATION or vif > HIGH_VIF:
            found.append(f"r {r:.2f}, VIF {vif:.1f}")
        if found:
            reasons.append(f"{row[Result.SIGNATURE]} ({', '.join(found)})")
    if reasons:
        warnings.warn(
            ScoreWarning(
                f"{count(len(reasons), 'pair')} of {len(products)} hold scores that measure partly "
                "the same",
                f"{examples(reasons, quoted=False)}"
                + ("" if known_all else "; genes of some scores are not known"),
                "Their product is partly a square: read estimate_with_squares beside it",
            ),
            stacklevel=4,
        )
