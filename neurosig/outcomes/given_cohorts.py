"""What a verb was given as its cohort or cohorts."""

from collections.abc import Iterable
from typing import cast

import pandas as pd

from neurosig.errors import ParameterError
from neurosig.outcomes.arguments import shown
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.imputation.imputed import Imputed


def several_cohorts(given: object, what: str) -> list[Cohort]:
    """One cohort or several as a list.

    Raises
    ------
    ParameterError
        Something in it is no cohort.
    """
    is_one = not isinstance(given, Iterable) or isinstance(given, str | pd.DataFrame)
    cohorts = [given] if is_one else list(cast(Iterable[object], given))
    for cohort in cohorts:
        refuse_no_cohort(cohort, what)
    return cast(list[Cohort], cohorts)


def refuse_no_cohort(cohort: object, what: str) -> None:
    """Refuse what is no cohort, and imputations of one where nothing is pooled.

    Raises
    ------
    ParameterError
        `cohort` is an `Imputed`, or no `Cohort` at all.
    """
    if isinstance(cohort, Cohort):
        return
    if isinstance(cohort, Imputed):
        raise ParameterError(
            f"{what} does not pool imputations",
            f"It was given {cohort.m} imputations of {cohort.name!r}",
            "Use it on one completed cohort, such as imputed.cohorts[0], or on the complete cases; "
            "cox, regress and fine_gray pool",
        )
    if isinstance(cohort, list | tuple):
        raise ParameterError(
            f"{what} needs one cohort, not several",
            f"It was given a {type(cohort).__name__} of {len(cohort)}",
            "Give one after the other, and pool the results with ns.meta",
        )
    raise ParameterError(
        f"{what} needs a cohort, not a {type(cohort).__name__}",
        f"It was given {shown(cohort)}",
        "Join scores and clinical table first: ns.Cohort.join(scores, clinical, "
        'ns.Endpoint(time="...", event="..."))',
    )
