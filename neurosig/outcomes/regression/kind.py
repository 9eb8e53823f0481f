"""What a kind of regression model has to say and do; each kind is one file in `kinds`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ClinicalError, FitError, count
from neurosig.keys import OK
from neurosig.outcomes.clusters import MANY_CLUSTERS
from neurosig.outcomes.model_rows import ModelRows
from neurosig.outcomes.regression.options import ClusterErrors, RegressionModel

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
LEVERAGE = "leverage"
PERFECT_FIT = "perfect_fit"
ONE_CLUSTER = "one cluster decides an estimate, so that its error is not known"
_EXACT = 1e-10  # of the outcome's deviations: what is smaller is their rounding
NO_FINITE_ESTIMATE = "no finite estimate: "
SINGULAR_FIT = "singular fit: "


@dataclass(frozen=True, eq=False)
class Outcome:
    """A clinical column as a kind of model reads it.

    values: (n_cohort,) numbers, or codes of the levels, NaN where unknown; label: the endpoint of
    the table; levels: in the order of the codes.
    """

    values: FloatArray
    label: str
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Cases:
    """What the rows have besides outcome and terms, (n,) each; None where not asked for.

    offset: added to the linear predictor; cluster, group: codes; slope: values of the term whose
    effect differs between groups, None until it is known where that is the score.
    """

    offset: FloatArray | None = None
    cluster: NDArray[np.int64] | None = None
    group: NDArray[np.int64] | None = None
    slope: FloatArray | None = None
    has_slope: bool = False

    def at(self, rows: NDArray[np.bool_]) -> "Cases":
        """The same for some of the rows."""
        return Cases(
            offset=None if self.offset is None else self.offset[rows],
            cluster=None if self.cluster is None else self.cluster[rows],
            group=None if self.group is None else self.group[rows],
            slope=None if self.slope is None else self.slope[rows],
            has_slope=self.has_slope,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Data:
    """One model's data: y (n,); design (n, 1 + k), the intercept, the score, the covariates."""

    y: FloatArray
    design: FloatArray
    cases: Cases
    n_levels: int = 0

    def at(self, rows: NDArray[np.bool_]) -> "Data":
        """The same for some of the rows."""
        return replace(self, y=self.y[rows], design=self.design[rows], cases=self.cases.at(rows))

    @property
    def without_score(self) -> FloatArray:
        """The design of the model without the score."""
        return np.delete(self.design, 1, axis=1)


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """One signature's fit: K coefficients without intercepts.

    interval (K, 2), p_value (K,): of a profile likelihood, where not Wald's; df (K,); statuses
    (K,) where terms differ; method: added to the name of the model; facts: further columns of the
    row of the score.
    """

    estimate: FloatArray
    std_error: FloatArray
    interval: FloatArray | None = None
    p_value: FloatArray | None = None
    df: FloatArray | None = None
    p_lr: float = float("nan")
    status: str = OK
    statuses: tuple[str, ...] | None = None
    message: str = ""
    method: str = ""
    facts: Mapping[str, float | FloatArray] = field(default_factory=dict)

    def without_errors(self, is_unknown: NDArray[np.bool_]) -> "Fit":
        """The fit with a status of its own for terms (K,) without an error."""
        if not is_unknown.any():
            return self
        statuses = self.statuses or (self.status,) * is_unknown.size
        return replace(
            self,
            statuses=tuple(
                LEVERAGE if missing and status == OK else status
                for missing, status in zip(is_unknown, statuses, strict=True)
            ),
            message="; ".join(filter(None, [self.message, ONE_CLUSTER])),
        )

    @classmethod
    def failed(cls, k: int, status: str, message: str) -> "Fit":
        """A signature without a fit."""
        none = np.full(k, np.nan)
        return cls(estimate=none, std_error=none, status=status, message=message)


def is_perfect(residuals: FloatArray, y: FloatArray) -> bool:
    """Whether residuals are rounding errors of the outcome, so that no error can be estimated.

    >>> is_perfect(np.array([1e-16, -1e-16]), np.array([1.0, 2.0]))
    True
    """
    return float(np.linalg.norm(residuals)) <= _EXACT * float(np.linalg.norm(y - y.mean()))


