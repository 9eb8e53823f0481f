"""Is a signature more than chance: random signatures, permuted labels and other signatures."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ParameterError, SignatureError, count, examples
from neurosig.expression.adapters import as_expression
from neurosig.genesets.compiled import CompiledSignatures, compile_signatures
from neurosig.genesets.finding import load_signatures
from neurosig.genesets.signature import SignatureCollection
from neurosig.kernels.cox import Ties
from neurosig.matched_null import MatchedNull, NullLike, check_has_null, null_of
from neurosig.methods.base import Method
from neurosig.methods.registry import get_method
from neurosig.outcomes.chance.null_columns import q_notes, what_survives, with_nulls
from neurosig.outcomes.chance.null_statistics import (
    BinaryResponse,
    Response,
    Scored,
    ScoreTest,
    SurvivalResponse,
    permuted_z,
    random_z,
    score_tests,
)
from neurosig.outcomes.clinic.clean import find_column, matching, texts_of
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.verb import cox
from neurosig.outcomes.delayed_entry import refuse_delayed_entry
from neurosig.outcomes.given_cohorts import refuse_no_cohort
from neurosig.outcomes.model_rows import ModelRows, TermLike, model_rows
from neurosig.outcomes.regression.verb import regress
from neurosig.outcomes.results import Results, ordered

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
_SAME_Z = 1e-6
_MATCHED = MatchedNull()
_EFRON = CoxModel()


@dataclass(frozen=True, eq=False)
class NullTest(Results):
    """A table with p-values of three nulls, and the statistics that they were counted from.

    random: z of the random signatures, n_sets x signatures; permuted: z of the permuted scores,
    n_permutations x signatures; catalogue: z of the other signatures, catalogue x signatures.
    """

    random: pd.DataFrame = field(default_factory=pd.DataFrame)
    permuted: pd.DataFrame = field(default_factory=pd.DataFrame)
    catalogue: pd.DataFrame = field(default_factory=pd.DataFrame)


def null_test(
    cohort: "Cohort",
    expression: Any,
    signatures: Any,
    *,
    method: str | Method = "ssgsea",
    adjust: Sequence[TermLike] = (),
    strata: Sequence[str] = (),
    model: CoxModel = _EFRON,
    outcome: str | None = None,
    positive: str | float | None = None,
    null: NullLike = _MATCHED,
    n_permutations: int = 1000,
    catalogue: Any = "all",
    layer: str | None = None,
    use_raw: bool = False,
    allow_loss: bool = False,
    seed: int = 0,
    n_jobs: int = 1,
) -> NullTest:
    """Cox or logistic models, with the p-values that random signatures and permuted labels give.

        p = (1 + #{t: |z_t| >= |z|}) / (1 + m),     two-sided

    z, the same for observed and null: signed root of the score test of the score in the model with
    the covariates and strata. Three nulls answer three questions. `p_null`: do these genes
    tell more of the outcome than m random sets of their number, direction, weights and average
    expression, scored by the same method? In many tumours most sets of genes are related to
    survival, so that a p-value against "no relation" says little of these genes. `p_permuted`: is
    there any relation, without trust in asymptotics? Outcome, covariates and strata stay together,
    and the scores go to other observations, of the same stratum. `catalogue_rank`: the
    place of |z| among the other signatures of a catalogue (1: the largest), of `n_catalogue`; a
    description and not a p-value.

    Parameters
    ----------
    cohort
        A cohort whose scores were made from `expression` by `method`.
    expression
        The same matrix, in full: random sets are scored on it.
    signatures
        The signatures behind the scores of the cohort, as `score` takes them.
    method
        Registered name or method; it has to be the one of the scores.
    adjust, strata, model, allow_loss
        As in `cox`; of the model the null has the treatment of ties alone.
    outcome, positive
        A clinical column and its level that counts as 1, for logistic models as in `regress`
        instead of Cox models of the endpoint; there are no strata then.
    null
        How many random sets, and how finely they are matched for expression; "matched" for 1,000.
    n_permutations
        Permutations; 0 leaves them out.
    catalogue
        "all" of the bundled catalogue, signatures as `score` takes them, or None.
    layer, use_raw
        Which matrix of an AnnData.
    seed, n_jobs
        The seed fixes draws and permutations; threads do not change the result.

    Returns
    -------
    NullTest
        `table`: the score rows of `cox` or `regress`, with `p_null` from `n_null` random sets
        (those without a score are left out), `q_null`, `p_permuted`, `catalogue_rank` and
        `z_score_test`.
        `q_null` (Benjamini-Hochberg over the tests of this call) is there where m is at least 40
        times their number: with fewer sets no empirical p-value is small enough to survive the
        correction, and a note says how many sets it takes. Null draws are not shared between
        signatures: those of one size still differ in the expression that is matched.

    Raises
    ------
    ParameterError
        The scores of the cohort are not those of the method, or an option is not allowed.
    SignatureError
        A score of the cohort has no signature in `signatures`.
    AlignmentError
        An observation of the cohort is not in the expression.
    EndpointError, ClinicalError, FitError
        As in `cox` and `regress`; SeparationError if the covariates alone have no finite estimate.

    References
    ----------
    Venet D et al. (2011) PLoS Comput Biol 7:e1002240, doi:10.1371/journal.pcbi.1002240 (random
    signatures); Phipson B, Smyth GK (2010) Stat Appl Genet Mol Biol 9:39,
    doi:10.2202/1544-6115.1585 (the 1 in the formula); Cox DR (1972) J R Stat Soc B 34:187-220,
    doi:10.1111/j.2517-6161.1972.tb00899.x (the score test).

    Examples
    --------
    Every gene follows the hazard, so that three of them are nothing special. The Wald test does
    not know that; the random signatures do.

    >>> import neurosig as ns
    >>> rng = np.random.default_rng(2)
    >>> hazard = rng.normal(size=80)
    >>> names = [f"p{i}" for i in range(80)]
    >>> noise = rng.normal(size=(80, 60))
    >>> x = pd.DataFrame(9 + hazard[:, None] + noise, names, [f"G{j}" for j in range(60)])
    >>> times = rng.exponential(np.exp(-2 * hazard))
    >>> clinic = pd.DataFrame({"t": times.clip(max=9), "e": (times < 9) * 1}, names)
    >>> sets = {"S": ["G0", "G1", "G2"]}
    >>> scores = ns.score(x, sets, method="zscore")
    >>> endpoint = ns.Endpoint(time="t", event="e", event_values=[1], unit="years")
    >>> cohort = ns.Cohort.join(scores, clinic, endpoint)
    >>> test = null_test(cohort, x, sets, method="zscore", catalogue=None)
    >>> row = test.table.iloc[0]
    >>> bool(row["p_value"] < 1e-14), bool(row["p_permuted"] < 0.01), bool(row["p_null"] > 0.1)
    (True, True, True)
    """
    refuse_no_cohort(cohort, "A null test")
    chosen = get_method(method)
    chosen_null = _check(model, n_permutations, chosen, null)
    matrix = as_expression(data=expression, layer=layer, use_raw=use_raw)
    if outcome is None:
        fitted = cox(
            cohort, adjust=adjust, strata=strata, model=model, allow_loss=allow_loss, n_jobs=n_jobs
        )
    else:
        _check_logistic(outcome, strata, model)
        fitted = regress(
            cohort, outcome=outcome, positive=positive, adjust=adjust, allow_loss=allow_loss
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rows lost: the fit above has told
        rows, response = _response(cohort, outcome, positive, adjust, strata, ties=model.ties)
    tests = score_tests(cohort, rows, matrix, response)
    scored = Scored.of(matrix, chosen, n_jobs)
    sets = _compiled(SignatureCollection.of(signatures), rows, matrix.var_names)
    observed = pd.DataFrame(scored.scores(sets), columns=list(sets.names))
    z = pd.Series({name: float(tests[name].z(observed[[name]].to_numpy())[0]) for name in tests})
    _check_same_scores(rows, cohort, tests, z, chosen)
    random = random_z(scored, sets, tests, chosen_null, seed)
    permuted = permuted_z(observed, tests, n_permutations, seed)
    others = _catalogue_z(scored, catalogue, tests, SignatureCollection.of(signatures))
    table = fitted.scores.reset_index(drop=True)
    table = with_nulls(table, z, random, permuted, others)
    notes = (*fitted.notes, *q_notes(table), what_survives(table))
    return NullTest(ordered(table), fitted.row_flow, notes, random, permuted, others)


def _check(model: CoxModel, n_permutations: object, method: Method, null: NullLike) -> MatchedNull:
    check_has_null(method)
    chosen = null_of(null)
    if chosen is None:
        raise ParameterError(
            "null cannot be None", "Random signatures are what is compared with", 'Use "matched"'
        )
    if model != CoxModel(ties=model.ties):
        raise ParameterError(
            f"The null test has no {model!r}",
            "Its score test knows ties, covariates and strata",
            f"Use model=CoxModel(ties={model.ties!r}), for the nominal results too",
        )
    is_count = isinstance(n_permutations, int | np.integer) and not isinstance(n_permutations, bool)
    if not (is_count and int(n_permutations) >= 0):  # type: ignore[call-overload]
        raise ParameterError(
            f"n_permutations cannot be {n_permutations!r}",
            "It is a count",
            "Give a whole number, 0 for no permutations",
        )
    return chosen


def _check_logistic(outcome: str, strata: Sequence[str], model: CoxModel) -> None:
    if strata or model != _EFRON:
        raise ParameterError(
            f"A logistic model of {outcome!r} has neither strata nor the options of a Cox model",
            f"strata is {tuple(strata)!r}, model is {model!r}",
            "Give the strata as covariates in adjust, or leave outcome out",
        )


def _response(
    cohort: "Cohort",
    outcome: str | None,
    positive: str | float | None,
    adjust: Sequence[TermLike],
    strata: Sequence[str],
    *,
    ties: Ties,
) -> tuple[ModelRows, Response]:
    """The rows that the models are fitted on, and what the scores are tested for on them."""
    if outcome is None:
        refuse_delayed_entry(cohort, "The null test")
        time, event = np.asarray(cohort.time), np.asarray(cohort.event)
        known = np.isfinite(time) & np.isfinite(event)
    else:
        cells = texts_of(find_column(cohort.data, outcome))
        known = np.array([cell is not None for cell in cells], dtype=np.bool_)
    rows = model_rows(
        cohort,
        known,
        cohort.row_flow,
        outcome=(),  # the verb that was called before has refused it as a term
        adjust=adjust,
        strata=strata,
        allow_loss=True,
    )
    if outcome is None:
        return rows, SurvivalResponse(time[rows.rows], event[rows.rows], rows, ties)
    hits = matching(cells, positive)
    return rows, BinaryResponse(hits[rows.rows].astype(np.float64), rows)


def _compiled(
    collection: SignatureCollection, rows: ModelRows, var_names: pd.Index
) -> CompiledSignatures:
    """The signatures of the scores that are known, whatever the coverage they were scored with."""
    has_score = np.isfinite(rows.scores).any(axis=0)
    names = [rows.signatures[s] for s in np.flatnonzero(has_score)]
    unknown = [name for name in names if name not in collection]
    if unknown:
        raise SignatureError(
            f"{count(len(unknown), 'score')} of the cohort without a signature",
            f"Without: {examples(unknown)}; signatures given: {examples(collection)}",
            "Give the signatures that the scores of the cohort were made from",
        )
    wanted = SignatureCollection([collection[name] for name in names])
    return compile_signatures(wanted, var_names, min_genes=1, min_coverage=0)


def _check_same_scores(
    rows: ModelRows,
    cohort: "Cohort",
    tests: dict[str, ScoreTest],
    z: pd.Series,
    method: Method,
) -> None:
    """The statistic of the cohort's scores has to be that of the scores made here."""
    known = np.isfinite(rows.scores)
    for s, name in enumerate(rows.signatures):
        if name not in tests:
            continue
        given = np.zeros((int(tests[name].places.max()) + 1, 1))
        given[tests[name].places, 0] = rows.scores[known[:, s], s]
        of_cohort = float(tests[name].z(given)[0])
        if np.isclose(of_cohort, z[name], rtol=_SAME_Z, atol=_SAME_Z, equal_nan=True):
            continue
        raise ParameterError(
            f"The scores of {name!r} in {cohort.name!r} are not those of {method!r}",
            f"Score test: {of_cohort:.4g} with the cohort's, {z[name]:.4g} with the method's on "
            "this expression",
            "Give the method, its parameters, the signatures and the whole expression that the "
            "scores were made with; scores rescaled over the signatures of a call have no null",
        )


def _catalogue_z(
    scored: Scored,
    catalogue: Any,
    tests: dict[str, ScoreTest],
    signatures: SignatureCollection,
) -> pd.DataFrame:
    """The z of each signature of the catalogue on the rows of each signature; its own is NaN."""
    if catalogue is None or not tests:
        return pd.DataFrame(columns=list(tests), dtype=np.float64)
    bundled = isinstance(catalogue, str) and catalogue == "all"
    collection = load_signatures(panel="all") if bundled else SignatureCollection.of(catalogue)
    sets = compile_signatures(collection, scored.expression.var_names)
    scores = scored.scores(sets)
    found = {test: test.z(scores) for test in tests.values()}
    table = pd.DataFrame({name: found[test] for name, test in tests.items()}, index=sets.names)
    genes = {name: frozenset(collection[name].genes) for name in sets.names}
    for name in tests:
        own = frozenset(signatures[name].genes)
        table.loc[[other == name or genes[other] == own for other in sets.names], name] = np.nan
    return table
