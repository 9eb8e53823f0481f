"""The analysis of a study: score each cohort, model every score, pool over cohorts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from neurosig._progress import Advance
from neurosig.assessment.quality import Assessment, assess
from neurosig.engine import score
from neurosig.errors import (
    EndpointError,
    FitError,
    InputError,
    ParameterError,
    UnknownSignatureError,
    count,
    examples,
)
from neurosig.expression.base import Expression
from neurosig.expression.checks import guess_scale
from neurosig.genesets.signature import SignatureCollection
from neurosig.keys import SCORE_TERM, Imputation, Null, Result
from neurosig.matched_null import MatchedNull
from neurosig.methods.base import Method
from neurosig.methods.registry import get_method
from neurosig.outcomes.chance.empirical import NullTest, null_test
from neurosig.outcomes.clinic.clean import find_column, texts_of
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.follow_up import DAYS_PER, median_follow_up, mixed_units
from neurosig.outcomes.cox.verb import cox
from neurosig.outcomes.design import Term
from neurosig.outcomes.given_columns import array_of
from neurosig.outcomes.imputation.imputed import Imputed
from neurosig.outcomes.imputation.verb import impute
from neurosig.outcomes.pooling.verb import meta
from neurosig.outcomes.regression.verb import regress
from neurosig.outcomes.results import Results, ordered
from neurosig.scores import Scores
from neurosig.study.config import CohortSource, RegressionOutcome, Study
from neurosig.study.notices import Notices
from neurosig.study.rows import rows_to_score
from neurosig.study.signature_choice import choose_signatures
from neurosig.study.sources import kept_rows, load_cohort, refuse_unstated_scale

_NULL_OF_COMPLETE_CASES = "The null test uses complete cases, the models beside it imputed ones."
VAGUE_ENDPOINTS = {"status", "event", "events", "dead", "death", "deceased", "vital_status"}


@dataclass(frozen=True, eq=False)
class CohortAnalysis:
    """What was made of one cohort; the mappings are by method, the main one first.

    `survival` holds the adjusted models, `crude` the main method's without covariates on the same
    rows (empty where the models have none anyway), `nulls` what the main method's were compared
    with.
    """

    source: CohortSource
    scale: str
    cohort: Cohort
    scores: Mapping[str, Scores]
    survival: Mapping[str, Results]
    crude: pd.DataFrame
    assessment: Assessment
    nulls: NullTest | None
    regressions: tuple[tuple[RegressionOutcome, Results], ...]
    origin: Mapping[str, Mapping[str, str]]

    @property
    def main(self) -> Scores:
        """The scores of the main method."""
        return next(iter(self.scores.values()))

    @property
    def endpoint_name(self) -> str | None:
        """Name of the survival endpoint, if there is one."""
        return None if self.source.endpoint is None else self.source.endpoint.name


@dataclass(frozen=True, eq=False)
class StudyAnalysis:
    """What was made of all cohorts.

    `pooled` is by method and `pooled_crude` the main method's models without covariates; both are
    empty where nothing can be pooled.
    """

    signatures: SignatureCollection
    methods: Mapping[str, Method]
    cohorts: tuple[CohortAnalysis, ...]
    pooled_endpoint: str | None
    pooled: Mapping[str, Results]
    pooled_crude: pd.DataFrame

    @property
    def main_method(self) -> str:
        """Name of the main method."""
        return next(iter(self.methods))

    def survival_table(self, method: str) -> pd.DataFrame:
        """The survival results of all cohorts with one method, one below the other."""
        tables = [c.survival[method].table for c in self.cohorts if method in c.survival]
        return ordered(pd.concat(tables, ignore_index=True)) if tables else pd.DataFrame()


def analyse(study: Study, notices: Notices, advance: Advance) -> StudyAnalysis:
    """Run the whole analysis of a study in memory; nothing is written.

    `advance` is called with the name of each cohort when it is begun.
    """
    config = study.config
    with notices.collecting("Signatures"):
        signatures = choose_signatures(config.signatures, study.data_folder)
    _refuse_unknown_figures(study, signatures)
    endpoint = _endpoint_to_pool(study)
    methods = chosen_methods(study)
    cohorts = []
    for source in config.cohorts:
        advance(source.id)
        cohorts.append(_analyse_cohort(study, source, signatures, methods, notices))
    inside = [c for c in cohorts if c.survival and c.endpoint_name == endpoint]
    pooled = {}
    if len(inside) > 1:
        notices.add_all("Pooling", _doubts_about_pooling(inside))
        for name in methods:
            with notices.collecting(f"Pooling, {name}"):
                pooled[name] = _pool(study, endpoint, [c.survival[name].table for c in inside])
    has_crude = len(inside) > 1 and any(len(c.crude) for c in inside)
    main = next(iter(methods))
    crude = [c.crude if len(c.crude) else c.survival[main].table for c in inside]
    pooled_crude = pd.DataFrame()
    if has_crude:
        with notices.collecting("Pooling without covariates"):
            pooled_crude = _pool(study, endpoint, crude).table
    return StudyAnalysis(
        signatures,
        methods,
        tuple(cohorts),
        endpoint if pooled else None,
        pooled,
        pooled_crude,
    )


def _pool(study: Study, endpoint: str | None, tables: list[pd.DataFrame]) -> Results:
    pooling = study.config.pooling
    return meta(tables, method=pooling.method, knha=pooling.knha, endpoint=endpoint)


def _doubts_about_pooling(cohorts: Sequence[CohortAnalysis]) -> list[str]:
    """What speaks against these cohorts being independent and of one endpoint."""
    doubts = []
    name = str(cohorts[0].endpoint_name)
    if name.casefold() in VAGUE_ENDPOINTS:
        doubts.append(
            f"The cohorts are pooled because their endpoint is called {name!r}, which does not "
            "say what it is. Give each endpoint a name, such as 'name: OS'."
        )
    doubts += filter(None, [mixed_units({c.source.id: _median_days(c.cohort) for c in cohorts})])
    for i, one in enumerate(cohorts):
        for other in cohorts[i + 1 :]:
            shared = one.cohort.data.index.intersection(other.cohort.data.index)
            if len(shared):
                doubts.append(
                    f"{one.source.id} and {other.source.id} share names of observations, pooling "
                    f"takes cohorts for independent. {count(len(shared), 'name')}: "
                    f"{examples(shared)}. Leave one of the cohorts out if they are the same "
                    "patients."
                )
    return doubts


def _median_days(cohort: Cohort) -> float:
    """Median follow-up of a cohort with an endpoint."""
    if cohort.endpoint is None or cohort.time is None or cohort.event is None:
        return float("nan")
    time, event = np.asarray(cohort.time), np.asarray(cohort.event)
    median = median_follow_up(time, event, array_of(cohort.entry))
    return median * DAYS_PER[cohort.endpoint.unit]


def chosen_methods(study: Study) -> dict[str, Method]:
    """The main method with its parameters, then those of the sensitivity runs."""
    scoring = study.config.scoring
    methods = {scoring.method: get_method(scoring.method, scoring.parameters)}
    for name in scoring.sensitivity:
        methods.setdefault(name, get_method(name))
    return methods


def _analyse_cohort(
    study: Study,
    source: CohortSource,
    signatures: SignatureCollection,
    methods: Mapping[str, Method],
    notices: Notices,
) -> CohortAnalysis:
    subject = source.title or source.id
    with notices.collecting(subject):
        data = load_cohort(study, source)
        for method in methods.values():
            refuse_unstated_scale(data.expression, source, method)
        rows = rows_to_score(
            data.expression.obs_names,
            data.clinical,
            name=source.id,
            exclude=source.exclude,
            keep=source.clinical.keep,
            duplicates=source.clinical.duplicates,
        )
        expression = kept_rows(data.expression, rows.data.index)
        assessment = assess(
            expression,
            signatures,
            min_genes=study.config.scoring.min_genes,
            min_coverage=study.config.scoring.min_coverage,
            thresholds=study.config.assessment,
        )
    scores, cohorts = {}, {}
    fitted: dict[str, Results] = {}
    main = next(iter(methods))
    for name, method in methods.items():
        with notices.collecting(f"{subject}, {name}"):
            scores[name] = _score(study, expression, signatures, method)
            cohorts[name] = _with_scores(rows, source, scores[name].values)
            if source.endpoint is None:
                continue
            try:
                fitted[name] = _survival(study, source, cohorts[name])
            except FitError as error:  # a cohort without a model does not take the others with it
                if len(study.config.cohorts) == 1:
                    raise
                notices.add(f"{subject}, {name}", f"No survival model. {error}")
    survival = {name: _adjusted(result, source) for name, result in fitted.items()}
    nulls = None
    if main in survival and study.config.null_test.n_sets:
        with notices.collecting(f"{subject}, {main}"):
            try:
                nulls = _null_test(study, source, cohorts[main], expression, signatures)
                survival[main] = _with_nulls(survival[main], nulls.table)
                if Imputation.N_IMPUTATIONS in survival[main].table:
                    notices.add(f"{subject}, {main}", _NULL_OF_COMPLETE_CASES)
            except (FitError, ParameterError, EndpointError) as error:  # some have no null
                notices.add(f"{subject}, {main}", f"No null test. {error}")
    cohort = next(iter(cohorts.values()))
    with notices.collecting(subject):
        regressions = tuple((o, _regression(cohort, o)) for o in source.regressions)
    return CohortAnalysis(
        source=source,
        scale=guess_scale(expression).scale,
        cohort=cohort,
        scores=scores,
        survival=survival,
        assessment=assessment,
        crude=_crude(next(iter(fitted.values()), None), source),
        nulls=nulls,
        regressions=regressions,
        origin={"expression": expression.origin, "clinical": data.clinical_origin},
    )


def _with_scores(rows: Cohort, source: CohortSource, values: pd.DataFrame) -> Cohort:
    """The rows with their scores and endpoint; the row flow goes on from that of the rows."""
    joined = Cohort.join(values, rows.data, source.endpoint, name=source.id)
    steps = joined.row_flow[joined.row_flow["step"].isin(["time known", "event known"])]
    flow = pd.concat([rows.row_flow, steps], ignore_index=True)
    return replace(joined, row_flow=flow)


def _score(
    study: Study, expression: Expression, signatures: SignatureCollection, method: Method
) -> Scores:
    scoring = study.config.scoring
    return score(
        expression,
        signatures,
        method=method,
        min_coverage=scoring.min_coverage,
        min_genes=scoring.min_genes,
    )


def _survival(study: Study, source: CohortSource, cohort: Cohort) -> Results:
    return cox(
        _imputed(study, source, cohort),
        adjust=source.adjust,
        strata=source.strata,
        model=study.config.model,
        unadjusted=bool(source.adjust),
    )


def _imputed(study: Study, source: CohortSource, cohort: Cohort) -> Cohort | Imputed:
    """The cohort with its covariates imputed, where that is asked for and something is missing."""
    choice = study.config.missing_data
    columns = [Term(Term.of(term).column, kind=Term.of(term).kind) for term in source.adjust]
    columns += [Term(name, kind="categorical") for name in source.strata]
    if choice.method != "impute" or not columns:
        return cohort
    cells = [texts_of(find_column(cohort.data, term.column)) for term in columns]
    if not any(cell is None for column in cells for cell in column):
        return cohort
    return impute(cohort, columns, m=choice.m, seed=choice.seed, chains=choice.chains)


def _null_test(
    study: Study,
    source: CohortSource,
    cohort: Cohort,
    expression: Expression,
    signatures: SignatureCollection,
) -> NullTest:
    choice = study.config.null_test
    return null_test(
        cohort,
        expression,
        signatures,
        method=next(iter(chosen_methods(study).values())),
        adjust=source.adjust,
        strata=source.strata,
        model=study.config.model,
        null=MatchedNull(n_sets=choice.n_sets),
        n_permutations=choice.n_permutations,
        catalogue="all" if choice.catalogue else None,
        seed=choice.seed,
    )


def _with_nulls(result: Results, nulls: pd.DataFrame) -> Results:
    """The result with the columns of its null test in the rows of the scores."""
    columns = [c for c in (Result.P_NULL, *Null.ALL) if c in nulls.columns]
    by_signature = nulls.set_index(Result.SIGNATURE)[columns].astype(np.float64)
    rows = by_signature.reindex(result.table[Result.SIGNATURE]).reset_index(drop=True)
    rows[(result.table[Result.TERM] != SCORE_TERM).to_numpy()] = np.nan
    return replace(result, table=ordered(pd.concat([result.table, rows], axis=1)))


def _adjusted(result: Results, source: CohortSource) -> Results:
    if not source.adjust:
        return result
    is_adjusted = result.table[Result.ADJUSTED_FOR] != ""
    return replace(result, table=result.table[is_adjusted].reset_index(drop=True))


def _crude(result: Results | None, source: CohortSource) -> pd.DataFrame:
    if result is None or not source.adjust:
        return pd.DataFrame()
    is_crude = result.table[Result.ADJUSTED_FOR] == ""
    return result.table[is_crude].reset_index(drop=True)


def _regression(cohort: Cohort, outcome: RegressionOutcome) -> Results:
    return regress(
        cohort,
        outcome=outcome.outcome,
        kind=outcome.kind,
        positive=outcome.positive,
        adjust=outcome.adjust,
        model=outcome.model,
    )


def _refuse_unknown_figures(study: Study, signatures: SignatureCollection) -> None:
    unknown = [name for name in study.config.figures.signatures if name not in signatures]
    if unknown:
        raise UnknownSignatureError(
            f"The figures are to show {unknown[0]!r}, which is not among the study's signatures",
            f"The study has {len(signatures)}: {examples(signatures)}",
            "Correct 'figures: signatures:'",
        )


def _endpoint_to_pool(study: Study) -> str | None:
    names = [c.endpoint.name for c in study.config.cohorts if c.endpoint is not None]
    wanted = study.config.pooling.endpoint
    if wanted is not None and wanted not in names:
        raise InputError(
            f"No cohort has the endpoint {wanted!r} that is to be pooled",
            f"Endpoints: {', '.join(dict.fromkeys(names)) or 'none'}",
            "Name one of them under 'pooling: endpoint:', or give the endpoints names",
        )
    return wanted or (max(names, key=names.count) if names else None)
