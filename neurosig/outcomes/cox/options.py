"""What a Cox model may be told besides its terms, and the columns of a cohort that this needs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig._params import Help, Range, check
from neurosig.errors import ClinicalError, ParameterError, count, examples
from neurosig.kernels.cox import CoxOptions
from neurosig.outcomes.clinic.clean import find_column, numbers_of, texts_of
from neurosig.outcomes.given_columns import array_of
from neurosig.outcomes.model_rows import Needed
from neurosig.outcomes.row_flow import FlowStep, flow_table

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoxModel:
    """How a Cox model treats the data.

    Parameters
    ----------
    ties
        Whether events at one time leave the risk set bit by bit ("efron") or not ("breslow").
    robust
        Standard errors from the score residuals (Lin and Wei), valid when the model is not; on by
        itself with `cluster` and with weights that are not whole numbers, as in R.
    cluster
        Column of groups whose rows depend on each other (centre, patient): residuals are summed
        within them before the robust variance is taken.
    cluster_errors
        "sandwich": R's robust errors and the normal distribution; with few clusters they are too
        small. "jackknife": from the coefficients without each cluster, with Student's t of as many
        degrees of freedom as clusters, less one; where a model without a cluster has no maximum,
        the sandwich, which `message` says. "auto": the jackknife below 100 clusters.
    weights
        Column of case weights, above 0. With Efron's ties they are not row replication; with
        Breslow's whole weights are.
    offset
        Column added to the linear predictor, its coefficient held at 1.
    penalty
        Ridge: theta / 2 times the sum of the squared coefficients per standard deviation is
        subtracted from the log-likelihood, over all terms.
    firth
        Firth's penalty, whose estimates are finite under separation: for the models in which the
        score (or a product of it) separates the events ("auto"), for all (True) or none (False).

    Raises
    ------
    ParameterError
        A field has a value that is not allowed, or two of them exclude each other.

    References
    ----------
    Efron B (1977) J Am Stat Assoc 72:557-565, doi:10.1080/01621459.1977.10480613; Breslow N (1974)
    Biometrics 30:89-99, doi:10.2307/2529620; Lin DY, Wei LJ (1989) J Am Stat Assoc 84:1074-1078,
    doi:10.1080/01621459.1989.10478874; Verweij PJ, Van Houwelingen HC (1994) Stat Med
    13:2427-2436, doi:10.1002/sim.4780132307; Heinze G, Schemper M (2001) Biometrics 57:114-119,
    doi:10.1111/j.0006-341X.2001.00114.x; Lipsitz SR, Dear KB, Zhao L (1994) Biometrics 50:842-846,
    doi:10.2307/2532797.

    Examples
    --------
    >>> CoxModel().ties, CoxModel(cluster="centre").is_robust  # `cox` has an example of both ties
    ('efron', True)
    """

    ties: Annotated[
        Literal["efron", "breslow"], Help("approximation for events at the same time")
    ] = "efron"
    robust: Annotated[bool, Help("robust standard errors")] = False
    cluster: Annotated[
        str | None, Help("column of groups of dependent rows, for robust errors")
    ] = None
    cluster_errors: Annotated[
        Literal["auto", "sandwich", "jackknife"],
        Help("errors of clusters; by default (auto) the jackknife below 100 clusters"),
    ] = "auto"
    weights: Annotated[str | None, Help("column of case weights")] = None
    offset: Annotated[str | None, Help("column added to the linear predictor")] = None
    penalty: Annotated[float | None, Help("ridge penalty theta"), Range(low=0.0, open_low=True)] = (
        None
    )
    firth: Annotated[
        bool | Literal["auto"], Help("Firth's penalty; by default (auto) where the score separates")
    ] = "auto"

    def __post_init__(self) -> None:
        check(self)
        if self.cluster_errors != "auto" and self.cluster is None:
            raise ParameterError(
                "cluster_errors is for models with a cluster",
                f"cluster_errors={self.cluster_errors!r}, cluster=None",
                "Name the column of the clusters in cluster, or leave cluster_errors out",
            )
        others = [name for name in ("cluster", "weights") if getattr(self, name) is not None]
        others += ["robust"] if self.robust else []
        for name in ("penalty", "firth"):
            if getattr(self, name) in (None, False, "auto"):
                continue
            if name == "penalty" and self.firth is True:
                others.append("firth")
            if others:
                raise ParameterError(
                    f"{name} and {others[0]} exclude each other",
                    f"{name}={getattr(self, name)!r}, {others[0]}={getattr(self, others[0])!r}",
                    "Penalised fits have the variance of their own model; drop one of the two",
                )

    @property
    def is_robust(self) -> bool:
        """Whether robust errors are asked for; weights that are not whole turn them on too."""
        return self.robust or self.cluster is not None


@dataclass(frozen=True, eq=False, kw_only=True)
class Cases:
    """What the rows of a cohort have besides time and event; None where not asked for.

    entry, weights, offset: (n,) NaN where unknown; cluster: (n,) codes, -1 where unknown.
    """

    entry: FloatArray | None = None
    weights: FloatArray | None = None
    offset: FloatArray | None = None
    cluster: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, cohort: "Cohort", model: CoxModel) -> "Cases":
        """Read the columns the model names.

        Raises
        ------
        ClinicalError
            A column does not exist or holds no numbers, a weight is not above 0, or an offset is
            infinite.
        """
        weights = offset = cluster = None
        if model.weights is not None:
            weights = numbers_of(find_column(cohort.data, model.weights))
            wrong = (weights <= 0) | np.isinf(weights)
            _refuse(wrong, weights, cohort.data.index, f"weights in {model.weights!r}")
        if model.offset is not None:
            offset = numbers_of(find_column(cohort.data, model.offset))
            _refuse(np.isinf(offset), offset, cohort.data.index, f"offsets in {model.offset!r}")
        if model.cluster is not None:
            cells = pd.Series(texts_of(find_column(cohort.data, model.cluster)), dtype="object")
            cluster = pd.factorize(cells)[0].astype(np.int64)
        entry = array_of(cohort.entry)
        return cls(entry=entry, weights=weights, offset=offset, cluster=cluster)

    def needed(self, known: NDArray[np.bool_], ids: pd.Index) -> Needed:
        """The known rows that have all of it, and what each column lost."""
        steps, kept = [], known.copy()
        for name in ("entry", "weights", "offset", "cluster"):
            values = getattr(self, name)
            if values is None:
                continue
            has = values >= 0 if name == "cluster" else np.isfinite(values)
            lost = ids[kept & ~has]
            steps.append(FlowStep.losing(f"{name} known", int(kept.sum()), lost, f"no {name}"))
            kept &= has
        return Needed(kept, flow_table(steps))

    def at(self, rows: NDArray[np.bool_]) -> "Cases":
        """The same for some of the rows."""

        def part(values: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
            return None if values is None else values[rows]

        return Cases(
            entry=part(self.entry),
            weights=part(self.weights),
            offset=part(self.offset),
            cluster=None if self.cluster is None else self.cluster[rows],
        )

    @property
    def weights_are_whole(self) -> bool:
        """Whether there are no weights, or whole ones only."""
        return self.weights is None or bool(np.all(self.weights == np.floor(self.weights)))

    def options(self, ridge: FloatArray | None = None) -> CoxOptions:
        """The same for the kernel."""
        return CoxOptions(self.entry, self.weights, self.offset, ridge)


def _refuse(wrong: NDArray[np.bool_], values: FloatArray, ids: pd.Index, what: str) -> None:
    if wrong.any():
        shown = [f"{i} ({v:g})" for i, v in zip(ids[wrong], values[wrong], strict=True)]
        raise ClinicalError(
            f"The {what} cannot be used",
            f"{count(len(shown), 'row')}: {examples(shown)}".replace("'", ""),
            "Weights are above 0 and finite, offsets finite; set others to missing or remove them",
        )
