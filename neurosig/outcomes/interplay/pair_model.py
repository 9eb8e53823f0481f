"""One model with two scores and their product: slopes, where they differ from zero, RERI."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ConvergenceError, FitError, SeparationError, TooFewEventsError, count
from neurosig.kernels.cox import CONVERGED, CoxFits
from neurosig.outcomes.clinic.intervals import PatientRows, of_patients
from neurosig.outcomes.clusters import NO_JACKKNIFE
from neurosig.outcomes.cox.batch import MIN_EVENTS, CoxTask
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.interplay.model_fits import Fitted, linear_fit, logistic_fit
from neurosig.outcomes.interplay.outcome_rows import OutcomeRows
from neurosig.outcomes.lost_rows import NO_SCORE

FloatArray = NDArray[np.float64]
Band = Literal["pointwise", "simultaneous"]

N_PAIR_TERMS = 3
"""Columns of the design before the covariates: first, second, first x second."""

LARGEST_CORRELATION: Final = 1 - 1e-9
"""Of two scores that are not one score in two units."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PairModel:
    """A fitted model of two scores in units of standard deviations.

        eta = b1 z1 + b2 z2 + b3 z1 z2 + gamma' c

    z: (n, 2) both scores minus `centre`, over `sd`; x: (n, k) the design; known: which of the
    analysis' rows these are; cox: times and fits of a Cox model; message: of its errors; patients:
    of the rows, where they have several.
    """

    z: FloatArray
    centre: FloatArray
    sd: FloatArray
    x: FloatArray
    known: NDArray[np.bool_]
    fitted: Fitted
    cox: tuple[CoxData, CoxFits] | None = None
    message: str = ""
    patients: PatientRows | None = None

    @property
    def of_patients(self) -> FloatArray:
        """Both scores (n, 2) in standard deviations; of patients in several rows, their means."""
        return of_patients(self.z, self.patients)

    @property
    def correlation(self) -> float:
        """Pearson's r of the two scores."""
        return correlation(self.of_patients)

    def slopes(self, of: int, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Slope of one score (0 or 1) at values of the other, and its standard error.

        slope(m) = b_of + b3 m,   variance = V[of, of] + 2 m V[of, 3] + m^2 V[3, 3]
        """
        coef, v = self.fitted.coef, self.fitted.covariance
        variance = v[of, of] + 2 * at * v[of, 2] + at**2 * v[2, 2]
        return coef[of] + coef[2] * at, np.sqrt(np.maximum(variance, 0.0))

    def critical(self, confidence: float, band: Band) -> float:
        """How many standard errors a band is wide to each side.

        pointwise: of Student's t or the normal; simultaneous over all values of the moderator:
        sqrt(2 F(2, df)), or the root of the chi-square with 2 degrees of freedom.
        """
        from scipy import special

        df, tail = self.fitted.df, 1 - confidence
        is_normal = np.isinf(df)
        if band == "pointwise":
            upper = 1 - tail / 2
            return float(special.ndtri(upper) if is_normal else special.stdtrit(df, upper))
        square = special.chdtri(2, tail) if is_normal else 2 * special.fdtri(2, df, confidence)
        return float(np.sqrt(square))

    def regions(self, of: int, confidence: float, band: Band) -> list[tuple[float, float, int]]:
        """Where in the range of the moderator the band of the slope excludes zero.

        Parts (from, to, sign of the slope), in standard deviations of the moderator.
        """
        moderator = self.z[:, 1 - of]
        coef, v = self.fitted.coef, self.fitted.covariance
        return excluding_zero(
            (coef[of], coef[2]),
            (v[of, of], v[of, 2], v[2, 2]),
            self.critical(confidence, band),
            (float(moderator.min()), float(moderator.max())),
        )

    def reri(self) -> tuple[float, float]:
        """Relative excess risk due to interaction for both scores 1 SD above their means.

            RERI = exp(b1 + b2 + b3) - exp(b1) - exp(b2) + 1

        Returns it with its standard error by the delta method.
        """
        b, v = self.fitted.coef[:3], self.fitted.covariance[:3, :3]
        with np.errstate(over="ignore", invalid="ignore"):
            both, first, second = np.exp(b.sum()), np.exp(b[0]), np.exp(b[1])
            gradient = np.array([both - first, both - second, both])
            variance = float(gradient @ v @ gradient)
        return float(both - first - second + 1), float(np.sqrt(max(variance, 0.0)))

    def variance_inflation(self) -> float:
        """The largest variance inflation factor of the three columns, given all columns."""
        x = of_patients(self.x, self.patients)
        columns = x[:, np.ptp(x, axis=0) > 0]
        return float(np.diagonal(np.linalg.inv(np.corrcoef(columns.T)))[:N_PAIR_TERMS].max())


def correlation(scores: FloatArray) -> float:
    """Pearson's r of two columns (n, 2)."""
    return float(np.asarray(np.corrcoef(scores.T))[0, 1])


def excluding_zero(
    line: tuple[float, float],
    covariance: tuple[float, float, float],
    critical: float,
    limits: tuple[float, float],
) -> list[tuple[float, float, int]]:
    """Where |b + c m| > critical * its standard error, for m within the limits.

    line: b and c; covariance: var b, cov(b, c), var c. The limits of the parts solve
    (c^2 - q var c) m^2 + 2 (b c - q cov) m + b^2 - q var b = 0, q = critical^2.

    References
    ----------
    Johnson PO, Fay LC (1950) Psychometrika 15:349-367, doi:10.1007/BF02288864; simultaneous bands:
    Potthoff RF (1964) Psychometrika 29:241-256, doi:10.1007/BF02289721.

    Examples
    --------
    Uncorrelated with variance 1: m^2 (1 - 0.25) - 0.25 = 0 at m = -/+ 0.577.

    >>> excluding_zero((0.0, 1.0), (1.0, 0.0, 1.0), 0.5, (-2.0, 2.0))
    [(-2.0, -0.577..., -1), (0.577..., 2.0, 1)]
    """
    (b, c), (var_b, cov, var_c), q = line, covariance, critical**2
    polynomial = np.array([c * c - q * var_c, 2 * (b * c - q * cov), b * b - q * var_b])
    roots = np.roots(polynomial)
    real = np.sort(roots[np.isreal(roots)].real)
    inside = [m for m in real.tolist() if limits[0] < m < limits[1]]
    edges = [limits[0], *inside, limits[1]]
    parts = []
    for low, high in pairwise(edges):
        middle = (low + high) / 2
        if np.polyval(polynomial, middle) > 0:
            parts.append((float(low), float(high), int(np.sign(b + c * middle))))
    return parts


def fit_pair(outcome: OutcomeRows, first: str, second: str) -> PairModel:
    """Fit the model of two scores on the rows that have both.

    Raises
    ------
    FitError
        It has no fit; facts["status"] says why, as in the status of a result table.
    """
    withheld = {loss.scores: loss.message for loss in outcome.rows.withheld}
    if (first, second) in withheld:
        raise FitError(withheld[first, second], status=NO_SCORE)
    scores = np.column_stack([outcome.column(first), outcome.column(second)])
    known = np.asarray(np.isfinite(scores).all(axis=1))
    if not known.any():
        raise FitError("No row has both scores", status=NO_SCORE)
    scores = scores[known]
    patients = outcome.rows.patients_at(known)
    centre, sd = of_patients(scores, patients).mean(axis=0), outcome.spread(scores, known)
    if not (sd > 0).all():
        raise FitError("A score is the same on all rows used", status="constant")
    z = (scores - centre) / sd
    if abs(correlation(of_patients(z, patients))) > LARGEST_CORRELATION:
        raise FitError("The two scores are the same but for their unit", status="collinear")
    covariates = outcome.rows.covariates[known]
    x = np.column_stack([z, z[:, 0] * z[:, 1], covariates])
    _check_size(outcome, known, x.shape[1])
    return _fitted(outcome, known, x, z=z, centre=centre, sd=sd)


def refit(model: PairModel, outcome: OutcomeRows, x: FloatArray) -> Fitted:
    """Another design (without intercept) on the rows of a model."""
    return _fitted(outcome, model.known, x, z=model.z, centre=model.centre, sd=model.sd).fitted


def without_product(model: PairModel) -> FloatArray:
    """The design without the product and without an intercept."""
    return np.delete(_terms(model), 2, axis=1)


def with_squares(model: PairModel) -> FloatArray:
    """The design with the squares of both scores, the product still third."""
    terms = _terms(model)
    return np.column_stack([terms[:, :3], model.z**2, terms[:, 3:]])


def _terms(model: PairModel) -> FloatArray:
    return model.x if model.cox is not None else model.x[:, :-1]


def _fitted(
    outcome: OutcomeRows,
    known: NDArray[np.bool_],
    x: FloatArray,
    *,
    z: FloatArray,
    centre: FloatArray,
    sd: FloatArray,
) -> PairModel:
    y, cox, message = outcome.y[known], None, ""
    try:
        if outcome.task is not None:
            fitted, cox, message = _cox_fit(outcome.task, known, x)
        else:
            x = np.column_stack([x, np.ones(len(x))])
            fitted = (logistic_fit if outcome.kind == "logistic" else linear_fit)(y, x)
    except SeparationError as error:
        raise FitError(error.what, error.evidence, status="separation") from error
    except ConvergenceError as error:
        raise FitError(error.what, error.evidence, status="not_converged") from error
    return PairModel(
        z=z,
        centre=centre,
        sd=sd,
        x=x,
        known=known,
        fitted=fitted,
        cox=cox,
        message=message,
        patients=outcome.rows.patients_at(known),
    )


def _cox_fit(
    task: CoxTask, known: NDArray[np.bool_], x: FloatArray
) -> tuple[Fitted, tuple[CoxData, CoxFits], str]:
    """A fit, with what it was fitted to, and the message of its errors."""
    data = CoxData(
        time=task.time[known],
        event=task.event[known],
        scores=x[:, :1],
        covariates=np.ascontiguousarray(x[:, 1:]),
        strata=None if task.rows.strata is None else task.rows.strata[known],
        ties=task.model.ties,
        options=task.cases.at(known).options(),
        patients=task.rows.patients_at(known),
    )
    fits = data.fit()
    if fits.infinite.any():
        raise SeparationError("A term separates the events: its estimate is infinite")
    if fits.code[0] != CONVERGED:
        raise ConvergenceError("The columns of the model are collinear or do not converge")
    errors = task.error_kind(known).of(data, fits)
    fitted = Fitted(fits.coef[0], errors.variance[0], float(fits.loglik[0]), float(errors.df[0]))
    return fitted, (data, fits), NO_JACKKNIFE if errors.undefined[0] else ""


def _check_size(outcome: OutcomeRows, known: NDArray[np.bool_], k: int) -> None:
    limiting = outcome.limiting(known)
    if outcome.kind == "linear":
        too_few, noun = limiting <= k + 1, "row"
    else:
        too_few = limiting < MIN_EVENTS or limiting <= k
        noun = "event" if outcome.kind == "cox" else "row of the rarer level"
    if too_few:
        plural = "rows of the rarer level" if outcome.kind == "logistic" else None
        what = f"{count(limiting, noun, plural)} for {count(k, 'parameter')}"
        raise TooFewEventsError(what, status="too_few_events")
