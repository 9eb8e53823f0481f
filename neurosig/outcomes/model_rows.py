"""The rows, scores and covariates that a model is fitted on."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    ParameterError,
    SmallSampleWarning,
    UnknownSignatureError,
    count,
    examples,
)
from neurosig.keys import SCORE_TERM
from neurosig.outcomes.arguments import check_share, listed_terms, name_list, shown
from neurosig.outcomes.clinic.clean import find_column, texts_of
from neurosig.outcomes.clinic.intervals import PatientRows
from neurosig.outcomes.design import Term, design_matrix
from neurosig.outcomes.lost_rows import (
    SCORE_KNOWN,
    Withheld,
    check_models,
    losses_of_models,
    what_is_lacking,
    without,
)
from neurosig.outcomes.row_flow import FlowStep, flow_table

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

Scale = Literal["sd", "none"]
TermLike = str | Mapping[str, object] | Term
FloatArray = NDArray[np.float64]

CONSTANT = "constant"
COLLINEAR = "collinear"
SEPARATION = "separation"
NOT_CONVERGED = "not_converged"
TOO_FEW_EVENTS = "too_few_events"
NOT_ENDED = "Newton's iterations did not converge"
FEW_EVENTS_PER_PARAM = 10

_COLLINEAR_RESIDUAL = 1e-10  # share of a column's variance that the other columns leave


@dataclass(frozen=True, eq=False)
class ModelRows:
    """The complete cases of one analysis.

    rows: (n_cohort,) which rows of the cohort are used; scores: (n, S) as they are;
    covariates: (n, p) with `names`; strata: (n,) codes or None; adjusted_for, stratified_by: the
    columns asked for; patients: of the rows, where they have several; withheld: models that lose
    too many rows.
    """

    rows: NDArray[np.bool_]
    signatures: tuple[str, ...]
    scores: FloatArray
    covariates: FloatArray
    names: tuple[str, ...]
    strata: NDArray[np.int64] | None
    row_flow: pd.DataFrame
    adjusted_for: tuple[str, ...]
    stratified_by: tuple[str, ...]
    patients: PatientRows | None = None
    withheld: Withheld = ()

    def patients_at(self, known: NDArray[np.bool_]) -> PatientRows | None:
        """Of which patients the known ones of the rows are, where these have several."""
        return None if self.patients is None else self.patients.at(known)

    @property
    def terms(self) -> tuple[str, ...]:
        """The name of the score's term and those of the covariates."""
        return (SCORE_TERM, *self.names)


@dataclass(frozen=True, eq=False)
class SharedRows:
    """Signatures whose scores are known on the same rows, so that they are fitted together."""

    members: NDArray[np.int64]
    known: NDArray[np.bool_]

    def columns(self, scores: FloatArray) -> FloatArray:
        """Their scores on these rows; the array itself where that is all of it."""
        if self.known.all() and self.members.size == scores.shape[1]:
            return scores
        return scores[np.ix_(self.known, self.members)]


class Needed(NamedTuple):
    """The rows (n_cohort,) that have what else a model needs, and the flow that led to them."""

    rows: NDArray[np.bool_]
    flow: pd.DataFrame


def model_rows(
    cohort: "Cohort",
    known: NDArray[np.bool_],
    row_flow: pd.DataFrame,
    *,
    outcome: Sequence[str],
    signatures: str | Sequence[str] = "all",
    adjust: Sequence[TermLike] = (),
    strata: Sequence[str] = (),
    allow_loss: bool = False,
    needed: Needed | None = None,
    together: Sequence[Sequence[str]] | None = None,
    apart: NDArray[np.int64] | None = None,
    patients: PatientRows | None = None,
) -> ModelRows:
    """Complete cases over outcome, covariates and strata, with every loss counted.

    Rows without any of the scores are lost too; a score that is known on fewer rows than the others
    keeps its NaN, and each model has rows of its own.

    known: (n_cohort,) rows whose outcome is known; row_flow: the flow that led to them; outcome:
    its columns; needed: of weights, clusters and the like; together: the scores that one model
    needs, by default each has a model of its own; apart: (n_cohort,) codes of cohorts, each of
    which may lack a score altogether; patients: of intervals.

    Raises
    ------
    ParameterError
        A column of the outcome is a covariate or a stratum too, or a covariate is named "score".
    ClinicalError
        A column is missing, or each model loses more than half of the rows and `allow_loss` is
        False.
    """
    chosen = choose_signatures(cohort, signatures)
    terms = as_terms(adjust)
    stratify = name_list("strata", strata)
    _refuse_outcome(outcome, terms, stratify)
    used, flows = known.copy(), []
    if needed is not None:
        used &= needed.rows
        flows.append(needed.flow)
    scores = cohort.data[list(chosen)].to_numpy(dtype=np.float64)
    used, flow = _with_a_score(scores, used, cohort.data.index)
    flows.append(flow)
    covariates, names = np.empty((int(used.sum()), 0)), tuple[str, ...]()
    if terms and used.any():
        design = design_matrix(
            cohort.data if used.all() else cohort.data[used],
            terms,
            None if patients is None else patients.at(used),
        )
        covariates, names = design.matrix, tuple(design.names)
        flows.append(design.row_flow)
        used[used] = design.rows
    levels = [texts_of(find_column(cohort.data, name)) for name in stratify]
    in_stratum = np.ones(len(used), dtype=np.bool_)
    for column in levels:
        in_stratum &= np.array([cell is not None for cell in column], dtype=np.bool_)
    if stratify:
        lost = cohort.data.index[used & ~in_stratum]
        step = FlowStep.losing("strata known", int(used.sum()), lost, "no stratum")
        flows.append(flow_table([step]))
        covariates = covariates[in_stratum[used]]
    used &= in_stratum
    withheld = check_models(
        losses_of_models(scores, chosen, known, used, together=together, apart=apart),
        int(known.sum()),
        int(used.sum()),
        allow_loss=allow_loss,
        lacking=what_is_lacking(joined_flow(flows), chosen),
    )
    scores = scores if used.all() else scores[used]
    columns = {name: np.asarray(level)[used] for name, level in zip(stratify, levels, strict=True)}
    codes, kept_strata = _strata_codes(pd.DataFrame(columns))
    return ModelRows(
        rows=used,
        signatures=chosen,
        scores=np.asfortranarray(without(scores, chosen, withheld)),
        covariates=np.ascontiguousarray(covariates),
        names=names,
        strata=codes,
        row_flow=joined_flow([row_flow, *flows]),
        adjusted_for=tuple(term.words for term in terms),
        stratified_by=kept_strata,
        patients=None if patients is None else patients.at(used),
        withheld=withheld,
    )


