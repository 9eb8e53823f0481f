"""A cohort with its missing covariates imputed m times."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import pandas as pd

from neurosig.errors import ClinicalWarning, ParameterError, UnknownSignatureError, count, examples
from neurosig.outcomes.arguments import name_list
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.design import Term
from neurosig.outcomes.imputation.pooled_fits import (
    CompleteDf,
    fit_each,
    notes_of_pooling,
    pool_tables,
    warn_of_pooled,
)
from neurosig.outcomes.model_rows import joined_flow
from neurosig.outcomes.results import Results
from neurosig.outcomes.row_flow import FlowStep, flow_table

_COLUMN_OPTIONS: Final = ("cluster", "weights", "group", "exposure", "offset")
"""Options of models that name a column of the cohort."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Imputed:
    """m completed cohorts of the same rows, for models whose results are pooled.

    `cox`, `regress` and `fine_gray` take it in the place of a cohort.

    Attributes
    ----------
    name : str
        That of the cohort.
    cohorts : tuple of Cohort
        The completed cohorts: the rows that have the outcome, with the columns filled in.
    columns, signatures : tuple of str
        What the imputation model holds; a model with another covariate is refused, because its
        effect would be drawn towards none.
    outcome : str, optional
        The clinical column that the imputation was made for; None for the endpoint.
    summary : DataFrame
        Observed and imputed values of each column, beside each other.
    traces : DataFrame
        Mean and standard deviation of the imputed values after each round of each chain.
    missing : DataFrame
        True where a value was imputed; a column per column that misses some.
    row_flow : DataFrame
        What led to the rows, and how many values were imputed.
    """

    name: str
    cohorts: tuple[Cohort, ...]
    columns: tuple[str, ...]
    signatures: tuple[str, ...]
    outcome: str | None
    summary: pd.DataFrame
    traces: pd.DataFrame
    missing: pd.DataFrame
    row_flow: pd.DataFrame

    @property
    def m(self) -> int:
        """The number of imputations."""
        return len(self.cohorts)

    def pooled(
        self,
        verb: Callable[..., Results],
        options: Mapping[str, Any],
        complete_df: CompleteDf = "events",
    ) -> Results:
        """Fit one model on every completed cohort and pool the tables; for a verb of a cohort.

        options: the arguments of the verb besides the cohort.

        Raises
        ------
        ParameterError, UnknownSignatureError
            The model has an outcome, covariate, stratum or score that the imputation has not, asks
            for profile intervals, or names a column of clusters, groups or sizes with missing
            values.
        """
        asked = {name: value for name, value in options.items() if name != "cohort"}
        self._check(asked)
        if asked.get("signatures", ()) == "all":
            asked["signatures"] = list(self.signatures)
        fits = fit_each([_bound(verb, cohort, asked) for cohort in self.cohorts])
        tables = [result.table for result in fits.results]
        table = pool_tables(tables, complete_df)
        warn_of_pooled(fits, table, n_frames=4)
        flow = joined_flow([self.row_flow, _steps_after(fits.results[0], self.cohorts[0])])
        notes = (*notes_of_pooling(fits.results, table), *self._notes_of_groups(asked.get("model")))
        return Results(table=table, row_flow=flow, notes=notes)

    def _check(self, options: Mapping[str, Any]) -> None:
        outcome = options.get("outcome")
        if outcome != self.outcome:
            made_for = "the endpoint" if self.outcome is None else repr(self.outcome)
            wanted = "the endpoint" if outcome is None else repr(outcome)
            argument = "" if outcome is None else f", outcome={outcome!r}"
            raise ParameterError(
                f"The imputation was made for {made_for}, not for {wanted}",
                "Covariates have to be imputed with the outcome of the model, or their effects are "
                "drawn towards none",
                f"Impute again: ns.impute(cohort, columns=...{argument})",
            )
        signatures = options.get("signatures", "all")
        chosen = [signatures] if isinstance(signatures, str) else list(signatures)
        unknown = [name for name in chosen if name not in self.signatures and name != "all"]
        if unknown:
            raise UnknownSignatureError(
                f"The imputation does not hold the score {unknown[0]!r}",
                f"It holds {examples(self.signatures)}",
                "Name it in ns.impute(..., signatures=[...])",
                unknown=tuple(unknown),
            )
        adjust, strata = options.get("adjust", ()), options.get("strata", ())
        single = isinstance(adjust, str | Mapping | Term)
        terms = [cast(Any, adjust)] if single else list(adjust)
        used = [Term.of(term).column for term in terms]
        used += name_list("strata", strata)
        used += [options["censoring_by"]] if options.get("censoring_by") else []
        foreign = [name for name in used if name not in (*self.columns, *self.signatures)]
        if foreign:
            raise ParameterError(
                f"The imputation does not hold the covariate {foreign[0]!r}",
                f"It holds {examples(self.columns)}",
                "Name every covariate of the model in ns.impute(cohort, columns=[...]), those "
                "without missing values too",
            )
        self._check_model(options.get("model"))
        if options.get("interactions"):
            warnings.warn(
                ClinicalWarning(
                    "The imputation knows no interactions",
                    "Missing values were drawn from models without products of columns",
                    "Read an interaction with an imputed column as drawn towards none; compare it "
                    "with that of the complete cases",
                ),
                stacklevel=4,
            )

    def _check_model(self, model: object) -> None:
        """Refuse options that imputations cannot follow, and columns that were not complete."""
        if getattr(model, "intervals", None) == "profile":
            raise ParameterError(
                "Profile intervals are not pooled",
                "Rubin's rules take an estimate and its variance: intervals='profile' has neither",
                "Leave intervals at 'wald', or look at one completed cohort: imputed.cohorts[0]",
            )
        data = self.cohorts[0].data
        for option in _COLUMN_OPTIONS:
            column = getattr(model, option, None)
            if column is None or column not in data:  # the verb says what is not there
                continue
            imputed = column in self.missing
            missing = self.missing[column] if imputed else data[column].isna()
            if missing.any():
                raise ParameterError(
                    f"The {option} {column!r} has missing values",
                    f"{count(int(missing.sum()), 'row')} of {len(data):,}: "
                    f"{examples(data.index[missing].astype(str))}; "
                    + ("imputed values of it are not used" if imputed else "it was not imputed"),
                    "Only covariates are imputed: keep the rows that have it with "
                    "cohort.subset(...), and impute again",
                )

    def _notes_of_groups(self, model: object) -> tuple[str, ...]:
        group = getattr(model, "group", None)
        if group is None or group in self.columns:
            return ()
        return (
            f"Missing values were drawn without knowing of the groups in {group!r}: variances "
            f"between groups are drawn towards none; name {group!r} in impute(columns=...) too, "
            "where it has few levels",
        )


def _bound(
    verb: Callable[..., Results], cohort: Cohort, options: Mapping[str, Any]
) -> Callable[[], Results]:
    return lambda: verb(cohort, **options)


def _steps_after(result: Results, cohort: Cohort) -> pd.DataFrame:
    """What the model itself lost: the steps of its flow after those of the cohort."""
    known = set(cohort.row_flow["step"])
    flow = result.row_flow
    return flow[~flow["step"].isin(known)].reset_index(drop=True)


def imputed_step(n_rows: int, n_missing: Mapping[str, int], m: int) -> pd.DataFrame:
    """The step of the row flow that loses nothing and says what was imputed.

    >>> imputed_step(10, {"age": 2}, 20)["reason"].tolist()
    ['imputed 20 times: age (2)']
    """
    told = ", ".join(f"{name} ({n})" for name, n in n_missing.items() if n)
    return flow_table([FlowStep("covariates imputed", n_rows, 0, f"imputed {m} times: {told}")])


def named(columns: Sequence[Any]) -> tuple[str, ...]:
    """The names of columns of an imputation model."""
    return tuple(column.name for column in columns)
