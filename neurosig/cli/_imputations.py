"""Imputation of the covariates of a model that a command fits."""

from collections.abc import Sequence

from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.design import Term
from neurosig.outcomes.imputation.imputed import Imputed
from neurosig.outcomes.imputation.verb import impute


def imputed(
    cohort: Cohort,
    terms: Sequence[Term],
    *,
    m: int,
    seed: int,
    strata: Sequence[str] = (),
    outcome: str | None = None,
) -> Imputed:
    """The cohort with the columns of the model imputed."""
    columns = [Term(term.column, kind=term.kind) for term in terms]
    return impute(cohort, [*columns, *strata], outcome=outcome, m=m, seed=seed)
