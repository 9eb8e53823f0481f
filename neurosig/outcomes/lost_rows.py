"""Rows that a model cannot use: warned of where they are many, refused where they are most."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ClinicalWarning, count, examples
from neurosig.keys import Result

WARN_LOSS: Final = 0.05
REFUSE_LOSS: Final = 0.50
NO_SCORE: Final = "no_score"
SCORE_KNOWN: Final = "score known"


def check_loss(
    n_known: int,
    n_used: int,
    *,
    allow_loss: bool,
    lacking: str,
    whose: str = "",
    n_frames: int = 3,
) -> None:
    """Warn of rows lost to missing values, and refuse to lose more than half, or all.

    n_known: rows with a known outcome; n_used: those that are complete; lacking: what the others
    lack; whose: the models these are the rows of; n_frames: from here to the public verb.

    Raises
    ------
    ClinicalError
        More than half are lost and `allow_loss` is False, or none is left.
    """
    lost = (n_known - n_used) / n_known if n_known else 0.0
    if lost <= WARN_LOSS:
        return
    what = f"{lost:.0%} of the rows lack {lacking}" if n_used else f"All rows lack {lacking}"
    evidence = f"{n_used:,} of {n_known:,} rows with a known outcome are complete{whose}"
    if not n_used or (lost > REFUSE_LOSS and not allow_loss):
        accept = ", or accept the loss with allow_loss=True (in a shell: --allow-loss)"
        raise ClinicalError(
            what,
            evidence,
            "Leave out what is missing most (row_flow of the cohort and the counts of its columns "
            f"tell){accept if n_used else ''}",
            n_known=n_known,
            n_used=n_used,
        )
    warnings.warn(
        ClinicalWarning(
            what, evidence, "Compare the rows used with those lost; see row_flow of the result"
        ),
        stacklevel=n_frames + 1,
    )


@dataclass(frozen=True)
class ModelLoss:
    """Rows with a known outcome, and how many of them a model of some scores uses.

    lacks_score: whether others lack one of the scores.
    """

    scores: tuple[str, ...]
    n_known: int
    n_used: int
    lacks_score: bool

    @property
    def share(self) -> float:
        """Of the rows with a known outcome."""
        return 1 - self.n_used / self.n_known if self.n_known else 0.0

    @property
    def message(self) -> str:
        """Why the model is withheld."""
        return (
            f"{self.n_used:,} of {self.n_known:,} rows have the score and all else: "
            "allow_loss=True fits these"
        )


Withheld = tuple[ModelLoss, ...]


def losses_of_models(
    scores: NDArray[np.float64],
    names: Sequence[str],
    known: NDArray[np.bool_],
    used: NDArray[np.bool_],
    *,
    together: Sequence[Sequence[str]] | None = None,
    apart: NDArray[np.int64] | None = None,
) -> list[ModelLoss]:
    """What each model loses; none of a score that is known nowhere, which loses no row.

    scores: (n, S); known, used: (n,) rows with a known outcome, and those that are complete but
    for single scores; together: the scores that one model needs, by default each by itself; apart:
    (n,) codes of cohorts, each of which may lack a score altogether.
    """
    has_score = np.isfinite(scores)
    if has_score[used].all():
        return []
    place = {name: s for s, name in enumerate(names)}
    losses = []
    for model in [(name,) for name in names] if together is None else together:
        complete = np.asarray(has_score[:, [place[name] for name in model]]).all(axis=1)
        if not complete.any():
            continue
        inside = known
        if apart is not None:
            inside = known & np.isin(apart, np.unique(apart[complete]))
        n_used = int((complete & used & inside).sum())
        is_lacking = n_used < int((used & inside).sum())
        losses.append(ModelLoss(tuple(model), int(inside.sum()), n_used, is_lacking))
    return losses


def check_models(
    losses: Sequence[ModelLoss],
    n_known: int,
    n_used: int,
    *,
    allow_loss: bool,
    lacking: str = "",
) -> Withheld:
    """Warn of the largest loss; the models that lose more than half and are not fitted.

    losses: of models that lose different rows; n_known, n_used: of all rows; lacking: what all
    models lack.

    Raises
    ------
    ClinicalError
        Every model loses more than half and `allow_loss` is False.
    """
    withheld: Withheld = ()
    if not allow_loss:
        withheld = tuple(loss for loss in losses if loss.share > REFUSE_LOSS)
    fitted = [loss for loss in losses if loss not in withheld]
    worst = max(fitted or losses, key=lambda loss: loss.share, default=None)
    if worst is None:
        check_loss(n_known, n_used, allow_loss=allow_loss, lacking=lacking, n_frames=4)
        return ()
    if withheld and fitted:
        warnings.warn(
            ClinicalWarning(
                f"{count(len(withheld), 'model')} of {len(losses)} not fitted: over half of the "
                "rows lack the score",
                examples(" and ".join(loss.scores) for loss in withheld),
                "Leave these signatures out, or accept the loss with allow_loss=True (in a shell: "
                "--allow-loss)",
            ),
            stacklevel=4,
        )
    own = f"the score {' or '.join(map(repr, worst.scores))}" if worst.lacks_score else ""
    n_losing = sum(loss.share > WARN_LOSS for loss in fitted)
    check_loss(
        worst.n_known,
        worst.n_used,
        allow_loss=allow_loss,
        lacking=", ".join(filter(None, (own, lacking))),
        whose=f" in the model that loses most; {n_losing} of {len(fitted)} models lose over 5%"
        if len(fitted) > 1
        else "",
        n_frames=4,
    )
    return withheld


def without(
    scores: NDArray[np.float64], names: Sequence[str], withheld: Withheld
) -> NDArray[np.float64]:
    """The scores (n, S) without those whose model, of one score, is withheld."""
    alone = [names.index(loss.scores[0]) for loss in withheld if len(loss.scores) == 1]
    if not alone:
        return scores
    kept = scores.copy()
    kept[:, alone] = np.nan
    return kept


def why_no_score(signature: str, withheld: Withheld) -> str:
    """The message where there is no score to fit."""
    messages = {loss.scores: loss.message for loss in withheld}
    return messages.get((signature,), "the signature has no score on any row used")


def explained(table: pd.DataFrame, withheld: Withheld) -> pd.DataFrame:
    """The table with what became of the models that are withheld in the messages of their rows."""
    is_scoreless = table[Result.STATUS] == NO_SCORE
    names = table.loc[is_scoreless, Result.SIGNATURE]
    table.loc[is_scoreless, Result.MESSAGE] = [why_no_score(name, withheld) for name in names]
    return table


def what_is_lacking(flow: pd.DataFrame, signatures: Sequence[str] = ()) -> str:
    """What the steps of a row flow lost rows to, such as "age, stage".

    signatures: whose scores the step "score known" is about.

    >>> flow = pd.DataFrame({"step": ["score known", "age known"], "n_lost": [2, 3]})
    >>> what_is_lacking(flow, ["NGF"])
    "the score 'NGF', age"
    """
    steps = flow.loc[flow["n_lost"] > 0, "step"].astype(str)
    of_scores = f"the score {signatures[0]!r}" if len(signatures) == 1 else "any score"
    lost = [of_scores if step == SCORE_KNOWN else step.removesuffix(" known") for step in steps]
    return ", ".join(dict.fromkeys(lost))