class Kind(ABC):
    """A kind of regression model.

    name: as in `regress(kind=...)`; title: in the column `model`; options: the fields of
    `RegressionModel` it takes; robust, cluster_robust: its errors besides the model's, of rows and
    of clusters; ratio: what exp(estimate) is, "" where the estimate is the effect;
    has_df: whether Student's t is the reference distribution; of: what `events_per_param` counts.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    options: ClassVar[frozenset[str]] = frozenset()
    robust: ClassVar[frozenset[str]] = frozenset()
    cluster_robust: ClassVar[frozenset[ClusterErrors]] = frozenset({"CR1", "jackknife"})
    ratio: ClassVar[str] = ""
    has_df: ClassVar[bool] = False
    of: ClassVar[str] = "events"

    @abstractmethod
    def read(
        self, cohort: "Cohort", column: str, positive: str | float | None, model: RegressionModel
    ) -> Outcome:
        """Read the outcome, or refuse it."""

    @abstractmethod
    def fit(self, data: Data, model: RegressionModel, confidence: float) -> Fit:
        """Fit one signature; the columns of the design have mean 0 and variance 1."""

    def estimate(self, data: Data, model: RegressionModel) -> FloatArray | None:
        """The coefficients of `fit` alone (K,), without its tests; None where it has none."""
        fit = self.fit(data, model, 0.95)
        return fit.estimate if fit.status == OK else None

    def n_needed(self, k: int, model: RegressionModel) -> int:
        """Rows that k terms need at least."""
        del model
        return k + 2

    def refuse(self, outcome: Outcome, y: FloatArray, rows: ModelRows, cases: Cases) -> None:
        """Refuse an outcome that cannot be fitted on the rows used; `check_rows` comes after."""
        del outcome, y, rows, cases

    def too_few(self, y: FloatArray, k: int, cases: Cases) -> str | None:
        """Why the rows of one signature are too few, None if they are not."""
        del y, k, cases
        return None

    def counts(self, y: FloatArray, n_levels: int) -> tuple[int, int] | None:
        """Events, and the number that limits the parameters; None where nothing is counted."""
        del y, n_levels
        return None

    def equations(self, outcome: Outcome) -> tuple[str, ...]:
        """Levels that have coefficients of their own; ("",) where there is one set."""
        del outcome
        return ("",)

    def effect(self, model: RegressionModel) -> str:
        """What one unit of the effect is, before "per SD"."""
        del model
        return self.ratio or "difference"

    def is_ratio(self, model: RegressionModel) -> bool:
        """Whether the effect is exp(estimate)."""
        del model
        return bool(self.ratio)

    def errors_of_clusters(self, model: RegressionModel, n_clusters: int) -> ClusterErrors:
        """What the model asks for, or the least biased that there is for so many clusters."""
        if model.cluster_errors != "auto":
            return model.cluster_errors
        if "CR2" in self.cluster_robust:
            return "CR2"
        return "jackknife" if n_clusters < MANY_CLUSTERS else "CR1"

    def describe(self, model: RegressionModel) -> str:
        """The model in words."""
        parts = [self.title]
        if model.exposure is not None:
            parts.append(f"per {model.exposure}")
        if model.offset is not None:
            parts.append(f"offset {model.offset}")
        if model.cluster is not None:
            parts.append(f"{model.cluster_errors} errors by {model.cluster}")
        elif model.is_robust:
            parts.append(f"{model.errors} errors")
        return ", ".join(parts)

    def check_rows(self, column: str, y: FloatArray, rows: ModelRows, needed: int) -> None:
        """Refuse as many parameters as rows, and a constant outcome."""
        k = 1 + len(rows.names)
        if y.size < needed:
            raise FitError(
                f"There are too few rows for a {self.name} model of {column!r}",
                f"{count(y.size, 'row')} for {count(k, 'parameter')} and the intercept; at least "
                f"{needed} are needed",
                "Adjust for fewer covariates",
                n=y.size,
                n_params=k,
            )
        if np.ptp(y) == 0:
            raise ClinicalError(
                f"The outcome {column!r} is constant on the rows used",
                f"All {count(y.size, 'row')} have the same value",
                "Choose another outcome",
            )