def _with_a_score(
    scores: FloatArray, used: NDArray[np.bool_], ids: pd.Index
) -> tuple[NDArray[np.bool_], pd.DataFrame]:
    """The rows with at least one of the scores, and the step that lost the others.

    Without any score on any row all rows stay: the results say that there is none.
    """
    has_score = np.isfinite(scores).any(axis=1)
    lost = used & ~has_score
    if not lost.any() or not (used & has_score).any():
        return used, flow_table(())
    step = FlowStep.losing(SCORE_KNOWN, int(used.sum()), ids[lost], "no score")
    return used & has_score, flow_table([step])


def as_terms(terms: TermLike | Sequence[TermLike], name: str = "adjust") -> list[Term]:
    """The covariates asked for; one by itself need not be in a list."""
    single = isinstance(terms, str | Mapping | Term)
    given = [terms] if single else listed_terms(name, terms)
    chosen = [Term.of(cast(TermLike, term)) for term in given]
    if SCORE_TERM in (term.label for term in chosen):
        raise ParameterError(
            f"A covariate cannot be named {SCORE_TERM!r}",
            f"So the term of the signature is called in every table; {name} names it",
            "Rename the column, such as to 'risk_score'",
        )
    return chosen


def _refuse_outcome(outcome: Sequence[str], terms: Iterable[Term], strata: Sequence[str]) -> None:
    covariates = [term.column for term in terms]
    for column in outcome:
        for role, names in (("a covariate", covariates), ("a stratum", strata)):
            if column in names:
                raise ParameterError(
                    f"The outcome {column!r} cannot be {role} too",
                    "It would explain itself, and what is left for the score is rounding error",
                    "Leave it out",
                )


def choose_signatures(cohort: "Cohort", signatures: str | Sequence[str]) -> tuple[str, ...]:
    """The score columns asked for, "all" for every one."""
    if isinstance(signatures, str) and signatures == "all":
        return tuple(cohort.signatures)
    chosen = name_list("signatures", signatures)
    unknown = [name for name in chosen if name not in cohort.signatures]
    if unknown or not chosen:
        raise UnknownSignatureError(
            f"The cohort has no signature {unknown[0]!r}" if unknown else "No signature was named",
            f"It has {count(len(cohort.signatures), 'score')}: {examples(cohort.signatures)}",
            'Name scores of the cohort or use signatures="all"',
            unknown=tuple(unknown),
        )
    repeated = sorted({name for name in chosen if chosen.count(name) > 1})
    if repeated:
        raise ParameterError(
            f"The signature {repeated[0]!r} is named more than once",
            f"{count(len(chosen), 'name')}; each would count as a test of its own in the q-values",
            "Name each once",
        )
    return chosen


