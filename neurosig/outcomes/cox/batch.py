"""The fits behind a table of Cox models: every signature, with what its model asks for."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ConvergenceError
from neurosig.kernels.cox import NOT_CONVERGED as CODE_NOT_CONVERGED
from neurosig.kernels.cox import SINGULAR, CoxFits
from neurosig.keys import OK
from neurosig.outcomes.clusters import MANY_CLUSTERS, NO_JACKKNIFE
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.cox.changing_hazards import COLUMNS, Reported, changing_hazards
from neurosig.outcomes.cox.firth import firth_fit
from neurosig.outcomes.cox.options import Cases, CoxModel
from neurosig.outcomes.cox.proportional_hazards import fit_with_ph_test
from neurosig.outcomes.cox.robust_errors import ErrorKind
from neurosig.outcomes.interactions import Products
from neurosig.outcomes.lost_rows import NO_SCORE
from neurosig.outcomes.model_rows import (
    COLLINEAR,
    CONSTANT,
    NOT_CONVERGED,
    NOT_ENDED,
    SEPARATION,
    TOO_FEW_EVENTS,
    ModelRows,
    Scale,
    SharedRows,
    patterns,
    spread,
)
from neurosig.outcomes.results import TermFits

FloatArray = NDArray[np.float64]

MIN_EVENTS = 2
PH_ALPHA = 0.05
FIRTH = "the likelihood has no maximum"


@dataclass(frozen=True, eq=False, kw_only=True)
class CoxTask:
    """One analysis: the rows of `rows` with their times, and how they are fitted.

    competing: causes other than the event, which are censored: hazards are cause-specific.
    """

    endpoint: str
    time_unit: str
    time: FloatArray
    event: FloatArray
    rows: ModelRows
    products: Products
    cases: Cases
    model: CoxModel
    scale: Scale
    confidence: float
    n_jobs: int
    competing: tuple[str, ...] = ()

    def spread(
        self,
        scores: FloatArray,
        known: NDArray[np.bool_],
        of_rows: FloatArray | None = None,
    ) -> FloatArray:
        """Standard deviation (S,) over the patients with a known score; 0 where constant.

        scores: (n_known, S); of_rows: (S,) that of the rows, where it is known already.
        """
        if self.rows.patients is None and of_rows is not None:
            return of_rows
        return spread(scores, self.rows.patients_at(known))

    @property
    def terms(self) -> tuple[str, ...]:
        """The name of each coefficient, the score's first."""
        return (*self.rows.terms, *self.products.names)

    @property
    def is_robust(self) -> bool:
        """Robust errors are asked for, or weights that are not whole need them."""
        return self.model.is_robust or not self.cases.weights_are_whole

    @property
    def n_clusters(self) -> int | None:
        """Clusters in the rows used, None without."""
        return None if self.cases.cluster is None else int(np.unique(self.cases.cluster).size)

    @property
    def has_jackknife(self) -> bool:
        """Whether errors are those of the jackknife of clusters."""
        if self.n_clusters is None or self.model.cluster_errors == "sandwich":
            return False
        return self.model.cluster_errors == "jackknife" or self.n_clusters < MANY_CLUSTERS

    def error_kind(self, known: NDArray[np.bool_]) -> ErrorKind:
        """The errors of models on the known ones of the rows; rows of one patient are one."""
        cluster, patients = self.cases.cluster, self.rows.patients
        if cluster is None and patients is not None:
            cluster = patients.patients
        return ErrorKind(self.is_robust, cluster, self.has_jackknife).at(known)

    @property
    def is_plain(self) -> bool:
        """The likelihood is that of independent rows, without a penalty."""
        return not self.is_robust and self.model.penalty is None

    def data(self, shared: SharedRows) -> CoxData:
        """The batch of the signatures that share their rows."""
        known, penalty = shared.known, self.model.penalty
        return CoxData(
            time=self.time[known],
            event=self.event[known],
            scores=shared.columns(self.rows.scores),
            covariates=self.rows.covariates[known],
            strata=None if self.rows.strata is None else self.rows.strata[known],
            ties=self.model.ties,
            options=self.cases.at(known).options(
                None if penalty is None else np.full(len(self.terms), penalty)
            ),
            n_jobs=self.n_jobs,
            patients=self.rows.patients_at(known),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class CoxTermFits(TermFits):
    """Fits of S signatures, with what only Cox models have.

    p_ph_columns: (S, k); p_ph_global: (S,); is_firth: (S,) with profile intervals (S, k, 2) and
    p-values (S, k); changing: (S, 12) the columns of `changing_hazards`, NaN where p_ph is not
    below 0.05.
    """

    n_events: NDArray[np.int64]
    p_ph_columns: FloatArray
    p_ph_global: FloatArray
    is_firth: NDArray[np.bool_]
    profile_interval: FloatArray
    profile_p: FloatArray
    changing: FloatArray


def fit_all(task: CoxTask) -> CoxTermFits:
    """Fit all signatures, those known on the same rows together."""
    n_scores, k = task.rows.scores.shape[1], len(task.terms)
    has_lr = task.is_plain and not task.products.names
    fits = CoxTermFits(
        signatures=task.rows.signatures,
        terms=task.terms,
        estimate=np.full((n_scores, k), np.nan),
        std_error=np.full((n_scores, k), np.nan),
        status=np.full((n_scores, k), OK, dtype=object),
        message=np.full((n_scores, k), "", dtype=object),
        n=np.zeros(n_scores, dtype=np.int64),
        n_events=np.zeros(n_scores, dtype=np.int64),
        df=np.full(n_scores, np.nan) if task.has_jackknife else None,
        p_lr=np.full(n_scores, np.nan) if has_lr else None,
        p_ph=None if task.model.penalty is not None else np.full(n_scores, np.nan),
        p_ph_columns=np.full((n_scores, k), np.nan),
        p_ph_global=np.full(n_scores, np.nan),
        is_firth=np.zeros(n_scores, dtype=np.bool_),
        profile_interval=np.full((n_scores, k, 2), np.nan),
        profile_p=np.full((n_scores, k), np.nan),
        changing=np.full((n_scores, len(COLUMNS)), np.nan),
    )
    for shared in patterns(task.rows.scores):
        _fit_shared(fits, shared, task)
    return fits


def _fit_shared(fits: CoxTermFits, shared: SharedRows, task: CoxTask) -> None:
    """Fill the rows of the signatures that share their rows."""
    members, data, k = shared.members, task.data(shared), len(fits.terms)
    n, n_events = data.time.size, int(data.event.sum())
    fits.n[members] = n if data.patients is None else data.patients.n
    fits.n_events[members] = n_events
    if n == 0:
        _fail(fits, members, NO_SCORE, "")
        return
    if n_events < MIN_EVENTS or n_events <= k:
        _fail(fits, members, TOO_FEW_EVENTS, f"{n_events} events for {k} parameters")
        return
    sd = spread(data.scores)
    _fail(fits, members[sd == 0], CONSTANT, "the score is the same on all rows used")
    varies = np.flatnonzero(sd > 0)
    if not task.products.names:
        if varies.size:
            _fit_batch(fits, members[varies], data.choose(varies), shared, task, of_rows=sd[varies])
        return
    for s in varies:  # each score has columns of its own
        products = task.products.with_score(data.scores[:, s], shared.known)
        wider = replace(
            data.choose(np.array([s])), covariates=np.hstack([data.covariates, products])
        )
        _fit_batch(fits, members[[s]], wider, shared, task, of_rows=sd[[s]])


def _fit_batch(
    fits: CoxTermFits,
    members: NDArray[np.int64],
    data: CoxData,
    shared: SharedRows,
    task: CoxTask,
    *,
    of_rows: FloatArray,
) -> None:
    """Fill the rows of `members`; of_rows: their scores' standard deviations."""
    if fits.p_ph is None:
        fitted = data.fit()
    else:
        fitted, ph = fit_with_ph_test(data)
        fits.p_ph_columns[members], fits.p_ph_global[members] = ph
        fits.p_ph[members] = ph.columns[:, 0]
    sd = task.spread(data.scores, shared.known, of_rows)
    unit = np.ones((members.size, len(fits.terms)))
    if task.scale == "sd":
        unit[:, 0] = sd
        unit[:, len(task.rows.terms) :] = sd[:, None]
    kind = task.error_kind(shared.known)
    errors = kind.of(data, fitted)
    if fits.df is not None:
        fits.df[members] = errors.df
    fits.message[members[errors.undefined]] = NO_JACKKNIFE
    fits.estimate[members] = fitted.coef * unit
    fits.std_error[members] = np.sqrt(np.diagonal(errors.variance, axis1=1, axis2=2)) * unit
    if fits.p_lr is not None:
        fits.p_lr[members] = _p_without_score(data, fitted)
    _mark_failures(fits, members, fitted)
    if task.model.firth is not False and task.is_plain:
        wanted = fitted.code != SINGULAR
        if task.model.firth == "auto":
            of_score = [0, *range(len(task.rows.terms), len(task.terms))]
            wanted &= fitted.infinite[:, of_score].any(axis=1)
        for s in np.flatnonzero(wanted).tolist():
            _fit_firth(fits, members[s], data.choose(np.array([s])), unit[s], task.confidence)
    if fits.p_ph is not None:
        changing = np.flatnonzero(fits.p_ph[members] < PH_ALPHA)
        if changing.size:
            reported = Reported(
                unit=unit[changing, 0],
                confidence=task.confidence,
                errors=kind,
                has_survival=not task.competing,
            )
            table = changing_hazards(data.choose(changing), reported)
            fits.changing[members[changing]] = table.to_numpy()


def _fit_firth(
    fits: CoxTermFits, row: int, data: CoxData, unit: FloatArray, confidence: float
) -> None:
    """Fit one model again, with Firth's penalty; if that fails too, its row says so."""
    try:
        fit = firth_fit(data, confidence)
    except (ConvergenceError, np.linalg.LinAlgError) as error:
        why = (
            error.what
            if isinstance(error, ConvergenceError)
            else "Firth's penalty: its information is singular"
        )
        fits.message[row] += f"; {why}"
        return
    fits.is_firth[row] = True
    fits.estimate[row] = fit.coef * unit
    fits.std_error[row] = np.sqrt(np.diag(fit.covariance)) * unit
    fits.profile_interval[row] = fit.interval * unit[:, None]
    fits.profile_p[row] = fit.p_value
    infinite = fits.status[row] != OK
    fits.message[row, infinite] = f"{FIRTH}; Firth's estimate and its profile likelihood"
    fits.status[row] = OK
    for j, note in enumerate(fit.notes):
        if note:
            fits.message[row, j] = "; ".join(filter(None, [fits.message[row, j], note]))


def _mark_failures(fits: CoxTermFits, members: NDArray[np.int64], fitted: CoxFits) -> None:
    singular, stuck = fitted.code == SINGULAR, fitted.code == CODE_NOT_CONVERGED
    _fail(fits, members[singular], COLLINEAR, "the score is determined by covariates or strata")
    p_lr = None if fits.p_lr is None else fits.p_lr[members]
    _fail(fits, members[stuck], NOT_CONVERGED, NOT_ENDED)
    monotone = fitted.infinite.any(axis=1) & ~singular
    if fits.p_lr is not None and p_lr is not None:
        fits.p_lr[members[monotone]] = p_lr[monotone]  # the likelihood itself has a limit
    for s, j in zip(*np.nonzero(fitted.infinite & ~singular[:, None]), strict=True):
        direction = "+" if fitted.coef[s, j] > 0 else "-"
        row = members[s]
        fits.status[row, j] = SEPARATION
        fits.message[row, j] = (
            f"the likelihood grows without end: the estimate is {direction}infinite, a Wald test "
            "does not exist"
        )
        fits.estimate[row, j] = fits.std_error[row, j] = np.nan


def _fail(fits: CoxTermFits, members: NDArray[np.int64], status: str, message: str) -> None:
    fits.estimate[members] = fits.std_error[members] = np.nan
    fits.status[members] = status
    fits.message[members] = message
    fits.p_ph_global[members] = fits.p_ph_columns[members] = np.nan
    for p_values in (fits.p_lr, fits.p_ph):
        if p_values is not None:
            p_values[members] = np.nan


def _p_without_score(data: CoxData, fitted: CoxFits) -> FloatArray:
    """The likelihood-ratio test of each score."""
    from scipy import special

    without = fitted.loglik_null
    if data.covariates.shape[1]:
        reduced = replace(data, scores=data.covariates[:, :1], covariates=data.covariates[:, 1:])
        without = np.full(fitted.loglik.size, reduced.fit().loglik[0])
    return np.asarray(special.chdtrc(1, np.maximum(2 * (fitted.loglik - without), 0.0)))
