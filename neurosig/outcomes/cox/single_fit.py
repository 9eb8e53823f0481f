"""One Cox model to look into: residuals, baseline hazard, predicted survival."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, ConvergenceError, ParameterError, examples
from neurosig.kernels.cox import CONVERGED
from neurosig.keys import Result
from neurosig.outcomes.arguments import check_option
from neurosig.outcomes.clusters import warn_without_jackknife
from neurosig.outcomes.cox.batch_data import CoxData
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.cox.predicted_survival import log_survival, stratum_hazards
from neurosig.outcomes.cox.proportional_hazards import Transform, ph_test
from neurosig.outcomes.cox.residuals import RowResidual, row_residuals, schoenfeld_residuals
from neurosig.outcomes.cox.verb import cox_task
from neurosig.outcomes.cox.words import model_text
from neurosig.outcomes.interactions import Pair
from neurosig.outcomes.model_rows import Scale, SharedRows, TermLike
from neurosig.outcomes.results import one_family, wald

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
Residual = RowResidual | Literal["schoenfeld", "scaled_schoenfeld"]

_EFRON = CoxModel()


@dataclass(frozen=True, eq=False, kw_only=True)
class CoxFit:
    """One fitted Cox model.

    names: of the k columns; ids: of the n rows; coef, covariance (robust where asked for);
    naive_covariance: of the model; strata: names of the strata by code; loglik: at the maximum;
    df: degrees of freedom of the coefficients' t distribution, infinite for the normal; model: in
    words.
    """

    names: tuple[str, ...]
    ids: pd.Index
    data: CoxData
    coef: FloatArray
    covariance: FloatArray
    naive_covariance: FloatArray
    loglik: float
    df: float = float("inf")
    strata: tuple[str, ...] = ("all",)
    model: str = "Cox regression"

    def coefficients(self, confidence: float = 0.95) -> pd.DataFrame:
        """A row per column: estimate, std_error, statistic, p_value, ci_low, ci_high.

        q-values are over these rows; the columns from n to model say what they rest on.
        """
        error = np.sqrt(np.diag(self.covariance))
        statistic, p_value, width = wald(self.coef, error, confidence, np.full(error.size, self.df))
        n_events = int(self.data.event.sum())
        patients = self.data.patients
        table = pd.DataFrame(
            {
                "term": self.names,
                "estimate": self.coef,
                "std_error": error,
                "statistic": statistic,
                "p_value": p_value,
                "ci_low": self.coef - width,
                "ci_high": self.coef + width,
                Result.N: self.data.time.size if patients is None else patients.n,
                Result.N_EVENTS: n_events,
                Result.N_PARAMS: error.size,
                Result.EVENTS_PER_PARAM: n_events / error.size,
                Result.MODEL: self.model,
            }
        )
        return one_family(table, "coefficients of one model")

    def linear_predictor(self, *, centred: bool = True) -> "pd.Series[float]":
        """The sum of coefficient times column of every row, minus its mean, plus the offset."""
        design = self.data.design(0)
        values = design @ self.coef
        if centred:
            values = values - design.mean(axis=0) @ self.coef
        if self.data.options.offset is not None:
            values = values + self.data.options.offset
        return pd.Series(values, index=self.ids, name="linear_predictor")

    def residuals(self, kind: Residual = "martingale") -> pd.DataFrame:
        """Residuals: a row per row of the data, or per event for the Schoenfeld residuals.

        "martingale" and "deviance" have one column, the others one per coefficient; those of
        Schoenfeld have the column `time` first. dfbeta is weighted by the case weights, as in R.

        Raises
        ------
        ParameterError
            There is no residual of that kind.

        References
        ----------
        Therneau TM, Grambsch PM, Fleming TR (1990) Biometrika 77:147-160,
        doi:10.1093/biomet/77.1.147; Schoenfeld D (1982) Biometrika 69:239-241,
        doi:10.1093/biomet/69.1.239.
        """
        kinds = [*get_args(RowResidual), "schoenfeld", "scaled_schoenfeld"]
        if kind not in kinds:
            raise ParameterError(
                f"residuals cannot be {kind!r}",
                f"Allowed: {', '.join(kinds)}",
                "The default is 'martingale'",
            )
        if kind in ("schoenfeld", "scaled_schoenfeld"):
            rows, values = schoenfeld_residuals(
                self.data, self.coef, self.naive_covariance, scaled=kind == "scaled_schoenfeld"
            )
            table = pd.DataFrame(values, index=self.ids[rows], columns=list(self.names))
            table.insert(0, "time", self.data.time[rows])
            return table
        values = row_residuals(
            self.data, self.coef, self.naive_covariance, cast("RowResidual", kind)
        )
        single = kind in ("martingale", "deviance")
        return pd.DataFrame(values, index=self.ids, columns=[kind] if single else list(self.names))

    def baseline_hazard(self, *, centred: bool = True) -> pd.DataFrame:
        """Cumulative baseline hazard: stratum, time, hazard, n_at_risk, n_events.

        centred: for a row with the mean of every column, else for one with zeros (and offset 0).
        """
        shift = 0.0 if centred else float(self.data.design(0).mean(axis=0) @ self.coef)
        parts = [
            pd.DataFrame(
                {
                    "stratum": self.strata[part.stratum],
                    "time": part.time,
                    "hazard": part.hazard * np.exp(-shift),
                    "n_at_risk": part.n_at_risk,
                    "n_events": part.n_events,
                }
            )
            for part in stratum_hazards(self.data, self.coef)
        ]
        return pd.concat(parts, ignore_index=True)

    def survival(
        self,
        new: pd.DataFrame,
        times: Sequence[float] | None = None,
        *,
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """Predicted survival of new rows, with intervals on the log scale.

        Parameters
        ----------
        new
            A row per prediction; the columns are `names`, in the units of the fit.
        times
            Times to predict at; by default all times of the data.
        confidence
            Coverage of the intervals, which hold the coefficients and the baseline as uncertain;
            with Student's t where the coefficients have it (errors of clusters by jackknife).

        Returns
        -------
        DataFrame
            row (the index of `new`), stratum, time, survival, std_error_log (of log survival),
            ci_low, ci_high. After the last time of a stratum survival is not known: NaN.

        Raises
        ------
        ClinicalError
            `new` lacks a column or holds a value that is no finite number.
        """
        rows = self._new_rows(new)
        mean = self.data.design(0).mean(axis=0)
        parts = []
        for baseline in stratum_hazards(self.data, self.coef):
            wanted = baseline.time if times is None else np.asarray(times, dtype=np.float64)
            place = np.searchsorted(baseline.time, wanted, side="right") - 1
            for name, row in zip(new.index, rows, strict=True):
                log, error = log_survival(baseline, self.covariance, self.coef, row - mean)
                log, error = (np.append(v, 0.0)[place] for v in (log, error))
                is_known = wanted <= baseline.time[-1]
                log = np.where(is_known, log, np.nan)
                _, _, width = wald(log, error, confidence, np.full(log.size, self.df))
                parts.append(
                    pd.DataFrame(
                        {
                            "row": name,
                            "stratum": self.strata[baseline.stratum],
                            "time": wanted,
                            "survival": np.exp(log),
                            "std_error_log": np.where(is_known, error, np.nan),
                            "ci_low": np.exp(log - width),
                            "ci_high": np.minimum(np.exp(log + width), 1.0),
                        }
                    )
                )
        return pd.concat(parts, ignore_index=True)

    def ph_test(self, transform: Transform = "km") -> pd.DataFrame:
        """The test of proportional hazards, per column and of all together."""
        return ph_test(
            self.data.time,
            self.data.event,
            self.data.design(0),
            names=self.names,
            strata=self.data.strata,
            ties=self.data.ties,
            options=self.data.options,
            transform=transform,
        )

    def _new_rows(self, new: pd.DataFrame) -> FloatArray:
        missing = [name for name in self.names if name not in new.columns]
        values = np.empty((0, 0))
        if not missing:
            values = new[list(self.names)].to_numpy(dtype=np.float64)
        if missing or not np.isfinite(values).all():
            raise ClinicalError(
                "New rows need a number in every column of the model",
                f"Columns: {examples(self.names)}; missing: {examples(missing)}",
                "Name the columns as fit.names; categories are columns of 0 and 1",
            )
        return values


def fit_cox(
    cohort: "Cohort",
    signature: str,
    *,
    adjust: Sequence[TermLike] = (),
    strata: Sequence[str] = (),
    interactions: Sequence[Pair] = (),
    scale: Scale = "sd",
    model: CoxModel = _EFRON,
    allow_loss: bool = False,
) -> CoxFit:
    """Fit one model of `cox` and keep it, for residuals and predictions.

    Parameters
    ----------
    cohort, signature
        A cohort with an endpoint, and one of its scores.
    adjust, strata, interactions, scale, model, allow_loss
        As in `cox`.

    Returns
    -------
    CoxFit
        The numbers are those of the row in `cox`.

    Raises
    ------
    ConvergenceError
        The likelihood has no maximum, or the score is determined by the covariates.
    ParameterError
        As in `cox`; the model has firth=True, whose fits only `cox` makes.
    EndpointError, TooFewEventsError, ClinicalError, UnknownSignatureError
        As in `cox`.

    References
    ----------
    Therneau TM, Grambsch PM (2000) Modeling Survival Data, doi:10.1007/978-1-4757-3294-8.

    Examples
    --------
    Three patients, the score says nothing: the hazard is 1/3, then 1/3 + 1/2.

    >>> import neurosig as ns
    >>> clinic = pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 0, 1, 0]})
    >>> scores = pd.DataFrame({"NGF": [1.0, 0.0, 0.0, 1.0]})
    >>> cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="t", event="e", unit="years"))
    >>> fit = fit_cox(cohort, "NGF", scale="none")
    >>> fit.coef.round(6).tolist(), fit.baseline_hazard()["hazard"].round(3).tolist()
    ([0.0], [0.25, 0.25, 0.75, 0.75])
    >>> new = pd.DataFrame({"score": [1.0]})
    >>> fit.survival(new, times=[3.5])["survival"].round(4).tolist()  # exp(-3/4)
    [0.4724]
    """
    check_option("model", model, CoxModel)
    _refuse_firth(model)
    task = cox_task(
        cohort,
        signatures=[signature],
        adjust=adjust,
        strata=strata,
        interactions=interactions,
        scale=scale,
        model=model,
        allow_loss=allow_loss,
    )
    known = np.isfinite(task.rows.scores[:, 0])
    data = task.data(SharedRows(np.array([0]), known))
    if task.products.names:
        products = task.products.with_score(data.scores[:, 0], known)
        data = replace(data, covariates=np.hstack([data.covariates, products]))
    if scale == "sd":
        data = _per_sd(data, len(task.rows.names), float(task.spread(data.scores, known)[0]))
    fits = data.fit()
    if fits.code[0] != CONVERGED or fits.infinite.any():
        raise _without_maximum(signature, task.terms, fits.infinite[0])
    errors = task.error_kind(known).of(data, fits)
    if errors.undefined[0]:
        warn_without_jackknife([signature])
    used = cohort.data[task.rows.rows][known]
    return CoxFit(
        names=task.terms,
        ids=used.index,
        data=data,
        coef=fits.coef[0],
        covariance=errors.variance[0],
        naive_covariance=fits.covariance[0],
        loglik=float(fits.loglik[0]),
        df=float(errors.df[0]),
        strata=_stratum_names(used, task.rows.stratified_by, data.strata),
        model=model_text(task),
    )


def _refuse_firth(model: CoxModel) -> None:
    if model.firth is True:
        raise ParameterError(
            "fit_cox has no fits with Firth's penalty",
            "firth=True; residuals, baseline and errors are those of the likelihood's maximum",
            "Use ns.cox for Firth's estimates, or CoxModel() here",
        )


def _without_maximum(
    signature: str, terms: tuple[str, ...], infinite: NDArray[np.bool_]
) -> ConvergenceError:
    """Which terms have no finite estimate, and what to do about it."""
    separating = [name for name, is_so in zip(terms, infinite, strict=True) if is_so]
    what = f"The Cox model of {signature!r} has no finite maximum"
    if not separating:
        return ConvergenceError(
            what,
            f"Terms: {', '.join(terms)}; the score is constant, or determined by the others",
            "Remove covariates or strata that determine the score",
        )
    return ConvergenceError(
        what,
        f"Infinite: {examples(separating)}; such a term separates the events perfectly",
        "Join rare levels or leave the term out; if it is the score, ns.cox has Firth's estimate",
        terms=tuple(separating),
    )


def _per_sd(data: CoxData, n_covariates: int, sd: float) -> CoxData:
    covariates = data.covariates.copy()
    covariates[:, n_covariates:] /= sd
    return replace(data, scores=data.scores / sd, covariates=covariates)


def _stratum_names(
    used: pd.DataFrame, columns: tuple[str, ...], codes: NDArray[np.int64] | None
) -> tuple[str, ...]:
    if codes is None:
        return ("all",)
    texts = used[list(columns)].astype(str).agg(", ".join, axis=1).to_numpy()
    names = dict(zip(codes.tolist(), texts.tolist(), strict=True))
    return tuple(names.get(code, "") for code in range(int(codes.max()) + 1))