def joined_flow(flows: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Row flows one after the other."""
    with_steps = [flow for flow in flows if len(flow)]
    return pd.concat(with_steps, ignore_index=True) if with_steps else flow_table(())


def check_covariates(rows: ModelRows) -> None:
    """Refuse constant and collinear covariates, by name.

    With strata, columns are centred within them: a covariate that only differs between strata
    says nothing within them.
    """
    centred = _centred(rows.covariates, rows.strata)
    size = np.sqrt(np.sum(centred**2, axis=0))
    reference = np.sqrt(np.sum(rows.covariates**2, axis=0))
    constant = [name for j, name in enumerate(rows.names) if not size[j] > 1e-10 * reference[j]]
    if constant:
        raise ClinicalError(
            f"The covariate {constant[0]!r} is constant on the rows used",
            f"{count(len(rows.covariates), 'row')}; constant: {examples(constant)}"
            + (f"; within {', '.join(rows.stratified_by)}" if rows.strata is not None else ""),
            "Remove it from adjust, or use rows in which it varies",
            columns=tuple(constant),
        )
    scaled = centred / size
    for j in range(1, scaled.shape[1]):
        weights = np.linalg.lstsq(scaled[:, :j], scaled[:, j], rcond=None)[0]
        left = scaled[:, j] - scaled[:, :j] @ weights
        if left @ left <= _COLLINEAR_RESIDUAL:
            together = [rows.names[i] for i in np.flatnonzero(np.abs(weights) > 1e-6)]
            together.append(rows.names[j])
            raise ClinicalError(
                f"The covariates {', '.join(map(repr, together))} are collinear",
                f"{rows.names[j]!r} is determined by the others on all "
                f"{count(len(scaled), 'row')} used",
                "Remove one of them from adjust",
                columns=tuple(together),
            )


def patterns(scores: FloatArray) -> list[SharedRows]:
    """Group the signatures by the rows on which their scores are known."""
    known = np.isfinite(scores)
    if known.all() and scores.size:
        return [SharedRows(np.arange(scores.shape[1]), known[:, 0])]
    groups: dict[bytes, list[int]] = {}
    for s, packed in enumerate(np.ascontiguousarray(np.packbits(known, axis=0).T)):
        groups.setdefault(packed.tobytes(), []).append(s)
    return [SharedRows(np.asarray(members), known[:, members[0]]) for members in groups.values()]


def spread(scores: FloatArray, patients: PatientRows | None = None) -> FloatArray:
    """Standard deviation (n - 1) per column; 0 where it is rounding error alone.

    patients: where they have several rows it is that of their means over time, or, where these are
    equal, of the rows.
    """
    if patients is not None and len(scores):
        of_means = spread(patients.means(scores))
        return np.asarray(np.where(of_means > 0, of_means, spread(scores)))
    if len(scores) < 2:
        return np.zeros(scores.shape[1])
    sd = scores.std(axis=0, ddof=1)
    largest = np.maximum(scores.max(axis=0), -scores.min(axis=0))
    return np.asarray(np.where(sd > 1e-13 * largest, sd, 0.0))


def check_scale(scale: str, confidence: float) -> None:
    """Refuse an unknown scale and a confidence level outside 0 to 1."""
    if not isinstance(scale, str) or scale not in ("sd", "none"):
        raise ParameterError(
            f"scale cannot be {shown(scale)}",
            'Allowed: "sd" (per standard deviation), "none" (per unit of the score)',
            "The default is 'sd'",
        )
    check_share("confidence", confidence, "the coverage of the intervals", 0.95)


def effect_scales(rows: ModelRows, ratio: str, scale: Scale) -> tuple[str, ...]:
    """What one unit of each term's effect means; dummy columns are named like "stage[III]"."""
    score = f"{ratio} per SD" if scale == "sd" else f"{ratio} per unit"
    of_covariates = (
        f"{ratio} vs reference" if name.endswith("]") else f"{ratio} per unit"
        for name in rows.names
    )
    return (score, *of_covariates)


def _strata_codes(columns: pd.DataFrame) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Codes of the combined strata; a column with one level is left out with a warning."""
    single = [name for name in columns.columns if columns[name].nunique() < 2]
    if single:
        warnings.warn(
            ClinicalWarning(
                f"{single[0]!r} has one level only and does not stratify",
                f"{count(len(columns), 'row')} used; one level: {examples(single)}",
                "It is left out of the strata",
            ),
            stacklevel=4,
        )
    kept = [name for name in columns.columns if name not in single]
    if not kept:
        return None, ()
    codes = columns.groupby(kept, sort=True, observed=True).ngroup()
    return np.asarray(codes, dtype=np.int64), tuple(kept)


def _centred(matrix: FloatArray, strata: NDArray[np.int64] | None) -> FloatArray:
    if strata is None:
        return matrix - matrix.mean(axis=0) if len(matrix) else matrix
    centred = matrix.copy()
    for code in np.unique(strata):
        centred[strata == code] -= matrix[strata == code].mean(axis=0)
    return centred


def warn_of_few_events(per_param: pd.Series, of: str = "events") -> None:
    """Warn when fits have few events, named as in `of`, per parameter; to be called by a warner.

    per_param: of each fit; NaN where events do not count, as in a linear model.
    """
    few = per_param < FEW_EVENTS_PER_PARAM
    if few.any():
        warnings.warn(
            SmallSampleWarning(
                f"As few as {per_param.min():.1f} {of} per parameter",
                f"{count(int(few.sum()), 'fit')} of {len(per_param)} below {FEW_EVENTS_PER_PARAM}",
                "Read the estimates as unstable; adjust for fewer covariates",
            ),
            stacklevel=4,
        )
